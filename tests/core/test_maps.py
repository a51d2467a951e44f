"""Basin maps and sweeps: every pixel is the run it stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SURFACES, Surface, basin_map, settle, sweep_map
from gdviz_core.maps import basin_tiles

FIRST_ORDER = ["gd", "momentum", "adam", "rmsprop", "lion", "nesterov_lookahead"]
_LR = {"gd": 0.01, "momentum": 0.005, "nesterov_lookahead": 0.005}


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from(FIRST_ORDER), st.sampled_from([4, 7, 16, 40]),
       st.sampled_from([0.0, 0.5]))  # fmt: skip
def test_a_pixel_is_the_run_from_its_centre(data, name, tile, noise):
    surface, optimizer = SURFACES["himmelblau"], OPTIMIZERS[name](lr=_LR.get(name, 0.05))
    rows, columns = 19, 37
    b = basin_map(surface, optimizer, (rows, columns), 200, tile=tile, noise=noise, seed=7)
    for _ in range(10):
        j, i = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
        start = (-6 + (i + 0.5) * (12 / columns), -6 + (j + 0.5) * (12 / rows))
        end = settle(surface, optimizer, start, 200, noise=noise, seed=7,
                     numbers=[j * columns + i])  # fmt: skip
        assert (end.x[0], end.y[0], end.steps[0]) == (b.x[j, i], b.y[j, i], b.steps[j, i])
        if b.minimum[j, i] >= 0:
            place = b.points[b.minimum[j, i]]
            assert np.hypot(*(place[:2] - (end.x[0], end.y[0]))) < 1e-2


def test_the_map_of_a_double_well_is_divided_on_the_axis():
    b = basin_map(SURFACES["double_well"], OPTIMIZERS["gd"](lr=0.02), (40, 60), 2000)
    left = b.points[b.minimum[:, :30], 0]
    right = b.points[b.minimum[:, 30:], 0]
    np.testing.assert_allclose(left, -1, atol=1e-9)
    np.testing.assert_allclose(right, 1, atol=1e-9)
    assert b.shares[:2] == pytest.approx([0.5, 0.5])
    assert (b.minimum >= 0).all()


def test_a_map_has_the_symmetries_of_its_surface():
    b = basin_map(SURFACES["rastrigin"], OPTIMIZERS["gd"](lr=1e-3), (33, 33), 500)
    x, y = b.x, b.y
    np.testing.assert_array_equal(x, x[::-1])
    np.testing.assert_allclose(x, -x[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(x, y.T, atol=1e-12)


def test_what_is_gone_and_what_has_not_settled():
    slope = Surface.from_formula("x^3/3 - x", domain=(-3, 3, -1, 1))
    b = basin_map(slope, OPTIMIZERS["gd"](lr=0.05), (2, 60), 3000)
    assert (b.minimum[:, :19] == -2).all()
    short = basin_map(SURFACES["himmelblau"], OPTIMIZERS["gd"](lr=1e-4), (8, 8), 20)
    assert (short.minimum == -1).all()
    assert (short.steps == 20).all()


def test_a_part_of_the_domain_and_progress():
    tiles = basin_tiles(SURFACES["himmelblau"], OPTIMIZERS["gd"](lr=0.01), (32, 48), 300,
                        tile=16, domain=(2, 4, 1, 3))  # fmt: skip
    seen = []
    while True:
        try:
            seen.append(next(tiles))
        except StopIteration as end:
            b = end.value
            break
    assert [round(6 * fraction) for fraction, _, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert b.domain == (2, 4, 1, 3)
    assert b.points[0, :2] == pytest.approx((3, 2))


def test_a_sweep_is_one_run_for_each_pair():
    lr, momentum = np.geomspace(1e-4, 0.05, 9), np.linspace(0, 0.99, 7)
    surface = SURFACES["rosenbrock"]
    m = sweep_map(surface, "momentum", (-1.2, 1), 300, lr=lr, momentum=momentum, tile=4)
    assert list(m.axes) == ["lr", "momentum"]
    assert m.loss.shape == (7, 9)
    for j, i in [(0, 0), (3, 4), (6, 8), (6, 0)]:
        end = settle(surface, OPTIMIZERS["momentum"](lr=lr[i], momentum=momentum[j]), (-1.2, 1),
                     300)  # fmt: skip
        np.testing.assert_array_equal(end.loss[0], m.loss[j, i])
        assert (end.steps[0], end.status[0]) == (m.steps[j, i], m.status[j, i])


def test_the_border_of_stability_of_momentum_is_that_of_theory():
    # x^2 k/2: stable if and only if lr k < 2 + 2 momentum
    quadratic = Surface.from_formula("2*x^2 + y^2/2", domain=(-2, 2, -2, 2))
    lr, momentum = np.linspace(0.01, 1.2, 60), np.linspace(0, 0.95, 20)
    m = sweep_map(quadratic, OPTIMIZERS["momentum"], (1, 1), 3000, lr=lr, momentum=momentum)
    stable = 4 * lr[None] < 2 + 2 * momentum[:, None]
    border = np.abs(4 * lr[None] - 2 - 2 * momentum[:, None]) < 4 * (lr[1] - lr[0])
    assert ((m.status != "diverged") == stable)[~border].all()


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda s, o: basin_map(s, o, (0, 5)), "shape must be at least 1"),
        (lambda s, o: basin_map(s, o, (5, 10**6)), "shape must be two numbers up to 32768"),
        (lambda s, o: basin_map(s, o, (5, 5), tile=0), "tile must be at least 1"),
        (lambda s, o: basin_map(s, o, (5, 5), domain=(1, 0, 0, 1)), "domain"),
        (lambda s, o: sweep_map(s, "sgd", (0, 0), lr=[1], momentum=[0]), "no optimizer 'sgd'"),
        (lambda s, o: sweep_map(s, o, (0, 0), lr=[1]), "two hyper-parameters, not 1"),
        (lambda s, o: sweep_map(s, o, (0, 0), lr=[0.1], beta=[0]), "no hyper-parameter beta"),
        (lambda s, o: sweep_map(s, o, (0, 0), lr=[-1.0], weight_decay=[0]), "lr must be greater"),
        (lambda s, o: settle(s, o, [(0, 0), (1, 1)], hyperparameters={"lr": [1.0, 2.0, 3.0]}),
         "equally many"),
        (lambda s, o: settle(s, o, [0, 0, 0]), "starts must have shape"),
        (lambda s, o: settle(s, o, (0, np.inf)), "starts must be finite"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(call, part):
    with pytest.raises(ValueError, match=part):
        call(SURFACES["sphere"], OPTIMIZERS["gd"])


def test_settled_lanes_cost_nothing():
    """Lanes that have ended leave the block: the result is that of the long run."""
    surface, gd = SURFACES["peaks"], OPTIMIZERS["gd"](lr=0.02)
    starts = np.random.default_rng(8).uniform(-3, 3, (1000, 2))
    ends = settle(surface, gd, starts, 3000)
    assert {"converged", "diverged", "out of steps"} >= set(ends.status)
    for k in range(0, 1000, 97):
        t = core.descend(surface, gd, starts[k], 3000)
        if t.status == "converged":
            # the end is looked for every 16 steps
            assert 0 <= ends.steps[k] - t.steps < 16
            assert np.hypot(ends.x[k] - t.x[-1], ends.y[k] - t.y[-1]) < 1e-7


def test_runs_onto_a_ring_of_minima_belong_to_the_ring():
    ring = Surface.from_formula("(x^2 + y^2 - 1)^2", domain=(-2, 2, -2, 2))
    b = basin_map(ring, OPTIMIZERS["gd"](lr=0.05), (16, 16), 2000)
    assert (b.minimum == len(b.points) - 1).all()
    assert b.points[-1, 2] == pytest.approx(0, abs=1e-12)


def test_a_larger_domain_has_its_own_minima():
    b = basin_map(SURFACES["rastrigin"], OPTIMIZERS["gd"](lr=1e-3), (32, 32), 2000,
                  domain=(-10, 10, -10, 10))  # fmt: skip
    assert (b.minimum >= 0).all()


def test_the_block_does_not_matter_to_what_is_reported():
    bowl = Surface.from_formula("x^2 + y^2", domain=(-100, 100, -100, 100))
    starts = np.vstack([np.full((200, 2), 1e-9), np.full((56, 2), 50.0)])
    ends = [
        settle(bowl, OPTIMIZERS["schedule_free_sgd"](lr=1e-3), starts, 1, step_tolerance=1.0,
               tolerance=1e-7, block=block) for block in (4, 256)
    ]  # fmt: skip
    assert list(ends[0].status) == list(ends[1].status)


def test_no_lanes_are_no_ends():
    for more in ({}, {"hyperparameters": {"lr": 0.1}}, {"schedule": core.Plateau()}):
        assert len(settle(SURFACES["sphere"], OPTIMIZERS["gd"], [], 5, **more).x) == 0


@pytest.mark.parametrize("call", [settle, basin_map])
def test_only_rules_run_many_at_once_and_names_will_do(call):
    where = (1.0, 1.0) if call is settle else (4, 4)
    assert call(SURFACES["sphere"], "adam", where, 5)
    with pytest.raises(ValueError, match="scipy_bfgs is not a rule"):
        call(SURFACES["sphere"], core.SCIPY["scipy_bfgs"], where, 5)
    with pytest.raises(ValueError, match="'3' is not an optimizer"):
        call(SURFACES["sphere"], 3, where, 5)
