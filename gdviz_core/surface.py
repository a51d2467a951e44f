"""A loss surface: a formula over x and y with its exact derivatives."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz_core import engine
from gdviz_core.derivative import gradient, hessian
from gdviz_core.expression import parse
from gdviz_core.program import compile_program

Array = NDArray[np.float64]
Domain = tuple[float, float, float, float]
Points = Sequence[tuple[float, float]]

DEFAULT_DOMAIN = (-5.0, 5.0, -5.0, 5.0)
# Under this many points a second thread costs more than it saves.
_POINTS_PER_THREAD = 65_536  # or lane-steps
_COMPILING = threading.Lock()


def check_domain(domain: Sequence[float]) -> Domain:
    """The domain (x0, x1, y0, y1) as floats; ValueError tells what is wrong with it."""
    try:
        x0, x1, y0, y1 = (float(value) for value in domain)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"domain must be four numbers x0, x1, y0, y1, not {str(domain)[:60]!r}"
        ) from None
    for name, low, high in (("x", x0, x1), ("y", y0, y1)):
        if not max(abs(low), abs(high)) <= 1e100:
            raise ValueError(f"domain: {name} must run between finite numbers, not {low} to {high}")
        if low >= high:
            raise ValueError(f"domain: {name} must run from low to high, not from {low} to {high}")
        if high - low < 1e-9 * max(abs(low), abs(high)) or high - low < 1e-150:
            raise ValueError(
                f"domain: {name} from {low} to {high} is too narrow to tell points apart"
            )
    return x0, x1, y0, y1


@dataclass(frozen=True)
class Surface:
    """A loss over the plane.

    `formula` is text over x and y. `domain` (x0, x1, y0, y1) is the part worth looking at, `start`
    a telling start point. `minima` (the best first), `saddles` and `maxima` are the known critical
    points in the domain as (x, y). `source` tells where the surface comes from.

    Raises FormulaError for a formula that cannot be read and ValueError for a bad domain.
    """

    name: str
    title: str
    formula: str
    domain: Domain = DEFAULT_DOMAIN
    start: tuple[float, float] | None = None
    minima: tuple[tuple[float, float], ...] = ()
    saddles: tuple[tuple[float, float], ...] = ()
    maxima: tuple[tuple[float, float], ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        x0, x1, y0, y1 = check_domain(self.domain)
        object.__setattr__(self, "domain", (x0, x1, y0, y1))
        if self.start is None:
            start = (x0 + 0.3 * (x1 - x0), y0 + 0.7 * (y1 - y0))
            object.__setattr__(self, "start", start)
        self._parsed  # noqa: B018  read the formula now, so that an error comes here

    @classmethod
    def from_formula(
        cls,
        formula: str,
        domain: Sequence[float] = DEFAULT_DOMAIN,
        name: str = "formula",
        start: tuple[float, float] | None = None,
    ) -> "Surface":
        """A surface from a typed formula, such as "x^2 + 3*y^2"."""
        return cls(name, formula, formula, check_domain(domain), start)

    @cached_property
    def _parsed(self):
        return parse(self.formula)

    def __reduce__(self):
        return Surface, tuple(getattr(self, f.name) for f in fields(self))

    def _tape(self, derivatives, value=True):
        graph, loss = self._parsed
        with _COMPILING:  # the graph grows, and a race may want it on another thread
            outputs = [loss] if value else []
            outputs += gradient(graph, loss, ("x", "y")) if derivatives else []
            outputs += hessian(graph, loss) if derivatives > 1 else []
            places = [(node, 2 + i) for i, node in enumerate(outputs)]
            return engine.Tape(compile_program(graph, places, ("x", "y")))

    @cached_property
    def value_tape(self):
        """The program of the value."""
        return self._tape(0)

    @cached_property
    def gradient_tape(self):
        """The program of value and gradient."""
        return self._tape(1)

    @cached_property
    def slope_tape(self):
        """The program of the gradient alone."""
        return self._tape(1, value=False)

    @cached_property
    def hessian_tape(self):
        """The program of value, gradient and Hessian."""
        return self._tape(2)

    def _evaluate(self, tape, count, x, y):
        x, y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        outputs = np.empty((count, x.size))
        if x.size:
            inputs = np.stack([x.ravel(), y.ravel()])
            in_threads(lambda progress: engine.evaluate(tape, inputs, outputs, progress), x.size)
        return [np.float64(o[0]) if x.ndim == 0 else o.reshape(x.shape) for o in outputs]

    def value(self, x: ArrayLike, y: ArrayLike) -> Array:
        """The loss at points x, y: scalars or arrays, broadcast against each other."""
        return self._evaluate(self.value_tape, 1, x, y)[0]

    def gradient(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """The exact gradient (gx, gy); on a crease, the documented one-sided or zero slope."""
        _, gx, gy = self._evaluate(self.gradient_tape, 3, x, y)
        return gx, gy

    def hessian(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array, Array]:
        """The exact second derivatives (hxx, hxy, hyy)."""
        return tuple(self._evaluate(self.hessian_tape, 6, x, y)[3:])

    def grid(self, xs: ArrayLike, ys: ArrayLike, gradients: bool = False, progress=None) -> Array:
        """The loss on a mesh, shape (len(ys), len(xs)); with gradients, (3, len(ys), len(xs)).

        `progress`, an engine.Progress, tells how far it is and can cancel it; that raises
        Cancelled.
        """
        xs = np.ascontiguousarray(xs, np.float64)
        ys = np.ascontiguousarray(ys, np.float64)
        tape = self.gradient_tape if gradients else self.value_tape
        outputs = np.empty((3 if gradients else 1, len(ys), len(xs)))
        in_threads(
            lambda shared: engine.grid(tape, xs, ys, outputs, shared), outputs[0].size, progress
        )
        return outputs if gradients else outputs[0]


class Cancelled(Exception):
    """The computation was asked to stop; it has no result."""


def in_threads(call, points: int, progress=None) -> None:
    """Call `call(progress)` on as many threads as the number of points is worth.

    Raises Cancelled if `progress` was told to stop.
    """
    progress = engine.Progress() if progress is None else progress
    progress.begin(points)
    extra = min(os.cpu_count() or 1, points // _POINTS_PER_THREAD + 1) - 1
    errors: list[BaseException] = []

    def work() -> None:
        try:
            call(progress)
        except BaseException as error:  # a thread must not lose the caller's error
            errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(extra)]
    for thread in threads:
        thread.start()
    work()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    if progress.cancelled:
        raise Cancelled
