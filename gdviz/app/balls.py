"""Balls and start points: small pictures made once, drawn where they are."""

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QRadialGradient

import gdviz_core.raster as raster
from gdviz.app.canvas import Viewport, image_of
from gdviz.app.pictures import MANY_MARKS, cross
from gdviz.app.theme import Theme
from gdviz.app.trails import Pixels, lane_pixels
from gdviz.compute import Race
from gdviz_core.surface import Array

BALL = 6.5
START = 8.0
# With more balls than this they are plain discs.
MANY_BALLS = 1500


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
        colours = [theme.racer(racer.colour) for racer in race.experiment.running]
        starts = max(1, len(race.experiment.starts))
        pictures: dict[tuple[int, str], QPixmap] = {}
        over = race.ends <= race.steps[index]
        translucent = bool((opacity != 1.0).any())
        for lane in np.argsort(opacity, kind="stable").tolist():
            if not opacity[lane] > 0:
                continue
            key = (lane // starts, race.trajectories[lane].status if over[lane] else "running")
            picture = pictures.get(key)
            if picture is None:
                picture = pictures[key] = self._picture(colours[key[0]], key[1], ratio, theme)
            middle = picture.width() / ratio / 2
            if translucent:
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
        key = (color.rgb(), kind, ratio, theme)
        if key not in self._made:
            self._made[key] = picture = _ball(color, kind, ratio * theme.zoom, theme)
            picture.setDevicePixelRatio(ratio)
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
            painter.drawLines(*cross(middle, 5.5, diagonal=True))
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
        key = (strong, small, ratio, theme)
        if key not in self._made:
            radius = START * (0.5 if small else 1.0)
            self._made[key] = picture = _ring(strong, radius, ratio * theme.zoom, theme)
            picture.setDevicePixelRatio(ratio)
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
