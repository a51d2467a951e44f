"""Names of the racers in their colours."""

from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPen
from PyQt6.QtWidgets import QWidget

from gdviz.app.canvas import LEFT, painted
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme, font
from gdviz.experiment import Experiment

MAX_ROWS = 4


class Legend(QWidget):
    """Names of the racers in their colours; with `switch` a click switches one on or off."""

    def __init__(self, switch: Callable[[int], None] | None = None):
        super().__init__()
        self.setAccessibleName(tr("Legend"))
        if switch is not None:
            self.setToolTip(tr("Click a racer to switch it on or off"))
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._switch = switch
        self.theme: Theme = DARK
        self._most = MAX_ROWS
        self._racers: list[tuple[str, int, bool]] = []
        self._places: list[QRectF] = []

    def show_racers(self, experiment: Experiment, running: bool = False) -> None:
        """Name the racers of an experiment, or only those that run."""
        racers = experiment.running if running else experiment.racers
        self._racers = [(racer.name, racer.colour, racer.on) for racer in racers]
        self._lay_out()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._lay_out()

    def resizeEvent(self, event: object) -> None:
        self._lay_out()

    def show_rows(self, most: int) -> None:
        """Show so many rows at most."""
        if most != self._most:
            self._most = most
            self._lay_out()

    def place_of(self, number: int) -> QRectF:
        """Where the name of a racer is."""
        return self._places[number]

    def _lay_out(self) -> None:
        metrics = QFontMetricsF(font(11.5 * self.theme.zoom))
        line = metrics.height() + 4
        x = y = 0.0
        self._places = []
        for name, _, _ in self._racers:
            shown = metrics.elidedText(
                name, Qt.TextElideMode.ElideRight, max(40.0, self.width() - 24.0)
            )
            width = metrics.horizontalAdvance(shown) + 22
            if x > 0 and x + width > self.width():
                x, y = 0.0, y + line
            self._places.append(QRectF(x, y, width, line))
            x += width
        rows = min(self._most, round(y / line) + 1)  # more would leave no room for the curves
        self.setFixedHeight(max(20, round(rows * line)))
        self.update()

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        painter.setFont(font(11.5 * self.theme.zoom))
        metrics = QFontMetricsF(painter.font())
        for (name, colour, on), place in zip(self._racers, self._places, strict=True):
            color = self.theme.racer(colour)
            painter.setPen(QPen(color, 1.6))
            painter.setBrush(color if on else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(place.x() + 6, place.center().y()), 3.6, 3.6)
            painter.setPen(QColor(self.theme.text2 if on else self.theme.text3))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, place.width() - 20)
            painter.drawText(place.adjusted(14, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, shown)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != LEFT or self._switch is None:
            return
        for number, place in enumerate(self._places):
            if place.contains(event.position()):
                self._switch(number)
                return
