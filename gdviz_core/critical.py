"""Critical points of a surface: found, polished, classified, and how complete the list is.

A census looks for cells of a grid in which both components of the gradient change sign; Newton's
method with exact Hessians takes it from there. Two censuses on shifted grids tell how many points
both may have missed, and the winding number of the gradient along the border of the domain must be
the sum of the indices of the points inside (Poincare and Hopf).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdviz_core.surface import Array, Domain, Surface, check_domain

MINIMUM, MAXIMUM, SADDLE, DEGENERATE = "minimum", "maximum", "saddle", "degenerate"

# Eigenvalues below this share of what is usual on the surface count as 0.
_FLAT = 1e-7
_NEWTON_STEPS, _COMPASS_STEPS = 60, 250
_GRIDS = (512, 1024, 2048)
# A census follows no more places than this; of a rougher surface, which would take minutes and
# gigabytes, only some.
_MANY, _SOME = 30_000, 6_000
_MANY_PAIRS, _NEIGHBOURS = 3_000_000, 24


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """A point where the gradient is zero.

    `kind` is "minimum", "maximum", "saddle" or "degenerate" (the Hessian is singular).
    `eigenvalues` are those of the Hessian, the smaller first; column k of `eigenvectors` belongs to
    eigenvalue k. `index` is how often the gradient turns around on a small circle: 1 for minima and
    maxima, -1 for saddles. Where `smooth` is false the surface has a tip there and the eigenvalues
    are NaN. `on_edge` tells that it lies on the edge of the domain.
    """

    x: float
    y: float
    loss: float
    kind: str
    eigenvalues: Array
    eigenvectors: Array
    index: int = 1
    smooth: bool = True
    on_edge: bool = False


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of critical points, such as a ring of minima: `points` (n, 2) in order along it.

    `kind` is "minimum" or "maximum" for what it is across, "degenerate" where neither holds.
    """

    points: Array
    loss: float
    kind: str


class CriticalPoints(list):
    """A list of CriticalPoint, those with the least loss first.

    `curves` are the curves of critical points, `edge` the minima of the loss on the edge of the
    domain at which the gradient is not zero, (x, y, loss) each. `completeness` estimates from two
    censuses which share of the points was found, and `defect` is the winding number of the
    gradient along the border less the sum of the indices found: None where it cannot be told (a
    border on which the gradient vanishes or jumps, or curves of critical points). `rough` is
    whether the surface has more places to follow than a census does. `belief` says it in a
    sentence.
    """

    def __init__(self, points=()):
        super().__init__(points)
        self.curves: list[Curve] = []
        self.edge: list[tuple[float, float, float]] = []
        self.completeness = 1.0
        self.defect: int | None = None
        self.rough = False

    def of_kind(self, kind: str) -> list[CriticalPoint]:
        """The points of one kind."""
        return [point for point in self if point.kind == kind]

    @property
    def belief(self) -> str:
        """How complete the list is believed to be."""
        share = f"{100 * self.completeness:.3g} %"
        if self.rough:
            return "only a part: the surface is too rough for a census of all"
        if self.completeness >= 1 and self.defect == 0:
            return "complete: two censuses agree, and so does the winding number of the gradient"
        if self.completeness >= 1 and self.defect is None:
            return "complete as far as two censuses tell"
        if self.defect:
            return f"incomplete: about {share} found, and the indices are {self.defect} off"
        return f"about {share} found"


def critical_points(
    surface: Surface, domain: Domain | None = None, grid: int | None = None
) -> CriticalPoints:
    """The CriticalPoints of a surface in a domain, the surface's own by default.

    `grid` is the number of cells along each side in the census; without it the grid is refined
    until two censuses agree, up to 2048. Raises ValueError for a bad domain or grid.
    """
    box = surface.domain if domain is None else check_domain(domain)
    if grid is not None and not 8 <= grid <= 4096:
        raise ValueError(f"grid must be from 8 to 4096, not {grid}")
    for cells in _GRIDS if grid is None else (grid,):
        result = _found(surface, box, cells)
        if (result.completeness >= 1 and not result.defect) or result.rough:
            break
    return result


