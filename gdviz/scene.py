"""What makes an experiment a scene: a title, a few sentences, a question to answer by playing."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

MAX_TITLE, MAX_TEXT = 200, 5000  # characters


@dataclass(frozen=True)
class Scene:
    """The words that go with an experiment; all empty for one that is no scene.

    `panel` is the name of the panel it is about, "" for the map. Raises ValueError for words that
    are too long.
    """

    title: str = ""
    text: str = ""
    question: str = ""
    panel: str = ""

    def __post_init__(self) -> None:
        for name, most in (("title", MAX_TITLE), ("text", MAX_TEXT), ("question", MAX_TEXT),
                           ("panel", MAX_TITLE)):  # fmt: skip
            value = getattr(self, name)
            if len(value) > most:
                raise ValueError(f"{name} has at most {most} characters, not {len(value)}")
            if not "".join(value.split()).isprintable():
                raise ValueError(f"{name} must be printable characters")


def names(folder: Path, title: str, otherwise: str) -> Iterator[Path]:
    """Files in a folder that may be named after a title, the plainest first."""
    stem = "".join(c if c.isalnum() else "-" for c in title.lower())[:60].strip("-") or otherwise
    for number in itertools.count(1):
        yield folder / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")


def shipped() -> list[Path]:
    """The session files of the scenes that come with the program, in the order of the gallery."""
    return files_in(Path(str(resources.files("gdviz"))) / "assets" / "scenes")


def files_in(folder: Path) -> list[Path]:
    """The session files in a folder, by name; none if there is no such folder."""
    try:
        return sorted(
            path for path in folder.iterdir() if path.suffix == ".json" and path.is_file()
        )
    except OSError:
        return []
