"""The data, and the models of all racers on them, moving with the playhead."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from gdviz import fit
from gdviz.app.canvas import Canvas, NumberAxis, Viewport
from gdviz.app.controls import ElidedLabel, Switch, label
from gdviz.app.document import Document
from gdviz.app.internals import name_axes
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.app.trails import is_vector, lane_colours
from gdviz.compute import Race
from gdviz.data import Data
from gdviz.experiment import Experiment, Point
from gdviz.scale import short
from gdviz.views.view import View
from gdviz_core.perceptron import Network
from gdviz_core.surface import Array, Surface

POINTS = 4000  # rows that are drawn; of more a sample
MODELS = 60  # curves that are drawn
ALONG = 200  # points of a curve
ACROSS = 48  # points of each side of a grid on which a boundary is looked for
RESIDUALS = 400
DOT = 2.2
Model = Callable[[Array], Array]  # from inputs (inputs, n) to predictions, in the table's units
LINE = 1.8


@dataclass(frozen=True, eq=False)
class Scatter:
    """What is drawn of a table: points of two coordinates, in classes or in one.

    `kind` is "curve" (input and target), "boundary" (two inputs, coloured by class) or "agreement"
    (target and prediction).
    """

    kind: str
    x: Array
    y: Array
    classes: Array | None
    rows: Array  # the inputs of the rows that are drawn, (inputs, rows)
    titles: tuple[str, str]
    bounds: tuple[float, float, float, float]

    @classmethod
    def of(cls, data: Data) -> Scatter:
        """The points of a table; those of a large one are a sample."""
        raw = data.raw
        every = max(1, math.ceil(raw.rows / POINTS))
        inputs, target = raw.select(data.inputs)[:, ::every], raw[data.target][::every]
        classes = None
        if data.classifies:
            classes = target
        if len(inputs) == 1:
            kind, x, y, titles = "curve", inputs[0], target, (data.inputs[0], data.target)
        elif len(inputs) == 2 and classes is not None:
            kind, x, y = "boundary", inputs[0], inputs[1]
            titles = (data.inputs[0], data.inputs[1])
        else:
            kind, x, y = "agreement", target, target
            titles = (data.target, tr("predicted"))
        (x0, x1), (y0, y1) = _roomy(x), _roomy(y)
        return cls(kind, x, y, classes, inputs, titles, (x0, x1, y0, y1))


def _roomy(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or max(1.0, abs(high)) * 0.1
    return low - room, high + room


class FitView(View):
    """Points, the curve or boundary of every racer, and the residuals of the selected one."""

    title = "Fit"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.canvas = Canvas(self, 58, left=NumberAxis("left"), bottom=NumberAxis("bottom"))
        self.canvas.setAccessibleName(tr("Data and models"))
        self.canvas.getPlotItem().setContentsMargins(0, 0, 14, 0)
        self.canvas.paint_content = self.paint_fit
        self.residuals = Switch(tr("Residuals of the selected run"))
        self.residuals.clicked.connect(lambda _: self.canvas.repaint_content())
        self.across = ElidedLabel("", "caption")
        self.words = ElidedLabel("", "hint")
        self.empty = label("", "hint")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        below = QHBoxLayout()
        below.addWidget(self.words, 1)
        self._caption = label(tr("Residuals"), "caption")
        below.addWidget(self._caption)
        below.addWidget(self.residuals)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(14, 4, 14, 8)
        column.setSpacing(3)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.across)
        column.addLayout(below)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(shown)
        self._pages.addWidget(self.empty)
        self.theme: Theme = DARK
        self._race: Race | None = None
        self._scatter: Scatter | None = None
        self._dots: tuple[object, QImage] | None = None
        self._pointer: Point | None = None
        document.selected.connect(lambda _: self.show_step(player.index))
        self.show_experiment(document.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        data = experiment.data
        self._scatter = None
        if data is None:
            self.empty.setText(tr("Open data (Ctrl+D) to see what is learned from them."))
        elif not data.prediction and data.net is None:
            words = tr("The loss compares no prediction with {target}: there is none to show.")
            self.empty.setText(words.format(target=data.target))
        else:
            self._scatter = Scatter.of(data)
            self.canvas.show_range(*self._scatter.bounds)
            straight = self._scatter.kind == "curve"
            for part in (self.residuals, self._caption):
                part.setVisible(straight)
        self._pages.setCurrentIndex(0 if self._scatter is not None else 1)
        self.canvas.repaint_content()

    def show_race(self, race: Race) -> None:
        self._race = race if len(race.x) else None
        self.show_step(self.player.index)

    def show_step(self, index: int) -> None:
        if self._scatter is None or not self.isVisible():
            return
        self._show_words(index)
        self.canvas.repaint_content()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.show_step(self.player.index)

    def show_pointer(self, at: Point | None) -> None:
        """Show the model under the pointer on the map; None when it is elsewhere."""
        self._pointer = at
        if self._scatter is not None and self.isVisible():
            self.canvas.repaint_content()

    def _show_words(self, index: int) -> None:
        race, lane = self._race, self.document.selected_lane()
        text = ""
        if race is not None and lane is not None and race.experiment is self.document.experiment:
            index = min(index, race.last)
            a, b = float(race.x[lane, index]), float(race.y[lane, index])
            surface = race.experiment.resolved()
            first, second = surface.variables
            text = fit.in_units(race.experiment, a, b) or (
                f"{first} = {short(a)}, {second} = {short(b)}"
            )
            off = race.trajectories[lane].off
            if off is not None:
                away = short(float(off[race.record(lane, index)]))
                text = tr("{distance} off the plane").format(distance=away)
            self._show_condition(surface, a, b)
        self.words.setText(text)

    def _show_condition(self, surface: Surface, a: float, b: float) -> None:
        """How much steeper the loss is across than along, at the point of the selected run."""
        if isinstance(surface, Network):  # whose plane does not tell how steep the rest is
            self.across.setText(tr("the models are those of all weights"))
            return
        number = condition(surface, a, b)
        words = tr("condition number {number}").format(
            number="–" if number is None else short(number, 3)
        )
        self.across.setText(words)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas.set_theme(theme)
        self.residuals.set_colours(QColor(theme.accent), theme)
        self.canvas.repaint_content()

    def for_picture(self) -> QWidget:
        self.residuals.hide()
        self._caption.hide()
        return super().for_picture()

    # drawing

    def paint_fit(self, painter: QPainter, viewport: Viewport) -> None:
        scatter, race = self._scatter, self._race
        if scatter is None:
            return
        experiment = self.document.experiment
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw = {"curve": self._draw_curve, "boundary": self._draw_boundary,
                "agreement": self._draw_agreement}[scatter.kind]  # fmt: skip
        if scatter.kind != "agreement":
            self._draw_dots(painter, viewport, scatter)
        if scatter.kind == "agreement":
            painter.setPen(QPen(QColor(self.theme.text3), 1.0, Qt.PenStyle.DashLine))
            low, high = scatter.bounds[0], scatter.bounds[1]
            painter.drawLine(viewport.point(low, low), viewport.point(high, high))
        if race is not None and race.experiment is experiment:
            index = min(self.player.index, race.last)
            selected = self.document.selected_lane()
            if self.residuals.isChecked() and selected is not None and scatter.kind == "curve":
                model = _quiet(partial(fit.predict_run, race, selected, index))
                self._draw_residuals(painter, viewport, scatter, model)
            colours = lane_colours(race, self.theme)
            lanes = [*range(min(len(race.x), MODELS))]
            lanes.sort(key=lambda lane: lane == selected)  # the selected one on top
            for lane in lanes:
                wide = LINE * self.theme.zoom * (1.5 if lane == selected else 1.0)
                model = _quiet(partial(fit.predict_run, race, lane, index))
                draw(painter, viewport, scatter, model, QPen(colours[lane], wide))
        name_axes(painter, viewport, scatter.titles, self.theme)
        if self._pointer is not None:
            pen = QPen(QColor(self.theme.text2), 1.2 * self.theme.zoom, Qt.PenStyle.DashLine)
            draw(painter, viewport, scatter,
                 _quiet(partial(fit.predict, experiment, *self._pointer)), pen)  # fmt: skip

    def _draw_dots(self, painter: QPainter, viewport: Viewport, scatter: Scatter) -> None:
        if is_vector(painter):
            self._put_dots(painter, viewport, scatter)
            return
        key = (scatter, viewport, self.theme)
        if self._dots is None or self._dots[0] != key:
            image = QImage(
                viewport.width, viewport.height, QImage.Format.Format_ARGB32_Premultiplied
            )
            image.setDevicePixelRatio(viewport.ratio)
            image.fill(0)
            inner = QPainter(image)
            try:
                inner.setRenderHint(QPainter.RenderHint.Antialiasing)
                self._put_dots(inner, viewport, scatter)
            finally:
                inner.end()
            self._dots = (key, image)
        painter.drawImage(QPointF(0, 0), self._dots[1])

    def _put_dots(self, painter: QPainter, viewport: Viewport, scatter: Scatter) -> None:
        px, py, _ = viewport.points(scatter.x, scatter.y)
        size = 2 * DOT * self.theme.zoom * (0.75 if len(px) > 800 else 1.9 if len(px) < 30 else 1.0)
        groups: list[tuple[Any, str]] = [(slice(None), self.theme.text3)]
        if scatter.classes is not None:
            colours = (self.theme.text3, self.theme.accent)
            groups = [(scatter.classes == kind, colours[kind]) for kind in (0, 1)]
        for part, colour in groups:
            pen = QPen(_faint(colour, 90 if len(px) > 400 else 170), size)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPoints(QPolygonF(map(QPointF, px[part], py[part])))

    def _draw_curve(
        self, painter: QPainter, viewport: Viewport, scatter: Scatter, model: Model, pen: QPen
    ) -> None:  # fmt: skip
        xs = np.linspace(scatter.bounds[0], scatter.bounds[1], ALONG)
        _draw_line(painter, viewport, xs, model(xs[None]), pen)

    def _draw_boundary(
        self, painter: QPainter, viewport: Viewport, scatter: Scatter, model: Model, pen: QPen
    ) -> None:  # fmt: skip
        import contourpy

        x0, x1, y0, y1 = scatter.bounds
        xs, ys = np.linspace(x0, x1, ACROSS), np.linspace(y0, y1, ACROSS)
        mesh = np.stack([m.ravel() for m in np.meshgrid(xs, ys)])
        found = model(mesh).reshape(ACROSS, ACROSS)
        for line in contourpy.contour_generator(xs, ys, found - 0.5).lines(0.0):
            ends = np.asarray(line)
            _draw_line(painter, viewport, ends[:, 0], ends[:, 1], pen)

    def _draw_agreement(
        self, painter: QPainter, viewport: Viewport, scatter: Scatter, model: Model, pen: QPen
    ) -> None:  # fmt: skip
        px, py, _ = viewport.points(scatter.x, model(scatter.rows))
        colour = QColor(pen.color())
        colour.setAlpha(140)
        dots = QPen(colour, 2 * DOT * self.theme.zoom)
        dots.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(dots)
        good = np.isfinite(py)
        py = np.clip(py, -1e5, 1e5)
        painter.drawPoints(QPolygonF(map(QPointF, px[good], py[good])))

    def _draw_residuals(
        self, painter: QPainter, viewport: Viewport, scatter: Scatter, model: Model
    ) -> None:  # fmt: skip
        every = max(1, math.ceil(len(scatter.x) / RESIDUALS))
        x, y = scatter.x[::every], scatter.y[::every]
        px, py, _ = viewport.points(x, y)
        _, qy, _ = viewport.points(x, model(scatter.rows[:, ::every]))
        qy = np.clip(qy, -1e5, 1e5)
        painter.setPen(QPen(_faint(self.theme.error, 150), 1.0 * self.theme.zoom))
        good = np.isfinite(qy)
        for x_, y_, z_ in zip(px[good], py[good], qy[good], strict=True):
            painter.drawLine(QPointF(x_, y_), QPointF(x_, z_))


def condition(surface: Surface, a: float, b: float) -> float | None:
    """The condition number of the Hessian at a point, None where it is not that of a valley."""
    hxx, hxy, hyy = (float(h) for h in surface.hessian(a, b))
    if not math.isfinite(hxx + hxy + hyy):
        return None
    # scaled, so that no square overflows; the product of both is the determinant
    unit = max(abs(hxx), abs(hxy), abs(hyy)) or 1.0
    hxx, hxy, hyy = hxx / unit, hxy / unit, hyy / unit
    large = (hxx + hyy) / 2 + math.hypot((hxx - hyy) / 2, hxy)
    product = hxx * hyy - hxy * hxy
    return large * large / product if product > 1e-15 and large > 0 else None


def _quiet(model: Model) -> Model:
    """A model whose predictions may be beyond all numbers."""

    def call(inputs: Array) -> Array:
        with np.errstate(all="ignore"):
            return model(inputs)

    return call


def _faint(colour: str, alpha: int) -> QColor:
    made = QColor(colour)
    made.setAlpha(alpha)
    return made


def _draw_line(painter: QPainter, viewport: Viewport, x: Array, y: Array, pen: QPen) -> None:
    """A line through points, broken where they are not finite."""
    px, py, _ = viewport.points(x, y)
    painter.setPen(pen)
    good = np.isfinite(py)
    py = np.clip(py, -1e5, 1e5)
    for part in np.split(np.arange(len(px)), np.flatnonzero(~good)):
        points = [QPointF(px[i], py[i]) for i in part if good[i]]
        if len(points) > 1:
            painter.drawPolyline(QPolygonF(points))
