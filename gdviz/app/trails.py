"""Lines and the trails of a race: pixels on the screen, lines in a file that can be enlarged."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPaintEngine, QPainter, QPen

import gdviz_core.raster as raster
from gdviz.app.canvas import Viewport, image_of
from gdviz.app.theme import Theme, pixel
from gdviz.compute import Race
from gdviz_core.surface import Array

TRAIL = 2.5
CASING = 5.2
# Of a fading trail so many records are seen, in so many shades.
FADE, SHADES = 120, 12
# What one call may spend on trails; the rest follows with the next frames.
DRAW_SECONDS = 0.005

Pixels = NDArray[np.uint32]


def is_vector(painter: QPainter) -> bool:
    """Whether lines are to be drawn as such, for a file that can be enlarged."""
    engine = painter.paintEngine()
    return engine is not None and engine.type() in (
        QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf, QPaintEngine.Type.Picture
    )  # fmt: skip


def draw_polyline(painter: QPainter, x: Array, y: Array, pen: QPen) -> None:
    """A line through points in logical units, interrupted where they are not finite."""
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(pg.arrayToQPath(x, y, connect="finite"))


def stroked(
    viewport: Viewport, x: Array, y: Array, *pens: tuple[QColor, float]
) -> tuple[QPointF, Pixels]:  # fmt: skip
    """A line drawn with one pen over another, as no more pixels than it covers, and their corner.

    Points and widths are in logical units. Qt takes up to a second for a wide line that zigzags.
    """
    ratio, near = viewport.ratio, np.isfinite(x) & np.isfinite(y)
    if not near.any():
        return QPointF(), np.empty((0, 0), np.uint32)
    margin = max(width for _, width in pens) * ratio
    px, py = np.ascontiguousarray([x, y]) * ratio
    left, right = (_within(v, viewport.width) for v in (px[near].min() - margin,
                                                        px[near].max() + margin))  # fmt: skip
    top, bottom = (_within(v, viewport.height) for v in (py[near].min() - margin,
                                                         py[near].max() + margin))  # fmt: skip
    picture = np.zeros((bottom - top, right - left), np.uint32)
    for color, width in pens:
        layer = np.zeros_like(picture)
        raster.polyline(layer, px - left, py - top, pixel(color), width * ratio / 2 - 0.25)
        raster.blend(picture, layer, color.alphaF())
    return QPointF(left, top) / ratio, picture


def _within(place: float, count: int) -> int:
    return math.ceil(min(max(place, 0), count))


def stroke(
    painter: QPainter, viewport: Viewport, x: Array, y: Array, *pens: tuple[QColor, float]
) -> None:  # fmt: skip
    """Draw a line with one pen over another, as pixels on the screen and as a line elsewhere."""
    if is_vector(painter):
        for color, width in pens:
            draw_polyline(painter, x, y, QPen(color, width))
        return
    corner, pixels = stroked(viewport, x, y, *pens)
    if pixels.size:
        painter.drawImage(corner, image_of(pixels, viewport.ratio))


def thinned(x: Array, y: Array, least: float = 0.15) -> tuple[Array, Array]:
    """A line without the points that are nearer than `least` to the one before that was kept."""
    kept, at = [], None
    for number, point in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        if at is None or not math.hypot(point[0] - at[0], point[1] - at[1]) < least:
            kept.append(number)
            at = point
    return x[kept], y[kept]


def premultiplied(colours: Pixels, opacity: float) -> Pixels:
    """Opaque colours made translucent, as the rasterizer takes them."""
    parts = [(colours >> shift & 255) * opacity for shift in (24, 16, 8, 0)]
    alpha, red, green, blue = (part.astype(np.uint32) for part in parts)
    return (alpha << 24 | red << 16 | green << 8 | blue).astype(np.uint32)


class Strokes:
    """Polylines drawn point by point along all lanes and a little at a time.

    Millions of segments take seconds; so a call draws what its time allows and tells whether
    everything up to the wanted index is there. `draw(part, first, last)` draws a slice of the
    lanes from points `first` to points `last`; `visible` is how many points each lane has.
    """

    POINTS_AT_ONCE = 500

    def __init__(
        self,
        draw: Callable[[slice, NDArray[np.int64], NDArray[np.int64]], None],
        visible: NDArray[np.int64],
    ):
        self._draw, self._visible = draw, visible
        self.last = int(visible.max(initial=1)) - 1
        self.done = -1  # the index up to which all lanes are drawn
        self._slab = -1  # the index up to which lanes before _lane are drawn
        self._lane = 0

    @property
    def reached(self) -> int:
        """The highest index that some lane is drawn to."""
        return max(self.done, self._slab)

    def draw_to(self, index: int, deadline: float) -> bool:
        """Draw up to an index, until a time of time.monotonic(); False if that did not suffice."""
        lanes = len(self._visible)
        while self.done < index:
            if self._lane == 0:
                together = min(lanes, self.POINTS_AT_ONCE)
                self._slab = min(index, self.done + max(1, self.POINTS_AT_ONCE // together))
            part = slice(self._lane, self._lane + self.POINTS_AT_ONCE)
            ends = self._visible[part]
            self._draw(part, np.minimum(self.done + 1, ends), np.minimum(self._slab, ends - 1))
            self._lane = part.stop
            if self._lane >= lanes:
                self.done, self._lane = self._slab, 0
            if time.monotonic() > deadline and self.done < index:
                return False
        return True


class Lines:
    """Polylines of the plane drawn into an image as Strokes."""

    def __init__(
        self,
        x: Array,
        y: Array,
        visible: NDArray[np.int64],
        viewport: Viewport,
        colours: Pixels,
        radius: float,
    ):
        self.image = np.zeros((viewport.height, viewport.width), np.uint32)
        pens, mapping = np.zeros((len(x), 2)), viewport.mapping

        def draw(part: slice, first: NDArray[np.int64], last: NDArray[np.int64]) -> None:
            raster.trails(self.image, x[part], y[part], first, last, mapping, colours[part],
                          radius, pens[part])  # fmt: skip

        self.strokes = Strokes(draw, visible)


class Trails:
    """Lines of a race up to the playhead, drawn in two layers: a casing and the colour.

    Moving forward adds only the new segments; anything else begins anew.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._layers: list[Lines] = []

    def draw(
        self, painter: QPainter, race: Race, index: int, viewport: Viewport, theme: Theme,
        fade: bool = False, seconds: float = DRAW_SECONDS,
    ) -> bool:  # fmt: skip
        """Draw what the time allows; False if the trails are not complete yet."""
        key = (race, viewport, theme)
        if is_vector(painter):
            self._draw_lines(painter, race, index, viewport, theme, fade)
            return True
        if fade:
            self._draw_fading(painter, race, index, viewport, theme)
            return True
        if key != self._key or any(layer.strokes.reached > index for layer in self._layers):
            self._key = key
            colours = lane_pixels(race, theme)
            casing = np.full(len(colours), pixel(theme.casing), np.uint32)
            self._layers = [
                Lines(
                    race.x, race.y, race.visible, viewport, paint, width * viewport.ratio / 2 - 0.5
                )
                for paint, width in ((casing, CASING * theme.zoom), (colours, TRAIL * theme.zoom))
            ]
        deadline = time.monotonic() + seconds / 2
        complete = True
        for lines, opacity in zip(self._layers, (theme.casing_opacity, 1.0), strict=True):
            complete = lines.strokes.draw_to(index, deadline) and complete
            deadline += seconds / 2
            painter.setOpacity(opacity)
            painter.drawImage(QPointF(0, 0), image_of(lines.image, viewport.ratio))
        return complete

    @staticmethod
    def _draw_lines(
        painter: QPainter, race: Race, index: int, viewport: Viewport, theme: Theme, fade: bool
    ) -> None:
        a, b, c, d = viewport.mapping / viewport.ratio
        casing = QColor(theme.casing)
        casing.setAlphaF(theme.casing_opacity)
        for lane, color in enumerate(lane_colours(race, theme)):
            last = min(index + 1, int(race.visible[lane]))
            part = slice(max(0, index - FADE) if fade else 0, last)
            # what is far away is cut: a file of numbers with 300 digits opens nowhere
            x = np.clip(a + b * race.x[lane, part], -1e5, 1e5)
            y = np.clip(c + d * race.y[lane, part], -1e5, 1e5)
            x, y = thinned(x, y)
            for paint, width in ((casing, CASING), (color, TRAIL)):
                draw_polyline(painter, x, y, QPen(paint, width * theme.zoom))

    def _draw_fading(
        self, painter: QPainter, race: Race, index: int, viewport: Viewport, theme: Theme
    ) -> None:
        """The last stretch alone, fainter the older it is."""
        self._layers, self._key = [], None
        lanes = len(race.x)
        shade = max(1, (FADE if lanes <= 100 else FADE // 4) // SHADES)
        image = np.zeros((viewport.height, viewport.width), np.uint32)
        colours, pens = lane_pixels(race, theme), np.full((lanes, 2), np.nan)
        casing = np.full(lanes, pixel(theme.casing), np.uint32)
        ends = race.visible - 1
        for paint, width, opacity in (
            (casing, CASING, 0.6 * theme.casing_opacity), (colours, TRAIL, 1.0)
        ):  # fmt: skip
            pens[:] = np.nan
            radius = width * theme.zoom * viewport.ratio / 2 - 0.5
            for number in range(SHADES):
                first = max(0, index - (SHADES - number) * shade + (number > 0))
                last = index - (SHADES - 1 - number) * shade
                if last < 0:
                    continue
                faint = premultiplied(paint, opacity * (number + 1) / SHADES)
                begin = np.minimum(np.full(lanes, first), ends + 1)
                raster.trails(image, race.x, race.y, begin, np.minimum(last, ends),
                              viewport.mapping, faint, radius, pens)  # fmt: skip
        painter.drawImage(QPointF(0, 0), image_of(image, viewport.ratio))


def lane_pixels(race: Race, theme: Theme) -> Pixels:
    """The colour of every lane as the rasterizer takes it."""
    colours = [pixel(theme.racer(racer.colour)) for racer in race.experiment.running]
    return np.repeat(np.array(colours, np.uint32), len(race.experiment.starts))


def lane_colours(race: Race, theme: Theme) -> list[QColor]:
    """The colour of every lane: that of its racer."""
    starts = len(race.experiment.starts)
    colours = [theme.racer(racer.colour) for racer in race.experiment.running]
    return [color for color in colours for _ in range(starts)]
