"""One step of one run, taken apart: every line of its rule with the numbers of this step."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gdviz.compute import Race
from gdviz_core import Optimizer, Surface, Trajectory
from gdviz_core.conditions import Conditions
from gdviz_core.iteration import random_numbers
from gdviz_core.notation import Pair, Term, notation, work_out
from gdviz_core.optimizer import HESSIAN
from gdviz_core.supervised import on_rows

Moment = tuple[str, Pair]

# Running means of the slope and velocities, by the names the catalogue gives them.
FIRST_MOMENTS = ("m", "b", "v")
Gradient = Callable[[float, float], Pair]


_MEANINGS = {
    "w": "the point", "g": "the slope at w", "t": "the number of the step, from 1",
    "f": "the loss at w", "x": "the first coordinate of w", "y": "the second coordinate of w",
    "gx": "the slope along x", "gy": "the slope along y", "hxx": "second derivative along x",
    "hxy": "mixed second derivative", "hyy": "second derivative along y",
    "h": "second derivative along this coordinate", "xi": "a standard normal number",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the rule: name = term.

    `note` says what it does, `values` what every variable of the term is (for x, for y) when the
    line is run, `parts` the same for what one coordinate alone does not tell: gradients at other
    points, norms and products of vectors, the other coordinate. `result` is what the line makes
    of them.
    """

    name: str
    term: Term
    note: str
    values: dict[str, Pair]
    parts: dict[Term, Pair]
    result: Pair


@dataclass(frozen=True)
class Step:
    """The step number `number` of a run: what it began with, its lines, and where it led.

    `values` are all quantities before the step and, by the names of the lines, after it.
    `before` and `after` are the points that are shown, `taken` whether the run has made the step
    (false: it had ended, and this is the one it would make). `disturbed` tells what was done to
    the gradient before the rule saw it, `exact` is what it was before that. `meanings` explain
    names. `slope` is the gradient at the point that is shown, `moment` the direction into which a
    first moment drives, with its name, `scaling` by what an adaptive optimizer multiplies each
    coordinate.
    """

    number: int
    taken: bool
    disturbed: tuple[str, ...]
    lines: tuple[Line, ...]
    exact: Pair
    given: dict[str, Pair]
    values: dict[str, Pair]
    before: Pair
    after: Pair
    loss_before: float
    loss_after: float
    hyperparameters: dict[str, float]
    meanings: dict[str, str]
    slope: Pair
    moment: Moment | None
    scaling: Pair | None
    optimizer: str


def step_of(race: Race, lane: int, index: int) -> Step | None:
    """The step that leaves the iterate under the playhead; None where there is no rule.

    At the end of a run it is the step that led there, if that was recorded.
    """
    t = race.trajectories[lane]
    if not isinstance(t.optimizer, Optimizer) or t.surface is None or t.weights is not None:
        return None
    at = race.record(lane, index)
    ended = at == len(t) - 1
    if ended and at > 0 and t.step[at] - t.step[at - 1] == 1:
        at -= 1
        ended = False
    racer, number = divmod(lane, max(1, len(race.experiment.starts)))
    around = race.around(racer)
    seed = around.seed_of(racer)
    return _taken_apart(t, t.optimizer, t.surface, at, not ended, number, around, seed)


