"""The map: the surface from above, with starts, trails and balls."""

import math
from typing import Any

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPen
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from gdviz.app.background import Background
from gdviz.app.balls import BALL, Balls, Starts
from gdviz.app.bar import ColourBar
from gdviz.app.canvas import LEFT, RIGHT, Canvas, NumberAxis, Viewport
from gdviz.app.controls import IconButton
from gdviz.app.document import Document
from gdviz.app.internals import name_axes
from gdviz.app.launch import GRIP as LAUNCH_GRIP
from gdviz.app.launch import Launch
from gdviz.app.layers import Layers
from gdviz.app.player import Player
from gdviz.app.probe import Probe
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.app.trails import Trails
from gdviz.compute import Race
from gdviz.display import Display
from gdviz.experiment import Experiment, Point
from gdviz.scale import rounded, stretch
from gdviz.views.view import View

GRIP = 13.0  # how near the pointer must be to a start to take it
MAX_SPAN = 1e5  # how far out and in one may zoom, in sizes of the domain
MIN_SPAN = 1e-9
ROOM, LONG = 44, 62  # widths of the vertical axis, for usual and for long numbers


class MapView(View):
    """A click adds a start, a drag moves it or the map, a right click or Delete removes it.

    The wheel zooms, a drag with Shift zooms into a box, a click on a ball selects its run.
    """

    title = "Map"
    place = "centre"

    pointed = pyqtSignal(object)  # (x, y) under the pointer or None

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.canvas = Canvas(self, ROOM, left=NumberAxis("left"), bottom=NumberAxis("bottom"))
        self.canvas.setAccessibleName(tr("Map"))
        self.canvas.setToolTip("")
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
        self._span = 1.0  # plane units of x per logical pixel
        self._share = 1.0  # of y for one of x
        self._fits = True  # until the user zooms or pans
        self._trails, self._starts, self._balls = Trails(), Starts(), Balls()
        self._race: Race | None = None
        self._frame: tuple[QPointF, QPointF] | None = None  # of a box zoom, on the canvas
        self._probe, self._launch = Probe(), Launch()
        self._launching = False  # the first velocity is dragged
        self.background = Background(document, self)
        self.background.changed.connect(self.canvas.repaint_content)
        self.background.scaled.connect(self.bar.show_scale)
        self.layers = Layers(document, self)
        self.button = IconButton("ph.stack", tr("Layers of the map"), 30, self.canvas)
        self.button.setObjectName("floating")
        self.button.clicked.connect(self._show_layers)
        self._held: int | None = None
        self._gesture: object = None
        self.canvas.clicked.connect(self._click)
        self.canvas.dragged.connect(self._drag)
        self.canvas.wheeled.connect(self._wheel)
        self.canvas.hovered.connect(self._hover)
        self.canvas.resized.connect(self._apply_range)
        self.canvas.resized.connect(self._place_button)
        for changed in (document.selected, document.charted, document.pointed_out):
            changed.connect(lambda _: self.canvas.repaint_content())
        self._fitted: object = None
        self.show_experiment(document.experiment)

    # what the document says

    def show_experiment(self, experiment: Experiment) -> None:
        surface = experiment.resolved()
        key = (surface.name, surface.domain)
        if key != self._fitted:
            self._fitted, self._domain = key, surface.domain
            self._share = stretch(surface.domain)
            self.canvas.set_room(ROOM if max(map(abs, surface.domain[2:])) < 1e5 else LONG)
            self.fit()
        self.canvas.repaint_content()

    def show_race(self, race: Race) -> None:
        self._race = race
        self.canvas.repaint_content()

    def show_step(self, index: int) -> None:
        self.canvas.repaint_content()

    def show_display(self, display: Display) -> None:
        self.canvas.repaint_content()

    def _place_button(self) -> None:
        room = self.canvas.mapFromScene(self.canvas.box.sceneBoundingRect().topRight())
        self.button.move(room.x() - self.button.width() - 8, room.y() + 8)

    def _show_layers(self) -> None:
        self.layers.popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas.set_theme(theme)
        self.button.set_color(theme.text)
        self.bar.set_theme(theme)

    def for_picture(self) -> QWidget:
        self.button.hide()
        return super().for_picture()

    def show_bare(self) -> None:
        """Leave out the axes and the colour bar."""
        self.bar.hide()
        for name in ("left", "bottom"):
            self.canvas.hideAxis(name)

    def finish(self) -> None:
        self.background.stop()

    # the visible range

    def fit(self) -> None:
        """Show the whole domain."""
        x0, x1, y0, y1 = self._domain
        self._middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        self._fits = True
        self._apply_range()

    @property
    def fits(self) -> bool:
        """Whether the whole domain is shown, neither more nor less."""
        return self._fits

    def zoom(self, factor: float, about: Point | None = None) -> None:
        """Make everything `factor` times larger; the point `about` stays where it is."""
        self._fits = False
        size = self._size()
        width = max(self.canvas.box.width(), 1.0)
        before = self._span
        far = max(abs(self._middle[0]), abs(self._middle[1]) / self._share)
        resolution = 1e-13 * (1.0 + far / size)
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
        self._middle = (x - dx * self._span, y + dy * self._span * self._share)
        self._apply_range()

    def _apply_range(self) -> None:
        width, height = self.canvas.box.width(), self.canvas.box.height()
        if width < 4 or height < 4:
            return
        x0, x1, y0, y1 = self._domain
        if self._fits:
            self._span = max((x1 - x0) / width, (y1 - y0) / self._share / height)
        reach = MAX_SPAN * self._size()
        x = min(max(self._middle[0], x0 - reach), x1 + reach)
        reach *= self._share
        y = min(max(self._middle[1], y0 - reach), y1 + reach)
        self._middle = (x, y)
        half_x, half_y = self._span * width / 2, self._span * self._share * height / 2
        self.canvas.show_range(x - half_x, x + half_x, y - half_y, y + half_y)
        self.canvas.repaint_content()

    # drawing

    def paint_map(self, painter: QPainter, viewport: Viewport) -> None:
        experiment, theme = self.document.experiment, self.theme
        display = self.document.display
        self.background.paint(painter, viewport, theme)
        race = self._race if self._race is not None and len(self._race.x) else None
        index = 0 if race is None else min(self.player.index, race.last)
        if race is not None and not self._trails.draw(
            painter, race, index, viewport, theme, display.fade, self.patience
        ):
            QTimer.singleShot(0, self.canvas.repaint_content)
        self._starts.draw(painter, experiment.starts, self.document.selection, viewport, theme)
        if race is not None:
            self._balls.draw(painter, race, index, viewport, theme)
            self._probe.draw(painter, self.document, race, index, viewport, theme)
        selected = self.document.racer, self.document.selection
        self._launch.draw(painter, experiment, *selected, viewport, theme)
        if experiment.data is not None:
            name_axes(painter, viewport, experiment.data.variables, theme)
        if self._frame is not None:
            painter.setPen(QPen(QColor(theme.accent), 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(*self._frame).normalized())

    # the mouse

    def start_at(self, scene_point: QPointF) -> int | None:
        """The number of the start under a point of the scene, the topmost if there are several."""
        starts = self.document.experiment.starts
        if not starts:
            return None
        x, y = self.canvas.to_plane(scene_point)
        points = np.array(starts, np.float64)
        distances = self._away(points[:, 0] - x, points[:, 1] - y)
        nearest = len(starts) - 1 - int(np.argmin(distances[::-1]))
        return nearest if distances[nearest] <= GRIP else None

    def lane_at(self, scene_point: QPointF) -> int | None:
        """The lane whose ball is under a point of the scene."""
        race = self._race
        if race is None or not len(race.x) or race.experiment is not self.document.experiment:
            return None
        x, y = self.canvas.to_plane(scene_point)
        index = min(self.player.index, race.last)
        with np.errstate(all="ignore"):
            away = self._away(race.x[:, index] - x, race.y[:, index] - y)
        away = np.where(np.isfinite(away), away, np.inf)
        lane = len(away) - 1 - int(np.argmin(away[::-1]))
        return lane if away[lane] <= (BALL + 3) * self.theme.zoom else None

    def _click(self, event: Any) -> None:
        number = self.start_at(event.scenePos())
        lane = self.lane_at(event.scenePos())
        if event.button() == RIGHT:
            if number is not None:
                self.document.remove_start(number)
        elif event.button() == LEFT:
            if lane is not None and (number is None or self.player.index > 0):
                self.document.select_lane(lane)
            elif number is not None:
                self.document.select(number)
            elif event.double() or self._on_launch(event.scenePos()):
                return
            else:
                self.document.add_start(self._place(event.scenePos()))

    def _place(self, scene_point: QPointF) -> Point:
        """A point of the plane, in no more digits than a tenth of a pixel is worth."""
        x, y = self.canvas.to_plane(scene_point)
        return rounded((x, y), (self._span, self._span * self._share))

    def _drag(self, event: Any) -> None:
        if event.button() != LEFT and event.button() != Qt.MouseButton.MiddleButton:
            return
        if self._framed(event):
            return
        if event.isStart():
            pressed, left = event.buttonDownScenePos(), event.button() == LEFT
            self._launching = left and self._on_launch(pressed)
            self._held = self.start_at(pressed) if left and not self._launching else None
            self._gesture = object()
            if self._held is not None:
                self.document.select(self._held)
        if self._launching:
            self._throw(self.canvas.to_plane(event.scenePos()))
        elif self._held is not None:
            starts = list(self.document.experiment.starts)
            if self._held < len(starts):
                starts[self._held] = self._place(event.scenePos())
                self.document.edit(tr("Move start"), gesture=self._gesture, starts=tuple(starts))
        else:
            moved = event.scenePos() - event.lastScenePos()
            self.pan(moved.x(), moved.y())
        if event.isFinish():
            self._held, self._launching = None, False

    def _on_launch(self, scene_point: QPointF) -> bool:
        """Whether the handle of the first velocity is under a point, and nearer than any start."""
        away = self._launch.away(self._within(scene_point))
        x, y = self.canvas.to_plane(scene_point)
        starts = np.array(self.document.experiment.starts, np.float64).reshape(-1, 2)
        nearest = self._away(starts[:, 0] - x, starts[:, 1] - y).min(initial=math.inf)
        return away <= min(LAUNCH_GRIP, nearest)

    def _within(self, scene_point: QPointF) -> QPointF:
        """A point of the scene in logical pixels of what is painted."""
        return scene_point - self.canvas.box.sceneBoundingRect().topLeft()

    def _throw(self, tip: Point) -> None:
        """Give the selected body the first velocity whose arrow ends at a point."""
        document = self.document
        experiment, number = document.experiment, document.racer
        if not experiment.starts or number >= len(experiment.racers):
            return
        velocity = self._launch.velocity(experiment, document.selection, tip)
        racers = list(experiment.racers)
        try:
            for name, value in zip(("vx", "vy"), velocity, strict=True):
                racers[number] = racers[number].with_value(name, value)
            document.edit(tr("First velocity of {name}").format(name=racers[number].name),
                          gesture=self._gesture, racers=tuple(racers))  # fmt: skip
        except ValueError as error:
            document.said.emit(str(error))

    def _framed(self, event: Any) -> bool:
        """Zoom into a box that is drawn with Shift; false if that is not what is going on."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.isStart():
            self._frame = None
        if self._frame is None and not (shift and event.isStart() and event.button() == LEFT):
            return False
        self._frame = (self._within(event.buttonDownScenePos()), self._within(event.scenePos()))
        if event.isFinish():
            begin, end = event.buttonDownScenePos(), event.scenePos()
            self._frame = None
            self.show_box(self.canvas.to_plane(begin), self.canvas.to_plane(end))
        self.canvas.repaint_content()
        return True

    def show_box(self, corner: Point, opposite: Point) -> None:
        """Show the box between two points, and what else there is room for."""
        width, height = self.canvas.box.width(), self.canvas.box.height()
        wide, tall = abs(opposite[0] - corner[0]), abs(opposite[1] - corner[1]) / self._share
        if not math.isfinite(wide + tall) or min(wide, tall) < 6 * self._span:
            return  # no box, or a click that slipped
        self._middle = ((corner[0] + opposite[0]) / 2, (corner[1] + opposite[1]) / 2)
        self.zoom(self._span / max(wide / width, tall / height))

    def _wheel(self, event: Any) -> None:
        delta = max(-1200, min(1200, event.delta()))
        self.zoom(1.0015**delta, self.canvas.to_plane(event.scenePos()))

    def _hover(self, at: Point | None) -> None:
        taken = False
        if at is not None:
            here = self.canvas.box.mapViewToScene(QPointF(*at))
            taken = self.start_at(here) is not None or self._on_launch(here)
        self.canvas.setToolTip("" if at is None else self._mark_at(at))
        shape = Qt.CursorShape.OpenHandCursor if taken else Qt.CursorShape.CrossCursor
        self.canvas.setCursor(shape)
        self.pointed.emit(at)

    def _mark_at(self, at: Point) -> str:
        """What is said of the critical point at a point of the plane."""
        if not self.document.display.critical:
            return ""
        places = ((self._away(mark.x - at[0], mark.y - at[1]), mark.text)
                  for mark in self.background.marks())  # fmt: skip
        near = [(float(away), text) for away, text in places if away < GRIP]
        return min(near)[1] if near else ""

    def _away(self, dx: Any, dy: Any) -> Any:
        """How many logical pixels long something of the plane is."""
        return np.hypot(dx, dy / self._share) / self._span

    def _size(self) -> float:
        """The longer side of the domain, in units of x."""
        x0, x1, y0, y1 = self._domain
        return max(x1 - x0, (y1 - y0) / self._share)

    def add_in_the_middle(self) -> None:
        """Add a start without the mouse."""
        self.document.add_start(self._place(self.canvas.box.sceneBoundingRect().center()))

    def take_domain(self) -> None:
        """Make what is visible the domain of the experiment."""
        v = self.canvas.viewport_now()
        if v is not None:
            try:
                self.document.edit(tr("Change domain"), domain=(v.x0, v.x1, v.y0, v.y1))
            except ValueError as error:
                self.document.said.emit(str(error))

    def remove_selected(self) -> None:
        """Remove the start that was added, clicked or moved last."""
        if self.document.experiment.starts:
            self.document.remove_start(self.document.selection)
