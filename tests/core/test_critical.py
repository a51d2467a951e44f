"""Critical points: counts that are known, kinds, curves, edges, and the belief in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz_core import SURFACES, Surface, critical_points
from gdviz_core.critical import _census


@pytest.mark.parametrize(
    ("name", "minima", "saddles", "maxima"),
    [("himmelblau", 4, 4, 1), ("six_hump_camel", 6, 7, 2), ("rastrigin", 121, 220, 100),
     ("shubert", 722, 1444, 722)],
)  # fmt: skip
def test_counts_that_are_known(name, minima, saddles, maxima):
    found = critical_points(SURFACES[name])
    counts = [len(found.of_kind(kind)) for kind in ("minimum", "saddle", "maximum")]
    assert counts == [minima, saddles, maxima]
    assert found.defect == 0
    assert found.completeness == 1
    assert found.belief.startswith("complete: two censuses agree")


def test_a_point_knows_its_eigenvalues_and_directions():
    (point,) = critical_points(Surface.from_formula("3x^2 - 2*x*y - y^2", domain=(-2, 2, -1, 3)))
    assert (point.x, point.y) == pytest.approx((0, 0), abs=1e-12)
    assert point.kind == "saddle"
    hessian = np.array([[6.0, -2.0], [-2.0, -2.0]])
    for k in (0, 1):
        vector = point.eigenvectors[:, k]
        np.testing.assert_allclose(hessian @ vector, point.eigenvalues[k] * vector, atol=1e-12)
    assert point.eigenvalues[0] < point.eigenvalues[1]


coefficients = st.floats(-2, 2).map(lambda v: round(v, 3))


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[coefficients] * 5))
def test_indices_add_up_to_the_winding_number(c):
    a, b, p, q, r = c
    s = Surface.from_formula(
        f"x^4 + y^4 + ({a})*x^2*y + ({b})*x*y^2 + ({p})*x*y + ({q})*x^2 - y^2 + ({r})*x + y/10",
        domain=(-5, 5, -5, 5),
    )
    found = critical_points(s)  # grows at the border, so the gradient turns around once
    assert found.defect in (0, None)
    kinds = [point.kind for point in found]
    if "degenerate" not in kinds and not any(point.on_edge for point in found):
        assert kinds.count("minimum") + kinds.count("maximum") - kinds.count("saddle") == 1
        for point in found:
            assert np.hypot(*s.gradient(point.x, point.y)) < 1e-8


def test_a_degenerate_point_has_its_own_index():
    (point,) = critical_points(SURFACES["monkey_saddle"])
    assert (point.kind, point.index) == ("degenerate", -2)
    (flat,) = critical_points(Surface.from_formula("x^4 + y^4", domain=(-1, 2, -1.5, 1)))
    assert (flat.kind, flat.index) == ("degenerate", 1)
    assert np.hypot(flat.x, flat.y) < 1e-3


def test_rings_are_curves_and_not_points():
    found = critical_points(SURFACES["drop_wave"])
    assert [(round(p.x, 9), round(p.y, 9), p.kind) for p in found] == [(0, 0, "minimum")]
    first = found.curves[0]
    assert (first.kind, first.loss) == ("minimum", pytest.approx(-0.936245327808))
    np.testing.assert_allclose(np.hypot(*first.points.T), 0.520215558873, rtol=1e-6)
    gaps = np.hypot(*np.diff(first.points, axis=0).T)
    assert gaps.max() < 0.2  # in order along the ring


def test_a_tip_is_a_minimum_that_is_not_smooth():
    best = critical_points(SURFACES["ackley"])[0]
    assert (best.kind, best.smooth) == ("minimum", False)
    assert np.hypot(best.x, best.y) < 1e-9
    (bukin,) = critical_points(SURFACES["bukin_n6"])
    assert not bukin.smooth


def test_minima_on_the_edge_are_told_apart():
    found = critical_points(SURFACES["eggholder"])
    x, y, loss = found.edge[0]
    assert (x, y, loss) == pytest.approx((512, 404.231805113758, -959.640662720851), abs=1e-6)
    assert found[0].loss > loss
    adjiman = critical_points(SURFACES["adjiman"])
    assert not adjiman.of_kind("minimum")
    assert adjiman.edge[0] == pytest.approx((2, 0.10578347, -2.02180678), abs=1e-6)
    flat = critical_points(Surface.from_formula("x^2 + (y - 1)^2", domain=(-2, 2, -1, 1)))
    assert [(p.kind, p.on_edge) for p in flat] == [("minimum", True)]


def test_a_part_of_the_plane_and_a_plane_without_points():
    part = critical_points(SURFACES["himmelblau"], (2, 4, 1, 3))
    assert [(round(p.x, 9), round(p.y, 9)) for p in part] == [(3, 2)]
    assert critical_points(Surface.from_formula("x + 2*y")) == []
    with pytest.raises(ValueError, match="grid must be from 8 to 4096, not 3"):
        critical_points(SURFACES["sphere"], grid=3)
    with pytest.raises(ValueError, match="domain"):
        critical_points(SURFACES["sphere"], (1, 0, 0, 1))


def test_a_coarse_search_says_that_it_may_have_missed_some():
    found = critical_points(SURFACES["rastrigin"], grid=12)
    assert len(found) < 441
    assert found.completeness < 1 or found.defect
    assert not found.belief.startswith("complete")


def test_plains_are_no_heaps_of_points():
    """What the search has to follow up grows with the border of a plain, not with its area."""
    flat, disc = Surface.from_formula("3"), Surface.from_formula("max(x^2 + y^2 - 1, 0)")
    assert critical_points(flat) == []
    assert len(_census(flat, flat.domain, 256, 0.0)[0]) == 0
    counts = [len(_census(disc, disc.domain, grid, 0.0)[0]) for grid in (128, 512)]
    assert 0 < counts[1] < 6 * counts[0]  # four times as fine: four, not sixteen times as many


def test_a_surface_too_rough_for_a_census_says_so_in_seconds_and_little_memory():
    surface = Surface.from_formula("sin(100*x)*cos(100*y)", (-5, 5, -5, 5))
    found = critical_points(surface)
    assert found.rough
    assert "too rough" in found.belief
    assert 1000 < len(found) < 20_000
    assert found.completeness < 0.5
    for point in found[:50]:  # what is found is right all the same
        gx, gy = surface.gradient(point.x, point.y)
        assert np.hypot(gx, gy) < 1e-9
    assert not critical_points(SURFACES["rastrigin"]).rough


def test_a_process_aside_finds_the_same_points():
    from gdviz import compute

    surface = Surface.from_formula("(x^2 - 1)^2 + (y^2 - 2)^2 + 0.1*x*y + 0.017*x")
    here, there = (compute.finish(compute.chart(surface, aside)) for aside in (False, True))
    assert here is not there
    assert [(p.x, p.y, p.kind, p.loss) for p in here] == [(p.x, p.y, p.kind, p.loss) for p in there]
    assert (here.belief, here.defect) == (there.belief, there.defect)