def _taken_apart(
    t: Trajectory, optimizer: Optimizer, surface: Surface, at: int, taken: bool, number: int,
    around: Conditions, seed: int,
) -> Step:  # fmt: skip
    step = int(t.step[at]) + 1
    whole = surface
    if t.batches is not None:  # what the rule sees is the loss over the batch
        surface = on_rows(surface, t.batches.rows_of(step))
    rule = optimizer.parsed
    state = {name: (float(t.state[f"{name}_x"][at]), float(t.state[f"{name}_y"][at]))
             for name in optimizer.state}  # fmt: skip
    shown = (float(t.x[at]), float(t.y[at]))
    w = state.pop("w", shown) if rule.report is not None else shown
    disturb = partial(around.disturbed, xi=random_numbers(seed, step, number, 0))
    given = _given(surface, optimizer, w, step, number, seed, disturb)
    hyperparameters = optimizer.values
    if t.lr is not None and "lr" in hyperparameters:
        following = at + 1 < len(t) and t.step[at + 1] == step
        hyperparameters = {**hyperparameters, "lr": float(t.lr[at + 1 if following else at])}
    current = {"w": w, **given, **state}
    current |= {name: (value, value) for name, value in hyperparameters.items()}
    before, lines = dict(current), []

    def gradient(x: float, y: float) -> Pair:
        return disturb(_gradient_at(surface, (x, y)), (x, y))

    for line in rule.lines:
        term = notation(line.expression)
        values = {name: current[name] for name in term.variables() if name in current}
        result = work_out(term, current.__getitem__, gradient)
        parts = {part: work_out(part, current.__getitem__, gradient) for part in _outside(term)}
        lines.append(Line(line.name, term, line.note, values, parts, result))
        current[line.name] = result
    after = current["report"] if rule.report is not None else current["w"]
    finite = all(math.isfinite(c) for c in after)
    return Step(
        step,
        taken,
        _disturbances(around, t),
        tuple(lines),
        _gradient_at(surface, w),
        before,
        current,
        shown,
        after,
        float(t.loss[at]),
        float(whole.value(*after)) if finite else math.nan,
        hyperparameters,
        _MEANINGS
        | {h.name: f"{h.name}, {h.meaning}" for h in optimizer.hyperparameters}
        | dict.fromkeys(state, "state, kept from step to step"),
        (float(t.grad_x[at]), float(t.grad_y[at])),
        _moment(optimizer, lines, current, state),
        _scaling(optimizer, current, gradient),
        optimizer.name,
    )


def _outside(term: Term) -> list[Term]:
    """The parts that one coordinate alone does not tell."""
    if term.kind in ("grad", "norm", "dot", "other"):
        return [term]
    return [found for part in term.parts for found in _outside(part)]


def _given(
    surface: Surface, optimizer: Optimizer, w: Pair, step: int, number: int, seed: int,
    disturb: Callable[[Pair, Pair], Pair],
) -> dict[str, Pair]:  # fmt: skip
    """What a rule may read besides its state and hyper-parameters."""
    gx, gy = disturb(_gradient_at(surface, w), w)
    loss = float(surface.value(*w))
    given: dict[str, Pair] = {
        "g": (gx, gy), "t": (step, step), "x": (w[0], w[0]), "y": (w[1], w[1]),
        "gx": (gx, gx), "gy": (gy, gy), "f": (loss, loss),
    }  # fmt: skip
    if not optimizer.reads.isdisjoint(HESSIAN):
        hxx, hxy, hyy = (float(value) for value in surface.hessian(*w))
        given |= {"hxx": (hxx, hxx), "hxy": (hxy, hxy), "hyy": (hyy, hyy), "h": (hxx, hyy)}
    if "xi" in optimizer.reads:
        given["xi"] = random_numbers(seed, step, number)
    return given


def _gradient_at(surface: Surface, w: Pair) -> Pair:
    gx, gy = surface.gradient(*w)
    return float(gx), float(gy)


def _disturbances(around: Conditions, t: Trajectory) -> tuple[str, ...]:
    """What is done to a gradient before a rule sees it, in this order."""
    done = {
        f"a batch of {around.batch}": t.batches is not None,
        "weight decay": around.weight_decay > 0,
        "noise": around.noise > 0,
        "clipping": around.clip is not None or around.clip_value is not None,
    }
    return tuple(name for name, on in done.items() if on)


def _moment(
    optimizer: Optimizer, lines: list[Line], after: dict[str, Pair], state: dict[str, Pair]
) -> Moment | None:
    """The running mean of the slope, or the velocity, of an optimizer that has one."""
    if optimizer.family == "Mechanics" and "v" in state:
        return "v", after["v"]
    moves = {line.term.parts[1].value for line in lines
             if line.name == "w" and line.term.kind == "add"}  # fmt: skip
    for name in FIRST_MOMENTS:
        mean = name == "m" or (name == "b" and optimizer.family != "Curvature")
        if name in state and (name in moves or mean):
            x, y = after[name]
            return (name, (x, y)) if name in moves else (f"−{name}", (-x, -y))
    return None


def _scaling(optimizer: Optimizer, after: dict[str, Pair], gradient: Gradient) -> Pair | None:
    """By what the slope of each coordinate is multiplied."""
    if not optimizer.scaling:
        return None
    x, y = work_out(notation(optimizer.scaling), after.__getitem__, gradient)
    return (abs(x), abs(y)) if 0 < abs(x) < math.inf and 0 < abs(y) < math.inf else None
