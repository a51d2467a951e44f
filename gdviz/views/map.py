"""The map: the surface from above, with starts, trails and balls."""

import math
from typing import Any

import numpy as np
from PyQt6.QtCore import QPointF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPainter
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
from gdviz.app.range import Range
from gdviz.app.steering import Steering
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.app.trails import Trails
from gdviz.compute import Race
from gdviz.display import Display
from gdviz.experiment import Experiment, Point
from gdviz.views.view import View

GRIP = 13.0  # how near the pointer must be to a start to take it
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
        self.range = Range()
        self._trails, self._starts, self._balls = Trails(), Starts(), Balls()
        self._race: Race | None = None
        self._steering = Steering(self.canvas, self.range, self._apply_range)
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
        self.canvas.wheeled.connect(self._steering.wheel)
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
            self._fitted = key
            self.range.set_domain(surface.domain)
            self.canvas.set_room(ROOM if max(map(abs, surface.domain[2:])) < 1e5 else LONG)
            self._apply_range()
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
        self.range.fit()
        self._apply_range()

    @property
    def fits(self) -> bool:
        """Whether the whole domain is shown, neither more nor less."""
        return self.range.fits

    def zoom(self, factor: float, about: Point | None = None) -> None:
        """Make everything `factor` times larger; the point `about` stays where it is."""
        self.range.zoom(factor, self.canvas.box.width(), about)
        self._apply_range()

    def pan(self, dx: float, dy: float) -> None:
        """Move the map by logical pixels."""
        self.range.pan(dx, dy)
        self._apply_range()

    def show_box(self, corner: Point, opposite: Point) -> None:
        """Show the box between two points, and what else there is room for."""
        self.range.show_box(corner, opposite, self.canvas.box.width(), self.canvas.box.height())
        self._apply_range()

    def _apply_range(self) -> None:
        width, height = self.canvas.box.width(), self.canvas.box.height()
        if width >= 4 and height >= 4:
            self.canvas.show_range(*self.range.place(width, height))
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
        self._steering.draw(painter, theme)

    # the mouse

    def start_at(self, scene_point: QPointF) -> int | None:
        """The number of the start under a point of the scene, the topmost if there are several."""
        starts = self.document.experiment.starts
        if not starts:
            return None
        x, y = self.canvas.to_plane(scene_point)
        points = np.array(starts, np.float64)
        distances = self.range.away(points[:, 0] - x, points[:, 1] - y)
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
            away = self.range.away(race.x[:, index] - x, race.y[:, index] - y)
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
        return self.range.rounded(self.canvas.to_plane(scene_point))

    def _drag(self, event: Any) -> None:
        if event.button() != LEFT and event.button() != Qt.MouseButton.MiddleButton:
            return
        if self._steering.framed(event):
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
            self._steering.pan(event)
        if event.isFinish():
            self._held, self._launching = None, False

    def _on_launch(self, scene_point: QPointF) -> bool:
        """Whether the handle of the first velocity is under a point, and nearer than any start."""
        away = self._launch.away(self._steering.within(scene_point))
        x, y = self.canvas.to_plane(scene_point)
        starts = np.array(self.document.experiment.starts, np.float64).reshape(-1, 2)
        nearest = self.range.away(starts[:, 0] - x, starts[:, 1] - y).min(initial=math.inf)
        return away <= min(LAUNCH_GRIP, nearest)

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
        places = ((self.range.away(mark.x - at[0], mark.y - at[1]), mark.text)
                  for mark in self.background.marks())  # fmt: skip
        near = [(float(away), text) for away, text in places if away < GRIP]
        return min(near)[1] if near else ""

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
