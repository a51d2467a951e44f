"""Lessons walked through as a student does: read, load, play, and be told that it is right."""

import pytest
from PyQt6.QtCore import QPoint, QSettings, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QMessageBox, QPushButton

from gdviz import lesson
from gdviz.app.surroundings import Surroundings
from gdviz.views.lessons import LessonsView
from gdviz.views.mechanics import MechanicsView
from gdviz.views.results import ResultsView
from tests.gui.conftest import LEFT, NONE

CONTROL = Qt.KeyboardModifier.ControlModifier


class Student:
    """Answers questions with the mouse and the keyboard."""

    def __init__(self, user):
        self.user, self.window, self.document = user, user.window, user.document
        self.view = user.window.views[LessonsView]
        self.mechanics = user.window.views[MechanicsView]

    def rate(self, text, row=0):
        self.user.type(self.window.racers.rows[row].field, text)

    def value(self, name, text, row=0):
        row = self.window.racers.rows[row]
        if not row.fold.isChecked():
            self.user.press(row.fold)
        self.user.type(row.fields[name], text)

    def dial(self, name, text):
        self.user.type(self.mechanics.dials[name].field, text)

    def surround(self, field, text, row=0):
        row = self.window.racers.rows[row]
        if not row.fold.isChecked():
            self.user.press(row.fold)
        (button,) = (b for b in row.findChildren(QPushButton) if "clipping" in b.text())
        self.user.press(button)
        (editor,) = (d for d in self.window.findChildren(Surroundings) if d.isVisible())
        if field == "way":
            editor.way.setCurrentIndex(editor.way.findData(text))
        else:
            self.user.type(getattr(editor, field), text)
        editor.reject()

    def throw(self, x, y):
        chart = self.window.map
        self.user.settle(60)
        corner = chart.canvas.box.sceneBoundingRect().topLeft()
        tip = chart.canvas.to_plane(corner + chart._launch.tip)
        self.user.drag(tip, (x, y))

    def many(self, count):
        self.window.starts.ask_random()
        form = self.user.dialog()
        named = {field.title: field.widget for field in form.fields}
        named["How many"].setText(str(count))
        form.take()

    def both(self):
        self.document.select(racer=0)
        self.user.press(self.mechanics.both)
        self.dial("friction", "8")

    def tune(self):
        self.user.press(self.window.views[ResultsView].tune)
        self.user.qtbot.waitUntil(
            lambda: all(r.tuned for r in self.document.experiment.running), timeout=20_000
        )


ANSWERS = {
    "A loss is a surface": lambda s: s.user.click(2.8, 2.2),
    "The slope tells where down is": lambda s: s.user.drag((1.0, 2.5), (4.5, 2.0)),
    "Too long a step": lambda s: s.rate("0.1"),
    "Short steps are slow": lambda s: s.rate("0.15"),
    "Force is minus the slope": lambda s: s.dial("friction", "1"),
    "Momentum is that body": lambda s: s.both(),
    "Which barrier can it cross?": lambda s: s.throw(0.6, 0.0),
    "Friction that is just right": lambda s: s.dial("friction", "2"),
    "A line through house prices": lambda s: s.rate("0.4"),
    "A network with two minima": lambda s: s.user.drag((-4.0, -1.0), (1.0, 0.0)),
    "A saddle": lambda s: s.user.drag((1.5, 0.0), (1.5, 0.6)),
    "Many starts": lambda s: s.many(24),
    "All rows for one step": lambda s: s.surround("batch", "32"),
    "Three sizes": lambda s: s.user.press(s.window.playbar.to_end),
    "Noise stays": lambda s: s.rate("0.003"),
    "Momentum": lambda s: s.value("momentum", "0.8", row=1),
    "RMSprop": lambda s: s.rate("0.003", row=1),
    "Adam": lambda s: s.tune(),
    "Numerical: a small step and a difference": lambda s: s.surround("step", "1e-4"),
    "Smaller is not always better": lambda s: s.surround("step", "1e-16"),
    "Exact ways agree": lambda s: s.surround("way", "forward", row=1),
}


@pytest.fixture
def student(user):
    user.key(Qt.Key.Key_L, CONTROL)
    user.settle(80)
    return Student(user)


@pytest.mark.parametrize("number", range(6))
def test_a_lesson_is_walked_through_and_every_question_answered(student, number):
    user, view = student.user, student.view
    path = lesson.shipped()[number]
    view.chooser.setCurrentIndex(number)
    view.chooser.activated.emit(number)
    user.settle()
    assert view.lesson.path == path
    count = len(view.lesson.parts)
    for k, part in enumerate(view.lesson.parts):
        assert view.part is part
        assert part.ask == view.question.text()
        if k == 0:
            assert "Load the experiment to answer" in view.verdict.text()
            user.press(view.load)
        user.raced()
        user.settle(250)
        assert "Not yet" in view.verdict.text(), part.title
        user.press(view.ask_hint)
        assert view.hint.isVisible()
        assert view.hint.text() == part.hint
        ANSWERS[part.title](student)
        user.raced()
        user.qtbot.waitUntil(lambda: view.verdict.text().startswith("✓"), timeout=8000)
        assert part.done in view.verdict.text()
        assert not view.ask_hint.isVisible()
        if k + 1 < count:
            user.press(view.next)
    assert view.solved(view.lesson) == set(range(count))
    assert view.chooser.itemText(number).startswith("✓ ")
    assert not view.next.isEnabled()


