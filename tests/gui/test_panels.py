"""Panels: they float, hide, come back as they were left, and layouts arrange them."""

import pytest
from PyQt6.QtCore import QPoint, QSettings, Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QTabBar

from gdviz.views.racers import RacersView
from gdviz.window import make_window
from gdviz.window.layouts import LAYOUTS
from tests.gui.conftest import LEFT, NONE, Painted


@pytest.fixture
def panels(user):
    return user.window.panels


@pytest.fixture
def floating(user, panels):
    """A panel that floats and has the keyboard."""
    panel = panels.panels["Curves"]
    user.press(panel._float)
    user.qtbot.waitUntil(panel.isFloating)
    panel.activateWindow()
    user.settle(100)
    return panel


def test_a_panel_floats_docks_and_hides(user, panels):
    panel = panels.panels["Curves"]
    user.press(panel._float)
    user.qtbot.waitUntil(panel.isFloating)
    user.press(panel._float)
    user.qtbot.waitUntil(lambda: not panel.isFloating())
    user.press(panel._hide)
    assert not panel.isVisible()
    panel.toggleViewAction().trigger()
    user.settle()
    assert panel.isVisible()


def test_the_key_that_docks_a_floating_panel_may_be_released(user, floating):
    """Docked at once, its window would be gone when the release comes."""
    panel = floating
    panel._float.setFocus()
    user.qtbot.waitUntil(panel._float.hasFocus)
    QTest.keyClick(panel.windowHandle(), Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    user.qtbot.waitUntil(lambda: not panel.isFloating())


def test_a_panel_is_not_docked_while_a_key_is_held_in_it(user, floating):
    panel = floating
    QTest.keyPress(panel.windowHandle(), Qt.Key.Key_Control)
    panel._float.click()
    panel.setFloating(False)
    user.window.choose_layout("race")
    user.settle(400)
    assert panel.isFloating()
    QTest.keyRelease(panel.windowHandle(), Qt.Key.Key_Control)
    user.qtbot.waitUntil(lambda: not panel.isFloating())


def test_what_docks_a_panel_between_the_keys_of_a_shortcut_waits(user, floating):
    """Each key comes alone; the window of the first would be gone when the second comes."""
    panel = floating
    QTimer.singleShot(0, lambda: panel.setFloating(False))
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(panel.windowHandle(), Qt.Key.Key_Y, both)
    user.qtbot.waitUntil(lambda: not panel.isFloating())


@pytest.mark.parametrize("released", [True, False])
def test_a_key_that_is_held_when_the_focus_goes_is_waited_for(user, floating, released):
    panel = floating
    panel._keys._forget.setInterval(600_000 if released else 100)
    held = panel.windowHandle()
    for key in (Qt.Key.Key_Shift, Qt.Key.Key_Shift, Qt.Key.Key_A):  # pressed twice, a press in one
        QTest.keyPress(held, key)
    user.window.activateWindow()
    QTest.keyRelease(held, Qt.Key.Key_Shift)
    QTest.keyRelease(held, Qt.Key.Key_A)
    panel.setFloating(False)
    if released:  # otherwise it is released where nobody tells
        user.settle(400)
        assert panel.isFloating()
        QTest.keyRelease(held, Qt.Key.Key_Shift)
    user.qtbot.waitUntil(lambda: not panel.isFloating())


@pytest.mark.parametrize("key", [Qt.Key.Key_A, Qt.Key.Key_Control, None])
def test_a_double_click_docks_a_panel_unless_a_key_is_held_in_it(user, floating, key):
    panel = floating
    if key is not None:
        QTest.keyPress(panel.windowHandle(), key)
    QTest.mouseDClick(panel.titleBarWidget(), LEFT, NONE, QPoint(60, 12))
    user.settle()
    assert panel.isFloating() == (key is not None)
    if key is not None:
        QTest.keyRelease(panel.windowHandle(), key)
        user.settle(20)
        QTest.mouseDClick(panel.titleBarWidget(), LEFT, NONE, QPoint(60, 12))
        user.settle()
        assert not panel.isFloating()


def test_tabs_bring_the_other_panel_to_the_front(user, panels):
    bars = {bar.tabText(i): (bar, i) for bar in panels.findChildren(QTabBar)
            for i in range(bar.count())}  # fmt: skip
    bar, index = bars["Inspector"]
    QTest.mouseClick(bar, LEFT, NONE, bar.tabRect(index).center())
    user.settle()
    assert panels.panels["Inspector"].isVisible()
    assert panels.panels["Inspector"].widget().visibleRegion().isEmpty() is False
    assert panels.panels["Surface"].widget().visibleRegion().isEmpty()


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_shows_what_it_names(user, panels, name):
    panels.panels["Curves"].setFloating(True)
    user.window.choose_layout(name)
    user.settle()
    left, right, _, zoom = LAYOUTS[name]
    wanted = {*left, *(panel for group in right for panel in group)}
    for title, panel in panels.panels.items():
        assert panel.isHidden() == (title not in wanted)
        assert not panel.isFloating()
    assert user.window.theme.zoom == zoom
    for group in right:
        assert not panels.panels[group[0]].widget().visibleRegion().isEmpty()


@pytest.mark.parametrize("name", ["step by step", "present"])
def test_everything_comes_back_as_it_was_left(user, qtbot, name):
    window = user.window
    window.choose_layout(name)
    window.panels.panels["Curves"].close()
    window.panels.resizeDocks([window.panels.panels["Racers"]], [333], Qt.Orientation.Horizontal)
    user.settle()
    hidden = {title: panel.isHidden() for title, panel in window.panels.panels.items()}
    width = window.panels.panels["Surface"].width()
    window.close()
    again = make_window()
    qtbot.addWidget(again)
    painted = Painted(again.map.canvas.viewport())
    again.show()
    qtbot.waitExposed(again)
    qtbot.wait(60)
    qtbot.waitUntil(lambda: painted.count > 0)
    assert {title: panel.isHidden() for title, panel in again.panels.panels.items()} == hidden
    assert abs(again.panels.panels["Surface"].width() - width) <= 2
    assert again.theme.zoom == LAYOUTS[name][3]
    again.close()


@pytest.mark.parametrize("state", [b"", b"rubbish", "text", 7, None])
def test_a_spoilt_memory_of_panels_does_no_harm(user, qtbot, state):
    QSettings().setValue("panels", state)
    QSettings().setValue("zoom", "1e9")
    QSettings().setValue("geometry", state)
    again = make_window()
    qtbot.addWidget(again)
    again.show()
    qtbot.wait(40)
    assert again.panels.panels["Surface"].isVisible()
    assert again.theme.zoom == 1.0
    again.close()


def test_full_screen_and_back(user):
    user.key(Qt.Key.Key_F11)
    assert user.window.isFullScreen()
    assert user.window.menus.full.isChecked()
    user.key(Qt.Key.Key_F11)
    assert not user.window.isFullScreen()


def test_a_click_on_a_racer_selects_it(user):
    row = user.window.views[RacersView].rows[2]
    user.press(row.status)
    assert user.document.racer == 2
    assert row.property("selected")


def test_removing_a_racer_or_a_start_keeps_the_selection_on_its_own(user):
    document = user.document
    document.edit("Starts", starts=((1.0, 1.0), (2.0, 2.0), (3.0, 3.0)))
    document.select(start=1, racer=3)
    document.edit("Remove", racers=document.experiment.racers[1:])
    assert document.experiment.racers[document.racer].name == "Adam"
    document.remove_start(0)
    assert document.experiment.starts[document.selection] == (2.0, 2.0)
    document.undo_stack.undo()
    assert document.experiment.starts[document.selection] == (2.0, 2.0)


def test_the_columns_grow_with_the_window(user, panels):
    for width in (1024, 1440, 2200):
        user.window.resize(width, 900)
        user.settle(250)
    width = user.window.width()  # the screen may not have room for more
    assert abs(panels.panels["Surface"].width() - 0.292 * width) <= 4
    assert 280 < panels.panels["Racers"].width() < 320


def test_a_width_the_user_chose_stays(user, panels):
    panel = panels.panels["Surface"]
    line = panel.mapTo(panels, QPoint(-6, 40))
    QTest.mousePress(panels, LEFT, NONE, line)
    for dx in (-20, -50, -80):
        QTest.mouseMove(panels, line + QPoint(dx, 0))
        user.settle(10)
    QTest.mouseRelease(panels, LEFT, NONE, line + QPoint(-80, 0))
    user.settle(60)
    assert panel.width() > 460
    chosen = panels.panels["Surface"].width()
    user.window.resize(1600, 900)
    user.settle(80)
    assert abs(panels.panels["Surface"].width() - chosen) <= 3
