"""The main window: menus, and panels made from VIEWS."""

import sys
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QByteArray, QEvent, QSettings, Qt, QTimer
from PyQt6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMessageBox,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from gdviz import __version__
from gdviz.app import job, theme
from gdviz.app.controls import IconButton, label
from gdviz.app.document import Document
from gdviz.app.files import Files
from gdviz.app.guard import Guard, Signals, return_large_arrays, state_folder
from gdviz.app.panel import Panels
from gdviz.app.player import Player
from gdviz.app.recovery import Recovery
from gdviz.display import Display
from gdviz.experiment import Experiment, first_experiment
from gdviz.session import Session
from gdviz.views import VIEWS
from gdviz.views.header import HeaderView
from gdviz.views.map import MapView
from gdviz.views.relief import ReliefView
from gdviz.views.status import StatusView
from gdviz.views.view import View

GAP = 12
PANELS_VERSION = 1  # of the places that are remembered; another one is not restored

# For each purpose: panels at the left, groups of tabs at the right, how high they are, and how
# large type and lines are.
LAYOUTS: dict[str, tuple[list[str], list[list[str]], list[int], float]] = {
    "race": (["Racers"], [["Surface", "Inspector"], ["Curves", "Results"]], [11, 9], 1.0),
    "step by step": (["Racers"], [["Inspector"], ["Surface", "Curves", "Results"]], [13, 7], 1.0),
    "present": ([], [["Surface"], ["Curves"]], [3, 2], 1.4),
}


