"""Races and landscapes for the views."""

import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

import gdviz_core as core
from gdviz import compute
from gdviz.experiment import Experiment, first_experiment
from gdviz.racer import Racer
from gdviz_core import SURFACES


def run(experiment):
    return compute.finish(compute.race(experiment))


def test_lanes_hold_their_last_finite_place():
    experiment = Experiment("himmelblau", starts=((0.0, 0.0), (5.0, 5.0)), steps=60, racers=(
        Racer("gd", {"lr": 0.01}), Racer("gd", {"lr": 0.5}), Racer("adam", on=False)))  # fmt: skip
    race = run(experiment)
    assert len(race.trajectories) == 4
    for lane, t in enumerate(race.trajectories):
        drawn = race.visible[lane]
        np.testing.assert_array_equal(race.x[lane, :drawn], t.x[:drawn])
        assert (race.x[lane, drawn:] == t.x[drawn - 1]).all()
        assert drawn >= len(t) - 1
        assert np.isfinite(race.x[lane]).all()
        np.testing.assert_array_equal(race.loss[lane, : len(t)], t.loss)
        np.testing.assert_array_equal(race.loss[lane, len(t) :], t.loss[-1])
    assert race.last == max(t.steps for t in race.trajectories)
    assert "diverged at step" in race.end(race.lane(1, 0))


def test_a_long_race_is_recorded_sparsely():
    experiment = Experiment("x^2+y^2", starts=((1.0, 1.0),), steps=1_500_000, tolerance=0.0,
                            racers=(Racer("gd", {"lr": 1e-9}),))  # fmt: skip
    assert compute.sparsity(experiment, experiment.steps) == 4
    race = run(replace(experiment, steps=600_001))
    assert race.every == 2
    assert (race.steps[1], race.steps[-1]) == (2, 600_001)


def test_a_race_that_ends_early_is_recorded_in_full_whatever_its_limit():
    experiment = Experiment("himmelblau", starts=((0.0, 0.0),), steps=5_000_000,
                            racers=(Racer("adam", {"lr": 0.05}),))  # fmt: skip
    race = run(experiment)
    assert race.every == 1
    assert race.trajectories[0].status == "converged"
    assert len(race.trajectories[0]) == race.trajectories[0].steps + 1


def test_the_end_of_a_run_in_words():
    def end(**fields):
        racer = Racer("gd", {"lr": 0.3})
        return run(Experiment("x", starts=((4.0, 0.0),), racers=(racer,), **fields)).end(0)

    assert end(steps=10) == "out of steps at (1, 0), slope 1, step 10"
    assert end(steps=100) == "out of steps at (-26, 0), slope 1, step 100, left the domain at 31"
    assert end(steps=100, stop_outside=True) == "left the domain at step 31"


def test_ten_thousand_starts_stay_within_memory():
    starts = tuple(
        (float(x), float(y)) for x, y in np.random.default_rng(0).uniform(-5, 5, (10_000, 2))
    )
    race = run(Experiment("himmelblau", starts=starts, steps=1000, racers=(Racer("gd"),)))
    assert race.x.nbytes < 100e6
    assert len(race.trajectories) == 10_000


def test_a_race_without_starts_or_racers_is_empty():
    assert run(Experiment("x+y", racers=(Racer("gd"),))).last == 0
    assert run(Experiment("x+y", starts=((0.0, 0.0),))).trajectories == []


def test_a_race_in_the_background_can_be_given_up():
    experiment = Experiment("rosenbrock", starts=((0.0, 0.0),), steps=1_000_000_000,
                            racers=(Racer("gd", {"lr": 1e-9}),))  # fmt: skip
    computation = compute.race(experiment)
    assert 0 <= next(computation) <= 1
    computation.close()  # returns: the threads have ended


