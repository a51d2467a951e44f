"""The drawings themselves, without widgets: the same for the screen, for tests and for files."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import contourpy
import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

import gdviz_core.raster as raster
from gdviz.app.canvas import Viewport, image_of
from gdviz.app.theme import Theme, pixel
from gdviz.compute import Computation, Race
from gdviz.scale import Scale
from gdviz_core import CriticalPoints, Surface
from gdviz_core.surface import Array

CONTOURS = 18
TRAIL = 2.5
CASING = 5.2
MARK = 4.5
# With more critical points than this, only the global minima and the saddles of few are marked.
MANY_MARKS = 40
# With more than this only minima are.
TOO_MANY_MARKS = 500
# Of a fading trail so many records are seen, in so many shades.
FADE, SHADES = 120, 12
# What one call may spend on trails; the rest follows with the next frames.
DRAW_SECONDS = 0.008

Pixels = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Landscape:
    """A surface evaluated at the centres of every `every`th pixel of a viewport."""

    surface: Surface
    viewport: Viewport
    every: int
    values: Array


@dataclass(frozen=True, eq=False)
class Mark:
    """A critical point as it is drawn: `axes` are its directions of curvature, if known, the one
    that curves down most strongly first."""

    x: float
    y: float
    kind: str
    axes: Array | None
    text: str


def draw_heat(painter: QPainter, landscape: Landscape, scale: Scale, theme: Theme) -> None:
    """The heat map; where the surface is not finite, nothing but the empty colour."""
    viewport, every, values = landscape.viewport, landscape.every, landscape.values
    pixels = np.empty(values.shape, np.uint32)
    shades = scale.shades(values)
    raster.shade(shades, 0.0, 1.0, theme.heat_table, pixel(theme.empty), pixels)
    whole = QRectF(
        0, 0, values.shape[1] * every / viewport.ratio, values.shape[0] * every / viewport.ratio
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, every > 1)
    painter.drawImage(whole, image_of(pixels))


def contour_lines(landscape: Landscape, scale: Scale, theme: Theme) -> Pixels:
    """Contour lines on an empty picture of the size of the viewport."""
    viewport, every, values = landscape.viewport, landscape.every, landscape.values
    image = np.zeros((viewport.height, viewport.width), np.uint32)
    # lines through every third pixel are as smooth as the eye can tell
    thin = max(1, round(3 * viewport.ratio) // every)
    part = np.ma.masked_invalid(scale.levels(values[::thin, ::thin]))
    if min(part.shape) < 2 or part.count() < 4:
        return image
    xs = (np.arange(part.shape[1]) * thin + 0.5) * every
    ys = (np.arange(part.shape[0]) * thin + 0.5) * every
    lines = contourpy.contour_generator(xs, ys, part, line_type=contourpy.LineType.ChunkCombinedNan)
    color = np.array([pixel(QColor(*theme.contour))], np.uint32)
    for number, level in enumerate(scale.contours(CONTOURS)):
        points = lines.lines(float(level))[0][0]
        if points is not None:
            alpha = theme.contour_alpha[number % 4 == 3] / 255
            faint = int(premultiplied(color, min(1.0, 1.15 * alpha))[0])
            x, y = np.ascontiguousarray(points.T)
            raster.polyline(image, x, y, faint, 0.5 * viewport.ratio)
    return image


def drawn_contours(
    landscape: Landscape, scale: Scale, theme: Theme
) -> Computation[tuple[Pixels, float]]:
    """The contour lines and how many seconds they took, as a computation for the background."""
    yield 0.0
    begun = time.perf_counter()
    return contour_lines(landscape, scale, theme), time.perf_counter() - begun


def draw_critical_points(
    painter: QPainter, critical: Sequence[Mark], viewport: Viewport, theme: Theme
) -> None:
    """Crosses for minima, stronger for the global ones, arrows out of saddles, triangles for
    maxima, diamonds for degenerate points; turned into the directions of the curvature."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    marks = [mark for mark in critical if _visible(mark, viewport)]
    few = len(marks) <= MANY_MARKS
    if len(marks) > TOO_MANY_MARKS:  # a mesh of them would hide the surface
        marks = [mark for mark in marks if mark.kind.endswith("minimum")]
    color = QColor(theme.mark)
    for kind, size, alpha, width in (
        ("maximum", MARK, 130 if few else 50, 1.2), ("degenerate", MARK, 150, 1.2),
        ("saddle", 1.25 * MARK if few else 0.4 * MARK, 170 if few else 70, 1.3),
        ("minimum", MARK if few else 0.6 * MARK, 180 if few else 90, 1.3),
        ("global minimum", MARK, 235, 1.7),
    ):  # fmt: skip
        color.setAlpha(alpha)
        painter.setPen(QPen(color, width * theme.zoom))
        lines: list[QLineF] = []
        for mark in marks:
            if mark.kind == kind:
                turned = mark.axes if few else None
                lines += _strokes(viewport.point(mark.x, mark.y), kind, size * theme.zoom, turned)
        if lines:  # all at once: some surfaces have thousands
            painter.drawLines(*lines)


