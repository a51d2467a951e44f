"""What surrounds the rule of a racer: schedules, clipping, weight decay, noise."""

from dataclasses import replace

import numpy as np
import pytest

import gdviz_core as core
from gdviz import compute
from gdviz.experiment import Experiment, enter, first_experiment
from gdviz.racer import Racer, schedule_parameters, schedules

BOWL = Experiment("sphere", starts=((3.0, -1.0),), steps=50, tolerance=0.0)


def run(*racers, **changes):
    return compute.finish(compute.race(replace(BOWL, racers=racers, **changes))).trajectories


@pytest.mark.parametrize("schedule", list(core.SCHEDULES))
def test_the_learning_rate_of_a_run_is_that_of_its_schedule(schedule):
    racer = Racer("gd", {"lr": 0.1}, schedule=schedule)
    (t,) = run(racer)
    wanted = 0.1 * core.SCHEDULES[schedule].factors(50)
    np.testing.assert_allclose(t.lr[1:], wanted[: len(t) - 1], rtol=1e-15)


def test_a_typed_schedule_is_followed_step_by_step():
    (t,) = run(Racer("gd", {"lr": 0.4}, schedule="1/(1 + 3*s)"))
    x = 3.0
    for step in range(50):  # the slope of the sphere is 2x
        x -= 0.4 / (1 + 3 * step / 50) * 2 * x
        assert t.x[step + 1] == pytest.approx(x, rel=1e-12, abs=1e-300)


def test_a_plateau_reduces_the_rate_when_nothing_is_gained():
    (t,) = run(Racer("gd", {"lr": 1.0}, schedule="plateau", schedule_values={"patience": 5}))
    assert t.lr[1] == 1.0  # jumps from side to side for ever
    assert t.lr[-1] < 0.5


def test_clipping_bounds_the_step_and_weight_decay_is_a_pull():
    clipped, whole, pulled = run(
        Racer("gd", {"lr": 0.1}, clip=0.5), Racer("gd", {"lr": 0.1}),
        Racer("gd", {"lr": 0.1}, weight_decay=0.3),
    )  # fmt: skip
    assert np.hypot(clipped.x[1] - 3, clipped.y[1] + 1) == pytest.approx(0.05)
    assert whole.x[1] == pytest.approx(3 - 0.1 * 6)
    assert pulled.x[1] == pytest.approx(3 - 0.1 * (6 + 0.3 * 3))


def test_noise_has_the_deviation_that_is_asked_for_and_is_the_same_for_all_racers():
    first, second = run(Racer("gd", {"lr": 1e-9}), Racer("momentum", {"lr": 1e-9, "momentum": 0}),
                        noise=2.0, seed=4, steps=4000)  # fmt: skip
    noise = -np.diff(first.x) / 1e-9 - first.grad_x[:-1]
    assert np.std(noise) == pytest.approx(2.0, rel=0.05)
    assert abs(np.mean(noise)) < 0.15
    np.testing.assert_allclose(first.x, second.x, rtol=1e-15)
    (other,) = run(Racer("gd", {"lr": 1e-9}), noise=2.0, seed=5, steps=4000)
    assert not np.allclose(np.diff(other.x), np.diff(first.x))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"schedule": "cosine", "schedule_values": {"gamma": 1.0}}, "has no 'gamma'"),
        ({"schedule": "step", "schedule_values": {"gamma": 2.0}}, "gamma must be"),
        ({"schedule": "1/("}, "ends too early|expected"),
        ({"schedule": "1/s"}, "not a finite number at step 1"),
        ({"schedule": "nonsense"}, "nonsense"),
        ({"clip": 0.0}, "clip must be greater than 0"),
        ({"clip": -1.0}, "clip must be greater than 0"),
        ({"clip_value": float("nan")}, "clip_value must be"),
        ({"weight_decay": -1.0}, "weight_decay must be"),
        ({"optimizer": "scipy_bfgs", "values": {}, "schedule": "step"}, "has no learning rate"),
        ({"optimizer": "scipy_bfgs", "values": {}, "clip": 1.0}, "clip must be off"),
    ],
)
def test_a_bad_field_is_refused_by_name(fields, why):
    with pytest.raises(ValueError, match=why):
        Racer(**{"optimizer": "gd", "values": {"lr": 0.1}, **fields})


def test_noise_is_refused_where_a_library_asks_for_its_own_gradients():
    experiment = replace(first_experiment(), racers=(Racer("scipy_bfgs"),))
    with pytest.raises(ValueError, match="noise must be 0 while"):
        replace(experiment, noise=1.0)
    with pytest.raises(ValueError, match="noise must be"):
        replace(first_experiment(), noise=-1.0)
    with pytest.raises(ValueError, match="seed must be"):
        replace(first_experiment(), seed=-1)


def test_values_that_are_the_defaults_are_not_kept():
    racer = Racer("gd", schedule="step", schedule_values={"gamma": 0.1, "drops": 4.0})
    assert racer.schedule_values == {"drops": 4.0}
    assert Racer("gd", schedule="constant").conditions() == {}


def test_every_schedule_has_a_title_a_sentence_and_parameters_that_explain_themselves():
    assert set(schedules()) == {*core.SCHEDULES, "plateau"}
    for name, (title, summary) in schedules().items():
        assert title
        assert summary.endswith(".")
        assert all(p.meaning for p in schedule_parameters(name))


def test_new_racers_have_no_schedule():
    assert enter(first_experiment(), "adam").conditions() == {}
