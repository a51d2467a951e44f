"""Momentum and particles as racers that go together, and what is said of bodies."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdviz_core as core
from gdviz import compute, session
from gdviz.dictionary import counterpart, damping_of, energy_in, followed, told, twin
from gdviz.experiment import Experiment, enter, suggested_rate
from gdviz.own import Number, OwnRule
from gdviz.racer import Racer
from gdviz.session import Session
from gdviz_core import OPTIMIZERS
from gdviz_core.mechanics import body_of

MOMENTUM = Racer("momentum", {"lr": 0.002, "momentum": 0.9})
PARTICLE = Racer("particle", counterpart(MOMENTUM, 2.0).values)
PAIR = Experiment("himmelblau", starts=((0.3, -0.4),), racers=(MOMENTUM, Racer("gd"), PARTICLE),
                  together=True)  # fmt: skip


def iterates(experiment):
    race = compute.finish(compute.race(experiment))
    return [np.stack([t.x, t.y], axis=1) for t in race.trajectories]


def test_twins_find_each_other():
    assert twin(PAIR.racers, 0) == 2
    assert twin(PAIR.racers, 2) == 0
    assert twin(PAIR.racers, 1) is None
    thrown = PARTICLE.with_value("vx", 1.0)  # momentum starts at rest
    assert twin((MOMENTUM, thrown), 0) is None
    assert twin((MOMENTUM, PARTICLE.with_value("dt", 0.05)), 0) is None


@given(name=st.sampled_from(["lr", "momentum", "dt", "friction", "mass"]),
       share=st.floats(0.5, 1.5))  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_whichever_side_is_turned_both_make_the_same_steps(name, share):
    number = 0 if name in ("lr", "momentum") else 2
    value = PAIR.racers[number].values[name] * share
    if name == "momentum":
        value = min(value, 1.0)
    racers = list(PAIR.racers)
    racers[number] = racers[number].with_value(name, value)
    made = replace(PAIR.changed(racers=tuple(racers)), steps=40, tolerance=0.0)
    assert made.racers[number].values[name] == value
    assert made.racers[1] == PAIR.racers[1]
    one, _, other = iterates(made)
    np.testing.assert_allclose(other, one, rtol=1e-11, atol=1e-11)
    if number == 0:
        assert made.racers[2].values["mass"] == 2.0


def test_a_value_that_the_other_side_cannot_say_is_refused_with_a_remedy():
    heavy = PARTICLE.with_value("friction", 1e4)
    with pytest.raises(ValueError, match=r"momentum would be .*switch off Keep together"):
        PAIR.changed(racers=(MOMENTUM, PAIR.racers[1], heavy))
    apart = PAIR.changed(together=False)
    assert apart.changed(racers=(MOMENTUM, PAIR.racers[1], heavy)).racers[2] == heavy


def test_what_is_not_turned_is_left_alone():
    renamed = replace(MOMENTUM, name="Ball", colour=4)
    assert followed(PAIR.racers, (renamed, *PAIR.racers[1:])) == (renamed, *PAIR.racers[1:])
    assert followed(PAIR.racers, PAIR.racers[1:]) == PAIR.racers[1:]
    rows = (PAIR.racers[1], PARTICLE, MOMENTUM)
    assert followed(PAIR.racers, rows) == rows


def test_where_both_are_changed_momentum_leads():
    both = (MOMENTUM.with_value("lr", 0.001), PAIR.racers[1], PARTICLE.with_value("dt", 0.3))
    made = followed(PAIR.racers, both)
    assert made[0] == both[0]
    assert twin(made, 0) == 2


def test_rows_that_change_places_keep_their_numbers():
    a, b = MOMENTUM, Racer("momentum", {"lr": 0.001, "momentum": 0.5}, "Other")
    pair = replace(PAIR, racers=(a, b, PARTICLE))
    assert pair.changed(racers=(b, a, PARTICLE)).racers == (b, a, PARTICLE)


def test_another_surface_leaves_them_together():
    momentum = enter(Experiment("himmelblau"), "momentum")
    particle = Racer("particle", counterpart(momentum, 2.0).values)
    pair = replace(PAIR, racers=(momentum, particle))
    for made in (pair.on_surface("rosenbrock"), pair.on_surface("x^2 + 30*y^2")):
        assert made.racers[0].values["lr"] != momentum.values["lr"]
        assert twin(made.racers, 0) == 1


def test_a_surface_that_parts_them_can_be_chosen_all_the_same():
    rate = suggested_rate(Experiment("himmelblau").resolved(), "particle")
    particle = Racer("particle", {"dt": rate, "friction": 0.99 / rate})
    pair = replace(PAIR, racers=(Racer("momentum", counterpart(particle).values), particle))
    assert twin(pair.racers, 0) == 1
    made = pair.on_surface("1e-4*(x^2 + y^2)")  # where a longer time step is suggested
    assert made.racers[1].values["dt"] > rate
    assert twin(made.racers, 0) is None


def test_what_surrounds_the_rules_must_be_the_same_for_twins():
    for fields in ({"clip": 1.0}, {"weight_decay": 0.1}, {"way": "forward"}):
        assert twin((replace(MOMENTUM, **fields), PARTICLE), 0) is None
        assert twin((replace(MOMENTUM, **fields), replace(PARTICLE, **fields)), 0) == 1
    assert twin((replace(MOMENTUM, schedule="cosine"), PARTICLE), 0) is None


@pytest.mark.parametrize(("fields", "word"), [
    ({"clip": 1.0}, "clipping"), ({"clip_value": 1.0}, "clipping"),
    ({"weight_decay": 2.0}, "weight decay"), ({"schedule": "cosine"}, "a schedule"),
])  # fmt: skip
def test_what_else_acts_on_a_body_is_said_and_has_no_energy(fields, word):
    racer = replace(MOMENTUM, **fields)
    assert f"With {word}" in told(racer)
    race = compute.finish(compute.race(replace(PAIR, racers=(racer,), together=False)))
    assert energy_in(race, 0, None) is None


def test_a_copied_rule_comes_to_rest_as_the_shipped_one_does():
    values = {"dt": 0.01, "friction": 2.0, "vx": 3.0}
    shipped = Racer("particle", values)
    own = OwnRule.of(shipped.configured(), "Mine")
    assert own.velocity == "v"
    experiment = Experiment("himmelblau", starts=((3.0, 2.0),), steps=5000,
                            racers=(shipped, Racer("", rule=own)))  # fmt: skip
    race = compute.finish(compute.race(experiment))
    a, b = race.trajectories
    assert a.steps == b.steps > 100
    np.testing.assert_array_equal(a.x, b.x)
    again = session.load(session.dump(Session.of(experiment))).experiment
    assert again == experiment


@pytest.mark.parametrize("value", [-0.1, 0.0, 1e13])
def test_rules_of_older_sessions_may_have_any_number_called_dt(value):
    number = Number("dt", value, min(-1.0, value), max(1.0, value))
    rule = OwnRule("Old", "w = w - 0.01*g*(1 + 0*dt)", (number,))
    assert rule.optimizer().values["dt"] == value


def test_a_session_keeps_them_together():
    text = session.dump(Session.of(PAIR))
    assert session.load(text).experiment == PAIR
    assert "together" not in session.dump(Session.of(replace(PAIR, together=False)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_every_optimizer_is_in_mechanics(name):
    racer = enter(Experiment(), name)
    words = told(racer)
    assert words.endswith(".")
    assert OPTIMIZERS[name].title in words or "bead" in words
    says_body = "is a body" in words or "nearly a body" in words or "bead that slides" in words
    assert says_body == (body_of(racer.configured()) is not None)
    if name in ("adam", "adamw", "amsgrad"):
        assert "divides each coordinate" in words


def test_potential_energy_counts_from_the_lowest_minimum_that_is_known():
    formula = "(x^2 - 1)^2 + x/4 + y^2 + 5"
    particle = Racer("particle", {"dt": 0.02, "friction": 1.0})
    experiment = Experiment(formula, starts=((1.6, 0.5),), racers=(particle,))
    race = compute.finish(compute.race(experiment))
    points = core.critical_points(experiment.resolved())
    energy = energy_in(race, 0, points)
    deepest = min(p.loss for p in points if p.kind == "minimum")
    assert energy.floor == deepest
    assert energy.potential[-1] > 0.3  # it came to rest in the other one
    assert energy_in(race, 0, None).floor > deepest


def test_damping_is_told_by_the_minimum_it_ends_at():
    experiment = Experiment("himmelblau", starts=((2.0, 1.0),))
    points = core.critical_points(experiment.resolved())
    low, high = np.linalg.eigvalsh([[74.0, 20.0], [20.0, 34.0]])  # of Himmelblau at (3, 2)

    def verdict(friction):
        racer = Racer("particle_rk4", {"dt": 0.01, "friction": friction})
        return damping_of(body_of(racer.configured()), (3.01, 1.98), points)

    found = verdict(1.0)
    assert found.at == pytest.approx((3, 2), abs=1e-6)
    assert found.critical == pytest.approx((2 * math.sqrt(low), 2 * math.sqrt(high)), rel=1e-6)
    assert found.verdict == "along both axes it swings (underdamped)"
    both = verdict(12.0).verdict
    assert both == ("along the flat axis it creeps (overdamped), along the steep one it swings "
                    "(underdamped)")  # fmt: skip
    assert verdict(19.0).verdict == "along both axes it creeps (overdamped)"
    assert "never" in verdict(0.0).verdict
    assert "flat axis it is critically damped" in verdict(found.critical[0]).verdict
    assert damping_of(body_of(OPTIMIZERS["gd"]), (3.0, 2.0), points) is None
    assert damping_of(body_of(OPTIMIZERS["particle"]), (3.0, 2.0), None) is None