class Window(QMainWindow):
    """The program."""

    def __init__(self, experiment: Experiment | None = None):
        super().__init__()
        self.setWindowTitle("gdviz")
        self.setWindowIcon(theme.icon())
        self.setMinimumSize(900, 560)
        self.document = Document(first_experiment() if experiment is None else experiment, self)
        self.player = Player(self)
        # before the views, so that they find the playhead within the new race
        self.document.raced.connect(lambda race: self.player.set_last(race.last))
        self.files = Files(self.document, self)
        self.recovery = Recovery(self.document, state_folder())
        self.views: dict[type[View], View] = {
            kind: kind(self.document, self.player) for kind in VIEWS
        }
        self._zoom = 1.0
        self._seen = False
        self._tidy = QTimer(self)
        self._tidy.setSingleShot(True)
        self._tidy.setInterval(30)
        self._tidy.timeout.connect(self._set_widths)
        self._lay_out()
        self._make_menus()
        self._make_buttons()
        self._connect()
        self._follow_system()
        self.choose_layout("race")
        self.map.canvas.setFocus()
        self.document.recompute()
        self._offer_recovery()

    @property
    def map(self) -> MapView:
        """The map view."""
        return self._view(MapView)

    @property
    def status(self) -> StatusView:
        """The line at the bottom."""
        return self._view(StatusView)

    @property
    def header(self) -> HeaderView:
        """The line at the top."""
        return self._view(HeaderView)

    def _view(self, kind: type[Any]) -> Any:
        return self.views[kind]

    # construction

    def _lay_out(self) -> None:
        self.panels = Panels(self)
        chart = card()
        inside = QVBoxLayout(chart)
        inside.setContentsMargins(8, 10, 4, 4)
        setup = QWidget()
        left = QVBoxLayout(setup)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        for view in self.views.values():
            if view.place == "left":
                first = left.count() == 0
                if not first:
                    left.addWidget(rule())
                left.addWidget(view, 1 if first else 0)
            elif view.place in ("centre", "below"):
                inside.addWidget(view, 1 if view.place == "centre" else 0)
        self.panels.add("Racers", setup, [], left=True)
        setup.setMinimumWidth(258)
        for view in self.views.values():
            if view.place == "right":
                self.panels.add(view.title, view, view.tools)
        self.panels.setCentralWidget(chart)
        self._banner = self._make_banner()
        body = QVBoxLayout()
        body.setContentsMargins(GAP, GAP, GAP, GAP)
        body.setSpacing(GAP)
        body.addWidget(self._banner)
        body.addWidget(self.panels, 1)
        whole = QVBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addLayout(body, 1)
        whole.addWidget(self.status)
        central = QWidget()
        central.setLayout(whole)
        self.setCentralWidget(central)

    def choose_layout(self, name: str) -> None:
        """Arrange the panels for a purpose: "race", "step by step" or "present"."""
        left, right, shares, zoom = LAYOUTS[name]
        self.panels.arrange(left, right, shares)
        self.panels.forget_widths()
        if zoom != self._zoom:
            self._zoom = zoom
            self.choose_theme(self.theme_choice)
        self._set_widths()

    def _set_widths(self) -> None:
        width = self.width()
        right = min(round(0.292 * width), 680) if width >= 1200 else max(240, round(0.27 * width))
        if self._zoom > 1:
            right = round(0.42 * width)
        self.panels.set_widths(296 if width >= 1200 else 276, right)

    def _make_banner(self) -> QFrame:
        banner = card()
        row = QHBoxLayout(banner)
        row.setContentsMargins(14, 8, 14, 8)
        row.addWidget(label("gdviz was not closed properly. Bring back the experiment?", "name"), 1)
        for text, slot in (("Restore", self._restore), ("Discard", self._discard)):
            button = QPushButton(text)
            button.clicked.connect(slot)
            row.addWidget(button)
        banner.hide()
        return banner

    def _make_menus(self) -> None:
        player, stack, chart = self.player, self.document.undo_stack, self.map
        file, edit, race, view, help_ = (
            self._menu(name) for name in ("&File", "&Edit", "&Race", "&View", "&Help")
        )
        self._add(file, "&Open experiment…", "Ctrl+O", self.files.open)
        self._add(file, "&Save experiment as…", "Ctrl+S", self.files.save)
        file.addSeparator()
        self._add(file, "&Export trajectories…", "Ctrl+E", self.files.export)
        file.addSeparator()
        self._add(file, "&Quit", "Ctrl+Q", self.close)
        # kept here: Qt makes these two, and Python would delete them with their last name
        self._history = [
            (stack.createUndoAction(self, "&Undo"), "Ctrl+Z"),
            (stack.createRedoAction(self, "&Redo"), "Ctrl+Shift+Z"),
        ]
        for action, keys in self._history:
            assert action is not None
            action.setShortcut(QKeySequence(keys))
            edit.addAction(action)
            self.addAction(action)
        edit.addSeparator()
        self._add(edit, "&Add a start in the middle", "A", chart.add_in_the_middle)
        self._add(edit, "Re&move the selected start", "Delete", chart.remove_selected)
        self._play = self._add(race, "&Play", "Space", self._space)
        self._add(race, "Step &back", "Left", lambda: self._arrow(-1))
        self._add(race, "Step &forward", "Right", lambda: self._arrow(1))
        self._add(race, "To the &start", "Home", lambda: player.step(-player.last))
        self._add(race, "To the &end", "End", lambda: player.step(player.last))
        self._loop = self._add(race, "&Loop", "L", lambda: player.set_loop(not player.loop))
        self._loop.setCheckable(True)
        self._add(view, "&Fit map", "F", chart.fit)
        self._add(view, "Make the visible part the &domain", "D", chart.take_domain)
        self._add(view, "Zoom &in", "Ctrl++", lambda: chart.zoom(1.5))
        self._add(view, "Zoom &out", "Ctrl+-", lambda: chart.zoom(1 / 1.5))
        view.addSeparator()
        view.addMenu(chart.layers)
        panels = QMenu("&Panels", view)
        view.addMenu(panels)
        for panel in self.panels.panels.values():
            action = panel.toggleViewAction()
            assert action is not None
            panels.addAction(action)
        for number, name in enumerate(LAYOUTS, 1):
            self._add(view, f"Layout: {name}", f"Ctrl+{number}",
                      lambda name=name: self.choose_layout(name))  # fmt: skip
        full = self._add(view, "Full &screen", "F11", self.flip_full_screen)
        full.setCheckable(True)
        self._full = full
        view.addSeparator()
        group = QActionGroup(self)
        self._themes = {}
        for choice in ("system", "light", "dark"):
            action = self._add(
                view, f"{choice.capitalize()} theme", "", lambda c=choice: self.choose_theme(c)
            )
            action.setCheckable(True)
            group.addAction(action)
            self._themes[choice] = action
        self._add(help_, "&About gdviz", "", self.about)

    def _menu(self, name: str) -> QMenu:
        menu = self.header.menus.addMenu(name)
        assert menu is not None
        return menu

    def _add(self, menu: QMenu, text: str, keys: str, slot: Callable[..., Any]) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False: slot())
        menu.addAction(action)
        self.addAction(action)  # so that its keys work while a native menu bar hides it
        return action

    def _make_buttons(self) -> None:
        stack = self.document.undo_stack
        self._buttons = {}
        for shown, tip, slot in (
            ("ph.arrow-u-up-left", "Undo (Ctrl+Z)", stack.undo),
            ("ph.arrow-u-up-right", "Redo (Ctrl+Shift+Z)", stack.redo),
            ("ph.export", "Export trajectories (Ctrl+E)", self.files.export),
            ("ph.moon", "Light or dark theme", self.flip_theme),
        ):
            button = IconButton(shown, tip)
            button.clicked.connect(lambda _, slot=slot: slot())
            self.header.buttons.addWidget(button)
            self._buttons[tip.split()[0]] = button
        for name, changed in (("Undo", stack.canUndoChanged), ("Redo", stack.canRedoChanged)):
            self._buttons[name].setEnabled(False)
            changed.connect(self._buttons[name].setEnabled)

    def _connect(self) -> None:
        self.files.said.connect(self.status.say)
        self.files.progressed.connect(self.status.show_progress)
        self.files.opened.connect(self.player.pause)
        self.recovery.failed.connect(self.status.say)
        self.map.pointed.connect(self.status.show_point)
        self._view(ReliefView).pointed.connect(self.status.show_point)
        self.player.changed.connect(self._show_player)
        self.status.cancelled.connect(self.files.cancel)
        self.status.cancelled.connect(self.document.give_up)
        # a click must not take the keyboard away from the player: Space plays, arrows step
        for button in self.findChildren(QAbstractButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    # keys: a control reached by Tab keeps its own

    def _space(self) -> None:
        focus = QApplication.focusWidget()
        if isinstance(focus, QAbstractButton):
            focus.click()
        else:
            self.player.toggle()

    def _arrow(self, count: int) -> None:
        focus = QApplication.focusWidget()
        if isinstance(focus, QSlider):
            focus.setValue(focus.value() + count * focus.singleStep())
        else:
            self.player.step(count)

    def _show_player(self) -> None:
        self._play.setText("&Pause" if self.player.playing else "&Play")
        self._loop.setChecked(self.player.loop)

    # theme

    def _follow_system(self) -> None:
        hints = QApplication.styleHints()
        assert hints is not None
        hints.colorSchemeChanged.connect(lambda _: self.choose_theme(self.theme_choice))
        self.choose_theme(str(QSettings().value("theme", "system")))

    def choose_theme(self, choice: str) -> None:
        """Take the theme "light" or "dark", or that of the system, and remember the choice."""
        self.theme_choice = choice if choice in ("light", "dark") else "system"
        QSettings().setValue("theme", self.theme_choice)
        self._themes[self.theme_choice].setChecked(True)
        known = {"light": theme.LIGHT, "dark": theme.DARK}
        self.set_theme(known.get(self.theme_choice) or theme.system_theme())

    def flip_theme(self) -> None:
        self.choose_theme("dark" if self.theme.name == "light" else "light")

    def set_theme(self, now: theme.Theme) -> None:
        """Give the window another theme, in the size of type that the layout asks for."""
        self.theme = now = now.zoomed(self._zoom)
        theme.apply(now, self)
        self.panels.set_theme(now)
        for view in self.views.values():
            view.set_theme(now)
        self._buttons["Light"].set_icon("ph.sun" if now.name == "dark" else "ph.moon")
        for button in self._buttons.values():
            button.set_color(now.text2)

    # the rest

    def _offer_recovery(self) -> None:
        self._found = self.recovery.find()
        self._banner.setVisible(self._found is not None)

    def _restore(self) -> None:
        if self._found is not None:
            self.document.show("Restore the experiment", self._found.experiment)
            self.document.view_as(self._found.display)
        self.recovery.write()
        self._discard()

    def _discard(self) -> None:
        self._banner.hide()
        self.recovery.settle()

    def flip_full_screen(self) -> None:
        """Full screen, or back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.WindowStateChange:
            self._full.setChecked(self.isFullScreen())

    def about(self) -> None:
        box = QMessageBox(self)
        box.setWindowTitle("About gdviz")
        box.setIconPixmap(theme.icon().pixmap(64, 64))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(
            f"gdviz {__version__}\n\nSee optimizers race down a loss surface.\n\n"
            "Free software under the GNU General Public License, version 3 or later.\n"
            "The typefaces are Inter and STIX, under the SIL Open Font License."
        )
        box.exec()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._tidy.start()  # once the panels have their share of the new size

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        if not self._seen:  # what was asked of hidden panels does not hold
            self._seen = True
            QTimer.singleShot(0, self._restore_panels)

    def _restore_panels(self) -> None:
        """Put the panels where they were when the program was closed."""
        settings = QSettings()
        state, zoom = settings.value("panels"), str(settings.value("zoom", "1.0"))
        known = {str(zoom): zoom for _, _, _, zoom in LAYOUTS.values()}
        if isinstance(state, QByteArray) and self.panels.restoreState(state, PANELS_VERSION):
            self.panels.keep_widths()
            wanted = known.get(zoom, 1.0)
            if wanted != self._zoom:
                self._zoom = wanted
                self.choose_theme(self.theme_choice)
        else:
            self.panels.forget_widths()
            self._set_widths()

    def _remember_panels(self) -> None:
        settings = QSettings()
        settings.setValue("panels", self.panels.saveState(PANELS_VERSION))
        settings.setValue("zoom", str(self._zoom))
        settings.setValue("geometry", self.saveGeometry())

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self._remember_panels()
        self.player.pause()
        for view in self.views.values():
            view.finish()
        self.document.close()
        job.stop_all()
        self.recovery.close()
        super().closeEvent(event)


def card() -> QFrame:
    """A rounded panel."""
    made = QFrame()
    made.setObjectName("card")
    return made


def rule() -> QFrame:
    """A thin line between two parts of a panel."""
    made = QFrame()
    made.setObjectName("rule")
    return made


def make_window(experiment: Experiment | None = None, display: Display | None = None) -> Window:
    """The main window, ready to be shown; a QApplication must exist."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setApplicationName("gdviz")
    app.setOrganizationName("gdviz")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("gdviz")
    return_large_arrays()
    app.setStyle("Fusion")
    theme.load_fonts()
    app.setFont(theme.font(13))
    window = Window(experiment)
    if display is not None:
        window.document.view_as(display)
    screen = app.primaryScreen()
    room = None if screen is None else screen.availableGeometry()
    frame = 40  # for the title bar that a window manager adds
    if room is None:
        window.resize(1440, 900)
    else:
        window.resize(min(1440, room.width()), min(900, room.height() - frame))
    geometry = QSettings().value("geometry")
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    return window


def run(opened: Session | None = None) -> int:
    """Open the window, with a session or the first experiment; return when it is closed."""
    app = QApplication(sys.argv[:1])
    guard = Guard(state_folder())
    guard.install()
    window = make_window() if opened is None else make_window(opened.experiment, opened.display)
    guard.caught.connect(window.status.say)
    signals = Signals(window.close)
    window.show()
    code = app.exec()
    signals.remove()
    guard.remove()
    return code
