"""Surfaces and rules of the user's own: as good as the shipped ones, and kept in a library."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdviz_core as core
from gdviz import compute, export, library, session
from gdviz.experiment import Experiment, enter
from gdviz.own import (
    Number,
    OwnRule,
    OwnSurface,
    names_of_rule,
    numbers_for,
    suggested_view,
    unknown_in_formula,
    unknown_name,
)
from gdviz.racer import Racer
from gdviz_core import FormulaError

ADAM = """m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g^2
w = w - lr/(1 - beta1^t) * m / (sqrt(v)/sqrt(1 - beta2^t) + eps)"""
ELLIPSE = Experiment("x^2 + k*y^2", numbers=(Number("k", 3.0, 0.0, 10.0),), starts=((1.0, -2.0),))


def own(rule, **values):
    _, names = names_of_rule(rule)
    numbers = numbers_for(names, [Number.around(name, value) for name, value in values.items()])
    return OwnRule("Mine", rule, numbers)


def run(experiment, *racers):
    return compute.finish(compute.race(replace(experiment, racers=racers))).trajectories


@pytest.mark.parametrize("name", core.OPTIMIZERS)
def test_a_copy_of_a_shipped_rule_makes_the_same_steps_to_the_last_bit(name):
    shipped = core.OPTIMIZERS[name]
    copy = OwnRule.of(shipped, "Copy")
    start = Experiment("himmelblau", starts=((-0.5, -1.0), (2.0, 2.5)), steps=60)
    values = {**shipped.values, **({"lr": 0.003} if "lr" in shipped.values else {})}
    for theirs, mine in zip(
        run(start, Racer(name, values)), run(start, Racer("", values, rule=copy)), strict=True
    ):
        assert np.array_equal(theirs.x, mine.x, equal_nan=True)
        assert np.array_equal(theirs.y, mine.y, equal_nan=True)
        assert list(theirs.state) == list(mine.state)


def test_state_and_hyper_parameters_are_found_in_the_text():
    state, names = names_of_rule(ADAM)
    assert state == ["m", "v"]
    assert sorted(names) == ["beta1", "beta2", "eps", "lr"]
    numbers = {number.name: number.value for number in numbers_for(names, ())}
    assert numbers == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "lr": 0.01}
    with pytest.raises(FormulaError, match="the rule never moves w"):
        names_of_rule("b = 0.9*b + g")
    with pytest.raises(FormulaError, match="there is no function wobble"):
        names_of_rule("w = w - wobble(g)")


def test_the_name_an_error_is_about_is_offered():
    for text, name in (("x^2 + k*y^2", "k"), ("x + \n  speed", "speed"), ("ln(x)", ""),
                       ("x +", ""), ("arcsin(x)", "")):  # fmt: skip
        with pytest.raises(FormulaError) as caught:
            core.Surface.from_formula(text)
        assert unknown_name(text, caught.value) == name
    assert unknown_in_formula("a*x^2 + b*y^2 + a + pi", [Number.around("b", 1.0)]) == ("a",)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("v = v + g^2\nw = w - lr*g/u\nu = v", "line 2 fails at step 1: it divides by u, which"),
        ("w = w - lr*g/(t - 1)", r"line 1 fails at step 1: it divides by t - 1, which is 0 then"),
        ("w = w - log(-abs(g) - 1)", "line 1 fails at step 1: w is nan then"),
    ],
)
def test_a_rule_that_fails_at_once_says_where(rule, said):
    with pytest.raises(ValueError, match=said):
        own(rule)


def test_a_typed_rule_has_columns_axes_and_an_inspector_like_any_other(tmp_path):
    from gdviz.inspection import step_of

    racer = enter(ELLIPSE, own("b = rho*b + g\nw = w - lr*b", rho=0.8))
    race = compute.finish(compute.race(replace(ELLIPSE, racers=(racer,))))
    assert racer.name == "Mine"
    assert {"b_x", "b_y"} <= set(export.header(race))
    step = step_of(race, 0, 3)
    assert [line.name for line in step.lines] == ["b", "w"]
    assert step.lines[0].result == pytest.approx(
        (race.trajectories[0].state["b_x"][4], race.trajectories[0].state["b_y"][4])
    )
    swept = core.sweep_map(ELLIPSE.resolved(), racer.configured(), start=(1.0, -2.0), steps=50,
                           lr=np.linspace(0.01, 0.1, 3), rho=np.linspace(0.1, 0.9, 4))  # fmt: skip
    assert swept.loss.shape == (4, 3)


def test_the_numbers_of_a_formula_are_its_parameters():
    surface = ELLIPSE.resolved()
    assert surface.value(1.0, 2.0) == 13.0
    assert ELLIPSE.with_parameter("k", 5.0).resolved().value(1.0, 2.0) == 21.0
    wider = ELLIPSE.with_parameter("k", 50.0)
    assert wider.numbers[0].high == 50.0
    assert ELLIPSE.on_surface("x^2 + k*y^4").numbers == ELLIPSE.numbers
    assert ELLIPSE.on_surface("himmelblau").numbers == ()
    with pytest.raises(FormulaError, match="a parameter cannot be called 'sin'"):
        Experiment("x", numbers=(Number.around("sin", 1.0),))
    with pytest.raises(ValueError, match="must run from low to high"):
        Number("k", 1.0, 2.0, 2.0)


def test_a_session_holds_rules_and_numbers_and_ways(tmp_path):
    racer = enter(ELLIPSE, own(ADAM))
    numeric = Racer("gd", way="central difference", h=1e-4)
    experiment = replace(ELLIPSE, racers=(racer, numeric))
    saved = session.dump(session.Session.of(experiment))
    opened = session.load(saved)
    assert opened.experiment == experiment
    assert session.dump(opened) == saved
    assert opened.lost == ()
    exact, difference = (t for t in run(opened.experiment, Racer("gd"), numeric))
    assert not np.array_equal(exact.x, difference.x)
    assert np.allclose(exact.x, difference.x, atol=1e-5)


def test_the_script_of_a_race_with_everything_of_ones_own_gives_its_last_bit(tmp_path):
    import subprocess
    import sys

    racers = (enter(ELLIPSE, own(ADAM)), Racer("gd", way="forward difference", h=1e-3))
    race = compute.finish(compute.race(replace(ELLIPSE, racers=racers, steps=40)))
    path = tmp_path / "race.py"
    path.write_text(export.script(race))
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, '.']; import race; " \
           "print([t.x[-1].hex() for t in race.trajectories])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == str([t.x[-1].hex() for t in race.trajectories]), done.stderr


def test_the_library_keeps_and_replaces_and_forgets():
    assert library.entries(OwnRule) == []
    rule, surface = own(ADAM), OwnSurface("Bowl, mine", "x^2 + k*y^2", (Number.around("k", 2.0),))
    first = library.save(rule)
    library.save(surface)
    assert library.entries(OwnRule) == [(first, rule)]
    assert [entry for _, entry in library.entries(OwnSurface)] == [surface]
    changed = replace(rule, rule="w = w - lr*g", numbers=(Number("lr", 0.1, 0.0, 1.0),))
    assert library.save(changed) == first
    assert library.entries(OwnRule) == [(first, changed)]
    (first.parent / "broken.json").write_text("{")
    (first.parent / "newer.json").write_text('{"format": 99, "optimizer": {}}')
    assert library.entries(OwnRule) == [(first, changed)]
    library.remove(first)
    assert library.entries(OwnRule) == []


@pytest.mark.parametrize(
    ("formula", "inside"),
    [("(x - 3)^2 + (y + 1)^2", (3, -1)), ("(x - 30)^2 + (y + 20)^2", (30, -20)),
     ("sqrt(x)", (0, 0)), ("exp(exp(x))*1e300", (0, 0)), ("x", (0, 0)), ("log(-1 - x^2)", (0, 0)),
     ("1e308*x^2 - 1e308*y^2", (0, 0))],
)  # fmt: skip
def test_a_domain_with_something_to_see_is_found_for_any_formula(formula, inside):
    surface = core.Surface.from_formula(formula)
    (x0, x1, y0, y1), (x, y) = suggested_view(surface)
    assert x0 <= inside[0] <= x1
    assert y0 <= inside[1] <= y1
    assert x0 <= x <= x1
    assert y0 <= y <= y1
    if formula == "sqrt(x)":
        assert x >= 0  # a start is where the surface is finite


@given(st.text(max_size=40))
def test_titles_of_any_kind_are_kept_or_refused(title):
    numbers = (Number("lr", 0.1, 0.0, 1.0),)
    if not title.strip() or not title.isprintable():
        with pytest.raises(ValueError, match="title"):
            OwnRule(title, "w = w - lr*g", numbers)
    else:
        rule = OwnRule(title, "w = w - lr*g", numbers)
        assert library.load(library.dump(rule)) == rule
        assert rule.optimizer().name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": 2, "surface": {}}', "made by a newer gdviz"),
        ('{"format": 1, "surface": {"title": "a"}}', "formula"),
        ('{"format": 1, "surface": {"title": "a", "formula": "x +"}}', "ends too early"),
        ('{"format": 1, "optimizer": {"title": "a", "rule": "w = 1/(t - 1)"}}', "fails at step 1"),
    ],
)
def test_files_that_are_no_entries_are_refused_in_words(text, said):
    with pytest.raises(session.SessionError, match=said):
        library.load(text)
    for other in ('{"format": 4, "experiment": {}}', "[]", "rubbish", "\ud800"):
        assert library.load(other) is None
