"""What the curves show: a quantity of every run along its steps, and on which axes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gdviz.compute import Race
from gdviz.experiment import Point
from gdviz.scale import short
from gdviz_core.nearest import nearest
from gdviz_core.surface import Array

COLUMNS = 3000  # more than a curve has pixels
# The logarithm stops here: what is less is rounding.
FLOOR = 1e-20
# A quantity that is never negative and spans this factor is shown on a logarithmic axis.
WIDE = 50.0
NAMES = {"loss": "Loss", "gradient": "Gradient norm", "distance": "Distance to a minimum",
         "lr": "Learning rate"}  # fmt: skip


def quantities(race: Race) -> dict[str, str]:
    """What can be shown of a race: keys and their titles; state variables by their names."""
    found = dict(NAMES)
    if all(t.lr is None for t in race.trajectories):
        del found["lr"]
    if any(t.off is not None for t in race.trajectories):
        found["off"] = "Distance from the plane"
    if any(t.batch_loss is not None for t in race.trajectories):
        found["batch"] = "Loss of the batch"
    for t in race.trajectories[:: max(1, len(race.experiment.starts))]:
        for name in t.state:
            found[name] = f"{name[:-2]}, {name[-1]}"
    return found


def series(race: Race, quantity: str, minima: tuple[Point, ...]) -> Array:
    """A quantity of every lane, (lanes, records); NaN where a run has none."""
    if quantity == "loss":
        return race.loss
    if quantity == "distance":
        if not minima:
            return np.full(race.x.shape, np.nan)
        return nearest(race.x, race.y, np.array(minima))[0]
    values = np.full(race.x.shape, np.nan)
    for lane, t in enumerate(race.trajectories):
        own = {"gradient": t.grad_norm, "lr": t.lr}.get(quantity, t.state.get(quantity))
        own = {"batch": t.batch_loss, "off": t.off}.get(quantity, own)
        if own is not None:
            values[lane] = own[race.records(lane)]
    return values


def abscissae(race: Race, against: str) -> Array:
    """Where the records lie on the horizontal axis, (lanes, records)."""
    steps = race.steps.astype(np.float64)
    epochs = race.experiment.budget == "epochs"
    if against == "steps" and not epochs:
        return np.broadcast_to(steps, race.x.shape)
    if against == "epochs" and epochs:
        return np.broadcast_to(steps / race.experiment.resolved().rows, race.x.shape)
    found = np.empty(race.x.shape)
    for lane, t in enumerate(race.trajectories):
        places = {"epochs": t.epochs, "steps": t.step}.get(against, t.evaluations)
        found[lane] = places[race.records(lane)]
    return found


@dataclass(frozen=True, eq=False)
class Levels:
    """What the axes show: a quantity, or its logarithm, from `low` to `high`, at `places`.

    `values` are levels on the vertical axis, `raw` the quantity itself.
    """

    title: str
    log: bool
    values: Array  # (lanes, records)
    low: float
    high: float
    raw: Array | None = None
    places: Array | None = None

    @classmethod
    def of(
        cls,
        race: Race,
        quantity: str = "loss",
        scale: str = "auto",
        against: str = "steps",
        minima: tuple[Point, ...] | None = None,
    ) -> Levels:
        """The levels of a quantity; `minima` are those that distances are taken to."""
        known = race.experiment.resolved().minima if minima is None else minima
        if quantity == "loss":
            values, made = race.loss, cls._of_loss(race, scale)
        else:
            values = series(race, quantity, known)
            title = quantities(race).get(quantity, quantity)
            made = cls._of_values(title, values, scale)
        return replace(made, raw=values, places=abscissae(race, against))

    @classmethod
    def _of_values(cls, title: str, values: Array, scale: str) -> Levels:
        finite = values[np.isfinite(values)]
        if not finite.size:
            return cls(f"{title}: none here", False, np.full_like(values, np.nan), 0.0, 1.0)
        finite = np.clip(finite, -1e300, 1e300)
        size = np.abs(finite)
        above = size[size > FLOOR]
        wide = above.size > 0 and above.max() > WIDE * above.min()
        if scale == "log" or (scale == "auto" and finite.min() >= 0 and wide):
            with np.errstate(all="ignore"):
                levels = np.log10(np.clip(np.abs(values), FLOOR, 1e300))
            low, high = (
                (math.log10(float(f)) for f in (above.min(), above.max()))
                if (above.size)
                else (-1.0, 1.0)
            )
            title = f"|{title}|" if finite.min() < 0 else title
            return cls(title, True, levels, *_with_room(max(low, high - 24.0), high))
        few = finite[:: 1 + finite.size // 50_000]
        low, high = (float(v) for v in np.percentile(few, (0.2, 99.8)))
        return cls(title, False, np.clip(values, -1e300, 1e300), *_with_room(low, high))

    def record(self, lane: int, place: float) -> int:
        """The record of a lane at, or last before, a place of the horizontal axis."""
        assert self.places is not None
        found = int(np.searchsorted(self.places[lane], place, side="right")) - 1
        return max(0, found)

    def read(self, lane: int, index: int) -> float:
        """The quantity itself at a record."""
        assert self.raw is not None
        return float(self.raw[lane, index])

    @classmethod
    def _of_loss(cls, race: Race, scale: str) -> Levels:
        """Logarithmic wherever the losses have a floor to be compared with."""
        loss = race.loss
        minima = race.experiment.resolved().minima
        finite = loss[np.isfinite(loss)]
        if not finite.size:
            return cls("Loss: not finite", False, np.full_like(loss, np.nan), 0.0, 1.0)
        floor = 0.0
        if minima:
            x, y = np.array(minima, np.float64).T
            floor = float(race.experiment.resolved().value(x, y).min())
            floor = 0.0 if abs(floor) < 1e-9 else floor
        above = finite.min() - floor
        below = above < -1e-9 * max(1.0, abs(floor))
        if scale == "log" and below:
            floor = float(np.clip(finite.min(), -1e300, 1e300))
        elif scale == "linear" or below or finite.max() - floor < FLOOR:
            return cls._linear(race)
        title = f"Loss above its minimum {short(floor)}" if floor else "Loss"
        with np.errstate(all="ignore"):
            values = np.log10(np.clip(loss - floor, FLOOR, 1e300))
        return cls(title, True, values, *cls._range(race, values))

    def curves(self, race: Race) -> tuple[Array, Array, NDArray[np.int64]]:
        """x, y and the number of visible points of each curve.

        Of more points than a screen has columns only the lowest and highest of each column are
        kept, which looks the same.
        """
        at = abscissae(race, "steps") if self.places is None else self.places
        count = at.shape[1]
        if count <= 2 * COLUMNS:
            return np.ascontiguousarray(at), np.ascontiguousarray(self.values), race.visible
        width = -(-count // COLUMNS)
        cuts = np.arange(0, count, width)
        filled = np.where(np.isfinite(self.values), self.values, self.high + 1.0)
        y = np.empty((len(filled), 2 * len(cuts)))
        y[:, 0::2] = np.minimum.reduceat(filled, cuts, axis=1)
        y[:, 1::2] = np.maximum.reduceat(filled, cuts, axis=1)
        return np.repeat(at[:, cuts], 2, axis=1), y, 2 * (-(-race.visible // width))

    @classmethod
    def _linear(cls, race: Race) -> Levels:
        """As far as the losses go, but not much farther than the domain's own."""
        surface = race.experiment.resolved()
        x0, x1, y0, y1 = surface.domain
        usual = surface.grid(np.linspace(x0, x1, 33), np.linspace(y0, y1, 33))
        usual = usual[np.isfinite(usual)]
        loss = np.clip(race.loss, -1e300, 1e300)
        usual = np.clip(usual, -1e300, 1e300)
        low, high = cls._range(race, loss)
        if usual.size and usual.max() > usual.min():
            room = 0.5 * (usual.max() - usual.min())
            start = loss[:, 0][np.isfinite(loss[:, 0])]
            low = max(low, min(usual.min() - room, start.min(initial=np.inf) - room))
            high = min(high, max(usual.max() + room, start.max(initial=-np.inf) + room))
        return cls("Loss", False, loss, float(low), float(high))

    @staticmethod
    def _range(race: Race, values: Array) -> tuple[float, float]:
        """From the lowest value to the starts, and as far above as most of the race goes."""
        finite = values[np.isfinite(values)]
        low = float(finite.min())
        finite = finite[:: 1 + finite.size // 50_000]
        high = max(float(np.nanmax(np.where(np.isfinite(values[:, 0]), values[:, 0], low))),
                   float(np.percentile(finite, 99)))  # fmt: skip
        start = float(np.max(values[:, 0], initial=low, where=np.isfinite(values[:, 0])))
        high = min(high, start + max(1.0, start - low))
        room = max(0.05 * (high - low), 1e-9 * max(1.0, abs(high), abs(low)), 0.05)
        return low - room, high + room


def _with_room(low: float, high: float) -> tuple[float, float]:
    room = max(0.06 * (high - low), 1e-9 * max(1.0, abs(high), abs(low)), 1e-12)
    return (low - room, high + room) if high > low else (low - 0.5, high + 0.5)
