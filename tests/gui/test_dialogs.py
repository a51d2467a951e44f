"""Palette, help, keys, tour, preferences, editors of racers and starts."""

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QWidget,
)

from gdviz.app.keys import plain
from gdviz.app.palette import Command, Palette, found
from gdviz.app.preferences import HEATS, coloured
from gdviz.app.theme import DARK, LIGHT
from gdviz.window import make_window
from gdviz.window.dialogs import Dialogs

CONTROL = Qt.KeyboardModifier.ControlModifier


def fields(form):
    return {field.title: field.widget for field in form.fields}


# the command palette


def test_the_palette_finds_a_command_by_a_few_letters_and_runs_it(user):
    user.key(Qt.Key.Key_K, CONTROL)
    palette = user.window.findChild(Palette)
    QTest.keyClicks(palette.line, "surface rosen")
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    user.settle()
    assert user.document.experiment.surface == "rosenbrock"
    assert not palette.isVisible()
    user.document.undo_stack.undo()
    user.qtbot.waitUntil(lambda: user.window.findChild(Palette) is None)  # it does not pile up


def test_the_palette_has_every_action_of_the_menus(user):
    user.window.dialogs.palette()
    palette = user.window.findChild(Palette)
    shown = {command.text for command in palette._commands}
    for group, action in user.window.menus.grouped():
        if action.isEnabled():
            words = plain(action.text())
            assert (f"{group}: {words}" if group else words) in shown
    assert "Start points: Clear" in shown
    assert "Add Adam" in shown
    assert "Scene: two minima" in shown
    palette.reject()


def test_words_may_come_in_any_order_and_beginnings_come_first():
    commands = [Command(text, lambda: None) for text in ("Open recent", "Reopen", "To the end")]
    assert [c.text for c in found(commands, "open")] == ["Open recent", "Reopen"]
    assert [c.text for c in found(commands, "recent op")] == ["Open recent"]
    assert found(commands, "nothing") == []
    assert len(found(commands, "")) == 3


# help, keys, tour, about


def test_help_opens_on_what_has_the_keyboard(user):
    for widget, topic in (
        (user.window.header.formula, "Formula"), (user.window.map.canvas, "Map"),
        (user.window.racers.rows[1].field, "Momentum"), (user.window.starts.steps, "Start points"),
    ):  # fmt: skip
        user.window.activateWindow()
        user.settle()
        widget.setFocus()
        user.qtbot.waitUntil(lambda widget=widget: QApplication.focusWidget() is widget)
        menu = user.window.menus
        next(a for a in menu.actions() if a.shortcut().toString() == "F1").trigger()
        help_ = user.dialog()
        assert help_.list.currentItem().text() == topic
        assert len(help_.page.toPlainText()) > 40
        help_.reject()


def test_every_view_has_a_topic(user):
    from gdviz.app.help import topics

    known = topics()
    for view in user.window.views.values():
        if view.place in ("left", "centre", "right", "below"):
            assert view.title in known, view.title
    for title, words in known.items():  # a # within a line is no title
        assert not set(title) & set('."'), title
        assert len(words) > 40, title
    assert "explains the line" in known["Update rules"]


def test_the_list_of_keys_is_that_of_the_menus(user):
    user.window.dialogs.keys()
    from PyQt6.QtWidgets import QTableWidget

    table = user.dialog().findChildren(QTableWidget)[0]
    rows = range(table.rowCount())
    cells = {table.item(row, 1).text(): table.item(row, 0).text() for row in rows}
    assert cells["Save experiment"] == "Ctrl+S"
    assert cells["Find a command"] == "Ctrl+K"


def test_no_two_actions_have_the_same_keys(user):
    keys = [a.shortcut().toString() for a in user.window.menus.actions() if a.shortcut().toString()]
    assert len(keys) == len(set(keys))


def test_the_first_start_shows_a_tour_of_five_steps_once(user, qtbot):
    user.settle(1000)  # until this window has seen that there was a tour
    QSettings().remove("toured")
    window = make_window()
    window.show()
    qtbot.waitUntil(lambda: window.dialogs.tour is not None, timeout=5000)
    tour = window.dialogs.tour
    for number in range(5):
        assert tour.number == number
        assert window.rect().contains(tour.geometry())
        QTest.mouseClick(tour.next, Qt.MouseButton.LeftButton)
    assert window.dialogs.tour is None
    window.dialogs.tour_once()
    assert window.dialogs.tour is None  # it was seen
    window.close()


