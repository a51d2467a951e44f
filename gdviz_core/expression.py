"""Text to graph: the formula language, its tokenizer and its parser.

Numbers, names, `+ - * / ^ **`, `2x` and `2(x+1)` as products, `|x|`, the signs `· × − ² ³ π √`,
the functions of FUNCTIONS, and comparisons as the first argument of `where`. Nothing else parses:
typed text never reaches Python's own parser.
"""

import difflib
import math
import re
from dataclasses import dataclass

from gdviz_core.graph import Graph

MAX_CHARACTERS = 10_000
MAX_DEPTH = 200
MAX_NODES = 10_000
MAX_DIGITS = 400

CONSTANTS = {"pi": math.pi, "e": math.e}

# name: (fewest, most) arguments
FUNCTIONS = {
    **dict.fromkeys(
        "abs sign sqrt exp log sin cos tan asin acos atan sinh cosh tanh floor".split(), (1, 1)
    ),
    **dict.fromkeys(("atan2", "mod"), (2, 2)),
    **dict.fromkeys(("min", "max"), (2, MAX_NODES)),
    "where": (3, 3),
}
RULE_FUNCTIONS = {**FUNCTIONS, "norm": (1, 1), "dot": (2, 2)}


class FormulaError(ValueError):
    """A formula or rule that cannot be read.

    `line` and `column` count from 1 and tell where; `length` how many characters are meant.
    """

    def __init__(self, message, line=1, column=1, length=1):
        super().__init__(message)
        self.message, self.line, self.column, self.length = message, line, column, length

    def __str__(self):
        where = f"column {self.column}"
        if self.line > 1:
            where = f"line {self.line}, {where}"
        return f"{self.message} ({where})"


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*|π)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/^(),|<>·×−²³√])"
)
_SAME = {"**": "^", "·": "*", "×": "*", "−": "-"}
_HINTS = {
    "=": "write the formula alone, without '='",
    ";": "only one formula is expected",
    "[": "write round brackets",
    "{": "write round brackets",
    "\\": "LaTeX is not read; write (x)/(y) instead of \\frac{x}{y}",
    '"': "text has no place in a formula",
    "'": "text has no place in a formula",
    ".": "a dot belongs inside a number, as in 0.5",
    "%": "write mod(a, b) for the remainder",
    "÷": "write /",
}


def _character(c):
    """A character as a message can show it."""
    shown = repr(c) if c.isprintable() and not "\ud800" <= c <= "\udfff" else "the character"
    return f"{shown} (U+{ord(c):04X})" if ord(c) > 126 or ord(c) < 32 else shown


def _short(text):
    return text if len(text) <= 40 else text[:37] + "..."


def _tokenize(text):
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _bad_character(text, at)
        kind = match.lastgroup
        if kind == "number":
            _check_number(text, match)
        if kind != "space":
            word = match.group()
            tokens.append(_Token(kind, _SAME.get(word, word), at))
        at = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


def _bad_character(text, at):
    c = text[at]
    definition = re.match(r"\s*[A-Za-z]\w*\s*\(\s*x\s*,\s*y\s*\)\s*$", text[:at])
    if c == "=" and definition:
        what = definition.group().strip()
        return _Problem(f"leave out '{what} =' and write only what follows it", 0, at + 1)
    hint = _HINTS.get(c, "it is not part of the formula language")
    return _Problem(f"{_character(c)} cannot be read here: {hint}", at)


def _check_number(text, match):
    digits, end = match.group(), match.end()
    rest = re.match(r"[A-Za-z_][A-Za-z0-9_]*", text[end:])
    word = rest.group() if rest else ""
    if len(digits) > MAX_DIGITS:
        raise _Problem(f"a number of {len(digits)} digits is too long", match.start(), len(digits))
    if digits == "0" and word[:1] in ("x", "X") and word[1:2].isdigit():
        raise _Problem(f"write the hexadecimal number 0{word[:20]} as a decimal", match.start())
    if re.fullmatch(r"_[0-9]+", word):
        raise _Problem("write the number without '_'", end)
    if word in ("e", "E"):
        raise _Problem(
            f"the number {_short(digits)}{word} has no exponent: write {_short(digits)}e3, "
            f"or {_short(digits)}*e for Euler's number",
            match.start(),
            len(digits) + 1,
        )
    if math.isinf(float(digits)):
        raise _Problem(f"{_short(digits)} is larger than any float64", match.start(), len(digits))


