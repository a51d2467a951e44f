"""The first velocity of a body, an arrow at its start that can be dragged."""

import math
from functools import lru_cache

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from gdviz.app.canvas import Viewport
from gdviz.app.internals import arrow
from gdviz.app.theme import Theme
from gdviz.experiment import Experiment, Point
from gdviz.racer import Racer
from gdviz_core import Surface

GRIP = 10.0  # how near the pointer must be to the tip
ASIDE = 24.0  # where the tip waits while there is no velocity
SHARE = 0.2  # of the domain that a usual speed is drawn as


@lru_cache(maxsize=64)
def unit_of(surface: Surface) -> float:
    """The time for which the arrow shows the motion: a usual speed is a fifth of the domain."""
    x0, x1, y0, y1 = surface.domain
    loss = surface.grid(np.linspace(x0, x1, 17), np.linspace(y0, y1, 17))
    loss = np.clip(loss[np.isfinite(loss)], -1e300, 1e300)
    spread = float(np.median(loss) - loss.min()) if loss.size else 1.0
    speed = math.sqrt(2 * spread) if spread > 0 else 1.0
    return SHARE * min(x1 - x0, y1 - y0) / speed


def velocity_of(racer: Racer) -> Point | None:
    """The first velocity of a racer; None for one that has none."""
    if not racer.on or not {"vx", "vy"} <= set(racer.values):
        return None
    return racer.values["vx"], racer.values["vy"]


class Launch:
    """The arrow at the selected start of the selected racer."""

    def __init__(self) -> None:
        self.tip: QPointF | None = None  # in logical pixels of the map

    def draw(
        self, painter: QPainter, experiment: Experiment, racer: int, start: int,
        viewport: Viewport, theme: Theme,
    ) -> None:  # fmt: skip
        """The arrows of all starts, and a handle at the selected one."""
        self.tip = None
        if racer >= len(experiment.racers) or not experiment.starts:
            return
        shown = experiment.racers[racer]
        velocity = velocity_of(shown)
        if velocity is None:
            return
        unit, color = unit_of(experiment.resolved()), theme.racer(shown.colour)
        start = min(start, len(experiment.starts) - 1)
        for number, (x, y) in enumerate(experiment.starts):
            at = viewport.point(x, y)
            by = viewport.point(x + unit * velocity[0], y + unit * velocity[1]) - at
            if by.x() or by.y():
                arrow(painter, at, by, color, theme)
            if number != start:
                continue
            still = math.hypot(by.x(), by.y()) < 1.5
            self.tip = at + (QPointF(ASIDE, -ASIDE) * (0.7 * theme.zoom) if still else by)
            if still:
                painter.setPen(QPen(color, 1.6 * theme.zoom, Qt.PenStyle.DotLine))
                painter.drawLine(at, self.tip)
            painter.setPen(QPen(QColor("white"), 1.4))
            painter.setBrush(color)
            painter.drawEllipse(self.tip, 4.6 * theme.zoom, 4.6 * theme.zoom)

    def away(self, at: QPointF) -> float:
        """How far a point of the map is from the handle, in logical pixels."""
        if self.tip is None:
            return math.inf
        return math.hypot(at.x() - self.tip.x(), at.y() - self.tip.y())

    @staticmethod
    def velocity(experiment: Experiment, start: int, tip: Point) -> Point:
        """The velocity whose arrow ends at a point of the plane."""
        unit = unit_of(experiment.resolved())
        x, y = experiment.starts[min(start, len(experiment.starts) - 1)]
        vx, vy = (float(f"{(b - a) / unit:.3g}") for a, b in ((x, tip[0]), (y, tip[1])))
        return vx, vy
