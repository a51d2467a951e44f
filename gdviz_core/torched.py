"""The classes of torch.optim as racers, run in float64."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import threading
from collections.abc import Generator, Mapping
from importlib.util import find_spec
from typing import Any

from gdviz_core.external import External, Problem
from gdviz_core.parameter import LR, Hyperparameter

_TORCH = threading.Lock()

# The classes of torch.optim that can race, known without importing torch; none without torch.
TORCH_NAMES: tuple[str, ...] = ()
if find_spec("torch") is not None:
    TORCH_NAMES = (
        "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "LBFGS", "Muon",
        "NAdam", "RAdam", "RMSprop", "Rprop", "SGD",
    )  # fmt: skip


def TorchOptimizer(cls: Any, **options: Any) -> External:  # noqa: N802  reads as what it makes
    """A class of torch.optim as a racer: TorchOptimizer(torch.optim.Muon, lr=0.02).

    `cls` is the class or its name; torch must be installed. Options are those of the class. Its
    state tensors are recorded under their names. A class that takes matrices only, as Muon does,
    gets the point as a column. Raises ValueError for what is no optimizer and for a bad option.
    """
    if isinstance(cls, str):
        cls = getattr(_torch().optim, cls, cls)
    if not (isinstance(cls, type) and hasattr(cls, "step") and cls.__name__ != "Optimizer"):
        raise ValueError(f"{str(cls)[:60]} is not an optimizer of torch.optim")
    known = inspect.signature(cls).parameters
    for name in options:
        if name not in known:
            there = ", ".join(n for n in known if n != "params")
            raise ValueError(f"{cls.__name__} has no option {name[:40]}; it has {there}")
    hyperparameters = []
    for name, parameter in known.items():
        value = options.get(name, parameter.default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        plain = Hyperparameter(name, float(value), -1e300, 1e300, meaning=f"{name} of torch")
        hyperparameters.append(LR(float(value)) if name == "lr" else plain)
    rest = {name: value for name, value in options.items()
            if name not in {h.name for h in hyperparameters}}  # fmt: skip
    made = External(
        f"torch_{cls.__name__}",
        f"torch {cls.__name__}",
        functools.partial(_torch_iterates, cls, rest),
        tuple(hyperparameters),
        source=f"torch.optim.{cls.__name__}",
        summary="Runs torch itself, one step at a time.",
        pace=("size", 0.01) if "lr" in known else ("fixed", 1.0),
        family="torch",
    )
    _new(cls, rest, made.values, [0.0, 0.0])  # so that a bad option is named here
    return made


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise ValueError("torch is not installed: pip install torch") from None
    return torch


def _new(cls: Any, rest: Mapping[str, Any], values: Mapping[str, float], start: Any) -> tuple:
    """(parameter, optimizer), the parameter as a vector or, where that is refused, as a column."""
    torch = _torch()
    whole = {n: int(v) if n in ("max_iter", "max_eval", "history_size", "ns_steps") else v
             for n, v in values.items()}  # fmt: skip
    for shape in ((2,), (2, 1)):
        w = torch.tensor(start, dtype=torch.float64).reshape(shape).requires_grad_()
        try:
            return w, cls([w], **rest, **whole)
        except (ValueError, TypeError, RuntimeError) as error:
            problem = error
    raise ValueError(f"{cls.__name__}: {problem}")


def _torch_iterates(
    cls: Any, rest: Mapping[str, Any], problem: Problem, start: Any, steps: int, values: dict
) -> Generator:
    torch = _torch()
    w: Any = None
    optimizer: Any = None

    def closure() -> Any:
        loss, gradient = problem.both(w.detach().reshape(-1).tolist())
        w.grad = torch.tensor(gradient, dtype=torch.float64).reshape(w.shape)
        return torch.tensor(loss, dtype=torch.float64)

    while True:
        with _TORCH:  # NAdam and ASGD keep part of their state in the default type
            before = torch.get_default_dtype()
            torch.set_default_dtype(torch.float64)
            try:
                if w is None:
                    w, optimizer = _new(cls, rest, values, list(start))
                optimizer.step(closure)
            finally:
                torch.set_default_dtype(before)
        state = {}
        for name, tensor in optimizer.state.get(w, {}).items():
            if torch.is_tensor(tensor) and tensor.numel() == 2:
                for axis, value in zip("xy", tensor.detach().reshape(-1).tolist(), strict=True):
                    state[f"{name}_{axis}"] = value
        x, y = w.detach().reshape(-1).tolist()
        yield x, y, state


def prepare_torch() -> None:
    """Import torch in the background, for it takes a second or more."""
    if "torch" not in sys.modules:
        threading.Thread(target=importlib.import_module, args=("torch",)).start()


@functools.lru_cache(maxsize=64)
def of_torch(name: str) -> External:
    """The racer of a name such as torch_SGD."""
    return TorchOptimizer(name.removeprefix("torch_"))
