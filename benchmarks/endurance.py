"""Play for an hour and watch the memory: python -m benchmarks.endurance --minutes 60

A window is used as a teacher does: surfaces, racers and knobs change, the race plays, views and
layouts are looked at in turn. Printed is what the process holds after every few minutes.
"""

import argparse
import os
import random
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.update(
    dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"), tempfile.mkdtemp())
)

EVERY = 3.0  # minutes between two lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    from PyQt6.QtCore import QSettings, QTimer
    from PyQt6.QtWidgets import QApplication

    from gdviz import scene
    from gdviz.app.document import Origin
    from gdviz.window import make_window
    from gdviz_core import OPTIMIZERS, SURFACES

    app, chance = QApplication([]), random.Random(options.seed)
    QSettings().setValue("toured", "yes")
    window = make_window()
    window.resize(1440, 900)
    window.show()
    document, player = window.document, window.player
    player.set_loop(True)
    player.play()

    def surface() -> None:
        document.show("Surface", document.experiment.on_surface(chance.choice(list(SURFACES))))

    def racer() -> None:
        if len(document.experiment.racers) > 6:
            document.edit("Fewer", racers=document.experiment.racers[1:])
        window.racers.enter(chance.choice(list(OPTIMIZERS)))

    def knob() -> None:
        racers = list(document.experiment.racers)
        k = chance.randrange(len(racers))
        if racers[k].rate:
            value = racers[k].values[racers[k].rate] * chance.uniform(0.7, 1.4)
            racers[k] = racers[k].with_value(racers[k].rate, value)
            document.edit("Knob", racers=tuple(racers))

    def start() -> None:
        x0, x1, y0, y1 = document.experiment.resolved().domain
        document.edit("Starts", starts=tuple(
            (chance.uniform(x0, x1), chance.uniform(y0, y1)) for _ in range(chance.randint(1, 12))
        ))  # fmt: skip

    def look() -> None:
        window.choose_layout(chance.choice(list(window.layouts)))

    def theme() -> None:
        window.appearance.flip()

    def step() -> None:
        document.select(racer=chance.randrange(max(1, len(document.experiment.racers))))
        window.map.zoom(chance.choice((0.8, 1.25)))
        player.play()

    def story() -> None:
        document.settle(Origin(document.experiment))
        window.files.open_scene(chance.choice(scene.shipped()), playing=True)
        player.play()

    acts = (surface, racer, knob, knob, knob, start, look, theme, step, step, story)
    begun = told = time.monotonic()
    count, rows = 0, list[tuple[float, float]]()
    print("minutes   MB in memory   edits")
    timer = QTimer(window)
    timer.setSingleShot(True)

    def act() -> None:
        nonlocal count, told
        chance.choice(acts)()
        count += 1
        now = time.monotonic()
        if now - told > 60 * EVERY:
            told = now
            rows.append(((now - begun) / 60, resident()))
            print(f"{rows[-1][0]:7.1f} {rows[-1][1]:14.0f} {count:7}", flush=True)
        if now - begun > 60 * options.minutes:
            document.settle(Origin(document.experiment))  # or it would ask whether to save
            app.quit()
        else:
            timer.start(round(1000 * chance.uniform(0.3, 2.0)))

    timer.timeout.connect(act)
    timer.start(1000)
    app.exec()  # and not processEvents, which never deletes what is to be deleted later
    if len(rows) >= 3:
        third = len(rows) // 3
        early, late = (sorted(m for _, m in part)[len(part) // 2]
                       for part in (rows[third : 2 * third], rows[-third:]))  # fmt: skip
        print(f"median of the second third {early:.0f} MB, of the last third {late:.0f} MB")
    document.settle(Origin(document.experiment))
    window.close()


def resident() -> float:
    """Megabytes of memory the process holds (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
