"""The inspector: the right step, the right numbers, and what is pointed at."""

import pytest
from PyQt6.QtCore import QPoint
from PyQt6.QtTest import QTest

from gdviz.app import boxes, typeset
from gdviz.views.inspector import InspectorView
from gdviz_core.notation import notation


@pytest.fixture
def view(user):
    user.window.choose_layout("step by step")
    user.raced()
    user.settle()
    return user.window.views[InspectorView]


def hover(user, page, name):
    """Move the pointer onto a symbol or number of that name."""
    page.grab()
    place = next(rect for rect, found in page._found if found == name)
    QTest.mouseMove(page, place.center().toPoint())
    user.settle()


def test_it_follows_the_playhead_forwards_and_backwards(user, view):
    user.player.go(10)
    assert view.step.number == 11
    user.press(view.forward)
    assert view.step.number == 12
    user.press(view.back)
    user.press(view.back)
    assert view.step.number == 10
    t = user.document.race.trajectories[0]
    assert view.step.before == (t.x[9], t.y[9])
    assert view.step.after == pytest.approx((t.x[10], t.y[10]), rel=1e-14)


def test_the_racer_is_chosen_here_or_in_the_list_of_racers(user, view):
    view.racer.setCurrentIndex(3)
    view.racer.activated.emit(3)
    assert user.document.racer == 3
    assert {line.name for line in view.step.lines} == {"d", "m", "v", "w"}
    user.document.select(racer=0)
    assert [line.name for line in view.step.lines] == ["w"]
    assert view.racer.currentText() == "Gradient descent"


def test_a_quantity_under_the_pointer_is_highlighted_everywhere(user, view):
    user.document.select(racer=3)
    user.player.go(5)
    seen = []
    user.document.pointed_out.connect(seen.append)
    hover(user, view.page, "m")
    assert user.document.quantity == "m"
    assert "state" in view.page.toolTip()
    before = view.page.grab().toImage()
    QTest.mouseMove(view.page, QPoint(2, 2))
    user.settle()
    user.document.point_out("")
    assert view.page.grab().toImage() != before
    hover(user, view.page, "lr")
    assert "learning rate" in view.page.toolTip()
    assert seen[0] == "m"


def test_without_a_start_or_a_rule_it_says_what_to_do(user, view):
    user.document.edit("Clear", starts=())
    assert view.step is None
    assert "add a start" in view.page._message


def test_switching_racers_off_leaves_nothing_behind(user, view):
    user.document.select(racer=2)
    user.press(user.window.views[type(user.window.views[InspectorView])].back)
    from gdviz.views.racers import RacersView

    rows = user.window.views[RacersView].rows
    user.press(rows[2].switch)
    user.raced()
    assert view.step is None
    assert view.racer.count() == 3


# the setting of formulas


def box(formula, size=20.0):
    return typeset.typeset(notation(formula), size)


def test_fractions_stack_and_powers_rise(user):
    assert box("a/b").height > 1.5 * box("a*b").height
    assert box("a/b").width < box("a*b").width + 10
    assert box("a^2").ascent > box("a").ascent
    assert box("sqrt(a/b)").height > box("a/b").height
    low, high = box("beta1"), box("beta1^t")
    assert high.width > low.width
    assert high.ascent > low.ascent


def test_brackets_only_where_they_are_needed(user):
    def texts(made):
        found = [made.text] if made.text else []
        for _, _, part in made.parts:
            found += texts(part)
        return "".join(found)

    assert texts(box("a - (b - c)")) == "a − (b − c)"
    assert texts(box("a - b*c")) == "a − bc"
    assert texts(box("(a + b)*c")) == "(a + b)c"
    assert texts(box("(a + b)/c")) == "a + bc"
    assert texts(box("2*x*3")) == "2x · 3"
    assert texts(box("(-a)^2")) == "(−a)2"
    assert texts(box("lr*eps")) == "ηε"
    assert texts(box("beta1*m")) == "β1m"
    assert texts(box("centered*m")) == "centered · m"


def test_a_long_sum_breaks_before_its_signs(user):
    long = box(" + ".join(["alpha*beta1"] * 12))
    lines = boxes.broken(long, 150.0, 20.0)
    assert len(lines) > 2
    assert all(line.width <= 151 for line in lines)
    assert sum(len(line.parts) for line in lines) == len(long.parts)


def test_numbers_read_as_in_print(user):
    assert typeset.numeral(0.00002) == ("2", -5)
    assert typeset.numeral(-1234.5678) == ("−1234.6", None)
    assert typeset.numeral(0.1 + 0.2) == ("0.3", None)
    assert typeset.numeral(99999.96) == ("100000", None)
    assert typeset.numeral(float("-inf")) == ("−∞", None)
    assert typeset.numeral(6.02214076e23) == ("6.0221", 23)


def test_every_rule_of_the_catalogue_fits_a_narrow_panel(user, view):
    from dataclasses import replace

    from gdviz.experiment import enter
    from gdviz_core import OPTIMIZERS

    experiment = replace(user.document.experiment, racers=())
    for name in OPTIMIZERS:
        experiment = replace(experiment, racers=(*experiment.racers, enter(experiment, name)))
    user.document.show("All", experiment)
    user.raced()
    user.player.go(3)
    for number in range(len(experiment.racers)):
        user.document.select(racer=number)
        view.page.setFixedWidth(300)
        view.page.grab()
        assert view.step is not None
        assert max(rect.right() for rect, _ in view.page._found) < 302
