"""The line at the bottom: what is under the pointer, messages, progress."""

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from gdviz.app.controls import label
from gdviz.app.document import Document
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.compute import Race
from gdviz.experiment import Point
from gdviz.scale import short
from gdviz.views.view import View

MESSAGE_SECONDS = 10


class StatusView(View):
    """One line; a message stays for a while, its whole text is in the tooltip."""

    title = "Status"
    place = "bottom"

    cancelled = pyqtSignal()

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(28)
        self.pointer = label("", "number")
        self.message = label("", "number")
        self.message.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.message.setMinimumWidth(1)
        self.progress = QProgressBar()
        self.progress.setFixedWidth(140)
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 1000)
        self.stop = QPushButton(tr("Cancel"))
        self.stop.setObjectName("small")
        self.stop.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.pointer)
        row.addWidget(self.message, 1)
        row.addWidget(self.progress)
        row.addWidget(self.stop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MESSAGE_SECONDS * 1000)
        self._timer.timeout.connect(lambda: self.message.setText(""))
        self._computing: float | None = None
        self._exporting: float | None = None
        self.show_progress(None)
        document.said.connect(self.say)
        document.progressed.connect(self.show_progress)

    def say(self, text: str) -> None:
        """Show a message."""
        room = max(200, self.width() - 420)
        metrics = self.message.fontMetrics()
        self.message.setText(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room))
        self.message.setToolTip(text)
        self._timer.start()

    def show_race(self, race: Race) -> None:
        if race.every > 1:
            self.say(tr("A long race: every {every}th step is recorded").format(every=race.every))

    def show_progress(self, fraction: float | None) -> None:
        """Show how far a computation is; None when it has ended."""
        self._computing = fraction
        self._show_bar()

    def show_export(self, fraction: float | None) -> None:
        """Show how far an export is; it comes before computations."""
        self._exporting = fraction
        self._show_bar()

    def _show_bar(self) -> None:
        fraction = self._computing if self._exporting is None else self._exporting
        self.progress.setVisible(fraction is not None)
        self.stop.setVisible(fraction is not None)
        if fraction is not None:
            self.progress.setValue(round(1000 * fraction))

    def show_point(self, at: Point | None) -> None:
        """Show coordinates, loss and slope under the pointer; None when it is elsewhere."""
        if at is None:
            self.pointer.setText("")
            return
        surface = self.document.experiment.resolved()
        first, second = surface.variables
        loss, (gx, gy) = float(surface.value(*at)), surface.gradient(*at)
        x, y = (short(value, 6) if abs(value) >= 1000 else f"{value:.4f}".replace("-", "−")
                for value in at)  # fmt: skip
        slope = short(float((gx**2 + gy**2) ** 0.5)) if abs(gx) < 1e150 > abs(gy) else "–"
        self.pointer.setText(
            tr("{first} {x}    {second} {y}    loss {loss}    |∇| {slope}").format(
                first=first, second=second, x=x, y=y, loss=short(loss), slope=slope
            )
        )