def test_the_tour_can_be_skipped_and_the_program_used_meanwhile(user):
    user.window.dialogs.start_tour()
    tour = user.window.dialogs.tour
    user.click(2.0, -3.0)
    assert len(user.document.experiment.starts) == 2
    user.press(tour.skip)
    assert user.window.dialogs.tour is None


def test_the_tour_grows_with_its_type(user):
    user.window.dialogs.start_tour()
    tour = user.window.dialogs.tour
    user.window.choose_layout("present")
    user.settle(200)
    for part in tour.findChildren(QLabel):
        room = part.heightForWidth(part.width()) if part.wordWrap() else part.sizeHint().height()
        assert part.height() >= room
        assert part.wordWrap() or part.width() >= part.sizeHint().width()
    assert user.window.rect().contains(tour.geometry())
    user.press(tour.skip)


# preferences


def test_preferences_act_at_once_and_are_remembered(user):
    user.window.dialogs.preferences()
    form = user.dialog()
    shown = fields(form)
    for title, word in (("Theme", "light"), ("Colours of the loss", "viridis"),
                        ("Colours of racers", "Okabe-Ito"), ("Size of type", 1.3)):  # fmt: skip
        shown[title].setCurrentIndex(shown[title].findData(word))
    form.take()
    user.settle()
    now = user.window.theme
    assert now.name == "light"
    assert now.zoom == 1.3
    assert now.racers[0] == "#e69f00"
    assert now.heat != LIGHT.heat
    again = make_window()
    assert (again.theme.zoom, again.theme.racers) == (1.3, now.racers)
    again.close()


@pytest.mark.parametrize("heat", HEATS[1:])
def test_every_colour_map_rises_evenly_in_lightness(heat):
    QSettings().setValue("heat", heat)
    table = coloured(DARK, heat, "gdviz").heat_table
    red, green, blue = ((table >> shift) & 255 for shift in (16, 8, 0))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert (np.diff(luma) > -1.5).all()
    assert luma[-1] > luma[0] + 80
    QSettings().remove("heat")


@pytest.mark.parametrize("value", ["", "rubbish", "1e999", "-3", b"\xff"])
def test_spoilt_preferences_are_passed_over(user, value):
    for name in ("heat", "palette", "size", "projector", "recent", "toured"):
        QSettings().setValue(name, value)
    window = make_window()
    window.show()
    assert window.theme.zoom == 1.0
    assert isinstance(window.files.recent(), list)
    window.close()
    QSettings().clear()


# racers


def test_an_optimizer_is_found_by_a_word_of_its_description(user):
    user.press(user.window.racers.add)
    chooser = user.dialog()
    QTest.keyClicks(chooser.line, "evolved")
    names = [chooser.list.item(i).text().strip() for i in range(chooser.list.count())]
    QTest.keyClicks(chooser.line, "\b" * 7 + "lion")
    QTest.keyClick(chooser.line, Qt.Key.Key_Down)
    assert chooser.page.optimizer.name == "lion"
    assert chooser.page.height() > 100
    chooser.take()
    assert user.document.experiment.racers[-1].optimizer == "lion"
    assert names is not None
    chooser.reject()


def menu_action(row, *path):
    """The action of a row's menu at a path of texts."""
    menu = row.menu()
    for text in path[:-1]:
        menu = next(a.menu() for a in menu.actions() if a.text() == text)
    return next(a for a in menu.actions() if a.text() == path[-1])


def test_a_racer_is_renamed_recoloured_moved_and_reset(user):
    rows, document = user.window.racers.rows, user.document
    menu_action(rows[1], "Rename…").trigger()
    form = user.dialog()
    form.fields[0].widget.setText("  Mine ")
    form.take()
    assert document.experiment.racers[1].name == "Mine"
    assert rows[1].name.text() == "Mine"
    menu_action(rows[1], "Colour", "Colour 9").trigger()
    assert document.experiment.racers[1].colour == 8
    menu_action(rows[1], "Move up").trigger()
    assert [r.optimizer for r in document.experiment.racers][:2] == ["momentum", "gd"]
    assert rows[0].name.text() == "Mine"
    assert not menu_action(rows[0], "Move up").isEnabled()
    user.type(rows[0].field, "0.5")
    menu_action(rows[0], "Values", "Defaults").trigger()
    assert document.experiment.racers[0].values["lr"] == 0.0021
    for _ in range(5):
        document.undo_stack.undo()
    assert document.experiment.racers[1].name == "Momentum"


