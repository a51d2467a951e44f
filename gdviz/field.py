"""The gradient field of a surface: arrows and streamlines."""

import numpy as np

from gdviz.scale import stretch
from gdviz_core import Surface
from gdviz_core.surface import Array, Domain

_STEPS = 64  # of a streamline, to either side of its seed
_SHORTEST = 9  # points of one that is drawn


class _Flat:
    """A surface in the proportions it is drawn in."""

    def __init__(self, surface: Surface, domain: Domain):
        self.surface, self.share = surface, stretch(surface.domain)
        x0, x1, y0, y1 = domain
        self.domain = x0, x1, y0 / self.share, y1 / self.share

    def gradient(self, x: Array, y: Array) -> tuple[Array, Array]:
        """The slope, whose opposite is the direction in which a step is drawn."""
        gx, gy = self.surface.gradient(x, y * self.share)
        return gx, gy / self.share

    def back(self, lines: list[Array]) -> list[Array]:
        """Lines in the proportions of the plane."""
        return [line * (1.0, self.share) for line in lines] if self.share != 1 else lines


def arrows(surface: Surface, domain: Domain, count: int) -> list[Array]:
    """Arrows of steepest descent as lines, (points, 2) each, `count` along the longer side."""
    flat = _Flat(surface, domain)
    return flat.back(arrow_lines(*descent_arrows(flat, flat.domain, count)))


def streamlines(surface: Surface, domain: Domain, count: int) -> list[Array]:
    """Curves of steepest descent, (points, 2) each, about evenly spaced."""
    flat = _Flat(surface, domain)
    return flat.back(_streamlines(flat, flat.domain, count))


def descent_arrows(surface: Surface | _Flat, domain: Domain, count: int) -> tuple[Array, ...]:
    """(x, y, dx, dy) of arrows downhill on a grid, `count` along the longer side.

    Their length grows with the slope, but slowly: by its rank.
    """
    x0, x1, y0, y1 = domain
    cell = max(x1 - x0, y1 - y0) / count
    x, y = _grid(domain, cell)
    gx, gy = surface.gradient(x, y)
    with np.errstate(all="ignore"):
        norm = np.hypot(gx, gy)
        good = np.isfinite(norm) & (norm > 0)
        rank = np.empty(len(norm))
        rank[np.argsort(np.where(good, norm, 0.0))] = np.linspace(0, 1, len(norm))
        length = cell * (0.35 + 0.5 * rank)
        dx, dy = -gx / norm * length, -gy / norm * length
    return x[good], y[good], dx[good], dy[good]


def arrow_lines(x: Array, y: Array, dx: Array, dy: Array) -> list[Array]:
    """Arrows as lines, (points, 2) each: shafts in four pieces, so that they may be bent, and
    heads."""
    along = np.linspace(0.0, 1.0, 5)
    shafts = np.stack([x[:, None] + dx[:, None] * along, y[:, None] + dy[:, None] * along], axis=-1)
    tip = np.stack([x + dx, y + dy], axis=1)
    left, right = (tip - 0.32 * np.stack([dx - side * dy, dy + side * dx], axis=1)
                   for side in (0.6, -0.6))  # fmt: skip
    return [*shafts, *np.stack([left, tip, right], axis=1)]


def _grid(domain: Domain, cell: float) -> tuple[Array, Array]:
    x0, x1, y0, y1 = domain
    xs, ys = np.arange(x0 + cell / 2, x1, cell), np.arange(y0 + cell / 2, y1, cell)
    x, y = np.meshgrid(xs, ys)
    return x.ravel(), y.ravel()


def _streamlines(surface: _Flat, domain: Domain, count: int) -> list[Array]:
    """Every cell of a grid sends a curve both ways; where one enters a cell that another one holds,
    it ends (after Jobard and Lefer 1997).
    """
    x0, x1, y0, y1 = domain
    cell = max(x1 - x0, y1 - y0) / count
    seeds = np.stack(_grid(domain, cell), axis=1)
    if not len(seeds):
        return []
    rng = np.random.default_rng(1)  # without the regularity of the grid, the same every time
    seeds += rng.uniform(-0.3, 0.3, seeds.shape) * cell
    back, forth = (_follow(surface, seeds, sign * 0.22 * cell) for sign in (-1.0, 1.0))
    curves = np.concatenate([back[::-1], forth[1:]])  # (points, seeds, 2)
    moves = np.diff(curves, axis=0)
    with np.errstate(invalid="ignore"):  # at a critical point a curve would go to and fro
        turns = (moves[1:] * moves[:-1]).sum(axis=-1) < 0.6 * (moves[1:] ** 2).sum(axis=-1)
    smooth = np.ones(curves.shape[:2], bool)
    smooth[1:-1] = ~turns
    columns = max(1, int(np.ceil((x1 - x0) / cell)))
    rows = max(1, int(np.ceil((y1 - y0) / cell)))
    owner = np.full((rows, columns), -1)
    lines = []
    for seed in rng.permutation(len(seeds)).tolist():
        curve = curves[:, seed]
        with np.errstate(invalid="ignore"):
            inside = ((curve[:, 0] >= x0) & (curve[:, 0] < x1)
                      & (curve[:, 1] >= y0) & (curve[:, 1] < y1))  # fmt: skip
        j = np.where(inside, (curve[:, 0] - x0) / cell, 0).astype(int).clip(0, columns - 1)
        i = np.where(inside, (curve[:, 1] - y0) / cell, 0).astype(int).clip(0, rows - 1)
        free = inside & smooth[:, seed] & ((owner[i, j] == -1) | (owner[i, j] == seed))
        middle = _STEPS
        if not free[middle]:
            continue
        begin = middle - int(np.argmin(np.append(free[middle::-1], False))) + 1
        end = middle + int(np.argmin(np.append(free[middle:], False)))
        if end - begin >= _SHORTEST:
            owner[i[begin:end], j[begin:end]] = seed
            lines.append(curve[begin:end])
    return lines


def _follow(surface: _Flat, at: Array, step: float) -> Array:
    """Points along the field from `at`, all curves at once, by the midpoint rule."""
    points = [at]
    for _ in range(_STEPS):
        half = at + 0.5 * step * _downhill(surface, at)
        at = at + step * _downhill(surface, half)
        points.append(at)
    return np.stack(points)


def _downhill(surface: _Flat, at: Array) -> Array:
    gx, gy = surface.gradient(at[:, 0], at[:, 1])
    with np.errstate(all="ignore"):
        norm = np.hypot(gx, gy)
        return -np.stack([gx / norm, gy / norm], axis=1)
