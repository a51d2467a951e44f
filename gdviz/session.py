"""Experiment to JSON and back. Opening a session never runs code."""

import base64
import binascii
import codecs
import contextlib
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from gdviz import __version__
from gdviz.data import EXAMPLE, Data, keep, open_table, shown
from gdviz.display import Camera, Display
from gdviz.experiment import Experiment
from gdviz.own import Number, OwnRule
from gdviz.racer import Racer
from gdviz.scene import Scene
from gdviz.sweep import Axis, Maps
from gdviz_core.delimited import DataError
from gdviz_core.dialect import Format
from gdviz_core.perceptron import Perceptron, Plane
from gdviz_core.table import Table

# 1 had no parameters of surfaces, 2 no display and no budget in evaluations, 3 no scene, noise,
# schedules, clipping and weight decay, 4 no rules and numbers of the user's own and no way of
# differentiating, 5 no data and no batches, 6 no bodies, 7 no maps. What is missing has its
# default, so all can be read.
FORMAT = 8
TEXT = "gdviz:"  # how a session in a line of text begins
LINE = 76  # characters in each of its lines
MAX_BYTES = 16 * 1024 * 1024
MAX_EMBEDDED = 100_000  # numbers
LARGE = 2_000_000  # bytes of a table


class SessionError(ValueError):
    """A session that cannot be opened; the message names the field and what was expected."""


@dataclass(frozen=True)
class Session:
    """What is saved: an experiment, how it is looked at, its words, and which program wrote it.

    `lost` names what was in the text it was opened from and is not known here, and would not be
    saved again; `remark` says that its data have changed since.
    """

    # not fields: they are neither saved nor compared
    lost: ClassVar[tuple[str, ...]] = ()
    remark: ClassVar[str] = ""

    format: int
    experiment: Experiment
    display: Display = field(default_factory=Display)
    program: str = ""
    scene: Scene = field(default_factory=Scene)

    @classmethod
    def of(
        cls, experiment: Experiment, display: Display | None = None, scene: Scene | None = None
    ) -> "Session":
        """What this program saves."""
        shown = Display() if display is None else display
        words = Scene() if scene is None else scene
        return cls(FORMAT, experiment, shown, f"gdviz {__version__}", words)


def dump(session: Session, folder: str | Path | None = None) -> str:
    """A session as readable JSON: what a racer or the display does not change is left out.

    The file of its data is named from the `folder` in which the session is saved.
    """
    text = msgspec.json.encode(_plain(_from_folder(session, folder)))
    return msgspec.json.format(text, indent=2).decode() + "\n"


def _from_folder(session: Session, folder: str | Path | None) -> Session:
    """The session with the path of its data as seen from a folder, with / on every system."""
    data = session.experiment.data
    if folder is None or data is None or not data.path or data.path.startswith(EXAMPLE):
        return session
    try:
        path = Path(os.path.relpath(data.path, os.path.abspath(folder))).as_posix()
    except ValueError:  # another drive
        return session
    if path.startswith("../../.."):
        path = data.path  # elsewhere altogether
    experiment = replace(session.experiment, data=replace(data, path=path))
    return replace(session, experiment=experiment)


_FIELDS: dict[str, type] = {
    "experiment": Experiment, "display": Display, "scene": Scene, "camera": Camera, "data": Data,
    "format": Format, "net": Perceptron, "plane": Plane, "maps": Maps,
}  # fmt: skip
_OBJECTS = (Session, Racer, OwnRule, Axis, *_FIELDS.values())
_RARE = ("numbers", "data", "replacement", "own_luck", "together")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, _OBJECTS) or not is_dataclass(value):
        return value
    usual = {Display: Display(), Camera: Camera(), Scene: Scene(), Maps: Maps()}.get(type(value))
    if isinstance(value, Racer):
        usual = Racer(value.optimizer, value.values, rule=value.rule)
    found = {}
    for entry in fields(value):
        part = getattr(value, entry.name)
        needed = entry.name in ("optimizer", "values", "name", "colour", "on")
        needed = needed or (entry.name == "rule" and part is not None)
        if isinstance(value, Experiment) and ((not part and entry.name in _RARE) or part == Maps()):
            continue  # as of most experiments
        if isinstance(value, Data) and part == entry.default:
            continue
        if usual is None or needed or part != getattr(usual, entry.name):
            found[entry.name] = _plain(part)
    return found


