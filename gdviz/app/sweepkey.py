"""What the colours of a hyper-parameter map tell."""

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter
from PyQt6.QtWidgets import QWidget

from gdviz.app.canvas import painted
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme, font
from gdviz.scale import short
from gdviz.tint import ENDS, Shades, end_colours
from gdviz_core import engine

LINE = 17
BAR = 150


class SweepKey(QWidget):
    """Swatches for how runs end, and a scale for steps or losses."""

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = DARK
        self._colouring = "end"
        self._shades = Shades()
        self._codes: list[int] = []
        self._reached = engine.REACHED  # the end that steps are counted to
        self._set_height()

    def show_key(self, colouring: str, shades: Shades, codes: np.ndarray, reached: int) -> None:
        """Tell of a map whose runs end in the ways `codes`; steps are those to `reached`."""
        found = [code for code, _ in ENDS if (codes == code).any()]
        if colouring == "loss":
            found = [code for code in found if code == engine.DIVERGED]
        elif colouring == "steps":
            found = [code for code in found if code != reached]
        wanted = (colouring, shades, found, reached)
        if wanted != (self._colouring, self._shades, self._codes, self._reached):
            self._reached = reached
            self._colouring, self._shades, self._codes = colouring, shades, found
            self._set_height()
            self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._set_height()
        self.update()

    @property
    def words(self) -> str:
        """What it says, for those who cannot see it."""
        return ", ".join(tr(dict(ENDS)[code]) for code in self._codes)

    def resizeEvent(self, event: object) -> None:
        self._set_height()

    def _set_height(self) -> None:
        lines = len(self._lines()) + (self._colouring != "end")
        self.setFixedHeight(round(LINE * self._theme.zoom * max(1, lines)) + 4)
        self.setAccessibleDescription(self.words)

    def _lines(self) -> list[list[tuple[int, str, float]]]:
        """The swatches in lines: code, words and x of each."""
        metrics = QFontMetricsF(font(11.5 * self._theme.zoom))
        found: list[list[tuple[int, str, float]]] = []
        x = float(self.width())
        for code in self._codes:
            words = tr(dict(ENDS)[code])
            wide = metrics.horizontalAdvance(words) + 32
            if x + wide > self.width() and (not found or found[-1]):
                found.append([])
                x = 0.0
            found[-1].append((code, words, x))
            x += wide
        return found

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        theme = self._theme
        high = LINE * theme.zoom
        painter.setFont(font(11.5 * theme.zoom))
        y = 2.0
        if self._colouring != "end":
            self._paint_scale(painter, y)
            y += high
        colours = end_colours(theme.inks)
        for line in self._lines():
            for code, words, x in line:
                painter.setPen(QColor(theme.border))
                painter.setBrush(QColor(colours[code]))
                painter.drawRoundedRect(QRectF(x + 0.5, y + high / 2 - 5, 10, 10), 3, 3)
                painter.setPen(QColor(theme.text2))
                painter.drawText(QRectF(x + 16, y, self.width(), high),
                                 Qt.AlignmentFlag.AlignVCenter, words)  # fmt: skip
            y += high

    def _paint_scale(self, painter: QPainter, y: float) -> None:
        theme, shades = self._theme, self._shades
        high = LINE * theme.zoom
        steps = self._colouring == "steps"
        low, top = (
            f"{v:.3g}" if steps else short(v + shades.zero) for v in (shades.low, shades.high)
        )
        metrics = QFontMetricsF(painter.font())
        title = tr("loss at the end")
        if steps:
            to_target = self._reached == engine.REACHED
            title = tr("steps to the target") if to_target else tr("steps until it settles")
        painter.setPen(QColor(theme.text2))
        at = 0.0
        for words in (title + "  ", low):
            painter.drawText(QRectF(at, y, self.width(), high),
                             Qt.AlignmentFlag.AlignVCenter, words)  # fmt: skip
            at += metrics.horizontalAdvance(words) + 4
        room = QRectF(at, y + high / 2 - 4, max(30.0, min(BAR, self.width() - at - 70)), 8)
        gradient = QLinearGradient(room.topLeft(), room.topRight())
        table = theme.heat_table
        for i in range(0, len(table), 16):
            gradient.setColorAt(i / (len(table) - 1), QColor(int(table[i]) & 0xFFFFFF))
        painter.fillRect(room, gradient)
        painter.drawText(QRectF(QPointF(room.right() + 6, y), QPointF(self.width(), y + high)),
                         Qt.AlignmentFlag.AlignVCenter, top)  # fmt: skip