def test_a_name_must_not_be_empty(user):
    menu_action(user.window.racers.rows[0], "Rename…").trigger()
    form = user.dialog()
    form.fields[0].widget.setText("   ")
    form.take()
    assert form.isVisible()
    assert "needs a name" in form.problem.text()
    form.reject()


def test_the_values_of_a_framework_are_taken(user):
    import gdviz_core as core

    row = user.window.racers.rows[2]  # RMSprop
    menu_action(row, "Values", "As in keras").trigger()
    values = user.document.experiment.racers[2].values
    assert values == core.OPTIMIZERS["rmsprop"].preset("keras").values
    assert values["alpha"] == 0.9


def test_one_learning_rate_for_all(user):
    racers = user.window.racers
    racers.linked.trigger()
    assert user.document.display.linked
    user.type(racers.rows[0].field, "0.0042")
    assert {r.values["lr"] for r in user.document.experiment.racers} == {0.0042}
    racers.linked.trigger()
    user.type(racers.rows[0].field, "0.1")
    assert {r.values["lr"] for r in user.document.experiment.racers} == {0.0042, 0.1}


def test_a_schedule_is_chosen_shown_and_raced(user):
    row = user.window.racers.rows[0]
    row.surround()
    dialog = user.dialog()
    dialog.schedule.setCurrentIndex(dialog.schedule.findData("cosine"))
    np.testing.assert_allclose(dialog.graph.factors[[0, -1]], [1, 0], atol=0.01)
    assert user.document.experiment.racers[0].schedule == "cosine"
    final = dialog._parameters["final"]
    final.setFocus()
    final.setText("0.5")
    final.editingFinished.emit()
    assert user.document.experiment.racers[0].schedule_values == {"final": 0.5}
    assert row.around.isVisible()
    assert row.around.text() == "cosine"
    race = user.raced()
    assert race.trajectories[0].lr[-1] < race.trajectories[0].lr[1]
    dialog.reject()


def test_what_makes_no_sense_is_said_in_the_editor_and_changes_nothing(user):
    before = user.document.experiment
    user.window.racers.rows[0].surround()
    dialog = user.dialog()
    for field, text, why in (
        (dialog.clip, "-1", "clip must be greater than 0"), (dialog.clip, "abc", "not a number"),
        (dialog.decay, "-2", "weight_decay must be"),
    ):  # fmt: skip
        field.setText(text)
        field.editingFinished.emit()
        assert why in dialog.problem.text()
        field.setText("")
        field.editingFinished.emit()
    dialog.schedule.setCurrentIndex(dialog.schedule.findData("formula"))
    user.document.undo_stack.undo()
    dialog.formula.setText("1/s")
    dialog.formula.editingFinished.emit()
    assert "not a finite number" in dialog.problem.text()
    assert user.document.experiment == before
    dialog.reject()


# starts


def test_starts_at_random_on_a_grid_along_a_line_and_as_text(user):
    starts = user.window.starts
    starts.ask_random()
    form = user.dialog()
    fields(form)["How many"].setText("30")
    form.take()
    assert len(user.document.experiment.starts) == 30
    starts.ask_grid()
    form = user.dialog()
    fields(form)["Keep those that are there"].setChecked(True)
    form.take()
    assert len(user.document.experiment.starts) == 66
    starts.ask_line()
    user.dialog().take()
    assert len(user.document.experiment.starts) == 10
    starts.ask_text()
    form = user.dialog()
    form.fields[0].widget.setPlainText("1 2\n-3; 4")
    form.take()
    assert user.document.experiment.starts == ((1.0, 2.0), (-3.0, 4.0))
    for count in (10, 66, 30, 1):
        user.document.undo_stack.undo()
        assert len(user.document.experiment.starts) == count


@pytest.mark.parametrize("text", ["1e308", "-1", "nan", "", "1,5", "9" * 400, "0", "1.5"])
def test_a_number_of_starts_that_cannot_be_is_refused_in_the_form(user, text):
    before = user.document.experiment
    user.window.starts.ask_random()
    form = user.dialog()
    fields(form)["How many"].setText(text)
    form.take()
    assert form.isVisible()
    assert form.problem.text()
    assert user.document.experiment == before
    form.reject()


