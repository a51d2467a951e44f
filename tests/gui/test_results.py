"""The table of results in the window."""

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from gdviz.views.results import ResultsView
from tests.gui.conftest import LEFT, NONE


@pytest.fixture
def view(user):
    user.window.panels.panels["Results"].raise_()
    found = user.window.views[ResultsView]
    user.qtbot.waitUntil(
        lambda: found.results is not None and found.results.race is user.document.race
    )
    return found


def column(view, number):
    return [view.table.item(row, number).text() for row in range(view.table.rowCount())]


def test_every_run_has_a_row_and_they_sort_by_any_column(user, view):
    assert sorted(column(view, 1)) == ["Adam", "Gradient descent", "Momentum", "RMSprop"]
    assert column(view, 0) == ["1", "2", "3", "4"]
    head = view.table.horizontalHeader()
    spot = QPoint(head.sectionViewportPosition(4) + 20, head.height() // 2)
    QTest.mouseClick(head.viewport(), LEFT, NONE, spot)
    best = [view.table.item(row, 4).key for row in range(4)]
    assert best == sorted(best)
    QTest.mouseClick(head.viewport(), LEFT, NONE, spot)
    assert [view.table.item(row, 4).key for row in range(4)] == sorted(best, reverse=True)


def test_a_click_selects_the_run_everywhere(user, view):
    row = column(view, 1).index("RMSprop")
    rect = view.table.visualItemRect(view.table.item(row, 1))
    QTest.mouseClick(view.table.viewport(), LEFT, NONE, rect.center())
    assert user.document.racer == 2
    user.document.select(racer=1)
    assert [item.text() for item in view.table.selectedItems()][1] == "Momentum"


def test_a_target_is_typed_and_bad_ones_are_refused(user, view):
    user.type(view.target, "1e-6")
    user.qtbot.waitUntil(lambda: view.results.target == 1e-6)
    steps = column(view, 3)
    user.type(view.target, "half")
    assert "not a number" in user.window.status.message.toolTip()
    assert user.document.display.target == 1e-6
    view.target.selectAll()
    QTest.keyClick(view.target, Qt.Key.Key_Backspace)
    user.type(view.target, "")
    user.qtbot.waitUntil(lambda: view.results.target != 1e-6)
    assert column(view, 3) != steps


def test_the_table_is_copied_as_text(user, view):
    user.press(view.copy)
    text = QApplication.clipboard().text()
    assert text.count("\n") == 6
    assert "Gradient descent\t-0.35\t-0.9\tconverged to the minimum" in text


def test_tuning_is_one_undo_step_and_says_so(user, view):
    before = user.document.experiment
    user.press(view.tune)
    user.qtbot.waitUntil(lambda: user.document.experiment != before, timeout=20_000)
    assert all(racer.tuned for racer in user.document.experiment.running)
    user.qtbot.waitUntil(lambda: view.results.race is user.document.race)
    assert any("(tuned)" in name for name in column(view, 1))
    assert "4 of 4 racers tuned alike" in view.note.text()
    user.document.undo_stack.undo()
    assert user.document.experiment == before


def test_tuning_without_runs_says_what_to_do(user, view):
    user.document.edit("Clear", starts=())
    user.qtbot.waitUntil(lambda: view.table.rowCount() == 0)
    user.press(view.tune)
    assert "add a start" in user.window.status.message.toolTip()
    user.press(view.copy)
    assert "nothing to copy" in user.window.status.message.toolTip()


def test_the_budget_is_chosen_beside_the_steps(user):
    from gdviz.views.starts import StartsView

    budget = user.window.views[StartsView].budget
    budget.setFocus()
    QTest.keyClick(budget, Qt.Key.Key_Down)
    user.settle()
    assert user.document.experiment.budget == "evaluations"
    assert user.document.undo_stack.undoText() == "Change budget"
