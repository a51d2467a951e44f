"""An optimizer: a rule of a few formulas, run once a step for every coordinate."""

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from gdviz_core import engine
from gdviz_core.expression import parse
from gdviz_core.graph import Graph
from gdviz_core.program import compile_program
from gdviz_core.rule import Rule, check_hyperparameter_name, parse_rule
from gdviz_core.tokenizer import FormulaError


@dataclass(frozen=True)
class Hyperparameter:
    """A named number of an optimizer, with its value and the interval it may lie in.

    `ends` tells which ends of the interval belong to it: "[]", "[)", "(]" or "()". A `flag` is
    0 or 1. `log` asks for a logarithmic slider.
    """

    name: str
    value: float
    low: float = 0.0
    high: float = 1.0
    ends: str = "[]"
    log: bool = False
    flag: bool = False
    meaning: str = ""

    def check(self, value: Any) -> float:
        """The value as a float; ValueError tells the field, the value and what is allowed."""
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise ValueError(f"{self.name} must be a number, not {str(value)[:40]!r}")
        try:
            number = float(value)
        except (OverflowError, ValueError, TypeError):
            number = math.inf
        if not math.isfinite(number):
            raise ValueError(f"{self.name} must be a finite number, not {number}")
        low = number > self.low if self.ends[0] == "(" else number >= self.low
        high = number < self.high if self.ends[1] == ")" else number <= self.high
        if not (low and high) or (self.flag and number not in (0.0, 1.0)):
            raise ValueError(f"{self.name} must be {self.allowed}, not {number:g}")
        return number

    @property
    def allowed(self) -> str:
        """The permitted values in words."""
        if self.flag:
            return "0 or 1"
        above = "greater than" if self.ends[0] == "(" else "at least"
        below = "less than" if self.ends[1] == ")" else "at most"
        return f"{above} {self.low:g} and {below} {self.high:g}"


def LR(value: float) -> Hyperparameter:  # noqa: N802  reads as the kind of hyper-parameter it is
    """The learning rate. Its range excludes only what no surface could want."""
    return Hyperparameter("lr", value, 0.0, 1e12, "(]", log=True, meaning="learning rate")


@dataclass(frozen=True)
class Optimizer:
    """An update rule with its hyper-parameters.

    `rule` has one formula a line; see `gdviz_core.rule` for the names it knows. `initial`
    gives the start of state variables that do not start at 0, as formulas over hyper-parameters.
    Calling an optimizer gives a configured copy: `adam(lr=0.05)`.

    Raises FormulaError for a rule that cannot be read, ValueError for a bad hyper-parameter.
    """

    name: str
    title: str
    rule: str
    hyperparameters: tuple[Hyperparameter, ...] = ()
    initial: Mapping[str, str] = field(default_factory=dict, hash=False)
    source: str = ""
    summary: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", textwrap.dedent(self.rule).strip())
        unknown = set(self.initial) - set(self.parsed.state)
        if unknown:
            raise ValueError(f"initial: {sorted(unknown)[0]} is not a state variable of the rule")

    def __call__(self, /, **values: float) -> "Optimizer":
        """A copy with other hyper-parameters; ValueError names a bad one."""
        known = {h.name for h in self.hyperparameters}
        for name in values:
            if name not in known:
                raise ValueError(
                    f"{self.name} has no hyper-parameter {name[:40]}; "
                    f"it has {', '.join(sorted(known)) or 'none'}"
                )
        return replace(
            self,
            hyperparameters=tuple(
                replace(h, value=h.check(values[h.name])) if h.name in values else h
                for h in self.hyperparameters
            ),
        )

    @classmethod
    def from_rule(cls, rule: str, name: str = "rule", /, **hyperparameters: float) -> "Optimizer":
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
    def parsed(self) -> Rule:
        """The rule as a graph."""
        return _parsed(self.rule, tuple(h.name for h in self.hyperparameters))

    @property
    def state(self) -> tuple[str, ...]:
        """The names of the state variables, in the order in which the rule reads them."""
        return tuple(self.parsed.state)

    @property
    def values(self) -> dict[str, float]:
        """The hyper-parameters as a dictionary."""
        return {h.name: h.value for h in self.hyperparameters}

    @property
    def extras(self) -> tuple[str, ...]:
        """What the rule reads of the surface besides w and g."""
        return _extras(self.rule, tuple(h.name for h in self.hyperparameters))

    def tape(self, lanes: tuple[str, ...] = ()) -> Any:
        """The program of one step. Hyper-parameters in `lanes` differ from lane to lane."""
        return _tape(self.rule, tuple(h.name for h in self.hyperparameters), lanes)

    def initial_state(self) -> list[float]:
        """The start of every state variable."""
        return [self._constant(self.initial.get(name, "0")) for name in self.state]

    def _constant(self, formula: str) -> float:
        text_values = self.values
        graph, node = parse(formula, tuple(text_values))
        values = {graph.variable(name): value for name, value in text_values.items()}
        return _fold(graph, node, values)


# Configured copies of one optimizer differ in numbers only: they share what the rule compiles to.


@lru_cache(maxsize=256)
def _parsed(rule: str, names: tuple[str, ...]) -> Rule:
    return parse_rule(rule, names)


@lru_cache(maxsize=256)
def _extras(rule: str, names: tuple[str, ...]) -> tuple[str, ...]:
    parsed = _parsed(rule, names)
    graph = parsed.graph
    nodes = [graph.nodes[n] for n in graph.reach([parsed.w, *parsed.state.values()])]
    read = {node[1] for node in nodes if node[0] == "variable"}
    return tuple(name for name in engine.EXTRAS if name in read)


@lru_cache(maxsize=256)
def _tape(rule: str, names: tuple[str, ...], lanes: tuple[str, ...]) -> Any:
    parsed = _parsed(rule, names)
    inputs = ("w", "g", *_extras(rule, names), *lanes, *parsed.state)
    outputs = [(parsed.w, 0)]
    outputs += [(node, inputs.index(name)) for name, node in parsed.state.items()]
    shared = tuple(name for name in names if name not in lanes)
    return engine.Tape(compile_program(parsed.graph, outputs, inputs, (*shared, "t")))


def _fold(graph: Graph, node: int, values: dict[int, float]) -> float:
    """The value of a node over given variables."""
    fresh = Graph()
    made: dict[int, int] = {}
    for n in graph.reach([node]):
        known = values.get(n, graph.value(n))
        if known is not None:
            made[n] = fresh.constant(known)
        else:
            made[n] = fresh.apply(graph.nodes[n][0], *(made[o] for o in graph.operands(n)))
    result = fresh.value(made[node])
    if result is None:
        raise FormulaError("an initial state is a formula over the hyper-parameters")
    return result
