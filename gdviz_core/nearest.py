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
    index = np.zeros(x.shape, np.intp)
    with np.errstate(over="ignore"):
        if x.size * len(places) > MUCH:
            from scipy.spatial import cKDTree  # here: to load it keeps a window waiting

            good = np.isfinite(x) & np.isfinite(y)
            _, found = cKDTree(places).query(np.stack([x[good], y[good]], axis=-1))
            index[good] = np.minimum(found, len(places) - 1)  # none is found for what is too far
        else:
            least = np.full(x.shape, np.inf)
            for k, (px, py) in enumerate(places):
                square = (x - px) ** 2 + (y - py) ** 2
                nearer = square < least
                np.copyto(least, square, where=nearer)
                index[nearer] = k
        away = np.hypot(x - places[index, 0], y - places[index, 1])
    away[~np.isfinite(away)] = np.nan
    return away, index
