"""An optimizer: a rule of a few formulas, run once a step for every coordinate."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gdviz_core.expression import parse
from gdviz_core.parameter import LR, Hyperparameter, configure
from gdviz_core.program import compile_program
from gdviz_core.rule import Rule, RulePrograms, check_hyperparameter_name, compile_rule, parse_rule
from gdviz_core.tokenizer import FormulaError

if TYPE_CHECKING:  # the build reads the catalogue before NumPy and the engine are there
    import numpy as np
    from numpy.typing import NDArray

# A Hessian of two variables costs about as much as two gradients.
HESSIAN_COST = 2
HESSIAN = frozenset(("hxx", "hxy", "hyy", "h"))
AT_W = "w"
# What sets how far a step goes: the learning rate, or the time step of a body.
RATES = ("lr", "dt")


def halves(initial: str) -> tuple[str, str]:
    """The formulas for the start of a state variable, along x and along y."""
    first, _, second = initial.partition(";")
    return first.strip(), (second or first).strip()


@dataclass(frozen=True)
class Optimizer:
    """An update rule with its hyper-parameters.

    `rule` has one formula a line; see `gdviz_core.rule` for the names it knows. `initial`
    gives the start of state variables that do not start at 0: a formula over hyper-parameters, two
    of them ("vx; vy") for a velocity whose coordinates differ, or "w" for the start point. Calling
    an optimizer gives a configured copy: `adam(lr=0.05)`.

    `presets` maps a framework to the hyper-parameters with which it differs. `pace` tells how a
    learning rate is found for a surface: ("curvature", c) is c over the largest curvature,
    ("size", c) is c times the size of the domain, ("time", c) the time step of a body of mass 1
    that does what momentum does at the learning rate c over the largest curvature, ("fixed", 1) the
    default everywhere. `family`
    is the heading under which it is listed, `scaling` a formula, over what a step leaves, for that
    by which an adaptive optimizer multiplies the slope of each coordinate. `velocity` names the
    state variable that is one: a run has not converged while that is more than the tolerance, since
    a body that moves is not at rest, however flat it is there.

    Raises FormulaError for a rule that cannot be read, ValueError for a bad hyper-parameter.
    """

    name: str
    title: str
    rule: str
    hyperparameters: tuple[Hyperparameter, ...] = ()
    initial: Mapping[str, str] = field(default_factory=dict, hash=False)
    source: str = ""
    summary: str = ""
    presets: Mapping[str, Mapping[str, float]] = field(default_factory=dict, hash=False)
    pace: tuple[str, float] = ("curvature", 0.5)
    family: str = "Adaptive"
    scaling: str = ""
    velocity: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", textwrap.dedent(self.rule).strip())
        if self.velocity and self.velocity not in self.parsed.state:
            raise ValueError(f"velocity: {self.velocity} is not a state variable of the rule")
        unknown = set(self.initial) - set(self.parsed.state)
        if unknown:
            raise ValueError(f"initial: {sorted(unknown)[0]} is not a state variable of the rule")

    def __call__(self, /, **values: float) -> Optimizer:
        """A copy with other hyper-parameters; ValueError names a bad one."""
        made = configure(self.name, "hyper-parameter", self.hyperparameters, values)
        return replace(self, hyperparameters=made)

    def preset(self, framework: str) -> Optimizer:
        """A copy with the defaults of a framework, such as "keras"; ValueError names others."""
        if framework not in self.presets:
            known = ", ".join(self.presets) or "none"
            raise ValueError(f"{self.name} has no preset {framework[:40]!r}; it has {known}")
        return self(**self.presets[framework])

    @classmethod
    def from_rule(cls, rule: str, name: str = "rule", /, **hyperparameters: float) -> Optimizer:
        """An optimizer from typed lines; keywords give its hyper-parameters.

        Optimizer.from_rule("b = 0.9*b + g\\nw = w - lr*b", lr=0.01)
        """
        made = []
        for key, value in hyperparameters.items():
            check_hyperparameter_name(key)
            plain = Hyperparameter(key, 0.0, -1e300, 1e300)
            template = LR(1.0) if key == "lr" else plain
            made.append(replace(template, value=template.check(value)))
        return cls(name, name, rule, tuple(made))

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(h.name for h in self.hyperparameters)

    @property
    def parsed(self) -> Rule:
        """The rule as a graph."""
        return _parsed(self.rule, self._names)

    @property
    def state(self) -> tuple[str, ...]:
        """The names of what is recorded besides the iterate, in the order of the rule.

        Where the point shown is not the point at which the gradient is taken, that one, w, is the
        first.
        """
        names = tuple(self.parsed.state)
        return names if self.parsed.report is None else ("w", *names)

    @property
    def values(self) -> dict[str, float]:
        """The hyper-parameters as a dictionary."""
        return {h.name: h.value for h in self.hyperparameters}

    @property
    def rate(self) -> str:
        """The name of the learning rate or time step; "" if there is none."""
        return next((name for name in RATES if name in self._names), "")

    @property
    def reads(self) -> frozenset[str]:
        """The names of everything the rule reads, its state and hyper-parameters included."""
        return _reads(self.rule, self._names)

    @property
    def evaluations(self) -> int:
        """What a step costs, in gradient evaluations; a Hessian counts as two."""
        reads = self.reads
        here = not reads.isdisjoint(("g", "gx", "gy"))
        hessian = not reads.isdisjoint(HESSIAN)
        return max(1, len(self.programs().points) + here + HESSIAN_COST * hessian)

    def programs(self, lanes: tuple[str, ...] = ()) -> RulePrograms:
        """The programs of one step. Hyper-parameters in `lanes` differ from lane to lane."""
        return _programs(self.rule, self._names, lanes)

    def tapes(self, lanes: tuple[str, ...] = ()) -> tuple[Any, ...]:
        """The programs of `programs`, ready to run."""
        return _tapes(self.rule, self._names, lanes)

    def initial_state(self, lanes: Mapping[str, Any]) -> tuple[NDArray[np.float64], list[bool]]:
        """(values, at_w): the start of every state variable, (state, 2, 1 or lanes).

        The second axis is that of the coordinates. Where `at_w` is true the variable starts at the
        start point instead. `lanes` maps hyper-parameters that differ from lane to lane to their
        values.
        """
        import numpy as np

        from gdviz_core import engine

        given = {**self.values, **lanes}
        width = max((np.size(value) for value in given.values()), default=1) or 1
        inputs = np.array([np.resize(v, width) for v in given.values()], np.float64)
        inputs = inputs.reshape(len(given), width)
        values = np.zeros((len(self.parsed.state), 2, width))
        at_w = []
        for rows, name in zip(values, self.parsed.state, strict=True):
            start = self.initial.get(name, "0")
            at_w.append(start == AT_W)
            for row, formula in zip(rows, halves(start), strict=True):
                if name in self.initial and start != AT_W:
                    tape = _initial_tape(formula, tuple(given))
                    engine.evaluate(tape, inputs, row.reshape(1, width))
        return values, at_w


# Configured copies of one optimizer differ in numbers only: they share what the rule compiles to.


@lru_cache(maxsize=256)
def _parsed(rule: str, names: tuple[str, ...]) -> Rule:
    return parse_rule(rule, names)


@lru_cache(maxsize=256)
def _reads(rule: str, names: tuple[str, ...]) -> frozenset[str]:
    parsed = _parsed(rule, names)
    nodes = (parsed.graph.nodes[node] for node in parsed.graph.reach(parsed.outputs))
    return frozenset(node[1] for node in nodes if node[0] == "variable")


@lru_cache(maxsize=256)
def _programs(rule: str, names: tuple[str, ...], lanes: tuple[str, ...]) -> RulePrograms:
    return compile_rule(_parsed(rule, names), names, lanes)


@lru_cache(maxsize=256)
def _tapes(rule: str, names: tuple[str, ...], lanes: tuple[str, ...]) -> tuple[Any, ...]:
    from gdviz_core import engine

    return tuple(engine.Tape(program) for program in _programs(rule, names, lanes).programs)


@lru_cache(maxsize=256)
def _initial_tape(formula: str, names: tuple[str, ...]) -> Any:
    from gdviz_core import engine

    try:
        graph, node = parse(formula, names)
    except FormulaError as error:
        raise FormulaError(
            f"an initial state is a formula over hyper-parameters: {error}"
        ) from None
    return engine.Tape(compile_program(graph, [(node, len(names))], names))
