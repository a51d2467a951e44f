"""The gradient laboratory on a real window."""

import xml.etree.ElementTree as ElementTree

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtTest import QTest

from gdviz.scale import short
from gdviz.views.laboratory import LaboratoryView

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def lab(user):
    """The laboratory, in its own layout, on Himmelblau."""
    user.window.choose_layout("gradient laboratory")
    view = user.window.views[LaboratoryView]
    user.qtbot.waitUntil(lambda: view.walk is not None and view.symbolic.page.found is not None,
                         timeout=15_000)  # fmt: skip
    user.settle(100)
    return view


def node(view, text):
    return next(n.number for n in view.walk.nodes if n.text == text)


def point_at(user, widget, place):
    QTest.mouseMove(widget, place - QPoint(1, 0))
    user.settle()
    QTest.mouseMove(widget, place)
    user.settle()


def test_reverse_mode_is_played_forwards_and_back_and_its_numbers_stand_in_the_nodes(user, lab):
    user.press(lab.buttons["first"])
    assert lab.step == 0
    nodes, count = lab.walk.nodes, len(lab.walk.nodes)
    assert all(lab.graph.text_of(n.number).value == "" for n in nodes)
    for at in range(count):  # values, from the inputs to the loss
        user.press(lab.buttons["next"])
        text = lab.graph.text_of(nodes[at].number)
        assert (text.value, text.slope) == (short(lab.walk.values[at]), "")
    for at in reversed(range(count)):  # adjoints, from the loss to the inputs
        assert lab.graph.text_of(nodes[at].number).slope == ""
        user.press(lab.buttons["next"])
        assert lab.graph.text_of(nodes[at].number).slope == short(lab.walk.adjoints[at])
    surface = user.document.experiment.resolved()
    gx, gy = surface.gradient(*lab.point())
    assert lab.graph.text_of(node(lab, "x")).slope == short(float(gx))
    assert lab.graph.text_of(node(lab, "y")).slope == short(float(gy))
    for _ in range(3):
        user.press(lab.buttons["back"])
    assert lab.graph.text_of(nodes[0].number).slope == ""
    assert lab.reverse.ledger.present == 3
    user.press(lab.buttons["last"])
    assert lab.step == 2 * count


def test_forward_mode_carries_the_derivative_by_one_variable(user, lab):
    user.press(lab.forward.play)
    assert (lab.mode, lab.step) == (lab.forward, 0)
    user.qtbot.waitUntil(lambda: lab.step >= 1, timeout=5000)
    user.press(lab.buttons["last"])
    last = lab.walk.nodes[-1].number
    gx, gy = user.document.experiment.resolved().gradient(*lab.point())
    assert lab.graph.text_of(last).slope == short(float(gx))
    lab.forward.by.setCurrentIndex(1)
    lab.forward.by.activated.emit(1)
    assert lab.graph.text_of(last).slope == short(float(gy))


def test_it_follows_the_playhead_and_the_pointer(user, lab):
    race = user.raced()
    user.player.step(7)
    user.qtbot.waitUntil(lambda: lab.walk.point == (race.x[0, 7], race.y[0, 7]))
    lab.where.setCurrentIndex(1)
    canvas = user.window.map.canvas
    spot = user.spot(canvas, 1.0, 2.0)
    point_at(user, canvas.viewport(), spot)
    user.qtbot.waitUntil(lambda: abs(lab.walk.point[0] - 1.0) + abs(lab.walk.point[1] - 2.0) < 0.2)


def test_pointing_at_a_part_lights_it_up_everywhere(user, lab):
    wanted = node(lab, "x²")
    place = lab.graph.place(wanted).center().toPoint()
    point_at(user, lab.graph, place)
    assert lab.graph._marked == lab.forward.ledger._marked == lab.reverse.ledger._marked == wanted
    assert lab.formula._marked == f"#{wanted}"
    lab.formula.repaint()
    part = next(rect for rect, name in lab.formula._found if name == f"#{wanted}")
    lab.graph.mark(None)
    # the square of x stands in the formula; its exponent is the square's alone
    point_at(user, lab.formula, part.topRight().toPoint() + QPoint(-4, 4))
    user.settle()
    assert lab.graph._marked == wanted


def test_a_click_on_the_plot_chooses_a_step_and_a_button_races_with_it(user, lab):
    points = lab.numerical.plot._points(lab.numerical.plot.series[0])
    at = len(points) // 3
    QTest.mouseClick(lab.numerical.plot, LEFT, NONE, QPoint(*map(round, points[at])))
    way, h = lab.numerical.chosen
    assert lab.numerical.plot.chosen is not None
    before = user.document.experiment.racers
    user.press(lab.numerical.race_it)
    racer = user.document.experiment.racers[-1]
    assert (racer.way, racer.h, racer.on) == (way, h, True)
    assert racer.optimizer == before[0].optimizer
    race = user.raced()
    assert race.trajectories[-1].surface.way == way
    user.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert user.document.experiment.racers == before


