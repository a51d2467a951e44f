"""The surface in three dimensions, with the same trails, balls and playhead as the map."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from PyQt6.QtCore import QPointF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter, QPixmap, QWheelEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gdviz.app.balls import Balls, Starts
from gdviz.app.canvas import image_of, painted
from gdviz.app.controls import Choice, IconButton
from gdviz.app.document import Document
from gdviz.app.draped import Threads
from gdviz.app.job import Job
from gdviz.app.player import Player
from gdviz.app.relief import GHOST, Scene, draw_scene, finely
from gdviz.app.shadow import Shadows
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.app.trails import CASING, TRAIL
from gdviz.compute import Race
from gdviz.display import HEIGHTS, Camera, Display
from gdviz.experiment import Experiment, Point
from gdviz.scale import rounded, stretch
from gdviz.views.view import View
from gdviz_core.surface import Array

GRIP = 11.0  # how near the pointer must be to a start or a ball
SMALL = 4000  # records of a race whose trails are laid over the surface at once
IDLE = 160  # milliseconds without movement until it is drawn finely
DEGREES = 0.45  # of a turn for each pixel


class ReliefView(View):
    """Drag turns, a drag with the right button or Shift moves, the wheel zooms, a click adds."""

    title = "Surface"
    place = "right"

    pointed = pyqtSignal(object)  # (x, y) under the pointer or None

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(tr("Surface in 3-D"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.heights = Choice(
            tr("Vertical scale"), HEIGHTS, lambda kind: document.look(height=kind)
        )
        self.arrows = IconButton(
            "ph.arrows-out-cardinal", tr("Arrows of descent on the surface"), 26
        )
        self.arrows.setCheckable(True)
        self.arrows.clicked.connect(lambda on: document.look(slopes=on))
        self.below = IconButton(
            "ph.grid-four", tr("Contour lines and arrows in the plane below"), 26
        )
        self.below.setCheckable(True)
        self.below.clicked.connect(lambda on: document.look(floor=on))
        self.home = IconButton("ph.house", tr("From the front, from above, from the side"), 26)
        self.home.clicked.connect(self.next_camera)
        self.tools = [self.below, self.arrows, self.home, self.heights]
        self.theme: Theme = DARK
        self._race: Race | None = None
        self._scene: tuple[Any, Scene, QPixmap] | None = None
        self._job: Job | None = None
        self._hurried = False
        self._threads, self._balls, self._starts = Threads(), Balls(), Starts()
        self._shadows = Shadows()
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._moved = False
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE)
        self._idle.timeout.connect(self._refine)
        document.selected.connect(lambda: self.update())
        self.show_display(document.display)

    # what the document says

    def show_experiment(self, experiment: Experiment) -> None:
        self.update()

    def show_race(self, race: Race) -> None:
        self._race = race if len(race.x) else None
        self._hurried = True
        self._idle.start()
        self.update()

    def show_step(self, index: int) -> None:
        self.update()

    def show_display(self, display: Display) -> None:
        self.heights.show_value(display.height)
        self.arrows.setChecked(display.slopes)
        self.below.setChecked(display.floor)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.heights.set_theme(theme)
        for button in (self.arrows, self.below, self.home):
            button.set_color(theme.text2)
        self.update()

    def finish(self) -> None:
        self._idle.stop()

    # the camera

    def next_camera(self) -> None:
        """From the front, from above, from the side, in turn."""
        at = self.document.display.camera
        views = (Camera(), Camera(-90.0, 90.0), Camera(-90.0, 0.0))
        following = dict(zip(views, views[1:] + views[:1], strict=True))
        self.document.look(camera=following.get(at, Camera()))

    def _look(self, camera: Camera) -> None:
        self.document.look(camera=camera)

    # drawing

    def scene(self) -> Scene:
        """The drawn surface, made anew if anything about it has changed."""
        return self._drawn()[0]

    def _drawn(self) -> tuple[Scene, QPixmap]:
        display, ratio = self.document.display, self.devicePixelRatioF()
        surface = self.document.experiment.resolved()
        size = max(2, round(self.width() * ratio)), max(2, round(self.height() * ratio))
        key = (surface, display.height, display.camera, display.floor, display.slopes, size, ratio,
               self.theme)  # fmt: skip
        if self._scene is None or self._scene[0] != key:
            self._keep(key, draw_scene(*key, fine=self.document.patient))
            self._idle.start()
        assert self._scene is not None
        return self._scene[1], self._scene[2]

    def _keep(self, key: Any, made: Scene) -> None:
        picture = QPixmap.fromImage(image_of(made.pixels, key[-2]))
        picture.setDevicePixelRatio(key[-2])
        self._scene = (key, made, picture)

    def _refine(self) -> None:
        """Now that nothing moves: fine trails at once, a fine surface from the background."""
        self._hurried = False
        self.update()
        if self._scene is None or self._scene[1].fine:
            return
        key = self._scene[0]
        if self._job is not None:
            self._job.cancel()
        self._job = job = Job(finely(*key))

        def done(made: Scene) -> None:
            self._job = None
            if self._scene is not None and self._scene[0] == key:
                self._keep(key, made)
                self.update()

        job.done.connect(done)
        job.failed.connect(lambda error: self.document.said.emit(f"3-D: {error}"))
        job.start()

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        scene, picture = self._drawn()
        painter.drawPixmap(QPointF(0, 0), picture)
        ratio, race = self.devicePixelRatioF(), self._race
        zoom = self.theme.zoom
        index = 0
        if race is not None:
            index = min(self.player.index, race.last)
            widths = 0.85 * TRAIL * zoom, 0.85 * CASING * zoom
            if not self._threads.draw(
                painter,
                race,
                index,
                scene,
                ratio,
                self.theme,
                widths,
                not self._hurried or race.x.size < SMALL or self.document.patient,
                self.patience,
            ):
                QTimer.singleShot(0, self.update)
            self._shadows.draw_below(painter, self.document, race, index, scene, ratio, self.theme)
        self._draw_starts(painter, scene, ratio)
        if race is not None:
            px, py, seen = self._on_screen(scene, race.x[:, index], race.y[:, index], ratio)
            opacity = np.where(seen == 1, 1.0, np.where(seen == 0, GHOST + 0.1, 0.0))
            self._balls.draw_at(painter, race, index, px, py, opacity, scene.pixels.shape, ratio,
                                self.theme)  # fmt: skip
            self._shadows.draw_arrows(painter, self.document, race, index, scene, ratio, self.theme)

    @staticmethod
    def _on_screen(scene: Scene, x: Array, y: Array, ratio: float) -> tuple[Array, Array, Array]:
        """Logical pixels of points of the plane on the surface, and 1 where they are seen, 0
        where hidden, -1 where there is no surface."""
        x0, x1, y0, y1 = scene.relief.surface.domain
        with np.errstate(all="ignore"):
            inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
            x, y = np.where(inside, x, x0), np.where(inside, y, y0)
            height = scene.relief.heights(scene.relief.surface.value(x, y))
            px, py, seen = scene.project(x, y, height)
        good = inside & np.isfinite(px) & np.isfinite(py)
        return px / ratio, py / ratio, np.where(good, seen, -1)

    def _draw_starts(self, painter: QPainter, scene: Scene, ratio: float) -> None:
        starts = self.document.experiment.starts
        if starts:
            px, py, seen = self._on_screen(scene, *_columns(starts), ratio)
            opacity = np.where(seen == 1, 1.0, np.where(seen == 0, GHOST, 0.0))
            selection = self.document.selection
            self._starts.draw_at(painter, px, py, opacity, selection, ratio, self.theme)

    # the mouse

    def start_at(self, at: QPointF) -> int | None:
        """The number of the start at a point of this widget."""
        starts = self.document.experiment.starts
        if not starts:
            return None
        scene, ratio = self.scene(), self.devicePixelRatioF()
        px, py, seen = self._on_screen(scene, *_columns(starts), ratio)
        distance = np.where(seen >= 0, np.hypot(px - at.x(), py - at.y()), np.inf)
        nearest = len(starts) - 1 - int(np.argmin(distance[::-1]))
        return nearest if distance[nearest] <= GRIP else None

    def lane_at(self, at: QPointF) -> int | None:
        """The lane whose ball is at a point of this widget."""
        race = self._race
        if race is None:
            return None
        index = min(self.player.index, race.last)
        px, py, seen = self._on_screen(self.scene(), race.x[:, index], race.y[:, index],
                                       self.devicePixelRatioF())  # fmt: skip
        distance = np.where(seen == 1, np.hypot(px - at.x(), py - at.y()), np.inf)
        nearest = int(np.argmin(distance))
        return nearest if distance[nearest] <= GRIP else None

    def point_at(self, at: QPointF) -> tuple[float, float] | None:
        """The point of the plane whose surface is seen at a point of this widget."""
        ratio = self.devicePixelRatioF()
        return self.scene().unproject(at.x() * ratio, at.y() * ratio)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._pressed = self._last = event.position()
            self._moved = False

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        at = event.position()
        if self._pressed is None:
            self.pointed.emit(self.point_at(at))
            return
        if not self._moved and (at - self._pressed).manhattanLength() < 4:
            return
        self._moved = True
        step, self._last = at - self._last, at
        camera = self.document.display.camera
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.buttons() & Qt.MouseButton.LeftButton and not shift:
            elevation = min(90.0, max(-10.0, camera.elevation + DEGREES * step.y()))
            azimuth = math.remainder(camera.azimuth - DEGREES * step.x(), 360.0)
            self._look(replace(camera, azimuth=azimuth, elevation=elevation))
        else:
            right = _within(camera.right + step.x() / max(1, self.width()))
            up = _within(camera.up - step.y() / max(1, self.height()))
            self._look(replace(camera, right=right, up=up))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        pressed, self._pressed = self._pressed, None
        if event is None or pressed is None or self._moved:
            return
        number = self.start_at(pressed)
        if event.button() == Qt.MouseButton.RightButton:
            if number is not None:
                self.document.remove_start(number)
        elif event.button() == Qt.MouseButton.LeftButton:
            lane = self.lane_at(pressed)
            at = self.point_at(pressed)
            if lane is not None:
                self.document.select_lane(lane)
            elif number is not None:
                self.document.select(number)
            elif at is not None:
                self.document.add_start(self._rounded(at))

    def _rounded(self, at: tuple[float, float]) -> tuple[float, float]:
        """In no more digits than a tenth of a pixel is worth."""
        x0, x1, y0, y1 = self.document.experiment.resolved().domain
        pixels = max(self.width(), 1) * self.document.display.camera.zoom
        share = stretch((x0, x1, y0, y1))
        size = max(x1 - x0, (y1 - y0) / share) / pixels
        return rounded(at, (size, size * share))

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """The second press of a double click is no other click."""

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        camera = self.document.display.camera
        delta = max(-1200, min(1200, event.angleDelta().y()))
        zoom = min(40.0, max(0.2, camera.zoom * 1.0015**delta))
        # what is under the pointer stays there
        k = zoom / camera.zoom
        at = event.position()
        x, y = at.x() / max(1, self.width()) - 0.5, 0.5 - at.y() / max(1, self.height())
        right = _within(x - k * (x - camera.right))
        up = _within(y - k * (y - camera.up))
        self._look(replace(camera, zoom=zoom, right=right, up=up))
        event.accept()

    def leaveEvent(self, event: object) -> None:
        self.pointed.emit(None)


def _within(shift: float) -> float:
    """How far the picture may be moved, in its sizes."""
    return min(20.0, max(-20.0, shift))


def _columns(points: tuple[Point, ...]) -> tuple[Array, Array]:
    x, y = np.array(points, np.float64).T
    return x, y
