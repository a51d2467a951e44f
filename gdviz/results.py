"""How the runs of a race compare, and the same small search for a learning rate for each racer."""

import math
from dataclasses import dataclass, replace

import numpy as np

import gdviz_core as core
from gdviz import compute
from gdviz.compute import Computation, Race
from gdviz.experiment import Experiment, Point
from gdviz.racer import Racer
from gdviz_core.ending import Rank

# Learning rates that are tried: so many, over so many powers of ten around the present one.
TRIED, DECADES = 13, 3.0


@dataclass(frozen=True)
class Row:
    """One run in the table of results.

    `racer` and `start` are numbers among all racers and starts, `steps` and `evaluations` those to
    the target loss, None where it was not reached; `distance` is from the nearest global minimum.
    """

    place: int
    lane: int
    racer: int
    start: int
    at: Point
    name: str
    reason: str
    best: float
    steps: int | None
    evaluations: int | None
    distance: float | None


@dataclass(frozen=True)
class Results:
    """All rows, the best first, with the target loss they were compared by."""

    race: Race
    target: float
    rows: tuple[Row, ...]


def results(race: Race, target: float | None = None) -> Computation[Results]:
    """Rank the runs of a race; see `gdviz_core.rank` for the target."""
    experiment = race.experiment
    on = [number for number, racer in enumerate(experiment.racers) if racer.on]
    ranked: list[Rank] = core.rank(race.trajectories, target)
    lane_of = {id(t): lane for lane, t in enumerate(race.trajectories)}
    starts = max(1, len(experiment.starts))
    rows = []
    for done, rank in enumerate(ranked):
        lane = lane_of[id(rank.trajectory)]
        number = on[lane // starts]
        racer = experiment.racers[number]
        rows.append(Row(
            rank.place, lane, number, lane % starts, rank.trajectory.start,
            f"{racer.name} (tuned)" if racer.tuned else racer.name, race.end(lane), rank.best,
            rank.steps, rank.evaluations, rank.distance,
        ))  # fmt: skip
        if done % 8 == 0:
            yield done / len(ranked)
    return Results(race, ranked[0].target if ranked else math.nan, tuple(rows))


def as_text(found: Results) -> str:
    """The table with tabs between its columns, for a spreadsheet or a mail."""
    head = ["rank", "racer", "x", "y", "ended", "best loss", "steps to target",
            "evaluations to target", "distance to global minimum"]  # fmt: skip
    lines = ["\t".join(head)]
    for row in found.rows:
        cells = [row.place, row.name, repr(row.at[0]), repr(row.at[1]), row.reason, repr(row.best),
                 "" if row.steps is None else row.steps,
                 "" if row.evaluations is None else row.evaluations,
                 "" if row.distance is None else repr(row.distance)]  # fmt: skip
        lines.append("\t".join(str(cell).replace("\t", " ") for cell in cells))
    return "\n".join(lines) + f"\n# target loss\t{found.target!r}\n"


def tuned(experiment: Experiment, target: float) -> Computation[tuple[Racer, ...]]:
    """The racers with the learning rate, or time step, that serves them best here.

    Each that runs tries the same number of them, spread over the same powers of ten
    around its present one. The best reaches the target loss from most starts, then with the fewest
    gradient evaluations, then has the lowest mean of best losses.
    """
    racers = list(experiment.racers)
    wanted = [n for n, racer in enumerate(racers) if racer.on and racer.rate]
    for done, number in enumerate(wanted):
        racer, scores = racers[number], []
        for k, rate in enumerate(_candidates(racer.values[racer.rate])):
            try:
                candidate = racer.with_value(racer.rate, rate)
            except ValueError:
                continue  # out of the range that the optimizer permits
            alone = replace(experiment, racers=(replace(candidate, on=True),))
            raced = compute.race(alone)
            try:
                while True:
                    yield (done + (k + next(raced)) / TRIED) / len(wanted)
            except StopIteration as end:
                scores.append((_score(end.value, target), rate))
        if scores:
            best = racer.with_value(racer.rate, min(scores)[1])
            racers[number] = replace(best, tuned=True)
    return tuple(racers)


def _candidates(lr: float) -> list[float]:
    powers = np.linspace(-DECADES / 2, DECADES / 2, TRIED)
    return [float(f"{lr * 10**power:.3g}") for power in powers]


def _score(race: Race, target: float) -> tuple[int, float, float]:
    """Runs that miss the target, mean evaluations of those that reach it, mean best loss."""
    ranked = core.rank(race.trajectories, target)
    reached = [rank.evaluations for rank in ranked if rank.evaluations is not None]
    bests = [rank.best if math.isfinite(rank.best) else 1e300 for rank in ranked]
    return (
        len(ranked) - len(reached),
        float(np.mean(reached)) if reached else math.inf,
        float(np.mean(bests)) if bests else math.inf,
    )
