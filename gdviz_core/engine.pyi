"""Types of the compiled engine."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdviz_core.program import Program

_Floats = NDArray[np.float64]

ENGINE: str
EXTRAS: Mapping[str, tuple[int, int]]
OUT_OF_STEPS: int
OUTSIDE: int
CONVERGED: int
DIVERGED: int

class Progress:
    def begin(self, total: int) -> None: ...
    def cancel(self) -> None: ...
    @property
    def cancelled(self) -> bool: ...
    @property
    def fraction(self) -> float: ...

class Tape:
    program: Program
    registers: int
    inputs: int
    uniform: Tape | None
    def __init__(self, program: Program) -> None: ...

class Descent:
    def __init__(
        self,
        surface: Tape,
        slope: Tape,
        rule: Tape,
        extras: tuple[str, ...],
        hyperparameters: _Floats,
        lanes: _Floats,
        initial: _Floats,
        bounds: tuple[float, ...],
        stop_outside: bool,
        steps: int,
        every: int,
        look: int,
    ) -> None: ...
    def run(
        self,
        x: _Floats,
        y: _Floats,
        record: _Floats,
        status: NDArray[np.int8],
        last: NDArray[np.int64],
        left: NDArray[np.int64],
        progress: Progress,
    ) -> None: ...

def evaluate(
    tape: Tape, inputs: _Floats, outputs: _Floats, progress: Progress | None = None
) -> None: ...
def grid(
    tape: Tape, xs: _Floats, ys: _Floats, outputs: Any, progress: Progress | None = None
) -> None: ...
