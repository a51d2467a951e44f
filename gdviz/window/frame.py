"""The main window: menus, and panels made from VIEWS."""

from functools import partial
from typing import Any

from PyQt6.QtCore import QByteArray, QChildEvent, QEvent, QSettings, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFrame,
    QMainWindow,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from gdviz.app import job
from gdviz.app.controls import IconButton
from gdviz.app.document import Document
from gdviz.app.entry import CheckedField
from gdviz.app.exporter import Exporter
from gdviz.app.files import Files
from gdviz.app.guard import state_folder
from gdviz.app.panel import SOON, Panels
from gdviz.app.player import Player
from gdviz.app.recovery import Recovery
from gdviz.app.text import tr
from gdviz.app.theme import Theme, icon
from gdviz.experiment import Experiment, first_experiment
from gdviz.views import VIEWS
from gdviz.views.fit import FitView
from gdviz.views.header import HeaderView
from gdviz.views.laboratory import LaboratoryView
from gdviz.views.lessons import LessonsView
from gdviz.views.map import MapView
from gdviz.views.playbar import PlaybarView
from gdviz.views.racers import RacersView
from gdviz.views.relief import ReliefView
from gdviz.views.starts import StartsView
from gdviz.views.status import StatusView
from gdviz.views.view import View
from gdviz.window.appearance import Appearance
from gdviz.window.banner import Banner
from gdviz.window.dialogs import Dialogs
from gdviz.window.layouts import LAYOUTS, WIDE
from gdviz.window.menus import Menus

GAP = 12
JUMP = 100  # pixels; who drags the window's edge sees it follow, what jumps may be painted in turns
TOUR_AFTER = 900  # milliseconds after the first start
PANELS_VERSION = 2  # of the places that are remembered; another one is not restored


