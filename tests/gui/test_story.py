"""From a click to a CSV, as a user does it."""

import csv

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QMessageBox

import gdviz_core as core
from gdviz import session
from gdviz.views.starts import StartsView


def test_from_a_click_to_a_csv(user, tmp_path, monkeypatch):
    window, document = user.window, user.document
    # another surface and back: the picker brings its domain and start
    combo = window.header.surface
    for name in ("ackley", "himmelblau"):
        combo.setCurrentIndex(combo.findData(name))
        combo.activated.emit(combo.currentIndex())
        user.settle()
    assert document.experiment.surface == "himmelblau"
    user.press(window.views[StartsView].clear)
    assert document.experiment.starts == ()

    user.click(-1.0, 2.0)
    user.click(4.0, -4.0)
    starts = document.experiment.starts
    assert np.allclose(starts, [(-1.0, 2.0), (4.0, -4.0)], atol=0.02)

    user.drag((4.0, -4.0), (1.0, 0.5))
    starts = document.experiment.starts
    assert len(starts) == 2
    assert np.allclose(starts[1], (1.0, 0.5), atol=0.02)

    race = user.raced()
    user.player.set_speed(16.0)
    user.key(Qt.Key.Key_Space)
    user.qtbot.waitUntil(lambda: user.player.index == user.player.last, timeout=20_000)
    user.qtbot.waitUntil(lambda: not user.player.playing)
    assert user.player.last == max(t.steps for t in race.trajectories)

    path = tmp_path / "race.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(path), ""))
    user.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    user.qtbot.waitUntil(lambda: "Wrote" in window.status.message.text())
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    running = document.experiment.running
    optimizers = [core.OPTIMIZERS[racer.optimizer](**racer.values) for racer in running]
    wanted = core.race(core.SURFACES["himmelblau"], optimizers, starts, 500)
    at = 0
    for lane, t in enumerate(wanted):
        mine, at = rows[at : at + len(t)], at + len(t)
        assert {row["racer"] for row in mine} == {running[lane // 2].name}
        columns = {"x": t.x, "y": t.y, "loss": t.loss, "grad_x": t.grad_x, **t.state}
        for name, values in columns.items():
            read = np.array([float(row[name]) for row in mine])
            np.testing.assert_array_equal(read.view(np.int64), values.copy().view(np.int64))
    assert at == len(rows)

    assert session.read(tmp_path / "race.experiment.json").experiment == document.experiment


def test_opening_the_json_shows_the_identical_race(user, tmp_path, monkeypatch):
    user.click(2.0, 0.0)
    path = tmp_path / "race.csv"
    before = user.raced()
    with user.qtbot.waitSignal(user.window.exporter.said):
        user.window.exporter.trajectories_to(path)
    user.press(user.window.views[StartsView].clear)
    discard = QMessageBox.StandardButton.Discard
    monkeypatch.setattr(QMessageBox, "exec", lambda box: discard)
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *a, **k: (str(tmp_path / "race.experiment.json"), "")
    )
    user.key(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    after = user.raced()
    assert after.experiment == before.experiment
    np.testing.assert_array_equal(after.x, before.x)
    np.testing.assert_array_equal(after.loss, before.loss)


@pytest.mark.parametrize("target", ["no/such/folder/race.csv", "", "x" * 300, "x" * 300 + ".csv"])
def test_an_export_that_fails_says_so_in_the_status_bar(user, tmp_path, monkeypatch, target):
    path = str(tmp_path / target) if target else "/proc/race.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (path, ""))
    user.raced()
    experiment = user.document.experiment
    with user.qtbot.waitSignal(user.window.exporter.said) as said:
        user.window.exporter.trajectories()
    assert said.args[0].startswith("cannot write")
    assert user.document.experiment is experiment


def test_a_name_without_an_ending_asks_before_it_replaces(user, tmp_path, monkeypatch):
    (tmp_path / "race.csv").write_text("mine")
    asked = []
    monkeypatch.setattr("PyQt6.QtWidgets.QMessageBox.exec", lambda box: asked.append(box.text()))
    user.raced()
    user.window.exporter.trajectories_to(tmp_path / "race")
    user.settle(100)
    assert "race.csv exists" in asked[0]
    assert (tmp_path / "race.csv").read_text() == "mine"


def test_a_json_that_is_not_ours_is_not_replaced_unasked(user, tmp_path, monkeypatch):
    beside = tmp_path / "race.experiment.json"
    beside.write_text("mine")
    asked = []
    monkeypatch.setattr("PyQt6.QtWidgets.QMessageBox.exec", lambda box: asked.append(box.text()))
    user.raced()
    user.window.exporter.trajectories_to(tmp_path / "race.csv")
    user.settle(200)
    assert "race.experiment.json exists" in asked[0]
    assert beside.read_text() == "mine"
    assert not (tmp_path / "race.csv").exists()
