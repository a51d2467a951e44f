"""Types of the compiled rows."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gdviz_core.engine import Tape
from gdviz_core.program import Program

class RowTape(Tape):
    columns: NDArray[np.float64]
    def __init__(
        self,
        program: Program,
        columns: NDArray[np.float64],
        rows: int,
        values: Iterable[float],
        emitted: bool = True,
        whole: int = 0,
    ) -> None: ...

def batch_rows(
    rows: int, size: int, seed: int, replacement: bool, step: int
) -> NDArray[np.int64]: ...
def epoch_rows(
    rows: int, size: int, seed: int, replacement: bool, epoch: int
) -> NDArray[np.int64]: ...
