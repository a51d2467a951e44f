"""Work of the GUI thread in pieces."""

from collections import deque
from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer


class Turns(QObject):
    """Pieces of work, one for each turn of the event loop, so that none holds up what else comes.

    For work that needs widgets or their pictures; what does not belongs into a Job.
    """

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._pieces: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)

    @property
    def busy(self) -> bool:
        """Whether something is left to do."""
        return bool(self._pieces)

    def add(self, *pieces: Callable[[], object]) -> None:
        """Do some more when all that is waiting is done."""
        self._pieces.extend(pieces)
        self._timer.start()

    def clear(self) -> None:
        """Forget what is left."""
        self._pieces.clear()

    def finish(self) -> None:
        """Do all that is left now."""
        while self._pieces:
            self._next()

    def _next(self) -> None:
        if self._pieces:
            self._pieces.popleft()()
        if not self._pieces:
            self._timer.stop()
