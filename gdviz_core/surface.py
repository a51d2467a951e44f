"""A loss surface: a formula over two variables with its exact derivatives."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from gdviz_core.derivative import forward, gradient, hessian
from gdviz_core.difference import STEP, central_difference, complex_step, forward_difference
from gdviz_core.expression import check_parameter_name, parse
from gdviz_core.parameter import Parameter, configure
from gdviz_core.program import Program, compile_program

if TYPE_CHECKING:  # the build reads the catalogue before NumPy and the engine are there
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from gdviz_core.table import Table

Array: TypeAlias = "NDArray[np.float64]"
Domain = tuple[float, float, float, float]
Point = tuple[float, float]
Points = Sequence[Point]

DEFAULT_DOMAIN = (-5.0, 5.0, -5.0, 5.0)
# Under this many points a second thread costs more than it saves.
_CORES = os.cpu_count() or 1
_POINTS_PER_THREAD = 65_536  # or lane-steps
_COMPILING = threading.RLock()
# What a program of the surface computes, in the order of its registers after x and y.
PROGRAMS = {
    "value": ("f",),
    "gradient": ("f", "gx", "gy"),
    "slope": ("gx", "gy"),
    "hessian": ("f", "gx", "gy", "hxx", "hxy", "hyy"),
}


def _by_sympy(graph, loss, names):
    from gdviz_core.symbolic import gradient_by_sympy  # SymPy takes half a second to import

    return gradient_by_sympy(graph, loss, names)


# How the gradient is computed. Only the numerical ones have an error that depends on a step h.
WAYS = {
    "reverse": gradient,
    "symbolic": _by_sympy,
    "forward": lambda graph, loss, names: [forward(graph, loss, name) for name in names],
    "forward difference": forward_difference,
    "central difference": central_difference,
    "complex step": complex_step,
}


STEP_SIZE = Parameter("h", 1e-6, 1e-300, 1e6, log=True, meaning="step of a difference")
NUMERICAL = ("forward difference", "central difference", "complex step")


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


@lru_cache(maxsize=512)
def _program(
    formula: str,
    variables: tuple[str, str],
    names: tuple[str, ...],
    columns: tuple[str, ...],
    kind: str,
    way: str,
) -> Program:
    graph, loss = parse(formula, (*variables, *names, *columns))
    # of the columns only those that are read: the others would be carried along
    read = read_columns(formula, variables, names, columns)
    return compile_loss(graph, loss, variables, names, read, kind, way, bool(columns))


def compile_loss(
    graph: Any,
    loss: int,
    variables: tuple[str, str],
    names: tuple[str, ...],
    columns: tuple[str, ...],
    kind: str,
    way: str,
    rows: bool = True,
) -> Program:
    """The program of a node over two variables; over a row of the columns, with the variables
    uniform, if it is one of `rows`. `names` are its other uniform inputs."""
    wanted = PROGRAMS[kind]
    nodes = {"f": loss}
    if "gx" in wanted:
        nodes["gx"], nodes["gy"] = WAYS[way](graph, loss, variables)
    if "hxx" in wanted:
        nodes["hxx"], nodes["hxy"], nodes["hyy"] = hessian(graph, loss, variables)
    uniforms = (*names, STEP) if way in NUMERICAL else names
    inputs: tuple[str, ...] = variables
    if rows:
        inputs, uniforms = columns, variables + uniforms
    places = [(nodes[name], len(inputs) + i) for i, name in enumerate(wanted)]
    return compile_program(graph, places, inputs, uniforms)


@lru_cache(maxsize=512)
def read_columns(
    formula: str, variables: tuple[str, str], names: tuple[str, ...], columns: tuple[str, ...]
) -> tuple[str, ...]:
    """The columns that a formula reads, in their order."""
    graph, loss = parse(formula, (*variables, *names, *columns))
    nodes = {graph.nodes[node] for node in graph.reach([loss])}
    return tuple(name for name in columns if ("variable", name) in nodes)


@dataclass(frozen=True)
class Surface:
    """A loss over the plane.

    `formula` is text over the two `variables`, x and y unless others are named, and the
    `parameters`. With a `table` it may read the columns too, and the loss is the mean over the
    rows; wherever this speaks of x and y the first and the second variable are meant. `domain`
    (x0, x1, y0, y1) is the part worth looking at, `start` a telling start point. `minima` (the
    best first), `saddles`, `maxima` and `degenerate` (critical points whose Hessian is singular)
    are the known critical points in the domain as (x, y). `lr` is a learning rate that suits
    gradient descent, None where half of the reciprocal of the curvature at the best minimum does.
    `tags` are words such as "multimodal" or "valley". `source` tells where the surface comes from,
    `remark` what is peculiar about it.
    Calling a surface gives a copy with other parameters: `ellipse(k=10)`. `way` is how its
    gradient is computed, one of WAYS; the numerical ones take differences with the step `h`.

    Raises FormulaError for a formula that cannot be read and ValueError for a bad domain.
    """

    name: str
    title: str
    formula: str
    domain: Domain = DEFAULT_DOMAIN
    start: Point | None = None
    minima: tuple[Point, ...] = ()
    saddles: tuple[Point, ...] = ()
    maxima: tuple[Point, ...] = ()
    degenerate: tuple[Point, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    lr: float | None = None
    tags: tuple[str, ...] = ()
    source: str = ""
    remark: str = ""
    way: str = "reverse"
    h: float = 1e-6
    variables: tuple[str, str] = ("x", "y")
    table: Table | None = None

    def __post_init__(self) -> None:
        if self.table is not None:
            self.table.check(self)
        x0, x1, y0, y1 = check_domain(self.domain)
        object.__setattr__(self, "domain", (x0, x1, y0, y1))
        if self.way not in WAYS:
            raise ValueError(f"way must be one of {', '.join(WAYS)}, not {str(self.way)[:40]!r}")
        STEP_SIZE.check(self.h)
        if self.start is None:
            start = (x0 + 0.3 * (x1 - x0), y0 + 0.7 * (y1 - y0))
            object.__setattr__(self, "start", start)
        with _COMPILING:
            self.program("value")  # read the formula now, so that an error comes here

    @classmethod
    def from_formula(
        cls,
        formula: str,
        domain: Sequence[float] = DEFAULT_DOMAIN,
        name: str = "formula",
        start: Point | None = None,
        parameters: Sequence[Parameter] = (),
        variables: tuple[str, str] = ("x", "y"),
        table: Table | None = None,
    ) -> Surface:
        """A surface from a typed formula, such as "x^2 + 3*y^2".

        It may have named parameters, as in "x^2 + k*y^2"; FormulaError if one has a name that
        means something else. On the rows of a table it is a loss on data, as in
        "(a*area + b - price)^2" with the variables ("a", "b").
        """
        taken = (*variables, *(() if table is None else table.names))
        for parameter in parameters:
            check_parameter_name(parameter.name, taken)
        return cls(name, formula, formula, check_domain(domain), start,
                   parameters=tuple(parameters), variables=variables, table=table)  # fmt: skip

    def __call__(self, /, **values: float) -> Surface:
        """A copy with other parameters; ValueError names a bad one.

        Its critical points are those of this surface, followed by Newton's method to where the
        new parameters have moved them; those that vanish are left out.
        """
        made = configure(self.name, "parameter", self.parameters, values)
        if made == self.parameters:
            return self
        from gdviz_core.critical import followed

        return followed(self, replace(self, parameters=made))

    @property
    def values(self) -> dict[str, float]:
        """The parameters as a dictionary."""
        return {parameter.name: parameter.value for parameter in self.parameters}

    def program(self, kind: str) -> Program:
        """The program that computes what PROGRAMS says; parameters are its uniform inputs."""
        columns = () if self.table is None else self.table.names
        return _program(self.formula, self.variables, tuple(self.values), columns, kind, self.way)

    def __reduce__(self):
        return type(self), tuple(getattr(self, f.name) for f in fields(self))

    def tape(self, kind: str) -> Any:
        """A program of the surface, ready to run."""
        if self.way == "symbolic":  # SymPy may take seconds: nobody else shall wait for it
            self.program(kind)
        with _COMPILING:  # a race may want it on another thread
            if kind not in self._tapes:
                self._tapes[kind] = self.make_tape(kind)
            return self._tapes[kind]

    def uniform_values(self) -> tuple[float, ...]:
        """The values of what a program reads besides x and y, or besides the columns."""
        return (*self.values.values(), *((self.h,) * (self.way in NUMERICAL)))

    def make_tape(self, kind: str, emitted: bool = True) -> Any:
        """A program of the surface, made ready anew; interpreted if it shall not be `emitted`."""
        from gdviz_core import engine, rows

        program, values = self.program(kind), self.uniform_values()
        if self.table is None:
            return engine.Tape(program, values, emitted)
        columns = self.table.padded(program.inputs)
        return rows.RowTape(program, columns, self.table.rows, values, emitted)

    @cached_property
    def _tapes(self) -> dict[str, Any]:
        return {}

    def _evaluate(self, kind, x, y):
        import numpy as np

        from gdviz_core import engine

        x, y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        tape, outputs = self.tape(kind), np.empty((len(PROGRAMS[kind]), x.size))
        if x.size:
            inputs = np.stack([x.ravel(), y.ravel()])
            in_threads(
                lambda progress: engine.evaluate(tape, inputs, outputs, progress), x.size,
                each=self.rows,
            )  # fmt: skip
        return [np.float64(o[0]) if x.ndim == 0 else o.reshape(x.shape) for o in outputs]

    @property
    def rows(self) -> int:
        """How many rows the loss is averaged over; 1 for a formula without data."""
        return 1 if self.table is None else self.table.rows

    def value(self, x: ArrayLike, y: ArrayLike) -> Array:
        """The loss at points x, y: scalars or arrays, broadcast against each other."""
        return self._evaluate("value", x, y)[0]

    def gradient(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """The exact gradient (gx, gy).

        On a crease it is finite: |u| has slope 0 at u = 0, and so has sqrt(u), which makes the
        gradient at the tip of a cone the zero vector; min, max and where have the slope of the
        branch they take, at a tie of the second.
        """
        _, gx, gy = self._evaluate("gradient", x, y)
        return gx, gy

    def hessian(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array, Array]:
        """The exact second derivatives (hxx, hxy, hyy)."""
        return tuple(self._evaluate("hessian", x, y)[3:])

    def grid(self, xs: ArrayLike, ys: ArrayLike, gradients: bool = False, progress=None) -> Array:
        """The loss on a mesh, shape (len(ys), len(xs)); with gradients, (3, len(ys), len(xs)).

        `progress`, an engine.Progress, tells how far it is and can cancel it; that raises
        Cancelled.
        """
        import numpy as np

        from gdviz_core import engine

        xs = np.ascontiguousarray(xs, np.float64)
        ys = np.ascontiguousarray(ys, np.float64)
        tape = self.tape("gradient" if gradients else "value")
        outputs = np.empty((3 if gradients else 1, len(ys), len(xs)))
        in_threads(
            lambda shared: engine.grid(tape, xs, ys, outputs, shared), outputs[0].size, progress,
            parts=len(ys), each=self.rows,
        )  # fmt: skip
        return outputs if gradients else outputs[0]


class Cancelled(Exception):
    """The computation was asked to stop; it has no result."""


def in_threads(
    call,
    points: int,
    progress=None,
    threads: int | None = None,
    parts: int | None = None,
    each: int = 1,
) -> None:
    """Call `call(progress)` on as many threads as the number of points is worth, or on `threads`.

    There is nothing to do for more threads than `parts`; a point is worth `each`. Raises
    Cancelled if `progress` was told to stop.
    """
    from gdviz_core import engine

    progress = engine.Progress() if progress is None else progress
    progress.begin(min(points, 2**62))
    if threads is None:
        worth = points * each // _POINTS_PER_THREAD + 1
        threads = min(_CORES, worth, parts or points)
        threads = max(1, threads)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            call(progress)
        except BaseException as error:  # a thread must not lose the caller's error
            errors.append(error)

    extra = [threading.Thread(target=work, daemon=True) for _ in range(threads - 1)]
    for thread in extra:
        thread.start()
    work()
    for thread in extra:
        thread.join()
    if errors:
        raise errors[0]
    if progress.cancelled:
        raise Cancelled
