"""Formulas, rules and Python files of the user's own, typed into a real window."""

import textwrap

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QMessageBox, QPushButton

from gdviz import library
from gdviz.app.writing import partner
from gdviz.own import OwnRule, OwnSurface
from gdviz_core import foreign

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def formula(user):
    """The open editor of formulas."""
    user.key(Qt.Key.Key_F, CONTROL | SHIFT)
    return user.dialog()


@pytest.fixture
def rule(user):
    """The open editor of rules."""
    user.key(Qt.Key.Key_R, CONTROL | SHIFT)
    return user.dialog()


def write(user, editor, text):
    editor.writing.setFocus()
    editor.writing.selectAll()
    editor.writing.insertPlainText(text)
    editor.take()
    user.settle()


def button(editor, text):
    return next(b for b in editor.findChildren(QPushButton) if b.text() == text)


def test_what_is_typed_is_on_the_map_and_the_last_good_formula_stays(user, formula):
    write(user, formula, "x^2 + 4*y^2")
    assert user.document.experiment.surface == "x^2 + 4*y^2"
    user.raced()
    write(user, formula, "x^2 + 4*(y^2")
    assert "never closed" in formula.problem.text()
    assert formula.writing.extraSelections()  # the place is underlined
    assert user.document.experiment.surface == "x^2 + 4*y^2"
    write(user, formula, "x^2 + 5*y^2")
    assert formula.problem.text() == ""
    formula.close()
    user.key(Qt.Key.Key_Z, CONTROL)  # one go at the keyboard is one step
    assert user.document.experiment.surface == "himmelblau"


def test_keys_typed_one_by_one_are_looked_at(user, formula):
    formula.writing.selectAll()
    QTest.keyClicks(formula.writing, "x^2+y^4")
    user.qtbot.waitUntil(lambda: user.document.experiment.surface == "x^2+y^4")


def test_an_unknown_name_becomes_a_number_with_a_slider_by_one_click(user, formula):
    write(user, formula, "x^2 + k*y^4")
    assert "the name k is not known" in formula.problem.text()
    user.press(formula.remedy)
    (number,) = user.document.experiment.numbers
    assert (number.name, number.value) == ("k", 1.0)
    assert formula.problem.text() == ""
    user.type(formula.numbers.fields["k", "value"], "7.5")
    assert user.document.experiment.resolved().value(0.0, 1.0) == 7.5
    user.type(formula.numbers.fields["k", "high"], "5")
    assert user.document.experiment.numbers[0].value == 5.0
    user.type(formula.numbers.fields["k", "low"], "9")
    assert "must run from low to high" in formula.numbers.problem.text()


def test_all_unknown_names_become_numbers_at_once(user, formula):
    write(user, formula, "a*x^2 + b*y^4 + c")
    user.press(formula.remedy)
    assert [n.name for n in user.document.experiment.numbers] == ["a", "b", "c"]
    assert formula.problem.text() == ""


def test_the_numbers_of_a_shipped_surface_can_be_changed_there(user, formula):
    user.window.header.pick("rosenbrock")
    user.settle()
    user.type(formula.numbers.fields["a", "value"], "2")
    assert user.document.experiment.resolved().values["a"] == 2.0
    assert formula.numbers.problem.text() == ""


def test_what_is_changed_elsewhere_takes_the_error_away(user, formula):
    write(user, formula, "x^2 + (y")
    assert formula.problem.text()
    user.window.header.pick("ackley")
    user.settle()
    assert formula.problem.text() == ""
    assert formula.writing.toPlainText() == user.document.experiment.resolved().formula


def test_blanks_around_the_text_do_not_move_the_cursor(user, formula):
    write(user, formula, "  x^2 + y^4 \n")
    cursor = formula.writing.textCursor()
    cursor.setPosition(7)
    formula.writing.setTextCursor(cursor)
    QTest.keyClicks(formula.writing, " 3*")
    user.settle(100)
    assert formula.writing.textCursor().position() == 10
    assert formula.problem.text() == ""


def test_the_line_in_the_header_offers_the_same_remedy(user):
    header = user.window.header
    user.type(header.formula, "a*x^2 + b*y^2")
    assert header.remedy.isVisible()
    user.press(header.remedy)
    assert [n.name for n in user.document.experiment.numbers] == ["a", "b"]
    assert not header.bubble.isVisible()
    sliders = user.window.findChildren(type(user.window.racers.rows[0].slider))
    assert any("Parameter a" in s.accessibleName() for s in sliders)
    user.type(header.formula, "ln(x)")
    assert not header.remedy.isVisible()


