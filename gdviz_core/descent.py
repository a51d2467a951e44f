"""Descend a surface: one optimizer or a race of several, recorded step by step."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz_core import engine
from gdviz_core.conditions import Conditions
from gdviz_core.iteration import Iteration
from gdviz_core.optimizer import HESSIAN, Optimizer
from gdviz_core.parameter import Hyperparameter
from gdviz_core.schedule import Schedule
from gdviz_core.supervised import Batches
from gdviz_core.surface import Array, Surface, in_threads

CONVERGED = "converged"
DIVERGED = "diverged"
LEFT = "left the domain"
STALLED = "stalled"
OUT_OF_STEPS = "out of steps"
REACHED = "reached the target"  # in maps only
STATUSES = {
    engine.OUT_OF_STEPS: OUT_OF_STEPS,
    engine.OUTSIDE: LEFT,
    engine.CONVERGED: CONVERGED,
    engine.DIVERGED: DIVERGED,
    engine.STALLED: STALLED,
    engine.REACHED: REACHED,
}

BLOCK = 256  # lanes that a thread takes on together
FEW_LANES = 16  # where each costs a pass over the rows of a table
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
    numbers, 0, 1, 2, ... unless the run was recorded more sparsely. `lr` is the learning rate of
    the step that led to each iterate (at the start, of the first step), None for an optimizer
    that has none. `cost` is the number of gradient evaluations of a step; where steps cost
    differently, `spent` counts them up. `failure` is what a library raised, if that ended the run.

    `status` tells why the run ended: "converged" (the gradient norm is at most the tolerance),
    "diverged" (not finite, or past a million times the size of the domain; the last iterate is
    the one that is), "left the domain" (when it was asked to stop there), "stalled" (by the step
    or the loss, when it was asked to stop for that) or "out of steps". `reason` says it in words
    and numbers. `left` is the first step outside the domain, None if there is none.

    `batches` are those of a descent on data, `batch_loss` the loss over the batch of the step that
    leaves an iterate. Of the training of a network, seen on a plane, `weights` (records, weights)
    are all of them, `off` how far they are from the plane, and `norm` that of the whole gradient.
    """

    optimizer: Any
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
    lr: Array | None = None
    cost: int = 1
    surface: Surface | None = None
    spent: NDArray[np.int64] | None = None
    failure: str = ""
    batches: Batches | None = None
    batch_loss: Array | None = None
    weights: Array | None = None
    off: Array | None = None
    norm: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def steps(self) -> int:
        """Steps taken."""
        return int(self.step[-1])

    @property
    def rows_read(self) -> NDArray[np.int64]:
        """How many rows of the data were read on the way to each iterate.

        A step of a rule is one reading of its rows, however many gradients it takes of them.
        """
        if self.batches is not None:
            return self.batches.read(self.step)
        rows = 1 if self.surface is None else self.surface.rows
        return (self.step if self.spent is None else self.spent) * rows

    @property
    def epochs(self) -> Array:
        """How often all the data was read on the way to each iterate; its steps without batches."""
        rows = 1 if self.surface is None else self.surface.rows
        found: Array = self.rows_read / rows
        return found

    @property
    def grad_norm(self) -> Array:
        """The Euclidean norm of the gradient."""
        if self.norm is not None:
            return self.norm
        with np.errstate(over="ignore"):
            return np.hypot(self.grad_x, self.grad_y)

    @property
    def evaluations(self) -> NDArray[np.int64]:
        """Gradient evaluations that led to each iterate."""
        return self.step * self.cost if self.spent is None else self.spent

    def index(self, step: int) -> int:
        """The index of the last record at or before a step."""
        return int(np.searchsorted(self.step, step, side="right")) - 1

    @cached_property
    def reason(self) -> Any:
        """Why the run ended, an Ending: its kind, its numbers, and as `str` a sentence."""
        from gdviz_core.ending import ending

        return ending(self)


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
    optimizer: Any,
    start: tuple[float, float],
    steps: int = 500,
    **options: Any,
) -> Trajectory:
    """The Trajectory of one optimizer from one start; options as for `race`."""
    return race(surface, [optimizer], [start], steps, **options)[0]


