"""The surface in three dimensions: heights, light and perspective; drawn without widgets."""

import math
from collections import deque
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import contourpy
import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QColor

import gdviz_core.raster as raster
from gdviz.app.pictures import CONTOURS
from gdviz.app.theme import Theme, pixel
from gdviz.app.trails import Pixels
from gdviz.compute import Computation, detailed, finish
from gdviz.display import Camera
from gdviz.field import arrows
from gdviz.scale import Scale, stretch
from gdviz_core import Surface
from gdviz_core.surface import Array

QUICK = 0.1  # seconds; on a larger table the surface is interpolated
CELLS = 176  # of the grid along the longer side of the domain
TALL = 0.62  # height of the relief, in half lengths of the domain's longer side
FLOOR = -0.34  # where the plane below lies
DISTANCE = 6.5  # of the eye: a mild perspective
# By which share of its distance a line may lie behind the surface and still be seen.
LIFT = 0.006
GHOST = 0.28  # opacity of what is hidden
FIELD = 11  # arrows along the longer side
# A surface larger than this is not drawn at twice its size, and contour lines of more points than
# this only from the background.
MOST_PIXELS, MANY_POINTS = 700_000, 30_000
LIGHT = np.array([-0.45, -0.35, 0.82]) / math.hypot(0.45, 0.35, 0.82)


