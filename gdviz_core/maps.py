"""Basin maps and hyper-parameter maps: not one run but all of them, tile by tile.

A map is the answer to a question, `Basins` or `Sweep`, which says what every pixel is. A question
computes any part of its map by itself and can be pickled, so that parts can be computed anywhere;
what a pixel gets never depends on the parts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz_core import engine
from gdviz_core.conditions import Conditions
from gdviz_core.descent import STATUSES, check_count, rule_of
from gdviz_core.destinations import OUT, Destinations, destinations
from gdviz_core.ends import Ends, named, settle
from gdviz_core.optimizer import Optimizer
from gdviz_core.surface import Array, Domain, Surface, check_domain

Part = dict[str, NDArray[Any]]
Tile = tuple[slice, slice]

TILE = 128
MAX_SIDE = 2**15
MAX_SEEDS = 10_000
# Neighbours end alike: lanes go through the engine in squares of this side.
_SQUARE = 16
# Steps in which what noise kept from settling comes to rest without it.
CALM = 3000
# The starts of one pixel have ended differently.
MIXED = -1


@dataclass(frozen=True, eq=False)
class BasinMap:
    """Where every start of a domain ends; arrays (rows, columns), rows along y.

    `minimum` is an index into `points`, -1 for a run that has not settled at one of them, -2 for
    one that diverged, -3 for one that ended when it left the domain. `points` (n, 3) are x, y and
    the loss of the critical points that runs may end in, minima first, the least loss first; after
    them one point for each curve of critical points. `steps` are those taken. A pixel is the run
    from its centre.

    With several `seeds` all that is of the run with the first; `probability` is the share of the
    seeds with which the run reaches a minimum of the least loss, None for one seed.
    """

    domain: Domain
    minimum: NDArray[np.int16]
    steps: NDArray[np.int32]
    x: Array
    y: Array
    points: Array
    probability: Array | None = None

    @property
    def shares(self) -> Array:
        """The share of the map that each of `points` has."""
        counts = np.bincount(self.minimum[self.minimum >= 0], minlength=len(self.points))
        return counts / self.minimum.size


@dataclass(frozen=True, eq=False)
class SweepMap:
    """Runs with two hyper-parameters varied; arrays (rows, columns), rows along the second.

    `axes` maps the two hyper-parameters to their values, columns first. `loss` is the loss at the
    end, `steps` those taken, both the mean over all starts; `status` the strings of
    Trajectory.status, "reached the target", or "mixed" where starts end differently.
    """

    axes: Mapping[str, Array]
    loss: Array
    steps: Array
    codes: NDArray[np.int8]

    @property
    def status(self) -> NDArray[np.object_]:
        return np.where(self.codes == MIXED, "mixed", named(np.maximum(self.codes, 0)))


@dataclass(frozen=True, eq=False)
class Basins:
    """The question where every start of a domain ends; shape is (rows, columns).

    `where` are the points that runs may end in. With noise or batches a run that is out of steps
    belongs to the point it would settle at without them. `conditions` are those of `race`.

    Raises ValueError for a bad field.
    """

    surface: Surface
    optimizer: Optimizer
    shape: tuple[int, int]
    steps: int
    domain: Domain
    where: Destinations
    seeds: int = 1
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "optimizer", rule_of(self.optimizer))
        object.__setattr__(self, "shape", check_shape(self.shape))
        object.__setattr__(self, "domain", check_domain(self.domain))
        if check_count("seeds", self.seeds, 1) > MAX_SEEDS:
            raise ValueError(f"seeds must be at most {MAX_SEEDS}, not {self.seeds}")
        Conditions(**self.conditions)

    @property
    def layout(self) -> dict[str, Any]:
        """The arrays of a part and their types."""
        found = {"minimum": np.int16, "steps": np.int32, "x": np.float64, "y": np.float64}
        return found if self.seeds == 1 else {**found, "probability": np.float64}

    @property
    def centres(self) -> tuple[Array, Array]:
        """The x of the columns and the y of the rows."""
        rows, columns = self.shape
        x0, x1, y0, y1 = self.domain
        xs = x0 + (np.arange(columns, dtype=np.float64) + 0.5) * ((x1 - x0) / columns)
        return xs, y0 + (np.arange(rows, dtype=np.float64) + 0.5) * ((y1 - y0) / rows)

    def ends(
        self, rows: slice, columns: slice, draw: int = 0, progress: Any = None,
        threads: int | None = None,
    ) -> tuple[Ends, Ends]:  # fmt: skip
        """Where the runs of a part end, and where they would settle, in the order of its pixels.

        `draw` is the number of the seed. The two differ with noise or batches only.
        """
        order = _squares(rows, columns)
        xs, ys = self.centres
        starts = np.stack([a.ravel()[order] for a in np.meshgrid(xs[columns], ys[rows])], axis=1)
        width = self.shape[1]
        # The number of a pixel, by which its noise is drawn, must not depend on the tiles.
        number = np.arange(rows.start, rows.stop)[:, None] * width + np.arange(width)[columns]
        seed = (self.conditions.get("seed", 0) + draw) % 2**63
        found = settle(
            self.surface, self.optimizer, starts, self.steps, numbers=number.ravel()[order],
            progress=progress, threads=threads, **{**self.conditions, "seed": seed},
        )  # fmt: skip
        back = np.argsort(order)
        ends = Ends(*(getattr(found, name)[back] for name in Ends.__dataclass_fields__))
        return ends, self._calm(ends, progress, threads)

    def _calm(self, ends: Ends, progress: Any, threads: int | None) -> Ends:
        """The ends, those that noise or batches keep from settling brought to rest without them."""
        restless = ends.codes == engine.OUT_OF_STEPS
        noisy = self.conditions.get("noise") or self.conditions.get("batch")
        if not noisy or not restless.any():
            return ends
        around = {**self.conditions, "noise": 0.0, "batch": None}
        starts = np.stack([ends.x, ends.y], axis=1)[restless]
        calm = settle(self.surface, self.optimizer, starts, max(self.steps, CALM),
                      progress=progress, threads=threads, **around)  # fmt: skip
        merged = {name: getattr(ends, name).copy() for name in Ends.__dataclass_fields__}
        for name, values in merged.items():
            values[restless] = getattr(calm, name)
        return Ends(**merged)

    def part(
        self, rows: slice, columns: slice, progress: Any = None, threads: int | None = None,
        first: tuple[Ends, Ends] | None = None,
    ) -> Part:  # fmt: skip
        """A part of the map, by the names of `layout`; `first` are its ends, if they are known."""
        ends, calm = first or self.ends(rows, columns, 0, progress, threads)
        reached = self.where.reached(calm)
        found: Part = {"minimum": reached, "steps": ends.steps, "x": ends.x, "y": ends.y}
        if self.seeds > 1:
            best = np.append(self.where.best(), [False] * 3)  # for OUT, GONE and NOT_SETTLED
            times = best[reached].astype(np.float64)
            for draw in range(1, self.seeds):
                _, calm = self.ends(rows, columns, draw, progress, threads)
                times += best[self.where.reached(calm)]
            found["probability"] = times / self.seeds
        return _shaped(found, rows, columns, self.layout)

    def sound(self, part: Part) -> bool:
        """Whether a part, which comes from elsewhere, has nothing in it that cannot be."""
        reached = part["minimum"]
        return bool((reached >= OUT).all() and (reached < len(self.where.points)).all()
                    and (part["steps"] >= 0).all())  # fmt: skip

    def map(self, parts: Part) -> BasinMap:
        """The map whose arrays these are."""
        return BasinMap(self.domain, parts["minimum"], parts["steps"], parts["x"], parts["y"],
                        self.where.points, parts.get("probability"))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sweep:
    """The question what two hyper-parameters do; `axes` are their values, columns first.

    `starts` (n, 2) are those whose runs a pixel stands for, `numbers` those by which their noise is
    drawn, 0, 1, 2, ... unless given: it is the same for every pixel. With a `target` a run ends
    when its loss is at most that. `conditions` are those of `race`.

    Raises ValueError for a bad field.
    """

    surface: Surface
    optimizer: Optimizer
    axes: Mapping[str, Array]
    starts: Array
    steps: int
    target: float | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)
    numbers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "optimizer", rule_of(self.optimizer))
        if len(self.axes) != 2:
            raise ValueError(
                f"a sweep has two hyper-parameters, not {len(self.axes)}: {', '.join(self.axes)}"
            )
        axes = {name: np.array(values, np.float64).ravel() for name, values in self.axes.items()}
        for name, values in axes.items():
            if not values.size:
                raise ValueError(f"{name} has no values to sweep over")
        object.__setattr__(self, "axes", axes)
        check_shape(self.shape)
        object.__setattr__(self, "starts", np.array(self.starts, np.float64).reshape(-1, 2))
        if not len(self.starts):
            raise ValueError("a sweep needs a start")
        if self.target is not None and math.isnan(self.target):
            raise ValueError("target must be a number, not nan")
        if not self.numbers:
            object.__setattr__(self, "numbers", tuple(range(len(self.starts))))
        if len(self.numbers) != len(self.starts):
            raise ValueError(f"numbers must be {len(self.starts)}, as starts, not "
                             f"{len(self.numbers)}")  # fmt: skip
        Conditions(**self.conditions)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)"""
        us, vs = self.axes.values()
        return len(vs), len(us)

    @property
    def layout(self) -> dict[str, Any]:
        """The arrays of a part and their types."""
        return {"loss": np.float64, "steps": np.float64, "codes": np.int8}

    def part(
        self, rows: slice, columns: slice, progress: Any = None, threads: int | None = None
    ) -> Part:
        """A part of the map, by the names of `layout`."""
        order = _squares(rows, columns)
        (first, us), (second, vs) = self.axes.items()
        u, v = (a.ravel()[order] for a in np.meshgrid(us[columns], vs[rows]))
        loss, steps = np.zeros(len(order)), np.zeros(len(order))
        codes: NDArray[np.int8] | None = None
        for k, start in zip(self.numbers, self.starts, strict=True):
            number = np.full(len(order), k, np.int64)  # one start, so one noise
            ends = settle(self.surface, self.optimizer, start, self.steps,
                          hyperparameters={first: u, second: v}, numbers=number,
                          target=self.target, progress=progress, threads=threads,
                          **self.conditions)  # fmt: skip
            with np.errstate(all="ignore"):
                loss += ends.loss
            steps += ends.steps
            codes = ends.codes if codes is None else np.where(codes == ends.codes, codes, MIXED)
        back, count = np.argsort(order), len(self.starts)
        assert codes is not None
        found: Part = {
            "loss": loss[back] / count,
            "steps": steps[back] / count,
            "codes": codes[back],
        }
        return _shaped(found, rows, columns, self.layout)

    def sound(self, part: Part) -> bool:
        """Whether a part, which comes from elsewhere, has nothing in it that cannot be."""
        codes = part["codes"]
        return bool((codes >= MIXED).all() and (codes < len(STATUSES)).all())

    def map(self, parts: Part) -> SweepMap:
        """The map whose arrays these are."""
        return SweepMap(self.axes, parts["loss"], parts["steps"], parts["codes"])


