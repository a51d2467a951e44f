"""A copy of the experiment on disk while the program runs, so that a crash loses only seconds."""

import contextlib
import uuid
from pathlib import Path

from PyQt6.QtCore import QLockFile, QObject, QTimer, pyqtSignal

from gdviz import export, session
from gdviz.app.document import Document
from gdviz.app.text import tr

DELAY = 2000  # milliseconds after an edit


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


class Recovery(QObject):
    """Writes the experiment beside a lock that dies with the program.

    A file whose lock is free belongs to a program that did not end properly; `find` returns it.
    """

    failed = pyqtSignal(str)

    def __init__(self, document: Document, folder: Path):
        super().__init__()
        self._document, self._folder = document, folder
        self._file = folder / f"recovery-{uuid.uuid4().hex[:12]}.json"
        self._found: Path | None = None
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
        document.changed.connect(lambda _: self._write_soon())
        document.displayed.connect(lambda _: self._write_soon())

    def _write_soon(self) -> None:
        if not self._timer.isActive():  # begun anew with every edit, it would wait for their end
            self._timer.start()

    def find(self) -> session.Session | None:
        """The session a crashed program left, the latest first; it stays on disk for now."""
        for file in sorted(self._folder.glob("recovery-*.json"), key=_age, reverse=True):
            lock = QLockFile(f"{file}.lock")
            lock.setStaleLockTime(0)
            if file == self._file or not lock.tryLock(0):
                continue
            lock.unlock()
            with contextlib.suppress(session.SessionError):  # a newer gdviz may still read it
                found = session.read(file)
                self._found = file
                return found
        return None

    def settle(self) -> None:
        """The user has decided about what was found: it may go."""
        if self._found is not None:
            with contextlib.suppress(OSError):
                self._found.unlink()
            self._found = None

    def write(self) -> None:
        try:
            export.save(self._file, session.dump(self._document.session()))
        except export.SaveError as error:
            if not self._warned:
                self._warned = True
                self.failed.emit(tr("No recovery copy is kept: {error}").format(error=error))

    def close(self) -> None:
        """The program ends properly: nothing to recover."""
        self._timer.stop()
        with contextlib.suppress(OSError):
            self._file.unlink()
        self._lock.unlock()