class Window(QMainWindow):
    """The program."""

    def __init__(self, experiment: Experiment | None = None):
        super().__init__()
        self.setWindowTitle(tr("gdviz"))
        self.setWindowIcon(icon())
        self.setMinimumSize(980, 560)
        self.setAcceptDrops(True)
        self.appearance = Appearance(self)
        self.document = Document(first_experiment() if experiment is None else experiment, self)
        self.player = Player(self)
        # before the views, so that they find the playhead within the new race
        self.document.raced.connect(lambda race: self.player.set_last(race.last))
        self.files = Files(self.document, self)
        self.exporter = Exporter(self.document, self)
        self.dialogs = Dialogs(self)
        self.recovery = Recovery(self.document, state_folder())
        self.views: dict[type[View], View] = {
            kind: kind(self.document, self.player) for kind in VIEWS
        }
        self._surface = self.document.experiment.resolved()  # that is shown
        self._layout = "race"
        self._seen = False
        self._tidy = QTimer(self)
        self._tidy.setSingleShot(True)
        self._tidy.setInterval(30)
        self._tidy.timeout.connect(self._set_widths)
        self._lay_out()
        self.menus = Menus(self)
        self._make_buttons()
        self._connect()
        self.appearance.begin()
        self.choose_layout("race")
        self.map.canvas.setFocus()
        self.document.recompute()

    @property
    def theme(self) -> Theme:
        """The colours of now."""
        return self.appearance.theme

    @property
    def layouts(self) -> dict[str, str]:
        """The names of the layouts and their titles."""
        return {name: tr("Layout: {name}").format(name=name) for name in LAYOUTS}

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

    @property
    def racers(self) -> RacersView:
        """The racers."""
        return self._view(RacersView)

    @property
    def starts(self) -> StartsView:
        """The start points."""
        return self._view(StartsView)

    @property
    def playbar(self) -> PlaybarView:
        """The playhead and its buttons."""
        return self._view(PlaybarView)

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
            elif view.place in ("above", "centre", "below"):
                inside.addWidget(view, 1 if view.place == "centre" else 0)
        self.panels.add("Racers", setup, self.racers.tools, left=True)
        setup.setMinimumWidth(258)
        for view in self.views.values():
            if view.place == "right":
                self.panels.add(view.title, view, view.tools)
        self.panels.setCentralWidget(chart)
        self.panels.grew.connect(self.appearance.dress)
        self.banner = Banner(self.document, self.recovery, self)
        body = QVBoxLayout()
        body.setContentsMargins(GAP, GAP, GAP, GAP)
        body.setSpacing(GAP)
        body.addWidget(self.banner)
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
        if self.panels.are_typed_into:  # their windows go when they are docked
            QTimer.singleShot(SOON, partial(self.choose_layout, name))
            return
        left, right, shares, zoom = LAYOUTS[name]
        self._layout = name
        self.panels.arrange(left, right, shares)
        self.appearance.paint_in_turn()
        self.panels.forget_widths()
        self.appearance.enlarge(zoom)
        self._set_widths()

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front; a name that is none does nothing."""
        panel, surface = self.panels.panels.get(name), self.panels.panels["Surface"]
        if panel is None:
            return
        if not panel.isVisible() and surface.isVisible() and not surface.isFloating():
            self.panels.tabifyDockWidget(surface, panel)  # or it would take room from the others
        panel.show()
        panel.raise_()

    def _stage(self, name: str) -> None:
        """Show the panel that a scene is about, in the layout that is made for it."""
        if self.panels.panels.get(name) is None or self.panels.panels[name].isVisible():
            self.show_panel(name)
            return
        made = [layout for layout, (_, right, _, _) in LAYOUTS.items() if name in right[0]]
        if made:
            self.choose_layout(made[0])
        self.show_panel(name)

    def _set_widths(self) -> None:
        width = self.width()
        right = min(round(0.292 * width), 680) if width >= 1200 else max(240, round(0.27 * width))
        if self._layout in WIDE:
            right = round(WIDE[self._layout] * width)
            if self._layout == "gradient laboratory" and width < 1200:
                right = round(0.72 * width)
        self.panels.set_widths(296 if width >= 1200 else 276, right)

    def _make_buttons(self) -> None:
        stack = self.document.undo_stack
        self._buttons = {}
        for name, shown, tip, slot in (
            ("Undo", "ph.arrow-u-up-left", tr("Undo (Ctrl+Z)"), stack.undo),
            ("Redo", "ph.arrow-u-up-right", tr("Redo (Ctrl+Shift+Z)"), stack.redo),
            ("Scenes", "ph.squares-four", tr("Scenes (Ctrl+G)"), self.dialogs.gallery),
            ("Export", "ph.export", tr("Export trajectories (Ctrl+E)"), self.exporter.trajectories),
            ("Light", "ph.moon", tr("Light or dark theme"), self.appearance.flip),
        ):
            button = IconButton(shown, tip)
            button.clicked.connect(lambda _, slot=slot: slot())
            self.header.buttons.addWidget(button)
            self._buttons[name] = button
        for name, changed in (("Undo", stack.canUndoChanged), ("Redo", stack.canRedoChanged)):
            self._buttons[name].setEnabled(False)
            changed.connect(self._buttons[name].setEnabled)

    def _connect(self) -> None:
        self.files.said.connect(self.status.say)
        self.files.remembered.connect(self._show_title)
        self.files.python.connect(self.racers.enter_python)
        self.files.entered.connect(self.racers.enter)
        self.files.tables.connect(self.dialogs.data)
        self.files.kept.connect(self.header.refresh_library)
        self.header.edit.clicked.connect(lambda: self.dialogs.formula())
        self.header.refresh_library()
        self.exporter.said.connect(self.status.say)
        self.exporter.progressed.connect(self.status.show_export)
        self.document.moved.connect(lambda _: self._show_title())
        self.document.changed.connect(self._follow)
        self._show_title()
        self.files.opened.connect(self.player.pause)
        self.files.opened.connect(self._forget_typing)
        self.files.opened.connect(self.appearance.paint_in_turn)
        self.files.staged.connect(self._stage)
        self.recovery.failed.connect(self.status.say)
        self.map.pointed.connect(self.status.show_point)
        self.map.pointed.connect(self._view(LaboratoryView).show_pointer)
        self.map.pointed.connect(self._view(FitView).show_pointer)
        lessons = self._view(LessonsView)
        lessons.wanted.connect(partial(self.files.open_scene, playing=True))
        lessons.shown.connect(self.show_panel)
        self._view(ReliefView).pointed.connect(self.status.show_point)
        self.status.cancelled.connect(self.exporter.cancel)
        self.status.cancelled.connect(self.document.give_up)
        # a click must not take the keyboard away from the player: Space plays, arrows step
        for button in self.findChildren(QAbstractButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _forget_typing(self) -> None:
        """What was typed for another experiment is not for the one that comes."""
        for field in self.findChildren(CheckedField):
            field.setModified(False)

    # keys: a control reached by Tab keeps its own

    def play_or_press(self) -> None:
        """Press the button that has the keyboard, or play and pause."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QAbstractButton):
            focus.click()
        else:
            self.player.toggle()

    def step_or_slide(self, count: int) -> None:
        """Move the slider that has the keyboard, or the playhead, by so many steps."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QSlider):
            focus.setValue(focus.value() + count * focus.singleStep())
        else:
            self.player.step(count)

    # the rest

    def set_theme(self, theme: Theme) -> None:
        """Let its own buttons follow the theme."""
        self._buttons["Light"].set_icon("ph.sun" if theme.name == "dark" else "ph.moon")
        for button in self._buttons.values():
            button.set_color(theme.text2)

    def flip_full_screen(self) -> None:
        """Full screen, or back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.WindowStateChange:
            self.menus.full.setChecked(self.isFullScreen())

    # drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and self.files.can_take(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        if event is not None:
            self.files.take(event.mimeData())

    def _follow(self, experiment: Experiment) -> None:
        self._show_title()
        if experiment.resolved() != self._surface:  # every view of it is drawn anew
            self._surface = experiment.resolved()
            self.appearance.paint_in_turn()

    def _show_title(self) -> None:
        self.setWindowTitle(tr("{name}[*] – gdviz").format(name=self.files.name()))
        self.setWindowModified(self.document.modified)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        grown = event.size() - event.oldSize()
        if max(abs(grown.width()), abs(grown.height())) > JUMP:
            self.appearance.paint_in_turn()
        self.tidy()

    def tidy(self) -> None:
        """Set the widths of the panels once they have their share of a new size."""
        self._tidy.start()

    def childEvent(self, event: QChildEvent | None) -> None:
        super().childEvent(event)
        if event is not None and event.type() == QEvent.Type.ChildPolished:
            self.appearance.dress(event.child())

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        if not self._seen:  # what was asked of hidden panels does not hold
            self._seen = True
            QTimer.singleShot(0, self._restore_panels)
            QTimer.singleShot(TOUR_AFTER, self.dialogs.tour_once)

    def _restore_panels(self) -> None:
        """Put the panels where they were when the program was closed."""
        settings = QSettings()
        state, zoom = settings.value("panels"), str(settings.value("zoom", "1.0"))
        known = {str(zoom): zoom for _, _, _, zoom in LAYOUTS.values()}
        if isinstance(state, QByteArray) and self.panels.restoreState(state, PANELS_VERSION):
            self.panels.keep_widths()
            self.appearance.enlarge(known.get(zoom, 1.0))
        else:
            self.panels.forget_widths()
            self._set_widths()

    def _remember_panels(self) -> None:
        settings = QSettings()
        settings.setValue("panels", self.panels.saveState(PANELS_VERSION))
        settings.setValue("zoom", str(self.appearance.zoom))
        settings.setValue("geometry", self.saveGeometry())

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if event is not None and not self.files.may_leave():
            event.ignore()
            return
        for dialog in self.findChildren(QDialog):
            dialog.reject()
        self._remember_panels()
        self.exporter.close()
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
