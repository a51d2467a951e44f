"""The optimizers against torch.optim, closed forms and their own conditions."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SURFACES, Optimizer, Surface

REFERENCE = json.loads((Path(__file__).parent / "torch_trajectories.json").read_text())
RUNS = {
    "SGD lr=1e-3": ("gd", {"lr": 1e-3}),
    "SGD lr=1e-3 momentum=0.9": ("momentum", {"lr": 1e-3}),
    "SGD lr=1e-3 momentum=0.9 dampening=0.9": ("momentum", {"lr": 1e-3, "dampening": 0.9}),
    "SGD lr=1e-3 momentum=0.9 nesterov": ("nesterov", {"lr": 1e-3}),
    "SGD lr=1e-3 momentum=0.9 weight_decay=0.1": ("momentum", {"lr": 1e-3, "weight_decay": 0.1}),
    "Adagrad lr=0.5": ("adagrad", {"lr": 0.5}),
    "Adagrad lr=0.5 lr_decay=0.1 init=0.1": (
        "adagrad", {"lr": 0.5, "lr_decay": 0.1, "initial_accumulator_value": 0.1}),
    "RMSprop lr=0.01": ("rmsprop", {"lr": 0.01}),
    "RMSprop lr=0.01 centered": ("rmsprop", {"lr": 0.01, "centered": 1}),
    "RMSprop lr=0.01 momentum=0.9": ("rmsprop", {"lr": 0.01, "momentum": 0.9}),
    "Adam lr=0.05": ("adam", {"lr": 0.05}),
    "Adam lr=0.05 weight_decay=0.1 (L2)": ("adam", {"lr": 0.05, "weight_decay": 0.1}),
}  # fmt: skip


@pytest.mark.parametrize("run", REFERENCE["trajectories"])
def test_trajectory_is_that_of_torch(run):
    name, values = RUNS[run]
    wanted = np.array(REFERENCE["trajectories"][run])
    t = core.descend(
        SURFACES["rosenbrock"], OPTIMIZERS[name](**values), REFERENCE["start"], 50, tolerance=0
    )
    got = np.stack([t.x, t.y], axis=1)
    assert got.shape == wanted.shape
    error = np.linalg.norm(got - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
    assert error.max() <= 1e-12


def test_every_optimizer_of_the_catalogue_is_compared_with_torch():
    assert {name for name, _ in RUNS.values()} == set(OPTIMIZERS)


@given(st.floats(0.01, 0.99), st.integers(0, 60), st.floats(-3, 3))
def test_gradient_descent_on_a_parabola_is_a_geometric_sequence(lr, k, x0):
    t = core.descend(Surface.from_formula("x^2/2 + y^2/2"), OPTIMIZERS["gd"](lr=lr), (x0, 1.0), k,
                     tolerance=0)  # fmt: skip
    np.testing.assert_allclose(t.x, x0 * (1 - lr) ** np.arange(len(t)), rtol=1e-12, atol=1e-300)


def test_first_steps_are_as_long_as_the_papers_say():
    bowl = Surface.from_formula("x^2 + y^2")
    for name, length in (("adam", 0.01), ("adagrad", 0.01), ("rmsprop", 0.1)):
        t = core.descend(bowl, OPTIMIZERS[name](lr=0.01), (1.0, -2.0), 1)
        assert abs(t.x[1] - t.x[0]) == pytest.approx(length, rel=1e-6)
        assert abs(t.y[1] - t.y[0]) == pytest.approx(length, rel=1e-6)


def test_state_is_recorded_under_its_name():
    t = core.descend(SURFACES["himmelblau"], OPTIMIZERS["adam"](lr=0.1), (0.0, 0.0), 20)
    assert set(t.state) == {"m_x", "m_y", "v_x", "v_y"}
    m, v = np.zeros(len(t)), np.zeros(len(t))
    for i in range(1, len(t)):
        m[i] = 0.9 * m[i - 1] + (1 - 0.9) * t.grad_x[i - 1]
        v[i] = 0.999 * v[i - 1] + (1 - 0.999) * t.grad_x[i - 1] ** 2
    np.testing.assert_allclose(t.state["m_x"], m, rtol=1e-13)
    np.testing.assert_allclose(t.state["v_x"], v, rtol=1e-13)


def test_a_typed_rule_races_like_the_shipped_one():
    mine = Optimizer.from_rule("b = 0.9*b + g\nw = w - lr*b", lr=0.01)
    shipped = OPTIMIZERS["momentum"](lr=0.01)
    a, b = core.race(SURFACES["himmelblau"], [mine, shipped], [(0.0, 0.0)], 100)
    np.testing.assert_array_equal(a.x, b.x)
    assert mine.state == ("b",)


def test_rules_know_the_surface_and_both_coordinates():
    # the inverse of a two by two matrix: dot(1, h) - h is the other diagonal entry
    newton = """
        d = hxx*hyy - hxy^2
        w = w - ((dot(1, h) - h)*g - hxy*(dot(1, g) - g))/d
    """
    t = core.descend(Surface.from_formula("3x^2 + x*y + 5y^2 - x"), Optimizer.from_rule(newton),
                     (4.0, -3.0), 1)  # fmt: skip
    assert t.grad_norm[-1] < 1e-12  # one Newton step solves a quadratic
    normalized = Optimizer.from_rule("w = w - lr*g/norm(g)", lr=0.25)
    t = core.descend(SURFACES["himmelblau"], normalized, (0.0, 0.0), 30)
    np.testing.assert_allclose(np.hypot(np.diff(t.x), np.diff(t.y)), 0.25, rtol=1e-12)
    seen = Optimizer.from_rule("a = f + 0*a\nb = x*y + gx*gy + t + 0*b\nw = w - lr*g", lr=0.001)
    t = core.descend(SURFACES["himmelblau"], seen, (1.0, 2.0), 3)
    np.testing.assert_array_equal(t.state["a_x"][1:], t.loss[:-1])
    wanted = t.x[:-1] * t.y[:-1] + t.grad_x[:-1] * t.grad_y[:-1] + t.step[1:]
    np.testing.assert_allclose(t.state["b_y"][1:], wanted, rtol=1e-14)


def test_norm_and_dot_of_what_all_lanes_share(recwarn):
    for rule, length in (
        ("w = w - norm(lr)*g/norm(g)", 0.1 * np.sqrt(2)),
        ("w = w - 0.1*norm(1)*g/norm(g)", 0.1 * np.sqrt(2)),
        ("w = w - dot(lr, t)*g/norm(g)", 0.2),
    ):
        mine = Optimizer.from_rule(rule, lr=0.1)
        t = core.descend(SURFACES["himmelblau"], mine, (0.0, 0.0), 1)
        assert np.hypot(t.x[1] - t.x[0], t.y[1] - t.y[0]) == pytest.approx(length, rel=1e-12)


@pytest.mark.parametrize("name", ["g", "t", "e", "sin", "norm", "a b", "ü", "w"])
def test_hyperparameters_of_typed_rules_have_names_of_their_own(name):
    with pytest.raises(core.FormulaError, match="cannot be called"):
        Optimizer.from_rule("w = w - g", **{name: 1.0})


def test_two_states_may_exchange_their_values():
    swap = Optimizer.from_rule("c = p\np = q\nq = c + 1\nw = w - 0*g")
    t = core.descend(Surface.from_formula("x + y"), swap, (0.0, 0.0), 4)
    np.testing.assert_array_equal(t.state["p_x"], [0, 0, 1, 1, 2])
    np.testing.assert_array_equal(t.state["q_x"], [0, 1, 1, 2, 2])


@pytest.mark.parametrize(
    ("name", "values", "part"),
    [
        ("adam", {"lr": -1}, "lr must be greater than 0"),
        ("adam", {"lr": 0}, "lr must be greater than 0"),
        ("adam", {"lr": float("nan")}, "lr must be a finite number"),
        ("adam", {"lr": "fast"}, "lr must be a number, not 'fast'"),
        ("adam", {"lr": 1e300}, "lr must be .* at most 1e"),
        ("adam", {"beta2": 1.0}, "beta2 must be .* less than 1"),
        ("adam", {"beta1": -0.1}, "beta1 must be at least 0"),
        ("adam", {"momentum": 0.9}, "adam has no hyper-parameter momentum; it has .*beta1"),
        ("rmsprop", {"centered": 0.5}, "centered must be 0 or 1"),
    ],
)
def test_a_bad_hyperparameter_is_named(name, values, part):
    with pytest.raises(ValueError, match=part):
        OPTIMIZERS[name](**values)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=lambda o: o.name)
def test_entry_tells_title_summary_and_source(optimizer):
    assert optimizer.title
    assert optimizer.summary
    assert optimizer.source
    for h in optimizer.hyperparameters:
        assert h.check(h.value) == h.value
        assert h.meaning
