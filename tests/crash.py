"""Kills the program again and again while it edits, saves and exports: python -m tests.crash

After every kill each file must be whole, what was edited more than five seconds before must be in
the recovery copy, and the next start must offer it.
"""

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

LOST = 5.0  # seconds of edits that may be lost at most


def play(folder: Path, seed: int) -> None:
    """Edit, save and export at random until the process is killed."""
    from PyQt6.QtCore import QSettings, QTimer
    from PyQt6.QtWidgets import QApplication

    from gdviz.app.document import Origin
    from gdviz.shot import Film, Shot
    from gdviz.window import make_window

    app = QApplication([])
    QSettings().setValue("toured", "yes")
    window = make_window()
    window.show()
    print("offered" if window.banner.offered is not None else "nothing offered", flush=True)
    window.banner.discard()
    rng = random.Random(seed)
    document, exporter = window.document, window.exporter
    # its file takes a while to write, so that a kill falls into the middle of it
    document.edit("Long", steps=20_000, tolerance=0.0)
    number, waiting = 0, False

    def export() -> None:
        print("export", flush=True)
        if rng.random() < 0.3:
            exporter.render_to(folder / f"{rng.randrange(2)}.png", "png",
                               Shot(("map",), 480, 300), Film())  # fmt: skip
        else:
            exporter.trajectories_to(folder / f"{rng.randrange(2)}.csv")

    def act() -> None:
        nonlocal number, waiting
        kind = rng.random()
        if waiting:  # for the race, which every edit would begin anew
            if not exporter.obstacle():
                waiting = False
                export()
        elif kind < 0.85:
            number += 1
            document.edit("Edit", seed=number)
            print(f"edit {number} {time.monotonic()}", flush=True)
        elif kind < 0.93:
            path = folder / f"{rng.randrange(3)}.json"
            document.settle(Origin(document.experiment, path))
            window.files.save()
        else:
            waiting = not exporter.busy

    # nobody is there to answer
    import gdviz.app.exporter

    gdviz.app.exporter.may_replace = lambda path, window: True
    timer = QTimer()
    timer.timeout.connect(act)
    timer.start(15)
    app.exec()


def whole(folder: Path) -> Iterator[str]:
    """What is wrong with the files in a folder."""
    from gdviz import session

    for path in folder.rglob("*.json"):
        try:
            session.read(path)
        except session.SessionError as error:
            yield f"{path.name}: {error}"
    for path in folder.glob("*.csv"):
        text = path.read_bytes()
        rows = list(csv.reader(text.decode().splitlines()))
        if not text.endswith(b"\r\n") or len({len(row) for row in rows}) != 1:
            yield f"{path.name} is not whole"
    for path in folder.glob("*.png"):
        try:
            with Image.open(path) as picture:
                picture.load()
        except OSError as error:
            yield f"{path.name}: {error}"


def kill_once(folder: Path, seed: int, expected: bool) -> tuple[list[str], bool, int]:
    """Start, wait, kill, look.

    Returns what is wrong, whether something is to be offered, and how many exports were begun.
    """
    rng = random.Random(seed)
    long = rng.random() < 0.15
    wait = rng.uniform(5.0, 8.0) if long else rng.expovariate(1.2)
    variables = {"QT_QPA_PLATFORM": "offscreen", "XDG_STATE_HOME": str(folder / "state"),
                 "XDG_CONFIG_HOME": str(folder / "config")}  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.crash", "--play", str(folder), "--seed", str(seed)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **variables},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stderr is not None
    first = child.stdout.readline().strip()
    wrong = []
    if first != ("offered" if expected else "nothing offered"):
        wrong.append(f"the next start said {first!r}: {child.stderr.read() if not first else ''}")
    try:
        child.wait(wait)
        wrong.append(f"it ended by itself: {child.stderr.read()[-2000:]}")
    except subprocess.TimeoutExpired:
        killed = time.monotonic()
        child.kill()
    said, _ = child.communicate()
    edits = [line.split() for line in said.splitlines() if line.startswith("edit ")]
    wrong += whole(folder)
    copies = list((folder / "state").rglob("recovery-*.json"))
    old = [int(n) for _, n, when in edits if float(when) < killed - LOST]
    if copies and not wrong:
        from gdviz import session

        kept = max(session.read(path).experiment.seed for path in copies)
        if old and kept < max(old):
            wrong.append(f"edit {max(old)} is lost, the copy has {kept}")
    elif not copies and old:
        wrong.append("there is no recovery copy")
    return wrong, bool(copies), said.count("export\n")


def run(count: int, seed: int, folder: Path) -> list[str]:
    """Kill so many times; returns what went wrong."""
    found, expected, exports = [], False, 0
    for number in range(count):
        wrong, expected, begun = kill_once(folder, seed + number, expected)
        exports += begun
        found += [f"kill {number}: {each}" for each in wrong]
        if sys.stdout.isatty() or number % 25 == 24:
            print(f"{number + 1} kills, {exports} exports, {len(found)} findings", flush=True)
    return found if exports else [*found, "nothing was exported"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--play", type=Path)
    options = parser.parse_args()
    if options.play is not None:
        play(options.play, options.seed)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = run(options.count, options.seed, Path(folder))
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