class _Problem(Exception):
    """An error at a character offset, before line and column are known."""

    def __init__(self, message, at, length=1):
        super().__init__(message)
        self.message, self.at, self.length = message, at, length


class _Parser:
    """Recursive descent with the precedences + - < * / < unary - < ^, counting its depth."""

    def __init__(self, text, graph, read, functions):
        self._graph, self._read, self._functions = graph, read, functions
        self._text = text
        self._tokens = _tokenize(text)
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

    def _deeper(self, at):
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Problem(f"more than {MAX_DEPTH} levels of nesting", at)

    def _built(self, node, token):
        """Refuse what can never be a number, and graphs past the limit."""
        value = self._graph.value(node)
        if value is not None and not math.isfinite(value):
            raise _Problem(f"this part of the formula is not a finite number but {value}", token.at)
        if len(self._graph.nodes) > MAX_NODES:
            raise _Problem(f"more than {MAX_NODES} operations", token.at)
        return node

    # grammar

    def formula(self):
        if self._token.kind == "end":
            raise _Problem("the formula is empty: write one, such as x^2 + y^2", 0)
        node = self._sum()
        if self._token.kind != "end":
            raise self._unexpected()
        return node

    def _unexpected(self):
        token = self._token
        if token.text == ",":
            return _Problem("a comma separates arguments; a decimal number is written 1.5", token.at)
        if token.text == ")":
            return _Problem("this bracket was never opened", token.at)
        if token.kind == "sign" and token.text in ("<", ">", "<=", ">=", "==", "!="):
            return _Problem("a comparison is only read inside where(a < b, ..., ...)", token.at)
        if token.kind in ("name", "number"):
            shown = _short(token.text)
            return _Problem(
                f"an operator is missing before {shown}: write * for a product",
                token.at,
                len(token.text),
            )
        return _Problem(f"'{_short(token.text)}' is not expected here", token.at)

    def _sum(self):
        node = self._product()
        while self._is("+", "-"):
            token = self._next()
            right = self._product()
            node = self._graph.apply("add" if token.text == "+" else "sub", node, right)
            self._built(node, token)
        return node

    def _product(self):
        node = self._unary()
        while True:
            before = self._tokens[self._at - 1]
            token = self._token
            if self._is("*", "/"):
                self._next()
                name = "mul" if token.text == "*" else "div"
            elif self._multiplies(before):
                name = "mul"
            else:
                return node
            node = self._built(self._graph.apply(name, node, self._unary()), token)

    def _multiplies(self, before):
        """Whether a product is meant between `before` and the next token: 2x, 2(x+1), (x)(y)."""
        closed = before.kind == "number" or before.text in (")", "²", "³")
        opens = self._token.kind == "name" or self._is("(", "√")
        opens = opens or (self._is("|") and self._bars == 0)
        return closed and opens

    def _unary(self):
        token = self._token
        if not self._is("+", "-"):
            return self._power()
        self._next()
        self._deeper(token.at)
        node = self._unary()
        self._depth -= 1
        return self._built(self._graph.neg(node), token) if token.text == "-" else node

    def _power(self):
        node = self._atom()
        while self._is("²", "³"):
            token = self._next()
            exponent = self._graph.constant(2.0 if token.text == "²" else 3.0)
            node = self._built(self._graph.pow(node, exponent), token)
        if not self._is("^"):
            return node
        token = self._next()
        self._deeper(token.at)
        exponent = self._unary()
        self._depth -= 1
        return self._built(self._graph.apply("pow", node, exponent), token)

    def _atom(self):
        token = self._next()
        if token.kind == "number":
            return self._graph.constant(float(token.text))
        if token.kind == "name":
            return self._call(token) if self._is("(") else self._name(token)
        if token.text in ("(", "|", "√"):
            self._deeper(token.at)
            node = self._bracket(token)
            self._depth -= 1
            return node
        if token.kind == "end":
            raise _Problem("the formula ends too early: something is missing here", token.at)
        raise _Problem(f"a number, a name or a bracket is missing before '{token.text}'", token.at)

    def _bracket(self, token):
        if token.text == "√":
            return self._built(self._graph.apply("sqrt", self._power()), token)
        if token.text == "(":
            bars, self._bars = self._bars, 0
            node = self._sum()
            self._bars = bars
            if self._is(","):
                raise self._unexpected()
            self._close(")", token)
            return node
        self._bars += 1
        node = self._sum()
        self._bars -= 1
        self._close("|", token)
        return self._built(self._graph.apply("abs", node), token)

    def _close(self, sign, opened):
        if not self._is(sign):
            if self._token.kind == "end":
                raise _Problem(f"this '{opened.text}' is never closed", opened.at)
            raise self._unexpected()
        self._next()

    def _name(self, token):
        if token.text in self._functions:
            raise _Problem(
                f"{token.text} is a function: write {token.text}(...)", token.at, len(token.text)
            )
        node = self._read(token.text)
        if node is None and token.text in ("pi", "π", "e"):
            node = self._graph.constant(CONSTANTS[token.text.replace("π", "pi")])
        if node is None:
            raise _Problem(self._unknown(token.text), token.at, len(token.text))
        return node

    def _unknown(self, name):
        known = [*self._functions, *CONSTANTS]
        near = difflib.get_close_matches(name[:40], known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"the name {_short(name)} is not known{hint}"

    def _call(self, token):
        name = token.text
        if name not in self._functions:
            if self._read(name) is not None or name in CONSTANTS:
                message = f"{_short(name)} is not a function: for a product write {_short(name)}*("
            else:
                message = f"there is no function {_short(name)}"
                near = difflib.get_close_matches(name[:40], self._functions, n=1)
                message += f"; did you mean {near[0]}?" if near else ""
            raise _Problem(message, token.at, len(name))
        opened = self._next()
        self._deeper(token.at)
        bars, self._bars = self._bars, 0
        arguments = [self._condition() if name == "where" else self._sum()]
        while self._is(","):
            self._next()
            arguments.append(self._sum())
        if self._is("<", ">", "<=", ">=", "==", "!="):
            raise self._unexpected()
        self._bars = bars
        self._close(")", opened)
        self._depth -= 1
        fewest, most = self._functions[name]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} or more"
            raise _Problem(
                f"{name} takes {wanted} argument{'s' if wanted != '1' else ''}, "
                f"not {len(arguments)}",
                token.at,
                len(name),
            )
        return self._built(self._function(name, arguments), token)

    def _condition(self):
        left = self._sum()
        if not self._is("<", ">", "<=", ">=", "==", "!="):
            raise _Problem("where needs a comparison first, such as where(x < 0, ...)", self._token.at)
        sign = self._next().text
        right = self._sum()
        apply = self._graph.apply
        if sign in ("<", ">"):
            return apply("lt", *((left, right) if sign == "<" else (right, left)))
        if sign in ("<=", ">="):
            return apply("le", *((left, right) if sign == "<=" else (right, left)))
        equal = apply("eq", left, right)
        return equal if sign == "==" else apply("eq", equal, self._graph.constant(0.0))

    def _function(self, name, arguments):
        graph = self._graph
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


