"""The gradient laboratory: where the gradient at a point comes from, in four ways side by side."""

import math
import threading
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gdviz import export, laboratory, symbolic
from gdviz.app.controls import Combo, ElidedLabel, IconButton, label, scroller
from gdviz.app.derivation import FormulaLine, SymbolicPage
from gdviz.app.document import Document
from gdviz.app.graphs import GraphView, Numbers
from gdviz.app.job import Job
from gdviz.app.ledger import Ledger, Row
from gdviz.app.player import Player
from gdviz.app.plot import Plot, Series
from gdviz.app.surroundings import WORDS
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.compute import Race, apart
from gdviz.experiment import Experiment, unused_name
from gdviz.laboratory import Differences, Walk
from gdviz.racer import Racer
from gdviz.scale import short
from gdviz.views.view import View
from gdviz_core import Surface
from gdviz_core.surface import NUMERICAL

SOON = 40  # milliseconds between two looks at another point
FORWARD, REVERSE = "forward", "reverse"
TALL = 300  # height of the columns from which all of them is shown
PLAY = 500  # milliseconds for a step


_SYMPY = threading.Lock()


class LaboratoryView(View):
    """Numerical, symbolic, forward and reverse: all of them worked out, at one point."""

    title = "Laboratory"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self.walk: Walk | None = None
        self.differences: Differences | None = None
        self.mode = REVERSE
        self.step = 0
        self._pointer: tuple[float, float] | None = None
        self._point: tuple[float, float] | None = None
        self._surface: Surface | None = None
        self._job: Job | None = None
        self._chosen: tuple[str, float] = ("central difference", 1e-5)
        self._make_tools()
        self._make_columns()
        self.formula = FormulaLine()
        self.formula.hovered.connect(self.point_out)
        self.graph = GraphView(tr("Computational graph"))
        self.graph.hovered.connect(self.point_out)
        self.graph.clicked.connect(self._go_to_node)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        line = scroller(self.formula)
        line.setFixedHeight(60)
        column.addWidget(line)
        column.addWidget(self.graph, 1)
        column.addLayout(self._make_player())
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self._columns)
        parts.addWidget(below)
        parts.splitterMoved.connect(lambda *_: self._make_room())
        parts.setStretchFactor(0, 5)
        parts.setStretchFactor(1, 6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 2, 8, 6)
        whole.addWidget(parts)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self.examine)
        self._clock = QTimer(self)
        self._clock.setInterval(PLAY)
        self._clock.timeout.connect(lambda: self.go(self.step + 1))

    # construction

    def _make_tools(self) -> None:
        self.where = Combo(tr("The point that is looked at"))
        self.where.addItem(tr("At the playhead"), "playhead")
        self.where.addItem(tr("At the pointer"), "pointer")
        self.where.currentIndexChanged.connect(lambda _: self._soon.start())
        self.tools = [self.where]

    def _make_columns(self) -> None:
        self._columns = QWidget()
        row = QHBoxLayout(self._columns)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.errors = Plot(tr("Error of the differences against their step"), tr("step h"), True)
        self.errors.picked.connect(self._pick)
        self.best = label("", "caption")
        self.best.setWordWrap(True)
        self.race_it = IconButton("ph.flag", "", 22)
        self._pick(tr(WORDS[self._chosen[0]]), self._chosen[1])
        self.race_it.clicked.connect(lambda _=False: self.race_with(*self._chosen))
        self.symbolic = SymbolicPage()
        self.swell = Plot(tr("Expression swell"), tr("compositions"))
        self.by = Combo(tr("The variable of the pass"))
        self.by.setObjectName("choice")
        for name in ("x", "y"):
            self.by.addItem(tr("by {name}").format(name=name), name)
        self.by.activated.connect(lambda _: self._take_mode(FORWARD))
        self.forward = Ledger(tr("Forward mode"), (tr("node"), tr("value"), tr("tangent")))
        self.reverse = Ledger(tr("Reverse mode"), (tr("node"), tr("value"), tr("adjoint")))
        self.forward.clicked.connect(lambda at: self._go_to_row(FORWARD, at))
        self.reverse.clicked.connect(lambda at: self._go_to_row(REVERSE, at))
        for ledger in (self.forward, self.reverse):
            ledger.hovered.connect(self.point_out)
        self.growth = Plot(tr("Cost against the number of variables"), tr("variables"),
                           log_y=False)  # fmt: skip
        self.cost = label("", "caption")
        self.cost.setWordWrap(True)
        self.play_forward = self._play_button(FORWARD)
        self.play_reverse = self._play_button(REVERSE)
        wide = scroller(self.symbolic)  # a long derivative is not made too small to be read
        wide.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        row.addWidget(_card(tr("Numerical"), [self.race_it], [(self.errors, 1), (self.best, 0)]), 1)
        row.addWidget(_card(tr("Symbolic"), [], [(wide, 3), (self.swell, 2)]), 1)
        row.addWidget(
            _card(tr("Forward mode"), [self.by, self.play_forward], [(scroller(self.forward), 1)]),
            1,
        )
        row.addWidget(
            _card(tr("Reverse mode"), [self.play_reverse],
                  [(scroller(self.reverse), 3), (self.cost, 0), (self.growth, 2)]), 1,
        )  # fmt: skip

    def _play_button(self, mode: str) -> IconButton:
        button = IconButton("ph.play", tr("Play this mode step by step"), 22)
        button.clicked.connect(lambda _=False: self._play(mode))
        return button

    def _make_player(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 2, 8, 0)
        self.told = ElidedLabel("", "caption")
        row.addWidget(self.told, 1)
        self.buttons = {}
        for name, shown, tip, slot in (
            ("first", "ph.skip-back", tr("To the beginning of the pass"), lambda: self.go(0)),
            ("back", "ph.caret-left", tr("One node back"), lambda: self.go(self.step - 1)),
            ("next", "ph.caret-right", tr("One node on"), lambda: self.go(self.step + 1)),
            ("last", "ph.skip-forward", tr("To the end of the pass"),
             lambda: self.go(self.last_step)),
            ("fit", "ph.corners-out", tr("Show the whole graph"), lambda: self.graph.fit()),
            ("export", "ph.export", tr("Export the graph as SVG or DOT"), self.export_graph),
        ):  # fmt: skip
            button = IconButton(shown, tip, 24)
            button.clicked.connect(lambda _=False, slot=slot: slot())
            self.buttons[name] = button
            row.addWidget(button)
        return row

    # the point

    def show_experiment(self, experiment: Experiment) -> None:
        self._soon.start()

    def show_race(self, race: Race) -> None:
        self._soon.start()

    def show_step(self, index: int) -> None:
        if self.where.currentData() == "playhead" and not self._soon.isActive():
            self._soon.start()

    def show_pointer(self, at: tuple[float, float] | None) -> None:
        """The pointer is over a point of the plane; None: it has left, the last one stays."""
        if at is None:
            return
        self._pointer = at
        if self.where.currentData() == "pointer" and not self._soon.isActive():
            self._soon.start()

    def showEvent(self, event: object) -> None:
        self._soon.start()

    def point(self) -> tuple[float, float]:
        """The point that is looked at."""
        if self.where.currentData() == "pointer" and self._pointer is not None:
            return self._pointer
        race, lane = self.document.race, self.document.selected_lane()
        if lane is not None:
            index = min(self.player.index, race.last)
            return float(race.x[lane, index]), float(race.y[lane, index])
        starts = self.document.experiment.starts
        start = starts[0] if starts else self.document.experiment.resolved().start
        assert start is not None
        return start

    def examine(self) -> None:
        """Work everything out at the point, if it can be seen."""
        if not self.isVisible() and not self.document.patient:
            return
        surface, at = self.document.experiment.resolved(), self.point()
        try:
            laboratory.check(surface)
        except ValueError as error:
            self._show_nothing(str(error))
            return
        if surface != self._surface:
            self._surface = surface
            self.formula.show_surface(surface)
            self._differentiate(surface)
            self.step = 10**9
        elif at == self._point:
            return
        self._point = at
        self.walk = laboratory.walk(surface, *at)
        self.differences = laboratory.differences(surface, *at)
        self.graph.show_nodes(self.walk.nodes)
        self._show_errors()
        self._show_cost()
        self.go(self.step)

    def _show_nothing(self, why: str) -> None:
        self.walk = self.differences = self._surface = self._point = None
        self.graph.show_nodes(())
        self.symbolic.show_found(None, why, 0)
        for plot in (self.errors, self.swell, self.growth):
            plot.show_series([])
        for ledger in (self.forward, self.reverse):
            ledger.show_rows([], -1)
        self.told.setText(why)

    # numerical

    def _show_errors(self) -> None:
        if self.differences is None:
            return
        series, marks, words = [], [], []
        for number, way in enumerate(NUMERICAL):
            name = tr(WORDS[way])
            errors = self.differences.errors[way]
            shown = [max(float(e), laboratory.FLOOR) for e in errors]
            series.append(Series(name, number, list(map(float, laboratory.STEPS)), shown))
            h, error = self.differences.best(way)
            marks.append((name, h))
            if math.isnan(error):
                continue  # there is no gradient
            off = tr("exact") if error == 0 else tr("off by {error:.0e}").format(error=error)
            words.append(tr("{way}: h {h:.0e}, {off}").format(way=name, h=h, off=off))
        self.errors.show_series(series, marks)
        self.best.setText(tr("Best steps") + "\n" + "\n".join(words))
        self.errors.setToolTip(self.best.text())

    def _pick(self, name: str, h: float) -> None:
        way = next(way for way in NUMERICAL if tr(WORDS[way]) == name)
        self._chosen = (way, float(f"{h:.3g}"))
        words = tr(
            "Add the selected racer once more, with this gradient instead of the exact one: {way}, "
            "h = {h:.0e} (click the plot for another)"
        )
        self.race_it.setToolTip(words.format(way=name.lower(), h=h))

    def race_with(self, way: str, h: float = Racer.h) -> None:
        """Add the selected racer once more, with another way of differentiating."""
        experiment = self.document.experiment
        if not experiment.racers:
            self.document.said.emit(tr("There is no racer to race with; add one"))
            return
        old = experiment.racers[self.document.racer]
        words = f"{old.name}, {tr(WORDS[way]).lower()}"
        taken = {racer.colour for racer in experiment.racers}
        colour = next(i for i in range(len(taken) + 1) if i not in taken)
        racer = replace(old, way=way, h=h, on=True, tuned=False, colour=colour,
                        name=unused_name(words, (r.name for r in experiment.racers)))  # fmt: skip
        try:
            self.document.edit(tr("Race with {way}").format(way=tr(WORDS[way]).lower()),
                               racers=(*experiment.racers, racer))  # fmt: skip
        except ValueError as error:
            self.document.said.emit(str(error))

    # symbolic

    def _differentiate(self, surface: Surface) -> None:
        """Let SymPy work in the background."""
        if self._job is not None:
            self._job.cancel()
        self.symbolic.show_found(None, "", 0)

        def work() -> tuple[symbolic.Symbolic, symbolic.Swell]:
            return symbolic.differentiate(surface.formula), symbolic.swell()

        def found(result: tuple[symbolic.Symbolic, symbolic.Swell]) -> None:
            if surface == self._surface and self.walk is not None:
                self.symbolic.show_found(result[0], "", self.walk.cost.reverse)
                self._show_swell(result[1])

        self._job = job = Job(apart(work, _SYMPY))
        job.done.connect(found)
        job.failed.connect(
            lambda error: self.symbolic.show_found(None, tr("SymPy: {error}").format(error=error),
                                                   0)
        )  # fmt: skip
        job.start()

    def _show_swell(self, swell: symbolic.Swell) -> None:
        xs = list(range(1, len(swell.formula) + 1))
        self.swell.show_series([
            Series(tr("derivative"), 2, xs, swell.derivative),
            Series(tr("formula"), 1, xs, swell.formula),
            Series(tr("graph of both"), 0, xs, swell.graph),
        ])  # fmt: skip

    # forward and reverse

    @property
    def last_step(self) -> int:
        """The step in which everything is known."""
        nodes = 0 if self.walk is None else len(self.walk.nodes)
        return nodes if self.mode == FORWARD else 2 * nodes

    def go(self, step: int) -> None:
        """To a step of the pass: a node for each, in reverse mode there and back."""
        if self.walk is None:
            return
        if step > self.last_step:
            self._clock.stop()
        self.step = max(0, min(step, self.last_step))
        self._show_pass()

    def _play(self, mode: str) -> None:
        if self._clock.isActive() and mode == self.mode:
            self._clock.stop()
        else:
            self._take_mode(mode)
            self.go(0)
            self._clock.start()

    def _take_mode(self, mode: str) -> None:
        self.mode = mode
        self.go(10**9)

    def _go_to_row(self, mode: str, row: int) -> None:
        self.mode = mode
        self._clock.stop()
        self.go(row + 1)

    def _go_to_node(self, node: int) -> None:
        if self.walk is not None:
            at = [n.number for n in self.walk.nodes].index(node)
            back = self.mode == REVERSE and self.step > len(self.walk.nodes)
            self.go(2 * len(self.walk.nodes) - at if back else at + 1)

    def _show_pass(self) -> None:
        walk = self.walk
        assert walk is not None
        count = len(walk.nodes)
        tangents = walk.tangents[0 if self.by.currentData() == "x" else 1]
        forward = self.step if self.mode == FORWARD else count
        back = self.step - count if self.mode == REVERSE else count
        values = min(self.step, count) if self.mode == REVERSE else count
        numbers, rows, adjoints = {}, [], []
        for at, node in enumerate(walk.nodes):
            text = node.text if node.text == node.name else f"{node.name} = {node.text}"
            value = short(walk.values[at])
            tangent = short(tangents[at]) if at < forward else ""
            adjoint = short(walk.adjoints[at]) if count - at <= back else ""
            rows.append(Row(node.number, text, value if at < forward else "", tangent))
            known = value if at < values else ""
            adjoints.append(Row(node.number, text, known, adjoint, node.kept))
            slope = tangent if self.mode == FORWARD else adjoint
            shown = value if at < (forward if self.mode == FORWARD else values) else ""
            numbers[node.number] = Numbers(shown, slope)
        present = self.step - 1 if self.mode == FORWARD or self.step <= count else (
            2 * count - self.step)  # fmt: skip
        whole = self.step in (0, self.last_step)
        at_node = None if whole else walk.nodes[present].number
        self.graph.show_numbers(numbers, at_node)
        self.forward.show_rows(rows, present if self.mode == FORWARD and not whole else -1)
        self.reverse.show_rows(adjoints, present if self.mode == REVERSE and not whole else -1)
        self._tell(at_node, present)

    def _tell(self, node: int | None, present: int) -> None:
        walk = self.walk
        assert walk is not None
        x, y = (short(c) for c in walk.point)
        where = f"({x}, {y})"
        if node is None:
            gx, gy = short(walk.tangents[0, -1]), short(walk.tangents[1, -1])
            words = tr("At {where}: f = {loss}, ∇f = ({gx}, {gy})").format(
                where=where, loss=short(walk.loss), gx=gx, gy=gy)  # fmt: skip
        else:
            shown = walk.nodes[present]
            back = self.mode == REVERSE and self.step > len(walk.nodes)
            if back:
                words = tr("{name}: the loss changes by {slope} for each unit of it").format(
                    name=shown.name, slope=short(walk.adjoints[present]))  # fmt: skip
            else:
                words = f"{shown.name} = {shown.text} = {short(walk.values[present])}"
        self.told.setText(words)

    def _show_cost(self) -> None:
        walk = self.walk
        assert walk is not None
        kept = sum(node.kept for node in walk.nodes)
        words = (
            tr("f: {value} operations; with its gradient {reverse}, by two forward passes "
               "{forward}. ● {kept} values are kept for the way back.").format(
                value=walk.cost.value, reverse=walk.cost.reverse, forward=2 * walk.cost.forward,
                kept=kept)
        )  # fmt: skip
        self.cost.setText(words)
        self.reverse.setToolTip(words)
        costs = laboratory.growth()
        xs = list(costs)
        self.growth.show_series([
            Series(tr("forward"), 2, xs, [n * c.forward / c.value for n, c in costs.items()]),
            Series(tr("reverse"), 0, xs, [c.reverse / c.value for c in costs.values()]),
        ])  # fmt: skip

    # pointing and export

    def point_out(self, node: int | None) -> None:
        """Highlight a node wherever it is shown."""
        self.graph.mark(node)
        self.forward.mark(node)
        self.reverse.mark(node)
        self.formula.mark("" if node is None else f"#{node}")

    def export_graph(self) -> None:
        """Ask for a file and write the graph: SVG, or DOT by its ending."""
        name, _ = QFileDialog.getSaveFileName(
            self.window() or self, tr("Export the graph"), "graph.svg",
            tr("SVG (*.svg);;Graphviz (*.dot);;All files (*)"),
        )  # fmt: skip
        if name:
            self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Write the graph: DOT if the name ends so, else SVG."""
        if self.walk is None:
            return
        path = export.with_ending(path, ".svg")
        try:
            text = laboratory.dot(self.walk) if path.suffix == ".dot" else self.graph.svg()
            export.save(path, text)
        except export.SaveError as error:
            self.document.said.emit(str(error))
        else:
            self.document.said.emit(tr("Wrote {path}").format(path=path))

    def resizeEvent(self, event: object) -> None:
        self._make_room()

    def _make_room(self) -> None:
        """Where there is little height, the plots beside the point stay away."""
        tall = self._columns.height() >= TALL
        for extra in (self.best, self.swell, self.cost, self.growth):
            extra.setVisible(tall)

    def finish(self) -> None:
        self._soon.stop()
        self._clock.stop()
        if self._job is not None:
            self._job.cancel()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for shown in (self.formula, self.symbolic, self.errors, self.swell, self.growth,
                      self.forward, self.reverse, self.graph):  # fmt: skip
            shown.set_theme(theme)
        for button in (*self.buttons.values(), self.play_forward, self.play_reverse, self.race_it):
            button.set_color(theme.text2)


def _card(title: str, tools: list[QWidget], parts: list[tuple[QWidget, int]]) -> QFrame:
    """A column with a title."""
    card = QFrame()
    card.setObjectName("column")
    column = QVBoxLayout(card)
    column.setContentsMargins(8, 6, 8, 6)
    column.setSpacing(4)
    head = QHBoxLayout()
    head.setSpacing(4)
    head.addWidget(ElidedLabel(title, "name"), 1)
    for tool in tools:
        head.addWidget(tool)
    column.addLayout(head)
    for part, stretch in parts:
        column.addWidget(part, stretch)
    return card
