"""Lessons as files: what they may say, what is refused, and what is known of a race."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdviz import compute, lesson, session
from gdviz.experiment import Experiment
from gdviz.lesson import Facts, LessonError
from gdviz.racer import Racer
from gdviz_core import FormulaError
from gdviz_core.notation import notation

TEXT = """\
# Walking down
What it is about,
in two lines.

## First part
session: first.json
show: Curves

Some words
that go on.

    w = w - lr*g

More words.

ask: Reach the bottom.
check: loss_gd < 1e-3 and steps <= 2*50
hint: Try it.
done: There.

## Second part
Only words.
"""


def test_a_lesson_is_read_as_it_is_written():
    found = lesson.parse(TEXT)
    assert (found.title, found.about) == ("Walking down", "What it is about, in two lines.")
    first, second = found.parts
    assert (first.session, first.show, first.ask) == ("first.json", "Curves", "Reach the bottom.")
    assert first.blocks == (("words", "Some words that go on."), ("formula", "w = w - lr*g"),
                            ("words", "More words."))  # fmt: skip
    assert (first.hint, first.done, len(first.checks)) == ("Try it.", "There.", 2)
    assert second.blocks == (("words", "Only words."),)
    assert not second.checks


@pytest.mark.parametrize(("change", "part"), [
    (("# Walking down", "Walking down"), "begins with its title"),
    (("## First part", "First part"), "words"),
    (("check: loss_gd < 1e-3 and steps <= 2*50", "check: loss_gd"), "line 17: check must compare"),
    (("loss_gd < 1e-3", "lss_gd < 1e-3"), "line 17: .*nothing is known as 'lss_gd'"),
    (("loss_gd < 1e-3", "loss_gdd < 1e-3"), "nothing is known as 'loss_gdd'"),
    (("loss_gd < 1e-3", "beta9_adam < 1e-3"), "nothing is known as 'beta9_adam'"),
    (("loss_gd < 1e-3", "loss_gd < __import__('os')"), "line 17"),
    (("loss_gd < 1e-3", "loss_gd < (1"), "line 17"),
    (("ask: Reach the bottom.\n", ""), "First part: a question .* needs a check"),
    (("check: loss_gd < 1e-3 and steps <= 2*50\n", ""), "needs a check"),
    (("first.json", "../../etc/passwd"), "line 6: session must be a file beside the lesson"),
    (("first.json", "/etc/passwd"), "line 6: session must be a file beside the lesson"),
    (("session: first.json", "session:"), "line 6: session is empty"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_its_line(change, part):
    text = TEXT.replace(*change)
    if part == "words":  # what is not marked as a part is part of what it is about
        assert len(lesson.parse(text).parts) == 1
        return
    with pytest.raises(LessonError, match=part):
        lesson.parse(text)


def test_too_many_parts_and_none_are_refused():
    with pytest.raises(LessonError, match="has parts"):
        lesson.parse("# Title\nwords")
    with pytest.raises(LessonError, match="at most 50 parts, not 51"):
        lesson.parse("# Title\n" + "## part\n" * 51)


@given(st.text(max_size=300))
def test_any_text_is_a_lesson_or_refused(text):
    for whole in (text, f"# Title\n## Part\nask: a\ncheck: {text}", f"# T\n## P\n{text}"):
        with contextlib.suppress(LessonError):
            lesson.parse(whole)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(LessonError, match="no such file"):
        lesson.read(tmp_path / "none.md")
    (tmp_path / "bad.md").write_bytes(b"# \xff\xfe")
    with pytest.raises(LessonError, match="not text in UTF-8"):
        lesson.read(tmp_path / "bad.md")
    (tmp_path / "good.md").write_text(TEXT)
    (tmp_path / "other.txt").write_text(TEXT)
    assert lesson.files_in(tmp_path) == [tmp_path / "bad.md", tmp_path / "good.md"]
    assert lesson.files_in(tmp_path / "nowhere") == []


def test_formulas_that_cannot_be_read_are_an_error_of_formulas():
    for text in ("f + 1 2", "sin", "(", "", "mean(x)"):
        with pytest.raises(FormulaError):
            notation(text)


EXPERIMENT = Experiment(
    "himmelblau", starts=((3.1, 2.1), (-2.9, 3.0), (3.0, 2.2)), steps=400, noise=0.0,
    racers=(Racer("gd", {"lr": 0.01}), Racer("adam", {"lr": 0.05}, on=False),
            Racer("momentum", {"lr": 0.5}), Racer("gd", {"lr": 0.002}, way="forward")),
)  # fmt: skip


@pytest.fixture(scope="module")
def race():
    return compute.finish(compute.race(EXPERIMENT))


def test_what_is_known_of_a_race(race):
    facts = Facts(race, 1, 7)
    t = race.trajectories[1]
    wanted = {
        "starts": 3, "runs": 9, "playhead": 7, "last": race.last, "noise": 0, "ways": 2,
        "converged": 3 + sum(t.status == "converged" for t in race.trajectories[6:]),
        "diverged": 3, "minima": 2, "x": -2.9, "y": 3.0, "end_x": t.x[-1], "steps": t.steps,
        "loss": t.loss[-1], "step_x": t.x[1] - t.x[0], "lr_gd": 0.01, "lr_momentum": 0.5,
        "momentum_momentum": 0.9, "converged_gd": 3, "diverged_momentum": 3,
        "loss_gd": min(t.loss[-1] for t in race.trajectories[:3]),
        "steps_gd": max(t.steps for t in race.trajectories[:3]), "batch_gd": 1, "way_gd": 0,
    }  # fmt: skip
    for name, value in wanted.items():
        assert facts[name] == pytest.approx(value), name
    for name in ("lr_adam", "loss_adam", "lr_lion", "nothing"):  # adam is switched off
        assert math.isnan(facts[name])
    ends = [t.loss[-1] for t in race.trajectories]
    finite = [loss for loss in ends if np.isfinite(loss)]
    assert (facts["best"], facts["worst"]) == (min(finite), max(finite))


def test_what_is_not_known_answers_nothing(race):
    def answered(check, lane=1):
        text = f"# T\n## P\nask: a\ncheck: {check}"
        return lesson.parse(text).parts[0].answered(Facts(race, lane, 0))

    assert answered("converged_gd == 3 and lr_gd*100 >= 1")
    assert not answered("converged_gd == 3 and lr_gd*100 > 1")
    assert not answered("lr_adam > 0")
    assert not answered("lr_adam <= 0")
    assert not answered("lr_adam != 0")
    assert answered("max(starts, runs) == 9")
    assert not answered("x < 9", lane=None)
    empty = compute.finish(compute.race(Experiment()))
    assert Facts(empty, None, 0)["runs"] == 0
    assert math.isnan(Facts(empty, None, 0)["best"])


@pytest.mark.parametrize("path", lesson.shipped(), ids=lambda p: p.stem)
def test_shipped_lessons_are_whole(path):
    found = lesson.read(path)
    assert found.about
    assert len(found.parts) >= 3
    for part in found.parts:
        opened = session.read(found.session_of(part))
        assert not opened.lost
        race = compute.finish(compute.race(opened.experiment))
        lane = 0 if len(race.x) else None
        assert part.ask
        assert part.hint
        assert part.done
        # nobody has answered before playing
        assert not part.answered(Facts(race, lane, 0)), part.title


def test_there_are_the_six_lessons_and_no_experiment_is_left_over():
    found = [lesson.read(path) for path in lesson.shipped()]
    assert [one.title[0] for one in found] == list("123456")
    used = {one.session_of(part) for one in found for part in one.parts}
    assert used == set(lesson.shipped()[0].parent.glob("*.json"))
