"""Learning-rate schedules: formulas in the fraction of the run that is done.

A schedule multiplies a hyper-parameter, as a rule the learning rate, by a factor for each step.
Its formula knows s, the fraction of the steps that are done (0 at the first step), t, the number of
the step (from 1), n, the number of steps, and its own parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from gdviz_core.expression import CONSTANTS, FUNCTIONS, parse
from gdviz_core.parameter import Parameter, configure
from gdviz_core.program import compile_program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GIVEN = ("s", "t", "n")


@dataclass(frozen=True)
class Schedule:
    """A factor for each step, as a formula over s, t, n and its parameters.

    `warmup` is the fraction of the run over which the factor rises linearly to its first value;
    the formula then has the rest of the run. Calling a schedule gives a configured copy.

    Raises FormulaError for a formula that cannot be read, ValueError for a bad parameter.
    """

    name: str
    title: str
    formula: str
    parameters: tuple[Parameter, ...] = ()
    warmup: float = 0.0
    source: str = ""
    summary: str = ""

    def __post_init__(self) -> None:
        _WARMUP.check(self.warmup)
        for parameter in self.parameters:
            if parameter.name in (*_GIVEN, *CONSTANTS, *FUNCTIONS):
                raise ValueError(f"a parameter of a schedule cannot be called {parameter.name}")
        _tape(self.formula, self._names)

    def __call__(self, /, warmup: float | None = None, **values: float) -> Schedule:
        """A copy with other parameters; ValueError names a bad one."""
        made = configure(self.name, "parameter", self.parameters, values)
        return replace(self, parameters=made, warmup=self.warmup if warmup is None else warmup)

    @classmethod
    def from_formula(cls, formula: str, warmup: float = 0.0) -> Schedule:
        """A schedule from a typed formula, such as "0.5*(1 + cos(pi*s))"."""
        return cls("formula", formula, formula, warmup=warmup)

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    def factors(self, steps: int) -> NDArray[np.float64]:
        """The factor of each step, length `steps`; ValueError if one is not a finite number."""
        import numpy as np

        from gdviz_core import engine

        warm = min(int(self.warmup * steps + 0.5), steps)
        rest = steps - warm
        done = np.arange(max(rest, 1), dtype=np.float64)
        given = [done / max(rest, 1), done + 1, np.full_like(done, rest)]
        given += [np.full_like(done, parameter.value) for parameter in self.parameters]
        values = np.empty((1, len(done)))
        engine.evaluate(_tape(self.formula, self._names), np.stack(given), values)
        if not np.isfinite(values).all():
            step = int(np.flatnonzero(~np.isfinite(values[0]))[0]) + warm + 1
            raise ValueError(f"the schedule {self.formula!r} is not a finite number at step {step}")
        rise = np.arange(1, warm + 1) / max(warm, 1) * values[0, 0]
        return np.concatenate([rise, values[0, :rest]])


@dataclass(frozen=True)
class Plateau:
    """Reduces the learning rate when the loss stops falling, for each run by itself.

    When the loss has not been less than its best value by `threshold` (relative) for more than
    `patience` steps, the learning rate is multiplied by `factor`; at `floor` times its first value
    it stays. torch.optim.lr_scheduler.ReduceLROnPlateau; there the floor is absolute and the
    threshold relative to the value instead of its size, which fails for a negative loss.
    """

    factor: float = 0.1
    patience: float = 10  # a whole number
    threshold: float = 1e-4
    floor: float = 0.0

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("factor", 0.1, 0.0, 1.0, "()", meaning="factor of each reduction"),
        Parameter("patience", 10, 0, 1e9, meaning="steps without progress that are borne"),
        Parameter("threshold", 1e-4, 0.0, 1.0, meaning="relative fall that counts as progress"),
        Parameter("floor", 0.0, 0.0, 1.0, meaning="least share of the first learning rate"),
    )

    def __post_init__(self) -> None:
        for parameter in self.parameters:
            parameter.check(getattr(self, parameter.name))
        if self.patience != int(self.patience):
            raise ValueError(f"patience must be a whole number, not {self.patience}")
        object.__setattr__(self, "patience", int(self.patience))


_WARMUP = Parameter("warmup", 0.0, 0.0, 1.0, meaning="share of the run in which the factor rises")


@lru_cache(maxsize=128)
def _tape(formula: str, names: tuple[str, ...]) -> Any:
    from gdviz_core import engine

    given = (*_GIVEN, *names)
    graph, node = parse(formula, given)
    return engine.Tape(compile_program(graph, [(node, len(given))], given))


_ENTRIES = (
    Schedule("constant", "Constant", "1", summary="The same learning rate throughout."),
    Schedule(
        "step",
        "Step",
        # a drop must not come a step late because a fraction was rounded down
        "gamma^floor(drops*s + 1e-9)",
        (
            Parameter("gamma", 0.1, 0.0, 1.0, "(]", meaning="factor of each drop"),
            Parameter("drops", 3.0, 1.0, 1000.0, meaning="pieces of the run"),
        ),
        source="torch.optim.lr_scheduler.StepLR with step_size n/drops",
        summary="Drops by a factor at equal intervals.",
    ),
    Schedule(
        "exponential",
        "Exponential",
        "final^s",
        (Parameter("final", 0.01, 0.0, 1.0, "(]", log=True, meaning="factor at the end"),),
        source="torch.optim.lr_scheduler.ExponentialLR with gamma final^(1/n)",
        summary="Falls by the same factor at every step.",
    ),
    Schedule(
        "polynomial",
        "Polynomial",
        "(1 - s)^power",
        (Parameter("power", 1.0, 0.0, 10.0, "(]", meaning="1 is a straight line"),),
        source="torch.optim.lr_scheduler.PolynomialLR with total_iters n",
        summary="Falls to 0 at the end, in a straight line or a power of it.",
    ),
    Schedule(
        "cosine",
        "Cosine",
        "final + (1 - final)*(1 + cos(pi*s))/2",
        (Parameter("final", 0.0, 0.0, 1.0, meaning="factor at the end"),),
        source="Loshchilov and Hutter 2017, arXiv:1608.03983; torch CosineAnnealingLR with T_max n",
        summary="Falls slowly, then fast, then slowly to its end.",
    ),
    Schedule(
        "cosine_restarts",
        "Cosine with restarts",
        "final + (1 - final)*(1 + cos(pi*mod(restarts*s, 1)))/2",
        (
            Parameter("restarts", 3.0, 1.0, 1000.0, meaning="cycles in the run"),
            Parameter("final", 0.0, 0.0, 1.0, meaning="factor at the end of each"),
        ),
        source="Loshchilov and Hutter 2017, arXiv:1608.03983; torch CosineAnnealingWarmRestarts",
        summary="Cosine cycles, each of which begins at the full learning rate.",
    ),
    Schedule(
        "one_cycle",
        "One cycle",
        # torch counts to n - 1, so that the last step has the smallest rate; it starts at
        # max_lr/div and ends at max_lr/(div*end). Here lr is max_lr.
        "where(t <= rise*n, "
        "1/div + (1 - 1/div)*(1 - cos(pi*min((t - 1)/max(rise*n - 1, 1e-9), 1)))/2, "
        "1/(div*end) + (1 - 1/(div*end))"
        "*(1 + cos(pi*min((t - rise*n)/max(n - rise*n, 1e-9), 1)))/2)",
        (
            Parameter("rise", 0.3, 0.0, 1.0, "()", meaning="share of the run in which it rises"),
            Parameter("div", 25.0, 1.0, 1e6, meaning="the rate at first is 1/div"),
            Parameter("end", 1e4, 1.0, 1e12, log=True, meaning="and at last 1/(div*end)"),
        ),
        source="Smith and Topin 2018, arXiv:1708.07120; torch.optim.lr_scheduler.OneCycleLR",
        summary="Rises to the full learning rate, then falls far below where it began.",
    ),
)

SCHEDULES: Mapping[str, Schedule] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
