"""Whether this installation works: versions, a known race, and a picture of it."""

import importlib.metadata
import math
import os
import platform
import sys
from dataclasses import replace

from gdviz import __version__, compute, scene, session
from gdviz.experiment import Experiment
from gdviz.racer import Racer
from gdviz_core import ENGINE

PACKAGES = ("numpy", "scipy", "PyQt6", "pyqtgraph", "contourpy", "msgspec", "Pillow", "av",
            "sympy", "igraph")  # fmt: skip
SCENES = 16


def check() -> int:
    """Print what was found; 0 if all is well, 1 if not."""
    print(f"gdviz {__version__}, engine {ENGINE}")
    print(f"Python {platform.python_version()} on {platform.platform()}")
    print(", ".join(f"{name} {_version(name)}" for name in PACKAGES))
    checks = (("race", _race), ("scenes", _scenes), ("picture", _picture))
    failed = 0
    for name, run in checks:
        try:
            print(f"{name}: {run()}")
        except Exception as error:  # whatever it is, it is what was asked about
            failed += 1
            print(f"{name}: FAILED: {type(error).__name__}: {error}")
    print("all is well" if not failed else f"{failed} of {len(checks)} checks failed")
    return 1 if failed else 0


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:  # a bundle has no metadata of some
        return "(version unknown)"


def _race() -> str:
    """Gradient descent on x^2 + y^2 is known in closed form: x (1 - 2 lr)^n."""
    experiment = Experiment("x^2 + y^2", starts=((3.0, -1.0),), steps=40, tolerance=0.0,
                            racers=(Racer("gd", {"lr": 0.1}),))  # fmt: skip
    (t,) = compute.finish(compute.race(experiment)).trajectories
    wanted = 3.0 * (1 - 2 * 0.1) ** 40
    if not math.isclose(t.x[-1], wanted, rel_tol=1e-12):
        raise ArithmeticError(f"x is {t.x[-1]!r} after 40 steps, not {wanted!r}")
    adam = replace(experiment, racers=(Racer("adam", {"lr": 0.05}),))
    (t,) = compute.finish(compute.race(adam)).trajectories
    if not math.isclose(t.x[0] - t.x[1], 0.05, rel_tol=1e-6):
        raise ArithmeticError(f"the first step of Adam is {t.x[0] - t.x[1]!r}, not 0.05")
    return "as computed by hand"


def _scenes() -> str:
    found = [session.read(path).scene.title for path in scene.shipped()]
    if len(found) < SCENES:
        raise FileNotFoundError(f"{len(found)} of {SCENES} scenes are there")
    return f"{len(found)} are there"


def _picture() -> str:
    if sys.platform.startswith("linux") or "QT_QPA_PLATFORM" not in os.environ:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from gdviz.shot import Shot
    from gdviz.window.picture import Picture, begin

    _application = begin()
    shot = Shot(("map", "surface"), 480, 300)
    made = Picture(session.read(scene.shipped()[0]), shot).png()
    if not made.startswith(b"\x89PNG") or len(made) < 10_000:
        raise ValueError(f"it has {len(made)} bytes")
    return f"{len(made)} bytes of PNG"
