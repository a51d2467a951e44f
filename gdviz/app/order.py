"""What the user asks of a picture or a film."""

from collections.abc import Callable

from PyQt6.QtWidgets import QComboBox, QWidget

from gdviz.app.form import Field, Form
from gdviz.app.text import tr
from gdviz.shot import Film, Shot
from gdviz_core.surface import Domain

_VIEWS = {
    "map": "Map", "surface": "Surface in 3-D", "map surface": "Map and surface",
    "map curves": "Map and curves", "curves": "Curves", "inspector": "Inspector",
    "results": "Results", "basins": "Basins", "sweep": "Hyper-parameters",
    "laboratory": "Laboratory",
}  # fmt: skip
_KINDS = {
    "png": "PNG, pixels", "svg": "SVG, can be enlarged", "pdf": "PDF, can be enlarged",
    "gif": "GIF, a film for web pages", "mp4": "MP4, a film in H.264",
}  # fmt: skip


class Order(Form):
    """The kind of file, what it shows and how large it is; remembers nothing."""

    def __init__(
        self, parent: QWidget, theme: str, step: int | None, visible: Domain | None,
        make: Callable[[str, Shot, Film], bool], run: tuple[int, int], heat: str, palette: str,
    ):  # fmt: skip
        kind = Field(tr("Kind"), "png", [(tr(words), key) for key, words in _KINDS.items()])
        moving = [
            Field(tr("Seconds"), 8.0, tip=tr("How long a film is")),
            Field(tr("Frames a second"), 25),
            Field(tr("Begins again"), True),
        ]

        def made(
            chosen: str, views: str, width: int, height: int, scale: float, colours: str,
            caption: str, legend: bool, seconds: float, fps: int, loop: bool,
        ) -> bool:  # fmt: skip
            shot = Shot(
                tuple(views.split()), width, height, scale, colours, step, caption, legend, visible,
                run=run, heat=heat, palette=palette,
            )  # fmt: skip
            return make(chosen, shot, Film(seconds, fps, loop))

        super().__init__(
            parent, tr("Export picture or film"),
            [
                kind,
                Field(tr("What"), "map", [(tr(words), key) for key, words in _VIEWS.items()]),
                Field(tr("Width in points"), 1200),
                Field(tr("Height in points"), 800),
                Field(tr("Pixels for a point"), 2.0, tip=tr("2 is sharp when it is printed")),
                Field(tr("Theme"), theme, [(tr("Dark"), "dark"), (tr("Light"), "light")]),
                Field(tr("Caption"), ""),
                Field(tr("Name the racers"), True),
                *moving,
            ],
            made, tr("Choose a file…"),
        )  # fmt: skip
        self._moving = moving
        assert isinstance(kind.widget, QComboBox)
        kind.widget.currentIndexChanged.connect(lambda _: self._show_fields(kind))
        self._show_fields(kind)

    def _show_fields(self, kind: Field) -> None:
        for field in self._moving:
            field.widget.setEnabled(kind.read() in ("gif", "mp4"))
