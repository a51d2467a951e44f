"""Two hyper-parameters of a racer: every pixel is a run with its own values of both."""

from dataclasses import replace
from functools import partial
from typing import Any

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from gdviz import maps
from gdviz.app.axis import LevelAxis
from gdviz.app.canvas import LEFT, Canvas, Viewport
from gdviz.app.controls import Choice, ElidedLabel, label
from gdviz.app.document import Document
from gdviz.app.pane import draw_progress, draw_words
from gdviz.app.player import Player
from gdviz.app.survey import Survey
from gdviz.app.sweepform import SweepForm
from gdviz.app.sweepkey import SweepKey
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme, font
from gdviz.app.trails import stroke
from gdviz.borders import CRITICAL, STABLE, Border, borders, curvatures_at
from gdviz.compute import Race
from gdviz.display import SWEPT, Display
from gdviz.experiment import Experiment, Point
from gdviz.racer import Racer
from gdviz.scale import short
from gdviz.sweep import Axis
from gdviz.tint import ENDS, goal
from gdviz.views.view import View
from gdviz_core.maps import Sweep

TITLES = {"end": "How it ends", "loss": "Loss at the end", "steps": "Steps to target"}
STARTS = ("selected start", "all starts")
ARM = 9.0  # of the cross
LABELLED = 130  # points of height below which words would cover the map


