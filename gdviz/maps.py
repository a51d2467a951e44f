"""From an experiment to its maps, coarse first: what every pixel asks, and how fine it can be."""

import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np

import gdviz_core as core
from gdviz import compute
from gdviz.compute import step_cost, steps_of, surroundings
from gdviz.experiment import Experiment, suggested_rate
from gdviz.racer import Racer
from gdviz.scale import short
from gdviz.sweep import Axis
from gdviz.worker import beside
from gdviz_core.destinations import Destinations, destinations, nowhere
from gdviz_core.maps import Basins, Part, Question, Sweep, Tile, tiles
from gdviz_core.optimizer import Optimizer
from gdviz_core.perceptron import Network
from gdviz_core.surface import Domain, Surface

Result = TypeVar("Result")

FIRST = 0.01  # seconds that the coarsest map may take, so that a drag shows it flow
TILE_SECONDS = 0.04  # that a tile may take, about: as often the picture grows
LONGEST = 60.0  # seconds that a map in the window may take; it stays coarser beyond
COARSEST = 64
PROBES = 24  # along each side, where critical points are not looked for
SHARE = 1e-3  # of the height of the highest start
FASTER = 4  # between two passes the side of a pixel shrinks by so much


class Update(NamedTuple):
    """A part of a map that has been computed.

    `number` tells which of several maps; `every` is the side of its pixels in pixels of the screen;
    `tile` is where it belongs, None for all of it. `fraction` is how much of all passes is done,
    `pace` the seconds that a pixel of this part took.
    """

    number: int
    question: Question
    every: int
    tile: Tile | None
    part: Part
    fraction: float
    pace: float


def rule_in(experiment: Experiment, racer: Racer) -> Optimizer:
    """The optimizer of a racer, if there can be a map of it; ValueError says why not."""
    optimizer = racer.configured()
    if not isinstance(optimizer, Optimizer):
        raise ValueError(
            f"{racer.name} is no rule of gdviz, so its runs cannot be had by the thousand: choose "
            "a racer that is one"
        )
    if isinstance(experiment.resolved(), Network):
        raise ValueError(
            "A network learns in all its weights, not on a plane: there are no maps of it"
        )
    return optimizer


def conditions(experiment: Experiment, racer: Racer) -> dict[str, Any]:
    """What surrounds the runs of a map: the same as those of the race.

    But each pixel of a basin map draws noise and batches of its own, and what racers draw for
    themselves is drawn as by the first.
    """
    found = surroundings(experiment, racer)
    del found["same_noise"]
    return {**found, "tolerance": experiment.tolerance, "stop_outside": experiment.stop_outside}


def budget(experiment: Experiment, racer: Racer) -> int:
    """The most steps of a run."""
    steps = steps_of(experiment, racer)
    if experiment.budget == "evaluations":
        return steps // rule_in(experiment, racer).evaluations
    return steps


def basins(
    experiment: Experiment, racer: Racer, shape: tuple[int, int], domain: Domain | None = None,
    where: Destinations | None = None, seeds: int = 1,
) -> Basins:  # fmt: skip
    """The question in which minimum a racer ends; ValueError where there is no map."""
    optimizer, surface = rule_in(experiment, racer), experiment.resolved()
    return Basins(
        racer.seen(surface), optimizer, shape, budget(experiment, racer),
        surface.domain if domain is None else domain,
        nowhere(surface) if where is None else where, seeds, conditions(experiment, racer),
    )  # fmt: skip


def axes_of(experiment: Experiment, racer: Racer) -> tuple[Axis, Axis]:
    """The axes of the hyper-parameter map of a racer; ValueError if it has not two."""
    optimizer = rule_in(experiment, racer)
    if optimizer.rate:  # around what suits the surface: the axes must not follow the racer
        rate = suggested_rate(experiment.resolved(), racer.definition)
        optimizer = optimizer(**{optimizer.rate: rate})
    return experiment.maps.for_optimizer(optimizer)


def sweep(
    experiment: Experiment, racer: Racer, shape: tuple[int, int], start: int = 0,
    target: float | None = None,
) -> Sweep:  # fmt: skip
    """The question what the two hyper-parameters of a racer do, from one start or from all."""
    optimizer, surface = rule_in(experiment, racer), experiment.resolved()
    across, up = axes_of(experiment, racer)
    starts = experiment.starts if experiment.maps.mean else experiment.starts[start : start + 1]
    if not starts:
        raise ValueError("A map of hyper-parameters needs a start: click on the map")
    return Sweep(
        racer.seen(surface), optimizer,
        {across.name: across.values(shape[1]), up.name: up.values(shape[0])},
        np.array(starts), budget(experiment, racer), target, conditions(experiment, racer),
        tuple(range(len(starts))) if experiment.maps.mean else (start,),
    )  # fmt: skip


def destinations_of(surface: Surface, found: core.CriticalPoints | None) -> Destinations:
    """What runs may end in, as far as it is known by now."""
    return nowhere(surface) if found is None else Destinations.of(surface, found)


def places(experiment: Experiment, racer: Racer, box: Domain) -> Destinations:
    """What runs from a box may end in; where the loss is too dear for a census, where runs from a
    coarse grid end."""
    surface = experiment.resolved()
    if surface.rows == 1:
        return destinations(surface, box)
    try:
        found = compute.finish(compute.chart(surface))
    except ValueError:  # too many rows
        found = None
    coarse = basins(experiment, racer, (PROBES, PROBES), box, destinations_of(surface, found))
    return coarse.where.with_more(coarse.ends(slice(0, PROBES), slice(0, PROBES))[1])


