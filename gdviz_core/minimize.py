"""The methods of scipy.optimize.minimize as racers."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType
from typing import Any

from gdviz_core.external import External, Problem


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
    problem.count(0)
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
