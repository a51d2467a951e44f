"""What goes on inside an optimizer, drawn at the ball: arrows, ellipses, the quadratic model."""

import math

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from gdviz.app.canvas import Viewport
from gdviz.app.theme import Theme, font
from gdviz.inspection import Step
from gdviz.scale import short
from gdviz_core import Surface

SHORTEST, LONGEST = 26.0, 82.0  # arrows whose length says little, in logical pixels
RADIUS = 38.0  # of the larger axis of an ellipse
FAR = 1e5
OUT = 5000.0  # logical pixels: longer than any window
NAME = 24  # characters of a variable


def draw_internals(
    painter: QPainter,
    step: Step,
    surface: Surface,
    layers: tuple[str, ...],
    pointed: str,
    viewport: Viewport,
    color: QColor,
    theme: Theme,
) -> None:
    """The chosen layers and the quantity that is pointed out, at the ball of a step."""
    if not math.isfinite(step.loss_before):
        return
    at = viewport.point(*step.before)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if "model" in layers:
        _draw_model(painter, step, surface, viewport, theme)
    if "scaling" in layers and step.scaling is not None:
        _draw_ellipse(painter, at, step.scaling, theme)
    if "gradient" in layers:
        downhill = (-step.slope[0], -step.slope[1])
        arrow(painter, at, _shown(downhill), QColor(theme.mark), theme, "−∇f")
    if "moment" in layers and step.moment is not None:
        name, vector = step.moment
        arrow(painter, at, _shown(vector), QColor(theme.accent), theme, name)
    if "step" in layers:
        arrow(painter, at, _true(step, viewport), color, theme, "step")
    if pointed:
        _draw_pointed(painter, step, pointed, viewport, theme)


def _shown(vector: tuple[float, float]) -> QPointF:
    """A vector in its direction, of a length that grows slowly with its own."""
    x, y = vector
    size = math.hypot(x, y)
    if not (math.isfinite(size) and size > 0):
        return QPointF(0, 0)
    length = SHORTEST + (LONGEST - SHORTEST) * min(1.0, max(0.0, (math.log10(size) + 4) / 7))
    return QPointF(x / size * length, -y / size * length)


def _true(step: Step, viewport: Viewport) -> QPointF:
    """The step as long as it is."""
    if not all(math.isfinite(c) for c in step.after):
        return QPointF(0, 0)
    return viewport.point(*step.after) - viewport.point(*step.before)


def arrow(
    painter: QPainter, at: QPointF, by: QPointF, color: QColor, theme: Theme, word: str = ""
) -> None:
    """An arrow from a point, with a word beyond its tip."""
    length = math.hypot(by.x(), by.y())
    if length < 1.5:
        return
    if length > OUT:  # its tip is out of sight, and Qt walks all of the way
        by, length = by * (OUT / length), OUT
    casing = QColor(theme.casing)
    casing.setAlphaF(theme.casing_opacity)
    along = by / length
    across = QPointF(-along.y(), along.x())
    tip, head = at + by, min(9.0 * theme.zoom, 0.6 * length)
    barbs = [tip - along * head + across * (side * 0.5 * head) for side in (1, -1)]
    for ink, width in ((casing, 5.0), (color, 2.2)):
        pen = QPen(ink, width * theme.zoom)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawLine(at, tip)
        painter.drawPolyline(QPolygonF([barbs[0], tip, barbs[1]]))
    if word and length > 15:
        rimmed(painter, tip + along * 12, word, color, theme)


def rimmed(painter: QPainter, at: QPointF, word: str, color: QColor, theme: Theme) -> None:
    """A word in the middle of a point, with a rim that keeps it readable."""
    painter.setFont(font(12 * theme.zoom, 600))
    width = painter.fontMetrics().horizontalAdvance(word)
    path = QPainterPath()
    path.addText(at + QPointF(-width / 2, 4 * theme.zoom), painter.font(), word)
    # what is dark has a light rim
    casing = QColor(theme.casing if color.lightness() > 90 else theme.card)
    casing.setAlphaF(min(1.0, theme.casing_opacity + 0.25))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(path, QPen(casing, 3.0))
    painter.fillPath(path, color)


def name_axes(
    painter: QPainter, viewport: Viewport, names: tuple[str, str], theme: Theme
) -> None:  # fmt: skip
    """Write what is across and what is up along the edges."""
    width, height = (side / viewport.ratio for side in (viewport.width, viewport.height))
    metrics, zoom = QFontMetricsF(font(12 * theme.zoom, 600)), theme.zoom
    words = [name if len(name) <= NAME else f"{name[: NAME - 1]}…" for name in names]
    for text, right in ((f"{words[0]} →", True), (f"↑ {words[1]}", False)):
        half = metrics.horizontalAdvance(text) / 2 + 12
        at = QPointF(width - half, height - 16 * zoom) if right else QPointF(half, 16 * zoom)
        rimmed(painter, at, text, QColor(theme.text), theme)


