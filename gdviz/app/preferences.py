"""What the user prefers, kept by QSettings: theme, colours, size of type."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyqtgraph as pg
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QWidget

from gdviz.app.form import Field, Form
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.shot import HEATS, OWN, PALETTES

# Okabe and Ito 2008, "Color universal design"; black and white for the colour of the ground.
OKABE_ITO = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
SIZES = (0.85, 1.0, 1.15, 1.3, 1.5)


class Preferences(Form):
    """Every choice acts when the dialog is taken."""

    def __init__(self, parent: QWidget, theme: str, changed: Callable[[str], None]):
        settings = QSettings()

        def take(choice: str, heat: str, palette: str, size: float, projector: bool) -> None:
            settings.setValue("heat", heat)
            settings.setValue("palette", palette)
            settings.setValue("size", str(size))
            settings.setValue("projector", "yes" if projector else "no")
            changed(choice)

        own = tr("gdviz's own")
        super().__init__(
            parent, tr("Preferences"),
            [
                Field(tr("Theme"), theme, [
                    (tr("As the desktop"), "system"), (tr("Light"), "light"), (tr("Dark"), "dark"),
                ]),
                Field(tr("Colours of the loss"), chosen("heat", HEATS),
                      [(own if name == OWN else name, name) for name in HEATS]),
                Field(tr("Colours of racers"), chosen("palette", PALETTES),
                      [(own if name == OWN else name, name) for name in PALETTES],
                      tip=tr("Both stay apart for the three kinds of colour blindness")),
                Field(tr("Size of type"), chosen_size(),
                      [(f"{round(100 * size)} %", size) for size in SIZES]),
                Field(tr("For a projector"), projector(),
                      tip=tr("Large type and thick lines, whatever the layout")),
            ],
            take, tr("Take"),
        )  # fmt: skip


def chosen(name: str, known: Sequence[str]) -> str:
    """A choice that was made before; the first if there was none."""
    found = str(QSettings().value(name, known[0]))
    return found if found in known else known[0]


def chosen_size() -> float:
    """How many times as large as usual type is to be."""
    found = str(QSettings().value("size", "1.0"))
    return next((size for size in SIZES if str(size) == found), 1.0)


def projector() -> bool:
    """Whether everything is to be seen from afar."""
    return str(QSettings().value("projector", "no")) == "yes"


def colours() -> tuple[str, str]:
    """The colours of the loss and of racers that the user prefers."""
    return chosen("heat", HEATS), chosen("palette", PALETTES)


def coloured(theme: Theme, heat: str, palette: str) -> Theme:
    """A theme with other colours of the loss and of racers."""
    if heat != OWN:
        table = pg.colormap.get(heat).getLookupTable(0.05, 0.95, 9)
        stops = tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue, *_ in table.tolist())
        theme = replace(theme, heat=stops)
    if palette != OWN:
        ground = "#ffffff" if theme.name == "dark" else "#000000"
        theme = replace(theme, racers=(*OKABE_ITO, ground))
    return theme
