"""The derivative as SymPy gives it. No text ever reaches SymPy's own parser.

SymPy runs in a process of its own, see `gdviz_core.aside`: the TASKS are what it does there, and
what else is here asks for them. It takes a while, so nobody waits for it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gdviz_core.aside import Aside
from gdviz_core.derivative import gradient
from gdviz_core.graph import Graph
from gdviz_core.notation import Term, build, notation
from gdviz_core.operation import power

WRITTEN = 1e15  # numbers beyond are not written with all their digits
MOST = 400  # nodes
CHAIN = 7  # compositions
# Each element of the chain puts the last one into the logistic map, as Baydin, Pearlmutter, Radul
# and Siskind 2018 do (arXiv:1502.05767, table 1).


SYMPY = Aside("gdviz_core.symbolic", 60.0)


@dataclass(frozen=True)
class Symbolic:
    """The derivatives of a formula by x and y, and how many operations formula and both have."""

    dx: Term
    dy: Term
    operations: int
    dx_operations: int
    dy_operations: int


@dataclass(frozen=True)
class Swell:
    """Operations of a chain of n compositions: formula, its derivative, and the graph of both."""

    formula: tuple[int, ...]
    derivative: tuple[int, ...]
    graph: tuple[int, ...]


@lru_cache(maxsize=32)
def differentiate(formula: str) -> Symbolic:
    """The partial derivatives of a formula; names other than x and y stay as they are."""
    return Symbolic(*SYMPY.ask("differentiate", notation(formula)))


def _differentiate(term: Term) -> tuple[Any, ...]:
    import sympy

    expression = _expression(term)
    found = []
    for name in ("x", "y"):
        by = sympy.diff(expression, _symbol(name))
        found.append((_term(by), int(sympy.count_ops(by))))
    (dx, dx_count), (dy, dy_count) = found
    return dx, dy, int(sympy.count_ops(expression)), dx_count, dy_count


def gradient_by_sympy(graph: Graph, output: int, variables: tuple[str, ...]) -> list[int]:
    """The derivatives as nodes of the graph, made of what SymPy writes.

    ValueError for a graph of more than MOST nodes, for which it would take too long.
    """
    count = len(graph.reach([output]))
    if count > MOST:
        raise ValueError(
            f"the symbolic derivative is for formulas of up to {MOST} parts; this one has {count}"
        )
    return [
        build(graph, term) for term in SYMPY.ask("gradient", _term_of(graph, output, {}), variables)
    ]


def _gradient(term: Term, variables: tuple[str, ...]) -> tuple[Term, ...]:
    import sympy

    expression = _expression(term)
    return tuple(_term(sympy.diff(expression, _symbol(name))) for name in variables)


def _term_of(graph: Graph, node: int, known: dict[int, Term]) -> Term:
    if node not in known:
        kind, *rest = graph.nodes[node]
        if kind in ("constant", "variable"):
            known[node] = Term(kind, value=rest[0])
        else:
            names = {"lt": "<", "le": "<=", "eq": "=="}
            parts = tuple(_term_of(graph, part, known) for part in rest)
            known[node] = Term(names.get(kind, kind), parts)
    return known[node]


@lru_cache(maxsize=1)
def swell() -> Swell:
    """How formula, derivative and graph grow along the chain."""
    return Swell(*SYMPY.ask("swell"))


def _swell() -> tuple[Any, ...]:
    import sympy

    x = _symbol("x")
    expression: Any = x
    graph = Graph()
    node = graph.variable("x")
    counts: list[tuple[int, int, int]] = []
    for _ in range(CHAIN):
        expression = 4 * expression * (1 - expression)
        rest = graph.sub(graph.one, node)
        node = graph.mul(graph.mul(graph.constant(4.0), node), rest)
        (slope,) = gradient(graph, node, ("x",))
        shared = sum(bool(graph.operands(n)) for n in graph.reach([node, slope]))
        counts.append((int(sympy.count_ops(expression)),
                       int(sympy.count_ops(sympy.diff(expression, x))), shared))  # fmt: skip
    return tuple(zip(*counts, strict=True))


TASKS: dict[str, Callable[..., Any]] = {
    "differentiate": _differentiate, "gradient": _gradient, "swell": _swell,
}  # fmt: skip


def _symbol(name: str) -> Any:
    import sympy

    return sympy.Symbol(name, real=True)


@lru_cache(maxsize=1)
def _functions() -> dict[str, Any]:
    """Functions whose derivative is 0 wherever it exists: SymPy would write distributions."""
    import sympy

    def flat(name: str) -> Any:
        def fdiff(self: Any, argindex: int = 1) -> Any:
            return sympy.Integer(0)

        return type(name, (sympy.Function,), {"fdiff": fdiff, "is_real": True})

    class Size(sympy.Function):
        is_real = True

        def fdiff(self, argindex: int = 1) -> Any:
            return _functions()["sign"](self.args[0])

    return {"floor": flat("floor"), "sign": flat("sign"), "abs": Size}


def _expression(term: Term) -> Any:
    """A Term as an expression of SymPy."""
    import sympy

    if term.kind == "constant":
        return _number(term.value)
    if term.kind == "variable":
        known = {"pi": sympy.pi, "π": sympy.pi, "e": sympy.E}
        return known.get(term.value) or _symbol(term.value)
    parts = [_expression(part) for part in term.parts]
    first, last = parts[0], parts[-1]
    own = _functions()
    if term.kind in own:
        return own[term.kind](first)
    made: dict[str, Callable[[], Any]] = {
        "add": lambda: first + last,
        "sub": lambda: first - last,
        "mul": lambda: first * last,
        "div": lambda: first / last,
        "pow": lambda: _powered(first, last),
        "neg": lambda: -first,
        "mod": lambda: first - last * own["floor"](first / last),
        "where": lambda: sympy.Piecewise((parts[1], first), (last, True)),
        "<": lambda: sympy.Lt(first, last),
        ">": lambda: sympy.Gt(first, last),
        "<=": lambda: sympy.Le(first, last),
        ">=": lambda: sympy.Ge(first, last),
        "==": lambda: sympy.Eq(first, last),
        "!=": lambda: sympy.Ne(first, last),
    }
    if term.kind in made:
        return made[term.kind]()
    if term.kind in ("min", "max"):
        found = first
        for part in parts[1:]:
            smaller = sympy.Lt(found, part) if term.kind == "min" else sympy.Lt(part, found)
            found = sympy.Piecewise((found, smaller), (part, True))
        return found
    return getattr(sympy, term.kind)(*parts)


def _powered(base: Any, exponent: Any) -> Any:
    """A power; of numbers only if it is not too large to be written out."""
    if base.is_number and exponent.is_number:
        value = power(float(base), float(exponent))
        if abs(value) > WRITTEN or (value and abs(value) < 1 / WRITTEN):
            return _number(value)
    return base**exponent


def _number(value: float) -> Any:
    import sympy

    if value == math.pi:
        return sympy.pi
    if value == math.e:
        return sympy.E
    whole = abs(value) <= WRITTEN and value == int(value)
    return sympy.Integer(int(value)) if whole else sympy.Float(value, 17)


def _term(expression: Any) -> Term:
    """An expression of SymPy as a Term, fractions and differences as people write them."""
    import sympy

    if expression.is_Symbol:
        return Term("variable", value=expression.name)
    if expression.is_Number or expression in (sympy.pi, sympy.E):
        return _constant(expression)
    if not expression.args:  # infinities of all kinds, and what is not real
        return Term("constant", value=math.nan)
    if expression.is_Add:
        return _sum(expression)
    if expression.is_Mul:
        return _product(expression)
    if expression.is_Pow:
        return _power(*expression.args)
    if isinstance(expression, sympy.Piecewise):
        return _cases(expression)
    if expression.is_Relational:
        return Term(expression.rel_op, tuple(_term(a) for a in expression.args))
    name = type(expression).__name__
    name = {"Size": "abs", "Abs": "abs"}.get(name, name)
    return Term(name, tuple(_term(argument) for argument in expression.args))


def _constant(expression: Any) -> Term:
    if expression.is_Rational and not expression.is_Integer:
        parts = (Term("constant", value=float(expression.p)),
                 Term("constant", value=float(expression.q)))  # fmt: skip
        return _signed(expression.p < 0, Term("div", (
            Term("constant", value=abs(parts[0].value)), parts[1]
        )))  # fmt: skip
    value = float(expression)
    return _signed(value < 0, Term("constant", value=abs(value)))


def _signed(negative: bool, term: Term) -> Term:
    return Term("neg", (term,)) if negative else term


def _sum(expression: Any) -> Term:
    made: Term | None = None
    for part in expression.as_ordered_terms():
        negative = part.could_extract_minus_sign()
        term = _term(-part if negative else part)
        if made is None:
            made = _signed(negative, term)
        else:
            made = Term("sub" if negative else "add", (made, term))
    assert made is not None
    return made


def _product(expression: Any) -> Term:
    import sympy

    if expression.could_extract_minus_sign():
        return Term("neg", (_term(-expression),))
    above, below = sympy.fraction(expression, exact=True)
    if below != 1:
        return Term("div", (_term(above), _term(below)))
    made: Term | None = None
    for factor in expression.as_ordered_factors():
        made = _term(factor) if made is None else Term("mul", (made, _term(factor)))
    assert made is not None
    return made


def _power(base: Any, exponent: Any) -> Term:
    import sympy

    one = Term("constant", value=1.0)
    if base == sympy.E:
        return Term("exp", (_term(exponent),))
    if exponent.is_Number and exponent < 0:
        return Term("div", (one, _power(base, -exponent) if exponent != -1 else _term(base)))
    if exponent == sympy.Rational(1, 2):
        return Term("sqrt", (_term(base),))
    return Term("pow", (_term(base), _term(exponent)))


def _cases(expression: Any) -> Term:
    (*cases, (last, _)) = expression.args
    made = _term(last)
    for value, condition in reversed(cases):
        made = Term("where", (_term(condition), _term(value), made))
    return made
