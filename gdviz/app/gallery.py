"""The gallery of scenes: a picture, a title, what it is about and a question, for each."""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt
from PyQt6.QtGui import (
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPixmap,
)
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from gdviz import session
from gdviz.app.canvas import painted
from gdviz.app.controls import label, scroller
from gdviz.app.dialog import Dialog, may
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.shot import THEMES

PICTURE = QSize(264, 165)
CARD = 288
COLUMNS = 3


class Picture(QWidget):
    """The picture of a scene, with round corners."""

    def __init__(self, path: Path, theme: Theme):
        super().__init__()
        self.setFixedSize(PICTURE)
        self._theme, self._path = theme, path
        self._picture: QPixmap | None = None  # read when it is first in sight

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), 8, 8)
        painter.setClipPath(outline)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._picture is None:
            self._picture = QPixmap(str(self._path)) if self._path.exists() else QPixmap()
        if self._picture.isNull():
            painter.fillRect(self.rect(), QColor(self._theme.heat[2]))
        else:
            ratio = self.width() / self.height()
            wide, tall = self._picture.width(), self._picture.height()
            width, height = min(wide, tall * ratio), min(tall, wide / ratio)
            part = QRectF((wide - width) / 2, (tall - height) / 2, width, height)
            painter.drawPixmap(QRectF(self.rect()), self._picture, part)


class Card(QFrame):
    """A scene that can be clicked, or chosen with Enter."""

    def __init__(
        self, path: Path, theme: Theme, chosen: Callable[[Path], None],
        remove: Callable[[Path], None] | None = None,
    ):  # fmt: skip
        super().__init__()
        self._remove = remove
        self.setObjectName("scene")
        self.setFixedWidth(CARD)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._chosen, self.path = chosen, path
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(6)
        picture = path.with_name(f"{path.stem}-{theme.name}.png")
        column.addWidget(Picture(picture, theme))
        try:
            scene = session.words(path)
            title, text, question = scene.title or path.stem, scene.text, scene.question
        except session.SessionError as error:
            title, text, question = path.stem, str(error), ""
        self.title = title
        for words, kind in ((title, "title"), (text, "hint"), (question, "question")):
            if words:
                part: QLabel = label(words, kind)
                part.setWordWrap(True)
                part.setTextFormat(Qt.TextFormat.PlainText)
                column.addWidget(part)
        column.addStretch(1)
        self.setAccessibleName(title)
        self.setAccessibleDescription(f"{text} {question}")

    def enterEvent(self, event: QEnterEvent | None) -> None:
        super().enterEvent(event)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._chosen(self.path)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space):
            self._chosen(self.path)
        elif event is not None and event.key() == Qt.Key.Key_Delete and self._remove is not None:
            self._remove(self.path)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is not None and self._remove is not None:
            menu = QMenu(self)
            action = menu.addAction(tr("Remove this scene…"))
            assert action is not None
            action.triggered.connect(partial(self._remove, self.path))
            menu.popup(event.globalPos())


class Gallery(Dialog):
    """Scenes in groups, such as those of the program and the user's own."""

    def __init__(
        self, parent: QWidget, theme: Theme, groups: Sequence[tuple[str, Sequence[Path]]],
        chosen: Callable[[Path], None], own: Sequence[Path] = (),
    ):  # fmt: skip
        super().__init__(parent, tr("Scenes"))
        columns = max(1, min(COLUMNS, (parent.width() - 120) // (CARD + 12)))
        self.resize(columns * (CARD + 12) + 52, min(720, parent.height() - 60))
        self._chosen = chosen
        self.cards: list[Card] = []
        inside = QWidget()
        inside.setObjectName("plain")
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(16, 12, 16, 16)
        whole.setSpacing(10)
        for title, paths in groups:
            whole.addWidget(label(title, "brand"))
            if not paths:
                whole.addWidget(label(tr("None yet: File, Save as a scene…"), "hint"))
            grid = QGridLayout()
            grid.setSpacing(12)
            for number, path in enumerate(paths):
                card = Card(path, theme, self._choose, self.remove if path in own else None)
                self.cards.append(card)
                grid.addWidget(card, number // columns, number % columns)
            grid.setColumnStretch(columns, 1)
            whole.addLayout(grid)
        whole.addStretch(1)
        scroll = scroller(inside)
        self._scroll = scroll
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)
        if self.cards:
            self.cards[0].setFocus()
        for card in self.cards:
            card.installEventFilter(self)

    def eventFilter(self, watched: object, event: QEvent | None) -> bool:
        """What has the keyboard is scrolled into sight."""
        if event is not None and event.type() == QEvent.Type.FocusIn and isinstance(watched, Card):
            self._scroll.ensureWidgetVisible(watched)
        return False

    def remove(self, path: Path, _: bool = False) -> None:
        """Ask, and delete a scene of the user's own with its pictures."""
        card = next(card for card in self.cards if card.path == path)
        words = tr("Remove the scene {title}? Its file is deleted.").format(title=card.title)
        if not may(words, tr("Remove a scene"), self):
            return
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return  # it stays, and so does its card
        for name in THEMES:
            with contextlib.suppress(OSError):
                path.with_name(f"{path.stem}-{name}.png").unlink(missing_ok=True)
        card.hide()

    def _choose(self, path: Path) -> None:
        self.accept()
        self._chosen(path)
