"""Optimizers of SciPy and torch as racers."""

import threading
from importlib.util import find_spec

import numpy as np
import pytest
from scipy.optimize import minimize

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SCIPY, SURFACES
from gdviz_core.known import find

HAS_TORCH = find_spec("torch") is not None
METHODS = {"scipy_nelder_mead": "Nelder-Mead", "scipy_powell": "Powell", "scipy_cg": "CG",
           "scipy_bfgs": "BFGS", "scipy_l_bfgs_b": "L-BFGS-B", "scipy_tnc": "TNC",
           "scipy_newton_cg": "Newton-CG", "scipy_trust_exact": "trust-exact"}  # fmt: skip


@pytest.mark.parametrize("name", SCIPY)
@pytest.mark.parametrize("surface", ["rosenbrock", "himmelblau", "sphere", "styblinski_tang"])
def test_it_finds_a_minimum_and_counts_what_that_cost(name, surface):
    surface = SURFACES[surface]
    t = core.descend(surface, SCIPY[name], surface.start, 2000)
    assert t.loss[-1] <= surface.value(*surface.start)
    minima = np.array(surface.minima)
    assert np.hypot(*(minima - (t.x[-1], t.y[-1])).T).min() < 1e-5
    assert len(t.evaluations) == len(t)
    assert (np.diff(t.evaluations) >= 0).all()
    assert t.evaluations[0] >= 0
    np.testing.assert_array_equal(t.loss, surface.value(t.x, t.y))


@pytest.mark.parametrize("name", METHODS)
def test_the_iterates_are_those_that_scipy_itself_reports(name):
    surface, start = SURFACES["rosenbrock"], (-1.2, 1.0)
    wanted = [start]
    given = {} if name in ("scipy_nelder_mead", "scipy_powell") else {
        "jac": lambda p: np.array(surface.gradient(*p))}  # fmt: skip
    if name in ("scipy_newton_cg", "scipy_trust_exact"):
        given["hess"] = lambda p: np.array(surface.hessian(*p))[[0, 1, 1, 2]].reshape(2, 2)
    minimize(lambda p: float(surface.value(*p)), start, method=METHODS[name],
             options={"xtol": 1e-14, "ftol": 0.0} if name == "scipy_powell" else {},
             callback=lambda p, *_: wanted.append(tuple(p)), **given)  # fmt: skip
    t = core.descend(surface, SCIPY[name], start, 2000)
    n = min(12, len(wanted) - 1, len(t))
    assert n >= 5
    np.testing.assert_allclose(np.stack([t.x, t.y], axis=1)[:n], wanted[:n], rtol=1e-6)


def test_the_simplex_of_nelder_and_mead_is_recorded():
    t = core.descend(SURFACES["rosenbrock"], SCIPY["scipy_nelder_mead"], (-1.2, 1), 200)
    corners = np.array([[t.state[f"corner{k}_{axis}"] for axis in "xy"] for k in (1, 2, 3)])
    losses = SURFACES["rosenbrock"].value(corners[:, 0, 1:], corners[:, 1, 1:])
    assert (np.diff(losses, axis=0) >= 0).all()  # the best corner first
    np.testing.assert_array_equal(corners[0, 0, 1:], t.x[1:])
    assert np.isnan(corners[:, :, 0]).all()  # before the first step there is none


def test_they_race_beside_the_others():
    racers = [OPTIMIZERS["adam"](lr=0.05), SCIPY["scipy_bfgs"], OPTIMIZERS["bfgs"]]
    runs = core.race(SURFACES["himmelblau"], racers, [(0, 0), (1, 1)], 100, every=3)
    assert [t.optimizer.name for t in runs] == ["adam"] * 2 + ["scipy_bfgs"] * 2 + ["bfgs"] * 2
    scipy = runs[2]
    assert (np.diff(scipy.step)[:-1] == 3).all()
    assert str(scipy.reason).startswith("converged to the minimum")
    assert core.rank(runs)[0].place == 1


def test_ends_limits_and_leaving_the_domain():
    surface = SURFACES["hyperbolic_paraboloid"]
    t = core.descend(surface, SCIPY["scipy_bfgs"], (-1.6, 0.001), 100, stop_outside=True)
    assert t.status == "left the domain"
    assert t.left == t.steps
    t = core.descend(SURFACES["rosenbrock"], SCIPY["scipy_cg"], (-1.2, 1), 3)
    assert (t.status, t.steps) == ("out of steps", 3)
    t = core.descend(SURFACES["rosenbrock"], SCIPY["scipy_cg"], (1, 1), 3)
    assert (t.status, t.steps) == ("converged", 0)
    assert threading.active_count() == 1


def test_a_race_with_them_can_be_cancelled():
    progress = core.Progress()
    progress.cancel()
    with pytest.raises(core.Cancelled):
        core.race(SURFACES["rosenbrock"], [SCIPY["scipy_bfgs"]], [(-1.2, 1)], progress=progress)
    assert threading.active_count() == 1


