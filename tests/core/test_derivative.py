"""Derivatives against SymPy and mpmath, forward against reverse, and the creases."""

import math

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz_core import Surface
from gdviz_core.derivative import forward, gradient
from gdviz_core.engine import Tape, evaluate
from gdviz_core.expression import parse
from gdviz_core.program import compile_program

x, y = sympy.symbols("x y", real=True)

FORMULAS = [
    "exp(x*y)", "log(x^2 + y^2 + 1)", "sin(x)*cos(y)", "tan(x/3)", "asin(x/4)*y", "acos(y/4)*x",
    "atan(x*y)", "atan2(y, x + 5)", "sinh(x) - cosh(y)", "tanh(x - y)", "sqrt(x^2 + 2*y^2 + 0.1)",
    "abs(x*y + 1)", "x^y", "(x + 3)^1.5", "x^7 - y^5 + x^-3", "1/(x*y)", "sign(x)*y^2",
    "min(x^2, y)", "max(x*y, x - y)", "where(x < y, x^3, y^2*x)", "x*x*x/y/y", "exp(exp(x/3)*y/5)",
]  # fmt: skip


def _sympy(formula):
    names = {"x": x, "y": y, "e": sympy.E, "abs": sympy.Abs, "min": sympy.Min, "max": sympy.Max}
    if formula.startswith("where"):
        return sympy.Piecewise((x**3, x < y), (y**2 * x, True))
    return sympy.sympify(formula.replace("^", "**"), locals=names)


@pytest.mark.parametrize("formula", FORMULAS)
def test_all_derivatives_match_sympy(formula):
    surface, exact = Surface.from_formula(formula), _sympy(formula)
    rng = np.random.default_rng(7)
    for px, py in rng.uniform(0.3, 2.6, (20, 2)):
        got = [surface.value(px, py), *surface.gradient(px, py), *surface.hessian(px, py)]
        wanted = [exact, *(exact.diff(v) for v in (x, y)),
                  exact.diff(x, x), exact.diff(x, y), exact.diff(y, y)]  # fmt: skip
        at = {x: sympy.Float(px, 40), y: sympy.Float(py, 40)}
        wanted = [float(w.subs(at).doit().evalf(30)) for w in wanted]
        for group in (slice(0, 1), slice(1, 3), slice(3, 6)):
            size = max(map(abs, wanted[group])) or 1.0
            assert got[group] == pytest.approx(wanted[group], rel=1e-12, abs=1e-12 * size)


@pytest.mark.parametrize("formula", FORMULAS)
def test_forward_and_reverse_mode_agree(formula):
    graph, node = parse(formula)
    nodes = [
        *gradient(graph, node, ("x", "y")), forward(graph, node, "x"), forward(graph, node, "y")
    ]  # fmt: skip
    tape = Tape(compile_program(graph, [(n, 2 + i) for i, n in enumerate(nodes)], ("x", "y")))
    points, out = np.random.default_rng(3).uniform(0.3, 2.6, (2, 50)), np.empty((4, 50))
    evaluate(tape, points, out)
    np.testing.assert_allclose(out[:2], out[2:], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("formula", "at", "wanted"),
    [
        ("abs(x) + abs(y)", (0, 0), (0, 0)),  # the middle of the subgradients
        ("sqrt(x^2 + y^2)", (0, 0), (0, 0)),  # the tip of a cone
        ("where(x > 0, sqrt(x), 0)", (-1, 0), (0, 0)),  # the branch not taken is NaN
        ("sqrt(max(x, 0)) + y", (-1, 0), (0, 1)),
        ("where(x > 1, 1/(x - 1), x*y)", (1, 3), (3, 1)),
        ("floor(x) + y", (2, 0), (0, 1)),
        ("max(x, y)", (2, 2), (0, 1)),  # a tie takes the second, as the value does
    ],
)
def test_creases_have_finite_slopes(formula, at, wanted):
    surface = Surface.from_formula(formula)
    assert surface.gradient(*map(float, at)) == wanted
    assert np.isfinite(surface.hessian(*map(float, at))).all()


@pytest.mark.parametrize(
    ("formula", "point", "exact"),
    [
        ("tanh(x)", 19.0, lambda v: mpmath.sech(v) ** 2),
        ("tanh(x)", 400.0, lambda v: mpmath.sech(v) ** 2),
        ("asin(x)", 0.9999999, lambda v: 1 / mpmath.sqrt(1 - v**2)),
        ("acos(x)", -0.9999999, lambda v: -1 / mpmath.sqrt(1 - v**2)),
    ],
)
def test_slopes_keep_their_digits_where_the_function_flattens(formula, point, exact):
    with mpmath.workdps(60):
        wanted = float(exact(mpmath.mpf(point)))
    assert Surface.from_formula(formula).gradient(point, 0.0)[0] == pytest.approx(wanted, rel=1e-14)


