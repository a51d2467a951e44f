"""The process in which an optimizer written in Python runs: python -m gdviz_core.guest FILE CLASS

It talks with `gdviz_core.foreign` in lines of JSON: told to begin or to make a step, it may ask for
value, gradient or Hessian at a point before it answers. What goes wrong in it, a crash included,
does not reach the program that started it.
"""

import base64
import contextlib
import json
import os
import sys
import threading
import time
import traceback
from typing import Any

import numpy as np

MAX_MEMORY = 8 << 30  # bytes of address space
MAX_STATE = 32  # quantities that are recorded


class Surface:
    """What `step` gets: the loss at points, each an array of two numbers."""

    def __init__(self, ask: Any):
        self._ask = ask

    def value(self, w: Any) -> float:
        """The loss."""
        return float(self._ask("value", w))

    def gradient(self, w: Any) -> Any:
        """The exact gradient, an array of two numbers."""
        return np.array(self._ask("gradient", w), np.float64)

    def hessian(self, w: Any) -> Any:
        """The exact second derivatives, an array of 2 by 2."""
        return np.array(self._ask("hessian", w), np.float64)


def point(value: Any) -> list[float]:
    """What `step` returned, as two numbers; TypeError if it is something else."""
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape != (2,) or isinstance(value, str | bytes):
        raise TypeError(f"step must return the next point, two numbers, not {str(value)[:60]!r}")
    return [float(number) for number in array]


def state(optimizer: Any, hyperparameters: Any) -> dict[str, float]:
    """The numbers, and arrays of two, that the optimizer keeps in itself."""
    found: dict[str, float] = {}
    for name, value in vars(optimizer).items():
        if name in hyperparameters or name.startswith("_") or len(found) >= MAX_STATE:
            continue
        if isinstance(value, int | float | np.number):
            found[name] = float(value)
        elif isinstance(value, np.ndarray) and value.shape == (2,):
            found[f"{name}_x"], found[f"{name}_y"] = (float(part) for part in value)
    return found


def where(error: BaseException, file: str) -> str:
    """An error with the line of the file it came from."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    if isinstance(error, SyntaxError) and error.filename == file:
        lines = [error.lineno]
    place = f"line {lines[-1]}: " if lines else ""
    said = "".join(c if c.isprintable() else " " for c in str(error))[:200]
    return f"{place}{type(error).__name__}{': ' * bool(said)}{said}"


def serve(file: str, name: str, receive: Any, send: Any) -> None:
    """Answer until there is nothing more to read."""

    def ask(what: str, w: Any) -> Any:
        send({"ask": what, "w": point(w)})
        return receive()["give"]

    optimizer: Any = None
    code: Any = None
    surface, values = Surface(ask), {}
    while True:
        told = receive()
        try:
            if "begin" in told:
                if "content" in told:  # what was allowed, not what the file has become
                    code = compile(base64.b64decode(told["content"]), file, "exec")
                # anew for each run, so that none finds what another has left
                space: dict[str, Any] = {"__name__": "optimizer", "__file__": file}
                exec(code, space)
                cls = space[name]
                optimizer, values = cls(), told["values"]
                for key, value in values.items():
                    whole = isinstance(getattr(cls, key, None), int) and value.is_integer()
                    setattr(optimizer, key, int(value) if whole else value)
                w = np.array(told["begin"], np.float64)
                if hasattr(optimizer, "start"):
                    optimizer.start(w.copy())
                send({"w": point(w), "state": state(optimizer, values)})
            else:
                given = w.copy()
                with np.errstate(all="ignore"):
                    w = np.array(point(optimizer.step(given, surface)))
                send({"w": [float(c) for c in w], "state": state(optimizer, values)})
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the file's, too
            send({"error": where(error, file)})


def main(file: str, name: str) -> None:
    """Speak through the standard streams; what the file prints goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))

    def receive() -> Any:
        line = sys.stdin.readline()
        if not line:
            os._exit(0)  # nobody is there any more
        return json.loads(line)

    def send(message: Any) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    serve(file, name, receive, send)


def _leave_with(parent: int) -> None:
    """End with the program that started it, even in the middle of an endless loop."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
