"""A pyqtgraph plot whose content is painted by us, pixel by pixel.

pyqtgraph gives axes, coordinates and mouse events. Its context menus, exporters and option
dialogs are out of reach, and the view keeps to finite limits.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QGraphicsSceneWheelEvent, QWidget

from gdviz.app.theme import Theme, font
from gdviz.scale import short
from gdviz_core.surface import Array


def painted(paint: Callable[[Any, QPainter], None]) -> Callable[[Any, QPaintEvent | None], None]:
    """Make a paintEvent of a method that takes a painter.

    The painter is ended whatever happens: one that outlives its event, held by a traceback, would
    take the program down.
    """

    def paint_event(self: Any, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint(self, painter)
        finally:
            painter.end()

    return paint_event


@dataclass(frozen=True)
class Viewport:
    """What part of the plane is shown, on how many pixels; `ratio` is pixels per point."""

    x0: float
    x1: float
    y0: float
    y1: float
    width: int
    height: int
    ratio: float = 1.0

    @property
    def mapping(self) -> Array:
        """Pixel = (a + b*x, c + d*y), as raster.trails takes it."""
        b = self.width / (self.x1 - self.x0)
        d = -self.height / (self.y1 - self.y0)
        return np.array([-self.x0 * b, b, -self.y1 * d, d])

    def point(self, x: float, y: float) -> QPointF:
        """Where a point of the plane is, in logical units; far away is cut to what Qt can draw."""
        a, b, c, d = self.mapping.tolist()
        return QPointF(
            min(max((a + b * x) / self.ratio, -1e6), 1e6),
            min(max((c + d * y) / self.ratio, -1e6), 1e6),
        )

    def points(self, x: Array, y: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Where points of the plane are, in logical units, and which of them are in sight."""
        a, b, c, d = self.mapping / self.ratio
        px, py = a + b * x, c + d * y
        inside = (px > -20) & (px < self.width / self.ratio + 20)
        return px, py, inside & (py > -20) & (py < self.height / self.ratio + 20)

    def centres(self, every: int = 1) -> tuple[Array, Array]:
        """Coordinates of the centres of every `every`th pixel."""
        a, b, c, d = self.mapping
        xs = (np.arange(0, self.width, every) + 0.5 * every - a) / b
        ys = (np.arange(0, self.height, every) + 0.5 * every - c) / d
        return xs, ys


class _Box(pg.ViewBox):
    """Hands every mouse event to the canvas."""

    def __init__(self, canvas: "Canvas"):
        super().__init__(enableMenu=False, border=None)
        self._canvas = canvas

    def mouseClickEvent(self, event: Any) -> None:
        event.accept()
        self._canvas.clicked.emit(event)

    def mouseDragEvent(self, event: Any, axis: Any = None) -> None:
        event.accept()
        self._canvas.dragged.emit(event)

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: Any = None) -> None:
        event.accept()
        self._canvas.wheeled.emit(event)


