"""An optimizer entered in a race, and what surrounds its rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from gdviz.own import OwnRule
from gdviz_core import Surface
from gdviz_core.conditions import Conditions
from gdviz_core.descent import check_count
from gdviz_core.external import External
from gdviz_core.foreign import PREFIX, PluginError, missing
from gdviz_core.known import KNOWN, find
from gdviz_core.optimizer import RATES
from gdviz_core.parameter import Parameter
from gdviz_core.schedule import SCHEDULES, Plateau, Schedule
from gdviz_core.surface import STEP_SIZE, WAYS
from gdviz_core.training import can_train

MAX_NAME = 200  # characters
CONSTANT, PLATEAU = "constant", "plateau"
REVERSE = "reverse"  # the way of differentiating that is usual
WARMUP = Parameter("warmup", 0.0, 0.0, 1.0, meaning="share of the run in which the factor rises")


def rate_in(values: Mapping[str, float]) -> str:
    """Which of some hyper-parameters is the learning rate or the time step; "" if none is."""
    return next((name for name in RATES if name in values), "")


@dataclass(frozen=True)
class Racer:
    """An optimizer entered in the race.

    `optimizer` is a name that `gdviz_core.known.find` knows, `values` its hyper-parameters
    (those left out have their default), `name` the label, `colour` an index into the palette, `on`
    whether it runs, `tuned` whether its learning rate was found by tuning.

    `schedule` multiplies the learning rate by a factor for each step: a name of the catalogue,
    "plateau" or a formula over s, the part of the run that is done; `schedule_values` are its
    parameters. `clip` is the norm and `clip_value` the component to which gradients are clipped,
    None for neither; `weight_decay` times the iterate is added to the gradient first.

    On data each step sees a `batch` of so many rows, None all of them.

    `rule` is a rule of the user's own; `optimizer` is then its name. `way` is how the gradient is
    computed, one of gdviz_core.surface.WAYS, with the step `h` where it is a difference.

    Raises ValueError (FormulaError for a formula) that names the field.
    """

    optimizer: str
    values: dict[str, float] = field(default_factory=dict)
    name: str = ""
    colour: int = 0
    on: bool = True
    tuned: bool = False
    schedule: str = CONSTANT
    schedule_values: dict[str, float] = field(default_factory=dict)
    clip: float | None = None
    clip_value: float | None = None
    weight_decay: float = 0.0
    rule: OwnRule | None = None
    way: str = REVERSE
    h: float = 1e-6
    batch: int | None = None

    def __post_init__(self) -> None:
        if self.rule is not None:
            object.__setattr__(self, "optimizer", self.rule.optimizer().name)
        configured = self.configured()
        object.__setattr__(self, "values", configured.values)
        if not self.name:
            object.__setattr__(self, "name", configured.title)
        if len(self.name) > MAX_NAME:
            raise ValueError(
                f"the name of a racer has at most {MAX_NAME} characters, not {len(self.name)}"
            )
        if not self.name.isprintable():
            raise ValueError("the name of a racer must be printable characters")
        check_count("colour", self.colour)
        if self.way not in WAYS:
            raise ValueError(f"way must be one of {', '.join(WAYS)}, not {self.way[:40]!r}")
        STEP_SIZE.check(self.h)
        known = {parameter.name: parameter for parameter in schedule_parameters(self.schedule)}
        for name, value in self.schedule_values.items():
            if name not in known:
                raise ValueError(
                    f"the schedule {self.schedule[:40]!r} has no {name[:40]!r}; it has "
                    f"{', '.join(known) or 'no parameters'}"
                )
            known[name].check(value)
        chosen = {
            name: float(value)
            for name, value in self.schedule_values.items()
            if value != known[name].value
        }
        object.__setattr__(self, "schedule_values", chosen)
        around = Conditions(**self.conditions())
        for schedule in around.schedules.values():
            if isinstance(schedule, Schedule):
                _check(schedule)
        if around.schedules and "lr" not in self.values:
            raise ValueError(
                f"schedule must be {CONSTANT} for {configured.title}: it has no learning rate"
            )
        if self.conditions() and isinstance(configured, External):
            raise ValueError(
                f"{next(iter(self.conditions()))} must be off for {configured.title}: "
                "it asks for its gradients itself"
            )

    @property
    def definition(self) -> Any:
        """The optimizer with its defaults: shipped, typed, or written in Python."""
        if self.rule is not None:
            return self.rule.optimizer()
        try:
            return find(self.optimizer)
        except PluginError as error:  # a file that is gone must not cost the rest
            return missing(self.optimizer, tuple(self.values), str(error))

    def configured(self) -> Any:
        """The optimizer with this racer's hyper-parameters."""
        if self.rule is None and self.optimizer in KNOWN:  # what cannot change meanwhile
            return self._configured
        return self._configure()

    @cached_property
    def _configured(self) -> Any:
        return self._configure()

    def _configure(self) -> Any:
        definition, values = self.definition, self.values
        if self.rule is None and self.optimizer.startswith(PREFIX):
            # a file may have lost a number since; that must not cost the rest either
            values = {name: value for name, value in values.items() if name in definition.values}
        return definition(**values)

    @property
    def rate(self) -> str:
        """The name of its learning rate or time step; "" if it has none."""
        return rate_in(self.values)

    def check_network(self) -> None:
        """ValueError if it cannot train a network, or would not as it is set."""
        optimizer = self.configured()
        why = "it is not a rule of ours" if isinstance(optimizer, External) else ""
        why = why or can_train(optimizer)
        for wrong, words in (
            (self.clip is not None, "clipping the norm must be off, take that of each component"),
            (self.schedule == PLATEAU, "its schedule must not wait for plateaus"),
            (self.way != REVERSE, "its gradient must be that of reverse mode"),
        ):
            why = why or (words if wrong else "")
        if why:
            raise ValueError(f"{self.name} cannot train a network: {why}")

    def seen(self, surface: Surface) -> Surface:
        """The surface as this racer differentiates it."""
        return surface if self.way == REVERSE else _seen(surface, self.way, self.h)

    def with_value(self, name: str, value: float) -> "Racer":
        """A copy with one other hyper-parameter."""
        return replace(self, values={**self.values, name: value}, tuned=False)

    def conditions(self) -> dict[str, Any]:
        """What differs from the usual Conditions around the rule."""
        found: dict[str, Any] = {"clip": self.clip, "clip_value": self.clip_value,
                                 "batch": self.batch}  # fmt: skip
        found = {name: value for name, value in found.items() if value is not None}
        if self.weight_decay != 0.0:
            found["weight_decay"] = self.weight_decay
        if self.schedule != CONSTANT or self.schedule_values:
            found["schedule"] = scheduled(self.schedule, self.schedule_values)
        return found


