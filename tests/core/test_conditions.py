"""What surrounds the step: schedules, noise, clipping, and when a run ends."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SCHEDULES, SURFACES, Optimizer, Plateau, Schedule, Surface

bowl = Surface.from_formula("x^2/2 + y^2/2")
gd = OPTIMIZERS["gd"](lr=0.1)
n = 40
k = np.arange(n)

# the schedulers of torch.optim, written out: the factor of step k + 1
TORCH = {
    "constant": np.ones(n),
    "step": 0.1 ** (k // (n // 4)),
    "exponential": (0.01 ** (1 / n)) ** k,
    "polynomial": 1 - k / n,
    "cosine": (1 + np.cos(np.pi * k / n)) / 2,
    "cosine_restarts": (1 + np.cos(np.pi * (k % 10) / 10)) / 2,
}
OPTIONS = {"step": {"drops": 4}, "cosine_restarts": {"restarts": 4}}


@pytest.mark.parametrize("name", TORCH)
def test_a_schedule_is_that_of_torch(name):
    schedule = SCHEDULES[name](**OPTIONS.get(name, {}))
    np.testing.assert_allclose(schedule.factors(n), TORCH[name], rtol=1e-12, atol=1e-15)


def test_one_cycle_is_that_of_torch():
    def annealed(start, end, share):
        return end + (start - end) / 2 * (1 + math.cos(math.pi * share))

    wanted, rise = [], 0.3 * n - 1
    for step in range(n):
        if step <= rise:
            wanted.append(annealed(1 / 25, 1, step / rise))
        else:
            wanted.append(annealed(1, 1 / 25e4, (step - rise) / (n - 1 - rise)))
    np.testing.assert_allclose(SCHEDULES["one_cycle"].factors(n), wanted, rtol=1e-12)


def test_every_schedule_is_compared_and_explained():
    assert set(TORCH) | {"one_cycle"} == set(SCHEDULES)
    for schedule in SCHEDULES.values():
        assert schedule.summary
        assert schedule.title
        for steps in (0, 1, 2, 7):
            factors = schedule.factors(steps)
            assert len(factors) == steps
            assert (factors >= 0).all()
            assert (factors <= 1 + 1e-12).all()


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_warm_up_rises_in_a_line_before_any_schedule(name):
    cold, warm = SCHEDULES[name], SCHEDULES[name](warmup=0.25)
    factors = warm.factors(n)
    first = cold.factors(30)[0]
    np.testing.assert_allclose(factors[:10], np.arange(1, 11) / 10 * first)
    np.testing.assert_allclose(factors[10:], cold.factors(30))


def test_the_learning_rate_of_each_step_is_the_scheduled_one():
    t = core.descend(bowl, gd, (1.0, 2.0), n, schedule="cosine", tolerance=0)
    np.testing.assert_allclose(t.lr[1:], 0.1 * TORCH["cosine"])
    np.testing.assert_allclose(t.x, np.cumprod(np.append(1.0, 1 - 0.1 * TORCH["cosine"])))
    sparse = core.descend(bowl, gd, (1.0, 2.0), n, schedule="cosine", tolerance=0, every=7)
    np.testing.assert_array_equal(sparse.lr, t.lr[sparse.step])


def test_a_typed_schedule_and_its_mistakes():
    t = core.descend(bowl, gd, (1.0, 2.0), 4, schedule="1 - s", tolerance=0)
    np.testing.assert_allclose(t.lr[1:], 0.1 * np.array([1, 0.75, 0.5, 0.25]))
    with pytest.raises(core.FormulaError, match="the name q is not known"):
        core.descend(bowl, gd, (1, 2), 4, schedule="1 - q")
    with pytest.raises(ValueError, match="not a finite number at step 1"):
        core.descend(bowl, gd, (1, 2), 4, schedule="1/s")
    with pytest.raises(ValueError, match="cosine has no parameter peak"):
        SCHEDULES["cosine"](peak=1)
    with pytest.raises(ValueError, match="warmup must be"):
        SCHEDULES["cosine"](warmup=2)


def test_changing_beta_on_the_way_keeps_bias_correction_right():
    beta = {"beta1": Schedule.from_formula("where(s < 0.5, 1, 0.5)")}
    adam = OPTIMIZERS["adam"](lr=0.05)
    t = core.descend(SURFACES["himmelblau"], adam, (0.5, 1.0), 20, schedule=beta)
    w, m, v, product = np.array([0.5, 1.0]), np.zeros(2), np.zeros(2), 1.0
    for step in range(1, 21):
        b = 0.9 if step <= 10 else 0.45
        g = np.array(SURFACES["himmelblau"].gradient(*w))
        product *= b  # of the betas actually used
        m, v = b * m + (1 - b) * g, 0.999 * v + 0.001 * g * g
        w = w - 0.05 * (m / (1 - product)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        assert np.hypot(t.x[step] - w[0], t.y[step] - w[1]) < 1e-12


def test_a_plateau_reduces_the_learning_rate_of_each_run_by_itself():
    flat = Surface.from_formula("abs(x) + 0*y", domain=(-5, 5, -5, 5))
    plateau = Plateau(factor=0.5, patience=3, threshold=0.0)
    runs = core.race(flat, [OPTIMIZERS["gd"](lr=0.4)], [(1.0, 0.0), (3.1, 0.0)], 60,
                     schedule=plateau)  # fmt: skip
    for t in runs:
        lr, best, bad, x = 0.4, math.inf, 0, t.start[0]
        for step in range(1, t.steps + 1):
            assert t.lr[step] == pytest.approx(lr)
            loss, x = abs(x), x - lr * np.sign(x)
            assert t.x[step] == pytest.approx(x, abs=1e-12)
            bad = 0 if loss < best else bad + 1
            best = min(best, loss)
            if bad > 3:
                lr, bad = lr * 0.5, 0
    assert runs[0].lr[-1] != runs[1].lr[-1]


@given(st.integers(0, 2**63 - 1))
def test_noise_is_normal_and_depends_on_seed_step_and_start_alone(seed):
    walk = Optimizer.from_rule("b = 0*b + g\nw = w - 0*b")
    flat = Surface.from_formula("0*x")
    t = core.race(flat, [walk, walk], [(0, 0), (1, 1)], 50, noise=2.0, seed=seed, tolerance=0)
    noises = [np.stack([r.state["b_x"][1:], r.state["b_y"][1:]]) for r in t]
    if t[0].status == "out of steps":
        np.testing.assert_array_equal(noises[0], noises[2])  # the same for all racers
        assert (noises[0] != noises[1]).all()
        again = core.descend(flat, walk, (0, 0), 50, noise=2.0, seed=seed, tolerance=0)
        np.testing.assert_array_equal(again.state["b_x"], t[0].state["b_x"])


def test_the_noise_has_the_moments_of_a_normal_distribution():
    from scipy import stats

    walk = Optimizer.from_rule("b = 0*b + xi\nw = w - 0*b")
    t = core.descend(Surface.from_formula("x"), walk, (0, 0), 100_000, seed=5)
    x, y = t.state["b_x"][1:], t.state["b_y"][1:]
    for sample in (x, y):
        assert stats.kstest(sample, "norm").pvalue > 1e-3
        assert abs(sample.mean()) < 5 / np.sqrt(len(sample))
        assert sample.std() == pytest.approx(1, abs=0.01)
        assert abs(np.corrcoef(sample[:-1], sample[1:])[0, 1]) < 0.015
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.015


def test_noise_that_differs_from_racer_to_racer():
    same = core.race(bowl, [gd, gd], [(1, 1)], 20, noise=0.1, seed=3)
    other = core.race(bowl, [gd, gd], [(1, 1)], 20, noise=0.1, seed=3, same_noise=False)
    np.testing.assert_array_equal(same[0].x, same[1].x)
    np.testing.assert_array_equal(other[0].x, same[0].x)
    assert (other[0].x[1:] != other[1].x[1:]).all()
    alone = core.descend(bowl, gd, (1, 1), 20, noise=0.1, seed=3, same_noise=False, racer=1)
    np.testing.assert_array_equal(alone.x, other[1].x)


def test_noise_leaves_the_recorded_gradient_exact():
    t = core.descend(bowl, gd, (1, 1), 20, noise=0.5)
    np.testing.assert_array_equal(t.grad_x, t.x)


def test_langevin_dynamics_samples_the_boltzmann_distribution():
    warm = OPTIMIZERS["langevin"](lr=0.02, temperature=0.5)
    t = core.descend(bowl, warm, (0.1, 0.0), 400_000, seed=1, tolerance=0)
    assert t.x.var() == pytest.approx(0.5, rel=0.08)
    assert t.y.var() == pytest.approx(0.5, rel=0.08)


def test_clipping_by_value_and_by_norm():
    start = (30.0, 40.0)
    t = core.descend(bowl, gd, start, 1, clip=5.0)
    np.testing.assert_allclose((t.x[1], t.y[1]), (30 - 0.1 * 3, 40 - 0.1 * 4))
    t = core.descend(bowl, gd, start, 1, clip_value=35.0)
    np.testing.assert_allclose((t.x[1], t.y[1]), (27.0, 36.5))
    t = core.descend(bowl, gd, (0.3, 0.4), 1, clip=5.0, clip_value=3.0)
    np.testing.assert_allclose((t.x[1], t.y[1]), (0.27, 0.36))
    steep = Surface.from_formula("1e200*x", domain=(-9, 9, -9, 9))
    t = core.descend(steep, gd, (1.0, 0.0), 1, clip=1.0)
    assert t.x[1] == pytest.approx(0.9)


def test_clipping_comes_after_noise_and_weight_decay_before_both():
    noisy = core.descend(bowl, gd, (1, 1), 200, noise=100.0, clip=1.0)
    steps = np.hypot(np.diff(noisy.x), np.diff(noisy.y))
    assert steps.max() <= 0.1 + 1e-12
    decayed = core.descend(bowl, gd, (1.0, -2.0), 10, weight_decay=0.5)
    np.testing.assert_allclose(decayed.x, (1 - 0.1 * 1.5) ** np.arange(11))
    own = core.descend(bowl, OPTIMIZERS["gd"](lr=0.1, weight_decay=0.5), (1.0, -2.0), 10)
    np.testing.assert_allclose(decayed.y, own.y, rtol=1e-14)


def test_a_second_gradient_is_disturbed_like_the_first():
    sam = OPTIMIZERS["sam"](lr=0.1, rho=1e-9)
    a = core.descend(bowl, sam, (3.0, 1.0), 20, noise=0.3, clip=1.5, weight_decay=0.1)
    b = core.descend(bowl, gd, (3.0, 1.0), 20, noise=0.3, clip=1.5, weight_decay=0.1)
    np.testing.assert_allclose(a.x, b.x, atol=1e-7)


def test_stopping_by_step_size_and_by_loss():
    t = core.descend(bowl, gd, (1.0, 0.0), 1000, tolerance=0, step_tolerance=1e-3)
    assert t.status == "stalled"
    steps = np.abs(np.diff(t.x))
    assert steps[-1] <= 1e-3 < steps[-2]
    assert "stalled at" in str(t.reason)
    sign = OPTIMIZERS["sign_descent"](lr=0.3)
    t = core.descend(bowl, sign, (1.0, 1.0), 1000, patience=20, loss_tolerance=1e-3)
    assert t.status == "stalled"
    assert t.steps == int(np.argmin(t.loss)) + 20
    assert core.descend(bowl, sign, (1.0, 1.0), 1000).status == "out of steps"
    ends = core.settle(bowl, gd, [(1.0, 0.0)] * 5, 1000, tolerance=0, step_tolerance=1e-3)
    assert set(ends.status) == {"stalled"}
    assert (ends.steps % 16 == 0).all()


def test_budgets_in_gradient_evaluations():
    slow = OPTIMIZERS["gd"](lr=1e-3)
    racers = [slow, OPTIMIZERS["sam"], OPTIMIZERS["damped_newton"], OPTIMIZERS["gradient_flow"]]
    runs = core.race(SURFACES["rosenbrock"], racers, [(-1.2, 1)], evaluations=60, tolerance=0)
    assert [t.optimizer.evaluations for t in runs] == [1, 2, 3, 4]
    assert all(t.evaluations[-1] <= 60 for t in runs)
    assert runs[1].steps == 30


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"noise": -1}, "noise must be at least 0"),
        ({"noise": math.nan}, "noise must be a finite number"),
        ({"clip": 0}, "clip must be greater than 0"),
        ({"clip_value": "x"}, "clip_value must be a number"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"seed": 2**64}, "seed must be at least 0 and less than 2\\^63, not 18446744073709551616"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"patience": -1}, "patience must be"),
        ({"weight_decay": -1}, "weight_decay must be"),
        ({"schedule": 3}, "schedule must be a Schedule, a name or a formula, not '3'"),
        ({"schedule": {"momentum": "1 - s"}}, "schedule: gd has no hyper-parameter momentum"),
        ({"schedule": {"beta1": Plateau()}}, "only lr can be reduced on plateaus"),
        ({"evaluations": -1}, "evaluations must be at least 0"),
    ],
)
def test_a_bad_condition_is_named(arguments, part):
    with pytest.raises(ValueError, match=part):
        core.race(bowl, [gd], [(0, 0)], **arguments)


@pytest.mark.parametrize("field", ["factor", "threshold", "floor", "patience"])
def test_a_bad_plateau_is_named(field):
    with pytest.raises(ValueError, match=f"{field} must be"):
        Plateau(**{field: -1})


def test_a_plateau_and_patience_do_not_meddle_with_one_another():
    slow = OPTIMIZERS["gd"](lr=0.05)
    a = core.descend(bowl, slow, (3, 3), 30, schedule=Plateau(patience=3), patience=100)
    b = core.descend(bowl, slow, (3, 3), 30)
    np.testing.assert_array_equal(a.x, b.x)


def test_a_run_that_stalls_outside_has_left():
    slope = Surface.from_formula("x", domain=(-5, 5, -5, 5))
    half = OPTIMIZERS["gd"](lr=0.5)
    t = core.descend(slope, half, (-4.9, 0), 50, step_tolerance=1.0, stop_outside=True)
    assert (t.status, t.left) == ("left the domain", 1)
    t = core.descend(slope, half, (-4.9, 0), 50, step_tolerance=1.0)
    assert (t.status, t.left) == ("stalled", 1)


def test_a_schedule_must_keep_a_hyperparameter_in_its_range():
    with pytest.raises(ValueError, match=r"schedule: lr would become -0\.1; it must be"):
        core.descend(bowl, gd, (1, 1), 5, schedule="-1")
    with pytest.raises(ValueError, match=r"schedule: beta1 would become 1\.8"):
        core.descend(bowl, OPTIMIZERS["adam"], (1, 1), 5, schedule={"beta1": "2"})


def test_schedules_that_are_too_long_are_refused_before_they_are_made():
    with pytest.raises(core.TooLarge):
        core.descend(bowl, gd, (1, 1), 10**11, every=10**11, schedule="cosine")


def test_a_schedule_that_begins_at_zero_does_not_spoil_an_average():
    for name in ("schedule_free_sgd", "schedule_free_adamw"):
        t = core.descend(bowl, OPTIMIZERS[name](lr=0.1), (1, 1), 50, schedule="s")
        assert np.isfinite(t.x).all()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [({"stop_outside": "no"}, "stop_outside must be true or false"),
     ({"patience": 1.5}, "patience must be a whole number"),
     ({"schedule": {5: "1"}}, "is not the name of a hyper-parameter")],
)  # fmt: skip
def test_conditions_of_the_wrong_kind_are_named(arguments, part):
    with pytest.raises(ValueError, match=part):
        core.descend(bowl, gd, (1, 1), 5, **arguments)


def test_numpy_seeds_are_seeds():
    racers = [gd, OPTIMIZERS["adam"]]
    a = core.race(bowl, racers, [(1, 1)], 5, noise=0.1, seed=np.int64(3), same_noise=False)
    b = core.race(bowl, racers, [(1, 1)], 5, noise=0.1, seed=3, same_noise=False)
    np.testing.assert_array_equal(a[1].x, b[1].x)


def test_racers_that_differ_in_hyperparameters_only_race_as_they_do_alone():
    racers = [OPTIMIZERS["adam"](lr=lr) for lr in (0.01, 0.1, 0.5)]
    racers.insert(1, gd)
    starts = [(0.3, 1.0), (-2.0, 3.0)]
    together = core.race(SURFACES["himmelblau"], racers, starts, 50, noise=0.1, schedule="cosine")
    for k, t in enumerate(together):
        assert t.optimizer == racers[k // 2]
        alone = core.descend(SURFACES["himmelblau"], racers[k // 2], starts[k % 2], 50)
        assert t.start == alone.start
    for k in (0, 2, 4, 6):  # the first start has the first noise
        alone = core.descend(SURFACES["himmelblau"], racers[k // 2], starts[0], 50, noise=0.1,
                             schedule="cosine")  # fmt: skip
        np.testing.assert_array_equal(together[k].x, alone.x)
        np.testing.assert_array_equal(together[k].lr, alone.lr)
