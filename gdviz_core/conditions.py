"""Around the step: schedules, noise, clipping, and when a run ends; the same for all racers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gdviz_core.parameter import Parameter
from gdviz_core.schedule import SCHEDULES, Plateau, Schedule
from gdviz_core.supervised import Batches
from gdviz_core.surface import Array

_LIMITS = (
    Parameter("tolerance", 1e-8, 0.0, 1e300),
    Parameter("step_tolerance", 0.0, 0.0, 1e300),
    Parameter("loss_tolerance", 1e-6, 0.0, 1.0),
    Parameter("patience", 0, 0, 1e15),
    Parameter("noise", 0.0, 0.0, 1e100),
    Parameter("weight_decay", 0.0, 0.0, 1e6),
)


@dataclass(frozen=True)
class Conditions:
    """What surrounds the update rule.

    A run ends when the gradient norm is at most `tolerance`; when a step is at most
    `step_tolerance` long (the sum of both components), if that is not 0; when the loss has not
    fallen by `loss_tolerance` (relative) for `patience` steps, if that is not 0; and with
    `stop_outside` when it leaves the domain.

    Before the rule sees a gradient, weight_decay*w is added to it (the gradient of an L2 penalty),
    then normal noise of standard deviation `noise` in each component, then it is clipped: each
    component to `clip_value`, the vector to the norm `clip`. What is recorded is the exact
    gradient. The noise depends on `seed`, the step and the number of the start alone; with
    `same_noise` false on the number of the racer as well.

    On a loss over more than `batch` rows, each step sees the mean over a batch of so many of them,
    drawn by `seed`, with or without `replacement` (see `gdviz_core.supervised.Batches`); with
    `same_noise` false other ones for each racer. What is recorded, and tested for having
    converged, is the loss over all rows.

    `schedule` is a Schedule, the name of one, a formula, a Plateau, or a mapping from
    hyper-parameters to those (a Plateau only for lr).

    Raises ValueError, which names the field, for a bad value.
    """

    tolerance: float = 1e-8
    stop_outside: bool = False
    step_tolerance: float = 0.0
    patience: int = 0
    loss_tolerance: float = 1e-6
    noise: float = 0.0
    seed: int = 0
    same_noise: bool = True
    clip: float | None = None
    clip_value: float | None = None
    weight_decay: float = 0.0
    batch: int | None = None
    replacement: bool = False
    schedule: Any = None
    schedules: dict[str, Schedule | Plateau] = field(init=False, hash=False)

    def __post_init__(self) -> None:
        for parameter in _LIMITS:
            parameter.check(getattr(self, parameter.name))
        if self.patience != int(self.patience):
            raise ValueError(f"patience must be a whole number, not {self.patience}")
        for name in ("stop_outside", "same_noise", "replacement"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise ValueError(f"{name} must be true or false, not {getattr(self, name)!r:.40}")
        for name in ("clip", "clip_value"):
            if getattr(self, name) is not None:
                Parameter(name, 1.0, 0.0, 1e300, "(]").check(getattr(self, name))
        size = self.batch
        if size is not None and (isinstance(size, bool) or not isinstance(size, int | np.integer)):
            raise ValueError(f"batch must be a whole number of rows, not {str(size)[:40]!r}")
        if size is not None and not 1 <= size < 2**31:
            raise ValueError(f"batch must be at least 1 row, not {size}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int | np.integer):
            raise ValueError(f"seed must be a whole number, not {str(self.seed)[:40]!r}")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed must be at least 0 and less than 2^63, not {self.seed}")
        given = self.schedule
        if given is None:
            given = {}
        elif not isinstance(given, Mapping):
            given = {"lr": given}
        for name in given:
            if not isinstance(name, str):
                raise ValueError(f"schedule: {str(name)[:40]} is not the name of a hyper-parameter")
        object.__setattr__(
            self, "schedules", {name: as_schedule(value, name) for name, value in given.items()}
        )

    def disturbed(
        self, gradient: tuple[float, float], w: tuple[float, float], xi: tuple[float, float]
    ) -> tuple[float, float]:
        """What the rule sees of a gradient at w; `xi` are the standard normal numbers."""
        gx, gy = (
            slope + self.weight_decay * at + self.noise * z
            for slope, at, z in zip(gradient, w, xi, strict=True)
        )
        if self.clip_value is not None:
            gx, gy = (max(-self.clip_value, min(self.clip_value, slope)) for slope in (gx, gy))
        length = math.hypot(gx, gy)
        if self.clip is not None and length > self.clip:
            gx, gy = (slope * (self.clip / length) for slope in (gx, gy))
        return gx, gy

    def bounds(self, surface: Any, far: float) -> tuple[float, ...]:
        """The limits that the engine watches."""
        x0, x1, y0, y1 = surface.domain
        far_x, far_y = far * (x1 - x0), far * (y1 - y0)
        # 1e-150 squared is still a normal number; below, only a gradient of exactly 0 converges.
        squared = self.tolerance * self.tolerance if self.tolerance > 1e-150 else 0.0
        return squared, x0, x1, y0, y1, x0 - far_x, x1 + far_x, y0 - far_y, y1 + far_y

    def factors(self, name: str, steps: int) -> Array | None:
        """What a hyper-parameter is multiplied by at each step; None where it is not scheduled."""
        schedule = self.schedules.get(name)
        return schedule.factors(steps) if isinstance(schedule, Schedule) else None

    @property
    def plateau(self) -> Plateau | None:
        """The reduction of the learning rate on plateaus, if there is one."""
        found = self.schedules.get("lr")
        return found if isinstance(found, Plateau) else None

    def seed_of(self, racer: int) -> int:
        """By what the noise and the batches of a racer are drawn."""
        seed = int(self.seed)
        return seed if self.same_noise else (seed + racer * 0x9E3779B97F4A7C15) % 2**64

    def batches(self, rows: int, racer: int = 0) -> Batches | None:
        """The batches of a racer on a loss over so many rows; None where it sees all of them."""
        if self.batch is None or self.batch >= rows:
            return None
        return Batches(rows, int(self.batch), self.seed_of(racer), self.replacement)

    def engine(self, racer: int) -> dict[str, Any]:
        """The arguments of Iteration that are the same for every surface and rule."""
        return {
            "stop_outside": self.stop_outside,
            "step_tolerance": self.step_tolerance,
            "loss_tolerance": self.loss_tolerance,
            "patience": int(self.patience),
            "noise": self.noise,
            "seed": self.seed_of(racer),
            "batch": int(self.batch or 0),
            "replacement": self.replacement,
            "clip_norm": math.inf if self.clip is None else self.clip,
            "clip_value": math.inf if self.clip_value is None else self.clip_value,
            "weight_decay": self.weight_decay,
        }


def as_schedule(value: Any, name: str) -> Schedule | Plateau:
    """A schedule from what a user may write for one; ValueError and FormulaError otherwise."""
    if isinstance(value, Plateau):
        if name != "lr":
            raise ValueError(f"schedule: only lr can be reduced on plateaus, not {name}")
        return value
    if isinstance(value, Schedule):
        return value
    if isinstance(value, str):
        return SCHEDULES[value] if value in SCHEDULES else Schedule.from_formula(value)
    raise ValueError(f"schedule must be a Schedule, a name or a formula, not {str(value)[:40]!r}")
