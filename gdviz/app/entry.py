"""Lines that take text from the keyboard and check it: numbers and formulas."""

import math
from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PyQt6.QtWidgets import QLineEdit, QWidget

from gdviz.app.canvas import painted
from gdviz.app.theme import Theme
from gdviz_core.expression import MAX_CHARACTERS

_EDITING = {
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Delete,
    Qt.Key.Key_Space,
}  # fmt: skip


class CheckedField(QLineEdit):
    """A line of text that is taken on Enter or when the focus leaves, if it passes a check.

    `accept(text)` uses the text and raises ValueError to refuse it; the message then goes to
    `refused` and the text stays to be mended. Escape brings the last good text back.
    """

    refused = pyqtSignal(str)  # the reason; "" when all is well again

    def __init__(self, name: str, accept: Callable[[str], None], parent: QWidget | None = None):
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMaxLength(MAX_CHARACTERS + 1)  # one too many is refused, not cut
        self._accept = accept
        self._good = ""
        self._busy = False
        self.editingFinished.connect(self.take)
        self.textEdited.connect(lambda: self._mark(""))

    def show_text(self, text: str) -> None:
        """Show the current value, unless the user is typing another."""
        self._good = text
        typing = self.hasFocus() or self.property("wrong")
        if not (typing and self.isModified()):
            if text != self.text():
                self.setText(text)
            if not self.hasFocus():
                self.setCursorPosition(0)  # show the beginning of what is too long
            self._mark("")

    def take(self) -> None:
        """Take the text that is there, if it was edited."""
        if self._busy or not self.isModified():
            return
        self._busy = True
        try:
            text = self.text()
            self._accept(text)
            self.setModified(False)
            self._mark("")
            if self.text() == text:
                self.setText(self._good)
        except ValueError as error:
            self.setModified(True)
            self._mark(str(error))
        finally:
            self._busy = False

    def _mark(self, reason: str) -> None:
        if not reason and not self.property("wrong"):
            return  # it was well and is well: others may share the place for messages
        self.setProperty("wrong", bool(reason))
        style = self.style()
        assert style is not None
        style.polish(self)
        self.setToolTip(reason)
        self.refused.emit(reason)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self.installEventFilter(self)  # only now: it is asked about every event

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Keep the keys of text editing from the window's shortcuts, and only those."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            standard = QKeySequence.StandardKey
            if event.matches(standard.Undo) or event.matches(standard.Redo):
                if not self.isModified():  # nothing typed: the document's own undo is meant
                    event.ignore()
                    return True
            elif event.key() in _EDITING:
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.setText(self._good)
            self._mark("")
            return
        super().keyPressEvent(event)
        taken = event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if taken and not self.property("wrong"):
            self.clearFocus()  # the keyboard goes back to the player

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self.removeEventFilter(self)
        self.setCursorPosition(0)


class NumberField(CheckedField):
    """A number in full precision; `accept(value)` may raise ValueError."""

    def __init__(
        self,
        name: str,
        accept: Callable[[float], None],
        parent: QWidget | None = None,
        whole: bool = False,
    ):
        self._number = accept
        self._whole = whole
        super().__init__(name, self._parse, parent)
        self.setMaxLength(400)
        self.setObjectName("small")

    def show_number(self, value: float) -> None:
        self.show_text(number_text(value))

    def _parse(self, text: str) -> None:
        self._number(parse_whole(text) if self._whole else parse_number(text))


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def parse_number(text: str) -> float:
    """The number a user typed; ValueError says what is wrong."""
    text = text.strip().replace("−", "-")
    shown = text[:40]
    if "," in shown:
        raise ValueError(f"{shown!r} is not a number: decimals are written with a point, as 0.5")
    try:
        if not shown.isascii() or "_" in shown:
            raise ValueError
        value = float(text)
    except ValueError:
        raise ValueError(f"{shown!r} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"the number must be finite, not {shown}")
    return value


def parse_whole(text: str) -> int:
    """The whole number a user typed; ValueError says what is wrong."""
    value = parse_number(text)
    if not value.is_integer() or abs(value) > 1e15:
        raise ValueError(f"{text.strip()[:40]!r} is not a whole number")
    return int(value)


class FormulaField(CheckedField):
    """A formula; where it cannot be read, the place is underlined."""

    def __init__(self, name: str, accept: Callable[[str], None], parent: QWidget | None = None):
        super().__init__(name, accept, parent)
        self._at: tuple[int, int] | None = None
        self._error = QColor("red")
        self.textEdited.connect(lambda: self.underline(None))

    def set_theme(self, theme: Theme) -> None:
        self._error = QColor(theme.error)
        self.update()

    def underline(self, at: tuple[int, int] | None) -> None:
        """Mark `length` characters from a column, counted from 1; None takes the mark away."""
        self._at = at
        self.update()

    def column_x(self, column: int) -> float:
        """The horizontal place of a column (from 1) in the field, within its edges."""
        margin, low, high = 10, 0, self.width()
        while low < high:  # the field knows only the column at a place
            middle = (low + high) // 2
            if self.cursorPositionAt(QPointF(middle, self.height() / 2).toPoint()) < column - 1:
                low = middle + 1
            else:
                high = middle
        return min(max(low, margin), self.width() - margin)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if self._at is not None:
            self._paint_underline(event)

    @painted
    def _paint_underline(self, painter: QPainter) -> None:
        assert self._at is not None
        column, length = self._at
        left, right = self.column_x(column), self.column_x(column + length)
        painter.setPen(QPen(self._error, 1.6))
        y, x = self.height() - 5.0, left
        points = [QPointF(x, y)]
        while x < max(right, left + 8):
            x += 2
            points.append(QPointF(x, y + (1.2 if len(points) % 2 else -1.2)))
        painter.drawPolyline(QPolygonF(points))
