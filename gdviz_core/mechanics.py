"""Optimizers as bodies in Newton's mechanics: the dictionary, and where the energy goes.

The loss is the potential energy. A body of mass m in a medium with friction c moves by

    m x'' = -grad f - c x'

and in time steps dt, velocity first, that is momentum to the last bit but rounding:

    momentum = 1 - c dt/m        lr = dt^2/m

Without mass there is no speed to keep: c x' = -grad f is gradient descent, with lr = dt/c. This is
the potential's equation, not that of a bead on the surface, which the optimizer `bead` has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdviz_core.descent import Trajectory
from gdviz_core.optimizer import Optimizer
from gdviz_core.optimizers import OPTIMIZERS
from gdviz_core.surface import Array

PARTICLES = ("particle", "particle_euler", "particle_verlet", "particle_rk4")
MOMENTA = ("momentum", "heavy_ball")
# Those that do what momentum does but for a term that vanishes with the learning rate.
_LIKE_MOMENTUM = ("nesterov", "nesterov_lookahead")
_MASSLESS = ("gd", "gradient_flow")
_NAMES = {optimizer.rule: name for name, optimizer in OPTIMIZERS.items()}


@dataclass(frozen=True)
class Body:
    """What an optimizer is in mechanics.

    `dt` is the time of a step. `friction` is the force of the medium over the velocity; with
    `fading` it is that over the time instead, as in Nesterov's equation. A body of `mass` 0 never
    gains speed. `gravity` is that of a bead on the surface, 0 for a body in the potential.
    `discrete` tells that its steps are those of momentum, which are not small against its swings.
    """

    dt: float
    mass: float = 1.0
    friction: float = 0.0
    fading: float = 0.0
    gravity: float = 0.0
    discrete: bool = False

    def critical(self, curvature: float) -> float:
        """The friction with which it returns to a minimum soonest without swinging through it.

        `curvature` is an eigenvalue of the Hessian there, at least 0. For the steps of momentum
        this is exact: Goh 2017, doi:10.23915/distill.00006, momentum = (1 - sqrt(lr h))^2.
        """
        weight = (self.gravity or 1.0) * curvature
        found = 2 * math.sqrt((self.mass or 1.0) * weight)
        return found - weight * self.dt if self.discrete else found


def body_of(optimizer: Any) -> Body | None:
    """What an optimizer is in mechanics; None where it is no body.

    Adam and its relatives are none: they divide the slope of each coordinate by what it usually
    was, so each coordinate would have a mass of its own, which depends on the way.
    """
    if not isinstance(optimizer, Optimizer):
        return None
    name, values = _NAMES.get(optimizer.rule, ""), optimizer.values
    if values.get("weight_decay") or values.get("dampening"):
        return None
    if name in PARTICLES:
        discrete = name == "particle"
        return Body(values["dt"], values["mass"], values["friction"], discrete=discrete)
    if name in MOMENTA or name in _LIKE_MOMENTUM:
        dt = math.sqrt(values["lr"])
        friction = (1 - values["momentum"]) / dt
        return Body(dt, 1.0, friction, discrete=name in MOMENTA)
    if name in _MASSLESS:
        return Body(values["lr"], 0.0, 1.0)
    if name == "accelerated_gradient":
        return Body(math.sqrt(values["lr"]), fading=3.0)
    if name == "nesterov_flow":
        return Body(values["dt"], fading=values["r"])
    if name == "bead":
        return Body(values["dt"], friction=values["friction"], gravity=values["gravity"])
    return None


def particle_of(momentum: Optimizer, mass: float = 1.0) -> Optimizer:
    """The particle that makes the same steps as momentum or heavy ball, for a mass of one's choice.

    Raises ValueError where there is none.
    """
    name, values = _NAMES.get(momentum.rule, ""), momentum.values
    if name not in MOMENTA:
        raise ValueError(f"{momentum.title} is not momentum")
    for name in ("dampening", "weight_decay"):
        if values.get(name):
            raise ValueError(f"{name} must be 0 for a body, not {values[name]:g}")
    if values["momentum"] > 1:
        raise ValueError(
            f"momentum must be at most 1 for a body, not {values['momentum']:g}: friction would "
            "push"
        )
    OPTIMIZERS["particle"](mass=mass)  # says what a mass may be
    dt = math.sqrt(mass * values["lr"])
    if not dt > 0:
        raise ValueError(f"a mass of {mass:g} is too small for a learning rate of {values['lr']:g}")
    friction = (1 - values["momentum"]) * mass / dt
    return OPTIMIZERS["particle"](dt=dt, mass=mass, friction=friction)


def momentum_of(particle: Optimizer) -> Optimizer:
    """Momentum that makes the same steps as a particle; ValueError where there is none."""
    if _NAMES.get(particle.rule) != "particle":
        raise ValueError(f"{particle.title} does not make the steps of momentum")
    values = particle.values
    if values["vx"] or values["vy"]:
        raise ValueError("momentum starts at rest: vx and vy must be 0")
    momentum = 1 - values["friction"] * values["dt"] / values["mass"]
    if momentum < -1e-12:  # what is less is rounding
        raise ValueError(
            f"momentum would be {momentum:.3g}: friction must be at most mass/dt, "
            f"{values['mass'] / values['dt']:.3g}"
        )
    lr = values["dt"] ** 2 / values["mass"]
    return OPTIMIZERS["momentum"](lr=lr, momentum=max(momentum, 0.0))


@dataclass(frozen=True, eq=False)
class Energy:
    """Where the energy of a run is at each record.

    `potential` counts from `floor`; `dissipated` is what friction has taken, the integral of its
    power by the trapezoidal rule. In the exact motion the three add up to `initial` at all times;
    what they differ by is what the time steps have done. `vx` and `vy` are the velocity.
    """

    body: Body
    time: Array
    vx: Array
    vy: Array
    kinetic: Array
    potential: Array
    dissipated: Array
    floor: float

    @property
    def total(self) -> Array:
        """Kinetic and potential energy."""
        return self.kinetic + self.potential

    @property
    def initial(self) -> float:
        """All the energy there was at the start."""
        return float(self.total[0])

    @property
    def speed(self) -> Array:
        """How fast the body moves in the plane."""
        with np.errstate(over="ignore"):
            return np.hypot(self.vx, self.vy)

    def reach(self, record: int) -> float:
        """The largest loss that the body could climb to with the energy it has at a record."""
        weight = self.body.gravity or 1.0
        return float(self.total[record]) / weight + self.floor

    def turning_points(self) -> NDArray[np.int64]:
        """The records at which the body was highest before it fell back."""
        height = self.potential
        with np.errstate(invalid="ignore"):
            top = (height[1:-1] > height[:-2]) & (height[1:-1] >= height[2:])
        return np.flatnonzero(top) + 1


def energy_of(t: Trajectory, floor: float | None = None) -> Energy | None:
    """The energy of a run; None for an optimizer that is no body.

    `floor` is the loss from which the potential energy counts: the least one of the minima that
    are known, and that of the run if it gets lower, unless given. None, too, where the velocity
    was not recorded (where only every kth iterate is there, and it is none of the states), and for
    momentum whose learning rate changes: its mass would change with it.
    """
    body = body_of(t.optimizer)
    if body is None or t.weights is not None:
        return None
    if body.mass and t.lr is not None and np.ptp(t.lr) > 0:
        return None
    times = _times(t, body)
    velocity = _velocity(t, body, times)
    if velocity is None:
        return None
    vx, vy = velocity
    if floor is None:
        floor = _floor(t)
    with np.errstate(all="ignore"):
        square = vx * vx + vy * vy
        if body.gravity:
            square = square + (vx * t.grad_x + vy * t.grad_y) ** 2
        potential = (body.gravity or 1.0) * (t.loss - floor)
        if body.mass == 0:  # all that is lost goes to friction at once
            lost = potential[0] - potential
            return Energy(body, times, vx, vy, np.zeros(len(t)), potential, lost, floor)
        kinetic = body.mass / 2 * square
        friction = np.full(len(t), body.friction)
        if body.fading:
            friction = body.fading / np.maximum(times, 1e-300)
        power = np.where(square > 0, friction * square, 0.0)
        parts = (power[1:] + power[:-1]) / 2 * np.diff(times)
        dissipated = np.concatenate([[0.0], np.cumsum(parts)])
    return Energy(body, times, vx, vy, kinetic, potential, dissipated, floor)


def _times(t: Trajectory, body: Body) -> Array:
    """The time of each record; a learning rate that changes is a time step that does."""
    if t.lr is None or np.ptp(t.lr) == 0:
        return np.asarray(t.step * body.dt, np.float64)
    parts = np.concatenate([[0.0], t.lr[1:] * np.diff(t.step)])
    return np.asarray(np.cumsum(parts), np.float64)


def _velocity(t: Trajectory, body: Body, times: Array) -> tuple[Array, Array] | None:
    name = _NAMES[t.optimizer.rule]
    if body.mass == 0:
        return -t.grad_x, -t.grad_y
    if name in (*PARTICLES, "nesterov_flow", "bead"):
        return t.state["v_x"], t.state["v_y"]
    if name in MOMENTA and t.lr is not None:
        dt = np.sqrt(t.lr)
        state, factor = ("b", -dt) if name == "momentum" else ("v", 1 / dt)
        return factor * t.state[f"{state}_x"], factor * t.state[f"{state}_y"]
    if len(t) > 1 and (np.diff(t.step) != 1).any():
        return None
    with np.errstate(all="ignore"):
        step = np.diff(times)
        vx, vy = (np.concatenate([[0.0], np.diff(c) / step]) for c in (t.x, t.y))
    return vx, vy


def _floor(t: Trajectory) -> float:
    found = t.loss[np.isfinite(t.loss)]
    lowest = float(found.min()) if found.size else 0.0
    minima: Sequence[tuple[float, float]] = () if t.surface is None else t.surface.minima
    if not minima:
        return lowest
    assert t.surface is not None
    x, y = np.array(minima, np.float64).T
    return min(lowest, float(np.min(t.surface.value(x, y))))
