"""The surface in 3-D: what is hidden, where things are, and what the mouse does."""

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from gdviz.app.relief import Relief, draw_scene
from gdviz.app.theme import DARK, LIGHT
from gdviz.display import Camera
from gdviz.views.relief import ReliefView
from gdviz_core import SURFACES, Surface, raster
from tests.gui.conftest import LEFT, NONE, RIGHT

BOWL = Surface.from_formula("x^2 + y^2", (-1, 1, -1, 1))
RIDGE = Surface.from_formula("exp(-20*x^2)", (-1, 1, -1, 1))


def scene(surface, camera, kind="linear", **options):
    floor = options.pop("floor", True)
    return draw_scene(surface, kind, camera, floor, False, (300, 240), 1.0, DARK, **options)


@pytest.fixture
def view(user):
    return user.window.views[ReliefView]


def drag(view, user, begin, end, button=LEFT, modifier=NONE):
    QTest.mousePress(view, button, modifier, begin)
    for i in range(1, 6):
        at = begin + (end - begin) * i / 5
        event = QPointF(at)
        QTest.mouseMove(view, event.toPoint())
        user.settle(5)
    QTest.mouseRelease(view, button, modifier, end)
    user.settle()


# geometry


@pytest.mark.parametrize("name", ["himmelblau", "ackley", "six_hump_camel", "rosenbrock", "easom"])
@pytest.mark.parametrize("kind", ["log", "linear", "rank"])
def test_a_seen_point_is_found_again_under_its_pixel(name, kind):
    surface = SURFACES[name]
    made = scene(surface, Camera(-70.0, 48.0), kind)
    x0, x1, y0, y1 = surface.domain
    rng = np.random.default_rng(3)
    x, y = rng.uniform(x0, x1, 60), rng.uniform(y0, y1, 60)
    px, py, seen = made.project(x, y, made.relief.heights(surface.value(x, y)))
    found = 0
    for k in np.flatnonzero(seen == 1):
        at = made.unproject(px[k], py[k])
        if at is not None:
            found += np.hypot((at[0] - x[k]) / (x1 - x0), (at[1] - y[k]) / (y1 - y0)) < 0.03
    assert found > 0.85 * np.count_nonzero(seen)


def test_from_above_the_relief_is_the_map():
    made = scene(SURFACES["himmelblau"], Camera(-90.0, 90.0), "rank")
    height = made.relief.heights(np.full(2, 100.0))
    px, py, _ = made.project(np.array([-2.0, 2.0]), np.array([1.0, 1.0]), height)
    assert px[1] > px[0]
    assert py[1] == pytest.approx(py[0], abs=1e-9)
    px, py, _ = made.project(np.array([1.0, 1.0]), np.array([-2.0, 2.0]), height)
    assert py[1] < py[0]
    assert px[1] == pytest.approx(px[0], abs=1e-9)


def test_a_ridge_hides_what_lies_behind_it():
    low = scene(RIDGE, Camera(0.0, 12.0))  # the eye is on the side of positive x
    x, y = np.array([0.7, 0.0, -0.35]), np.zeros(3)
    _, _, seen = low.project(x, y, low.relief.heights(RIDGE.value(x, y)))
    assert seen.tolist() == [1, 1, 0]
    high = scene(RIDGE, Camera(0.0, 80.0))
    _, _, seen = high.project(x, y, high.relief.heights(RIDGE.value(x, y)))
    assert seen.tolist() == [1, 1, 1]


def test_the_hidden_part_of_a_line_goes_into_the_picture_of_ghosts():
    made = scene(RIDGE, Camera(0.0, 12.0), floor=False)
    x = np.linspace(0.9, -0.9, 200)[None]
    y = np.zeros_like(x)
    height = made.relief.heights(RIDGE.value(x, y))
    seen, hidden = np.zeros_like(made.pixels), np.zeros_like(made.pixels)
    raster.strands(seen, hidden, made.depth, x, y, height, np.zeros(1, np.int64), np.array([199]),
                   made.matrix, np.array([0xFFFF0000], np.uint32), 1.0, 0.01,
                   np.empty((1, 3)))  # fmt: skip
    assert np.count_nonzero(seen) > 50
    assert np.count_nonzero(hidden) > 10
    px, py, clear = made.project(x[0], y[0], height[0])
    for k in np.flatnonzero((x[0] < -0.2) & (x[0] > -0.4)):
        assert not clear[k]
        assert hidden[int(py[k]), int(px[k])] != 0


def test_where_the_surface_is_not_finite_there_is_none():
    half = Surface.from_formula("sqrt(x) + y^2", (-1, 1, -1, 1))
    made = scene(half, Camera(-90.0, 90.0), floor=False)
    assert made.unproject(225, 120) is not None
    assert made.unproject(75, 120) is None


