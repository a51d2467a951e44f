"""Knobs and fields: what they change at once, and what they refuse where one looks."""

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from gdviz.app.chooser import Chooser
from gdviz.app.entry import parse_number, parse_whole
from gdviz.views.parameters import ParametersView
from gdviz.views.playbar import PlaybarView
from gdviz.views.racers import RacersView
from gdviz.views.starts import StartsView
from tests import hostile
from tests.gui.conftest import LEFT, NONE


@pytest.fixture
def racers(user):
    return user.window.views[RacersView]


def test_a_learning_rate_typed_is_taken_exactly_and_keeps_the_playhead(user, racers):
    user.raced()
    user.player.go(33)
    user.type(racers.rows[0].field, "0.00123456789012345")
    assert user.document.experiment.racers[0].values["lr"] == 0.00123456789012345
    assert user.raced().trajectories[0].lr[0] == 0.00123456789012345
    assert user.player.index == 33


def test_the_playhead_comes_back_after_a_short_race(user, racers):
    user.raced()
    user.player.go(200)
    before = user.document.experiment
    user.type(racers.rows[0].field, "5")
    user.document.edit("Fewer steps", steps=10)
    user.raced()
    assert user.player.index == 10
    user.document.show("Back", before)
    user.raced()
    assert user.player.index == 200


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("0", "greater than 0"), ("-1", "greater than 0"), ("1e300", "at most"),
        ("nan", "must be finite"), ("inf", "must be finite"), ("fast", "is not a number"),
        ("0,1", "written with a point"), (" ", "is not a number"), ("1_0", "is not a number"),
    ],
)  # fmt: skip
def test_a_bad_learning_rate_is_refused_at_the_field(user, racers, text, part):
    before = user.document.experiment
    row = racers.rows[0]
    user.type(row.field, text)
    assert user.document.experiment is before
    assert row.problem.isVisible()
    assert part in row.problem.text()
    assert row.field.text() == text  # to be mended
    user.document.edit("something else", steps=123)
    assert row.problem.isVisible()
    user.document.undo_stack.undo()
    QTest.keyClick(row.field, Qt.Key.Key_Escape)
    assert not row.problem.isVisible()
    assert float(row.field.text()) == before.racers[0].values["lr"]


