"""Named numbers of surfaces, schedules and optimizers, with the interval each may lie in."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar


@dataclass(frozen=True)
class Parameter:
    """A named number with its value and the interval it may lie in.

    `ends` tells which ends of the interval belong to it: "[]", "[)", "(]" or "()". A `flag` is
    0 or 1. `log` asks for a logarithmic slider.
    """

    name: str
    value: float
    low: float = 0.0
    high: float = 1.0
    ends: str = "[]"
    log: bool = False
    flag: bool = False
    meaning: str = ""

    def check(self, value: Any) -> float:
        """The value as a float; ValueError tells the field, the value and what is allowed."""
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise ValueError(f"{self.name} must be a number, not {str(value)[:40]!r}")
        try:
            number = float(value)
        except (OverflowError, ValueError, TypeError):
            number = math.inf
        if not math.isfinite(number):
            raise ValueError(f"{self.name} must be a finite number, not {number}")
        low = number > self.low if self.ends[0] == "(" else number >= self.low
        high = number < self.high if self.ends[1] == ")" else number <= self.high
        if not (low and high) or (self.flag and number not in (0.0, 1.0)):
            raise ValueError(f"{self.name} must be {self.allowed}, not {number:g}")
        return number

    @property
    def allowed(self) -> str:
        """The permitted values in words."""
        if self.flag:
            return "0 or 1"
        above = "greater than" if self.ends[0] == "(" else "at least"
        below = "less than" if self.ends[1] == ")" else "at most"
        return f"{above} {self.low:g} and {below} {self.high:g}"


class Hyperparameter(Parameter):
    """A parameter of an optimizer."""


def LR(value: float) -> Hyperparameter:  # noqa: N802  reads as the kind of hyper-parameter it is
    """The learning rate. Its range excludes only what no surface could want."""
    return Hyperparameter("lr", value, 0.0, 1e12, "(]", log=True, meaning="learning rate")


def TIME_STEP(value: float) -> Hyperparameter:  # noqa: N802  as LR
    """The time step of a body; what LR is to the other optimizers."""
    return Hyperparameter("dt", value, 0.0, 1e12, "(]", log=True, meaning="time step")


Kind = TypeVar("Kind", bound=Parameter)


def configure(
    owner: str, what: str, parameters: Iterable[Kind], values: dict[str, Any]
) -> tuple[Kind, ...]:
    """The parameters with other values; ValueError names one that is unknown or out of range."""
    parameters = tuple(parameters)
    known = [parameter.name for parameter in parameters]
    for name in values:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise ValueError(f"{owner} has no {what} {str(name)[:40]}; it has {there}")
    return tuple(
        replace(p, value=p.check(values[p.name])) if p.name in values else p for p in parameters
    )
