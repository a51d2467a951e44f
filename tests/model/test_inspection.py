"""The inspector's numbers against the run, to the digits that are displayed."""

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from mpmath import iv

import gdviz_core as core
from gdviz import compute
from gdviz.experiment import Experiment, enter
from gdviz.inspection import step_of
from gdviz.scale import numeral
from gdviz_core.notation import notation

each_optimizer = pytest.mark.parametrize("name", core.OPTIMIZERS)


def run(name, surface="himmelblau", steps=40, starts=((-0.35, -0.9), (3.4, 1.2)), **values):
    experiment = Experiment(surface, starts=starts, steps=steps)
    racer = enter(experiment, name, **values)
    return compute.finish(compute.race(replace(experiment, racers=(racer,))))


def displayed(value):
    """The interval of all numbers that are displayed like this one; None for none."""
    if not math.isfinite(value):
        return None
    text, exponent = numeral(value)
    shown = mpmath.mpf(text.replace("−", "-")) * mpmath.mpf(10) ** (exponent or 0)
    if shown == 0 or float(shown) == value:
        return iv.mpf(shown)
    half = mpmath.mpf(10) ** (mpmath.floor(mpmath.log10(abs(shown))) - 4) / 2
    return iv.mpf([shown - half, shown + half])


def by_hand(term, values, parts, axis):
    """Interval arithmetic over what is displayed; None where a branch depends on hidden digits."""
    if term in parts:
        return displayed(parts[term][axis])
    if term.kind == "constant":
        return iv.mpf(term.value)
    if term.kind == "variable":
        return displayed(values[term.value][axis])
    a = [by_hand(part, values, parts, axis) for part in term.parts]
    if term.kind == "where":
        if a[0] is None or a[1] is None or a[2] is None:
            return None
        return a[1] if a[0] else a[2]
    if any(value is None for value in a):
        return None
    if term.kind in ("<", ">", "<=", ">=", "=="):
        if a[0].delta == 0 and a[1].delta == 0:
            x, y = a[0].mid, a[1].mid
            return {"<": x < y, ">": x > y, "<=": x <= y, ">=": x >= y, "==": x == y}[term.kind]
        less, more = a[0].b < a[1].a, a[0].a > a[1].b
        if not (less or more):
            return None
        return {"<": less, "<=": less, ">": more, ">=": more, "==": False}[term.kind]
    if term.kind == "mod":
        return None if a[0].delta or a[1].delta else iv.mpf(float(a[0].mid) % float(a[1].mid))
    if term.kind == "div" and a[1].a <= 0 <= a[1].b:
        return None
    if term.kind == "sqrt" and a[0].a < 0:
        return None
    if term.kind == "pow" and (a[0].a < 0 or a[1].delta) and a[1].mid != 2:
        return None
    low_high = {
        "min": lambda: iv.mpf([min(v.a for v in a), min(v.b for v in a)]),
        "max": lambda: iv.mpf([max(v.a for v in a), max(v.b for v in a)]),
        "sign": lambda: None if a[0].a <= 0 <= a[0].b and a[0].delta
        else iv.mpf(int(np.sign(float(a[0].mid)))),
        "abs": lambda: abs(a[0]), "neg": lambda: -a[0], "sqrt": lambda: iv.sqrt(a[0]),
        "add": lambda: a[0] + a[1], "sub": lambda: a[0] - a[1], "mul": lambda: a[0] * a[1],
        "div": lambda: a[0] / a[1],
        "pow": lambda: a[0] ** int(a[1].mid) if a[1].mid == int(a[1].mid) else a[0] ** a[1],
    }  # fmt: skip
    return low_high[term.kind]()


@each_optimizer
def test_a_step_can_be_worked_out_from_what_is_displayed(name):
    race = run(name)
    checked = 0
    for lane in (0, 1):
        for index in (0, 1, 2, 5, 17, 38):
            step = step_of(race, lane, min(index, race.last))
            for line in step.lines:
                for axis in (0, 1):
                    if not math.isfinite(line.result[axis]):
                        continue
                    found = by_hand(line.term, line.values, line.parts, axis)
                    if found is None:
                        continue
                    shown = displayed(line.result[axis])
                    assert found.a <= shown.b, (name, line.name, index, found, shown)
                    assert found.b >= shown.a, (name, line.name, index, found, shown)
                    checked += 1
    assert checked > 10


@each_optimizer
def test_the_step_leads_to_the_next_iterate_of_the_run(name):
    race = run(name)
    for lane, t in enumerate(race.trajectories):
        for index in range(len(t) - 1):
            step = step_of(race, lane, index)
            assert step.number == index + 1
            assert step.taken
            assert np.allclose(step.before, (t.x[index], t.y[index]), rtol=0, atol=0)
            assert np.allclose(step.after, (t.x[index + 1], t.y[index + 1]), rtol=1e-12, atol=1e-12)
            if name != "langevin":  # whose loss may be shown at no other point
                assert step.loss_after == pytest.approx(t.loss[index + 1], rel=1e-9, abs=1e-12)