def test_domain_and_start_are_chosen_and_can_be_typed(user, formula):
    formula.automatic.setChecked(True)
    write(user, formula, "(x - 30)^2 + (y + 20)^2")
    x0, x1, y0, y1 = user.document.experiment.resolved().domain
    assert x0 < 30 < x1
    assert y0 < -20 < y1
    (start,) = user.document.experiment.starts
    assert x0 < start[0] < x1
    user.type(formula.ends[1], "90")
    assert user.document.experiment.resolved().domain[1] == 90
    assert not formula.automatic.isChecked()
    user.type(formula.ends[0], "95")
    assert "must run from low to high" in formula.problem.text()


def test_names_are_completed_and_brackets_matched(user, formula):
    writing = formula.writing
    writing.selectAll()
    QTest.keyClicks(writing, "sq")
    popup = writing._completer.popup()
    user.qtbot.waitUntil(popup.isVisible)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert writing.toPlainText() == "sqrt"
    QTest.keyClicks(writing, "(x*(y))")
    assert len(writing.extraSelections()) >= 2
    assert partner("(a(b)c)", 0) == 6
    assert partner("(a(b)c)", 4) == 2
    assert partner("((a)", 0) is None


def test_a_surface_is_kept_listed_shared_and_removed(user, formula, tmp_path, monkeypatch):
    write(user, formula, "x^2 + 3*y^4")
    formula.title.setText("Mine")
    user.press(button(formula, "Keep"))
    ((_, entry),) = library.entries(OwnSurface)
    assert (entry.title, entry.formula) == ("Mine", "x^2 + 3*y^4")
    shared = tmp_path / "shared.json"
    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getSaveFileName",
                        lambda *a: (str(shared), ""))  # fmt: skip
    user.press(button(formula, "Share…"))
    assert library.read(shared) == entry
    user.press(button(formula, "Remove"))
    assert library.entries(OwnSurface) == []
    user.press(button(formula, "Close"))
    # somebody else opens what was shared
    user.window.header.pick("ackley")
    user.window.files.open_from(shared)
    assert user.document.experiment.surface == "x^2 + 3*y^4"
    assert user.window.header.surface.currentText() == "Mine"
    assert library.entries(OwnSurface)[0][1] == entry
    user.window.header.pick("ackley")
    box = user.window.header.surface
    box.activated.emit(box.findText("Mine"))
    assert user.document.experiment.resolved().domain == entry.domain


def test_a_rule_races_beside_the_shipped_ones_and_follows_what_is_typed(user, rule):
    write(user, rule, "b = rho*b + g\nw = w - lr*b")
    assert rule.problem.text() == ""
    user.press(rule.add)
    racer = user.document.experiment.racers[-1]
    assert racer.rule.rule.startswith("b = rho")
    race = user.raced()
    assert "b_x" in race.trajectories[-1].state
    assert user.window.racers.rows[-1].name.text() == racer.name
    write(user, rule, "b = rho*b + 2*g\nw = w - lr*b")
    assert user.document.experiment.racers[-1].rule.rule.startswith("b = rho*b + 2")
    rule.close()
    user.document.select(racer=len(user.document.experiment.racers) - 1)
    user.window.choose_layout("step by step")
    user.settle(100)


def test_a_number_that_a_rule_cannot_have_is_refused_where_it_stands(user, rule):
    write(user, rule, "v = v + g^2\nw = w - lr*g/(sqrt(v) + eps*0 + rho)")
    user.press(rule.remedy) if rule.remedy.isVisible() else None
    field = rule.numbers.fields["lr", "value"]
    user.type(field, "0")
    assert "lr must be greater than 0" in rule.numbers.problem.text()
    assert rule.rule.optimizer().values["lr"] > 0


def test_undo_of_a_rule_is_followed_and_another_racer_is_left_alone(user, rule):
    write(user, rule, "w = w - lr*g")
    user.press(rule.add)
    write(user, rule, "w = w - 2*lr*g")
    user.document.undo_stack.undo()
    user.settle()
    assert rule.writing.toPlainText() == "w = w - lr*g"
    rule.take()
    assert user.document.experiment.racers[-1].rule.rule == "w = w - lr*g"
    before = user.document.experiment.racers[:-1]
    user.document.edit("remove", racers=before)
    write(user, rule, "w = w - 3*lr*g")
    assert user.document.experiment.racers == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("b = 0.9*b + g", "the rule never moves w"),
        ("w = w - lr*g/(t - 1)", "line 1 fails at step 1: it divides by t - 1"),
        ("w = w - speed*g", "the name speed is not known"),
        ("x = 3\nw = w - g", "x is given and cannot be written"),
        ("just words", "a line of a rule reads: name = expression"),
    ],
)
def test_a_rule_that_cannot_be_says_why(user, rule, text, said):
    good = rule.rule
    write(user, rule, text)
    assert said in rule.problem.text()
    assert rule.rule == good
    assert rule.remedy.isVisible() == ("speed" in text)
    if "speed" in text:
        user.press(rule.remedy)
        assert rule.problem.text() == ""
        assert [n.name for n in rule.rule.numbers] == ["speed"]