def critical_marks(surface: Surface, found: CriticalPoints | None) -> list[Mark]:
    """The critical points of a surface with what is said of them; until they are `found`, those
    that the catalogue lists."""
    if found is None:
        best = _best(surface)
        minima = [(point, "global minimum" if point in best else "minimum")
                  for point in surface.minima]  # fmt: skip
        points = [*minima, *((point, "saddle") for point in surface.saddles)]
        return [Mark(x, y, kind, None, f"{kind} at ({x:.6g}, {y:.6g})") for (x, y), kind in points]
    lowest = min((p.loss for p in found if p.kind == "minimum"), default=math.inf)
    highest = max((p.loss for p in found), default=-math.inf)
    near = lowest + 1e-9 * max(1.0, abs(lowest), highest - lowest)
    marks = []
    for p in found:
        kind = "global minimum" if p.kind == "minimum" and p.loss <= near else p.kind
        low, high = (float(value) for value in p.eigenvalues)
        text = f"{kind} at ({p.x:.6g}, {p.y:.6g}), loss {p.loss:.6g}"
        text += f"\neigenvalues {low:.4g} and {high:.4g}" if p.smooth else "\nnot smooth here"
        axes = p.eigenvectors.T if p.smooth and np.isfinite(p.eigenvectors).all() else None
        marks.append(Mark(p.x, p.y, kind, axes, text))
    return marks


def _best(surface: Surface) -> set[tuple[float, float]]:
    """The global ones among the known minima."""
    if not surface.minima:
        return set()
    x, y = np.array(surface.minima, np.float64).T
    values = surface.value(x, y)
    low, high = float(values.min()), float(values.max())
    near = values <= low + 1e-9 * max(1.0, high - low)
    return {point for point, chosen in zip(surface.minima, near, strict=True) if chosen}


def _visible(mark: Mark, v: Viewport) -> bool:
    return v.x0 <= mark.x <= v.x1 and v.y0 <= mark.y <= v.y1