Question = Basins | Sweep


def basin_map(
    surface: Surface,
    optimizer: Optimizer | str,
    shape: tuple[int, int] = (512, 512),
    steps: int = 1000,
    *,
    domain: Sequence[float] | None = None,
    seeds: int = 1,
    tile: int = TILE,
    progress: Any = None,
    threads: int | None = None,
    **conditions: Any,
) -> BasinMap:
    """The BasinMap of an optimizer on a surface; shape is (rows, columns).

    `conditions` as for `race`; with several `seeds`, from `seed` on, it tells as well how likely
    noise leads to a global minimum. `tile` and `threads` change how it is computed and not the
    result. Raises ValueError, TooLarge and Cancelled.
    """
    box = surface.domain if domain is None else check_domain(domain)
    rule, shape = rule_of(optimizer), check_shape(shape)
    question = Basins(surface, rule, shape, steps, box, destinations(surface, box), seeds,
                      conditions)  # fmt: skip
    return question.map(whole(question, tile, progress, threads))


def sweep_map(
    surface: Surface,
    optimizer: Optimizer | str,
    start: ArrayLike,
    steps: int = 500,
    *,
    target: float | None = None,
    tile: int = TILE,
    progress: Any = None,
    threads: int | None = None,
    conditions: Mapping[str, Any] | None = None,
    **axes: ArrayLike,
) -> SweepMap:
    """The SweepMap of two hyper-parameters, given by name with their values, columns first.

    sweep_map(s, "momentum", start=(0, 0), lr=np.geomspace(1e-4, 1, 256),
              momentum=np.linspace(0, 0.99, 256))

    `start` is one point or several, over which the mean is taken. With a `target` runs end when
    their loss is at most that, so that `steps` are those it takes. `conditions` as for `race`.
    Raises ValueError, TooLarge and Cancelled.
    """
    values = {name: np.asarray(axis, np.float64) for name, axis in axes.items()}
    question = Sweep(surface, rule_of(optimizer), values, np.asarray(start, np.float64), steps,
                     target, dict(conditions or {}))  # fmt: skip
    return question.map(whole(question, tile, progress, threads))


