"""Random formulas and rules through parser, derivative and engine, against plain Python.

    python -m tests.fuzz --count 1000000 --seed 1

Every formula is made as a tree, written as text in one of the ways the language permits, and
evaluated twice: by the package, and here by dual numbers that carry a bound of the rounding error
along. A rule is run for a few steps in the same two ways. `make sanitize` runs this in a build with
bounds checks, AddressSanitizer and UBSan.
"""

import argparse
import math
import os
import random
import sys
import time

import numpy as np

import gdviz_core as core

EPS = 2.0**-52
_ULPS = 4 * EPS  # of one operation, with room for the 2.5 of exp and the like


class Unsure(Exception):
    """The rounding error is too large for a comparison, or a branch hangs on it."""


class Dual:
    """A number with its rounding error bound and its derivatives, with their magnitudes."""

    __slots__ = ("error", "size", "slope", "value")

    def __init__(self, value, error=0.0, slope=(0.0, 0.0), size=(0.0, 0.0)):
        if not (math.isfinite(value) and abs(value) < 1e100 and all(map(math.isfinite, slope))):
            raise Unsure
        if error > 1e-7 * max(abs(value), 1e-3) or max(size) > 1e100:
            raise Unsure
        self.value, self.error, self.slope, self.size = value, error, slope, size


def chain(value, parts):
    """A function of dual numbers: (operand, partial derivative) pairs."""
    if not math.isfinite(value):
        raise Unsure
    error = _ULPS * abs(value)
    slope, size = [0.0, 0.0], [0.0, 0.0]
    for operand, partial in parts:
        if not (math.isfinite(partial) and abs(partial) < 1e60):
            raise Unsure
        error += abs(partial) * operand.error
        for i in (0, 1):
            slope[i] += partial * operand.slope[i]
            size[i] += abs(partial) * max(operand.size[i], abs(operand.slope[i]))
    return Dual(value, error, tuple(slope), tuple(size))


def decided(a, b):
    """Whether a < b, if rounding leaves no doubt."""
    if abs(a.value - b.value) <= 8 * (a.error + b.error) + 1e-13 * max(abs(a.value), 1e-3):
        raise Unsure
    return a.value < b.value


def power(a, b):
    exact = b.error == 0 and b.slope == (0.0, 0.0) and b.size == (0.0, 0.0)
    if exact and a.value != 0 and (a.value > 0 or b.value == math.floor(b.value)):
        value = a.value**b.value
        return chain(value, [(a, b.value * value / a.value)])
    if a.value <= 1e-6:
        raise Unsure
    value = a.value**b.value
    return chain(value, [(a, b.value * value / a.value), (b, value * math.log(a.value))])


def within(a):
    """The value, where it is neither too large nor too small for the square of its exponential."""
    if abs(a.value) > 150:
        raise Unsure
    return a.value


def _log(a):
    if a.value <= 10 * a.error or a.value < 1e-9:
        raise Unsure
    return chain(math.log(a.value), [(a, 1 / a.value)])


def _sqrt(a):
    if a.value <= 1e-9:
        raise Unsure
    return chain(math.sqrt(a.value), [(a, 0.5 / math.sqrt(a.value))])


def _wave(function, slope):
    def evaluate(a):
        if abs(a.value) > 1e8:
            raise Unsure
        return chain(function(a.value), [(a, slope(a.value))])

    return evaluate


def _divide(a, b):
    if abs(b.value) <= max(10 * b.error, 1e-9):
        raise Unsure
    return chain(a.value / b.value, [(a, 1 / b.value), (b, -a.value / b.value**2)])


def _absolute(a):
    if abs(a.value) <= 10 * a.error + 1e-12:
        raise Unsure
    return chain(abs(a.value), [(a, math.copysign(1.0, a.value))])


def _floor(a):
    if abs(a.value - round(a.value)) <= 10 * a.error + 1e-9:
        raise Unsure
    return Dual(math.floor(a.value))


