"""A tour of a few steps for the first start; it can be left at any time."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gdviz.app.controls import label
from gdviz.app.text import tr

WIDTH, GAP = 320, 12


@dataclass(frozen=True)
class Stop:
    """Something to be shown: where it is and what is said of it."""

    place: QWidget
    title: str
    words: str


class Tour(QFrame):
    """A card beside each thing in turn. The program can be used while it is there."""

    ended = pyqtSignal()

    def __init__(self, window: QWidget, stops: Sequence[Stop]):
        super().__init__(window)
        self.setObjectName("tour")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self.setAccessibleName(tr("Tour"))
        self._stops, self.number = list(stops), 0
        self._title, self._words, self._count = (
            label("", "name"),
            label("", "plainwords"),
            label("", "hint"),
        )
        self._words.setWordWrap(True)
        self.skip = QPushButton(tr("Skip the tour"))
        self.skip.setObjectName("small")
        self.skip.clicked.connect(self.end)
        self.next = QPushButton(tr("Next"))
        self.next.setObjectName("small")
        self.next.clicked.connect(self.go_on)
        below = QHBoxLayout()
        below.addWidget(self._count, 1)
        below.addWidget(self.skip)
        below.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addLayout(below)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(60)
        self._later.timeout.connect(self._place)
        self._show_stop()
        self.show()
        self.raise_()
        self.next.setFocus()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay beside the thing when the window changes its size."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._later.start()
        return False

    def event(self, event: QEvent | None) -> bool:
        """Grow with the type of the words."""
        done = super().event(event)
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
            self._later.start()
        return done

    def _place(self) -> None:
        if self.number < len(self._stops):
            self.move(self._beside(self._stops[self.number].place))

    def go_on(self) -> None:
        """To the next stop, or to the end."""
        self.number += 1
        if self.number < len(self._stops):
            self._show_stop()
        else:
            self.end()

    def end(self) -> None:
        """Show no more."""
        self.hide()
        self.ended.emit()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.end()
        else:
            super().keyPressEvent(event)

    def _show_stop(self) -> None:
        stop = self._stops[self.number]
        self._title.setText(stop.title)
        self._words.setText(stop.words)
        self._count.setText(f"{self.number + 1} / {len(self._stops)}")
        last = self.number == len(self._stops) - 1
        self.next.setText(tr("Done") if last else tr("Next"))
        self.skip.setVisible(not last)
        self._fit()
        self._place()

    def _fit(self) -> None:
        # adjustSize asks how high the words are in the width that they would like to have
        self.resize(WIDTH, self.heightForWidth(WIDTH))

    def _beside(self, place: QWidget) -> QPoint:
        """To the right of a thing, or below it, or over it: wherever there is room."""
        window = self.parentWidget()
        assert window is not None
        corner = place.mapTo(window, QPoint(0, 0))
        right, below = corner.x() + place.width() + GAP, corner.y() + place.height() + GAP
        if place.height() < 80 and below + self.height() < window.height():
            at = QPoint(corner.x(), below)
        elif right + WIDTH < window.width():
            at = QPoint(right, corner.y() + GAP)
        else:
            at = QPoint(corner.x() - WIDTH - GAP, corner.y() + GAP)
            if at.x() < 0:
                at.setX(corner.x() + GAP)
        room_x, room_y = window.width() - WIDTH - 8, window.height() - self.height() - 8
        return QPoint(max(8, min(at.x(), room_x)), max(8, min(at.y(), room_y)))
