"""The small controls: switch, slider, combo box, icon button and label."""

from collections.abc import Callable, Mapping

import qtawesome
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import (
    QColor,
    QEnterEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QStandardItemModel,
    QWheelEvent,
)
from PyQt6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFrame,
    QLabel,
    QListView,
    QScrollArea,
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
        self._fill, self._track, self._ink = QColor("gray"), QColor("gray"), QColor("gray")
        self.marks: tuple[int, ...] = ()  # values that stand out on the track

    def set_colours(self, color: QColor, theme: Theme) -> None:
        self._fill, self._track, self._ink = color, QColor(theme.raised), QColor(theme.text2)
        self.update()

    def set_marks(self, marks: tuple[int, ...]) -> None:
        """Mark values with a line across the track."""
        if marks != self.marks:
            self.marks = marks
            self.update()

    def _at(self, value: int) -> float:
        span = max(1, self.maximum() - self.minimum())
        return 7 + (value - self.minimum()) / span * (self.width() - 14)

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        x, y = self._at(self.value()), self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._track)
        painter.drawRoundedRect(QRectF(7, y - 1.5, self.width() - 14, 3), 1.5, 1.5)
        painter.setBrush(self._fill)
        painter.drawRoundedRect(QRectF(7, y - 1.5, x - 7, 3), 1.5, 1.5)
        painter.setBrush(self._ink)
        for mark in self.marks:
            painter.drawRect(QRectF(self._at(mark) - 0.75, y - 6, 1.5, 12))
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
    """A small combo box over a few words, shown as their `titles`."""

    def __init__(
        self, name: str, words: tuple[str, ...], chosen: Callable[[str], None],
        parent: QWidget | None = None, titles: Mapping[str, str] | None = None,
    ):  # fmt: skip
        super().__init__(name, parent)
        self.setObjectName("choice")
        self.setToolTip(name)
        for word in words:
            self.addItem(tr((titles or {}).get(word, word.capitalize())), word)
        self.activated.connect(lambda i: chosen(self.itemData(i)))

    def hide_value(self, word: str, hidden: bool) -> None:
        """Do not offer a word for now."""
        view = self.view()
        if isinstance(view, QListView):
            view.setRowHidden(self.findData(word), hidden)
        model = self.model()
        if isinstance(model, QStandardItemModel):  # or the keyboard would still choose it
            item = model.item(self.findData(word))
            assert item is not None
            item.setEnabled(not hidden)

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


def scroller(inside: QWidget) -> QScrollArea:
    """What scrolls up and down, and is as wide as there is room."""
    made = QScrollArea()
    made.setWidget(inside)
    made.setWidgetResizable(True)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setFrameShape(QFrame.Shape.NoFrame)
    return made


def label(text: str, kind: str) -> QLabel:
    """A plain-text label of a kind that the style sheet knows."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setObjectName(kind)
    return made