@lru_cache(maxsize=64)
def _seen(surface: Surface, way: str, h: float) -> Surface:
    return replace(surface, way=way, h=h)


def schedules() -> Mapping[str, tuple[str, str]]:
    """The title and a sentence for each schedule that has a name."""
    named = {name: (entry.title, entry.summary) for name, entry in SCHEDULES.items()}
    named[PLATEAU] = ("On plateaus", "Falls by a factor whenever the loss stops falling.")
    return MappingProxyType(named)


def schedule_parameters(schedule: str) -> tuple[Parameter, ...]:
    """The parameters that a schedule has, with their defaults."""
    if schedule == PLATEAU:
        return Plateau.parameters
    own = SCHEDULES[schedule].parameters if schedule in SCHEDULES else ()
    return (*own, WARMUP)


def scheduled(schedule: str, values: Mapping[str, float]) -> Schedule | Plateau:
    """A schedule with its parameters; FormulaError for a formula that cannot be read."""
    return _scheduled(schedule, tuple(values.items()))


@lru_cache(maxsize=256)
def _check(schedule: Schedule) -> None:
    """ValueError if a factor cannot be, as far as a run of usual length tells."""
    factors = schedule.factors(1000)
    if factors.min() < 0:
        step = int(factors.argmin()) + 1
        raise ValueError(
            f"the schedule {schedule.formula!r} is {factors.min():.3g} at step {step}: it must "
            "not be negative"
        )


@lru_cache(maxsize=256)
def _scheduled(schedule: str, values: tuple[tuple[str, float], ...]) -> Schedule | Plateau:
    if schedule == PLATEAU:
        return Plateau(**dict(values))
    if schedule in SCHEDULES:
        return SCHEDULES[schedule](**dict(values))
    return Schedule.from_formula(schedule, **dict(values))
