"""Every way of differentiating against the exact gradient, on every surface."""

from dataclasses import replace

import numpy as np
import pytest

import gdviz_core as core
from gdviz_core.surface import WAYS

EPS = np.finfo(float).eps


def somewhere(surface, count=40):
    """Points of the domain, none of them special, where the surface is smooth and not wild."""
    rng = np.random.default_rng(7)
    x0, x1, y0, y1 = surface.domain
    x, y = rng.uniform(x0, x1, count), rng.uniform(y0, y1, count)
    loss, (gx, gy) = surface.value(x, y), surface.gradient(x, y)
    good = np.isfinite(loss) & np.isfinite(gx) & np.isfinite(gy)
    return x[good], y[good]


def by(surface, way, h=1e-6):
    return replace(surface, way=way, h=h)


@pytest.mark.parametrize("surface", core.SURFACES.values(), ids=lambda s: s.name)
def test_forward_mode_agrees_with_reverse_mode(surface):
    x, y = somewhere(surface)
    exact = np.array(surface.gradient(x, y))
    scale = np.hypot(*exact) + 1e-300
    found = np.array(by(surface, "forward").gradient(x, y))
    assert (np.abs(found - exact) / scale).max() < 1e-12


@pytest.mark.parametrize("name", ["himmelblau", "ackley", "beale", "easom", "rosenbrock", "peaks"])
def test_a_race_with_the_symbolic_derivative_is_that_with_the_exact_one(name):
    surface = core.SURFACES[name]
    x, y = somewhere(surface)
    long = core.Surface.from_formula("+".join(f"sin({n}*x)*y" for n in range(1, 200)))
    with pytest.raises(ValueError, match="symbolic derivative is for formulas of up to"):
        by(long, "symbolic").gradient(0.0, 0.0)
    exact = np.array(surface.gradient(x, y))
    found = np.array(by(surface, "symbolic").gradient(x, y))
    assert np.allclose(found, exact, rtol=1e-11, atol=1e-12 * np.abs(exact).max())
    gd = core.OPTIMIZERS["gd"](lr=1e-4)
    ours, theirs = (core.race(s, [gd], [surface.start], steps=50)[0]
                    for s in (surface, by(surface, "symbolic")))  # fmt: skip
    assert np.allclose(ours.x, theirs.x, rtol=1e-9)


@pytest.mark.parametrize("surface", core.SURFACES.values(), ids=lambda s: s.name)
def test_the_complex_step_has_no_error_to_speak_of(surface):
    x, y = somewhere(surface)
    exact = np.array(surface.gradient(x, y))
    scale = np.hypot(*exact) + 1e-300
    found = np.array(by(surface, "complex step", 1e-100).gradient(x, y))
    # terms that cancel leave an error of the size of the terms, in either
    size = np.abs(np.array(surface.hessian(x, y))).max(axis=0)
    size = np.where(np.isfinite(size), size, 0.0) * (np.hypot(x, y) + 1)
    assert (np.abs(found - exact) / (scale + size)).max() < 1e-12


@pytest.mark.parametrize(
    ("way", "order", "h"), [("forward difference", 1, 1e-7), ("central difference", 2, 1e-5)]
)
@pytest.mark.parametrize("surface", core.SURFACES.values(), ids=lambda s: s.name)
def test_differences_err_by_what_theory_says(surface, way, order, h):
    x, y = somewhere(surface)
    exact = np.array(surface.gradient(x, y))
    error = np.abs(np.array(by(surface, way, h).gradient(x, y)) - exact).max(axis=0)
    hxx, _, hyy = surface.hessian(x, y)
    # by how much the second derivative changes within ten steps bounds the third one's part
    wide = 10 * h
    moved = [surface.hessian(x + a * wide, y + b * wide) for a in (-1, 1) for b in (-1, 1)]
    third = sum(np.abs(m[0] - hxx) + np.abs(m[2] - hyy) for m in moved) / wide
    truncation = h * (np.abs(hxx) + np.abs(hyy)) if order == 1 else h**2 * third
    loss = np.abs(surface.value(x, y)) + 1
    terms = loss * (1 + np.abs(x) + np.abs(y))
    limit = 20 * truncation + 100 * EPS * terms / h + h * third * (h if order == 2 else 1)
    smooth = np.isfinite(limit)
    assert (error <= limit)[smooth].mean() > 0.97  # a crease within a step is no smooth point