def test_any_shipped_rule_can_be_the_beginning(user, rule):
    from gdviz_core import OPTIMIZERS

    for name in OPTIMIZERS:
        index = rule.begin.findData(name)
        rule.begin.activated.emit(index)
        assert rule.problem.text() == "", name
        assert rule.rule.rule == OPTIMIZERS[name].rule


def test_a_rule_is_kept_and_found_in_the_list_of_optimizers(user, rule):
    write(user, rule, "w = w - lr*sign(g)")
    rule.title.setText("Signs")
    user.press(button(rule, "Keep"))
    user.press(button(rule, "Close"))
    assert library.entries(OwnRule)[0][1].title == "Signs"
    user.window.racers.choose()
    chooser = user.dialog()
    user.type(chooser.line, "signs", enter=False)
    assert chooser.list.currentItem().text().strip() == "Signs"
    user.press(chooser.add)
    assert user.document.experiment.racers[-1].name == "Signs"


def test_a_copy_of_a_racers_rule_is_edited_from_its_menu(user):
    row = user.window.racers.rows[1]
    before = user.raced().trajectories
    action = next(a for a in row.menu().actions() if "copy of the rule" in a.text())
    action.trigger()
    editor = user.dialog()
    after = user.raced().trajectories
    assert (before[1].x == after[1].x).all()
    write(user, editor, editor.rule.rule.replace("w = w - lr*", "w = w - 0.5*lr*"))
    assert editor.problem.text() == ""
    assert (before[1].x[1] != user.raced().trajectories[1].x[1]).all()
    editor.close()


PYTHON = textwrap.dedent('''
    class Half:
        """Half a step down."""

        lr = 0.01

        def step(self, w, surface):
            return w - self.lr * surface.gradient(w)
''')


@pytest.fixture
def python(tmp_path, request):
    path = tmp_path / "half.py"
    path.write_text(PYTHON + f"# {request.node.name}\n")  # a content of its own
    yield path
    for host in list(foreign._IDLE.values()):
        host.close()
    foreign._IDLE.clear()


def test_a_python_file_runs_only_after_a_question_that_shows_its_path(user, python, monkeypatch):
    asked = []

    def ask(answer):
        def answered(box):
            asked.append(box.informativeText())
            return answer

        monkeypatch.setattr("PyQt6.QtWidgets.QMessageBox.exec", answered)

    count = len(user.document.experiment.racers)
    ask(QMessageBox.StandardButton.Cancel)
    user.window.files.open_from(python)
    assert str(python) in asked[0]
    assert len(user.document.experiment.racers) == count
    ask(QMessageBox.StandardButton.Yes)
    user.window.files.open_from(python)
    race = user.raced()
    assert len(asked) == 2
    assert user.document.experiment.racers[-1].name == "Half"
    assert race.trajectories[-1].failure == ""
    user.window.files.open_from(python)
    assert len(asked) == 2  # the same content is not asked about again


def test_a_session_never_runs_a_python_file_by_itself(user, python, tmp_path):
    from dataclasses import replace

    from gdviz import session
    from gdviz.racer import Racer

    experiment = replace(user.document.experiment, racers=(Racer(f"python:{python}"),))
    path = tmp_path / "session.json"
    path.write_text(session.dump(session.Session.of(experiment)))
    user.window.files.open_from(path)
    race = user.raced()
    assert "was not allowed to run" in race.trajectories[0].failure
    assert "was not allowed to run" in user.window.racers.rows[0].status.text()
    python.unlink()  # a file that is gone costs only its own racer
    user.window.files.open_from(path)
    assert "there is no such file" in user.raced().trajectories[0].failure


def test_text_of_any_length_is_pasted_without_harm(user, formula):
    from PyQt6.QtCore import QMimeData

    data = QMimeData()
    data.setText("x+" * 500_000)
    formula.writing.selectAll()
    formula.writing.insertFromMimeData(data)
    formula.take()
    assert len(formula.writing.toPlainText()) < 50_000
    assert "the limit is 10000" in formula.problem.text()
    assert user.document.experiment.surface == "himmelblau"
