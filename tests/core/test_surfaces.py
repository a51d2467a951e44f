"""Every surface of the catalogue against mpmath, its published values, and itself."""

import re

import mpmath
import numpy as np
import pytest
import sympy

from gdviz_core import SURFACES, critical_points

x, y = sympy.symbols("x y", real=True)
each_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda s: s.name)

# The least value, from a computation in 40 digits or a closed form, and how many minima, saddles
# and maxima the domain holds, from the literature or an independent census; None: not known.
KNOWN = {
    "himmelblau": (0, 4, 4, 1), "rosenbrock": (0, 1, 0, 0), "beale": (0, 1, 2, 0),
    "rastrigin": (0, 121, 220, 100), "ackley": (0, 121, 220, 100),
    "six_hump_camel": (-1.03162845348988, 6, 7, 2), "peaks": (-6.55113333283584, 3, 3, 3),
    "styblinski_tang": (-78.3323314075428, 4, 4, 1),
    "zirilli": (-0.352386073800036, 2, 1, 0), "hyperbolic_paraboloid": (None, 0, 1, 0),
    "monkey_saddle": (None, 0, 0, 0), "ellipse": (0, 1, 0, 0), "sphere": (0, 1, 0, 0),
    "booth": (0, 1, 0, 0), "matyas": (0, 1, 0, 0), "goldstein_price": (3, 4, 4, 1),
    "three_hump_camel": (0, 3, 2, 0), "branin": (5 / (4 * np.pi), 3, 2, 0),
    "mccormick": (-np.sqrt(3) / 2 - np.pi / 3, 2, 1, 0), "griewank": (0, 17, 24, 18),
    "levy_n13": (0, None, None, None), "easom": (-1, None, None, None),
    "bohachevsky": (0, 25, 40, 16), "egg_crate": (0, 9, 24, 16),
    "eggholder": (-956.918231624666, None, None, None),
    "holder_table": (-19.2085025678867, 42, None, None),
    "cross_in_tray": (-2.06261187082274, 36, None, None), "drop_wave": (-1, 1, 0, 0),
    "schaffer_n2": (0, None, None, None), "schaffer_n4": (0.29257863203598, None, None, None),
    "bukin_n6": (0, 1, 0, 0), "schwefel": (0, 49, None, None),
    "michalewicz": (-1.80130341009855, 2, None, None),
    "shubert": (-186.730908831024, 722, 1444, 722),
    "de_jong_5": (0.99800383779445, None, None, None), "zakharov": (0, 1, 0, 0),
    "dixon_price": (0, 2, 1, 0), "trid": (-2, 1, 0, 0), "bird": (-106.764536749265, 6, 11, 6),
    "adjiman": (None, 0, 2, 0), "freudenstein_roth": (0, 2, 0, 0), "leon": (0, 1, 0, 0),
    "deckkers_aarts": (-24776.5183423177, 3, 2, 0), "treccani": (0, 2, 1, 0),
    "ursem": (-4.81681406373482, 2, 1, 0), "hosaki": (-2.34581157610129, 2, 1, 0),
    "mueller_brown": (-146.699517209954, 3, 2, 0), "parsopoulos": (0, 12, 25, 12),
    "bounded_saddle": (-5, 2, 1, 0), "double_well": (0, 2, 1, 0),
    "two_gaussian_bowl": (-2.06309025176819, 2, 1, 0),
    "local_minimum": (-5.03233996865843, 2, 1, 0), "sine_valley": (-1, 1, 1, 0),
    "ecliptic_bowl": (-1, 1, 0, 0), "hills": (-0.158808610034, 2, 3, 2),
    "plateau": (-np.sin(0.01) / 0.01 + 1e-6, 1, 0, 0), "tiny_net": (0, 2, 1, 0),
    "linear_regression": (0, 1, 0, 0), "sharp_trap": (0.762647007079, 2, 1, 0),
}  # fmt: skip
SECOND = {  # (x, y, value) of other minima that lists give
    "mccormick": (2.594395, 1.594395, 1.22836969861), "himmelblau": (3.584428, -1.848127, 0),
    "goldstein_price": (-0.6, -0.4, 30), "six_hump_camel": (1.703607, -0.796084, -0.21546382438),
    "styblinski_tang": (-2.903534, 2.746803, -64.19561235906),
    "rastrigin": (0.994959, 0, 0.9949590571), "ackley": (0.952167, 0, 2.579927557),
    "griewank": (3.140023, 4.438444, 0.00739604033), "levy_n13": (1.329619, 1, 0.10987365836),
    "bohachevsky": (0.61861, 0, 0.41292683), "egg_crate": (3.019602, 0, 9.4881973391),
    "michalewicz": (2.202906, 2.711571, -1.2140595156), "zirilli": (0.945649, 0, -0.15263944177),
    "freudenstein_roth": (11.412779, -0.896805, 48.9842536792),
    "ursem": (-1.444456, 0, -3.24601773694), "hosaki": (1, 2, -1.12779402697),
    "mueller_brown": (0.623499, 0.028038, -108.166724117), "sharp_trap": (2, 2, 1),
    "two_gaussian_bowl": (0.905318, 0, -1.0927319992),
    "three_hump_camel": (1.747552, -0.873776, 0.29863844223686),
}  # fmt: skip
# Where the Hessian is not that of a smooth surface.
TIPS = {"ackley": (0, 0), "plateau": (0, 0), "bukin_n6": (-10, 1)}
CREASED = {"holder_table", "cross_in_tray", "bukin_n6", "plateau", "eggholder", "schaffer_n4"}


