"""A copy of the experiment on disk while the program runs, so that a crash loses only seconds."""

import contextlib
import os
from pathlib import Path

from PyQt6.QtCore import QLockFile, QObject, QTimer, pyqtSignal

from gdviz import export, session
from gdviz.app.document import Document
from gdviz.experiment import Experiment

DELAY = 2000  # milliseconds after an edit


class Recovery(QObject):
    """Writes the experiment beside a lock that dies with the program.

    A file whose lock is free belongs to a program that did not end properly; `find` returns it.
    """

    failed = pyqtSignal(str)

    def __init__(self, document: Document, folder: Path):
        super().__init__()
        self._document, self._folder = document, folder
        self._file = folder / f"recovery-{os.getpid()}.json"
        self._lock = QLockFile(f"{self._file}.lock")
        self._lock.setStaleLockTime(0)
        self._warned = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY)
        self._timer.timeout.connect(self.write)
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock.tryLock(0)
        document.changed.connect(lambda _: self._timer.start())

    def find(self) -> Experiment | None:
        """The experiment a crashed program left, which is then this one's to keep."""
        for file in sorted(self._folder.glob("recovery-*.json"), reverse=True):
            if file == self._file:
                continue
            lock = QLockFile(f"{file}.lock")
            lock.setStaleLockTime(0)
            if not lock.tryLock(0):
                continue
            found = None
            with contextlib.suppress(session.SessionError):
                found = session.read(file)
            with contextlib.suppress(OSError):
                file.unlink()
            lock.unlock()
            if found is not None:
                return found
        return None

    def write(self) -> None:
        try:
            export.save(self._file, session.dump(self._document.experiment))
        except export.SaveError as error:
            if not self._warned:
                self._warned = True
                self.failed.emit(f"No recovery copy is kept: {error}")

    def close(self) -> None:
        """The program ends properly: nothing to recover."""
        self._timer.stop()
        with contextlib.suppress(OSError):
            self._file.unlink()
        self._lock.unlock()
