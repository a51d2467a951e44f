"""Guided lessons: text with formulas, sessions, questions, and answers that playing gives.

A lesson is a file of text that anybody can edit:

    # The title
    What it is about.

    ## The title of a part
    session: its-experiment.json
    show: Curves

    Words. Formulas stand in lines of their own, set in by four spaces:

        w = w - lr*g

    ask: Find a learning rate that diverges.
    check: diverged_gd >= 1
    hint: Try more than 2 over the curvature.
    done: So it does.

`session` is a file beside the lesson, `show` a panel to be brought to the front. `check` is one or
several comparisons, joined by "and", of formulas over what is known of the race: see `Facts`.
"""

import math
import operator
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from gdviz.compute import Race
from gdviz.session import SessionError, content
from gdviz_core.known import KNOWN
from gdviz_core.notation import Term, notation, work_out
from gdviz_core.surface import WAYS
from gdviz_core.tokenizer import FormulaError

SUFFIX = ".md"
MAX_PARTS = 50
FIELDS = ("session", "show", "ask", "check", "hint", "done")
SIGNS = {"<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
         "<": operator.lt, ">": operator.gt}  # fmt: skip
_COMPARISON = re.compile(r"(.+?)(<=|>=|==|!=|<|>)(.+)")
NEAR = 1e-3  # minima that are nearer than this, in sizes of the domain, are the same


class LessonError(ValueError):
    """A lesson that cannot be read; the message names the line and what was expected."""


@dataclass(frozen=True)
class Comparison:
    """Two formulas and the sign between them."""

    left: Term
    sign: str
    right: Term

    def holds(self, facts: "Facts") -> bool:
        """Whether it is true of a race; what is not known makes it false."""
        a, b = (work_out(part, facts.pair, _no_gradient)[0] for part in (self.left, self.right))
        return not math.isnan(a + b) and bool(SIGNS[self.sign](a, b))


def _no_gradient(x: float, y: float) -> tuple[float, float]:
    return math.nan, math.nan


@dataclass(frozen=True)
class Part:
    """A part of a lesson: an experiment, words, and perhaps a question.

    `blocks` are ("words", text) and ("formula", text) in their order.
    """

    title: str
    session: str = ""
    show: str = ""
    blocks: tuple[tuple[str, str], ...] = ()
    ask: str = ""
    hint: str = ""
    done: str = ""
    checks: tuple[Comparison, ...] = ()

    def answered(self, facts: "Facts") -> bool:
        """Whether the race answers the question."""
        return bool(self.checks) and all(check.holds(facts) for check in self.checks)


@dataclass(frozen=True)
class Lesson:
    """A lesson with its parts; `path` is the file it was read from."""

    title: str
    about: str
    parts: tuple[Part, ...]
    path: Path = field(default_factory=Path, compare=False)

    def session_of(self, part: Part) -> Path:
        """The file of the experiment of a part."""
        return self.path.parent / part.session


def shipped() -> list[Path]:
    """The files of the lessons that come with the program, in their order."""
    return files_in(Path(str(resources.files("gdviz"))) / "assets" / "lessons")


def files_in(folder: Path) -> list[Path]:
    """The lessons in a folder, by name; none if there is no such folder."""
    try:
        return sorted(p for p in folder.iterdir() if p.suffix == SUFFIX and p.is_file())
    except OSError:
        return []


def read(path: str | Path) -> Lesson:
    """The lesson in a file; LessonError tells what is wrong with it."""
    try:
        text = content(path).decode("utf-8")
    except (SessionError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, SessionError) else "it is not text in UTF-8"
        raise LessonError(reason) from None
    return replace(parse(text), path=Path(path))


def parse(text: str) -> Lesson:
    """A lesson from its text; LessonError names a line that cannot be read."""
    title, about, parts = "", [], []
    current: _Draft | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            current = _Draft(line[3:].strip())
            parts.append(current)
        elif line.startswith("# ") and not title:
            title = line[2:].strip()
        elif current is None:
            about += [line.strip()] if line.strip() else []
        else:
            current.add(line, number)
    if not title:
        raise LessonError('line 1: a lesson begins with its title, "# Title"')
    if not parts:
        raise LessonError('a lesson has parts, each under a line "## Title"')
    if len(parts) > MAX_PARTS:
        raise LessonError(f"a lesson has at most {MAX_PARTS} parts, not {len(parts)}")
    return Lesson(title, " ".join(about), tuple(part.made() for part in parts))


class _Draft:
    """A part while it is read, line by line."""

    def __init__(self, title: str):
        self._part = Part(title)
        self._blocks: list[tuple[str, str]] = []
        self._open = False  # whether the next line goes on with the last paragraph

    def add(self, line: str, number: int) -> None:
        name, colon, value = line.partition(":")
        if colon and name in FIELDS:
            self._set(name, value.strip(), number)
        elif line.startswith("    ") and line.strip():
            self._blocks.append(("formula", line.strip()))
            self._open = False
        elif not line.strip():
            self._open = False
        elif self._open:
            kind, words = self._blocks[-1]
            self._blocks[-1] = (kind, f"{words} {line.strip()}")
        else:
            self._blocks.append(("words", line.strip()))
            self._open = True

    def _set(self, name: str, value: str, number: int) -> None:
        self._open = False
        if not value:
            raise LessonError(f"line {number}: {name} is empty")
        if name == "check":
            try:
                checks = tuple(_comparison(text) for text in re.split(r"\band\b", value))
            except ValueError as error:
                raise LessonError(f"line {number}: {error}") from None
            self._part = replace(self._part, checks=checks)
        elif name == "session" and (Path(value).is_absolute() or ".." in Path(value).parts):
            raise LessonError(f"line {number}: session must be a file beside the lesson")
        else:
            fields: dict[str, Any] = {name: value}
            self._part = replace(self._part, **fields)

    def made(self) -> Part:
        if bool(self._part.ask) != bool(self._part.checks):
            raise LessonError(
                f"{self._part.title}: a question (ask) needs a check, and the reverse"
            )
        return replace(self._part, blocks=tuple(self._blocks))


