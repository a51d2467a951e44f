"""The map: the surface from above, with starts, trails and balls."""

import math
from typing import Any

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPixmap
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from gdviz import compute
from gdviz.app.canvas import LEFT, RIGHT, Canvas, Viewport
from gdviz.app.document import Document
from gdviz.app.job import Job
from gdviz.app.pictures import (
    Balls,
    Landscape,
    Starts,
    Trails,
    draw_critical_points,
    draw_landscape,
)
from gdviz.app.player import Player
from gdviz.app.theme import DARK, Theme, font
from gdviz.compute import Race
from gdviz.experiment import Experiment, Point
from gdviz.scale import Scale, tick_label
from gdviz.views.view import View
from gdviz_core import Surface

GRIP = 13.0  # how near the pointer must be to a start to take it
INLINE_SECONDS = 0.025  # a landscape that takes longer is first drawn coarsely
MAX_SPAN = 1e5  # how far out and in one may zoom, in sizes of the domain
MIN_SPAN = 1e-9


class MapView(View):
    """A click adds a start, a drag moves it or the map, a right click or Delete removes it."""

    title = "Map"
    place = "centre"

    pointed = pyqtSignal(object)  # (x, y) under the pointer or None

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName("Map")
        self.canvas.setToolTip("")
        self.canvas.getAxis("left").setWidth(44)
        self.canvas.getAxis("bottom").setHeight(26)
        self.canvas.paint_content = self.paint_map
        self.bar = ColourBar(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.canvas, 1)
        row.addWidget(self.bar)
        self.theme: Theme = DARK
        self._domain = (0.0, 1.0, 0.0, 1.0)
        self._middle: Point = (0.0, 0.0)
        self._span = 1.0  # plane units per logical pixel
        self._fits = True  # until the user zooms or pans
        self._landscape: Landscape | None = None
        self._scale = Scale()
        self._background: tuple[object, QPixmap] | None = None
        self._wanted: object = None
        self._job: Job | None = None
        self._trails, self._starts, self._balls = Trails(), Starts(), Balls()
        self._race: Race | None = None
        self._held: int | None = None
        self._gesture: object = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(80)
        self._later.timeout.connect(self._refine)
        self.canvas.clicked.connect(self._click)
        self.canvas.dragged.connect(self._drag)
        self.canvas.wheeled.connect(self._wheel)
        self.canvas.hovered.connect(self._hover)
        self.canvas.resized.connect(self._apply_range)
        document.selected.connect(lambda: self.canvas.repaint_content())
        self._fitted: object = None
        self.show_experiment(document.experiment)

    # what the document says

    def show_experiment(self, experiment: Experiment) -> None:
        surface = experiment.resolved()
        key = (surface.name, surface.domain)
        if key != self._fitted:
            self._fitted, self._domain = key, surface.domain
            self.fit()
        self.canvas.repaint_content()

    def show_race(self, race: Race) -> None:
        self._race = race
        self.canvas.repaint_content()

    def show_step(self, index: int) -> None:
        self.canvas.repaint_content()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas.set_theme(theme)
        self.bar.set_theme(theme)

    # the visible range

    def fit(self) -> None:
        """Show the whole domain."""
        x0, x1, y0, y1 = self._domain
        self._middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        self._fits = True
        self._apply_range()

    def zoom(self, factor: float, about: Point | None = None) -> None:
        """Make everything `factor` times larger; the point `about` stays where it is."""
        self._fits = False
        size = max(self._domain[1] - self._domain[0], self._domain[3] - self._domain[2])
        width = max(self.canvas.box.width(), 1.0)
        before = self._span
        resolution = 1e-13 * (1.0 + max(abs(c) for c in self._middle) / size)
        low, high = max(MIN_SPAN, resolution * 1e3), MAX_SPAN
        self._span = min(max(before / factor, low * size / width), high * size / width)
        if about is not None:
            k = self._span / before
            x, y = about
            self._middle = (
                x + k * (self._middle[0] - x),
                y + k * (self._middle[1] - y),
            )
        self._apply_range()

    def pan(self, dx: float, dy: float) -> None:
        """Move the map by logical pixels."""
        self._fits = False
        x, y = self._middle
        self._middle = (x - dx * self._span, y + dy * self._span)
        self._apply_range()

    def _apply_range(self) -> None:
        width, height = self.canvas.box.width(), self.canvas.box.height()
        if width < 4 or height < 4:
            return
        x0, x1, y0, y1 = self._domain
        if self._fits:
            self._span = max((x1 - x0) / width, (y1 - y0) / height)
        reach = MAX_SPAN * max(x1 - x0, y1 - y0)
        x = min(max(self._middle[0], x0 - reach), x1 + reach)
        y = min(max(self._middle[1], y0 - reach), y1 + reach)
        self._middle = (x, y)
        half_x, half_y = self._span * width / 2, self._span * height / 2
        self.canvas.show_range(x - half_x, x + half_x, y - half_y, y + half_y)
        self.canvas.repaint_content()

    # drawing

    def paint_map(self, painter: QPainter, viewport: Viewport) -> None:
        experiment, theme = self.document.experiment, self.theme
        surface = experiment.resolved()
        self._paint_background(painter, surface, viewport)
        if self._race is not None and len(self._race.x):
            index = min(self.player.index, self._race.last)
            if not self._trails.draw(painter, self._race, index, viewport, theme):
                QTimer.singleShot(0, self.canvas.repaint_content)
        self._starts.draw(painter, experiment.starts, self.document.selection, viewport, theme)
        if self._race is not None and len(self._race.x):
            self._balls.draw(painter, self._race, index, viewport, theme)

    def _paint_background(self, painter: QPainter, surface: Surface, viewport: Viewport) -> None:
        landscape = self._landscape
        if landscape is None or landscape.surface != surface or landscape.viewport != viewport:
            self._evaluate(surface, viewport)
            landscape = self._landscape
        if landscape is None:
            return
        key = (landscape, self.theme)
        if self._background is None or self._background[0] != key:
            self._background = (key, self._draw_background(landscape))
        painter.drawPixmap(QPointF(0, 0), self._background[1])

    def _draw_background(self, landscape: Landscape) -> QPixmap:
        v = landscape.viewport
        picture = QPixmap(v.width, v.height)
        picture.setDevicePixelRatio(v.ratio)
        self._scale = Scale.of(landscape.values[::4, ::4] if landscape.every == 1
                               else landscape.values)  # fmt: skip
        painter = QPainter(picture)
        draw_landscape(painter, landscape, self._scale, self.theme)
        draw_critical_points(painter, landscape.surface, v, self.theme)
        painter.end()
        self.bar.show_scale(self._scale)
        return picture

    def _evaluate(self, surface: Surface, viewport: Viewport) -> None:
        """Evaluate as finely as is quick enough to do at once; the rest in the background."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        every = 1
        points = viewport.width * viewport.height
        while compute.value_cost(surface, points // every**2) > INLINE_SECONDS and every < 32:
            every *= 2
        xs, ys = viewport.centres(every)
        values = compute.finish(compute.landscape(surface, xs, ys))
        self._landscape = Landscape(surface, viewport, every, values)
        if every > 1:
            self._later.start()
        else:
            self._later.stop()

    def _refine(self) -> None:
        """Evaluate what was drawn coarsely at every pixel."""
        coarse = self._landscape
        if coarse is None or coarse.every == 1:
            return
        self._job = job = Job(compute.landscape(coarse.surface, *coarse.viewport.centres()))

        def done(values: Any) -> None:
            self._job = None
            if self._landscape is coarse:
                self._landscape = Landscape(coarse.surface, coarse.viewport, 1, values)
                self.canvas.repaint_content()

        job.done.connect(done)
        job.failed.connect(lambda error: self.document.said.emit(str(error)))
        job.start()

    # the mouse

    def start_at(self, scene_point: QPointF) -> int | None:
        """The number of the start under a point of the scene, the topmost if there are several."""
        starts = self.document.experiment.starts
        if not starts:
            return None
        x, y = self.canvas.to_plane(scene_point)
        points = np.array(starts, np.float64)
        distances = np.hypot(points[:, 0] - x, points[:, 1] - y) / self._span
        nearest = len(starts) - 1 - int(np.argmin(distances[::-1]))
        return nearest if distances[nearest] <= GRIP else None

    def _click(self, event: Any) -> None:
        number = self.start_at(event.scenePos())
        if event.button() == RIGHT:
            if number is not None:
                self.document.remove_start(number)
        elif event.button() == LEFT:
            if number is not None:
                self.document.select(number)
            elif event.double():
                return
            else:
                self.document.add_start(self._place(event.scenePos()))

    def _place(self, scene_point: QPointF) -> Point:
        """A point of the plane, in no more digits than a tenth of a pixel is worth."""
        x, y = self.canvas.to_plane(scene_point)
        digits = 1 - math.floor(math.log10(self._span))
        return round(x, digits), round(y, digits)

    def _drag(self, event: Any) -> None:
        if event.button() != LEFT and event.button() != Qt.MouseButton.MiddleButton:
            return
        if event.isStart():
            self._held = (
                self.start_at(event.buttonDownScenePos()) if event.button() == LEFT else None
            )
            self._gesture = object()
            if self._held is not None:
                self.document.select(self._held)
        if self._held is not None:
            starts = list(self.document.experiment.starts)
            if self._held < len(starts):
                starts[self._held] = self._place(event.scenePos())
                self.document.edit("Move start", gesture=self._gesture, starts=tuple(starts))
        else:
            moved = event.scenePos() - event.lastScenePos()
            self.pan(moved.x(), moved.y())
        if event.isFinish():
            self._held = None

    def _wheel(self, event: Any) -> None:
        delta = max(-1200, min(1200, event.delta()))
        self.zoom(1.0015**delta, self.canvas.to_plane(event.scenePos()))

    def _hover(self, at: Point | None) -> None:
        number = None
        if at is not None:
            number = self.start_at(self.canvas.box.mapViewToScene(QPointF(*at)))
        shape = Qt.CursorShape.CrossCursor if number is None else Qt.CursorShape.OpenHandCursor
        self.canvas.setCursor(shape)
        self.pointed.emit(at)

    def add_in_the_middle(self) -> None:
        """Add a start without the mouse."""
        self.document.add_start(self._place(self.canvas.box.sceneBoundingRect().center()))

    def take_domain(self) -> None:
        """Make what is visible the domain of the experiment."""
        v = self.canvas.viewport_now()
        if v is not None:
            try:
                self.document.edit("Change domain", domain=(v.x0, v.x1, v.y0, v.y1))
            except ValueError as error:
                self.document.said.emit(str(error))

    def remove_selected(self) -> None:
        """Remove the start that was added, clicked or moved last."""
        if self.document.experiment.starts:
            self.document.remove_start(self.document.selection)


class ColourBar(QWidget):
    """Which colour is which loss."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setFixedWidth(66)
        self._theme: Theme = DARK
        self._scale = Scale()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_scale(self, scale: Scale) -> None:
        if scale != self._scale:
            self._scale = scale
            self.update()

    def paintEvent(self, event: Any) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(4, 8, 10, self.height() - 44)
        if bar.height() < 20:
            return
        gradient = QLinearGradient(0, bar.bottom(), 0, bar.top())
        table = theme.heat_table
        for i in range(0, len(table), 16):
            gradient.setColorAt(i / (len(table) - 1), QColor(int(table[i]) & 0xFFFFFF))
        gradient.setColorAt(1.0, QColor(int(table[-1]) & 0xFFFFFF))
        outline = QPainterPath()
        outline.addRoundedRect(bar, 5, 5)
        painter.fillPath(outline, gradient)
        painter.setPen(QColor(theme.border))
        painter.drawPath(outline)
        painter.setPen(QColor(theme.text2))
        painter.setFont(font(11))
        for value in self._scale.ticks(max(2, int(bar.height() / 48))):
            y = bar.bottom() - self._scale.fraction(value) * bar.height()
            text = tick_label(value, self._scale.unit > 0)
            painter.drawText(
                QRectF(19, y - 8, 43, 16),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                text,
            )
