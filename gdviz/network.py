"""Networks in experiments: planes to look at, and trainings as runs on them."""

from dataclasses import replace
from typing import Any

import numpy as np

from gdviz.data import Data
from gdviz.experiment import Experiment
from gdviz.racer import Racer
from gdviz_core import Trajectory
from gdviz_core.perceptron import (
    Network,
    Perceptron,
    Plane,
    plane_of_weights,
    principal_plane,
    random_plane,
)
from gdviz_core.surface import Array, Domain
from gdviz_core.training import Training, train

RANDOM, WEIGHTS, PRINCIPAL = PLANES = ("random", "weights", "principal")
SIDE = 1.5  # of the domain of a random plane: there every neuron has changed by as much
REACH = 5.0  # of that of principal components, on which the runs reach 4


def on_network(
    before: Experiment, given: Data, hidden: tuple[int, ...], activation: str, task: str, seed: int
) -> Experiment:
    """An experiment on a network over the columns of data; ValueError for what cannot be.

    Racers that cannot train a network are switched off.
    """
    net = Perceptron(given.inputs, given.target, hidden, activation, task)
    plane = random_plane(net, net.initial(seed), seed)
    data = replace(given, model="", prediction="", net=net, plane=plane,
                   variables=("along u", "along v"))  # fmt: skip
    racers = tuple(racer if _fit(racer) else replace(racer, on=False) for racer in before.racers)
    return replace(before, racers=racers).on_plane(data, _square(SIDE))


def _fit(racer: Racer) -> bool:
    try:
        racer.check_network()
    except ValueError:
        return False
    return True


def on_other_plane(
    experiment: Experiment,
    kind: str,
    first: int = 0,
    second: int = 1,
    seed: int = 0,
    runs: list[Trajectory] | None = None,
) -> tuple[Experiment, str]:
    """The experiment on another plane through the same weights, and what is to be said of it.

    The plane is that of two weights, counted from 1, a random one, or that of the principal
    components of `runs`. The start is where the training begins. ValueError.
    """
    data = experiment.data
    if data is None or data.net is None or data.plane is None:
        raise ValueError("there is no network: open data and choose one as the model")
    net, centre = data.net, np.array(data.plane.centre)
    words, names = "", ("along u", "along v")
    for number in (first, second) if kind == WEIGHTS else ():
        if not 1 <= number <= net.size:
            raise ValueError(f"a weight is from 1 to {net.size}, not {number}")
    if kind == WEIGHTS:
        plane = plane_of_weights(net, centre, first - 1, second - 1)
        reach = max(2.0, 2 * float(np.abs(centre[[first - 1, second - 1]]).max()))
        domain, names = _square(reach), (net.names[first - 1], net.names[second - 1])
    elif kind == PRINCIPAL:
        weights = [t.weights for t in runs or () if t.weights is not None]
        if not weights:
            raise ValueError("there are no runs whose principal components could be found")
        plane, share = principal_plane(centre, np.concatenate(weights))
        domain = _square(REACH)
        words = f"{share:.1%} of what the runs do lies in this plane"
    else:
        plane, domain = random_plane(net, centre, seed), _square(SIDE)
    made = replace(data, plane=plane, variables=names)
    return experiment.on_plane(made, domain), words


def _square(half: float) -> Domain:
    return -half, half, -half, half


def train_all(
    experiment: Experiment, optimizer: Any, steps: int, evaluations: int | None, **options: Any
) -> list[Trajectory]:
    """The trajectory of an optimizer from every start, each a training of all weights."""
    data, surface = experiment.data, experiment.resolved()
    assert data is not None
    assert data.net is not None
    assert data.plane is not None
    assert isinstance(surface, Network)
    if evaluations is not None:
        steps = evaluations // optimizer.evaluations
    options.pop("stop_outside")
    return [
        _on_plane(train(data.net, data.table, optimizer, data.plane.at(*start), steps, **options),
                  surface, data.plane, start)
        for start in experiment.starts
    ]  # fmt: skip


def _on_plane(
    t: Training, surface: Network, plane: Plane, start: tuple[float, float]
) -> Trajectory:
    """A training as it looks on a plane: the nearest point of it, and how far that is off."""
    x, y, off = plane.project(t.weights)
    lr = t.optimizer.values.get("lr")
    return Trajectory(
        t.optimizer, start, t.step, x, y, t.loss, t.gradient @ np.array(plane.u),
        t.gradient @ np.array(plane.v), t.status, lr=None if lr is None else t.lr,
        cost=t.optimizer.evaluations, surface=surface, batches=t.batches, batch_loss=t.batch_loss,
        weights=t.weights, off=off, norm=t.grad_norm,
    )  # fmt: skip


def predicted(given: Data, weights: Array, inputs: Array) -> Array:
    """What a network with these weights predicts, in the units of the table."""
    assert given.net is not None
    scaled = [given.scale(name).apply(column)
              for name, column in zip(given.inputs, inputs, strict=True)]  # fmt: skip
    found = given.net.predict(weights, np.array(scaled))
    return np.asarray(given.scale(given.target).undo(found))
