"""A multi-layer perceptron: a loss over all of its weights, and planes through their space.

It is a formula like any other, with one name for each weight; the engine differentiates it in
reverse mode and runs it over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from gdviz_core.derivative import gradient
from gdviz_core.graph import Graph
from gdviz_core.models import CLASSIFICATION, REGRESSION
from gdviz_core.program import Program, compile_program
from gdviz_core.surface import Array, Domain, Surface, compile_loss
from gdviz_core.table import Table


def _sigmoid(graph: Graph, node: int) -> int:
    """As 0.5*(1 + tanh(0.5*s)), whose slope has no exp that overflows."""
    half = graph.constant(0.5)
    shape = graph.apply("tanh", graph.mul(half, node))
    return graph.mul(half, graph.add(graph.constant(1.0), shape))


ACTIVATIONS: dict[str, Callable[[Graph, int], int]] = {
    "tanh": lambda graph, node: graph.apply("tanh", node),
    "relu": lambda graph, node: graph.apply("max", node, graph.constant(0.0)),
    "sigmoid": _sigmoid,
}
_NUMPY: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh, "relu": lambda a: np.maximum(a, 0.0),
    "sigmoid": lambda a: 0.5 * (1 + np.tanh(0.5 * a)),
}  # fmt: skip
MOST_WEIGHTS = 1000  # what is compiled in a second, and whose gradient fits the caches
MOST_LAYERS = 6


@dataclass(frozen=True)
class Perceptron:
    """A network from the columns `inputs` to the column `target`.

    `hidden` are the widths of its hidden layers. In regression the output is the last sum and the
    loss its squared distance from the target; in classification it is a score, whose sigmoid is
    the probability of 1, with the cross-entropy. Raises ValueError for what cannot be one.
    """

    inputs: tuple[str, ...]
    target: str
    hidden: tuple[int, ...] = (8,)
    activation: str = "tanh"
    task: str = REGRESSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", tuple(self.inputs))
        object.__setattr__(self, "hidden", tuple(self.hidden))
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation must be {known}, not {self.activation[:40]!r}")
        if self.task not in (REGRESSION, CLASSIFICATION):
            raise ValueError(f"task must be {REGRESSION} or {CLASSIFICATION}")
        if not self.hidden or len(self.hidden) > MOST_LAYERS or min(self.hidden) < 1:
            raise ValueError(f"hidden must be 1 to {MOST_LAYERS} widths of at least 1, "
                             f"not {str(self.hidden)[:40]}")  # fmt: skip
        if not self.inputs or self.target in self.inputs:
            raise ValueError("inputs must be columns other than the target")
        if self.size > MOST_WEIGHTS:
            raise ValueError(f"this network has {self.size} weights, more than the permitted "
                             f"{MOST_WEIGHTS}: take narrower or fewer layers")  # fmt: skip

    @property
    def widths(self) -> tuple[int, ...]:
        """How many values there are in each layer, inputs and output included."""
        return (len(self.inputs), *self.hidden, 1)

    @property
    def size(self) -> int:
        """How many weights there are, biases included."""
        return sum((a + 1) * b for a, b in zip(self.widths, self.widths[1:], strict=False))

    @property
    def neurons(self) -> tuple[tuple[int, int], ...]:
        """The first weight of each neuron and the one after its last: its inputs, then its bias."""
        found, at = [], 0
        for before, here in zip(self.widths, self.widths[1:], strict=False):
            for _ in range(here):
                found.append((at, at + before + 1))
                at += before + 1
        return tuple(found)

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each weight: w2_1_3 leads to the first neuron of layer 2 from the third value
        of the layer before, b2_1 is its bias."""
        found = []
        layers = zip(self.widths, self.widths[1:], strict=False)
        for layer, (before, here) in enumerate(layers, 1):
            for to in range(1, here + 1):
                found += [f"w{layer}_{to}_{source}" for source in range(1, before + 1)]
                found.append(f"b{layer}_{to}")
        return tuple(found)

    def build(self, graph: Graph, weights: Sequence[int], columns: dict[str, int]) -> int:
        """The node of the output; `weights` are the nodes of the weights, `columns` the others'."""
        values, at = [columns[name] for name in self.inputs], 0
        for layer, here in enumerate(self.widths[1:], 1):
            made = []
            for _ in range(here):
                total = graph.mul(weights[at], values[0])
                for k in range(1, len(values)):
                    total = graph.add(total, graph.mul(weights[at + k], values[k]))
                total = graph.add(total, weights[at + len(values)])
                at += len(values) + 1
                last = layer == len(self.widths) - 1
                made.append(total if last else ACTIVATIONS[self.activation](graph, total))
            values = made
        return values[0]

    def loss(self, graph: Graph, weights: Sequence[int], columns: dict[str, int]) -> int:
        """The node of the loss of one row."""
        score, target = self.build(graph, weights, columns), columns[self.target]
        if self.task == REGRESSION:
            off = graph.sub(score, target)
            return graph.mul(off, off)
        # log(1 + exp(s)) - y*s without an exp that overflows; see models.py for the slope at 0
        one, zero = graph.constant(1.0), graph.constant(0.0)
        right = graph.apply("neg", graph.apply("max", zero, score))
        left = graph.apply("min", zero, score)
        above, below = (graph.apply("log", graph.add(one, graph.apply("exp", side)))
                        for side in (right, left))  # fmt: skip
        positive = graph.apply("lt", zero, score)
        found = graph.apply("where", positive, graph.add(score, above), below)
        return graph.sub(found, graph.mul(target, score))

    def predict(self, weights: ArrayLike, columns: ArrayLike) -> Array:
        """What is predicted from inputs (inputs, rows): the output, or the probability of 1."""
        values, at = np.asarray(columns, np.float64), 0
        given = np.asarray(weights, np.float64)
        with np.errstate(all="ignore"):
            for layer, here in enumerate(self.widths[1:], 1):
                block = given[at : at + here * (len(values) + 1)].reshape(here, -1)
                at += block.size
                values = block[:, :-1] @ values + block[:, -1:]
                if layer < len(self.widths) - 1:
                    values = _NUMPY[self.activation](values)
            return values[0] if self.task == REGRESSION else _NUMPY["sigmoid"](values[0])

    def initial(self, seed: int = 0) -> Array:
        """Weights to begin with: uniform by the widths (Glorot and Bengio 2010), biases 0."""
        rng = np.random.default_rng(seed)
        found: list[float] = []
        for before, here in zip(self.widths, self.widths[1:], strict=False):
            reach = (6.0 / (before + here)) ** 0.5
            for _ in range(here):
                found += [*rng.uniform(-reach, reach, before), 0.0]
        return np.array(found)


