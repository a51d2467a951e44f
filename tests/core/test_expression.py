"""The formula language: what it means, what it refuses and where it says so."""

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz_core import FormulaError, Surface
from gdviz_core.derivative import gradient
from gdviz_core.expression import parse
from gdviz_core.rule import parse_rule
from tests import hostile

# formula, x, y, value worked out by hand or with Python's math
MEANING = [
    ("2x", 3, 0, 6), ("2(x+1)", 3, 0, 8), ("(x+1)(y-1)", 2, 5, 12), ("2x^2", 3, 0, 18),
    ("x^2y", 3, 2, 18), ("1/2x", 4, 0, 2), ("-x^2", 3, 0, -9), ("(-x)^2", 3, 0, 9),
    ("2^3^2", 0, 0, 512), ("2**-1", 0, 0, 0.5), ("x²+y³", 3, 2, 17), ("√x", 9, 0, 3),
    ("2√(x+y)", 5, 4, 6), ("|x|", -3, 0, 3), ("|x-|y||", 1, -3, 2), ("2|x|", -3, 0, 6),
    ("x·y", 3, 4, 12), ("x×y", 3, 4, 12), ("x−y", 3, 4, -1), ("π", 0, 0, math.pi),
    ("2pi", 0, 0, 2 * math.pi), ("e", 0, 0, math.e), ("1e3x", 2, 0, 2000), (".5x", 2, 0, 1),
    ("5.*x", 2, 0, 10), ("mod(x,3)", 7.5, 0, 1.5), ("mod(x,3)", -1, 0, 2),
    ("floor(x)", -1.5, 0, -2),
    ("min(x,y,1)", 3, 2, 1), ("max(x,y,1)", 3, 2, 3), ("where(x<y,1,2)", 1, 2, 1),
    ("where(x>=y,1,2)", 2, 2, 1), ("where(x!=y,1,2)", 2, 2, 2), ("where(x==y,1,2)", 2, 2, 1),
    ("sign(x)", -4, 0, -1), ("sign(x)", 0, 0, 0), ("atan2(y,x)", -1, 1, math.atan2(1, -1)),
    ("x^0.5", 16, 0, 4), ("x^-2", 2, 0, 0.25), ("x^y", 2, 10, 1024), ("0^0", 0, 0, 1),
    ("x\n+ y", 1, 2, 3), ("--x", 2, 0, 2), ("+x", 2, 0, 2), ("2 sin(x)", 0, 0, 0),
    ("x^3^1", 2, 0, 8), ("e*exp(1)", 0, 0, math.e**2), ("2 - 3 - 4", 0, 0, -5),
    ("8/4/2", 0, 0, 1), ("tan(x)", 0.5, 0, math.tan(0.5)), ("sinh(x)", 0.5, 0, math.sinh(0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "x", "y", "value"), MEANING, ids=[m[0] for m in MEANING])
def test_formula_means_what_people_write(formula, x, y, value):
    assert Surface.from_formula(formula).value(x, y) == pytest.approx(value, rel=1e-15)


WHERE = [
    ("x^2 + * y", 1, 7), ("sin(x", 1, 4), ("x)", 1, 2), ("2 +", 1, 4), ("x + z", 1, 5),
    ("foo(x)", 1, 1), ("sin(x, y)", 1, 1), ("x y", 1, 3), ("1,5*x", 1, 2), ("x < y", 1, 3),
    ("where(x, 1, 2)", 1, 8), ("x\n + q", 2, 4), ("1 + 1/0", 1, 6), ("x(2)", 1, 1), ("|x", 1, 1),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "line", "column"), WHERE, ids=[w[0] for w in WHERE])
def test_error_tells_line_and_column(formula, line, column):
    with pytest.raises(FormulaError) as error:
        parse(formula)
    assert (error.value.line, error.value.column) == (line, column)


def test_error_proposes_the_name_that_was_meant():
    with pytest.raises(FormulaError, match="did you mean sqrt"):
        parse("sqr(x)")
    with pytest.raises(FormulaError, match="no function ln; write log"):
        parse("ln(x)")
    with pytest.raises(FormulaError, match="write x"):
        parse("X^2")


EXPRESSIONS = [case for case in hostile.cases("expression") if "fuzz" not in case["input"]]


