"""Rows of a calculation: what is computed, and its numbers, up to the present step."""

from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter
from PyQt6.QtWidgets import QScrollArea, QWidget

from gdviz.app.canvas import painted
from gdviz.app.theme import DARK, Theme, font
from gdviz.scale import short

HEIGHT = 20
GAP = 5
DOT = 2.0  # half the width of the mark of a value that is kept
NARROW = 90  # room for a text below which only the name of the node is shown


@dataclass(frozen=True)
class Row:
    """A row: a node of the graph, what it computes, and two numbers, None where not yet known."""

    node: int
    text: str
    value: float | None
    slope: float | None
    kept: bool = False


class Ledger(QWidget):
    """The rows below one another; the present one is marked, a click goes to one."""

    clicked = pyqtSignal(int)  # the number of a row
    hovered = pyqtSignal(object)  # a node, or None

    def __init__(self, name: str, heads: tuple[str, str, str]):
        super().__init__()
        self.setObjectName("plain")
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.heads = heads
        self.rows: list[Row] = []
        self.present = -1
        self._marked: int | None = None
        self._theme: Theme = DARK

    def show_rows(self, rows: list[Row], present: int) -> None:
        """Show rows, with the present one marked and in sight."""
        self.rows, self.present = rows, present
        self.setMinimumHeight(round(self._height() * (len(rows) + 1)) + 6)
        self.update()
        if 0 <= present < len(rows):
            self._reveal(present)

    def _reveal(self, row: int) -> None:
        place = self.parentWidget()
        area = None if place is None else place.parentWidget()
        if isinstance(area, QScrollArea):
            at = round(self._height() * (row + 1.5))
            area.ensureVisible(0, at, 0, round(2 * self._height()))

    def mark(self, node: int | None) -> None:
        """Highlight the row of a node."""
        if node != self._marked:
            self._marked = node
            self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def _height(self) -> float:
        return HEIGHT * self._theme.zoom

    def sizeHint(self) -> QSize:
        return QSize(180, 160)

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        theme, high = self._theme, self._height()
        small = font(11 * theme.zoom)
        painter.setFont(small)
        number = max(57.0 * theme.zoom, self.width() * 0.27)
        self._paint_row(painter, 0.0, self.heads, number, [theme.text3] * 3)
        seen = self.visibleRegion().boundingRect()
        for at, row in enumerate(self.rows):
            top = high * (at + 1)
            if top + high < seen.top() or top > seen.bottom():
                continue
            if at == self.present and self.hasFocus():
                painter.setPen(QColor(theme.accent))
                painter.drawRect(QRectF(2, top, self.width() - 5, high))
            if at == self.present or row.node == self._marked:
                color = QColor(theme.accent)
                color.setAlpha(80 if at == self.present else 45)
                painter.fillRect(QRectF(2, top, self.width() - 4, high), color)
            text = row.text if self.width() - 2 * number > NARROW else row.text.split(" = ")[0]
            if row.kept:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.text2))
                painter.drawEllipse(QPointF(4, top + high / 2), DOT, DOT)
                painter.setBrush(Qt.BrushStyle.NoBrush)
            words = (text, self._number(row.value, number), self._number(row.slope, number))
            self._paint_row(painter, top, words, number, [theme.text2, theme.text, theme.text])

    def _number(self, value: float | None, room: float) -> str:
        """A number with as many digits as fit: one that is cut would be another number."""
        if value is None:
            return ""
        metrics = QFontMetricsF(font(11 * self._theme.zoom))
        texts = (short(value, digits) for digits in range(4, 1, -1))
        fitting = (text for text in texts if metrics.horizontalAdvance(text) <= room - GAP)
        return next(fitting, short(value, 1))

    def _paint_row(
        self, painter: QPainter, top: float, words: tuple[str, str, str], number: float,
        colors: list[str],
    ) -> None:  # fmt: skip
        metrics = QFontMetricsF(painter.font())
        first = self.width() - 2 * number - 8
        middle = Qt.AlignmentFlag.AlignVCenter
        wide = number - GAP  # two long numbers do not run into each other
        places = ((8.0, first + 2 * GAP, Qt.AlignmentFlag.AlignLeft),
                  (first + GAP, wide, Qt.AlignmentFlag.AlignRight),
                  (first + number + GAP, wide, Qt.AlignmentFlag.AlignRight))  # fmt: skip
        for (x, width, side), text, color in zip(places, words, colors, strict=True):
            painter.setPen(QColor(color))
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(x, top, width, self._height()), int(side | middle), shown)

    def _row_at(self, y: float) -> int | None:
        row = int(y // self._height()) - 1
        return row if 0 <= row < len(self.rows) else None

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        row = None if event is None else self._row_at(event.position().y())
        if row is not None:
            self.clicked.emit(row)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key())) if event else None
        if event is None or step is None:
            super().keyPressEvent(event)
            return
        outside = 0 if step > 0 else len(self.rows) - 1  # before the first row, behind the last
        row = outside if self.present < 0 else self.present + step
        if 0 <= row < len(self.rows):
            self.clicked.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        row = None if event is None else self._row_at(event.position().y())
        self.hovered.emit(None if row is None else self.rows[row].node)

    def leaveEvent(self, event: object) -> None:
        self.hovered.emit(None)