def test_the_graph_is_exported(user, lab, tmp_path):
    lab.export_to(tmp_path / "graph.svg")
    root = ElementTree.parse(tmp_path / "graph.svg").getroot()
    words = "".join(root.itertext())
    assert root.tag.endswith("svg")
    assert short(lab.walk.loss) in words
    lab.export_to(tmp_path / "graph.dot")
    text = (tmp_path / "graph.dot").read_text()
    assert text.startswith("digraph")
    assert text.count("->") == sum(len(n.parts) for n in lab.walk.nodes)
    lab.export_to(tmp_path / "nowhere" / "graph.svg")
    assert "there is no such folder" in user.window.status.message.text()


def test_no_two_nodes_overlap_on_any_surface(user, lab):
    from gdviz import laboratory
    from gdviz_core import SURFACES

    for surface in SURFACES.values():
        lab.graph.show_nodes(laboratory.walk(surface, *surface.start).nodes)
        lab.graph.zoom(1.0)
        rooms = [lab.graph.place(n.number) for n in lab.graph.nodes]
        for i, room in enumerate(rooms):
            assert not any(room.intersects(other) for other in rooms[:i]), surface.name


def test_another_surface_and_one_without_a_race(user, lab):
    user.window.header.pick("ackley")
    user.qtbot.waitUntil(lambda: lab._surface.name == "ackley")
    user.qtbot.waitUntil(lambda: lab.symbolic.page.found is not None, timeout=15_000)
    user.document.edit("no starts", starts=())
    user.settle(100)
    assert lab.walk.point == lab._surface.start
    user.document.edit("no racers", racers=())
    user.press(lab.numerical.race_it)
    assert "no racer" in user.window.status.message.text()
    assert lab.mode is lab.reverse


def test_zoom_drag_and_double_click(user, lab):
    before = lab.graph._scale
    lab.graph.zoom(2.0)
    assert lab.graph._scale == pytest.approx(2 * before)
    user.press(lab.buttons["fit"])
    assert lab.graph._scale == pytest.approx(before)
    shift = QPointF(lab.graph._shift)  # a point of Qt changes in place
    QTest.mousePress(lab.graph, LEFT, NONE, QPoint(3, 3))
    QTest.mouseMove(lab.graph, QPoint(33, 23))
    user.settle()
    QTest.mouseRelease(lab.graph, LEFT, NONE, QPoint(33, 23))
    assert (lab.graph._shift - shift).x() == pytest.approx(30)
    QTest.mouseDClick(lab.graph, LEFT, NONE, QPoint(3, 3))
    assert lab.graph._shift == shift


def test_hidden_it_computes_nothing(user, lab):
    user.window.choose_layout("race")
    user.settle(100)
    point = lab._point
    user.player.step(20)
    user.settle(150)
    assert lab._point == point


def test_a_formula_of_a_thousand_parts_is_declined_in_words(user, lab, tmp_path):
    formula = "+".join(f"{n}*x*y" for n in range(1, 300))
    user.document.show("Long", user.document.experiment.on_formula(formula))
    user.qtbot.waitUntil(lambda: "the laboratory takes" in lab.told.text())
    user.press(lab.buttons["next"])
    lab.export_to(tmp_path / "graph.svg")
    assert not (tmp_path / "graph.svg").exists()
    user.window.header.pick("himmelblau")
    user.qtbot.waitUntil(lambda: lab.walk is not None)


def test_where_the_surface_is_not_finite_nothing_is_invented(user, lab):
    user.document.show("Root", user.document.experiment.on_formula("log(x) + y"))
    user.document.edit("start", starts=((-1.0, 2.0),))
    user.qtbot.waitUntil(lambda: lab._surface.formula == "log(x) + y")
    user.qtbot.waitUntil(lambda: lab.walk.point == (-1.0, 2.0))
    assert "not finite" in lab.told.text()
    assert "off by" not in lab.numerical.best.text()


def test_it_is_worked_by_the_keyboard(user, lab):
    plot, ledger, graph = lab.numerical.plot, lab.reverse.ledger, lab.graph
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_PageDown)
    way, h = lab.numerical.chosen
    QTest.keyClick(plot, Qt.Key.Key_Down)
    assert lab.numerical.chosen[0] == way
    assert lab.numerical.chosen[1] < h
    user.press(lab.buttons["first"])
    ledger.setFocus()
    for row in range(3):
        QTest.keyClick(ledger, Qt.Key.Key_Down)
        assert ledger.present == row
    QTest.keyClick(ledger, Qt.Key.Key_Up)
    assert ledger.present == 1
    graph.setFocus()
    before = graph._scale
    QTest.keyClick(graph, Qt.Key.Key_Plus)
    assert graph._scale > before
    place = graph.place(graph.nodes[0].number)
    QTest.keyClick(graph, Qt.Key.Key_PageDown)
    assert graph.place(graph.nodes[0].number).x() < place.x()
