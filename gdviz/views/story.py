"""The words of a scene, above the map: what it is about, and the question it asks."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gdviz.app.controls import ElidedLabel, IconButton, label
from gdviz.app.document import Document, Origin
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.scene import Scene
from gdviz.views.view import View

HIGHEST = 104  # of the words, in points


class Room(QScrollArea):
    """As high as the words are, up to a limit; more can be scrolled."""

    def __init__(self, inside: QWidget):
        super().__init__()
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def fit(self) -> None:
        """Take the height that the words need at this width."""
        inside = self.widget()
        assert inside is not None
        self.setFixedHeight(min(HIGHEST, max(18, inside.heightForWidth(max(120, self.width())))))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.fit()


class StoryView(View):
    """Shown while the experiment comes from a scene, until it is closed."""

    title = "Story"
    place = "above"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.setAccessibleName(tr("Scene"))
        self._closed: Scene | None = None
        self.heading, self.text = ElidedLabel("", "title"), label("", "hint")
        self.question = label("", "question")
        self.close_button = IconButton("ph.x", tr("Hide these words"), 22)
        self.close_button.clicked.connect(self.close_words)
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 0, 10, 6)
        column.setSpacing(2)
        column.addLayout(top)
        inside = QWidget()
        inside.setObjectName("plain")
        words = QVBoxLayout(inside)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        for part in (self.text, self.question):
            part.setWordWrap(True)
            part.setTextFormat(Qt.TextFormat.PlainText)
            # a word longer than the line must not widen the window
            part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            words.addWidget(part)
        self.room = Room(inside)
        column.addWidget(self.room)
        document.moved.connect(self.show_origin)
        self.show_origin(document.origin)

    def show_origin(self, origin: Origin) -> None:
        """Show the words of where the experiment comes from."""
        scene = origin.scene
        self.heading.setText(" ".join(scene.title.split()))
        self.text.setText(scene.text)
        self.question.setText(scene.question)
        self.room.fit()
        self.setVisible(bool(scene.title) and scene is not self._closed)

    def close_words(self) -> None:
        """Hide the words of this scene."""
        self._closed = self.document.origin.scene
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.close_button.set_color(theme.text2)
