"""Curves of the loss and other quantities, one for each racer and start."""

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt, QTimer
from PyQt6.QtGui import (
    QColor,
    QPainter,
    QPen,
    QResizeEvent,
)
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gdviz.app.axis import LevelAxis, StepAxis
from gdviz.app.canvas import LEFT, Canvas, Viewport, image_of
from gdviz.app.controls import Choice, Combo, label
from gdviz.app.document import Document
from gdviz.app.legend import MAX_ROWS, Legend
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme, font
from gdviz.app.trails import Lines, draw_polyline, is_vector, lane_colours, lane_pixels, thinned
from gdviz.compute import Race
from gdviz.curves import Levels, quantities
from gdviz.display import AXES, SCALES, Display
from gdviz.experiment import Experiment
from gdviz.scale import short
from gdviz.views.view import View

LINE = 1.6
DOT = 4.2
MANY_DOTS = 300
LOW = 230  # a panel lower than this has room for one row only
READ = 9  # lines of the box that reads values


class CurvesView(View):
    """Curves of all lanes and the playhead; a click or drag moves it, the pointer reads values."""

    title = "Curves"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.axis = LevelAxis("left")
        self.canvas = Canvas(self, 54, left=self.axis, bottom=StepAxis("bottom"))
        self.canvas.setAccessibleName(tr("Curves"))
        self.canvas.getPlotItem().setContentsMargins(0, 0, 14, 0)  # for half of the last number
        self.canvas.getAxis("bottom").setStyle(hideOverlappingLabels=False)  # there is room for 0
        self.canvas.paint_content = self.paint_curves
        self.quantity = Combo(tr("Quantity"))
        self.quantity.setObjectName("choice")
        self.quantity.setMaximumWidth(130)
        self.quantity.setToolTip(tr("What is shown"))
        self.quantity.activated.connect(lambda i: document.look(quantity=self.quantity.itemData(i)))
        self.against = Choice(tr("Against"), AXES, lambda word: document.look(against=word))
        self.scale = Choice(tr("Scale"), SCALES, lambda word: document.look(scale=word))
        self.tools = [self.quantity]
        self.legend = Legend(self._switch)
        bottom = QHBoxLayout()
        bottom.setSpacing(6)
        self.captions = [label(tr("against"), "caption")]
        bottom.addWidget(self.captions[0])
        bottom.addWidget(self.against)
        bottom.addStretch(1)
        bottom.addWidget(self.scale)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 14, 8)
        column.setSpacing(3)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.legend)
        column.addLayout(bottom)
        self.theme: Theme = DARK
        self._race: Race | None = None
        self._levels: Levels | None = None
        self._curves: tuple[object, Lines] | None = None
        self._pointer: tuple[float, float] | None = None
        self._display: tuple[str, str, str] | None = None
        self.canvas.clicked.connect(self._scrub)
        self.canvas.dragged.connect(self._scrub)
        self.canvas.hovered.connect(self._point)
        document.charted.connect(lambda _: self._measure_if("distance"))
        document.selected.connect(lambda _: self.canvas.repaint_content())
        self.show_experiment(document.experiment)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.legend.show_rows(MAX_ROWS if self.height() > LOW else 1)

    def show_experiment(self, experiment: Experiment) -> None:
        self.legend.show_racers(experiment)

    def for_picture(self) -> QWidget:
        for part in (self.legend, self.against, self.scale, *self.captions):
            part.hide()
        return super().for_picture()

    def show_race(self, race: Race) -> None:
        self._race = race if len(race.x) else None
        self._measure()

    def show_display(self, display: Display) -> None:
        shown = (display.quantity, display.against, display.scale)
        if shown != self._display:
            self._measure()

    def _measure_if(self, quantity: str) -> None:
        if self.document.display.quantity == quantity:
            self._measure()

    def _measure(self) -> None:
        """Find what the axes show."""
        display, race = self.document.display, self._race
        self._display = (display.quantity, display.against, display.scale)
        self.against.hide_value("epochs", self.document.experiment.data is None)
        there = self.document.experiment.data is not None or display.against != "epochs"
        against = display.against if there else "steps"
        self.against.show_value(against)
        self.scale.show_value(display.scale)
        self._levels = None
        if race is not None:
            self._offer(quantities(race), display.quantity)
            found = self.document.critical
            minima = (
                None if found is None else tuple((p.x, p.y) for p in found if p.kind == "minimum")
            )
            self._levels = levels = Levels.of(
                race, display.quantity, display.scale, against, minima or None
            )
            self.setWindowTitle(tr(levels.title))
            self.axis.log = levels.log
            last = 1.0 if levels.places is None else max(1.0, float(np.max(levels.places)))
            self.canvas.show_range(-0.02 * last, 1.02 * last, levels.low, levels.high)
        self.canvas.repaint_content()

    def _offer(self, known: dict[str, str], quantity: str) -> None:
        known.setdefault(quantity, quantity)
        if [self.quantity.itemData(i) for i in range(self.quantity.count())] != list(known):
            self.quantity.clear()
            for key, title in known.items():
                self.quantity.addItem(tr(title), key)
        self.quantity.setCurrentIndex(self.quantity.findData(quantity))

    def show_step(self, index: int) -> None:
        self.canvas.repaint_content()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas.set_theme(theme)
        self.legend.set_theme(theme)
        for combo in (self.quantity, self.against, self.scale):
            combo.set_theme(theme)

    def _switch(self, number: int) -> None:
        racers = list(self.document.experiment.racers)
        racer = racers[number]
        racers[number] = replace(racer, on=not racer.on)
        word = "Switch off" if racer.on else "Switch"
        try:
            self.document.edit(
                tr("{word} of {name}").format(word=word, name=racer.name), racers=tuple(racers)
            )
        except ValueError as error:
            self.document.said.emit(str(error))

    # drawing

    def paint_curves(self, painter: QPainter, viewport: Viewport) -> None:
        race, levels = self._race, self._levels
        if race is None or levels is None:
            return
        self._draw_grid(painter, viewport)
        key = (race, levels, viewport, self.theme)
        if self._curves is None or self._curves[0] != key:
            curves = levels.curves(race)
            radius = LINE * self.theme.zoom * viewport.ratio / 2 - 0.25
            paint = lane_pixels(race, self.theme)
            self._curves = (key, Lines(*curves, viewport, paint, radius))
        lines = self._curves[1]
        if is_vector(painter):
            self._draw_lines(painter, race, levels, viewport)
        else:
            if not lines.strokes.draw_to(lines.strokes.last, time.monotonic() + self.patience):
                QTimer.singleShot(0, self.canvas.repaint_content)
            painter.drawImage(QPointF(0, 0), image_of(lines.image, viewport.ratio))
        index = min(self.player.index, race.last)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.theme.text3), 1.0, Qt.PenStyle.DashLine))
        x = viewport.point(self._place(index), 0.0).x()
        painter.drawLine(QPointF(x, 0), QPointF(x, viewport.height / viewport.ratio))
        painter.setPen(QPen(QColor("white"), 1.2))
        colours = lane_colours(race, self.theme)
        dot = DOT * self.theme.zoom
        for lane, color in enumerate(colours if len(colours) <= MANY_DOTS else ()):
            value = levels.values[lane, index]
            if math.isfinite(value):
                painter.setBrush(color)
                painter.drawEllipse(viewport.point(self._at(lane, index), float(value)), dot, dot)
        if self._pointer is not None:
            self._draw_reading(painter, viewport, race, levels, self._pointer)

    def _draw_lines(
        self, painter: QPainter, race: Race, levels: Levels, viewport: Viewport
    ) -> None:
        x, y, visible = levels.curves(race)
        a, b, c, d = viewport.mapping / viewport.ratio
        for lane, color in enumerate(lane_colours(race, self.theme)):
            part = slice(0, int(visible[lane]))
            line = thinned(a + b * x[lane, part], np.clip(c + d * y[lane, part], -1e5, 1e5))
            draw_polyline(painter, *line, QPen(color, LINE * self.theme.zoom))

    def _at(self, lane: int, index: int) -> float:
        """Where a record of a lane lies on the horizontal axis."""
        levels = self._levels
        assert levels is not None
        assert levels.places is not None
        return float(levels.places[lane, index])

    def _place(self, index: int) -> float:
        """Where the playhead is on the horizontal axis: by the run that is looked at."""
        return self._at(self.document.selected_lane() or 0, index)

    def _record(self, x: float) -> int:
        """The record at a place of the horizontal axis, of the run that is looked at."""
        levels = self._levels
        assert levels is not None
        assert levels.places is not None
        return int(np.abs(levels.places[self.document.selected_lane() or 0] - x).argmin())

    def _draw_reading(
        self, painter: QPainter, viewport: Viewport, race: Race, levels: Levels,
        pointer: tuple[float, float],
    ) -> None:  # fmt: skip
        """The values at the pointer: those of the lanes whose curves are nearest."""
        index = self._record(pointer[0])
        place = self._place(index)
        at_place = [levels.record(lane, place) for lane in range(len(levels.values))]
        values = levels.values[np.arange(len(at_place)), at_place]
        good = np.flatnonzero(np.isfinite(values))
        if not good.size:
            return
        count = min(READ, int((viewport.height / viewport.ratio - 20) / (17 * self.theme.zoom)) - 1)
        near = good[np.argsort(np.abs(values[good] - pointer[1]), kind="stable")][: max(1, count)]
        near = near[np.argsort(-values[near], kind="stable")]
        starts = len(race.experiment.starts)
        rows = []
        for lane in near.tolist():
            racer = race.experiment.running[lane // starts]
            name = racer.name if starts == 1 else f"{racer.name}, start {lane % starts + 1}"
            value = short(levels.read(lane, at_place[lane]))
            rows.append((self.theme.racer(racer.colour), name, value))
        counted = self.document.display.against
        head = {"steps": tr("Step {n}"), "epochs": tr("Epoch {n}")}.get(
            counted, tr("{n} evaluations")
        )
        head = head.format(n=f"{place:.2f}" if counted == "epochs" else int(place))
        painter.setFont(font(11.5 * self.theme.zoom))
        metrics = painter.fontMetrics()
        left = max(metrics.horizontalAdvance(name) for _, name, _ in rows)
        right = max(metrics.horizontalAdvance(value) for _, _, value in rows)
        width = max(left + right + 44, metrics.horizontalAdvance(head) + 20)
        line = metrics.height() + 2
        height = line * (len(rows) + 1) + 10
        at = viewport.point(self._place(index), pointer[1])
        room = viewport.width / viewport.ratio
        x = at.x() + 12 if at.x() + 12 + width < room else max(0.0, at.x() - 12 - width)
        y = max(2.0, min(at.y() - height / 2, viewport.height / viewport.ratio - height - 2))
        painter.setPen(QPen(QColor(self.theme.text3), 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(at.x(), 0), QPointF(at.x(), viewport.height / viewport.ratio))
        back = QColor(self.theme.raised)
        back.setAlpha(235)
        painter.setPen(QPen(QColor(self.theme.border), 1.0))
        painter.setBrush(back)
        painter.drawRoundedRect(QRectF(x, y, width, height), 7, 7)
        painter.setPen(QColor(self.theme.text2))
        painter.drawText(QPointF(x + 10, y + line - 1), head)
        for number, (color, name, value) in enumerate(rows, 2):
            base = y + line * number
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QPointF(x + 14, base - 0.32 * line), 4, 4)
            painter.setPen(QColor(self.theme.text))
            painter.drawText(QPointF(x + 24, base - 1), name)
            wide = metrics.horizontalAdvance(value)
            painter.drawText(QPointF(x + width - 10 - wide, base - 1), value)

    def _draw_grid(self, painter: QPainter, viewport: Viewport) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(self.theme.border), 1.0))
        size = viewport.height / viewport.ratio
        for _, values in self.axis.tickValues(viewport.y0, viewport.y1, size):
            for value in values:
                y = viewport.point(0.0, value).y()
                painter.drawLine(QPointF(0, y), QPointF(viewport.width / viewport.ratio, y))

    # the mouse

    def _point(self, at: tuple[float, float] | None) -> None:
        self._pointer = at
        self.canvas.repaint_content()

    def _scrub(self, event: Any) -> None:
        if self._race is None or self._levels is None or event.button() != LEFT:
            return
        x, _ = self.canvas.to_plane(event.scenePos())
        self.player.pause()
        self.player.go(self._record(x))