@dataclass(frozen=True, eq=False)
class Relief:
    """A surface over a grid of its domain, and how losses become heights from 0 to 1."""

    surface: Surface
    kind: str
    scale: Scale
    x: Array
    y: Array
    loss: Array  # (y, x)
    height: Array
    ordered: Array  # a sample of the losses, sorted, for heights by rank

    @classmethod
    def of(cls, surface: Surface, kind: str) -> "Relief":
        """`kind` is "log", "linear" or "rank"."""
        x0, x1, y0, y1 = surface.domain
        along_x, along_y = _units(surface)
        x = np.linspace(x0, x1, max(16, round(CELLS * (x1 - x0) * along_x / 2)))
        y = np.linspace(y0, y1, max(16, round(CELLS * (y1 - y0) * along_y / 2)))
        loss = finish(detailed(surface, x, y, QUICK))
        finite = np.sort(np.clip(loss[np.isfinite(loss)], -1e300, 1e300))
        scale = Scale.of(loss)
        made = cls(surface, kind, scale, x, y, loss, loss, finite[:: max(1, len(finite) // 2048)])
        return replace(made, height=made.heights(loss))

    def heights(self, loss: Array) -> Array:
        """Losses as heights; what is above the highest of the domain stays a little above."""
        with np.errstate(all="ignore"):
            if self.kind == "rank" and len(self.ordered) > 1:
                shares = np.linspace(0.0, 1.0, len(self.ordered))
                found = np.interp(loss, self.ordered, shares)
                return np.where(np.isfinite(loss), found, np.nan)
            low, high = self.scale.loss(self.scale.low), self.scale.loss(self.scale.high)
            if self.kind == "linear" or not self.scale.unit:
                found = (loss - low) / (high - low) if high > low else np.zeros_like(loss)
            else:
                found = self.scale.levels(loss) / self.scale.high
            return np.where(np.isfinite(loss), np.clip(found, -0.05, 1.15), np.nan)

    def matrix(self, camera: Camera, width: int, height: int) -> Array:
        """What takes (x, y, height, 1) to (pixel x * w, pixel y * w, w)."""
        x0, x1, y0, y1 = self.surface.domain
        along_x, along_y = _units(self.surface)
        place = np.diag([along_x, along_y, TALL, 1.0])
        place[:3, 3] = (-along_x * (x0 + x1) / 2, -along_y * (y0 + y1) / 2, -0.22 * TALL)
        a, e = math.radians(camera.azimuth), math.radians(camera.elevation)
        right = np.array([-math.sin(a), math.cos(a), 0.0])
        back = np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
        up = np.cross(back, right)
        turn = np.eye(4)
        turn[:3, :3] = right, up, back
        half_x, half_y = along_x * (x1 - x0) / 2, along_y * (y1 - y0) / 2
        reach = math.hypot(half_x, half_y)
        tall = reach * math.sin(abs(e)) + 0.5 * TALL * math.cos(e)
        zoom = camera.zoom * min(width / (2.0 * reach), height / (2.0 * max(tall, 0.4))) * 0.92
        px, py = width * (0.5 + camera.right), height * (0.5 - camera.up)
        look = np.array([
            [zoom * DISTANCE, 0.0, -px, px * DISTANCE],
            [0.0, -zoom * DISTANCE, -py, py * DISTANCE],
            [0.0, 0.0, -1.0, DISTANCE],
        ])  # fmt: skip
        return np.ascontiguousarray(look @ turn @ place)

    def normals(self) -> Array:
        """Unit vectors across the surface, (y, x, 3), in the proportions it is drawn in."""
        along_x, along_y = _units(self.surface)
        filled = np.where(np.isfinite(self.height), self.height, 0.0) * TALL
        dy, dx = np.gradient(filled, self.y * along_y, self.x * along_x)
        across = np.stack([-dx, -dy, np.ones_like(dx)], axis=-1)
        return across / np.linalg.norm(across, axis=-1, keepdims=True)


def _units(surface: Surface) -> tuple[float, float]:
    """How long a unit of x and one of y are drawn; the longer side of the domain is 2 long."""
    x0, x1, y0, y1 = surface.domain
    share = stretch(surface.domain)
    unit = 2.0 / max(x1 - x0, (y1 - y0) / share)
    return unit, unit / share


@lru_cache(maxsize=4)
def relief_of(surface: Surface, kind: str) -> Relief:
    return Relief.of(surface, kind)


@lru_cache(maxsize=4)
def _colours(surface: Surface, kind: str, theme: Theme) -> NDArray[np.uint8]:
    """Heat map under a light, (y, x, 3)."""
    relief = relief_of(surface, kind)
    shades = relief.scale.shades(relief.loss)
    pixels = np.empty(shades.shape, np.uint32)
    raster.shade(shades, 0.0, 1.0, theme.heat_table, pixel(theme.empty), pixels)
    parts = np.stack([(pixels >> shift) & 255 for shift in (16, 8, 0)], axis=-1).astype(float)
    normals = relief.normals()
    diffuse = np.clip(normals @ LIGHT, 0.0, 1.0)
    low, gain = (0.62, 0.62) if theme.name == "dark" else (0.66, 0.36)
    lit = parts * (low + gain * diffuse)[..., None]
    if theme.name == "dark":
        lit += 34.0 * np.clip(diffuse, 0, 1)[..., None] ** 3
    return np.ascontiguousarray(np.clip(lit, 0, 255).astype(np.uint8))


@dataclass(eq=False)
class Scene:
    """A drawn surface: its pixels, its depths, and what took points to pixels."""

    relief: Relief
    matrix: Array
    pixels: Pixels
    depth: NDArray[np.float32]
    fine: bool = True

    def project(self, x: Array, y: Array, height: Array) -> tuple[Array, Array, Array]:
        """Pixel x, pixel y and whether a point is seen (1) or hidden (0)."""
        m = self.matrix
        points = np.stack([x, y, height, np.ones_like(x)])
        with np.errstate(all="ignore"):
            a, b, w = m @ points
            px, py = a / w, b / w
        rows, columns = self.depth.shape
        inside = (px >= 0) & (px < columns) & (py >= 0) & (py < rows) & (w > 0)
        seen = np.ones_like(px)
        ix, iy = px[inside].astype(int), py[inside].astype(int)
        seen[inside] = (1.0 + 3 * LIFT) / w[inside] >= self.depth[iy, ix]
        return px, py, seen

    def unproject(self, px: float, py: float) -> tuple[float, float] | None:
        """The point of the plane whose surface is seen at a pixel; None beside the surface."""
        rows, columns = self.depth.shape
        if not (0 <= px < columns and 0 <= py < rows):
            return None
        near = float(self.depth[int(py), int(px)])
        if near <= 0:
            return None
        w = 1.0 / near
        whole = np.vstack([self.matrix, [0.0, 0.0, 0.0, 1.0]])
        x, y, _, _ = np.linalg.solve(whole, [px * w, py * w, w, 1.0])
        x0, x1, y0, y1 = self.relief.surface.domain
        return min(max(float(x), x0), x1), min(max(float(y), y0), y1)


def draw_scene(
    surface: Surface,
    kind: str,
    camera: Camera,
    floor: bool,
    slopes: bool,
    size: tuple[int, int],
    ratio: float,
    theme: Theme,
    fine: bool = True,
) -> Scene:
    """The surface with contour lines, and arrows of descent below and on it, `size` pixels large.

    `fine` draws at twice the size and takes means, where that shows; without it contour lines
    that take long are left out.
    """
    width, height = size
    twice = fine and ratio < 2 and width * height < MOST_PIXELS
    relief = relief_of(surface, kind)
    factor = 2 if twice else 1
    shape = (height * factor, width * factor)
    pixels = np.zeros(shape, np.uint32)
    depth = np.zeros(shape, np.float32)
    matrix = relief.matrix(camera, shape[1], shape[0])
    room = np.empty((*relief.loss.shape, 3))
    raster.mesh(pixels, depth, relief.x, relief.y, relief.height, _colours(surface, kind, theme),
                matrix, room)  # fmt: skip
    pen = 0.5 * ratio * factor
    contour = pixel(QColor(*theme.contour))
    layer = np.zeros(shape, np.uint32)
    ready = fine or (surface, kind) in _ready
    lines = _contours(surface, kind) if ready else NO_LINES
    if fine or lines[0].size < MANY_POINTS:
        _draw_lines(layer, None, depth, *lines, matrix, contour, pen)
    raster.blend(
        pixels, layer, (theme.contour_alpha[1] + (60 if theme.name == "dark" else 0)) / 255
    )
    if floor:
        layer = np.zeros(shape, np.uint32)
        lines = _floor_lines(surface, kind) if ready else NO_LINES
        if fine or lines[0].size < MANY_POINTS:
            _draw_lines(layer, None, depth, *lines, matrix, contour, pen)
        raster.blend(pixels, layer, theme.contour_alpha[1] / 255)
        layer = np.zeros(shape, np.uint32)
        _draw_lines(layer, None, depth, *_arrows(surface, kind, False), matrix,
                    pixel(theme.text2), 1.2 * pen)  # fmt: skip
        raster.blend(pixels, layer, 0.9)
    if slopes:
        layer = np.zeros(shape, np.uint32)
        _draw_lines(layer, None, depth, *_arrows(surface, kind, True), matrix,
                    pixel(theme.mark), 1.4 * pen)  # fmt: skip
        raster.blend(pixels, layer, 0.85)
    if fine:
        _ready.append((surface, kind))
    if twice:
        small = np.empty((height, width), np.uint32)
        small_depth = np.empty((height, width), np.float32)
        raster.halve(pixels, depth, small, small_depth)
        pixels, depth = small, small_depth
        matrix = np.diag([0.5, 0.5, 1.0]) @ matrix
    return Scene(relief, np.ascontiguousarray(matrix), pixels, depth, fine)


def finely(*scene: Any) -> Computation[Scene]:
    """Draw a scene finely, as a computation for the background."""
    yield 0.0
    return draw_scene(*scene)


Lines = tuple[Array, Array, Array]  # x, y, height (1, points), parts parted by NaN


NO_LINES: Lines = (np.empty((1, 0)),) * 3
# Of which surfaces the contour lines are known, so that a quick drawing may have them.
_ready: deque[tuple[Surface, str]] = deque(maxlen=2)


def _draw_lines(
    seen: Pixels, hidden: Pixels | None, depth: NDArray[np.float32], x: Array, y: Array, h: Array,
    matrix: Array, colour: int, radius: float,
) -> None:  # fmt: skip
    if not x.size:
        return
    raster.strands(
        seen, hidden, depth, x, y, h, np.zeros(1, np.int64), np.array([x.shape[1] - 1]), matrix,
        np.array([colour], np.uint32), radius, LIFT / 2, np.empty((1, 3)),
    )  # fmt: skip


@lru_cache(maxsize=2)  # of a rough surface they take tens of megabytes
def _level_lines(surface: Surface, kind: str) -> list[tuple[float, Array]]:
    relief = relief_of(surface, kind)
    levels = np.ma.masked_invalid(relief.scale.levels(relief.loss))
    if levels.count() < 4:
        return []
    made = contourpy.contour_generator(
        relief.x, relief.y, levels, line_type=contourpy.LineType.ChunkCombinedNan
    )
    found = []
    for level in relief.scale.contours(CONTOURS).tolist():
        points = made.lines(level)[0][0]
        if points is not None:
            found.append((relief.scale.loss(level), points))
    return found


@lru_cache(maxsize=2)  # of a rough surface they take tens of megabytes
def _contours(surface: Surface, kind: str) -> Lines:
    """Contour lines lying on the surface."""
    relief = relief_of(surface, kind)
    return _joined([
        (points, np.full(len(points), float(relief.heights(np.array([loss]))[0])))
        for loss, points in _level_lines(surface, kind)
    ])  # fmt: skip


@lru_cache(maxsize=2)  # of a rough surface they take tens of megabytes
def _floor_lines(surface: Surface, kind: str) -> Lines:
    """Contour lines in the plane below, and its edge."""
    x0, x1, y0, y1 = surface.domain
    edge = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])
    lines = [points for _, points in _level_lines(surface, kind)]
    return _joined([(points, np.full(len(points), FLOOR)) for points in (*lines, edge)])


@lru_cache(maxsize=4)
def _arrows(surface: Surface, kind: str, on_surface: bool) -> Lines:
    """Arrows of steepest descent over the domain, in the plane below or lying on the surface."""
    relief = relief_of(surface, kind)
    lines = arrows(surface, surface.domain, FIELD)
    if not lines:
        return _joined([])
    if not on_surface:
        return _joined([(line, np.full(len(line), FLOOR)) for line in lines])
    every = np.concatenate(lines)
    heights = relief.heights(surface.value(every[:, 0], every[:, 1]))
    cuts = np.cumsum([len(line) for line in lines])[:-1]
    return _joined(list(zip(lines, np.split(heights, cuts), strict=True)))


def _joined(parts: list[tuple[Array, Array]]) -> Lines:
    if not parts:
        return NO_LINES
    gap = np.full((1, 1), np.nan)
    x, y, h = [], [], []
    for points, height in parts:
        x += [points[None, :, 0], gap]
        y += [points[None, :, 1], gap]
        h += [height[None], gap]
    x_all, y_all, h_all = (np.concatenate(parts_, axis=1) for parts_ in (x, y, h))
    return x_all, y_all, h_all
