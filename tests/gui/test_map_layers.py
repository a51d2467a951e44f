"""What the map shows besides the race: field, critical points, the inside of an optimizer."""

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

import gdviz_core as core
from gdviz import compute
from gdviz.app.internals import _conic, stability
from gdviz.app.trails import premultiplied
from gdviz.display import INTERNALS
from gdviz.experiment import Experiment, enter
from gdviz.field import arrow_lines, descent_arrows, streamlines
from gdviz.inspection import step_of
from gdviz_core import OPTIMIZERS, SURFACES, Surface
from tests.gui.conftest import LEFT, NONE

SHIFT = Qt.KeyboardModifier.ShiftModifier


def picture(user):
    user.settle(40)
    return user.window.map.canvas.grab().toImage()


# fields


@pytest.mark.parametrize("name", ["himmelblau", "rosenbrock", "ackley", "rastrigin"])
def test_streamlines_lead_downhill_and_keep_apart(name):
    surface = SURFACES[name]
    x0, x1, y0, y1 = surface.domain
    lines = streamlines(surface, surface.domain, 20)
    assert len(lines) > 12
    down = total = 0
    owners = {}
    for number, line in enumerate(lines):
        change = np.diff(surface.value(*line.T))
        down, total = down + np.count_nonzero(change < 0), total + len(change)
        cells = ((line - (x0, y0)) / (max(x1 - x0, y1 - y0) / 20)).astype(int)
        for cell in map(tuple, cells.tolist()):
            assert owners.setdefault(cell, number) == number
    assert down > 0.93 * total


def test_arrows_of_a_bowl_point_to_its_middle():
    x, y, dx, dy = descent_arrows(Surface.from_formula("x^2 + y^2"), (-2, 2, -2, 2), 9)
    distance = np.hypot(x, y)
    away = distance > 0.5
    cosine = -(x * dx + y * dy)[away] / (distance * np.hypot(dx, dy))[away]
    assert np.allclose(cosine, 1)
    assert np.argmax(np.hypot(dx, dy)) in np.flatnonzero(distance > 2)
    shafts = arrow_lines(x, y, dx, dy)[: len(x)]
    assert np.allclose(shafts[3][-1], (x[3] + dx[3], y[3] + dy[3]))


def test_a_field_without_slope_is_empty():
    flat = Surface.from_formula("0*x + 1")
    assert descent_arrows(flat, (-1, 1, -1, 1), 5)[0].size == 0
    assert streamlines(flat, (-1, 1, -1, 1), 5) == []


@pytest.mark.parametrize("kind", ["arrows", "streamlines"])
def test_the_field_appears_and_follows_a_zoom(user, kind):
    chart = user.window.map
    before = picture(user)
    user.press(chart.button)
    chart.layers.fields[kind].trigger()
    chart.layers.close()
    user.qtbot.waitUntil(lambda: chart.background.field is not None)
    first = chart.background.field
    assert picture(user) != before
    chart.zoom(2.0)
    user.qtbot.waitUntil(lambda: chart.background.field is not first)
    chart.layers.fields["none"].trigger()
    chart.fit()
    assert user.document.display.field == "none"
    assert user.document.undo_stack.count() == 0


# critical points


def test_the_critical_points_of_a_typed_formula_are_found_and_named(user):
    user.document.show("Saddle", Experiment("x^2 - y^2 + y^4", (-2, 2, -2, 2)))
    user.qtbot.waitUntil(lambda: user.document.critical is not None)
    kinds = sorted(point.kind for point in user.document.critical)
    assert kinds == ["minimum", "minimum", "saddle"]
    canvas = user.window.map.canvas
    QTest.mouseMove(canvas.viewport(), user.spot(canvas, 0.0, 0.0))
    user.settle()
    assert "saddle at (0, 0)" in canvas.toolTip()
    assert "eigenvalues -2 and 2" in canvas.toolTip()
    QTest.mouseMove(canvas.viewport(), user.spot(canvas, 0.0, 0.7071))
    user.settle()
    assert "global minimum" in canvas.toolTip()
    QTest.mouseMove(canvas.viewport(), user.spot(canvas, 1.5, 1.5))
    user.settle()
    assert canvas.toolTip() == ""


def test_marks_can_be_switched_off(user):
    user.qtbot.waitUntil(lambda: user.document.critical is not None)
    before = user.pixel(3.0, 2.0)
    user.window.map.layers.critical.trigger()
    user.settle()
    assert not user.document.display.critical
    assert user.pixel(3.0, 2.0) != before


# the inside of an optimizer


def test_each_layer_at_the_ball_draws_something(user):
    user.document.select(racer=3)
    user.player.go(12)
    before = picture(user)
    assert not user.window.map.layers.internals["batches"].isEnabled()  # there is no data
    for name in INTERNALS[:5]:
        user.window.map.layers.internals[name].trigger()
        assert user.document.display.internals == (name,)
        assert picture(user) != before
        user.window.map.layers.internals[name].trigger()
        assert picture(user) == before


def test_a_quantity_of_the_inspector_is_drawn_at_the_ball(user):
    user.document.select(racer=3)
    user.player.go(12)
    before = picture(user)
    user.document.point_out("m")
    marked = picture(user)
    assert marked != before
    user.document.point_out("lr")  # a number has no direction
    assert picture(user) == before
    user.document.point_out("")
    assert picture(user) == before


