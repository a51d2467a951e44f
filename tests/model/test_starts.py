"""Many starts at once."""

import numpy as np
import pytest

from gdviz.starts import grid_starts, line_starts, random_starts, typed_starts

DOMAIN = (-2.0, 3.0, 10.0, 11.0)


def test_random_starts_fill_the_domain_and_repeat_with_their_seed():
    points = np.array(random_starts(DOMAIN, 2000, 7))
    assert points[:, 0].min() >= -2
    assert points[:, 0].max() <= 3
    assert np.mean(points, axis=0) == pytest.approx([0.5, 10.5], abs=0.1)
    # evenly: a quarter of them in each quarter
    assert np.mean((points[:, 0] < 0.5) & (points[:, 1] < 10.5)) == pytest.approx(0.25, abs=0.04)
    assert random_starts(DOMAIN, 5, 7) == random_starts(DOMAIN, 5, 7)
    assert random_starts(DOMAIN, 5, 7) != random_starts(DOMAIN, 5, 8)


def test_a_grid_has_the_middles_of_its_cells():
    assert grid_starts((0.0, 2.0, 0.0, 3.0), 2, 3) == (
        (0.5, 0.5), (1.5, 0.5), (0.5, 1.5), (1.5, 1.5), (0.5, 2.5), (1.5, 2.5),
    )  # fmt: skip


def test_a_line_has_both_of_its_ends():
    assert line_starts((0.0, 1.0), (1.0, 3.0), 3) == ((0.0, 1.0), (0.5, 2.0), (1.0, 3.0))


def test_points_are_read_as_people_write_them():
    text = "1, 2\n(3.5; -4)\n\n  [5e-1 6] \n−1 −2"
    assert typed_starts(text) == ((1.0, 2.0), (3.5, -4.0), (0.5, 6.0), (-1.0, -2.0))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: random_starts(DOMAIN, 0, 1), "from 1 to 10000, not 0"),
        (lambda: random_starts(DOMAIN, 10**9, 1), "from 1 to 10000"),
        (lambda: grid_starts(DOMAIN, 1000, 1000), "from 1 to 10000, not 1000000"),
        (lambda: grid_starts(DOMAIN, 0, 5), "columns must be at least 1"),
        (lambda: line_starts((0, 0), (float("nan"), 1), 3), "finite"),
        (lambda: typed_starts("1, 2\n3"), "line 2, '3', is not a point"),
        (lambda: typed_starts("1,2,3"), "line 1"),
        (lambda: typed_starts("nan, 1"), "line 1"),
        (lambda: typed_starts(""), "not 0"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(make, why):
    with pytest.raises(ValueError, match=why):
        make()
