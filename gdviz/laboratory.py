"""Where the gradient comes from: one surface at one point, differentiated in every way.

The graphs are those the engine runs: parsed, shared and differentiated by the same transforms.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gdviz_core import Parameter, Surface, engine
from gdviz_core.derivative import adjoints, gradient, tangents
from gdviz_core.difference import STEP
from gdviz_core.expression import parse
from gdviz_core.graph import Graph
from gdviz_core.notation import Term, build, notation, text_of
from gdviz_core.perceptron import Network
from gdviz_core.program import Program, compile_program
from gdviz_core.surface import NUMERICAL, WAYS

Array = NDArray[np.float64]
STEPS = 10.0 ** -np.arange(1.0, 16.01, 0.125)  # the h of the differences
MOST_NODES = 400
FLOOR = 1e-18  # an error of 0 is drawn here
VARIABLES = (1, 2, 4, 8, 16, 32)  # for which costs are counted

_SIGNS = {"add": "+", "sub": "−", "mul": "·", "div": "/", "pow": "^", "lt": "<", "le": "≤",
          "eq": "="}  # fmt: skip


@dataclass(frozen=True)
class Node:
    """A node of the computational graph, as it is drawn.

    `number` is its place in the graph, `name` what it is called ("x", "v3"), `sign` what it does
    and `text` the same in full ("v1 · v2"). `parts` are the numbers of the nodes it reads,
    constants left out. `kept` tells whether reverse mode needs its value on the way back.
    """

    number: int
    name: str
    sign: str
    text: str
    parts: tuple[int, ...]
    kept: bool


@dataclass(frozen=True)
class Cost:
    """How many operations the value takes, the value with one derivative, and with all."""

    value: int
    forward: int  # for one variable; each variable is another pass
    reverse: int  # for all variables at once


@dataclass(frozen=True, eq=False)
class Walk:
    """The graph of a surface with the numbers of a point; arrays are in the order of the nodes.

    `tangents` (2, nodes) are the derivatives of each node by x and by y, `adjoints` the derivative
    of the loss by each node.
    """

    nodes: tuple[Node, ...]
    point: tuple[float, float]
    values: Array
    tangents: Array
    adjoints: Array
    cost: Cost

    @property
    def loss(self) -> float:
        """The value of the last node."""
        return float(self.values[-1])


@dataclass(frozen=True, eq=False)
class Differences:
    """Error against step: `errors` maps each numerical way to one for each h of STEPS.

    The error is the length of the difference from the exact gradient, over the length of that one
    if it is not 0.
    """

    errors: dict[str, Array]
    exact: tuple[float, float]

    def best(self, way: str) -> tuple[float, float]:
        """The h with the least error, and that error; NaN where there is none."""
        errors = self.errors[way]
        if not np.isfinite(errors).any():
            return math.nan, math.nan
        at = int(np.nanargmin(errors))
        return float(STEPS[at]), float(errors[at])


def check(surface: Surface) -> None:
    """ValueError for a surface that is too large to be looked at node by node."""
    if isinstance(surface, Network):
        raise ValueError("the laboratory takes formulas apart; a network has too many parts for it")
    count = _count(surface.formula, tuple(surface.values))
    if count > MOST_NODES:
        raise ValueError(
            f"this formula has {count} parts; the laboratory takes up to {MOST_NODES} apart"
        )


@lru_cache(maxsize=32)
def _count(formula: str, names: tuple[str, ...]) -> int:
    return len(parse(formula, ("x", "y", *names))[0].nodes)


def of_one_row(surface: Surface, row: int = 0) -> Surface:
    """A loss on data for a single row, whose numbers are parameters; any other as it is.

    Its variables are called x and y, as everywhere in the laboratory.
    """
    table = surface.table
    if table is None or isinstance(surface, Network):
        return surface
    names = dict(zip(surface.variables, ("x", "y"), strict=True))
    taken = {"x", "y"}
    for name in (*surface.values, *table.names):
        names[name] = next(n for n in (name, *(f"{name}_{k}" for k in range(1, 9999)))
                           if n not in taken)  # fmt: skip
        taken.add(names[name])
    read = set(notation(surface.formula).variables())
    numbers = [replace(parameter, name=names[parameter.name]) for parameter in surface.parameters]
    numbers += [Parameter(names[column], float(table[column][row]), -1e300, 1e300)
                for column in table.names if column in read]  # fmt: skip
    formula = text_of(_renamed(notation(surface.formula), names))
    return Surface.from_formula(formula, surface.domain, surface.name, surface.start, numbers)


def _renamed(term: Term, names: dict[str, str]) -> Term:
    if term.kind == "variable":
        return replace(term, value=names.get(term.value, term.value))
    return replace(term, parts=tuple(_renamed(part, names) for part in term.parts))


def walk(surface: Surface, x: float, y: float) -> Walk:
    """The graph of a surface with values, tangents and adjoints at a point."""
    plan = _plan(surface.formula, tuple(surface.values))
    tape = engine.Tape(plan.program, tuple(surface.values.values()))
    found = np.empty((plan.count, 1))
    engine.evaluate(tape, np.array([[x], [y]], np.float64), found)
    rows = np.vstack([[[0.0], [1.0], [x], [y]], found])[plan.rows, 0]
    values, by_x, by_y, weights = rows.reshape(4, -1)
    return Walk(plan.nodes, (x, y), values, np.array([by_x, by_y]), weights, plan.cost)


def differences(surface: Surface, x: float, y: float) -> Differences:
    """How far each numerical gradient is off at a point, for every step."""
    exact = tuple(float(part) for part in surface.gradient(x, y))
    length = math.hypot(*exact) or 1.0
    errors = {}
    for way in NUMERICAL:
        tape = _difference(surface.formula, tuple(surface.values), way)
        inputs = np.array([np.full(len(STEPS), x), np.full(len(STEPS), y), STEPS])
        found = np.empty((2, len(STEPS)))
        engine.evaluate(
            engine.Tape(tape, tuple(surface.values.values())), np.ascontiguousarray(inputs), found
        )
        with np.errstate(all="ignore"):
            errors[way] = np.hypot(found[0] - exact[0], found[1] - exact[1]) / length
    return Differences(errors, (exact[0], exact[1]))


def growth() -> dict[int, Cost]:
    """What derivatives cost for more and more variables, on Rosenbrock's valley in each."""
    return dict(_growth())


