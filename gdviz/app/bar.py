"""The colour bar."""

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath
from PyQt6.QtWidgets import QWidget

from gdviz.app.canvas import painted
from gdviz.app.theme import DARK, Theme, font
from gdviz.scale import Scale, tick_label


class ColourBar(QWidget):
    """Which colour is which loss."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setFixedWidth(66)
        self._theme: Theme = DARK
        self._scale = Scale()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setFixedWidth(round(66 * theme.zoom))
        self.update()

    def show_scale(self, scale: Scale) -> None:
        if scale != self._scale:
            self._scale = scale
            self.update()

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        theme = self._theme
        bar = QRectF(4, 8, 10, self.height() - 44)
        if bar.height() < 20:
            return
        gradient = QLinearGradient(0, bar.bottom(), 0, bar.top())
        gradient.setStops(theme.heat_stops)
        outline = QPainterPath()
        outline.addRoundedRect(bar, 5, 5)
        painter.fillPath(outline, gradient)
        painter.setPen(QColor(theme.border))
        painter.drawPath(outline)
        painter.setPen(QColor(theme.text2))
        painter.setFont(font(11 * theme.zoom))
        for value in self._scale.ticks(max(2, int(bar.height() / 48))):
            y = bar.bottom() - self._scale.fraction(value) * bar.height()
            text = tick_label(value, self._scale.unit > 0)
            painter.drawText(
                QRectF(19, y - 10, self.width() - 21, 20),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                text,
            )
