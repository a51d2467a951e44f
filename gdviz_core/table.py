"""A table of numbers: the data of a loss, column by column."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz_core.expression import CONSTANTS, FUNCTIONS

if TYPE_CHECKING:
    from gdviz_core.surface import Surface

Array = NDArray[np.float64]
MAX_ROWS = 2**31 - 1
SCALINGS = ("none", "standardise", "min-max")


@dataclass(frozen=True)
class Scaling:
    """How a column is scaled: (value - shift) / factor."""

    shift: float = 0.0
    factor: float = 1.0

    def apply(self, values: Any) -> Any:
        """Values of the column, scaled."""
        return (values - self.shift) / self.factor

    def undo(self, scaled: Any) -> Any:
        """Scaled values, back in the units of the column."""
        return scaled * self.factor + self.shift


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of finite numbers under names that a formula can use.

    `columns` has the shape (columns, rows). Tables with the same names and numbers are equal.
    `title` tells where it comes from. Raises ValueError for what cannot be a table.
    """

    names: tuple[str, ...]
    columns: Array
    title: str = ""

    def __post_init__(self) -> None:
        columns = np.array(self.columns, np.float64, order="C", ndmin=2)
        if columns.ndim != 2 or len(columns) != len(self.names) or not len(columns):
            raise ValueError(f"columns must have the shape ({len(self.names)}, rows)")
        if not 1 <= columns.shape[1] <= MAX_ROWS:
            raise ValueError(f"a table has 1 to {MAX_ROWS} rows, not {columns.shape[1]}")
        for name, column in zip(self.names, columns, strict=True):
            if name != column_name(name):
                raise ValueError(f"a column cannot be called {name[:40]!r} in a formula")
            if not np.isfinite(column).all():
                row = int(np.argmin(np.isfinite(column)))
                raise ValueError(f"{name}: row {row + 1} is not a finite number: {column[row]}")
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"two columns have the same name: {', '.join(self.names)[:80]}")
        columns.flags.writeable = False
        object.__setattr__(self, "columns", columns)

    def __reduce__(self) -> Any:
        return Table, (self.names, np.array(self.columns), self.title)

    @classmethod
    def of(cls, columns: Mapping[str, ArrayLike], title: str = "") -> Table:
        """A table from columns by name."""
        return cls(tuple(columns), np.array([np.asarray(c) for c in columns.values()]), title)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self.columns.shape[1])

    @cached_property
    def digest(self) -> str:
        """A short name for names and numbers."""
        text = hashlib.blake2b("\n".join(self.names).encode(), digest_size=16)
        text.update(self.columns.tobytes())
        return text.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and (self is other or self.digest == other.digest)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __getitem__(self, name: str) -> Array:
        if name not in self.names:
            raise KeyError(f"there is no column {name[:40]!r}; there are {', '.join(self.names)}")
        column: Array = self.columns[self.names.index(name)]
        return column

    def select(self, names: Iterable[str]) -> Array:
        """Some of the columns, (columns, rows)."""
        found = np.array([self[name] for name in names])
        return found.reshape(-1, self.rows)

    def padded(self, names: tuple[str, ...]) -> Array:
        """The same, shared by all who ask, with the last row repeated up to a multiple of 8."""
        if names not in self._padded:
            room = -self.rows % 8
            self._padded[names] = np.pad(self.select(names), ((0, 0), (0, room)), mode="edge")
        return self._padded[names]

    @cached_property
    def _padded(self) -> dict[tuple[str, ...], Array]:
        return {}

    def take(self, rows: ArrayLike) -> Table:
        """Some of the rows, by number."""
        return Table(self.names, self.columns[:, np.asarray(rows, np.int64)], self.title)

    def scaling(self, name: str, kind: str) -> Scaling:
        """How a column is scaled so that it has mean 0 and deviation 1, or runs from 0 to 1.

        A column of one value is only shifted.
        """
        if kind not in SCALINGS:
            raise ValueError(f"scaling must be {', '.join(SCALINGS)}, not {kind[:40]!r}")
        column = self[name]
        if column.min() == column.max():  # whose deviation may be rounding
            return Scaling(float(column[0]), 1.0) if kind != "none" else Scaling()
        # in units of the largest, so that neither sum nor difference overflows
        unit = math.ldexp(1.0, math.frexp(float(np.abs(column).max()))[1] - 1)
        column = column / unit
        if kind == "standardise":
            return Scaling(float(column.mean()) * unit, float(column.std()) * unit or 1.0)
        if kind == "min-max":
            return Scaling(float(column.min()) * unit, float(np.ptp(column)) * unit or 1.0)
        return Scaling()

    def scaled(self, kind: str, names: Iterable[str]) -> Table:
        """A copy in which the columns with these names are scaled."""
        columns = self.columns.copy()
        for name in names:
            column = columns[self.names.index(name)]
            column[:] = self.scaling(name, kind).apply(column)
        return Table(self.names, columns, self.title)

    def check(self, surface: Surface) -> None:
        """ValueError if the variables or parameters of a surface are also columns."""
        names = (*surface.variables, *surface.values)
        for name in names:
            if name in self.names:
                raise ValueError(f"{name} is a column of the data: call the parameter otherwise")
        if len(set(surface.variables)) < 2:
            raise ValueError(f"a loss has two different variables, not {surface.variables}")


def column_name(text: str, taken: Iterable[str] = ()) -> str:
    """The name under which a formula knows a column: letters, digits and _, none of them twice."""
    text = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "_", text.strip(), flags=re.ASCII).strip("_")[:60].rstrip("_")
    if not name or name[0].isdigit():
        name = f"column_{name}".rstrip("_")
    if name in FUNCTIONS or name in CONSTANTS:
        name += "_"
    known, number, plain = set(taken), 2, name
    while name in known:
        ending = f"_{number}"
        name, number = plain[: 60 - len(ending)].rstrip("_") + ending, number + 1
    return name