def test_zero_to_a_power_does_not_change_with_the_power():
    assert Surface.from_formula("x^y").gradient(0.0, 2.0) == (0.0, 0.0)


def test_hessians_of_many_choices_stay_linear_in_size():
    sizes = []
    for count in (50, 100, 200):
        formula = "*".join(f"max(x, {i})" for i in range(count))
        sizes.append(len(Surface.from_formula(formula).tape("hessian").program.instructions))
    assert sizes[2] < 2.5 * sizes[1] < 6.5 * sizes[0]


def test_where_the_surface_ends_its_derivatives_are_not_finite():
    assert math.isnan(Surface.from_formula("log(x)").value(-1.0, 0.0))
    assert math.isinf(Surface.from_formula("1/x").value(0.0, 0.0))
    assert not np.isfinite(Surface.from_formula("sqrt(x)*y").gradient(-1.0, 1.0)).any()


def test_derivative_of_a_deep_formula_stays_linear_in_size():
    sizes = []
    for depth in (20, 40, 80):
        graph, node = parse("sin(" * depth + "x" + ")" * depth)
        sizes.append(len(graph.reach(gradient(graph, node, ("x", "y")))))
    assert sizes[2] - sizes[1] <= 2 * (sizes[1] - sizes[0]) + 2


def test_no_derivative_flushes_subnormal_numbers():
    surface = Surface.from_formula("1e-310*x*x")
    assert surface.value(1.0, 0.0) == 1e-310
    assert surface.gradient(1.0, 0.0)[0] == 2e-310
    assert mpmath.mpf(float(Surface.from_formula("1e-320*x").value(1.0, 0.0))) > 0


def _leaf():
    numbers = st.integers(1, 9).map(lambda n: n / 4)
    return st.one_of(
        st.just(("x", lambda x, y: x, lambda x, y: abs(x) + 1)),
        st.just(("y", lambda x, y: y, lambda x, y: abs(y) + 1)),
        numbers.map(lambda n: (repr(n), lambda x, y: mpmath.mpf(n), lambda x, y: n + 1)),
    )


def _grown(part):
    """(text, value, majorant) of a larger formula from smaller ones."""

    def both(sign, a, b):
        texts = f"({a[0]} {sign} {b[0]})"
        value = {"+": lambda x, y: a[1](x, y) + b[1](x, y),
                 "-": lambda x, y: a[1](x, y) - b[1](x, y),
                 "*": lambda x, y: a[1](x, y) * b[1](x, y)}[sign]  # fmt: skip
        most = {"*": lambda x, y: a[2](x, y) * b[2](x, y)}.get(
            sign, lambda x, y: a[2](x, y) + b[2](x, y))  # fmt: skip
        return texts, value, most

    def one(name, a):
        inner = {
            "sin": mpmath.sin, "cos": mpmath.cos, "tanh": mpmath.tanh, "atan": mpmath.atan,
            "exp": lambda u: mpmath.exp(mpmath.sin(u)), "sqrt": lambda u: mpmath.sqrt(1 + u**2),
            "log": lambda u: mpmath.log(1 + u**2), "square": lambda u: u**2,
            "div": lambda u: 1 / (1 + u**2),
        }[name]  # fmt: skip
        text = {"exp": f"exp(sin({a[0]}))", "sqrt": f"sqrt(1 + ({a[0]})^2)",
                "log": f"log(1 + ({a[0]})^2)", "square": f"({a[0]})^2",
                "div": f"1/(1 + ({a[0]})^2)"}.get(name, f"{name}({a[0]})")  # fmt: skip
        return text, lambda x, y: inner(a[1](x, y)), lambda x, y: (a[2](x, y) + 3) ** 2

    return st.one_of(
        st.builds(both, st.sampled_from("+-*"), part, part),
        st.builds(one, st.sampled_from(["sin", "cos", "tanh", "atan", "exp", "sqrt", "log",
                                        "square", "div"]), part),
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(_leaf(), _grown, max_leaves=7),
    st.floats(-2, 2).map(lambda v: round(v, 3)), st.floats(-2, 2).map(lambda v: round(v, 3)),
)  # fmt: skip
def test_any_formula_and_its_gradient_agree_with_mpmath(made, px, py):
    text, value, most = made
    surface = Surface.from_formula(text)
    with mpmath.workdps(50):
        at = mpmath.mpf(px), mpmath.mpf(py)
        wanted = [value(*at), mpmath.diff(value, at, (1, 0)), mpmath.diff(value, at, (0, 1))]
        size = float(most(*at))  # of what may have cancelled, and of its slope
    got = [surface.value(px, py), *surface.gradient(px, py)]
    for ours, theirs in zip(got, map(float, wanted), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-13 * (1 + size) ** 2)
