"""What the maps of an experiment are asked: two hyper-parameters, which starts, how many seeds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gdviz_core.descent import check_count
from gdviz_core.maps import MAX_SEEDS
from gdviz_core.optimizer import Optimizer
from gdviz_core.parameter import Parameter
from gdviz_core.surface import Array

WIDE = 100.0  # how many times as large, and as small, a rate is at the ends of its axis
# What is worth varying beside the learning rate, the most telling first.
SECOND = ("momentum", "friction", "beta1", "beta", "beta2", "alpha", "rho", "nu", "mass")


@dataclass(frozen=True)
class Axis:
    """A hyper-parameter along the side of a map, from `low` to `high`; `log` if its powers are
    evenly spread. Raises ValueError for what is no interval."""

    name: str
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        low, high = self.low, self.high
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"{self.name[:40]} must go from a number up to a larger one, not "
                             f"from {low:g} to {high:g}")  # fmt: skip
        if self.log and low <= 0:
            raise ValueError(
                f"{self.name[:40]} must be greater than 0 on a logarithmic axis, not {low:g}"
            )

    @property
    def ends(self) -> tuple[float, float]:
        """The ends as places on the axis."""
        return self.place(self.low), self.place(self.high)

    def place(self, value: float) -> float:
        """Where a value lies: the value, or its power of ten."""
        if not self.log:
            return value
        return math.log10(value) if value > 0 else -math.inf

    def value(self, place: float) -> float:
        """The value at a place."""
        return 10.0 ** min(max(place, -300.0), 300.0) if self.log else place

    def values(self, count: int) -> Array:
        """The values at the centres of so many pixels."""
        low, high = self.ends
        places = low + (np.arange(count, dtype=np.float64) + 0.5) * ((high - low) / count)
        return 10.0**places if self.log else places


@dataclass(frozen=True)
class Maps:
    """The questions of the maps: `axes` of the hyper-parameter map, columns first, none for those
    that suit the racer; with `mean` the mean over all starts instead of the selected one; `seeds`
    how many draws of the noise the probability of a basin is told from.

    Raises ValueError for a bad field.
    """

    axes: tuple[Axis, ...] = ()
    mean: bool = False
    seeds: int = 8

    def __post_init__(self) -> None:
        if len(self.axes) not in (0, 2):
            raise ValueError(f"axes must be two hyper-parameters, not {len(self.axes)}")
        if self.axes and self.axes[0].name == self.axes[1].name:
            raise ValueError(f"axes must be two different hyper-parameters, not twice "
                             f"{self.axes[0].name[:40]}")  # fmt: skip
        if check_count("seeds", self.seeds, 1) > MAX_SEEDS:
            raise ValueError(f"seeds must be at most {MAX_SEEDS}, not {self.seeds}")

    def for_optimizer(self, optimizer: Optimizer) -> tuple[Axis, Axis]:
        """The axes, or those that suit an optimizer which has not both; ValueError if none do."""
        known = {h.name for h in optimizer.hyperparameters if not h.flag}
        if self.axes and {axis.name for axis in self.axes} <= known:
            return self.axes[0], self.axes[1]
        return usual_axes(optimizer)


def usual_axes(optimizer: Optimizer) -> tuple[Axis, Axis]:
    """The learning rate and what is most worth varying beside it.

    Raises ValueError for an optimizer that has not two hyper-parameters.
    """
    free = {h.name: h for h in optimizer.hyperparameters if not h.flag}
    if len(free) < 2:
        have = "one hyper-parameter" if free else "no hyper-parameters"
        raise ValueError(f"{optimizer.title} has {have}: a map needs two")
    first = optimizer.rate or next(iter(free))
    others = [name for name in (*SECOND, *free) if name in free and name != first]
    return usual_axis(free, first), usual_axis(free, others[0])


def usual_axis(known: Mapping[str, Parameter], name: str) -> Axis:
    """An axis that suits a hyper-parameter: all of a share, or two powers of ten both ways."""
    h = known[name]
    if h.high <= 1 or name == "momentum":
        high = min(h.high, 1.0)
        return Axis(name, max(h.low, 0.0), 0.999 if h.ends[1] == ")" and high == h.high else high)
    if h.low < 0:
        wide = 2 * abs(h.value) or 1.0
        return Axis(name, max(h.low, h.value - wide), min(h.high, h.value + wide))
    if h.value <= 0:
        return Axis(name, h.low, min(h.high, max(1.0, 2 * h.low)))
    return Axis(name, max(h.low, h.value / WIDE), min(h.high, h.value * WIDE), True)
