"""Text to graph: the formula language and its parser.

Numbers, names, `+ - * / ^ **`, `2x` and `2(x+1)` as products, `|x|`, the signs `· × − ² ³ π √`,
the functions of FUNCTIONS, and comparisons as the first argument of `where`. Nothing else parses:
typed text never reaches Python's own parser.
"""

import difflib
import math
import re

from gdviz_core.graph import Graph
from gdviz_core.tokenizer import FormulaError, Problem, shorten, tokenize

MAX_CHARACTERS = 10_000
MAX_DEPTH = 200
MAX_NODES = 10_000

CONSTANTS = {"pi": math.pi, "e": math.e}

_UNARY = (
    'abs', 'sign', 'sqrt', 'exp', 'log', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan',
    'sinh', 'cosh', 'tanh', 'floor',
)  # fmt: skip
# name: (fewest, most) arguments
FUNCTIONS = {
    **dict.fromkeys(_UNARY, (1, 1)),
    **dict.fromkeys(("atan2", "mod"), (2, 2)),
    **dict.fromkeys(("min", "max"), (2, MAX_NODES)),
    "where": (3, 3),
}
RULE_FUNCTIONS = {**FUNCTIONS, "norm": (1, 1), "dot": (2, 2), "other": (1, 1), "grad": (1, 1)}


# what people write elsewhere
OTHER_NAMES = {
    "ln": "log", "X": "x", "Y": "y", "E": "e", "Pi": "pi", "PI": "pi", "arcsin": "asin",
    "arccos": "acos", "arctan": "atan", "fabs": "abs", "ceil": "-floor(-x)",
    "round": "floor(x + 0.5)",
}  # fmt: skip

COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
# how strongly they bind; a unary sign stands between product and power: -x^2 is -(x^2)
SUM, PRODUCT, UNARY, POWER = 1, 2, 3, 4
OPERATORS = {
    "+": ("add", SUM), "-": ("sub", SUM), "*": ("mul", PRODUCT), "/": ("div", PRODUCT),
    "^": ("pow", POWER), "²": ("pow", POWER), "³": ("pow", POWER),
}  # fmt: skip


