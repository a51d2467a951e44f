"""New, open and save: the questions, and the work behind them."""

import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

from PyQt6.QtCore import QMimeData, QObject, QSettings, pyqtSignal
from PyQt6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from gdviz import export, library, session
from gdviz.app.dialog import may, message
from gdviz.app.document import Document, Origin
from gdviz.app.entry import CheckedField
from gdviz.app.job import Job
from gdviz.app.tables import ENDINGS
from gdviz.app.text import tr
from gdviz.data import EXAMPLE
from gdviz.experiment import first_experiment
from gdviz.own import OwnRule, OwnSurface
from gdviz.scene import shipped
from gdviz.session import Session, SessionError

RECENT = 8  # files that are remembered
Source = TypeVar("Source")  # what something is read from
Result = TypeVar("Result")


class Files(QObject):
    """What the File menu does to the document; problems are said, never raised."""

    said = pyqtSignal(str)
    opened = pyqtSignal()
    staged = pyqtSignal(str)  # the panel that a scene is about
    python = pyqtSignal(str)  # a Python file that is to race
    tables = pyqtSignal(str)  # a file of data to learn from
    kept = pyqtSignal()  # something has come into the library
    entered = pyqtSignal(object)  # an OwnRule that is to race
    remembered = pyqtSignal()  # the recent files have changed

    def __init__(self, document: Document, window: QWidget):
        super().__init__(window)
        self._document, self._window = document, window
        self._job: Job | None = None  # that opens a file

    # what is open may be replaced

    def may_leave(self) -> bool:
        """Whether what is open may go: it is saved, or the user says so."""
        commit()
        if not self._document.modified:
            return True
        question = tr("Save the changes to {name}?").format(name=self.name())
        box = message(self._window, tr("Unsaved changes"), question)
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        answer = box.exec()
        if answer == buttons.Save:
            return self.save()
        return answer == buttons.Discard

    def name(self) -> str:
        """What the experiment is called."""
        origin = self._document.origin
        if origin.path is not None:
            return origin.path.name
        if not origin.scene.title:
            return tr("Untitled")
        title = " ".join(origin.scene.title.split())
        return title if len(title) <= 60 else f"{title[:59]}…"

    def new(self) -> None:
        """Begin with the experiment the program starts with."""
        if self.may_leave():
            self._show(tr("New experiment"), Session.of(first_experiment()))

    def open(self) -> None:
        """Ask for a session and open it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, tr("Open experiment"), self._folder(), self._kinds()
        )
        if name:
            self.open_from(Path(name))

    def open_from(self, path: Path, ask: bool = True) -> None:
        """Open a file, or say why not and keep what is there."""
        if path.suffix.lower() in ENDINGS:
            self.tables.emit(str(path))
            return
        if path.suffix == ".py":
            self.python.emit(str(path))
            return
        name = session.large_data(path)
        if name and not self._document.patient:
            self._read_later(name, path, ask)
        else:
            self._take(self._read(library.read_any, path), path, ask)

    def _read_later(self, name: str, path: Path, ask: bool) -> None:
        """Open a session on a large table in the background."""

        def work() -> Generator[float, None, Any]:
            yield 0.0
            return library.read_any(path)

        self.said.emit(tr("Reading {name}…").format(name=name))
        if self._job is not None:
            self._job.cancel()
        self._job = job = Job(work())
        job.done.connect(lambda found: self._take(found, path, ask))
        job.failed.connect(lambda error: self.said.emit(str(error)))
        job.start()

    def _take(
        self, found: Session | OwnSurface | OwnRule | None, path: Path, ask: bool
    ) -> None:  # fmt: skip
        if isinstance(found, OwnSurface | OwnRule):
            self._use(found)
        elif found is not None and (not ask or self.may_leave()):
            self._show(tr("Open {name}").format(name=path.name), found, path)
            self.remember(path)
            self._say(tr("Opened {name}").format(name=path.name), found)

    def open_scene(self, path: Path, playing: bool = False) -> None:
        """Open a session as something to play with: it is not saved in its file.

        With `playing` it is of a lesson: one goes on to the next without being asked.
        """
        found = self._read(session.read, path)
        # what was done to a shipped scene comes back with Undo: one goes from one to the next
        if found is not None and (self._document.origin.shipped or self.may_leave()):
            label = tr("Open scene: {title}").format(title=found.scene.title or path.stem)
            self._show(label, found, shipped=playing or path in shipped())
            if found.scene.panel and not playing:
                self.staged.emit(found.scene.panel)
            if found.remark:
                self.said.emit(found.remark)

    def open_text(self, text: str) -> None:
        """Open a session that was copied as text."""
        found = self._read(session.from_text, text)
        if found is not None and self.may_leave():
            self._show(tr("Open from text"), found)
            self._say(tr("Opened the experiment from the text"), found)

    def _read(self, read: Callable[[Source], Result], source: Source) -> Result | None:
        try:
            return read(source)
        except SessionError as error:
            self.said.emit(str(error))
            return None

    def _use(self, entry: OwnSurface | OwnRule) -> None:
        """Show a surface or enter a rule that somebody shares, and keep it in the library."""
        try:
            if entry.title not in [other.title for _, other in library.entries(type(entry))]:
                library.save(entry)
        except OSError as error:
            self.said.emit(str(error))
        self.kept.emit()
        if isinstance(entry, OwnSurface):
            made = self._document.experiment.on_own(entry)
            self._document.show(tr("Choose {title}").format(title=entry.title), made)
        else:
            self.entered.emit(entry)

    def _show(
        self, label: str, opened: Session, path: Path | None = None, shipped: bool = False
    ) -> None:
        self.opened.emit()
        self._document.open(label, opened, path, shipped)

    def _say(self, said: str, opened: Session) -> None:
        if opened.remark:
            said += f"; {opened.remark}"
        if opened.lost:
            words = tr("; not known here and not saved again: {fields}")
            said += words.format(fields=", ".join(opened.lost[:5]))
        self.said.emit(said)

    def paste(self) -> None:
        """Open the session whose text is in the clipboard."""
        board = QApplication.clipboard()
        text = "" if board is None else board.text()
        if text:
            self.open_text(text)
        else:
            self.said.emit(tr("There is no text in the clipboard"))

    def copy(self) -> None:
        """Put the experiment into the clipboard as a few lines of text."""
        board = QApplication.clipboard()
        if board is not None:
            made = session.portable(self._document.session())
            board.setText(session.to_text(made))
            data, said = (
                made.experiment.data,
                tr("The experiment is in the clipboard, as text for a mail"),
            )
            if data is not None and not data.embedded and not data.path.startswith(EXAMPLE):
                said += tr("; its data are too many to go with it")
            self.said.emit(said)

    def embed(self) -> None:
        """Keep the data in the experiment itself, so that it needs no file."""
        document = self._document
        data = document.experiment.data
        if data is None:
            self.said.emit(tr("There are no data to keep in the experiment"))
            return
        count = data.raw.columns.size
        if count > session.MAX_EMBEDDED:
            words = tr("{count} numbers are too many to keep in the experiment: at most {most}")
            self.said.emit(words.format(count=f"{count:,}", most=f"{session.MAX_EMBEDDED:,}"))
            return
        packed = session.packed(document.experiment)
        document.show(tr("Keep the data in the experiment"), packed)
        self.said.emit(tr("The experiment now carries its data"))

    # drag and drop

    def can_take(self, data: QMimeData | None) -> bool:
        """Whether what is dragged may be an experiment."""
        if data is None:
            return False
        return bool(_dropped(data)) or session.TEXT in data.text()

    def take(self, data: QMimeData | None) -> None:
        """Open what was dropped."""
        if data is None:
            return
        paths = _dropped(data)
        if len(paths) == 1:
            self.open_from(paths[0])
        elif not paths and session.TEXT in data.text():
            self.open_text(data.text())
        else:
            self.said.emit(tr("Drop one file with an experiment"))

    # saving

    def save(self) -> bool:
        """Save in the file it came from; ask for one if there is none. Whether it is saved."""
        commit()
        path = self._document.origin.path
        return self.save_as() if path is None else self._save_to(path)

    def save_as(self) -> bool:
        """Ask for a file and save in it."""
        commit()
        suggestion = self._document.origin.path
        if suggestion is None:
            suggestion = Path(self._folder()) / "experiment.json"
        name, _ = QFileDialog.getSaveFileName(
            self._window, tr("Save experiment"), str(suggestion), self._kinds()
        )
        if not name:
            return False
        path = export.with_ending(name, ".json")
        if path != Path(name) and os.path.exists(path) and not may_replace(path, self._window):
            return False
        return self._save_to(path)

    def _save_to(self, path: Path) -> bool:
        document = self._document
        try:
            export.save(path, session.dump(document.session(), Path(path).parent))
        except export.SaveError as error:
            self.said.emit(str(error))
            return False
        document.settle(Origin(document.experiment, path, document.origin.scene))
        self.remember(path)
        self.said.emit(tr("Saved {path}").format(path=path))
        return True

    # recent files

    def recent(self) -> list[Path]:
        """The files that were opened or saved last, the latest first."""
        found = QSettings().value("recent")
        names = found if isinstance(found, list) else [found]  # a list of one comes as a string
        return [Path(name) for name in names if isinstance(name, str) and name][:RECENT]

    def forget(self) -> None:
        """Remember no files."""
        QSettings().remove("recent")
        self.remembered.emit()

    def remember(self, path: Path) -> None:
        """Put a file first among the recent ones."""
        path = Path(os.path.abspath(path))
        rest = [other for other in self.recent() if other != path]
        QSettings().setValue("recent", [str(other) for other in (path, *rest)][:RECENT])
        self.remembered.emit()

    def _folder(self) -> str:
        """The folder to begin in: that of the file which was used last."""
        used = self.recent()
        return str(used[0].parent) if used else ""

    @staticmethod
    def _kinds() -> str:
        return tr("gdviz experiment (*.json);;All files (*)")


def commit() -> None:
    """Take what is still being typed: Ctrl+S and closing the window leave the field where it is."""
    field = QApplication.focusWidget()
    if isinstance(field, CheckedField):
        field.take()


def _dropped(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def may_replace(path: Path, window: QWidget) -> bool:
    """Ask about a file that the file dialog has not asked about."""
    return may(
        tr("{name} exists. Replace it?").format(name=path.name), tr("Replace a file"), window
    )