class NumberAxis(pg.AxisItem):
    """Numbers of any size in few characters."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        most = max(map(abs, values), default=0.0) * scale
        if 1e-3 <= most < 1e5 or most == 0:
            return super().tickStrings(values, scale, spacing)
        digits = 2 + max(0, math.ceil(math.log10(most / (spacing * scale))))
        return [short(value * scale, digits) for value in values]


class _Content(pg.GraphicsObject):
    """Fills the view box with what `paint_content(painter, viewport)` draws."""

    def __init__(self, canvas: "Canvas"):
        super().__init__()
        self._canvas = canvas

    def boundingRect(self) -> QRectF:
        return self._canvas.box.viewRect()

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, *_: Any) -> None:
        viewport = self._canvas.viewport_now()
        if viewport is None:
            return
        corner = self._canvas.box.sceneBoundingRect().topLeft()
        painter.save()
        painter.resetTransform()
        painter.translate(corner)
        painter.setClipRect(
            QRectF(0, 0, viewport.width / viewport.ratio, viewport.height / viewport.ratio)
        )
        try:
            self._canvas.paint_content(painter, viewport)
        finally:
            painter.restore()


class Canvas(pg.PlotWidget):
    """A plot with axes; set `paint_content` to draw inside them.

    `room` is the width of the vertical axis, `below` the height of the other.
    """

    clicked = pyqtSignal(object)
    dragged = pyqtSignal(object)
    wheeled = pyqtSignal(object)
    hovered = pyqtSignal(object)  # (x, y) under the pointer, None when it leaves
    resized = pyqtSignal()

    def __init__(self, parent: QWidget | None = None, room: int = 44, below: int = 26,
                 **axes: pg.AxisItem):  # fmt: skip
        self._room, self._below = room, below
        self.box = _Box(self)
        super().__init__(parent, viewBox=self.box, axisItems=axes, enableMenu=False)
        self.paint_content: Callable[[QPainter, Viewport], None] = lambda painter, viewport: None
        self.hideButtons()
        self.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self.box.disableAutoRange()
        self._content = _Content(self)
        self.box.addItem(self._content, ignoreBounds=True)
        self.scene().sigMouseMoved.connect(self._move)
        self.scene().contextMenu = []
        self.box.sigResized.connect(lambda: self.resized.emit())
        for name in ("left", "bottom"):
            self.getAxis(name).setStyle(tickLength=0, tickTextOffset=7)
            self.getAxis(name).enableAutoSIPrefix(False)

    def set_theme(self, theme: Theme) -> None:
        self.setBackground(theme.card)
        self.getAxis("left").setWidth(round(self._room * theme.zoom))
        self.getAxis("bottom").setHeight(round(self._below * theme.zoom))
        for name in ("left", "bottom"):
            self.getAxis(name).setTickFont(font(11 * theme.zoom))
            self.getAxis(name).setPen(pg.mkPen(theme.border))
            self.getAxis(name).setTextPen(theme.text2)
        self._content.update()

    def set_room(self, room: int) -> None:
        """Give the vertical axis so much width, for long numbers."""
        if room != self._room:
            self.getAxis("left").setWidth(round(self.getAxis("left").width() * room / self._room))
            self._room = room

    def repaint_content(self) -> None:
        """Draw the content again soon."""
        self._content.update()

    def show_range(self, x0: float, x1: float, y0: float, y1: float) -> None:
        self.box.setRange(xRange=(x0, x1), yRange=(y0, y1), padding=0, disableAutoRange=True)

    def viewport_now(self) -> Viewport | None:
        """The visible part; None while there is no room for it."""
        (x0, x1), (y0, y1) = self.box.viewRange()
        rect = self.box.sceneBoundingRect()
        ratio = self.devicePixelRatioF()
        width, height = round(rect.width() * ratio), round(rect.height() * ratio)
        if width < 2 or height < 2 or not (x1 > x0 and y1 > y0):
            return None
        return Viewport(x0, x1, y0, y1, width, height, ratio)

    def to_plane(self, scene_point: QPointF) -> tuple[float, float]:
        """The point of the plane at a point of the scene."""
        point = self.box.mapSceneToView(scene_point)
        return point.x(), point.y()

    def to_widget(self, x: float, y: float) -> QPointF:
        """Where a point of the plane is on this widget."""
        return QPointF(self.mapFromScene(self.box.mapViewToScene(QPointF(x, y))))

    def _move(self, scene_point: QPointF) -> None:
        inside = self.box.sceneBoundingRect().contains(scene_point)
        self.hovered.emit(self.to_plane(scene_point) if inside else None)

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None)


def image_of(pixels: Any, ratio: float = 1.0) -> QImage:
    """A QImage that looks at an array of premultiplied pixels; the array must outlive it."""
    height, width = pixels.shape
    made = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    made.setDevicePixelRatio(ratio)
    return made


LEFT = Qt.MouseButton.LeftButton
RIGHT = Qt.MouseButton.RightButton
