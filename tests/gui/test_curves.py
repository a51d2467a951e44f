"""The curves in the window."""

import numpy as np
import pytest
from PyQt6.QtTest import QTest

from gdviz.views.curves import CurvesView
from tests.gui.conftest import LEFT, NONE


@pytest.fixture
def view(user):
    user.raced()
    return user.window.views[CurvesView]


def choose(user, combo, key):
    index = combo.findData(key)
    assert index >= 0
    combo.setCurrentIndex(index)
    combo.activated.emit(index)
    user.settle()


def test_the_quantity_and_the_axes_are_chosen(user, view):
    before = view.grab().toImage()
    choose(user, view.quantity, "gradient")
    assert view.windowTitle() == "Gradient norm"
    assert user.window.panels.panels["Curves"].heading.text() == "Gradient norm"
    assert view.grab().toImage() != before
    choose(user, view.against, "evaluations")
    choose(user, view.scale, "linear")
    display = user.document.display
    assert (display.quantity, display.against, display.scale) == (
        "gradient", "evaluations", "linear",
    )  # fmt: skip
    assert not view.axis.log
    assert user.document.undo_stack.count() == 0


def test_state_variables_of_all_racers_are_offered(user, view):
    keys = [view.quantity.itemData(i) for i in range(view.quantity.count())]
    assert {"loss", "distance", "m_x", "v_y", "b_x"} <= set(keys)


def test_the_pointer_reads_values(user, view):
    canvas = view.canvas
    before = canvas.grab().toImage()
    rect = canvas.box.sceneBoundingRect()
    QTest.mouseMove(canvas.viewport(), canvas.mapFromScene(rect.center()))
    user.settle()
    assert view._pointer is not None
    assert canvas.grab().toImage() != before
    view.canvas.hovered.emit(None)
    user.settle()
    assert canvas.grab().toImage() == before


def test_a_click_finds_the_record_also_against_evaluations(user, view):
    choose(user, view.against, "evaluations")
    user.document.select(racer=0)
    canvas = view.canvas
    at = canvas.to_widget(40.0, (view._levels.low + view._levels.high) / 2).toPoint()
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, at)
    user.settle()
    assert abs(user.player.index - 40) <= 2


def test_the_legend_switches_racers(user, view):
    user.window.resize(1440, 900)
    user.settle()
    place = view.legend.place_of(1).center()
    QTest.mouseClick(view.legend, LEFT, NONE, place.toPoint())
    user.settle()
    assert [racer.on for racer in user.document.experiment.racers][:4] == [True, False, True, True]
    QTest.mouseClick(view.legend, LEFT, NONE, place.toPoint())
    user.settle()
    assert user.document.experiment.racers[1].on
    assert user.document.undo_stack.count() == 2


def test_distances_of_a_typed_formula_wait_for_its_minima(user, view):
    user.document.show("Two", user.document.experiment.on_surface("(x^2-1)^2 + y^2 + 0.2*x"))
    choose(user, view.quantity, "distance")
    user.qtbot.waitUntil(lambda: user.document.critical is not None)
    user.raced()
    user.settle(100)
    assert np.isfinite(view._levels.values[0]).any()
    minima = [(p.x, p.y) for p in user.document.critical if p.kind == "minimum"]
    t = user.document.race.trajectories[0]
    wanted = min(np.hypot(t.x[0] - x, t.y[0] - y) for x, y in minima)
    assert view._levels.read(0, 0) == pytest.approx(wanted, rel=1e-9)


def test_a_narrow_legend_stays_inside(user, view):
    view.legend.resize(90, 60)
    assert all(place.right() <= 92 for place in view.legend._places)
