"""Makes the pictures in docs/pictures: make pictures

Every view alone, and the window in three sizes, at one and two pixels a point, dark and light.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# settings and recovery copies of their own: pictures do not depend on whose machine makes them
os.environ.update(
    dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"), tempfile.mkdtemp())
)

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication, QDialog, QWidget

from gdviz import lesson, scene
from gdviz.app import job, theme
from gdviz.app.document import Origin
from gdviz.app.formulas import FormulaEditor
from gdviz.app.rules import RuleEditor
from gdviz.app.tables import TableDialog
from gdviz.display import Display
from gdviz.experiment import first_experiment
from gdviz.own import OwnRule
from gdviz.racer import Racer
from gdviz.session import Session
from gdviz.views.laboratory import LaboratoryView
from gdviz.views.lessons import LessonsView
from gdviz.views.mechanics import MechanicsView
from gdviz.window import make_window
from gdviz.window.frame import Window
from gdviz_core import OPTIMIZERS

FOLDER = Path(__file__).parent / "pictures"
SIZES = ((1024, 640), (1440, 900), (2560, 1440))
THEMES = (theme.DARK, theme.LIGHT)


class Studio:
    """A window and what it takes to photograph it."""

    def __init__(self, app: QApplication, ratio: int):
        self.app, self.ratio = app, ratio
        self.window: Window = make_window()
        QSettings().setValue("toured", "yes")
        self.window.show()

    def settle(self, quiet: float = 0.6) -> None:
        """Let everything that follows in the background arrive, until all is quiet for a while."""
        window, since = self.window, time.monotonic()
        while time.monotonic() < since + quiet:
            if window.document.critical is None or window.appearance.turns.busy or job.busy():
                since = time.monotonic()
            self.app.processEvents()
            time.sleep(0.005)

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Save what a widget, or the window, looks like."""
        self.settle()
        mark = "" if self.ratio == 1 else f"@{self.ratio}"
        (self.window if widget is None else widget).grab().save(str(FOLDER / f"{name}{mark}.png"))

    def both(self, name: str, widget: Callable[[], QWidget] | None = None) -> None:
        """In both themes."""
        for now in THEMES:
            self.window.appearance.wear(now)
            self.take(f"{name}-{now.name}", widget() if widget else None)

    def windows(self, sizes: tuple[tuple[int, int], ...]) -> None:
        """The whole window."""
        for size in sizes:
            self.window.resize(*size)
            self.window.player.go(26)
            self.both(f"window-{size[0]}x{size[1]}")

    def views(self) -> None:
        """Every view alone, as it looks at 1440 x 900."""
        window, document = self.window, self.window.document
        window.resize(1440, 900)
        panels = window.panels.panels
        window.player.go(26)
        self.both("racers", lambda: panels["Racers"])
        document.select(racer=3)
        document.look(field="streamlines", internals=("gradient", "moment", "step", "scaling"))
        window.player.go(12)
        self.both("map", lambda: window.map)
        document.select(racer=0)
        document.look(field="arrows", internals=("model",))
        self.both("map-model", lambda: window.map)
        document.look(field="none", internals=())
        document.select(racer=3)
        window.choose_layout("step by step")
        window.player.go(26)
        self.both("step-by-step")
        panels["Inspector"].setFloating(True)
        panels["Inspector"].resize(470, 760)
        self.both("inspector", lambda: panels["Inspector"])
        window.choose_layout("race")
        several = replace(
            first_experiment().on_surface("rastrigin"),
            starts=((3.4, -2.6), (-2.3, 3.6), (-3.4, -3.2)),
        )
        document.show("Rastrigin", several)
        window.player.go(10_000)
        for name in ("Surface", "Curves", "Results"):
            panels[name].setFloating(True)
            panels[name].resize(620, 460)
            panels[name].show()
            self.both(name.lower(), lambda name=name: panels[name])
        document.look(slopes=True, height="linear", floor=False)
        self.both("surface-linear", lambda: panels["Surface"])
        document.look(slopes=False, height="log", floor=True)
        window.choose_layout("present")
        window.player.go(60)
        self.both("present")

    def laboratory(self) -> None:
        """The gradient laboratory, and the editors."""
        window = self.window
        window.resize(1440, 900)
        view = window.views[LaboratoryView]
        for name, surface in (("laboratory", "himmelblau"), ("laboratory-ackley", "ackley")):
            window.document.open(surface, Session.of(first_experiment().on_surface(surface)))
            window.choose_layout("gradient laboratory")
            window.player.go(12)
            self.settle()
            view.go(round(1.4 * len(view.walk.nodes)))
            self.both(name)
        window.resize(1024, 640)
        self.both("laboratory-small")
        window.resize(1440, 900)
        window.choose_layout("race")
        for now in THEMES:
            window.appearance.wear(now)
            window.dialogs.formula()
            editor = next(e for e in window.findChildren(FormulaEditor) if e.isVisible())
            editor.show_text("x^2 + k*sin(y)^2 + sqrt(abs(x*y))")
            editor.cure()
            self.take(f"formula-{now.name}", editor)
            editor.reject()
            window.racers.write_rule()
            editor = next(e for e in window.findChildren(RuleEditor) if e.isVisible())
            editor.show_entry(OwnRule.of(OPTIMIZERS["adam"], "My Adam"))
            self.take(f"rule-{now.name}", editor)
            editor.reject()
            self.settle(0.1)

    def data(self) -> None:
        """Losses on data."""
        window = self.window
        window.resize(1440, 900)
        # what was changed before would be asked about
        window.document.open("First", Session.of(first_experiment()))
        scenes = {path.stem[3:]: path for path in scene.shipped()}
        for name, shown, share in (
            ("data", "batch-mini-batch-stochastic", 0.05),
            ("data-neuron", "the-network-with-two-minima", 1.0),
            ("data-prices", "house-prices", 0.2),
            ("data-classes", "a-boundary-between-classes", 0.03),
        ):  # fmt: skip
            window.files.open_scene(scenes[shown])
            window.choose_layout("data")
            window.document.select(racer=min(1, len(window.document.experiment.racers) - 1))
            batches = ("batches", "contours") if name == "data" else ()
            window.document.look(internals=batches)
            self.settle()
            window.player.go(round(share * window.player.last))
            self.both(name)
        window.files.open_scene(scenes["a-network-on-a-plane"])
        window.choose_layout("data")
        self.settle()
        window.player.go(window.player.last)
        self.both("data-network")
        window.resize(1024, 640)
        self.both("data-small")
        window.resize(1440, 900)
        for now in THEMES:
            window.appearance.wear(now)
            window.dialogs.data()
            dialog = next(d for d in window.findChildren(TableDialog) if d.isVisible())
            self.take(f"table-{now.name}", dialog)
            dialog.reject()
            self.settle(0.1)

    def mechanics(self) -> None:
        """Newton's law: momentum and its particle, a barrier, and the small window."""
        window, document = self.window, self.window.document
        window.resize(1440, 900)
        momentum = Racer("momentum", {"lr": 0.0021, "momentum": 0.9}, colour=1)
        pair = replace(first_experiment(), racers=(momentum,), starts=((0.3, -0.4),))
        document.open("Pair", Session.of(pair))
        window.choose_layout("Newton")
        self.settle()
        window.views[MechanicsView].race_both()
        document.look(internals=("energy", "reach", "gradient", "moment"))
        document.select(racer=0)
        window.player.go(12)
        self.both("mechanics")
        free = Racer("particle_verlet", {"dt": 0.002, "vx": -6.0, "vy": 12.0})
        barrier = replace(first_experiment().on_surface("mueller_brown"), racers=(free,),
                          starts=((0.6, 0.1),))  # fmt: skip
        shown = Display(internals=("energy", "reach"), height="linear")
        document.open("Barrier", Session.of(barrier, shown))
        self.settle()
        window.player.go(160)
        self.both("mechanics-barrier")
        for motion in ("x", "path"):
            document.look(motion=motion)
            self.both(f"mechanics-{motion}", lambda: window.panels.panels["Mechanics"])
        window.resize(1024, 640)
        self.both("mechanics-small")

    def maps(self) -> None:
        """Basins and hyper-parameters, large and small, one racer and four."""
        window, document = self.window, self.window.document
        window.resize(1440, 900)
        document.open("Maps", Session.of(first_experiment()))
        window.choose_layout("maps")
        document.select(racer=1)
        self.settle()
        self.both("maps")
        panel = window.panels.panels
        for word in ("minimum", "steps"):
            document.look(basins=word)
            self.both(f"basins-{word}", lambda: panel["Basins"])
        document.look(basins="minimum", beside=True)
        self.both("basins-beside")
        window.show_panel("Hyper-parameters")
        document.select(racer=1)
        for word in ("end", "loss", "steps"):
            document.look(swept=word)
            self.both(f"sweep-{word}" if word != "steps" else "sweep",
                      lambda: panel["Hyper-parameters"])  # fmt: skip
        for width, height in (SIZES[0], SIZES[2]):
            window.resize(width, height)
            window.show_panel("Basins")
            self.both(f"maps-{width}x{height}-basins")
            window.show_panel("Hyper-parameters")
            self.both(f"maps-{width}x{height}-sweep")
        window.resize(1440, 900)
        for path in scene.shipped():
            if path.stem[3:] in ("newtons-fractal", "how-lucky-is-noise"):
                window.files.open_scene(path)
                self.settle()
                self.both(f"maps-{path.stem[3:]}")

    def lessons(self) -> None:
        """Every part of every lesson, dark and light in turn, and one of them in both."""
        window = self.window
        window.resize(1440, 900)
        window.document.open("First", Session.of(first_experiment()))
        window.choose_layout("lessons")
        view = window.views[LessonsView]
        for number, path in enumerate(lesson.shipped(), 1):
            view.open(path)
            for part in range(len(view.lesson.parts)):
                view.go(part)
                self.settle(0.8)
                window.player.go(min(30, window.player.last))
                window.appearance.wear(THEMES[(number + part) % 2])
                if (number, part) == (2, 1):
                    self.both("lesson-2-2")
                else:
                    self.take(f"lesson-{number}-{part + 1}")
        window.resize(1024, 640)
        view.open(lesson.shipped()[1])
        view.go(1)
        view.show_hint()
        self.both("lesson-small")
        window.resize(1440, 900)

    def dialogs(self) -> None:
        """What opens beside the window, and a scene."""
        window = self.window
        window.choose_layout("race")
        window.document.open("First", Session.of(first_experiment()))
        for name, show in (
            ("scenes", window.dialogs.gallery), ("chooser", window.racers.choose),
            ("schedule", window.racers.rows[3].surround), ("render", window.dialogs.order_picture),
            ("palette", window.dialogs.palette), ("help", window.dialogs.help),
        ):  # fmt: skip
            for now in THEMES:
                window.appearance.wear(now)
                before = set(window.findChildren(QDialog))
                show()
                (dialog,) = set(window.findChildren(QDialog)) - before
                self.take(f"{name}-{now.name}", dialog)
                dialog.reject()
                self.settle(0.1)
        window.files.open_scene(scene.shipped()[9])
        window.player.go(window.player.last)
        self.both("scene")


def main() -> None:
    ratio = int(os.environ.get("QT_SCALE_FACTOR", "1"))
    FOLDER.mkdir(exist_ok=True)
    studio = Studio(QApplication([]), ratio)
    if ratio == 1:
        studio.windows(SIZES)
        studio.views()
        studio.laboratory()
        studio.data()
        studio.mechanics()
        studio.maps()
        studio.lessons()
        studio.dialogs()
        environment = {**os.environ, "QT_SCALE_FACTOR": "2"}
        subprocess.run([sys.executable, "-m", "docs.pictures"], check=True, env=environment)
    else:
        studio.windows(SIZES[:1])
    studio.window.document.settle(Origin(studio.window.document.experiment))
    studio.window.close()


if __name__ == "__main__":
    main()
