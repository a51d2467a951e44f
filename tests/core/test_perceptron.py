"""Networks: loss and gradients by hand, by differences and by torch; training; planes."""

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core.models import CLASSIFICATION
from gdviz_core.perceptron import (
    Network,
    Perceptron,
    Plane,
    plane_of_weights,
    principal_plane,
    random_plane,
)
from gdviz_core.supervised import Batches
from gdviz_core.table import Table
from gdviz_core.training import can_train, train

RNG = np.random.default_rng(2)
TABLE = Table.of({
    "x": RNG.normal(size=300), "z": RNG.normal(size=300), "y": RNG.normal(size=300),
    "kind": RNG.integers(0, 2, 300).astype(float),
})  # fmt: skip
INPUTS = TABLE.select(("x", "z"))
SHAPES = (((5,), "tanh"), ((4, 3), "sigmoid"), ((6, 4, 2), "relu"))
NETS = [Perceptron(("x", "z"), "y", hidden, activation) for hidden, activation in SHAPES]
NETS.append(Perceptron(("x", "z"), "kind", (4, 4), "tanh", CLASSIFICATION))


def by_hand(net, weights, rows=slice(None)):
    """(loss, gradient) by backpropagation in NumPy."""
    y = TABLE[net.target][rows]
    values, blocks, at = [INPUTS[:, rows]], [], 0
    for before, here in zip(net.widths, net.widths[1:], strict=False):
        blocks.append(weights[at : at + here * (before + 1)].reshape(here, before + 1))
        at += here * (before + 1)
        total = blocks[-1][:, :-1] @ values[-1] + blocks[-1][:, -1:]
        last = len(blocks) == len(net.widths) - 1
        shape = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0),
                 "sigmoid": lambda a: 1 / (1 + np.exp(-a))}[net.activation]  # fmt: skip
        values.append(total if last else shape(total))
    score = values[-1][0]
    if net.task == CLASSIFICATION:
        p = 1 / (1 + np.exp(-score))
        loss, back = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (p - y) / len(y)
    else:
        loss, back = np.mean((score - y) ** 2), 2 * (score - y) / len(y)
    back, parts = back[None], []
    for k in range(len(blocks) - 1, -1, -1):
        parts.append(np.hstack([back @ values[k].T, back.sum(axis=1, keepdims=True)]).ravel())
        if k:
            v = values[k]
            slope = {"tanh": 1 - v**2, "relu": (v > 0) * 1.0, "sigmoid": v * (1 - v)}
            back = (blocks[k][:, :-1].T @ back) * slope[net.activation]
    return loss, np.concatenate(parts[::-1])


def first(net, weights, **options):
    """Loss and gradient as a training begins with them."""
    t = train(net, TABLE, "gd", weights, 0, **options)
    return t.loss[0], t.gradient[0]