@pytest.mark.parametrize(
    "condition", [{"noise": 0.1}, {"clip": 1.0}, {"weight_decay": 0.1}, {"schedule": "cosine"}]
)
def test_conditions_that_only_rules_know_are_refused(condition):
    (name,) = condition
    with pytest.raises(ValueError, match=f"{name} must be off for SciPy BFGS"):
        core.descend(SURFACES["sphere"], SCIPY["scipy_bfgs"], (1, 1), **condition)


def test_optimizers_are_found_by_name():
    assert find("adam") is OPTIMIZERS["adam"]
    assert find("scipy_bfgs") is SCIPY["scipy_bfgs"]
    with pytest.raises(ValueError, match="there is no optimizer 'sgdm'; the names are: gd, "):
        find("sgdm")
    for entry in SCIPY.values():
        assert entry.summary
        assert entry.source


@pytest.mark.parametrize("name", SCIPY)
def test_a_budget_of_evaluations_is_kept(name):
    t = core.race(SURFACES["rosenbrock"], [SCIPY[name]], [(-1.2, 1)], evaluations=60)[0]
    assert t.evaluations[-1] <= 60
    assert t.steps >= 1 or name == "scipy_powell"  # whose first step costs more


@pytest.mark.parametrize("name", SCIPY)
@pytest.mark.parametrize("formula", ["x + y", "1/x", "-exp(x^2 + y^2)", "sqrt(x) + y", "3"])
def test_a_method_that_cannot_go_on_ends_its_own_run_only(name, formula):
    surface = core.Surface.from_formula(formula)
    runs = core.race(surface, [SCIPY[name], OPTIMIZERS["gd"]], [(0.5, 0.1)], 50)
    assert len(runs) == 2
    assert all(str(t.reason) for t in runs)
    # an error is told, not swallowed
    assert runs[0].failure[:100] in str(runs[0].reason) or runs[0].status != "stalled"


def test_what_a_library_raised_is_part_of_the_reason():
    t = core.descend(core.Surface.from_formula("x + y"), SCIPY["scipy_powell"], (0.5, 0.1), 50)
    assert "Error" in t.failure
    assert t.failure[:100] in str(t.reason)
    fine = core.descend(SURFACES["sphere"], SCIPY["scipy_powell"], (1, 1), 50)
    assert fine.failure == ""


def test_stopping_by_step_size_and_by_loss_holds_for_them_too():
    t = core.descend(SURFACES["rosenbrock"], SCIPY["scipy_bfgs"], (-1.5, 2), 30, step_tolerance=9)
    assert (t.status, t.steps) == ("stalled", 1)
    t = core.descend(SURFACES["rosenbrock"], SCIPY["scipy_nelder_mead"], (-1.5, 2), 300,
                     patience=3, loss_tolerance=0.5, tolerance=0)  # fmt: skip
    assert t.status == "stalled"
    assert t.steps < 100


if HAS_TORCH:

    @pytest.mark.parametrize("name", ["Adam", "SGD", "NAdam", "RMSprop", "ASGD"])
    def test_torch_itself_agrees_with_the_rule(name):
        ours = {"SGD": "gd"}.get(name, name.lower())
        theirs = core.TorchOptimizer(name, lr=1e-3)
        runs = core.race(
            SURFACES["himmelblau"], [theirs, OPTIMIZERS[ours](lr=1e-3)], [(0.3, 1.0)], 100
        )
        np.testing.assert_allclose(runs[0].x, runs[1].x, rtol=1e-12)

    def test_torch_classes_for_matrices_and_with_line_search():
        import torch

        for cls in (torch.optim.Muon, torch.optim.LBFGS):
            t = core.descend(SURFACES["himmelblau"], core.TorchOptimizer(cls, lr=0.1), (0.3, 1), 50)
            assert t.loss[-1] < t.loss[0]
        assert t.evaluations[-1] > t.steps  # several in each step of L-BFGS
        assert find("torch_Adam")(lr=0.5).values["lr"] == 0.5

    def test_bad_options_of_torch_are_named():
        with pytest.raises(ValueError, match="Adam has no option beta1; it has lr, betas"):
            core.TorchOptimizer("Adam", beta1=0.9)
        with pytest.raises(ValueError, match="Adam: Invalid learning rate"):
            core.TorchOptimizer("Adam", lr=-1.0)
        for wrong in ("Nothing", int):
            with pytest.raises(ValueError, match=r"is not an optimizer of torch\.optim"):
                core.TorchOptimizer(wrong)

else:

    def test_without_torch_the_message_says_what_to_install():
        with pytest.raises(ValueError, match="torch is not installed: pip install torch"):
            core.TorchOptimizer("Adam", lr=0.1)
