"""Loss against step, one curve for each racer and start."""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, Qt, QTimer
from PyQt6.QtGui import QColor, QPainter, QPen
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from gdviz.app.canvas import LEFT, Canvas, Viewport, image_of
from gdviz.app.document import Document
from gdviz.app.pictures import DRAW_SECONDS, Lines, lane_colours, lane_pixels
from gdviz.app.player import Player
from gdviz.app.theme import DARK, Theme
from gdviz.compute import Race
from gdviz.scale import nice_ticks, power_of_ten, short, tick_label
from gdviz.views.view import View
from gdviz_core.surface import Array

LINE = 1.6
DOT = 4.2
COLUMNS = 3000  # more than a curve has pixels
MANY_DOTS = 300
# The logarithm stops here: what is less is rounding.
FLOOR = 1e-20


@dataclass(frozen=True, eq=False)
class Levels:
    """What the vertical axis shows: the loss, or how far it is above the minimum, and how."""

    title: str
    log: bool
    values: Array  # (lanes, records)
    low: float
    high: float

    @classmethod
    def of(cls, race: Race) -> "Levels":
        """Logarithmic wherever the losses have a floor to be compared with."""
        loss = race.loss
        minima = race.experiment.resolved().minima
        finite = loss[np.isfinite(loss)]
        if not finite.size:
            return cls("Loss", False, np.zeros_like(loss), 0.0, 1.0)
        floor = 0.0
        if minima:
            x, y = np.array(minima, np.float64).T
            floor = float(race.experiment.resolved().value(x, y).min())
            floor = 0.0 if abs(floor) < 1e-9 else floor
        above = finite.min() - floor
        if above < -1e-9 * max(1.0, abs(floor)) or finite.max() - floor < FLOOR:
            return cls._linear(race)
        title = f"Loss above its minimum {short(floor)}" if floor else "Loss"
        with np.errstate(all="ignore"):
            values = np.log10(np.clip(loss - floor, FLOOR, 1e300))
        return cls(title, True, values, *cls._range(race, values))

    def curves(self, race: Race) -> tuple[Array, Array, NDArray[np.int64]]:
        """x, y and the number of visible points of each curve.

        Of more points than a screen has columns only the lowest and highest of each column are
        kept, which looks the same.
        """
        steps = race.steps.astype(np.float64)
        count = len(steps)
        if count <= 2 * COLUMNS:
            return np.tile(steps, (len(self.values), 1)), self.values, race.visible
        width = -(-count // COLUMNS)
        cuts = np.arange(0, count, width)
        filled = np.where(np.isfinite(self.values), self.values, self.high + 1.0)
        y = np.empty((len(filled), 2 * len(cuts)))
        y[:, 0::2] = np.minimum.reduceat(filled, cuts, axis=1)
        y[:, 1::2] = np.maximum.reduceat(filled, cuts, axis=1)
        return np.tile(np.repeat(steps[cuts], 2), (len(y), 1)), y, 2 * (-(-race.visible // width))

    @classmethod
    def _linear(cls, race: Race) -> "Levels":
        """As far as the losses go, but not much farther than the domain's own."""
        surface = race.experiment.resolved()
        x0, x1, y0, y1 = surface.domain
        usual = surface.grid(np.linspace(x0, x1, 33), np.linspace(y0, y1, 33))
        usual = usual[np.isfinite(usual)]
        loss = np.clip(race.loss, -1e300, 1e300)
        usual = np.clip(usual, -1e300, 1e300)
        low, high = cls._range(race, loss)
        if usual.size and usual.max() > usual.min():
            room = 0.5 * (usual.max() - usual.min())
            start = loss[:, 0][np.isfinite(loss[:, 0])]
            low = max(low, min(usual.min() - room, start.min(initial=np.inf) - room))
            high = min(high, max(usual.max() + room, start.max(initial=-np.inf) + room))
        return cls("Loss", False, loss, float(low), float(high))

    @staticmethod
    def _range(race: Race, values: Array) -> tuple[float, float]:
        """From the lowest value to the starts, and as far above as most of the race goes."""
        finite = values[np.isfinite(values)]
        low = float(finite.min())
        finite = finite[:: 1 + finite.size // 50_000]
        high = max(float(np.nanmax(np.where(np.isfinite(values[:, 0]), values[:, 0], low))),
                   float(np.percentile(finite, 99)))  # fmt: skip
        start = float(np.max(values[:, 0], initial=low, where=np.isfinite(values[:, 0])))
        high = min(high, start + max(1.0, start - low))
        room = max(0.05 * (high - low), 1e-9 * max(1.0, abs(high), abs(low)), 0.05)
        return low - room, high + room


class _LevelAxis(pg.AxisItem):
    """Powers of ten where the axis is logarithmic, round numbers where it is not."""

    log = True

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        room = max(2, int(size / 36))
        if not self.log:
            return [(1.0, nice_ticks(low, high, room))]
        first, last = math.ceil(low), math.floor(high)
        if last - first < 2:  # few powers of ten: numbers between
            between = [b * 10.0**e for e in range(first - 1, last + 1) for b in (1, 2, 5)]
            between = [value for value in between if 10**low <= value <= 10**high]
            if len(between) < 3:
                between = [value for value in nice_ticks(10**low, 10**high, room) if value > 0]
            return [(1.0, [math.log10(value) for value in between])]
        every = max(1, math.ceil((last - first + 1) / room))
        ticks = [float(i) for i in range(first, last + 1) if i % every == 0]
        return [(float(every), ticks)]

    def tickStrings(self, values: list[float], *_: Any) -> list[str]:
        if self.log:
            return [_log_label(value) for value in values]
        return [tick_label(value, False) for value in values]


def _log_label(value: float) -> str:
    if abs(value - round(value)) < 1e-9:
        return power_of_ten(round(value))
    return tick_label(10**value, False)


class _StepAxis(pg.AxisItem):
    """Whole steps; the label at the right edge stays inside."""

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        ticks = nice_ticks(max(low, 0.0), high, max(3, int(size / 64)))
        return [(1.0, [tick for tick in ticks if tick == round(tick)])]

    def tickStrings(self, values: list[float], *_: Any) -> list[str]:
        return [f"{value:.6g}" for value in values]


class CurvesView(View):
    """Curves of all lanes and the playhead; a click or drag moves it."""

    title = "Curves"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.axis = _LevelAxis("left")
        self.canvas = Canvas(self, left=self.axis, bottom=_StepAxis("bottom"))
        self.canvas.setAccessibleName("Loss curves")
        self.canvas.setToolTip("Click or drag to move the playhead")
        self.canvas.getAxis("left").setWidth(54)
        self.canvas.getAxis("bottom").setHeight(26)
        self.canvas.getAxis("bottom").setStyle(hideOverlappingLabels=False)  # there is room for 0
        self.canvas.paint_content = self.paint_curves
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 14, 6)
        column.addWidget(self.canvas, 1)
        self.theme: Theme = DARK
        self._race: Race | None = None
        self._levels: Levels | None = None
        self._curves: tuple[object, Lines] | None = None
        self.canvas.clicked.connect(self._scrub)
        self.canvas.dragged.connect(self._scrub)

    def show_race(self, race: Race) -> None:
        self._race = race if len(race.x) else None
        self._levels = Levels.of(race) if len(race.x) else None
        if self._levels is not None:
            self.setWindowTitle(self._levels.title)
            self.axis.log = self._levels.log
            last = max(1.0, float(race.steps[-1]))
            self.canvas.show_range(-0.02 * last, 1.02 * last, self._levels.low, self._levels.high)
        self.canvas.repaint_content()

    def show_step(self, index: int) -> None:
        self.canvas.repaint_content()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas.set_theme(theme)

    def paint_curves(self, painter: QPainter, viewport: Viewport) -> None:
        race, levels = self._race, self._levels
        if race is None or levels is None:
            return
        self._draw_grid(painter, viewport)
        key = (race, viewport, self.theme)
        if self._curves is None or self._curves[0] != key:
            curves = levels.curves(race)
            radius = LINE * viewport.ratio / 2 - 0.25
            paint = lane_pixels(race, self.theme)
            self._curves = (key, Lines(*curves, viewport, paint, radius))
        lines = self._curves[1]
        if not lines.strokes.draw_to(lines.strokes.last, time.monotonic() + DRAW_SECONDS):
            QTimer.singleShot(0, self.canvas.repaint_content)
        painter.drawImage(QPointF(0, 0), image_of(lines.image, viewport.ratio))
        index = min(self.player.index, race.last)
        step = float(race.steps[index])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.theme.text3), 1.0, Qt.PenStyle.DashLine))
        x = viewport.point(step, 0.0).x()
        painter.drawLine(QPointF(x, 0), QPointF(x, viewport.height / viewport.ratio))
        painter.setPen(QPen(QColor("white"), 1.2))
        colours = lane_colours(race, self.theme)
        for lane, color in enumerate(colours if len(colours) <= MANY_DOTS else ()):
            value = levels.values[lane, index]
            if math.isfinite(value):
                painter.setBrush(color)
                painter.drawEllipse(viewport.point(step, float(value)), DOT, DOT)

    def _draw_grid(self, painter: QPainter, viewport: Viewport) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(self.theme.border), 1.0))
        size = viewport.height / viewport.ratio
        for _, values in self.axis.tickValues(viewport.y0, viewport.y1, size):
            for value in values:
                y = viewport.point(0.0, value).y()
                painter.drawLine(QPointF(0, y), QPointF(viewport.width / viewport.ratio, y))

    def _scrub(self, event: Any) -> None:
        if self._race is None or event.button() != LEFT:
            return
        step, _ = self.canvas.to_plane(event.scenePos())
        self.player.pause()
        self.player.go(int(np.abs(self._race.steps - step).argmin()))
