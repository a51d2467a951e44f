"""What opens beside the window: gallery, palette, help, keys, tour, preferences, pictures."""

import platform
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import PyQt6.QtCore
import PyQt6.QtGui
from PyQt6.QtCore import QObject, QSettings, Qt, QTimer
from PyQt6.QtGui import QColor, QCursor, QImage, QPainter, QPixmap
from PyQt6.QtWidgets import QApplication, QWidget

from gdviz import __version__, export, scene, session
from gdviz.app import theme
from gdviz.app.dialog import message
from gdviz.app.document import Origin
from gdviz.app.form import Field, Form
from gdviz.app.formulas import FormulaEditor
from gdviz.app.gallery import PICTURE, Gallery
from gdviz.app.help import Help, about_optimizer, about_surface, topics
from gdviz.app.job import Job
from gdviz.app.keys import Keys, plain
from gdviz.app.order import Order
from gdviz.app.palette import Command, Palette
from gdviz.app.preferences import Preferences
from gdviz.app.preferences import colours as chosen_colours
from gdviz.app.row import RacerRow
from gdviz.app.tables import TableDialog
from gdviz.app.text import tr
from gdviz.app.tour import Stop, Tour
from gdviz.compute import Computation
from gdviz.data import EXAMPLE
from gdviz.experiment import Experiment
from gdviz.network import PRINCIPAL, RANDOM, WEIGHTS, on_other_plane
from gdviz.scene import Scene
from gdviz.session import Session
from gdviz.shot import THEMES, Film, Shot
from gdviz.views.view import View
from gdviz.window.picture import KINDS
from gdviz_core import ENGINE, SURFACES
from gdviz_core.known import KNOWN
from gdviz_core.maps import MAX_SIDE

if TYPE_CHECKING:
    from gdviz.window.frame import Window

FIRST_TABLE = f"{EXAMPLE}houses.csv"
LICENCES = """\
gdviz is free software under the GNU General Public License, version 3 or later.
PyQt6: GPL 3. Qt: LGPL 3. pyqtgraph, msgspec, qtawesome, platformdirs, Pillow: MIT. \
NumPy, SciPy, contourpy, SymPy: BSD. igraph: GPL 2 or later. \
PyAV: BSD, with FFmpeg and x264 under the GPL.
The typefaces Inter and STIX: SIL Open Font License. Icons: Phosphor, MIT."""


def own_scenes() -> Path:
    """The folder of the user's own scenes."""
    return Path(platformdirs.user_data_dir("gdviz", appauthor=False)) / "scenes"