def test_progress_rises_to_one():
    heard = []
    compute.finish(compute.race(first_experiment()), heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_a_landscape_is_the_surface():
    surface = SURFACES["peaks"]
    xs, ys = np.linspace(-3, 3, 20), np.linspace(-2, 2, 30)
    values = compute.finish(compute.landscape(surface, xs, ys))
    np.testing.assert_array_equal(values, surface.value(xs[None, :], ys[:, None]))


@pytest.mark.parametrize("formula", ["+".join(["sin(x*y)"] * 600), "x"])
def test_slow_and_quick_landscapes_agree(formula):
    surface = Experiment(formula).resolved()
    xs = np.linspace(0, 1, 400)
    values = compute.finish(compute.landscape(surface, xs, xs))
    np.testing.assert_array_equal(values[7], surface.value(xs, xs[7]))


@pytest.mark.parametrize("rows", [1, 4, 12])
def test_a_large_landscape_over_a_few_rows_is_not_computed_by_who_asks(rows, monkeypatch):
    # it takes 0.1 s and more: to begin a pass over a table is worth some rows, however few it has
    x = np.linspace(-2.0, 2.0, rows)
    surface = core.Surface("loss", "Loss", "log(1 + exp(-x * (a * x + b)))", (-3, 3, -3, 3),
                           variables=("a", "b"), table=core.Table(("x",), x[None]))  # fmt: skip
    threads, grid = [], core.Surface.grid

    def seen(*arguments, **more):
        threads.append(threading.current_thread())
        return grid(*arguments, **more)

    monkeypatch.setattr(core.Surface, "grid", seen)
    compute.finish(compute.landscape(surface, np.linspace(-3, 3, 1200), np.linspace(-3, 3, 900)))
    assert threads
    assert threading.current_thread() not in threads


def test_who_gives_up_a_census_does_not_wait_for_it(monkeypatch):
    begun, release = threading.Event(), threading.Event()

    def slow(surface, aside):
        begun.set()
        release.wait(20)
        return core.critical_points(surface)

    monkeypatch.setattr(compute, "_critical", slow)
    census = compute.chart(SURFACES["himmelblau"])
    assert next(census) == 0.0
    assert begun.wait(5)
    before = threading.active_count()
    census.close()  # returns while the census still runs
    assert threading.active_count() == before
    release.set()


def test_the_census_finds_what_the_core_finds():
    found = compute.finish(compute.chart(SURFACES["himmelblau"]))
    assert len(found) == 9


def test_only_one_census_runs_at_a_time(monkeypatch):
    running, most, begun = [], [], []

    def slow(surface, aside):
        running.append(surface)
        most.append(len(running))
        begun.append(surface.name)
        threading.Event().wait(0.1)
        running.remove(surface)
        return core.critical_points(SURFACES["himmelblau"])

    monkeypatch.setattr(compute, "_critical", slow)
    names = ("himmelblau", "ackley", "rastrigin", "easom")
    jobs = [compute.chart(SURFACES[name]) for name in names]
    for job in jobs:
        next(job)
    for job in jobs[1:-1]:
        job.close()  # before their turn
    compute.finish(jobs[0])
    compute.finish(jobs[-1])
    assert max(most) == 1
    assert set(begun) == {"himmelblau", "easom"}


@pytest.mark.parametrize("budget", ["steps", "evaluations"])
def test_a_budget_of_a_billion_steps_is_no_more_than_the_race_needs(budget):
    few = replace(first_experiment(), steps=2000, budget=budget)
    many = replace(few, steps=1_000_000_000)
    short, long = (compute.finish(compute.race(experiment)) for experiment in (few, many))
    assert long.every == 1
    for a, b in zip(short.trajectories, long.trajectories, strict=True):
        assert a.status == b.status == "converged"
        assert a.steps == b.steps
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.loss, b.loss)


@pytest.mark.parametrize(
    "code",
    [
        "census = compute.chart(SURFACES['levy_n13']); next(census)",
        "race = compute.race(Experiment('ackley', starts=((1.0, 1.0),) * 2000, steps=10**6,"
        " tolerance=0.0, racers=(Racer('adam', {'lr': 1e-6}),))); next(race); next(race)",
    ],
)
def test_the_program_may_end_in_the_middle_of_a_computation(code):
    head = ("from gdviz import compute; from gdviz_core import SURFACES; "
            "from gdviz.experiment import Experiment; from gdviz.racer import Racer\n")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True,
                          timeout=60)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


MANY = Experiment("himmelblau", starts=((0.0, 0.0), (1.0, -2.0)), steps=80, noise=0.3, racers=(
    Racer("gd"), Racer("adam", {"lr": 0.1}), Racer("momentum", {"lr": 0.002})))  # fmt: skip


def _other(number, racer):
    return tuple(racer if n == number else r for n, r in enumerate(MANY.racers))


def _changed(number, **fields):
    return _other(number, replace(MANY.racers[number], **fields))


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({"racers": _other(1, MANY.racers[1].with_value("lr", 0.2))}, {1}),
        ({"racers": _changed(0, name="Plain", colour=3)}, set()),
        ({"racers": MANY.racers[1:]}, set()),
        ({"racers": (*MANY.racers[::-1], Racer("lion"))}, {3}),
        ({"racers": _changed(2, clip=1.0)}, {2}),
        ({"racers": _changed(2, schedule="cosine")}, {2}),
        ({"racers": _changed(2, way="central difference", h=1e-3)}, {2}),
        ({"racers": _changed(0, weight_decay=0.1)}, {0}),
        ({"steps": 81}, {0, 1, 2}),
        ({"seed": 1}, {0, 1, 2}),
        ({"starts": MANY.starts[:1]}, {0, 1, 2}),
        ({"surface": "beale"}, {0, 1, 2}),
    ],
)
def test_only_what_has_changed_runs_anew_and_the_race_is_the_same(changes, again):
    made = replace(MANY, **changes)
    before = run(MANY)
    race, fresh = compute.finish(compute.race(made, before)), run(made)
    old = {id(t) for t in before.trajectories}
    ran = {lane // len(made.starts) for lane, t in enumerate(race.trajectories) if id(t) not in old}
    assert ran == again
    for kept, new in zip(race.trajectories, fresh.trajectories, strict=True):
        np.testing.assert_array_equal(kept.x, new.x)
    np.testing.assert_array_equal(race.loss, fresh.loss)
    assert race.experiment is made


def test_a_racer_with_luck_of_its_own_is_kept_only_in_its_place():
    lucky = replace(MANY, own_luck=True)
    swapped = replace(lucky, racers=(lucky.racers[1], lucky.racers[0], lucky.racers[2]))
    race, fresh = compute.finish(compute.race(swapped, run(lucky))), run(swapped)
    np.testing.assert_array_equal(race.loss, fresh.loss)
    assert set(compute.kept(swapped, run(lucky))) == {2}
