"""Work beside the caller, as generators that yield progress and can be given up at any time."""

import atexit
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

Result = TypeVar("Result")
Computation = Generator[float, None, Result]

_POLL = 0.02  # seconds
LEAVE = 3.0  # seconds that the end of the program waits for what cannot be stopped
_APART: list[threading.Thread] = []


def beside(call: Callable[[], Result], progress: Any) -> Computation[Result]:
    """Run a call that releases the GIL; yield its progress; cancel it when the generator closes."""
    outcome: list[Any] = []
    thread = threading.Thread(target=_attempt, args=(call, outcome), daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_POLL)
            yield progress.fraction
    finally:
        progress.cancel()
        thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def apart(call: Callable[[], Result], turn: threading.Lock) -> Computation[Result]:
    """Run a call that cannot be stopped half way; who gives up does not wait for it.

    Only one that takes its `turn` runs at a time; one that was given up before does not begin.
    """
    outcome: list[Any] = []
    wanted = threading.Event()
    wanted.set()

    def work() -> None:
        with turn:
            if wanted.is_set():
                _attempt(call, outcome)

    thread = threading.Thread(target=work, daemon=True)
    _APART[:] = [other for other in _APART if other.is_alive()] + [thread]
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_POLL)
            yield 0.0
    finally:
        wanted.clear()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _attempt(call: Callable[[], Any], outcome: list[Any]) -> None:
    """Put what a call returns, or raises, where another thread finds it."""
    try:
        outcome.append(call())
    except BaseException as error:
        outcome.append(error)


@atexit.register
def _wait() -> None:
    """Give calls that nobody waits for a moment to end.

    A thread that is within a library while the interpreter is taken down can bring it down hard.
    """
    end = time.monotonic() + LEAVE
    for thread in _APART:
        thread.join(max(0.0, end - time.monotonic()))
