"""Formulas as they were written, to be typeset and to be worked out by hand, part by part.

The graph that is computed shares and folds parts; this keeps the form the author gave.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gdviz_core.expression import (
    COMPARISONS,
    CONSTANTS,
    POWER,
    PRODUCT,
    RULE_FUNCTIONS,
    SUM,
    UNARY,
    _Parser,
    applied,
    compared,
)
from gdviz_core.operation import OPERATIONS
from gdviz_core.tokenizer import FormulaError, Problem

Pair = tuple[float, float]  # a quantity of a rule for x and for y


@dataclass(frozen=True)
class Term:
    """A part of a formula.

    `kind` is "constant", "variable", an operation ("add", "sub", "mul", "div", "pow", "neg"), a
    comparison ("<", ...) or the name of a function; `value` is the number of a constant or the
    name of a variable.
    """

    kind: str
    parts: tuple[Term, ...] = ()
    value: Any = None

    def variables(self) -> list[str]:
        """The names that occur, each once, from left to right."""
        if self.kind == "variable":
            return [self.value]
        return list(dict.fromkeys(name for part in self.parts for name in part.variables()))


class _Terms:
    """What the parser builds into: takes everything as it comes."""

    def __init__(self) -> None:
        self.nodes: list[Term] = []

    def _made(self, term: Term) -> Term:
        self.nodes.append(term)
        return term

    def constant(self, value: float) -> Term:
        return self._made(Term("constant", value=float(value)))

    def variable(self, name: str) -> Term:
        return self._made(Term("variable", value=name))

    def apply(self, name: str, *operands: Term) -> Term:
        return self._made(Term(name, operands))

    def value(self, term: Term) -> float | None:
        return term.value if term.kind == "constant" else None


class _Reader(_Parser):
    def _function(self, name: str, arguments: list[Term]) -> Term:
        return self._graph.apply(name, *arguments)

    def _compared(self, sign: str, left: Term, right: Term) -> Term:
        return self._graph.apply(sign, left, right)


def notation(text: str, functions: Mapping[str, Any] = RULE_FUNCTIONS) -> Term:
    """The form of a formula or of one line of a rule; FormulaError if it cannot be read.

    `functions` maps the names of those it may call to how many arguments they take, (least, most).
    """
    terms = _Terms()
    try:
        return _Reader(text, terms, terms.variable, functions).formula()
    except Problem as problem:
        raise FormulaError(str(problem)) from None


_SIGNS = {"add": (" + ", SUM), "sub": (" - ", SUM), "mul": ("*", PRODUCT), "div": ("/", PRODUCT),
          "pow": ("^", POWER), "neg": ("-", UNARY)}  # fmt: skip


def text_of(term: Term, strength: int = 0) -> str:
    """A part of a formula as text that parses to it again, within what binds so strongly."""
    if term.kind == "variable":
        return str(term.value)
    if term.kind == "constant":
        return repr(float(term.value)).removesuffix(".0")
    if term.kind in COMPARISONS:
        return f" {term.kind} ".join(text_of(part) for part in term.parts)
    if term.kind not in _SIGNS:
        return f"{term.kind}({', '.join(text_of(part) for part in term.parts)})"
    sign, own = _SIGNS[term.kind]
    if term.kind == "neg":
        text = sign + text_of(term.parts[0], own + 1)
    else:  # those of one strength are read from the left, powers from the right
        left, right = (own + 1, UNARY) if term.kind == "pow" else (own, own + 1)
        text = text_of(term.parts[0], left) + sign + text_of(term.parts[1], right)
    return f"({text})" if own < strength else text


def build(graph: Any, term: Term, found: dict[Term, int] | None = None) -> int:
    """The node of a term in a graph, as the parser makes it; `found` takes that of each part."""
    if term.kind == "constant":
        made = graph.constant(term.value)
    elif term.kind == "variable":
        known = CONSTANTS.get(str(term.value).replace("π", "pi"))
        made = graph.variable(term.value) if known is None else graph.constant(known)
    else:
        parts = [build(graph, part, found) for part in term.parts]
        comparison = term.kind in COMPARISONS
        made = (
            compared(graph, term.kind, *parts) if comparison else applied(graph, term.kind, parts)
        )
    if found is not None:
        found[term] = made
    return int(made)


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


def work_out(
    term: Term, read: Callable[[str], Pair], gradient: Callable[[float, float], Pair]
) -> Pair:
    """The value of a part for x and for y.

    `read(name)` gives a variable, `gradient(x, y)` what `grad(...)` is.
    """
    if term.kind == "constant":
        return term.value, term.value
    if term.kind == "variable":
        return read(term.value)
    values = [work_out(part, read, gradient) for part in term.parts]
    if term.kind == "grad":
        return gradient(*values[0])
    if term.kind == "other":
        return values[0][1], values[0][0]
    if term.kind in ("norm", "dot"):
        (ax, ay), (bx, by) = values[0], values[-1]
        total = ax * bx + ay * by
        total = math.sqrt(total) if term.kind == "norm" and total >= 0 else total
        return total, total
    x, y = (_apply(term.kind, [value[axis] for value in values]) for axis in (0, 1))
    return x, y


def _apply(kind: str, values: list[float]) -> float:
    if kind in COMPARISONS:
        return float(_COMPARE[kind](*values))
    if kind == "mod":
        a, b = values
        return a - b * OPERATIONS["floor"].value(OPERATIONS["div"].value(a, b))
    if kind in ("min", "max"):
        result = values[0]
        for value in values[1:]:
            result = OPERATIONS[kind].value(result, value)
        return result
    return OPERATIONS[kind].value(*values)
