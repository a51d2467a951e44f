"""What holds the program together: jobs, undo, recovery, hooks, and every tooltip."""

import faulthandler
import gc
import subprocess
import sys
import threading
import weakref

import pytest
from PyQt6.QtCore import QEvent, QSettings
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QAbstractButton, QApplication

from gdviz import session
from gdviz.app.document import Document
from gdviz.app.guard import Guard
from gdviz.app.job import Job, stop_all
from gdviz.app.recovery import Recovery
from gdviz.experiment import Experiment, first_experiment
from gdviz.racer import Racer
from gdviz.views.curves import CurvesView
from gdviz.views.racers import RacersView
from gdviz.window import make_window


def test_a_cancelled_job_never_reports(qtbot):
    gate, seen = threading.Event(), []

    def slow():
        yield 0.5
        gate.wait(5)
        yield 0.6
        return "late"

    job = Job(slow())
    job.done.connect(seen.append)
    with qtbot.waitSignal(job.progress):
        job.start()
    job.cancel()
    gate.set()
    qtbot.wait(100)
    assert seen == []
    stop_all()


def test_a_failing_job_reports_its_error(qtbot):
    def bad():
        yield 0.0
        raise ValueError("no")

    job = Job(bad())
    with qtbot.waitSignal(job.failed) as failed:
        job.start()
    assert str(failed.args[0]) == "no"


def test_a_late_race_is_dropped(qtbot):
    slow = Experiment("rosenbrock", starts=((0.0, 0.0),), steps=30_000_000, tolerance=0.0,
                      racers=(Racer("gd", {"lr": 1e-9}),))  # fmt: skip
    document, seen = Document(slow), []
    document.raced.connect(seen.append)
    document.recompute()
    assert seen == []  # it runs in the background
    document.edit("Fewer steps", steps=10)
    assert [race.experiment.steps for race in seen] == [10]
    qtbot.wait(200)
    assert len(seen) == 1
    stop_all()


def test_a_long_race_shows_progress_and_can_be_cancelled(user):
    status = user.window.status
    slow = Experiment("rosenbrock", starts=((0.0, 0.0),), steps=500_000_000, tolerance=0.0,
                      racers=(Racer("gd", {"lr": 1e-9}),))  # fmt: skip
    user.document.show("Slow", slow)
    user.qtbot.waitUntil(status.stop.isVisible)
    user.press(status.stop)
    assert not status.stop.isVisible()
    user.document.undo_stack.undo()
    user.raced()


@pytest.mark.parametrize("change", ["add", "remove"])
def test_an_unfinished_field_cannot_spoil_an_undo(user, change):
    racers = user.window.views[RacersView]
    before = user.document.experiment
    if change == "add":
        racers.enter("gd")
    else:
        racers.rows[0]._remove()
    user.settle()
    field = racers.rows[-1 if change == "add" else 0].field
    field.setFocus()
    field.setText("0.777")
    field.setModified(True)
    user.document.undo_stack.undo()
    user.settle()
    assert user.document.experiment == before
    assert (user.document.undo_stack.index(), user.document.undo_stack.count()) == (0, 1)
    assert [row.name.text() for row in racers.rows] == [r.name for r in before.racers]


def test_opening_a_file_can_be_undone(user, tmp_path):
    before = user.document.experiment
    path = tmp_path / "other.json"
    path.write_text(session.dump(session.Session.of(before.on_surface("ackley"))))
    user.window.files.open_from(path)
    assert user.document.experiment.surface == "ackley"
    user.document.undo_stack.undo()
    assert user.document.experiment == before


def test_while_a_slow_race_runs_the_old_one_of_another_surface_is_gone(user):
    slow = Experiment("rosenbrock", starts=((0.0, 0.0),), steps=500_000_000, tolerance=0.0,
                      racers=(Racer("gd", {"lr": 1e-9}),))  # fmt: skip
    user.document.show("Slow", slow)
    assert user.document.race.trajectories == []
    heard = []
    user.document.progressed.connect(heard.append)
    user.qtbot.waitUntil(lambda: len(heard) > 5)
    assert max(heard) < 0.9  # and the progress is that of its steps
    user.press(user.window.status.stop)
    assert user.document.race.trajectories == []
    user.document.undo_stack.undo()


def test_a_cancelled_export_says_what_became_of_the_file(user, tmp_path):
    path = tmp_path / "race.csv"
    path.write_text("old")
    user.raced()
    with user.qtbot.waitSignal(user.window.exporter.said) as said:
        user.window.exporter.trajectories_to(path)
        user.window.exporter.cancel()
    replaced = path.read_text() != "old"
    assert said.args[0].startswith("Wrote") == replaced


EXTREME = [
    "1.75e308 + x",
    "1.7e308*sin(x)",
    "1e-323*x",
    "1e300*x^2 - 1e300*y",
    "5e-324*y",
    "1e-170*x",
]


@pytest.mark.parametrize("formula", EXTREME)
def test_losses_at_the_ends_of_the_floats_are_drawn(user, formula):
    user.document.show("x", user.document.experiment.on_surface(formula))
    user.document.edit("y", starts=((1.5, 0.0), (-1.5, 0.0)))
    user.raced()
    user.player.go(user.player.last)
    user.settle(50)  # an exception in a slot or a paint event fails the test