def _sympy(surface):
    text = re.sub(r"\bwhere\(", "where_(", surface.formula.replace("^", "**"))

    def where_(condition, a, b):
        return sympy.Piecewise((a, condition), (b, True))

    given = {name: sympy.Float(value, 40) for name, value in surface.values.items()}
    return sympy.sympify(
        text, locals={"x": x, "y": y, "e": sympy.E, "where_": where_, "abs": sympy.Abs, **given}
    )


@each_surface
def test_value_gradient_and_hessian_match_mpmath(surface):
    exact = _sympy(surface)
    gradient = [exact.diff(x), exact.diff(y)]
    wanted = [exact, *gradient, gradient[0].diff(x), gradient[0].diff(y), gradient[1].diff(y)]
    modules = [{"DiracDelta": lambda *a: mpmath.mpf(0)}, "mpmath"]
    function = sympy.lambdify((x, y), wanted, modules, cse=True)
    x0, x1, y0, y1 = surface.domain
    points = np.random.default_rng(11).uniform((x0, y0), (x1, y1), (60, 2))
    gx, gy = surface.gradient(*points.T)
    got = np.stack([surface.value(*points.T), gx, gy, *surface.hessian(*points.T)], axis=1)
    # how much the terms of a formula that cancel may cost, in units of what is usual
    usual = [np.median(np.linalg.norm(got[:, g], axis=1)) for g in ([0], [1, 2], [3, 4, 5])]
    with mpmath.workdps(40):
        for (px, py), row in zip(points, got, strict=True):
            true = np.array([float(v) for v in function(mpmath.mpf(px), mpmath.mpf(py))])
            for scale, group in zip(usual, ([0], [1, 2], [3, 4, 5]), strict=True):
                error = np.linalg.norm(row[group] - true[group])
                assert error <= 1e-11 * max(np.linalg.norm(true[group]), 1e-2 * scale)


@each_surface
def test_it_is_finite_on_its_domain(surface):
    x0, x1, y0, y1 = surface.domain
    # with the lines on which creases lie, and the edges
    xs, ys = np.linspace(x0, x1, 121), np.linspace(y0, y1, 121)
    mx, my = np.meshgrid(xs, ys)
    assert np.isfinite(surface.value(mx, my)).all()
    assert np.isfinite(surface.gradient(mx, my)).all()
    assert np.isfinite(surface.hessian(mx, my)).all()


@each_surface
def test_listed_critical_points_are_critical(surface):
    x0, x1, y0, y1 = surface.domain
    for kind in ("minima", "saddles", "maxima", "degenerate"):
        for px, py in getattr(surface, kind):
            assert x0 <= px <= x1
            assert y0 <= py <= y1
            if TIPS.get(surface.name) == (px, py):
                ring = np.linspace(0, 2 * np.pi, 400)
                around = surface.value(px + 1e-6 * np.cos(ring), py + 1e-6 * np.sin(ring))
                assert (around > surface.value(px, py)).all()
                continue
            gx, gy = surface.gradient(px, py)
            hxx, hxy, hyy = (float(h) for h in surface.hessian(px, py))
            size = max(abs(hxx), abs(hxy), abs(hyy))
            assert np.hypot(gx, gy) <= 1e-11 * max(1.0, abs(px), abs(py)) * max(size, 1e-12)
            low, high = np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]])
            if kind == "saddles":
                assert low < 0 < high
            elif kind == "minima":
                assert low > 0
            elif kind == "maxima":
                assert high < 0


@each_surface
def test_known_values_and_counts(surface):
    best, *counts = KNOWN[surface.name]
    for kind, count in zip(("minima", "saddles", "maxima"), counts, strict=True):
        if count is not None:
            assert len(getattr(surface, kind)) == count
    if best is not None:
        values = [float(surface.value(*point)) for point in surface.minima]
        assert values[0] == pytest.approx(best, rel=1e-12, abs=1e-12)
        assert values[0] <= min(values) + 1e-9 * max(1, abs(values[0]))
    if surface.name in SECOND:
        px, py, value = SECOND[surface.name]
        near = min(surface.minima, key=lambda p: np.hypot(p[0] - px, p[1] - py))
        assert near == pytest.approx((px, py), abs=2e-5)
        assert float(surface.value(*near)) == pytest.approx(value, rel=1e-6, abs=1e-8)