KINDS = {"curve": "curve of critical points through", "end": "end", "degenerate": "flat point"}


def told_points(where: Destinations) -> list[str]:
    """What is said of each point, of what has not settled, what diverged and what left."""
    found = []
    for kind, (x, y, loss) in zip(where.kinds, where.points.tolist(), strict=True):
        name = KINDS.get(kind, kind)
        found.append(f"{name} ({short(x)}, {short(y)}), loss {short(loss)}")
    return [*found, "not settled", "diverged", "left the domain"]


def target_of(
    experiment: Experiment, wanted: float | None, found: core.CriticalPoints | None
) -> float | None:
    """The loss that runs shall reach: the wanted one, or a thousandth of the way up from the least
    that is known to the highest start, as results are compared by; None while none is known."""
    if wanted is not None:
        return wanted
    surface = experiment.resolved()
    known = [point.loss for point in found or () if point.kind == "minimum"]
    if surface.minima and "unbounded" not in surface.tags:
        known.append(float(surface.value(*surface.minima[0])))
    starts = [float(surface.value(*start)) for start in experiment.starts]
    starts = [loss for loss in starts if math.isfinite(loss)]
    if not known:
        return None
    least = min(known)
    return least + SHARE * max(max(starts, default=least) - least, 0.0)


# passes, coarse to fine


def sides(pixels: int, seconds: float, first: float = FIRST) -> list[int]:
    """The sides of the pixels of each pass, the coarsest first.

    `seconds` is what a pixel takes. The first pass takes no longer than `first`, the last no longer
    than LONGEST.
    """
    finest = 1
    while finest < COARSEST and pixels * seconds / finest**2 > LONGEST:
        finest *= 2
    coarse = finest
    while coarse < COARSEST and pixels * seconds / coarse**2 > first:
        coarse *= 2
    found = [coarse]
    while found[-1] > finest:
        found.append(max(finest, found[-1] // FASTER))
    return found


def pixel_cost(question: Question) -> float:
    """About how many seconds a pixel takes, if its runs take all their steps."""
    runs = question.seeds if isinstance(question, Basins) else len(question.starts)
    rows = question.conditions.get("batch") or question.surface.rows
    return runs * question.steps * step_cost(question.surface, question.optimizer, rows)


Ask = Callable[[int], Question]


def run_cost(question: Question) -> float:
    """About how many seconds a step of a single run takes."""
    rows = question.conditions.get("batch") or question.surface.rows
    return 0.3e-6 + 8 * step_cost(question.surface, question.optimizer, rows)


def refined(
    asks: Sequence[Ask], passes: Sequence[int], progress: core.Progress, pace: float
) -> Generator[Update | None, None, None]:
    """Compute maps in passes, all of them coarsely first; yields an Update for each part.

    `asks` give the question of each map for pixels of a side, `pace` is the seconds a pixel may
    take, by which the tiles are cut. It yields None while a part takes long; `progress` cancels it.
    """
    total = len(asks) * sum(1.0 / every**2 for every in passes)
    done, where = 0.0, dict[int, Destinations]()
    for stage, every in enumerate(passes):
        for number, ask in enumerate(asks):
            question = ask(every)
            if number in where and isinstance(question, Basins):
                question = replace(question, where=where[number])
            height, width = question.shape
            side = max(height, width) if stage == 0 else min(256, max(64, _side(pace)))
            for rows, columns in tiles(question.shape, side):
                began = time.perf_counter()
                pixels = (rows.stop - rows.start) * (columns.stop - columns.start)
                more: dict[str, Any] = {}
                if isinstance(question, Basins):
                    call = partial(question.ends, rows, columns, 0)
                    more["first"] = first = yield from _beside(call, progress, pace * pixels)
                    where[number] = question.where.with_more(first[1])
                    question = replace(question, where=where[number])
                work = partial(_part, question, rows, columns, **more)
                part = yield from _beside(work, progress, pace * pixels)
                taken = (time.perf_counter() - began) / pixels
                pace = min(pace, taken)  # what each call costs must not make tiles ever smaller
                done += pixels / (height * width) / every**2
                tile = None if pixels == height * width else (rows, columns)
                yield Update(number, question, every, tile, part, done / total, taken)


def _part(
    question: Question, rows: slice, columns: slice, progress: core.Progress, **more: Any
) -> Part:
    return question.part(rows, columns, progress, **more)


def _side(pace: float) -> int:
    """The side of a tile that takes TILE_SECONDS, in whole squares of 16."""
    return math.isqrt(int(TILE_SECONDS / max(pace, 1e-9))) // 16 * 16


def _beside(
    call: Callable[[core.Progress], Result], progress: core.Progress, seconds: float
) -> Generator[None, None, Result]:
    """Call it, on a thread beside if it takes long, so that it can be given up."""
    if seconds < 0.02:
        return call(progress)
    own = core.Progress()  # it is cancelled at the end in any case
    waiting = beside(lambda: call(own), own)
    try:
        while True:
            next(waiting)
            if progress.cancelled:
                own.cancel()
            yield None
    except StopIteration as end:
        return end.value
    finally:
        waiting.close()
