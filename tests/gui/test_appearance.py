"""Themes: what is seen, what is hidden, and what comes later all wear the one that was chosen."""

import pytest
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QCheckBox, QDialogButtonBox, QTabBar, QWidget

from gdviz.app.turns import Turns
from gdviz.window.layouts import LAYOUTS
from tests.gui.conftest import LEFT, NONE, Painted


def ground(widget, x=4, y=-12):
    """The lightness of a widget near its left edge."""
    picture = widget.grab().toImage()
    return picture.pixelColor(x, y % picture.height()).lightnessF()


def is_light(lightness):
    assert lightness < 0.35 or lightness > 0.65  # nothing between
    return lightness > 0.65


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_chosen_theme_is_that_of_the_window(user, choice):
    user.window.appearance.choose(choice)
    user.settle()
    assert user.window.theme.name == choice
    picture = user.window.grab().toImage()
    for wanted, x, y in (("window", 5, -60), ("card", 300, 30), ("card", 500, -14)):
        assert picture.pixelColor(x, y % picture.height()) == QColor(
            getattr(user.window.theme, wanted)
        )


def test_the_button_changes_the_theme_and_keeps_the_event_loop_going(user):
    # the window is not painted with half of its parts in another theme
    button, window = user.window._buttons["Light"], user.window
    QTest.mouseClick(button, LEFT, NONE)
    turns = 0
    while not window.header.updatesEnabled():
        QApplication.processEvents()
        turns += 1
    assert turns > 5  # at least every panel by itself
    user.settle()
    assert window.theme.name == "light"
    assert all(view.updatesEnabled() for view in window.views.values())


def test_every_part_and_what_is_hidden_follow(user):
    window = user.window
    hidden = [name for name, panel in window.panels.panels.items() if panel.isHidden()]
    assert {"Mechanics", "Laboratory"} <= set(hidden)
    window.appearance.flip()
    user.settle()
    for name in hidden:
        panel = window.panels.panels[name]
        panel.setFloating(True)
        panel.show()
        user.settle()
        assert is_light(ground(panel.widget())), name
        panel.close()


@pytest.mark.parametrize("name", ["help", "gallery", "preferences"])
def test_a_dialog_wears_the_theme_whether_opened_before_or_after(user, name):
    window = user.window
    getattr(window.dialogs, name)()
    dialog = user.dialog()
    user.settle()
    assert not is_light(ground(dialog))
    window.appearance.choose("light")
    user.settle()
    assert is_light(ground(dialog))
    dialog.reject()
    getattr(window.dialogs, name)()
    assert is_light(ground(user.dialog()))


@pytest.mark.parametrize("when", ["before", "in the middle"])
def test_what_is_painted_in_a_dialog_follows_a_change_of_the_theme(user, when):
    window, choose = user.window, user.window.racers.choose
    steps = [choose, window.appearance.flip]  # to light
    for step in steps if when == "before" else reversed(steps):
        step()
    dialog = user.dialog()
    user.settle()
    picture = dialog.grab().toImage()
    corner = dialog.page.mapTo(dialog, dialog.page.rect().topLeft())
    lights = [picture.pixelColor(corner.x() + x, corner.y() + y).lightnessF()
              for x in range(300) for y in range(20)]  # fmt: skip
    assert max(lights) > 0.9  # the ground
    assert min(lights) < 0.3  # the words
    dialog.reject()


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_a_check_box_stands_out_and_the_buttons_are_plain(user, choice):
    user.window.appearance.choose(choice)
    user.settle()
    user.window.dialogs.preferences()
    dialog = user.dialog()
    (box,) = dialog.findChildren(QCheckBox)
    picture = box.grab().toImage()
    row = [picture.pixelColor(x, box.height() // 2).lightnessF() for x in range(20)]
    assert max(row) - min(row) > 0.2
    (buttons,) = dialog.findChildren(QDialogButtonBox)
    assert all(button.icon().isNull() for button in buttons.buttons())


def test_bars_of_tabs_that_qt_makes_later_are_like_the_first(user):
    window = user.window
    for layout in LAYOUTS:
        window.choose_layout(layout)
        user.settle()
        for bar in window.panels.findChildren(QTabBar):
            if bar.isVisible():
                assert bar.styleSheet() == window.panels.panels["Racers"].styleSheet()


def test_of_two_choices_in_a_hurry_the_last_holds(user):
    window = user.window
    for _ in range(3):
        window.appearance.flip()
        QApplication.processEvents()
    user.settle()
    assert window.theme.name == "light"
    assert window.header.updatesEnabled()
    assert all(view.updatesEnabled() for view in window.views.values())
    styled = [part for part in window.findChildren(QWidget) if part.styleSheet()]
    assert len(styled) > len(window.panels.panels)
    assert all(part.styleSheet() == window.header.styleSheet() for part in styled)


def test_a_window_that_was_to_be_painted_when_the_theme_changed_is_painted(user):
    window = user.window
    painted = [Painted(widget) for widget in (window.header, window.map.canvas.viewport())]
    window.update()
    window.appearance.flip()
    user.settle()
    user.qtbot.waitUntil(lambda: all(part.count > 0 for part in painted))


def test_a_piece_that_fails_does_not_hold_up_the_others(user, monkeypatch):
    done, caught = [], []
    monkeypatch.setattr("sys.excepthook", lambda *error: caught.append(error[0]))
    turns = Turns(user.window)
    turns.add(lambda: done.append(1), lambda: 1 / 0, lambda: done.append(2))
    user.qtbot.waitUntil(lambda: not turns.busy)
    assert (done, caught) == ([1, 2], [ZeroDivisionError])
