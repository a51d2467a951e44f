"""The colours of maps of many runs, as pixels 0xffRRGGBB; no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gdviz_core import engine
from gdviz_core.critical import MAXIMUM, SADDLE
from gdviz_core.destinations import GONE, OUT, Destinations
from gdviz_core.maps import MIXED, Part, Question, Sweep
from gdviz_core.surface import Array

Pixels = NDArray[np.uint32]

SHADES = 64
DEEPEST = 0.72  # how far the slowest runs fade into the ground
PALER = 0.6  # each time the palette is used up


@dataclass(frozen=True, eq=False)
class Inks:
    """What a map is painted with: `points` are the colours of minima, in their order, `ground` what
    long runs fade into, `heat` a table from low to high, `gone` and `open` for runs that diverged
    and those that have not settled."""

    points: tuple[str, ...]
    ground: str
    heat: Pixels
    gone: str
    open: str


def rgb(colour: str) -> Array:
    """A colour such as "#52bdf7" as three numbers from 0 to 255."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float64)


def packed(colours: Array) -> Pixels:
    """Colours (n, 3) as pixels."""
    red, green, blue = np.rint(np.clip(colours, 0, 255)).astype(np.uint32).T
    return (0xFF000000 | red << 16 | green << 8 | blue).astype(np.uint32)


@lru_cache(maxsize=64)
def point_colours(inks: Inks, where: Destinations) -> Array:
    """The colour of every point that runs may end in, (n, 3).

    Minima have those of the palette, and after them curves and what else runs have ended in; when
    it is used up they return, paler. Saddles and maxima are grey.
    """
    grey, found = (rgb(inks.open) + rgb(inks.ground)) / 2, []
    palette, number = [rgb(colour) for colour in inks.points], 0
    for kind in where.kinds:
        if kind in (SADDLE, MAXIMUM):
            found.append(grey)
            continue
        turn, colour = divmod(number, len(palette))
        share = PALER**turn
        found.append(share * palette[colour] + (1 - share) * rgb(inks.ground))
        number += 1
    return np.array(found, np.float64).reshape(-1, 3)


@dataclass(frozen=True)
class Shades:
    """Between which numbers, steps or losses above `zero`, colours are spread, by their log."""

    low: float = 1.0
    high: float = 10.0
    zero: float = 0.0

    @classmethod
    def of(cls, values: Array, zero: float = 0.0) -> Shades:
        """A range for some numbers; those that are not above zero and finite do not count."""
        values = values - zero
        good = values[np.isfinite(values) & (values > 0)]
        if not good.size:
            return cls(zero=zero)
        low, high = (float(v) for v in np.percentile(good, (1, 99)))
        return cls(low, high if high > low * 1.05 else low * 1.05, zero)

    def shares(self, values: Array) -> Array:
        """From 0 at the low end to 1 at the high one."""
        with np.errstate(all="ignore"):
            logs = np.log(np.maximum(values - self.zero, 1e-300)) - math.log(self.low)
        return np.clip(logs / (math.log(self.high) - math.log(self.low)), 0.0, 1.0)


def lost_colours(inks: Inks) -> Array:
    """The colours of what has not settled, what diverged, and what left the domain, (3, 3)."""
    still, gone = rgb(inks.open), rgb(inks.gone)
    return np.array([still, gone, (still + gone) / 2])


@lru_cache(maxsize=64)
def _faded(inks: Inks, where: Destinations) -> tuple[Pixels, int]:
    """The colours of all points, then of what has left, is gone and is open, in all shades; and the
    number of the last. Kept, since every tile needs them."""
    colours = np.vstack([point_colours(inks, where), lost_colours(inks)[::-1]])
    depth = np.linspace(0.0, DEEPEST, SHADES)[None, :, None]
    fade = colours[:, None] * (1 - depth) + rgb(inks.ground) * depth
    fade[-3:] = colours[-3:, None]  # how long it took to get nowhere tells nothing
    return packed(fade.reshape(-1, 3)), len(colours) - 1


def basin_pixels(part: Part, where: Destinations, shades: Shades, inks: Inks) -> Pixels:
    """Each pixel in the colour of the point it ends in, the longer it took the darker."""
    table, last = _faded(inks, where)
    reached = part["minimum"].astype(np.int64)
    reached = np.where(reached >= 0, reached, last + (reached + 1))
    level = np.rint(shades.shares(part["steps"]) * (SHADES - 1)).astype(np.int64)
    return table[reached * SHADES + level]