class _Parser:
    """Precedence climbing (Pratt 1973) over tokens, counting its depth."""

    def __init__(self, text, graph, read, functions):
        self._graph, self._read, self._functions = graph, read, functions
        self._text = text
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0
        self._bars = 0

    # tokens

    @property
    def _token(self):
        return self._tokens[self._at]

    def _next(self):
        token = self._token
        self._at += 1
        return token

    def _is(self, *signs):
        return self._token.kind == "sign" and self._token.text in signs

    def _built(self, node, token):
        """Refuse what can never be a number, and graphs past the limit."""
        value = self._graph.value(node)
        if value is not None and not math.isfinite(value):
            raise Problem(f"this part of the formula is not a finite number but {value}", token.at)
        if len(self._graph.nodes) > MAX_NODES:
            raise Problem(f"more than {MAX_NODES} operations", token.at)
        return node

    # grammar: at most three Python frames a level of nesting, well within Python's own limit

    def formula(self):
        if self._token.kind == "end":
            raise Problem("the formula is empty: write one, such as x^2 + y^2", 0)
        node = self._expression()
        if self._token.kind != "end":
            raise self._unexpected()
        return node

    def _unexpected(self):
        token = self._token
        if token.text == ",":
            return Problem("a comma separates arguments; a decimal is written 1.5", token.at)
        if token.text == ")":
            return Problem("this bracket was never opened", token.at)
        if token.text in COMPARISONS:
            return Problem("a comparison is only read inside where(a < b, ..., ...)", token.at)
        if token.kind in ("name", "number"):
            shown = shorten(token.text)
            return Problem(
                f"an operator is missing before {shown}: write * for a product",
                token.at,
                len(token.text),
            )
        return Problem(f"'{shorten(token.text)}' is not expected here", token.at)

    def _expression(self, strength=0, inside=None):
        """What binds more strongly than `strength`; `inside` a token is a level deeper."""
        if inside is not None:
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise Problem(f"more than {MAX_DEPTH} levels of nesting", inside.at)
        token = self._next()
        if token.text in ("+", "-", "√"):
            node = self._expression(UNARY, token)
            if token.text != "+":
                node = self._graph.apply("neg" if token.text == "-" else "sqrt", node)
        elif token.kind == "name" and self._is("("):
            node = self._call(token)
        elif token.text in ("(", "|"):
            node = self._bracket(token)
        else:
            node = self._leaf(token)
        self._built(node, token)
        while True:
            token = self._token
            name, binds = self._operator(token)
            if binds <= strength:
                break
            if name != "juxtaposed":
                self._next()
            if token.text in ("²", "³"):
                right = self._graph.constant(2.0 if token.text == "²" else 3.0)
            elif name == "pow":  # takes powers on its right
                right = self._expression(UNARY, token)
            else:
                right = self._expression(binds)
            node = self._graph.apply("mul" if name == "juxtaposed" else name, node, right)
            self._built(node, token)
        self._depth -= inside is not None
        return node

    def _operator(self, token):
        """What the next token does to what stands before it, and how strongly it binds."""
        if token.kind == "sign" and token.text in OPERATORS:
            return OPERATORS[token.text]
        # 2x, 2(x+1), (x)(y): a product is meant
        before = self._tokens[self._at - 1]
        closed = before.kind == "number" or before.text in (")", "²", "³")
        opens = token.kind == "name" or self._is("(", "√")
        opens = opens or (self._is("|") and self._bars == 0)
        return ("juxtaposed", PRODUCT) if closed and opens else ("", 0)

    def _leaf(self, token):
        if token.kind == "number":
            return self._graph.constant(float(token.text))
        if token.kind == "name":
            return self._name(token)
        if token.kind == "end":
            raise Problem("the formula ends too early: something is missing here", token.at)
        raise Problem(f"a number, a name or a bracket is missing before '{token.text}'", token.at)

    def _bracket(self, token):
        if token.text == "(":
            bars, self._bars = self._bars, 0
            node = self._expression(0, token)
            self._bars = bars
            if self._is(","):
                raise self._unexpected()
            self._close(")", token)
            return node
        self._bars += 1
        node = self._expression(0, token)
        self._bars -= 1
        self._close("|", token)
        return self._graph.apply("abs", node)

    def _close(self, sign, opened):
        if not self._is(sign):
            if self._token.kind == "end":
                raise Problem(f"this '{opened.text}' is never closed", opened.at)
            raise self._unexpected()
        self._next()

    def _name(self, token):
        if token.text in self._functions:
            raise Problem(
                f"{token.text} is a function: write {token.text}(...)", token.at, len(token.text)
            )
        node = self._read(token.text)
        if node is None and token.text in ("pi", "π", "e"):
            node = self._graph.constant(CONSTANTS[token.text.replace("π", "pi")])
        if node is None:
            raise Problem(self._unknown(token.text), token.at, len(token.text))
        return node

    def _unknown(self, name):
        if name in OTHER_NAMES:
            return f"the name {name} is not known; write {OTHER_NAMES[name]}"
        known = [*self._functions, *CONSTANTS]
        near = difflib.get_close_matches(name[:40], known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"the name {shorten(name)} is not known{hint}"

    def _call(self, token):
        name = token.text
        if name not in self._functions:
            if self._read(name) is not None or name in CONSTANTS:
                message = (
                    f"{shorten(name)} is not a function: for a product write {shorten(name)}*("
                )
            elif name in OTHER_NAMES:
                message = f"there is no function {name}; write {OTHER_NAMES[name]}"
            else:
                message = f"there is no function {shorten(name)}"
                near = difflib.get_close_matches(name[:40], self._functions, n=1)
                message += f"; did you mean {near[0]}?" if near else ""
            raise Problem(message, token.at, len(name))
        opened = self._next()
        bars, self._bars = self._bars, 0
        arguments = [self._expression(0, token)]
        if name == "where":
            sign = self._comparison()
            arguments = [self._compared(sign, arguments[0], self._expression(0, token))]
        while self._is(","):
            self._next()
            arguments.append(self._expression(0, token))
        if self._is(*COMPARISONS):
            raise self._unexpected()
        self._bars = bars
        self._close(")", opened)
        fewest, most = self._functions[name]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} or more"
            raise Problem(
                f"{name} takes {wanted} argument{'s' if wanted != '1' else ''}, "
                f"not {len(arguments)}",
                token.at,
                len(name),
            )
        return self._function(name, arguments)

    def _comparison(self):
        if not self._is(*COMPARISONS):
            raise Problem("where needs a comparison first, as in where(x < 0, ...)", self._token.at)
        return self._next().text

    def _compared(self, sign, left, right):
        return compared(self._graph, sign, left, right)

    def _function(self, name, arguments):
        return applied(self._graph, name, arguments)


