"""The whole state of the program as one immutable value: what a session restores."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from gdviz.data import Data
from gdviz.own import (
    Number,
    OwnRule,
    OwnSurface,
    own_surface,
    start_in,
    unknown_in_formula,
    view_of_loss,
)
from gdviz.racer import Racer, rate_in
from gdviz.sweep import Maps
from gdviz_core import SURFACES, Surface
from gdviz_core.conditions import Conditions
from gdviz_core.descent import check_count, check_start, check_tolerance
from gdviz_core.external import External
from gdviz_core.known import find
from gdviz_core.models import prediction_of
from gdviz_core.perceptron import Network
from gdviz_core.surface import DEFAULT_DOMAIN, Domain, check_domain

Point = tuple[float, float]

MAX_STARTS = 10_000
MAX_RACERS = 100
MAX_LANES = 50_000  # racers times starts
MAX_STEPS = 1_000_000_000
BUDGETS = ("steps", "evaluations", "epochs")


@dataclass(frozen=True)
class Experiment:
    """Everything a session restores.

    `surface` is a name of the catalogue or a formula over x and y; `parameters` are those of a
    surface of the catalogue that differ from its defaults, `numbers` those of a formula, with their
    values and the ends of their sliders. With `data` it is a formula over the columns of a table
    and two variables, which x and y stand for, and the loss is the mean over the rows. `budget`
    tells whether `steps` counts steps, gradient evaluations ("evaluations") or passes over the data
    ("epochs"). `domain` (x0, x1, y0, y1) belongs to a formula, None takes the default or the
    catalogue's. Starts are points (x, y). `noise` is the standard deviation of what is added to
    each component of the gradient, `seed` draws it; at each step all racers from one start meet the
    same. It also draws the batches, with or without `replacement`. With `own_luck` noise and
    batches differ from racer to racer. With `together` momentum and the particle that makes the
    same steps stay so when one of them is changed. `maps` is what the maps of many runs are asked.

    Raises FormulaError for a formula that cannot be read, ValueError for any other bad field.
    """

    surface: str = "himmelblau"
    domain: Domain | None = None
    starts: tuple[Point, ...] = ()
    racers: tuple[Racer, ...] = ()
    steps: int = 500
    tolerance: float = 1e-8
    stop_outside: bool = False
    parameters: dict[str, float] = field(default_factory=dict)
    budget: str = "steps"
    noise: float = 0.0
    seed: int = 0
    numbers: tuple[Number, ...] = ()
    data: Data | None = None
    replacement: bool = False
    own_luck: bool = False
    together: bool = False
    maps: Maps = field(default_factory=Maps)

    def __post_init__(self) -> None:
        if self.domain is not None:
            object.__setattr__(self, "domain", check_domain(self.domain))
        for name, value in self.parameters.items():
            if not isinstance(value, int | float):
                raise ValueError(f"{name} must be a number, not {str(value)[:40]!r}")
        known = self.resolved().values
        if self.parameters:
            defaults = SURFACES[self.surface].values
            kept = {name: known[name] for name in known if known[name] != defaults[name]}
            object.__setattr__(self, "parameters", kept)
        if len(self.starts) > MAX_STARTS:
            raise ValueError(f"at most {MAX_STARTS} starts are possible, not {len(self.starts)}")
        if len(self.racers) > MAX_RACERS:
            raise ValueError(f"at most {MAX_RACERS} racers are possible, not {len(self.racers)}")
        lanes = len(self.running) * len(self.starts)
        if lanes > MAX_LANES:
            raise ValueError(
                f"{len(self.running)} racers from {len(self.starts)} starts are {lanes} runs, more "
                f"than the permitted {MAX_LANES}: take fewer racers or starts"
            )
        object.__setattr__(self, "starts", tuple(check_start(start) for start in self.starts))
        if check_count("steps", self.steps) > MAX_STEPS:
            raise ValueError(f"steps must be at most {MAX_STEPS}, not {self.steps}")
        check_tolerance(self.tolerance)
        if self.budget == "epochs" and self.data is None:
            raise ValueError("budget must be steps or evaluations where there is no data to pass")
        if self.budget not in BUDGETS:
            raise ValueError(f"budget must be {' or '.join(BUDGETS)}, not {self.budget[:40]!r}")
        Conditions(noise=self.noise, seed=self.seed)
        for racer in self.running if self.data is not None and self.data.net is not None else ():
            racer.check_network()
        for racer in self.running if self.noise else ():
            if isinstance(racer.configured(), External):
                raise ValueError(
                    f"noise must be 0 while {racer.name} runs: it asks for its gradients itself"
                )

    def resolved(self) -> Surface:
        """The surface itself."""
        return _resolve(self.surface, self.domain, tuple(self.parameters.items()), self.numbers,
                        self.data)  # fmt: skip

    @property
    def running(self) -> tuple[Racer, ...]:
        """The racers that are switched on."""
        return tuple(racer for racer in self.racers if racer.on)

    def changed(self, **changes: Any) -> "Experiment":
        """A copy with other fields; racers were tuned for the fields as they were."""
        if "racers" in changes:
            changes["racers"] = self._tied(changes["racers"])
        made = replace(self, **changes)
        if "racers" not in changes and not changes.keys() <= {"tolerance", "together", "maps"}:
            made = replace(made, racers=tuple(replace(r, tuned=False) for r in made.racers))
        return made

    def on_surface(self, surface: str) -> "Experiment":
        """The experiment on another surface.

        One of the catalogue brings its own domain and start; a typed formula keeps the view and
        the starts. Learning rates that are still the suggested ones follow the surface.
        """
        if surface in SURFACES:
            known = SURFACES[surface]
            moved = replace(self, surface=surface, domain=None, parameters={}, numbers=(),
                            starts=(check_start(known.start),), **self._without_data())  # fmt: skip
        else:
            return self.with_formula(surface, self.own_numbers())
        return moved._with_suggestions(self)

    def on_formula(self, text: str, numbers: tuple[Number, ...] | None = None) -> "Experiment":
        """The experiment on a typed formula; one of the catalogue is known by its formula.

        Raises FormulaError for a name that is none of the `numbers`, which are those of now.
        """
        known = [entry.name for entry in SURFACES.values() if entry.formula == text]
        if (text in SURFACES or known) and self.data is None:
            name = text if text in SURFACES else known[0]
            return self if name == self.surface else self.on_surface(name)
        if self.data is not None and _is_plain(text, self.names):
            bare = replace(self, surface="x^2 + y^2", domain=None, parameters={}, numbers=(),
                           starts=(), **self._without_data())  # fmt: skip
            made = bare.with_formula(text, ())
            return replace(made, starts=(check_start(made.resolved().start),))
        return self.with_formula(text, self.own_numbers() if numbers is None else numbers)

    def with_formula(self, text: str, numbers: tuple[Number, ...]) -> "Experiment":
        """The experiment on a formula of the user's own, with those of the numbers it names."""
        data = self.data
        names = unknown_in_formula(text, (), self.names)
        kept = tuple(number for number in numbers if number.name in names)
        if data is not None and text.strip() != self.surface.strip():
            prediction = prediction_of(text, data.target)
            if data.net is not None:  # whose two directions are no names of a formula
                data = replace(data, net=None, plane=None, variables=self._variables(data))
            data = replace(data, model="", prediction=prediction, scaled=data.scaled_columns)
        moved = replace(self, surface=text.rstrip(), domain=self.resolved().domain, parameters={},
                        numbers=kept, data=data)  # fmt: skip
        return moved._with_suggestions(self)

    @property
    def names(self) -> tuple[str, ...]:
        """What a formula may read: the two variables, and the columns of the data."""
        if self.data is None:
            return ("x", "y")
        return (*self._variables(self.data), *self.data.columns)

    @staticmethod
    def _variables(data: Data) -> tuple[str, str]:
        """The two names that a formula learns; on a network two that are no columns."""
        if data.net is None:
            return data.variables
        first, second, *_ = (n for n in ("a", "b", "p", "q", *(f"a{k}" for k in range(9999)))
                             if n not in data.columns)  # fmt: skip
        return first, second

    def _without_data(self) -> dict[str, Any]:
        budget = "steps" if self.budget == "epochs" else self.budget
        steps = 500 if self.budget == "epochs" else self.steps
        racers = tuple(replace(r, batch=None) if r.batch else r for r in self.racers)
        return {"data": None, "budget": budget, "steps": steps, "racers": racers}

    def on_data(
        self, data: Data, formula: str, numbers: tuple[Number, ...], domain: Domain | None = None
    ) -> "Experiment":
        """The experiment on a loss on data, which brings a domain and a start."""
        surface = own_surface(formula, DEFAULT_DOMAIN, numbers, data)
        if domain is None:
            domain, start = view_of_loss(surface)
        else:
            start = start_in(surface, domain)
        moved = replace(self, surface=formula, domain=domain, parameters={}, numbers=numbers,
                        starts=(check_start(start),), data=data)  # fmt: skip
        return moved._with_suggestions(self)

    def on_plane(self, data: Data, domain: Domain) -> "Experiment":
        """The experiment on a plane through the weights of a network, from its centre."""
        assert data.net is not None
        assert data.plane is not None
        surface = Network.of(data.net, data.table, data.plane, domain)
        moved = replace(self, surface=surface.formula, domain=domain, parameters={}, numbers=(),
                        starts=((0.0, 0.0),), data=data)  # fmt: skip
        return moved._with_suggestions(self)

    def on_model(self, data: Data) -> "Experiment":
        """The experiment on a model of the catalogue, the one that the data name."""
        model = data.known
        if model is None:
            raise ValueError("model must be one of the catalogue")
        formula, prediction, variables, parameters = model.fitted(data.inputs, data.target)
        data = replace(data, prediction=prediction, variables=variables)
        numbers = tuple(Number(p.name, p.value, p.low, p.high, p.log) for p in parameters)
        return self.on_data(data, formula, numbers, model.domain)

    def own_numbers(self) -> tuple[Number, ...]:
        """The numbers of the formula, or the parameters of a surface of the catalogue as such."""
        return self.numbers or tuple(
            Number(p.name, p.value, p.low, p.high, p.log) for p in self.resolved().parameters
        )

    def with_parameter(self, name: str, value: float) -> "Experiment":
        """The experiment with one parameter of its surface changed; ValueError names a bad one."""
        if self.surface in SURFACES:
            moved = replace(self, parameters={**self.parameters, name: value})
        else:
            moved = replace(self, numbers=tuple(
                number.holding(value) if number.name == name else number for number in self.numbers
            ))  # fmt: skip
        return moved._with_suggestions(self)

    def on_own(self, entry: OwnSurface) -> "Experiment":
        """The experiment on a surface of the library, which brings its domain and its start."""
        start = entry.surface().start if entry.start is None else entry.start
        moved = replace(self, surface=entry.formula, domain=entry.domain, parameters={},
                        numbers=entry.numbers, starts=(check_start(start),),
                        **self._without_data())  # fmt: skip
        return moved._with_suggestions(self)

    def _with_suggestions(self, before: "Experiment") -> "Experiment":
        """Learning rates that were the suggested ones `before` are so again."""
        moved = self
        racers = []
        for racer in self.racers:
            rate, racer = racer.rate, replace(racer, tuned=False)
            usual = rate and suggested_rate(before.resolved(), racer.definition)
            if rate and racer.values[rate] == usual:
                racer = racer.with_value(rate, suggested_rate(moved.resolved(), racer.definition))
            racers.append(racer)
        try:
            tied = self._tied(tuple(racers))
        except ValueError:  # a surface can be chosen all the same: then they part
            tied = tuple(racers)
        return replace(moved, racers=tied)

    def _tied(self, racers: tuple[Racer, ...]) -> tuple[Racer, ...]:
        """Racers after an edit, those that go together moved along."""
        if not self.together:
            return racers
        from gdviz.dictionary import followed  # which needs what is computed of experiments

        return followed(self.racers, racers)