def _comparison(text: str) -> Comparison:
    match = _COMPARISON.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"check must compare two formulas, such as steps_adam < 100, not {text!r}")
    left, sign, right = match.groups()
    try:
        made = Comparison(notation(left.strip()), sign, notation(right.strip()))
    except FormulaError as error:
        raise ValueError(f"check {text.strip()!r}: {error}") from None
    for name in (*made.left.variables(), *made.right.variables()):
        if not _is_known(name):
            raise ValueError(f"check {text.strip()!r}: nothing is known as {name!r}")
    return made


_OF_THE_RACE = frozenset((
    "starts", "runs", "converged", "diverged", "minima", "best", "worst", "playhead", "last", "x",
    "y", "end_x", "end_y", "step_x", "step_y", "loss", "steps", "noise", "ways",
))  # fmt: skip
_OF_A_RACER = frozenset(("loss", "steps", "converged", "diverged", "batch", "h", "way"))


def _is_known(name: str) -> bool:
    if name in _OF_THE_RACE:
        return True
    for optimizer, known in KNOWN.items():
        what = name.removesuffix(f"_{optimizer}")
        if what != name and (what in _OF_A_RACER or what in known.values):
            return True
    return False


class Facts:
    """What a question may ask of a race, by names.

    Of all of it: `starts`, `runs`, how many have `converged` and `diverged`, in how many different
    places (`minima`), the `best` and `worst` last loss, the `playhead` and the `last` record, the
    `noise`, how many `ways` of differentiating there are. Of the selected run: its start `x`, `y`,
    its first step `step_x`, `step_y`, its end `end_x`, `end_y`, its last `loss` and its `steps`.
    Of the first racer with an optimizer, such as adam: its hyper-parameters (`lr_adam`), its best
    last loss `loss_adam`, the most `steps_adam` it took, how many of its runs `converged_adam` and
    `diverged_adam`, its `batch_adam`, the step `h_adam` of its differences and their `way_adam`, by
    the number in gdviz_core.surface.WAYS. What there is not is NaN.
    """

    def __init__(self, race: Race, lane: int | None, index: int):
        self._race, self._lane, self._index = race, lane, index

    def pair(self, name: str) -> tuple[float, float]:
        """A fact as the pair that formulas work on."""
        value = self[name]
        return value, value

    def __getitem__(self, name: str) -> float:
        if name in self._of_race:
            return self._of_race[name]
        for number, racer in enumerate(self._race.experiment.running):
            what = name.removesuffix(f"_{racer.optimizer}")
            if what != name:
                return self._of_racer(number, what)
        return math.nan

    @cached_property
    def _of_race(self) -> dict[str, float]:
        race, runs = self._race, self._race.trajectories
        experiment = race.experiment
        ends = [float(t.loss[-1]) for t in runs]
        finite = [loss for loss in ends if math.isfinite(loss)]
        found = {
            "starts": len(experiment.starts), "runs": len(runs), "minima": self._minima(),
            "converged": sum(t.status == "converged" for t in runs),
            "diverged": sum(t.status == "diverged" for t in runs),
            "best": min(finite, default=math.nan), "worst": max(finite, default=math.nan),
            "playhead": self._index, "last": race.last, "noise": experiment.noise,
            "ways": len({racer.way for racer in experiment.running}),
        }  # fmt: skip
        if self._lane is not None and self._lane < len(runs):
            t = runs[self._lane]
            found |= {
                "x": t.start[0], "y": t.start[1], "end_x": float(t.x[-1]), "loss": ends[self._lane],
                "end_y": float(t.y[-1]), "steps": t.steps,
            }  # fmt: skip
            if len(t) > 1:
                found |= {"step_x": float(t.x[1] - t.x[0]), "step_y": float(t.y[1] - t.y[0])}
        return {name: float(value) for name, value in found.items()}

    def _minima(self) -> int:
        """In how many different places runs have converged."""
        x0, x1, y0, y1 = self._race.experiment.resolved().domain
        near, places = NEAR * max(x1 - x0, y1 - y0), list[tuple[float, float]]()
        for t in self._race.trajectories:
            at = float(t.x[-1]), float(t.y[-1])
            new = all(math.dist(at, other) > near for other in places)
            if t.status == "converged" and new:
                places.append(at)
        return len(places)

    def _of_racer(self, number: int, what: str) -> float:
        starts, racer = len(self._race.experiment.starts), self._race.experiment.running[number]
        runs = self._race.trajectories[number * starts : (number + 1) * starts]
        if what in racer.values:
            return racer.values[what]
        if what in ("converged", "diverged"):
            return float(sum(t.status == what for t in runs))
        if what == "loss":
            ends = [float(t.loss[-1]) for t in runs if math.isfinite(t.loss[-1])]
            return min(ends, default=math.nan)
        if what == "steps":
            return float(max((t.steps for t in runs), default=math.nan))
        if what == "batch":
            return float(racer.batch or self._race.experiment.resolved().rows)
        return {"h": racer.h, "way": float(list(WAYS).index(racer.way))}.get(what, math.nan)
