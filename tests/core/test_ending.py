"""Why a run ended, in words, and how runs compare."""

import numpy as np
import pytest

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SURFACES, rank

gd = OPTIMIZERS["gd"]


@pytest.mark.parametrize(
    ("surface", "optimizer", "start", "text"),
    [
        ("himmelblau", gd(lr=0.01), (0, 0), "converged to the minimum at (3, 2)"),
        ("hyperbolic_paraboloid", gd(lr=0.1), (1, 0),
         "stopped at the saddle at (0, 0), smallest eigenvalue -2"),
        ("himmelblau", OPTIMIZERS["newton"], (-0.27, -0.9),
         "stopped at the maximum at (-0.270845, -0.923039), largest eigenvalue -16.07"),
        ("monkey_saddle", gd(lr=0.1), (0, 0),
         "stopped at the degenerate point at (0, 0), smallest eigenvalue 0"),
        ("rosenbrock", gd(lr=0.1), (0.3, 0.2), "diverged at step 3"),
        ("ackley", gd(lr=0.1), (0, 0),
         "stopped on the tip at (0, 0), where the surface is not smooth"),
        ("sphere", OPTIMIZERS["sign_descent"](lr=0.3), (1, 1),
         "circling around (-0.05, -0.05) with amplitude 0.21"),
        ("sphere", gd(lr=1e-12), (1, 1), "stalled at (1, 1), slope 2.8"),
        ("sphere", gd(lr=1e-3), (1, 1), "out of steps at (0.367511, 0.367511), slope 1"),
    ],
)  # fmt: skip
def test_the_reason_is_a_sentence_with_numbers(surface, optimizer, start, text):
    t = core.descend(SURFACES[surface], optimizer, start, 500)
    assert str(t.reason) == text


def test_leaving_the_domain_is_a_reason_when_it_was_asked_for():
    t = core.descend(SURFACES["hyperbolic_paraboloid"], gd(lr=0.1), (1, 0.5), 500,
                     stop_outside=True)  # fmt: skip
    assert str(t.reason) == f"left the domain at step {t.steps}"


def test_an_orbit_has_the_amplitude_of_its_orbit():
    bowl = core.Surface.from_formula("x^2 + y^2")
    t = core.descend(bowl, gd(lr=1.0), (0.3, 0.0), 200)
    assert t.reason.kind == "circling"
    assert t.reason.amplitude == pytest.approx(0.3)
    # what slowly comes to rest does not circle
    slow = core.descend(bowl, gd(lr=0.98), (0.3, 0.0), 200)
    assert slow.reason.kind == "out of steps"


def test_a_race_is_ranked_by_evaluations_to_the_target_and_then_by_loss():
    surface = SURFACES["rosenbrock"]
    racers = [gd(lr=1e-3), OPTIMIZERS["newton"], OPTIMIZERS["bfgs"], gd(lr=1e-6), gd(lr=1.0)]
    runs = core.race(surface, racers, [(-1.2, 1)], 2000)
    rows = rank(runs, target=1e-4)
    for row in rows:
        t = row.trajectory
        assert row.best == np.nanmin(t.loss)
        if row.steps is not None:
            assert t.loss[row.steps] <= 1e-4
            assert (t.loss[: row.steps] > 1e-4).all()
            assert row.evaluations == row.steps * t.optimizer.evaluations
    assert [row.place for row in rows] == [1, 2, 3, 4, 5]
    reached = [row.evaluations for row in rows if row.evaluations is not None]
    assert reached == sorted(reached)
    others = [row.best for row in rows if row.evaluations is None]
    assert others == sorted(others)
    newton = next(row for row in rows if row.trajectory.optimizer.name == "newton")
    assert newton.distance == pytest.approx(0, abs=1e-9)


def test_equal_runs_share_a_place_and_no_runs_are_no_places():
    runs = core.race(SURFACES["sphere"], [gd(lr=0.1), gd(lr=0.1)], [(1, 1)], 50)
    assert [row.place for row in rank(runs)] == [1, 1]
    assert rank([]) == []


@pytest.mark.parametrize(
    "surface",
    [SURFACES["goldstein_price"], SURFACES["shubert"], SURFACES["bird"],
     SURFACES["deckkers_aarts"], SURFACES["michalewicz"], SURFACES["easom"],
     core.Surface.from_formula("(x-1000)^2 + (y-1000)^2", (0, 2000, 0, 2000), start=(1000, 1000)),
     core.Surface.from_formula("2000*x^2 + 3000*y^2", start=(0, 0)),
     core.Surface.from_formula("x^2 + y^2", (-1e-6, 1e-6, -1e-6, 1e-6), start=(0, 0))],
    ids=lambda s: s.name,
)  # fmt: skip
def test_smooth_minima_are_minima_however_steep_or_far(surface):
    for start in surface.minima[:20] or (surface.start,):
        t = core.descend(surface, gd(lr=1e-12), start, 1, tolerance=1e-3)
        assert t.reason.kind == "minimum", (start, str(t.reason))


def test_a_ranking_of_runs_without_finite_losses():
    falling = core.Surface.from_formula("-exp(x^2)")
    runs = core.race(falling, [gd(lr=0.1), OPTIMIZERS["sign_descent"](lr=1.0)], [(1, 0)], 200)
    assert len(rank(runs)) == 2
    nothing = core.race(core.Surface.from_formula("log(x)"), [gd()], [(-1, 1)], 5)
    (row,) = rank(nothing)
    assert (row.place, row.steps) == (1, None)
    with pytest.raises(ValueError, match="target must be a number"):
        rank(runs, target=float("nan"))