def heat_pixels(shares: Array, inks: Inks) -> Pixels:
    """Shares from 0 to 1 in the colours of the loss; what is not a number as open."""
    good = np.isfinite(shares)
    level = np.rint(np.where(good, shares, 0.0) * (len(inks.heat) - 1)).astype(np.int64)
    return np.where(good, inks.heat[level], packed(rgb(inks.open)[None])[0]).astype(np.uint32)


def step_pixels(part: Part, shades: Shades, inks: Inks) -> Pixels:
    """Each pixel by the number of steps to where it settles."""
    shares = np.where(part["minimum"] >= 0, shades.shares(part["steps"]), np.nan)
    pixels = heat_pixels(shares, inks)
    _, gone, out = packed(lost_colours(inks))
    pixels = np.where(part["minimum"] == GONE, gone, pixels)
    return np.where(part["minimum"] == OUT, out, pixels).astype(np.uint32)


# The ends of a sweep, in the order of the key.
ENDS: tuple[tuple[int, str], ...] = (
    (engine.REACHED, "reached the target"), (engine.CONVERGED, "converged"),
    (engine.OUT_OF_STEPS, "out of steps"), (engine.STALLED, "stalled"),
    (engine.OUTSIDE, "left the domain"), (engine.DIVERGED, "diverged"),
    (MIXED, "differs from start to start"),
)  # fmt: skip


def end_colours(inks: Inks) -> dict[int, str]:
    """The colour of each way to end."""
    return {
        engine.REACHED: inks.points[0], engine.CONVERGED: inks.points[3],
        engine.OUT_OF_STEPS: inks.open, engine.STALLED: inks.points[1],
        engine.OUTSIDE: inks.points[4], engine.DIVERGED: inks.gone, MIXED: inks.points[2],
    }  # fmt: skip


def goal(question: Sweep) -> int:
    """The end that steps are counted to: the target, or where there is none a flat place."""
    return engine.CONVERGED if question.target is None else engine.REACHED


def sweep_pixels(question: Sweep, part: Part, colouring: str, shades: Shades, inks: Inks) -> Pixels:
    """Each pixel by how its runs end, by the loss there, or by the steps to the target."""
    codes, ends = part["codes"].astype(np.int64), end_colours(inks)
    table = packed(np.array([rgb(ends[code]) for code in range(MIXED, max(ends) + 1)]))
    pixels = table[codes - MIXED]
    if colouring == "loss":
        finite = np.isfinite(part["loss"]) & (codes != engine.DIVERGED)
        shares = np.where(finite, shades.shares(part["loss"]), np.nan)
        return np.where(finite, heat_pixels(shares, inks), table[engine.DIVERGED - MIXED])
    if colouring == "steps":
        reached = codes == goal(question)
        return np.where(reached, heat_pixels(shades.shares(part["steps"]), inks), pixels)
    return pixels


def shades_of(question: Question, part: Part, colouring: str, zero: float | None = None) -> Shades:
    """The range of a map, from one that is coarse; `zero` is the least loss that is known."""
    if colouring == "loss":
        finite = part["loss"][np.isfinite(part["loss"])]
        least = float(finite.min()) if finite.size else 0.0
        return Shades.of(finite, least if zero is None else min(zero, least))
    if isinstance(question, Sweep):
        return Shades.of(part["steps"][part["codes"] == goal(question)])
    return Shades.of(part["steps"][part["minimum"] >= 0])


def counts_of(minimum: NDArray[np.int16], points: int) -> NDArray[np.int64]:
    """How many runs end in each point, then how many have not settled, diverged, and left."""
    counts = np.bincount(minimum.ravel().astype(np.int64) + 3, minlength=points + 3)
    return np.concatenate([counts[3 : points + 3], counts[2::-1]])


def pixels_of(question: Question, part: Part, colouring: str, shades: Shades, inks: Inks) -> Pixels:
    """The colours of a part of a map, rows as in the map: those of the least y first."""
    if isinstance(question, Sweep):
        return sweep_pixels(question, part, colouring, shades, inks)
    if colouring == "probability" and "probability" in part:
        return heat_pixels(part["probability"], inks)
    if colouring == "steps":
        return step_pixels(part, shades, inks)
    return basin_pixels(part, question.where, shades, inks)
