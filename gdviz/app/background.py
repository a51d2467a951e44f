"""What lies below the race on the map: heat, contour lines, the gradient field, critical points."""

import math
from typing import Any

from PyQt6.QtCore import QObject, QPointF, QTimer, pyqtSignal
from PyQt6.QtGui import QPainter, QPixmap

from gdviz import compute
from gdviz.app.canvas import Viewport, image_of
from gdviz.app.document import Document
from gdviz.app.job import Job
from gdviz.app.pictures import (
    Landscape,
    Mark,
    critical_marks,
    draw_contours,
    draw_critical_points,
    draw_field,
    draw_heat,
    drawn_contours,
)
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.app.trails import Pixels, is_vector
from gdviz.scale import Scale
from gdviz_core import Surface
from gdviz_core.surface import Array

INLINE_SECONDS = 0.025  # a landscape that takes longer is first drawn coarsely
SHADING = 12e-9  # seconds for the colour of a pixel
QUICK_SECONDS = 0.015  # contour lines that take longer are drawn in the background
FIELD_CELL = 42.0  # logical pixels between arrows or streamlines


class Background(QObject):
    """Drawn once for a viewport and kept; what is slow follows from the background.

    `changed` asks for another painting, `scaled` tells which loss has which colour.
    """

    changed = pyqtSignal()
    scaled = pyqtSignal(object)  # Scale

    def __init__(self, document: Document, parent: QObject):
        super().__init__(parent)
        self._document = document
        self._scale = Scale()
        self.landscape: Landscape | None = None
        self._background: tuple[object, QPixmap] | None = None
        self._job: Job | None = None
        self.field: tuple[object, list[Array]] | None = None
        self._fields = 0  # how many fields there have been
        self._marks: tuple[object, list[Mark]] | None = None
        self._fielding: Job | None = None
        self._sought: object = None  # by that job
        self._lines: tuple[tuple[Landscape, Theme], Pixels] | None = None
        self._pace: tuple[Surface | None, float] = (None, 0.0)  # seconds for a pixel of contours
        self._lining: Job | None = None
        self._lined: tuple[Landscape, Theme] | None = None  # by that job
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(80)
        self._later.timeout.connect(self._refine)

    def stop(self) -> None:
        """Begin nothing any more."""
        self._later.stop()

    def paint(self, painter: QPainter, viewport: Viewport, theme: Theme) -> None:
        """Paint what is there by now; the rest follows."""
        surface = self._document.experiment.resolved()
        landscape = self.landscape
        if landscape is None or landscape.surface != surface or landscape.viewport != viewport:
            self._evaluate(surface, viewport)
            landscape = self.landscape
        if landscape is None:
            return
        field = self._field(surface, viewport)
        if is_vector(painter):
            self._draw_on(painter, landscape, field, theme)
            return
        display, found = self._document.display, self._document.critical
        key = (landscape, theme, self._fields if field else 0, display.critical, found)
        if self._background is None or self._background[0] != key:
            self._background = (key, self._draw(landscape, field, theme))
        painter.drawPixmap(QPointF(0, 0), self._background[1])

    def _field(self, surface: Surface, viewport: Viewport) -> list[Array]:
        """The gradient field, if it is wanted and there by now."""
        kind = self._document.display.field
        if kind == "none":
            return []
        wanted = (surface, viewport, kind)
        if self.field is None or self.field[0] != wanted:
            if self._document.patient:
                self.field = (wanted, compute.finish(self._following(*wanted)))
                self._fields += 1
            else:
                if not self._later.isActive():  # begun anew with every frame it would never end
                    self._later.start()
                return []
        return self.field[1]

    @staticmethod
    def _following(surface: Surface, v: Viewport, kind: str) -> compute.Computation[list[Array]]:
        count = max(4, round(max(v.width, v.height) / v.ratio / FIELD_CELL))
        return compute.field(surface, kind, (v.x0, v.x1, v.y0, v.y1), count)

    def marks(self) -> list[Mark]:
        """The critical points of the surface, and what is said of them."""
        surface, found = self._document.experiment.resolved(), self._document.critical
        if self._marks is None or self._marks[0] != (surface, found):
            self._marks = ((surface, found), critical_marks(surface, found))
        return self._marks[1]

    def _draw(self, landscape: Landscape, field: list[Array], theme: Theme) -> QPixmap:
        v = landscape.viewport
        picture = QPixmap(v.width, v.height)
        picture.setDevicePixelRatio(v.ratio)
        self._scale = landscape.scale
        painter = QPainter(picture)
        self._draw_on(painter, landscape, field, theme)
        painter.end()
        self.scaled.emit(self._scale)
        return picture

    def _draw_on(
        self, painter: QPainter, landscape: Landscape, field: list[Array], theme: Theme
    ) -> None:
        v = landscape.viewport
        draw_heat(painter, landscape, theme)
        if is_vector(painter):
            draw_contours(painter, landscape, self._scale, theme)
        else:
            lines = self._contours(landscape, theme)
            if lines is not None:
                painter.drawImage(QPointF(0, 0), image_of(lines, v.ratio))
        if field:
            heads = self._document.display.field == "streamlines"
            draw_field(painter, field, heads, v, theme)
        if self._document.display.critical:
            draw_critical_points(painter, self.marks(), v, theme)

    def _contours(self, landscape: Landscape, theme: Theme) -> Pixels | None:
        """The contour lines; None while they are drawn in the background, if they take long."""
        key = (landscape, theme)
        if self._lines is not None and self._lines[0] == key:
            return self._lines[1]
        surface, pace = self._pace
        pixels = landscape.viewport.width * landscape.viewport.height
        quick = surface == landscape.surface and pace * pixels < QUICK_SECONDS
        if quick or self._document.patient:
            drawing = drawn_contours(landscape, self._scale, theme)
            self._keep_contours(key, *compute.finish(drawing))
            assert self._lines is not None
            return self._lines[1]
        if self._lining is not None:
            if self._lined == key:
                return None
            self._lining.cancel()
        self._lined = key
        self._lining = job = Job(drawn_contours(landscape, self._scale, theme))

        def done(found: tuple[Pixels, float]) -> None:
            self._lining = self._lined = None
            self._keep_contours(key, *found)
            self._background = None
            self.changed.emit()

        job.done.connect(done)
        job.failed.connect(
            lambda error: self._document.said.emit(tr("contours: {error}").format(error=error))
        )
        job.start()
        return None

    def _keep_contours(self, key: tuple[Landscape, Theme], lines: Pixels, seconds: float) -> None:
        viewport = key[0].viewport
        pixels = viewport.width * viewport.height
        self._lines, self._pace = (key, lines), (key[0].surface, seconds / pixels)

    def _evaluate(self, surface: Surface, viewport: Viewport) -> None:
        """Evaluate as finely as is quick enough to do at once; the rest in the background."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        every = 1
        most = math.inf if self._document.patient else INLINE_SECONDS
        while _cost(surface, viewport, every) > most and every < 128:
            every *= 2
        xs, ys = viewport.centres(every)
        evaluate = compute.detailed if self._document.patient else compute.landscape
        values = compute.finish(evaluate(surface, xs, ys))
        self.landscape = Landscape(surface, viewport, every, values)
        if every > 1:
            self._later.start()  # anew: while the map moves there is no end to it

    def _refine(self) -> None:
        """Evaluate what was drawn coarsely at every pixel."""
        self._find_field()
        coarse = self.landscape
        if coarse is None or coarse.every == 1:
            return
        self._job = job = Job(_finely(coarse.surface, coarse.viewport))

        def done(fine: Landscape) -> None:
            self._job = None
            if self.landscape is coarse:
                self.landscape = fine
                self.changed.emit()

        job.done.connect(done)
        job.failed.connect(lambda error: self._document.said.emit(str(error)))
        job.start()

    def _find_field(self) -> None:
        """Follow the gradient field over what is visible, in the background."""
        kind, landscape = self._document.display.field, self.landscape
        if kind == "none" or landscape is None:
            return
        v, surface = landscape.viewport, landscape.surface
        wanted = (surface, v, kind)
        if self.field is not None and self.field[0] == wanted:
            return
        if self._fielding is not None:
            if self._sought == wanted:
                return
            self._fielding.cancel()
        self._sought = wanted
        self._fielding = job = Job(self._following(*wanted))

        def done(lines: Any) -> None:
            self._fielding = None
            self.field = (wanted, lines)
            self._fields += 1
            self.changed.emit()

        job.done.connect(done)
        job.failed.connect(lambda error: self._document.said.emit(str(error)))
        job.start()


def _cost(surface: Surface, viewport: Viewport, every: int) -> float:
    """About how many seconds it takes to evaluate and to colour every `every`th pixel."""
    points = viewport.width * viewport.height // every**2
    return compute.value_cost(surface, points) + SHADING * points


def _finely(surface: Surface, viewport: Viewport) -> compute.Computation[Landscape]:
    """The landscape at every pixel, with its colours worked out."""
    values = yield from compute.detailed(surface, *viewport.centres())
    made = Landscape(surface, viewport, 1, values)
    assert made.shades.size  # kept, so that drawing finds them ready
    return made
