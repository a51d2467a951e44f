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
def polyline(image: _Pixels, x: _Floats, y: _Floats, colour: int, radius: float) -> None: ...
def discs(image: _Pixels, x: _Floats, y: _Floats, colours: _Pixels, radius: float) -> None: ...
def levels(
    values: _Floats, zero: float, unit: float, low: float, high: float, shares: NDArray[np.float32]
) -> None: ...
def shade(
    values: NDArray[np.float32], low: float, high: float, table: _Pixels, empty: int, image: _Pixels
) -> None: ...
def mesh(
    image: _Pixels,
    depth: NDArray[np.float32],
    x: _Floats,
    y: _Floats,
    height: _Floats,
    colours: NDArray[np.uint8],
    matrix: _Floats,
    corners: _Floats,
) -> None: ...
def strands(
    seen: _Pixels,
    hidden: _Pixels | None,
    depth: NDArray[np.float32],
    x: _Floats,
    y: _Floats,
    height: _Floats,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    matrix: _Floats,
    colours: _Pixels,
    radius: float,
    lift: float,
    pen: _Floats,
) -> None: ...
def halve(
    image: _Pixels,
    depth: NDArray[np.float32],
    small: _Pixels,
    small_depth: NDArray[np.float32],
) -> None: ...
def blend(under: _Pixels, layer: _Pixels, opacity: float) -> None: ...
