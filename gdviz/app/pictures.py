"""The drawings themselves, without widgets: the same for the screen, for tests and for files."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import contourpy
import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QRadialGradient

import gdviz_core.raster as raster
from gdviz.app.canvas import Viewport, image_of
from gdviz.app.theme import Theme, pixel
from gdviz.compute import Race
from gdviz.scale import Scale
from gdviz_core import Surface
from gdviz_core.surface import Array, Points

CONTOURS = 18
TRAIL = 2.5
CASING = 5.2
BALL = 6.5
START = 8.0
MARK = 4.5
# With more critical points than this, only the global minima and the saddles of few are marked.
MANY_MARKS = 40
# With more balls or starts than this they are plain discs.
MANY_BALLS = 1500
# What one call may spend on trails; the rest follows with the next frames.
DRAW_SECONDS = 0.012

Pixels = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Landscape:
    """A surface evaluated at the centres of every `every`th pixel of a viewport."""

    surface: Surface
    viewport: Viewport
    every: int
    values: Array


def draw_landscape(painter: QPainter, landscape: Landscape, scale: Scale, theme: Theme) -> None:
    """Heat map and contour lines; where the surface is not finite, nothing but the empty colour."""
    viewport, every = landscape.viewport, landscape.every
    levels = scale.levels(landscape.values)
    pixels = np.empty(levels.shape, np.uint32)
    raster.shade(levels, scale.low, scale.high, theme.heat_table, pixel(theme.empty), pixels)
    whole = QRectF(
        0, 0, levels.shape[1] * every / viewport.ratio, levels.shape[0] * every / viewport.ratio
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, every > 1)
    painter.drawImage(whole, image_of(pixels))
    # lines through every third pixel are as smooth as the eye can tell
    thin = max(1, round(3 * viewport.ratio) // every)
    part = np.ma.masked_invalid(levels[::thin, ::thin])
    if min(part.shape) < 2 or part.count() < 4:
        return
    spacing = every / viewport.ratio
    xs = (np.arange(part.shape[1]) * thin + 0.5) * spacing
    ys = (np.arange(part.shape[0]) * thin + 0.5) * spacing
    lines = contourpy.contour_generator(xs, ys, part, line_type=contourpy.LineType.ChunkCombinedNan)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for number, level in enumerate(scale.contours(CONTOURS)):
        points = lines.lines(float(level))[0][0]
        if points is not None:
            color = QColor(*theme.contour, theme.contour_alpha[number % 4 == 3])
            painter.setPen(QPen(color, 1.0))
            painter.drawPath(pg.arrayToQPath(points[:, 0], points[:, 1], connect="finite"))


def draw_critical_points(
    painter: QPainter, surface: Surface, viewport: Viewport, theme: Theme
) -> None:
    """A cross for every known minimum, an x for every known saddle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    color = QColor(theme.mark)
    crowded = len(_visible(surface.minima, viewport)) + len(_visible(surface.saddles, viewport))
    size = MARK if crowded <= MANY_MARKS else 0.6 * MARK
    best = _best(surface)
    few = crowded <= MANY_MARKS
    saddles = _visible(surface.saddles, viewport)
    minima = [p for p in _visible(surface.minima, viewport) if p not in best]
    greatest = [p for p in _visible(surface.minima, viewport) if p in best]
    for points, reach, diagonal, alpha, width in (
        (saddles, 0.64 * size, True, 150 if few else 70, 1.2),
        (minima, size, False, 170 if few else 90, 1.2),
        (greatest, MARK, False, 230, 1.6),
    ):
        color.setAlpha(alpha)
        painter.setPen(QPen(color, width))
        lines = [line for p in points for line in _cross(viewport.point(*p), reach, diagonal)]
        if lines:  # all at once: some surfaces have thousands
            painter.drawLines(*lines)


def _best(surface: Surface) -> set[tuple[float, float]]:
    """The global ones among the known minima."""
    if not surface.minima:
        return set()
    x, y = np.array(surface.minima, np.float64).T
    values = surface.value(x, y)
    low, high = float(values.min()), float(values.max())
    near = values <= low + 1e-9 * max(1.0, high - low)
    return {point for point, chosen in zip(surface.minima, near, strict=True) if chosen}


def _visible(points: Points, v: Viewport) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points if v.x0 <= x <= v.x1 and v.y0 <= y <= v.y1]


