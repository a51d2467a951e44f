"""The map: starts, zoom, pan, and what is drawn."""

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication

from tests.gui.conftest import RIGHT


def wheel(user, at, delta):
    canvas = user.window.map.canvas
    spot = QPointF(user.spot(canvas, *at))
    event = QWheelEvent(
        spot, canvas.viewport().mapToGlobal(spot), QPoint(), QPoint(0, delta),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), event)
    user.settle()


def test_a_click_adds_a_start_and_undo_takes_it_away(user):
    before = user.document.experiment
    user.click(2.5, -3.5)
    assert np.allclose(user.document.experiment.starts[-1], (2.5, -3.5), atol=0.02)
    assert user.raced().trajectories[1].start == user.document.experiment.starts[1]
    user.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert user.document.experiment == before
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    user.key(Qt.Key.Key_Z, shift)
    assert len(user.document.experiment.starts) == 2


def test_the_race_follows_while_a_start_is_dragged_and_the_drag_is_one_undo_step(user):
    start = user.document.experiment.starts[0]
    seen = []
    user.document.raced.connect(lambda race: seen.append(race.trajectories[0].start))
    count = user.document.undo_stack.count()
    user.drag(start, (2.0, 3.0), steps=10, release=False)
    assert len(seen) > 5
    user.drag((2.0, 3.0), (2.0, 3.0))
    assert user.document.undo_stack.count() == count + 1
    assert np.allclose(user.document.experiment.starts[0], (2.0, 3.0), atol=0.02)
    user.document.undo_stack.undo()
    assert user.document.experiment.starts == (start,)


def test_a_right_click_removes_a_start(user):
    user.click(3.0, 3.0)
    user.click(3.0, 3.0, RIGHT)
    assert len(user.document.experiment.starts) == 1
    user.click(-3.0, -1.0, RIGHT)  # nothing there
    assert len(user.document.experiment.starts) == 1


def test_delete_removes_the_start_touched_last(user):
    first = user.document.experiment.starts[0]
    user.click(3.0, 3.0)
    user.click(-4.0, 0.0)
    user.click(3.0, 3.0)  # selects it
    user.key(Qt.Key.Key_Delete)
    starts = user.document.experiment.starts
    assert starts[0] == first
    assert np.allclose(starts[1], (-4.0, 0.0), atol=0.02)


def test_the_wheel_zooms_about_the_pointer_and_shows_true_detail(user):
    chart = user.window.map
    before = chart.canvas.viewport_now()
    wheel(user, (3.0, 2.0), 1200)
    after = chart.canvas.viewport_now()
    assert (after.x1 - after.x0) < 0.25 * (before.x1 - before.x0)
    assert after.x0 < 3.0 < after.x1
    fraction = (3.0 - before.x0) / (before.x1 - before.x0)
    assert (3.0 - after.x0) / (after.x1 - after.x0) == pytest.approx(fraction, abs=0.01)
    xs, ys = after.centres()
    shown = chart.background.landscape
    assert shown.viewport == after
    wanted = user.document.experiment.resolved().value(xs[None, :5], ys[:5, None])
    np.testing.assert_array_equal(shown.values[:5, :5], wanted)


def test_zoom_and_pan_keep_to_finite_limits(user):
    for delta in (-12000, 12000):
        for _ in range(60):
            wheel_at = user.window.map.range.middle
            user.window.map.zoom(1.0015**delta, wheel_at)
        user.settle()
        view = user.window.map.canvas.viewport_now()
        assert np.isfinite([view.x0, view.x1, view.y0, view.y1]).all()
        assert view.x1 > view.x0
    user.window.map.pan(1e30, -1e30)
    user.settle()
    assert np.isfinite(user.window.map.canvas.viewport_now().x0)
    user.key(Qt.Key.Key_F)
    view = user.window.map.canvas.viewport_now()
    assert view.x0 <= -6 < 6 <= view.x1


def test_a_drag_on_the_map_moves_it(user):
    before = user.window.map.canvas.viewport_now()
    user.drag((4.0, 4.0), (3.0, 3.0))
    after = user.window.map.canvas.viewport_now()
    assert after.x0 - before.x0 == pytest.approx(1.0, abs=0.05)
    assert after.y0 - before.y0 == pytest.approx(1.0, abs=0.05)
    assert len(user.document.experiment.starts) == 1


