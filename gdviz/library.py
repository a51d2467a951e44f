"""The user's library: surfaces and update rules in a folder, one small JSON file each."""

from pathlib import Path
from typing import TypeVar

import msgspec
import platformdirs

from gdviz import export, session
from gdviz.own import OwnRule, OwnSurface
from gdviz.scene import names

FORMAT = 1
KINDS: dict[str, type] = {"surface": OwnSurface, "optimizer": OwnRule}
Own = TypeVar("Own", bound=OwnSurface | OwnRule)


def folder() -> Path:
    """Where the library is."""
    return Path(platformdirs.user_data_dir("gdviz", appauthor=False)) / "library"


def dump(entry: OwnSurface | OwnRule) -> str:
    """An entry as readable JSON."""
    text = msgspec.json.encode({"format": FORMAT, kind_of(entry): entry})
    return msgspec.json.format(text, indent=2).decode() + "\n"


def kind_of(entry: OwnSurface | OwnRule) -> str:
    """ "surface" or "optimizer"."""
    return next(name for name, kind in KINDS.items() if isinstance(entry, kind))


def load(text: str | bytes) -> OwnSurface | OwnRule | None:
    """An entry from its text, None if it is something else; SessionError if it is a bad one."""
    try:
        head = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    try:
        kind = next((name for name in KINDS if name in head), None)
        if kind is None:
            return None
        number = msgspec.json.decode(head.get("format", msgspec.Raw(b"1")))
        if not isinstance(number, int) or number > FORMAT:
            raise session.SessionError(f"this {kind} has format {number!r:.20}, made by a newer "
                                       f"gdviz; this one reads up to {FORMAT}")  # fmt: skip
        return msgspec.json.decode(head[kind], type=KINDS[kind])
    except session.SessionError:
        raise
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise session.SessionError(str(error)) from None


def read(path: str | Path) -> OwnSurface | OwnRule:
    """The entry in a file; SessionError if it cannot be read or is something else."""
    found = read_any(path)
    if isinstance(found, session.Session):
        raise session.SessionError(f"{Path(path).name} is an experiment, not a surface or a rule")
    return found


def read_any(path: str | Path) -> OwnSurface | OwnRule | session.Session:
    """What is in a file of gdviz; SessionError if it cannot be read."""
    text = session.content(path)
    with session.about(path):
        entry = load(text)
        return session.load(text, Path(path).parent) if entry is None else entry


def entries(kind: type[Own]) -> list[tuple[Path, Own]]:
    """What the library has of a kind, by title; files that cannot be read are passed over."""
    found = []
    for path in sorted(folder().glob("*.json")):
        try:
            entry = read(path)
        except session.SessionError:
            continue
        if isinstance(entry, kind):
            found.append((path, entry))
    return sorted(found, key=lambda pair: pair[1].title.casefold())


def save(entry: OwnSurface | OwnRule) -> Path:
    """Put an entry into the library, in place of one of the same kind and title; SaveError."""
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise export.SaveError(f"cannot write {place}: {error.strerror}") from None
    path = _place_of(entry, place)
    export.save(path, dump(entry))
    return path


def _place_of(entry: OwnSurface | OwnRule, place: Path) -> Path:
    same: list[tuple[Path, OwnSurface | OwnRule]] = [*entries(type(entry))]
    for path, other in same:
        if other.title == entry.title:
            return path
    return next(path for path in names(place, entry.title, kind_of(entry)) if not path.exists())


def remove(path: Path) -> None:
    """Take a file out of the library; SaveError if that is not possible."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise export.SaveError(f"cannot remove {path.name}: {error.strerror}") from None
