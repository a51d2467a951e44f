"""What keeps a mistake from costing the user work: exception hooks, a crash log, signals."""

import contextlib
import ctypes
import faulthandler
import gc
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import platformdirs
from PyQt6.QtCore import QObject, QSocketNotifier, QTimer, pyqtSignal
from PyQt6.sip import voidptr

MAX_LOG = 1_000_000  # bytes; a longer log is begun anew
COLLECT = 300  # milliseconds between two looks for garbage
MANY_MODULES = 20  # that come with a library
LARGE = 1 << 20  # bytes
ARENAS = 2
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of glibc's malloc.h


def return_large_arrays() -> None:
    """Make large arrays go back to the system as soon as they are freed.

    glibc would keep them after the first: pictures of a large window come and go by the dozen, and
    the program would hold several times what it uses. Each thread's own arena would keep more.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(AttributeError, OSError):  # another C library
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_MMAP_THRESHOLD, LARGE)
            libc.mallopt(_M_ARENA_MAX, ARENAS)


def return_free_memory() -> None:
    """Give the system what lies free between the small things; it takes a millisecond or so."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


class Collector(QObject):
    """Collects cyclic garbage in the thread of the window, as long as its parent lives.

    Python would do it in whichever thread happens to ask for memory; but what Qt has made must not
    be deleted in another thread than its own.
    """

    def __init__(self, parent: QObject):
        super().__init__(parent)
        gc.disable()
        self._modules = len(sys.modules)
        timer = QTimer(self)
        timer.timeout.connect(self._look)
        timer.start(COLLECT)
        parent.destroyed.connect(gc.enable)

    def _look(self) -> None:
        for generation in (2, 1, 0):
            threshold = gc.get_threshold()[generation]
            if gc.get_count()[generation] > threshold:
                gc.collect(generation)
                if generation == 2:
                    self._keep_modules()
                break

    def _keep_modules(self) -> None:
        """Look no more through what is there, once a library such as SymPy has come.

        Its hundred thousand objects stay to the end; looking through them would hold up the window.
        """
        if len(sys.modules) > self._modules + MANY_MODULES:
            self._modules = len(sys.modules)
            gc.freeze()


class Guard(QObject):
    """Catches what no one else does, in any thread, writes it to a log and tells the window.

    An exception in a slot would otherwise end the program.
    """

    caught = pyqtSignal(str)  # one line for the status bar

    def __init__(self, folder: Path):
        super().__init__()
        self._log = folder / "gdviz.log"
        self._fault: Any = None

    def install(self) -> None:
        """Put the hooks in place. Without a folder to write to, they only report."""
        with contextlib.suppress(OSError):
            self._log.parent.mkdir(parents=True, exist_ok=True)
            if self._log.exists() and self._log.stat().st_size > MAX_LOG:
                self._log.unlink()
            self._fault = self._log.open("a", encoding="utf-8")
            faulthandler.enable(self._fault)
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._hook
        threading.excepthook = lambda a: self._hook(a.exc_type, a.exc_value, a.exc_traceback)
        sys.unraisablehook = lambda a: self._hook(a.exc_type, a.exc_value, a.exc_traceback)

    def remove(self) -> None:
        """Put the former hooks back."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        if self._fault is not None:
            faulthandler.disable()
            self._fault.close()

    def _hook(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        print(text, file=sys.stderr, end="")
        with contextlib.suppress(OSError), self._log.open("a", encoding="utf-8") as log:
            log.write(text)
        self.caught.emit(f"Something went wrong inside gdviz ({kind.__name__}: {str(error)[:200]})")


class Signals(QObject):
    """Turns SIGINT and SIGTERM into an orderly end."""

    def __init__(self, end: Callable[[], Any]):
        super().__init__()
        self._end = end
        self._read, self._write = socket.socketpair()
        for end_ in (self._read, self._write):
            end_.setblocking(False)
        signal.set_wakeup_fd(self._write.fileno())
        self._before = {
            number: signal.signal(number, lambda *_: None)  # the wake-up is what matters
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        self._notifier = QSocketNotifier(
            voidptr(self._read.fileno()), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(self._wake)

    def remove(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for end in (self._read, self._write):
            end.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._read.recv(64)
        self._end()


def state_folder() -> Path:
    """Where logs and recovery files live."""
    return Path(platformdirs.user_state_dir("gdviz", appauthor=False))
