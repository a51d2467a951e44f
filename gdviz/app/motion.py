"""Energies and motion, painted: stacked against time, in phase space, and at the ball."""

from __future__ import annotations

import math
from dataclasses import dataclass

import contourpy
import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from gdviz.app.canvas import Viewport, image_of, painted
from gdviz.app.internals import rimmed
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme, font, pixel
from gdviz.app.trails import Pixels, is_vector, premultiplied, stroke, stroked
from gdviz.scale import short
from gdviz_core import Surface
from gdviz_core.mechanics import Energy
from gdviz_core.surface import Array

COLUMNS = 500  # points of a curve that are drawn
REST = 0.002  # of the first energy: what has no more is taken to rest
FAR = 20.0  # how many times the first energy the chart shows at most
CELLS = 140  # of the grid on which the level of the energy is looked for
# Colours among those of the racers, told apart by anyone.
PARTS = {"potential": 0, "kinetic": 1, "dissipated": 8}
BAR, TALL = 7.0, 46.0  # of the bars at the ball
TURNS = 400  # that are marked
FILLED = 0.59  # opacity of an energy
HUGE = 1e100  # beyond it no axis goes


@dataclass(frozen=True, eq=False)
class Chart:
    """What a chart of motion shows: lines over a horizontal axis, and the range of both axes.

    `layers` are stacked from below: a name and the upper edge. `line` is drawn on its own.
    """

    kind: str
    x: Array
    layers: dict[str, Array]
    line: Array | None
    bounds: tuple[float, float, float, float]
    titles: tuple[str, str]

    @classmethod
    def of(cls, energy: Energy, kind: str, x: Array, y: Array) -> Chart:
        """The chart of a run at x, y: "energy", or the phase portrait along "x", "y" or "path"."""
        if kind == "energy":
            return cls._stacked(energy)
        if kind == "path":
            step = np.hypot(np.diff(x), np.diff(y))
            across = np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(step), step, 0.0))])
            line, titles = energy.speed, ("way", "speed")
        else:
            across, line = (x, energy.vx) if kind == "x" else (y, energy.vy)
            titles = (kind, f"velocity along {kind}")
        low, high = _range(line)
        return cls(kind, across, {}, line, (*_range(across), low, high), titles)

    @classmethod
    def _stacked(cls, energy: Energy) -> Chart:
        with np.errstate(all="ignore"):
            edges = {
                "potential": energy.potential,
                "kinetic": energy.total,
                "dissipated": energy.total + energy.dissipated,
            }
            top = np.nanmax(np.where(np.isfinite(edges["dissipated"]), edges["dissipated"], 0.0))
        first = energy.initial if math.isfinite(energy.initial) and energy.initial > 0 else 1.0
        high = min(max(float(top), first), FAR * first, HUGE)
        end = cls._end(energy, first) or 1.0
        bounds = (-0.02 * end, 1.02 * end, 0.0, 1.08 * high)
        return cls("energy", energy.time, edges, None, bounds, ("time", "energy"))

    @staticmethod
    def _end(energy: Energy, first: float) -> float:
        """The time that is shown: not much of the rest that follows when all energy is gone."""
        moving = np.flatnonzero(energy.total > REST * first)
        last = float(energy.time[-1])
        return min(last, 1.5 * float(energy.time[moving[-1]])) if moving.size else last


