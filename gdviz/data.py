"""The data of an experiment: which table a loss is on, and how its columns are used."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from gdviz_core.delimited import DataError, read_table
from gdviz_core.dialect import Format
from gdviz_core.models import CLASSIFICATION, MODELS, Model
from gdviz_core.perceptron import Perceptron, Plane
from gdviz_core.table import SCALINGS, Scaling, Table

EXAMPLE = "example:"  # how the path of a shipped table begins
# Tables by their digest, for as long as the program runs: an experiment names the table it is on,
# and comes back with Undo.
_TABLES: dict[str, Table] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Data:
    """The table of a loss, and how it is used.

    `digest` names the numbers, `columns` are its columns, the last of them the target, `path` is
    the file it comes from and `format` how that is written. `variables` are the names of the two
    parameters that are learned, `prediction` the formula of what is predicted, "" if nobody knows,
    `model` the one of the catalogue, "" for a formula of the user's own. `scaling` is one of
    SCALINGS, and `scaled` are the columns that it applies to, None for those of the model.
    With `net` the model is a network over all of its weights, and x and y lead through them on a
    `plane`. `embedded` are the numbers themselves, column by column, where a session shall carry
    them. Raises DataError if the table is not there, ValueError for any other bad field.
    """

    digest: str
    columns: tuple[str, ...]
    variables: tuple[str, str]
    prediction: str = ""
    model: str = ""
    scaling: str = "none"
    path: str = ""
    format: Format | None = None
    embedded: tuple[tuple[float, ...], ...] = ()
    scaled: tuple[str, ...] | None = None
    net: Perceptron | None = None
    plane: Plane | None = None

    def __post_init__(self) -> None:
        if self.scaling not in SCALINGS:
            raise ValueError(f"scaling must be {', '.join(SCALINGS)}, not {self.scaling[:40]!r}")
        if self.model and self.model not in MODELS:
            raise ValueError(f"there is no model {self.model[:40]!r}")
        if len(self.columns) < 2:
            raise ValueError("columns must be inputs and a target")
        if (self.net is None) != (self.plane is None):
            raise ValueError("net and plane belong together")
        if self.net is not None and (self.net.inputs, self.net.target) != (
            self.inputs, self.target,
        ):  # fmt: skip
            raise ValueError("net must be over the same columns as the data")
        if not set(self.scaled or ()) <= set(self.columns):
            raise ValueError(f"scaled must be some of the columns {', '.join(self.columns)}")
        if set(self.raw.names) != set(self.columns):
            raise ValueError(f"columns must be {', '.join(self.raw.names)}")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns from which the target follows."""
        return self.columns[:-1]

    @property
    def target(self) -> str:
        """The column that is predicted."""
        return self.columns[-1]

    @property
    def title(self) -> str:
        """What it is called: the name of the file."""
        return shown(self.path) or "data"

    @property
    def known(self) -> Model | None:
        """The model of the catalogue, None for a formula of the user's own."""
        return MODELS.get(self.model)

    @property
    def raw(self) -> Table:
        """The table in the units of the file."""
        with _LOCK:
            found = _TABLES.get(self.digest)
        if found is None:
            raise DataError(f"the data of {self.title} is not there")
        return found

    @property
    def table(self) -> Table:
        """The table as the loss reads it, scaled."""
        return _scaled(self.raw, self.scaling, self.scaled_columns)

    @property
    def scaled_columns(self) -> tuple[str, ...]:
        """The columns that are scaled: all, but classes stay 0 and 1."""
        if self.scaled is not None:
            return self.scaled
        return self.inputs if self.classifies else self.columns

    @property
    def classifies(self) -> bool:
        """Whether the target is a class, 0 or 1."""
        model = self.known if self.net is None else self.net
        return model is not None and model.task == CLASSIFICATION

    def scale(self, column: str) -> Scaling:
        """How a column was scaled."""
        if column not in self.scaled_columns:
            return Scaling()
        return _scaling(self.raw, column, self.scaling)


@lru_cache(maxsize=16)
def _scaled(table: Table, scaling: str, columns: tuple[str, ...]) -> Table:
    return table if scaling == "none" else table.scaled(scaling, columns)


@lru_cache(maxsize=64)
def _scaling(table: Table, column: str, kind: str) -> Scaling:
    return table.scaling(column, kind)


def keep(table: Table) -> str:
    """Remember a table; returns the digest under which it is known."""
    with _LOCK:
        _TABLES[table.digest] = table
    return table.digest


def examples() -> dict[str, str]:
    """The shipped tables: the path of each, and what it is."""
    return {f"{EXAMPLE}{name}.csv": words for name, words in EXAMPLES.items()}


EXAMPLES = {
    "houses": "Lot area and sale price of 1,460 houses, made up",
    "classes": "Points of two classes, made up",
    "sine": "A noisy sine, made up",
    "neuron": "Four points for which one neuron has two minima",
}


def place_of(path: str) -> str:
    """The file behind a path, which may be that of a shipped table."""
    if not path.startswith(EXAMPLE):
        return path
    name = path.removeprefix(EXAMPLE)
    if name.removesuffix(".csv") not in EXAMPLES:
        raise DataError(f"there is no shipped table {name[:40]!r}")
    return os.path.join(os.path.dirname(__file__), "assets", "data", name)


def shown(path: str) -> str:
    """The name of a file as a printable word."""
    name = os.path.basename(path.removeprefix(EXAMPLE))
    return "".join(c if c.isprintable() else "?" for c in name)[-80:]


def open_table(path: str, columns: Sequence[str], form: Format | None) -> Table:
    """The named columns of a file; DataError names the file."""
    try:
        return read_table(place_of(path), columns, form)
    except DataError as error:
        raise DataError(f"{shown(path)}: {error}") from None
