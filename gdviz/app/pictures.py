"""The drawings themselves, without widgets: the same for the screen, for tests and for files."""

from collections.abc import Sequence
from dataclasses import dataclass

import contourpy
import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF, QRadialGradient

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
    lines = contourpy.contour_generator(xs, ys, part, line_type=contourpy.LineType.SeparateCode)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number, level in enumerate(scale.contours(CONTOURS)):
        color = QColor(*theme.contour, theme.contour_alpha[number % 4 == 3])
        painter.setPen(QPen(color, 1.0))
        for points in lines.lines(float(level))[0]:
            assert points is not None
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points.tolist()]))


def draw_critical_points(
    painter: QPainter, surface: Surface, viewport: Viewport, theme: Theme
) -> None:
    """A cross for every known minimum, an x for every known saddle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    color = QColor(theme.mark)
    crowded = len(_visible(surface.minima, viewport)) + len(_visible(surface.saddles, viewport))
    size = MARK if crowded <= MANY_MARKS else 0.6 * MARK
    best = _best(surface)
    for point in _visible(surface.saddles, viewport):
        color.setAlpha(150 if crowded <= MANY_MARKS else 70)
        painter.setPen(QPen(color, 1.2))
        _cross(painter, viewport.point(*point), 0.64 * size, diagonal=True)
    for point in _visible(surface.minima, viewport):
        great = point in best
        color.setAlpha(230 if great else 170 if crowded <= MANY_MARKS else 90)
        painter.setPen(QPen(color, 1.6 if great else 1.2))
        _cross(painter, viewport.point(*point), MARK if great else size)


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


def _cross(painter: QPainter, at: QPointF, size: float, diagonal: bool = False) -> None:
    for dx, dy in ((size, size), (size, -size)) if diagonal else ((size, 0), (0, size)):
        painter.drawLine(QPointF(at.x() - dx, at.y() - dy), QPointF(at.x() + dx, at.y() + dy))


class Trails:
    """Lines of a race up to the playhead, drawn in two layers: a casing and the colour.

    Moving forward adds only the new segments; anything else draws all of them again.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._index = -1

    def draw(
        self, painter: QPainter, race: Race, index: int, viewport: Viewport, theme: Theme
    ) -> None:
        lanes = len(race.x)
        key = (race, viewport, theme)
        if key != self._key:
            self._key, self._index = key, -1
        if self._index < 0 or index < self._index:
            shape = (viewport.height, viewport.width)
            self._casing, self._colour = np.zeros(shape, np.uint32), np.zeros(shape, np.uint32)
            self._pens = np.zeros((2, lanes, 2))
            first = np.zeros(lanes, np.int64)
        else:
            first = np.minimum(self._index + 1, race.visible).astype(np.int64)
        last = np.minimum(index, race.visible - 1).astype(np.int64)
        colours = np.array([pixel(c) for c in lane_colours(race, theme)], np.uint32)
        casing = np.full(lanes, pixel(theme.casing), np.uint32)
        for image, paint, width, pen in (
            (self._casing, casing, CASING, self._pens[0]),
            (self._colour, colours, TRAIL, self._pens[1]),
        ):
            radius = width * viewport.ratio / 2 - 0.5
            raster.trails(image, race.x, race.y, first, last, viewport.mapping, paint, radius, pen)
        self._index = index
        painter.setOpacity(theme.casing_opacity)
        painter.drawImage(QPointF(0, 0), image_of(self._casing, viewport.ratio))
        painter.setOpacity(1.0)
        painter.drawImage(QPointF(0, 0), image_of(self._colour, viewport.ratio))


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
        """A ball for every lane: with a tick where it has converged, a cross where it diverged."""
        colours = lane_colours(race, theme)
        a, b, c, d = viewport.mapping / viewport.ratio
        with np.errstate(all="ignore"):
            px, py = a + b * race.x[:, index], c + d * race.y[:, index]
        width, height = viewport.width / viewport.ratio, viewport.height / viewport.ratio
        inside = (px > -20) & (px < width + 20) & (py > -20) & (py < height + 20)
        for lane in np.flatnonzero(inside):
            trajectory = race.trajectories[lane]
            over = race.steps[index] >= trajectory.steps
            kind = trajectory.status if over else "running"
            picture = self._picture(colours[lane], kind, viewport.ratio, theme)
            middle = picture.width() / viewport.ratio / 2
            painter.drawPixmap(QPointF(px[lane] - middle, py[lane] - middle), picture)

    def _picture(self, color: QColor, kind: str, ratio: float, theme: Theme) -> QPixmap:
        key = (color.rgb(), kind, ratio, theme.name)
        if key not in self._made:
            self._made[key] = _ball(color, kind, ratio, theme)
        return self._made[key]


def _ball(color: QColor, kind: str, ratio: float, theme: Theme) -> QPixmap:
    side = 28.0
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(side / 2, side / 2)
    if kind == "diverged":
        for line_color, width in ((QColor(theme.casing), 4.6), (color, 2.4)):
            pen = QPen(line_color, width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            _cross(painter, middle, 5.5, diagonal=True)
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


def draw_starts(
    painter: QPainter, starts: Sequence[tuple[float, float]], selection: int, viewport: Viewport,
    theme: Theme,
) -> None:  # fmt: skip
    """A ring with a dot for every start; the selected one is stronger."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number, start in enumerate(starts):
        at = viewport.point(*start)
        strong = number == selection and len(starts) > 1
        for color, width in ((QColor(theme.casing), 3.6), (QColor(theme.mark), 1.6)):
            color.setAlphaF(theme.casing_opacity if width > 3 else 1.0)
            painter.setPen(QPen(color, width + (0.8 if strong else 0)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, START, START)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent if strong else theme.mark))
        painter.drawEllipse(at, 2.4, 2.4)