def _range(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = (float(v) for v in np.clip((finite.min(), finite.max()), -HUGE, HUGE))
    room = 0.07 * (high - low) or 1.0
    return low - room, high + room


def _chosen(count: int) -> NDArray[np.int64]:
    """The records that are drawn of so many."""
    return np.unique(np.linspace(0, count - 1, min(count, COLUMNS)).astype(np.int64))


def draw_chart(
    painter: QPainter, viewport: Viewport, chart: Chart, energy: Energy, index: int, color: QColor,
    theme: Theme,
) -> None:  # fmt: skip
    """The chart with the playhead at a record."""
    a, b, c, d = viewport.mapping / viewport.ratio
    few = _chosen(len(chart.x))
    x = np.clip(a + b * chart.x[few], -1e5, 1e5)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if chart.line is not None:
        y = np.clip(c + d * chart.line, -1e5, 1e5)
        zero = viewport.point(0.0, 0.0)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(0, zero.y()), QPointF(viewport.width / viewport.ratio, zero.y()))
        faint = QColor(color)
        faint.setAlpha(90)
        stroke(painter, viewport, x, y[few], (faint, 1.4 * theme.zoom))
        done = few <= index
        stroke(painter, viewport, x[done], y[few][done], (color, 2.0 * theme.zoom))
        painter.setPen(QPen(QColor("white"), 1.3))
        painter.setBrush(color)
        at = viewport.point(float(chart.x[index]), float(chart.line[index]))
        if math.isfinite(at.x() + at.y()):
            painter.drawEllipse(at, 5 * theme.zoom, 5 * theme.zoom)
        return
    edges = [np.clip(c + d * np.where(np.isfinite(edge[few]), edge[few], 0.0), -1e5, 1e5)
             for edge in chart.layers.values()]  # fmt: skip
    inks = [theme.racer(PARTS[name]) for name in chart.layers]
    _fill(painter, viewport, x, edges, inks)
    for ink, y in zip(inks, edges, strict=True):
        stroke(painter, viewport, x, y, (ink, 1.6 * theme.zoom))
    painter.setPen(QPen(QColor(theme.text), 1.0, Qt.PenStyle.DashLine))
    level = viewport.point(0.0, energy.initial).y()
    painter.drawLine(QPointF(0, level), QPointF(viewport.width / viewport.ratio, level))
    painter.setPen(QPen(QColor(theme.text2), 1.0, Qt.PenStyle.DashLine))
    here = min(viewport.point(float(chart.x[index]), 0.0).x(), viewport.width / viewport.ratio - 1)
    painter.drawLine(QPointF(here, 0), QPointF(here, viewport.height / viewport.ratio))


def _fill(
    painter: QPainter, viewport: Viewport, x: Array, edges: list[Array], inks: list[QColor]
) -> None:  # fmt: skip
    """Colour what lies between edges that are stacked from below."""
    high = viewport.height / viewport.ratio
    if is_vector(painter):
        below = np.full(len(x), high)
        for y, ink in zip(edges, inks, strict=True):
            ring = np.concatenate([np.stack([x, y], 1), np.stack([x, below], 1)[::-1]])
            ink = QColor(ink)
            ink.setAlphaF(FILLED)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawPolygon(QPolygonF([QPointF(*point) for point in ring.tolist()]))
            below = y
        return
    # column by column: Qt takes a tenth of a second for polygons that zigzag
    columns = (np.arange(viewport.width) + 0.5) / viewport.ratio
    rows = ((np.arange(viewport.height) + 0.5) / viewport.ratio)[:, None]
    image = np.zeros((viewport.height, viewport.width), np.uint32)
    below = np.full(viewport.width, np.inf)
    for y, ink in zip(edges, inks, strict=True):
        top = np.interp(columns, x, y, left=np.inf, right=np.inf)
        (colour,) = premultiplied(np.array([pixel(ink)], np.uint32), FILLED)
        image[(rows >= top) & (rows < below)] = colour
        below = np.minimum(top, below)
    painter.drawImage(QPointF(0, 0), image_of(image, viewport.ratio))


def draw_bars(
    painter: QPainter, at: QPointF, energy: Energy, index: int, theme: Theme
) -> None:  # fmt: skip
    """Potential, kinetic and dissipated energy beside the ball, as shares of all there was."""
    whole = energy.initial
    parts = {"potential": energy.potential, "kinetic": energy.kinetic,
             "dissipated": energy.dissipated}  # fmt: skip
    values = {name: float(part[index]) for name, part in parts.items()}
    if not (whole > 0 and all(map(math.isfinite, values.values()))):
        return
    width, tall = BAR * theme.zoom, TALL * theme.zoom
    left, base = at.x() + 15 * theme.zoom, at.y() + tall / 2
    back = QColor(theme.card)
    back.setAlpha(215)
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.setBrush(back)
    painter.drawRoundedRect(QRectF(left - 4, base - tall - 5, 3 * (width + 3) + 5, tall + 9), 5, 5)
    painter.setPen(Qt.PenStyle.NoPen)
    for number, (name, value) in enumerate(values.items()):
        high = tall * min(1.0, max(0.0, value / whole))
        painter.setBrush(theme.racer(PARTS[name]))
        painter.drawRect(QRectF(left + number * (width + 3), base - high, width, high))


