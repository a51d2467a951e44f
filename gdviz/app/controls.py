"""The small controls: switch, slider, combo box, icon button, and fields that check their text."""

import math
from collections.abc import Callable

import qtawesome
from PyQt6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PyQt6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from gdviz.app.canvas import painted
from gdviz.app.text import tr
from gdviz.app.theme import Theme


class Switch(QAbstractButton):
    """On or off, in the colour of what it switches."""

    def __init__(self, name: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setFixedSize(30, 18)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._on, self._off, self._knob, self._accent = (QColor("gray") for _ in range(4))

    def set_colours(self, color: QColor, theme: Theme) -> None:
        self._on, self._off = color, QColor(theme.raised)
        self._knob = QColor("white" if theme.name == "light" else theme.text2)
        self._accent = QColor(theme.accent)
        self.update()

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        on = self.isChecked()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._on if on else self._off)
        painter.drawRoundedRect(QRectF(0, 1, 30, 16), 8, 8)
        painter.setBrush(QColor("white") if on else self._knob)
        painter.drawEllipse(QPointF(22 if on else 8, 9), 5.6, 5.6)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._accent, 1.5))
            painter.drawRoundedRect(QRectF(0.8, 0.8, 28.4, 16.4), 8, 8)


class Slider(QSlider):
    """A thin track with a round handle; a click anywhere takes the handle there."""

    def __init__(self, name: str, parent: QWidget | None = None):
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(name)
        self.setFixedHeight(18)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._fill, self._track = QColor("gray"), QColor("gray")

    def set_colours(self, color: QColor, theme: Theme) -> None:
        self._fill, self._track = color, QColor(theme.raised)
        self.update()

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        span = max(1, self.maximum() - self.minimum())
        x = 7 + (self.value() - self.minimum()) / span * (self.width() - 14)
        y = self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._track)
        painter.drawRoundedRect(QRectF(7, y - 1.5, self.width() - 14, 3), 1.5, 1.5)
        painter.setBrush(self._fill)
        painter.drawRoundedRect(QRectF(7, y - 1.5, x - 7, 3), 1.5, 1.5)
        painter.setBrush(QColor("white"))
        painter.setPen(QPen(self._fill, 3.0 if self.hasFocus() else 2.0))
        painter.drawEllipse(QPointF(x, y), 5.2, 5.2)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._take(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self.isSliderDown():
            self._take(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self.setSliderDown(False)

    def _take(self, event: QMouseEvent) -> None:
        fraction = (event.position().x() - 7) / max(1, self.width() - 14)
        span = self.maximum() - self.minimum()
        self.setValue(self.minimum() + round(min(1.0, max(0.0, fraction)) * span))

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:  # scrolling the panel must not turn a knob
            event.ignore()


class Combo(QComboBox):
    """A combo box with a plain chevron."""

    def __init__(self, name: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._chevron = QColor("gray")

    def set_theme(self, theme: Theme) -> None:
        self._chevron = QColor(theme.text2)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        self._paint_chevron(event)

    @painted
    def _paint_chevron(self, painter: QPainter) -> None:
        pen = QPen(self._chevron, 1.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        x, y = self.width() - 16, self.height() / 2 - 1.5
        painter.drawPolyline(QPolygonF([QPointF(x - 4, y), QPointF(x, y + 4), QPointF(x + 4, y)]))

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:
            event.ignore()


class Choice(Combo):
    """A small combo box over a few words."""

    def __init__(
        self, name: str, words: tuple[str, ...], chosen: Callable[[str], None],
        parent: QWidget | None = None,
    ):  # fmt: skip
        super().__init__(name, parent)
        self.setObjectName("choice")
        self.setToolTip(name)
        for word in words:
            self.addItem(tr(word.capitalize()), word)
        self.activated.connect(lambda i: chosen(self.itemData(i)))

    def show_value(self, word: str) -> None:
        """Show the word that is chosen."""
        self.setCurrentIndex(self.findData(word))


class IconButton(QToolButton):
    """A square button with an icon (Phosphor, by its qtawesome name) and a tooltip."""

    def __init__(self, icon: str, tip: str, size: int = 34, parent: QWidget | None = None):
        super().__init__(parent)
        self._icon = icon
        self.setToolTip(tip)
        self.setAccessibleName(tip.split(" (")[0])
        self.setFixedSize(size, size)
        self.setIconSize(QSize(18, 18) if size >= 34 else QSize(15, 15))
        self._color = "gray"

    def set_icon(self, icon: str) -> None:
        if icon != self._icon:
            self._icon = icon
            self.setIcon(qtawesome.icon(icon, color=self._color))

    def set_color(self, color: str) -> None:
        self._color = color
        self.setIcon(qtawesome.icon(self._icon, color=color))


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
        self.setMaxLength(20_000)
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


class ElidedLabel(QLabel):
    """A plain-text label that takes what room there is and ends in an ellipsis if it must."""

    def __init__(self, text: str, kind: str):
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(kind)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.explain: Callable[[], str] | None = None  # gives the tooltip when it is asked for

    def enterEvent(self, event: QEnterEvent | None) -> None:
        if self.explain is not None:
            self.setToolTip(self.explain())
        super().enterEvent(event)

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        metrics = self.fontMetrics()
        shown = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, shown)


def label(text: str, kind: str) -> QLabel:
    """A plain-text label of a kind that the style sheet knows."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setObjectName(kind)
    return made