def _found(surface: Surface, box: Domain, grid: int) -> CriticalPoints:
    size = max(box[1] - box[0], box[3] - box[2])
    with np.errstate(all="ignore"):
        first, lowest = _census(surface, box, grid, 0.0)
        second, _ = _census(surface, box, grid, 0.37)
        rough = max(len(first), len(second), len(lowest)) > _MANY
        first, second, lowest = (_thinned(places) for places in (first, second, lowest))
        a, b = (_polished(surface, box, starts, size, grid) for starts in (first, second))
        points, seen = _merge(np.concatenate([a, b]), len(a), 1e-6 * size)
        found = classified(surface, points, box)
        isolated = np.array([point.kind != DEGENERATE for point in found], bool)
        curves, found = _curves(surface, found, size / grid)
        explained = [(p.x, p.y) for p in found if p.kind in (MINIMUM, DEGENERATE)]
        explained += [place for curve in curves for place in curve.points]
        found += _tips(surface, box, lowest, explained, size / grid)
        result = CriticalPoints(sorted(found, key=lambda p: (round(p.loss, 9), p.x, p.y)))
        result.curves, result.rough = curves, rough
        result.edge = _edge_minima(surface, box)
        result.completeness = _completeness(seen[isolated])
        result.defect = None if curves or rough else _defect(surface, box, found)
    return result


