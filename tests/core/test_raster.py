"""Lines and colours in pixels."""

import time

import numpy as np
import pytest

from gdviz_core import raster

WHITE = np.array([0xFFFFFFFF], np.uint32)


def draw(x, y, size=(60, 80), first=0, radius=1.5, image=None, pen=None):
    image = np.zeros(size, np.uint32) if image is None else image
    x, y = np.array([x], float), np.array([y], float)
    raster.trails(
        image, x, y, np.array([first]), np.array([x.shape[1] - 1]), np.array([0.0, 1, 0, 1]),
        WHITE, radius, np.zeros((1, 2)) if pen is None else pen,
    )  # fmt: skip
    return image


def alpha(image):
    return image >> 24


def test_a_line_covers_its_length_times_its_width():
    image = draw([10.5, 60.5], [20.5, 45.5], radius=2.0)
    length = np.hypot(50, 25)
    area = alpha(image).sum() / 255
    assert area == pytest.approx(length * 4 + np.pi * 4, rel=0.03)


def test_coverage_fades_at_the_edge_and_is_full_in_the_middle():
    column = alpha(draw([0, 79], [30.0, 30.0], radius=1.5))[:, 40]
    assert column[29] == column[30] == 255
    assert 0 < column[28] < 255
    assert column[27] == column[32] == 0


def test_pieces_are_the_same_as_the_whole():
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 80, 200), rng.uniform(0, 60, 200)
    image, pen = np.zeros((60, 80), np.uint32), np.zeros((1, 2))
    for end in (3, 4, 90, 200):
        first = {3: 0, 4: 3, 90: 4, 200: 90}[end]
        draw(x[:end], y[:end], first=first, image=image, pen=pen)
    np.testing.assert_array_equal(image, draw(x, y))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -1e18])
@pytest.mark.parametrize("where", [0, 1, 5])
def test_points_that_are_not_finite_are_passed_over_at_once(bad, where):
    x, y = np.linspace(5, 75, 12), np.linspace(5, 55, 12)
    broken = x.copy()
    broken[where] = bad
    begun = time.perf_counter()
    image = draw(broken, y)
    assert time.perf_counter() - begun < 0.5
    np.testing.assert_array_equal(image, draw(np.delete(x, where), np.delete(y, where)))


def test_lines_from_far_away_are_cut_exactly():
    near = draw([-40.0, 120.0], [10.0, 50.0])
    far = draw([-40.0 - 160e6, 120.0 + 160e6], [10.0 - 40e6, 50.0 + 40e6])
    assert np.abs(alpha(near).astype(int) - alpha(far).astype(int)).max() <= 2
    assert alpha(draw([-500.0, -100.0], [10.0, 50.0])).sum() == 0


@pytest.mark.parametrize("tilt", [1e-300, 1e-12, 2e-9, 1e-8, 1e-6, 1e-3])
def test_nearly_level_lines_are_level_lines(tilt):
    begun = time.perf_counter()
    image = draw([10.0, 30.0, 70.0], [30.0, 30.0 + tilt, 30.0 - tilt])
    assert time.perf_counter() - begun < 0.5
    assert np.abs(alpha(image).astype(int) - alpha(draw([10.0, 30.0, 70.0], [30.0] * 3))).max() <= 2
    image = draw([30.0, 30.0 + tilt, 30.0 - tilt], [10.0, 30.0, 50.0])
    assert np.abs(alpha(image).astype(int) - alpha(draw([30.0] * 3, [10.0, 30.0, 50.0]))).max() <= 2


@pytest.mark.parametrize("tilt", [0.0, 1e-300, 1e-12, 1.001e-9, 2e-9, 1e-8, 1e-6, 1e-3])
def test_a_strand_that_nothing_hides_is_a_trail(tilt):
    x, y = np.array([[10.0, 30.0, 70.0, 12.0]]), np.array([[30.0, 30 + tilt, 30 - tilt, 31.0]])
    seen, hidden = np.zeros((2, 60, 80), np.uint32)
    matrix = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])
    begun = time.perf_counter()
    raster.strands(
        seen, hidden, np.zeros((60, 80), np.float32), x, y, np.zeros_like(x), np.zeros(1, np.int64),
        np.array([3]), matrix, WHITE, 1.5, 0.0, np.empty((1, 3)),
    )  # fmt: skip
    assert time.perf_counter() - begun < 0.5
    assert not hidden.any()
    assert np.abs(alpha(seen).astype(int) - alpha(draw(x[0], y[0])).astype(int)).max() <= 2


def test_which_trail_lies_on_top_does_not_depend_on_the_pieces():
    rng = np.random.default_rng(8)
    x, y = rng.uniform(0, 80, (5, 60)), rng.uniform(0, 60, (5, 60))
    colours = np.array([0xFF0000FF, 0xFF00FF00, 0xFFFF0000, 0xFFFFFF00, 0xFF00FFFF], np.uint32)
    whole, pieces = np.zeros((2, 60, 80), np.uint32)
    mapping = np.array([0.0, 1, 0, 1])
    for image, cuts in ((whole, [60]), (pieces, [1, 2, 17, 18, 40, 60])):
        first, pen = 0, np.zeros((5, 2))
        for end in cuts:
            raster.trails(image, x, y, np.full(5, first), np.full(5, end - 1), mapping, colours,
                          1.5, pen)  # fmt: skip
            first = end
    np.testing.assert_array_equal(whole, pieces)


def test_indices_and_shapes_are_checked():
    with pytest.raises(ValueError, match="out of bounds"):
        draw([1.0, 2.0], [1.0, 2.0], first=-1)
    with pytest.raises(ValueError, match="do not fit"):
        draw([1.0, 2.0], [1.0, 2.0], pen=np.zeros((2, 2)))


def test_discs_are_round_and_shades_follow_the_table():
    image = np.zeros((40, 40), np.uint32)
    raster.discs(image, np.array([20.0, np.nan]), np.array([20.0, 1.0]), np.repeat(WHITE, 2), 6.0)
    assert alpha(image).sum() / 255 == pytest.approx(np.pi * 36, rel=0.03)
    table = np.arange(5, dtype=np.uint32)
    values = np.array([[0.0, 0.26, 0.5, 1.0], [-3.0, 9.0, np.nan, np.inf]], np.float32)
    out = np.empty(values.shape, np.uint32)
    raster.shade(values, 0.0, 1.0, table, 77, out)
    np.testing.assert_array_equal(out, [[0, 1, 2, 4], [0, 4, 77, 77]])


def test_a_thin_line_is_even_at_its_joints_and_interrupted_where_it_is_not_finite():
    image = np.zeros((20, 120), np.uint32)
    x = np.arange(4.0, 116.0, 2.7)
    y = np.full_like(x, 9.8)
    x[20] = np.nan
    raster.polyline(image, x, y, 0x80402010, 0.6)
    rows = image[9, 6:50] >> 24
    assert len(set(rows.tolist())) == 1
    gap = image[:, int(x[19]) + 3 : int(x[21]) - 2]
    assert not gap.any()
    assert (image[:, 70:110] >> 24).max() <= 0x80