def compared(graph, sign, left, right):
    """The node of a comparison such as "<"."""
    if sign in ("<", ">"):
        return graph.apply("lt", *((left, right) if sign == "<" else (right, left)))
    if sign in ("<=", ">="):
        return graph.apply("le", *((left, right) if sign == "<=" else (right, left)))
    equal = graph.apply("eq", left, right)
    return equal if sign == "==" else graph.apply("eq", equal, graph.constant(0.0))


def applied(graph, name, arguments):
    """The node of a function of the language, or of an operation."""
    if name in ("min", "max"):
        # pairwise, so that the depth of the graph stays logarithmic
        while len(arguments) > 1:
            pairs = zip(arguments[::2], arguments[1::2], strict=False)
            odd = arguments[-1:] if len(arguments) % 2 else []
            arguments = [graph.apply(name, a, b) for a, b in pairs] + odd
        return arguments[0]
    if name == "mod":
        a, b = arguments
        return graph.sub(a, graph.mul(b, graph.apply("floor", graph.div(a, b))))
    if name in ("norm", "dot"):
        product = graph.mul(arguments[0], arguments[-1])
        total = graph.add(product, graph.apply("other", product))
        return graph.apply("sqrt", total) if name == "norm" else total
    return graph.apply(name, *arguments)


def parse_part(text, graph, read, functions, offset=0, whole=None):
    """The node of one expression; errors count line and column in `whole`, where it has `offset`.

    `read(name)` gives the node of a name, or None if it is not known.
    """
    whole = text if whole is None else whole
    try:
        if len(text) > MAX_CHARACTERS:
            raise Problem(
                f"{len(text)} characters are too many: the limit is {MAX_CHARACTERS}",
                MAX_CHARACTERS,
            )
        return _Parser(text, graph, read, functions).formula()
    except Problem as problem:
        at = offset + problem.at
        line = whole.count("\n", 0, at) + 1
        column = at - (whole.rfind("\n", 0, at) + 1) + 1
        raise FormulaError(problem.message, line, column, problem.length) from None


def check_parameter_name(name, variables=("x", "y")):
    """FormulaError if a parameter of a formula cannot have this name."""
    taken = name in variables or name in CONSTANTS or name in FUNCTIONS
    if taken or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        why = "it means something else in a formula" if taken else "names are letters, digits and _"
        raise FormulaError(f"a parameter cannot be called {shorten(name)!r}: {why}")


def unknown_names(text, variables=("x", "y")):
    """The names of a formula that mean nothing and could be parameters; FormulaError as `parse`."""
    found: dict[str, None] = {}
    graph = Graph()

    def read(name):
        known = name in variables or name in CONSTANTS or name == "π"
        if not known and name.isascii():
            found[name] = None
        return None if name in CONSTANTS or name == "π" else graph.variable(name)

    parse_part(text, graph, read, FUNCTIONS)
    return tuple(found)


def parse(text, variables=("x", "y"), graph=None):
    """(graph, node) of a formula over the given variables.

    Raises FormulaError, which tells line and column, for anything that is not a formula or that
    is not a finite number anywhere.
    """
    if not isinstance(text, str):
        raise TypeError(f"a formula is text, not {type(text).__name__}")
    graph = Graph() if graph is None else graph

    def read(name):
        return graph.variable(name) if name in variables else None

    return graph, parse_part(text, graph, read, FUNCTIONS)
