"""Update rules: a few formulas, one a line, run once a step for every coordinate."""

import re
from dataclasses import dataclass

from gdviz_core.expression import CONSTANTS, MAX_CHARACTERS, RULE_FUNCTIONS, parse_part
from gdviz_core.graph import Graph
from gdviz_core.program import compile_program
from gdviz_core.tokenizer import FormulaError, shorten

# What a rule may read of the surface and of chance, besides w, g and t. `xi` is a standard normal
# number, another one for each step, run and coordinate.
EXTRAS = ("x", "y", "f", "gx", "gy", "hxx", "hxy", "hyy", "h", "xi")
GIVEN = ("w", "g", "t", *EXTRAS)
_ASSIGNMENT = re.compile(r"[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(?!=)")


@dataclass(frozen=True)
class Line:
    """One line of a rule: name = expression, and the comment that explains it.

    `start` is where the expression begins in the text, `node` its place in the graph.
    """

    name: str
    expression: str
    note: str
    start: int
    node: int


@dataclass(frozen=True)
class Rule:
    """A parsed update rule: the graph, the new value of `w` and of every state variable.

    `lines` holds a Line for every line as it was written; `report` is the node of the point to
    show, None where that is w.
    """

    graph: Graph
    w: int
    state: dict
    lines: tuple
    report: int | None = None

    @property
    def outputs(self):
        """All nodes that a step computes."""
        return [self.w, *self.state.values(), *([] if self.report is None else [self.report])]


def check_hyperparameter_name(name):
    """FormulaError if a hyper-parameter cannot have this name."""
    taken = name in GIVEN or name in CONSTANTS or name in RULE_FUNCTIONS or name == "report"
    if taken or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        why = "it means something else in a rule" if taken else "names are letters, digits and _"
        raise FormulaError(f"a hyper-parameter cannot be called {shorten(name)!r}: {why}")


def parse_rule(text, hyperparameters=()):
    """The Rule of an optimizer: lines `name = expression`, run in order once a step.

    A name that is read before it is written is state. `w` must be written. What follows a # is a
    comment; it explains its line, or the line below. Raises FormulaError.
    """
    if not isinstance(text, str):
        raise TypeError(f"a rule is text, not {type(text).__name__}")
    if len(text) > MAX_CHARACTERS:
        raise FormulaError(f"{len(text)} characters are too many: the limit is {MAX_CHARACTERS}")
    rows = _rows(text, hyperparameters)
    written_anywhere = {name for name, *_ in rows}
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
    for name, expression, at, note in rows:
        node = parse_part(expression, graph, read, RULE_FUNCTIONS, at, text)
        current[name] = node
        lines.append(Line(name, expression.strip(), note, at, node))
    if "w" not in current:
        line = text.count("\n") + 1
        raise FormulaError("the rule never moves w: add a line such as w = w - lr*g", line)
    states = {name: current[name] for name in state}
    return Rule(graph, current["w"], states, tuple(lines), current.get("report"))


def _rows(text, hyperparameters):
    """(name, expression, offset of the expression, comment) of every line."""
    rows, start, notes = [], 0, []
    for number, whole in enumerate(text.split("\n"), 1):
        line, _, comment = whole.partition("#")
        notes += [comment.strip()] if comment.strip() else []
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
            rows.append((name, line[match.end() :], start + match.end(), " ".join(notes)))
            notes = []
        start += len(whole) + 1
    return rows


@dataclass(frozen=True)
class RulePrograms:
    """What a step of a rule runs.

    There is one program for each gradient that the rule asks for at another point, and one more:
    program k leaves the point in the register `points[k]`, where the engine puts the gradient for
    the next; the last one makes the step. All have the same inputs: w, g, the `extras`, the
    hyper-parameters that differ from lane to lane, the state, the products `lane_powers` and the
    points; the register after them, `report`, takes the point to show (-1: it is w). Uniform
    inputs are the shared hyper-parameters, t and the products `powers`.
    """

    programs: tuple
    extras: tuple
    powers: tuple
    lane_powers: tuple
    points: tuple
    report: int
    varies: bool  # whether what all lanes share changes from step to step


