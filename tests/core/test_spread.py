"""Maps whose tiles are computed by an executor: the same to the bit, whatever happens to it."""

import os
import signal
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from gdviz_core import OPTIMIZERS, SURFACES
from gdviz_core.destinations import destinations, nowhere
from gdviz_core.maps import Basins, blank, fill, tiles, whole
from gdviz_core.spread import AHEAD, ClusterError, spread


def question(side=96, steps=200):
    surface = SURFACES["himmelblau"]
    return Basins(surface, OPTIMIZERS["momentum"](lr=0.005), (side, side), steps, surface.domain,
                  destinations(surface))  # fmt: skip


def gathered(asked, executor, side=16):
    found, count = blank(asked), 0
    for answer in spread(asked, tiles(asked.shape, side), executor):
        if answer is not None:
            (rows, columns), part = answer
            fill(found, rows, columns, part)
            count += 1
    assert count == len(list(tiles(asked.shape, side)))
    return found


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_computes_the_same_map(kind, monkeypatch):
    asked = question()
    more = {}
    if kind is ProcessPoolExecutor:
        import multiprocessing

        more = {"mp_context": multiprocessing.get_context("spawn")}
    with kind(2, **more) as executor:
        found = gathered(asked, executor)
    for name, values in whole(asked).items():
        np.testing.assert_array_equal(found[name], values)


class Answers(Executor):
    """Answers with what it is given."""

    def __init__(self, answer):
        self.answer, self.submitted = answer, []

    def submit(self, task, *arguments):
        future = Future()
        self.submitted.append(future)
        if self.answer is not None:
            found = self.answer(task, *arguments)
            if isinstance(found, Exception):
                future.set_exception(found)
            else:
                future.set_result(found)
        return future


def wrong_shape(task, *arguments):
    return {name: values[:-1] for name, values in task(*arguments).items()}


def huge(task, *arguments):
    return {**task(*arguments), "x": np.zeros((4000, 4000))}


def wrong_type(task, *arguments):
    return {**task(*arguments), "minimum": np.array([["a"] * 16] * 16, object)}


def wrong_ends(task, *arguments):
    found = task(*arguments)
    return {**found, "minimum": found["minimum"] + np.int16(1000)}


@pytest.mark.parametrize(
    "answer",
    [wrong_shape, wrong_ends, huge, wrong_type, lambda *_: "x" * 10, lambda *_: None, lambda *_: {},
     lambda *_: OSError("worker gone")],
)  # fmt: skip
def test_what_is_no_tile_is_refused(answer):
    with pytest.raises(ClusterError, match=r"worker|tile"):
        gathered(question(32), Answers(answer))


def keep_all(answers, found):
    for answer in answers:
        found.append(answer)


def test_what_is_finished_is_yielded_before_a_failure_is_told():
    count = iter(range(100))

    def every_third(task, *arguments):
        return OSError("gone") if next(count) % 3 == 1 else task(*arguments)

    found, asked = [], question(64)
    answers = spread(asked, tiles(asked.shape, 16), Answers(every_third))
    with pytest.raises(ClusterError, match="gone"):
        keep_all(answers, found)
    assert len(found) > 5


def test_an_error_in_the_question_is_told_as_it_is():
    with pytest.raises(ValueError, match="lr must be greater"):
        gathered(question(32), Answers(lambda *_: ValueError("lr must be greater than 0")))


def test_giving_up_a_million_tiles_is_quick_and_few_are_under_way():
    executor = Answers(None)  # never answers
    answers = spread(question(4096), tiles((4096, 4096), 4), executor)  # a million tiles
    began = time.monotonic()
    assert next(answers) is None
    assert next(answers) is None
    assert len(executor.submitted) == AHEAD
    answers.close()
    assert time.monotonic() - began < 2
    assert all(future.cancelled() for future in executor.submitted)


def test_a_pool_that_breaks_is_a_cluster_error():
    import multiprocessing

    # Rastrigin's wells hold no momentum without friction: no run ends early
    surface = SURFACES["rastrigin"]
    asked = Basins(surface, OPTIMIZERS["momentum"](lr=1e-4, momentum=1.0), (256, 256), 100_000,
                   surface.domain, nowhere(surface))  # fmt: skip
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        executor.submit(int).result()  # so that its process is there
        (process,) = executor._processes.values()
        killer = threading.Timer(0.3, os.kill, (process.pid, signal.SIGKILL))
        killer.start()
        with pytest.raises(ClusterError, match=r"tile failed|submitted"):
            gathered(asked, executor, side=32)
        killer.join()
