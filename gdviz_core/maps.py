"""Basin maps and hyper-parameter maps: not one run but all of them, tile by tile."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz_core.critical import MINIMUM, critical_points
from gdviz_core.descent import CONVERGED, DIVERGED, LEFT, check_count, rule_of
from gdviz_core.ends import Ends, settle
from gdviz_core.optimizer import Optimizer
from gdviz_core.surface import Array, Domain, Surface, check_domain

Result = TypeVar("Result")
Tiles = Generator[tuple[float, slice, slice], None, Result]

TILE = 128
# Neighbours end alike: lanes go through the engine in squares of this side.
_SQUARE = 16
NOT_SETTLED, GONE = -1, -2


@dataclass(frozen=True, eq=False)
class BasinMap:
    """Where every start of a domain ends; arrays (rows, columns), rows along y.

    `minimum` is an index into `points`, -1 for a run that has not settled at one of them, -2 for
    one that diverged or left the domain. `points` (n, 3) are x, y and the loss of the critical
    points that runs may end in, minima first, the least loss first; after them one point for each
    curve of critical points. `steps` are those taken. A pixel is the run from its centre.
    """

    domain: Domain
    minimum: NDArray[np.int16]
    steps: NDArray[np.int32]
    x: Array
    y: Array
    points: Array

    @property
    def shares(self) -> Array:
        """The share of the map that each of `points` has."""
        counts = np.bincount(self.minimum[self.minimum >= 0], minlength=len(self.points))
        return counts / self.minimum.size


@dataclass(frozen=True, eq=False)
class SweepMap:
    """One start with two hyper-parameters varied; arrays (rows, columns), rows along the second.

    `axes` maps the two hyper-parameters to their values, columns first. `loss` is the loss at the
    end, `steps` those taken, `status` the strings of Trajectory.status.
    """

    axes: Mapping[str, Array]
    loss: Array
    steps: NDArray[np.int32]
    status: NDArray[np.object_]


def basin_map(
    surface: Surface,
    optimizer: Optimizer | str,
    shape: tuple[int, int] = (512, 512),
    steps: int = 1000,
    **options: Any,
) -> BasinMap:
    """The BasinMap of an optimizer on a surface; shape is (rows, columns).

    `options` are `domain`, `tile`, `progress` and the conditions of `race`. Raises ValueError,
    TooLarge and Cancelled.
    """
    return finish(basin_tiles(surface, optimizer, shape, steps, **options))


def sweep_map(
    surface: Surface,
    optimizer: Optimizer | str,
    start: tuple[float, float],
    steps: int = 500,
    *,
    tile: int = TILE,
    progress: Any = None,
    conditions: Mapping[str, Any] | None = None,
    **axes: ArrayLike,
) -> SweepMap:
    """The SweepMap of two hyper-parameters, given by name with their values, columns first.

    sweep_map(s, "momentum", start=(0, 0), lr=np.geomspace(1e-4, 1, 256),
              momentum=np.linspace(0, 0.99, 256))

    `conditions` as for `race`. Raises ValueError, TooLarge and Cancelled.
    """
    return finish(
        sweep_tiles(
            surface, optimizer, start, steps, tile=tile, progress=progress,
            conditions=conditions, **axes,
        )
    )  # fmt: skip


def finish(tiles: Tiles[Result]) -> Result:
    """Run a generator of tiles to its end."""
    while True:
        try:
            next(tiles)
        except StopIteration as end:
            return end.value


def basin_tiles(
    surface: Surface,
    optimizer: Optimizer | str,
    shape: tuple[int, int] = (512, 512),
    steps: int = 1000,
    *,
    domain: Sequence[float] | None = None,
    tile: int = TILE,
    points: Destinations | None = None,
    progress: Any = None,
    **conditions: Any,
) -> Tiles[BasinMap]:
    """A generator that computes a BasinMap tile by tile.

    It yields (fraction done, rows, columns) after each tile. `points` are the critical points to
    tell apart, found if they are not given.
    """
    optimizer = rule_of(optimizer)
    rows, columns = _shape(shape)
    x0, x1, y0, y1 = surface.domain if domain is None else check_domain(domain)
    xs = x0 + (np.arange(columns) + 0.5) * ((x1 - x0) / columns)
    ys = y0 + (np.arange(rows) + 0.5) * ((y1 - y0) / rows)
    places = destinations(surface, (x0, x1, y0, y1)) if points is None else points
    result = BasinMap(
        (x0, x1, y0, y1),
        np.full((rows, columns), NOT_SETTLED, np.int16),
        np.zeros((rows, columns), np.int32),
        np.full((rows, columns), np.nan),
        np.full((rows, columns), np.nan),
        places.points,
    )
    done = 0
    for j, i, order in _tiles(rows, columns, tile):
        mx, my = (a.ravel()[order] for a in np.meshgrid(xs[i], ys[j]))
        # The number of a pixel, by which its noise is drawn, must not depend on the tiles.
        number = (np.arange(rows)[j][:, None] * columns + np.arange(columns)[i]).ravel()[order]
        ends = _settled(surface, optimizer, np.stack([mx, my], axis=1), steps, number, progress,
                        {}, conditions)  # fmt: skip
        back = np.argsort(order)
        part = (j.stop - j.start, i.stop - i.start)
        result.minimum[j, i] = _nearest(surface, ends, places)[back].reshape(part)
        result.steps[j, i] = ends.steps[back].reshape(part)
        result.x[j, i], result.y[j, i] = ends.x[back].reshape(part), ends.y[back].reshape(part)
        done += len(order)
        yield done / (rows * columns), j, i
    return result


def sweep_tiles(
    surface: Surface,
    optimizer: Optimizer | str,
    start: tuple[float, float],
    steps: int = 500,
    *,
    tile: int = TILE,
    progress: Any = None,
    conditions: Mapping[str, Any] | None = None,
    **axes: ArrayLike,
) -> Tiles[SweepMap]:
    """A generator that computes a SweepMap tile by tile; it yields as `basin_tiles` does."""
    optimizer = rule_of(optimizer)
    if len(axes) != 2:
        raise ValueError(f"a sweep has two hyper-parameters, not {len(axes)}: {', '.join(axes)}")
    (first, us), (second, vs) = ((n, np.asarray(a, np.float64).ravel()) for n, a in axes.items())
    for name, values in ((first, us), (second, vs)):
        if not values.size:
            raise ValueError(f"{name} has no values to sweep over")
    rows, columns = _shape((len(vs), len(us)))
    result = SweepMap(
        {first: us, second: vs},
        np.full((rows, columns), np.nan),
        np.zeros((rows, columns), np.int32),
        np.full((rows, columns), "", object),
    )
    done = 0
    for j, i, order in _tiles(rows, columns, tile):
        u, v = (a.ravel()[order] for a in np.meshgrid(us[i], vs[j]))
        number = np.zeros(len(order), np.int64)  # one start, so one noise
        ends = _settled(surface, optimizer, np.array(start, np.float64), steps, number, progress,
                        {first: u, second: v}, dict(conditions or {}))  # fmt: skip
        back = np.argsort(order)
        part = (j.stop - j.start, i.stop - i.start)
        result.loss[j, i] = ends.loss[back].reshape(part)
        result.steps[j, i] = ends.steps[back].reshape(part)
        result.status[j, i] = ends.status[back].reshape(part)
        done += len(order)
        yield done / (rows * columns), j, i
    return result


def _settled(
    surface: Surface,
    optimizer: Optimizer,
    starts: Array,
    steps: int,
    number: NDArray[np.int64],
    progress: Any,
    varied: Mapping[str, Array],
    conditions: dict[str, Any],
) -> Ends:
    return settle(
        surface, optimizer, starts, steps, hyperparameters=varied, progress=progress,
        numbers=number, **conditions,
    )  # fmt: skip


class Destinations(NamedTuple):
    """What runs may end in: `points` (n, 3) are x, y and loss of each, `places` (m, 2) all points
    that belong to one, `owner` (m) to which."""

    points: Array
    places: Array
    owner: NDArray[np.int16]


def destinations(surface: Surface, domain: Domain | None = None) -> Destinations:
    """The critical points and curves of a surface in its own domain and another."""
    box = surface.domain
    if domain is not None:  # a run from one may end in the other
        low, high = np.minimum(box, domain), np.maximum(box, domain)
        box = (float(low[0]), float(high[1]), float(low[2]), float(high[3]))
    found = critical_points(surface, box)
    ordered = sorted(found, key=lambda p: (p.kind != MINIMUM, p.loss))
    points = [(p.x, p.y, p.loss) for p in ordered]
    points += [(float(c.points[0, 0]), float(c.points[0, 1]), c.loss) for c in found.curves]
    places = [np.array(points, np.float64).reshape(-1, 3)[: len(ordered), :2]]
    places += [curve.points for curve in found.curves]
    index = [*range(len(ordered))]
    for k, curve in enumerate(found.curves, len(ordered)):
        index += [k] * len(curve.points)
    return Destinations(
        np.array(points, np.float64).reshape(-1, 3), np.concatenate(places),
        np.array(index, np.int16),
    )  # fmt: skip


def _nearest(surface: Surface, ends: Ends, where: Destinations) -> NDArray[np.int16]:
    """The index of the critical point or curve at which each run has settled."""
    from scipy.spatial import cKDTree

    found = np.full(len(ends.x), NOT_SETTLED, np.int16)
    found[(ends.status == DIVERGED) | (ends.status == LEFT)] = GONE
    settled = ends.status == CONVERGED
    if len(where.places) and settled.any():
        x0, x1, y0, y1 = surface.domain
        size = max(x1 - x0, y1 - y0)
        distance, nearest = cKDTree(where.places).query(
            np.stack([ends.x[settled], ends.y[settled]], axis=1)
        )
        owner = where.owner[nearest]
        losses = where.points[owner, 2]
        # what is known of a curve are some of its points, on all of which the loss is the same
        curves = np.bincount(where.owner)[owner] > 1
        level = np.abs(ends.loss[settled] - losses) <= 1e-9 * np.maximum(1.0, np.abs(losses))
        hit = (distance <= 1e-3 * size) | (curves & level & (distance <= 0.05 * size))
        found[settled] = np.where(hit, owner, NOT_SETTLED)
    return found


def _shape(shape: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(shape, Sequence | np.ndarray) or len(shape) != 2:
        raise ValueError(f"shape must be two numbers, not {str(shape)[:40]}")
    rows, columns = (check_count("shape", side, 1) for side in shape)
    if max(rows, columns) > 2**15:
        raise ValueError(f"shape must be two numbers up to {2**15}, not {shape}")
    return rows, columns


def _tiles(rows: int, columns: int, tile: int) -> Iterator[tuple[slice, slice, NDArray[np.int64]]]:
    """The tiles of a map, and the order of the pixels of each: square by square."""
    tile = check_count("tile", tile, 1)
    for top in range(0, rows, tile):
        for left in range(0, columns, tile):
            j, i = slice(top, min(top + tile, rows)), slice(left, min(left + tile, columns))
            height, width = j.stop - j.start, i.stop - i.start
            row, column = (a.ravel() for a in np.mgrid[:height, :width])
            squares = math.ceil(width / _SQUARE)
            square = (row // _SQUARE) * squares + column // _SQUARE
            yield j, i, np.argsort(square, kind="stable")
