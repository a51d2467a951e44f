"""What all dialogs share."""

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QDialog, QMessageBox, QWidget

LATER = 2000  # milliseconds


class Dialog(QDialog):
    """A dialog that is gone soon after it is closed: those that were only hidden would pile up.

    Not at once: what has still to come for its window, such as the release of the key that closed
    it, would come for a window that is no more.
    """

    def __init__(
        self, parent: QWidget, title: str, kind: Qt.WindowType = Qt.WindowType.Dialog
    ):  # fmt: skip
        super().__init__(parent, kind)
        self.setWindowTitle(title)
        self.finished.connect(self._leave)

    def _leave(self) -> None:
        QTimer.singleShot(LATER, self.deleteLater)


def may(question: str, title: str, window: QWidget) -> bool:
    """Ask about what cannot be undone; No is the answer of who only presses Enter."""
    box = QMessageBox(window)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(question)
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Yes | buttons.Cancel)
    box.setDefaultButton(buttons.Cancel)
    return box.exec() == buttons.Yes