def _draw_ellipse(
    painter: QPainter, at: QPointF, scaling: tuple[float, float], theme: Theme
) -> None:
    """How far each coordinate may move, relative to the other."""
    largest = max(scaling)
    if not (math.isfinite(largest) and largest > 0):
        return
    rx, ry = (max(1.5, RADIUS * value / largest) for value in scaling)
    for color, width in ((QColor(theme.casing), 4.0), (QColor(theme.accent), 1.8)):
        if width > 2:
            color.setAlphaF(theme.casing_opacity)
        painter.setPen(QPen(color, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, rx, ry)


def _draw_model(
    painter: QPainter, step: Step, surface: Surface, viewport: Viewport, theme: Theme
) -> None:
    """The quadratic model at the ball: its level through the ball, its axes and Newton's step."""
    x, y = step.before
    hxx, hxy, hyy = (float(value) for value in surface.hessian(x, y))
    if not all(map(math.isfinite, (hxx, hxy, hyy))):
        return
    values, vectors = np.linalg.eigh([[hxx, hxy], [hxy, hyy]])
    gx, gy = step.slope
    ink = QColor(theme.mark)
    ink.setAlpha(200)
    pen = QPen(ink, 1.4 * theme.zoom, Qt.PenStyle.DashLine)
    if abs(values).min() > 1e-12 * max(abs(values).max(), 1e-300):
        newton = -vectors @ ((vectors.T @ (gx, gy)) / values)
        centre = np.array([x, y]) + newton
        level = np.array([x, y]) - centre
        for curve in _conic(values, vectors, level):
            path = QPolygonF([viewport.point(*(centre + point)) for point in curve])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(path)
        at, to = viewport.point(x, y), viewport.point(*centre)
        if max(abs(to.x()), abs(to.y())) < FAR:
            arrow(painter, at, to - at, QColor(theme.text), theme, "Newton")
    _draw_limit(painter, step, values, viewport, theme)


def _conic(values: np.ndarray, vectors: np.ndarray, level: np.ndarray) -> list[np.ndarray]:
    """The points with the same value of a quadratic form as `level`, as curves."""
    a, b = vectors.T @ level
    total = values[0] * a * a + values[1] * b * b
    if (values > 0).all() or (values < 0).all():
        angle = np.linspace(0, 2 * math.pi, 121)
        radii = np.sqrt(np.maximum(total / values, 0.0))
        return [np.stack([radii[0] * np.cos(angle), radii[1] * np.sin(angle)], axis=1) @ vectors.T]
    if total == 0:
        return []
    # a hyperbola: the coordinate whose eigenvalue has the sign of the total keeps its sign
    first = 0 if (values[0] > 0) == (total > 0) else 1
    u = np.linspace(-2.2, 2.2, 81)
    big = math.sqrt(abs(total / values[first])) * np.cosh(u)
    small = math.sqrt(abs(total / values[1 - first])) * np.sinh(u)
    curves = []
    for sign in (1.0, -1.0):
        parts = [sign * big, small] if first == 0 else [small, sign * big]
        curves.append(np.stack(parts, axis=1) @ vectors.T)
    return curves


def stability(step: Step, values: np.ndarray) -> tuple[list[str], bool]:
    """What curvature says about the learning rate, and whether the one in use is too large.

    Gradient descent on a quadratic is stable below 2/λmax, momentum below 2(1 + β)/λmax (Polyak
    1964); of other optimizers the eigenvalues alone do not tell.
    """
    low, high = (float(value) for value in values)
    lines = [f"Eigenvalues of the Hessian: {short(low)} and {short(high)}"]
    if low < 0:
        lines.append("Along an axis that curves down every learning rate leads away")
    if high <= 0:
        return lines, False
    limit = 2 / high
    axis = "" if low >= 0 else "along the other "
    lines.append(f"{axis}gradient descent is stable below 2/λmax = {short(limit)}".capitalize())
    lr = step.hyperparameters.get("lr")
    if step.optimizer in ("momentum", "heavy_ball") and not step.hyperparameters.get("dampening"):
        limit *= 1 + step.hyperparameters["momentum"]
        lines.append(f"Momentum is below 2(1 + μ)/λmax = {short(limit)}")
    elif step.optimizer != "gd":
        return lines, False
    assert lr is not None
    lines.append(f"In use: {short(lr)}, {'above' if lr > limit else 'below'} it")
    return lines, lr > limit


def _draw_limit(
    painter: QPainter, step: Step, values: np.ndarray, viewport: Viewport, theme: Theme
) -> None:
    """What curvature says about the learning rate, in the corner of the map."""
    lines, over = stability(step, values)
    painter.setFont(font(12 * theme.zoom))
    metrics = QFontMetricsF(painter.font())
    most = max(120.0, viewport.width / viewport.ratio - 84)  # beside the button
    flags = int(Qt.TextFlag.TextWordWrap)
    rooms = [metrics.boundingRect(QRectF(0, 0, most, 1e4), flags, line) for line in lines]
    high = sum(room.height() + 3 for room in rooms)
    width = max(room.width() for room in rooms) + 20
    back = QColor(theme.card)
    back.setAlpha(225)
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.setBrush(back)
    painter.drawRoundedRect(QRectF(10, 10, width, high + 11), 8, 8)
    y = 16.0
    for number, (line, room) in enumerate(zip(lines, rooms, strict=True)):
        last = over and number == len(lines) - 1
        painter.setPen(QColor(theme.error if last else theme.text))
        painter.drawText(QRectF(20, y, width - 18, room.height() + 2), flags, line)
        y += room.height() + 3


def _draw_pointed(
    painter: QPainter, step: Step, name: str, viewport: Viewport, theme: Theme
) -> None:
    """A quantity that the inspector highlights: a point, or a vector in its direction."""
    accent = QColor(theme.accent)
    if name in ("w", "x", "y", "f", "report", "t"):
        for at in (step.before, step.after):
            if all(math.isfinite(c) for c in at):
                painter.setPen(QPen(accent, 2.4 * theme.zoom))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(viewport.point(*at), 13 * theme.zoom, 13 * theme.zoom)
        return
    if name in step.hyperparameters or name not in step.values:
        return
    vector = step.values[name]
    if vector[0] == vector[1] and name not in ("g",):
        return  # one number for both coordinates has no direction
    arrow(painter, viewport.point(*step.before), _shown(vector), accent, theme, name)
