"""From an experiment to what the views show: generators that yield progress and return a result."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gdviz_core as core
from gdviz.experiment import Experiment
from gdviz.field import arrows, streamlines
from gdviz.racer import CONSTANT, REVERSE, Racer
from gdviz.worker import Computation, Result, apart, beside
from gdviz_core import Surface
from gdviz_core.aside import Aside
from gdviz_core.conditions import Conditions
from gdviz_core.external import External
from gdviz_core.foreign import PREFIX
from gdviz_core.operation import OPERATIONS
from gdviz_core.perceptron import Network, full_program
from gdviz_core.surface import Array, Domain

SYMBOLIC = "symbolic"
CENSUS = 2_000_000  # evaluations that a census takes, about
MAX_CENSUS = 60.0  # seconds for it on a table
MAX_DETAIL = 3.0  # seconds for a map on a large table; it is interpolated beyond
MAX_LOOKING = 1.0  # seconds for the losses over all the data beside those over batches
BEGINNING = 32  # rows of a table that are evaluated in the time that it takes to begin a pass
# Beyond this many points a race is recorded more sparsely.
MAX_POINTS = 500_000


@dataclass(frozen=True, eq=False)
class Race:
    """The result of a race, with the experiment it was computed from.

    A lane is one racer from one start. `trajectories` are in order of lanes, racers outer, starts
    inner. `x`, `y` and `loss` (lanes, records) hold every lane to the end of the race: one that
    has ended stays with its last loss, where it was last at a finite place. `steps` gives the step
    number of every record; where the budget is in epochs it counts the rows that were read instead,
    so that those who take few and long steps wait for the others.
    """

    experiment: Experiment
    trajectories: list[core.Trajectory]
    steps: NDArray[np.int64]
    x: Array
    y: Array
    loss: Array
    visible: NDArray[np.int64]  # records of each lane that can be drawn
    ends: NDArray[np.int64]  # the last step of each lane
    every: int

    @property
    def last(self) -> int:
        """The index of the last record."""
        return len(self.steps) - 1

    def records(self, lane: int) -> NDArray[np.int64]:
        """The index into the trajectory of a lane for every record."""
        if lane not in self._records:
            budget = self.experiment.budget
            self._records[lane] = records(self.trajectories[lane], self.steps, budget)
        return self._records[lane]

    def record(self, lane: int, index: int) -> int:
        """The same for one record."""
        t = self.trajectories[lane]
        if self.experiment.budget != "epochs":
            return min(index, len(t) - 1)
        return int(self.records(lane)[index])

    def epoch(self, index: int) -> float:
        """How often the data was read at a record, where the budget is in epochs."""
        return float(self.steps[index]) / self.experiment.resolved().rows

    @cached_property
    def _records(self) -> dict[int, NDArray[np.int64]]:
        return {}

    def lane(self, racer: int, start: int) -> int:
        """The lane of the running racer and the start with these numbers."""
        return racer * len(self.experiment.starts) + start

    def around(self, racer: int) -> Conditions:
        """The conditions of the running racer with this number."""
        return Conditions(**surroundings(self.experiment, self.experiment.running[racer]))

    def end(self, lane: int) -> str:
        """Why and when a lane ended: "converged to the minimum at (3, 2), step 212"."""
        trajectory = self.trajectories[lane]
        text = str(trajectory.reason)
        if "step" not in text or trajectory.status == "out of steps":
            text += f", step {trajectory.steps}"
        if trajectory.status == "out of steps" and trajectory.left is not None:
            text += f", left the domain at {trajectory.left}"
        return text


MANY_ROWS = 50_000  # that are not sent to another process
_CENSUS = threading.Lock()
_COUNTING = Aside("gdviz_core.critical", 600.0)
SYMPY = 1.0  # seconds that SymPy may take for its import and a derivative
STARTING = 0.2  # seconds until the process of a Python file is there


@lru_cache(maxsize=16)
def _critical(surface: Surface, aside: bool) -> core.CriticalPoints:
    if aside and surface.rows < MANY_ROWS:
        return _COUNTING.ask("points", surface)
    return core.critical_points(surface)


def chart(surface: Surface, aside: bool = False) -> Computation[core.CriticalPoints]:
    """Find the critical points of a surface in its domain; ValueError for too large a table.

    It can be done in a process `aside`, so that a window has Python to itself.
    """
    if surface.rows > 1 and value_cost(surface, CENSUS) > MAX_CENSUS:
        raise ValueError(f"the table has too many rows ({surface.rows:,}) to look for them")
    return (yield from apart(lambda: _critical(surface, aside), _CENSUS))


def field(surface: Surface, kind: str, domain: Domain, count: int) -> Computation[list[Array]]:
    """The gradient field as lines, (points, 2) each: arrows or streamlines."""
    yield 0.0
    if kind == "arrows":
        return arrows(surface, domain, count)
    return streamlines(surface, domain, count)


def steps_of(experiment: Experiment, racer: Racer) -> int:
    """The most steps that a racer takes; in epochs they depend on its batches."""
    if experiment.budget != "epochs":
        return experiment.steps
    rows = experiment.resolved().rows
    return experiment.steps * -(-rows // min(racer.batch or rows, rows))


def sparsity(experiment: Experiment, steps: int) -> int:
    """How many steps one record stands for, so that a race so long keeps to MAX_POINTS.

    Where steps see batches, each record is a pass over all the data more.
    """
    lanes = len(experiment.running) * len(experiment.starts)
    surface, starts = experiment.resolved(), len(experiment.starts)
    batches = starts * sum(racer.batch is not None for racer in experiment.running)
    passes = batches * (steps + 1) * value_cost(surface, 3)
    return max(1, math.ceil(lanes * (steps + 1) / MAX_POINTS), math.ceil(passes / MAX_LOOKING))


def _weight(program: Any) -> int:
    """How many vector instructions a program is worth; libm takes one lane at a time."""
    slow = {name for name, operation in OPERATIONS.items() if not operation.vectorizes}
    return sum(15 if i.name.removesuffix("_k") in slow else 1 for i in program.instructions)


def _worth(surface: Surface, rows: int) -> int:
    """How many rows a pass over so many is worth: to begin it, on a table, is worth some."""
    return 1 if surface.table is None else rows + BEGINNING


def step_cost(surface: Surface, optimizer: core.Optimizer, rows: int) -> float:
    """About how many seconds a step of one of many runs takes that sees so many rows."""
    if surface.way == SYMBOLIC:  # which may take SymPy seconds to find
        surface = replace(surface, way=REVERSE)
    evaluated = _weight(surface.tape("gradient").program) * _worth(surface, rows) * 0.5e-9
    rule = sum(_weight(program) for program in optimizer.programs().programs) * 0.25e-9
    return (evaluated * optimizer.evaluations + rule) / 2  # about as many threads


def cost(experiment: Experiment, before: Race | None = None) -> float:
    """About how many seconds the race takes; an overestimate for runs that end early.

    What is kept of the race `before` costs nothing.
    """
    blocks = math.ceil(len(experiment.starts) / 4) * 4
    total = len(experiment.running) * len(experiment.starts) * 30e-6
    known = kept(experiment, before)
    for number, racer in enumerate(experiment.running):
        if number in known:
            continue
        if isinstance(racer.configured(), External):
            python = racer.optimizer.startswith(PREFIX)
            total += len(experiment.starts) * experiment.steps * (200e-6 if python else 60e-6)
            total += python * STARTING
        elif racer.way == SYMBOLIC:
            total += SYMPY
        else:
            surface = racer.seen(experiment.resolved())
            program = surface.tape("gradient").program
            if isinstance(surface, Network) and surface.net is not None:
                program = full_program(surface.net, False)
            weight = 0.5e-9 * _weight(program)
            steps, rows = steps_of(experiment, racer), surface.rows
            lanes = blocks if surface.table is None else len(experiment.starts)
            seen = _worth(surface, min(racer.batch or rows, rows))
            per_step = lanes * (weight * seen + 5e-9) + 250e-9
            if racer.batch is not None:
                per_step += lanes * weight * _worth(surface, rows) / sparsity(experiment, steps)
            total += steps * per_step
    return total


def kept(experiment: Experiment, before: Race | None) -> dict[int, list[core.Trajectory]]:
    """The trajectories of a race that are the same in another one, by the number of the racer.

    Files in Python may have changed meanwhile, and may do something else each time: they run anew.
    """
    found: dict[int, list[core.Trajectory]] = {}
    if before is None or not before.trajectories or not _alike(experiment, before.experiment):
        return found
    starts, own = len(experiment.starts), experiment.own_luck
    there = [_runs_as(racer) for racer in before.experiment.running]
    for number, racer in enumerate(experiment.running):
        wanted = _runs_as(racer)
        same = [other for other, ran in enumerate(there) if ran == wanted]
        same = [other for other in same if other == number or not own]
        if same and not racer.optimizer.startswith(PREFIX):
            found[number] = before.trajectories[same[0] * starts : (same[0] + 1) * starts]
    return found


_ELSEWHERE = ("racers", "together", "maps")


def _alike(one: Experiment, other: Experiment) -> bool:
    """Whether two experiments differ in their racers only, and in what ties them."""
    return all(getattr(one, f.name) == getattr(other, f.name)
               for f in fields(Experiment) if f.name not in _ELSEWHERE)  # fmt: skip


def _runs_as(racer: Racer) -> tuple[Any, ...]:
    """All of a racer that makes a difference to its runs."""
    return tuple(getattr(racer, name) for name in _RUNNING)


_RUNNING = tuple(f.name for f in fields(Racer) if f.name not in ("name", "colour", "on", "tuned"))


def race(experiment: Experiment, before: Race | None = None) -> Computation[Race]:
    """Run all racers from all starts, but for those that were so in the race `before`."""
    longest = max((steps_of(experiment, racer) for racer in experiment.running), default=0)
    every = sparsity(experiment, longest)
    trajectories = yield from _run(experiment, every, before)
    longest = max((t.steps for t in trajectories), default=0)
    if sparsity(experiment, longest) < every:  # it ended early: there is room for more records
        every = sparsity(experiment, longest)
        trajectories = yield from _run(experiment, every, before, longest)
    return _gather(experiment, trajectories, every)


def _run(
    experiment: Experiment, every: int, before: Race | None, longest: int | None = None
) -> Computation[list[core.Trajectory]]:
    """All runs, recorded at every `every`th step; none is known to be longer than `longest`."""
    trajectories: list[core.Trajectory] = []
    running = experiment.running if experiment.starts else ()
    before = before if before is not None and before.every == every else None
    known, at_once = kept(experiment, before), cost(experiment, before) < 0.05
    for number, racer in enumerate(running):
        if number in known:
            trajectories += known[number]
            continue
        optimizer = racer.configured()
        steps, evaluations = allowed(experiment, racer, longest)
        progress = core.Progress()
        run: Callable[..., list[core.Trajectory]]
        if isinstance(experiment.resolved(), Network):
            from gdviz.network import train_all  # which needs an experiment, too

            run = partial(train_all, experiment, optimizer, steps, evaluations)
        else:
            seen = racer.seen(experiment.resolved())
            run = partial(core.race, seen, [optimizer], experiment.starts, steps,
                          evaluations=evaluations)  # fmt: skip
        call = partial(
            run,
            tolerance=experiment.tolerance,
            stop_outside=experiment.stop_outside,
            every=every,
            progress=progress,
            racer=number,
            **surroundings(experiment, racer),
        )
        if at_once:
            trajectories += call()
        else:
            done = beside(call, progress)
            try:
                while True:
                    yield (number + next(done)) / len(running)
            except StopIteration as end:
                trajectories += end.value
            finally:
                done.close()
        yield (number + 1) / len(running)
    return trajectories


def surroundings(experiment: Experiment, racer: Racer) -> dict[str, Any]:
    """The Conditions of a racer but those that end its runs."""
    return {
        "noise": experiment.noise, "seed": experiment.seed, "replacement": experiment.replacement,
        "same_noise": not experiment.own_luck, **racer.conditions(),
    }  # fmt: skip


def allowed(
    experiment: Experiment, racer: Racer, longest: int | None
) -> tuple[int, int | None]:  # fmt: skip
    """The steps and the evaluations a racer may take, if no run is longer than `longest`.

    Room is made for every step of the budget, so a run that is known to end early gets a shorter
    one; but a schedule counts the steps of the budget.
    """
    steps, optimizer = steps_of(experiment, racer), racer.configured()
    counted = experiment.budget == "evaluations"
    known = longest is not None and racer.schedule == CONSTANT and not racer.schedule_values
    if known and isinstance(optimizer, core.Optimizer):
        assert longest is not None
        own = steps // optimizer.evaluations if counted else steps
        return min(own, longest + 1), None
    return steps, steps if counted else None


def records(t: core.Trajectory, steps: NDArray[np.int64], budget: str) -> NDArray[np.int64]:
    """The index into a trajectory for every record of a race."""
    if budget == "epochs":
        return np.searchsorted(t.rows_read, steps, side="right") - 1
    return np.minimum(np.arange(len(steps)), len(t) - 1)


def _gather(experiment: Experiment, trajectories: list[core.Trajectory], every: int) -> Race:
    epochs = experiment.budget == "epochs"
    longest = max(trajectories, key=len if epochs else lambda t: t.steps, default=None)
    steps = np.zeros(1, np.int64) if longest is None else longest.step
    if epochs and longest is not None:
        steps = np.union1d(longest.rows_read, [t.rows_read[-1] for t in trajectories])
    shape = (len(trajectories), len(steps))
    x, y, loss = np.empty(shape), np.empty(shape), np.empty(shape)
    visible = np.empty(len(trajectories), np.int64)
    ends = np.array([t.rows_read[-1] if epochs else t.steps for t in trajectories], np.int64)
    for lane, trajectory in enumerate(trajectories):
        at, last = records(trajectory, steps, experiment.budget), len(trajectory) - 1
        loss[lane] = trajectory.loss[at]
        if last > 0 and not math.isfinite(trajectory.x[-1] + trajectory.y[-1]):
            last -= 1
        at = np.minimum(at, last)
        visible[lane] = np.searchsorted(at, last) + 1
        x[lane], y[lane] = trajectory.x[at], trajectory.y[at]
    return Race(experiment, trajectories, steps, x, y, loss, visible, ends, every)


def value_cost(surface: core.Surface, points: int) -> float:
    """About how many seconds it takes to evaluate a surface at so many points."""
    weight = _weight(surface.tape("value").program)
    return points * _worth(surface, surface.rows) * weight * 0.35e-9


def landscape(surface: core.Surface, xs: Array, ys: Array) -> Computation[Array]:
    """The loss on the mesh of xs and ys, shape (len(ys), len(xs)); not finite where undefined."""
    progress = core.Progress()

    def call() -> Array:
        return surface.grid(xs, ys, progress=progress)

    if value_cost(surface, len(xs) * len(ys)) < 0.05:
        yield 0.0
        return call()
    return (yield from beside(call, progress))


def detailed(
    surface: core.Surface, xs: Array, ys: Array, seconds: float = MAX_DETAIL
) -> Computation[Array]:
    """The same as `landscape`; on a large table interpolated between as many points as are
    evaluated in so many seconds."""
    every = 1
    while surface.rows > 1 and every < 64 and (
        value_cost(surface, len(xs) * len(ys) // every**2) > seconds
    ):  # fmt: skip
        every *= 2
    if every == 1:
        return (yield from landscape(surface, xs, ys))
    from scipy.interpolate import RectBivariateSpline  # here: it takes long to load

    # ends included, so that nothing is extrapolated
    coarse_x, coarse_y = (np.linspace(c[0], c[-1], max(5, len(c) // every + 1)) for c in (xs, ys))
    found = yield from landscape(surface, coarse_x, coarse_y)
    if not np.isfinite(found).all():
        near = [np.abs(c[:, None] - c_[None]).argmin(axis=0)
                for c, c_ in ((coarse_y, ys), (coarse_x, xs))]  # fmt: skip
        return found[np.ix_(*near)]
    return np.asarray(RectBivariateSpline(coarse_y, coarse_x, found)(ys, xs))


def finish(computation: Computation[Result], report: Callable[[float], None] | None = None):
    """Run a computation to its end on this thread; `report` hears its progress."""
    while True:
        try:
            fraction = next(computation)
        except StopIteration as end:
            return end.value
        if report:
            report(fraction)
