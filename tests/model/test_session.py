"""Sessions: exact round trips, and errors that name the field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdviz import session
from gdviz.experiment import Experiment, first_experiment
from gdviz.racer import Racer
from gdviz_core import OPTIMIZERS

numbers = st.floats(-1e9, 1e9)
experiments = st.builds(
    Experiment,
    surface=st.sampled_from(["himmelblau", "x^2 + y^2", "ackley", "|x| + √(y^2 + 1)"]),
    domain=st.sampled_from([None, (-1.0, 2.0, -3.0, 0.1)]),
    starts=st.lists(st.tuples(numbers, numbers), max_size=4).map(tuple),
    racers=st.lists(
        st.builds(
            Racer,
            st.sampled_from(list(OPTIMIZERS)),
            st.fixed_dictionaries({"lr": st.floats(1e-12, 10)}),
            st.text(max_size=20),
            st.integers(0, 30),
            st.booleans(),
        ),
        max_size=4,
    ).map(tuple),
    steps=st.integers(0, 10**6),
    tolerance=st.floats(0, 1),
    stop_outside=st.booleans(),
)


@given(experiments)
def test_an_experiment_survives_the_file(experiment):
    assert session.load(session.dump(session.Session.of(experiment))).experiment == experiment


def test_the_file_is_readable_and_numbered():
    text = session.dump(session.Session.of(first_experiment()))
    assert text.startswith('{\n  "format": 4,')
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
