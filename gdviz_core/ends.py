"""Many runs at once, of which only the ends are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz_core.conditions import Conditions
from gdviz_core.descent import (
    STATUSES,
    check_count,
    check_size,
    prepare,
    rule_of,
    run_all,
    schedule_size,
)
from gdviz_core.optimizer import Optimizer
from gdviz_core.surface import Array, Surface

# How many steps lie between two tests for the end.
LOOK = 16


@dataclass(frozen=True, eq=False)
class Ends:
    """Where runs ended: arrays over the lanes.

    `status` holds the strings of Trajectory.status, and "reached the target" where there was one;
    `codes` are the keys of STATUSES. `steps` are those taken; ends are looked for every 16 steps,
    with a target or `stop_outside` after every step.
    """

    x: Array
    y: Array
    loss: Array
    grad_x: Array
    grad_y: Array
    codes: NDArray[np.int8]
    steps: NDArray[np.int64]

    @property
    def status(self) -> NDArray[np.object_]:
        return named(self.codes)


def named(codes: NDArray[np.int8]) -> NDArray[np.object_]:
    """The strings of Trajectory.status for their numbers."""
    return np.array([STATUSES[i] for i in range(len(STATUSES))], object)[codes]


def settle(
    surface: Surface,
    optimizer: Optimizer | str,
    starts: ArrayLike,
    steps: int = 500,
    *,
    hyperparameters: Mapping[str, ArrayLike] | None = None,
    progress: Any = None,
    numbers: ArrayLike | None = None,
    target: float | None = None,
    threads: int | None = None,
    block: int = 256,
    emitted: bool = True,
    **conditions: Any,
) -> Ends:
    """Run one optimizer from many starts, or with many hyper-parameters, and keep only the ends.

    `starts` has shape (lanes, 2), or (2,) for one start; `hyperparameters` maps names to a value
    or to one for each lane. Lanes that have ended cost nothing any more. `conditions` as for
    `race`; `numbers` are those of the lanes, by which their noise is chosen: 0, 1, 2, ... unless
    given. A run ends as well where its loss is at most `target`. `threads`, `block` and `emitted`
    change how it is computed and not the result.

    Raises ValueError for a bad argument, TooLarge and Cancelled.
    """
    optimizer = rule_of(optimizer)
    steps = check_count("steps", steps)
    around = Conditions(**conditions)
    points = np.array(starts, np.float64)
    if points.ndim == 1:
        points = points.reshape(-1, 2) if points.size in (0, 2) else points[np.newaxis]
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"starts must have shape (lanes, 2), not {np.shape(starts)}")
    lanes = _lanes(optimizer, hyperparameters or {})
    sizes = {n for n in (len(points), *map(len, lanes.values())) if n != 1}
    if len(sizes) > 1:
        raise ValueError(f"starts and hyper-parameters must be equally many, not {sorted(sizes)}")
    count = sizes.pop() if sizes else min(len(points), 1)
    points = np.broadcast_to(points, (count, 2))
    if not np.isfinite(points).all():
        raise ValueError("starts must be finite")
    check_size(8 * (8 + len(lanes)) * count + schedule_size(around, steps))
    # what leaves the domain may have diverged 16 steps later, or be back
    look = LOOK if target is None and not around.stop_outside else 1
    iteration, _ = prepare(
        surface, optimizer, steps, around, every=0, look=look,
        lanes=lanes, count=count, block=block, emitted=emitted, target=target,
    )  # fmt: skip
    given = None if numbers is None else np.ascontiguousarray(numbers, np.int64)
    run = run_all(iteration, points, progress, given, threads)
    x, y, loss, grad_x, grad_y = run.record[:, 0]
    return Ends(x, y, loss, grad_x, grad_y, run.status, run.last)


def _lanes(optimizer: Optimizer, given: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """The hyper-parameters that differ, each value checked against its range."""
    known = {h.name: h for h in optimizer.hyperparameters}
    lanes = {}
    for name, values in given.items():
        if name not in known:
            optimizer(**{name: 0.0})  # says which there are
        array = np.atleast_1d(np.asarray(values, np.float64))
        if array.ndim != 1 or not array.size:
            raise ValueError(f"{name} must be one value, or one for each lane")
        for extreme in (np.min(array), np.max(array)):
            known[name].check(float(extreme))
        if known[name].flag:
            for value in np.unique(array):
                known[name].check(float(value))
        lanes[name] = array
    return lanes
