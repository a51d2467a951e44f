"""Computations off the GUI thread."""

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Generator
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import QObject, QThreadPool, pyqtSignal

_running: set["Job"] = set()
# Maps of many runs may take long: what else is to be computed must not wait for them.
_APART = QThreadPool()
_APART.setMaxThreadCount(2)


# How much the threads of jobs let the window come first, as nice counts it.
SOON, LATER = 5, 10


def _step_back(nice: int) -> None:
    """Let the window have the processor first, as far as the system can tell threads apart.

    Threads that this one starts inherit it. Where all cores work on a map, a frame that is computed
    on several threads would otherwise wait for its share of them.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            window = os.getpriority(os.PRIO_PROCESS, os.getpid())  # of the first thread
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), window + nice)


class Job(QObject):
    """Runs a generator on a thread; a cancelled job never reports `done` or `failed`.

    The generator yields its progress in [0, 1] and returns its result.
    """

    progress = pyqtSignal(object)  # float
    _advanced = pyqtSignal(object)
    done = pyqtSignal(object)
    failed = pyqtSignal(object)  # Exception
    cancelled = pyqtSignal(bool)  # its thread has ended; whether the computation had, too
    _ended = pyqtSignal(object, object)

    def __init__(self, computation: Generator[float, None, Any]):
        super().__init__()
        self._computation = computation
        self._cancelled = False
        self._nice = SOON
        # queued: these run on the thread that made the job
        self._advanced.connect(self._advance)
        self._ended.connect(self._report)

    def start(self, long: bool = False) -> None:
        """Begin; returns at once. One that may take `long` is on threads of its own."""
        _running.add(self)  # alive until its thread has ended, whoever else lets go of it
        self._nice = LATER if long else SOON
        pool = _APART if long else QThreadPool.globalInstance()
        assert pool is not None
        pool.start(self._work)

    def cancel(self) -> None:
        """Ask it to end at its next yield and to keep its result to itself."""
        self._cancelled = True

    def _work(self) -> None:
        _step_back(self._nice)
        result = error = None
        try:
            while not self._cancelled:
                self._advanced.emit(next(self._computation))
            self._computation.close()
        except StopIteration as end:
            result = end.value
        except Exception as caught:
            error = caught
        self._ended.emit(result, error)

    def _advance(self, fraction: float) -> None:
        if not self._cancelled:
            self.progress.emit(fraction)

    def _report(self, result: Any, error: Exception | None) -> None:
        _running.discard(self)
        if self._cancelled:
            self.cancelled.emit(result is not None)
        elif error is None:
            self.done.emit(result)
        else:
            self.failed.emit(error)


def busy() -> bool:
    """Whether any job is running or has a result to report."""
    return bool(_running)


@atexit.register  # a thread that reports to what is being taken down would crash
def stop_all() -> None:
    """Cancel every job and wait for its thread; for closing the program."""
    for job in list(_running):
        job.cancel()
    for pool in (QThreadPool.globalInstance(), _APART):
        if pool is not None and not sip.isdeleted(pool):  # they are gone once Qt has ended
            pool.waitForDone()
    # what they have to report is not wanted; deleted here, they take it with them
    _running.clear()
