"""What a user writes: a surface with named numbers, and an update rule."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from gdviz.data import Data
from gdviz_core import OPTIMIZERS, Hyperparameter, Optimizer, Parameter, Surface
from gdviz_core.expression import CONSTANTS, RULE_FUNCTIONS, unknown_names
from gdviz_core.notation import Term, notation, text_of, work_out
from gdviz_core.operation import divide
from gdviz_core.optimizer import AT_W, RATES, halves
from gdviz_core.parameter import LR, TIME_STEP
from gdviz_core.rule import GIVEN, parse_rule
from gdviz_core.surface import DEFAULT_DOMAIN, Domain, Point, check_domain
from gdviz_core.tokenizer import FormulaError

MAX_TITLE = 200  # characters
FAMILY = "Yours"
# What a name of a rule usually is, so that it need not be explained anew.
USUAL = {
    h.name: h
    for optimizer in reversed(tuple(OPTIMIZERS.values()))
    for h in optimizer.hyperparameters
} | {h.name: h for h in OPTIMIZERS["adam"].hyperparameters}


_RATES = {"lr": LR, "dt": TIME_STEP}


@dataclass(frozen=True)
class Number:
    """A named number of a formula or a rule: its value, and the ends of its slider."""

    name: str
    value: float
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        for end in ("value", "low", "high"):
            if not math.isfinite(getattr(self, end)):
                raise ValueError(f"{self.name}: {end} must be a finite number")
        if not self.low < self.high:
            raise ValueError(f"{self.name} must run from low to high, not from {self.low:g} to "
                             f"{self.high:g}")  # fmt: skip
        if self.log and self.low < 0:
            raise ValueError(f"{self.name}: a logarithmic slider begins at 0 or above, not at "
                             f"{self.low:g}")  # fmt: skip

    @classmethod
    def around(cls, name: str, value: float) -> "Number":
        """A number with room on both sides."""
        room = max(1.0, 2 * abs(value))
        return cls(name, value, value - room, value + room)

    def holding(self, value: float) -> "Number":
        """A copy with another value; the ends give way to it."""
        return replace(self, value=value, low=min(self.low, value), high=max(self.high, value))


def numbers_for(names: Iterable[str], known: Iterable[Number]) -> tuple[Number, ...]:
    """A number for each name: the known one, the usual hyper-parameter, or 1."""
    there = {number.name: number for number in known}
    return tuple(there.get(name) or usual_number(name) for name in names)


def usual_number(name: str) -> Number:
    """What a name usually stands for, 1 if nobody knows."""
    if name not in USUAL:
        return Number.around(name, 1.0)
    h = USUAL[name]
    if name in RATES:
        return Number(name, 0.01, 0.0, 10.0, log=True)
    return Number(name, h.value, max(h.low, -1e6), min(h.high, 1e6), h.log and h.low > 0)


@dataclass(frozen=True)
class OwnSurface:
    """A formula with its title, its named numbers, its domain and where to start."""

    title: str
    formula: str
    numbers: tuple[Number, ...] = ()
    domain: Domain = DEFAULT_DOMAIN
    start: Point | None = None

    def __post_init__(self) -> None:
        check_title(self.title)
        self.surface()

    def surface(self) -> Surface:
        """The surface itself; FormulaError and ValueError as it raises them."""
        return own_surface(self.formula, self.domain, self.numbers)


def own_surface(
    formula: str, domain: Domain, numbers: tuple[Number, ...], data: Data | None = None
) -> Surface:
    """The surface of a typed formula with named numbers, over the rows of data if there are any."""
    parameters = [Parameter(n.name, n.value, n.low, n.high, log=n.log) for n in numbers]
    if data is None:
        return Surface.from_formula(formula, domain, parameters=parameters)
    return Surface.from_formula(formula, domain, parameters=parameters, variables=data.variables,
                                table=data.table)  # fmt: skip


@dataclass(frozen=True)
class OwnRule:
    """An update rule with its title and its hyper-parameters.

    `initial` gives the start of state variables that do not start at 0, `velocity` names the one
    that must be at rest where a run has converged.
    """

    title: str
    rule: str
    numbers: tuple[Number, ...] = ()
    initial: dict[str, str] = field(default_factory=dict, hash=False)
    velocity: str = ""

    def __post_init__(self) -> None:
        check_title(self.title)
        check_first_step(self.optimizer())

    def optimizer(self) -> Optimizer:
        """The optimizer itself; FormulaError and ValueError as it raises them."""
        return _optimizer(self.title, self.rule, self.numbers, tuple(self.initial.items()),
                          self.velocity)  # fmt: skip

    @classmethod
    def of(cls, optimizer: Optimizer, title: str) -> "OwnRule":
        """A copy of a rule that is there, to be changed."""
        numbers = []
        for h in optimizer.hyperparameters:
            usual = usual_number(h.name)
            numbers.append(usual.holding(h.value))
        initial = dict(optimizer.initial)
        return cls(title, optimizer.rule, tuple(numbers), initial, optimizer.velocity)


@lru_cache(maxsize=256)
def _optimizer(
    title: str,
    rule: str,
    numbers: tuple[Number, ...],
    initial: tuple[tuple[str, str], ...],
    velocity: str,
) -> Optimizer:
    made = []
    for n in numbers:
        meaning = USUAL[n.name].meaning if n.name in USUAL else ""
        plain = Hyperparameter(n.name, n.value, n.low, n.high, log=n.log, meaning=meaning)
        # older sessions know no time steps: there dt may be anything
        is_rate = n.name == "lr" or (n.name == "dt" and n.value > 0 and n.low >= 0)
        made.append(_RATES[n.name](n.value) if is_rate else plain)
        made[-1].check(n.value)
    name = re.sub(r"\W+", "_", title.lower()).strip("_") or "rule"
    return Optimizer(name, title, rule, tuple(made), dict(initial), source="written by you",
                     summary="A rule of your own.", pace=("fixed", 1.0), family=FAMILY,
                     velocity=velocity)  # fmt: skip


def check_title(title: str) -> None:
    """ValueError if something cannot be called so."""
    if not title.strip() or len(title) > MAX_TITLE or not title.isprintable():
        raise ValueError(f"the title must be 1 to {MAX_TITLE} printable characters")


def written_names(rule: str) -> set[str]:
    """The names that the lines of a rule write."""
    return set(re.findall(r"(?m)^[ \t]*([A-Za-z_]\w*)[ \t]*=(?!=)", rule))


def names_of_rule(
    rule: str, initial: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[str], list[str]]:
    """The state variables of a rule, and the names that must be hyper-parameters.

    `initial` are formulas for the start of state variables, whose names count, too.

    Raises FormulaError for a rule that cannot be read.
    """
    written = written_names(rule)
    found: dict[str, None] = {}
    while True:  # the parser names one at a time, and knows where it stands
        try:
            parsed = parse_rule(rule, tuple(found))
        except FormulaError as error:
            name = unknown_name(rule, error)
            if not name or name in written or name in found:
                raise
            found[name] = None
        else:
            for name in parsed.state:
                start = initial.get(name, AT_W)
                for formula in halves(start) if start != AT_W else ():
                    found |= dict.fromkeys(unknown_names(formula, ()))
            return list(parsed.state), list(found)


def unknown_name(text: str, error: FormulaError) -> str:
    """The name that an error is about, if it could be that of a number; else empty."""
    line = text.split("\n")[error.line - 1] if error.line else ""
    at = max(0, (error.column or 1) - 1)
    name = line[at : at + (error.length or 0)]
    taken = name in CONSTANTS or name in RULE_FUNCTIONS or name in GIVEN
    is_call = line[at + len(name) :].lstrip().startswith("(")
    known = "is not known" in str(error) and "write " not in str(error)
    return name if known and not taken and not is_call and name.isidentifier() else ""


def unknown_in_formula(
    formula: str, numbers: Iterable[Number], variables: Iterable[str] = ("x", "y")
) -> tuple[str, ...]:
    """The names of a formula that are not there yet; FormulaError as the parser raises it."""
    return unknown_names(formula, (*variables, *(number.name for number in numbers)))


def suggested_view(surface: Surface) -> tuple[Domain, Point]:
    """A domain in which something is to be seen, and a point to start from in it.

    The smallest square around the origin in whose middle the lowest point of a wider one lies.
    """
    import numpy as np

    with np.errstate(all="ignore"):  # losses may be as large as floats are
        domain = _square(surface, np.linspace(-1.0, 1.0, 41))
        return domain, start_in(surface, domain)


def view_of_loss(surface: Surface) -> tuple[Domain, Point]:
    """The same for a loss on data, whose two variables may be of very different size.

    Where it is quadratic the minimum is known, and how far off the loss is as high as at the
    origin.
    """
    import numpy as np

    points = np.array([(0.0, 0.0), (1.0, -2.0), (-3.0, 0.5), (10.0, 20.0)])
    with np.errstate(all="ignore"):
        hxx, hxy, hyy = surface.hessian(*points.T)
        matrix = np.array([[hxx[0], hxy[0]], [hxy[0], hyy[0]]])
        same = all(np.ptp(h) <= 1e-9 * np.abs(matrix).max() for h in (hxx, hxy, hyy))
        if not (same and np.isfinite(matrix).all() and hxx[0] > 0 and hyy[0] > 0):
            return suggested_view(surface)
        best = np.linalg.pinv(matrix) @ -np.array(surface.gradient(0.0, 0.0))
        low, origin = float(surface.value(*best)), float(surface.value(0.0, 0.0))
        rise = max(origin - low, 0.05 * low, 0.0)
        # a little more, and never less than a unit of what is well scaled
        half = [1.3 * max(abs(w), float(np.sqrt(2 * rise / h))) or 1.0
                for w, h in zip(best, (hxx[0], hyy[0]), strict=True)]  # fmt: skip
        (x0, x1), (y0, y1) = (_rounded(w - h, w + h) for w, h in zip(best, half, strict=True))
        domain = check_domain((x0, x1, y0, y1))
        return domain, start_in(surface, domain)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """An interval with ends of few digits."""
    unit = 10.0 ** math.floor(math.log10((high - low) / 4))
    return math.floor(low / unit) * unit, math.ceil(high / unit) * unit


def _square(surface: Surface, ticks: Any) -> Domain:
    import numpy as np

    for half in (1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 50.0, 100.0):
        loss = surface.grid(4 * half * ticks, 4 * half * ticks)
        inner = surface.grid(half * ticks, half * ticks)
        if np.isfinite(inner).mean() < 0.5 or np.ptp(inner[np.isfinite(inner)]) == 0:
            continue
        low = np.where(np.isfinite(loss), loss, np.inf)
        row, column = np.unravel_index(np.argmin(low), low.shape)
        near = 4 * max(abs(ticks[row]), abs(ticks[column])) <= 0.75
        if near and low[row, column] < np.min(np.where(np.isfinite(inner), inner, np.inf)[[0, -1]]):
            return -half, half, -half, half
    return DEFAULT_DOMAIN


def start_in(surface: Surface, domain: Domain) -> Point:
    """A point of the domain, higher than three quarters of it."""
    import numpy as np

    x0, x1, y0, y1 = domain
    xs, ys = np.linspace(x0, x1, 23)[2:-2], np.linspace(y0, y1, 23)[2:-2]
    loss = surface.grid(xs, ys)
    finite = np.isfinite(loss)
    if not finite.any():
        return (x0 + 0.3 * (x1 - x0), y0 + 0.7 * (y1 - y0))
    wanted = np.quantile(loss[finite], 0.75)
    away = np.where(finite, np.abs(loss - wanted), np.inf)
    row, column = np.unravel_index(np.argmin(away), away.shape)
    x_digits, y_digits = (3 - math.ceil(math.log10(span)) for span in (x1 - x0, y1 - y0))
    return round(float(xs[column]), x_digits), round(float(ys[row]), y_digits)


_TRY = {
    "w": (1.5, -0.75), "g": (2.5, -4.0), "t": (1.0, 1.0), "x": (1.5, 1.5), "y": (-0.75, -0.75),
    "f": (3.0, 3.0), "gx": (2.5, 2.5), "gy": (-4.0, -4.0), "hxx": (2.0, 2.0), "hxy": (0.5, 0.5),
    "hyy": (6.0, 6.0), "h": (2.0, 6.0), "xi": (0.3, -0.8),
}  # fmt: skip


def check_first_step(optimizer: Optimizer) -> None:
    """ValueError if the rule makes no number of an ordinary point at its first step.

    The message names the line and, where it is that, the divisor which is 0.
    """
    values = dict(_TRY)
    values |= {name: (value, value) for name, value in optimizer.values.items()}
    start, at_w = optimizer.initial_state({})
    for name, row, here in zip(optimizer.parsed.state, start, at_w, strict=True):
        values[name] = values["w"] if here else (float(row[0, 0]), float(row[1, 0]))
    for number, line in enumerate(optimizer.parsed.lines, 1):
        term = notation(line.expression)

        def gradient(x: float, y: float) -> tuple[float, float]:
            return 2 * x, 6 * y

        result = work_out(term, values.__getitem__, gradient)
        if not all(map(math.isfinite, result)):
            divisor = _zero_divisor(term, values.__getitem__, gradient)
            wrong = next(number for number in result if not math.isfinite(number))
            why = f"{line.name} is {wrong} then"
            if divisor:
                why = f"it divides by {divisor}, which is 0 then; add eps"
            raise ValueError(f"line {number} fails at step 1: {why}")
        values[line.name] = result


def _zero_divisor(term: Term, read, gradient) -> str:
    for part in term.parts:
        found = _zero_divisor(part, read, gradient)
        if found:
            return found
    if term.kind != "div":
        return ""
    above, below = (work_out(part, read, gradient) for part in term.parts)
    bad = any(b == 0 and not math.isfinite(divide(a, b)) for a, b in zip(above, below, strict=True))
    return text_of(term.parts[1]) if bad else ""
