"""Optimizers written in Python: a class in a file, run in a process of its own.

    class Mine:
        \"\"\"What it does, in a sentence.\"\"\"

        lr = 0.1        # numbers of the class are its hyper-parameters
        beta = 0.9

        def start(self, w):             # may be left out
            self.b = 0 * w              # what it keeps is recorded: b_x and b_y

        def step(self, w, surface):     # surface.value(w), .gradient(w) and .hessian(w)
            self.b = self.beta * self.b + surface.gradient(w)
            return w - self.lr * self.b

Points are arrays of two numbers. The name, the sentence and the hyper-parameters are read from the
text; nothing of the file runs before its content has been allowed.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import functools
import hashlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdviz_core.external import External, Problem
from gdviz_core.parameter import LR, Hyperparameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX = "python:"  # how the name of such an optimizer begins
MAX_BYTES = 1_000_000
PATIENCE = 5.0  # seconds until an answer must be there
IMPORTING = 55.0  # seconds more for the first one, which imports libraries
LONGEST = 60.0  # seconds that a step may take in all, however often it asks
_POLL = 0.05  # seconds
_ALLOWED: set[str] = set()


class PluginError(ValueError):
    """A file that is no optimizer, or one that failed; the message says where and why."""


class PluginTimeout(PluginError):
    """It did not answer in time."""


@dataclass(frozen=True)
class Source:
    """A file with an optimizer, as far as it is known without running it.

    `content` is what runs if it is allowed, whatever becomes of the file.
    """

    path: str
    digest: str
    cls: str
    summary: str
    hyperparameters: tuple[Hyperparameter, ...]
    content: bytes = b""


def allow(digest: str) -> None:
    """Permit files with this content to run, until the program ends."""
    _ALLOWED.add(digest)


def is_allowed(digest: str) -> bool:
    """Whether files with this content may run."""
    return digest in _ALLOWED


def may_run(path: str | Path) -> bool:
    """Whether a file has an optimizer that is allowed."""
    try:
        return is_allowed(read(path).digest)
    except PluginError:
        return False


def read(path: str | Path) -> Source:
    """What the text of a file tells; PluginError if there is no optimizer in it."""
    shown = Path(path).name
    try:
        if not os.path.isfile(path):
            raise PluginError(f"{shown}: there is no such file")
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise PluginError(f"{shown} is larger than 1 MB: this is no optimizer")
        tree = ast.parse(content)
    except OSError as error:
        raise PluginError(f"{shown}: {error.strerror}") from None
    except SyntaxError as error:
        raise PluginError(f"{shown}, line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise PluginError(f"{shown} cannot be read: {str(error)[:80]}") from None
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and "step" in _methods(node):
            digest = hashlib.sha256(content).hexdigest()
            summary = (ast.get_docstring(node) or "").split("\n")[0]
            return Source(
                os.path.abspath(path), digest, node.name, summary, _numbers(node), content
            )
    raise PluginError(f"{shown} has no class with a method step(self, w, surface)")


def _methods(node: ast.ClassDef) -> set[str]:
    return {part.name for part in node.body if isinstance(part, ast.FunctionDef)}


def _numbers(node: ast.ClassDef) -> tuple[Hyperparameter, ...]:
    """The numbers that a class gives names to."""
    found: dict[str, float] = {}
    for part in node.body:
        if isinstance(part, ast.Assign):
            targets, given = part.targets, part.value
        elif isinstance(part, ast.AnnAssign) and part.value is not None:
            targets, given = [part.target], part.value
        else:
            continue
        try:
            value = ast.literal_eval(given)
            number = not isinstance(value, bool) and isinstance(value, int | float)
            if not number or not math.isfinite(float(value)):
                continue
        except (ValueError, TypeError, OverflowError, RecursionError, MemoryError):
            continue
        found |= {target.id: float(value) for target in targets if isinstance(target, ast.Name)}
    return tuple(
        LR(value) if name == "lr" and value > 0 else Hyperparameter(name, value, -1e300, 1e300)
        for name, value in found.items()
        if not name.startswith("_")
    )


def PythonOptimizer(path: str | Path) -> External:  # noqa: N802  reads as what it makes
    """The optimizer in a Python file, as a racer; PluginError if there is none in it.

    Its runs fail until `allow` was called with the digest of its content.
    """
    path = str(path).removeprefix(PREFIX)
    status = os.stat(path) if os.path.exists(path) else None
    return _made(path, None if status is None else (status.st_mtime_ns, status.st_size))


@functools.lru_cache(maxsize=64)
def _made(path: str, _changed: Any) -> External:
    source = read(path)
    return External(
        f"{PREFIX}{source.path}",
        source.cls,
        functools.partial(_iterates, source),
        source.hyperparameters,
        source=Path(source.path).name,
        summary=source.summary or "An optimizer written in Python.",
        pace=("fixed", 1.0),
        family="Python",
    )


@functools.lru_cache(maxsize=64)
def missing(name: str, hyperparameters: tuple[str, ...], reason: str) -> External:
    """What stands for an optimizer whose file cannot be read: it keeps its hyper-parameters."""

    def iterates(*_: Any) -> Generator[tuple[float, float, dict[str, float]], None, None]:
        raise PluginError(reason)
        yield 0.0, 0.0, {}

    known = (Hyperparameter(key, 0.0, -1e300, 1e300) for key in hyperparameters)
    return External(name, Path(name).stem, iterates, tuple(known), summary=reason,
                    family="Python")  # fmt: skip


def _iterates(
    source: Source, problem: Problem, start: NDArray[Any], steps: int, values: dict[str, float]
) -> Generator[tuple[float, float, dict[str, float]], None, None]:
    if not is_allowed(source.digest):
        raise PluginError(f"{Path(source.path).name} was not allowed to run")
    hung, when = _HUNG.get(source.digest, ({}, -math.inf))
    if hung == values and time.monotonic() - when < 2 * PATIENCE:
        # one run has just shown it: the others need not wait
        raise PluginTimeout(f"no answer within {PATIENCE:g} seconds")
    host = _host(source)
    whole = False
    try:
        host.begin(source, [float(c) for c in start], values, problem)
        for _ in range(steps):
            whole = False
            answer = host.ask({"step": 1}, problem)
            whole = True
            yield *answer["w"], answer["state"]
    except PluginTimeout:
        _HUNG[source.digest] = (dict(values), time.monotonic())
        raise
    finally:
        _return(source, host, whole)


class _Host:
    """The process in which a file runs, and the thread that listens to it."""

    def __init__(self, source: Source):
        command = [sys.executable, "-I", "-m", "gdviz_core.guest"]
        if getattr(sys, "frozen", False):
            command = [sys.executable, "guest"]
        elif not sys.flags.isolated:  # -I does not look at PYTHONPATH and the present folder
            root = str(Path(__file__).resolve().parent.parent)
            begin = f"import sys; sys.path.insert(0, {root!r}); "
            begin += "from gdviz_core.guest import main; main(*sys.argv[1:])"
            command = [sys.executable, "-I", "-c", begin]
        self.process = subprocess.Popen(
            [*command, source.path, source.cls], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        self._began = False
        self._heard: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._heard.put(line)
        self._heard.put(None)

    def _tell(self, message: Any) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # if it has ended, the next answer says so
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()

    def begin(
        self, source: Source, start: list[float], values: dict[str, float], problem: Problem
    ) -> None:
        """Begin a run; the first one brings the content, and may take longer, for it imports."""
        message: dict[str, Any] = {"begin": start, "values": values}
        patience = PATIENCE
        if not self._began:
            message["content"] = base64.b64encode(source.content).decode()
            patience += IMPORTING
        self._began = True
        self.ask(message, problem, patience)

    def ask(self, message: Any, problem: Problem, patience: float | None = None) -> Any:
        """The answer to a message; questions in between are answered, up to a time."""
        patience = PATIENCE if patience is None else patience
        end = time.monotonic() + LONGEST
        what: dict[str, Callable[[Any], Any]] = {
            "value": problem.loss,
            "gradient": lambda w: problem.gradient(w).tolist(),
            "hessian": lambda w: problem.hessian(w).tolist(),
        }
        self._tell(message)
        while True:
            answer = self._next(problem, patience)
            if time.monotonic() > end:
                raise PluginTimeout(f"a step took longer than {LONGEST:g} seconds")
            if "error" in answer:
                raise PluginError(answer["error"])
            if "ask" not in answer:
                return answer
            self._tell({"give": what[answer["ask"]](answer["w"])})

    def _next(self, problem: Problem, patience: float) -> Any:
        end = time.monotonic() + patience
        while True:
            problem.count(0)  # Cancelled if nobody wants it any more
            try:
                line = self._heard.get(timeout=_POLL)
            except queue.Empty:
                if time.monotonic() > end:
                    raise PluginTimeout(f"no answer within {patience:g} seconds") from None
                continue
            if line is None:
                code = self.process.wait()
                raise PluginError(f"its process ended by itself (exit code {code})")
            return json.loads(line)

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the process, and what it has started."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()


_IDLE: dict[str, _Host] = {}  # digest: a process that waits for the next run
_HUNG: dict[str, tuple[dict[str, float], float]] = {}  # digest: with which values it hung, when
_LOCK = threading.Lock()
_MOST = 4


def _host(source: Source) -> _Host:
    with _LOCK:
        found = _IDLE.pop(source.digest, None)
    if found is not None and not found.alive:
        found.close()
        found = None
    return _Host(source) if found is None else found


def _return(source: Source, host: _Host, whole: bool) -> None:
    """Keep a process that is between two steps for the next run; starting one takes a while."""
    with _LOCK:
        spare = host
        if whole and source.digest not in _IDLE:
            _IDLE[source.digest] = host
            if len(_IDLE) <= _MOST:
                return
            spare = _IDLE.pop(next(iter(_IDLE)))  # the oldest
    spare.close()
