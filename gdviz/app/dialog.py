"""What all dialogs share."""

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QDialog, QMessageBox, QWidget

from gdviz.app.theme import Theme

LATER = 2000  # milliseconds


def drop(window: QWidget) -> None:
    """Delete a window that is closed; not at once, since what has still to come for it, such as the
    release of the key that closed it, would come for a window that is no more."""
    QTimer.singleShot(LATER, window.deleteLater)


class Dialog(QDialog):
    """A dialog that is gone soon after it is closed: those that were only hidden would pile up."""

    def __init__(
        self, parent: QWidget, title: str, kind: Qt.WindowType = Qt.WindowType.Dialog
    ):  # fmt: skip
        super().__init__(parent, kind)
        self.setWindowTitle(title)
        self.finished.connect(self._leave)

    def set_theme(self, theme: Theme) -> None:
        """Follow a theme, as far as the style sheet does not do it."""

    def _leave(self) -> None:
        drop(self)


def message(window: QWidget, title: str, text: str) -> QMessageBox:
    """A box with plain text, gone soon after it is closed like every dialog."""
    box = QMessageBox(window)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(text)
    box.finished.connect(lambda: drop(box))
    return box


def may(question: str, title: str, window: QWidget) -> bool:
    """Ask about what cannot be undone; No is the answer of who only presses Enter."""
    box = message(window, title, question)
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Yes | buttons.Cancel)
    box.setDefaultButton(buttons.Cancel)
    return box.exec() == buttons.Yes
