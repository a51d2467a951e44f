"""Basin maps and hyper-parameter maps in the window, with a real mouse."""

import os
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, QProcess, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

import gdviz_core as core
from gdviz import maps, scene
from gdviz.app import job
from gdviz.app.survey import BAND
from gdviz.session import dump, load
from gdviz.tint import pixels_of
from gdviz.views.basins import BasinsView
from gdviz.views.sweep import SweepView
from gdviz.window import make_window
from gdviz_core.maps import whole
from tests.gui.conftest import LEFT, NONE, RIGHT


class Maps:
    """Does to the two views what a user does."""

    def __init__(self, user):
        self.user, self.window, self.document = user, user.window, user.document
        self.basins = user.window.views[BasinsView]
        self.sweep = user.window.views[SweepView]
        self.qtbot = user.qtbot

    def done(self, view):
        """Every pixel is there."""
        self.qtbot.waitUntil(
            lambda: view.survey.sheets and all(view.survey.sheets) and not view.survey.busy
            and all(sheet.every == 1 for sheet in view.survey.sheets),
            timeout=20_000,
        )  # fmt: skip
        return view.survey.sheets

    def at(self, canvas, x, y):
        return canvas.to_widget(x, y).toPoint()

    def click(self, canvas, x, y, button=LEFT):
        QTest.mouseClick(canvas.viewport(), button, NONE, self.at(canvas, x, y))
        self.user.settle()

    def drag(self, canvas, begin, end, steps=6, modifier=NONE):
        a, b = (QPointF(self.at(canvas, *point)) for point in (begin, end))
        QTest.mousePress(canvas.viewport(), LEFT, modifier, a.toPoint())
        for i in range(1, steps + 1):
            at = a + (b - a) * i / steps
            event = QMouseEvent(
                QEvent.Type.MouseMove,
                at,
                QPointF(canvas.viewport().mapToGlobal(at)),
                LEFT,
                LEFT,
                modifier,
            )
            QApplication.sendEvent(canvas.viewport(), event)
            self.user.settle(5)
        QTest.mouseRelease(canvas.viewport(), LEFT, modifier, b.toPoint())
        self.user.settle()

    def hover(self, canvas, x, y):
        QTest.mouseMove(canvas.viewport(), self.at(canvas, x, y) + QPoint(3, 3))
        self.user.settle(10)
        QTest.mouseMove(canvas.viewport(), self.at(canvas, x, y))
        self.user.settle()


@pytest.fixture
def many(user):
    user.window.choose_layout("maps")
    user.qtbot.waitUntil(lambda: user.document.critical is not None, timeout=10_000)
    made = Maps(user)
    made.done(made.basins)
    return made


def test_a_map_is_that_of_the_core_at_every_pixel(many):
    (sheet,) = many.done(many.basins)
    experiment = many.document.experiment
    question = maps.basins(
        experiment, experiment.racers[0], sheet.question.shape, sheet.question.domain,
        sheet.question.where,
    )  # fmt: skip
    np.testing.assert_array_equal(sheet.part["minimum"], whole(question)["minimum"])
    shares = np.bincount(sheet.part["minimum"][sheet.part["minimum"] >= 0]) / sheet.pixels.size
    bar = many.basins.panes[0].shares
    assert bar.shares[:4] == pytest.approx(shares[:4])
    assert "minimum (3.000, 2.000), loss" in "\n".join(bar.words)


