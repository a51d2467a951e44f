"""The curves: each quantity against the trajectories, and the axes it is shown on."""

from dataclasses import replace

import numpy as np
import pytest

from gdviz import compute
from gdviz.curves import Levels, abscissae, quantities, series
from gdviz.experiment import Experiment, enter


@pytest.fixture(scope="module")
def race():
    experiment = Experiment("himmelblau", starts=((-0.35, -0.9), (2.0, 1.0)), steps=150)
    for name in ("gd", "adam", "sam", "newton"):
        experiment = replace(experiment, racers=(*experiment.racers, enter(experiment, name)))
    return compute.finish(compute.race(experiment))


def test_every_quantity_is_that_of_the_trajectory(race):
    minima = race.experiment.resolved().minima
    for lane, t in enumerate(race.trajectories):
        n = len(t)
        assert np.array_equal(series(race, "loss", minima)[lane, :n], t.loss)
        norm = np.hypot(t.grad_x, t.grad_y)
        assert np.allclose(series(race, "gradient", minima)[lane, :n], norm, rtol=1e-15)
        away = np.min([np.hypot(t.x - x, t.y - y) for x, y in minima], axis=0)
        assert np.allclose(series(race, "distance", minima)[lane, :n], away, rtol=1e-12)
        lr = series(race, "lr", minima)[lane, :n]
        assert np.array_equal(lr, t.lr)
        m = series(race, "m_x", minima)[lane]
        if t.optimizer.name == "adam":
            assert np.array_equal(m[:n], t.state["m_x"])
            assert (m[n:] == m[n - 1]).all()
        else:
            assert np.isnan(m).all()
    assert {"m_x", "m_y", "v_x", "v_y", "lr", "distance"} <= set(quantities(race))


def test_evaluations_count_what_a_step_costs(race):
    at = abscissae(race, "evaluations")
    for lane, t in enumerate(race.trajectories):
        cost = {"gd": 1, "adam": 1, "sam": 2, "newton": 3}[t.optimizer.name]
        assert np.array_equal(at[lane, : len(t)], cost * np.arange(len(t)))
    assert np.array_equal(abscissae(race, "steps")[3], race.steps)


def test_the_scale_is_logarithmic_where_that_shows_more(race):
    assert Levels.of(race).log
    assert Levels.of(race, "gradient").log
    assert Levels.of(race, "lr").log  # from 0.0061 of gradient descent to 1 of Newton's method
    assert not Levels.of(race, "m_x").log  # it has both signs
    assert not Levels.of(race, "loss", "linear").log
    assert Levels.of(race, "m_x", "log").title == "|m, x|"


def test_values_are_read_back_from_the_axis(race):
    for quantity in ("loss", "gradient", "distance", "lr", "v_y"):
        for scale in ("log", "linear"):
            levels = Levels.of(race, quantity, scale)
            wanted = series(race, quantity, race.experiment.resolved().minima)
            for lane in (2, 3):
                assert levels.read(lane, 5) == pytest.approx(wanted[lane, 5], rel=1e-9)


def test_what_nobody_has_is_said(race):
    levels = Levels.of(race, "nonsense")
    assert levels.title == "nonsense: none here"
    assert np.isfinite([levels.low, levels.high]).all()


def test_long_races_keep_the_extremes_of_every_column():
    experiment = Experiment("himmelblau", starts=((-0.35, -0.9),), steps=40_000, tolerance=0.0)
    experiment = replace(experiment, racers=(enter(experiment, "adam"),))
    race = compute.finish(compute.race(experiment))
    levels = Levels.of(race, "m_x")
    x, y, visible = levels.curves(race)
    assert y.shape[1] < 7000
    assert visible[0] <= y.shape[1]
    assert y.max() == levels.values.max()
    assert y.min() == levels.values.min()
    assert (np.diff(x[0]) >= 0).all()
