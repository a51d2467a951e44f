"""Types of the compiled iteration."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdviz_core.engine import Progress, Tape
from gdviz_core.rule import RulePrograms

_Floats = NDArray[np.float64]

MAX_SECOND_GRADIENTS: int

class Iteration:
    steps: int
    width: int
    channels: int
    rows: int
    def __init__(
        self,
        surface: Tape,
        slope: Tape,
        shown: Tape,
        rule: RulePrograms,
        tapes: tuple[Tape, ...],
        *,
        shared: _Floats,
        lanes: _Floats,
        initial: _Floats,
        at_w: list[bool],
        bounds: tuple[float, ...],
        steps: int,
        every: int = 1,
        look: int = 1,
        block: int = 256,
        **conditions: Any,
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
        numbers: NDArray[np.int64] | None = None,
    ) -> None: ...

def random_numbers(seed: int, step: int, number: int, stream: int = 1) -> tuple[float, float]: ...