def test_the_slider_is_logarithmic_and_one_drag_is_one_undo_step(user, racers):
    slider = racers.rows[0].slider
    count = user.document.undo_stack.count()
    QTest.mousePress(slider, LEFT, NONE, QPoint(10, 9))
    for x in range(12, slider.width() - 8, 5):
        QTest.mouseMove(slider, QPoint(x, 9))
        user.settle(2)
    QTest.mouseRelease(slider, LEFT, NONE, QPoint(slider.width() - 8, 9))
    user.settle()
    assert user.document.undo_stack.count() == count + 1
    assert user.document.experiment.racers[0].values["lr"] > 1
    middle = QPoint(slider.width() // 2, 9)
    QTest.mouseClick(slider, LEFT, NONE, middle)
    assert user.document.experiment.racers[0].values["lr"] == pytest.approx(10**-2.5, rel=0.2)


def test_switching_a_racer_on_and_off(user, racers):
    user.press(racers.rows[4].switch)
    assert len(user.raced().trajectories) == 5
    user.press(racers.rows[0].switch)
    assert len(user.raced().trajectories) == 4
    assert racers.rows[0].loss.text() == "off"


def test_the_other_hyperparameters_unfold(user, racers):
    row = racers.rows[3]
    assert row.details is None
    user.press(row.fold)
    assert row.details.isVisible()
    user.type(row.fields["beta1"], "0.5")
    assert user.document.experiment.racers[3].values["beta1"] == 0.5
    user.type(row.fields["beta2"], "1")
    assert "beta2 must be" in row.problem.text()
    assert user.document.experiment.racers[3].values["beta2"] == 0.999


def test_racers_can_be_added_duplicated_and_removed(user, racers):
    user.press(racers.add)
    chooser = user.window.findChild(Chooser)
    QTest.keyClicks(chooser.line, "gradient descent")
    user.press(chooser.add)
    chooser.reject()
    user.settle()
    assert [r.name for r in user.document.experiment.racers][-1] == "Gradient descent 2"
    racers.rows[3]._duplicate()
    names = [r.name for r in user.document.experiment.racers]
    assert names[3:5] == ["Adam", "Adam 2"]
    racers.rows[3]._remove()
    user.settle()
    assert [row.name.text() for row in racers.rows] == [
        r.name for r in user.document.experiment.racers]  # fmt: skip


def test_live_loss_and_the_named_end(user, racers):
    race = user.raced()
    t = race.trajectories[0]
    user.player.go(t.steps // 2)
    assert "running" in racers.rows[0].status.text()
    user.player.go(t.steps)
    assert racers.rows[0].status.text() == f"{t.reason}, step {t.steps}"
    user.type(racers.rows[0].field, "0.5")
    race = user.raced()
    user.player.go(race.last)
    steps = race.trajectories[0].steps
    assert racers.rows[0].status.text() == f"diverged at step {steps}"


def test_starts_can_be_typed(user):
    starts = user.window.views[StartsView]
    user.type(starts.rows[0].x_field, "1.5")
    user.type(starts.rows[0].y_field, "-2")
    assert user.document.experiment.starts == ((1.5, -2.0),)
    user.type(starts.rows[0].x_field, "left")
    assert starts.problem.isVisible()
    user.type(starts.steps, "25")
    assert user.raced().last == 25
    user.type(starts.steps, "10.5")
    assert "not a whole number" in starts.problem.text()
    user.type(starts.steps, "-3")
    assert "steps must be at least 0" in starts.problem.text()
    assert user.document.experiment.steps == 25


def test_runs_can_be_told_to_stop_at_the_border(user):
    user.document.show("x", user.document.experiment.on_surface("hyperbolic_paraboloid"))
    assert "diverged" in user.raced().end(0)
    user.press(user.window.views[StartsView].stop)
    assert "left the domain" in user.raced().end(0)
    user.player.go(user.player.last)
    assert "left the domain at step" in user.window.views[RacersView].rows[0].status.text()


def test_a_formula_error_is_marked_and_the_last_good_surface_stays(user):
    formula, bubble = user.window.header.formula, user.window.header.bubble
    before = user.document.experiment
    user.type(formula, "x^2 + * y")
    assert user.document.experiment is before
    assert bubble.isVisible()
    assert "(column 7)" in user.window.header.reason.text()
    assert formula._at == (7, 1)
    assert formula.text() == "x^2 + * y"
    user.type(formula, "x^2 + 2*y^2")
    assert not bubble.isVisible()
    assert user.document.experiment.surface == "x^2 + 2*y^2"
    assert user.window.header.surface.currentText() == "Your formula"
    user.document.undo_stack.undo()
    assert formula.text() == before.resolved().formula


def test_a_formula_that_is_not_finished_survives_a_click_elsewhere(user):
    formula = user.window.header.formula
    user.type(formula, "x^2 + (y-1", enter=False)
    user.window.map.canvas.setFocus()
    user.click(2.0, 2.0)
    assert formula.text() == "x^2 + (y-1"
    assert user.window.header.bubble.isVisible()
    combo = user.window.header.surface
    combo.setCurrentIndex(combo.findData("ackley"))
    combo.activated.emit(combo.currentIndex())
    assert formula.text() == user.document.experiment.resolved().formula
    assert not user.window.header.bubble.isVisible()


REFUSED = [c for c in hostile.cases("expression") if c["expected"]["outcome"] == "reject"
           and "text" in c["input"] and c["input"]["text"].isprintable()]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED[::4], ids=lambda case: case["id"])
def test_hostile_formulas_cost_nothing(user, case):
    before = user.document.experiment
    user.paste(user.window.header.formula, case["input"]["text"])
    assert user.document.experiment is before
    assert user.window.header.bubble.isVisible()


def test_keys_move_the_playhead(user):
    race = user.raced()
    user.window.map.canvas.setFocus()
    user.key(Qt.Key.Key_End)
    assert user.player.index == race.last
    user.key(Qt.Key.Key_Left)
    assert user.player.index == race.last - 1
    user.key(Qt.Key.Key_Home)
    assert user.player.index == 0
    user.key(Qt.Key.Key_Right)
    user.key(Qt.Key.Key_Right)
    assert user.player.index == 2
    user.key(Qt.Key.Key_Space)
    assert user.player.playing
    user.key(Qt.Key.Key_Space)
    assert not user.player.playing


def test_a_field_keeps_the_keys_of_editing_and_gives_the_others_back(user, racers):
    formula = user.window.header.formula
    before = user.player.index
    formula.setFocus()
    formula.setText("x^2 y")
    formula.setModified(True)
    for key in (Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Delete):
        user.key(key)
    user.key(Qt.Key.Key_Asterisk)
    assert formula.text() == "x^2*y"
    assert len(user.document.experiment.starts) == 1
    assert (user.player.index, user.player.playing) == (before, False)
    user.key(Qt.Key.Key_Return)
    assert user.document.experiment.surface == "x^2*y"
    user.key(Qt.Key.Key_Space)
    assert user.player.playing  # Enter gave the keyboard back
    user.key(Qt.Key.Key_Space)

    racers.rows[0].field.setFocus()
    user.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert user.document.experiment.surface == "himmelblau"


def test_the_playbar_scrubs_loops_and_changes_speed(user):
    bar = user.window.views[PlaybarView]
    race = user.raced()
    QTest.mouseClick(bar.scrub, LEFT, NONE, QPoint(bar.scrub.width() - 7, 9))
    assert user.player.index == race.last
    assert bar.counter.text() == f"{race.last} / {race.last}"
    user.press(bar.to_start)
    bar.speed.setCurrentIndex(bar.speed.count() - 1)
    assert user.player.speed == 16
    user.press(bar.repeat)
    assert user.player.loop
    seen = []
    user.player.moved.connect(seen.append)
    user.press(bar.play)
    user.qtbot.waitUntil(lambda: seen.count(0) >= 1, timeout=10_000)
    assert user.player.playing
    user.press(bar.play)


def test_a_click_on_the_curves_moves_the_playhead(user):
    from gdviz.views.curves import CurvesView

    race = user.raced()
    view = user.window.views[CurvesView]
    y = (view._levels.low + view._levels.high) / 2
    QTest.mouseClick(view.canvas.viewport(), LEFT, NONE, user.spot(view.canvas, 100.0, y))
    user.settle()
    assert abs(race.steps[user.player.index] - 100) <= 2


@pytest.mark.parametrize(
    "formula", ["-x^2 - y^2", "x^2 + y^2 + 5", "3", "1/x", "x*1e300", "abs(x)"]
)
def test_curves_of_any_loss_are_finite(user, formula):
    from gdviz.views.curves import CurvesView

    user.type(user.window.header.formula, formula)
    user.raced()
    levels = user.window.views[CurvesView]._levels
    assert np.isfinite([levels.low, levels.high]).all()
    assert levels.low < levels.high


@pytest.mark.parametrize("text", ["1.5", " 2e-3 ", "−4", "+7"])
def test_numbers_that_are_read(text):
    assert parse_number(text) == float(text.replace("−", "-"))


@pytest.mark.parametrize("text", ["", "x", "1e999", "0x10", "١", "1 000", "1e", "--1"])
def test_numbers_that_are_refused(text):
    with pytest.raises(ValueError, match="number"):
        parse_number(text)
    with pytest.raises(ValueError, match="number"):
        parse_whole(text)


def test_parameters_of_a_surface_are_sliders_and_fields(user):
    view = user.window.views[ParametersView]
    assert not view.isVisible()
    user.document.show("Choose", user.document.experiment.on_surface("rosenbrock"))
    user.settle()
    assert view.isVisible()
    assert set(view.dials) == {"a", "b"}
    before = user.document.undo_stack.count()
    view.dials["b"].slider.setSliderDown(True)
    for notch in (100, 150, 200):
        view.dials["b"].slider.setValue(notch)
    view.dials["b"].slider.setSliderDown(False)
    assert user.document.undo_stack.count() == before + 1  # one drag, one step
    b = user.document.experiment.resolved().values["b"]
    assert b == pytest.approx(10**1.5, rel=0.01)
    assert view.dials["b"].field.text() == f"{b:g}"
    user.type(view.dials["a"].field, "0.5")
    assert user.document.experiment.parameters == {"a": 0.5, "b": b}
    assert user.document.experiment.resolved().minima[0] == pytest.approx((0.5, 0.25))
    user.type(view.dials["a"].field, "7")
    assert "a must be at least" in view.problem.text()
    assert user.document.experiment.parameters["a"] == 0.5
    user.document.undo_stack.undo()
    user.document.undo_stack.undo()
    assert user.document.experiment.parameters == {}
    user.document.show("Choose", user.document.experiment.on_surface("ellipse"))
    user.settle()
    assert set(view.dials) == {"k"}


def test_a_racer_of_scipy_has_no_learning_rate_and_races(user, racers):
    racers.enter("scipy_bfgs")
    race = user.raced()
    row = racers.rows[-1]
    assert not row.rate.isVisible()
    last = race.trajectories[-1]
    assert last.optimizer.name == "scipy_bfgs"
    assert str(last.reason).startswith("converged")
    user.player.go(race.last)
    assert "converged to the minimum" in row.status.text()


def test_a_formula_that_is_too_long_is_refused_not_cut(user):
    before = user.document.experiment
    user.paste(user.window.header.formula, "x" + "+x" * 5001 + "^2")  # cut, it would be another
    assert user.document.experiment == before
    assert "characters are too many" in user.window.header.formula.toolTip()
