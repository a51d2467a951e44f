"""The vector functions against mpmath, in units in the last place."""

import math

import mpmath
import numpy as np
import pytest

from gdviz_core import Surface

rng = np.random.default_rng(20)
N = 6000
AROUND = np.concatenate([rng.uniform(-2, 2, N), 10.0 ** rng.uniform(-300, 0, N // 4)])
ANGLES = np.concatenate([
    rng.uniform(-10, 10, N), rng.uniform(-1e6, 1e6, N), rng.uniform(-1e300, 1e300, 300),
    np.pi / 2 * np.arange(-300, 300), [1e6, math.nextafter(1e6, 2e6), 2.0**52, 1e22],
])  # fmt: skip
POINTS = {
    "exp": np.concatenate([rng.uniform(-745, 709.7, N), AROUND]),
    "log": np.concatenate([np.exp(rng.uniform(-745, 709, N)), rng.uniform(0.5, 2, N)]),
    "sin": ANGLES,
    "cos": ANGLES,
    "tanh": np.concatenate([rng.uniform(-30, 30, N), AROUND]),
}


@pytest.mark.parametrize("name", POINTS)
def test_at_most_two_and_a_half_ulp(name):
    points = POINTS[name]
    got = Surface.from_formula(f"{name}(x)").value(points, 0.0)
    exact = getattr(mpmath, name)
    with mpmath.workprec(120):
        for point, value in zip(points.tolist(), got.tolist(), strict=True):
            true = exact(mpmath.mpf(point))
            ulp = mpmath.mpf(float(np.spacing(abs(float(true)))))
            assert abs(mpmath.mpf(value) - true) <= 2.5 * ulp, point


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("name", "points", "values"),
    [
        ("exp", [INF, -INF, NAN, 0.0, 800, -800], [INF, 0.0, NAN, 1.0, INF, 0.0]),
        ("log", [INF, -INF, NAN, 0.0, -1, 1.0], [INF, NAN, NAN, -INF, NAN, 0.0]),
        ("sin", [INF, -INF, NAN, 0.0], [NAN, NAN, NAN, 0.0]),
        ("cos", [INF, -INF, NAN, 0.0], [NAN, NAN, NAN, 1.0]),
        ("tanh", [INF, -INF, NAN, 0.0], [1.0, -1.0, NAN, 0.0]),
    ],
)
def test_special_values_are_those_of_libm(name, points, values):
    got = Surface.from_formula(f"{name}(x)").value(points, 0.0)
    np.testing.assert_array_equal(got, values)
