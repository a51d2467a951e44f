"""The shipped scenes show what their words say."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gdviz import compute, maps, scene, session
from gdviz.racer import Racer
from gdviz.scene import MAX_TITLE, Scene
from gdviz.shot import THEMES
from gdviz_core.critical import critical_points
from gdviz_core.destinations import destinations
from gdviz_core.maps import whole

SCENES = {path.stem[3:]: path for path in scene.shipped()}


def opened(name):
    return session.read(SCENES[name])


def race(name, **changes):
    experiment = replace(opened(name).experiment, **changes)
    return compute.finish(compute.race(experiment))


def ends(name, **changes):
    return [str(t.reason) for t in race(name, **changes).trajectories]


def test_there_are_at_least_sixteen_in_an_order():
    assert len(SCENES) >= 16
    assert [path.stem[:2] for path in scene.shipped()] == [
        f"{n:02}" for n in range(1, len(SCENES) + 1)]  # fmt: skip


@pytest.mark.parametrize("name", list(SCENES))
def test_each_has_words_a_question_pictures_and_a_canonical_file(name):
    found = opened(name)
    assert found.scene.title
    assert found.scene.text.count(".") >= 2  # two sentences at least
    assert found.scene.question.endswith(("?", "."))
    for theme in THEMES:
        picture = SCENES[name].with_name(f"{SCENES[name].stem}-{theme}.png")
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert session.dump(found) == SCENES[name].read_text(encoding="utf-8")
    assert all(math.isfinite(t.loss[0]) for t in race(name).trajectories)


def test_momentum_is_faster_in_the_ravine():
    gd, momentum = race("ravine-and-momentum").trajectories
    assert momentum.loss[-1] < 1e-3 * gd.loss[-1]


def test_the_start_decides_between_two_minima():
    assert {"(0.945649, 0)" in end for end in ends("two-minima")} == {True, False}


def test_the_saddle_holds_the_run_that_starts_on_its_line():
    held, free = ends("the-saddle-that-holds")
    assert "saddle" in held
    assert "minimum" in free


def test_the_rate_diverges_past_two_over_the_curvature():
    losses = [t.loss for t in race("the-rate-that-diverges").trajectories]
    assert all(loss[-1] < 1e-3 for loss in losses[:3])
    assert losses[3][-1] > losses[3][0]
    exactly = replace(
        opened("the-rate-that-diverges").experiment, racers=(Racer("gd", {"lr": 1.0}),)
    )
    (t,) = compute.finish(compute.race(exactly)).trajectories
    assert t.loss[-1] == pytest.approx(t.loss[0])  # exactly at the limit it jumps for ever


def test_critical_damping_arrives_first_and_does_not_pass():
    creeps, critical, swings = race("critical-damping").trajectories
    assert critical.loss[-1] < min(creeps.loss[-1], swings.loss[-1])
    assert (critical.x <= 1e-9).all()
    assert swings.x.max() > 1


def test_nesterov_swings_less():
    momentum, nesterov = race("nesterov").trajectories
    assert nesterov.x.max() < 0.9 * momentum.x.max()
    assert np.abs(nesterov.y).sum() < 0.5 * np.abs(momentum.y).sum()  # across the ravine


def test_the_first_step_of_rmsprop_is_ten_learning_rates_long():
    rmsprop, adam = race("rmsprop-first-step").trajectories
    for axis in ("x", "y"):
        first = abs(np.diff(getattr(rmsprop, axis)[:2])[0])
        assert first == pytest.approx(10 * 0.1, rel=1e-3)
        assert abs(np.diff(getattr(adam, axis)[:2])[0]) == pytest.approx(0.1, rel=1e-3)


def test_adagrad_runs_out_before_the_minimum():
    adagrad, rmsprop = race("adagrad-runs-out").trajectories
    assert np.hypot(adagrad.x[-1] - 1, adagrad.y[-1] - 1) > 1
    assert np.hypot(rmsprop.x[-1] - 1, rmsprop.y[-1] - 1) < 0.1
    assert np.hypot(adagrad.grad_x[-1], adagrad.grad_y[-1]) > 0.1  # the slope is not 0


def test_sign_descent_runs_along_the_diagonal():
    t = race("sign-descent").trajectories[0]
    steps = np.abs([np.diff(t.x[:20]), np.diff(t.y[:20])])
    np.testing.assert_allclose(steps, 0.02, rtol=1e-12)


def test_noise_carries_most_runs_into_the_deep_well_and_without_it_none_leaves():
    deep = [t.x[-1] < 0.1 for t in race("noise-leaves-a-bad-minimum").trajectories]
    assert sum(deep) > 10
    assert not any(
        t.x[-1] < 0.1 for t in race("noise-leaves-a-bad-minimum", noise=0.0).trajectories
    )


def test_newton_goes_to_the_saddle_and_the_others_to_the_minimum():
    newton, free, gd = ends("newton-and-the-saddle")
    assert "saddle" in newton
    assert "minimum at (3, 2)" in free
    assert "(3, 2)" in gd


def test_constant_steps_cannot_settle_on_the_cone():
    constant, cosine = race("the-cone-of-ackley").trajectories
    assert constant.loss[-50:].min() > 0.1
    assert cosine.loss[-1] < 1e-6


def test_curvature_finds_the_end_of_the_banana():
    found = {t.optimizer.name: t for t in race("the-banana").trajectories}
    assert found["newton"].steps < found["bfgs"].steps < 500
    assert found["gd"].loss[-1] > 1e-3


def test_many_starts_find_all_four_minima():
    found = {end for end in ends("multi-start") if "minimum" in end}
    assert len(found) == 4


def test_falling_rates_end_nearer_than_constant_ones():
    nearness = []
    for seed in range(8):
        trajectories = race("schedule-and-accuracy", seed=seed).trajectories
        nearness.append([np.mean(np.hypot(t.x, t.y)[-20:]) for t in trajectories])
    large, small, cosine, falling = np.mean(nearness, axis=0)
    assert max(cosine, falling) < 0.5 * large
    assert min(cosine, falling) < small


def test_adam_goes_the_wrong_way_where_amsgrad_goes_right():
    adam, amsgrad = race("adam-and-amsgrad").trajectories
    assert adam.x[-1] > 1
    assert amsgrad.x[-1] < -0.5
    # y is the time: one learning rate a step
    np.testing.assert_allclose(adam.y, -0.01 * np.arange(len(adam)), atol=1e-6)


def condition(name):
    hxx, hxy, hyy = opened(name).experiment.resolved().hessian(0.0, 0.0)
    return np.linalg.cond([[hxx, hxy], [hxy, hyy]])


def test_the_same_rate_diverges_on_raw_prices_and_converges_on_scaled_ones():
    assert condition("house-prices") > 5e7
    assert condition("house-prices-standardised") == pytest.approx(1)
    raw, scaled = race("house-prices"), race("house-prices-standardised")
    assert raw.trajectories[0].optimizer.values["lr"] == 0.25
    assert scaled.trajectories[0].optimizer.values["lr"] == 0.25
    assert raw.trajectories[0].status == "diverged"
    assert scaled.trajectories[0].status == "converged"
    slow = raw.trajectories[1]
    assert abs(slow.y[-1] - slow.y[0]) < 0.001 * abs(slow.y[0])  # the intercept hardly moves


def test_stochastic_steps_arrive_first_and_do_not_settle():
    made = race("batch-mini-batch-stochastic")
    rows = made.experiment.resolved().rows
    one = int(np.searchsorted(made.steps, rows))  # after an epoch
    batch, mini, stochastic = made.loss[:, one]
    assert stochastic < batch
    assert mini < batch
    assert [made.trajectories[k].step[made.record(k, one)] for k in range(3)] == [1, 46, 1460]
    spread = np.std(made.loss[:, -2000:], axis=1)
    assert spread[2] > 10 * spread[0]


def test_of_many_starts_some_find_the_better_minimum_of_the_neuron():
    trajectories = race("the-network-with-two-minima").trajectories
    ends_at = {(round(float(t.x[-1]), 3), round(float(t.y[-1]), 3)) for t in trajectories}
    assert len(ends_at) == 2
    losses = np.array([t.loss[-1] for t in trajectories])
    share = (losses < losses.min() + 1e-6).mean()
    assert 0.5 < share < 0.9
    surface = opened("the-network-with-two-minima").experiment.resolved()
    saddles = [p for p in compute.core.critical_points(surface) if p.kind == "saddle"]
    assert saddles  # the ridge


def test_every_start_ends_at_the_same_boundary():
    where = [(-4.0, 4.0), (4.0, 4.0), (-1.0, -3.0)]
    found = [t for t in race("a-boundary-between-classes", starts=tuple(where)).trajectories
             if t.batches is None]  # fmt: skip
    for t in found:
        assert (t.x[-1], t.y[-1]) == pytest.approx((found[0].x[-1], found[0].y[-1]), abs=1e-5)


def test_the_plane_of_the_network_holds_most_of_the_runs_and_not_all():
    trajectories = race("a-network-on-a-plane").trajectories
    for t in trajectories:
        away = np.linalg.norm(t.weights - t.weights[0], axis=1)
        assert 0.05 * away.max() < t.off.max() < 0.6 * away.max()
        assert t.loss[-1] < 0.1 < t.loss[0]


def test_words_that_are_too_long_are_refused():
    with pytest.raises(ValueError, match="title has at most 200"):
        Scene("x" * (MAX_TITLE + 1))


def test_a_folder_that_is_not_there_has_no_scenes(tmp_path):
    assert scene.files_in(tmp_path / "none") == []
    (tmp_path / "b.json").write_text("x")
    (tmp_path / "a.json").write_text("x")
    (tmp_path / "a.txt").write_text("x")
    assert [p.name for p in scene.files_in(tmp_path)] == ["a.json", "b.json"]


def mapped(name, racer, side=96):
    experiment = opened(name).experiment
    question = maps.basins(experiment, experiment.racers[racer], (side, side),
                           where=destinations(experiment.resolved()),
                           seeds=experiment.maps.seeds if experiment.noise else 1)  # fmt: skip
    return question, whole(question)


def borders_of(minimum):
    """The share of pixels whose right neighbour ends elsewhere."""
    return float((minimum[:, 1:] != minimum[:, :-1]).mean())


def test_borders_of_momentum_are_no_plain_lines():
    """As pixels shrink by half, a line crosses half as many of their sides, a fractal more."""
    dimensions = []
    for racer in (0, 1):
        coarse, fine = (
            borders_of(mapped("basins-of-momentum", racer, n)[1]["minimum"]) for n in (96, 192)
        )
        dimensions.append(2 + math.log2(fine / coarse))
    assert dimensions[0] == pytest.approx(1.0, abs=0.06)
    assert dimensions[1] > 1.2


def test_newton_ends_at_the_flat_point_and_gradient_descent_at_the_roots():
    question, newton = mapped("newtons-fractal", 0)
    kinds = np.array(question.where.kinds)
    reached = kinds[newton["minimum"][newton["minimum"] >= 0]]
    assert 0.1 < (reached == "degenerate").mean() < 0.5
    _, gd = mapped("newtons-fractal", 1)
    inner = gd["minimum"][30:66, 30:66]
    roots = question.where.points[np.unique(inner[inner >= 0])][:, :2]
    angles = np.sort(np.degrees(np.arctan2(roots[:, 1], roots[:, 0])))
    np.testing.assert_allclose(angles, [-120, 0, 120], atol=0.1)


def test_momentum_is_fastest_between_the_curves_of_critical_damping():
    experiment = opened("the-triangle-of-momentum").experiment
    target = maps.target_of(experiment, None, critical_points(experiment.resolved()))
    question = maps.sweep(experiment, experiment.racers[0], (120, 120), target=target)
    m = question.map(whole(question))
    lr, momentum = question.axes.values()
    assert ((m.status == "diverged") == (lr * 4 > 2 + 2 * momentum[:, None])).mean() > 0.98
    steps = np.where(m.status == "reached the target", m.steps, np.inf)
    j, i = np.unravel_index(steps.argmin(), steps.shape)
    # Polyak's optimum for curvatures 1 and 4: lr = (2/(1 + 2))^2, momentum = ((2 - 1)/(2 + 1))^2
    assert lr[i] == pytest.approx(4 / 9, abs=0.25)
    assert momentum[j] < 0.5


def test_noise_makes_the_better_minimum_likelier_from_its_own_side():
    _, part = mapped("how-lucky-is-noise", 0, 40)
    left, right = part["probability"][:, :15].mean(), part["probability"][:, 25:].mean()
    assert left > right
    assert 0.02 < right < left < 0.98


def test_adam_has_a_ridge_of_good_pairs_in_the_banana():
    experiment = opened("adam-in-the-banana").experiment
    question = maps.sweep(experiment, experiment.racers[0], (40, 60))
    loss = question.part(slice(0, 40), slice(0, 60))["loss"]
    good = np.argwhere(loss < 1e-4)
    assert len(np.unique(good[:, 1])) > 8
    assert (loss > 1).any()