def test_every_question_has_an_answer_here():
    titles = [part.title for path in lesson.shipped() for part in lesson.read(path).parts]
    assert sorted(titles) == sorted(ANSWERS)


def test_progress_is_remembered_and_can_be_forgotten(student):
    view, user = student.view, student.user
    user.press(view.load)
    user.raced()
    user.click(2.8, 2.2)
    user.qtbot.waitUntil(lambda: 0 in view.solved(view.lesson))
    view.open(lesson.shipped()[1])
    view.open(lesson.shipped()[0])
    assert view.number == 1  # the first part that is not answered
    view.forget()
    assert view.solved(view.lesson) == set()
    view.open(lesson.shipped()[0])
    assert view.number == 0


def test_what_is_not_of_the_lesson_does_not_answer_it(student):
    view, user = student.view, student.user
    user.click(2.8, 2.2)  # on the user's own experiment
    user.settle(300)
    assert view.solved(view.lesson) == set()
    user.document.undo_stack.undo()
    user.press(view.load)
    user.raced()
    user.window.files.open_scene(lesson.shipped()[0].parent / "2-force.json", playing=True)
    user.click(2.8, 2.2)
    user.settle(300)
    assert view.solved(view.lesson) == set()
    assert "Load the experiment" in view.verdict.text()


def test_opening_the_lessons_leaves_the_experiment_and_loading_asks(user, monkeypatch):
    user.click(1.0, 1.0)
    before = user.document.experiment
    user.key(Qt.Key.Key_L, CONTROL)
    user.settle(80)
    assert user.document.experiment == before
    view = user.window.views[LessonsView]
    asked = []

    def answer(box):
        asked.append(box.text())
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "exec", answer)
    user.press(view.load)
    assert len(asked) == 1
    assert user.document.experiment == before
    assert "Load the experiment" in view.verdict.text()


def test_a_lesson_is_copied_edited_and_opened(student, tmp_path):
    view, user = student.view, student.user
    view.copy_to(tmp_path)
    copy = tmp_path / "1-what-gradient-descent-is.md"
    assert view.lesson.path == copy
    assert (tmp_path / "1-rate.json").is_file()
    text = copy.read_text().replace("A loss is a surface", "My first part")
    copy.write_text(text)
    view.open(copy)
    assert view.part.title == "My first part"
    user.press(view.load)
    user.raced()
    user.click(2.8, 2.2)
    user.qtbot.waitUntil(lambda: 0 in view.solved(view.lesson))
    assert view.solved(lesson.read(lesson.shipped()[0])) == set()
    said = []
    for source in (user.document, user.window.files):
        source.said.connect(said.append)
    view.copy_to(tmp_path)
    assert "in this folder already" in said[-1]
    copy.write_text("no lesson")
    view.open(copy)
    assert "begins with its title" in said[-1]
    assert view.part.title == "My first part"  # the last good one stays
    copy.write_text(text.replace("1-surface.json", "gone.json"))
    view.open(copy)
    view.go(0)
    assert "no such file" in said[-1]


def test_the_panel_that_a_part_is_about_comes_to_the_front(student):
    view, user = student.view, student.user
    view.open(lesson.shipped()[1])
    view.go(0)
    user.settle(60)
    assert student.mechanics.canvas.viewport().visibleRegion().boundingRect().height() > 0
    view.open(lesson.shipped()[0])
    view.go(2)
    user.settle(60)
    assert student.mechanics.visibleRegion().isEmpty()
    user.window.show_panel("No such panel")
    user.window.show_panel("Laboratory")
    user.settle(100)
    shown = user.window.panels.panels["Laboratory"]
    assert user.window.panels.tabifiedDockWidgets(shown)


def test_what_was_answered_behind_another_panel_is_noticed(student):
    view, user = student.view, student.user
    user.press(view.load)
    user.raced()
    user.window.choose_layout("race")
    user.click(2.8, 2.2)
    user.settle(300)
    assert view.solved(view.lesson) == set()
    user.key(Qt.Key.Key_L, CONTROL)
    user.qtbot.waitUntil(lambda: 0 in view.solved(view.lesson))


def test_a_copy_that_fails_leaves_nothing(student, tmp_path):
    view, said = student.view, []
    student.document.said.connect(said.append)
    source = tmp_path / "source"
    source.mkdir()
    view.copy_to(source)
    (source / "1-fast.json").unlink()
    copies = tmp_path / "copies"
    copies.mkdir()
    view.copy_to(copies)
    assert "The copy failed" in said[-1]
    assert list(copies.iterdir()) == []
    for name in ("n" * 300, "a\0b"):
        lesson_file = source / "1-what-gradient-descent-is.md"
        lesson_file.write_text(f"# T\n## P\nsession: {name}\nwords")
        view.open(lesson_file)
        view.copy_to(copies)
        assert "The copy failed" in said[-1]


def test_nothing_is_asked_of_an_empty_experiment(student):
    view = student.view
    student.document.edit("No starts", starts=())
    QSettings().setValue("lessons/1-what-gradient-descent-is.md", "0 x 7 -1")
    view.open(lesson.shipped()[0])
    assert view.solved(view.lesson) == {0, 7}
    assert view.number == 1
    QTest.mouseClick(view.page, LEFT, NONE, QPoint(20, 20))
    view.examine()