def _sign(a):
    return Dual(math.copysign(1.0, _absolute(a).value and a.value))


def _tan(a):
    if abs(math.cos(a.value)) < 1e-4 or abs(a.value) > 1e6:
        raise Unsure
    return chain(math.tan(a.value), [(a, 1 + math.tan(a.value) ** 2)])


def _atan2(a, b):
    r = a.value**2 + b.value**2
    if r < 1e-9 or (b.value < 0 and abs(a.value) <= 1e-9 + 10 * a.error):
        raise Unsure
    return chain(math.atan2(a.value, b.value), [(a, b.value / r), (b, -a.value / r)])


def _mod(a, b):
    return ARITHMETIC["-"](a, ARITHMETIC["*"](b, _floor(_divide(a, b))))


ARITHMETIC = {
    "+": lambda a, b: chain(a.value + b.value, [(a, 1.0), (b, 1.0)]),
    "-": lambda a, b: chain(a.value - b.value, [(a, 1.0), (b, -1.0)]),
    "*": lambda a, b: chain(a.value * b.value, [(a, b.value), (b, a.value)]),
    "/": _divide,
}
UNARY = {
    "sin": _wave(math.sin, math.cos), "cos": _wave(math.cos, lambda v: -math.sin(v)),
    "exp": lambda a: chain(math.exp(within(a)), [(a, math.exp(a.value))]),
    "log": _log, "sqrt": _sqrt, "abs": _absolute, "floor": _floor, "sign": _sign, "tan": _tan,
    "tanh": lambda a: chain(math.tanh(a.value), [(a, 1 / math.cosh(within(a)) ** 2)]),
    "atan": lambda a: chain(math.atan(a.value), [(a, 1 / (1 + a.value**2))]),
    "sinh": lambda a: chain(math.sinh(a.value), [(a, math.cosh(within(a)))]),
    "cosh": lambda a: chain(math.cosh(a.value), [(a, math.sinh(within(a)))]),
}  # fmt: skip
BINARY = {
    "min": lambda a, b: a if decided(a, b) else b,
    "max": lambda a, b: b if decided(a, b) else a,
    "atan2": _atan2,
    "mod": _mod,
}
ONLY_RULES = ("norm", "dot", "other")


def tree(r, names, depth, rule=False):
    """A random expression as nested tuples."""
    if depth <= 0 or r.random() < 0.12:
        if r.random() < 0.7:
            return ("name", r.choice(names))
        return ("number", r.choice([0.5, 1, 2, 3, 10, 0.1, 7.25, 1e-3, r.uniform(0, 20)]))
    kind = r.random()
    if kind < 0.5:
        return (r.choice("+-*/"), tree(r, names, depth - 1, rule), tree(r, names, depth - 1, rule))
    if kind < 0.6:
        exponent = r.choice([2, 3, 4, -1, 0.5, 1.5, -2, 7])
        return ("^", tree(r, names, depth - 1, rule), ("number", exponent))
    if kind < 0.63:
        return ("^", tree(r, names, depth - 1, rule), tree(r, names, depth - 2, rule))
    if kind < 0.68:
        return ("neg", tree(r, names, depth - 1, rule))
    if kind < 0.86:
        return (r.choice(list(UNARY)), tree(r, names, depth - 1, rule))
    if rule and kind < 0.92:
        name = r.choice(ONLY_RULES)
        return (name, *(tree(r, names, depth - 2, rule) for _ in range(1 + (name == "dot"))))
    if kind < 0.94:
        parts = [tree(r, names, depth - 2, rule) for _ in range(2)]
        return (r.choice(list(BINARY)), *parts)
    return ("where", r.choice(["<", ">", "<=", ">="]),
            *(tree(r, names, depth - 2, rule) for _ in range(4)))  # fmt: skip