def compile_rule(rule, hyperparameters, lanes=()):
    """The RulePrograms of a rule; hyper-parameters in `lanes` differ from lane to lane."""
    graph = Graph()
    asked: dict[int, int] = {}  # the variable that holds a second gradient: its point
    powers: dict[str, int] = {}
    made = rule.graph.rewrite(
        rule.outputs, lambda node, new: _special(rule.graph, node, new, graph, asked, powers,
                                                 hyperparameters), graph)  # fmt: skip
    outputs = [made[node] for node in rule.outputs]
    reach = graph.reach([*outputs, *asked.values()])
    read = {graph.nodes[node][1] for node in reach if graph.nodes[node][0] == "variable"}
    extras = tuple(name for name in EXTRAS if name in read)
    shared = [name for name in hyperparameters if name not in lanes]
    uniform_powers = [name for name in powers if name not in lanes]
    lane_powers = [name for name in powers if name in lanes]
    points = [graph.nodes[variable][1] for variable in asked]
    inputs = ["w", "g", *extras, *lanes, *rule.state, *map(_power, lane_powers), *points]
    uniforms = [*shared, "t", *map(_power, uniform_powers)]
    place = {name: i for i, name in enumerate(inputs)}
    programs = [
        compile_program(graph, [(point, place[graph.nodes[variable][1]])], inputs, uniforms)
        for variable, point in asked.items()
    ]
    final = [(outputs[0], 0)]
    final += [(made[node], place[name]) for name, node in rule.state.items()]
    final += [(powers[name], place[_power(name)]) for name in lane_powers]
    if rule.report is not None:
        final.append((outputs[-1], len(inputs)))
    keep = [(powers[name], uniforms.index(_power(name))) for name in uniform_powers]
    programs.append(compile_program(graph, final, inputs, uniforms, keep))
    return RulePrograms(
        tuple(programs),
        extras,
        tuple(uniform_powers),
        tuple(lane_powers),
        tuple(place[name] for name in points),
        -1 if rule.report is None else len(inputs),
        "t" in read or bool(uniform_powers),
    )


def _power(name):
    """The input that holds the product of a hyper-parameter's values at the steps before."""
    return f"product of {name}"


def _special(source, node, operands, graph, asked, powers, hyperparameters):
    """The new node of a second gradient or of a hyper-parameter to the power t, else None."""
    name = source.nodes[node][0]
    if name == "div" and graph.value(operands[1]) is None:
        up, down = (_of_a_step(graph, operand, hyperparameters) for operand in operands)
        if down and not up:
            # One division a step instead of one for each lane, at the cost of half a unit in the
            # last place. Lanes whose hyper-parameters differ do the same, for the same bits.
            return graph.mul(operands[0], graph.div(graph.one, operands[1]))
    if name == "grad":
        for variable, point in asked.items():
            if point == operands[0]:
                return variable
        variable = graph.variable(f"gradient {len(asked) + 1}")
        asked[variable] = operands[0]
        return variable
    if name == "pow" and source.nodes[source.operands(node)[1]] == ("variable", "t"):
        base = source.nodes[source.operands(node)[0]]
        if base[0] == "variable" and base[1] in hyperparameters:
            # The product of the values it had so far: the same while it is constant, cheaper, and
            # right when it changes from step to step, as bias correction needs it.
            last = graph.variable(_power(base[1]))
            product = graph.mul(last, graph.variable(base[1]))
            # Subnormal numbers are slow, and 0.9 times the least of them is that one again.
            tiny = graph.apply("lt", graph.apply("abs", product), graph.constant(1e-290))
            powers[base[1]] = graph.where(tiny, graph.constant(0.0), product)
            return powers[base[1]]
    return None


def _of_a_step(graph, node, hyperparameters):
    """Whether a node follows from hyper-parameters, t and constants alone."""
    names = {*hyperparameters, *map(_power, hyperparameters), "t"}
    read = (graph.nodes[part] for part in graph.reach([node]))
    return all(part[1] in names for part in read if part[0] == "variable")
