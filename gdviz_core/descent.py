"""Descend a surface: one optimizer or a race of several, recorded step by step."""

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz_core import engine
from gdviz_core.optimizer import Optimizer
from gdviz_core.surface import Array, Surface, in_threads

CONVERGED = "converged"
DIVERGED = "diverged"
LEFT = "left the domain"
OUT_OF_STEPS = "out of steps"
_STATUS = {
    engine.OUT_OF_STEPS: OUT_OF_STEPS,
    engine.OUTSIDE: LEFT,
    engine.CONVERGED: CONVERGED,
    engine.DIVERGED: DIVERGED,
}

# Past this many times the domain's size an iterate counts as diverged.
FAR = 1e6
# The largest record that is allocated, in bytes.
MAX_BYTES = 1_500_000_000
MAX_COUNT = 10**15


class TooLarge(ValueError):
    """The computation would need more memory than is permitted; nothing was allocated."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What one optimizer did from one start.

    Index 0 of every array is the start. `x`, `y`, `loss`, `grad_x` and `grad_y` are the iterate
    and the surface there; `state` maps names such as "m_x" to arrays. `step` holds the step
    numbers, 0, 1, 2, ... unless the run was recorded more sparsely.

    `status` tells why the run ended: "converged" (the gradient norm is at most the tolerance),
    "diverged" (not finite, or past a million times the size of the domain; the last iterate is
    the one that is), "left the domain" (when it was asked to stop there) or "out of steps".
    `left` is the first step outside the domain, None if there is none.
    """

    optimizer: Optimizer
    start: tuple[float, float]
    step: NDArray[np.int64]
    x: Array
    y: Array
    loss: Array
    grad_x: Array
    grad_y: Array
    status: str
    left: int | None = None
    state: dict[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def steps(self) -> int:
        """Steps taken."""
        return int(self.step[-1])

    @property
    def grad_norm(self) -> Array:
        """The Euclidean norm of the gradient."""
        with np.errstate(over="ignore"):
            return np.hypot(self.grad_x, self.grad_y)

    @property
    def lr(self) -> float | None:
        """The learning rate, None for an optimizer that has none."""
        return self.optimizer.values.get("lr")

    def index(self, step: int) -> int:
        """The index of the last record at or before a step."""
        return int(np.searchsorted(self.step, step, side="right")) - 1


def check_count(name: str, value: Any, low: int = 0) -> int:
    """A whole number of at least `low`; ValueError names the field otherwise."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, not {str(value)[:40]!r}") from None
    if isinstance(value, bool) or number < low:
        raise ValueError(f"{name} must be at least {low}, not {str(value)[:40]}")
    if number > MAX_COUNT:
        raise ValueError(f"{name} must be at most {MAX_COUNT}, not {str(value)[:40]}")
    return number


def check_start(start: Any) -> tuple[float, float]:
    """A point (x, y) of finite numbers; ValueError otherwise."""
    try:
        x, y = (float(value) for value in start)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"a start is two numbers x, y, not {str(start)[:60]!r}") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError(f"a start must be finite, not ({x}, {y})")
    return x, y


def check_tolerance(tolerance: Any) -> float:
    """A gradient norm of at least 0; ValueError otherwise."""
    try:
        number = float(tolerance)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"tolerance must be a number of at least 0, not {tolerance}")
    return number


def descend(
    surface: Surface,
    optimizer: Optimizer,
    start: tuple[float, float],
    steps: int = 500,
    **options: Any,
) -> Trajectory:
    """The Trajectory of one optimizer from one start; options as for `race`."""
    return race(surface, [optimizer], [start], steps, **options)[0]


def race(
    surface: Surface,
    optimizers: Iterable[Optimizer],
    starts: Sequence[tuple[float, float]],
    steps: int = 500,
    *,
    tolerance: float = 1e-8,
    stop_outside: bool = False,
    every: int = 1,
    progress: Any = None,
) -> list[Trajectory]:
    """All optimizers from all starts: a list of Trajectory, optimizers outer, starts inner.

    A run ends when the gradient norm is at most `tolerance`, when it diverges, after `steps`
    steps, and with `stop_outside` when it leaves the domain. Only every `every`th iterate and the
    last are recorded. `progress`, an engine.Progress, can cancel it from another thread.

    Raises ValueError for a bad argument, TooLarge before anything is allocated if the record
    would pass 1.5 GB, and Cancelled.
    """
    optimizers = list(optimizers)
    steps = check_count("steps", steps)
    every = check_count("every", every, 1)
    points = np.array([check_start(start) for start in starts], np.float64).reshape(-1, 2)
    bounds = _bounds(surface, check_tolerance(tolerance))
    rows = steps // every + 2
    quantities = sum(5 + 2 * len(optimizer.state) for optimizer in optimizers)
    check_size(8 * quantities * rows * len(points))
    trajectories = []
    for optimizer in optimizers if len(points) else ():
        run = _run(surface, optimizer, points, steps, every, 1, bounds, stop_outside, progress)
        names = [f"{name}_{axis}" for name in optimizer.state for axis in "xy"]
        for k, start in enumerate(points):
            ends = (run.status[k], run.last[k], run.left[k])
            trajectories.append(
                _trajectory(optimizer, start, run.record[:, :, k], names, every, *ends)
            )
    return trajectories


def check_size(size: int) -> None:
    """TooLarge if a record of `size` bytes is past the limit."""
    if size > MAX_BYTES:
        raise TooLarge(
            f"this race would need {size / 1e9:.1f} GB, more than the permitted "
            f"{MAX_BYTES / 1e9:.1f} GB: take fewer starts, racers or steps"
        )


def _bounds(surface: Surface, tolerance: float) -> tuple[float, ...]:
    x0, x1, y0, y1 = surface.domain
    far_x, far_y = FAR * (x1 - x0), FAR * (y1 - y0)
    # 1e-150 squared is still a normal number; below, only a gradient of exactly 0 converges.
    squared = tolerance * tolerance if tolerance > 1e-150 else 0.0
    return squared, x0, x1, y0, y1, x0 - far_x, x1 + far_x, y0 - far_y, y1 + far_y


@dataclass(frozen=True, eq=False)
class Endpoints:
    """Where an optimizer ended from each of many starts: arrays over the starts.

    `status` holds the strings of Trajectory.status, `steps` the steps taken. Ends are looked for
    every 16 steps.
    """

    x: Array
    y: Array
    loss: Array
    status: NDArray[np.object_]
    steps: NDArray[np.int64]


def endpoints(
    surface: Surface,
    optimizer: Optimizer,
    x: ArrayLike,
    y: ArrayLike,
    steps: int = 500,
    *,
    tolerance: float = 1e-8,
    stop_outside: bool = False,
    progress: Any = None,
) -> Endpoints:
    """Run one optimizer from many starts x, y and keep only the ends; errors as for `race`."""
    steps = check_count("steps", steps)
    points = np.stack(np.broadcast_arrays(np.ravel(x), np.ravel(y)), axis=1).astype(np.float64)
    if not np.isfinite(points).all():
        raise ValueError("starts must be finite")
    check_size(8 * (5 + 2 * len(optimizer.state)) * 2 * len(points))
    bounds = _bounds(surface, check_tolerance(tolerance))
    ends = _run(surface, optimizer, points, steps, steps + 1, 16, bounds, stop_outside, progress)
    names = np.array([_STATUS[i] for i in range(4)], object)
    final_x, final_y, loss = np.where(ends.last > 0, ends.record[:3, 1], ends.record[:3, 0])
    return Endpoints(final_x, final_y, loss, names[ends.status], ends.last)


class _Run(NamedTuple):
    record: Array
    status: NDArray[np.int8]
    last: NDArray[np.int64]
    left: NDArray[np.int64]


def _run(
    surface: Surface,
    optimizer: Optimizer,
    points: Array,
    steps: int,
    every: int,
    look: int,
    bounds: tuple[float, ...],
    stop_outside: bool,
    progress: Any,
) -> _Run:
    n = len(points)
    needs_hessian = any(name in optimizer.extras for name in ("hxx", "hxy", "hyy", "h"))
    descent = engine.Descent(
        surface.hessian_tape if needs_hessian else surface.gradient_tape,
        surface.slope_tape,
        optimizer.tape(),
        optimizer.extras,
        np.array(list(optimizer.values.values()), np.float64),
        np.empty((0, n)),
        np.array(optimizer.initial_state(), np.float64).reshape(-1, 1),
        bounds,
        stop_outside,
        steps,
        every,
        look,
    )
    run = _Run(
        np.empty((5 + 2 * len(optimizer.state), steps // every + 2, n)),
        np.empty(n, np.int8),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
    )
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    in_threads(lambda shared: descent.run(x, y, *run, shared), n * steps, progress)
    return run


def _trajectory(
    optimizer: Optimizer,
    start: Array,
    record: Array,
    names: list[str],
    every: int,
    status: int,
    last: int,
    left: int,
) -> Trajectory:
    step = np.arange(0, last + 1, every)
    if step[-1] != last:
        step = np.append(step, last)
    x, y, loss, grad_x, grad_y, *state = record[:, : len(step)]
    return Trajectory(
        optimizer,
        (float(start[0]), float(start[1])),
        step,
        x,
        y,
        loss,
        grad_x,
        grad_y,
        _STATUS[int(status)],
        None if left < 0 else int(left),
        dict(zip(names, state, strict=True)),
    )
