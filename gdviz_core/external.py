"""Optimizers of SciPy and torch as racers, through one adapter.

They see the exact loss, gradient and Hessian of the surface and run in Python. What an adapter
needs of a library is one iterator over its iterates; the rest is shared. Noise, clipping, weight
decay and schedules belong to our own rules: a race with them refuses these.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import math
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gdviz_core.optimizer import HESSIAN_COST, Optimizer
from gdviz_core.optimizers import OPTIMIZERS
from gdviz_core.parameter import LR, Hyperparameter, configure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gdviz_core.conditions import Conditions
    from gdviz_core.descent import Trajectory
    from gdviz_core.surface import Surface

_TORCH = threading.Lock()


@dataclass
class Problem:
    """A surface as a library sees it: functions of a point, which count what they cost."""

    surface: Surface
    progress: Any
    spent: int = 0

    def loss(self, point: Any) -> float:
        """The loss; alone it counts as one evaluation, as finite differences would use it."""
        self._count(1)
        return float(self.surface.value(point[0], point[1]))

    def gradient(self, point: Any) -> NDArray[np.float64]:
        """The exact gradient."""
        import numpy as np

        self._count(1)
        return np.array(self.surface.gradient(point[0], point[1]))

    def both(self, point: Any) -> tuple[float, NDArray[np.float64]]:
        """Loss and gradient, which cost one evaluation together."""
        value = float(self.surface.value(point[0], point[1]))
        return value, self.gradient(point)

    def hessian(self, point: Any) -> NDArray[np.float64]:
        """The exact Hessian."""
        import numpy as np

        self._count(HESSIAN_COST)
        hxx, hxy, hyy = self.surface.hessian(point[0], point[1])
        return np.array([[hxx, hxy], [hxy, hyy]])

    def _count(self, cost: int) -> None:
        from gdviz_core.surface import Cancelled

        self.spent += cost
        if self.progress is not None and self.progress.cancelled:
            raise Cancelled


@dataclass(frozen=True)
class External:
    """An optimizer of another library; races like an Optimizer, more slowly.

    `iterates(problem, start, steps, values)` yields (x, y, state) after each step, where `state`
    maps names such as "m_x" to numbers. Calling it gives a configured copy.
    """

    name: str
    title: str
    iterates: Callable[..., Generator[tuple[float, float, dict[str, float]], None, None]]
    hyperparameters: tuple[Hyperparameter, ...] = ()
    source: str = ""
    summary: str = ""
    state: tuple[str, ...] = ()
    evaluations: int = 1
    pace: tuple[str, float] = ("fixed", 1.0)
    family: str = "SciPy"

    def __call__(self, /, **values: float) -> External:
        """A copy with other hyper-parameters; ValueError names a bad one."""
        from dataclasses import replace

        made = configure(self.name, "hyper-parameter", self.hyperparameters, values)
        return replace(self, hyperparameters=made)

    @property
    def values(self) -> dict[str, float]:
        """The hyper-parameters as a dictionary."""
        return {h.name: h.value for h in self.hyperparameters}

    def race(
        self,
        surface: Surface,
        points: Any,
        steps: int,
        every: int,
        around: Conditions,
        progress: Any,
        evaluations: int | None = None,
    ) -> list[Trajectory]:
        """A Trajectory from each point; see `gdviz_core.race`.

        A run ends before the step that would spend more than `evaluations`.
        """
        for name in ("noise", "clip", "clip_value", "weight_decay", "schedule"):
            if getattr(around, name):
                raise ValueError(f"{name} must be off for {self.title}: it is not a rule of ours")
        limit = math.inf if evaluations is None else evaluations
        return [self._run(surface, p, steps, every, around, progress, limit) for p in points]

    def _run(
        self,
        surface: Surface,
        start: Any,
        steps: int,
        every: int,
        around: Conditions,
        progress: Any,
        limit: float,
    ) -> Trajectory:
        import numpy as np

        from gdviz_core.descent import FAR, OUT_OF_STEPS, STALLED, Trajectory
        from gdviz_core.surface import Cancelled

        problem = Problem(surface, progress)
        bounds = around.bounds(surface, FAR)
        rows: list[tuple] = []  # (step, x, y, f, gx, gy, evaluations, state)
        left, status, t = None, None, 0
        best, since, failure = math.inf, 0, ""
        x, y = (float(c) for c in start)
        state: dict[str, float] = {}
        iterates = self.iterates(problem, np.array([x, y]), steps, self.values)
        with np.errstate(all="ignore"), closing(iterates) as iterator:
            while True:
                row = (t, x, y, *_look(surface, x, y), problem.spent, state)
                ended, outside = _judge(row, bounds, around.stop_outside)
                status = ended or status
                left = t if outside and left is None else left
                ends = status is not None or t == steps
                if t % every == 0 or ends:
                    rows.append(row)
                if ends:
                    status = status or OUT_OF_STEPS
                    break
                try:
                    last, (x, y, state) = (x, y), next(iterator)
                except StopIteration:  # its own conditions are met
                    status = STALLED
                    break
                except Cancelled:
                    raise
                except Exception as error:  # whatever a library raises ends this run alone
                    status, failure = STALLED, f"{type(error).__name__}: {error}"
                    break
                if problem.spent > limit:
                    (x, y), status = last, OUT_OF_STEPS
                    break
                t += 1
                if row[3] < best - around.loss_tolerance * abs(best):
                    best, since = row[3], row[0]
                slow = around.patience and t - since > around.patience
                length = abs(x - last[0]) + abs(y - last[1])
                if slow or 0 < around.step_tolerance >= length:
                    status = STALLED
            if rows[-1][0] != t:
                rows.append(row)
        step, x_, y_, loss, gx, gy, spent, states = zip(*rows, strict=True)
        names = dict.fromkeys(name for state in states for name in state)
        lr = self.values.get("lr")
        return Trajectory(
            optimizer=self,
            start=(float(start[0]), float(start[1])),
            step=np.array(step, np.int64),
            x=np.array(x_, np.float64),
            y=np.array(y_, np.float64),
            loss=np.array(loss, np.float64),
            grad_x=np.array(gx, np.float64),
            grad_y=np.array(gy, np.float64),
            status=status,
            left=left,
            state={n: np.array([state.get(n, math.nan) for state in states]) for n in names},
            lr=None if lr is None else np.broadcast_to(lr, len(step)),
            cost=self.evaluations,
            surface=surface,
            spent=np.array(spent, np.int64),
            failure=failure,
        )


def _look(surface: Surface, x: float, y: float) -> tuple[float, float, float]:
    """Value and gradient for the record, which cost the optimizer nothing."""
    gx, gy = surface.gradient(x, y)
    return float(surface.value(x, y)), float(gx), float(gy)


def _judge(row: tuple, bounds: tuple, stop_outside: bool) -> tuple[str | None, bool]:
    from gdviz_core.descent import CONVERGED, DIVERGED, LEFT

    _, x, y, f, gx, gy, _, _ = row
    squared, x0, x1, y0, y1, far_x0, far_x1, far_y0, far_y1 = bounds
    if not (far_x0 <= x <= far_x1 and far_y0 <= y <= far_y1 and math.isfinite(f)):
        return DIVERGED, False
    outside = not (x0 <= x <= x1 and y0 <= y <= y1)
    if gx * gx + gy * gy <= squared and (squared > 0 or gx == gy == 0):
        return CONVERGED, False
    return (LEFT if outside and stop_outside else None), outside


# SciPy


def _minimize(method: str) -> Callable[..., Generator]:
    """The iterates of scipy.optimize.minimize: it calls back, and we need to ask; so a thread."""

    def iterates(problem: Problem, start: Any, steps: int, values: dict) -> Generator:
        from scipy.optimize import minimize

        needs = _NEEDS[method]
        options = dict(_OPTIONS.get(method, {}))
        if method != "TNC":  # it counts evaluations instead; we stop it at `steps`
            options["maxiter"] = max(steps, 1)
        arguments: dict[str, Any] = {"method": method, "options": options}
        if "gradient" in needs:
            arguments["jac"] = problem.gradient
        if "hessian" in needs:
            arguments["hess"] = problem.hessian
        loss = problem.loss
        if "gradient" in needs:  # value and gradient at one point cost one evaluation
            loss = functools.partial(_value, problem)
        yield from _called_back(
            lambda callback: minimize(loss, start, callback=callback, **arguments)
        )

    return iterates


def _value(problem: Problem, point: Any) -> float:
    problem._count(0)
    return float(problem.surface.value(point[0], point[1]))


def _called_back(run: Callable[[Callable], Any]) -> Generator:
    """Turn a function that calls back with each iterate into an iterator over them.

    It runs in a thread of its own, which waits while we look at an iterate, so that what it has
    spent is known at each.
    """
    import numpy as np

    asked, given = threading.Semaphore(0), threading.Semaphore(0)
    box: list[Any] = []
    stopping = threading.Event()

    def callback(point: Any, *_: Any) -> None:
        box.append(np.array(point, np.float64))
        given.release()
        asked.acquire()
        if stopping.is_set():
            raise StopIteration

    def work() -> None:
        asked.acquire()
        try:
            if not stopping.is_set():
                with np.errstate(all="ignore"):
                    run(callback)
        except BaseException as error:  # carried over to the thread that asks
            box.append(error)
        else:
            box.append(None)
        given.release()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            asked.release()
            given.acquire()
            found = box.pop()
            if found is None:
                return
            if isinstance(found, BaseException):
                raise found
            yield float(found[0]), float(found[1]), {}
    finally:
        stopping.set()
        asked.release()
        thread.join()


def _nelder_mead(problem: Problem, start: Any, steps: int, values: dict) -> Generator:
    """One iteration at a time, each from the simplex of the last: SciPy does not show it else."""
    import numpy as np
    from scipy.optimize import minimize

    known: dict[tuple[float, float], float] = {}

    def loss(point: Any) -> float:
        key = (float(point[0]), float(point[1]))
        if key not in known:  # the corners are asked for again in each iteration
            known[key] = problem.loss(point)
        return known[key]

    # as SciPy's own: 5 % of each coordinate, or 0.00025 where that is 0
    simplex = np.array([start, start, start])
    for k in (0, 1):
        simplex[k + 1, k] = 1.05 * start[k] if start[k] else 0.00025
    for _ in range(steps):
        # SciPy counts from 1 and stops before the last: two make one iteration
        options: Any = {"maxiter": 2, "initial_simplex": simplex, "xatol": 0.0, "fatol": 0.0}
        result = minimize(loss, start, method="Nelder-Mead", options=options)
        last, (simplex, losses) = simplex, result.final_simplex
        for key in [key for key in known if not (simplex == key).all(axis=1).any()]:
            del known[key]
        state = {f"corner{k + 1}_{axis}": float(corner[i])
                 for k, corner in enumerate(simplex) for i, axis in enumerate("xy")}  # fmt: skip
        yield float(result.x[0]), float(result.x[1]), state
        if np.ptp(simplex, axis=0).max() <= 1e-15 * max(1.0, np.abs(simplex).max()):
            return
        if np.array_equal(last, simplex) and np.isnan(losses).any():
            return


_NEEDS: dict[str, tuple[str, ...]] = {
    "Powell": (),
    "CG": ("gradient",),
    "BFGS": ("gradient",),
    "L-BFGS-B": ("gradient",),
    "TNC": ("gradient",),
    "Newton-CG": ("gradient", "hessian"),
    "trust-exact": ("gradient", "hessian"),
}
# Their own conditions for having converged are as strict as can be: ours decide.
_OPTIONS: dict[str, dict[str, Any]] = {
    "Powell": {"xtol": 1e-14, "ftol": 0.0},
    "CG": {"gtol": 0.0},
    "BFGS": {"gtol": 0.0},
    "L-BFGS-B": {"gtol": 0.0, "ftol": 0.0, "maxfun": 10**9},
    "TNC": {"gtol": 0.0, "ftol": 0.0, "xtol": 0.0, "maxfun": 10**9},
    "Newton-CG": {"xtol": 0.0},
    "trust-exact": {"gtol": 0.0},
}


def _scipy(method: str, summary: str, source: str, evaluations: int = 1) -> External:
    name = "scipy_" + method.lower().replace("-", "_")
    nelder = method == "Nelder-Mead"
    return External(
        name,
        f"SciPy {method}",
        _nelder_mead if nelder else _minimize(method),
        source=f"{source}; scipy.optimize.minimize",
        summary=summary,
        state=tuple(f"corner{k}" for k in (1, 2, 3)) if nelder else (),
        evaluations=evaluations,
    )


SCIPY: Mapping[str, External] = MappingProxyType({
    entry.name: entry
    for entry in (
        _scipy("Nelder-Mead", "A triangle that tumbles downhill; needs no gradient, may collapse.",
               "Nelder and Mead 1965, doi:10.1093/comjnl/7.4.308", 2),
        _scipy("Powell", "Searches along one line after another; needs no gradient.",
               "Powell 1964, doi:10.1093/comjnl/7.2.155", 30),
        _scipy("CG", "Directions that do not undo each other; as good as its line search.",
               "Polak and Ribiere 1969; Nocedal and Wright 2006", 2),
        _scipy("BFGS", "Learns the curvature, with a line search: the standard for smooth losses.",
               "Nocedal and Wright 2006, algorithm 6.1", 2),
        _scipy("L-BFGS-B", "BFGS with a short memory; made for many variables.",
               "Byrd, Lu, Nocedal and Zhu 1995, doi:10.1137/0916069", 2),
        _scipy("TNC", "Solves Newton's equations as far as they are worth it.",
               "Nash 1984, doi:10.1137/0721052", 5),
        _scipy("Newton-CG", "Newton by conjugate gradients, with a line search; avoids maxima.",
               "Nocedal and Wright 2006, algorithm 7.1", 4),
        _scipy("trust-exact", "Newton within a radius it trusts: safe at saddles, fast at the end.",
               "Conn, Gould and Toint 2000, Trust Region Methods, SIAM", 4),
    )
})  # fmt: skip


# torch


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


KNOWN: Mapping[str, Optimizer | External] = MappingProxyType({**OPTIMIZERS, **SCIPY})
# The classes of torch.optim that can race, known without importing torch; none without torch.
TORCH_NAMES: tuple[str, ...] = ()
if find_spec("torch") is not None:
    TORCH_NAMES = (
        "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "LBFGS", "Muon",
        "NAdam", "RAdam", "RMSprop", "Rprop", "SGD",
    )  # fmt: skip


def prepare_torch() -> None:
    """Import torch in the background, for it takes a second or more."""
    if "torch" not in sys.modules:
        threading.Thread(target=importlib.import_module, args=("torch",), daemon=True).start()


def find(name: str) -> Optimizer | External:
    """The optimizer of a name: one of KNOWN, "torch_" and a class of torch.optim, or "python:" and
    a file.

    Raises ValueError for a name that is none.
    """
    if name in KNOWN:
        return KNOWN[name]
    if name.startswith("torch_"):
        return _of_torch(name)
    from gdviz_core.foreign import PREFIX, PythonOptimizer

    if name.startswith(PREFIX):
        return PythonOptimizer(name)
    raise ValueError(
        f"there is no optimizer {name[:40]!r}; the names are: {', '.join(KNOWN)}, "
        f"torch_ with the name of a class of torch.optim, and {PREFIX} with a file"
    )


@functools.lru_cache(maxsize=64)
def _of_torch(name: str) -> External:
    return TorchOptimizer(name.removeprefix("torch_"))
