"""Axes whose ticks suit logarithms and steps."""

import math
from typing import Any

import pyqtgraph as pg

from gdviz.scale import nice_ticks, power_of_ten, tick_label


class LevelAxis(pg.AxisItem):
    """Powers of ten where the axis is logarithmic, round numbers where it is not."""

    log = True

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        room = max(2, int(size / (36 if self.orientation == "left" else 64)))
        if not self.log:
            return [(1.0, nice_ticks(low, high, room))]
        first, last = math.ceil(low), math.floor(high)
        if last - first < 2:  # few powers of ten: numbers between
            between = [b * 10.0**e for e in range(first - 1, last + 1) for b in (1, 2, 5)]
            between = [value for value in between if 10**low <= value <= 10**high]
            if len(between) < 3:
                between = [value for value in nice_ticks(10**low, 10**high, room) if value > 0]
            return [(1.0, [math.log10(value) for value in between])]
        every = max(1, math.ceil((last - first + 1) / room))
        ticks = [float(i) for i in range(first, last + 1) if i % every == 0]
        return [(float(every), ticks)]

    def tickStrings(self, values: list[float], *_: Any) -> list[str]:
        if self.log:
            return [log_label(value) for value in values]
        return [tick_label(value, False) for value in values]


def log_label(value: float) -> str:
    if abs(value - round(value)) < 1e-9:
        return power_of_ten(round(value))
    return tick_label(10**value, False)


class StepAxis(pg.AxisItem):
    """Whole steps; the label at the right edge stays inside."""

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        ticks = nice_ticks(max(low, 0.0), high, max(3, int(size / 64)))
        return [(1.0, [tick for tick in ticks if tick == round(tick)])]

    def tickStrings(self, values: list[float], *_: Any) -> list[str]:
        return [f"{value:.6g}" for value in values]
