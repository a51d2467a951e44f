"""The drawings themselves, without widgets: the same for the screen, for tests and for files."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import contourpy
import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

import gdviz_core.raster as raster
from gdviz.app.canvas import Viewport, image_of
from gdviz.app.theme import Theme, pixel
from gdviz.app.trails import Pixels, draw_polyline, is_vector, premultiplied
from gdviz.compute import Computation
from gdviz.scale import Scale
from gdviz_core import CriticalPoints, Surface
from gdviz_core.surface import Array

CONTOURS = 18
MARK = 4.5
FIELD_ALPHA = 110
MANY_PIXELS = 200_000
# With more critical points than this, only the global minima and the saddles of few are marked.
MANY_MARKS = 40
# With more than this only minima are.
TOO_MANY_MARKS = 500


@dataclass(frozen=True, eq=False)
class Landscape:
    """A surface evaluated at the centres of every `every`th pixel of a viewport."""

    surface: Surface
    viewport: Viewport
    every: int
    values: Array

    @cached_property
    def scale(self) -> Scale:
        """Which loss has which colour."""
        thin = 4 if self.values.size > MANY_PIXELS else 1  # enough of them tell
        return Scale.of(self.values[::thin, ::thin])

    @cached_property
    def shades(self) -> NDArray[np.float32]:
        """The values as shares of the scale; kept, because another theme needs them again."""
        return self.scale.shades(self.values)


@dataclass(frozen=True, eq=False)
class Mark:
    """A critical point as it is drawn: `axes` are its directions of curvature, if known, the one
    that curves down most strongly first."""

    x: float
    y: float
    kind: str
    axes: Array | None
    text: str


def draw_heat(painter: QPainter, landscape: Landscape, theme: Theme) -> None:
    """The heat map; where the surface is not finite, nothing but the empty colour."""
    viewport, every, values = landscape.viewport, landscape.every, landscape.values
    pixels = np.empty(values.shape, np.uint32)
    raster.shade(landscape.shades, 0.0, 1.0, theme.heat_table, pixel(theme.empty), pixels)
    whole = QRectF(
        0, 0, values.shape[1] * every / viewport.ratio, values.shape[0] * every / viewport.ratio
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, every > 1)
    painter.drawImage(whole, image_of(pixels))


def _contours(landscape: Landscape, scale: Scale, theme: Theme) -> Iterator[tuple[Array, float]]:
    """Contour lines in pixels, parted by NaN, with the opacity of each level."""
    viewport, every, values = landscape.viewport, landscape.every, landscape.values
    # lines through every third pixel are as smooth as the eye can tell
    thin = max(1, round(3 * viewport.ratio) // every)
    part = np.ma.masked_invalid(scale.levels(values[::thin, ::thin]))
    if min(part.shape) < 2 or part.count() < 4:
        return
    xs = (np.arange(part.shape[1]) * thin + 0.5) * every
    ys = (np.arange(part.shape[0]) * thin + 0.5) * every
    lines = contourpy.contour_generator(xs, ys, part, line_type=contourpy.LineType.ChunkCombinedNan)
    for number, level in enumerate(scale.contours(CONTOURS)):
        points = lines.lines(float(level))[0][0]
        if points is not None:
            yield np.ascontiguousarray(points.T), theme.contour_alpha[number % 4 == 3] / 255


def contour_lines(landscape: Landscape, scale: Scale, theme: Theme) -> Pixels:
    """Contour lines on an empty picture of the size of the viewport."""
    viewport = landscape.viewport
    image = np.zeros((viewport.height, viewport.width), np.uint32)
    color = np.array([pixel(QColor(*theme.contour))], np.uint32)
    for (x, y), alpha in _contours(landscape, scale, theme):
        faint = int(premultiplied(color, min(1.0, 1.15 * alpha))[0])
        raster.polyline(image, x, y, faint, 0.5 * viewport.ratio)
    return image


def draw_contours(painter: QPainter, landscape: Landscape, scale: Scale, theme: Theme) -> None:
    """Contour lines as lines."""
    ratio = landscape.viewport.ratio
    for (x, y), alpha in _contours(landscape, scale, theme):
        color = QColor(*theme.contour)
        color.setAlphaF(min(1.0, 1.15 * alpha))
        draw_polyline(painter, x / ratio, y / ratio, QPen(color, 1.0))


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


def draw_field(
    painter: QPainter, lines: Sequence[Array], heads: bool, viewport: Viewport, theme: Theme
) -> None:
    """The gradient field: lines, the last point of each the one downhill.

    With `heads` they have small arrow heads half way, as streamlines do.
    """
    if not lines:
        return
    a, b, c, d = viewport.mapping
    gap = np.full((1, 2), np.nan)
    joined = np.concatenate([part for line in lines for part in (line, gap)])
    x, y = a + b * joined[:, 0], c + d * joined[:, 1]
    if heads:
        ends = _heads(lines, viewport)
        x, y = np.append(x, ends[:, 0]), np.append(y, ends[:, 1])
    color, width = QColor(theme.mark), 1.1 * theme.zoom
    if is_vector(painter):
        color.setAlpha(FIELD_ALPHA)
        draw_polyline(painter, x / viewport.ratio, y / viewport.ratio, QPen(color, width))
        return
    # our own rasterizer: Qt takes a third of a second for a large window full of streamlines
    image = np.zeros((viewport.height, viewport.width), np.uint32)
    faint = premultiplied(np.array([pixel(color)], np.uint32), FIELD_ALPHA / 255)
    raster.polyline(image, x, y, int(faint[0]), width * viewport.ratio / 2)
    painter.drawImage(QPointF(0, 0), image_of(image, viewport.ratio))


def _heads(lines: Sequence[Array], viewport: Viewport) -> Array:
    """Small arrow heads half way along streamlines, in pixels, parted by NaN."""
    a, b, c, d = viewport.mapping
    size = 4.5 * viewport.ratio
    middle = np.array([len(line) // 2 for line in lines])
    tip = np.array([line[k] for line, k in zip(lines, middle, strict=True)])
    tail = np.array([line[k - 1] for line, k in zip(lines, middle, strict=True)])
    ends, begins = (np.stack([a + b * p[:, 0], c + d * p[:, 1]], axis=1) for p in (tip, tail))
    along = ends - begins
    length = np.hypot(*along.T)[:, None]
    with np.errstate(all="ignore"):
        along = size * along / length
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    nothing = np.full_like(ends, np.nan)
    sides = [ends - along + 0.7 * across, ends, ends - along - 0.7 * across, nothing]
    return np.stack(sides, axis=1).reshape(-1, 2)
