"""The words of a scene, above the map: what it is about, and the question it asks."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gdviz.app.controls import IconButton, label
from gdviz.app.document import Document, Origin
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.scene import Scene
from gdviz.views.view import View


class StoryView(View):
    """Shown while the experiment comes from a scene, until it is closed."""

    title = "Story"
    place = "above"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.setAccessibleName(tr("Scene"))
        self._closed: Scene | None = None
        self.heading, self.text = label("", "title"), label("", "hint")
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
        for part in (self.text, self.question):
            part.setWordWrap(True)
            part.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(part)
        document.moved.connect(self.show_origin)
        self.show_origin(document.origin)

    def show_origin(self, origin: Origin) -> None:
        """Show the words of where the experiment comes from."""
        scene = origin.scene
        self.heading.setText(scene.title)
        self.text.setText(scene.text)
        self.question.setText(scene.question)
        self.setVisible(bool(scene.title) and scene != self._closed)

    def close_words(self) -> None:
        """Hide the words of this scene."""
        self._closed = self.document.origin.scene
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.close_button.set_color(theme.text2)