@pytest.mark.parametrize("values", [(2.0, 5.0), (-1.0, 3.0), (-4.0, 0.5), (-2.0, -1.0)])
def test_the_curve_of_the_model_has_the_level_of_the_ball(values):
    angle = 0.6
    vectors = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    hessian = vectors @ np.diag(values) @ vectors.T
    level = np.array([0.7, -0.4])
    wanted = level @ hessian @ level
    curves = _conic(np.array(values), vectors, level)
    assert curves
    for curve in curves:
        found = np.einsum("ki,ij,kj->k", curve, hessian, curve)
        assert np.allclose(found, wanted, rtol=1e-9, atol=1e-9)


def test_a_click_on_a_ball_selects_its_run_instead_of_adding_a_start(user):
    race = user.raced()
    user.player.go(30)
    canvas = user.window.map.canvas
    at = user.spot(canvas, race.x[1, 30], race.y[1, 30])
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, at)
    user.settle()
    assert user.document.racer == 1
    assert len(user.document.experiment.starts) == 1


# trails and boxes


def test_a_fading_trail_forgets_its_beginning(user):
    user.document.edit("Slow", steps=2000)
    user.document.select(racer=0)
    race = user.raced()
    x, y = float(race.x[0, 4]), float(race.y[0, 4])
    user.player.go(6)
    user.settle()
    drawn = user.pixel(x, y)
    user.document.look(fade=True)
    user.player.go(min(300, race.last))
    user.settle()
    assert user.pixel(x, y) != drawn
    user.document.look(fade=False)


def test_translucent_colours_are_premultiplied():
    assert premultiplied(np.array([0xFF804020], np.uint32), 0.5).tolist() == [0x7F402010]


def test_a_drag_with_shift_zooms_into_the_box(user):
    canvas = user.window.map.canvas
    viewport = canvas.viewport()
    a, b = (QPointF(user.spot(canvas, *point)) for point in ((1.0, 0.0), (4.0, 3.0)))
    QTest.mousePress(viewport, LEFT, SHIFT, a.toPoint())
    for i in range(1, 7):
        at = a + (b - a) * i / 6
        event = QMouseEvent(QEvent.Type.MouseMove, at, QPointF(viewport.mapToGlobal(at)), LEFT,
                            LEFT, SHIFT)  # fmt: skip
        QApplication.sendEvent(viewport, event)
        user.settle(5)
    assert user.window.map._steering.frame is not None
    QTest.mouseRelease(viewport, LEFT, SHIFT, b.toPoint())
    user.settle()
    v = canvas.viewport_now()
    assert abs((v.x0 + v.x1) / 2 - 2.5) < 0.1
    assert abs((v.y0 + v.y1) / 2 - 1.5) < 0.1
    assert min(v.x1 - v.x0, v.y1 - v.y0) == pytest.approx(3.0, abs=0.2)
    assert len(user.document.experiment.starts) == 1
    assert user.window.map._steering.frame is None


def stated(formula, optimizer, lr, at=(1.0, 1.0)):
    """What the card says of the step from a point, and whether the rate is above the limit."""
    experiment = Experiment(formula, (-2, 2, -2, 2), starts=(at,), steps=3)
    racer = enter(experiment, optimizer, lr=lr)
    race = compute.finish(compute.race(replace(experiment, racers=(racer,))))
    step = step_of(race, 0, 0)
    hxx, hxy, hyy = (float(h) for h in race.experiment.resolved().hessian(*at))
    return stability(step, np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]]))


@pytest.mark.parametrize(("optimizer", "limit"), [("gd", 1.0), ("momentum", 1.9)])
@pytest.mark.parametrize("share", [0.97, 1.03])
def test_the_stability_limit_is_where_runs_begin_to_diverge(optimizer, limit, share):
    lines, above = stated("x^2 + 0.5*y^2", optimizer, share * limit)
    assert above == (share > 1)
    surface = Surface.from_formula("x^2 + 0.5*y^2", (-2, 2, -2, 2))
    t = core.descend(
        surface, OPTIMIZERS[optimizer](lr=share * limit), (1.0, 1.0), 3000, tolerance=0
    )
    assert (abs(t.x[-1]) > 1) == (share > 1)
    assert ("above it" in lines[-1]) == (share > 1)


def test_no_limit_is_stated_where_there_is_none():
    lines, above = stated("x^2 - 0.01*y^2", "gd", 0.5)
    assert "every learning rate leads away" in lines[1]
    assert not above
    lines, above = stated("x^2 + 0.5*y^2", "adam", 1.5)
    assert not above
    assert not any("In use" in line for line in lines)
    assert len(stated("-x^2 - y^2", "gd", 0.5)[0]) == 2


@pytest.mark.parametrize("scale", ["1e-200", "1e200"])
def test_the_model_of_a_flat_or_steep_surface_is_drawn(user, scale):
    user.document.show("Extreme", Experiment(f"{scale}*(x^2 - y^2/2)", (-2, 2, -2, 2), ((1, 1),),
                                             user.document.experiment.racers))  # fmt: skip
    user.document.look(internals=("model", "gradient", "step", "scaling"))
    user.settle(60)
    assert user.window.map.canvas.grab().width() > 0


def test_the_field_appears_while_the_race_plays(user):
    user.player.set_loop(True)
    user.player.play()
    user.document.look(field="streamlines")
    user.qtbot.waitUntil(lambda: user.window.map.background.field is not None, timeout=5000)
    user.player.pause()