def test_every_edit_can_be_undone_and_done_again(user):
    document = user.document
    states = [document.experiment]
    document.edit("a", steps=100)
    states.append(document.experiment)
    document.show("b", document.experiment.on_surface("ackley"))
    states.append(document.experiment)
    document.edit("c", starts=())
    states.append(document.experiment)
    for state in reversed(states[:-1]):
        document.undo_stack.undo()
        assert document.experiment == state
    for state in states[1:]:
        document.undo_stack.redo()
        assert document.experiment == state


def test_an_edit_that_changes_nothing_is_no_step(user):
    user.document.edit("nothing", steps=user.document.experiment.steps)
    assert user.document.undo_stack.count() == 0


def test_after_a_crash_the_experiment_is_offered(qtbot, tmp_path):
    crashed = Document(first_experiment().on_surface("ackley"))
    recovery = Recovery(crashed, tmp_path)
    recovery.write()
    recovery._lock.unlock()  # as the end of its process does
    left = tmp_path / "recovery-1.json"
    recovery._file.rename(left)

    again = Recovery(Document(), tmp_path)
    assert again.find().experiment == crashed.experiment
    assert again.find().experiment == crashed.experiment  # it stays until the user has decided
    again.settle()
    assert again.find() is None
    again.write()
    again.close()
    assert [p.name for p in tmp_path.glob("*.json")] == []
    (tmp_path / "recovery-2.json").write_text('{"format": 99}')
    assert again.find() is None
    assert (tmp_path / "recovery-2.json").exists()  # a newer gdviz can still read it


def test_a_folder_that_cannot_be_written_costs_only_a_message(qtbot, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    recovery = Recovery(Document(), blocked / "state")
    with qtbot.waitSignal(recovery.failed) as failed:
        recovery.write()
    assert "No recovery copy is kept" in failed.args[0]


def test_an_exception_in_a_slot_is_logged_and_said(qtbot, tmp_path, capsys):
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    guard = Guard(tmp_path)
    guard.install()
    with qtbot.waitSignal(guard.caught) as caught:
        sys.excepthook(ValueError, ValueError("boom"), None)
    guard.remove()
    faulthandler.enable(sys.__stderr__)
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == hooks
    assert "ValueError: boom" in caught.args[0]
    assert "boom" in (tmp_path / "gdviz.log").read_text()
    assert "boom" in capsys.readouterr().err


def test_a_settings_file_of_garbage_is_survived(user):
    settings = QSettings()
    settings.setValue("theme", "purple")
    user.window.appearance.choose(str(settings.value("theme")))
    assert user.window.appearance.choice == "system"
    with open(settings.fileName(), "wb") as file:
        file.write(bytes(range(256)) * 20)
    fresh = QSettings()
    fresh.sync()
    assert str(fresh.value("theme", "system"))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 7}'])
def test_a_bad_file_keeps_what_is_open(user, tmp_path, content):
    path = tmp_path / "bad.json"
    path.write_text(content)
    before = user.document.experiment
    user.window.files.open_from(path)
    assert user.document.experiment is before
    assert "cannot open" in user.window.status.message.toolTip()


def test_experiments_are_saved_and_opened(user, tmp_path, monkeypatch):
    from PyQt6.QtWidgets import QFileDialog

    path = str(tmp_path / "mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (path, ""))
    user.window.files.save()
    assert session.read(tmp_path / "mine.json").experiment == user.document.experiment


def test_every_button_has_a_name_and_every_shortcut_is_unique(user):
    for button in user.window.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.accessibleName() or button.text(), button
    keys = [a.shortcut().toString() for a in user.window.findChildren(QAction)]
    keys = [key for key in keys if key]
    assert len(keys) == len(set(keys))
    for key in ("Space", "Left", "Right", "Home", "End", "Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+E",
                "Ctrl+Q"):  # fmt: skip
        assert key in keys


def test_nothing_of_pyqtgraphs_own_menus_can_be_reached(user):
    for canvas in (user.window.map.canvas, user.window.views[CurvesView].canvas):
        assert not canvas.box.menuEnabled()
        assert not canvas.getPlotItem().menuEnabled()
        assert canvas.scene().contextMenu == []


def test_a_closed_window_leaves_nothing_behind(qtbot):
    QSettings().setValue("toured", "yes")
    left = []
    for _ in range(3):
        window = make_window()
        window.show()
        qtbot.waitExposed(window)
        left.append(weakref.ref(window))
        window.close()
        window.deleteLater()
        del window
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QApplication.processEvents()
        gc.collect()
    # the last one may still be known to what is being deleted
    assert [ref() for ref in left[:2]] == [None, None]


def test_the_program_may_end_with_a_window_open_and_jobs_running(tmp_path):
    code = """
import os, sys, time
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
app = QApplication([])
from gdviz.window import make_window
QSettings().setValue("toured", "yes")
window = make_window()
window.choose_layout("gradient laboratory")
window.show()
window.header.pick("levy_n13")
end = time.monotonic() + 0.5
while time.monotonic() < end:
    app.processEvents()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
