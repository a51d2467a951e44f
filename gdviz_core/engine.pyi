"""Types of the compiled engine."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdviz_core.program import Program

_Floats = NDArray[np.float64]

ENGINE: str
ENGINES: tuple[str, ...]
EMITTED: bool
OUT_OF_STEPS: int
OUTSIDE: int
CONVERGED: int
DIVERGED: int
REACHED: int
STALLED: int

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
    emitted: bool
    def __init__(
        self, program: Program, values: Iterable[float] | None = None, emitted: bool = True
    ) -> None: ...

def evaluate(
    tape: Tape, inputs: _Floats, outputs: _Floats, progress: Progress | None = None
) -> None: ...
def grid(
    tape: Tape, xs: _Floats, ys: _Floats, outputs: Any, progress: Progress | None = None
) -> None: ...