def text(r, node):
    """A tree as a user might write it."""
    kind, *parts = node
    if kind == "name":
        return parts[0]
    if kind == "number":
        return f"({parts[0]!r})" if parts[0] < 0 else repr(parts[0])
    if kind == "where":
        sign, *four = parts
        a, b, c, d = (text(r, part) for part in four)
        return f"where({a} {sign} {b}, {c}, {d})"
    inner = [text(r, part) for part in parts]
    if kind == "neg":
        return f"(-{inner[0]})"
    if kind == "abs" and r.random() < 0.3:
        return f"(|{inner[0]}|)"
    if kind == "sqrt" and r.random() < 0.3:
        return f"√({inner[0]})"
    if kind in "+-*/^":
        sign = {"*": r.choice(["*", "*", "·", "×"]), "^": r.choice(["^", "**"]),
                "-": r.choice(["-", "−"])}.get(kind, kind)  # fmt: skip
        return f"({inner[0]}{r.choice(['', ' '])}{sign}{r.choice(['', ' '])}{inner[1]})"
    return f"{kind}({', '.join(inner)})"


def evaluate(node, given, other=None):
    """A tree over dual numbers; `other` are the names of the other coordinate, in rules."""
    kind, *parts = node
    if kind == "name":
        return given[parts[0]]
    if kind == "number":
        return Dual(float(parts[0]))
    if kind == "where":
        sign, a, b, c, d = parts
        less = decided(evaluate(a, given, other), evaluate(b, given, other))
        return evaluate(c if less == (sign in ("<", "<=")) else d, given, other)
    if kind in ("norm", "dot"):
        a, b = parts[0], parts[-1]
        times, plus = ARITHMETIC["*"], ARITHMETIC["+"]
        here = times(evaluate(a, given, other), evaluate(b, given, other))
        there = times(evaluate(a, other, given), evaluate(b, other, given))
        total = plus(here, there)
        return _sqrt(total) if kind == "norm" else total
    if kind == "other":
        return evaluate(parts[0], other, given)
    values = [evaluate(part, given, other) for part in parts]
    if kind == "neg":
        return chain(-values[0].value, [(values[0], -1.0)])
    if kind == "^":
        if values[0].value <= 0 and _depends(parts[1]):
            raise Unsure  # the slope along the exponent does not exist, even where it stands still
        return power(*values)
    function = ARITHMETIC.get(kind) or UNARY.get(kind) or BINARY[kind]
    return function(*values)


def _depends(node):
    return node[0] == "name" or any(isinstance(part, tuple) and _depends(part) for part in node)


def check_formula(r):
    """One formula; returns whether its numbers were compared."""
    node = tree(r, ["x", "y"], r.randint(1, 7))
    written = text(r, node)
    try:
        surface = core.Surface.from_formula(written)
    except core.FormulaError as error:
        # what is never a number is refused, and nothing else
        assert "not a finite number" in str(error) or "more than" in str(error), (written, error)
        return False
    points = [(r.uniform(-3, 3), r.uniform(-3, 3)) for _ in range(r.choice([1, 3, 5]))]
    xs, ys = np.array(points).T
    with np.errstate(all="ignore"):
        values, (gx, gy) = surface.value(xs, ys), surface.gradient(xs, ys)
        if r.random() < 0.1:
            surface.hessian(xs, ys)
    compared = False
    for k, (x, y) in enumerate(points):
        try:
            wanted = evaluate(node, {"x": Dual(x, 0.0, (1.0, 0.0), (1.0, 0.0)),
                                     "y": Dual(y, 0.0, (0.0, 1.0), (0.0, 1.0))})  # fmt: skip
        except (Unsure, OverflowError, ZeroDivisionError):
            continue
        compared = True
        allowed = 4 * wanted.error + 1e-13 * abs(wanted.value)
        assert abs(values[k] - wanted.value) <= allowed, (written, x, y, values[k], wanted.value)
        for got, slope, size in zip((gx[k], gy[k]), wanted.slope, wanted.size, strict=True):
            assert abs(got - slope) <= 1e-5 * max(size, abs(slope)) + 1e-280, (
                written, x, y, got, slope, size)  # fmt: skip
    return compared