@lru_cache(maxsize=1)
def _growth() -> tuple[tuple[int, Cost], ...]:
    return tuple((count, _valley(count)) for count in VARIABLES)


def _valley(count: int) -> Cost:
    names = tuple(f"x{number}" for number in range(1, count + 2))
    terms = [f"100*({b} - {a}^2)^2 + (1 - {a})^2" for a, b in pairwise(names)]
    graph, loss = parse(" + ".join(terms), names)
    return _cost(graph, loss, names)


def _cost(graph: Graph, loss: int, names: tuple[str, ...]) -> Cost:
    one = tangents(graph, loss, names[0]).get(loss, loss)
    return Cost(_operations(graph, [loss]), _operations(graph, [loss, one]),
                _operations(graph, [loss, *gradient(graph, loss, names)]))  # fmt: skip


def _operations(graph: Graph, outputs: list[int]) -> int:
    return sum(bool(graph.operands(node)) for node in graph.reach(outputs))


@dataclass(frozen=True)
class _Plan:
    """What is the same at every point.

    `rows` tells for value, tangents and adjoint of every node which result it is: 0, 1, x, y, and
    then what the program computes.
    """

    graph: Graph
    nodes: tuple[Node, ...]
    program: Program
    count: int
    rows: NDArray[np.intp]
    cost: Cost


@lru_cache(maxsize=32)
def _plan(formula: str, names: tuple[str, ...]) -> _Plan:
    graph, loss = parse(formula, ("x", "y", *names))
    reach = graph.reach([loss])
    by = [tangents(graph, loss, name) for name in ("x", "y")]
    gradients = gradient(graph, loss, ("x", "y"))
    weights = adjoints(graph, loss)
    weights |= {graph.variable(n): g for n, g in zip(("x", "y"), gradients, strict=True)}
    cost = Cost(_operations(graph, [loss]), _operations(graph, [loss, by[0].get(loss, loss)]),
                _operations(graph, [loss, *gradients]))  # fmt: skip
    back = set(graph.reach(gradients)) - set(reach)
    kept = {part for node in back for part in graph.operands(node)}
    shown = [node for node in reach if graph.value(node) is None] or [loss]
    wanted = [*shown, *(by[axis].get(n) for axis in (0, 1) for n in shown),
              *(weights.get(n) for n in shown)]  # fmt: skip
    places: dict[int, int] = {}
    rows = []
    for node in wanted:
        known = {None: 0, graph.constant(0.0): 0, graph.one: 1}
        kind = ("", "") if node is None else graph.nodes[node]
        if node in known:
            rows.append(known[node])
        elif kind == ("variable", "x") or kind == ("variable", "y"):
            rows.append(2 if kind[1] == "x" else 3)
        else:
            rows.append(4 + places.setdefault(node, len(places)))
    outputs = [(node, 2 + place) for node, place in places.items()]
    program = compile_program(graph, outputs, ("x", "y"), names)
    return _Plan(graph, _nodes(graph, shown, kept), program, len(places), np.array(rows), cost)


