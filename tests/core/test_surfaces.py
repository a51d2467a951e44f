"""Every surface of the catalogue against mpmath, and its critical points."""

import mpmath
import numpy as np
import pytest
import sympy

from gdviz_core import SURFACES

x, y = sympy.symbols("x y", real=True)
each_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda s: s.name)

# value at the best minimum, from Newton's method in 40 digits (mpmath), and how many critical
# points of each kind the domain holds
KNOWN = {
    "himmelblau": (0, 4, 4), "rosenbrock": (0, 1, 0), "beale": (0, 1, 2),
    "rastrigin": (0, 121, 220), "ackley": (0, 121, 220),
    "six_hump_camel": (-1.03162845348988, 6, 7), "peaks": (-6.55113333283584, 3, 3),
    "styblinski_tang": (-78.3323314075428, 4, 4),
    "zirilli": (-0.352386073800036, 2, 1), "hyperbolic_paraboloid": (None, 0, 1),
    "monkey_saddle": (None, 0, 0), "ellipse": (0, 1, 0),
}  # fmt: skip


@each_surface
def test_value_gradient_and_hessian_match_mpmath(surface):
    exact = sympy.sympify(surface.formula.replace("^", "**"), locals={"x": x, "y": y, "e": sympy.E})
    wanted = [exact, exact.diff(x), exact.diff(y),
              exact.diff(x, x), exact.diff(x, y), exact.diff(y, y)]  # fmt: skip
    function = sympy.lambdify((x, y), wanted, "mpmath")
    x0, x1, y0, y1 = surface.domain
    points = np.random.default_rng(11).uniform((x0, y0), (x1, y1), (100, 2))
    gx, gy = surface.gradient(*points.T)
    got = np.stack([surface.value(*points.T), gx, gy, *surface.hessian(*points.T)], axis=1)
    with mpmath.workdps(40):
        for (px, py), row in zip(points, got, strict=True):
            true = np.array([float(v) for v in function(mpmath.mpf(px), mpmath.mpf(py))])
            for group in (slice(0, 1), slice(1, 3), slice(3, 6)):
                error = np.linalg.norm(row[group] - true[group])
                assert error <= 1e-12 * np.linalg.norm(true[group])


@each_surface
def test_known_critical_points(surface):
    best, minima, saddles = KNOWN[surface.name]
    assert (len(surface.minima), len(surface.saddles)) == (minima, saddles)
    x0, x1, y0, y1 = surface.domain
    for kind in ("minima", "saddles", "maxima"):
        for px, py in getattr(surface, kind):
            assert x0 <= px <= x1
            assert y0 <= py <= y1
            gx, gy = surface.gradient(px, py)
            hxx, hxy, hyy = surface.hessian(px, py)
            size = max(abs(hxx), abs(hxy), abs(hyy))
            if surface.name == "ackley" and (px, py) == (0, 0):
                continue  # a cone: see below
            assert np.hypot(gx, gy) <= 1e-11 * max(1.0, size)
            determinant = hxx * hyy - hxy**2
            if kind == "saddles":
                assert determinant < 0 or (surface.name == "monkey_saddle" and size == 0)
            else:
                assert determinant > 0
                assert (hxx > 0) == (kind == "minima")
    if best is not None:
        values = [float(surface.value(*point)) for point in surface.minima]
        assert values[0] == pytest.approx(best, rel=1e-12, abs=1e-15)
        assert values[0] <= min(values) + 1e-9


@each_surface
def test_no_critical_point_of_the_domain_is_missing(surface):
    """Newton's method from a grid finds nothing that the catalogue does not list."""
    x0, x1, y0, y1 = surface.domain
    n = 160
    px, py = (a.ravel() for a in np.meshgrid(
        np.linspace(x0, x1, n) + 1.1e-4, np.linspace(y0, y1, n) + 1.7e-4))  # fmt: skip
    listed = np.array(
        [*surface.minima, *surface.saddles, *surface.maxima, *surface.degenerate], float
    ).reshape(-1, 2)
    with np.errstate(all="ignore"):
        for _ in range(80):
            gx, gy = surface.gradient(px, py)
            hxx, hxy, hyy = surface.hessian(px, py)
            determinant = hxx * hyy - hxy * hxy
            dx, dy = (hyy * gx - hxy * gy) / determinant, (hxx * gy - hxy * gx) / determinant
            short = np.minimum(1.0, 0.05 * (x1 - x0) / np.maximum(np.hypot(dx, dy), 1e-300))
            px, py = px - short * dx, py - short * dy
        gx, gy = surface.gradient(px, py)
        found = (np.hypot(gx, gy) < 1e-9) & (px > x0) & (px < x1) & (py > y0) & (py < y1)
    for point in zip(px[found], py[found], strict=True):
        near = np.hypot(*(listed - point).T).min()
        assert near < (1e-2 if surface.name == "monkey_saddle" else 1e-6), point


def test_ackley_is_a_cone_with_a_finite_gradient_at_its_tip():
    ackley = SURFACES["ackley"]
    assert ackley.gradient(0.0, 0.0) == (0.0, 0.0)
    slope = np.hypot(*ackley.gradient(1e-9, 0.0))
    assert slope == pytest.approx(2.8284271, rel=1e-6)


@each_surface
def test_entry_tells_title_start_and_source(surface):
    assert surface.title
    assert surface.source
    x0, x1, y0, y1 = surface.domain
    assert x0 <= surface.start[0] <= x1
    assert y0 <= surface.start[1] <= y1
    assert np.hypot(*surface.gradient(*surface.start)) > 1e-3
