"""Reads numbers from delimited text (CSV); the standard library's csv splits the lines."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import stat
from array import array
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np

from gdviz_core.dialect import NUMBER, SAMPLE, Format, detect, is_missing, is_number, plain
from gdviz_core.table import Table, column_name

MAX_ROWS = 1_000_000  # more are sampled
MAX_COLUMNS = 1000
MAX_LINE = 1_000_000  # characters
LARGEST = 1e150  # its square is still a number
PREVIEWED = 2000  # rows
CHUNK = 4096  # rows between two reports of progress
_PLAIN = frozenset("0123456789+-.eE")
_OTHERS = (
    (b"PK\x03\x04", "it is a workbook (xlsx) or another archive: save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "it is a workbook (xls): save the sheet as CSV"),
    (b"\x1f\x8b", "it is compressed: unpack it first"),
    (b"\x89PNG", "it is a picture"),
    (b"PAR1", "it is a Parquet file: save it as CSV"),
)


class DataError(ValueError):
    """A file that cannot be read as data; the message names the line and what to do."""


@dataclass(frozen=True)
class Column:
    """A column as far as it was looked at: `bad` is (line, cell) of the first that is no number."""

    title: str
    name: str
    low: float
    high: float
    missing: int
    distinct: int
    bad: tuple[int, str] | None = None

    @property
    def numeric(self) -> bool:
        """Whether all that is there are numbers, and there are some."""
        return self.bad is None and self.low <= self.high


@dataclass(frozen=True)
class Preview:
    """The beginning of a file: its format, its columns and some rows of text."""

    format: Format
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    whole: bool  # whether that is all of it

    def column(self, name: str) -> Column:
        """The column with a name or a title; DataError if there is none."""
        for column in self.columns:
            if name in (column.name, column.title):
                return column
        known = ", ".join(column.name for column in self.columns[:20])
        raise DataError(f"there is no column {name[:60]!r}; there are {known}")


@dataclass(frozen=True)
class Reading:
    """What was read: a table, and what was left out of it.

    `dropped` maps titles of columns to how many rows were dropped for them, `lines` are the lines
    of the first few. Of a large file every `every`th row was read.
    """

    table: Table
    dropped: dict[str, int]
    lines: tuple[int, ...]
    every: int

    @property
    def words(self) -> str:
        """What was left out, in a sentence; "" if nothing was."""
        parts = []
        if self.every > 1:
            parts.append(f"a sample: every {self.every}th row")
        total = sum(self.dropped.values())
        if total:
            why = ", ".join(f"{count} in {title[:40]}" for title, count in self.dropped.items())
            where = ", ".join(str(line) for line in self.lines)
            more = ", ..." if total > len(self.lines) else ""
            parts.append(f"{total} row{'s' * (total > 1)} without a value dropped ({why}; "
                         f"line{'s' * (total > 1)} {where}{more})")  # fmt: skip
        return "; ".join(parts)


def preview(path: str | Path, form: Format | None = None) -> Preview:
    """How a file is written, unless `form` says so, and what is in it; DataError."""
    with _opened(path) as file:
        form = detect(file.read(SAMPLE)) if form is None else form
        file.seek(0)
        records = _records(file, form)
        first = next(records, None)
        if first is None:
            raise DataError("it is empty: a table needs a line of names and lines of numbers")
        titles, body = _titles(first, form)
        rows = [] if body is None else [body]
        whole = True
        for record in records:
            if len(rows) >= PREVIEWED:
                whole = False
                break
            _check_width(record, titles)
            rows.append(record)
    return Preview(form, tuple(_columns(titles, rows, form)),
                   tuple(tuple(cells) for _, cells in rows[:100]), whole)  # fmt: skip


def read_table(
    path: str | Path, columns: Sequence[str] | None = None, form: Format | None = None
) -> Table:
    """The Table of a file: of the named columns, or of all that hold numbers; DataError.

    Rows without a value in one of these are left out; `reading` tells how many.
    """
    steps = reading(path, columns, form)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Reading = end.value
            return found.table


def reading(
    path: str | Path, columns: Sequence[str] | None = None, form: Format | None = None
) -> Generator[float, None, Reading]:
    """A generator that yields how much of a file it has read and returns a Reading; DataError."""
    seen = preview(path, form)
    form = seen.format
    chosen = _chosen(seen, columns)
    places = [seen.columns.index(column) for column in chosen]
    with _opened(path) as file:
        size = max(1, os.fstat(file.fileno()).st_size)
        every = _every(file, size)
        file.seek(0)
        records = _records(file, form)
        titles, body = _titles(next(records), form)
        parts = [array("d") for _ in chosen]
        dropped, lines = Counter[str](), list[int]()
        chunk = [] if body is None else [body]
        number = 0
        while True:
            for record in records:
                number += 1
                if number % every == 0:
                    _check_width(record, titles)
                    chunk.append(record)
                    if len(chunk) >= CHUNK:
                        break
            if not chunk:
                break
            for values, kept in zip(parts, _numbers(chunk, chosen, places, form, dropped, lines),
                                    strict=True):  # fmt: skip
                values.extend(kept)
            chunk = []
            yield min(1.0, file.tell() / size)
    rows = len(parts[0])
    if rows < 2:
        raise DataError(f"there {'is' if rows == 1 else 'are'} {rows or 'no'} "
                        f"row{'s' * (rows != 1)} of numbers in {_listed(chosen)}: at least 2 "
                        "are needed")  # fmt: skip
    title = "".join(c if c.isprintable() else "?" for c in Path(path).name)
    table = Table(tuple(column.name for column in chosen), np.array(parts), title)
    return Reading(table, dict(dropped), tuple(lines), every)


def _listed(columns: Sequence[Column]) -> str:
    return ", ".join(column.title[:40] for column in columns[:5])


def _chosen(seen: Preview, columns: Sequence[str] | None) -> list[Column]:
    if columns is None:
        chosen = [column for column in seen.columns if column.numeric]
        bad = next((c for c in seen.columns if not c.numeric), None)
        if len(chosen) < 2 and bad is not None:
            _refuse(bad)
    else:
        chosen = list(dict.fromkeys(seen.column(name) for name in columns))
        if not chosen:
            raise DataError("no column is chosen")
        for column in chosen:
            if not column.numeric:
                _refuse(column)
    return chosen


def _refuse(column: Column) -> None:
    if column.bad is None:
        raise DataError(f"there is no number in the column {column.title[:40]}: choose another "
                        "one, or add rows")  # fmt: skip
    line, cell = column.bad
    raise DataError(_no_number(line, column, cell))


def _no_number(line: int, column: Column, cell: str) -> str:
    text = f"line {line}, column {column.title[:40]}: {cell[:40]!r} is not a number"
    if "\ufffd" in cell or any(0x80 <= ord(c) < 0x100 and not c.isalpha() for c in cell):
        return f"{text}: its bytes are not UTF-8; save the file as UTF-8"
    if re.fullmatch(r"[+-]?\d{1,3}([,.' ]\d{3})+([.,]\d+)?", cell):
        return f"{text}: write it without separators of thousands"
    if cell.endswith("%"):
        return f"{text}: write it without the sign"
    return f"{text}: correct it, empty it, or choose another column"


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[BinaryIO]:
    """A file of text, at its beginning; DataError if it is something else."""
    try:
        kind = os.stat(path).st_mode  # before it is opened: a pipe would make us wait
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be"
        raise DataError(f"it cannot be opened: {reason}") from None
    if not stat.S_ISREG(kind):
        raise DataError("it is not a file")
    try:
        with open(path, "rb") as file:
            _check_text(file.read(SAMPLE))
            file.seek(0)
            yield file
    except OSError as error:  # also in the midst of it, where a disk or a network fails
        raise DataError(f"it cannot be read: {error.strerror}") from None


def _check_text(start: bytes) -> None:
    for magic, reason in _OTHERS:
        if start.startswith(magic):
            raise DataError(reason)
    wide = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in start and not wide:
        line = start.count(b"\n", 0, start.index(b"\0")) + 1
        raise DataError(f"line {line} has a zero byte: it is not text")


def _lines(text: TextIO) -> Iterator[str]:
    number = 0
    while line := text.readline(MAX_LINE):
        number += 1
        if len(line) >= MAX_LINE:
            raise DataError(f"line {number} has more than {MAX_LINE:,} characters: this is not a "
                            "table")  # fmt: skip
        if "\0" in line:
            raise DataError(f"line {number} has a zero byte: it is not text")
        yield line


Record = tuple[int, list[str]]  # the line it begins in, and its cells


def _records(file: BinaryIO, form: Format) -> Iterator[Record]:
    """The records of a file that are not empty."""
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    text = io.TextIOWrapper(file, encoding, "replace", newline="")
    reader = csv.reader(_lines(text), delimiter=form.delimiter, strict=True,
                        skipinitialspace=form.delimiter == " ")  # fmt: skip
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        what = "a quotation mark is never closed" if "end of data" in str(error) else str(error)
        raise DataError(f"line {begins}: {what}") from None
    except UnicodeError:
        raise DataError(f"it is not written in {form.encoding}: choose another encoding") from None
    finally:
        if not file.closed:
            text.detach()  # or it would close the file


def _titles(first: Record, form: Format) -> tuple[list[str], Record | None]:
    """The titles of the columns, and the first record if it is none of titles."""
    cells = first[1]
    if len(cells) > MAX_COLUMNS:
        raise DataError(f"it has {len(cells):,} columns, more than the permitted {MAX_COLUMNS:,}")
    if len(cells) < 2:
        raise DataError("it has only one column: an input and a target are needed. Columns are "
                        "told apart by commas, semicolons, tabs or bars")  # fmt: skip
    if form.header:
        titles = ["".join(c if c.isprintable() else " " for c in cell).strip() for cell in cells]
        return [title or f"column {n}" for n, title in enumerate(titles, 1)], None
    return [f"column {n}" for n in range(1, len(cells) + 1)], first


def _check_width(record: Record, titles: list[str]) -> None:
    line, cells = record
    if len(cells) != len(titles):
        raise DataError(f"line {line} has {len(cells)} column{'s' * (len(cells) != 1)}, the "
                        f"first line {len(titles)}: make them equal")  # fmt: skip


def _columns(titles: list[str], rows: list[Record], form: Format) -> Iterator[Column]:
    names: list[str] = []
    for place, title in enumerate(titles):
        names.append(column_name(title, names))
        values, missing, bad = [], 0, None
        for line, cells in rows:
            if is_number(cells[place], form):
                values.append(float(plain(cells[place], form)))
            elif is_missing(cells[place].strip()):
                missing += 1
            else:
                bad = bad or (line, cells[place].strip())
        yield Column(title, names[-1], min(values, default=1.0), max(values, default=-1.0),
                     missing, len(set(values)), bad)  # fmt: skip


def _every(file: BinaryIO, size: int) -> int:
    """Which part of the rows to read of a file so large."""
    start = file.read(SAMPLE)
    ends = start.count(b"\n") or start.count(b"\r")
    rows = size / max(1, len(start)) * max(1, ends)
    return max(1, round(rows / MAX_ROWS + 0.49)) if rows > 1.02 * MAX_ROWS else 1


def _numbers(
    chunk: list[Record],
    chosen: list[Column],
    places: list[int],
    form: Format,
    dropped: Counter[str],
    lines: list[int],
) -> list[list[float]]:
    """The numbers of the chosen columns in the rows that have all of them."""
    texts = [[cells[place] for _, cells in chunk] for place in places]
    # as most files are: nothing but numbers, which float reads as we do
    if form.decimal == "." and all(_PLAIN.issuperset("".join(cells)) for cells in texts):
        try:
            found = [list(map(float, cells)) for cells in texts]
            if all(max(map(abs, values)) <= LARGEST for values in found):
                return found
        except ValueError:
            pass  # an empty cell, or one such as 1e: looked at one by one
    kept: list[list[float]] = [[] for _ in chosen]
    for row, (line, _) in enumerate(chunk):
        values = []
        for column, cells in zip(chosen, texts, strict=True):
            value = _value(cells[row], line, column, form)
            if value is None:
                dropped[column.title] += 1
                if len(lines) < 5:
                    lines.append(line)
                break
            values.append(value)
        else:
            for part, value in zip(kept, values, strict=True):
                part.append(value)
    return kept


def _value(cell: str, line: int, column: Column, form: Format) -> float | None:
    """The number in a cell, None where it is missing; DataError if there is something else."""
    text = plain(cell, form)
    if not NUMBER.fullmatch(text):
        if is_missing(cell.strip()):
            return None
        raise DataError(_no_number(line, column, cell.strip()))
    value = float(text)
    if abs(value) > LARGEST:
        raise DataError(f"line {line}, column {column.title[:40]}: {cell.strip()[:40]} is too "
                        "large: its square is no number. Write it in a larger unit")  # fmt: skip
    return value
