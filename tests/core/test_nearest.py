"""The nearest of some places, looked for in both ways."""

import importlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdviz_core import nearest as module
from gdviz_core.nearest import nearest

numbers = st.floats(-1e9, 1e9)
points = st.tuples(numbers, numbers)


@pytest.fixture(params=[0, module.MUCH], ids=["tree", "each"], scope="module")
def way(request):
    importlib.import_module("scipy.spatial")  # or the first example would take too long
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MUCH", request.param)
        yield


@given(st.lists(points, min_size=1, max_size=20), st.lists(points, min_size=1, max_size=20))
def test_no_place_is_nearer(way, asked, places):
    x, y = np.array(asked).T
    away, index = nearest(x, y, np.array(places))
    for k, point in enumerate(asked):
        least = min(math.dist(point, place) for place in places)
        assert away[k] == pytest.approx(least, rel=1e-14, abs=1e-150)
        assert math.dist(point, places[index[k]]) == pytest.approx(least, rel=1e-14, abs=1e-150)


def test_a_point_that_is_none_is_nowhere(way):
    x = np.array([[1.0, np.nan, np.inf], [0.0, 2.0, 0.0]])
    y = np.array([[1.0, 0.0, 0.0], [0.0, -np.inf, 3.0]])
    places = np.array([[0.0, 0.0], [1.0, 1.0]])
    away, index = nearest(x, y, places)
    np.testing.assert_allclose(away, [[0, np.nan, np.nan], [0, np.nan, np.sqrt(5)]], rtol=1e-15)
    assert (index[0, 0], index[1, 0], index[1, 2]) == (1, 0, 1)


def test_a_point_whose_distance_has_no_square_is_only_far(way):
    away, index = nearest(np.array([1e200]), np.zeros(1), np.array([[0.0, 0.0], [1.0, 1.0]]))
    assert away[0] == 1e200
    assert index[0] in (0, 1)
