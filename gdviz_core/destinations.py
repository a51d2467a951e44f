"""What runs may end in: critical points, and curves of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gdviz_core import engine
from gdviz_core.critical import (
    MAXIMUM,
    MINIMUM,
    SADDLE,
    CriticalPoints,
    critical_points,
)  # fmt: skip
from gdviz_core.ends import Ends
from gdviz_core.nearest import nearest
from gdviz_core.surface import Array, Domain, Surface

NOT_SETTLED, GONE, OUT = -1, -2, -3
CURVE, END = "curve", "end"
# How near a point an end must be, as a share of the domain.
NEAR = 1e-3
# The most points that are made of ends that belong to none.
MORE = 64


@dataclass(frozen=True, eq=False)
class Destinations:
    """The critical points and curves of a surface, told apart.

    `points` (n, 3) are x, y and loss of each, minima first, the least loss first, then the others,
    then one for each curve. `kinds` are those of CriticalPoint, "curve", or "end" for one that is
    known only from runs that end there. `places` (m, 2) are all points that belong to one, `owner`
    (m) to which. `size` is that of the domain.
    """

    points: Array
    kinds: tuple[str, ...]
    places: Array
    owner: NDArray[np.int16]
    size: float

    @classmethod
    def of(cls, surface: Surface, found: CriticalPoints) -> Destinations:
        """Those that were found on a surface."""
        ordered = sorted(found, key=lambda p: (p.kind != MINIMUM, p.loss))
        points = [(p.x, p.y, p.loss) for p in ordered]
        points += [(float(c.points[0, 0]), float(c.points[0, 1]), c.loss) for c in found.curves]
        places = [np.array(points, np.float64).reshape(-1, 3)[: len(ordered), :2]]
        places += [curve.points for curve in found.curves]
        index = [*range(len(ordered))]
        for k, curve in enumerate(found.curves, len(ordered)):
            index += [k] * len(curve.points)
        x0, x1, y0, y1 = surface.domain
        kinds = (*(p.kind for p in ordered), *(CURVE for _ in found.curves))
        return cls(
            np.array(points, np.float64).reshape(-1, 3), kinds, np.concatenate(places),
            np.array(index, np.int16), max(x1 - x0, y1 - y0),
        )  # fmt: skip

    def reached(self, ends: Ends) -> NDArray[np.int16]:
        """The index of the point or curve at which each run has settled.

        It is NOT_SETTLED for one that has not, GONE for one that diverged, OUT for one that ended
        when it left the domain.
        """
        found = np.full(len(ends.x), NOT_SETTLED, np.int16)
        found[ends.codes == engine.DIVERGED] = GONE
        found[ends.codes == engine.OUTSIDE] = OUT
        settled = ends.codes == engine.CONVERGED
        if len(self.places) and settled.any():
            distance, place = nearest(ends.x[settled], ends.y[settled], self.places)
            owner = self.owner[place]
            losses = self.points[owner, 2]
            # what is known of a curve are some of its points, on all of which the loss is the same
            curves = np.bincount(self.owner)[owner] > 1
            level = np.abs(ends.loss[settled] - losses) <= 1e-9 * np.maximum(1.0, np.abs(losses))
            hit = (distance <= NEAR * self.size) | (curves & level & (distance <= 0.05 * self.size))
            found[settled] = np.where(hit, owner, NOT_SETTLED)
        return found

    def with_more(self, ends: Ends) -> Destinations:
        """These, and points for ends that have converged to none of them, the commonest first.

        They stand for what lies outside of where critical points were looked for.
        """
        lost = (ends.codes == engine.CONVERGED) & (self.reached(ends) == NOT_SETTLED)
        room = MORE - self.kinds.count(END)
        if not lost.any() or room <= 0:
            return self
        x, y, loss = ends.x[lost], ends.y[lost], ends.loss[lost]
        cell = 2 * NEAR * self.size
        cells = np.stack([np.round(x / cell), np.round(y / cell)], axis=1)
        _, first, count = np.unique(cells, axis=0, return_index=True, return_counts=True)
        # on a plain every run ends where it began: of so many ends the commonest will do
        common = first[np.argsort(-count, kind="stable")[: 4 * MORE]]
        ends_x, ends_y = x[common], y[common]
        free, kept = np.ones(len(common), bool), list[int]()
        for k in range(len(common)):
            if free[k] and len(kept) < room:
                kept.append(common[k])
                free &= np.hypot(ends_x - ends_x[k], ends_y - ends_y[k]) > cell
        order = np.array(kept)[np.argsort(loss[kept], kind="stable")]
        made = np.stack([x[order], y[order], loss[order]], axis=1)
        points, new = np.concatenate([self.points, made]), made[:, :2]
        owner = np.arange(len(self.points), len(points), dtype=np.int16)
        return replace(
            self, points=points, kinds=self.kinds + (END,) * len(made),
            places=np.concatenate([self.places, new]), owner=np.concatenate([self.owner, owner]),
        )  # fmt: skip

    def best(self) -> NDArray[np.bool_]:
        """Which of the points that attract runs have the least loss; saddles and maxima do not."""
        losses = self.points[:, 2]
        attract = np.array([kind not in (SADDLE, MAXIMUM) for kind in self.kinds], bool)
        if not attract.any():
            return attract
        least = float(losses[attract].min())
        return attract & (losses <= least + 1e-9 * max(1.0, abs(least)))


def nowhere(surface: Surface) -> Destinations:
    """None yet: `with_more` finds them from where runs end."""
    x0, x1, y0, y1 = surface.domain
    return Destinations(
        np.zeros((0, 3)), (), np.zeros((0, 2)), np.zeros(0, np.int16), max(x1 - x0, y1 - y0)
    )


def destinations(surface: Surface, domain: Iterable[float] | None = None) -> Destinations:
    """The critical points and curves of a surface in its own domain and another."""
    box: Domain = surface.domain
    if domain is not None:  # a run from one may end in the other
        other = tuple(domain)
        low, high = np.minimum(box, other), np.maximum(box, other)
        box = (float(low[0]), float(high[1]), float(low[2]), float(high[3]))
    return Destinations.of(surface, critical_points(surface, box))