def _cross(at: QPointF, size: float, diagonal: bool) -> list[QLineF]:
    x, y = at.x(), at.y()
    arms = ((size, size), (size, -size)) if diagonal else ((size, 0.0), (0.0, size))
    return [QLineF(x - dx, y - dy, x + dx, y + dy) for dx, dy in arms]


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
        self, painter: QPainter, race: Race, index: int, viewport: Viewport, theme: Theme
    ) -> bool:
        """Draw what the time allows; False if the trails are not complete yet."""
        key = (race, viewport, theme)
        if key != self._key or any(layer.strokes.reached > index for layer in self._layers):
            self._key = key
            colours = lane_pixels(race, theme)
            casing = np.full(len(colours), pixel(theme.casing), np.uint32)
            self._layers = [
                Lines(
                    race.x, race.y, race.visible, viewport, paint, width * viewport.ratio / 2 - 0.5
                )
                for paint, width in ((casing, CASING), (colours, TRAIL))
            ]
        deadline = time.monotonic() + DRAW_SECONDS / 2
        complete = True
        for lines, opacity in zip(self._layers, (theme.casing_opacity, 1.0), strict=True):
            complete = lines.strokes.draw_to(index, deadline) and complete
            deadline += DRAW_SECONDS / 2
            painter.setOpacity(opacity)
            painter.drawImage(QPointF(0, 0), image_of(lines.image, viewport.ratio))
        return complete


def lane_pixels(race: Race, theme: Theme) -> Pixels:
    """The colour of every lane as the rasterizer takes it."""
    colours = [pixel(theme.racer(racer.colour)) for racer in race.experiment.running]
    return np.repeat(np.array(colours, np.uint32), len(race.experiment.starts))


def lane_colours(race: Race, theme: Theme) -> list[QColor]:
    """The colour of every lane: that of its racer."""
    starts = len(race.experiment.starts)
    return [theme.racer(r.colour) for r in race.experiment.running for _ in range(starts)]


class Balls:
    """Ready-made pictures of the balls, one for each colour, pixel ratio and kind."""

    def __init__(self) -> None:
        self._made: dict[object, QPixmap] = {}

    def draw(
        self, painter: QPainter, race: Race, index: int, viewport: Viewport, theme: Theme
    ) -> None:
        """A ball for every lane.

        With a tick where it has converged, hollow where it left the domain; a cross where it
        diverged.
        """
        px, py, inside = viewport.points(race.x[:, index], race.y[:, index])
        over = race.ends <= race.steps[index]
        far = over & ~inside
        if far.any():  # a run that diverged out of sight is marked at the edge
            width, height = viewport.width / viewport.ratio, viewport.height / viewport.ratio
            for lane in np.flatnonzero(far).tolist():
                inside[lane] = race.trajectories[lane].status == "diverged"
            px, py = np.clip(px, 12, width - 12), np.clip(py, 12, height - 12)
        self.draw_at(painter, race, index, px, py, np.where(inside, 1.0, 0.0),
                     (viewport.height, viewport.width), viewport.ratio, theme)  # fmt: skip

    def draw_at(
        self, painter: QPainter, race: Race, index: int, px: Array, py: Array, opacity: Array,
        shape: tuple[int, int], ratio: float, theme: Theme,
    ) -> None:  # fmt: skip
        """Balls at logical pixels, each with its opacity, on a picture of `shape` pixels."""
        if np.count_nonzero(opacity) > MANY_BALLS:
            clear = opacity == 1.0
            self._draw_discs(painter, px[clear], py[clear], lane_pixels(race, theme)[clear],
                             shape, ratio)  # fmt: skip
            return
        colours = lane_colours(race, theme)
        over = race.ends <= race.steps[index]
        for lane in np.argsort(opacity, kind="stable").tolist():
            if not opacity[lane] > 0:
                continue
            kind = race.trajectories[lane].status if over[lane] else "running"
            picture = self._picture(colours[lane], kind, ratio, theme)
            middle = picture.width() / ratio / 2
            painter.setOpacity(float(opacity[lane]))
            painter.drawPixmap(QPointF(px[lane] - middle, py[lane] - middle), picture)
        painter.setOpacity(1.0)

    @staticmethod
    def _draw_discs(
        painter: QPainter, x: Array, y: Array, colours: Pixels, shape: tuple[int, int], ratio: float
    ) -> None:
        image = np.zeros(shape, np.uint32)
        white = np.full(len(x), 0xFFFFFFFF, np.uint32)
        for paint, radius in ((white, 3.4), (colours, 2.6)):
            raster.discs(image, x * ratio, y * ratio, paint, radius * ratio)
        painter.drawImage(QPointF(0, 0), image_of(image, ratio))

    def _picture(self, color: QColor, kind: str, ratio: float, theme: Theme) -> QPixmap:
        key = (color.rgb(), kind, ratio, theme.name)
        if key not in self._made:
            self._made[key] = _ball(color, kind, ratio, theme)
        return self._made[key]


