"""Maps computed elsewhere: their tiles through any executor of concurrent.futures."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Any, NamedTuple

import numpy as np

from gdviz_core.maps import Part, Question, Tile

AHEAD = 32  # tiles that are under way at once
POLL = 0.2  # seconds between two looks at whether it is still wanted


class Workers(NamedTuple):
    """An executor, and how many tiles it is handed at once: enough to keep all of it busy."""

    executor: Executor
    ahead: int = AHEAD


class ClusterError(RuntimeError):
    """A cluster that cannot be reached, is gone, or answers with what is no tile."""


def part_of(question: Question, rows: slice, columns: slice) -> Part:
    """A tile of a map, on one thread: the executor decides how many run at once."""
    return question.part(rows, columns, threads=1)


def spread(
    question: Question, wanted: Iterable[Tile], executor: Executor, ahead: int = AHEAD
) -> Generator[tuple[Tile, Part] | None, None, None]:
    """The tiles of a map as an executor has them ready, each with its part.

    No more than `ahead` are handed over at once, so that neither memory nor the time it takes to
    give up grows with the map. It yields None several times a second while none is ready; who
    closes it cancels what has not begun. Raises ClusterError.
    """
    rest = iter(wanted)
    running: dict[Future[Any], Tile] = {}
    try:
        while True:
            while len(running) < ahead and (tile := next(rest, None)) is not None:
                running[_submit(executor, question, tile)] = tile
            if not running:
                return
            done, _ = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
            if not done:
                yield None
            failure: Exception | None = None
            for future in done:
                tile = running.pop(future)
                try:
                    part = checked(question, tile, future.result())
                except (
                    ClusterError,
                    ValueError,
                ) as error:  # ours: it names a field
                    failure = failure or error
                except Exception as error:  # whatever an executor makes of a worker that is gone
                    failure = failure or ClusterError(f"a tile failed: {_first_line(error)}")
                else:
                    yield tile, part  # what is finished is kept, whatever happens to the others
            if failure is not None:
                raise failure
    finally:
        for future in running:
            future.cancel()


def _submit(executor: Executor, question: Question, tile: Tile) -> Future[Any]:
    try:
        return executor.submit(part_of, question, *tile)
    except Exception as error:  # a broken pool, a client whose scheduler is gone
        raise ClusterError(f"no tile can be submitted: {_first_line(error)}") from error


def checked(question: Question, tile: Tile, answer: Any) -> Part:
    """What a worker has answered; ClusterError if it is not the tile it was asked for."""
    layout = question.layout
    rows, columns = tile
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    if not isinstance(answer, Mapping) or set(answer) != set(layout):
        raise ClusterError(f"a worker answered with {type(answer).__name__}, which is no tile")
    for name, kind in layout.items():
        array = answer[name]
        if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != kind:
            found = getattr(array, "shape", type(array).__name__)
            raise ClusterError(f"a worker answered with {name} {found} where {shape} was expected")
    if not question.sound(dict(answer)):
        raise ClusterError("a worker answered with a tile of ends that cannot be")
    return dict(answer)


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
