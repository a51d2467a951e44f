"""The nearest of some places, few or many."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdviz_core.nearest import FEW, nearest

numbers = st.floats(-1e9, 1e9)
points = st.tuples(numbers, numbers)


@given(st.lists(points, min_size=1, max_size=20), st.lists(points, min_size=1, max_size=20),
       st.sampled_from([0, FEW]))  # fmt: skip
def test_no_place_is_nearer(asked, places, more):
    places += [(1e12, 1e12)] * more  # far from all: only that there are many is new
    x, y = np.array(asked).T
    away, index = nearest(x, y, np.array(places))
    for k, point in enumerate(asked):
        least = min(math.dist(point, place) for place in places)
        assert away[k] == pytest.approx(least, rel=1e-14, abs=1e-150)
        assert math.dist(point, places[index[k]]) == pytest.approx(least, rel=1e-14, abs=1e-150)


@pytest.mark.parametrize("count", [2, FEW + 1])
def test_a_point_that_is_none_is_nowhere(count):
    x = np.array([[1.0, np.nan, np.inf], [0.0, 2.0, 0.0]])
    y = np.array([[1.0, 0.0, 0.0], [0.0, -np.inf, 3.0]])
    places = np.array([[0.0, 0.0], [1.0, 1.0], *[[9.0, 9.0]] * (count - 2)])
    away, index = nearest(x, y, places)
    np.testing.assert_allclose(away, [[0, np.nan, np.nan], [0, np.nan, np.sqrt(5)]], rtol=1e-15)
    assert (index[0, 0], index[1, 0], index[1, 2]) == (1, 0, 1)