def test_the_order_of_each_difference_is_seen():
    surface = core.SURFACES["himmelblau"]
    at = (1.3, -0.7)
    exact = np.array(surface.gradient(*at))

    def error(way, h):
        return np.hypot(*(np.array(by(surface, way, h).gradient(*at)) - exact))

    assert error("forward difference", 1e-3) / error("forward difference", 5e-4) == (
        pytest.approx(2, rel=0.01)
    )
    for way in ("central difference", "complex step"):
        assert error(way, 1e-2) / error(way, 5e-3) == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize(
    "formula",
    ["sqrt(x)", "log(x)", "x^y", "x^2.5", "tan(x)", "asin(x/3)", "acos(x/3)", "atan(x*y)",
     "atan2(y, x)", "atan2(x, -y)", "sinh(x)", "cosh(x)", "tanh(300*x)", "exp(x)*sin(y)",
     "abs(x - 2)", "min(x, y)", "max(x, y, 1)", "where(x < y, x^2, y^3)", "mod(x, 0.7)",
     "floor(x) + y", "sign(x)*x", "x/y", "1/x^3", "norm2"],
)  # fmt: skip
def test_the_complex_step_knows_every_function(formula):
    if formula == "norm2":
        formula = "sqrt(x^2 + y^2)"
    surface = core.Surface.from_formula(formula, (0.1, 2.9, 0.1, 2.9))
    x, y = np.random.default_rng(3).uniform(0.1, 2.9, (2, 200))
    exact = np.array(surface.gradient(x, y))
    found = np.array(by(surface, "complex step", 1e-30).gradient(x, y))
    assert np.allclose(found, exact, rtol=1e-12, atol=1e-13, equal_nan=True)


def test_whole_powers_of_negative_numbers_have_a_complex_step():
    from gdviz_core import Parameter

    k = Parameter("k", 2.0, 0.0, 200.0)
    for value in (2.0, 3.0, 100.0):
        surface = core.Surface.from_formula("x^k + y^100", parameters=[k])(k=value)
        exact = surface.gradient(-1.01, -0.99)
        found = by(surface, "complex step", 1e-30).gradient(-1.01, -0.99)
        assert found == pytest.approx(exact, rel=1e-12)


def test_outside_of_its_domain_a_function_has_no_complex_step_either():
    for formula in ("sqrt(x)", "log(x)", "x^1.5"):
        surface = by(core.Surface.from_formula(formula), "complex step")
        assert np.isnan(surface.gradient(-1.0, 0.0)[0])


def test_a_race_with_differences_ends_where_their_error_lets_it():
    surface, start = core.SURFACES["himmelblau"], [(0.0, 0.0)]
    gd = core.OPTIMIZERS["gd"](lr=0.01)
    (exact,) = core.race(surface, [gd], start, steps=2000)
    (rough,) = core.race(by(surface, "forward difference", 1e-2), [gd], start, steps=2000)
    assert exact.status == "converged"
    # it stops where the difference is 0: off by half a step
    assert np.hypot(rough.x[-1] - exact.x[-1], rough.y[-1] - exact.y[-1]) == (
        pytest.approx(0.005 * 2**0.5, rel=0.5)
    )
    assert rough.grad_x[0] == pytest.approx(
        (surface.value(0.01, 0.0) - surface.value(0.0, 0.0)) / 0.01
    )


def test_a_way_that_is_none_is_refused():
    surface = core.SURFACES["himmelblau"]
    with pytest.raises(ValueError, match="way must be one of reverse, symbolic"):
        by(surface, "guessing")
    with pytest.raises(ValueError, match="h must be"):
        by(surface, "central difference", 0.0)
    assert set(WAYS) == {
        "reverse", "symbolic", "forward", "forward difference", "central difference",
        "complex step",
    }  # fmt: skip
