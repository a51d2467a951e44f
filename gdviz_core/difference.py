"""Numerical differentiation as a transform of the graph: differences and the complex step.

The step h is a variable of the new graph, so one program serves every h. The shifted formula is
another formula to the graph, which so cannot simplify away what truncation and rounding lose.
"""

import math

from gdviz_core.operation import OPERATIONS

STEP = "h of the difference"  # the variable; a formula cannot have a name with spaces


def forward_difference(graph, output, variables):
    """(f(w + h) - f(w)) / h for each variable; its error falls with h as h does."""
    step = graph.variable(STEP)
    return [
        graph.div(graph.sub(_shifted(graph, output, name, step), output), step)
        for name in variables
    ]


def central_difference(graph, output, variables):
    """(f(w + h) - f(w - h)) / 2h for each variable; its error falls with h as h^2 does."""
    step = graph.variable(STEP)
    found = []
    for name in variables:
        ahead = _shifted(graph, output, name, step)
        behind = _shifted(graph, output, name, graph.neg(step))
        found.append(graph.div(graph.sub(ahead, behind), graph.mul(graph.constant(2.0), step)))
    return found


def complex_step(graph, output, variables):
    """Im f(w + ih) / h for each variable: no difference is taken, so no digits cancel.

    Squire and Trapp 1998, doi:10.1137/S003614459631241X. Comparisons, |u|, sign, floor, min and
    max look at the real part.
    """
    step = graph.variable(STEP)
    return [graph.div(_imaginary(graph, output, name, step), step) for name in variables]


def _shifted(graph, output, name, step):
    variable = graph.variable(name)
    return graph.rewrite([output], {variable: graph.add(variable, step)})[output]


def _imaginary(graph, output, name, step):
    zero = graph.constant(0.0)
    moved = graph.variable(name)
    parts = {}  # node: (real, imaginary), the latter None where it is 0
    for node in graph.reach([output]):
        kind = graph.nodes[node][0]
        if node == moved:
            parts[node] = (node, step)
            continue
        operands = [parts[operand] for operand in graph.operands(node)]
        if all(imaginary is None for _, imaginary in operands):
            parts[node] = (node, None)
        else:
            given = [(real, zero if im is None else im) for real, im in operands]
            parts[node] = _COMPLEX[kind](_Arithmetic(graph), *given)
    imaginary = parts[output][1]
    return zero if imaginary is None else imaginary