def _is_plain(text: str, names: tuple[str, ...]) -> bool:
    """Whether a formula is over x and y and reads none of the names that belong to data."""
    try:
        return not unknown_in_formula(text, ()) and not {"x", "y"} & set(names) and bool(
            unknown_in_formula(text, (), ()))  # fmt: skip
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _resolve(
    surface: str,
    domain: Domain | None,
    parameters: tuple[tuple[str, float], ...],
    numbers: tuple[Number, ...],
    data: Data | None,
) -> Surface:
    if surface in SURFACES and data is None:
        if numbers:
            raise ValueError(f"numbers must be none for {surface}, which has parameters instead")
        known = SURFACES[surface](**dict(parameters))
        return known if domain is None else replace(known, domain=domain)
    if data is not None and data.net is not None and data.plane is not None:
        return Network.of(data.net, data.table, data.plane, domain or DEFAULT_DOMAIN)
    if parameters:
        raise ValueError(
            f"parameters: a typed formula has numbers instead, such as {parameters[0][0][:40]}"
        )
    return own_surface(surface, DEFAULT_DOMAIN if domain is None else domain, numbers, data)


@lru_cache(maxsize=1024)
def suggested_rate(surface: Surface, optimizer: Any) -> float:
    """A learning rate, or time step, that shows something: stable, neither instant nor endless."""
    known = find(optimizer) if isinstance(optimizer, str) else optimizer
    how, share = known.pace
    if how == "fixed":
        return known.values[rate_in(known.values)]
    if how == "time":
        lr = _usual_lr(surface) * share / 0.5
        # no more than friction bears: a fifth of the speed is lost in each step
        friction = known.values.get("friction", 0.0)
        return _round(min(math.sqrt(lr), 0.2 / friction if friction else math.inf))
    if how == "size":
        x0, x1, y0, y1 = surface.domain
        # the plane of a network does not tell how wide the rest is
        wide = 2.0 if isinstance(surface, Network) else min(x1 - x0, y1 - y0)
        return _round(share * wide)
    return _round(_usual_lr(surface) * share / 0.5)


