"""What all dialogs share."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QMessageBox, QWidget


class Dialog(QDialog):
    """A dialog that is gone when it is closed: those that were only hidden would pile up."""

    def __init__(
        self, parent: QWidget, title: str, kind: Qt.WindowType = Qt.WindowType.Dialog
    ):  # fmt: skip
        super().__init__(parent, kind)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)


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
