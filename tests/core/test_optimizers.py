"""The optimizers against torch.optim, the papers, closed forms and their own conditions."""

import inspect
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SURFACES, Optimizer, Surface
from tests.core.papers import PAPERS

REFERENCE = json.loads((Path(__file__).parent / "torch_trajectories.json").read_text())["runs"]
each_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=lambda o: o.name)
RANDOM = {"langevin"}  # has no trajectory to compare with; its own test is below


def _name(run):
    return f"{run['surface']}-{run['torch']}"


@pytest.mark.parametrize("run", REFERENCE, ids=_name)
def test_trajectory_is_that_of_torch(run):
    wanted = np.array(run["points"])
    optimizer = OPTIMIZERS[run["optimizer"]](**run["values"])
    t = core.descend(SURFACES[run["surface"]], optimizer, wanted[0], 50, tolerance=0)
    got = np.stack([t.x, t.y], axis=1)
    assert got.shape == wanted.shape
    error = np.linalg.norm(got - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
    assert error.max() <= 1e-12


# Those whose defaults would leave at once, or not move, on the surfaces of the comparison.
_LR = {"curvature": 2e-4, "size": 0.02, "fixed": 1.0, "time": 0.014}


def _at_an_ordinary_rate(optimizer):
    return optimizer(**{optimizer.rate: _LR[optimizer.pace[0]]})


@pytest.mark.parametrize("surface", ["rosenbrock", "himmelblau", "styblinski_tang", "beale"])
@pytest.mark.parametrize("name", PAPERS)
def test_trajectory_is_that_of_the_paper(name, surface):
    surface = SURFACES[surface]
    optimizer = _at_an_ordinary_rate(OPTIMIZERS[name])
    if "vx" in optimizer.values:
        optimizer = optimizer(vx=0.7, vy=-0.4, friction=0.6)
    if name == "bead":  # on slopes of a thousand it needs finer steps
        optimizer = optimizer(dt=1e-3)
    values = dict(optimizer.values)
    helpers = {
        "hessian": lambda w: [float(h) for h in surface.hessian(*w)],
        "loss": lambda w: float(surface.value(*w)),
    }
    wanted_names = inspect.signature(PAPERS[name]).parameters
    values |= {key: helpers[key] for key in helpers if key in wanted_names}
    if name == "polyak":
        f_star = float(surface.value(*surface.minima[0]))
        optimizer, values["f_star"] = optimizer(f_star=f_star), f_star
    start, steps = [float(c) for c in surface.start], 5 if "newton" in name else 50
    wanted = np.array(
        PAPERS[name](lambda w: [float(d) for d in surface.gradient(*w)], start, steps, **values)
    )
    t = core.descend(surface, optimizer, start, steps, tolerance=0)
    got = np.stack([t.x, t.y], axis=1)
    n = len(got)
    assert n == steps + 1 or t.status in ("diverged", "converged")
    error = np.linalg.norm(got - wanted[:n], axis=1)
    # Roundings that differ grow as the motion spreads them; nothing else does.
    growth = 1e-9 if name in ("newton", "damped_newton", "saddle_free_newton", "bfgs") else 1e-11
    assert (error <= growth * np.maximum(np.linalg.norm(wanted[:n], axis=1), 1e-3)).all()


def test_every_optimizer_is_compared_with_torch_or_its_paper():
    assert {run["optimizer"] for run in REFERENCE} | set(PAPERS) | RANDOM == set(OPTIMIZERS)


def test_every_hyperparameter_is_set_in_some_comparison():
    for name in {run["optimizer"] for run in REFERENCE}:
        changed = set().union(
            *(set(run["values"]) for run in REFERENCE if run["optimizer"] == name)
        )
        missing = {h.name for h in OPTIMIZERS[name].hyperparameters} - changed
        assert missing <= {"eps", "eps_in_sqrt", "beta1", "beta2"}, (name, missing)


# what holds for every entry


@each_optimizer
def test_entry_tells_title_summary_and_source(optimizer):
    assert optimizer.title
    assert optimizer.summary.endswith(".")
    assert optimizer.source
    assert optimizer.evaluations >= 1
    for h in optimizer.hyperparameters:
        assert h.check(h.value) == h.value
        assert h.meaning
    for framework in optimizer.presets:
        assert optimizer.preset(framework) != optimizer
    with pytest.raises(ValueError, match="no preset 'theano'"):
        optimizer.preset("theano")


@each_optimizer
def test_exchanging_the_coordinates_exchanges_the_trajectory(optimizer):
    one = Surface.from_formula("(x^2 + 2*y - 3)^2 + x*y + y^4/5")
    two = Surface.from_formula("(y^2 + 2*x - 3)^2 + x*y + x^4/5")
    if optimizer.name in RANDOM:
        optimizer = optimizer(temperature=0)
    optimizer = _at_an_ordinary_rate(optimizer)
    a = core.descend(one, optimizer, (0.5, -1.2), 40)
    b = core.descend(two, optimizer, (-1.2, 0.5), 40)
    np.testing.assert_allclose(a.x, b.y, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(a.y, b.x, rtol=1e-10, atol=1e-12)


@each_optimizer
def test_all_hyperparameters_may_be_at_the_ends_of_their_ranges(optimizer):
    def ends(h):
        low = h.low if h.ends[0] == "[" else np.nextafter(h.low, np.inf)
        high = h.high if h.ends[1] == "]" else np.nextafter(h.high, -np.inf)
        return (0.0, 1.0) if h.flag else (float(low), h.value, float(high))

    names = [h.name for h in optimizer.hyperparameters]
    choices = list(itertools.product(*map(ends, optimizer.hyperparameters)))
    chosen = np.random.default_rng(0).permutation(len(choices))[:60]
    for k in chosen:
        t = core.descend(
            SURFACES["himmelblau"], optimizer(**dict(zip(names, choices[k], strict=True))),
            (0.3, 1.0), 20,
        )  # fmt: skip
        assert t.status
        assert np.isfinite(t.x[:-1]).all()
        assert str(t.reason)


@each_optimizer
def test_the_whole_state_is_recorded(optimizer):
    t = core.descend(SURFACES["himmelblau"], optimizer, (0.3, 1.0), 5)
    assert set(t.state) == {f"{name}_{axis}" for name in optimizer.state for axis in "xy"}
    assert all(len(values) == len(t) for values in t.state.values())
    # a run continued from its state would need nothing else: the rule reads only these
    known = {"w", "g", "t", "x", "y", "f", "gx", "gy", "hxx", "hxy", "hyy", "h", "xi"}
    read = set(optimizer.reads) - known - set(optimizer.values)
    assert read <= set(optimizer.state)


@each_optimizer
def test_lanes_that_share_hyperparameters_and_lanes_that_differ_agree_to_the_bit(optimizer):
    surface, n = SURFACES["himmelblau"], 7
    starts = np.random.default_rng(4).uniform(-4, 4, (n, 2))
    optimizer = _at_an_ordinary_rate(optimizer)
    shared = core.settle(surface, optimizer, starts, 40)
    names = [h.name for h in optimizer.hyperparameters]
    differing = {name: np.full(n, optimizer.values[name]) for name in names}
    lanes = core.settle(surface, optimizer, starts, 40, hyperparameters=differing)
    for name in ("x", "y", "loss", "steps"):
        np.testing.assert_array_equal(getattr(shared, name), getattr(lanes, name))


# closed forms and typed rules


def test_rmsprop_with_eps_under_the_root():
    rms = OPTIMIZERS["rmsprop"].preset("optax")(lr=0.1, eps=0.5)
    t = core.descend(Surface.from_formula("x^2/2 + y^2/2"), rms, (1.0, -2.0), 2, tolerance=0)
    x, v = 1.0, 0.0
    for step in (1, 2):
        v = 0.9 * v + 0.1 * x * x
        x -= 0.1 * x / np.sqrt(v + 0.5)
        assert t.x[step] == pytest.approx(x, rel=1e-14)


def test_rmsprop_of_keras_makes_the_step_of_its_documentation():
    # with eps this large its place decides: under the root, as in keras.optimizers.RMSprop
    rms = OPTIMIZERS["rmsprop"].preset("keras")(lr=0.1)
    surface = Surface.from_formula("x^2/2 + y^2/2")
    assert core.descend(surface, rms, (10.0, 1.0), 1).x[1] == pytest.approx(9.683772, abs=1e-6)
    coarse = core.descend(surface, rms(eps=15.0), (10.0, 1.0), 1).x[1]
    assert coarse == pytest.approx(10 - 0.1 * 10 / (0.1 * 100 + 15) ** 0.5, rel=1e-14)


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