def whole(
    question: Question, tile: int = TILE, progress: Any = None, threads: int | None = None
) -> Part:
    """All arrays of a map."""
    found = blank(question)
    for rows, columns in tiles(question.shape, tile):
        fill(found, rows, columns, question.part(rows, columns, progress, threads))
    return found


def blank(question: Question) -> Part:
    """Arrays for a whole map, to be filled."""
    return {name: np.zeros(question.shape, kind) for name, kind in question.layout.items()}


def fill(arrays: Part, rows: slice, columns: slice, part: Part) -> None:
    """Put a part into its place."""
    for name, values in part.items():
        arrays[name][rows, columns] = values


def tiles(shape: tuple[int, int], tile: int = TILE) -> Iterator[Tile]:
    """The tiles of a map, row by row; `tile` is their side."""
    (height, width), tile = shape, check_count("tile", tile, 1)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            yield (slice(top, min(top + tile, height)), slice(left, min(left + tile, width)))


def check_shape(shape: Any) -> tuple[int, int]:
    """(rows, columns); ValueError if they are not two numbers of pixels."""
    if not isinstance(shape, Sequence | np.ndarray) or len(shape) != 2:
        raise ValueError(f"shape must be two numbers, not {str(shape)[:40]}")
    rows, columns = (check_count("shape", side, 1) for side in shape)
    if max(rows, columns) > MAX_SIDE:
        raise ValueError(f"shape must be two numbers up to {MAX_SIDE}, not {shape}")
    return rows, columns


def _shaped(found: Part, rows: slice, columns: slice, layout: Mapping[str, Any]) -> Part:
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    return {name: found[name].reshape(shape).astype(kind, copy=False)
            for name, kind in layout.items()}  # fmt: skip


def _squares(rows: slice, columns: slice) -> NDArray[np.int64]:
    """The order of the pixels of a part: square by square."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    row, column = (a.ravel() for a in np.mgrid[:height, :width])
    square = (row // _SQUARE) * math.ceil(width / _SQUARE) + column // _SQUARE
    return np.argsort(square, kind="stable")
