"""Bad input, read from hostile.json; nothing in it is ever evaluated."""

import base64
import json
from pathlib import Path

_CASES = json.loads((Path(__file__).parent / "hostile.json").read_text(encoding="utf-8"))


def cases(area):
    """The cases of an area."""
    return [case for case in _CASES if case["area"] == area]


def text(form):
    """The text of a case's input."""
    if "text" in form:
        return form["text"]
    if "json_escaped" in form:
        return json.loads(f'"{form["json_escaped"]}"')
    if "parts" in form:
        return "".join(part * times for part, times in form["parts"])
    return base64.b64decode(form["bytes_b64"]).decode("utf-8", "surrogateescape")


def number(value):
    """A number of a case: as it is, or {"float": "nan"}."""
    return float(value["float"]) if isinstance(value, dict) else value
