"""Descents in the whole space of a network's weights, by the rules that work on each alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz_core.conditions import Conditions
from gdviz_core.descent import (
    CONVERGED,
    STATUSES,
    check_count,
    check_size,
    prepare,
    rule_of,
    run_all,
    schedule_size,
)
from gdviz_core.optimizer import HESSIAN, Optimizer
from gdviz_core.perceptron import Perceptron, full_program
from gdviz_core.rows import RowTape
from gdviz_core.supervised import Batches
from gdviz_core.surface import Array
from gdviz_core.table import Table

NEVER = -1.0  # the square of a slope that no lane falls below: all end together
INFINITE = float("inf")


@dataclass(frozen=True, eq=False)
class Training:
    """What one optimizer did with the weights of a network.

    Index 0 of every array is the start. `weights` and `gradient` are (records, weights), `loss` is
    over all rows; `state` maps names such as "m" to (records, weights). Otherwise as Trajectory.
    """

    optimizer: Optimizer
    net: Perceptron
    step: NDArray[np.int64]
    weights: Array
    loss: Array
    gradient: Array
    status: str
    state: dict[str, Array] = field(default_factory=dict)
    lr: Array | None = None
    batches: Batches | None = None
    batch_loss: Array | None = None

    def __len__(self) -> int:
        return len(self.step)

    @property
    def grad_norm(self) -> Array:
        """The Euclidean norm of the gradient by all weights."""
        with np.errstate(over="ignore"):
            found: Array = np.linalg.norm(self.gradient, axis=1)
        return found


def can_train(optimizer: Any) -> str:
    """Why an optimizer cannot train a network; "" if it can."""
    if not isinstance(optimizer, Optimizer):
        return "it is not a rule of ours"
    graph, outputs = optimizer.parsed.graph, optimizer.parsed.outputs
    kinds = {graph.nodes[node][0] for node in graph.reach(outputs)}
    if "other" in kinds:
        return "its rule mixes both coordinates"
    if not optimizer.reads.isdisjoint((*HESSIAN, "x", "y", "gx", "gy")):
        return "its rule reads what there is only in two dimensions"
    start, _ = optimizer.initial_state({})
    if (start[:, 0] != start[:, 1]).any():
        return "its velocity at the start is one along x and another along y"
    return ""


class _Whole:
    """All weights of a network at once, in place of a surface: the lanes are pairs of weights."""

    domain = (-1e300, 1e300, -1e300, 1e300)
    table = None

    def __init__(self, net: Perceptron, table: Table):
        self.net, self._table, self.rows = net, table, table.rows
        self._tapes = {kind: self.make_tape(kind) for kind in ("gradient", "slope")}

    def tape(self, kind: str) -> RowTape:
        return self._tapes[kind]

    def make_tape(self, kind: str, emitted: bool = True) -> RowTape:
        program = full_program(self.net, kind == "slope")
        columns = self._table.padded(program.inputs)
        return RowTape(program, columns, self._table.rows, (), emitted, self.net.size)


def train(
    net: Perceptron,
    table: Table,
    optimizer: Any,
    start: ArrayLike,
    steps: int = 500,
    *,
    every: int = 1,
    progress: Any = None,
    racer: int = 0,
    **conditions: Any,
) -> Training:
    """Train all weights of a network from `start` (weights), over the rows of a table.

    `conditions` are those of `race`; a norm to clip to must be off, as it is of two components
    there. Raises ValueError for an optimizer that cannot (see `can_train`), TooLarge before
    anything is allocated, and Cancelled.
    """
    chosen = rule_of(optimizer)
    why = can_train(chosen)
    if why:
        raise ValueError(f"{chosen.title} cannot train a network: {why}")
    missing = {*net.inputs, net.target} - set(table.names)
    if missing:
        raise ValueError(f"the table has no column {sorted(missing)[0]}")
    steps, every = check_count("steps", steps), check_count("every", every, 1)
    around = Conditions(**conditions)
    if around.step_tolerance > 0 or around.patience:
        raise ValueError("step_tolerance and patience must be 0 for a network")
    if around.plateau is not None:
        raise ValueError("schedule must not be on plateaus for a network: take one in s")
    if around.clip is not None:
        raise ValueError("clip must be off for a network: clip each component instead")
    weights = np.asarray(start, np.float64)
    if weights.shape != (net.size,) or not np.isfinite(weights).all():
        raise ValueError(f"start must be {net.size} finite weights, not {weights.shape}")
    half = (net.size + 1) // 2
    # of an odd number the last lane has its weight twice, and the same slope for both
    lanes = np.empty((half, 2))
    lanes[:, 0] = weights[:half]
    lanes[: net.size - half, 1] = weights[half:]
    lanes[net.size - half :, 1] = weights[half - 1]
    channels = 6 + 2 * len(chosen.state)
    check_size(8 * channels * half * (steps // every + 2) + schedule_size(around, steps))
    batches = around.batches(table.rows, racer)
    iteration, rates = prepare(
        _Whole(net, table), chosen, steps, around, racer, every=every, look=every, count=half,
        block=max(256, (half + 7) // 8 * 8), bounds=(NEVER, *(-INFINITE, INFINITE) * 4),
    )  # fmt: skip
    run = run_all(iteration, lanes, progress, threads=1)
    last = int(run.last.max())
    step = np.append(np.arange(0, last, every), last)
    lr = None
    if rates.lr is not None:
        lr = np.full(len(step), float(np.ravel(rates.lr)[0]))
        if rates.factors is not None and len(rates.factors):
            lr = lr * rates.factors[np.maximum(step, 1) - 1]
    return _training(net, chosen, run, step, lr, around.tolerance, batches)


def _training(
    net: Perceptron, optimizer: Optimizer, run: Any, step: NDArray[np.int64], lr: Array | None,
    tolerance: float, batches: Batches | None,
) -> Training:  # fmt: skip
    """What was recorded of pairs of weights, put together; cut where it has converged."""
    record = run.record[:, : len(step)]

    def both(first: Array, second: Array) -> Array:
        found: Array = np.concatenate([first, second], axis=1)[:, : net.size]
        return found

    names = optimizer.state
    shown = both(record[0], record[1])
    states = {name: both(record[5 + 2 * k], record[6 + 2 * k]) for k, name in enumerate(names)}
    slope = both(record[3], record[4])
    with np.errstate(over="ignore"):
        norm = np.linalg.norm(slope, axis=1)
    status, count = STATUSES[int(run.status[0])], len(step)
    low = np.flatnonzero(norm <= tolerance)
    if low.size:
        status, count = CONVERGED, int(low[0]) + 1
    batch_loss = record[-1, :, 0] if batches is not None else None
    return Training(
        optimizer, net, step[:count], shown[:count], record[2, :count, 0], slope[:count], status,
        {name: values[:count] for name, values in states.items()},
        None if lr is None else lr[:count], batches,
        None if batch_loss is None else batch_loss[:count],
    )  # fmt: skip