def _usual_lr(surface: Surface) -> float:
    """What suits gradient descent."""
    if isinstance(surface, Network):  # whose plane tells not how steep the rest is
        return 0.1
    # Half of the reciprocal of the largest curvature is a quarter of what gradient descent bears.
    return 0.5 / _curvature(surface) if surface.lr is None else surface.lr


def _curvature(surface: Surface) -> float:
    """The largest curvature at the best known minimum, or what is usual in the domain."""
    import numpy as np

    if surface.minima:
        x, y = (np.array([c]) for c in surface.minima[0])
    else:
        x0, x1, y0, y1 = surface.domain
        xs, ys = np.meshgrid(np.linspace(x0, x1, 17)[1::2], np.linspace(y0, y1, 17)[1::2])
        x, y = xs.ravel(), ys.ravel()
    hxx, hxy, hyy = surface.hessian(x, y)
    with np.errstate(all="ignore"):
        largest = np.abs(hxx + hyy) / 2 + np.hypot((hxx - hyy) / 2, hxy)
    largest = np.clip(largest[np.isfinite(largest) & (largest > 0)], 0, 1e300)
    usual = float(np.median(largest)) if largest.size else 1.0
    return min(max(usual, 1e-6), 1e12)


def _round(value: float) -> float:
    """To two significant digits, within what a learning rate may be."""
    value = min(max(value, 1e-12), 1e6)
    digits = 1 - math.floor(math.log10(value))
    return round(value, digits)