def to_text(session: Session) -> str:
    """A session as a few lines of text that survive a mail."""
    packed = zlib.compress(msgspec.json.encode(_plain(session)), 9)
    line = TEXT + base64.urlsafe_b64encode(packed).decode()
    return "\n".join(line[at : at + LINE] for at in range(0, len(line), LINE)) + "\n"


def portable(session: Session) -> Session:
    """The session with its data in it, unless they are shipped with the program or too many."""
    data = session.experiment.data
    if data is None or data.embedded or data.path.startswith(EXAMPLE):
        return session
    if data.raw.columns.size > MAX_EMBEDDED:
        return session
    return replace(session, experiment=packed(session.experiment))


def packed(experiment: Experiment) -> Experiment:
    """The experiment with the numbers of its data in it."""
    data = experiment.data
    if data is None:
        return experiment
    embedded = tuple(map(tuple, data.raw.select(data.columns).tolist()))
    return replace(experiment, data=replace(data, embedded=embedded))


def from_text(text: str) -> Session:
    """A session from such lines, or from its JSON; SessionError if it is neither.

    What stands before them, white space and the marks of a quoted mail are passed over.
    """
    if len(text) > MAX_BYTES:
        raise SessionError("this text is longer than 16 MB")
    if text.lstrip()[:1] == "{":
        return load(text)
    packed = "".join(text[max(0, text.find(TEXT)) :].replace(">", " ").split())
    if not packed.startswith(TEXT):
        raise SessionError(f"this is not a gdviz session: its text begins with {TEXT}")
    try:
        unpacker = zlib.decompressobj()
        found = unpacker.decompress(
            base64.b64decode(packed[len(TEXT) :], altchars=b"-_", validate=True), MAX_BYTES
        )
    except (binascii.Error, zlib.error, ValueError):
        found = b""
    if not found or not unpacker.eof:
        raise SessionError("this text is damaged or incomplete; copy all of its lines")
    return load(found)


def load(text: str | bytes, folder: str | Path = "") -> Session:
    """A session from its text; SessionError if it is not one.

    The file of its data is looked for from `folder`.
    """
    if isinstance(text, bytes):
        text = text.removeprefix(codecs.BOM_UTF8)
    if len(text) > MAX_BYTES:
        raise SessionError("it is larger than 16 MB")
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
        found = json.loads(text, object_pairs_hook=_once)
        remark = ""
        if isinstance(found.get("experiment"), dict) and found["experiment"].get("data"):
            remark = _open_data(found["experiment"], folder)
            text = msgspec.json.encode(found)
        opened = msgspec.json.decode(text, type=Session)
        if "surface" not in found["experiment"]:
            raise SessionError("the field surface of experiment is missing: it takes a formula")
        object.__setattr__(opened, "lost", tuple(_unknown(found)))
        object.__setattr__(opened, "remark", remark)
        return opened
    except SessionError:
        raise
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise SessionError(str(error)) from None


