"""The gradient laboratory: where the gradient at a point comes from, in four ways side by side."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from gdviz import export, laboratory
from gdviz.app.columns import Forward, Numerical, Pass, Reverse, Symbolic
from gdviz.app.controls import Combo, ElidedLabel, IconButton, scroller
from gdviz.app.derivation import FormulaLine
from gdviz.app.document import Document
from gdviz.app.graphs import GraphView, Numbers
from gdviz.app.player import Player
from gdviz.app.surroundings import WORDS
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.compute import Race
from gdviz.experiment import Experiment, unused_colour, unused_name
from gdviz.laboratory import Stage, Walk
from gdviz.scale import short
from gdviz.views.view import View
from gdviz_core import Surface

SOON = 40  # milliseconds between two looks at another point
TALL = 300  # height of the columns from which all of them is shown
PLAY = 500  # milliseconds for a step
END = 10**9  # a step behind every last one


class LaboratoryView(View):
    """Numerical, symbolic, forward and reverse: all of them worked out, at one point."""

    title = "Laboratory"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.walk: Walk | None = None
        self.step = 0
        self._pointer: tuple[float, float] | None = None
        self._point: tuple[float, float] | None = None
        self._surface: Surface | None = None
        self.where = Combo(tr("The point that is looked at"))
        self.where.addItem(tr("At the playhead"), "playhead")
        self.where.addItem(tr("At the pointer"), "pointer")
        self.where.currentIndexChanged.connect(lambda _: self._soon.start())
        self.tools = [self.where]
        document.selected.connect(lambda _: self._look())
        self._make_columns()
        self.formula = FormulaLine()
        self.formula.hovered.connect(self.point_out)
        self.graph = GraphView(tr("Computational graph"))
        self.graph.hovered.connect(self.point_out)
        self.graph.clicked.connect(self._go_to_node)
        self._lay_out()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self.examine)
        self._clock = QTimer(self)
        self._clock.setInterval(PLAY)
        self._clock.timeout.connect(lambda: self.go(self.step + 1))

    # construction

    def _make_columns(self) -> None:
        self.numerical, self.symbolic = Numerical(), Symbolic()
        self.forward, self.reverse = Forward(), Reverse()
        self.columns = (self.numerical, self.symbolic, self.forward, self.reverse)
        self.mode: Pass = self.reverse
        self.numerical.raced.connect(self.race_with)
        self.forward.turned.connect(lambda: self._take_mode(self.forward))
        for mode in (self.forward, self.reverse):
            mode.played.connect(partial(self._play, mode))
            mode.chosen.connect(partial(self._go_to_row, mode))
            mode.hovered.connect(self.point_out)

    def _lay_out(self) -> None:
        self._above = QWidget()
        row = QHBoxLayout(self._above)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for each in self.columns:
            row.addWidget(each, 1)
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
        parts.addWidget(self._above)
        parts.addWidget(below)
        parts.splitterMoved.connect(lambda *_: self._make_room())
        parts.setStretchFactor(0, 5)
        parts.setStretchFactor(1, 6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 2, 8, 6)
        whole.addWidget(parts)

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
            ("last", "ph.skip-forward", tr("To the end of the pass"), lambda: self.go(END)),
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
        self._look()

    def show_race(self, race: Race) -> None:
        self._look()

    def show_step(self, index: int) -> None:
        if self.where.currentData() == "playhead":
            self._look()

    def _look(self) -> None:
        """Look at the point soon; for a file at once."""
        if self.document.patient:
            self.examine()
        elif not self._soon.isActive():
            self._soon.start()

    def show_pointer(self, at: tuple[float, float] | None) -> None:
        """The pointer is over a point of the plane; None: it has left, the last one stays."""
        if at is None:
            return
        self._pointer = at
        if self.where.currentData() == "pointer":
            self._look()

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
        surface, at = laboratory.of_one_row(self.document.experiment.resolved()), self.point()
        if surface == self._surface and at == self._point:
            return
        try:
            laboratory.check(surface)
        except ValueError as error:
            self._show_nothing(str(error))
            return
        self.walk = laboratory.walk(surface, *at)
        before, self._surface = self._surface, surface
        if before is None or _names(before) != _names(surface):
            self.formula.show_surface(surface)
            self.symbolic.show_surface(surface, self.walk.cost.reverse)
            self.graph.show_nodes(self.walk.nodes)
            self.reverse.show_cost(self.walk)
            self.step = END
        self._point = at
        self.numerical.show_differences(laboratory.differences(surface, *at))
        self.go(self.step)

    def _show_nothing(self, why: str) -> None:
        self.walk = self._surface = self._point = None
        self._clock.stop()
        self.formula.show_nothing()
        self.graph.show_nodes(())
        self.numerical.clear()
        self.symbolic.clear(why)
        self.forward.clear()
        self.reverse.clear()
        self.told.setText(why)

    # the pass

    def stage(self, mode: Pass) -> Stage:
        """How far a pass has come; the one that is not played is complete."""
        assert self.walk is not None
        step = self.step if mode is self.mode else END
        return laboratory.stage(len(self.walk.nodes), step, mode is self.reverse)

    def go(self, step: int) -> None:
        """To a step of the pass: a node for each, in reverse mode there and back."""
        walk = self.walk
        if walk is None:
            return
        last = len(walk.nodes) * (2 if self.mode is self.reverse else 1)
        if step > last:
            self._clock.stop()
        self.step = max(0, min(step, last))
        for mode in (self.forward, self.reverse):
            mode.show_stage(walk, self.stage(mode))
        stage, slopes = self.stage(self.mode), self.mode.slopes(walk)
        numbers = {
            node.number: Numbers(
                short(walk.values[at]) if stage.knows_value(at) else "",
                short(slopes[at]) if stage.knows_slope(at) else "",
            )
            for at, node in enumerate(walk.nodes)
        }
        at = stage.present
        self.graph.show_numbers(numbers, None if at is None else walk.nodes[at].number)
        self.told.setText(self._row_words() + _told(walk, stage))

    def _row_words(self) -> str:
        """Which row of the data is looked at, and what x and y stand for."""
        data = self.document.experiment.data
        if data is None:
            return ""
        x, y = data.variables
        words = tr("Row 1 of {name}, x is {x} and y {y}. ")
        return words.format(name=data.title, x=x, y=y)

    def _play(self, mode: Pass) -> None:
        if self._clock.isActive() and mode is self.mode:
            self._clock.stop()
        else:
            self.mode = mode
            self.go(0)
            self._clock.start()

    def _take_mode(self, mode: Pass) -> None:
        self.mode = mode
        self._clock.stop()
        self.go(END)

    def _go_to_row(self, mode: Pass, row: int) -> None:
        self.mode = mode
        self._clock.stop()
        self.go(row + 1)

    def _go_to_node(self, node: int) -> None:
        if self.walk is not None:
            count = len(self.walk.nodes)
            at = [n.number for n in self.walk.nodes].index(node)
            back = self.mode is self.reverse and self.step > count
            self.go(2 * count - at if back else at + 1)

    # pointing, racing, export

    def point_out(self, node: int | None) -> None:
        """Highlight a node wherever it is shown."""
        self.graph.mark(node)
        self.forward.ledger.mark(node)
        self.reverse.ledger.mark(node)
        self.formula.mark("" if node is None else f"#{node}")

    def race_with(self, way: str, h: float) -> None:
        """Add the selected racer once more, with another way of differentiating."""
        experiment = self.document.experiment
        if not experiment.racers:
            self.document.said.emit(tr("There is no racer to race with; add one"))
            return
        old, words = experiment.racers[self.document.racer], tr(WORDS[way]).lower()
        name = unused_name(f"{old.name}, {words}", (r.name for r in experiment.racers))
        try:
            racer = replace(old, way=way, h=h, on=True, tuned=False, name=name,
                            colour=unused_colour(experiment.racers))  # fmt: skip
            self.document.edit(
                tr("Race with {way}").format(way=words), racers=(*experiment.racers, racer)
            )
        except ValueError as error:
            self.document.said.emit(str(error))

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
        try:
            path = export.with_ending(path, ".svg")
            text = laboratory.dot(self.walk) if path.suffix == ".dot" else self.graph.svg()
            export.save(path, text)
        except export.SaveError as error:
            self.document.said.emit(str(error))
        else:
            self.document.said.emit(tr("Wrote {path}").format(path=path))

    # the window

    def for_picture(self) -> QWidget:
        for column in self.columns:
            column.hide_controls()
        for button in self.buttons.values():
            button.hide()
        return super().for_picture()

    def resizeEvent(self, event: object) -> None:
        self._make_room()

    def _make_room(self) -> None:
        for column in self.columns:
            column.make_room(self._above.height() >= TALL)

    def finish(self) -> None:
        self._soon.stop()
        self._clock.stop()
        self.symbolic.finish()

    def set_theme(self, theme: Theme) -> None:
        for shown in (*self.columns, self.formula, self.graph):
            shown.set_theme(theme)
        for button in self.buttons.values():
            button.set_color(theme.text2)


def _names(surface: Surface) -> tuple[str, ...]:
    """What the graph depends on: the formula, and what its numbers are called."""
    return (surface.formula, *surface.values)


def _told(walk: Walk, stage: Stage) -> str:
    """What happens at a stage, in a sentence."""
    at = stage.present
    if at is None:
        x, y = (short(c) for c in walk.point)
        gx, gy = (short(float(slope)) for slope in walk.tangents[:, -1])
        return tr("At ({x}, {y}): f = {loss}, ∇f = ({gx}, {gy})").format(
            x=x, y=y, loss=short(walk.loss), gx=gx, gy=gy)  # fmt: skip
    node = walk.nodes[at]
    if stage.returning:
        return tr("{name}: the loss changes by {slope} for each unit of it").format(
            name=node.name, slope=short(walk.adjoints[at]))  # fmt: skip
    return f"{node.name} = {node.text} = {short(walk.values[at])}"