class Dialogs(QObject):
    """Opens each of them; they show what the window knows."""

    def __init__(self, window: "Window"):
        super().__init__(window)
        self.window = window
        self.tour: Tour | None = None

    def gallery(self) -> None:
        """Show the scenes."""
        own = scene.files_in(own_scenes())
        groups = [(tr("Scenes to play with"), scene.shipped()), (tr("Your scenes"), own)]
        Gallery(self.window, self.window.theme, groups, self.window.files.open_scene, own).open()

    def formula(self) -> None:
        """Edit the formula of the surface."""
        window = self.window
        data = window.document.experiment.data
        if data is not None and data.net is not None:
            window.document.said.emit(tr("A network is not written as a formula: open data anew"))
            return
        for there in window.findChildren(FormulaEditor):
            if there.isVisible():
                there.raise_()
                there.activateWindow()
                return
        editor = FormulaEditor(window, window.document, window.theme)
        editor.finished.connect(window.header.refresh_library)
        editor.show()

    def data(self, path: str = "") -> None:
        """Look into a table and learn from it."""
        window = self.window
        given = window.document.experiment.data
        first = path or ("" if given is None else given.path) or FIRST_TABLE

        def take(made: Experiment, words: str) -> None:
            if made.data is not None:
                label = tr("Learn from {name}").format(name=made.data.title)
                window.document.show(label, made)
                window.appearance.paint_in_turn()
            window.document.said.emit(words)
            if not window.panels.panels["Fit"].isVisible():
                # by itself: together with all that is drawn anew it would hold up the window
                QTimer.singleShot(0, partial(window.choose_layout, "data"))

        TableDialog(window, window.theme, window.document.experiment, first, take).open()

    def plane(self) -> None:
        """Ask for another plane through the weights of the network."""
        document = self.window.document
        data = document.experiment.data
        if data is None or data.net is None:
            document.said.emit(tr("There is no network: open data and choose one as the model"))
            return

        def take(kind: str, first: int, second: int, seed: int) -> None:
            runs = document.race.trajectories
            made, words = on_other_plane(document.experiment, kind, first, second, seed, runs)
            document.show(tr("Change the plane"), made)
            if words:
                document.said.emit(words)

        kinds = [(tr("Random directions"), RANDOM), (tr("Two weights"), WEIGHTS),
                 (tr("Principal components of the runs"), PRINCIPAL)]  # fmt: skip
        Form(
            self.window, tr("Plane of the network"),
            [Field(tr("Plane"), PRINCIPAL, kinds), Field(tr("First weight"), 1),
             Field(tr("Second weight"), 2), Field(tr("Seed of random ones"), 1)],
            take,
            hint=tr(
                "The map shows a plane through the space of all {count} weights. Runs leave it: "
                "what is shown is the nearest point, and Fit and Curves tell how far off it is."
            ).format(count=data.net.size),
        ).open()  # fmt: skip

    def save_scene(self) -> None:
        """Ask for words and add the experiment to the user's scenes."""
        window = self.window
        words = window.document.origin.scene

        def take(title: str, text: str, question: str) -> None:
            if not title.strip():
                raise ValueError(tr("a scene needs a title"))
            made = Scene(title.strip(), text.strip(), question.strip(), words.panel)
            document = window.document
            path = _place_of(made.title)
            saved = Session.of(document.experiment, document.display, made)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                export.save(path, session.dump(session.portable(saved), path.parent))
            except OSError as error:
                raise ValueError(str(error)) from None
            picture = window.map.canvas.grab().toImage()
            self._stamping = Job(_stamp(picture, path))
            self._stamping.start()
            if document.origin.path is None:  # else it is still that file's
                document.settle(Origin(document.experiment, None, made))
            window.status.say(tr("The scene is in the gallery: {path}").format(path=path))

        Form(
            window, tr("Save as a scene"),
            [Field(tr("Title"), words.title), Field(tr("What it shows"), words.text, lines=3),
             Field(tr("A question"), words.question, lines=2)],
            take, tr("Save"),
            tr("It is listed in the gallery, with its words above the map."),
        ).open()  # fmt: skip

    def palette(self) -> None:
        """Show the command palette."""
        window = self.window
        native = PyQt6.QtGui.QKeySequence.SequenceFormat.NativeText
        commands = [
            Command(
                f"{group}: {plain(action.text())}" if group else plain(action.text()),
                action.trigger,
                action.shortcut().toString(native),
            )
            for group, action in window.menus.grouped()
            if action.isEnabled()
        ]
        commands += [
            Command(tr("Surface: {title}").format(title=known.title),
                    partial(window.header.pick, known.name))
            for known in SURFACES.values()
        ]  # fmt: skip
        commands += [
            Command(tr("Add {title}").format(title=known.title),
                    partial(window.racers.enter, known.name))
            for known in KNOWN.values()
        ]  # fmt: skip
        commands += [
            Command(tr("Scene: {title}").format(title=path.stem.lstrip("0123456789-")
                    .replace("-", " ")), partial(window.files.open_scene, path))
            for path in (*scene.shipped(), *scene.files_in(own_scenes()))
        ]  # fmt: skip
        Palette(window, commands).open()

    def keys(self) -> None:
        """Show the keyboard shortcuts."""
        Keys(self.window, self.window.menus.actions()).open()

    def preferences(self) -> None:
        """Show the preferences."""
        Preferences(
            self.window, self.window.appearance.choice, self.window.appearance.choose
        ).open()

    def help(self) -> None:
        """Show help on what has the keyboard, or lies under the pointer."""
        entries = [(tr(title), words) for title, words in topics().items()]
        surface = self.window.document.experiment.resolved()
        known = SURFACES.get(surface.name)
        if known is not None:
            entries.append((known.title, about_surface(known)))
        racers = self.window.document.experiment.racers
        for optimizer in dict.fromkeys(racer.definition for racer in racers):
            entries.append((optimizer.title, about_optimizer(optimizer)))
        Help(self.window, entries, self._topic()).open()

    def _topic(self) -> str:
        under = QApplication.widgetAt(QCursor.pos())
        for widget in (QApplication.focusWidget(), under):
            found = self._topic_of(widget)
            if found:
                return found
        return "Map"

    def _topic_of(self, widget: QWidget | None) -> str:
        window, line = self.window, widget
        if line is window.header.formula:
            return "Formula"
        while line is not None and line is not window:
            if isinstance(line, RacerRow):
                return str(line.definition.title)
            if isinstance(line, View):
                return "Formula" if line is window.header else line.title
            line = line.parentWidget()
        return ""

    def start_tour(self) -> None:
        """Show five things that one has to know."""
        if self.tour is not None:
            self.tour.end()
        window = self.window
        stops = [
            Stop(window.header.surface, tr("A loss surface"),
                 tr("Choose one of the catalogue, or type a formula of your own beside it.")),
            Stop(window.map, tr("Start points"),
                 tr("Click on the map to drop a start point, drag it to move it. Every optimizer "
                    "runs from every start.")),
            Stop(window.racers, tr("Racers"),
                 tr("Switch optimizers on and off and turn their learning rates: the map follows "
                    "at once.")),
            Stop(window.playbar, tr("The race"),
                 tr("Space plays and pauses, the arrow keys go step by step. Drag the playhead "
                    "to any moment.")),
            Stop(window.panels.panels["Surface"], tr("Look closer"),
                 tr("The inspector takes every step apart, the results rank all runs. File, "
                    "Scenes has ready experiments, and Ctrl+K finds every command.")),
        ]  # fmt: skip
        QSettings().setValue("toured", "yes")
        self.tour = Tour(window, stops)
        self.tour.ended.connect(self._end_tour)

    def _end_tour(self) -> None:
        self.tour = None

    def tour_once(self) -> None:
        """Show the tour if it was never seen to its end."""
        if str(QSettings().value("toured", "no")) != "yes" and self.tour is None:
            self.start_tour()

    # pictures

    def order_picture(self) -> None:
        """Ask for a picture or a film."""
        window = self.window
        shown = window.map.canvas.viewport_now()
        visible = None
        if shown is not None and not window.map.fits:
            visible = (shown.x0, shown.x1, shown.y0, shown.y1)
        player = window.player
        document = window.document
        step = int(document.race.steps[player.index]) if player.index < player.last else None

        def make(kind: str, shot: Shot, film: Film) -> bool:
            why = window.exporter.obstacle()
            if why:
                raise ValueError(why)
            return window.exporter.render(kind, shot, film)

        run = (document.racer + 1, document.selection + 1)
        Order(window, window.theme.name, step, visible, make, run, *chosen_colours()).open()

    def order_map(self) -> None:
        """Ask for a map of many runs, as a picture or as arrays."""
        window = self.window
        document = window.document
        racers = [(racer.name, number) for number, racer in
                  enumerate(document.experiment.racers, 1)]  # fmt: skip
        if not racers:
            window.status.say(tr("There is nothing to map: add a racer"))
            return

        def make(kind: str, racer: int, size: int, colours: str) -> bool:
            if window.exporter.busy:
                raise ValueError(tr("An export is still running"))
            if not 1 <= size <= MAX_SIDE:
                raise ValueError(tr("Pixels: from 1 to {most}").format(most=f"{MAX_SIDE:,}"))
            heat, palette = chosen_colours()
            options = [f"--racer={racer}", f"--start={document.selection + 1}",
                       f"--theme={colours}", f"--heat={heat}", f"--palette={palette}"]  # fmt: skip
            return window.exporter.map(kind, size, options)

        Form(
            window, tr("Export map"),
            [Field(tr("What"), "basins", [(tr("Basins"), "basins"),
                                          (tr("Hyper-parameters"), "sweep")]),
             Field(tr("Racer"), document.racer + 1, racers),
             Field(tr("Pixels along the longer side"), 1024),
             Field(tr("Theme"), window.theme.name, [(tr("Dark"), "dark"), (tr("Light"), "light")])],
            make, tr("Choose a file…"),
            tr("The whole domain, or both axes, computed pixel by pixel in the background."),
        ).open()  # fmt: skip

    def copy_picture(self, kind: str) -> None:
        """Put a view, as it is on the screen, into the clipboard."""
        board = QApplication.clipboard()
        if board is not None:
            shown = self.window.views[KINDS[kind]].grab()
            picture = QPixmap(shown.size())
            picture.setDevicePixelRatio(shown.devicePixelRatio())
            picture.fill(QColor(self.window.theme.card))  # a view has no ground of its own
            painter = QPainter(picture)
            painter.drawPixmap(0, 0, shown)
            painter.end()
            board.setPixmap(picture)
            self.window.status.say(tr("The picture is in the clipboard"))

    def about(self) -> None:
        """Versions and licences."""
        words = f"gdviz {__version__}\n\n{tr('See optimizers race down a loss surface.')}"
        box = message(self.window, tr("About gdviz"), words)
        box.setIconPixmap(theme.icon().pixmap(64, 64))
        box.setInformativeText(f"{versions()}\n\n{LICENCES}")
        box.open()


def _stamp(picture: QImage, path: Path) -> Computation[None]:
    """Write the small picture of a scene: as it is on the screen now, in either theme."""
    small = picture.scaled(
        PICTURE * 2, Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )  # fmt: skip
    for number, name in enumerate(THEMES, 1):
        small.save(str(path.with_name(f"{path.stem}-{name}.png")))
        yield number / len(THEMES)


def _place_of(title: str) -> Path:
    """A file for a scene with this title: that of the same title, or a new one."""
    for path in scene.names(own_scenes(), title, "scene"):
        try:
            if not path.exists() or session.words(path).title == title:
                return path
        except session.SessionError:
            continue
    raise AssertionError


def versions() -> str:
    """What the program runs on, in a line."""
    qt = PyQt6.QtCore.QT_VERSION_STR
    pyqt = PyQt6.QtCore.PYQT_VERSION_STR
    return f"Python {platform.python_version()}, Qt {qt}, PyQt {pyqt}, engine {ENGINE}"
