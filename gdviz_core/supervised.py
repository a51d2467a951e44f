"""Learning from data: batches of rows, and their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gdviz_core.rows import batch_rows
from gdviz_core.surface import Array, Surface


@dataclass(frozen=True)
class Batches:
    """The batches of a descent over so many rows, `size` of them a step.

    Without `replacement` the rows are shuffled anew for each epoch and taken in turn, as torch's
    DataLoader does; the last batch of an epoch has what is left. With it every row is drawn from
    all of them. What is drawn depends on `seed` and the step alone.
    """

    rows: int
    size: int
    seed: int = 0
    replacement: bool = False

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        return -(-self.rows // self.size)

    def rows_of(self, step: int) -> NDArray[np.int64]:
        """The numbers of the rows that a step sees; the first step is 1."""
        return batch_rows(self.rows, self.size, self.seed, self.replacement, step)

    def read(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many rows were read after so many steps."""
        if self.replacement:
            return steps * self.size
        return steps // self.per_epoch * self.rows + steps % self.per_epoch * self.size

    def epochs(self, steps: NDArray[np.int64]) -> Array:
        """How often all the data was read, after so many steps."""
        return self.read(steps) / self.rows


def on_rows(surface: Surface, rows: NDArray[np.int64]) -> Surface:
    """The loss over some of its rows alone; ValueError for a surface without data."""
    if surface.table is None:
        raise ValueError(f"{surface.name} has no data")
    return replace(surface, table=surface.table.take(rows))


def batch_gradients(
    surface: Surface, batches: Batches, x: float, y: float, epoch: int = 0
) -> Iterator[tuple[float, float, int]]:
    """(gx, gy, rows) of every batch of an epoch at a point."""
    first = epoch * batches.per_epoch + 1
    for step in range(first, first + batches.per_epoch):
        rows = batches.rows_of(step)
        gx, gy = on_rows(surface, rows).gradient(x, y)
        yield float(gx), float(gy), len(rows)
