"""The cases of the area session: what is refused, what opens, and what is said of it.

The cases name fields of a generic session; FIELDS tells what they are here. Decisions that differ
from a case are in DECIDED.
"""

import json
import random
import time

import pytest

from gdviz import session
from gdviz.display import Display
from gdviz.experiment import first_experiment
from gdviz.scene import Scene
from gdviz.session import Session
from tests import hostile

FIELDS = {
    "/params/lr": ("experiment", "racers", 0, "values", "lr"),
    "/params/steps": ("experiment", "steps"),
    "/expression": ("experiment", "surface"),
    "/domain": ("experiment", "domain"),
    "/version": ("format",),
    "/optimizer": ("experiment", "racers", 0, "optimizer"),
    "/title": ("scene", "title"),
    "/style/color": ("experiment", "racers", 0, "colour"),
}
DECIDED = {
    "session-null-domain": "null is how the default domain is written",
    "session-grid-1e5": "there is no grid; a field that is not known is said to be lost",
    "session-10k-runs": "there are no runs; a field that is not known is said to be lost",
}
SAVED = Session.of(first_experiment(), Display(), Scene("Title", "Text.", "Question?"))
CASES = {case["id"]: case for case in hostile.cases("session")}


def changed(case):
    """The text of the session of a case."""
    form = case["input"]
    if "file" in form:
        content = form["file"]["content"]
        return hostile.text(content)
    form = form["session"]
    saved = json.loads(session.dump(SAVED))

    def place(pointer):
        path = FIELDS.get(pointer, tuple(pointer.strip("/").split("/")))
        inside = saved
        for key in path[:-1]:
            inside = inside.setdefault(key, {}) if isinstance(inside, dict) else inside[key]
        return inside, path[-1]

    raw = {}
    for pointer, value in form.get("set", {}).items():
        inside, key = place(pointer)
        inside[key] = value
    for pointer, parts in form.get("set_parts", {}).items():
        inside, key = place(pointer)
        inside[key] = "".join(part * times for part, times in parts)
    for pointer, text in form.get("set_raw", {}).items():
        inside, key = place(pointer)
        inside[key] = f"raw{len(raw)}"
        raw[f'"raw{len(raw)}"'] = text
    for pointer in form.get("delete", []):
        inside, key = place(pointer)
        del inside[key]
    for pointer, times in form.get("repeat", {}).items():
        inside, key = place(pointer)
        inside[key] = [{}] * times
    if "pad_mb" in form:
        saved["padding"] = "x" * (form["pad_mb"] << 20)
    text = json.dumps(saved)
    for word, replacement in raw.items():
        text = text.replace(word, replacement)
    if "duplicate_key" in form:
        name = FIELDS[form["duplicate_key"]][-1]
        text = text.replace(f'"{name}":', f'"{name}": "x^2", "{name}":', 1)
    return text + form.get("append", "")


SINGLE = [i for i in CASES if i not in ("session-version-old-all", "session-bitflip")]


@pytest.mark.parametrize("name", SINGLE)
def test_each_session_is_opened_or_refused_as_expected(name):
    case = CASES[name]
    text, expected = changed(case), case["expected"]
    begun = time.perf_counter()
    refused, opened = "", None
    try:
        opened = session.load(text)
    except session.SessionError as error:
        refused = str(error)
    if refused:
        assert expected["outcome"] in ("reject", "either"), refused
        assert name not in DECIDED
        assert len(refused) < 500
        for part in expected.get("message_has", []):
            part = {"/expression": "surface"}.get(part, part)
            assert part in refused
    else:
        assert expected["outcome"] in ("accept", "either") or name in DECIDED
        assert session.load(session.dump(opened)) == opened  # it can be saved again
        pointers = [*case["input"].get("session", {}).get("set", {}),
                    *case["input"].get("session", {}).get("repeat", {})]  # fmt: skip
        for pointer in pointers:
            if pointer not in FIELDS:
                assert pointer.strip("/") in session.load(text).lost
    assert time.perf_counter() - begun < 5  # nothing that grows faster than its text


def test_bytes_that_flip_never_do_more_than_be_refused():
    fuzz = CASES["session-bitflip"]["input"]["session"]["fuzz"]
    rng = random.Random(fuzz["seed"])
    text = bytearray(session.dump(SAVED).encode())
    opened = 0
    for _ in range(fuzz["count"]):
        bad = bytearray(text)
        for _ in range(fuzz["flip_bytes"]):
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        try:
            session.load(bytes(bad))
            opened += 1
        except session.SessionError:
            pass
    assert 0 < opened < fuzz["count"]


def test_a_session_of_a_windows_editor_opens():
    text = b"\xef\xbb\xbf" + session.dump(SAVED).replace("\n", "\r\n").encode()
    assert session.load(text) == SAVED
    assert session.load(text).lost == ()


def test_fields_that_are_not_known_are_named_with_their_place():
    saved = json.loads(session.dump(SAVED))
    saved["future"] = 1
    saved["experiment"]["more"] = 2
    saved["experiment"]["racers"][1]["shape"] = "star"
    saved["display"] = {"camera": {"lens": 50}}
    assert set(session.load(json.dumps(saved)).lost) == {
        "future", "experiment.more", "racers[1].shape", "camera.lens",
    }  # fmt: skip