def _thinned(places: Array) -> Array:
    """Not more places than are followed, evenly chosen."""
    return places[:: -(-len(places) // _SOME)] if len(places) > _MANY else places


def _census(surface: Surface, box: Domain, grid: int, shift: float) -> tuple[Array, Array]:
    """(centres of the cells with a change of sign in both components, lowest points of the grid)"""
    x0, x1, y0, y1 = box
    dx, dy = (x1 - x0) / grid, (y1 - y0) / grid
    # One cell more on each side, for points on the edge itself.
    xs = x0 + (np.arange(-1, grid + 2) + shift) * dx
    ys = y0 + (np.arange(-1, grid + 2) + shift) * dy
    loss, gx, gy = surface.grid(xs, ys, gradients=True)

    def changes(g: Array) -> NDArray[np.bool_]:
        corners = g[:-1, :-1], g[1:, :-1], g[:-1, 1:], g[1:, 1:]
        low, high = functools.reduce(np.minimum, corners), functools.reduce(np.maximum, corners)
        return (low <= 0) & (high >= 0)

    flat = (gx == 0) & (gy == 0)
    plain = flat[:-1, :-1] & flat[1:, :-1] & flat[:-1, 1:] & flat[1:, 1:]
    j, i = np.nonzero(changes(gx) & changes(gy) & ~plain)  # all of a plain is critical
    centres = np.stack([xs[i] + dx / 2, ys[j] + dy / 2], axis=1)
    plain = flat[1:-1, 1:-1] & flat[1:-1, 2:]
    inner = np.where(plain, np.nan, loss[1:-1, 1:-1])
    around = [loss[1 + b : loss.shape[0] - 1 + b, 1 + a : loss.shape[1] - 1 + a]
              for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]  # fmt: skip
    j, i = np.nonzero(np.all([inner <= other for other in around], axis=0))
    return centres, np.stack([xs[i + 1], ys[j + 1]], axis=1)


def newton(surface: Surface, points: Array, longest: float, steps: int = _NEWTON_STEPS) -> Array:
    """Newton's method for a zero of the gradient from each point; no step longer than `longest`."""
    points = np.array(points, np.float64)
    moving = np.arange(len(points))
    for _ in range(steps):
        x, y = points[moving].T
        gx, gy = surface.gradient(x, y)
        hxx, hxy, hyy = surface.hessian(x, y)
        determinant = hxx * hyy - hxy * hxy
        dx, dy = (hyy * gx - hxy * gy) / determinant, (hxx * gy - hxy * gx) / determinant
        # A singular Hessian has no Newton step: go down the gradient of |g|^2 instead.
        wrong = ~(np.isfinite(dx) & np.isfinite(dy))
        largest = np.hypot(hxx + hyy, np.hypot(hxx - hyy, 2 * hxy))
        dx = np.where(wrong, (hxx * gx + hxy * gy) / largest**2, dx)
        dy = np.where(wrong, (hxy * gx + hyy * gy) / largest**2, dy)
        length = np.hypot(dx, dy)
        moves = np.isfinite(length) & (length > 0)
        short = np.minimum(1.0, longest / np.maximum(length[moves], 1e-300))
        points[moving[moves]] -= (short * np.stack([dx, dy])[:, moves]).T
        moving = moving[moves]
        if not len(moving):
            break
    return points


def _polished(surface: Surface, box: Domain, starts: Array, size: float, grid: int) -> Array:
    """Where Newton's method leads, as far as that is a critical point of the domain."""
    if not len(starts):
        return starts
    points = newton(surface, starts, 2 * size / grid)
    # zeros that are not simple draw Newton's method in slowly
    late = np.flatnonzero(np.hypot(*surface.gradient(*points.T)) > 0)
    late = late[_error(surface, points[late]) > 1e-10 * size]
    late = late[_error(surface, points[late]) < 1e-3 * size]
    points[late] = newton(surface, points[late], 2 * size / grid, 4 * _NEWTON_STEPS)
    x, y = points.T
    near = (_error(surface, points) <= 1e-10 * size) & _smooth(surface, points, 1e-7 * size)
    near &= np.hypot(*(points - starts).T) <= 0.05 * size
    slack = 1e-9 * size
    inside = (x >= box[0] - slack) & (x <= box[1] + slack)
    inside &= (y >= box[2] - slack) & (y <= box[3] + slack)
    points = points[near & inside]
    points[:, 0] = np.clip(points[:, 0], box[0], box[1])
    points[:, 1] = np.clip(points[:, 1], box[2], box[3])
    return points


def _error(surface: Surface, points: Array) -> Array:
    """About how far points are from a zero of the gradient: its norm over the curvature.

    At a tip the curvature is endless, which says nothing: NaN.
    """
    gx, gy = surface.gradient(*points.T)
    hxx, hxy, hyy = surface.hessian(*points.T)
    curvature = np.hypot(hxx + hyy, np.hypot(hxx - hyy, 2 * hxy)) / 2
    exact = (gx == 0) & (gy == 0) & np.isfinite(curvature)
    with np.errstate(all="ignore"):
        error = np.hypot(gx, gy) / curvature
    return np.where(exact, 0.0, np.where(np.isfinite(curvature), error, np.nan))


def on_tip(surface: Surface, x: float, y: float) -> bool:
    """Whether a zero of the gradient is the tip of a cone: close by the slope does not shrink."""
    return bool(_tip(surface, np.array([[x, y]]))[0])


def _tip(surface: Surface, points: Array) -> NDArray[np.bool_]:
    x0, x1, y0, y1 = surface.domain
    size = max(x1 - x0, y1 - y0)
    near, far = (_slope(surface, points, share * size) for share in (1e-6, 1e-4))
    # at a smooth point it is a hundred times as steep a hundred times as far away
    return (near > 0) & (far < 5 * near)


def _slope(surface: Surface, points: Array, distance: float) -> Array:
    """The steepest slope on small circles."""
    ring = points[:, None] + _circle(0.0, 0.0, distance, 8)
    slopes = np.hypot(*surface.gradient(ring[..., 0], ring[..., 1]))
    return np.nanmax(slopes, axis=1, initial=0.0)


def _smooth(surface: Surface, points: Array, distance: float) -> NDArray[np.bool_]:
    """Whether the gradient grows away from its zeros as the curvature there says.

    At a tip it does not, nor on a crease, where the curvature is almost endless.
    """
    hxx, hxy, hyy = surface.hessian(*points.T)
    curvature = np.hypot(hxx + hyy, np.hypot(hxx - hyy, 2 * hxy)) / 2
    grows = _slope(surface, points, distance) >= 0.01 * curvature * distance
    return grows & ~_tip(surface, points)


def _merge(points: Array, first: int, distance: float) -> tuple[Array, NDArray[np.bool_]]:
    """(points without repetition, whether the first `first` and whether the others had each)"""
    if not len(points):
        return points, np.zeros((0, 2), bool)
    order = np.lexsort((points[:, 1], points[:, 0]))
    sortedx = points[order, 0]
    group = np.full(len(points), -1)
    made: list[int] = []
    for position, k in enumerate(order):
        begin = np.searchsorted(sortedx, points[k, 0] - distance)
        near = order[begin:position]
        near = near[np.abs(points[near, 1] - points[k, 1]) <= distance]
        if len(near):
            group[k] = group[near[0]]
        else:
            group[k] = len(made)
            made.append(k)
    seen = np.zeros((len(made), 2), bool)
    seen[group[:first], 0] = True
    seen[group[first:], 1] = True
    return points[made], seen


def _completeness(seen: NDArray[np.bool_]) -> float:
    """The share found, by the method of capture and recapture (Lincoln and Petersen)."""
    both, first, second = seen.all(axis=1).sum(), seen[:, 0].sum(), seen[:, 1].sum()
    return 1.0 if not len(seen) or not both else min(1.0, len(seen) * both / (first * second))


def classified(
    surface: Surface, points: Array, domain: Domain | None = None
) -> list[CriticalPoint]:
    """The kind of each of some points (n, 2) at which the gradient is zero."""
    box = surface.domain if domain is None else domain
    if not len(points):
        return []
    x, y = points.T
    hessians = np.stack([*surface.hessian(x, y)], axis=1)[:, [0, 1, 1, 2]].reshape(-1, 2, 2)
    values, vectors = np.linalg.eigh(hessians)
    loss = surface.value(x, y)
    ring = points[:, None] + _circle(0.0, 0.0, 1e-5 * max(box[1] - box[0], box[3] - box[2]), 8)
    around = np.linalg.norm(np.stack(surface.hessian(*ring.transpose(2, 0, 1))), axis=0)
    nearby = np.nanmax(around, axis=1, initial=0.0)
    found = []
    for k in range(len(points)):
        low, high = values[k]
        # Flat is what is small beside the other eigenvalue, or beside the curvature close by.
        flat = _FLAT * max(abs(low), abs(high))
        if max(abs(low), abs(high)) <= 1e-3 * nearby[k]:
            flat = np.inf
        kind = SADDLE
        if min(abs(low), abs(high)) <= flat:
            kind = DEGENERATE
        elif low > 0:
            kind = MINIMUM
        elif high < 0:
            kind = MAXIMUM
        index = {MINIMUM: 1, MAXIMUM: 1, SADDLE: -1}.get(kind, 0)
        edge = x[k] in box[:2] or y[k] in box[2:]
        found.append(CriticalPoint(
            float(x[k]), float(y[k]), float(loss[k]), kind, values[k], vectors[k], index,
            on_edge=bool(edge)))  # fmt: skip
    return found


def _curves(surface: Surface, found: list, cell: float) -> tuple[list[Curve], list]:
    """Chains of degenerate points, taken out of the points."""
    loose = [p for p in found if p.kind == DEGENERATE]
    if not loose:
        return [], found
    places = np.array([(p.x, p.y) for p in loose])
    chains = _groups(places, 4 * cell)
    curves, points = [], [p for p in found if p.kind != DEGENERATE]
    for chain in chains:
        if len(chain) < 8:
            members = [loose[k] for k in chain]
            # several candidates close by are one point whose zero is not simple
            best = min(members, key=lambda p: float(np.hypot(*surface.gradient(p.x, p.y))))
            index = _winding(surface, _circle(best.x, best.y, 0.5 * cell))
            points.append(replace(best, index=0 if index is None else index))
            continue
        thin, _ = _merge(places[chain], 0, 0.5 * cell)
        line = thin[_along(thin)]
        across = np.array([loose[k].eigenvalues[np.argmax(np.abs(loose[k].eigenvalues))]
                           for k in chain])  # fmt: skip
        kind = MINIMUM if (across > 0).all() else MAXIMUM if (across < 0).all() else DEGENERATE
        curves.append(Curve(line, float(np.median([loose[k].loss for k in chain])), kind))
    return sorted(curves, key=lambda curve: curve.loss), points


def _groups(places: Array, distance: float) -> list[NDArray[np.intp]]:
    """The indices of points that hang together, each at most `distance` from the next."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if not len(places):
        return []
    # not sparse_distance_matrix, which builds a dictionary and holds up every other thread
    tree, n = cKDTree(places), len(places)
    if tree.count_neighbors(tree, distance) < _MANY_PAIRS:
        a, b = tree.query_pairs(distance, output_type="ndarray").T
    else:  # so dense a heap hangs together by its nearest neighbours alone
        _, near = tree.query(places, k=_NEIGHBOURS, distance_upper_bound=distance)
        a, b = np.repeat(np.arange(n), _NEIGHBOURS), near.ravel()
        a, b = a[b < n], b[b < n]
    _, group = connected_components(coo_array((np.ones(len(a), bool), (a, b)), (n, n)))
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


def _along(places: Array) -> list[int]:
    """An order of points in which each is followed by its nearest neighbour."""
    left, order = np.arange(1, len(places)), [0]
    while len(left):
        nearest = int(np.argmin(np.hypot(*(places[left] - places[order[-1]]).T)))
        order.append(int(left[nearest]))
        left = np.delete(left, nearest)
    return order


def _tips(surface: Surface, box: Domain, lowest: Array, explained: list, cell: float) -> list:
    """Minima at which the surface is not smooth: lowest points that no zero of the gradient
    explains, and that lie below every small circle around them."""
    from scipy.spatial import cKDTree

    if len(lowest) and explained:
        lowest = lowest[cKDTree(np.array(explained)).query(lowest)[0] > 3 * cell]
    if not len(lowest):
        return []
    points, _ = _merge(_compass(surface, lowest, cell), 0, 3 * cell)
    loss = surface.value(*points.T)
    radii = cell * np.array([1, 0.3, 0.1, 1e-2, 1e-3])
    rings = [_circle(0.0, 0.0, radius)[:, None] + points for radius in radii]
    steepness = np.stack([
        (surface.value(ring[..., 0], ring[..., 1]).min(axis=0) - loss) / radius
        for ring, radius in zip(rings, radii, strict=True)
    ])  # fmt: skip
    x, y = points.T
    tips = (x > box[0]) & (x < box[1]) & (y > box[2]) & (y < box[3])
    # at a smooth minimum the steepness falls with the radius, at a tip it stays
    tips &= (steepness.min(axis=0) > 0) & (steepness[-1] > 0.1 * steepness[0])
    # A row of them is a crease along which the loss falls: only its lowest point can be one.
    kept = []
    for group in _groups(points[tips], 16 * cell):
        group = np.flatnonzero(tips)[group]
        kept += [group[np.argmin(loss[group])]] if len(group) >= 4 else list(group)
    nothing = np.full(2, np.nan)
    return [
        CriticalPoint(float(x[k]), float(y[k]), float(loss[k]), MINIMUM, nothing,
                      np.full((2, 2), np.nan), 1, smooth=False)
        for k in kept
    ]  # fmt: skip


def _compass(surface: Surface, points: Array, step: float) -> Array:
    """The lowest point near by, looked for in eight directions with ever smaller steps.

    Points that wander off lie in a valley, at whose end there is another; they are dropped.
    """
    begun, far = points, 3 * step
    ways = _circle(0.0, 0.0, 1.0, 8)
    best = surface.value(*points.T)
    steps = np.full(len(points), step)
    floor = 1e-14 * max(float(np.abs(points).max()), 1.0)
    for _ in range(_COMPASS_STEPS):
        if not (steps >= floor).any():
            break
        tries = points + steps[:, None] * ways[:, None]
        values = surface.value(tries[..., 0], tries[..., 1])
        k = np.argmin(np.where(np.isnan(values), np.inf, values), axis=0)
        row = np.arange(len(points))
        better = values[k, row] < best
        points = np.where(better[:, None], tries[k, row], points)
        best = np.where(better, values[k, row], best)
        steps = np.where(better, steps, 0.5 * steps)
        stay = np.hypot(*(points - begun).T) <= far
        points, best, steps, begun = points[stay], best[stay], steps[stay], begun[stay]
    return points


def _circle(x: float, y: float, radius: float, n: int = 64) -> Array:
    angles = np.arange(n) * (2 * np.pi / n)
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


def _winding(surface: Surface, loop: Array) -> int | None:
    """How often the gradient turns around along a closed polygon; None if it cannot be told."""
    gx, gy = surface.gradient(*loop.T)
    if not (np.isfinite(gx) & np.isfinite(gy) & (np.hypot(gx, gy) > 0)).all():
        return None
    angle = np.arctan2(gy, gx)
    turns = np.diff(np.append(angle, angle[0]))
    turns = (turns + np.pi) % (2 * np.pi) - np.pi
    if np.abs(turns).max() > 2.5:  # it jumps, or the polygon is too coarse
        return None
    return round(float(turns.sum()) / (2 * np.pi))


def _defect(surface: Surface, box: Domain, found: list) -> int | None:
    x0, x1, y0, y1 = box
    n = 20_000
    t = np.arange(n) / n
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    sides = [np.stack([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])], axis=1)
             for a, b in pairwise(corners)]  # fmt: skip
    winding = _winding(surface, np.concatenate(sides))
    if winding is None or any(point.on_edge for point in found):
        return None
    return winding - sum(point.index for point in found)


def _edge_minima(surface: Surface, box: Domain) -> list[tuple[float, float, float]]:
    """Minima of the loss over the box that lie on its edge and are no critical points."""
    x0, x1, y0, y1 = box
    n = 4001
    found = []
    for axis, fixed, inward in ((0, y0, 1), (0, y1, -1), (1, x0, 1), (1, x1, -1)):
        low, high = (x0, x1) if axis == 0 else (y0, y1)
        t = np.linspace(low, high, n)
        t = t[_local_minima(surface, axis, fixed, t)]
        width = np.full(len(t), (high - low) / (n - 1))
        for _ in range(60):  # halves, until the interval is as small as numbers allow
            tries = np.clip(t[:, None] + width[:, None] * np.linspace(-1, 1, 9), low, high)
            losses = _on_side(surface.value, axis, fixed, tries)
            t = tries[np.arange(len(t)), np.argmin(losses, axis=1)]
            width *= 0.5
        for corner in (low, high):
            t = np.where(np.abs(t - corner) <= 1e-6 * (high - low), corner, t)
        gx, gy = _on_side(surface.gradient, axis, fixed, t)
        along, across = (gx, gy) if axis == 0 else (gy, gx)
        scale = np.abs(across) + np.abs(along)
        uphill = inward * across > 1e-9 * np.maximum(scale, 1e-300)
        uphill &= np.where(t == low, along >= 0, True) & np.where(t == high, along <= 0, True)
        for k in np.flatnonzero(uphill):
            x, y = (t[k], fixed) if axis == 0 else (fixed, t[k])
            found.append((float(x), float(y), float(surface.value(x, y))))
    return sorted(set(found), key=lambda p: p[2])


def _on_side(function: Any, axis: int, fixed: float, t: Array) -> Any:
    return function(t, np.full_like(t, fixed)) if axis == 0 else function(np.full_like(t, fixed), t)


def _local_minima(surface: Surface, axis: int, fixed: float, t: Array) -> NDArray[np.intp]:
    loss = _on_side(surface.value, axis, fixed, t)
    padded = np.concatenate([[np.inf], loss, [np.inf]])
    return np.flatnonzero((loss < padded[:-2]) & (loss <= padded[2:]))


def followed(before: Surface, after: Surface) -> Surface:
    """`after` with the critical points of `before`, followed to where its parameters move them."""
    size = max(after.domain[1] - after.domain[0], after.domain[3] - after.domain[2])
    kinds = {"minima": MINIMUM, "saddles": SADDLE, "maxima": MAXIMUM, "degenerate": DEGENERATE}
    points = {name: np.array(getattr(before, name)).reshape(-1, 2) for name in kinds}
    changes: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        # A crowd moves little, and is followed while a slider is dragged.
        count = 16 if sum(map(len, points.values())) <= 50 else 4
        for share in np.linspace(0, 1, count + 1)[1:]:
            way = replace(after, parameters=tuple(
                replace(q, value=_between(p.value, q.value, share, p.log))
                for p, q in zip(before.parameters, after.parameters, strict=True)))  # fmt: skip
            points = {name: newton(way, p, 0.05 * size, 8) for name, p in points.items()}
        for name, kind in kinds.items():
            polished = _polished(after, after.domain, points[name], size, 64)
            merged, _ = _merge(polished, 0, 1e-6 * size)
            found = classified(after, merged)
            changes[name] = tuple((p.x, p.y) for p in found if p.kind == kind)
    changes["minima"] = tuple(sorted(changes["minima"], key=lambda p: float(after.value(*p))))
    return replace(after, **changes)


def _between(a: float, b: float, share: float, log: bool) -> float:
    if log and a > 0 and b > 0:
        return float(a ** (1 - share) * b**share)
    return float(a + share * (b - a))


TASKS = {"points": critical_points}  # see gdviz_core.aside