@each_optimizer
@pytest.mark.parametrize("around", [
    {"noise": 3.0}, {"clip": 0.7}, {"clip_value": 0.5}, {"weight_decay": 0.2},
    {"noise": 0.5, "clip": 4.0, "clip_value": 3.0, "weight_decay": 0.01, "schedule": "cosine"},
])  # fmt: skip
def test_a_disturbed_step_leads_to_the_next_iterate_too(name, around):
    around = dict(around)
    noise = around.pop("noise", 0.0)
    if "lr" not in core.OPTIMIZERS[name].values:
        around.pop("schedule", None)
    experiment = Experiment("himmelblau", starts=((-0.35, -0.9), (3.4, 1.2)), steps=12,
                            noise=noise, seed=5)  # fmt: skip
    gd = enter(experiment, "gd")  # so that the racer in question is not the first
    racer = replace(enter(experiment, name), **around)
    race = compute.finish(compute.race(replace(experiment, racers=(gd, racer))))
    for lane in (2, 3):
        t = race.trajectories[lane]
        for index in range(len(t) - 1):
            step = step_of(race, lane, index)
            following = (t.x[index + 1], t.y[index + 1])
            if not np.isfinite(following).all() or np.abs(following).max() > 1e6:
                break
            assert np.allclose(step.after, following, rtol=1e-9, atol=1e-9)
            assert step.disturbed


@each_optimizer
def test_every_line_is_explained(name):
    lines = core.OPTIMIZERS[name].parsed.lines
    for line in lines:
        assert line.note.endswith(".")
        assert len(line.note) > 15
    assert len({line.note for line in lines}) == len(lines)


def test_at_the_end_it_is_the_step_that_led_there():
    race = run("newton", starts=((3.1, 2.1),))
    t = race.trajectories[0]
    step = step_of(race, 0, race.last)
    assert step.number == t.steps
    assert step.taken
    assert step.after == pytest.approx((3, 2), abs=1e-9)
    still = run("gd", starts=((3.0, 2.0),))
    step = step_of(still, 0, 0)
    assert not step.taken
    assert step.after == step.before == (3, 2)


def test_a_sparse_record_shows_the_step_that_follows_each_record():
    race = run("adam", steps=3_000_000, starts=((-0.35, -0.9),) * 2, lr=1e-7)
    assert race.every > 1
    step = step_of(race, 0, 3)
    assert step.number == race.every * 3 + 1
    assert step.values["t"] == (step.number, step.number)


def test_a_racer_of_a_library_has_no_rule_to_show():
    race = run("scipy_nelder_mead" if "scipy_nelder_mead" in core.known.KNOWN else "nelder_mead")
    assert step_of(race, 0, 0) is None


def test_moments_are_found_by_their_meaning():
    for name, wanted in (("adam", "m"), ("momentum", "b"), ("heavy_ball", "v"), ("lion", "m")):
        step = step_of(run(name), 0, 3)
        label, (x, y) = step.moment
        sign = 1 if name == "heavy_ball" else -1  # a velocity moves w, a mean is subtracted
        assert label == wanted if sign > 0 else label == f"−{wanted}"
        assert (sign * x, sign * y) == step.values[wanted]
    for name in ("gd", "adagrad", "newton", "rprop", "bfgs"):
        assert step_of(run(name), 0, 3).moment is None


@pytest.mark.parametrize(
    ("name", "driven"),
    [("adagrad", "g"), ("rmsprop", "g"), ("adadelta", "g"), ("adam", "m"), ("adamw", "m"),
     ("amsgrad", "m"), ("adamax", "m"), ("radam", "m"), ("adabelief", "m"), ("yogi", "m"),
     ("prodigy", "m")],
)  # fmt: skip
@pytest.mark.parametrize("index", [2, 25])
def test_the_scaling_of_an_adaptive_optimizer_is_that_of_its_steps(name, driven, index):
    values = {"weight_decay": 0.0} if name == "adamw" else {}
    step = step_of(run(name, **values), 0, index)
    moved = np.subtract(step.after, step.before) / step.values[driven]
    assert np.allclose(moved[1] / moved[0], step.scaling[1] / step.scaling[0], rtol=1e-6)


def test_only_adaptive_optimizers_have_a_scaling():
    for name in core.OPTIMIZERS:
        step = step_of(run(name), 0, 7)
        adaptive = core.OPTIMIZERS[name].family == "Adaptive"
        assert (step.scaling is not None) == adaptive, name


def test_a_formula_keeps_the_form_it_was_written_in():
    term = notation("lr/(1 - beta1^t) * m")
    assert [term.kind, term.parts[0].kind, term.parts[0].parts[1].kind] == ["mul", "div", "sub"]
    assert term.variables() == ["lr", "beta1", "t", "m"]
    assert notation("where(a >= 2, -a, |b|)").parts[0].kind == ">="
    assert notation("2x").kind == "mul"
