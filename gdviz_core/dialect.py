"""How delimited text is written: delimiter, decimal sign, encoding and header, found by trying.

Delimiter and decimal sign depend on each other, so both are found together: by which of them makes
the most columns numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

SAMPLE = 1 << 18  # bytes by which the format is found
DELIMITERS = (",", ";", "\t", "|", " ")
ENCODINGS = ("utf-8", "utf-16", "cp1252")
MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "?", "-"))
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)


@dataclass(frozen=True)
class Format:
    """How a file is written."""

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    header: bool = True

    def __post_init__(self) -> None:
        for name, known in (("delimiter", DELIMITERS), ("decimal", (".", ",")),
                            ("encoding", ENCODINGS)):  # fmt: skip
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, not {getattr(self, name)!r}")


def detect(start: bytes) -> Format:
    """How a file is written that begins so."""
    encoding = "utf-8"
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    else:
        try:
            start.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start < len(start) - 4:  # not just a character that was cut
                encoding = "cp1252"
    text = start.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace")
    if len(start) >= SAMPLE and "\n" in text:
        text = text[: text.rindex("\n")]  # whole lines
    best, found = -1.0, Format(encoding=encoding)
    for delimiter in DELIMITERS:
        rows = _split(text, delimiter)
        widths = Counter(len(row) for row in rows)
        width = widths.most_common(1)[0][0] if widths else 0
        if width < 2 or len(rows[0]) < 2:
            continue
        whole, rows = len(rows), [row for row in rows if len(row) == width]
        for decimal in ".," if delimiter != "," else ".":
            form = Format(delimiter, decimal, encoding)
            # columns of numbers count, not cells: most of them may be words
            numeric = sum(_is_numeric([row[c] for row in rows[1:] or rows], form)
                          for c in range(width))  # fmt: skip
            score = (0.1 + min(numeric, 2) + numeric / width) * len(rows) / whole
            if score > best:
                best, found = score, Format(delimiter, decimal, encoding, _has_header(rows, form))
    return found


def _is_numeric(cells: list[str], form: Format) -> float:
    """The share of numbers among what is there; 0 where a decimal comma may be one of thousands."""
    there = [cell for cell in cells if not is_missing(cell.strip())]
    if not there:
        return 0.0
    if form.decimal == "," and any(_THOUSANDS.fullmatch(cell.strip()) for cell in there):
        whole = [cell for cell in there if "," in cell]
        if all(_THOUSANDS.fullmatch(cell.strip()) for cell in whole):
            return 0.4 * sum(is_number(cell, form) for cell in there) / len(there)
    return sum(is_number(cell, form) for cell in there) / len(there)


def _split(text: str, delimiter: str) -> list[list[str]]:
    """Some records of a text."""
    reader = csv.reader(io.StringIO(text[:65536]), delimiter=delimiter,
                        skipinitialspace=delimiter == " ")  # fmt: skip
    rows = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) >= 100:
                break
    except csv.Error:
        pass  # reading it in earnest tells where
    return rows


def _has_header(rows: list[list[str]], form: Format) -> bool:
    """Whether the first record has words where others have numbers, or nobody has numbers."""
    first, rest = rows[0], rows[1:]
    if all(_is_value(cell, form) and cell.strip() for cell in first):
        return False
    numeric = [any(is_number(row[c], form) for row in rest) for c in range(len(first))]
    words = [not _is_value(cell, form) or not cell.strip() for cell in first]
    return any(w and n for w, n in zip(words, numeric, strict=True)) or not any(numeric)


def plain(cell: str, form: Format) -> str:
    """A cell as Python writes numbers."""
    cell = cell.strip().replace("−", "-")
    if form.decimal == ",":  # and a point separates thousands, which is no number to us
        return cell.replace(".", "'").replace(",", ".")
    return cell


def is_number(cell: str, form: Format) -> bool:
    return NUMBER.fullmatch(plain(cell, form)) is not None


def _is_value(cell: str, form: Format) -> bool:
    return is_number(cell, form) or is_missing(cell.strip())


def is_missing(cell: str) -> bool:
    return cell.lower() in MISSING or _INFINITE.fullmatch(cell) is not None
