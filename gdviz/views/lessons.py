"""Guided lessons: text, an experiment, a question, and an answer that playing gives."""

import contextlib
import shutil
from pathlib import Path

import platformdirs
from PyQt6.QtCore import QSettings, QTimer, pyqtSignal
from PyQt6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gdviz import lesson
from gdviz.app.controls import Combo, IconButton, label, scroller
from gdviz.app.dialog import drop
from gdviz.app.document import Document, Origin
from gdviz.app.lessonpage import LessonPage
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.compute import Race
from gdviz.lesson import Facts, Lesson, LessonError, Part
from gdviz.views.view import View

LOOK = 150  # milliseconds after a change until the answer is looked at
KEY = "lessons/"  # under which progress is remembered


def own_folder() -> Path:
    """The folder of the user's own lessons."""
    return Path(platformdirs.user_data_dir("gdviz", appauthor=False)) / "lessons"


class LessonsView(View):
    """A lesson at a time, a part at a time; what is answered is remembered."""

    title = "Lessons"
    place = "right"

    wanted = pyqtSignal(object)  # the file of an experiment that is to be opened
    shown = pyqtSignal(str)  # a panel that is to be brought to the front

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.lesson: Lesson | None = None
        self.number = 0  # of the part
        self._paths: list[Path] = []
        self._origin: Origin | None = None  # that of the part's experiment, once it is open
        self._hinted = False
        self.chooser = Combo(tr("Lesson"))
        self.chooser.setObjectName("choice")
        self.chooser.setMaximumWidth(215)
        self.chooser.activated.connect(lambda i: self.open(self._paths[i]))
        self.more = IconButton("ph.dots-three-vertical", tr("More about lessons"), 26)
        self.more.clicked.connect(self._show_menu)
        self.tools = [self.chooser, self.more]
        self.page = LessonPage()
        self.scroller = scroller(self.page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 8)
        column.setSpacing(6)
        column.addWidget(self.scroller, 1)
        column.addWidget(self._make_question())
        column.addLayout(self._make_buttons())
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(LOOK)
        self._look.timeout.connect(self.examine)
        document.selected.connect(lambda _: self._look.start())
        document.moved.connect(lambda _: self._look.start())

    def _make_question(self) -> QWidget:
        self.box = QFrame()
        self.box.setObjectName("row")
        self.question, self.verdict, self.hint = (
            label("", "question"), label("", "caption"), label("", "hint"),
        )  # fmt: skip
        inside = QVBoxLayout(self.box)
        inside.setContentsMargins(16, 8, 16, 8)
        inside.setSpacing(4)
        for part in (self.question, self.verdict, self.hint):
            part.setWordWrap(True)
            inside.addWidget(part)
        return self.box

    def _make_buttons(self) -> QHBoxLayout:
        self.back = QPushButton(tr("Back"))
        self.load = QPushButton(tr("Load the experiment"))
        self.ask_hint = QPushButton(tr("Hint"))
        self.next = QPushButton(tr("Next"))
        for button, slot in (
            (self.back, lambda: self.go(self.number - 1)), (self.load, self.load_experiment),
            (self.ask_hint, self.show_hint), (self.next, lambda: self.go(self.number + 1)),
        ):  # fmt: skip
            button.setObjectName("small")
            button.clicked.connect(lambda _=False, slot=slot: slot())
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self.back)
        row.addWidget(self.load)
        row.addStretch(1)
        row.addWidget(self.ask_hint)
        row.addWidget(self.next)
        return row

    # the lessons

    def refresh(self) -> None:
        """List the lessons, those that ship and the user's own."""
        opened = [] if self.lesson is None else [self.lesson.path]
        self._paths = list(dict.fromkeys(
            [*lesson.shipped(), *lesson.files_in(own_folder()), *opened]
        ))  # fmt: skip
        self.chooser.clear()
        for path in self._paths:
            try:
                found = lesson.read(path)
                done = len(self.solved(found))
                asked = sum(bool(part.ask) for part in found.parts)
                mark = "✓ " if asked and done >= asked else ""
                self.chooser.addItem(f"{mark}{found.title}")
            except LessonError:
                self.chooser.addItem(path.name)
        if self.lesson is not None:
            self.chooser.setCurrentIndex(self._paths.index(self.lesson.path))

    def showEvent(self, event: object) -> None:
        if not self._paths:
            self.refresh()
        if self.lesson is None and self._paths:
            self.open(self._paths[0])
        self._look.start()  # it may have been answered while this was behind something else

    def open(self, path: Path) -> None:
        """Open a lesson at the first part that is not answered yet; its experiment is not loaded.

        Problems are said.
        """
        try:
            found = lesson.read(path)
        except LessonError as error:
            self.document.said.emit(tr("{name}: {error}").format(name=path.name, error=error))
            if self.lesson is None:
                self.page.say(str(error))
            return
        self.lesson = found
        if path not in self._paths:
            self.refresh()
        self.chooser.setCurrentIndex(self._paths.index(path))
        solved = self.solved(found)
        open_ = [n for n, part in enumerate(found.parts) if part.ask and n not in solved]
        self.number = open_[0] if open_ else 0
        self._show_part()

    @property
    def part(self) -> Part | None:
        """The part that is shown."""
        return None if self.lesson is None else self.lesson.parts[self.number]

    def go(self, number: int) -> None:
        """Turn to a part and load its experiment."""
        if self.lesson is not None and 0 <= number < len(self.lesson.parts):
            self.number = number
            self._show_part()
            self.load_experiment()

    def load_experiment(self) -> None:
        """Open the experiment of the part, and bring the panel it is about to the front."""
        if self.lesson is None or self.part is None or not self.part.session:
            return
        before = self.document.origin
        self.wanted.emit(self.lesson.session_of(self.part))
        if self.document.origin is not before:
            self._origin = self.document.origin
            self.player.go(0)
            if self.part.show:
                self.shown.emit(self.part.show)
        self._show_state()

    def show_hint(self) -> None:
        self._hinted = not self._hinted
        self._show_state()

    # progress

    def solved(self, of: Lesson) -> set[int]:
        """The numbers of the parts of a lesson that were answered."""
        text = str(QSettings().value(KEY + _name(of), ""))
        return {int(word) for word in text.split() if word.isdigit()}

    def _solve(self) -> None:
        assert self.lesson is not None
        done = sorted({*self.solved(self.lesson), self.number})
        QSettings().setValue(KEY + _name(self.lesson), " ".join(map(str, done)))
        self.refresh()

    def forget(self) -> None:
        """Forget what was answered in this lesson."""
        if self.lesson is not None:
            QSettings().remove(KEY + _name(self.lesson))
            self.refresh()
            self._show_state()

    def examine(self) -> None:
        """Look whether the race answers the question."""
        part, race = self.part, self.document.race
        if part is None or not part.ask or self.lesson is None or not self.isVisible():
            return
        current = race.experiment is self.document.experiment
        if self._is_open() and current and self.number not in self.solved(self.lesson):
            lane = self.document.selected_lane()
            if part.answered(Facts(race, lane, self.player.index)):
                self._solve()
        self._show_state()

    def _is_open(self) -> bool:
        """Whether the experiment on the screen comes from this part."""
        return self._origin is not None and self.document.origin is self._origin

    # what is shown

    def _show_part(self) -> None:
        assert self.lesson is not None
        assert self.part is not None
        self._origin, self._hinted = None, False
        self.page.show_part(self.lesson, self.part)
        bar = self.scroller.verticalScrollBar()
        assert bar is not None
        bar.setValue(0)
        self._show_state()

    def _show_state(self) -> None:
        part, whole = self.part, self.lesson
        if part is None or whole is None:
            return
        done = self.number in self.solved(whole)
        self.question.setText(part.ask)
        self.box.setVisible(bool(part.ask))
        if done:
            self.verdict.setText("✓ " + (part.done or tr("Right.")))
        elif self._is_open():
            self.verdict.setText(tr("Not yet: play with the experiment."))
        else:
            self.verdict.setText(tr("Load the experiment to answer."))
        self.hint.setText(part.hint)
        self.hint.setVisible(self._hinted and bool(part.hint))
        self.ask_hint.setVisible(bool(part.hint) and not done)
        self.back.setEnabled(self.number > 0)
        self.next.setEnabled(self.number < len(whole.parts) - 1)
        self.load.setText(tr("Load it again") if self._is_open() else tr("Load the experiment"))
        self.setWindowTitle(tr("Part {n} of {all}").format(n=self.number + 1, all=len(whole.parts)))

    def show_race(self, race: Race) -> None:
        self._look.start()

    def show_step(self, index: int) -> None:
        if not self._look.isActive():  # while it plays, too
            self._look.start()

    def finish(self) -> None:
        self._look.stop()

    def set_theme(self, theme: Theme) -> None:
        self.page.set_theme(theme)
        self.chooser.set_theme(theme)
        self.more.set_color(theme.text2)

    # lessons as files

    def _show_menu(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(lambda: drop(menu))
        for words, slot in (
            (tr("Open a lesson…"), self.ask_lesson), (tr("Save a copy to edit…"), self.ask_copy),
            (tr("Begin this lesson anew"), self.forget),
        ):  # fmt: skip
            action = menu.addAction(words)
            assert action is not None
            action.triggered.connect(lambda _=False, slot=slot: slot())
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def ask_lesson(self) -> None:
        """Ask for a file and open the lesson in it."""
        path, _ = QFileDialog.getOpenFileName(
            self.window(), tr("Open a lesson"), str(own_folder()), tr("Lessons (*.md)")
        )
        if path:
            self.open(Path(path))

    def ask_copy(self) -> None:
        """Ask for a folder and copy the lesson into it."""
        folder = QFileDialog.getExistingDirectory(self.window(), tr("Save a copy to edit"))
        if folder:
            self.copy_to(Path(folder))

    def copy_to(self, folder: Path) -> None:
        """Copy the lesson and its experiments into a folder, and open the copy."""
        whole = self.lesson
        if whole is None:
            return
        names = [whole.path.name, *dict.fromkeys(p.session for p in whole.parts if p.session)]
        made: list[Path] = []
        try:
            there = [name for name in names if (folder / name).exists()]
            if there:
                raise ValueError(
                    tr("{name} is in this folder already: choose another one").format(name=there[0])
                )
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                made.append(folder / name)
                shutil.copyfile(whole.path.parent / name, folder / name)
        except (OSError, ValueError) as error:
            for path in made:  # half a lesson is none
                with contextlib.suppress(OSError, ValueError):
                    path.unlink(missing_ok=True)
            self.document.said.emit(tr("The copy failed: {error}").format(error=error))
            return
        self.open(folder / whole.path.name)
        self.document.said.emit(tr("Copied to {folder}").format(folder=folder))


def _name(of: Lesson) -> str:
    """Under which name the progress of a lesson is remembered."""
    there = of.path.name if of.path in lesson.shipped() else str(of.path)
    return there.replace("/", "|").replace("\\", "|")
