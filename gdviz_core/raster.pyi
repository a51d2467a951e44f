"""Types of the compiled rasterizer."""

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
_Pixels = NDArray[np.uint32]

def trails(
    image: _Pixels,
    x: _Floats,
    y: _Floats,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    mapping: _Floats,
    colours: _Pixels,
    radius: float,
    pen: _Floats,
) -> None: ...
def discs(image: _Pixels, x: _Floats, y: _Floats, colours: _Pixels, radius: float) -> None: ...
def shade(
    values: _Floats, low: float, high: float, table: _Pixels, empty: int, image: _Pixels
) -> None: ...
