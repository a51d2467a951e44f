"""What an impatient or clumsy user does to the window: the cases of the area gui."""

import random
import time

import pytest
from PyQt6.QtCore import QMimeData, QPoint, Qt, QThreadPool, QUrl
from PyQt6.QtGui import QImage, QInputMethodEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget

from gdviz import session
from gdviz.app import job
from gdviz.experiment import MAX_STARTS, Experiment, first_experiment
from gdviz.racer import Racer
from gdviz.session import Session

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SLOW = Experiment("rosenbrock", starts=((0.0, 0.0),), steps=500_000_000, tolerance=0.0,
                  racers=(Racer("gd", {"lr": 1e-9}),))  # fmt: skip


def gap(user, milliseconds):
    """The longest time between two turns of the event loop, in seconds."""
    longest, end, last = 0.0, time.perf_counter() + milliseconds / 1000, time.perf_counter()
    while time.perf_counter() < end:
        QApplication.processEvents()
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest


# while something runs


def test_the_window_closes_while_a_race_runs(user):
    user.document.show("Slow", SLOW)
    user.settle(100)
    user.document.settle(user.document.origin.__class__(user.document.experiment))
    begun = time.monotonic()
    user.window.close()
    assert time.monotonic() - begun < 2
    assert not user.window.isVisible()
    pool = QThreadPool.globalInstance()
    assert pool.waitForDone(2000)
    user.qtbot.waitUntil(lambda: not job.busy())


def test_the_window_closes_while_a_file_is_written(user, tmp_path):
    user.document.edit("Long", steps=400_000, tolerance=0.0)
    user.raced()
    path = tmp_path / "race.csv"
    path.write_text("old")
    user.window.exporter.trajectories_to(path)
    user.settle(50)
    user.document.settle(user.document.origin.__class__(user.document.experiment))
    user.window.close()
    text = path.read_bytes()
    assert text == b"old" or text.endswith(b"\r\n")
    assert not list(tmp_path.glob(".gdviz-*"))


def test_a_hundred_edits_in_a_second_end_with_the_last(user):
    for steps in range(100):
        user.document.edit("Again", steps=100 + steps)
    assert user.raced().experiment.steps == 199
    for _ in range(100):
        user.document.show("Slow", SLOW)
        user.document.give_up()
        user.document.undo_stack.undo()
    assert user.raced().experiment.steps == 199


def test_to_cancel_is_quick_and_does_no_harm_when_nothing_runs(user):
    user.window.status.cancelled.emit()
    before = user.raced()
    user.document.show("Slow", SLOW)
    user.settle(100)
    begun = time.monotonic()
    user.press(user.window.status.stop)
    assert time.monotonic() - begun < 1
    user.document.undo_stack.undo()
    assert user.raced().experiment == before.experiment


