"""How an experiment is looked at: which layers, from where, which curves. No undo, but saved."""

import math
from dataclasses import dataclass

HEIGHTS = ("log", "linear", "rank")
FIELDS = ("none", "arrows", "streamlines")
AXES = ("steps", "evaluations", "epochs")
SCALES = ("auto", "log", "linear")
# What may be drawn at the ball of the selected run.
INTERNALS = ("gradient", "moment", "step", "scaling", "model", "energy", "reach", "batches",
             "contours")  # fmt: skip
MOTIONS = ("energy", "x", "y", "path")
# What the colours of the maps of many runs tell.
BASINS = ("minimum", "steps", "probability")
SWEPT = ("end", "loss", "steps")

AZIMUTH, ELEVATION = -112.0, 42.0


@dataclass(frozen=True)
class Camera:
    """From where the surface is seen in 3-D.

    `azimuth` and `elevation` in degrees; `zoom` 1 shows all of it; `right` and `up` move the
    picture by shares of its size.
    """

    azimuth: float = AZIMUTH
    elevation: float = ELEVATION
    zoom: float = 1.0
    right: float = 0.0
    up: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("azimuth", -1e6, 1e6), ("elevation", -90.0, 90.0), ("zoom", 0.05, 50.0),
            ("right", -50.0, 50.0), ("up", -50.0, 50.0),
        ):  # fmt: skip
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise ValueError(f"{name} must be from {low:g} to {high:g}, not {value}")


@dataclass(frozen=True)
class Display:
    """What the views show of an experiment.

    Map: `field` is how the gradient field is drawn, `critical` whether critical points are marked,
    `fade` whether trails fade with age, `internals` what is drawn at the ball of the selected run.
    3-D: `height` is the vertical scale, `floor` and `slopes` whether there are arrows of descent
    in the plane below and on the surface, `camera` from where it is seen. Curves: `quantity` is
    "loss", "gradient", "distance", "lr" or the name of a state variable, `against` and `scale` are
    the axes. Mechanics: `motion` is "energy" for energies against time, or "x", "y" or "path" for
    the phase portrait along it. Basins: `basins` is what the colours tell, with `beside` those of
    all racers are shown side by side. Hyper-parameters: `swept` is what the colours tell. Results:
    `target` is the loss to reach, None for one that suits the race. Racers: with `linked` a
    learning rate is set for all of them at once.

    Raises ValueError for a value that is not one of these.
    """

    field: str = "none"
    critical: bool = True
    fade: bool = False
    internals: tuple[str, ...] = ()
    height: str = "log"
    floor: bool = True
    slopes: bool = False
    camera: Camera = Camera()
    quantity: str = "loss"
    against: str = "steps"
    scale: str = "auto"
    target: float | None = None
    linked: bool = False
    motion: str = "energy"
    basins: str = "minimum"
    beside: bool = False
    swept: str = "steps"

    def __post_init__(self) -> None:
        for name, known in (
            ("field", FIELDS), ("height", HEIGHTS), ("against", AXES), ("scale", SCALES),
            ("motion", MOTIONS), ("basins", BASINS), ("swept", SWEPT),
        ):  # fmt: skip
            value = getattr(self, name)
            if value not in known:
                raise ValueError(f"{name} must be {' or '.join(known)}, not {value[:40]!r}")
        for value in self.internals:
            if value not in INTERNALS:
                raise ValueError(f"internals: there is no {value[:40]!r}")
        if not 0 < len(self.quantity) <= 200:
            raise ValueError("quantity must be a name")
        if self.target is not None and not math.isfinite(self.target):
            raise ValueError(f"target must be a finite number, not {self.target}")
