"""A small plot of a few lines, on logarithmic or linear axes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from gdviz.app.canvas import painted
from gdviz.app.theme import DARK, Theme, font

LEFT, RIGHT, TOP, BOTTOM = 38, 10, 8, 32
LINE = 15  # height of a line of the legend
TICKS = 4
SHARE = 0.06  # of the height that stays free above and below


@dataclass(frozen=True, eq=False)
class Series:
    """A line: its name, its colour among the racers', and its points; NaN leaves a gap."""

    name: str
    colour: int
    xs: Sequence[float]
    ys: Sequence[float] | NDArray[np.float64]


class Plot(QWidget):
    """Lines with their names below; a click picks the nearest point."""

    picked = pyqtSignal(str, float)  # the name of a line and the x of its point

    def __init__(self, name: str, x_title: str, log_x: bool = False, log_y: bool = True):
        super().__init__()
        self.setAccessibleName(name)
        self._x_title, self._log = x_title, (log_x, log_y)
        self._theme: Theme = DARK
        self.series: list[Series] = []
        self.marks: list[tuple[str, float]] = []  # points that stand out
        self.chosen: tuple[str, float] | None = None
        self.setMinimumHeight(120)

    def pick_by_keys(self) -> None:
        """Let it take the keyboard: Up and Down go along a line, Page up and down change it."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_series(self, series: list[Series], marks: list[tuple[str, float]] | None = None):
        """Show these lines, with a mark at some of their points."""
        self.series, self.marks = series, marks or []
        self.update()

    def choose(self, name: str, x: float) -> None:
        """Show a point as the chosen one."""
        self.chosen = (name, x)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    # places

    def _scaled(self, values: Sequence[float] | NDArray[np.float64], axis: int) -> np.ndarray:
        array = np.asarray(values, np.float64)
        if self._log[axis]:
            with np.errstate(all="ignore"):
                array = np.log10(np.where(array > 0, array, np.nan))
        return array

    def _room(self) -> QRectF:
        below = BOTTOM + LINE * self._theme.zoom * math.ceil(len(self.series) / self._columns())
        return QRectF(LEFT, TOP, max(10, self.width() - LEFT - RIGHT),
                      max(10.0, self.height() - TOP - below))  # fmt: skip

    def _columns(self) -> int:
        return 1 if self.width() < 240 else 2

    def _bounds(self) -> tuple[float, float, float, float]:
        xs = [x for s in self.series for x in self._scaled(s.xs, 0) if math.isfinite(x)]
        ys = [y for s in self.series for y in self._scaled(s.ys, 1) if math.isfinite(y)]
        if not xs or not ys:
            return 0.0, 1.0, 0.0, 1.0
        x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
        if not self._log[1]:
            y0 = min(0.0, y0)
        spare = SHARE * max(y1 - y0, 1e-9)
        return x0, max(x1, x0 + 1e-9), y0 - spare * self._log[1], max(y1 + spare, y0 + 1e-9)

    def _points(self, series: Series) -> np.ndarray:
        room, (x0, x1, y0, y1) = self._room(), self._bounds()
        xs = room.left() + (self._scaled(series.xs, 0) - x0) / (x1 - x0) * room.width()
        ys = room.bottom() - (self._scaled(series.ys, 1) - y0) / (y1 - y0) * room.height()
        return np.stack([xs, ys], axis=1)

    # painting

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.series:
            self._paint_axes(painter)
            for series in self.series:
                self._paint_line(painter, series)
            if self.hasFocus():
                painter.setPen(QColor(self._theme.accent))
                painter.drawRect(self._room())
            self._paint_legend(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        theme, room = self._theme, self._room()
        painter.setFont(font(10.5 * theme.zoom))
        metrics = QFontMetricsF(painter.font())
        x0, x1, y0, y1 = self._bounds()
        for value in _ticks(y0, y1, self._log[1], TICKS):
            y = room.bottom() - (value - y0) / (y1 - y0) * room.height()
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(QColor(theme.text3))
            words = _tick_text(value, self._log[1])
            painter.drawText(QPointF(LEFT - 5 - metrics.horizontalAdvance(words), y + 4), words)
        for value in _ticks(x0, x1, self._log[0], max(2, min(TICKS, self.width() // 60))):
            x = room.left() + (value - x0) / (x1 - x0) * room.width()
            words = _tick_text(value, self._log[0])
            wide = metrics.horizontalAdvance(words)
            painter.drawText(QPointF(min(max(x - wide / 2, LEFT), self.width() - wide - 2),
                                     room.bottom() + 13), words)  # fmt: skip
        wide = metrics.horizontalAdvance(self._x_title)
        painter.drawText(QPointF(room.center().x() - wide / 2, room.bottom() + 26), self._x_title)

    def _paint_line(self, painter: QPainter, series: Series) -> None:
        color, points = self._theme.racer(series.colour), self._points(series)
        painter.setPen(QPen(color, 1.8 * self._theme.zoom))
        line = QPolygonF()
        for x, y in points:
            if math.isfinite(x + y):
                line.append(QPointF(x, y))
            elif not line.isEmpty():
                painter.drawPolyline(line)
                line = QPolygonF()
        painter.drawPolyline(line)
        for at, (x, y) in zip(series.xs, points, strict=True):
            chosen = (series.name, at) == self.chosen
            if ((series.name, at) in self.marks or chosen) and math.isfinite(x + y):
                painter.setBrush(color if chosen else QColor(self._theme.card))
                painter.drawEllipse(QPointF(x, y), 4.5, 4.5)
                painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_legend(self, painter: QPainter) -> None:
        theme, columns = self._theme, self._columns()
        top = self._room().bottom() + BOTTOM
        wide = (self.width() - 8) / columns
        for number, series in enumerate(self.series):
            x = 6 + wide * (number % columns)
            y = top + LINE * theme.zoom * (number // columns)
            painter.setPen(QPen(theme.racer(series.colour), 2.5))
            painter.drawLine(QPointF(x, y + 6), QPointF(x + 12, y + 6))
            painter.setPen(QColor(theme.text2))
            metrics = QFontMetricsF(painter.font())
            words = metrics.elidedText(series.name, Qt.TextElideMode.ElideRight, wide - 22)
            painter.drawText(QPointF(x + 17, y + 10), words)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        keys = {Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1), Qt.Key.Key_PageUp: (-1, 0),
                Qt.Key.Key_PageDown: (1, 0)}  # fmt: skip
        move = keys.get(Qt.Key(event.key())) if event is not None else None
        if move is None or not self.series:
            super().keyPressEvent(event)
            return
        name, x = self.chosen or (self.marks or [(self.series[0].name, self.series[0].xs[0])])[0]
        names = [series.name for series in self.series]
        line = min(max((names.index(name) if name in names else 0) + move[0], 0), len(names) - 1)
        xs = np.asarray(self.series[line].xs)
        at = min(max(int(np.argmin(np.abs(xs - x))) + move[1], 0), len(xs) - 1)
        self.choose(names[line], float(xs[at]))
        self.picked.emit(names[line], float(xs[at]))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        at = np.array([event.position().x(), event.position().y()])
        best: tuple[float, str, float] | None = None
        for series in self.series:
            away = np.hypot(*(self._points(series) - at).T)
            if np.isfinite(away).any():
                nearest = int(np.nanargmin(away))
                found = (float(away[nearest]), series.name, float(series.xs[nearest]))
                best = found if best is None or found < best else best
        if best is not None and best[0] < 60:
            self.choose(*best[1:])
            self.picked.emit(*best[1:])


def _ticks(low: float, high: float, log: bool, count: int) -> list[float]:
    if log:
        every = max(1, math.ceil((high - low) / count))
        first = math.ceil(low / every) * every
        return [float(v) for v in np.arange(first, high + 1e-9, every)]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough)
    return [float(v) for v in np.arange(math.ceil(low / step) * step, high + 1e-9, step)]


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _tick_text(value: float, log: bool) -> str:
    if not log:
        return f"{value:g}"
    return "1" if value == 0 else f"10{str(round(value)).translate(_RAISED)}"
