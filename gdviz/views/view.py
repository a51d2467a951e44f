"""What all views share."""

import math

from PyQt6.QtWidgets import QWidget

from gdviz.app.document import Document
from gdviz.app.player import Player
from gdviz.app.theme import Theme
from gdviz.app.trails import DRAW_SECONDS
from gdviz.compute import Race
from gdviz.display import Display
from gdviz.experiment import Experiment


class View(QWidget):
    """Shows the document and the player; override what it shows.

    `place` tells the window where it goes: "top", "left", "centre", "below", "right" or "bottom".
    A view on the right is a panel of its own; `tools` are widgets for its title.
    """

    title = ""
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(parent)
        self.document, self.player = document, player
        self.tools: list[QWidget] = []
        document.changed.connect(self.show_experiment)
        document.raced.connect(self.show_race)
        document.displayed.connect(self.show_display)
        player.moved.connect(self.show_step)

    @property
    def patience(self) -> float:
        """How many seconds trails may take before the rest waits for the next frame."""
        return math.inf if self.document.patient else DRAW_SECONDS

    def show_experiment(self, experiment: Experiment) -> None:
        """The experiment has changed; its race follows."""

    def show_race(self, race: Race) -> None:
        """The race of the current experiment has been computed."""

    def show_step(self, index: int) -> None:
        """The playhead has moved."""

    def show_display(self, display: Display) -> None:
        """Something is to be looked at in another way."""

    def for_picture(self) -> QWidget:
        """What goes into a picture in a file: without what only a hand can use."""
        for tool in self.tools:
            tool.hide()
        return self

    def show_bare(self) -> None:
        """Leave out what is not the picture itself, such as axes."""

    def finish(self) -> None:
        """The window closes: begin nothing any more."""

    def set_theme(self, theme: Theme) -> None:
        """Colours have changed."""