def large_data(path: str | Path) -> str:
    """The name of the table of a session, if it is so large that reading it takes a moment."""
    try:
        found = json.loads(content(path))["experiment"]["data"]
        name = os.path.join(os.path.dirname(os.path.abspath(path)), found["path"])
        if not found.get("embedded") and os.path.getsize(name) > LARGE:
            return shown(name)
    except (SessionError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass  # reading it in earnest tells what is wrong
    return ""


def _open_data(experiment: dict[str, Any], folder: str | Path) -> str:
    """Read the table that an experiment is on, and write into it what was found.

    Returns a remark if the table is another one than when the session was saved.
    """
    data = msgspec.convert(experiment["data"], _Source)
    if data.embedded:
        if len({len(column) for column in data.embedded} | {0}) > 2:
            raise SessionError("embedded: the columns must have the same number of rows")
        names = dict(zip(data.columns, data.embedded, strict=False))
        table, path = Table.of(names, os.path.basename(data.path)), data.path
        if path and not path.startswith(EXAMPLE) and folder:
            path = os.path.abspath(os.path.join(os.fspath(folder), path))
    else:
        path = data.path
        if not path.startswith(EXAMPLE):
            path = os.path.abspath(os.path.join(os.fspath(folder), path))
        if path != data.path and not os.path.exists(path):
            raise SessionError(
                f"its data are missing: there is no {_shown(Path(path))}. Put the file back, or "
                "open it with File, Open data"
            )
        try:
            table = open_table(path, data.columns, data.format)
        except DataError as error:
            raise SessionError(f"its data cannot be read: {error}") from None
    experiment["data"]["path"] = path
    experiment["data"]["digest"] = keep(table)
    if table.digest != data.digest:
        return f"{os.path.basename(path)} has changed since this experiment was saved"
    return ""


@dataclass(frozen=True)
class _Source:
    """What of the field data tells where the table is; the rest is checked with the experiment."""

    digest: str
    columns: tuple[str, ...]
    path: str = ""
    format: Format | None = None
    embedded: tuple[tuple[float, ...], ...] = ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which every field is there once: of two, nobody knows which one is meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SessionError(f"the field {twice[:40]!r} is there twice")
    return found


def _unknown(session: dict[str, Any]) -> list[str]:
    """The fields of a session that this program does not know."""
    found: list[str] = []
    several: dict[str, type] = {"racers": Racer, "numbers": Number, "axes": Axis}

    def compare(value: dict[str, Any], kind: type, where: str) -> None:
        known = {entry.name for entry in fields(kind)}
        for name, part in value.items():
            inner = _FIELDS.get(name)
            if name not in known:
                found.append(f"{where}{name}")
            elif inner is not None and isinstance(part, dict):
                compare(part, inner, f"{name}.")
            elif name in several:
                for number, each in enumerate(part):
                    outer = where.removeprefix("experiment.")
                    compare(each, several[name], f"{outer}{name}[{number}].")
            elif name == "rule" and isinstance(part, dict):
                compare(part, OwnRule, f"{where}rule.")

    compare(session, Session, "")
    return found


def read(path: str | Path) -> Session:
    """The session in a file; SessionError tells what is wrong with the file or its content."""
    text = content(path)
    with about(path):
        return load(text, Path(path).parent)


@dataclass(frozen=True)
class _Words:
    """What of a session a gallery shows; the rest is read when it is opened."""

    scene: Scene = field(default_factory=Scene)


def words(path: str | Path) -> Scene:
    """The words of the session in a file, without its experiment; SessionError as `read`."""
    text = content(path)
    with about(path):
        try:
            return msgspec.json.decode(text, type=_Words).scene
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise SessionError(str(error)) from None


@contextlib.contextmanager
def about(path: str | Path) -> Iterator[None]:
    """Let errors in the content of a file name the file."""
    try:
        yield
    except SessionError as error:
        raise SessionError(f"cannot open {_shown(Path(path))}: {error}") from None


def content(path: str | Path) -> bytes:
    """What is in a file of ours; SessionError if it cannot be read or is too large."""
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
        raise SessionError(f"cannot open {_shown(path)}: it is larger than 16 MB")
    return text.removeprefix(codecs.BOM_UTF8)


def _shown(path: Path) -> str:
    """A file name as one printable line."""
    name = str(path)
    name = "".join(c if c.isprintable() else "?" for c in name)
    return name if len(name) <= 120 else f"...{name[-117:]}"
