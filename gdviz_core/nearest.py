"""The nearest of some places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gdviz_core.surface import Array

MUCH = 20_000_000  # distances that are worked out in less time than it takes to load SciPy


def nearest(x: Array, y: Array, places: Array) -> tuple[Array, NDArray[np.intp]]:
    """How far from points x, y the nearest of `places`, (n, 2), is, and its index.

    The arrays have one shape, the results too; for a point that is not finite the distance is NaN.
    """
    if x.size * len(places) > MUCH:
        from scipy.spatial import cKDTree  # here: to load it keeps a window waiting

        found = np.full(x.shape, np.nan), np.zeros(x.shape, np.intp)
        good = np.isfinite(x) & np.isfinite(y)
        found[0][good], found[1][good] = cKDTree(places).query(
            np.stack([x[good], y[good]], axis=-1)
        )
        return found
    least, index = np.full(x.shape, np.inf), np.zeros(x.shape, np.intp)
    with np.errstate(over="ignore"):
        for k, (px, py) in enumerate(places):
            square = (x - px) ** 2 + (y - py) ** 2
            nearer = square < least
            np.copyto(least, square, where=nearer)
            index[nearer] = k
    away = np.hypot(x - places[index, 0], y - places[index, 1])
    away[~np.isfinite(away)] = np.nan
    return away, index