def test_every_surface_has_known_values():
    assert set(KNOWN) == set(SURFACES)
    assert len(SURFACES) >= 56


@each_surface
def test_nothing_that_the_search_finds_is_missing(surface):
    found = critical_points(surface)
    kinds = {"minima": "minimum", "saddles": "saddle", "maxima": "maximum"}
    tolerance = 1e-6 * (surface.domain[1] - surface.domain[0])
    for name, kind in kinds.items():
        if surface.name in CREASED and name != "minima":
            continue  # where creases cross, the search sees points that no limit supports
        listed = np.array(getattr(surface, name)).reshape(-1, 2)
        for point in found.of_kind(kind):
            if point.on_edge or surface.name == "bukin_n6":
                continue
            assert len(listed), point
            assert np.hypot(*(listed - (point.x, point.y)).T).min() <= tolerance, point


@each_surface
def test_entry_tells_title_start_tags_and_source(surface):
    assert surface.title
    assert surface.source
    assert set(surface.tags) <= {
        "multimodal", "valley", "saddle", "plateau", "non-smooth", "unbounded"}  # fmt: skip
    assert ("saddle" in surface.tags) == bool(surface.saddles or surface.degenerate) or (
        surface.name in {"cross_in_tray", "holder_table", "schaffer_n2", "schaffer_n4",
                         "michalewicz", "drop_wave"})  # fmt: skip
    assert ("multimodal" in surface.tags) == (len(surface.minima) > 1) or (
        surface.name in {"drop_wave", "plateau"}
    )
    x0, x1, y0, y1 = surface.domain
    assert x0 <= surface.start[0] <= x1
    assert y0 <= surface.start[1] <= y1
    assert np.hypot(*surface.gradient(*surface.start)) > 1e-6
    for parameter in surface.parameters:
        assert parameter.check(parameter.value) == parameter.value
        assert parameter.meaning


def test_ackley_is_a_cone_with_a_finite_gradient_at_its_tip():
    ackley = SURFACES["ackley"]
    assert ackley.gradient(0.0, 0.0) == (0.0, 0.0)
    slope = np.hypot(*ackley.gradient(1e-9, 0.0))
    assert slope == pytest.approx(2.8284271, rel=1e-6)


def test_creases_have_finite_derivatives():
    for name, points in {
        "bukin_n6": [(-10.0, 1.0), (-8.0, 0.64)], "holder_table": [(0.0, 3.0), (0.0, 0.0)],
        "cross_in_tray": [(0.0, 0.0), (0.0, 2.0)], "eggholder": [(0.0, -47.0)],
        "schaffer_n4": [(1.0, 1.0)], "schwefel": [(0.0, 0.0)], "plateau": [(0.0, 0.0)],
    }.items():  # fmt: skip
        for point in points:
            assert np.isfinite(SURFACES[name].gradient(*point)).all(), (name, point)
            assert np.isfinite(SURFACES[name].hessian(*point)).all(), (name, point)


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [("rosenbrock", {"a": 0.5, "b": 10.0}, (0.5, 0.25)), ("ellipse", {"k": 3.0}, (0.0, 0.0)),
     ("griewank", {"k": 100.0}, (0.0, 0.0)), ("rastrigin", {"a": 5.0}, (0.0, 0.0))],
)  # fmt: skip
def test_parameters_change_the_surface_and_its_critical_points(name, value, where):
    surface = SURFACES[name](**value)
    assert surface.values == {**SURFACES[name].values, **value}
    assert surface.minima[0] == pytest.approx(where, abs=1e-9)
    points = np.array([*surface.minima, *surface.saddles, *surface.maxima])
    assert np.abs(surface.gradient(*points.T)).max() < 1e-8
    text = surface.formula
    for key, number in surface.values.items():
        text = re.sub(rf"\b{key}\b", f"({number})", text)
    plain = type(surface).from_formula(text)
    np.testing.assert_allclose(surface.value(0.3, 0.7), plain.value(0.3, 0.7), rtol=1e-14)
    np.testing.assert_allclose(surface.hessian(0.3, 0.7), plain.hessian(0.3, 0.7), rtol=1e-13)


def test_a_bad_parameter_is_named():
    with pytest.raises(ValueError, match=r"k must be at least 1 and at most 10000, not 0"):
        SURFACES["ellipse"](k=0)
    with pytest.raises(ValueError, match="ellipse has no parameter a; it has k"):
        SURFACES["ellipse"](a=1)
