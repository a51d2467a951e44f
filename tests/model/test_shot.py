"""What may be asked of a picture or a film."""

import pytest

from gdviz.shot import Film, Shot


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"views": ()}, "one view or several"), ({"views": ("map", "map")}, "different"),
        ({"views": ("moon",)}, "no view 'moon'; there are map"),
        ({"width": 100_000, "height": 100_000}, "width must be from 64 to 16384, not 100000"),
        ({"height": 3}, "height must be"), ({"width": 16_384, "height": 16_384}, "million pixels"),
        ({"scale": float("nan")}, "scale must be"), ({"scale": 100.0}, "scale must be"),
        ({"theme": "pink"}, "theme must be dark or light"), ({"step": -1}, "step must be"),
        ({"caption": "x" * 1000}, "caption has at most"),
        ({"visible": (1.0, 0.0, 0.0, 1.0)}, "domain"),
    ],
)  # fmt: skip
def test_a_picture_that_cannot_be_is_refused_by_name(fields, why):
    with pytest.raises(ValueError, match=why):
        Shot(**fields)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"seconds": 0.0}, "seconds must be"), ({"seconds": float("inf")}, "seconds must be"),
        ({"fps": 0}, "fps must be from 1"), ({"fps": 1000}, "fps must be from 1 to 60"),
        ({"seconds": 600.0, "fps": 60}, "at most 3000 frames, not 36000"),
    ],
)  # fmt: skip
def test_a_film_that_cannot_be_is_refused_by_name(fields, why):
    with pytest.raises(ValueError, match=why):
        Film(**fields)


def test_a_film_begins_at_the_start_and_ends_at_the_end():
    frames = Film(2.0, 10).frames(434)
    assert (len(frames), frames[0], frames[-1]) == (20, 0, 434)
    assert frames == sorted(frames)
    assert Film(1.0, 1).frames(434) == [434]  # one frame shows the end
    assert Film(2.0, 10).frames(0) == [0]