def _blank(side: float, ratio: float) -> tuple[QPixmap, QPainter, QPointF]:
    """A transparent square picture, a painter on it, and its middle."""
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return picture, painter, QPointF(side / 2, side / 2)


def _ball(color: QColor, kind: str, ratio: float, theme: Theme) -> QPixmap:
    picture, painter, middle = _blank(28.0, ratio)
    if kind == "diverged":
        for line_color, width in ((QColor(theme.casing), 4.6), (color, 2.4)):
            pen = QPen(line_color, width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLines(*_cross(middle, 5.5, diagonal=True))
        painter.end()
        return picture
    below = middle + QPointF(0, 2)
    shadow = QRadialGradient(below, 12)
    shadow.setColorAt(0, QColor(0, 0, 0, 130))
    shadow.setColorAt(1, QColor(0, 0, 0, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shadow)
    painter.drawEllipse(below, 11.5, 11.5)
    body = QRadialGradient(middle + QPointF(-2.2, -2.6), 9)
    body.setColorAt(0, color.lighter(150))
    body.setColorAt(0.55, color)
    body.setColorAt(1, color.darker(125))
    painter.setBrush(body)
    painter.setPen(QPen(QColor("white"), 1.4))
    painter.drawEllipse(middle, BALL, BALL)
    if kind == "left the domain":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.card))
        painter.drawEllipse(middle, 0.5 * BALL, 0.5 * BALL)
    if kind == "converged":
        tick = QPainterPath(middle + QPointF(-2.9, 0.1))
        tick.lineTo(middle + QPointF(-0.8, 2.3))
        tick.lineTo(middle + QPointF(3.0, -2.1))
        pen = QPen(QColor("#10141c") if color.lightnessF() > 0.5 else QColor("white"), 1.7)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(tick)
    painter.end()
    return picture


class Starts:
    """Rings for the start points; the selected one is stronger."""

    def __init__(self) -> None:
        self._made: dict[object, QPixmap] = {}

    def draw(
        self,
        painter: QPainter,
        starts: Sequence[tuple[float, float]],
        selection: int,
        viewport: Viewport,
        theme: Theme,
    ) -> None:
        if starts:
            px, py, inside = viewport.points(*np.array(starts, np.float64).T)
            opacity = np.where(inside, 1.0, 0.0)
            self.draw_at(painter, px, py, opacity, selection, viewport.ratio, theme)

    def draw_at(
        self, painter: QPainter, px: Array, py: Array, opacity: Array, selection: int, ratio: float,
        theme: Theme,
    ) -> None:  # fmt: skip
        """Rings at logical pixels, each with its opacity."""
        for number in np.flatnonzero(opacity).tolist():
            strong = number == selection and len(px) > 1
            picture = self._ring(strong, len(px) > MANY_MARKS, ratio, theme)
            middle = picture.width() / ratio / 2
            painter.setOpacity(float(opacity[number]))
            painter.drawPixmap(QPointF(px[number] - middle, py[number] - middle), picture)
        painter.setOpacity(1.0)

    def _ring(self, strong: bool, small: bool, ratio: float, theme: Theme) -> QPixmap:
        key = (strong, small, ratio, theme.name)
        if key not in self._made:
            self._made[key] = _ring(strong, START * (0.5 if small else 1.0), ratio, theme)
        return self._made[key]


def _ring(strong: bool, radius: float, ratio: float, theme: Theme) -> QPixmap:
    picture, painter, middle = _blank(24.0, ratio)
    casing = QColor(theme.casing)
    casing.setAlphaF(theme.casing_opacity)
    for color, width in ((casing, 3.6), (QColor(theme.mark), 1.6)):
        painter.setPen(QPen(color, width + (0.8 if strong else 0)))
        painter.drawEllipse(middle, radius, radius)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.accent if strong else theme.mark))
    painter.drawEllipse(middle, 0.3 * radius, 0.3 * radius)
    painter.end()
    return picture