@dataclass(frozen=True)
class Plane:
    """A plane through the space of weights: centre + x*u + y*v."""

    centre: tuple[float, ...]
    u: tuple[float, ...]
    v: tuple[float, ...]

    def __post_init__(self) -> None:
        sizes = {len(self.centre), len(self.u), len(self.v)}
        if len(sizes) > 1:
            raise ValueError("centre, u and v of a plane must have as many numbers each")
        axes = np.array([self.u, self.v])
        lengths = np.linalg.norm(axes, axis=1)
        if not (np.isfinite(lengths).all() and lengths.min() > 0):
            raise ValueError("u and v of a plane must be finite and not all 0")
        if abs(axes[0] @ axes[1]) > (1 - 1e-12) * lengths.prod():
            raise ValueError("u and v of a plane must lead into different directions")

    def at(self, x: float, y: float) -> Array:
        """The weights at a point of the plane."""
        return np.array(self.centre) + x * np.array(self.u) + y * np.array(self.v)

    def project(self, weights: ArrayLike) -> tuple[Array, Array, Array]:
        """(x, y, distance) of weights (points, n): the nearest point of the plane."""
        away = np.atleast_2d(np.asarray(weights, np.float64)) - np.array(self.centre)
        axes = np.array([self.u, self.v])
        with np.errstate(all="ignore"):
            found = np.linalg.solve(axes @ axes.T, axes @ away.T)
            rest = np.linalg.norm(away - found.T @ axes, axis=1)
        return found[0], found[1], rest


def plane_of_weights(net: Perceptron, centre: ArrayLike, first: int, second: int) -> Plane:
    """The plane of two weights, counted from 0; all others stay as they are at the centre."""
    u, v = np.zeros((2, net.size))
    for name, number in (("first", first), ("second", second)):
        if not 0 <= number < net.size:
            raise ValueError(f"{name} must be from 0 to {net.size - 1}, not {number}")
    u[first], v[second] = 1.0, 1.0
    return _plane(centre, u, v)