class Reach:
    """The level that the energy of a body lets it climb to, on the part of the plane in sight."""

    def __init__(self) -> None:
        self._grid: tuple[object, Array, Array, Array] | None = None
        self._picture: tuple[object, QPointF, Pixels] | None = None

    def lines(self, surface: Surface, viewport: Viewport, level: float) -> list[Array]:
        """The border of where the body can be, as lines (points, 2) parted by NaN."""
        key = (surface, viewport)
        if self._grid is None or self._grid[0] != key:
            x = np.linspace(viewport.x0, viewport.x1, CELLS)
            y = np.linspace(viewport.y0, viewport.y1, CELLS)
            self._grid = (key, x, y, surface.grid(x, y))
        _, x, y, loss = self._grid
        if not math.isfinite(level):
            return []
        with np.errstate(all="ignore"):
            safe = np.ma.masked_invalid(np.clip(loss, -1e300, 1e300))
        if safe.count() < 4:
            return []
        made = contourpy.contour_generator(
            x, y, safe, line_type=contourpy.LineType.ChunkCombinedNan
        )
        points = made.lines(level)[0][0]
        return [] if points is None else [points]

    def _draw_border(
        self, painter: QPainter, surface: Surface, viewport: Viewport, level: float, theme: Theme
    ) -> None:  # fmt: skip
        key = (surface, viewport, level, theme)
        if is_vector(painter) or self._picture is None or self._picture[0] != key:
            casing, mark = QColor(theme.casing), QColor(theme.mark)
            casing.setAlphaF(theme.casing_opacity)
            pens = ((casing, 4.4 * theme.zoom), (mark, 1.8 * theme.zoom))
            points = np.vstack([*self.lines(surface, viewport, level), np.full((1, 2), np.nan)])
            a, b, c, d = viewport.mapping / viewport.ratio
            x, y = a + b * points[:, 0], c + d * points[:, 1]
            if is_vector(painter):
                stroke(painter, viewport, x, y, *pens)
                return
            self._picture = (key, *stroked(viewport, x, y, *pens))
        _, corner, pixels = self._picture
        if pixels.size:
            painter.drawImage(corner, image_of(pixels, viewport.ratio))

    def draw(
        self, painter: QPainter, surface: Surface, viewport: Viewport, energy: Energy, index: int,
        x: Array, y: Array, color: QColor, theme: Theme,
    ) -> None:  # fmt: skip
        """The border, and where the body has turned back so far."""
        level = energy.reach(index)
        self._draw_border(painter, surface, viewport, level, theme)
        turns = energy.turning_points()
        turns = turns[turns <= index][-TURNS:]
        painter.setPen(QPen(QColor("white"), 1.2))
        painter.setBrush(color)
        size = 4.2 * theme.zoom
        for turn in turns.tolist():
            at = viewport.point(float(x[turn]), float(y[turn]))
            painter.drawPolygon(QPolygonF([
                at + QPointF(0, -size), at + QPointF(size, 0), at + QPointF(0, size),
                at + QPointF(-size, 0),
            ]))  # fmt: skip
        words = tr("reaches a loss of {level}").format(level=short(level))
        painter.setFont(font(12 * theme.zoom, 600))
        wide = painter.fontMetrics().horizontalAdvance(words)

        place = QPointF(wide / 2 + 14, viewport.height / viewport.ratio - 16 * theme.zoom)
        rimmed(painter, place, words, QColor(theme.mark), theme)


class Key(QWidget):
    """What the colours and the axes of the chart are."""

    def __init__(self) -> None:
        super().__init__()
        self._chart: Chart | None = None
        self._theme: Theme = DARK
        self.setAccessibleName(tr("What the chart shows"))
        self.setFixedHeight(20)

    def show_chart(self, chart: Chart) -> None:
        self._chart = chart
        self.setAccessibleDescription(", ".join(tr(w) for w in (*chart.layers, *chart.titles)))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setFixedHeight(round(20 * theme.zoom))
        self.update()

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        chart, theme = self._chart, self._theme
        if chart is None:
            return
        painter.setFont(font(11.5 * theme.zoom))
        metrics = QFontMetricsF(painter.font())
        base, x = self.height() - 6.0, 4.0
        for name in chart.layers:
            word = tr(name)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.racer(PARTS[name]))
            painter.drawEllipse(QPointF(x + 4, base - 4), 4, 4)
            painter.setPen(QColor(theme.text2))
            painter.drawText(QPointF(x + 12, base), word)
            x += metrics.horizontalAdvance(word) + 24
        words = tr("{down} against {across}").format(across=tr(chart.titles[0]),
                                                      down=tr(chart.titles[1]))  # fmt: skip
        room = self.width() - x - 4
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0.0, room))
        painter.setPen(QColor(theme.text3))
        wide = metrics.horizontalAdvance(words)
        painter.drawText(QPointF(self.width() - wide - 4, base), words)
