"""Why a run ended, in words and numbers, and how runs compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gdviz_core.critical import (
    DEGENERATE,
    MAXIMUM,
    MINIMUM,
    SADDLE,
    classified,
    newton,
    on_tip,
)
from gdviz_core.descent import CONVERGED, DIVERGED, LEFT, OUT_OF_STEPS, STALLED, Trajectory

TIP, CIRCLING = "tip", "circling"
# A run that moved less than this share of the domain over its last quarter has stalled.
_STILL = 1e-6


@dataclass(frozen=True)
class Ending:
    """Why a run ended; `str` gives it as a sentence.

    `kind` is "minimum", "maximum", "saddle", "degenerate" or "tip" for a run that converged, and
    "converged" where nobody knows to what;
    "diverged", "left the domain", "stalled", "circling" or "out of steps" for the others. `x` and
    `y` are the end, `step` its number, `eigenvalues` those of the Hessian there, the smaller first,
    `amplitude` half of the width of what the run circles in, `failure` what a library raised.
    """

    kind: str
    x: float
    y: float
    step: int
    eigenvalues: tuple[float, float] | None = None
    amplitude: float | None = None
    slope: float | None = None
    failure: str = ""

    def __str__(self) -> str:
        place = f"({_short(self.x)}, {_short(self.y)})"
        if self.kind == MINIMUM:
            return f"converged to the minimum at {place}"
        if self.kind == CONVERGED:
            return f"converged, slope {self.slope:.2g}"
        if self.kind == TIP:
            return f"stopped on the tip at {place}, where the surface is not smooth"
        if self.kind in (SADDLE, MAXIMUM, DEGENERATE):
            low, high = self.eigenvalues or (np.nan, np.nan)
            what = f"{self.kind} point" if self.kind == DEGENERATE else self.kind
            extreme = "smallest eigenvalue" if self.kind != MAXIMUM else "largest eigenvalue"
            value = high if self.kind == MAXIMUM else low
            return f"stopped at the {what} at {place}, {extreme} {value:.4g}"
        if self.kind == DIVERGED:
            return f"diverged at step {self.step}"
        if self.kind == LEFT:
            return f"left the domain at step {self.step}"
        if self.kind == CIRCLING:
            return f"circling around {place} with amplitude {self.amplitude:.2g}"
        if self.kind == STALLED:
            why = f" ({self.failure[:120]})" if self.failure else ""
            return f"stalled at {place}, slope {self.slope:.2g}{why}"
        return f"out of steps at {place}, slope {self.slope:.2g}"


def _short(value: float) -> str:
    text = f"{value:.6g}"
    return "0" if abs(value) < 1e-9 or text == "-0" else text


def ending(trajectory: Trajectory) -> Ending:
    """Why a run ended."""
    t = trajectory
    x, y, step = float(t.x[-1]), float(t.y[-1]), t.steps
    slope = float(t.grad_norm[-1])
    if t.status in (DIVERGED, LEFT):
        return Ending(t.status, x, y, step)
    if t.status == CONVERGED and t.weights is not None:  # of the plane it says nothing
        return Ending(CONVERGED, x, y, step, slope=slope)
    if t.status == CONVERGED:
        return _classified(t, x, y, step)
    kind, amplitude = OUT_OF_STEPS, None
    if t.status == STALLED:
        kind = STALLED
    elif len(t) >= 16 and t.surface is not None and t.weights is None:
        kind, amplitude, x, y = _motion(t, x, y)
    return Ending(kind, x, y, step, None, amplitude, slope, t.failure)


def _classified(t: Trajectory, x: float, y: float, step: int) -> Ending:
    """What kind of critical point a converged run has found."""
    assert t.surface is not None
    x0, x1, y0, y1 = t.surface.domain
    near = 1e-4 * max(x1 - x0, y1 - y0)
    with np.errstate(all="ignore"):
        if on_tip(t.surface, x, y):
            return Ending(TIP, x, y, step)
        # name the point itself, not how near the tolerance let the run come
        exact = newton(t.surface, np.array([[x, y]]), near, 3)
        if np.hypot(*(exact[0] - (x, y))) <= near:
            point = classified(t.surface, exact)[0]
        else:
            point = classified(t.surface, np.array([[x, y]]))[0]
    low, high = (float(value) for value in point.eigenvalues)
    return Ending(point.kind, point.x, point.y, step, (low, high))


def _motion(t: Trajectory, x: float, y: float) -> tuple[str, float | None, float, float]:
    """Tell apart, from the last quarter of a run, standing still, circling and being under way."""
    assert t.surface is not None
    x0, x1, y0, y1 = t.surface.domain
    size = max(x1 - x0, y1 - y0)
    quarter = max(8, len(t) // 4)
    late = np.stack([t.x[-quarter:], t.y[-quarter:]], axis=1)
    if not np.isfinite(late).all():
        return OUT_OF_STEPS, None, x, y
    width = float(np.hypot(*(late.max(axis=0) - late.min(axis=0))))
    if width <= _STILL * size:
        return STALLED, None, x, y
    # Circling: going to and fro in a region that neither shrinks nor moves.
    halves = late[: quarter // 2], late[quarter // 2 :]
    widths = [float(np.hypot(*(half.max(axis=0) - half.min(axis=0)))) for half in halves]
    drift = float(np.hypot(*(halves[0].mean(axis=0) - halves[1].mean(axis=0))))
    travelled = float(np.hypot(*np.diff(late, axis=0).T).sum())
    steady = min(widths) > 0.5 * max(widths) and drift < 0.2 * max(widths)
    if steady and travelled > 4 * width:
        centre = (late.max(axis=0) + late.min(axis=0)) / 2
        return CIRCLING, width / 2, float(centre[0]), float(centre[1])
    return OUT_OF_STEPS, None, x, y


@dataclass(frozen=True, eq=False)
class Rank:
    """One row of a ranking.

    `best` is the least loss of the run and `best_step` where it was; `steps` and `evaluations` are
    those after which the loss was at most `target`, None if it never was. `distance` is that of
    the end to the nearest global minimum, None where none is known. `place` counts from 1; equal
    runs share a place.
    """

    trajectory: Trajectory
    place: int
    best: float
    best_step: int
    target: float
    steps: int | None
    evaluations: int | None
    distance: float | None


def rank(trajectories: Sequence[Trajectory], target: float | None = None) -> list[Rank]:
    """The runs of a race, the best first.

    Those that reach the target loss come first, by gradient evaluations, then the others by their
    best loss. Without a `target` it lies a thousandth of the way up from the least loss (of all
    runs, or of the known global minimum) to the highest start. Raises ValueError for a target that
    is not a number.
    """
    if target is not None and np.isnan(target):
        raise ValueError("target must be a number, not nan")
    if not trajectories:
        return []
    bests = [_best(t) for t in trajectories]
    if target is None:
        target = _target(trajectories, [best for best, _ in bests])
    rows = []
    for t, (best, at) in zip(trajectories, bests, strict=True):
        reached = np.flatnonzero(t.loss <= target)
        k = int(reached[0]) if reached.size else None
        rows.append((
            (0, int(t.evaluations[k])) if k is not None else (1, best),
            t, best, int(t.step[at]), None if k is None else int(t.step[k]),
            None if k is None else int(t.evaluations[k]), _distance(t),
        ))  # fmt: skip
    rows.sort(key=lambda row: (row[0], row[2]))
    ranked: list[Rank] = []
    for i, (key, t, best, at, steps, evaluations, distance) in enumerate(rows):
        same = i > 0 and rows[i - 1][0] == key
        place = ranked[-1].place if same else i + 1
        ranked.append(Rank(t, place, best, at, target, steps, evaluations, distance))
    return ranked


def _best(t: Trajectory) -> tuple[float, int]:
    if np.isnan(t.loss).all():
        return float("inf"), 0
    at = int(np.nanargmin(t.loss))
    return float(t.loss[at]), at


def _target(trajectories: Sequence[Trajectory], bests: list[float]) -> float:
    surface = trajectories[0].surface
    least = min((best for best in bests if np.isfinite(best)), default=-np.inf)
    if not np.isfinite(least):
        return least
    if surface is not None and surface.minima and "unbounded" not in surface.tags:
        least = min(least, float(surface.value(*surface.minima[0])))
    starts = [float(t.loss[0]) for t in trajectories if np.isfinite(t.loss[0])]
    highest = max(starts, default=least)
    return least + 1e-3 * max(highest - least, 0.0)


def _distance(t: Trajectory) -> float | None:
    if t.surface is None or not t.surface.minima:
        return None
    minima = np.array(t.surface.minima)
    losses = t.surface.value(*minima.T)
    best = minima[losses <= losses[0] + 1e-9 * max(1.0, abs(float(losses[0])))]
    return float(np.hypot(*(best - (t.x[-1], t.y[-1])).T).min())
