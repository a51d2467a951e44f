"""Newton's law in the window: dictionary, energies, phase portrait, the first velocity."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtTest import QTest

from gdviz.app.canvas import Viewport
from gdviz.app.launch import unit_of
from gdviz.app.motion import PARTS, Reach
from gdviz.app.theme import DARK
from gdviz.display import MOTIONS
from gdviz.experiment import Experiment
from gdviz.racer import Racer
from gdviz.shot import Shot
from gdviz.views.mechanics import MechanicsView
from gdviz.views.relief import ReliefView
from gdviz.window.picture import Picture
from gdviz_core import Surface
from tests.gui.conftest import LEFT, NONE

FREE = Racer("particle_verlet", {"dt": 0.01})
MOMENTUM = Racer("momentum", {"lr": 0.002, "momentum": 0.9})


@pytest.fixture
def bodies(user):
    user.window.choose_layout("Newton")
    user.document.show("Bodies", Experiment("himmelblau", starts=((0.5, -0.5),), steps=300,
                                            racers=(MOMENTUM, FREE, Racer("adam"))))  # fmt: skip
    user.raced()
    user.qtbot.waitUntil(lambda: user.document.critical is not None)
    user.settle(60)
    return user


def view_of(user):
    return user.window.views[MechanicsView]


def slide(user, slider, share):
    """Press the track of a slider at a share of its length."""
    x = 7 + share * (slider.width() - 14)
    QTest.mouseClick(slider, LEFT, NONE, QPoint(round(x), slider.height() // 2))
    user.settle()


def test_the_panel_tells_what_the_selected_racer_is(bodies):
    view = view_of(bodies)
    bodies.document.select(racer=0)
    assert "body of mass 1" in view.words.text()
    assert view.dials["momentum"].slider.isVisible()
    assert float(view.dials["friction"].field.text()) == pytest.approx(0.1 / math.sqrt(0.002))
    bodies.document.select(racer=1)
    assert "friction 0" in view.words.text()
    assert not view.dials["momentum"].slider.isVisible()
    assert "never comes to rest" in view.damping.text()
    bodies.document.select(racer=2)
    assert "is no body" in view.words.text()
    assert not view.canvas.isVisible()
    assert not view.dials["dt"].slider.isVisible()


def test_race_both_and_turn_either_side(bodies):
    view, document = view_of(bodies), bodies.document
    document.select(racer=0)
    bodies.press(view.both)
    experiment = document.experiment
    assert [r.optimizer for r in experiment.racers[:2]] == ["momentum", "particle"]
    assert experiment.together
    assert view.together.isChecked()
    assert not view.both.isEnabled()

    def same():
        race = bodies.raced()
        a, b = race.trajectories[:2]
        n = min(len(a), len(b), 60)
        np.testing.assert_allclose(b.x[:n], a.x[:n], rtol=1e-9, atol=1e-9)

    same()
    slide(bodies, view.dials["friction"].slider, 0.3)
    changed = document.experiment.racers
    assert changed[0].values["momentum"] == pytest.approx(0.7, abs=0.02)
    assert changed[1].values["friction"] == pytest.approx(view.dials["friction"].parameter.value)
    same()
    slide(bodies, view.dials["lr"].slider, 0.4)
    assert document.experiment.racers[1].values["dt"] != changed[1].values["dt"]
    same()
    document.select(racer=1)
    bodies.type(view.dials["mass"].field, "4")
    assert document.experiment.racers[1].values["mass"] == 4
    same()
    bodies.type(view.dials["friction"].field, "1e6")
    assert "Keep together" in view.problem.text()
    assert document.experiment.racers[1].values["friction"] < 1e6
    bodies.press(view.together)
    bodies.type(view.dials["friction"].field, "1e3")
    assert document.experiment.racers[1].values["friction"] == 1e3
    assert not view.problem.isVisible()


def test_a_slider_of_the_racers_panel_moves_the_twin_too(bodies):
    view, document = view_of(bodies), bodies.document
    document.select(racer=0)
    bodies.press(view.both)
    row = bodies.window.racers.rows[0]
    slide(bodies, row.slider, 0.35)
    one, other = document.experiment.racers[:2]
    assert other.values["dt"] == pytest.approx(math.sqrt(one.values["lr"]), rel=1e-9)
    bodies.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.experiment.racers[0].values["lr"] == 0.002


def test_the_mass_is_that_of_the_particle(bodies):
    view, document = view_of(bodies), bodies.document
    document.select(racer=0)
    before = document.experiment
    assert not view.dials["mass"].slider.isVisible()
    bodies.press(view.both)
    document.select(racer=0)
    assert view.dials["mass"].slider.isVisible()
    bodies.type(view.dials["mass"].field, "9")
    assert document.experiment.racers[1].values["mass"] == 9
    assert document.experiment.racers[0].values == before.racers[0].values
    assert float(view.dials["dt"].field.text()) == pytest.approx(3 * math.sqrt(0.002), rel=1e-4)
    for text in ("0", "-1", "1e300"):
        bodies.type(view.dials["mass"].field, text)
        assert "mass must be" in view.problem.text()
        assert document.experiment.racers[1].values["mass"] == 9
    document.select(racer=1)
    document.select(racer=0)
    assert not view.problem.isVisible()  # it was said of another


def test_what_is_critical_is_marked_on_the_sliders(bodies):
    view, document = view_of(bodies), bodies.document
    bowl = replace(document.experiment, surface="2*x^2 + y^2/2", domain=(-3.0, 3.0, -3.0, 3.0))
    document.show("Bowl", bowl)
    document.select(racer=0)
    bodies.qtbot.waitUntil(lambda: len(view.dials["friction"].slider.marks) == 2)
    dt = math.sqrt(0.002)
    limits = [2 * math.sqrt(h) - h * dt for h in (1.0, 4.0)]  # of mass 1, in steps of momentum
    for name, values in (("friction", limits), ("momentum", [1 - c * dt for c in limits])):
        dial = view.dials[name]
        for mark, value in zip(dial.slider.marks, values, strict=True):
            assert mark == pytest.approx(400 * value / dial.parameter.high, abs=1)
    assert not view.dials["mass"].slider.marks
    for limit, axis in zip(limits, ("flat", "steep"), strict=True):
        bodies.type(view.dials["friction"].field, f"{limit:.4f}")
        assert f"{axis} one it is critically" in view.damping.text().replace("flat axis it", (
            "flat one it"))  # fmt: skip
    document.select(racer=2)
    document.select(racer=0)
    assert len(view.dials["friction"].slider.marks) == 2
    # whatever the mass of its particle is, the marks stand where momentum would be critical
    bodies.press(view.both)
    bodies.type(view.dials["mass"].field, "9")
    dial = view.dials["friction"]
    for mark, limit in zip(dial.slider.marks, limits, strict=True):
        assert mark == pytest.approx(400 * 3 * limit / dial.parameter.high, abs=1)


def test_race_both_takes_along_what_surrounds_the_rule(bodies):
    view, document = view_of(bodies), bodies.document
    long = replace(MOMENTUM, name="m" * 197, clip=50.0, way="forward")
    document.edit("Long", racers=(long,))
    bodies.press(view.both)
    made = document.experiment.racers[1]
    assert (made.optimizer, made.clip, made.way) == ("particle", 50.0, "forward")
    assert len(made.name) <= 200
    document.edit("Scheduled", racers=(replace(MOMENTUM, schedule="cosine"),))
    bodies.press(view.both)
    assert "schedule must be" in view.problem.text()
    assert len(document.experiment.racers) == 1


@pytest.mark.parametrize("racer", [
    Racer("adam"), Racer("scipy_bfgs"), Racer("gd"), Racer("momentum", {"dampening": 0.5}), FREE,
], ids=lambda racer: racer.optimizer)  # fmt: skip
def test_a_dial_that_has_no_meaning_changes_nothing(bodies, racer):
    view, document = view_of(bodies), bodies.document
    document.edit("One", racers=(racer,))
    bodies.raced()
    before = document.experiment
    for name, dial in view.dials.items():
        if name not in racer.values:  # as if it were moved a moment after another was selected
            dial.slider.setValue(dial.slider.value() + 7)
            assert document.experiment == before, name


def test_a_picture_has_no_controls(bodies):
    picture = Picture(bodies.document.session(), Shot(views=("mechanics",), run=(1, 1)))
    (view,) = picture.views
    picture.show()
    view.refresh()
    assert not view.both.isVisible()
    assert not view.dials["dt"].slider.isVisible()
    picture.close()


def test_energies_are_stacked_and_a_click_moves_the_playhead(bodies):
    view = view_of(bodies)
    bodies.document.select(racer=1)
    bodies.settle(60)
    picture = view.canvas.grab().toImage()
    energy, chart = view._found[1], view._found[2]
    middle = len(energy.time) // 2

    def colour(time, height):
        at = view.canvas.to_widget(time, height) * picture.devicePixelRatio()
        return picture.pixelColor(at.toPoint())

    fills = {name: bodies.window.theme.racer(number) for name, number in PARTS.items()}
    for name, height in (
        ("potential", energy.potential[middle] / 2),
        ("kinetic", energy.potential[middle] + energy.kinetic[middle] / 2),
    ):
        seen = colour(energy.time[middle], height)
        others = [fills[other] for other in fills if other != name]
        away = [abs(seen.hue() - fill.hue()) for fill in (fills[name], *others)]
        assert min(away) == away[0], name
    time = energy.time[200]
    QTest.mouseClick(view.canvas.viewport(), LEFT, NONE,
                     view.canvas.to_widget(time, chart.bounds[3] / 2).toPoint())  # fmt: skip
    assert bodies.player.index == pytest.approx(200, abs=3)


@pytest.mark.parametrize("kind", MOTIONS[1:])
def test_the_phase_portrait_and_its_playhead(bodies, kind):
    view = view_of(bodies)
    bodies.document.select(racer=1)
    view.kind.setCurrentIndex(view.kind.findData(kind))
    view.kind.activated.emit(view.kind.currentIndex())
    bodies.settle(40)
    assert bodies.document.display.motion == kind
    before = view.canvas.grab().toImage()
    chart = view._found[2]
    x, y = float(chart.x[120]), float(chart.line[120])
    QTest.mouseClick(view.canvas.viewport(), LEFT, NONE, view.canvas.to_widget(x, y).toPoint())
    bodies.settle(40)
    at = bodies.player.index
    # the curve crosses itself: another time may be as near
    assert math.hypot(chart.x[at] - x, chart.line[at] - y) < 0.1 * np.ptp(chart.line)
    assert view.canvas.grab().toImage() != before


def test_the_first_velocity_is_dragged_at_the_start(bodies):
    document, chart = bodies.document, bodies.window.map
    document.select(racer=1)
    bodies.settle(40)
    tip = chart._launch.tip
    assert tip is not None
    corner = chart.canvas.box.sceneBoundingRect().topLeft()
    begin = chart.canvas.to_plane(corner + tip)
    x, y = document.experiment.starts[0]
    bodies.drag(begin, (x + 1.5, y + 0.8))
    unit = unit_of(document.experiment.resolved())
    values = document.experiment.racers[1].values
    assert values["vx"] == pytest.approx(1.5 / unit, rel=0.05)
    assert values["vy"] == pytest.approx(0.8 / unit, rel=0.05)
    assert document.experiment.starts == ((x, y),)
    assert document.undo_stack.undoText() == "First velocity of Particle, velocity Verlet"
    t = bodies.raced().trajectories[1]
    assert (t.x[1] - t.x[0]) / 0.01 == pytest.approx(values["vx"], rel=0.2)
    # once more, from where the tip is now: one step to undo each
    bodies.settle(40)
    bodies.drag(chart.canvas.to_plane(corner + chart._launch.tip), (x, y - 2.0))
    assert document.experiment.racers[1].values["vy"] < 0
    document.undo_stack.undo()
    assert document.experiment.racers[1].values == values
    document.edit("Slow", racers=(MOMENTUM, FREE.with_value("vx", 0.05 / unit), Racer("adam")))
    document.select(racer=1)
    bodies.settle(40)
    bodies.drag((x, y), (x - 1.0, y))  # the start is nearer than the tip of so short an arrow
    assert document.experiment.starts[0][0] == pytest.approx(x - 1.0, abs=0.1)
    steep = replace(document.experiment, racers=(FREE,)).on_formula("1e30*(x^2 + y^2)")
    document.show("Steep", steep)
    bodies.settle(60)
    tip = chart.canvas.to_plane(corner + chart._launch.tip)
    bodies.drag(tip, (0.0, 3.0))
    assert document.experiment.racers[0].values["vy"] == 0.0
    document.show("Back", replace(steep, surface="himmelblau", domain=None, racers=(MOMENTUM,)))
    document.select(racer=0)  # momentum has none
    bodies.settle(40)
    assert chart._launch.tip is None


def test_the_level_of_the_energy_and_the_turning_points_are_drawn(bodies):
    chart, document = bodies.window.map, bodies.document
    document.select(racer=1)
    bodies.player.go(150)
    bodies.settle(40)
    before = chart.canvas.grab().toImage()
    bodies.press(chart.button)
    for name in ("reach", "energy"):
        chart.layers.internals[name].trigger()
    chart.layers.close()
    bodies.settle(40)
    after = chart.canvas.grab().toImage()
    assert after != before
    assert document.display.internals == ("reach", "energy")
    document.look(internals=())
    bodies.settle(40)
    assert chart.canvas.grab().toImage() == before


def test_the_border_is_the_level_set_of_the_energy():
    bowl = Surface.from_formula("x^2 + y^2", domain=(-3, 3, -3, 3))
    (line,) = Reach().lines(bowl, Viewport(-3, 3, -3, 3, 600, 600), 2.25)
    inside = np.isfinite(line).all(axis=1)
    np.testing.assert_allclose(np.hypot(*line[inside].T), 1.5, atol=2e-3)
    assert Reach().lines(bowl, Viewport(-3, 3, -3, 3, 600, 600), -1.0) == []
    assert Reach().lines(bowl, Viewport(-3, 3, -3, 3, 600, 600), math.nan) == []


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("box", [(-3, 3, -3, 3), (-0.5, 2.5, -1, 2), (2, 3, 2, 3)])
def test_the_border_is_drawn_where_the_level_set_is_and_nowhere_else(box, ratio):
    bowl, size = Surface.from_formula("x^2 + y^2", domain=(-3, 3, -3, 3)), round(600 * ratio)
    viewport = Viewport(*box, size, size, ratio)
    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor("blue"))
    painter = QPainter(picture)
    Reach()._draw_border(painter, bowl, viewport, 2.25, DARK)
    painter.end()
    rows, columns = np.mgrid[0:size:7, 0:size:7]
    a, b, c, d = viewport.mapping
    # how far from the circle, in logical pixels
    far = np.abs(np.hypot((columns + 0.5 - a) / b, (rows + 0.5 - c) / d) - 1.5) * b / ratio
    seen = 0
    for row, column, off in zip(rows.flat, columns.flat, far.flat, strict=True):
        colour = picture.pixelColor(int(column), int(row))
        if off > 4:
            assert colour == QColor("blue")
        elif off < 0.4:
            assert colour.lightness() > 170
            seen += 1
    assert (seen > 5) == (box[0] < 2)


def test_shadows_and_arrows_in_three_dimensions(bodies):
    relief, document = bodies.window.views[ReliefView], bodies.document
    document.select(racer=1)
    bodies.player.go(20)
    bodies.settle(300)
    plain = relief.grab().toImage()
    document.look(internals=("gradient", "moment"))
    bodies.settle(60)
    arrows = relief.grab().toImage()
    assert arrows != plain
    document.look(internals=())
    bodies.settle(60)
    # the shadow lies below the ball and is darker than the plane without it
    scene, ratio = relief.scene(), relief.devicePixelRatioF()
    race = document.race
    x, y = race.x[1:2, 20], race.y[1:2, 20]
    px, py, _ = scene.project(x, y, np.full(1, -0.34))
    at = QPointF(px[0] / ratio, py[0] / ratio).toPoint()
    with_ball = relief.grab().toImage().pixelColor(at).lightness()
    document.edit("Off", racers=tuple(replace(r, on=False) for r in document.experiment.racers))
    bodies.settle(300)
    assert with_ball < relief.grab().toImage().pixelColor(at).lightness()


def test_energies_at_the_ball_in_bars(bodies):
    document, chart = bodies.document, bodies.window.map
    document.select(racer=1)
    document.look(internals=("energy",))
    bodies.player.go(60)
    bodies.settle(60)
    picture = chart.canvas.grab().toImage()
    race, energy = document.race, chart._probe.energy(document, document.race, 1)
    ball = chart.canvas.to_widget(race.x[1, 60], race.y[1, 60])
    found = []
    for number, name in enumerate(("potential", "kinetic")):
        x, fill = round(ball.x() + 15 + number * 10 + 3.5), bodies.window.theme.racer(PARTS[name])
        column = [picture.pixelColor(x, round(ball.y() + 23 - step)) for step in range(1, 45)]
        like = [abs(c.hue() - fill.hue()) < 6 and c.saturation() > 60 for c in column]
        found.append(sum(like) / 46)
    shares = [energy.potential[60] / energy.initial, energy.kinetic[60] / energy.initial]
    assert found == pytest.approx(shares, abs=0.08)
