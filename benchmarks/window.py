"""The window against the clock: frames while playing, and from a knob to the new picture."""

import os
import statistics
import time

import numpy as np


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt6.QtWidgets import QApplication

    from gdviz.window import make_window

    app = QApplication.instance() or QApplication([])
    window = make_window()
    window.resize(1440, 900)
    window.show()

    def settle() -> None:
        for _ in range(10):
            app.processEvents()
            time.sleep(0.005)

    print("\nthe window at 1440 x 900, ms: median and worst")
    for racers in (10, 100):
        window.document.show("Race", experiment(racers))
        window.player.go(0)
        settle()
        frames = []
        for index in range(0, window.player.last + 1, max(1, window.player.last // 200)):
            begun = time.perf_counter()
            window.player.go(index)
            window.repaint()
            app.processEvents()
            frames.append(1e3 * (time.perf_counter() - begun))
        show(f"a frame with {racers} racers", frames)
    for racers, starts in ((10, 1), (10, 10)):
        window.document.show("Race", experiment(racers, starts))
        window.player.go(window.player.last)
        settle()
        frames = []
        for i in range(40):
            begun = time.perf_counter()
            changed = list(window.document.experiment.racers)
            changed[3] = changed[3].with_value("lr", 0.01 + 0.0001 * i)
            window.document.edit("Turn a knob", racers=tuple(changed))
            while window.document.race.experiment is not window.document.experiment:
                app.processEvents()
            window.repaint()
            app.processEvents()
            frames.append(1e3 * (time.perf_counter() - begun))
        show(f"knob to picture, {racers} racers by {starts} starts by 1000 steps", frames)
    frames = []
    for _ in range(40):
        begun = time.perf_counter()
        window.map.zoom(1.02)
        window.repaint()
        app.processEvents()
        frames.append(1e3 * (time.perf_counter() - begun))
    show("zooming the map by a notch", frames)
    window.close()


def experiment(racers: int, starts: int = 1):
    """Racers that all run for 1,000 steps; every other one on a surface's noisy way down."""
    from gdviz.experiment import Experiment, Racer

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
