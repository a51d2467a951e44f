"""Work done aside, in processes of their own that answer one question after another.

A derivative by SymPy or a census of critical points keeps Python's lock for seconds: in the process
that asks it would be in the way of whatever else wants to run, above all of a window.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
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

MODULES = ("gdviz_core.symbolic", "gdviz_core.critical")  # whose TASKS can be asked for
POLITE = 5  # how much others come first

_ALL: list[Aside] = []


class Aside:
    """A process for the TASKS of a module, started when it is first asked.

    One question is answered after the other, each within `longest` seconds.
    """

    def __init__(self, module: str, longest: float):
        self.longest = longest
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        _ALL.append(self)

    def ask(self, task: str, *arguments: Any) -> Any:
        """What a task returns.

        Raises what the task raises, and RuntimeError if the process ends or takes too long.
        """
        with self._lock:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            limit = threading.Timer(self.longest, process.kill)
            limit.start()
            try:
                pickle.dump((task, [_packed(argument) for argument in arguments]), process.stdin)
                process.stdin.flush()
                answer, error = pickle.load(process.stdout)
            except (OSError, EOFError, pickle.UnpicklingError):
                late = not limit.is_alive()
                self.close()
                why = f"it took longer than {self.longest:g} seconds" if late else "it has ended"
                raise RuntimeError(why) from None
            except BaseException:  # half a message is under way: the next answer would be another's
                self.close()
                raise
            finally:
                limit.cancel()
        if error is not None:
            raise error
        return _unpacked(answer)

    def _started(self) -> subprocess.Popen[bytes]:
        """The process, started if there is none."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        command = [sys.executable, "aside", self._module]
        if not getattr(sys, "frozen", False):
            root = str(Path(__file__).resolve().parent.parent)
            begin = f"import sys; sys.path.insert(0, {root!r}); "
            begin += "from gdviz_core.aside import serve; serve(sys.argv[1])"
            command = [sys.executable, "-I", "-c", begin, self._module]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing)
        return self._process

    def close(self) -> None:
        """End the process, whatever it is at."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                with contextlib.suppress(OSError):
                    stream.close()


@atexit.register
def _close_all() -> None:
    for each in _ALL:
        each.close()


def serve(module: str = "") -> None:
    """Answer until there is nothing more to read."""
    if module not in MODULES:
        sys.exit(f"{module[:60]!r} has no tasks")
    tasks = importlib.import_module(module).TASKS
    if hasattr(os, "nice"):
        os.nice(POLITE)
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
            found = tasks[task](*map(_unpacked, arguments))
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