def test_pixels_are_square_at_any_window_size(user):
    for size in ((1024, 640), (1700, 600), (900, 1000)):
        user.window.resize(*size)
        user.settle(60)
        v = user.window.map.canvas.viewport_now()
        assert (v.x1 - v.x0) / v.width == pytest.approx((v.y1 - v.y0) / v.height, rel=0.01)
        assert v.x0 <= -6 < 6 <= v.x1
        assert v.y0 <= -6 < 6 <= v.y1


def test_the_ball_and_the_trail_have_the_racers_colour(user):
    race = user.raced()
    user.player.go(40)
    user.settle()
    color = user.window.theme.racer(0)
    x, y = race.x[0, 40], race.y[0, 40]
    got = user.pixel(x, y)
    assert abs(got.hueF() - color.hueF()) < 0.06
    t = race.trajectories[3]  # Adam's trail, between the ball and the start
    got = user.pixel((t.x[8] + t.x[9]) / 2, (t.y[8] + t.y[9]) / 2)
    wanted = user.window.theme.racer(3)
    assert np.abs(np.subtract(got.getRgb()[:3], wanted.getRgb()[:3])).max() < 70


def test_a_run_that_diverged_out_of_sight_is_marked_at_the_edge(user):
    racers = user.document.experiment.racers
    user.document.edit("x", racers=(racers[0].with_value("lr", 0.5),))
    race = user.raced()
    user.player.go(race.last)
    user.settle()
    view = user.window.map.canvas.viewport_now()
    assert abs(race.x[0, -1]) > 1e3
    side = 1 if race.x[0, -1] > 0 else -1
    half_width = view.width / view.ratio / 2
    up = np.clip(-race.y[0, -1] * 1e9, -(view.height / 2 - 12), view.height / 2 - 12)
    picture = user.window.map.canvas.grab().toImage()
    corner = user.window.map.canvas.to_widget(view.x0, view.y1)
    at = (corner.x() + half_width + side * (half_width - 12), corner.y() + view.height / 2 + up)
    got = picture.pixelColor(round(at[0]), round(at[1]))
    assert abs(got.hueF() - user.window.theme.racer(0).hueF()) < 0.06


def test_a_start_can_be_added_and_the_domain_taken_without_the_mouse(user):
    user.window.map.zoom(2.0, (3.0, 2.0))
    user.key(Qt.Key.Key_A)
    view = user.window.map.canvas.viewport_now()
    middle = ((view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2)
    assert np.allclose(user.document.experiment.starts[-1], middle, atol=0.02)
    user.key(Qt.Key.Key_D)
    assert np.allclose(
        user.document.experiment.resolved().domain, (view.x0, view.x1, view.y0, view.y1)
    )


def test_valleys_are_darker_than_hills(user):
    assert user.pixel(3.3, 1.2).lightnessF() < user.pixel(5.0, 5.0).lightnessF() - 0.2


def test_where_the_surface_is_not_finite_the_map_is_empty(user):
    user.type(user.window.header.formula, "log(x) + y^2")
    user.settle(100)
    assert user.document.experiment.surface == "log(x) + y^2"
    got = user.pixel(-3.0, -4.0)
    assert got.name() == user.window.theme.empty
    assert user.pixel(3.0, -4.0).name() != user.window.theme.empty


def test_a_trail_drawn_while_playing_is_that_drawn_at_once(user):
    user.raced()
    for i in range(0, 60, 3):
        user.player.go(i)
        user.settle(2)
    user.player.go(60)
    user.settle()
    played = user.window.map.canvas.grab().toImage()
    user.player.go(200)
    user.settle()
    user.player.go(60)
    user.settle()
    assert user.window.map.canvas.grab().toImage() == played


def test_the_pointer_is_read_out(user):
    user.window.map.pointed.emit((3.0, 2.0))
    assert "x 3.0000" in user.window.status.pointer.text()
    assert "loss 0" in user.window.status.pointer.text()


def test_a_slow_surface_is_drawn_coarsely_first_and_then_finely(user):
    slow = "+".join(["sin(x*y)^2"] * 700)
    user.paste(user.window.header.formula, slow)
    chart = user.window.map
    user.qtbot.waitUntil(lambda: chart.background.landscape.every > 1, timeout=5000)
    user.qtbot.waitUntil(lambda: chart.background.landscape.every == 1, timeout=30_000)
    assert chart.background.landscape.surface.formula == slow
