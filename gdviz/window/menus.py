"""The menus: every action of the program, with its words and its keys."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QApplication, QMenu

from gdviz.app.keys import plain
from gdviz.app.text import tr
from gdviz.window.picture import KINDS

if TYPE_CHECKING:
    from gdviz.window.frame import Window

LATER = 150  # milliseconds
THEMES = {"system": "System theme", "light": "Light theme", "dark": "Dark theme"}


class Menus:
    """Builds the menus of a window; the command palette and the list of keys read them."""

    def __init__(self, window: "Window"):
        self.window = window
        self.themes: dict[str, QAction] = {}
        self._bar = window.header.menus
        file, edit, race, view, help_ = (
            self._menu(name)
            for name in (tr("&File"), tr("&Edit"), tr("&Race"), tr("&View"), tr("&Help"))
        )
        self._fill_file(file)
        self._fill_edit(edit)
        self._fill_race(race)
        self._fill_view(view)
        self._fill_help(help_)

    def actions(self) -> list[QAction]:
        """Every action, in the order of the menus."""
        return [action for _, action in self.grouped()]

    def grouped(self) -> list[tuple[str, QAction]]:
        """Every action with the name of the submenu it is in, empty for none."""
        found: list[tuple[str, QAction]] = []

        def collect(menu: QMenu, group: str) -> None:
            for action in menu.actions():
                inner = action.menu()
                if isinstance(inner, QMenu):
                    collect(inner, plain(inner.title()))
                elif action.text() and not action.isSeparator():
                    found.append((group, action))

        for action in self._bar.actions():
            inner = action.menu()
            if isinstance(inner, QMenu):
                collect(inner, "")
        return found

    def show_theme(self, choice: str) -> None:
        """Mark the theme that is chosen."""
        self.themes[choice].setChecked(True)

    def _menu(self, name: str) -> QMenu:
        menu = self._bar.addMenu(name)
        assert menu is not None
        return menu

    def _add(self, menu: QMenu, text: str, keys: str, slot: Callable[..., Any]) -> QAction:
        action = QAction(text, self.window)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False: slot())
        menu.addAction(action)
        self.window.addAction(action)  # so that its keys work while a native menu bar hides it
        return action

    def _fill_file(self, menu: QMenu) -> None:
        window, files, exporter = self.window, self.window.files, self.window.exporter
        self._add(menu, tr("&New experiment"), "Ctrl+N", files.new)
        self._add(menu, tr("&Open experiment…"), "Ctrl+O", files.open)
        self.recent = QMenu(tr("Open &recent"), menu)
        menu.addMenu(self.recent)
        self.recent.aboutToShow.connect(self._list_recent)
        files.remembered.connect(self._list_recent)
        self._list_recent()
        self._add(menu, tr("Open &data…"), "Ctrl+D", window.dialogs.data)
        self._add(menu, tr("S&cenes…"), "Ctrl+G", window.dialogs.gallery)
        menu.addSeparator()
        self._add(menu, tr("&Save experiment"), "Ctrl+S", files.save)
        self._add(menu, tr("Save experiment &as…"), "Ctrl+Shift+S", files.save_as)
        self._add(menu, tr("Save as a scene…"), "", window.dialogs.save_scene)
        self._add(menu, tr("&Keep the data in the experiment"), "", files.embed)
        menu.addSeparator()
        self._add(menu, tr("Copy the experiment as &text"), "Ctrl+Shift+C", files.copy)
        self._add(menu, tr("Open the text in the clip&board"), "Ctrl+Shift+V", files.paste)
        menu.addSeparator()
        self._add(menu, tr("&Export trajectories…"), "Ctrl+E", exporter.trajectories)
        self._add(
            menu, tr("Export &picture or film…"), "Ctrl+Shift+E", window.dialogs.order_picture
        )
        self._add(menu, tr("Export &map of many runs…"), "", window.dialogs.order_map)
        self._add(menu, tr("Export Python scr&ipt…"), "", exporter.script)
        copies = QMenu(tr("Copy as pict&ure"), menu)
        menu.addMenu(copies)
        for kind in KINDS:
            keys = "Ctrl+Alt+C" if kind == "map" else ""
            self._add(
                copies, tr(kind.capitalize()), keys, partial(window.dialogs.copy_picture, kind)
            )
        menu.addSeparator()
        self._add(menu, tr("&Quit"), "Ctrl+Q", window.close)

    def _arrange(self, name: str) -> None:
        """Take a layout; soon, where a panel floats, which is then docked again.

        What has still to come for its window, such as the release of the key, would come for a
        window that is no more.
        """
        if any(panel.isFloating() for panel in self.window.panels.panels.values()):
            QTimer.singleShot(LATER, partial(self.window.choose_layout, name))
        else:
            self.window.choose_layout(name)

    def _list_recent(self) -> None:
        files = self.window.files
        self.recent.clear()
        recent = files.recent()
        names = [path.name for path in recent]
        for path in recent:
            alone = names.count(path.name) == 1
            shown = path.name if alone else f"{path.name} – {path.parent.name}"
            action = QAction(shown.replace("&", "&&"), self.recent)
            action.setToolTip(str(path))
            action.triggered.connect(partial(_open, files, path))
            self.recent.addAction(action)
        if self.recent.isEmpty():
            action = QAction(tr("None yet"), self.recent)
            action.setEnabled(False)
            self.recent.addAction(action)
        else:
            self.recent.addSeparator()
            action = QAction(tr("Forget these"), self.recent)
            action.triggered.connect(lambda _=False: files.forget())
            self.recent.addAction(action)

    def _fill_edit(self, menu: QMenu) -> None:
        window, stack, chart = self.window, self.window.document.undo_stack, self.window.map
        # kept here: Qt makes these two, and Python would delete them with their last name
        self._history = [
            (stack.createUndoAction(window, tr("&Undo")), "Ctrl+Z"),
            (stack.createRedoAction(window, tr("&Redo")), "Ctrl+Shift+Z"),
        ]
        for action, keys in self._history:
            assert action is not None
            action.setShortcut(QKeySequence(keys))
            menu.addAction(action)
            window.addAction(action)
        menu.addSeparator()
        self._add(menu, tr("&Add a start in the middle"), "A", chart.add_in_the_middle)
        self._add(menu, tr("Re&move the selected start"), "Delete", chart.remove_selected)
        menu.addMenu(window.starts.menu)
        menu.addSeparator()
        self._add(menu, tr("&Formula of the surface…"), "Ctrl+Shift+F", window.dialogs.formula)
        menu.addSeparator()
        self._add(menu, tr("Add an &optimizer…"), "Ctrl+Shift+A", window.racers.choose)
        self._add(menu, tr("&Write an update rule…"), "Ctrl+Shift+R", window.racers.write_rule)
        self._add(menu, tr("Add a &Python file…"), "", window.racers.find_python)
        menu.addMenu(window.racers.all_menu)
        menu.addSeparator()
        self._add(menu, tr("&Preferences…"), "Ctrl+,", window.dialogs.preferences)

    def _fill_race(self, menu: QMenu) -> None:
        player = self.window.player
        self._play = self._add(menu, tr("&Play"), "Space", self.window.play_or_press)
        self._add(menu, tr("Step &back"), "Left", lambda: self.window.step_or_slide(-1))
        self._add(menu, tr("Step &forward"), "Right", lambda: self.window.step_or_slide(1))
        self._add(menu, tr("To the &start"), "Home", lambda: player.step(-player.last))
        self._add(menu, tr("To the &end"), "End", lambda: player.step(player.last))
        self._loop = self._add(menu, tr("&Loop"), "L", lambda: player.set_loop(not player.loop))
        self._loop.setCheckable(True)
        player.changed.connect(self._show_player)

    def _show_player(self) -> None:
        player = self.window.player
        self._play.setText(tr("&Pause") if player.playing else tr("&Play"))
        self._loop.setChecked(player.loop)

    def _fill_view(self, menu: QMenu) -> None:
        window, chart = self.window, self.window.map
        self._add(menu, tr("&Fit map"), "F", chart.fit)
        self._add(menu, tr("Make the visible part the &domain"), "D", chart.take_domain)
        self._add(menu, tr("Zoom &in"), "Ctrl++", lambda: chart.zoom(1.5))
        self._add(menu, tr("Zoom &out"), "Ctrl+-", lambda: chart.zoom(1 / 1.5))
        menu.addSeparator()
        menu.addMenu(chart.layers)
        self._add(menu, tr("Plane of the net&work…"), "", window.dialogs.plane)
        panels = QMenu(tr("&Panels"), menu)
        menu.addMenu(panels)
        for panel in window.panels.panels.values():
            action = panel.toggleViewAction()
            assert action is not None
            panels.addAction(action)
        for number, (name, title) in enumerate(window.layouts.items(), 1):
            self._add(menu, title, f"Ctrl+{number}", partial(self._arrange, name))
        self.full = self._add(menu, tr("Full &screen"), "F11", window.flip_full_screen)
        self.full.setCheckable(True)
        menu.addSeparator()
        group = QActionGroup(window)
        for choice, words in THEMES.items():
            action = self._add(menu, tr(words), "", partial(window.appearance.choose, choice))
            action.setCheckable(True)
            group.addAction(action)
            self.themes[choice] = action

    def _fill_help(self, menu: QMenu) -> None:
        window = self.window
        self._add(menu, tr("&Help on this"), "F1", window.dialogs.help)
        self._add(menu, tr("&Find a command…"), "Ctrl+K", window.dialogs.palette)
        self._add(menu, tr("&Keyboard shortcuts"), "Ctrl+?", window.dialogs.keys)
        self._add(menu, tr("&Lessons"), "Ctrl+L", partial(self._arrange, "lessons"))
        self._add(menu, tr("A short &tour"), "", window.dialogs.start_tour)
        menu.addSeparator()
        self._add(menu, tr("&About gdviz"), "", window.dialogs.about)
        about_qt = QAction(tr("About &Qt"), window)
        about_qt.triggered.connect(lambda _=False: QApplication.aboutQt())
        menu.addAction(about_qt)


def _open(files: Any, path: Any, _: bool = False) -> None:
    files.open_from(path)