def test_noise_is_a_field_of_its_own(user):
    user.type(user.window.starts.noise, "2.5")
    assert user.document.experiment.noise == 2.5
    user.type(user.window.starts.noise, "-1")
    assert "noise must be" in user.window.starts.problem.text()
    assert user.document.experiment.noise == 2.5


# the keyboard alone, and the blind


def test_a_race_is_built_played_and_exported_without_a_mouse(user, tmp_path, monkeypatch):
    path = tmp_path / "keys.csv"
    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getSaveFileName",
                        lambda *a, **k: (str(path), ""))  # fmt: skip
    window = user.window

    def command(words):
        user.key(Qt.Key.Key_K, CONTROL)
        line = QApplication.focusWidget()
        assert isinstance(line, QLineEdit)
        QTest.keyClicks(line, words)
        QTest.keyClick(line, Qt.Key.Key_Return)
        user.settle()

    command("surface beale")
    command("remove all")
    command("add adam")
    user.key(Qt.Key.Key_A)  # a start in the middle
    assert len(user.document.experiment.starts) == 2
    field = window.racers.rows[0].field
    for _ in range(60):  # Tab reaches the learning rate
        user.key(Qt.Key.Key_Tab)
        if QApplication.focusWidget() is field:
            break
    assert QApplication.focusWidget() is field
    field.selectAll()
    QTest.keyClicks(field, "0.05")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert user.document.experiment.racers[0].values["lr"] == 0.05
    user.raced()
    user.key(Qt.Key.Key_Space)
    user.qtbot.waitUntil(lambda: user.player.index > 3)
    user.key(Qt.Key.Key_Space)
    assert not user.player.playing
    user.key(Qt.Key.Key_End)
    assert user.player.index == user.player.last
    with user.qtbot.waitSignal(window.exporter.said):
        user.key(Qt.Key.Key_E, CONTROL)
    assert path.read_text().count("\n") > 10


def test_every_control_has_a_name_and_can_be_reached(user):
    user.window.racers.rows[0].fold.setChecked(True)
    nameless = []
    for widget in user.window.findChildren(QWidget):
        if not widget.isVisible() or isinstance(widget, QMenu):
            continue
        internal = widget.objectName().startswith("qt_") or "ScrollBar" in type(widget).__name__
        if isinstance(widget, QAbstractButton | QLineEdit) and not internal:
            named = widget.accessibleName() or (
                isinstance(widget, QAbstractButton) and widget.text()
            )
            if not named and not isinstance(widget.parent(), QDialog):
                nameless.append(widget)
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus or not widget.isEnabled(), widget
    assert not nameless


def test_tab_goes_through_everything_without_end(user):
    before = user.document.experiment
    seen = set()
    for _ in range(500):
        QTest.keyClick(user.window.windowHandle(), Qt.Key.Key_Tab)
        seen.add(QApplication.focusWidget())
    assert len(seen) > 20
    assert None not in seen
    assert user.document.experiment == before


def test_dialogs_that_are_open_close_with_the_window(user):
    dialogs: Dialogs = user.window.dialogs
    dialogs.preferences()
    dialogs.help()
    user.settle()
    user.window.close()
    user.settle()
    assert [d for d in QApplication.topLevelWidgets() if d.isVisible()] == []


def test_the_experiment_of_a_racer_off_is_kept(user):
    racers = user.document.experiment.racers
    user.document.edit("x", racers=tuple(replace(r, on=False) for r in racers))
    user.window.racers.show_experiment(user.document.experiment)
    assert all(row.loss.text() == "off" for row in user.window.racers.rows)


def test_a_line_of_a_million_characters_is_cut_when_it_is_pasted(user):
    from PyQt6.QtCore import QMimeData

    user.window.dialogs.save_scene()
    field = user.dialog().fields[1].widget
    data = QMimeData()
    data.setText("x" * 900_000 + "\nnext")
    field.insertFromMimeData(data)
    first, second = field.toPlainText().split("\n")
    assert len(first) < 10_000
    assert second == "next"


def test_boxes_do_not_pile_up(user, monkeypatch):
    monkeypatch.setattr("gdviz.app.dialog.LATER", 10)
    for _ in range(3):
        user.window.dialogs.about()
        user.settle()
        (box,) = [b for b in user.window.findChildren(QMessageBox) if b.isVisible()]
        assert "gdviz" in box.text()
        box.accept()
        user.settle(50)
    user.qtbot.waitUntil(lambda: not user.window.findChildren(QMessageBox))
