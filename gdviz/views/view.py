"""What all views share."""

from PyQt6.QtWidgets import QWidget

from gdviz.app.document import Document
from gdviz.app.player import Player
from gdviz.app.theme import Theme
from gdviz.compute import Race
from gdviz.experiment import Experiment


class View(QWidget):
    """Shows the document and the player; override what it shows.

    `place` tells the window where it goes: "left", "centre", "below" or "right".
    """

    title = ""
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(parent)
        self.document, self.player = document, player
        document.changed.connect(self.show_experiment)
        document.raced.connect(self.show_race)
        player.moved.connect(self.show_step)

    def show_experiment(self, experiment: Experiment) -> None:
        """The experiment has changed; its race follows."""

    def show_race(self, race: Race) -> None:
        """The race of the current experiment has been computed."""

    def show_step(self, index: int) -> None:
        """The playhead has moved."""

    def set_theme(self, theme: Theme) -> None:
        """Colours have changed."""
