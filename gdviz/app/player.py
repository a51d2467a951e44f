"""The playhead: which record of the race is shown, and whether it moves."""

import time

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
STEPS_PER_SECOND = 60  # at speed 1


class Player(QObject):
    """An index from 0 to `last` that can play. A race is computed first, then played."""

    moved = pyqtSignal(int)
    changed = pyqtSignal()  # playing, last, speed or loop

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self.index, self.last = 0, 0
        self._wanted = 0  # where the user or playing left the playhead
        self.speed, self.loop = 1.0, False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(16)
        self._timer.timeout.connect(self._tick)
        self._then = 0.0
        self._owed = 0.0

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def go(self, index: int) -> None:
        """Move the playhead, within the race."""
        self._wanted = max(0, min(index, self.last))
        self._show(self._wanted)

    def _show(self, index: int) -> None:
        if index != self.index:
            self.index = index
            self.moved.emit(index)

    def set_last(self, last: int) -> None:
        """Take the length of a new race; the playhead stays, or comes back, where it was left."""
        if last != self.last:
            self.last = last
            self.changed.emit()
        self._show(min(self._wanted, last))

    def play(self) -> None:
        """Play, from the start if the playhead is at the end."""
        if self.index >= self.last:
            self.go(0)
        self._then, self._owed = time.monotonic(), 0.0
        self._timer.start()
        self.changed.emit()

    def pause(self) -> None:
        if self.playing:
            self._timer.stop()
            self.changed.emit()

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def step(self, count: int) -> None:
        """Pause and move by a number of records."""
        self.pause()
        self.go(self.index + count)

    def set_speed(self, speed: float) -> None:
        self.speed = speed
        self.changed.emit()

    def set_loop(self, loop: bool) -> None:
        self.loop = loop
        self.changed.emit()

    def _tick(self) -> None:
        now = time.monotonic()
        # a long pause of the machine is not made up for
        self._owed += min(now - self._then, 0.1) * STEPS_PER_SECOND * self.speed
        self._then = now
        count = int(self._owed)
        self._owed -= count
        if count and self.index < self.last:
            self.go(self.index + count)
        elif self.index >= self.last:
            if self.loop and self.last > 0:
                self.go(0)
            else:
                self.pause()
