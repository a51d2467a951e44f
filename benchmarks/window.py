"""The window against the clock: frames while playing, and from a knob to the new picture."""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace

import numpy as np


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # panels that the user has hidden would cost nothing
    settings = tempfile.TemporaryDirectory()
    os.environ["XDG_CONFIG_HOME"] = settings.name
    from PyQt6.QtWidgets import QApplication

    from gdviz.app.document import Origin
    from gdviz.views.relief import ReliefView
    from gdviz.window import make_window

    app = QApplication.instance() or QApplication([])
    window = make_window()
    window.resize(1440, 900)
    window.show()

    def settle() -> None:
        for _ in range(10):
            app.processEvents()
            time.sleep(0.005)

    # all views at once: every panel in a place of its own
    window.panels.arrange(["Racers"], [[name] for name in VISIBLE], [1] * len(VISIBLE))
    window.document.look(internals=("gradient", "moment", "step", "scaling", "model"))
    settle()
    print("\nthe window at 1440 x 900, all views open, ms: median and worst")
    for racers, starts in ((10, 1), (10, 10), (10, 100)):
        window.document.show("Race", experiment(racers, starts))
        wait(window, app)
        window.player.go(0)
        settle()
        frames = []
        for index in range(0, window.player.last + 1, max(1, window.player.last // 200)):
            begun = time.perf_counter()
            window.player.go(index)
            app.processEvents()
            frames.append(1e3 * (time.perf_counter() - begun))
        show(f"a frame with {racers} racers from {starts} starts", frames)
    for racers, starts in ((10, 1), (10, 10)):
        window.document.show("Race", experiment(racers, starts))
        wait(window, app)
        window.player.go(window.player.last)
        settle()
        frames = []
        for i in range(40):
            begun = time.perf_counter()
            changed = list(window.document.experiment.racers)
            changed[3] = changed[3].with_value("lr", 0.01 + 0.0001 * i)
            window.document.edit("Turn a knob", racers=tuple(changed))
            wait(window, app)
            app.processEvents()
            frames.append(1e3 * (time.perf_counter() - begun))
        show(f"knob to picture, {racers} racers by {starts} starts by 1000 steps", frames)
    frames = []
    for _ in range(40):
        begun = time.perf_counter()
        window.map.zoom(1.02)
        app.processEvents()
        frames.append(1e3 * (time.perf_counter() - begun))
    show("zooming the map by a notch", frames)
    frames = []
    camera = window.document.display.camera
    for i in range(40):
        begun = time.perf_counter()
        window.views[ReliefView]._look(replace(camera, azimuth=camera.azimuth + 3 * i))
        app.processEvents()
        frames.append(1e3 * (time.perf_counter() - begun))
    show("turning the surface", frames)
    frames, over = [], threading.Event()
    busy = threading.Thread(target=work_in_python, args=(over,))
    busy.start()
    for i in range(60):
        begun = time.perf_counter()
        window.map.zoom(1.02 if i % 2 else 1 / 1.02)
        app.processEvents()
        frames.append(1e3 * (time.perf_counter() - begun))
    over.set()
    busy.join()
    show("the same while another thread runs Python", frames)
    window.document.settle(Origin(window.document.experiment))  # or closing would ask
    window.close()
    start = time.perf_counter()
    again = make_window()
    again.show()
    app.processEvents()
    show("opening another window", [1e3 * (time.perf_counter() - start)])
    again.close()
    command = [sys.executable, "-c", OPEN]
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(1e3 * (time.perf_counter() - begun))
    show("from the command to a painted window, warm", times)


def work_in_python(over: threading.Event) -> None:
    """Keep the interpreter busy, as SymPy does."""
    while not over.is_set():
        sum(i * i for i in range(1000))


VISIBLE = ("Surface", "Inspector", "Curves", "Results")
OPEN = """
from PyQt6.QtWidgets import QApplication
from gdviz.window import make_window
app = QApplication([])
window = make_window()
window.show()
app.processEvents()
window.close()
"""


def wait(window, app) -> None:
    """Until the race is there; without taking the interpreter from the thread that runs it."""
    from PyQt6.QtCore import QEventLoop

    while window.document.race.experiment is not window.document.experiment:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def experiment(racers: int, starts: int = 1):
    """Racers that all run for 1,000 steps; every other one on a surface's noisy way down."""
    from gdviz.experiment import Experiment
    from gdviz.racer import Racer

    kinds = [
        ("gd", 0.004),
        ("momentum", 0.002),
        ("rmsprop", 0.03),
        ("adam", 0.1),
        ("nesterov", 0.002),
    ]
    made = tuple(
        Racer(name, {"lr": lr * (1 + 0.05 * (i // len(kinds)))}, f"{name} {i}", i)
        for i, (name, lr) in ((i, kinds[i % len(kinds)]) for i in range(racers))
    )
    points = np.random.default_rng(3).uniform(-5, 5, (starts, 2))
    places = tuple((float(x), float(y)) for x, y in points)
    return Experiment("himmelblau", starts=places, racers=made, steps=1000, tolerance=0.0)


def show(what: str, milliseconds: list[float]) -> None:
    print(f"{what:52}{statistics.median(milliseconds):7.1f}{max(milliseconds):8.1f}")