@pytest.mark.parametrize("case", EXPRESSIONS, ids=lambda case: case["id"])
def test_hostile_expression(case):
    text, expected = hostile.text(case["input"]), case["expected"]
    begun = time.perf_counter()
    surface, refused = None, None
    try:
        surface = Surface.from_formula(text)
        surface.gradient(0.5, 0.25)
    except FormulaError as error:
        refused = error
    outcome = "accept" if refused is None else "reject"
    assert expected["outcome"] in (outcome, "either")
    if refused is not None:
        message = str(refused)
        message.encode()  # can be shown and saved
        assert len(message) <= expected.get("message_max_len", 300)
        assert 1 <= refused.column <= len(text) + 1
        for part in expected.get("message_has", ()):
            assert part in message
    elif "value_at" in expected:
        x, y, value = expected["value_at"]
        assert surface.value(x, y) == pytest.approx(value, rel=1e-14)
    elif "same_as" in expected:
        same = Surface.from_formula(expected["same_as"])
        assert surface.value(0.3, 0.7) == same.value(0.3, 0.7)
    assert time.perf_counter() - begun < 1.0


ALPHABET = "xy0123456789.+-*/^()|,<>= esincoqrtabpi²³π√·×−_\"'[]{}:;\\#%@&\n\t\0é😀"


@settings(max_examples=2000, deadline=None)
@given(st.text(ALPHABET, max_size=200))
def test_random_text_is_a_formula_or_a_formula_error(text):
    column = 1
    try:
        graph, node = parse(text)
        gradient(graph, node, ("x", "y"))
    except FormulaError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


def test_comments_of_a_rule_explain_its_lines_and_columns_still_count():
    rule = parse_rule("# A mean\n# of slopes.\nm = m + g  # slowly\n\nw = w - m # down.\n")
    assert [line.note for line in rule.lines] == ["A mean of slopes. slowly", "down."]
    assert [line.expression for line in rule.lines] == ["m + g", "w - m"]
    with pytest.raises(FormulaError) as caught:
        parse_rule("# one\nw = w - q")
    assert (caught.value.line, caught.value.column) == (2, 9)


def test_rule_tells_state_from_locals_and_hyperparameters():
    rule = parse_rule("d = g + c*w\nm = beta*m + d\nw = w - lr*m", ("c", "beta", "lr"))
    assert list(rule.state) == ["m"]
    assert [line.name for line in rule.lines] == ["d", "m", "w"]


@pytest.mark.parametrize(
    ("rule", "names", "part", "line"),
    [
        ("m = 0.9*m + g", (), "never moves w", 1),
        ("w = w - k*g", (), "k is not known", 1),
        ("b = b + g\nw = w - lr*b", (), "lr is not known", 2),
        ("lr = 2\nw = w - lr*g", ("lr",), "lr is a hyper-parameter", 1),
        ("t = 2\nw = w - g", (), "t is given", 1),
        ("w - g", (), "name = expression", 1),
        ("w = w - g\nw == 3", (), "name = expression", 2),
        ("w = w - 1/0", (), "not a finite number", 1),
    ],
)
def test_rule_errors_name_the_line_and_the_cause(rule, names, part, line):
    with pytest.raises(FormulaError, match=part) as error:
        parse_rule(rule, names)
    assert error.value.line == line


DEEP = [
    "(" * 150 + "x" + ")" * 150, "(" * 198 + "x" + ")" * 198, "-" * 198 + "x", "x" + "^x" * 190,
    "|" + "(|" * 90 + "x" + "|)" * 90 + "|", "sin(" * 190 + "x" + ")" * 190, "√" * 190 + "x",
    "where(x<y,x," * 190 + "y" + ")" * 190, "where(" * 90 + "x" + "<1,x,y)" * 90,
    "2(" * 190 + "x" + ")" * 190, "max(x," * 190 + "y" + ")" * 190,
]  # fmt: skip


@pytest.mark.parametrize("formula", DEEP, ids=lambda t: t[:12])
def test_nesting_up_to_the_limit_is_read_even_deep_in_the_stack(formula):
    def deep(levels):
        if levels:
            return deep(levels - 1)
        graph, node = parse(formula)
        return gradient(graph, node, ("x", "y"))

    deep(250)  # as deep as a slot of a big program may be
    with pytest.raises(FormulaError, match="more than 200 levels"):
        parse("(" * 200 + formula + ")" * 200)
