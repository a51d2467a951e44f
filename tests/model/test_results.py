"""Results: the numbers of the table against the trajectories, and tuning."""

from dataclasses import replace

import numpy as np
import pytest

from gdviz import compute
from gdviz.experiment import Experiment, enter, first_experiment
from gdviz.results import as_text, results, tuned


def raced(experiment):
    return compute.finish(compute.race(experiment))


def entered(*optimizers, **fields):
    experiment = Experiment(**{"starts": ((-0.35, -0.9), (2.0, -4.0)), **fields})
    for name in optimizers:
        experiment = replace(experiment, racers=(*experiment.racers, enter(experiment, name)))
    return experiment


def test_rows_say_what_the_trajectories_say():
    race = raced(entered("gd", "newton", "sam", "adam", steps=300))
    found = compute.finish(results(race, target=0.5))
    assert sorted(row.lane for row in found.rows) == list(range(8))
    for row in found.rows:
        t = race.trajectories[row.lane]
        below = np.flatnonzero(t.loss <= 0.5)
        assert row.best == np.nanmin(t.loss)
        assert row.steps == (below[0] if below.size else None)
        cost = {"newton": 3, "sam": 2}.get(t.optimizer.name, 1)
        assert row.evaluations == (cost * below[0] if below.size else None)
        assert row.at == t.start
    minima = np.array(
        [(3, 2), (3.584428, -1.848127), (-3.779310, -3.283186), (-2.805118, 3.131313)]
    )
    row = found.rows[0]
    t = race.trajectories[row.lane]
    away = np.hypot(*(minima - (t.x[-1], t.y[-1])).T).min()
    assert row.distance == pytest.approx(away, abs=1e-5)
    reaching = [row.evaluations for row in found.rows if row.evaluations is not None]
    assert reaching == sorted(reaching)


def test_racers_that_are_off_do_not_shift_the_numbers():
    experiment = entered("gd", "adam", "momentum")
    first, second, third = experiment.racers
    race = raced(replace(experiment, racers=(first, replace(second, on=False), third)))
    found = compute.finish(results(race))
    assert {row.racer for row in found.rows} == {0, 2}
    for row in found.rows:
        assert race.trajectories[row.lane].optimizer.name == ("gd", "adam", "momentum")[row.racer]


def test_an_empty_race_has_no_rows():
    found = compute.finish(results(raced(replace(first_experiment(), starts=()))))
    assert found.rows == ()


def test_a_budget_in_evaluations_is_kept_by_all():
    race = raced(entered("gd", "sam", "newton", "gradient_flow", "scipy_nelder_mead", steps=120,
                         tolerance=0.0, budget="evaluations"))  # fmt: skip
    for t in race.trajectories:
        assert t.evaluations[-1] <= 120 or t.optimizer.name == "scipy_nelder_mead"
    steps = {t.optimizer.name: t.steps for t in race.trajectories[::2]}
    assert steps["gd"] == 120
    assert steps["sam"] == 60
    assert steps["newton"] <= 40
    assert steps["gradient_flow"] == 30


def test_tuning_finds_a_better_rate_from_a_bad_one():
    experiment = entered("gd", "adam", surface="x^2 + 4*y^2", steps=100)
    slow = tuple(racer.with_value("lr", racer.values["lr"] / 8) for racer in experiment.racers)
    experiment = replace(experiment, racers=slow)
    before = compute.finish(results(raced(experiment), 1e-3))
    racers = compute.finish(tuned(experiment, 1e-3))
    after = compute.finish(results(raced(replace(experiment, racers=racers)), 1e-3))

    def worst(found):
        return max(row.evaluations or 10**9 for row in found.rows)

    assert all(racer.tuned for racer in racers)
    assert worst(after) < worst(before)
    assert all("(tuned)" in row.name for row in after.rows)
    assert not racers[0].with_value("lr", 0.1).tuned


def test_tuning_tries_the_same_grid_for_all_and_leaves_the_rest_alone():
    experiment = entered("gd", "bfgs", "scipy_nelder_mead")
    off = replace(enter(experiment, "adam"), on=False)
    experiment = replace(experiment, racers=(*experiment.racers, off))
    racers = compute.finish(tuned(experiment, 1.0))
    ratios = racers[0].values["lr"] / experiment.racers[0].values["lr"]
    assert np.log10(ratios) * 4 == pytest.approx(round(np.log10(ratios) * 4), abs=0.02)
    assert racers[2] == experiment.racers[2]
    assert racers[3] == off


def test_the_text_has_a_line_for_each_run():
    race = raced(entered("gd", "adam"))
    found = compute.finish(results(race, 0.5))
    lines = as_text(found).splitlines()
    assert len(lines) == 6
    assert lines[0].split("\t")[0] == "rank"
    cells = lines[1].split("\t")
    assert len(cells) == 9
    assert float(cells[5]) == found.rows[0].best
    assert lines[-1] == "# target loss\t0.5"
