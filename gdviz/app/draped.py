"""Trails laid over the surface in three dimensions."""

import time

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor, QPainter, QPen

import gdviz_core.raster as raster
from gdviz.app.canvas import image_of
from gdviz.app.relief import GHOST, LIFT, Relief, Scene
from gdviz.app.theme import Theme, pixel
from gdviz.app.trails import (
    DRAW_SECONDS,
    Pixels,
    Strokes,
    draw_polyline,
    is_vector,
    lane_colours,
    lane_pixels,
    thinned,
)
from gdviz.compute import Race, value_cost
from gdviz_core.surface import Array

# A trail is draped over the surface in so many pieces a step, while the points are few.
PIECES, MAX_DRAPED = 16, 400_000
LONG = 0.05  # seconds that their losses may take


class Draped:
    """The trajectories of a race laid over the surface, in several pieces a step.

    Of a long race only every `every`th record.
    """

    def __init__(self, race: Race, relief: Relief, finely: bool):
        self.finely = finely
        few = max(1, min(PIECES, MAX_DRAPED // max(1, race.x.size)))
        self.pieces = few if finely else 1
        if value_cost(relief.surface, race.x.size * self.pieces) > LONG:
            self.pieces = 1  # a large table: the losses that are known have to do
        self.every = -(-race.x.size // MAX_DRAPED)  # records of a race that is longer still
        x, y = (self._finer(values[:, :: self.every]) for values in (race.x, race.y))
        x0, x1, y0, y1 = relief.surface.domain
        with np.errstate(all="ignore"):
            inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        if self.pieces == 1:
            loss = race.loss[:, :: self.every]
        else:
            loss = relief.surface.value(np.where(inside, x, x0), np.where(inside, y, y0))
        self.x, self.y = x, y
        self.height = np.where(inside, relief.heights(loss), np.nan)
        self.visible = np.maximum((race.visible - 1) // self.every * self.pieces + 1, 1)

    def _finer(self, values: Array) -> Array:
        if self.pieces == 1 or values.shape[1] < 2:
            return np.ascontiguousarray(values)
        share = np.arange(self.pieces) / self.pieces
        with np.errstate(all="ignore"):
            parts = values[:, :-1, None] + np.diff(values, axis=1)[:, :, None] * share
        flat = parts.reshape(len(values), -1)
        return np.ascontiguousarray(np.concatenate([flat, values[:, -1:]], axis=1))


class Threads:
    """Trails on the relief up to the playhead; what the surface hides is a ghost."""

    def __init__(self) -> None:
        self._key: object = None
        self._draped: tuple[object, Draped] | None = None
        self._layers: list[tuple[Strokes, Pixels, float]] = []

    def draw(
        self, painter: QPainter, race: Race, index: int, scene: Scene, ratio: float, theme: Theme,
        widths: tuple[float, float], finely: bool, seconds: float = DRAW_SECONDS,
    ) -> bool:  # fmt: skip
        """Draw what the time allows; False if the trails are not complete yet.

        With `finely` false the steps are straight lines: quick, for races that follow one another.
        """
        key = (race, scene.relief)
        if (
            self._draped is None
            or self._draped[0] != key
            or (finely and not self._draped[1].finely)
        ):
            self._draped = key, Draped(race, scene.relief, finely)
        draped = self._draped[1]
        wanted = index // draped.every * draped.pieces
        if is_vector(painter):
            _draw_threads(painter, race, draped, wanted, scene, ratio, theme, widths)
            return True
        drawn = (draped, scene, theme, widths)
        if drawn != self._key or any(strokes.reached > wanted for strokes, _, _ in self._layers):
            self._key = drawn
            self._layers = self._begin(race, draped, scene, ratio, theme, widths)
        deadline = time.monotonic() + seconds
        complete = True
        for strokes in dict.fromkeys(strokes for strokes, _, _ in self._layers):
            complete = strokes.draw_to(wanted, deadline) and complete
        for _, image, opacity in self._layers:
            painter.setOpacity(opacity)
            painter.drawImage(QPointF(0, 0), image_of(image, ratio))
        painter.setOpacity(1.0)
        return complete

    def _begin(
        self, race: Race, draped: Draped, scene: Scene, ratio: float, theme: Theme,
        widths: tuple[float, float],
    ) -> list[tuple[Strokes, Pixels, float]]:  # fmt: skip
        colours = lane_pixels(race, theme)
        casing = np.full(len(colours), pixel(theme.casing), np.uint32)
        layers = []
        for paint, width, ghost in ((casing, widths[1], False), (colours, widths[0], True)):
            seen = np.zeros_like(scene.pixels)
            hidden = np.zeros_like(scene.pixels) if ghost else None
            pens = np.empty((len(colours), 3))

            def draw(
                part: slice, first: NDArray[np.int64], last: NDArray[np.int64], seen: Pixels = seen,
                hidden: Pixels | None = hidden, paint: Pixels = paint, pens: Array = pens,
                radius: float = width * ratio / 2 - 0.5,
            ) -> None:  # fmt: skip
                raster.strands(
                    seen, hidden, scene.depth, draped.x[part], draped.y[part], draped.height[part],
                    first, last, scene.matrix, paint[part], radius, 2 * LIFT, pens[part],
                )  # fmt: skip

            strokes = Strokes(draw, draped.visible)
            if hidden is not None:
                layers.append((strokes, hidden, GHOST))
            layers.append((strokes, seen, 1.0 if ghost else theme.casing_opacity))
        return layers


def _draw_threads(
    painter: QPainter, race: Race, draped: Draped, last: int, scene: Scene, ratio: float,
    theme: Theme, widths: tuple[float, float],
) -> None:  # fmt: skip
    """Trails as lines, what the surface hides fainter."""
    casing = QColor(theme.casing)
    casing.setAlphaF(theme.casing_opacity)
    for lane, color in enumerate(lane_colours(race, theme)):
        part = slice(0, min(last + 1, int(draped.visible[lane])))
        x, y, seen = scene.project(
            draped.x[lane, part], draped.y[lane, part], draped.height[lane, part]
        )
        ghost = QColor(color)
        ghost.setAlphaF(GHOST)
        before = np.append(seen[:1], seen[:-1])  # a piece is hidden where it ends
        for paint, width, shown in (
            (ghost, widths[0], 0.0), (casing, widths[1], 1.0), (color, widths[0], 1.0)
        ):  # fmt: skip
            use = (seen == shown) | (before == shown)
            line = thinned(np.where(use, x / ratio, np.nan), np.where(use, y / ratio, np.nan))
            draw_polyline(painter, *line, QPen(paint, width))
