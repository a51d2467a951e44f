"""Learning from data: batches of rows, and their gradients."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gdviz_core.rows import batch_rows, epoch_rows
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

    def __post_init__(self) -> None:
        if not 1 <= self.size <= self.rows:
            raise ValueError(f"a batch has 1 to {self.rows} rows, not {self.size}")

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        return -(-self.rows // self.size)

    def rows_of(self, step: int) -> NDArray[np.int64]:
        """The numbers of the rows that a step sees; the first step is 1."""
        return batch_rows(self.rows, self.size, self.seed, self.replacement, step)

    def epoch(self, number: int) -> NDArray[np.int64]:
        """The numbers of the rows of all batches of an epoch in turn; the first epoch is 0."""
        return epoch_rows(self.rows, self.size, self.seed, self.replacement, number)

    def read(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many rows were read after so many steps."""
        if self.replacement:
            return steps * self.size
        return steps // self.per_epoch * self.rows + steps % self.per_epoch * self.size


def on_rows(surface: Surface, rows: NDArray[np.int64]) -> Surface:
    """The loss over some of its rows alone; ValueError for a surface without data."""
    if surface.table is None:
        raise ValueError(f"{surface.name} has no data")
    return replace(surface, table=surface.table.take(rows))


def row_gradients(surface: Surface, x: float, y: float) -> Array:
    """The gradient of the loss of each row at a point, (2, rows)."""
    from gdviz_core import engine

    if surface.table is None:
        raise ValueError(f"{surface.name} has no data")
    program = surface.program("slope")
    values = (x, y, *surface.uniform_values())
    found = np.empty((2, surface.rows))
    engine.evaluate(engine.Tape(program, values), surface.table.select(program.inputs), found)
    return found


def batch_gradients(
    surface: Surface, batches: Batches, x: float, y: float, epoch: int = 0
) -> Array:
    """(gx, gy, rows) of every batch of an epoch at a point, (batches, 3)."""
    chosen = batches.epoch(epoch)
    starts = np.arange(0, len(chosen), batches.size)
    counts = np.diff(np.append(starts, len(chosen)))
    sums = np.add.reduceat(row_gradients(surface, x, y)[:, chosen], starts, axis=1)
    return np.column_stack([*(sums / counts), counts])
