"""Boxes that a formula is set from: text, fractions, roots, exponents, brackets.

Each has a width, an ascent above and a descent below its baseline; boxes paint themselves and tell
where each variable stands.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen


@lru_cache(maxsize=256)
def math_font(size: float, italic: bool) -> QFont:
    """The serif of formulas."""
    made = QFont("STIXGeneral")
    made.setPixelSize(max(6, round(size)))
    made.setItalic(italic)
    return made


@lru_cache(maxsize=20_000)
def _measured(text: str, size: float, italic: bool) -> tuple[float, float, float]:
    """Width, and ascent and descent of the ink, of a text."""
    metrics = QFontMetricsF(math_font(size, italic))
    ink = metrics.tightBoundingRect(text)
    width = max(metrics.horizontalAdvance(text), ink.right() if italic else 0.0)
    return width, max(-ink.top(), 0.45 * size), max(ink.bottom(), 0.0)


@dataclass
class Pen:
    """What boxes are painted with; `marked` names the variables to highlight."""

    painter: QPainter
    color: QColor
    mark: QColor
    marked: frozenset[str] = frozenset()
    found: list[tuple[QRectF, str]] = field(default_factory=list)


@dataclass
class Box:
    """A part of a formula, laid out; `parts` are boxes with their places."""

    width: float
    ascent: float
    descent: float
    parts: list[tuple[float, float, "Box"]] = field(default_factory=list)
    text: str = ""
    size: float = 0.0
    italic: bool = False
    name: str = ""  # of the variable it stands for
    draw: Callable[[QPainter, float, float], None] | None = None
    breaks: list[int] = field(default_factory=list)  # parts of a row before which it may break
    scaled: bool = False  # a number with a power of ten, which needs brackets under a power

    @property
    def height(self) -> float:
        return self.ascent + self.descent

    def paint(self, pen: Pen, x: float, y: float) -> None:
        """Paint with the left end of the baseline at (x, y)."""
        if self.name:
            room = QRectF(x - 2, y - self.ascent - 2, self.width + 4, self.height + 4)
            pen.found.append((room, self.name))
            if self.name in pen.marked:
                path = QPainterPath()
                path.addRoundedRect(room, 4, 4)
                pen.painter.fillPath(path, pen.mark)
        pen.painter.setPen(pen.color)
        if self.text:
            pen.painter.setFont(math_font(self.size, self.italic))
            pen.painter.drawText(QPointF(x, y), self.text)
        for dx, dy, part in self.parts:
            part.paint(pen, x + dx, y + dy)
        if self.draw is not None:
            pen.painter.setPen(QPen(pen.color, max(1.0, self.size / 15)))
            self.draw(pen.painter, x, y)


def text(content: str, size: float, italic: bool = False, name: str = "") -> Box:
    width, ascent, descent = _measured(content, size, italic)
    return Box(width, ascent, descent, text=content, size=size, italic=italic, name=name)


def space(width: float) -> Box:
    return Box(width, 0.0, 0.0)


def row(*boxes: Box, breaks: list[int] | None = None) -> Box:
    """Boxes side by side on one baseline."""
    made = Box(0.0, 0.0, 0.0, breaks=breaks or [])
    for box in boxes:
        made.parts.append((made.width, 0.0, box))
        made.width += box.width
        made.ascent, made.descent = max(made.ascent, box.ascent), max(made.descent, box.descent)
    return made


def fraction(over: Box, under: Box, size: float) -> Box:
    width = max(over.width, under.width) + 0.3 * size
    axis, gap = 0.28 * size, 0.18 * size  # the bar is as high as a minus sign
    made = Box(width, axis + gap + over.height, under.height + gap - axis, size=size)
    made.parts = [
        ((width - over.width) / 2, -axis - gap - over.descent, over),
        ((width - under.width) / 2, -axis + gap + under.ascent, under),
    ]
    made.draw = lambda painter, x, y: painter.drawLine(
        QPointF(x + 0.05 * size, y - axis), QPointF(x + width - 0.05 * size, y - axis)
    )
    return made


def raised(base: Box, exponent: Box, size: float) -> Box:
    up = max(0.38 * size, base.ascent - 0.45 * exponent.ascent)
    made = Box(base.width + exponent.width + 0.06 * size, max(base.ascent, up + exponent.ascent),
               base.descent)  # fmt: skip
    made.parts = [(0.0, 0.0, base), (base.width + 0.06 * size, -up, exponent)]
    return made


def lowered(base: Box, index: Box, size: float, name: str = "") -> Box:
    down = 0.18 * size
    made = Box(base.width + index.width, base.ascent, max(base.descent, down + index.descent),
               name=name)  # fmt: skip
    made.parts = [(0.0, 0.0, base), (base.width, down, index)]
    return made


def root(inside: Box, size: float) -> Box:
    lead, gap = 0.62 * size, 0.16 * size
    top, bottom = inside.ascent + gap, inside.descent
    made = Box(inside.width + lead + 0.1 * size, top + 0.08 * size, bottom, size=size)
    made.parts = [(lead, 0.0, inside)]

    def draw(painter: QPainter, x: float, y: float) -> None:
        path = QPainterPath(QPointF(x + 0.08 * size, y - 0.28 * size + 0.1 * size))
        path.lineTo(x + 0.2 * size, y - 0.3 * size)
        path.lineTo(x + 0.36 * size, y + bottom)
        path.lineTo(x + lead - 0.06 * size, y - top)
        path.lineTo(x + lead + inside.width + 0.08 * size, y - top)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    made.draw = draw
    return made


def bracketed(inside: Box, size: float, left: str = "(", right: str = ")") -> Box:
    """In brackets as tall as what they hold."""
    tall = max(size, 1.12 * inside.height) if inside.height > 1.15 * size else size
    if tall == size:
        return row(text(left, size), inside, text(right, size))
    width = 0.22 * size + 0.06 * tall
    made = Box(inside.width + 2 * width, inside.ascent + 0.06 * tall, inside.descent + 0.06 * tall,
               size=size)  # fmt: skip
    made.parts = [(width, 0.0, inside)]

    def draw(painter: QPainter, x: float, y: float) -> None:
        top, bottom = y - made.ascent, y + made.descent
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for sign, at, turn in ((left, x, 1.0), (right, x + made.width, -1.0)):
            outer, inner = at + turn * 0.3 * width, at + turn * 0.85 * width
            path = QPainterPath()
            if sign in "()":
                path.moveTo(inner, top)
                path.cubicTo(outer - turn * 0.05 * width, top + 0.25 * (bottom - top),
                             outer - turn * 0.05 * width, bottom - 0.25 * (bottom - top),
                             inner, bottom)  # fmt: skip
            else:
                path.moveTo((outer + inner) / 2, top)
                path.lineTo((outer + inner) / 2, bottom)
            painter.drawPath(path)

    made.draw = draw
    return made


def cases(branches: list[tuple[Box, Box | None]], size: float) -> Box:
    """Values with their conditions behind a brace."""
    lead, gap, between = 0.55 * size, 0.9 * size, 0.3 * size
    first = max(value.width for value, _ in branches)
    lines = [row(value, space(first - value.width + gap), condition or text("otherwise", size))
             for value, condition in branches]  # fmt: skip
    height = sum(line.height for line in lines) + between * (len(lines) - 1)
    axis = 0.28 * size
    made = Box(lead + max(line.width for line in lines), height / 2 + axis, height / 2 - axis,
               size=size)  # fmt: skip
    y = -made.ascent
    for line in lines:
        made.parts.append((lead, y + line.ascent, line))
        y += line.height + between

    def draw(painter: QPainter, x: float, y: float) -> None:
        top, middle, bottom = y - made.ascent, y - axis, y + made.descent
        inner, outer, tip = x + 0.42 * size, x + 0.24 * size, x + 0.06 * size
        path = QPainterPath(QPointF(inner, top))
        path.quadTo(outer, top, outer, top + 0.22 * size)
        path.lineTo(outer, middle - 0.16 * size)
        path.quadTo(outer, middle, tip, middle)
        path.quadTo(outer, middle, outer, middle + 0.16 * size)
        path.lineTo(outer, bottom - 0.22 * size)
        path.quadTo(outer, bottom, inner, bottom)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    made.draw = draw
    return made


def broken(box: Box, width: float, indent: float) -> list[Box]:
    """A row in as many lines as it needs, broken before signs; what is still too wide stays."""
    if box.width <= width or not box.breaks:
        return [box]
    lines: list[list[Box]] = [[]]
    used, room = 0.0, width
    cuts = [0, *box.breaks, len(box.parts)]
    for begin, end in pairwise(cuts):
        piece = [part for _, _, part in box.parts[begin:end]]
        needed = sum(part.width for part in piece)
        if lines[-1] and used + needed > room:
            lines.append([])
            used, room = 0.0, width - indent
        lines[-1] += piece
        used += needed
    return [row(*line) for line in lines]