class _Arithmetic:
    """Complex numbers as pairs of nodes."""

    def __init__(self, graph):
        self.graph = graph

    def apply(self, name, *operands):
        return self.graph.apply(name, *operands)

    def number(self, value):
        return self.graph.constant(value)

    def add(self, a, b):
        return self.apply("add", a[0], b[0]), self.apply("add", a[1], b[1])

    def sub(self, a, b):
        return self.apply("sub", a[0], b[0]), self.apply("sub", a[1], b[1])

    def neg(self, a):
        return self.apply("neg", a[0]), self.apply("neg", a[1])

    def mul(self, a, b):
        apply = self.apply
        return (
            apply("sub", apply("mul", a[0], b[0]), apply("mul", a[1], b[1])),
            apply("add", apply("mul", a[0], b[1]), apply("mul", a[1], b[0])),
        )

    def div(self, a, b):
        apply = self.apply
        size = apply("add", apply("mul", b[0], b[0]), apply("mul", b[1], b[1]))
        up = self.mul(a, (b[0], apply("neg", b[1])))
        return apply("div", up[0], size), apply("div", up[1], size)

    def square(self, a):
        return self.apply("mul", a, a)

    def size(self, a):
        return self.apply("sqrt", self.apply("add", self.square(a[0]), self.square(a[1])))

    def only_positive(self, a, value):
        """`value`, NaN where the real function of a is: left of 0."""
        nothing = self.apply("sub", self.apply("sqrt", a[0]), self.apply("sqrt", a[0]))
        return tuple(self.apply("add", part, nothing) for part in value)

    def exp(self, a):
        size = self.apply("exp", a[0])
        return (
            self.apply("mul", size, self.apply("cos", a[1])),
            self.apply("mul", size, self.apply("sin", a[1])),
        )

    def log(self, a):
        value = self.apply("log", self.size(a)), self.apply("atan2", a[1], a[0])
        return self.only_positive(a, value)

    def sqrt(self, a):
        half = self.number(0.5)
        root = self.apply("sqrt", self.apply("mul", half, self.apply("add", self.size(a), a[0])))
        value = root, self.apply("div", self.apply("mul", half, a[1]), root)
        return self.only_positive(a, value)

    def inverse(self, a):
        made = self.div((self.graph.one, self.number(0.0)), a)
        tip = self.apply("eq", a[0], self.number(0.0))
        return tuple(self.graph.where(tip, self.number(0.0), part) for part in made)

    def pow(self, a, b):
        """Of a negative number only whole powers are real: they are those of its size."""
        left = self.apply("lt", a[0], self.number(0.0))
        size = self.choose(left, self.neg(a), a)
        sign = self.apply("pow", self.graph.where(left, self.graph.minus_one, self.graph.one), b[0])
        made = self.exp(self.mul(b, self.log(size)))
        return self.apply("mul", sign, made[0]), self.apply("mul", sign, made[1])

    def sin(self, a):
        apply = self.apply
        return (
            apply("mul", apply("sin", a[0]), apply("cosh", a[1])),
            apply("mul", apply("cos", a[0]), apply("sinh", a[1])),
        )

    def cos(self, a):
        apply = self.apply
        return (
            apply("mul", apply("cos", a[0]), apply("cosh", a[1])),
            apply("neg", apply("mul", apply("sin", a[0]), apply("sinh", a[1]))),
        )

    def tan(self, a):
        return self.div(self.sin(a), self.cos(a))

    def sinh(self, a):
        apply = self.apply
        return (
            apply("mul", apply("sinh", a[0]), apply("cos", a[1])),
            apply("mul", apply("cosh", a[0]), apply("sin", a[1])),
        )

    def cosh(self, a):
        apply = self.apply
        return (
            apply("mul", apply("cosh", a[0]), apply("cos", a[1])),
            apply("mul", apply("sinh", a[0]), apply("sin", a[1])),
        )

    def tanh(self, a):
        """By the addition theorem: sinh over cosh overflows."""
        apply, one = self.apply, self.graph.one
        t, u = apply("tanh", a[0]), apply("tan", a[1])
        cosh = apply("cosh", a[0])
        slope = apply("div", one, apply("mul", cosh, cosh))
        below = apply("add", one, self.square(apply("mul", t, u)))
        real = apply("mul", t, apply("add", one, self.square(u)))
        return apply("div", real, below), apply("div", apply("mul", u, slope), below)

    def atan(self, a):
        apply, one = self.apply, self.graph.one
        double = apply("mul", self.number(2.0), a[0])
        sizes = self.square(a[0]), self.square(a[1])
        real = apply("atan2", double, apply("sub", apply("sub", one, sizes[0]), sizes[1]))
        whole = apply("add", apply("add", one, sizes[0]), sizes[1])
        part = apply("div", apply("mul", self.number(2.0), a[1]), whole)
        half = self.number(0.5)
        return apply("mul", half, real), apply("mul", half, self._atanh(part))

    def _atanh(self, u):
        """The logarithm loses the digits of a small u; the series has them."""
        apply, one = self.apply, self.graph.one
        square, series = self.square(u), self.number(1.0 / 13.0)
        for odd in (11, 9, 7, 5, 3, 1):
            series = apply("add", self.number(1.0 / odd), apply("mul", square, series))
        ratio = apply("div", apply("add", one, u), apply("sub", one, u))
        small = apply("lt", apply("abs", u), self.number(0.05))
        large = apply("mul", self.number(0.5), apply("log", ratio))
        return self.graph.where(small, apply("mul", u, series), large)

    def asin(self, a):
        one = (self.graph.one, self.number(0.0))
        cosine = self.sqrt(self.mul(self.sub(one, a), self.add(one, a)))
        return self.atan(self.div(a, cosine))

    def acos(self, a):
        return self.sub((self.number(math.pi / 2), self.number(0.0)), self.asin(a))

    def atan2(self, a, b):
        """atan(a/b) or its complement, whichever has the smaller argument."""
        apply, zero = self.apply, self.number(0.0)
        flat = apply("lt", apply("abs", a[0]), apply("abs", b[0]))
        near, far = self.atan(self.div(a, b)), self.atan(self.div(b, a))
        turn = apply("sub", apply("atan2", a[0], b[0]), apply("atan", apply("div", a[0], b[0])))
        near = apply("add", near[0], turn), near[1]
        sign = self.number(math.pi / 2)
        quarter = self.graph.where(apply("lt", a[0], zero), apply("neg", sign), sign)
        far = apply("sub", quarter, far[0]), apply("neg", far[1])
        return tuple(self.graph.where(flat, p, q) for p, q in zip(near, far, strict=True))

    def abs(self, a):
        return self.apply("abs", a[0]), self.apply("mul", self.apply("sign", a[0]), a[1])

    def choose(self, condition, a, b):
        return self.graph.where(condition, a[0], b[0]), self.graph.where(condition, a[1], b[1])

    def min(self, a, b):
        return self.choose(self.apply("lt", a[0], b[0]), a, b)

    def max(self, a, b):
        return self.choose(self.apply("lt", b[0], a[0]), a, b)

    def where(self, condition, a, b):
        return self.choose(condition[0], a, b)


def _of_the_real_part(name):
    def apply(arithmetic, *operands):
        reals = [real for real, _ in operands]
        return arithmetic.apply(name, *reals), arithmetic.number(0.0)

    return apply


_COMPLEX = {
    name: getattr(_Arithmetic, name, None) or _of_the_real_part(name) for name in OPERATIONS
}