def check_rule(r):
    """One rule over a few steps; returns whether its numbers were compared."""
    names = ["w", "g", "t", "x", "y", "gx", "gy", "f", "lr", "s", "q"]
    lines = [(name, tree(r, names, r.randint(1, 4), True)) for name in ("s", "q")]
    lines.append(("w", ("-", ("name", "w"), ("*", ("name", "lr"),
                                             tree(r, names, r.randint(1, 4), True)))))  # fmt: skip
    written = "\n".join(f"{name} = {text(r, node)}" for name, node in lines)
    try:
        rule = core.Optimizer.from_rule(written, lr=0.125)
    except core.FormulaError as error:
        assert "not a finite number" in str(error) or "more than" in str(error), (written, error)
        return False
    surface = core.Surface.from_formula("x^2 + 2*y^2 + x*y", domain=(-1e9, 1e9, -1e9, 1e9))
    start = (r.uniform(-2, 2), r.uniform(-2, 2))
    conditions = {"noise": 0.5, "clip": 2.0} if r.random() < 0.2 else {}
    t = core.descend(surface, rule, start, 3, tolerance=0, **conditions)
    core.settle(surface, rule, [start] * r.choice([1, 5, 9]), 20,
                hyperparameters={"lr": 0.125} if r.random() < 0.5 else None)  # fmt: skip
    if conditions:
        return False
    w = [Dual(start[0]), Dual(start[1])]
    state = [{"s": Dual(0.0), "q": Dual(0.0)}, {"s": Dual(0.0), "q": Dual(0.0)}]
    compared = False
    for step in range(1, len(t)):
        try:
            both = _step(lines, w, state, step)
        except (Unsure, OverflowError, ZeroDivisionError):
            break
        w = [given["w"] for given in both]
        state = [{name: given[name] for name in ("s", "q")} for given in both]
        for got, wanted in ((t.x[step], w[0]), (t.y[step], w[1])):
            allowed = 8 * wanted.error + 1e-12 * abs(wanted.value)
            assert abs(got - wanted.value) <= allowed, (written, start, step, got, wanted.value)
        compared = True
    return compared


def _step(lines, w, state, step):
    x, y = w
    plus, times = ARITHMETIC["+"], ARITHMETIC["*"]
    two, four = Dual(2.0), Dual(4.0)
    gx, gy = plus(times(two, x), y), plus(times(four, y), x)
    f = plus(plus(times(x, x), times(two, times(y, y))), times(x, y))
    both = [
        {"w": w[i], "g": (gx, gy)[i], "t": Dual(float(step)), "x": x, "y": y, "gx": gx, "gy": gy,
         "f": f, "lr": Dual(0.125), **state[i]}
        for i in (0, 1)
    ]  # fmt: skip
    for name, node in lines:
        new = [evaluate(node, both[i], both[1 - i]) for i in (0, 1)]
        for given, value in zip(both, new, strict=True):
            given[name] = value
    return both


def run(count, seed, report=None):
    """Check `count` formulas and rules; returns how many could be compared."""
    r, compared, begun = random.Random(seed), 0, time.monotonic()
    for k in range(count):
        compared += check_rule(r) if k % 5 == 0 else check_formula(r)
        if report and k % 10_000 == 9_999:
            report(f"{k + 1} checked, {compared} compared, {time.monotonic() - begun:.0f} s")
    return compared


def _stop(problem):
    print("in compiled code:", problem.exc_value, flush=True)
    os._exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.unraisablehook = _stop  # bounds checks of compiled code end here
    compared = run(options.count, options.seed, lambda line: print(line, flush=True))
    print(f"{options.count} formulas and rules, {compared} compared, no difference")


if __name__ == "__main__":
    main()
