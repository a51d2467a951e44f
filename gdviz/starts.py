"""Many start points at once: at random, on a grid, along a line, from text."""

import math
import re

import numpy as np

from gdviz.experiment import MAX_STARTS, Point
from gdviz_core.descent import check_count, check_start
from gdviz_core.surface import Domain


def random_starts(domain: Domain, count: int, seed: int) -> tuple[Point, ...]:
    """So many points, evenly distributed over a domain; the same for the same seed."""
    x0, x1, y0, y1 = domain
    check_count("seed", seed)
    points = np.random.default_rng(seed).uniform((x0, y0), (x1, y1), (_checked(count), 2))
    # in no more digits than a millionth of the domain is worth
    digits_x, digits_y = (6 - math.floor(math.log10(span)) for span in (x1 - x0, y1 - y0))
    return tuple((round(x, digits_x), round(y, digits_y)) for x, y in points.tolist())


def grid_starts(domain: Domain, columns: int, rows: int) -> tuple[Point, ...]:
    """The middles of the cells of a grid over a domain."""
    x0, x1, y0, y1 = domain
    _checked(check_count("columns", columns, 1) * check_count("rows", rows, 1))
    xs = x0 + (np.arange(columns) + 0.5) / columns * (x1 - x0)
    ys = y0 + (np.arange(rows) + 0.5) / rows * (y1 - y0)
    return tuple((float(f"{x:.12g}"), float(f"{y:.12g}")) for y in ys for x in xs)


def line_starts(first: Point, last: Point, count: int) -> tuple[Point, ...]:
    """So many points from one to another, both of them included."""
    share = np.linspace(0.0, 1.0, _checked(count))
    (ax, ay), (bx, by) = check_start(first), check_start(last)
    xs, ys = ax + share * (bx - ax), ay + share * (by - ay)
    return tuple((float(f"{x:.12g}"), float(f"{y:.12g}")) for x, y in zip(xs, ys, strict=True))


def typed_starts(text: str) -> tuple[Point, ...]:
    """Points from text, one a line: two numbers with a comma, a semicolon or space between them.

    Brackets are passed over. Raises ValueError that names the line.
    """
    points = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = [part for part in re.split(r"[,;\s]+", line.strip(" \t()[]{},;")) if part]
        if not parts:
            continue
        try:
            x, y = (float(part.replace("−", "-")) for part in parts)
            points.append(check_start((x, y)))
        except ValueError:
            raise ValueError(
                f"line {number}, {line[:40]!r}, is not a point such as -1.5, 2"
            ) from None
    _checked(len(points))
    return tuple(points)


def _checked(count: int) -> int:
    if not 1 <= check_count("number of starts", count) <= MAX_STARTS:
        raise ValueError(f"the number of starts must be from 1 to {MAX_STARTS}, not {count}")
    return count