def test_a_dome_is_bright_towards_the_light_and_dark_away_from_it():
    dome = Surface.from_formula("where(x^2 + y^2 < 1, sqrt(1 - x^2 - y^2), 0)", (-1, 1, -1, 1))
    relief = Relief.of(dome, "linear")
    normals = relief.normals()
    i, j = len(relief.y) // 2, len(relief.x) // 2
    assert np.allclose(normals[i, j], (0, 0, 1), atol=0.05)
    assert normals[i, j // 2][0] < -0.2
    assert normals[i, 3 * j // 2][0] > 0.2


def test_heights_keep_the_order_of_losses():
    for name in ("himmelblau", "goldstein_price", "beale"):
        for kind in ("log", "linear", "rank"):
            relief = Relief.of(SURFACES[name], kind)
            loss = np.sort(relief.loss[np.isfinite(relief.loss)])
            assert (np.diff(relief.heights(loss)) >= 0).all()
    bowl = Relief.of(BOWL, "rank")
    assert bowl.heights(np.array([np.median(bowl.loss)]))[0] == pytest.approx(0.5, abs=0.01)


def test_half_size_keeps_colour_and_the_nearest_depth():
    image = np.full((4, 4), 0xFF204060, np.uint32)
    image[0, 0], depth = 0xFF2040A0, np.arange(16, dtype=np.float32).reshape(4, 4)
    small, near = np.empty((2, 2), np.uint32), np.empty((2, 2), np.float32)
    raster.halve(image, depth, small, near)
    assert small.tolist() == [[0xFF204070, 0xFF204060], [0xFF204060, 0xFF204060]]
    assert near.tolist() == [[5, 7], [13, 15]]


# the window


def test_a_click_on_the_surface_adds_a_start_there(user, view):
    scene = view.scene()
    x, y = np.array([2.0]), np.array([-3.0])
    height = scene.relief.heights(scene.relief.surface.value(x, y))
    px, py, seen = scene.project(x, y, height)
    assert seen[0] == 1
    ratio = view.devicePixelRatioF()
    QTest.mouseClick(view, LEFT, NONE, QPoint(round(px[0] / ratio), round(py[0] / ratio)))
    user.settle()
    assert np.allclose(user.document.experiment.starts[-1], (2.0, -3.0), atol=0.15)
    QTest.mouseClick(view, RIGHT, NONE, QPoint(round(px[0] / ratio), round(py[0] / ratio)))
    user.settle()
    assert len(user.document.experiment.starts) == 1


def test_a_click_on_a_ball_selects_its_run(user, view):
    race = user.raced()
    user.player.go(20)
    scene = view.scene()
    for lane in (3, 0):
        x, y = race.x[lane, 20:21], race.y[lane, 20:21]
        height = scene.relief.heights(scene.relief.surface.value(x, y))
        px, py, _ = scene.project(x, y, height)
        if view.lane_at(QPointF(px[0], py[0])) == lane:
            QTest.mouseClick(view, LEFT, NONE, QPoint(round(px[0]), round(py[0])))
            assert user.document.racer == lane
            assert user.document.selected_lane() == lane
            return
    pytest.fail("no ball could be clicked")


def test_a_drag_turns_and_the_view_gets_fine_again(user, view):
    before = user.document.display.camera
    middle = QPoint(view.width() // 2, view.height() // 2)
    drag(view, user, middle, middle + QPoint(60, 20))
    after = user.document.display.camera
    assert after.azimuth != before.azimuth
    assert after.elevation > before.elevation
    assert user.document.undo_stack.count() == 0
    assert len(user.document.experiment.starts) == 1
    drag(view, user, middle, middle + QPoint(0, 4000))
    assert user.document.display.camera.elevation == 90
    drag(view, user, middle, middle + QPoint(30, 0), RIGHT)
    assert user.document.display.camera.right > after.right


def test_the_wheel_zooms_about_the_pointer(user, view):
    scene = view.scene()
    px, py, _ = scene.project(np.array([2.0]), np.array([1.0]), np.array([0.3]))
    at = QPointF(px[0], py[0])
    event = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)
    user.settle()
    assert user.document.display.camera.zoom > 1.2
    px, py, _ = view.scene().project(np.array([2.0]), np.array([1.0]), np.array([0.3]))
    assert np.hypot(px[0] - at.x(), py[0] - at.y()) < 6


def test_the_vertical_scale_changes_the_heights(user, view):
    user.document.look(height="linear")
    flat = view.scene().relief
    user.document.look(height="rank")
    assert view.scene().relief is not flat
    assert view.heights.currentData() == "rank"
    view.heights.setCurrentIndex(0)
    view.heights.activated.emit(0)
    assert user.document.display.height == "log"


def test_front_above_and_side_come_in_turn(user, view):
    for elevation in (90.0, 0.0, Camera().elevation):
        user.press(view.home)
        assert user.document.display.camera.elevation == elevation


def test_the_trail_is_drawn_in_its_colour(user, view):
    user.player.go(user.raced().last)
    user.settle(250)
    picture = view.grab().toImage()
    wanted = [DARK if user.window.theme.name == "dark" else LIGHT][0].racer(0)
    near = 0
    for i in range(picture.width()):
        for j in range(picture.height()):
            c = picture.pixelColor(i, j)
            near += (abs(c.red() - wanted.red()) + abs(c.green() - wanted.green())
                     + abs(c.blue() - wanted.blue())) < 40  # fmt: skip
    assert near > 60
