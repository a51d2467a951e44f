"""The experiment: what it accepts, what it refuses, and what moving it to a surface does."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import gdviz_core as core
from gdviz import session
from gdviz.display import Camera, Display
from gdviz.experiment import Experiment, enter, first_experiment, suggested_rate
from gdviz.racer import Racer
from gdviz_core import OPTIMIZERS, SURFACES
from tests import hostile

# What this program does with the proposals of the file, where it does not simply follow them.
DIFFERENT = {
    "param-lr-1e308": "refused at the field: no surface of float64 values has a use for it",
}
# Fields that later pieces of the program bring.
LATER = {"seed", "batch", "grid"}


def _build(params):
    """An experiment from the fields of a case."""
    values = {k: hostile.number(v) for k, v in params.items()
              if k in ("lr", "momentum", "beta1", "beta2", "eps")}  # fmt: skip
    name = params.get("optimizer") or next(
        (o.name for o in OPTIMIZERS.values() if set(values) <= set(o.values)), "gd"
    )
    racer = Racer(name, values)
    starts = params.get("starts", 1)
    start = tuple(params.get("start", (1.0, 1.0)))
    domain = params.get("domain")
    return Experiment(
        params.get("surface", "x^2 + y^2"),
        None if domain is None else tuple(hostile.number(v) for v in domain),
        (start,) * min(starts, 200_000),
        (racer,),
        params.get("steps", 100),
    )


def _possible(params):
    return not LATER & set(params) and params.get("optimizer", "gd") in OPTIMIZERS


CASES = [c for c in hostile.cases("params") if _possible(c["input"]["params"])]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_hostile_parameters(case):
    params, expected = case["input"]["params"], case["expected"]["outcome"]
    if case["id"] in DIFFERENT:
        expected = "reject"
    experiment, message = None, ""
    try:
        experiment = _build(params)
    except ValueError as error:
        message = str(error)
    outcome = "reject" if message else "accept"
    assert len(message) < 300
    assert expected in (outcome, "either")
    if experiment is not None and experiment.steps <= 1000:
        from gdviz import compute

        race = compute.finish(compute.race(experiment))
        assert np.isfinite(race.x).all()  # what is drawn is finite, whatever happened


def test_learning_rates_the_field_refuses():
    racer = Racer("adam")
    for bad in (0.0, -1.0, 1e300, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"^lr must be"):
            racer.with_value("lr", bad)


def test_unknown_names_are_refused_with_what_there_is():
    with pytest.raises(ValueError, match="no optimizer 'nope'; the names are: gd, momentum"):
        Racer("nope")
    with pytest.raises(core.FormulaError, match="the name nope is not known"):
        Experiment("nope")


def test_too_many_runs_are_refused():
    racers = tuple(Racer("gd") for _ in range(20))
    with pytest.raises(ValueError, match="80000 runs, more than the permitted 50000"):
        Experiment("x + y", starts=((0.0, 0.0),) * 4000, racers=racers)


def test_a_surface_of_the_catalogue_brings_domain_start_and_learning_rates():
    before = first_experiment()
    touched = before.racers[1].with_value("lr", 0.123)
    before = replace(before, racers=(before.racers[0], touched, *before.racers[2:]))
    after = before.on_surface("rosenbrock")
    assert after.resolved() == SURFACES["rosenbrock"]
    assert after.starts == (SURFACES["rosenbrock"].start,)
    assert after.racers[0].values["lr"] == suggested_rate(SURFACES["rosenbrock"], "gd")
    assert after.racers[1].values["lr"] == 0.123  # the user's own choice stays


def test_a_typed_formula_keeps_starts_and_view():
    before = replace(first_experiment(), starts=((1.0, 2.0), (3.0, 4.0)))
    after = before.on_surface("x^2 + y^2")
    assert after.starts == before.starts
    assert after.resolved().domain == before.resolved().domain


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda s: s.name)
@pytest.mark.parametrize("optimizer", ["gd", "momentum", "nesterov", "rmsprop", "adam", "adagrad"])
def test_suggested_learning_rates_do_not_diverge_within_the_domain(surface, optimizer):
    racer = OPTIMIZERS[optimizer](lr=suggested_rate(surface, optimizer))
    t = core.descend(surface, racer, surface.start, 1000, stop_outside=True)
    assert t.status != "diverged"
    if surface.minima:
        assert t.status != "left the domain"
    assert t.loss[-1] < t.loss[0]
    assert len(t) > 15  # and something can be seen


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_suggested_learning_rates_show_something_on_most_surfaces(optimizer):
    fell = 0
    for surface in SURFACES.values():
        known = OPTIMIZERS[optimizer]
        racer = known(**{known.rate: suggested_rate(surface, optimizer)})
        t = core.descend(surface, racer, surface.start, 1000)
        fell += t.loss[-1] < t.loss[0] and t.status != "diverged"
        assert str(t.reason)
    # Newton's method goes to whatever is near, explicit Euler gains energy: that is what they show
    assert fell >= {"newton": 30, "particle_euler": 20}.get(optimizer, 42), fell


def test_new_racers_get_unused_names_and_colours():
    experiment = Experiment()
    for _ in range(3):
        racer = enter(experiment, "adam")
        experiment = replace(experiment, racers=(*experiment.racers, racer))
    assert [r.name for r in experiment.racers] == ["Adam", "Adam 2", "Adam 3"]
    assert [r.colour for r in experiment.racers] == [0, 1, 2]


def test_parameters_of_a_surface_are_part_of_the_experiment():
    racer = enter(Experiment("ellipse"), "gd")
    before = Experiment("ellipse", starts=((1.0, 1.0),), racers=(racer,))
    after = before.with_parameter("k", 5)
    assert after.parameters == {"k": 5.0}
    assert after.resolved().values == {"k": 5.0}
    assert (
        after.racers[0].values["lr"] == suggested_rate(after.resolved(), "gd") > racer.values["lr"]
    )
    assert after.with_parameter("k", 50).parameters == {}  # the default needs no word
    assert after.on_surface("rosenbrock").parameters == {}
    assert session.load(session.dump(session.Session.of(after))).experiment == after
    for bad, part in (({"k": 0}, "k must be at least 1"), ({"q": 1}, "ellipse has no parameter q")):
        with pytest.raises(ValueError, match=part):
            replace(before, parameters=bad)
    with pytest.raises(ValueError, match="a typed formula has numbers"):
        Experiment("x^2 + y^2", parameters={"k": 1.0})


@pytest.mark.parametrize("number", [1, 2])
def test_sessions_of_older_formats_still_open(number):
    old = {"format": number, "experiment": {
        "surface": "ellipse", "domain": None, "starts": [[1.0, 0.5]],
        "racers": [{"optimizer": "gd", "values": {"lr": 0.01}, "name": "GD", "colour": 2,
                    "on": False}],
        "steps": 70, "tolerance": 1e-8, "stop_outside": True,
    }, "program": "gdviz 0.1.0"}  # fmt: skip
    if number == 2:
        old["experiment"]["parameters"] = {"k": 40.0}
    opened = session.load(json.dumps(old))
    assert opened.experiment.steps == 70
    assert opened.experiment.racers[0].name == "GD"
    assert opened.experiment.resolved().values["k"] == (40.0 if number == 2 else 50.0)
    assert opened.display == Display()
    assert (
        session.load(session.dump(session.Session.of(opened.experiment))).experiment
        == opened.experiment
    )


def test_a_session_keeps_how_it_was_looked_at():
    camera = Camera(10.0, 20.0, 2.0, 0.1, -0.2)
    display = Display("arrows", False, True, ("model", "step"), "rank", False, True, camera,
                      "m_x", "evaluations", "linear", 0.5)  # fmt: skip
    assert (
        session.load(session.dump(session.Session.of(first_experiment(), display))).display
        == display
    )
    text = session.dump(session.Session.of(first_experiment(), display))
    for field, bad, why in (
        ("height", '"tall"', "height must be log or linear or rank"),
        ("field", '"stars"', "field must be none or arrows"),
        ("azimuth", "1e300", "azimuth must be from"),
        ("internals", '["soul"]', "there is no 'soul'"),
    ):
        wrong = re.sub(rf'"{field}": (\[[^]]*\]|[^,\n]*)', f'"{field}": {bad}', text, count=1)
        with pytest.raises(session.SessionError, match=why):
            session.load(wrong)
