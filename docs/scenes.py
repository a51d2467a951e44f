"""Makes the pictures of the shipped scenes for the gallery: make scenes

With names, or parts of them, only of these: python docs/scenes.py basins
"""

import io
import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PIL import Image

from gdviz import scene, session
from gdviz.shot import THEMES, Shot
from gdviz.window.picture import Picture, begin, palette_of

SIZE = 528, 330
VIEWS = {"Basins": "basins", "Hyper-parameters": "sweep"}


def main() -> None:
    _application = begin()
    wanted = sys.argv[1:] or [""]
    for path in scene.shipped():
        if not any(name in path.stem for name in wanted):
            continue
        opened = session.read(path)
        for theme in THEMES:
            view = VIEWS.get(opened.scene.panel, "map")
            shot = Shot((view,), SIZE[0], SIZE[1], theme=theme, legend=False, bare=True)
            picture = Picture(opened, shot)
            image = Image.open(io.BytesIO(picture.png()))
            target = path.with_name(f"{path.stem}-{theme}.png")
            # in few colours it is a third as large
            image.quantize(palette=palette_of(picture), dither=Image.Dither.NONE).save(
                target, optimize=True
            )
            picture.close()


if __name__ == "__main__":
    main()
