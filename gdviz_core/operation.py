"""The operations of the formula language: for each its value, its local derivative and its C code.

An operation is one row. The parser folds constants with `value`, `derivative.py` differentiates
with `partials`, and `emit.py` writes the kernels from `code`; so a new operation is a new row.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass


def _total(function):
    """The IEEE-754 answer where Python raises: overflow is infinite, a domain error is NaN."""

    def value(*arguments):
        try:
            return function(*arguments)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return value


def divide(a, b):
    if b != 0:
        return a / b
    if a == 0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def power(a, b):
    try:
        return math.pow(a, b)
    except OverflowError:
        odd = b == math.floor(b) and math.fmod(b, 2.0) != 0
        return -math.inf if a < 0 and odd else math.inf
    except ValueError:
        return math.inf if a == 0 and b < 0 else math.nan


def _log(a):
    return -math.inf if a == 0 else math.log(a)


def _exp(a):
    return math.exp(a)


def _floor(a):
    return float(math.floor(a)) if math.isfinite(a) else a


def _sign(a):
    return a if a != a else float((a > 0) - (a < 0))


def _least(a, b):
    return a if a < b or a != a else b


def _greatest(a, b):
    return a if a > b or a != a else b


@dataclass(frozen=True)
class Operation:
    """One operation of the computational graph.

    `value` computes it in float64, for constant folding. `partials(graph, node, *operands)` gives
    the derivative of the node with respect to each operand, as nodes; None stands for zero.
    `code` is the C expression over a, b, c that the kernels run. With `vectorizes` false it calls
    libm for each lane. `wide` replaces it for lanes past VM_WAVE_LIMIT of vmath.h.
    """

    name: str
    arity: int
    value: Callable[..., float]
    partials: Callable[..., tuple]
    code: str
    vectorizes: bool = True
    wide: str = ""


def _zero(graph, node, *operands):
    return (None,) * len(operands)


def _power_partials(g, node, a, b):
    da = g.mul(b, g.pow(a, g.sub(b, g.constant(1.0))))
    if g.value(b) is not None:
        return da, None
    at_zero = g.apply("eq", a, g.constant(0.0))  # 0^b stays 0 as b changes
    return da, g.where(at_zero, g.constant(0.0), g.mul(node, g.apply("log", a)))


def _one_minus_square(g, a):
    """As a product, which keeps its digits near 1."""
    return g.mul(g.sub(g.one, a), g.add(g.one, a))


def _sech_square(g, a):
    """The slope of tanh; 1 - tanh^2 would lose its digits as tanh nears 1."""
    cosh = g.apply("cosh", a)
    return g.div(g.one, g.mul(cosh, cosh))


def _circle(g, a, b):
    return g.add(g.mul(a, a), g.mul(b, b))


OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("add", 2, lambda a, b: a + b, lambda g, n, a, b: (g.one, g.one), "a + b"),
        Operation("sub", 2, lambda a, b: a - b, lambda g, n, a, b: (g.one, g.minus_one), "a - b"),
        Operation("mul", 2, lambda a, b: a * b, lambda g, n, a, b: (b, a), "a * b"),
        Operation(
            "div",
            2,
            divide,
            lambda g, n, a, b: (g.div(g.one, b), g.neg(g.div(n, b))),
            "a / b",
        ),
        Operation("neg", 1, lambda a: -a, lambda g, n, a: (g.minus_one,), "-a"),
        Operation("pow", 2, power, _power_partials, "pow(a, b)", vectorizes=False),
        # The slope of sqrt at 0 is taken as 0, as that of |x| is: both make the gradient at the
        # tip of a cone the zero vector instead of NaN.
        Operation(
            "sqrt",
            1,
            _total(math.sqrt),
            lambda g, n, a: (g.mul(g.constant(0.5), g.apply("inverse", n)),),
            "sqrt(a)",
        ),
        Operation(
            "inverse",
            1,
            lambda a: 0.0 if a == 0 else 1.0 / a,
            lambda g, n, a: (g.neg(g.mul(n, n)),),
            "a == 0.0 ? 0.0 : 1.0 / a",
        ),
        Operation("exp", 1, _total(_exp), lambda g, n, a: (n,), "vm_exp(a)"),
        Operation("log", 1, _total(_log), lambda g, n, a: (g.div(g.one, a),), "vm_log(a)"),
        Operation(
            "sin",
            1,
            _total(math.sin),
            lambda g, n, a: (g.apply("cos", a),),
            "vm_sin(a)",
            wide="sin(a)",
        ),
        Operation(
            "cos",
            1,
            _total(math.cos),
            lambda g, n, a: (g.neg(g.apply("sin", a)),),
            "vm_cos(a)",
            wide="cos(a)",
        ),
        Operation(
            "tan",
            1,
            _total(math.tan),
            lambda g, n, a: (g.add(g.one, g.mul(n, n)),),
            "tan(a)",
            vectorizes=False,
        ),
        Operation(
            "asin",
            1,
            _total(math.asin),
            lambda g, n, a: (g.div(g.one, g.apply("sqrt", _one_minus_square(g, a))),),
            "asin(a)",
            vectorizes=False,
        ),
        Operation(
            "acos",
            1,
            _total(math.acos),
            lambda g, n, a: (g.div(g.minus_one, g.apply("sqrt", _one_minus_square(g, a))),),
            "acos(a)",
            vectorizes=False,
        ),
        Operation(
            "atan",
            1,
            math.atan,
            lambda g, n, a: (g.div(g.one, g.add(g.one, g.mul(a, a))),),
            "atan(a)",
            vectorizes=False,
        ),
        Operation(
            "atan2",
            2,
            math.atan2,
            lambda g, n, a, b: (
                g.div(b, _circle(g, a, b)),
                g.neg(g.div(a, _circle(g, a, b))),
            ),
            "atan2(a, b)",
            vectorizes=False,
        ),
        Operation(
            "sinh",
            1,
            lambda a: math.copysign(_total(math.sinh)(abs(a)), a),
            lambda g, n, a: (g.apply("cosh", a),),
            "sinh(a)",
            vectorizes=False,
        ),
        Operation(
            "cosh",
            1,
            _total(math.cosh),
            lambda g, n, a: (g.apply("sinh", a),),
            "cosh(a)",
            vectorizes=False,
        ),
        Operation("tanh", 1, math.tanh, lambda g, n, a: (_sech_square(g, a),), "vm_tanh(a)"),
        Operation("abs", 1, abs, lambda g, n, a: (g.apply("sign", a),), "fabs(a)"),
        Operation("sign", 1, _sign, _zero, "a != a ? a : (double)(a > 0.0) - (double)(a < 0.0)"),
        Operation("floor", 1, _floor, _zero, "floor(a)"),
        Operation("lt", 2, lambda a, b: float(a < b), _zero, "a < b ? 1.0 : 0.0"),
        Operation("le", 2, lambda a, b: float(a <= b), _zero, "a <= b ? 1.0 : 0.0"),
        Operation("eq", 2, lambda a, b: float(a == b), _zero, "a == b ? 1.0 : 0.0"),
        # min, max and where choose one of their operands; derivative.py differentiates the chosen
        # one, so that a branch that is not taken cannot spoil the result with 0 * inf.
        Operation("min", 2, _least, _zero, "a < b || a != a ? a : b"),
        Operation("max", 2, _greatest, _zero, "a > b || a != a ? a : b"),
        Operation("where", 3, lambda c, a, b: a if c != 0 else b, _zero, "a != 0.0 ? b : c"),
        # The same quantity of the other coordinate; only rules have it, through norm and dot.
        Operation("other", 1, lambda a: a, _zero, "a"),
    )
}
