"""From loss to colour: a linear or logarithmic scale, whichever the values ask for."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import gdviz_core.raster as raster
from gdviz_core.surface import Array

LONGEST = 8.0  # of one side of a domain by the other that is drawn as it is
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """Maps losses to levels, equal steps of which look equally far apart.

    Linear if `unit` is 0, else log(1 + (loss - zero)/unit). `low` and `high` are the levels at the
    ends of the colour bar.
    """

    zero: float = 0.0
    unit: float = 0.0
    low: float = 0.0
    high: float = 1.0

    @classmethod
    def of(cls, values: Array) -> "Scale":
        """The scale for some values; those that are not finite do not count."""
        finite = values[np.isfinite(values)]
        if not finite.size:
            return cls()
        finite = np.clip(finite, -1e300, 1e300)  # so that differences are finite too
        zero = float(finite.min())
        few, half, most = (float(v) for v in np.percentile(finite, (2, 50, 99.8)))
        if most - zero <= max(1e-12 * max(abs(most), abs(zero)), 1e-290):
            half = 0.5 + 1e-3 * abs(zero)
            return cls(zero, 0.0, zero - half, zero + half)
        if most - zero <= 3.5 * (half - zero):
            return cls(zero, 0.0, zero, most)
        unit = max((few - zero) / 8, 1e-9 * (most - zero))
        return cls(zero, unit, 0.0, math.log1p((most - zero) / unit))

    def levels(self, values: Array) -> Array:
        """The levels of losses."""
        if not self.unit:
            return values
        with np.errstate(all="ignore"):  # what no sample showed may lie below zero
            return np.log1p((np.maximum(values, self.zero) - self.zero) / self.unit)

    def shades(self, values: Array) -> NDArray[np.float32]:
        """The levels of losses from 0 at the lower end of the colour bar to 1 at the upper, as
        exactly as a colour needs."""
        flat = np.ascontiguousarray(values, float).reshape(-1)
        shades = np.empty(flat.shape, np.float32)
        raster.levels(flat, self.zero, self.unit, self.low, self.high, shades)
        return shades.reshape(values.shape)

    def loss(self, level: float) -> float:
        """The loss at a level."""
        return self.zero + self.unit * math.expm1(level) if self.unit else level

    def fraction(self, loss: float) -> float:
        """Where a loss lies on the colour bar, 0 at the bottom and 1 at the top."""
        level = loss
        if self.unit:
            above = (loss - self.zero) / self.unit
            level = math.log1p(above) if above > -1 else -math.inf
        return (level - self.low) / (self.high - self.low)

    def contours(self, count: int) -> Array:
        """Levels of contour lines between the ends of the scale."""
        return np.linspace(self.low, self.high, count + 2)[1:-1]

    def ticks(self, room: int) -> list[float]:
        """At most `room` round losses for the colour bar, evenly spread, from the bottom up."""
        bottom, top = self.loss(self.low), self.loss(self.high)
        if not self.unit:
            return nice_ticks(bottom, top, room)
        candidates = [0.0] if bottom <= 0 <= top else []
        smallest = 0.1 * self.unit if candidates else 0.0  # around 0 the scale is linear
        for base in (1.0, 5.0, 2.0):  # powers of ten first
            for exponent in range(-300, 309):
                size = base * 10.0**exponent
                if size >= smallest:
                    candidates += [v for v in (size, -size) if bottom <= v <= top]
        chosen: list[float] = []
        for value in candidates:
            here = self.fraction(value)
            if all(abs(here - self.fraction(other)) >= 1.0 / max(room, 1) for other in chosen):
                chosen.append(value)
        return sorted(chosen)


def nice_ticks(low: float, high: float, room: int) -> list[float]:
    """About `room` round numbers from low to high."""
    if not (math.isfinite(high - low) and high - low > 1e-290 and room > 0):
        return []
    step = 10.0 ** math.floor(math.log10((high - low) / room))
    while (high - low) / step > room:
        step *= 2.5 if round(step / 10.0 ** math.floor(math.log10(step))) == 2 else 2.0
    first, last = math.ceil(low / step), math.floor(high / step)
    return [i * step for i in range(first, last + 1)] if last - first <= 2 * room + 2 else []


def power_of_ten(exponent: int) -> str:
    """10 to an integer power, typeset."""
    return f"10{str(exponent).translate(_SUPERSCRIPT)}"


def short(value: float, digits: int = 4) -> str:
    """A number in few characters: 0.0135, 12.3, 4.5×10⁻⁷; with a power of ten one digit less."""
    if not math.isfinite(value):
        return "not finite" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if -3 <= exponent < 5:
        text = f"{value:.{max(0, digits - 1 - exponent)}f}"
    else:
        factor, power = f"{value:.{max(0, digits - 2)}e}".split("e")
        text = f"{factor}×{power_of_ten(int(power))}"
    return text.replace("-", "−")


def numeral(value: float, digits: int = 5) -> tuple[str, int | None]:
    """A number as (text, power of ten or None), to so many significant digits."""
    if not math.isfinite(value):
        return ("not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"), None
    if value == 0:
        return "0", None
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if -4 <= exponent < 6:
        shown = f"{value:.{max(0, digits - 1 - exponent)}f}"
        shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
        return shown.replace("-", "−"), None
    shown = f"{value:.{digits - 1}e}".split("e")[0].rstrip("0").rstrip(".")
    return shown.replace("-", "−"), exponent


def tick_label(value: float, log: bool) -> str:
    """A round number as the label of a tick."""
    if log and value and abs(math.log10(abs(value)) - round(math.log10(abs(value)))) < 1e-9:
        exponent = round(math.log10(abs(value)))
        if exponent < -2 or exponent > 3:
            return ("−" if value < 0 else "") + power_of_ten(exponent)
    if value and not 1e-3 <= abs(value) < 1e5:
        exponent = math.floor(math.log10(abs(value)) + 1e-9)
        text = f"{value / 10.0**exponent:.2g}×{power_of_ten(exponent)}"
    else:
        text = f"{value:.5g}"
    return text.replace("-", "−")


def stretch(domain: tuple[float, float, float, float]) -> float:
    """How many units of y are drawn as long as one of x.

    It is 1, so that a circle is one, but for a domain so long that it would be a mere line.
    """
    x0, x1, y0, y1 = domain
    share = (y1 - y0) / (x1 - x0)
    return 1.0 if 1 / LONGEST <= share <= LONGEST else share


def rounded(at: tuple[float, float], pixel: tuple[float, float]) -> tuple[float, float]:
    """A point in no more digits than a tenth of a pixel of that size is worth."""
    x, y = (round(value, 1 - math.floor(math.log10(size)))
            for value, size in zip(at, pixel, strict=True))  # fmt: skip
    return x, y
