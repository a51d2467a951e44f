"""A bar divided as the basins are."""

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QHelpEvent, QPainter, QPainterPath
from PyQt6.QtWidgets import QToolTip, QWidget

from gdviz.app.canvas import painted
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme, font

HIGH = 18
ROOM = 38  # points of width that a number needs
LISTED = 12  # lines that are said of all basins


class ShareBar(QWidget):
    """Shares in the colours of the map, in percent where there is room; the pointer tells more."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HIGH)
        self.setAccessibleName(tr("Shares of the basins"))
        self._theme: Theme = DARK
        self.shares: list[float] = []
        self._colours: list[QColor] = []
        self.words: list[str] = []

    def show_shares(
        self, shares: Sequence[float], colours: Sequence[int], words: Sequence[str]
    ) -> None:
        """Show shares, each with its colour and what is said of it; what is empty is left out."""
        kept = [number for number, share in enumerate(shares) if share > 0]
        self.shares = [float(shares[number]) for number in kept]
        self._colours = [QColor(int(colours[number]) & 0xFFFFFF) for number in kept]
        self.words = [words[number] for number in kept]
        self.setAccessibleDescription(self._list())
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setFixedHeight(round(HIGH * theme.zoom))
        self.update()

    def _list(self) -> str:
        order = np.argsort(self.shares, kind="stable")[::-1][:LISTED].tolist()
        lines = [f"{self.shares[k]:.1%}  {self.words[k]}" for k in order]
        rest = len(self.shares) - len(lines)
        return "\n".join(lines + ([tr("and {n} more").format(n=rest)] if rest else []))

    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._list(), self)
            return True
        return super().event(event)

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        whole = QRectF(self.rect()).adjusted(0, 1, 0, -1)
        shape = QPainterPath()
        shape.addRoundedRect(whole, 5, 5)
        painter.setClipPath(shape)
        painter.setFont(font(11 * self._theme.zoom, 500))
        painter.fillRect(whole, QColor(self._theme.control))
        at = whole.left()
        for share, color in zip(self.shares, self._colours, strict=True):
            part = QRectF(at, whole.top(), share * whole.width(), whole.height())
            painter.fillRect(part, color)
            if part.width() >= ROOM * self._theme.zoom:
                red, green, blue = color.red(), color.green(), color.blue()
                bright = 0.299 * red + 0.587 * green + 0.114 * blue > 135
                painter.setPen(QColor("#10141c" if bright else "#ffffff"))
                painter.drawText(part, Qt.AlignmentFlag.AlignCenter, f"{share:.1%}")
            at += part.width()
            painter.fillRect(QRectF(QPointF(at - 0.5, part.top()), part.bottomRight()),
                             QColor(self._theme.card))  # fmt: skip
