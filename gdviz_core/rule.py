"""Update rules: a few formulas, one a line, run once a step for every coordinate."""

import re
from dataclasses import dataclass

from gdviz_core.expression import CONSTANTS, MAX_CHARACTERS, RULE_FUNCTIONS, parse_part
from gdviz_core.graph import Graph
from gdviz_core.tokenizer import FormulaError, shorten


@dataclass(frozen=True)
class Rule:
    """A parsed update rule: the graph, the new value of `w` and of every state variable.

    `lines` holds (name, node) for every line as it was written.
    """

    graph: Graph
    w: int
    state: dict
    lines: tuple


GIVEN = ("w", "g", "t", "x", "y", "gx", "gy", "f", "hxx", "hxy", "hyy", "h")
_ASSIGNMENT = re.compile(r"[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(?!=)")


def check_hyperparameter_name(name):
    """FormulaError if a hyper-parameter cannot have this name."""
    taken = name in GIVEN or name in CONSTANTS or name in RULE_FUNCTIONS
    if taken or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        why = "it means something else in a rule" if taken else "names are letters, digits and _"
        raise FormulaError(f"a hyper-parameter cannot be called {shorten(name)!r}: {why}")


def parse_rule(text, hyperparameters=()):
    """The Rule of an optimizer: lines `name = expression`, run in order once a step.

    A name that is read before it is written is state. `w` must be written. Raises FormulaError.
    """
    if not isinstance(text, str):
        raise TypeError(f"a rule is text, not {type(text).__name__}")
    if len(text) > MAX_CHARACTERS:
        raise FormulaError(f"{len(text)} characters are too many: the limit is {MAX_CHARACTERS}")
    rows = _rows(text, hyperparameters)
    written_anywhere = {name for _, name, _, _ in rows}
    graph = Graph()
    current: dict[str, int] = {}
    state: dict[str, int] = {}

    def read(name):
        if name in current:
            return current[name]
        if name in GIVEN or name in hyperparameters:
            return graph.variable(name)
        if name in written_anywhere:
            return state.setdefault(name, graph.variable(name))
        return None

    lines = []
    for _, name, expression, at in rows:
        node = parse_part(expression, graph, read, RULE_FUNCTIONS, at, text)
        current[name] = node
        lines.append((name, node))
    if "w" not in current:
        line = text.count("\n") + 1
        raise FormulaError("the rule never moves w: add a line such as w = w - lr*g", line)
    return Rule(graph, current["w"], {name: current[name] for name in state}, tuple(lines))


def _rows(text, hyperparameters):
    """(line number, name, expression, offset of the expression) of every line."""
    rows, start = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            match = _ASSIGNMENT.match(line)
            if match is None:
                raise FormulaError("a line of a rule reads: name = expression", number)
            name = match.group(1)
            reserved = name in GIVEN[1:] or name in CONSTANTS or name in RULE_FUNCTIONS
            if reserved or name in hyperparameters:
                what = "a hyper-parameter" if name in hyperparameters else "given"
                raise FormulaError(
                    f"{shorten(name)} is {what} and cannot be written; use another name",
                    number,
                    match.start(1) + 1,
                    len(name),
                )
            rows.append((number, name, line[match.end() :], start + match.end()))
        start += len(line) + 1
    return rows
