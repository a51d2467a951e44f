"""Colours and ticks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdviz.scale import Scale, nice_ticks, short, tick_label
from gdviz_core import SURFACES


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda s: s.name)
def test_the_scale_spreads_the_surface_over_the_colours(surface):
    x0, x1, y0, y1 = surface.domain
    values = surface.grid(np.linspace(x0, x1, 300), np.linspace(y0, y1, 300))
    scale = Scale.of(values)
    levels = (scale.levels(values) - scale.low) / (scale.high - scale.low)
    counts, _ = np.histogram(np.clip(levels, 0, 1), 8, (0, 1))
    # no single shade covers the map, but for plains with a hole in them
    assert counts.max() < (0.97 if "plateau" in surface.tags else 0.8) * values.size
    assert (counts > 0).all()


def test_the_logarithm_comes_where_the_range_asks_for_it():
    x = np.linspace(0, 1, 1000)
    assert Scale.of(x).unit == 0
    assert Scale.of(np.exp(20 * x)).unit > 0


@given(st.lists(st.floats(allow_nan=True, width=64), max_size=50))
def test_any_values_have_a_finite_scale(values):
    scale = Scale.of(np.array(values, dtype=float))
    assert math.isfinite(scale.low)
    assert math.isfinite(scale.high)
    assert scale.high > scale.low
    assert np.isfinite(scale.contours(18)).all()
    for tick in scale.ticks(8):
        assert -0.01 <= scale.fraction(tick) <= 1.01


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 20))
def test_ticks_are_few_and_inside(low, span, room):
    ticks = nice_ticks(low, low + span, room)
    assert len(ticks) <= 2 * room + 2
    slack = 1e-6 * span + 1e-12 * abs(low)
    assert all(low - slack <= t <= low + span + slack for t in ticks)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.1354, "0.1354"), (25.444, "25.44"), (1234.5, "1234"), (-3.5, "−3.500"),
     (4.5e-7, "4.50×10⁻⁷"), (math.inf, "∞"), (math.nan, "not finite"), (1e-310, "1.00×10⁻³¹⁰"),
     (9.996e-7, "1.00×10⁻⁶")],
)  # fmt: skip
def test_numbers_in_few_characters(value, text):
    assert short(value) == text


def test_tick_labels():
    assert tick_label(1e10, True) == "10¹⁰"
    assert tick_label(2e10, True) == "2×10¹⁰"
    assert tick_label(-0.5, False) == "−0.5"


@given(
    st.lists(st.floats(-1e308, 1e308), min_size=6, max_size=40),
    st.sampled_from([0.0, 1e-300, 1e300, 1.0]),
)
def test_shades_are_levels_between_the_ends_of_the_bar(losses, extra):
    values = np.array([*losses, extra, np.inf, -np.inf, np.nan])
    scale = Scale.of(values)
    shades = scale.shades(values)
    good = np.isfinite(values)
    assert np.isfinite(shades[good]).all()
    assert not np.isfinite(shades[~good]).any()
    wanted = (scale.levels(values[good]) - scale.low) / (scale.high - scale.low)
    inside = (wanted >= 0) & (wanted <= 1)
    assert np.allclose(shades[good][inside], wanted[inside], atol=2e-6)
