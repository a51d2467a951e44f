"""Makes the pictures of the shipped scenes for the gallery: make scenes"""

import io
import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PIL import Image

from gdviz import scene, session
from gdviz.shot import THEMES, Shot
from gdviz.window.picture import Picture, begin, palette_of

SIZE = 528, 330


def main() -> None:
    _application = begin()
    for path in scene.shipped():
        opened = session.read(path)
        for theme in THEMES:
            shot = Shot(width=SIZE[0], height=SIZE[1], theme=theme, legend=False, bare=True)
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
