"""Optimizers that are no rules of ours as racers, through one adapter.

They see the exact loss, gradient and Hessian of the surface and run in Python. What an adapter
needs of a library is one iterator over its iterates; the rest is shared. Noise, clipping, weight
decay and schedules belong to our own rules: a race with them refuses these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gdviz_core.optimizer import HESSIAN_COST
from gdviz_core.parameter import Hyperparameter, configure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gdviz_core.conditions import Conditions
    from gdviz_core.descent import Trajectory
    from gdviz_core.surface import Surface


@dataclass
class Problem:
    """A surface as a library sees it: functions of a point, which count what they cost."""

    surface: Surface
    progress: Any
    spent: int = 0

    def loss(self, point: Any) -> float:
        """The loss; alone it counts as one evaluation, as finite differences would use it."""
        self.count(1)
        return float(self.surface.value(point[0], point[1]))

    def gradient(self, point: Any) -> NDArray[np.float64]:
        """The exact gradient."""
        import numpy as np

        self.count(1)
        return np.array(self.surface.gradient(point[0], point[1]))

    def both(self, point: Any) -> tuple[float, NDArray[np.float64]]:
        """Loss and gradient, which cost one evaluation together."""
        value = float(self.surface.value(point[0], point[1]))
        return value, self.gradient(point)

    def hessian(self, point: Any) -> NDArray[np.float64]:
        """The exact Hessian."""
        import numpy as np

        self.count(HESSIAN_COST)
        hxx, hxy, hyy = self.surface.hessian(point[0], point[1])
        return np.array([[hxx, hxy], [hxy, hyy]])

    def count(self, cost: int) -> None:
        """Add to what was spent; Cancelled if nobody wants the race any more."""
        from gdviz_core.surface import Cancelled

        self.spent += cost
        if self.progress is not None and self.progress.cancelled:
            raise Cancelled


@dataclass(frozen=True)
class External:
    """An optimizer of another library; races like an Optimizer, more slowly.

    `iterates(problem, start, steps, values)` yields (x, y, state) after each step, where `state`
    maps names such as "m_x" to numbers. Calling it gives a configured copy.
    """

    name: str
    title: str
    iterates: Callable[..., Generator[tuple[float, float, dict[str, float]], None, None]]
    hyperparameters: tuple[Hyperparameter, ...] = ()
    source: str = ""
    summary: str = ""
    state: tuple[str, ...] = ()
    evaluations: int = 1
    pace: tuple[str, float] = ("fixed", 1.0)
    family: str = "SciPy"

    def __call__(self, /, **values: float) -> External:
        """A copy with other hyper-parameters; ValueError names a bad one."""
        from dataclasses import replace

        made = configure(self.name, "hyper-parameter", self.hyperparameters, values)
        return replace(self, hyperparameters=made)

    @property
    def values(self) -> dict[str, float]:
        """The hyper-parameters as a dictionary."""
        return {h.name: h.value for h in self.hyperparameters}

    def race(
        self,
        surface: Surface,
        points: Any,
        steps: int,
        every: int,
        around: Conditions,
        progress: Any,
        evaluations: int | None = None,
    ) -> list[Trajectory]:
        """A Trajectory from each point; see `gdviz_core.race`.

        A run ends before the step that would spend more than `evaluations`.
        """
        for name in ("noise", "clip", "clip_value", "weight_decay", "schedule", "batch"):
            needed = around.batches(surface.rows) if name == "batch" else getattr(around, name)
            if needed:
                raise ValueError(f"{name} must be off for {self.title}: it is not a rule of ours")
        limit = math.inf if evaluations is None else evaluations
        return [self._run(surface, p, steps, every, around, progress, limit) for p in points]

    def _run(
        self,
        surface: Surface,
        start: Any,
        steps: int,
        every: int,
        around: Conditions,
        progress: Any,
        limit: float,
    ) -> Trajectory:
        import numpy as np

        from gdviz_core.descent import FAR, OUT_OF_STEPS, STALLED, Trajectory
        from gdviz_core.surface import Cancelled

        problem = Problem(surface, progress)
        bounds = around.bounds(surface, FAR)
        rows: list[tuple] = []  # (step, x, y, f, gx, gy, evaluations, state)
        left, status, t = None, None, 0
        best, since, failure = math.inf, 0, ""
        x, y = (float(c) for c in start)
        state: dict[str, float] = {}
        iterates = self.iterates(problem, np.array([x, y]), steps, self.values)
        with np.errstate(all="ignore"), closing(iterates) as iterator:
            while True:
                row = (t, x, y, *_look(surface, x, y), problem.spent, state)
                ended, outside = _judge(row, bounds, around.stop_outside)
                status = ended or status
                left = t if outside and left is None else left
                ends = status is not None or t == steps
                if t % every == 0 or ends:
                    rows.append(row)
                if ends:
                    status = status or OUT_OF_STEPS
                    break
                try:
                    last, (x, y, state) = (x, y), next(iterator)
                except StopIteration:  # its own conditions are met
                    status = STALLED
                    break
                except Cancelled:
                    raise
                except Exception as error:  # whatever a library raises ends this run alone
                    status, failure = STALLED, f"{type(error).__name__}: {error}"
                    break
                if problem.spent > limit:
                    (x, y), status = last, OUT_OF_STEPS
                    break
                t += 1
                if row[3] < best - around.loss_tolerance * abs(best):
                    best, since = row[3], row[0]
                slow = around.patience and t - since > around.patience
                length = abs(x - last[0]) + abs(y - last[1])
                if slow or 0 < around.step_tolerance >= length:
                    status = STALLED
            if rows[-1][0] != t:
                rows.append(row)
        step, x_, y_, loss, gx, gy, spent, states = zip(*rows, strict=True)
        names = dict.fromkeys(name for state in states for name in state)
        lr = self.values.get("lr")
        return Trajectory(
            optimizer=self,
            start=(float(start[0]), float(start[1])),
            step=np.array(step, np.int64),
            x=np.array(x_, np.float64),
            y=np.array(y_, np.float64),
            loss=np.array(loss, np.float64),
            grad_x=np.array(gx, np.float64),
            grad_y=np.array(gy, np.float64),
            status=status,
            left=left,
            state={n: np.array([state.get(n, math.nan) for state in states]) for n in names},
            lr=None if lr is None else np.broadcast_to(lr, len(step)),
            cost=self.evaluations,
            surface=surface,
            spent=np.array(spent, np.int64),
            failure=failure,
        )


def _look(surface: Surface, x: float, y: float) -> tuple[float, float, float]:
    """Value and gradient for the record, which cost the optimizer nothing."""
    gx, gy = surface.gradient(x, y)
    return float(surface.value(x, y)), float(gx), float(gy)


def _judge(row: tuple, bounds: tuple, stop_outside: bool) -> tuple[str | None, bool]:
    from gdviz_core.descent import CONVERGED, DIVERGED, LEFT

    _, x, y, f, gx, gy, _, _ = row
    squared, x0, x1, y0, y1, far_x0, far_x1, far_y0, far_y1 = bounds
    if not (far_x0 <= x <= far_x1 and far_y0 <= y <= far_y1 and math.isfinite(f)):
        return DIVERGED, False
    outside = not (x0 <= x <= x1 and y0 <= y <= y1)
    if gx * gx + gy * gy <= squared and (squared > 0 or gx == gy == 0):
        return CONVERGED, False
    return (LEFT if outside and stop_outside else None), outside
