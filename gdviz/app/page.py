"""A page of sentences and formulas."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PyQt6.QtWidgets import QWidget

from gdviz.app import boxes
from gdviz.app.boxes import Box, Pen
from gdviz.app.canvas import painted
from gdviz.app.theme import DARK, Theme

MARGIN = 16.0
SMALLEST = 0.42  # to which a formula that is too wide is shrunk


@dataclass
class Block:
    """Something on the page: where it is, and what it paints there."""

    top: float
    height: float
    name: str
    paint: Callable[[QPainter, Pen, float], None]


class Page(QWidget):
    """Lays out blocks from top to bottom; override `fill`, which returns where it ended."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plain")
        self.theme: Theme = DARK
        self._marked = ""
        self._blocks: list[Block] = []
        self._found: list[tuple[QRectF, str]] = []
        self._height = 0.0

    def fill(self, y: float) -> float:
        """Add the blocks, from y downwards."""
        return y

    def lay_out(self) -> None:
        """Fill the page anew."""
        self._blocks, self._found = [], []
        self._height = self.fill(4.0) + 8
        self.setMinimumHeight(round(self._height))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.lay_out()

    def mark(self, name: str) -> None:
        """Highlight a quantity wherever it stands."""
        if name != self._marked:
            self._marked = name
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, round(self._height))

    def resizeEvent(self, event: object) -> None:
        self.lay_out()

    def add_formula(self, y: float, lead: Box, box: Box, name: str) -> float:
        """A formula behind its left side, in as many lines as it needs."""
        room = max(60.0, self.width() - 2 * MARGIN - lead.width)
        first = True
        for line in boxes.broken(box, room, 20.0):
            indent = 0.0 if first else 20.0
            scale = max(SMALLEST, min(1.0, (room - indent) / max(line.width, 1.0)))
            ascent = max(lead.ascent, scale * line.ascent) if first else scale * line.ascent
            descent = max(lead.descent, scale * line.descent) if first else scale * line.descent

            def paint(
                painter: QPainter, pen: Pen, top: float, line: Box = line, first: bool = first,
                scale: float = scale, ascent: float = ascent, indent: float = indent,
            ) -> None:  # fmt: skip
                if first:
                    lead.paint(pen, MARGIN, top + ascent)
                left, base = MARGIN + lead.width + indent, top + ascent
                painter.save()
                painter.translate(left, base)
                painter.scale(scale, scale)
                inner = Pen(painter, pen.color, pen.mark, pen.marked)
                line.paint(inner, 0.0, 0.0)
                painter.restore()
                for at, found in inner.found:
                    place = QRectF(left + scale * at.x(), base + scale * at.y(),
                                   scale * at.width(), scale * at.height())  # fmt: skip
                    pen.found.append((place, found))

            self._blocks.append(Block(y, ascent + descent, name, paint))
            y += ascent + descent + 3
            first = False
        return y

    def add_row(self, y: float, pieces: list[Box], name: str) -> float:
        return self.add_formula(y, boxes.space(0.0), boxes.row(*pieces), name)

    def add_flow(self, y: float, pieces: list[tuple[Box, str]], size: float) -> float:
        """Boxes side by side, in as many rows as they need."""
        line: list[Box] = []
        used, room = 0.0, self.width() - 2 * MARGIN
        for box, _ in pieces:
            if line and used + box.width > room:
                y = self.add_row(y, line, "")
                line, used = [], 0.0
            line += [box, boxes.space(1.1 * size)]
            used += box.width + 1.1 * size
        return self.add_row(y, line, "") if line else y

    def add_words(self, y: float, words: str, type_: QFont, color: str) -> float:
        """A paragraph of plain text."""
        room = QRectF(MARGIN, 0, max(40.0, self.width() - 2 * MARGIN), 10_000)
        flags = int(Qt.TextFlag.TextWordWrap)
        height = QFontMetricsF(type_).boundingRect(room, flags, words).height()

        def paint(painter: QPainter, pen: Pen, top: float) -> None:
            painter.setFont(type_)
            painter.setPen(QColor(color))
            painter.drawText(QRectF(room.x(), top, room.width(), height + 4), flags, words)

        self._blocks.append(Block(y, height, "", paint))
        return y + height + 2

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        mark = QColor(self.theme.accent)
        mark.setAlpha(70)
        pen = Pen(painter, QColor(self.theme.text), mark, frozenset({self._marked} - {""}))
        seen = QRectF(self.visibleRegion().boundingRect())
        for block in self._blocks:
            if block.top <= seen.bottom() and block.top + block.height >= seen.top():
                block.paint(painter, pen, block.top)
        self._found = pen.found

    def name_at(self, x: float, y: float) -> str:
        """The quantity at a point: that of a symbol or number, or of the line."""
        inside = [(place.width() * place.height(), name) for place, name in self._found
                  if place.contains(x, y)]  # fmt: skip
        if inside:
            return min(inside)[1]
        lines = [b.name for b in self._blocks if b.name and b.top <= y <= b.top + b.height]
        return lines[0] if lines else ""

    def name_place(self, top: float, height: float, name: str) -> None:
        """Give a part of the page a name."""
        self._blocks.append(Block(top, height, name, _nothing))


def _nothing(painter: QPainter, pen: Pen, top: float) -> None:
    """A block that only gives its place a name."""
