"""What the batches of a descent do to its gradient, drawn at the ball, and to its loss."""

import math

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from gdviz.app.canvas import Viewport
from gdviz.app.internals import rimmed
from gdviz.app.theme import Theme
from gdviz_core import Batches, Surface
from gdviz_core.supervised import batch_gradients, on_rows

REACH = 84.0  # logical pixels of the longest gradient in the cloud
DOTS = 400
CELLS = 72  # of each side of the grid on which contours of the batch are found
LEVELS = 9


def draw_cloud(
    painter: QPainter, surface: Surface, batches: Batches, step: int, at: tuple[float, float],
    viewport: Viewport, theme: Theme,
) -> None:  # fmt: skip
    """The downhill directions of all batches of an epoch, their mean and their deviation."""
    with np.errstate(all="ignore"):
        found = batch_gradients(surface, batches, *at, epoch=(step - 1) // batches.per_epoch)
        _, b, _, d = viewport.mapping / viewport.ratio
        # as they would be drawn on the map: in its proportions, downhill
        moves = -found[:, :2] * (b, d)
        longest = float(np.hypot(*moves.T).max(initial=0.0))
    if not (math.isfinite(longest) and longest > 0):
        return
    moves *= REACH / longest
    ball = viewport.point(*at)
    mean = np.average(moves, axis=0, weights=found[:, 2])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    dots = QPen(_faint(theme.accent, 150), 4.0 * theme.zoom)
    dots.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(dots)
    few = moves[:: max(1, math.ceil(len(moves) / DOTS))]
    painter.drawPoints(QPolygonF(ball + QPointF(x, y) for x, y in few))
    spread = (
        np.cov(moves.T, bias=True, aweights=found[:, 2]) if len(moves) > 1 else np.zeros((2, 2))
    )
    squares, axes = np.linalg.eigh(spread)
    wide = np.sqrt(np.clip(squares, 0.0, None))
    painter.save()
    turn = QTransform(axes[0, 0], axes[1, 0], axes[0, 1], axes[1, 1],
                      ball.x() + mean[0], ball.y() + mean[1])  # fmt: skip
    painter.setTransform(turn, True)
    painter.setBrush(_faint(theme.accent, 40))
    painter.setPen(QPen(QColor(theme.accent), 1.6))
    painter.drawEllipse(QPointF(0, 0), max(0.5, float(wide[0])), max(0.5, float(wide[1])))
    painter.restore()
    tip = ball + QPointF(float(mean[0]), float(mean[1]))
    painter.setPen(QPen(QColor(theme.mark), 2.2 * theme.zoom))
    painter.drawLine(ball, tip)
    rimmed(painter, tip + QPointF(0, -12 * theme.zoom), "mean", QColor(theme.mark), theme)


def draw_contours(
    painter: QPainter, surface: Surface, batches: Batches, step: int, viewport: Viewport,
    theme: Theme,
) -> None:  # fmt: skip
    """Contours of the loss over the batch of a step."""
    import contourpy

    part = on_rows(surface, batches.rows_of(step))
    xs = np.linspace(viewport.x0, viewport.x1, CELLS)
    ys = np.linspace(viewport.y0, viewport.y1, CELLS)
    loss = part.grid(xs, ys)
    finite = loss[np.isfinite(loss)]
    if not finite.size or finite.max() <= finite.min():
        return
    levels = np.quantile(finite, np.linspace(0.02, 0.9, LEVELS))
    found = contourpy.contour_generator(xs, ys, np.ma.masked_invalid(loss))
    pen = QPen(_faint(theme.accent, 190), 1.3 * theme.zoom, Qt.PenStyle.DashLine)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    for level in np.unique(levels):
        for line in found.lines(float(level)):
            px, py, _ = viewport.points(*np.asarray(line).T)
            painter.drawPolyline(QPolygonF(map(QPointF, px, py)))


def _faint(colour: str, alpha: int) -> QColor:
    made = QColor(colour)
    made.setAlpha(alpha)
    return made