@pytest.mark.parametrize("net", NETS, ids=lambda n: f"{n.widths} {n.activation} {n.task}")
def test_loss_and_gradient_agree_with_backpropagation_by_hand(net):
    weights = net.initial(3) + 0.1 * RNG.normal(size=net.size)
    loss, slope = by_hand(net, weights)
    ours, gradient = first(net, weights)
    assert ours == pytest.approx(loss, rel=1e-13)
    assert gradient == pytest.approx(slope, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("net", NETS, ids=lambda n: f"{n.widths} {n.activation} {n.task}")
def test_gradients_agree_with_differences(net):
    weights = net.initial(4) + 0.1 * RNG.normal(size=net.size)
    _, gradient = first(net, weights)
    for k in range(0, net.size, 5):
        step = np.zeros(net.size)
        step[k] = 1e-6
        rise = first(net, weights + step)[0] - first(net, weights - step)[0]
        assert gradient[k] == pytest.approx(rise / 2e-6, rel=1e-5, abs=1e-8)


if find_spec("torch"):

    @pytest.mark.parametrize("net", NETS, ids=lambda n: f"{n.widths} {n.activation} {n.task}")
    def test_gradients_agree_with_torch(net):
        import torch

        weights = net.initial(5) + 0.1 * RNG.normal(size=net.size)
        leaf = torch.tensor(weights, requires_grad=True)
        values, at = torch.tensor(INPUTS), 0
        shape = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}[net.activation]
        for layer, (before, here) in enumerate(zip(net.widths, net.widths[1:], strict=False), 1):
            block = leaf[at : at + here * (before + 1)].reshape(here, before + 1)
            at += here * (before + 1)
            values = block[:, :-1] @ values + block[:, -1:]
            values = shape(values) if layer < len(net.widths) - 1 else values
        y = torch.tensor(TABLE[net.target])
        if net.task == CLASSIFICATION:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(values[0], y)
        else:
            loss = ((values[0] - y) ** 2).mean()
        loss.backward()
        ours, gradient = first(net, weights)
        assert ours == pytest.approx(loss.item(), rel=1e-12)
        assert gradient == pytest.approx(leaf.grad.numpy(), rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("rule", ["gd", "momentum", "adam", "rmsprop"])
@pytest.mark.parametrize("size", [None, 32])
def test_training_agrees_with_a_loop_in_numpy(rule, size):
    net = NETS[1]
    w = net.initial(6)
    # with the usual eps RMSprop divides slopes that are almost 0 by themselves
    optimizer = core.OPTIMIZERS[rule](lr=0.02, **({"eps": 1e-3} if rule == "rmsprop" else {}))
    t = train(net, TABLE, optimizer, w, 200, batch=size, seed=9)
    batches = Batches(TABLE.rows, size or TABLE.rows, 9)
    m, v = np.zeros(net.size), np.zeros(net.size)
    for step in range(1, 201):
        rows = slice(None) if size is None else batches.rows_of(step)
        loss, g = by_hand(net, w, rows)
        if size is not None:
            assert t.batch_loss[step - 1] == pytest.approx(loss, rel=1e-9)
        if rule == "gd":
            w = w - 0.02 * g
        elif rule == "momentum":
            m = 0.9 * m + g
            w = w - 0.02 * m
        elif rule == "rmsprop":
            v = 0.99 * v + 0.01 * g * g
            w = w - 0.02 * g / (np.sqrt(v) + 1e-3)
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - 0.02 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        assert t.weights[step] == pytest.approx(w, rel=1e-8)
    assert t.loss[-1] == pytest.approx(by_hand(net, w)[0], rel=1e-6)
    if rule == "adam":
        assert t.state["m"][-1] == pytest.approx(m, rel=1e-9)
        assert t.state["v"][-1] == pytest.approx(v, rel=1e-9)


def test_every_rule_that_works_on_each_weight_trains():
    net = NETS[0]
    refused = {name: why for name, o in core.OPTIMIZERS.items() if (why := can_train(o))}
    assert set(refused) >= {"newton", "sam", "bfgs", "polyak"}
    for name, optimizer in core.OPTIMIZERS.items():
        if name in refused:
            with pytest.raises(ValueError, match=f"cannot train a network: {refused[name]}"):
                train(net, TABLE, optimizer, net.initial(), 3)
            continue
        lr = optimizer.values.get("lr")
        values = {} if lr is None else {"lr": min(lr, 0.01)}
        t = train(net, TABLE, optimizer(**values), net.initial(1), 30)
        assert np.isfinite(t.loss).all(), name
        assert not np.array_equal(t.weights[0], t.weights[-1]), name


def test_a_dead_unit_does_not_stop_the_others():
    """A weight whose slope is 0 has not converged: with decay or momentum it still moves."""
    net = Perceptron(("x",), "y", (3,), "relu")
    w = net.initial(0)
    w[1] = -100.0  # the bias of the first unit: it never fires
    t = train(net, TABLE, core.OPTIMIZERS["gd"](lr=0.05), w, 40, weight_decay=0.1)
    assert t.gradient[0][1] == 0.0
    assert t.weights[-1][1] == pytest.approx(-100 * (1 - 0.05 * 0.1) ** 40)
    assert len(t) == 41


def test_it_converges_where_the_whole_gradient_is_small_and_diverges_as_a_whole():
    net = Perceptron(("x",), "y", (1,), "tanh")
    t = train(net, TABLE, core.OPTIMIZERS["gd"](lr=0.1), net.initial(1), 20_000, tolerance=1e-4)
    assert t.status == "converged"
    assert t.grad_norm[-1] <= 1e-4 < t.grad_norm[-2]
    wild = train(net, TABLE, core.OPTIMIZERS["gd"](lr=1e8), 5 + net.initial(1), 5000)
    assert wild.status in ("diverged", "out of steps", "converged")
    net = Perceptron(("x",), "y", (2,), "relu")
    wild = train(net, TABLE, core.OPTIMIZERS["gd"](lr=1e6), net.initial(1), 5000)
    assert wild.status == "diverged"
    assert len(wild) < 200


@pytest.mark.parametrize(("changes", "message"), [
    ({"hidden": ()}, "hidden must be"), ({"hidden": (0,)}, "hidden must be"),
    ({"hidden": (200, 200)}, "40801 weights, more than the permitted"),
    ({"activation": "softmax"}, "activation must be tanh, relu, sigmoid"),
    ({"task": "magic"}, "task must be"), ({"inputs": ("y",)}, "inputs must be columns"),
])  # fmt: skip
def test_a_network_that_cannot_be_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        Perceptron(**({"inputs": ("x",), "target": "y"} | changes))


@pytest.mark.parametrize("name", ["adam", "rmsprop", "adagrad", "adamax"])
def test_an_odd_weight_is_trained_as_the_others_are_where_nothing_guards_a_division(name):
    net = NETS[0]
    assert net.size % 2
    t = train(net, TABLE, core.OPTIMIZERS[name](lr=0.01, eps=0.0), net.initial(1), 60)
    assert len(t) == 61
    assert by_hand(net, t.weights[-1])[0] == pytest.approx(t.loss[-1], rel=1e-12)


def test_a_classifier_with_dead_units_has_the_right_slope():
    net = Perceptron(("x", "z"), "kind", (2,), "relu", CLASSIFICATION)
    weights = net.initial(0)
    weights[[2, 5]] = -100.0  # both never fire: every score is 0
    _, gradient = first(net, weights)
    assert gradient[-1] == pytest.approx(0.5 - TABLE["kind"].mean())


def test_what_cannot_be_trained_is_named():
    net = NETS[0]
    with pytest.raises(ValueError, match="start must be 21 finite weights"):
        train(net, TABLE, "gd", np.zeros(3), 3)
    with pytest.raises(ValueError, match="the table has no column x"):
        train(net, Table.of({"z": [1, 2], "y": [1, 2]}), "gd", net.initial(), 3)
    with pytest.raises(ValueError, match="step_tolerance and patience must be 0"):
        train(net, TABLE, "gd", net.initial(), 3, step_tolerance=0.1)
    with pytest.raises(ValueError, match="clip must be off"):
        train(net, TABLE, "gd", net.initial(), 3, clip=1.0)
    with pytest.raises(core.TooLarge):
        train(net, TABLE, "adam", net.initial(), 10**8)


def test_initial_weights_are_those_of_their_seed():
    net = NETS[2]
    assert np.array_equal(net.initial(4), net.initial(4))
    assert not np.array_equal(net.initial(4), net.initial(5))
    reach = np.sqrt(6 / (2 + 6))
    block = net.initial(4)[: 6 * 3].reshape(6, 3)
    assert np.abs(block[:, :2]).max() <= reach
    assert (block[:, 2] == 0).all()
    assert len(net.names) == net.size == len(set(net.names))


# planes


@pytest.mark.parametrize("net", NETS, ids=lambda n: f"{n.widths} {n.activation} {n.task}")
def test_the_surface_of_a_plane_is_the_loss_on_it(net):
    plane = random_plane(net, net.initial(2), 7)
    surface = Network.of(net, TABLE, plane, (-1, 1, -1, 1))
    for x, y in ((0.0, 0.0), (0.4, -0.3), (-0.9, 0.8)):
        loss, slope = by_hand(net, plane.at(x, y))
        assert surface.value(x, y) == pytest.approx(loss, rel=1e-12)
        wanted = (slope @ plane.u, slope @ plane.v)
        assert surface.gradient(x, y) == pytest.approx(wanted, rel=1e-10)
    h = 1e-5
    hxx, hxy, _ = surface.hessian(0.2, 0.1)
    right, left = surface.gradient(0.2 + h, 0.1), surface.gradient(0.2 - h, 0.1)
    assert hxx == pytest.approx((right[0] - left[0]) / (2 * h), rel=1e-4, abs=1e-6)
    assert hxy == pytest.approx((right[1] - left[1]) / (2 * h), rel=1e-4, abs=1e-6)


def test_another_way_of_differentiating_a_network_gives_the_same():
    from dataclasses import replace

    net = NETS[0]
    surface = Network.of(net, TABLE, random_plane(net, net.initial(2), 7), (-1, 1, -1, 1))
    exact = surface.gradient(0.3, 0.4)
    for way in ("forward", "complex step", "central difference"):
        other = replace(surface, way=way, h=1e-5)
        assert other.gradient(0.3, 0.4) == pytest.approx(exact, rel=1e-7)


def test_random_directions_are_as_long_as_the_neurons_they_move():
    net = NETS[2]
    centre = net.initial(3)
    plane = random_plane(net, centre, 1)
    for direction in (np.array(plane.u), np.array(plane.v)):
        for begin, end in net.neurons:
            assert np.linalg.norm(direction[begin:end]) == pytest.approx(
                np.linalg.norm(centre[begin:end]))  # fmt: skip
    assert plane == random_plane(net, centre, 1)
    assert plane != random_plane(net, centre, 2)


def test_a_plane_of_two_weights_moves_only_these():
    net = NETS[0]
    centre = net.initial(3)
    moved = plane_of_weights(net, centre, 2, 7).at(0.5, -0.25) - centre
    assert moved[2] == 0.5
    assert moved[7] == -0.25
    assert np.count_nonzero(moved) == 2
    with pytest.raises(ValueError, match="second must be from 0 to 20"):
        plane_of_weights(net, centre, 2, 21)
    with pytest.raises(ValueError, match="different directions"):
        plane_of_weights(net, centre, 2, 2)


@given(st.integers(0, 100), st.floats(-5, 5), st.floats(-5, 5))
@settings(max_examples=40)
def test_points_of_a_plane_project_onto_themselves(seed, x, y):
    net = NETS[1]
    plane = random_plane(net, net.initial(1), seed)
    found = plane.project(plane.at(x, y))
    assert found[0][0] == pytest.approx(x, abs=1e-9)
    assert found[1][0] == pytest.approx(y, abs=1e-9)
    assert found[2][0] == pytest.approx(0, abs=1e-8)


def test_the_distance_from_a_plane_is_that_of_the_nearest_point():
    net = NETS[0]
    plane = random_plane(net, net.initial(1), 4)
    point = RNG.normal(size=net.size)
    x, y, away = (part[0] for part in plane.project(point))
    assert away == pytest.approx(np.linalg.norm(point - plane.at(x, y)))
    for dx, dy in ((0.01, 0), (0, 0.01), (-0.01, 0.01)):
        assert np.linalg.norm(point - plane.at(x + dx, y + dy)) > away


def test_principal_components_hold_more_of_the_runs_than_chance():
    net = NETS[1]
    start = net.initial(8)
    runs = [train(net, TABLE, core.OPTIMIZERS[name](lr=0.05), start, 150)
            for name in ("gd", "adam", "momentum")]  # fmt: skip
    weights = np.concatenate([t.weights for t in runs])
    plane, share = principal_plane(start, weights)
    assert 0.6 < share <= 1
    away = np.linalg.norm(weights - start, axis=1)
    _, _, off = plane.project(weights)
    _, _, off_random = random_plane(net, start, 0).project(weights)
    assert (off**2).sum() == pytest.approx((1 - share) * (away**2).sum(), rel=1e-6)
    assert (off**2).sum() < 0.5 * (off_random**2).sum()
    with pytest.raises(ValueError, match="move in two directions"):
        principal_plane(start, [start, start])


def test_a_plane_of_another_network_is_refused():
    plane = random_plane(NETS[0], NETS[0].initial())
    with pytest.raises(ValueError, match="the plane has 21 weights"):
        Network.of(NETS[1], TABLE, plane, (-1, 1, -1, 1))
    with pytest.raises(ValueError, match="as many numbers each"):
        Plane((0.0,), (1.0, 2.0), (1.0,))
