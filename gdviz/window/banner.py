"""The line that offers what a program that crashed has left."""

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from gdviz.app.controls import label
from gdviz.app.document import Document, Origin
from gdviz.app.recovery import Recovery
from gdviz.app.text import tr


class Banner(QFrame):
    """It is there as long as something is offered, and stays until the user has decided."""

    def __init__(self, document: Document, recovery: Recovery, parent: QWidget):
        super().__init__(parent)
        self.setObjectName("card")
        self._document, self._recovery = document, recovery
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.addWidget(
            label(tr("gdviz was not closed properly. Bring back the experiment?"), "name"), 1
        )
        for text, slot in ((tr("Restore"), self.restore), (tr("Discard"), self.discard)):
            button = QPushButton(text)
            button.clicked.connect(slot)
            row.addWidget(button)
        self.offered = recovery.find()
        self.setVisible(self.offered is not None)

    def restore(self) -> None:
        """Open what is offered."""
        if self.offered is not None:
            before = self._document.experiment
            self._document.open(tr("Restore the experiment"), self.offered)
            # it was not saved when the program ended, so it is not now
            self._document.settle(Origin(before, None, self.offered.scene))
        self._recovery.write()
        self.discard()

    def discard(self) -> None:
        """Forget what is offered."""
        self.offered = None
        self.hide()
        self._recovery.settle()
