"""Formulas as a textbook sets them: fractions, roots, powers, Greek letters.

A Term becomes a tree of boxes, which paint themselves and tell where each variable stands.
"""

import math
import re
from collections.abc import Callable

from gdviz.app.boxes import Box, bracketed, cases, fraction, lowered, raised, root, row, space, text
from gdviz.scale import numeral
from gdviz_core.notation import Term

SMALLER = 0.72  # of exponents and indices
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "rho": "ρ", "nu": "ν", "eps": "ε", "lr": "η",
    "momentum": "μ", "weight_decay": "λ", "dampening": "τ", "lambd": "κ", "xi": "ξ",
    "damping": "λ", "temperature": "T", "dt": "Δt", "lr_decay": "δ",
    "momentum_decay": "ψ", "pi": "π",
}  # fmt: skip
UPRIGHT = {"sin", "cos", "tan", "log", "exp", "min", "max", "sign", "mod"}
_SUM, _PRODUCT, _POWER, _ATOM = 1, 2, 3, 4
_STRENGTH = {"add": _SUM, "sub": _SUM, "neg": _SUM, "mul": _PRODUCT, "pow": _POWER}


def symbol(name: str, size: float) -> Box:
    """A variable: η for lr, β with index 1 for beta1, an italic letter, or an upright word."""
    match = re.fullmatch(r"([A-Za-z_]+?)_?(\d*)", name)
    stem, digits = (match[1], match[2]) if match else (name, "")
    index = ""
    if stem in ("hxx", "hxy", "hyy", "gx", "gy"):
        stem, index = stem[0], stem[1:]
    stem = GREEK.get(stem, stem).replace("_", " ")
    single = len(stem) == 1
    base = text(stem, size, italic=single)
    if not (digits or index):
        base.name = name
        return base
    return lowered(base, text(index or digits, SMALLER * size, bool(index)), size, name)


def number(value: float, size: float, digits: int = 5, name: str = "") -> Box:
    """A number, with a power of ten if it is very large or small."""
    mantissa, exponent = numeral(value, digits)
    if exponent is None:
        return text(mantissa, size, name=name)
    power = text(str(exponent).replace("-", "−"), SMALLER * size)
    made = raised(text(f"{mantissa}·10", size), power, size)
    made.name, made.scaled = name, True
    return made


Leaf = Callable[[Term, float], Box | None]


def written(term: Term, size: float) -> Box | None:
    """A variable or constant as it stands in a formula; None for what has parts."""
    if term.parts:
        return None
    if term.kind == "variable":
        return symbol(term.value, size)
    if term.value == math.pi:
        return text("π", size, italic=True)
    if term.value == math.e:
        return text("e", size, italic=True)
    return number(term.value, size, 12)


def typeset(term: Term, size: float, leaf: Leaf = written) -> Box:
    """A formula as a box; `leaf` sets variables, constants and what else it has a box for."""
    kind, parts = term.kind, term.parts
    whole = leaf(term, size)
    if whole is not None:
        return whole

    def inner(part: Term) -> Box:
        return typeset(part, size, leaf)

    if kind in ("add", "sub"):
        return _sum(term, size, leaf)
    if kind == "neg":
        return row(text("−", size), _within(parts[0], _PRODUCT, size, leaf))
    if kind == "mul":
        return _product(term, size, leaf)
    if kind == "div":
        return fraction(inner(parts[0]), inner(parts[1]), size)
    if kind == "pow":
        base = _within(parts[0], _ATOM, size, leaf)
        return raised(base, typeset(parts[1], SMALLER * size, leaf), size)
    if kind == "sqrt":
        return root(inner(parts[0]), size)
    if kind == "abs":
        return bracketed(inner(parts[0]), size, "|", "|")
    if kind == "norm":
        double = text("‖", size)
        return row(double, inner(parts[0]), double)
    if kind == "other":
        return raised(_within(parts[0], _ATOM, size, leaf), text("⊥", SMALLER * size), size)
    if kind == "dot":
        return row(text("⟨", size), inner(parts[0]), text(", ", size), inner(parts[1]),
                   text("⟩", size))  # fmt: skip
    if kind == "where":
        return _where(term, size, leaf)
    if kind in ("<", ">", "<=", ">=", "==", "!="):
        sign = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}.get(kind, kind)
        return row(inner(parts[0]), text(f" {sign} ", size), inner(parts[1]))
    name = "∇f" if kind == "grad" else kind
    arguments: list[Box] = []
    for part in parts:
        arguments += [text(", ", size)] * bool(arguments) + [inner(part)]
    return row(text(name, size, kind == "grad" or len(name) == 1), bracketed(row(*arguments), size))


def _within(term: Term, strength: int, size: float, leaf: Leaf) -> Box:
    """In brackets if it binds less strongly than what surrounds it."""
    made = typeset(term, size, leaf)
    weak = _STRENGTH.get(term.kind, _ATOM) < strength
    if strength == _ATOM and term.kind in ("div", "pow", "sqrt"):
        weak = True
    negative = any(part.text.startswith("−") for part in (made, *(p for _, _, p in made.parts[:1])))
    weak = weak or (strength == _ATOM and made.scaled)
    return bracketed(made, size) if weak or (negative and strength > _SUM) else made


def _sum(term: Term, size: float, leaf: Leaf) -> Box:
    """Terms with their signs; a long row may break before a sign."""
    signs, terms = [], []
    while term.kind in ("add", "sub"):
        signs.append("+" if term.kind == "add" else "−")
        terms.append(term.parts[1])
        term = term.parts[0]
    boxes = [typeset(term, size, leaf)]
    breaks = []
    for sign, following in zip(reversed(signs), reversed(terms), strict=True):
        breaks.append(len(boxes))
        box = _within(following, _PRODUCT if following.kind != "mul" else _SUM, size, leaf)
        boxes += [text(f" {sign} ", size), box]
    return row(*boxes, breaks=breaks)


def _product(term: Term, size: float, leaf: Leaf) -> Box:
    factors = []
    while term.kind == "mul":
        factors.append(term.parts[1])
        term = term.parts[0]
    factors = [term, *reversed(factors)]
    boxes: list[Box] = []
    before = term
    for factor in factors:
        made = _within(factor, _PRODUCT, size, leaf)
        if boxes:
            words = any(
                part.kind == "variable" and _is_word(part.value) for part in (factor, before)
            )
            dotted = leaf is not written or _starts_with_digit(made) or words
            boxes.append(text(" · ", size) if dotted else space(0.2 * size))
        boxes.append(made)
        before = factor
    return row(*boxes)


def _is_word(name: str) -> bool:
    """Whether a name is set as an upright word, which a product must not run into."""
    stem = name.rstrip("0123456789")
    return len(stem) > 1 and stem not in GREEK and stem not in ("hxx", "hxy", "hyy", "gx", "gy")


def _starts_with_digit(box: Box) -> bool:
    while box.parts and not box.text:
        if box.draw is not None:
            return False
        box = box.parts[0][2]
    return box.text[:1].isdigit()


def _where(term: Term, size: float, leaf: Leaf) -> Box:
    branches: list[tuple[Box, Box | None]] = []
    while term.kind == "where":
        condition, value, term_else = term.parts
        test = row(text("if ", size), typeset(condition, size, leaf))
        branches.append((typeset(value, size, leaf), test))
        term = term_else
    branches.append((typeset(term, size, leaf), None))
    return cases(branches, size)