def _nodes(graph: Graph, shown: list[int], kept: set[int]) -> tuple[Node, ...]:
    names: dict[int, str] = {}
    count = 0
    for node in shown:
        kind = graph.nodes[node]
        if kind[0] == "variable":
            names[node] = kind[1]
        else:
            count += 1
            names[node] = f"v{count}"
    made = []
    for node in shown:
        operands = graph.operands(node)
        words = [names.get(o) or f"{graph.value(o):.6g}" for o in operands]
        parts = tuple(dict.fromkeys(o for o in operands if o in names))
        name = graph.nodes[node][0]
        kind = "" if not operands else name
        made.append(Node(node, names[node], _sign(kind, graph, operands),
                         _text(kind, words) or names[node], parts,
                         bool(operands) and node in kept))  # fmt: skip
    return tuple(made)


def _sign(kind: str, graph: Graph, operands: tuple[int, ...]) -> str:
    """What stands in the node: the operation, with its constant if it has one."""
    if not kind:
        return ""
    sign = _SIGNS.get(kind, "−" if kind == "neg" else kind)
    numbers = [graph.value(operand) for operand in operands]
    if len(operands) == 2 and kind in _SIGNS:
        if numbers[1] is not None:
            return f"{sign} {numbers[1]:.4g}"
        if numbers[0] is not None:
            return f"{numbers[0]:.4g} {sign}"
        if operands[0] == operands[1] and kind == "mul":
            return "( )²"
    return sign


def _text(kind: str, words: list[str]) -> str:
    if not kind:
        return ""
    if kind in _SIGNS:
        same = kind == "mul" and words[0] == words[1]
        return f"{words[0]}²" if same else f"{words[0]} {_SIGNS[kind]} {words[1]}"
    if kind == "neg":
        return f"−{words[0]}"
    if kind == "where":
        return f"{words[1]} if {words[0]} else {words[2]}"
    return f"{kind}({', '.join(words)})"


@lru_cache(maxsize=64)
def _difference(formula: str, names: tuple[str, ...], way: str) -> Program:
    graph, loss = parse(formula, ("x", "y", *names))
    nodes = WAYS[way](graph, loss, ("x", "y"))
    places = [(node, 3 + number) for number, node in enumerate(nodes)]
    return compile_program(graph, places, ("x", "y", STEP), names)


def dot(walk_: Walk) -> str:
    """The graph in the language of Graphviz, with the numbers of the point."""
    lines = ["digraph loss {", "  rankdir=LR;", "  node [shape=box, style=rounded];"]
    for at, node in enumerate(walk_.nodes):
        words = node.name if node.text == node.name else f"{node.name} = {node.text}"
        value, weight = walk_.values[at], walk_.adjoints[at]
        label = f"{words}\\nvalue {value:.6g}\\nadjoint {weight:.6g}".replace('"', "'")
        lines.append(f'  n{node.number} [label="{label}"];')
        lines += [f"  n{part} -> n{node.number};" for part in node.parts]
    return "\n".join([*lines, "}"]) + "\n"


def terms(formula: str, names: tuple[str, ...]) -> dict[Term, int]:
    """The node that each part of a formula, as it was written, has become; constants have none."""
    plan, found = _plan(formula, names), dict[Term, int]()
    build(plan.graph, notation(formula), found)
    shown = {node.number for node in plan.nodes}
    return {term: node for term, node in found.items() if node in shown}


@dataclass(frozen=True)
class Stage:
    """How far a pass over so many nodes has come.

    `present` is the place of the node that is being worked out, None before the first and behind
    the last. A `backward` pass goes from the first node to the last for the values, and is
    `returning` when it goes back for the adjoints.
    """

    count: int
    step: int
    backward: bool

    @property
    def returning(self) -> bool:
        return self.backward and self.step > self.count

    @property
    def present(self) -> int | None:
        if self.step in (0, self.count * (2 if self.backward else 1)):
            return None
        return 2 * self.count - self.step if self.returning else self.step - 1

    def knows_value(self, at: int) -> bool:
        """Whether the value of the node at a place is known."""
        return at < self.step

    def knows_slope(self, at: int) -> bool:
        """Whether its tangent, or its adjoint, is known."""
        return at >= 2 * self.count - self.step if self.backward else at < self.step


def stage(count: int, step: int, backward: bool) -> Stage:
    """The stage of a pass at a step, the last one if it is behind that."""
    return Stage(count, min(step, count * (2 if backward else 1)), backward)
