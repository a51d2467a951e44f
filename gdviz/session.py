"""Experiment to JSON and back. Opening a session never runs code."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from gdviz import __version__
from gdviz.display import Display
from gdviz.experiment import Experiment

FORMAT = 3  # 1 had no parameters of surfaces, 2 no display and no budget in evaluations
MAX_BYTES = 64 * 1024 * 1024


class SessionError(ValueError):
    """A session that cannot be opened; the message names the field and what was expected."""


@dataclass(frozen=True)
class Session:
    """What is saved: an experiment, how it is looked at, and which program wrote it."""

    format: int
    experiment: Experiment
    display: Display = field(default_factory=Display)
    program: str = ""


def dump(experiment: Experiment, display: Display | None = None) -> str:
    """An experiment as readable JSON."""
    shown = Display() if display is None else display
    text = msgspec.json.encode(Session(FORMAT, experiment, shown, f"gdviz {__version__}"))
    return msgspec.json.format(text, indent=2).decode() + "\n"


def load(text: str | bytes) -> Session:
    """A session from its text; SessionError if it is not one."""
    try:
        head = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        number = msgspec.json.decode(head.get("format", msgspec.Raw(b"null")))
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise SessionError(f"this is not a gdviz session: {error}") from None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise SessionError("this is not a gdviz session: the field format must be a whole number")
    if number > FORMAT:
        raise SessionError(
            f"this session has format {number}, made by a newer gdviz; "
            f"this one reads up to {FORMAT}"
        )
    try:
        return msgspec.json.decode(text, type=Session)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise SessionError(str(error)) from None


def read(path: str | Path) -> Session:
    """The session in a file; SessionError tells what is wrong with the file or its content."""
    path = Path(path)
    try:
        if not os.path.isfile(path):
            reason = "it is not a file" if os.path.exists(path) else "there is no such file"
            raise SessionError(f"cannot open {_shown(path)}: {reason}")
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SessionError(f"cannot open {_shown(path)}: {error.strerror}") from None
    if len(text) > MAX_BYTES:
        raise SessionError(f"cannot open {_shown(path)}: it is larger than 64 MB")
    try:
        return load(text)
    except SessionError as error:
        raise SessionError(f"cannot open {_shown(path)}: {error}") from None


def _shown(path: Path) -> str:
    """A file name as one printable line."""
    name = str(path)
    name = "".join(c if c.isprintable() else "?" for c in name)
    return name if len(name) <= 120 else f"...{name[-117:]}"
