"""Exports: trajectories, pictures, films and scripts, in the background, and the clipboard."""

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

from PyQt6.QtCore import QObject, QProcess, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from gdviz import export, session
from gdviz.app.document import Document
from gdviz.app.files import may_replace
from gdviz.app.job import Job
from gdviz.app.text import tr
from gdviz.shot import Film, Shot
from gdviz_core import foreign
from gdviz_core.foreign import PREFIX

POLITE = 2000  # milliseconds to end in when asked to


class Exporter(QObject):
    """Writes what the document shows; problems are said, never raised.

    Pictures and films are made by another process of this program, with the command line's
    `render`: so the window stays quick, and both make the same.
    """

    said = pyqtSignal(str)
    progressed = pyqtSignal(object)  # fraction of the running export, None when it ends

    def __init__(self, document: Document, window: QWidget):
        super().__init__(window)
        self._document, self._window = document, window
        self._job: Job | None = None
        self._process: QProcess | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._cancelled = False
        self._command = ""  # that the other process runs

    @property
    def busy(self) -> bool:
        """Whether an export is running."""
        return self._job is not None or self._process is not None

    def cancel(self) -> None:
        """Give up the export that is running, if any; the files stay as they were."""
        if self._job is not None:
            self._job.cancel()
        if self._process is not None:
            self._cancelled = True
            number = self._process.processId()  # 0 for one that has just ended: that would be us
            if os.name == "posix" and number and self._command.startswith("map"):
                # so that it removes the half-written file, which may be large
                os.kill(number, signal.SIGINT)
                late = QTimer(self._process)
                late.timeout.connect(self._process.kill)
                late.start(POLITE)
            else:
                self._process.kill()

    def close(self) -> None:
        """Give up, and wait until the other process has ended."""
        self.cancel()
        if self._process is not None and not self._process.waitForFinished(POLITE):
            self._process.kill()
            self._process.waitForFinished(5000)

    def obstacle(self) -> str:
        """Why nothing can be exported now; empty if it can."""
        race = self._document.race
        if self._document.failure:
            return self._document.failure
        if race.experiment is not self._document.experiment:
            return tr("The race is still being computed")
        if not race.trajectories:
            return tr("There is nothing to export: add a start and switch on a racer")
        return tr("An export is still running") if self.busy else ""

    def _ask(self, title: str, name: str, kind: str) -> Path | None:
        """A file for what can be exported now; None if nothing can, or the user wants nothing."""
        why = self.obstacle()
        if why:
            self.said.emit(why)
            return None
        origin = self._document.origin.path
        beside = name if origin is None else str(origin.with_suffix(Path(name).suffix))
        kinds = f"{kind} (*{Path(name).suffix});;" + tr("All files (*)")
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, beside, kinds)
        return Path(chosen) if chosen else None

    # trajectories

    def trajectories(self) -> None:
        """Ask for a file and write the race to it in the background."""
        path = self._ask(tr("Export trajectories"), "race.csv", "CSV")
        if path is not None:
            self.trajectories_to(path)

    def trajectories_to(self, path: Path) -> None:
        """Write the race as CSV, and the session beside it."""
        try:
            csv, beside = export.csv_and_json(path)
        except export.SaveError as error:
            self.said.emit(str(error))
            return
        asked_about = csv if csv == path else None  # the file dialog asked about what was typed
        for file in (csv, beside):
            mine = file == beside and os.path.exists(csv) and not export.is_foreign(beside)
            taken = os.path.exists(file)  # unlike Path.exists, no error for a name too long
            ask = file != asked_about and taken and not mine
            if ask and not may_replace(file, self._window):
                return
        race = self._document.race
        rows = sum(len(t) for t in race.trajectories)
        wrote = tr("Wrote {rows} rows to {path}").format(rows=f"{rows:,}", path=csv)
        self._job = work = Job(export.trajectories(race, csv, self._document.session()))
        work.progress.connect(self.progressed)
        work.done.connect(lambda _: self._ended(wrote))
        work.failed.connect(lambda error: self._ended(str(error)))
        work.cancelled.connect(
            lambda finished: self._ended(wrote if finished else tr("The export was cancelled"))
        )
        work.start()

    def _ended(self, text: str) -> None:
        self._job = None
        self.progressed.emit(None)
        self.said.emit(text)

    # a script

    def script(self) -> None:
        """Ask for a file and write the Python program that runs the race again."""
        path = self._ask(tr("Export Python script"), "race.py", "Python")
        if path is not None:
            self.script_to(path)

    def script_to(self, path: Path) -> None:
        """Write the Python program that runs the race again."""
        found = self._asked(path, ".py")
        if found is not None:
            try:
                export.save(found, export.script(self._document.race))
            except export.SaveError as error:
                self.said.emit(str(error))
            else:
                self.said.emit(tr("Wrote {path}").format(path=found))

    def _asked(self, path: Path, ending: str) -> Path | None:
        """The path with its ending; None if another file is in the way and shall stay."""
        full = export.with_ending(path, ending)
        if full != path and os.path.exists(full) and not may_replace(full, self._window):
            return None
        return full

    # pictures and films

    def render(self, kind: str, shot: Shot, film: Film) -> bool:
        """Ask for a file and make a picture or a film for it: "png", "svg", "pdf", "gif", "mp4".

        Returns false if nothing is made.
        """
        path = self._ask(tr("Export picture or film"), f"race.{kind}", kind.upper())
        if path is not None:
            self.render_to(path, kind, shot, film)
        return path is not None

    def render_to(self, path: Path, kind: str, shot: Shot, film: Film) -> None:
        """Make a picture or a film in the background."""
        found = self._asked(path, f".{kind}")
        if found is not None:
            wanted = [f"--{kind}={os.path.abspath(found)}", *_options(shot, film)]
            self._launch("render", wanted + self._permissions(), found)

    # maps of many runs

    def map(self, kind: str, size: int, options: list[str]) -> bool:
        """Ask for a file and make a map for it, "basins" or "sweep", of so many pixels along its
        longer side; returns false if none is made."""
        kinds = tr("Picture (*.png);;Arrays of NumPy (*.npz)")
        origin = self._document.origin.path
        name = f"{kind}.png" if origin is None else str(origin.with_name(f"{kind}.png"))
        chosen, kept = QFileDialog.getSaveFileName(self._window, tr("Export map"), name, kinds)
        if not chosen:
            return False
        usual = ".npz" if ".npz" in kept else ".png"
        known = Path(chosen).suffix.lower() in (".png", ".npz")
        path = self._asked(Path(chosen), Path(chosen).suffix if known else usual)
        return path is not None and self.map_to(path, kind, size, options)

    def map_to(self, path: Path, kind: str, size: int, options: list[str]) -> bool:
        """Make a map in the background; asked for again after a cancel, it goes on from there."""
        if self.busy:
            self.said.emit(tr("An export is still running"))
            return False
        wanted = [f"--out={os.path.abspath(path)}", f"--size={size}", *options]
        self._launch(f"map {kind}", wanted, path)
        return True

    def _launch(self, command: str, options: list[str], path: Path) -> None:
        """Run a command of the command line on what the document shows."""
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="gdviz-")
            given = Path(self._folder.name) / "session.json"
            given.write_text(session.dump(self._document.session()), encoding="utf-8")
        except OSError as error:
            self._finished(tr("nothing was made: {reason}").format(reason=error.strerror))
            return
        self._cancelled, self._command = False, command
        self._process = process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(lambda code, _: self._rendered(code, path))
        process.errorOccurred.connect(self._failed)
        self.progressed.emit(0.0)
        # an empty folder: python -m would import what lies in the present one
        process.setWorkingDirectory(self._folder.name)
        process.start(*_command([*command.split(), str(given), "--progress", *options]))

    def _permissions(self) -> list[str]:
        """What was allowed here is so in the other process."""
        racers = self._document.experiment.racers
        files = {r.optimizer.removeprefix(PREFIX) for r in racers if r.optimizer.startswith(PREFIX)}
        return [f"--allow={foreign.read(file).digest}" for file in files if foreign.may_run(file)]

    def _read(self) -> None:
        if self._process is not None:
            said = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace")
            for line in said.splitlines():
                word, _, number = line.partition(" ")
                if word == "progress":
                    self.progressed.emit(float(number))

    def _rendered(self, code: int, path: Path) -> None:
        process = self._process
        if process is None:
            return
        if self._cancelled and self._command.startswith("map"):
            self._finished(tr("The export was cancelled; for the same file it goes on from there"))
        elif self._cancelled:
            self._finished(tr("The export was cancelled"))
        elif code == 0:
            self._finished(tr("Wrote {path}").format(path=path))
        else:
            said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
            last = said.splitlines()[-1] if said else tr("the program that makes it ended")
            self._finished(last.removeprefix(f"gdviz {self._command.split()[0]}: "))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._finished(tr("nothing was made: the program that makes it could not be started"))

    def _finished(self, text: str) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        if self._folder is not None:
            # what a killed process left open on Windows stays for the system to delete
            with contextlib.suppress(OSError):
                self._folder.cleanup()
            self._folder = None
        self.progressed.emit(None)
        self.said.emit(text)


def _command(arguments: list[str]) -> tuple[str, list[str]]:
    """How this program is run once more."""
    if getattr(sys, "frozen", False):
        return sys.executable, arguments
    return sys.executable, ["-m", "gdviz", *arguments]


def _options(shot: Shot, film: Film) -> list[str]:
    """A shot and a film as options of the command line."""
    options = [f"--view={view}" for view in shot.views]
    options += [f"--size={shot.width}x{shot.height}", f"--scale={shot.scale!r}",
                f"--theme={shot.theme}", f"--caption={shot.caption}",
                f"--run={shot.run[0]},{shot.run[1]}", f"--heat={shot.heat}",
                f"--palette={shot.palette}", f"--seconds={film.seconds!r}",
                f"--fps={film.fps}"]  # fmt: skip
    if shot.step is not None:
        options.append(f"--step={shot.step}")
    if shot.visible is not None:
        options.append("--visible=" + ",".join(repr(value) for value in shot.visible))
    return options + ["--no-legend"] * (not shot.legend) + ["--once"] * (not film.loop)