def race(
    surface: Surface,
    optimizers: Iterable[Any],
    starts: Sequence[tuple[float, float]],
    steps: int = 500,
    *,
    evaluations: int | None = None,
    every: int = 1,
    progress: Any = None,
    racer: int = 0,
    **conditions: Any,
) -> list[Trajectory]:
    """All optimizers from all starts: a list of Trajectory, optimizers outer, starts inner.

    `optimizers` are Optimizers, or those of SciPy and torch (see `gdviz_core.known`). Each
    takes at most `steps` steps; with `evaluations` it takes as many steps as that many gradient
    evaluations allow, whatever `steps` is. `conditions` are the fields of Conditions: tolerance,
    noise, seed, clip, schedule and so on. Only every `every`th iterate and the last are recorded.
    `racer` is the number of the first optimizer, for noise that differs from racer to racer.
    `progress`, an engine.Progress, can cancel it from another thread.

    Raises ValueError for a bad argument, TooLarge before anything is allocated if the record
    would pass 1.5 GB, and Cancelled.
    """
    optimizers = [_optimizer(optimizer) for optimizer in optimizers]
    steps = check_count("steps", steps)
    every = check_count("every", every, 1)
    around = Conditions(**conditions)
    budgets = [_budget(optimizer, steps, evaluations) for optimizer in optimizers]
    points = np.array([check_start(start) for start in starts], np.float64).reshape(-1, 2)
    sizes = [
        _quantities(optimizer, around) * (budget // every + 2) * len(points)
        for optimizer, budget in zip(optimizers, budgets, strict=True)
    ]
    check_size(8 * sum(sizes) + schedule_size(around, max(budgets, default=0)))
    # One block for all: the system gives large blocks in large pages, which cost far less.
    own = [s for s, o in zip(sizes, optimizers, strict=True) if isinstance(o, Optimizer)]
    memory, used = np.empty(sum(own)), 0
    found: list[list[Trajectory]] = [[] for _ in optimizers]
    seen: dict[Any, Any] = {}
    for members in _alike(optimizers, around) if len(points) else ():
        first, n = optimizers[members[0]], len(members)
        if not isinstance(first, Optimizer):
            found[members[0]] = first.race(
                surface, points, budgets[members[0]], every, around, progress, evaluations
            )
            continue
        racers = [optimizers[member] for member in members]
        lanes = {}
        if n > 1:  # one run, in which the hyper-parameters differ from lane to lane
            lanes = {name: np.repeat([o.values[name] for o in racers], len(points))
                     for name in first.values}  # fmt: skip
        batches = around.batches(surface.rows, racer + members[0])
        iteration, rates = prepare(
            surface, first, budgets[members[0]], around, racer + members[0], every=every,
            lanes=lanes, count=n * len(points),
            block=FEW_LANES if surface.table is not None else BLOCK,
            # with batches a look at the loss over all rows costs more than many steps
            look=1 if batches is None else every,
        )  # fmt: skip
        size = iteration.channels * iteration.rows * len(points) * n
        numbers = np.tile(np.arange(len(points)), n)
        run = run_all(
            iteration, np.tile(points, (n, 1)), progress, numbers, None,
            memory[used : used + size], each=surface.rows if batches is None else batches.size,
        )  # fmt: skip
        used += size
        for k, (member, optimizer) in enumerate(zip(members, racers, strict=True)):
            part = range(k * len(points), (k + 1) * len(points))
            found[member] = [
                _trajectory(
                    surface,
                    optimizer,
                    rates,
                    points[lane - part.start],
                    every,
                    run,
                    lane,
                    seen,
                    batches,
                )
                for lane in part
            ]
    return [trajectory for group in found for trajectory in group]


def _alike(optimizers: Sequence[Any], around: Conditions) -> list[list[int]]:
    """The numbers of optimizers, those together that differ in hyper-parameters only.

    They can share one run: what a lane gets does not depend on its neighbours.
    """
    groups: dict[Any, list[int]] = {}
    for number, optimizer in enumerate(optimizers):
        key: Any = number
        if isinstance(optimizer, Optimizer) and around.same_noise:
            key = (optimizer.rule, tuple(optimizer.values), tuple(optimizer.initial.items()))
        groups.setdefault(key, []).append(number)
    return list(groups.values())


def _budget(optimizer: Any, steps: int, evaluations: int | None) -> int:
    """How many steps an optimizer may take; others than ours count what they spend themselves."""
    if evaluations is None:
        return steps
    allowed = check_count("evaluations", evaluations)
    return allowed // optimizer.evaluations if isinstance(optimizer, Optimizer) else allowed


def _optimizer(optimizer: Any) -> Any:
    """An optimizer that can race, also from its name; ValueError otherwise."""
    if isinstance(optimizer, str):
        from gdviz_core.known import find

        return find(optimizer)
    if not hasattr(optimizer, "evaluations"):
        raise ValueError(f"{str(optimizer)[:60]!r} is not an optimizer")
    return optimizer


def rule_of(optimizer: Any) -> Optimizer:
    """An optimizer that is a rule, also from its name; ValueError otherwise."""
    found = _optimizer(optimizer)
    if not isinstance(found, Optimizer):
        raise ValueError(f"{found.name} is not a rule: many runs at once take rules only")
    return found


def schedule_size(around: Conditions, steps: int) -> int:
    """Bytes that the factors of schedules need."""
    return 16 * steps * sum(isinstance(s, Schedule) for s in around.schedules.values())


def _quantities(optimizer: Any, around: Conditions) -> int:
    """How many numbers are recorded of an iterate."""
    extra = (around.plateau is not None) + (around.batch is not None)
    return 5 + 2 * len(optimizer.state) + extra


def check_size(size: int) -> None:
    """TooLarge if a record of `size` bytes is past the limit."""
    if size > MAX_BYTES:
        raise TooLarge(
            f"this race would need {size / 1e9:.1f} GB, more than the permitted "
            f"{MAX_BYTES / 1e9:.1f} GB: take fewer starts, racers or steps"
        )


class Shared(NamedTuple):
    """The learning rate of a run: its value (1 or lanes) and its factors (steps), if any."""

    lr: Array | None
    factors: Array | None


def prepare(
    surface: Any,
    optimizer: Optimizer,
    steps: int,
    around: Conditions,
    racer: int = 0,
    *,
    every: int,
    look: int = 1,
    lanes: Mapping[str, Array] | None = None,
    count: int = 1,
    block: int = BLOCK,
    emitted: bool = True,
    bounds: tuple[float, ...] | None = None,
    target: float | None = None,
) -> tuple[Iteration, Shared]:
    """The Iteration of an optimizer on a surface, and its learning rate.

    `lanes` are hyper-parameters that differ from lane to lane, `count` the number of lanes.
    `bounds` are other limits than those of the surface, `target` a loss that ends a run.
    """
    values = optimizer.values
    for name in around.schedules:
        if name not in values and name != "lr":
            raise ValueError(f"schedule: {optimizer.name} has no hyper-parameter {name[:40]}")
    plateau = around.plateau if "lr" in values else None
    varied = {name: np.broadcast_to(v, count) for name, v in (lanes or {}).items()}
    if plateau is not None and "lr" not in varied:
        varied["lr"] = np.broadcast_to(values["lr"], count)
    if varied and emitted and optimizer.tapes(tuple(values))[-1].emitted:
        # the build has the rule as C for lanes that differ in everything
        varied = {name: varied.get(name, np.broadcast_to(values[name], count)) for name in values}
    names = tuple(name for name in values if name in varied)
    shared = tuple(name for name in values if name not in varied)
    initial, at_w = optimizer.initial_state(varied)
    found = {name: around.factors(name, steps) for name in values}
    factors = {name: factor for name, factor in found.items() if factor is not None}
    for h in optimizer.hyperparameters:
        _check_schedule(h, factors.get(h.name), varied.get(h.name, h.value))
    programs = optimizer.programs(names)
    tapes = optimizer.tapes(names)
    needs = "gradient" if optimizer.reads.isdisjoint(HESSIAN) else "hessian"
    full, slope, shown = surface.tape(needs), surface.tape("slope"), surface.tape("gradient")
    if not emitted:
        full, slope, shown = (
            surface.make_tape(kind, False) for kind in (needs, "slope", "gradient")
        )
        tapes = tuple(engine.Tape(program, None, False) for program in programs.programs)
    iteration = Iteration(
        full,
        slope,
        shown,
        programs,
        tapes,
        shared=np.array([values[name] for name in shared], np.float64),
        lanes=np.array([varied[name] for name in names], np.float64).reshape(len(names), count),
        initial=initial,
        at_w=at_w,
        moving=[list(optimizer.parsed.state).index(optimizer.velocity)]
        if optimizer.velocity
        else [],
        bounds=around.bounds(surface, FAR) if bounds is None else bounds,
        steps=steps,
        every=every,
        look=look,
        block=block,
        scheduled=np.array(
            [(1, names.index(n)) if n in names else (0, shared.index(n)) for n in factors], np.intc
        ).reshape(-1, 2),
        factors=np.array(list(factors.values()), np.float64).reshape(len(factors), -1)
        if factors
        else np.ones((0, 1)),
        plateau=None
        if plateau is None
        else (
            names.index("lr"),
            plateau.factor,
            plateau.patience,
            plateau.threshold,
            plateau.floor,
        ),
        target=-math.inf if target is None else target,
        **around.engine(racer),
    )
    lr = np.asarray(varied.get("lr", values["lr"])) if "lr" in values else None
    return iteration, Shared(lr, factors.get("lr"))


def _check_schedule(h: Hyperparameter, factors: Array | None, value: ArrayLike) -> None:
    """ValueError if a schedule takes a hyper-parameter out of its range."""
    if factors is None or not factors.size or not np.size(value):
        return
    reached = np.outer([np.min(value), np.max(value)], [factors.min(), factors.max()])
    if reached.min() < h.low or reached.max() > h.high:
        far = float(reached.min() if reached.min() < h.low else reached.max())
        raise ValueError(f"schedule: {h.name} would become {far:g}; it must be {h.allowed}")


class Run(NamedTuple):
    """What the engine leaves: the record, and how and when each lane ended."""

    record: Array
    status: NDArray[np.int8]
    last: NDArray[np.int64]
    left: NDArray[np.int64]


def run_all(
    iteration: Iteration,
    points: Array,
    progress: Any = None,
    numbers: NDArray[np.int64] | None = None,
    threads: int | None = None,
    memory: Array | None = None,
    each: int = 1,
) -> Run:
    """Run all lanes; a step of one is worth `each` evaluations."""
    n = len(points)
    shape = (iteration.channels, iteration.rows, n)
    run = Run(
        np.empty(shape) if memory is None else memory.reshape(shape),
        np.empty(n, np.int8),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
    )
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    in_threads(
        lambda shared: iteration.run(x, y, *run, shared, numbers),
        n * max(iteration.steps, 1),
        progress,
        threads,
        -(-n // iteration.width),
        each,
    )
    return run


def _trajectory(
    surface: Surface,
    optimizer: Optimizer,
    rates: Shared,
    start: Array,
    every: int,
    run: Run,
    lane: int,
    seen: dict[Any, Any],
    batches: Batches | None,
) -> Trajectory:
    """The trajectory of a lane; `seen` keeps arrays that many of them share."""
    names = [f"{name}_{axis}" for name in optimizer.state for axis in "xy"]
    last, left = int(run.last[lane]), int(run.left[lane])
    step = seen.get(last)
    if step is None:
        step = seen[last] = np.append(np.arange(0, last, every), last)
    x, y, loss, grad_x, grad_y, *state = run.record[:, : len(step), lane]
    batch_loss = state.pop() if batches is not None else None
    scale = state.pop() if len(state) > len(names) else None
    lr = None
    if rates.lr is not None:
        value = float(rates.lr if rates.lr.ndim == 0 else rates.lr[lane])
        lr = seen.get((value, last))
        if lr is None:
            lr = seen[value, last] = np.broadcast_to(value, len(step))
        if rates.factors is not None and len(rates.factors):
            lr = lr * rates.factors[np.maximum(step, 1) - 1]
        if scale is not None:
            lr = lr * scale
    return Trajectory(
        optimizer,
        (float(start[0]), float(start[1])),
        step,
        x,
        y,
        loss,
        grad_x,
        grad_y,
        STATUSES[int(run.status[lane])],
        None if left < 0 else left,
        dict(zip(names, state, strict=True)),
        lr,
        optimizer.evaluations,
        surface,
        batches=batches,
        batch_loss=batch_loss,
    )