def test_opening_and_undoing_while_a_race_runs(user, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(session.dump(Session.of(first_experiment().on_surface("beale"))))
    user.document.show("Slow", SLOW)
    user.window.files.open_from(path, ask=False)
    assert user.raced().experiment.surface == "beale"
    for _ in range(50):
        user.document.undo_stack.undo()
    assert user.raced().experiment == first_experiment()


def test_a_thousand_times_undo_and_redo(user):
    for steps in range(30):
        user.document.edit("Edit", steps=100 + steps)
    rng = random.Random(1)
    for _ in range(1000):
        (user.document.undo_stack.undo if rng.random() < 0.5 else user.document.undo_stack.redo)()
    while user.document.undo_stack.canUndo():
        user.document.undo_stack.undo()
    assert user.document.experiment == first_experiment()


def test_two_hundred_sessions_one_after_another(user, tmp_path):
    paths = []
    for name in ("beale", "ackley"):
        path = tmp_path / f"{name}.json"
        path.write_text(session.dump(Session.of(first_experiment().on_surface(name))))
        paths.append(path)
    widgets = len(QApplication.allWidgets())
    for number in range(200):
        user.window.files.open_from(paths[number % 2], ask=False)
    user.settle()
    assert user.document.experiment.surface == "ackley"
    assert len(QApplication.allWidgets()) < widgets + 50


# starts


def test_more_starts_than_are_possible_are_refused_in_words(user):
    few = (Racer("gd", {"lr": 0.001}),)
    user.document.edit("Many", racers=few, steps=2,
                       starts=tuple((i / 1000, 0.0) for i in range(MAX_STARTS - 2)))  # fmt: skip
    said = []
    user.document.said.connect(said.append)
    for i in range(6):
        user.click(1.0 + 0.3 * i, 2.0)
    assert len(user.document.experiment.starts) == MAX_STARTS
    assert f"at most {MAX_STARTS} starts" in said[-1]


def test_a_start_dragged_far_outside_and_where_the_surface_is_not_finite(user):
    user.document.show("x", user.document.experiment.on_surface("log(x) + y^2"))
    user.document.edit("y", starts=((1.0, 1.0),))
    user.settle()
    user.drag((1.0, 1.0), (-3.0, 0.5))
    x, y = user.document.experiment.starts[0]
    assert x == pytest.approx(-3, abs=0.1)
    assert user.raced().trajectories[0].status == "diverged"
    viewport = user.window.map.canvas.viewport()
    QTest.mousePress(viewport, LEFT, NONE, user.spot(user.window.map.canvas, x, y))
    for at in (QPoint(-5000, -5000), QPoint(9000, 9000), QPoint(-5000, -5000)):
        QTest.mouseMove(viewport, at)
        user.settle(10)
    QTest.mouseRelease(viewport, LEFT, NONE, QPoint(-5000, -5000))
    user.settle()
    assert len(user.document.experiment.starts) == 1
    user.raced()


def test_a_start_deleted_while_it_is_dragged(user):
    begin = user.document.experiment.starts[0]
    user.drag(begin, (1.0, 1.0), release=False)
    user.key(Qt.Key.Key_Delete)
    assert user.document.experiment.starts == ()
    viewport = user.window.map.canvas.viewport()
    QTest.mouseMove(viewport, QPoint(50, 50))
    QTest.mouseRelease(viewport, LEFT, NONE, QPoint(50, 50))
    user.settle()
    assert user.document.experiment.starts == ()
    user.player.toggle()  # nothing to play
    user.settle(60)
    user.player.pause()


# the view


def test_two_thousand_notches_of_the_wheel(user):
    canvas = user.window.map
    for factor in (1.2, 1 / 1.2):
        for _ in range(2000):
            canvas.zoom(factor)
        user.settle()
        v = canvas.canvas.viewport_now()
        assert v.x1 > v.x0
        assert abs(v.x0) < 1e9
    canvas.fit()


@pytest.mark.parametrize("corner", [1e-300, 1e300, 1e-310, 0.0, float("inf"), float("nan")])
def test_a_view_of_any_size_is_kept_finite(user, corner):
    chart = user.window.map
    chart.show_box((0.0, 0.0), (corner, corner))
    user.settle()
    v = chart.canvas.viewport_now()
    assert v is not None
    assert all(abs(c) < 1e12 for c in (v.x0, v.x1, v.y0, v.y1))
    chart.fit()


def test_a_box_without_an_area_is_no_zoom(user):
    canvas = user.window.map.canvas
    before = canvas.viewport_now()
    at = user.spot(canvas, 1.0, 1.0)
    QTest.mousePress(canvas.viewport(), LEFT, Qt.KeyboardModifier.ShiftModifier, at)
    QTest.mouseMove(canvas.viewport(), at + QPoint(1, 0))
    QTest.mouseRelease(canvas.viewport(), LEFT, Qt.KeyboardModifier.ShiftModifier, at)
    user.settle()
    assert canvas.viewport_now() == before


def test_sizes_from_the_smallest_to_larger_than_any_screen(user):
    rng = random.Random(2)
    for _ in range(100):
        user.window.resize(rng.randrange(100, 3000), rng.randrange(100, 2000))
        QApplication.processEvents()
    user.window.resize(16_000, 16_000)
    QApplication.processEvents()
    user.window.resize(1440, 900)
    user.settle(100)
    assert user.window.map.canvas.viewport_now() is not None


def test_playing_while_it_is_minimised(user):
    user.raced()
    user.player.toggle()
    user.window.showMinimized()
    user.settle(200)
    user.window.showNormal()
    user.settle(100)
    assert user.player.index > 0
    user.player.pause()


def test_panels_float_close_and_come_back_fifty_times(user):
    for number in range(50):
        for panel in user.window.panels.panels.values():
            panel.setFloating(number % 2 == 0)
            panel.setVisible(number % 3 != 0)
        QApplication.processEvents()
    user.window.choose_layout("race")
    user.settle()
    assert user.window.panels.panels["Racers"].isVisible()
    assert not user.window.panels.panels["Racers"].isFloating()


# fields and menus


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\0\1\2", "\u202e" * 50, "a\nb\tc"])
def test_any_text_pasted_into_every_field(user, text):
    before = user.document.experiment
    board = QApplication.clipboard()
    board.setText(text)
    for field in user.window.findChildren(QLineEdit):
        if field.isVisible() and field.isEnabled():
            field.setFocus()
            field.selectAll()
            begun = time.perf_counter()
            field.paste()
            assert time.perf_counter() - begun < 2
            QTest.keyClick(field, Qt.Key.Key_Return)
            QTest.keyClick(field, Qt.Key.Key_Escape)
    user.settle()
    assert user.document.experiment == before


def test_pictures_and_files_pasted_into_every_field(user):
    before = user.document.experiment
    picture, files = QMimeData(), QMimeData()
    picture.setImageData(QImage(64, 64, QImage.Format.Format_RGB32))
    files.setUrls([QUrl.fromLocalFile("/tmp/x"), QUrl("http://example.invalid")])
    for data in (picture, files):
        QApplication.clipboard().setMimeData(data)
        for field in user.window.findChildren(QLineEdit):
            if field.isVisible() and field.isEnabled():
                field.setFocus()
                field.paste()
                QTest.keyClick(field, Qt.Key.Key_Escape)
    assert user.document.experiment == before


def test_composing_with_an_input_method_and_giving_it_up(user):
    field = user.window.header.formula
    field.setFocus()
    QApplication.sendEvent(field, QInputMethodEvent("にほん", []))
    QApplication.sendEvent(field, QInputMethodEvent("", []))
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == user.document.experiment.resolved().formula


def test_a_right_click_everywhere_and_every_entry(user, monkeypatch):
    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getSaveFileName", lambda *a, **k: ("", ""))
    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getOpenFileName", lambda *a, **k: ("", ""))
    for widget in user.window.findChildren(QWidget):
        if widget.isVisible() and widget.width() > 4:
            middle = widget.rect().center()
            QTest.mouseClick(widget, Qt.MouseButton.RightButton, NONE, middle)
            popup = QApplication.activePopupWidget()
            if isinstance(popup, QMenu):
                assert not any("Export" in a.text() and "pyqtgraph" in a.text()
                               for a in popup.actions())  # fmt: skip
                popup.hide()
    for row in list(user.window.racers.rows):
        for action in row.menu().actions():
            if action.menu() is None and "Remove" not in action.text():
                action.trigger()
                for dialog in QApplication.topLevelWidgets():
                    if dialog is not user.window and dialog.isVisible():
                        dialog.close()
    user.settle()
    user.raced()


def test_a_drop_of_the_map_onto_itself_is_nothing(user):
    before = user.document.experiment
    data = QMimeData()
    data.setData("application/x-whatever", b"123")
    assert not user.window.files.can_take(data)
    user.window.files.take(data)
    user.window.files.take(None)
    assert user.document.experiment == before


def test_the_event_loop_is_free_while_things_run(user, tmp_path):
    user.document.show("Slow", SLOW)
    user.settle(50)
    assert gap(user, 600) < 0.25  # a wide limit: what is to be found is a freeze
    user.document.give_up()
