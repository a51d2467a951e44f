"""Makes the tables that gdviz ships: `python -m docs.tables`. All numbers are made up.

The generator is Python's own (Mersenne Twister), whose random() gives the same numbers for a seed
everywhere and in every version.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from random import Random

PLACE = Path(__file__).resolve().parent.parent / "gdviz" / "assets" / "data"
Row = tuple[float, ...]


def normal(random: Random) -> float:
    """A standard normal number (Box and Muller 1958)."""
    return math.sqrt(-2 * math.log(1 - random.random())) * math.cos(2 * math.pi * random.random())


def houses(random: Random) -> Iterator[Row]:
    """Lot area in square feet, lognormal around 9,500, and a price that grows with it.

    1,460 rows under the names of the well-known table of Ames, Iowa (De Cock 2011), so that what is
    done with one can be done with the other; no row is taken from it.
    """
    for _ in range(1460):
        area = round(math.exp(9.16 + 0.45 * normal(random)))
        price = 96_000 + 7.9 * area * math.exp(0.1 * normal(random)) + 34_000 * normal(random)
        yield area, max(34_900, 100 * round(price / 100))


def classes(random: Random) -> Iterator[Row]:
    """Two clouds of 100 points, which overlap a little."""
    for number in range(200):
        kind = number % 2
        centre = 1.0 if kind else -1.0
        x1 = 1.1 * centre + 0.9 * normal(random)
        x2 = 0.7 * centre + 1.1 * normal(random)
        yield round(x1, 3), round(x2, 3), kind


def sine(random: Random) -> Iterator[Row]:
    """120 points of sin(1.5 x) with noise of deviation 0.15."""
    for number in range(120):
        x = -3 + 6 * (number + random.random()) / 120
        yield round(x, 3), round(math.sin(1.5 * x) + 0.15 * normal(random), 3)


def neuron(random: Random) -> Iterator[Row]:
    """Four points for which the squared error of tanh(weight*x + bias) has two minima."""
    yield from ((-0.8, 0.8), (-0.3, -0.8), (1.1, 0.5), (1.7, -0.5))


TABLES = {
    houses: ("LotArea", "SalePrice"),
    classes: ("x1", "x2", "label"),
    sine: ("x", "y"),
    neuron: ("x", "y"),
}


def text(make) -> str:
    """A table as CSV."""
    rows = [TABLES[make], *make(Random(20_26))]
    return "".join(",".join(str(cell) for cell in row) + "\n" for row in rows)


def main() -> None:
    """Write all tables."""
    for make in TABLES:
        (PLACE / f"{make.__name__}.csv").write_text(text(make), newline="\n")
        print(f"wrote {make.__name__}.csv")


if __name__ == "__main__":
    main()
