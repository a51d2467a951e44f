"""In three dimensions: shadows of the balls in the plane below, and arrows at the selected one."""

import math

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from gdviz.app.document import Document
from gdviz.app.internals import arrow
from gdviz.app.relief import FLOOR, GHOST, Scene
from gdviz.app.theme import Theme
from gdviz.compute import Race
from gdviz.inspection import Pair, Step, step_of
from gdviz_core.surface import Array

MANY = 100  # balls; more have no shadows
RADIUS = 5.0
SHORTEST, LONGEST = 0.07, 0.2  # of an arrow, in shares of the domain


class Shadows:
    """Draws them; a step is taken apart once for each record."""

    def __init__(self) -> None:
        self._step: tuple[object, Step | None] | None = None

    def draw_below(
        self, painter: QPainter, document: Document, race: Race, index: int, scene: Scene,
        ratio: float, theme: Theme,
    ) -> None:  # fmt: skip
        """The shadow of every ball, and a plumb line from the selected one."""
        if len(race.x) > MANY or not document.display.floor:
            return
        x, y, loss = race.x[:, index], race.y[:, index], race.loss[:, index]
        x0, x1, y0, y1 = scene.relief.surface.domain
        with np.errstate(all="ignore"):
            inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1) & np.isfinite(loss)
        x, y, loss = x[inside], y[inside], loss[inside]
        px, py, seen = scene.project(x, y, np.full_like(x, FLOOR))
        painter.setPen(Qt.PenStyle.NoPen)
        flat = max(0.15, abs(math.sin(math.radians(document.display.camera.elevation))))
        size = RADIUS * theme.zoom
        for a, b, there in zip(px / ratio, py / ratio, seen, strict=True):
            shade = QColor(0, 0, 0, 120 if there else round(120 * GHOST))
            painter.setBrush(shade)
            painter.drawEllipse(QPointF(a, b), size, size * flat)
        lane = document.selected_lane()
        if lane is not None and lane < len(inside) and inside[lane]:
            here = int(np.count_nonzero(inside[:lane]))
            top = self._on_surface(scene, x[here : here + 1], y[here : here + 1],
                                   loss[here : here + 1], ratio)  # fmt: skip
            painter.setPen(QPen(QColor(theme.text2), 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(top, QPointF(px[here] / ratio, py[here] / ratio))

    @staticmethod
    def _on_surface(scene: Scene, x: Array, y: Array, loss: Array, ratio: float) -> QPointF:
        px, py, _ = scene.project(x, y, scene.relief.heights(loss))
        return QPointF(float(px[0]) / ratio, float(py[0]) / ratio)

    def draw_arrows(
        self, painter: QPainter, document: Document, race: Race, index: int, scene: Scene,
        ratio: float, theme: Theme,
    ) -> None:  # fmt: skip
        """Force and velocity of the selected run, lying on the surface, as on the map."""
        layers, lane = document.display.internals, document.selected_lane()
        wanted = [name for name in ("gradient", "moment") if name in layers]
        if lane is None or not wanted or race.experiment is not document.experiment:
            return
        key = (race, lane, index)
        if self._step is None or self._step[0] != key:
            self._step = (key, step_of(race, lane, index))
        step = self._step[1]
        if step is None or not math.isfinite(step.loss_before):
            return
        arrows: list[tuple[Pair, str, str]] = []
        if "gradient" in wanted:
            arrows.append(((-step.slope[0], -step.slope[1]), "−∇f", theme.mark))
        if "moment" in wanted and step.moment is not None:
            arrows.append((step.moment[1], step.moment[0], theme.accent))
        for vector, word, color in arrows:
            self._draw_arrow(painter, scene, step, vector, word, QColor(color), ratio, theme)

    def _draw_arrow(
        self, painter: QPainter, scene: Scene, step: Step, vector: Pair, word: str, color: QColor,
        ratio: float, theme: Theme,
    ) -> None:  # fmt: skip
        size = math.hypot(*vector)
        x0, x1, y0, y1 = scene.relief.surface.domain
        if not (math.isfinite(size) and size > 0):
            return
        # longer as the vector is, but slowly, as on the map
        share = SHORTEST + (LONGEST - SHORTEST) * min(1.0, max(0.0, (math.log10(size) + 4) / 7))
        long = share * min(x1 - x0, y1 - y0) / size
        x = np.array([step.before[0], step.before[0] + long * vector[0]])
        y = np.array([step.before[1], step.before[1] + long * vector[1]])
        if not (x0 <= x[0] <= x1 and y0 <= y[0] <= y1):
            return
        with np.errstate(all="ignore"):
            height = scene.relief.heights(scene.relief.surface.value(x, y))
        px, py, _ = scene.project(x, y, height)
        if np.isfinite(px).all() and np.isfinite(py).all():
            at = QPointF(px[0] / ratio, py[0] / ratio)
            arrow(painter, at, QPointF(px[1] / ratio, py[1] / ratio) - at, color, theme, word)
