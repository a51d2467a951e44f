"""SymPy in a process of its own: python -m gdviz_core.algebra

It takes half a second to load, seconds for some derivatives, and for ever for others, all the while
in the way of whatever else wants to run in Python; here it is in nobody's way.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from gdviz_core.notation import Term

Flat = list[tuple[str, tuple[int, ...], Any]]

LONGEST = 60.0  # seconds for one answer

_LOCK = threading.Lock()
_RUNNING: list[subprocess.Popen[bytes]] = []


def ask(task: str, *arguments: Any) -> Any:
    """What a task of `gdviz_core.symbolic` returns, computed by the process.

    Raises what the task raises, and RuntimeError if the process ends or takes too long.
    """
    with _LOCK:
        process = _process()
        assert process.stdin is not None
        assert process.stdout is not None
        limit = threading.Timer(LONGEST, process.kill)
        limit.start()
        try:
            pickle.dump((task, [_packed(argument) for argument in arguments]), process.stdin)
            process.stdin.flush()
            answer, error = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            late = not limit.is_alive()
            close()
            why = f"it took longer than {LONGEST:g} seconds" if late else "its process has ended"
            raise RuntimeError(why) from None
        except BaseException:  # half a message is under way: the next answer would be another's
            close()
            raise
        finally:
            limit.cancel()
    if error is not None:
        raise error
    return _unpacked(answer)


def _process() -> subprocess.Popen[bytes]:
    """The process, started if there is none."""
    if _RUNNING and _RUNNING[0].poll() is None:
        return _RUNNING[0]
    close()
    command = [sys.executable, "algebra"]
    if not getattr(sys, "frozen", False):
        root = str(Path(__file__).resolve().parent.parent)
        begin = f"import sys; sys.path.insert(0, {root!r}); "
        command = [
            sys.executable,
            "-I",
            "-c",
            begin + "from gdviz_core.algebra import serve; serve()",
        ]
    _RUNNING.append(subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ))  # fmt: skip
    return _RUNNING[0]


@atexit.register
def close() -> None:
    """End the process, whatever it is at."""
    while _RUNNING:
        process = _RUNNING.pop()
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


def serve() -> None:
    """Answer until there is nothing more to read."""
    from gdviz_core.symbolic import TASKS

    sys.setrecursionlimit(20_000)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    while True:
        try:
            task, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            os._exit(0)  # nobody is there any more
        try:
            found = TASKS[task](*map(_unpacked, arguments))
            message: Any = (_packed(found), None)
        except Exception as error:
            message = (None, _plain(error))
        pickle.dump(message, answers)
        answers.flush()


def _plain(error: Exception) -> Exception:
    """An error that any process can read; SymPy's own would need SymPy."""
    if isinstance(error, ValueError | RecursionError | MemoryError):
        return type(error)(str(error))
    return RuntimeError(f"{type(error).__name__}: {error}"[:400])


def _leave_with(parent: int) -> None:
    """End with the program that started it, even in the middle of an endless computation."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


# Terms are nested as deep as a formula, deeper than pickle goes.


def _packed(value: Any) -> Any:
    """A value with the terms in it made flat."""
    if isinstance(value, Term):
        flat: Flat = []
        _add(value, flat)
        return ("term", flat)
    if isinstance(value, tuple):
        return ("tuple", [_packed(part) for part in value])
    return ("plain", value)


def _add(term: Term, flat: Flat) -> int:
    parts = tuple(_add(part, flat) for part in term.parts)
    flat.append((term.kind, parts, term.value))
    return len(flat) - 1


def _unpacked(packed: Any) -> Any:
    kind, value = packed
    if kind == "plain":
        return value
    if kind == "tuple":
        return tuple(_unpacked(part) for part in value)
    made: list[Term] = []
    for name, parts, what in value:
        made.append(Term(name, tuple(made[part] for part in parts), what))
    return made[-1]
