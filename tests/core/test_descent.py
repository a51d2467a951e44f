"""Runs: why they end, what is recorded, and what is refused before it costs anything."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SURFACES, Surface

bowl = Surface.from_formula("x^2 + y^2", domain=(-2, 2, -2, 2))
gd = OPTIMIZERS["gd"]


def test_a_converged_run_ends_at_the_first_small_gradient():
    t = core.descend(bowl, gd(lr=0.1), (1.0, 1.0), 1000, tolerance=1e-6)
    assert t.status == "converged"
    assert t.grad_norm[-1] <= 1e-6 < t.grad_norm[-2]
    assert len(t) == t.steps + 1 < 1001


def test_a_diverging_run_ends_a_million_domains_away():
    t = core.descend(bowl, gd(lr=1.5), (1.0, 0.0), 1000)
    assert t.status == "diverged"
    assert abs(t.x[-1]) > 2e6 * 1.9 > abs(t.x[-2]) / 2
    np.testing.assert_allclose(t.x, (-2.0) ** np.arange(len(t)))


def test_a_run_that_leaves_where_the_surface_is_defined_diverges_there():
    t = core.descend(Surface.from_formula("log(x)"), gd(lr=1.0), (1.5, 0.0), 50)
    assert t.status == "diverged"
    assert np.isnan(t.loss[-1])
    assert np.isfinite(t.loss[:-1]).all()
    assert (t.x[:-1] > 0).all()


def test_a_start_where_the_surface_is_not_finite_has_diverged_at_once():
    t = core.descend(Surface.from_formula("1/x"), gd(), (0.0, 0.0), 50)
    assert (t.status, len(t)) == ("diverged", 1)


def test_leaving_the_domain_is_recorded_and_the_run_goes_on():
    slope = Surface.from_formula("x", domain=(-2, 2, -2, 2))
    t = core.descend(slope, gd(lr=0.3), (1.0, 0.0), 50)
    assert (t.status, t.left, t.steps) == ("out of steps", 11, 50)
    assert t.x[11] < -2 <= t.x[10]


def test_a_run_may_be_told_to_stop_at_the_border():
    slope = Surface.from_formula("x", domain=(-2, 2, -2, 2))
    t = core.descend(slope, gd(lr=0.3), (1.0, 0.0), 50, stop_outside=True)
    assert (t.status, t.left, t.steps) == ("left the domain", 11, 11)


def test_a_run_that_comes_back_has_converged_and_says_that_it_left():
    corner = Surface.from_formula("x^2 + y^2", domain=(-0.5, 2, -0.5, 2))
    t = core.descend(corner, OPTIMIZERS["momentum"](lr=0.1), (1.9, 1.9), 2000)
    assert t.status == "converged"
    assert t.x[t.left] < -0.5 <= t.x[t.left - 1]
    assert core.descend(corner, gd(lr=0.1), (1.9, 1.9), 2000).left is None


def test_a_run_out_of_steps_has_taken_them_all():
    t = core.descend(bowl, gd(lr=1e-6), (1.0, 1.0), 17)
    assert (t.status, len(t), t.steps, t.left) == ("out of steps", 18, 17, None)


def test_an_orbit_for_ever_ends_with_the_steps():
    t = core.descend(bowl, gd(lr=1.0), (1.0, 0.5), 1_000_000, every=1000)
    assert t.status == "out of steps"
    np.testing.assert_array_equal(np.abs(t.x), 1.0)


def test_without_steps_there_is_only_the_start():
    t = core.descend(bowl, gd(), (1.0, 2.0), 0)
    assert (len(t), t.x[0], t.y[0], t.loss[0]) == (1, 1.0, 2.0, 5.0)


def test_a_saddle_holds_a_run_that_starts_on_it():
    t = core.descend(SURFACES["hyperbolic_paraboloid"], gd(), (0.0, 0.0), 10)
    assert (t.status, t.steps) == ("converged", 0)


@given(st.integers(0, 40), st.integers(1, 13))
def test_a_sparse_record_is_part_of_the_full_one(steps, every):
    starts = [(0.5, 1.0), (-3.0, 2.0), (9.0, 9.0)]
    rule = [OPTIMIZERS["adam"](lr=0.5), OPTIMIZERS["gd"](lr=0.02)]
    full = core.race(SURFACES["himmelblau"], rule, starts, steps)
    sparse = core.race(SURFACES["himmelblau"], rule, starts, steps, every=every)
    for a, b in zip(full, sparse, strict=True):
        assert (a.status, a.steps, a.left) == (b.status, b.steps, b.left)
        np.testing.assert_array_equal(b.x, a.x[b.step])
        np.testing.assert_array_equal(b.loss, a.loss[b.step])
        assert b.index(b.steps) == len(b) - 1
        assert b.step[b.index(steps // 2)] <= steps // 2


def test_endpoints_are_the_ends_of_the_trajectories():
    surface, adam = SURFACES["styblinski_tang"], OPTIMIZERS["adam"](lr=0.05)
    starts = np.random.default_rng(1).uniform(-5, 5, (40, 2))
    ends = core.settle(surface, adam, starts, 90, tolerance=0)
    runs = core.race(surface, [adam], starts, 90, tolerance=0)
    np.testing.assert_array_equal(ends.x, [t.x[-1] for t in runs])
    np.testing.assert_array_equal(ends.loss, [t.loss[-1] for t in runs])
    assert set(ends.steps) == {90}


def test_racers_are_outer_and_starts_inner():
    ts = core.race(bowl, [gd(lr=0.1), gd(lr=0.2)], [(1, 1), (2, 2), (3, 3)], 5)
    assert [(t.lr[0], t.start[0]) for t in ts] == [
        (0.1, 1), (0.1, 2), (0.1, 3), (0.2, 1), (0.2, 2), (0.2, 3)]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"steps": -1}, "steps must be at least 0, not -1"),
        ({"steps": 10.5}, "steps must be a whole number, not '10.5'"),
        ({"starts": [(1, float("nan"))]}, "a start must be finite"),
        ({"starts": [(1, 2, 3)]}, "a start is two numbers"),
        ({"tolerance": -1}, "tolerance must be"),
        ({"every": 0}, "every must be at least 1"),
    ],
)
def test_a_bad_argument_is_named(arguments, part):
    with pytest.raises(ValueError, match=part):
        core.race(bowl, [gd()], **{"starts": [(0, 0)], **arguments})


@pytest.mark.parametrize(
    ("domain", "part"),
    [
        ((float("nan"), 1, 0, 1), "finite"),
        ((1, 1, 0, 1), "from low to high"),
        ((1, -1, 0, 1), "from low to high"),
        ((float("-inf"), float("inf"), 0, 1), "finite"),
        ((-1.7e308, 1.7e308, -1, 1), "finite"),
        ((1.0, 1.0000000000000002, 0, 1), "too narrow"),
        ((0, 1), "four numbers"),
        ("abcd", "four numbers"),
    ],
)
def test_a_bad_domain_is_named(domain, part):
    with pytest.raises(ValueError, match=part):
        Surface.from_formula("x", domain=domain)


def test_what_cannot_fit_into_memory_is_refused_at_once():
    begun = time.perf_counter()
    with pytest.raises(core.TooLarge, match=r"would need 8\.0 GB, more than the permitted 1\.5 GB"):
        core.race(bowl, [gd()], [(0, 0)], 200_000_000)
    assert time.perf_counter() - begun < 1.0


def test_numbers_no_float_can_hold_are_bad_values():
    huge = 10**400
    for call in (
        lambda: core.descend(bowl, gd(), (huge, 0)),
        lambda: gd(lr=huge),
        lambda: core.race(bowl, [gd()], [(0, 0)], tolerance=huge),
        lambda: core.race(bowl, [gd()], [(0, 0)], steps=10**25, every=10**25),
        lambda: core.settle(bowl, gd(), (0.0, 0.0), steps=2**63),
        lambda: Surface.from_formula("x", domain=(0, huge, 0, 1)),
    ):
        with pytest.raises(ValueError, match=r"must be|finite|start|domain"):
            call()


def test_with_tolerance_zero_only_a_slope_of_zero_converges():
    t = core.descend(Surface.from_formula("1e-170*x"), gd(), (1.0, 0.0), 5, tolerance=0)
    assert t.status == "out of steps"


def test_surfaces_survive_pickling():
    import pickle

    again = pickle.loads(pickle.dumps(SURFACES["ackley"]))
    assert again == SURFACES["ackley"]
    assert again.value(1.0, 2.0) == SURFACES["ackley"].value(1.0, 2.0)
