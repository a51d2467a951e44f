"""Sessions: exact round trips, and errors that name the field."""

import base64
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdviz import fit, session
from gdviz.compute import finish
from gdviz.display import FIELDS, INTERNALS, Camera, Display
from gdviz.experiment import Experiment, first_experiment
from gdviz.racer import Racer
from gdviz.scene import Scene
from gdviz.session import Session
from gdviz_core import MODELS, OPTIMIZERS
from gdviz_core.mechanics import PARTICLES

numbers = st.floats(-1e9, 1e9)


def words(most):
    return st.text(st.characters().filter(str.isprintable), max_size=most)


plain = st.builds(
    Experiment,
    surface=st.sampled_from(["himmelblau", "x^2 + y^2", "ackley", "|x| + √(y^2 + 1)"]),
    domain=st.sampled_from([None, (-1.0, 2.0, -3.0, 0.1)]),
    starts=st.lists(st.tuples(numbers, numbers), max_size=4).map(tuple),
    racers=st.lists(
        st.builds(
            Racer,
            st.sampled_from([name for name, o in OPTIMIZERS.items() if o.rate == "lr"]),
            st.fixed_dictionaries({"lr": st.floats(1e-12, 10)}),
            words(20),
            st.integers(0, 30),
            st.booleans(),
            schedule=st.sampled_from(["constant", "cosine", "plateau", "1/(1 + s)", "one_cycle"]),
            clip=st.none() | st.floats(1e-3, 1e3),
            clip_value=st.none() | st.floats(1e-3, 1e3),
            weight_decay=st.floats(0, 1),
            batch=st.none() | st.integers(1, 10**6),
        )
        | st.builds(
            Racer,
            st.sampled_from(PARTICLES),
            st.fixed_dictionaries(
                {
                    "dt": st.floats(1e-12, 10),
                    "vx": numbers,
                    "vy": numbers,
                    "mass": st.floats(1e-6, 1e6),
                }
            ),
        ),
        max_size=4,
    ).map(tuple),
    steps=st.integers(0, 10**6),
    tolerance=st.floats(0, 1),
    stop_outside=st.booleans(),
    noise=st.floats(0, 10),
    seed=st.integers(0, 2**63 - 1),
    budget=st.sampled_from(["steps", "evaluations"]),
)


def on_data(e, model, scaling, packed, budget):
    """A random experiment put on data."""
    path = "example:classes.csv" if MODELS[model].task == "classification" else "example:sine.csv"
    columns = fit.columns_of(path, model)
    table = finish(fit.read(path, columns)).table
    made = fit.experiment(Experiment(), table, path, columns, model, scaling)
    made = replace(made, racers=e.racers, starts=e.starts, budget=budget, own_luck=e.stop_outside)
    if packed:
        moved = replace(made, data=replace(made.data, path="mine.csv"))
        made = session.portable(Session.of(moved)).experiment
    return made


experiments = plain | st.builds(
    on_data, plain, st.sampled_from(list(MODELS)), st.sampled_from(["none", "min-max"]),
    st.booleans(), st.sampled_from(["steps", "epochs"]),
)  # fmt: skip
displays = st.builds(
    Display,
    field=st.sampled_from(FIELDS),
    critical=st.booleans(),
    fade=st.booleans(),
    internals=st.lists(st.sampled_from(INTERNALS), unique=True).map(tuple),
    camera=st.builds(Camera, st.floats(-360, 360), st.floats(-90, 90), st.floats(0.1, 10)),
    target=st.none() | numbers,
    linked=st.booleans(),
)
scenes = st.builds(Scene, words(30), words(90), words(30))


@given(experiments)
def test_an_experiment_survives_the_file(experiment):
    assert session.load(session.dump(session.Session.of(experiment))).experiment == experiment


@given(experiments, displays, scenes)
def test_a_session_opened_saved_and_opened_again_is_the_same_to_the_byte(e, display, scene):
    made = Session.of(e, display, scene)
    text = session.dump(made)
    assert session.load(text) == made
    assert session.dump(session.load(text)) == text


@given(experiments, scenes)
def test_a_session_survives_a_mail(e, scene):
    made = Session.of(e, Display(), scene)
    text = session.to_text(made)
    assert text.isascii()
    assert max(len(line) for line in text.splitlines()) <= 76
    assert session.from_text(text) == made
    quoted = "\r\n".join(f"> {line}" for line in text.splitlines())
    assert session.from_text(f"  {quoted}\n") == made
    assert session.from_text(session.dump(made)) == made


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "its text begins with gdviz:"), ("hello", "its text begins with"),
        ("gdviz:", "damaged or incomplete"), ("gdviz:AAAA", "damaged or incomplete"),
        ("gdviz:ümlaut", "damaged or incomplete"),
        (session.to_text(Session.of(first_experiment()))[:-20], "damaged or incomplete"),
        ("gdviz:" + base64.urlsafe_b64encode(zlib.compress(b"hello")).decode(), "not a gdviz"),
        # a hundred megabytes of nothing in a hundred kilobytes
        ("gdviz:" + base64.urlsafe_b64encode(zlib.compress(bytes(100 << 20))).decode(),
         "damaged or incomplete"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_session_is_refused(text, why):
    with pytest.raises(session.SessionError, match=why):
        session.from_text(text)


def test_the_file_is_readable_and_numbered():
    text = session.dump(session.Session.of(first_experiment()))
    assert text.startswith('{\n  "format": 8,')
    assert '"surface": "himmelblau"' in text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "not a gdviz session"),
        ("[1]", "not a gdviz session"),
        ("{}", "format must be a whole number"),
        ('{"format": "1"}', "format must be a whole number"),
        ('{"format": 99, "experiment": {}}', "format 99, made by a newer gdviz"),
        ('{"format": 1}', "experiment"),
        ('{"format": 1, "experiment": {"steps": "many"}}', r"steps"),
        ('{"format": 1, "experiment": {"steps": -1}}', r"steps must be at least 0"),
        ('{"format": 1, "experiment": {"starts": [[1, "a"]]}}', r"starts\[0\]\[1\]"),
        ('{"format": 1, "experiment": {"surface": "x^"}}', "ends too early"),
        ('{"format": 1, "experiment": {"racers": [{"optimizer": "adam", "values": {"lr": 0}}]}}',
         r"lr must be .*racers\[0\]"),
        ('{"format": 1, "experiment": {"racers": [{"optimizer": "sgd9"}]}}', "no optimizer 'sgd9'"),
        ("[" * 100_000, "not a gdviz session"),
        ("\xff\xfe", "not a gdviz session"),
    ],
)  # fmt: skip
def test_a_bad_session_is_refused_with_the_field(text, part):
    with pytest.raises(session.SessionError, match=part):
        session.load(text)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(session.SessionError, match="no such file"):
        session.read(tmp_path / "gone.json")
    with pytest.raises(session.SessionError, match="not a file"):
        session.read(tmp_path)
    bad = tmp_path / "bad.json"
    bad.write_bytes(b"\x00\xff" * 100)
    with pytest.raises(session.SessionError, match=r"bad\.json: this is not a gdviz session"):
        session.read(bad)