def _parse(text, graph, read, functions, offset=0, whole=None):
    """Parse one expression; errors count line and column in `whole`, where it starts at offset."""
    whole = text if whole is None else whole
    try:
        if len(text) > MAX_CHARACTERS:
            raise _Problem(
                f"{len(text)} characters are too many: the limit is {MAX_CHARACTERS}",
                MAX_CHARACTERS,
            )
        return _Parser(text, graph, read, functions).formula()
    except _Problem as problem:
        at = offset + problem.at
        line = whole.count("\n", 0, at) + 1
        column = at - (whole.rfind("\n", 0, at) + 1) + 1
        raise FormulaError(problem.message, line, column, problem.length) from None


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

    return graph, _parse(text, graph, read, FUNCTIONS)


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
    graph, current, state = Graph(), {}, {}

    def read(name):
        if name in current:
            return current[name]
        if name in GIVEN or name in hyperparameters:
            return graph.variable(name)
        if name in written_anywhere:
            state.setdefault(name, None)
            return graph.variable(name)
        return None

    lines = []
    for _, name, expression, at in rows:
        node = _parse(expression, graph, read, RULE_FUNCTIONS, at, text)
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
                    f"{_short(name)} is {what} and cannot be written; use another name",
                    number,
                    match.start(1) + 1,
                    len(name),
                )
            rows.append((number, name, line[match.end() :], start + match.end()))
        start += len(line) + 1
    return rows