def test_the_colour_of_a_pixel_tells_where_it_ends(many):
    canvas = many.basins.panes[0].canvas
    picture = canvas.grab().toImage()
    seen = set()
    for x, y in ((3.3, 1.6), (-2.6, 2.6), (-3.4, -3.6), (3.4, -2.4)):
        at = many.at(canvas, x, y)
        seen.add(picture.pixelColor(at).hsvHue() // 10)
    assert len(seen) == 4


def test_the_pointer_shows_the_run_and_a_click_adds_the_start(many):
    canvas = many.basins.panes[0].canvas
    many.hover(canvas, -1.0, 4.0)
    run = many.basins._run
    assert run is not None
    t = core.descend(many.document.experiment.resolved(), run.optimizer, run.start, 500)
    np.testing.assert_array_equal(run.x, t.x)
    assert "converged to the minimum at (-2.80512, 3.13131)" in many.basins.words.text()
    before = len(many.document.experiment.starts)
    many.click(canvas, -1.0, 4.0)
    starts = many.document.experiment.starts
    assert len(starts) == before + 1
    assert starts[-1] == pytest.approx((-1.0, 4.0), abs=0.1)
    race = many.user.raced()
    lane = race.lane(0, before)
    assert race.trajectories[lane].x[-1] == pytest.approx(-2.805118, abs=1e-4)


def test_a_start_that_is_added_computes_no_map_anew(many):
    (sheet,) = many.done(many.basins)
    many.click(many.basins.panes[0].canvas, 1.0, 1.0)
    assert many.basins.survey.sheets[0] is sheet
    assert not many.basins.survey.busy


def test_racers_side_by_side(many):
    whose = many.basins.whose
    whose.setFocus()
    QTest.keyClick(whose, Qt.Key.Key_Down)
    many.user.settle()
    assert many.document.display.beside
    sheets = many.done(many.basins)
    assert len(sheets) == len(many.document.experiment.running) == 4
    names = [pane.heading.text() for pane in many.basins.panes]
    assert names == [racer.name for racer in many.document.experiment.running]
    assert [sheet.question.optimizer.name for sheet in sheets] == [
        "gd", "momentum", "rmsprop", "adam",
    ]  # fmt: skip


def test_dragging_a_learning_rate_shows_the_basins_flow(many):
    """Each change gives up the map before it, and a coarse one is there at once."""
    survey, arrived = many.basins.survey, []
    survey.changed.connect(lambda: arrived.append(many.basins.survey.sheets[0].every))
    slider = many.user.window.racers.rows[0].slider
    y = slider.height() // 2
    QTest.mousePress(slider, LEFT, NONE, QPoint(30, y))
    for x in range(30, 70, 4):
        QTest.mouseMove(slider, QPoint(x, y))
        many.user.settle(60)
    QTest.mouseRelease(slider, LEFT, NONE, QPoint(70, y))
    assert sum(every > 1 for every in arrived) >= 5
    (sheet,) = many.done(many.basins)
    wanted = many.document.experiment.racers[0].values["lr"]
    assert sheet.question.optimizer.values["lr"] == wanted
    many.document.undo_stack.undo()
    (sheet,) = many.done(many.basins)
    assert sheet.question.optimizer.values["lr"] != wanted


def test_zoom_pan_box_and_fit(many):
    canvas, shown = many.basins.panes[0].canvas, many.basins
    before = shown.survey.sheets[0].question.domain
    many.drag(canvas, (0.0, 0.0), (2.0, 1.0))
    (sheet,) = many.done(shown)
    moved = sheet.question.domain
    assert moved[0] == pytest.approx(before[0] - 2.0, abs=0.1)
    assert moved[2] == pytest.approx(before[2] - 1.0, abs=0.1)
    many.drag(canvas, (-1.0, -1.0), (1.0, 1.0), modifier=Qt.KeyboardModifier.ShiftModifier)
    (sheet,) = many.done(shown)
    x0, x1, y0, y1 = sheet.question.domain
    assert min(x1 - x0, y1 - y0) == pytest.approx(2.0, rel=0.1)
    assert (x0 + x1) / 2 == pytest.approx(0.0, abs=0.1)
    many.click(canvas, 0.0, 0.0, RIGHT)
    (sheet,) = many.done(shown)
    assert sheet.question.domain == pytest.approx(before)


def test_noise_asks_how_likely_the_best_is(many):
    document = many.document
    assert many.basins.colouring == "minimum"
    document.look(basins="probability")
    assert many.basins.colouring == "minimum"  # without noise it is always or never
    document.show("two minima", document.experiment.on_surface("styblinski_tang"))
    document.edit("noise", noise=5.0, steps=60)
    (sheet,) = many.done(many.basins)
    assert sheet.question.seeds == document.experiment.maps.seeds
    assert 0 < sheet.part["probability"].mean() < 1


def test_what_has_no_map_says_why(many):
    many.window.racers.enter("scipy_bfgs")
    many.document.select(racer=len(many.document.experiment.racers) - 1)
    many.user.settle()
    assert "no rule of gdviz" in many.basins.survey.failure
    many.window.show_panel("Hyper-parameters")
    many.user.settle()
    assert "no rule of gdviz" in many.sweep.survey.failure
    many.document.edit("none", racers=())
    many.user.settle()
    assert "add a racer" in many.sweep.survey.failure.lower()


@pytest.fixture
def swept(many):
    many.document.select(racer=1)
    many.window.show_panel("Hyper-parameters")
    many.user.settle()
    many.done(many.sweep)
    return many


def test_a_click_loads_the_values_of_a_pixel_and_a_drag_takes_the_cross(swept):
    canvas, document = swept.sweep.canvas, swept.document
    swept.click(canvas, -3.0, 0.5)
    values = document.experiment.racers[1].values
    assert values["lr"] == pytest.approx(1e-3, rel=0.05)
    assert values["momentum"] == pytest.approx(0.5, abs=0.01)
    (sheet,) = swept.sweep.survey.sheets
    swept.drag(canvas, (-3.0, 0.5), (-2.5, 0.8))
    values = document.experiment.racers[1].values
    assert values["lr"] == pytest.approx(10**-2.5, rel=0.05)
    assert values["momentum"] == pytest.approx(0.8, abs=0.01)
    assert swept.sweep.survey.sheets[0] is sheet  # the map is the same wherever the cross is
    document.undo_stack.undo()
    assert document.experiment.racers[1].values["momentum"] == pytest.approx(0.5, abs=0.01)


def test_the_pixel_under_the_pointer_is_read(swept):
    swept.hover(swept.sweep.canvas, -1.0, 0.5)
    assert "diverged" in swept.sweep.words.text()
    swept.hover(swept.sweep.canvas, -2.6, 0.3)
    assert "reached the target" in swept.sweep.words.text()
    read = dict(part.split(" ")[:2] for part in swept.sweep.words.text().split(":")[0].split(", "))
    assert float(read["momentum"]) == pytest.approx(0.3, abs=0.01)
    assert float(read["lr"]) == pytest.approx(10**-2.6, rel=0.02)


def test_axes_are_chosen_checked_and_undone(swept):
    document, form = swept.document, swept.sweep.form
    swept.user.type(form.rows[0].low, "0.0005")
    assert document.experiment.maps.axes[0].low == 0.0005
    swept.user.type(form.rows[1].high, "20")
    assert "momentum must be at least 0 and at most 10, not 20" in swept.sweep.problem.text()
    assert document.experiment.maps.axes[1].high == 1
    QTest.keyClick(form.rows[1].high, Qt.Key.Key_Escape)
    swept.user.press(form.rows[0].log)
    assert not document.experiment.maps.axes[0].log
    form.rows[1].name.setFocus()
    QTest.keyClick(form.rows[1].name, Qt.Key.Key_Down)
    swept.user.settle()
    assert document.experiment.maps.axes[1].name == "dampening"
    for _ in range(3):
        document.undo_stack.undo()
    assert document.experiment.maps.axes == ()


def test_axes_and_starts_are_in_the_session(swept):
    document = swept.document
    swept.user.type(swept.sweep.form.rows[0].low, "0.0005")
    document.add_start((1.0, 1.0))
    swept.user.settle()
    over = swept.sweep.over
    over.setFocus()
    QTest.keyClick(over, Qt.Key.Key_Down)
    swept.user.settle()
    document.look(swept="loss", basins="steps", beside=True)
    opened = load(dump(document.session()))
    assert opened.experiment.maps == document.experiment.maps
    assert opened.experiment.maps.mean
    assert opened.display == document.display


def test_theory_lies_over_the_map_where_there_is_one(swept):
    kinds = [border.kind for border in swept.sweep._theory()]
    assert kinds == ["stability", "critical damping", "critical damping"]
    curvature = swept.sweep._theory()[0].curvature
    line = max(swept.sweep._theory()[0].lines, key=len)
    inner = line[(line[:, 1] > 0.05) & (line[:, 1] < 0.9) & (line[:, 0] > -3)]
    np.testing.assert_allclose(10 ** inner[:, 0] * curvature, 2 + 2 * inner[:, 1], rtol=0.02)
    swept.document.select(racer=3)
    swept.user.settle()
    assert swept.sweep._theory() == []


def test_closing_in_the_middle_leaves_nothing_running(user, qtbot):
    window = make_window()
    window.show()
    qtbot.waitExposed(window)
    window.document.edit("long", steps=200_000, tolerance=0.0)
    window.choose_layout("maps")
    basins = window.views[BasinsView]
    qtbot.waitUntil(lambda: basins.survey.busy, timeout=10_000)
    window.document.settle(type(window.document.origin)(window.document.experiment))
    window.close()
    assert not basins.survey.busy
    qtbot.waitUntil(lambda: not job.busy(), timeout=10_000)
    window.deleteLater()


def test_a_hidden_map_computes_nothing(many):
    many.window.choose_layout("race")
    many.user.settle()
    many.document.edit("other", steps=321)
    many.user.settle()
    assert not many.basins.survey.busy
    many.window.choose_layout("maps")
    (sheet,) = many.done(many.basins)
    assert sheet.question.steps == 321


def test_a_map_is_exported_as_arrays(many, tmp_path):
    path = tmp_path / "basins.npz"
    many.window.exporter.map_to(path, "basins", 64, ["--racer=2"])
    many.qtbot.waitUntil(lambda: not many.window.exporter.busy, timeout=30_000)
    with np.load(path, allow_pickle=False) as found:
        assert found["minimum"].shape == (64, 64)
    assert "Wrote" in many.window.status.message.text()


def test_another_theme_recolours_maps_and_shares(many):
    def hues():
        return [color.name() for color in many.basins.panes[0].shares._colours[:4]]

    dark, (sheet,) = hues(), many.basins.survey.sheets
    many.window.appearance.choose("light")
    many.user.settle(300)
    light = many.window.theme.racers[:4]
    assert hues() == list(light)
    assert hues() != dark
    assert many.basins.survey.sheets[0] is sheet  # nothing was computed anew
    kind, inks = many.basins.colouring, many.window.theme.inks
    whole_map = pixels_of(sheet.question, sheet.part, kind, sheet.shades, inks)
    np.testing.assert_array_equal(sheet.pixels, whole_map)
    assert sheet.pixels.size > BAND  # it was done in pieces


def test_the_key_follows_what_is_told(swept):
    swept.document.look(swept="end")
    swept.done(swept.sweep)
    assert "diverged" in swept.sweep.key.words
    assert "converged" in swept.sweep.key.words
    swept.document.look(swept="loss")
    swept.done(swept.sweep)
    assert swept.sweep.key.words == "diverged"


def test_a_scene_about_maps_opens_their_panel(user):
    (path,) = [p for p in scene.shipped() if "triangle" in p.stem]
    user.window.files.open_scene(path)
    user.settle(300)
    assert user.window.views[SweepView].isVisible()
    assert user.window.views[BasinsView].visibleRegion().isEmpty()
    user.qtbot.waitUntil(lambda: user.window.views[SweepView].survey.sheets != [], timeout=10_000)


def test_shades_follow_the_runs_and_not_those_before(many):
    """Slow runs are no darker than quick ones of another learning rate: each map has its scale."""
    (slow,) = many.done(many.basins)
    racers = list(many.document.experiment.racers)
    racers[0] = racers[0].with_value("lr", 0.0005)
    many.document.edit("rate", racers=tuple(racers))
    (sheet,) = many.done(many.basins)
    assert sheet.shades != slow.shades
    assert sheet.shades.low > 3 * slow.shades.low


def test_two_racers_that_run_alike_both_have_a_map(swept):
    racers = swept.document.experiment.racers
    twin = replace(racers[1], name="Twin")
    swept.document.edit("twin", racers=(*racers, twin))
    swept.document.select(racer=len(racers))
    swept.user.settle()
    (sheet,) = swept.done(swept.sweep)
    assert sheet is not None


def test_a_map_that_was_given_up_does_not_begin_again_by_itself(many):
    many.document.edit("long", steps=100_000, tolerance=0.0)
    many.qtbot.waitUntil(lambda: many.basins.survey.busy)
    many.document.give_up()
    assert not many.basins.survey.busy
    many.document.look(fade=True)  # anything that draws anew
    many.user.settle()
    assert not many.basins.survey.busy
    many.document.edit("short", steps=100)
    many.done(many.basins)


def test_jobs_let_the_window_come_first(qtbot):
    """Where each thread has a priority of its own, which is on Linux."""
    found = {}

    def work(name):
        found[name] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        inner = threading.Thread(target=lambda: found.update({f"{name} inner": os.getpriority(
            os.PRIO_PROCESS, threading.get_native_id())}))  # fmt: skip
        inner.start()
        inner.join()
        yield 1.0

    jobs = [job.Job(work("short")), job.Job(work("long"))]
    jobs[0].start()
    jobs[1].start(long=True)
    qtbot.waitUntil(lambda: len(found) == 4)
    qtbot.waitUntil(lambda: not job.busy())
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert found["short"] == found["short inner"]
    assert found["long"] == found["long inner"]
    own = [found["short"] - here, found["long"] - here]
    assert own == ([job.SOON, job.LATER] if sys.platform.startswith("linux") else [0, 0])


def test_what_diverged_and_what_left_are_told_apart(many):
    document = many.document
    racers = list(document.experiment.racers)
    racers[0] = racers[0].with_value("lr", 0.03)
    document.edit("unstable", racers=tuple(racers))
    many.done(many.basins)
    words = many.basins.panes[0].shares.words
    assert "diverged" in words
    assert "left the domain" not in words
    document.edit("bounded", stop_outside=True)
    many.done(many.basins)
    words = many.basins.panes[0].shares.words
    assert "left the domain" in words


def test_a_cancel_never_signals_a_process_that_is_not_there(many, monkeypatch):
    """The number of one that has just ended is 0, which means this program and all beside it."""
    sent = []
    monkeypatch.setattr("gdviz.app.exporter.os.kill", lambda *given: sent.append(given))
    exporter = many.window.exporter
    exporter._process, exporter._command = QProcess(many.window), "map basins"
    exporter.cancel()
    exporter._process = None
    assert sent == []


def test_a_cancelled_export_of_a_map_leaves_only_its_tiles(many, tmp_path):
    path = tmp_path / "basins.png"
    exporter = many.window.exporter
    many.document.edit("long", steps=20_000, tolerance=0.0)
    assert exporter.map_to(path, "basins", 2000, ["--racer=2"])
    many.qtbot.waitUntil(lambda: any(tmp_path.glob(".basins.png.parts/*.npz")), timeout=60_000)
    exporter.cancel()
    many.qtbot.waitUntil(lambda: not exporter.busy, timeout=10_000)
    assert "cancelled" in many.window.status.message.text()
    assert [file.name for file in tmp_path.iterdir()] == [".basins.png.parts"]
    assert not any(tmp_path.glob(".basins.png.parts/.gdviz-*"))


def test_an_existing_map_is_asked_about_under_its_whole_name(many, tmp_path, monkeypatch):
    taken = tmp_path / "basins.png"
    taken.write_text("mine")
    monkeypatch.setattr("gdviz.app.exporter.QFileDialog.getSaveFileName",
                        lambda *_: (str(tmp_path / "basins"), "Picture (*.png)"))  # fmt: skip
    asked = []
    monkeypatch.setattr("gdviz.app.exporter.may_replace", lambda path, _: asked.append(path))
    many.window.dialogs.order_map()
    form = many.user.dialog()
    form.take()
    assert asked == [taken]
    assert form.isVisible()  # nothing was made, and the form says what was wanted
    assert taken.read_text() == "mine"
    form.reject()
