"""What all dialogs share."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QWidget


class Dialog(QDialog):
    """A dialog that is gone when it is closed: those that were only hidden would pile up."""

    def __init__(
        self, parent: QWidget, title: str, kind: Qt.WindowType = Qt.WindowType.Dialog
    ):  # fmt: skip
        super().__init__(parent, kind)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
