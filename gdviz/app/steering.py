"""The mouse on a canvas: the wheel zooms, a drag pans, a drag with Shift zooms into a box."""

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from gdviz.app.canvas import LEFT, Canvas
from gdviz.app.range import Range
from gdviz.app.theme import Theme


class Steering:
    """Moves a range as the mouse wants; `moved` is called when it has."""

    def __init__(self, canvas: Canvas, shown: Range, moved: Callable[[], None]):
        self._canvas, self._range, self._moved = canvas, shown, moved
        self.frame: tuple[QPointF, QPointF] | None = None  # of a box, on the canvas

    def wheel(self, event: Any) -> None:
        """Zoom about the pointer."""
        delta = max(-1200, min(1200, event.delta()))
        about = self._canvas.to_plane(event.scenePos())
        self._range.zoom(1.0015**delta, self._canvas.box.width(), about)
        self._moved()

    def pan(self, event: Any) -> None:
        """Take what is seen along with the pointer."""
        moved = event.scenePos() - event.lastScenePos()
        self._range.pan(moved.x(), moved.y())
        self._moved()

    def framed(self, event: Any) -> bool:
        """Zoom into a box that is drawn with Shift; false if that is not what is going on."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.isStart():
            self.frame = None
        if self.frame is None and not (shift and event.isStart() and event.button() == LEFT):
            return False
        begin, end = event.buttonDownScenePos(), event.scenePos()
        self.frame = (self.within(begin), self.within(end))
        if event.isFinish():
            self.frame, box = None, self._canvas.box
            corners = self._canvas.to_plane(begin), self._canvas.to_plane(end)
            self._range.show_box(*corners, box.width(), box.height())
            self._moved()
        self._canvas.repaint_content()
        return True

    def within(self, scene_point: QPointF) -> QPointF:
        """A point of the scene in logical pixels of what is painted."""
        return scene_point - self._canvas.box.sceneBoundingRect().topLeft()

    def draw(self, painter: QPainter, theme: Theme) -> None:
        """Draw the box, if there is one."""
        if self.frame is not None:
            painter.setPen(QPen(QColor(theme.accent), 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(*self.frame).normalized())