def enter(experiment: Experiment, optimizer: str | OwnRule, /, **values: Any) -> Racer:
    """A new racer for an experiment: suggested learning rate, unused name and colour."""
    rule = optimizer if isinstance(optimizer, OwnRule) else None
    definition = find(optimizer) if isinstance(optimizer, str) else optimizer.optimizer()
    rate = rate_in(definition.values)
    if rate and rate not in values:
        values[rate] = suggested_rate(experiment.resolved(), definition)
    racer = Racer(definition.name, values, rule=rule)
    name = unused_name(racer.name, (other.name for other in experiment.racers))
    return replace(racer, name=name, colour=unused_colour(experiment.racers))


def unused_colour(racers: Iterable[Racer]) -> int:
    """The first colour of the palette that none of the racers has."""
    taken = {racer.colour for racer in racers}
    return next(i for i in range(len(taken) + 1) if i not in taken)


def unused_name(name: str, taken: Iterable[str]) -> str:
    """The name, numbered if it is taken."""
    names = set(taken)
    candidate, number = name, 2
    while candidate in names:
        candidate, number = f"{name} {number}", number + 1
    return candidate


def first_experiment() -> Experiment:
    """What the program shows when it is started: two minima within reach of one start."""
    surface = SURFACES["himmelblau"]
    experiment = Experiment("himmelblau", starts=(check_start(surface.start),))
    for optimizer in ("gd", "momentum", "rmsprop", "adam", "nesterov", "adagrad"):
        racer = enter(experiment, optimizer)
        racer = replace(racer, on=len(experiment.racers) < 4)
        experiment = replace(experiment, racers=(*experiment.racers, racer))
    return experiment
