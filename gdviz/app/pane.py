"""One of several basin maps side by side: its name, its canvas, its shares."""

from collections.abc import Callable

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from gdviz.app.canvas import Canvas, NumberAxis
from gdviz.app.controls import ElidedLabel
from gdviz.app.range import Range
from gdviz.app.shares import ShareBar
from gdviz.app.steering import Steering
from gdviz.app.survey import Sheet
from gdviz.app.text import tr
from gdviz.app.theme import Theme, font
from gdviz.maps import told_points
from gdviz.tint import counts_of, lost_colours, packed, point_colours
from gdviz_core.maps import Basins

ROOM = 40  # width of the vertical axis


class Pane(QWidget):
    """A canvas with the name of a racer above and the shares of its basins below."""

    def __init__(self, shown: Range, moved: Callable[[], None]):
        super().__init__()
        self.heading = ElidedLabel("", "caption")
        self.canvas = Canvas(self, ROOM, left=NumberAxis("left"), bottom=NumberAxis("bottom"))
        self.canvas.setAccessibleName(tr("Basin map"))
        self.canvas.getPlotItem().setContentsMargins(0, 6, 8, 0)
        self.steering = Steering(self.canvas, shown, moved)
        self.canvas.wheeled.connect(self.steering.wheel)
        self.shares = ShareBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.heading)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.shares)

    def show_bare(self) -> None:
        """Leave out all but the map."""
        self.heading.hide()
        self.shares.hide()
        for name in ("left", "bottom"):
            self.canvas.hideAxis(name)

    def set_theme(self, theme: Theme) -> None:
        self.canvas.set_theme(theme)
        self.shares.set_theme(theme)

    def tell_shares(self, sheet: Sheet, theme: Theme) -> None:
        """Show how large the basins of a map are."""
        question = sheet.question
        assert isinstance(question, Basins)
        counts = counts_of(sheet.part["minimum"], len(question.where.points))
        inks = theme.inks
        colours = [*packed(point_colours(inks, question.where)), *packed(lost_colours(inks))]
        words = told_points(question.where)
        self.shares.show_shares((counts / max(1, counts.sum())).tolist(), colours, words)


def draw_progress(painter: QPainter, fraction: float, width: float, theme: Theme) -> None:
    """A thin line along the upper edge of a canvas that grows."""
    painter.fillRect(QRectF(0, 0, width * fraction, 2), QColor(theme.accent))


def draw_words(painter: QPainter, words: str, room: QRectF, theme: Theme) -> None:
    """Why there is no map, in the middle of where it would be."""
    painter.setFont(font(13 * theme.zoom))
    painter.setPen(QColor(theme.text2))
    flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
    painter.drawText(room.adjusted(16, 16, -16, -16), flags, words)