def _strokes(at: QPointF, kind: str, size: float, axes: Array | None) -> list[QLineF]:
    """The lines of a mark."""
    if kind == "maximum":
        corners = [at + QPointF(0, -size), at + QPointF(0.9 * size, 0.7 * size),
                   at + QPointF(-0.9 * size, 0.7 * size)]  # fmt: skip
        return [QLineF(a, b) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    if kind == "degenerate":
        corners = [
            at + QPointF(dx * size, dy * size) for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0))
        ]
        return [QLineF(a, b) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    if axes is None:
        diagonal = kind == "saddle"
        return cross(at, 0.64 * size if diagonal else size, diagonal)
    arms = [QPointF(x * size, -y * size) for x, y in axes.tolist()]
    if kind != "saddle":
        return [QLineF(at - arm, at + arm) for arm in arms]
    down, up = 1.5 * arms[0], 0.7 * arms[1]
    lines = [QLineF(at - down, at + down), QLineF(at - up, at + up)]
    for tip in (at + down, at - down):  # arrows: this way out
        back = (at - tip) * 0.3
        across = QPointF(-back.y(), back.x()) * 0.8
        lines += [QLineF(tip, tip + back + across), QLineF(tip, tip + back - across)]
    return lines


def cross(at: QPointF, size: float, diagonal: bool) -> list[QLineF]:
    """An x or a +."""
    x, y = at.x(), at.y()
    arms = ((size, size), (size, -size)) if diagonal else ((size, 0.0), (0.0, size))
    return [QLineF(x - dx, y - dy, x + dx, y + dy) for dx, dy in arms]


def draw_field(painter: QPainter, lines: Sequence[Array], viewport: Viewport, theme: Theme) -> None:
    """The gradient field: lines, the last point of each the one downhill."""
    color = QColor(theme.mark)
    color.setAlpha(110)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.1 * theme.zoom))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    a, b, c, d = viewport.mapping / viewport.ratio
    if not lines:
        return
    gap = np.full((1, 2), np.nan)
    joined = np.concatenate([part for line in lines for part in (line, gap)])
    x, y = a + b * joined[:, 0], c + d * joined[:, 1]
    painter.drawPath(pg.arrayToQPath(x, y, connect="finite"))


def draw_heads(painter: QPainter, lines: Sequence[Array], viewport: Viewport) -> None:
    """Small arrow heads half way along streamlines, with the pen that is set."""
    a, b, c, d = viewport.mapping / viewport.ratio
    heads = []
    for line in lines:
        k = len(line) // 2
        x, y = a + b * line[k - 1 : k + 1, 0], c + d * line[k - 1 : k + 1, 1]
        length = math.hypot(x[1] - x[0], y[1] - y[0])
        if length > 0:
            ux, uy = 4.5 * (x[1] - x[0]) / length, 4.5 * (y[1] - y[0]) / length
            for side in (0.7, -0.7):
                heads.append(QLineF(x[1], y[1], x[1] - ux - side * uy, y[1] - uy + side * ux))
    if heads:
        painter.drawLines(*heads)


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
        fade: bool = False,
    ) -> bool:  # fmt: skip
        """Draw what the time allows; False if the trails are not complete yet."""
        key = (race, viewport, theme)
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
        deadline = time.monotonic() + DRAW_SECONDS / 2
        complete = True
        for lines, opacity in zip(self._layers, (theme.casing_opacity, 1.0), strict=True):
            complete = lines.strokes.draw_to(index, deadline) and complete
            deadline += DRAW_SECONDS / 2
            painter.setOpacity(opacity)
            painter.drawImage(QPointF(0, 0), image_of(lines.image, viewport.ratio))
        return complete

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


def premultiplied(colours: Pixels, opacity: float) -> Pixels:
    """Opaque colours made translucent, as the rasterizer takes them."""
    parts = [(colours >> shift & 255) * opacity for shift in (24, 16, 8, 0)]
    alpha, red, green, blue = (part.astype(np.uint32) for part in parts)
    return (alpha << 24 | red << 16 | green << 8 | blue).astype(np.uint32)


def lane_pixels(race: Race, theme: Theme) -> Pixels:
    """The colour of every lane as the rasterizer takes it."""
    colours = [pixel(theme.racer(racer.colour)) for racer in race.experiment.running]
    return np.repeat(np.array(colours, np.uint32), len(race.experiment.starts))


def lane_colours(race: Race, theme: Theme) -> list[QColor]:
    """The colour of every lane: that of its racer."""
    starts = len(race.experiment.starts)
    colours = [theme.racer(racer.colour) for racer in race.experiment.running]
    return [color for color in colours for _ in range(starts)]
