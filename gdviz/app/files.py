"""Opening, saving and exporting: the dialogs, and the work behind them."""

import os
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QMessageBox, QWidget

from gdviz import export, session
from gdviz.app.document import Document
from gdviz.app.job import Job

SESSIONS = "gdviz experiment (*.json);;All files (*)"


class Files(QObject):
    """What the File menu does to the document; problems are said, never raised."""

    said = pyqtSignal(str)
    opened = pyqtSignal()
    progressed = pyqtSignal(object)  # fraction of the running export, None when it ends

    def __init__(self, document: Document, window: QWidget):
        super().__init__(window)
        self._document, self._window = document, window
        self._export: Job | None = None

    def cancel(self) -> None:
        """Give up the export that is running, if any; the files stay as they were."""
        if self._export is not None:
            self._export.cancel()

    def export(self) -> None:
        """Ask for a file and write the race to it in the background."""
        race = self._document.race
        if race.experiment is not self._document.experiment:
            self.said.emit("The race is still being computed")
        elif not race.trajectories:
            self.said.emit("There is nothing to export: add a start and switch on a racer")
        elif self._export is not None:
            self.said.emit("An export is still running")
        else:
            name, _ = QFileDialog.getSaveFileName(
                self._window, "Export trajectories", "race.csv", "CSV (*.csv);;All files (*)"
            )
            if name:
                self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Write the race as CSV, and the experiment as JSON beside it."""
        csv = export.with_ending(path, ".csv")
        beside = csv.with_suffix(".json")
        asked_about = csv if csv == path else None  # the file dialog asked about what was typed
        for file in (csv, beside):
            mine = file == beside and os.path.exists(csv) and not export.is_foreign(beside)
            taken = os.path.exists(file)  # unlike Path.exists, no error for a name too long
            if file != asked_about and taken and not mine and not self._may_replace(file):
                return
        work = Job(export.trajectories(self._document.race, csv))
        rows = sum(len(t) for t in self._document.race.trajectories)
        wrote = f"Wrote {rows:,} rows to {csv}"
        work.progress.connect(self.progressed)
        work.done.connect(lambda _: self._exported(wrote))
        work.failed.connect(lambda error: self._exported(str(error)))
        work.cancelled.connect(
            lambda finished: self._exported(wrote if finished else "The export was cancelled")
        )
        self._export = work
        work.start()

    def _exported(self, text: str) -> None:
        self._export = None
        self.progressed.emit(None)
        self.said.emit(text)

    def _may_replace(self, path: Path) -> bool:
        """Ask about a file that the file dialog has not asked about."""
        box = QMessageBox(self._window)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle("Replace a file")
        box.setText(f"{path.name} exists. Replace it?")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Yes | buttons.Cancel)
        box.setDefaultButton(buttons.Cancel)
        return box.exec() == buttons.Yes

    def open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, "Open experiment", "", SESSIONS)
        if name:
            self.open_from(Path(name))

    def open_from(self, path: Path) -> None:
        """Open a file, or say why not and keep what is there."""
        try:
            opened = session.read(path)
        except session.SessionError as error:
            self.said.emit(str(error))
            return
        self.opened.emit()
        self._document.open(opened.experiment, path)
        self._document.view_as(opened.display)
        self.said.emit(f"Opened {path.name}")

    def save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            "Save experiment",
            "experiment.json",
            "gdviz experiment (*.json);;All files (*)",
        )
        if not name:
            return
        path = export.with_ending(name, ".json")
        if path != Path(name) and os.path.exists(path) and not self._may_replace(path):
            return
        try:
            export.save(path, session.dump(self._document.experiment, self._document.display))
        except export.SaveError as error:
            self.said.emit(str(error))
        else:
            self.said.emit(f"Saved {path}")
