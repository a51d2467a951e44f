"""The dictionary between momentum and Newton's law, in terms of racers and their runs."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gdviz.compute import Race
from gdviz.racer import CONSTANT, Racer
from gdviz_core import CriticalPoint, Optimizer
from gdviz_core.mechanics import (
    MOMENTA,
    PARTICLES,
    Body,
    Energy,
    body_of,
    energy_of,
    momentum_of,
    particle_of,
)

SAME = 1e-9  # how far numbers may differ that were translated from one another


def is_momentum(racer: Racer) -> bool:
    """Whether a racer has a translation into a particle."""
    return racer.rule is None and racer.optimizer in MOMENTA


def is_particle(racer: Racer) -> bool:
    """Whether a racer has a translation into momentum."""
    return racer.rule is None and racer.optimizer == PARTICLES[0]


def counterpart(racer: Racer, mass: float = 1.0) -> Optimizer:
    """The optimizer that makes the same steps; ValueError where there is none."""
    optimizer = racer.configured()
    return momentum_of(optimizer) if is_particle(racer) else particle_of(optimizer, mass)


def twin(racers: Sequence[Racer], number: int) -> int | None:
    """The racer that makes the same steps as the one with a number, on the dictionary's other side.

    None if there is none.
    """
    racer = racers[number]
    if not (is_momentum(racer) or is_particle(racer)):
        return None
    for other, there in enumerate(racers):
        if (is_momentum if is_particle(racer) else is_particle)(there):
            body, one = (racer, there) if is_particle(racer) else (there, racer)
            if _same(body, one):
                return other
    return None


# What surrounds a rule changes its steps, too.
_SURROUNDINGS = ("clip", "clip_value", "weight_decay", "way", "h", "batch")


def _same(particle: Racer, momentum: Racer) -> bool:
    if any(getattr(particle, name) != getattr(momentum, name) for name in _SURROUNDINGS):
        return False
    if momentum.schedule != CONSTANT:
        return False
    try:
        wanted = particle_of(momentum.configured(), particle.values["mass"]).values
        momentum_of(particle.configured())
    except ValueError:
        return False
    return all(math.isclose(particle.values[name], wanted[name], rel_tol=SAME, abs_tol=SAME)
               for name in ("dt", "friction"))  # fmt: skip


def followed(before: Sequence[Racer], after: Sequence[Racer]) -> tuple[Racer, ...]:
    """Racers after an edit, with the twins of those that were changed moved along.

    Raises ValueError where the other side has no word for what is wanted.
    """
    racers = list(after)
    if len(before) != len(after) or all(racer in before for racer in after):
        return tuple(racers)  # none is new: they have changed places
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        other = None if old.optimizer != new.optimizer else twin(before, number)
        if other is None or old.values == new.values:
            continue
        if after[other].values != before[other].values and is_particle(new):
            continue  # where both were changed momentum leads
        try:
            mass = before[other].values.get("mass", 1.0)
            values = before[other].values | {
                name: value for name, value in _shared(counterpart(new, mass)).items()
                if not math.isclose(value, before[other].values[name], rel_tol=1e-12)
            }  # fmt: skip
            racers[other] = replace(after[other], values=values, tuned=False)
        except ValueError as error:
            raise ValueError(
                f"{error}; switch off Keep together to part {new.name} and {before[other].name}"
            ) from None
    return tuple(racers)


def _shared(optimizer: Optimizer) -> dict[str, float]:
    """What the dictionary tells of an optimizer; the rest of its values is its own."""
    return {name: value for name, value in optimizer.values.items()
            if name in ("lr", "momentum", "dt", "friction")}  # fmt: skip


def energy_in(race: Race, lane: int, points: Iterable[CriticalPoint] | None) -> Energy | None:
    """The energy of a run, counted from the lowest of the minima that are known."""
    t, racer = race.trajectories[lane], race.experiment.running[
        lane // max(1, len(race.experiment.starts))
    ]  # fmt: skip
    if forced(racer):
        return None
    lowest = min((p.loss for p in points or () if p.kind == "minimum"), default=None)
    found = energy_of(t)
    if found is None or lowest is None or lowest >= found.floor:
        return found
    return energy_of(t, lowest)


def forced(racer: Racer) -> str:
    """What else than the loss and friction acts on a racer, so that its energy means nothing."""
    for name, words in (("weight_decay", "weight decay"), ("clip", "clipping"),
                        ("clip_value", "clipping")):  # fmt: skip
        if getattr(racer, name) or racer.values.get(name):
            return words
    if racer.schedule != CONSTANT and racer.rate == "lr" and "momentum" in racer.values:
        return "a schedule"
    return "dampening" if racer.values.get("dampening") else ""


@dataclass(frozen=True)
class Damping:
    """How a body comes to rest at a minimum: `critical` frictions of its two axes, and a verdict.

    The axes are the eigenvectors of the Hessian there, the flatter first.
    """

    at: tuple[float, float]
    curvatures: tuple[float, float]
    critical: tuple[float, float]
    verdict: str


def damping_of(
    body: Body, end: tuple[float, float], points: Iterable[CriticalPoint] | None
) -> Damping | None:
    """The damping at the minimum that is nearest to the end of a run."""
    minima = [p for p in points or () if p.kind == "minimum"]
    if not minima or not all(map(math.isfinite, end)) or not body.mass or body.fading:
        return None
    near = min(minima, key=lambda p: math.hypot(p.x - end[0], p.y - end[1]))
    low, high = sorted(max(0.0, float(value)) for value in near.eigenvalues)
    critical = (body.critical(low), body.critical(high))
    flat, steep = (_damped(body.friction, c) for c in critical)
    if body.friction == 0:
        verdict = "without friction it never comes to rest"
    elif flat == steep:
        verdict = f"along both axes {flat}"
    else:
        verdict = f"along the flat axis {flat}, along the steep one {steep}"
    return Damping((near.x, near.y), (low, high), critical, verdict)


def _damped(friction: float, critical: float) -> str:
    if math.isclose(friction, critical, rel_tol=0.02):
        return "it is critically damped"
    return "it swings (underdamped)" if friction < critical else "it creeps (overdamped)"


def told(racer: Racer) -> str:
    """What a racer is in mechanics, in a few sentences."""
    optimizer = racer.configured()
    body = body_of(optimizer)
    title = optimizer.title
    if body is None and {"beta1", "beta2"} <= set(optimizer.values):
        return (
            f"{title} is no body. Its first moment is a velocity with friction, as in momentum; "
            "but it divides each coordinate by the usual size of its slope: a mass that differs "
            "from axis to axis and depends on the way, so there is no energy to keep."
        )
    if forced(racer) and (body is not None or optimizer.name in MOMENTA):
        return f"With {forced(racer)} {title} is no body in the potential of the loss alone."
    if body is None:
        return f"{title} follows no law of motion, so it has no energy."
    dt, c = f"{body.dt:.4g}", f"{body.friction:.4g}"
    if body.mass == 0:
        return (
            f"{title} is a body without mass: it gains no speed, and all it falls goes to "
            f"friction. A step takes the time {dt}."
        )
    if body.gravity:
        return (
            f"A bead that slides on the surface itself, under gravity {body.gravity:.4g} and "
            f"friction {c}: another equation than that of a body in the potential. A step takes "
            f"the time {dt}."
        )
    if body.fading:
        return (
            f"{title} is a body of mass 1 whose friction is {body.fading:.4g} over the time: "
            f"it fades, so the body comes to rest slowly. A step takes the time {dt}."
        )
    if racer.optimizer in MOMENTA:
        return (
            f"{title} is a body of mass 1 in a medium with friction {c}. A step takes the time "
            f"{dt}; or, as Δp = −∇V·Δt, the force acts for the time η in each step."
        )
    about = "" if racer.optimizer in PARTICLES else ", nearly"
    return (
        f"{title} is{about} a body of mass {body.mass:.4g} in a medium with friction {c}. "
        f"A step takes the time {dt}."
    )