def random_plane(net: Perceptron, centre: ArrayLike, seed: int = 0) -> Plane:
    """Two random directions, each neuron's part as long as the neuron's weights are.

    Li et al. 2018, Visualizing the loss landscape of neural nets, arXiv:1712.09913: filter-wise
    normalization. Each part of the second is made perpendicular to that of the first, which the
    paper leaves to chance. The parts of a neuron without any weight are 0.
    """
    rng = np.random.default_rng(seed)
    middle = np.asarray(centre, np.float64)
    u, v = rng.normal(size=(2, net.size))
    for begin, end in net.neurons:
        first, second = u[begin:end], v[begin:end]
        second -= (first @ second) / (first @ first) * first
        for part in (first, second):
            part *= np.linalg.norm(middle[begin:end]) / np.linalg.norm(part)
    return _plane(centre, u, v)


def principal_plane(centre: ArrayLike, weights: ArrayLike) -> tuple[Plane, float]:
    """The plane through the centre that weights (points, n) stay nearest to, and which share of
    their squared distances from the centre lies in it.

    Raises ValueError where they do not leave the centre in two directions.
    """
    away = np.asarray(weights, np.float64) - np.asarray(centre, np.float64)
    away = away[np.isfinite(away).all(axis=1)]
    _, lengths, axes = np.linalg.svd(away, full_matrices=False)
    if len(lengths) < 2 or not lengths[1] > 1e-12 * lengths[0]:
        raise ValueError("the runs must move in two directions for principal components")
    share = float((lengths[:2] ** 2).sum() / (lengths**2).sum())
    reach = [float(np.abs(away @ axis).max()) or 1.0 for axis in axes[:2]]
    return _plane(centre, axes[0] * reach[0] / 4, axes[1] * reach[1] / 4), share


def _plane(centre: ArrayLike, u: Array, v: Array) -> Plane:
    middle, first, second = (tuple(map(float, np.asarray(a))) for a in (centre, u, v))
    return Plane(middle, first, second)


@dataclass(frozen=True)
class Network(Surface):
    """The loss of a perceptron on a plane through the space of its weights, over the rows."""

    net: Perceptron | None = None
    plane: Plane | None = None

    @classmethod
    def of(cls, net: Perceptron, table: Table, plane: Plane, domain: Domain) -> Network:
        """The surface of a network; ValueError for a plane of another network."""
        if len(plane.centre) != net.size:
            raise ValueError(f"the plane has {len(plane.centre)} weights, the network {net.size}")
        text = "-".join(map(str, net.widths))
        return cls("network", f"Network {text}", f"network {text}, {net.activation}", domain,
                   (0.0, 0.0), variables=("along u", "along v"), table=table, net=net,
                   plane=plane)  # fmt: skip

    def program(self, kind: str) -> Program:
        """The program that computes what PROGRAMS says on the plane."""
        assert self.net is not None
        return _on_plane(self.net, kind, self.way)

    def uniform_values(self) -> tuple[float, ...]:
        """The numbers of the plane: centre and directions."""
        assert self.plane is not None
        own = super().uniform_values()  # the step of a difference
        return (*self.plane.centre, *self.plane.u, *self.plane.v, *own)


def _columns(graph: Graph, net: Perceptron) -> dict[str, int]:
    return {name: graph.variable(name) for name in (*net.inputs, net.target)}


@lru_cache(maxsize=64)
def _on_plane(net: Perceptron, kind: str, way: str) -> Program:
    graph = Graph()
    x, y = graph.variable("x "), graph.variable("y ")  # a column may be called x
    names = [f"{part} {k}" for part in "cuv" for k in range(net.size)]  # no names of columns
    c, u, v = np.array([graph.variable(name) for name in names]).reshape(3, -1).tolist()
    weights = [
        graph.add(c[k], graph.add(graph.mul(x, u[k]), graph.mul(y, v[k]))) for k in range(net.size)
    ]
    loss = net.loss(graph, weights, _columns(graph, net))
    columns = (*net.inputs, net.target)
    return compile_loss(graph, loss, ("x ", "y "), tuple(names), columns, kind, way)


@lru_cache(maxsize=16)
def full_program(net: Perceptron, slope: bool) -> Program:
    """The loss, unless only the `slope` is wanted, and its derivative by every weight."""
    graph = Graph()
    weights = [graph.variable(f"w {k}") for k in range(net.size)]
    loss = net.loss(graph, weights, _columns(graph, net))
    names = tuple(f"w {k}" for k in range(net.size))
    wanted = [] if slope else [loss]
    wanted += gradient(graph, loss, names)
    columns = (*net.inputs, net.target)
    places = [(node, len(columns) + i) for i, node in enumerate(wanted)]
    return compile_program(graph, places, columns, names)
