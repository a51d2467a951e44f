"""Text to tokens, and the errors that tell where a text cannot be read."""

import math
import re
from dataclasses import dataclass

MAX_DIGITS = 400


class Problem(Exception):
    """An error at a character offset, before its line and column are known."""

    def __init__(self, message, at, length=1):
        super().__init__(message)
        self.message, self.at, self.length = message, at, length


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
class Token:
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


def shorten(text):
    """A text as a message can show it."""
    return text if len(text) <= 40 else text[:37] + "..."


def tokenize(text):
    """The tokens of a text, the last of kind "end"; raises Problem."""
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _bad_character(text, at)
        kind = str(match.lastgroup)
        if kind == "number":
            _check_number(text, match)
        if kind != "space":
            word = match.group()
            tokens.append(Token(kind, _SAME.get(word, word), at))
        at = match.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def _bad_character(text, at):
    c = text[at]
    definition = re.match(r"\s*[A-Za-z]\w*\s*\(\s*x\s*,\s*y\s*\)\s*$", text[:at])
    if c == "=" and definition:
        what = definition.group().strip()
        return Problem(f"leave out '{what} =' and write only what follows it", 0, at + 1)
    hint = _HINTS.get(c, "it is not part of the formula language")
    return Problem(f"{_character(c)} cannot be read here: {hint}", at)


def _check_number(text, match):
    digits, end = match.group(), match.end()
    rest = re.match(r"[A-Za-z_][A-Za-z0-9_]*", text[end:])
    word = rest.group() if rest else ""
    if len(digits) > MAX_DIGITS:
        raise Problem(f"a number of {len(digits)} digits is too long", match.start(), len(digits))
    if digits == "0" and word[:1] in ("x", "X") and word[1:2].isdigit():
        raise Problem(f"write the hexadecimal number 0{word[:20]} as a decimal", match.start())
    if re.fullmatch(r"_[0-9]+", word):
        raise Problem("write the number without '_'", end)
    if word in ("e", "E"):
        raise Problem(
            f"the number {shorten(digits)}{word} has no exponent: write {shorten(digits)}e3, "
            f"or {shorten(digits)}*e for Euler's number",
            match.start(),
            len(digits) + 1,
        )
    if math.isinf(float(digits)):
        raise Problem(f"{shorten(digits)} is larger than any float64", match.start(), len(digits))
