"""What theory draws over a map of hyper-parameters: borders of stability, critical damping."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import contourpy
import numpy as np

from gdviz.racer import Racer
from gdviz.sweep import Axis
from gdviz_core import CriticalPoint
from gdviz_core.surface import Array
from gdviz_core.theory import damping, is_linear, stability

FINE = 128  # points along each side of the grid on which borders are looked for
STABLE = "stability"
CRITICAL = "critical damping"


@dataclass(frozen=True, eq=False)
class Border:
    """Lines (points, 2) in places of the two axes; `kind` is "stability" or "critical damping",
    `curvature` the eigenvalue of the Hessian it is of."""

    kind: str
    curvature: float
    lines: list[Array]


def curvatures_at(
    points: Iterable[CriticalPoint] | None, end: tuple[float, float] | None
) -> tuple[float, float] | None:
    """The eigenvalues at the minimum nearest to the end of a run, the smaller first.

    Without an end at the lowest minimum; None where no minimum is known.
    """
    minima = [p for p in points or () if p.kind == "minimum"]
    if not minima:
        return None
    if end is None or not np.isfinite(end).all():
        near = min(minima, key=lambda p: p.loss)
    else:
        near = min(minima, key=lambda p: (p.x - end[0]) ** 2 + (p.y - end[1]) ** 2)
    low, high = sorted(max(0.0, float(value)) for value in near.eigenvalues)
    return low, high


def borders(
    racer: Racer, axes: tuple[Axis, Axis], curvatures: tuple[float, float] | None
) -> list[Border]:
    """What is known of an optimizer on the quadratic that fits the loss at a minimum.

    Nothing where there is no theory: of an adaptive rule, or where the gradient is clipped or the
    learning rate scheduled.
    """
    optimizer = racer.configured()
    if curvatures is None or not is_linear(optimizer) or set(racer.conditions()) - {"batch"}:
        return []
    across, up = axes
    (x0, x1), (y0, y1) = across.ends, up.ends
    xs, ys = np.linspace(x0, x1, FINE), np.linspace(y0, y1, FINE)
    us, vs = np.meshgrid(*(10.0**s if axis.log else s for s, axis in ((xs, across), (ys, up))))
    varied = {across.name: us, up.name: vs}
    flat, steep = curvatures
    found: list[Border] = []
    for kind, curvature, margin in (
        (STABLE, steep, stability(optimizer, steep, **varied)),
        (CRITICAL, flat, damping(optimizer, flat, **varied)),
        (CRITICAL, steep, damping(optimizer, steep, **varied)),
    ):
        if not curvature > 0 or (kind, curvature) in [(b.kind, b.curvature) for b in found]:
            continue
        if kind == CRITICAL:  # of what is stable only
            margin = np.where(stability(optimizer, curvature, **varied) > 0, margin, np.nan)
            if not (margin < 0).any():
                continue  # without memory nothing swings
        lines: Any = contourpy.contour_generator(xs, ys, margin).lines(0.0)
        if lines:
            found.append(Border(kind, curvature, lines))
    return found