class SweepView(View):
    """What two hyper-parameters of the selected racer do; its present values are the cross.

    A click loads the values of a pixel into the racer, a drag takes the cross along. Over the map
    lies what theory says of the quadratic that fits the loss at the minimum.
    """

    title = "Hyper-parameters"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self.kind = Choice(
            tr("What colours tell"), SWEPT, lambda word: document.look(swept=word), titles=TITLES
        )  # fmt: skip
        self.over = Choice(tr("From which starts"), STARTS, self._choose_starts)
        self.tools = [self.kind, self.over]
        self.form = SweepForm(self._take_axis, self._refuse)
        self.axes_shown = [LevelAxis("bottom"), LevelAxis("left")]
        self.canvas = Canvas(self, 66, 40, left=self.axes_shown[1], bottom=self.axes_shown[0])
        self.canvas.setAccessibleName(tr("Hyper-parameter map"))
        self.canvas.getPlotItem().setContentsMargins(0, 8, 14, 0)
        self.canvas.paint_content = self._paint
        self.canvas.clicked.connect(self._click)
        self.canvas.dragged.connect(self._drag)
        self.canvas.hovered.connect(self._hover)
        self.canvas.resized.connect(self.refresh)
        self.key = SweepKey()
        self.words = ElidedLabel("", "hint")
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.survey = Survey(document, self)
        self.survey.changed.connect(self._show_sheet)
        self.survey.progressed.connect(self._progress)
        self._fraction: float | None = None
        self._axes: tuple[Axis, Axis] | None = None
        self._borders: tuple[object, list[Border]] = (None, [])
        self._of: object = None  # which axes and racer the map is of
        self._gesture: object = None
        self._bare = False  # for a picture as small as a stamp
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 14, 8)
        column.setSpacing(4)
        column.addWidget(self.form)
        column.addWidget(self.problem)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.key)
        column.addWidget(self.words)
        document.selected.connect(lambda _: self.refresh())
        document.charted.connect(lambda _: self.refresh())
        document.gave_up.connect(self.survey.give_up)
        self.show_display(document.display)

    # what the document says

    def show_experiment(self, experiment: Experiment) -> None:
        self.over.show_value(STARTS[experiment.maps.mean])
        self.refresh()

    def show_race(self, race: Race) -> None:
        self.refresh()

    def show_display(self, display: Display) -> None:
        self.kind.show_value(display.swept)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for part in (self.kind, self.over, self.canvas, self.form, self.key):
            part.set_theme(theme)
        self.refresh()

    def show_bare(self) -> None:
        self.key.hide()
        self._bare = True
        for name in ("left", "bottom"):
            self.canvas.hideAxis(name)

    def for_picture(self) -> QWidget:
        self.form.hide()
        return super().for_picture()

    def showEvent(self, event: object) -> None:
        self.refresh()

    def hideEvent(self, event: object) -> None:
        self.survey.stop()

    def finish(self) -> None:
        self.survey.stop()

    def refresh(self) -> None:
        """Show the map of now, unless no one can see it."""
        if not self.isVisible():
            return
        racer, experiment = self.document.selected_racer, self.document.experiment
        before = self._of
        try:
            if racer is None:
                raise ValueError(tr("Add a racer to see what its hyper-parameters do."))
            self._axes = maps.axes_of(experiment, racer)
            self.form.show_axes(self._axes, maps.rule_in(experiment, racer))
            for item, axis, side in zip(
                self.axes_shown, self._axes, ("bottom", "left"), strict=True
            ):
                item.log = axis.log
                if not self._bare:  # it would show the axis
                    self.canvas.getPlotItem().setLabel(side, axis.name)
            (x0, x1), (y0, y1) = self._axes[0].ends, self._axes[1].ends
            self.canvas.show_range(x0, x1, y0, y1)
        except ValueError:
            self._axes = None
        self._of = (self._axes, self.document.racer)
        if self._of != before:
            self.survey.forget()  # it would be drawn, and read, where its values are not
        self.form.setEnabled(self._axes is not None)
        self.over.setEnabled(len(experiment.starts) > 1)
        self._ask(experiment, racer)
        self._show_sheet()

    def _ask(self, experiment: Experiment, racer: Racer | None) -> None:
        document = self.document
        colouring = document.display.swept
        target = None
        if colouring == "steps":
            target = maps.target_of(experiment, document.display.target, document.critical)
        least = min((point.loss for point in document.critical or ()), default=None)
        self.survey.paint_as((colouring, least), self.theme.inks)
        seen = self.canvas.viewport_now()

        def asks() -> list[maps.Ask]:
            if racer is None:
                raise ValueError(tr("Add a racer to see what its hyper-parameters do."))
            maps.axes_of(experiment, racer)
            if seen is None:
                raise ValueError("")
            return [partial(_question, experiment, racer, seen, document.selection, target)]

        varied = {axis.name for axis in self._axes or ()}
        values = {} if racer is None else {
            name: value for name, value in racer.values.items() if name not in varied
        }  # fmt: skip
        runs = () if racer is None else (racer.optimizer, racer.rule, racer.way, racer.h,
                                         tuple(racer.conditions().items()))  # fmt: skip
        starts = experiment.starts if experiment.maps.mean else (
            experiment.starts[document.selection : document.selection + 1]
        )  # fmt: skip
        key = (
            experiment.resolved(), experiment.steps, experiment.budget, experiment.tolerance,
            experiment.stop_outside, experiment.noise, experiment.seed, experiment.replacement,
            experiment.own_luck, self._axes, tuple(values.items()), runs, starts, target,
            None if seen is None else (seen.width, seen.height),
        )  # fmt: skip
        self.survey.ask(key, asks)

    def _progress(self, fraction: float | None) -> None:
        self._fraction = fraction

    def _show_sheet(self) -> None:
        sheet = self.survey.sheets[0] if self.survey.sheets else None
        self.key.setVisible(sheet is not None and not self._bare)
        if sheet is not None and isinstance(sheet.question, Sweep):
            self.key.show_key(self.document.display.swept, sheet.shades, sheet.part["codes"],
                              goal(sheet.question))  # fmt: skip
        self.canvas.repaint_content()

    # what the user does

    def _refuse(self, reason: str) -> None:
        self.problem.setText(reason)
        self.problem.setVisible(bool(reason))

    def _choose_starts(self, word: str) -> None:
        document = self.document
        document.edit(tr("Starts of the map"), maps=replace(document.experiment.maps,
                                                            mean=word == STARTS[1]))  # fmt: skip

    def _take_axis(self, number: int, axis: Axis) -> None:
        if self._axes is None:
            return
        axes = (axis, self._axes[1]) if number == 0 else (self._axes[0], axis)
        self.document.edit(tr("Axes of the map"),
                           maps=replace(self.document.experiment.maps, axes=axes))  # fmt: skip
        self._refuse("")

    def load(self, at: Point, gesture: object = None) -> None:
        """Give the racer the values at a point of the map."""
        racer, document, number = self.document.selected_racer, self.document, self.document.racer
        if racer is None or self._axes is None:
            return
        values = dict(racer.values)
        rule = maps.rule_in(document.experiment, racer)
        known = {h.name: h for h in rule.hyperparameters}
        for place, axis in zip(at, self._axes, strict=True):
            low, high = axis.ends
            value = float(f"{axis.value(min(max(place, low), high)):.4g}")
            h = known[axis.name]
            values[axis.name] = min(max(value, h.low), h.high)
        racers = list(document.experiment.racers)
        try:
            racers[number] = replace(racer, values=values, tuned=False)
            document.edit(tr("Hyper-parameters of {name}").format(name=racer.name),
                          gesture=gesture, racers=tuple(racers))  # fmt: skip
        except ValueError as error:
            document.said.emit(str(error))

    def _click(self, event: Any) -> None:
        if event.button() == LEFT and not event.double():
            self.load(self.canvas.to_plane(event.scenePos()))

    def _drag(self, event: Any) -> None:
        if event.button() != LEFT:
            return
        if event.isStart():
            self._gesture = object()
        self.load(self.canvas.to_plane(event.scenePos()), self._gesture)
        if event.isFinish():
            self._gesture = None

    def _hover(self, at: Point | None) -> None:
        sheet = self.survey.sheets[0] if self.survey.sheets else None
        if at is None or sheet is None or self._axes is None:
            self.words.setText("")
            return
        rows, columns = sheet.part["codes"].shape
        (x0, x1), (y0, y1) = self._axes[0].ends, self._axes[1].ends
        i = min(max(int((at[0] - x0) / (x1 - x0) * columns), 0), columns - 1)
        j = min(max(int((at[1] - y0) / (y1 - y0) * rows), 0), rows - 1)
        code = int(sheet.part["codes"][j, i])
        end = tr(dict(ENDS)[code])
        values = ", ".join(f"{axis.name} {axis.value(place):.4g}"
                           for axis, place in zip(self._axes, at, strict=True))  # fmt: skip
        self.words.setText(tr("{values}: {end}, {steps:.4g} steps, loss {loss}").format(
            values=values, end=end, steps=float(sheet.part["steps"][j, i]),
            loss=short(float(sheet.part["loss"][j, i])),
        ))  # fmt: skip

    # drawing

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        theme, survey = self.theme, self.survey
        room = QRectF(0, 0, viewport.width / viewport.ratio, viewport.height / viewport.ratio)
        painter.fillRect(room, QColor(theme.empty))
        sheet = survey.sheets[0] if survey.sheets else None
        if survey.failure or self._axes is None:
            draw_words(painter, survey.failure, room, theme)
            return
        if sheet is not None and isinstance(sheet.question, Sweep):
            (x0, x1), (y0, y1) = self._axes[0].ends, self._axes[1].ends
            sheet.draw(painter, viewport, (x0, x1, y0, y1))
        self._draw_borders(painter, viewport, room)
        self._draw_cross(painter, viewport, room)
        if self._fraction is not None:
            draw_progress(painter, self._fraction, room.width(), theme)

    def _theory(self) -> list[Border]:
        racer, document, race = self.document.selected_racer, self.document, self.document.race
        if racer is None or self._axes is None:
            return []
        lane, end = document.selected_lane(), None
        if lane is not None and race.trajectories[lane].status == "converged":
            end = (float(race.x[lane, -1]), float(race.y[lane, -1]))
        curvatures = curvatures_at(document.critical, end)
        varied = {axis.name for axis in self._axes}
        rest = tuple((n, v) for n, v in racer.values.items() if n not in varied)
        key = (racer.optimizer, rest, racer.conditions().keys(), self._axes, curvatures)
        if self._borders[0] != key:
            self._borders = (key, borders(racer, self._axes, curvatures))
        return self._borders[1]

    def _draw_borders(self, painter: QPainter, viewport: Viewport, room: QRectF) -> None:
        theme = self.theme
        painter.setFont(font(11.5 * theme.zoom, 500))
        for number, border in enumerate(self._theory()):
            color = QColor(theme.text)
            if border.kind == CRITICAL:
                color.setAlphaF(0.75)
            longest = max(border.lines, key=len)
            for line in border.lines:
                px, py, _ = viewport.points(line[:, 0], line[:, 1])
                pens = (QColor(theme.casing), 4.0 * theme.zoom), (color, 1.6 * theme.zoom)
                stroke(painter, viewport, px, py, *pens)
            words = (tr("stable up to λ = {h}") if border.kind != CRITICAL
                     else tr("critical, λ = {h}")).format(h=short(border.curvature, 3))  # fmt: skip
            share = {STABLE: 0.85}.get(border.kind, 0.3 + 0.3 * (number % 2))
            at = longest[int(len(longest) * share)]
            place = viewport.point(float(at[0]), float(at[1]))
            if room.height() >= LABELLED * theme.zoom:
                draw_label(painter, place, words, room, theme)

    def _draw_cross(self, painter: QPainter, viewport: Viewport, room: QRectF) -> None:
        racer = self.document.selected_racer
        if racer is None or self._axes is None:
            return
        place = [axis.place(racer.values[axis.name]) for axis in self._axes]
        (x0, x1), (y0, y1) = self._axes[0].ends, self._axes[1].ends
        at = viewport.point(min(max(place[0], x0), x1), min(max(place[1], y0), y1))
        at = QPointF(
            min(max(at.x(), 2.0), room.right() - 2), min(max(at.y(), 2.0), room.bottom() - 2)
        )
        for color, width in ((self.theme.casing, 4.5), (self.theme.mark, 2.0)):
            pen = QPen(QColor(color), width * self.theme.zoom)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawLine(at - QPointF(ARM, 0), at + QPointF(ARM, 0))
            painter.drawLine(at - QPointF(0, ARM), at + QPointF(0, ARM))
            painter.drawEllipse(at, ARM * 0.62, ARM * 0.62)


def draw_label(painter: QPainter, at: QPointF, words: str, room: QRectF, theme: Theme) -> None:
    """Words beside a point, within the room, on a ground that lets them be read."""
    wide = painter.fontMetrics().horizontalAdvance(words) + 10
    high = painter.fontMetrics().height() + 2
    left = min(at.x() + 6, room.right() - wide - 4)
    top = min(max(at.y() - high / 2, room.top() + 4), room.bottom() - high - 4)
    place = QRectF(max(left, room.left() + 4), top, wide, high)
    ground = QColor(theme.card)
    ground.setAlphaF(0.8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(place, 4, 4)
    painter.setPen(QColor(theme.text))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)


def _question(
    experiment: Experiment, racer: Racer, seen: Viewport, start: int, target: float | None,
    every: int,
) -> Sweep:  # fmt: skip
    """The map of a canvas, with pixels of a side."""
    shape = (-(-seen.height // every), -(-seen.width // every))
    return maps.sweep(experiment, racer, shape, start, target)
