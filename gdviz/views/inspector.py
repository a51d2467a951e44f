"""The inspector: the rule of the selected racer, line by line, with the numbers of this step."""

from collections.abc import Callable

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from gdviz.app import boxes, typeset
from gdviz.app.boxes import Box
from gdviz.app.controls import Combo, IconButton, scroller
from gdviz.app.document import Document
from gdviz.app.page import Page
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import Theme, font
from gdviz.app.typeset import Leaf
from gdviz.compute import Race
from gdviz.experiment import Experiment
from gdviz.inspection import Line, Step, step_of
from gdviz.views.view import View
from gdviz_core.external import External
from gdviz_core.notation import Pair, Term

FORMULA, NUMBERS, NOTE = 19.0, 16.0, 12.5
GAP = 14.0


class InspectorView(View):
    """What happens in the step that leaves the iterate under the playhead."""

    title = "Inspector"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.racer = Combo(tr("Racer to inspect"))
        self.racer.setObjectName("choice")
        self.racer.setMaximumWidth(150)
        self.racer.activated.connect(lambda i: document.select(racer=self.racer.itemData(i)))
        self.back = IconButton("ph.caret-left-fill", tr("Step back (Left)"), 26)
        self.back.clicked.connect(lambda: player.step(-1))
        self.forward = IconButton("ph.caret-right-fill", tr("Step forward (Right)"), 26)
        self.forward.clicked.connect(lambda: player.step(1))
        self.tools = [self.racer, self.back, self.forward]
        self.page = StepPage(document.point_out)
        self.scroller = scroller(self.page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 6)
        column.addWidget(self.scroller)
        document.selected.connect(lambda: self.refresh())
        document.pointed_out.connect(self.page.mark)
        self.show_experiment(document.experiment)

    @property
    def step(self) -> Step | None:
        """The step that is shown."""
        return self.page.step

    def show_experiment(self, experiment: Experiment) -> None:
        self.racer.clear()
        for number, racer in enumerate(experiment.racers):
            if racer.on:
                self.racer.addItem(racer.name, number)
        self.refresh()

    def show_race(self, race: Race) -> None:
        self.refresh()

    def show_step(self, index: int) -> None:
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        self.racer.set_theme(theme)
        for button in (self.back, self.forward):
            button.set_color(theme.text2)
        self.page.set_theme(theme)

    def for_picture(self) -> QWidget:
        self.scroller.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return super().for_picture()

    def showEvent(self, event: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show the step under the playhead, unless no one can see it."""
        document = self.document
        self.racer.setCurrentIndex(self.racer.findData(document.racer))
        if not self.isVisible():
            return
        race, lane = document.race, document.selected_lane()
        if race.experiment is not document.experiment:
            return  # the race to come brings its own step
        if lane is None:
            racers = document.experiment.racers
            off = document.racer < len(racers) and not racers[document.racer].on
            if off and document.experiment.starts and document.experiment.running:
                name = racers[document.racer].name
                self.page.say(
                    tr("{name} is switched off. Choose another racer above.").format(name=name)
                )
            else:
                self.page.say(tr("Switch on a racer and add a start to see its steps here."))
            return
        index = min(self.player.index, race.last)
        step = step_of(race, lane, index)
        racer = race.experiment.racers[document.racer]
        where = f" from start {document.selection + 1}" if len(race.experiment.starts) > 1 else ""
        if step is None and race.trajectories[lane].weights is not None:
            words = tr("{name} moves every weight of the network by its rule, each for itself.")
            self.page.say(words.format(name=racer.name))
            return
        if step is None:
            assert isinstance(racer.definition, External)
            self.page.say(
                tr("{name} runs inside its library, which has no rule to show.").format(
                    name=racer.name
                )
            )
            return
        ended = race.ends[lane] <= race.steps[index]
        self.page.show_step(step, f"{racer.name}{where}", race.end(lane) if ended else "")


class StepPage(Page):
    """The step as a page of a textbook."""

    def __init__(self, point_out: Callable[[str], None]):
        super().__init__()
        self.setMouseTracking(True)
        self.setAccessibleName(tr("The step, line by line"))
        self._point_out = point_out
        self.step: Step | None = None
        self._title = self._end = ""
        self._message = ""

    # what to show

    def say(self, message: str) -> None:
        """Show a sentence in place of a step."""
        self.step, self._message = None, message
        self.lay_out()

    def show_step(self, step: Step, title: str, end: str) -> None:
        """Show a step; `end` tells why the run ended, if it has."""
        self.step, self._title, self._end, self._message = step, title, end, ""
        self.lay_out()

    def fill(self, y: float) -> float:
        zoom = self.theme.zoom
        if self.step is None:
            return self.add_words(y, self._message, font(13 * zoom), self.theme.text2)
        return self._lay_out_step(self.step, y, zoom)

    def _lay_out_step(self, step: Step, y: float, zoom: float) -> float:
        theme = self.theme
        kind = "Step" if step.taken else "The next step would be"
        heading = f"{self._title}: {kind[0].lower()}{kind[1:]} {step.number}"
        y = self.add_words(y, heading, font(13.5 * zoom, 600), theme.text)
        if self._end:
            end = f"The run has ended: {self._end}."
            y = self.add_words(y + 2, end, font(12.5 * zoom), theme.accent)
        size, small = NUMBERS * zoom, font(NOTE * zoom)
        y += 4
        place, after = _point(step.before, size), _point(step.after, size)
        y = self.add_row(y, [boxes.text("w = ", size, True), place], "w")
        shown = {name: value for name, value in step.given.items() if name == "g"}
        for name, value in shown.items():
            if step.disturbed:
                lead = [boxes.text("∇f(w) = ", size), _point(step.exact, size)]
                y = self.add_row(y, lead, name)
                y = self.add_words(
                    y, tr("after {what}").format(what=", ".join(step.disturbed)), small, theme.text2
                )
            equal = " = " if step.disturbed else " = ∇f(w) = "
            lead = [typeset.symbol(name, size), boxes.text(equal, size)]
            y = self.add_row(y, [*lead, _point(value, size)], name)
        used = set().union(*(line.term.variables() for line in step.lines))
        settings = [name for name in step.hyperparameters if name in used]
        if settings:
            pieces = []
            for name in settings:
                parts = [typeset.symbol(name, size), boxes.text(" = ", size),
                         typeset.number(step.hyperparameters[name], size)]  # fmt: skip
                pieces.append((boxes.row(*parts), name))
            y = self.add_flow(y, pieces, size)
        for number, line in enumerate(step.lines, 1):
            y = self._add_line(y + GAP * zoom, number, line, zoom)
        y += GAP * zoom
        parts = [boxes.text("w: ", size, True), place, boxes.text(" → ", size), after]
        y = self.add_row(y, parts, "w")
        moved = (step.after[0] - step.before[0], step.after[1] - step.before[1])
        y = self.add_row(y, [boxes.text("Δw = ", size, True), _point(moved, size)], "w")
        parts = [boxes.text("f: ", size, True), typeset.number(step.loss_before, size),
                 boxes.text(" → ", size), typeset.number(step.loss_after, size)]  # fmt: skip
        return self.add_row(y, parts, "f")

    def _add_line(self, y: float, number: int, line: Line, zoom: float) -> float:
        theme, top = self.theme, y
        size = FORMULA * zoom
        lead = boxes.row(typeset.symbol(line.name, size), boxes.text(" = ", size))
        y = self.add_formula(y, lead, typeset.typeset(line.term, size), line.name)
        if line.note:
            y = self.add_words(y + 1, line.note, font(NOTE * zoom), theme.text2)
        size = NUMBERS * zoom
        same = all(a == b for a, b in (*line.values.values(), line.result))
        for axis in (0,) if same else (0, 1):
            numbers = typeset.typeset(line.term, size, _numbers(line, axis))
            mark = boxes.text("" if same else "xy"[axis], size, True)
            lead = boxes.row(mark, boxes.space(14 * zoom - mark.width))
            value = typeset.number(line.result[axis], size, name=line.name)
            result = boxes.row(boxes.text(" = ", size), value)
            plain = line.term.kind in ("variable", "constant")
            whole = boxes.row(*(part for _, _, part in numbers.parts), result,
                                breaks=[*numbers.breaks, len(numbers.parts)])  # fmt: skip
            if not numbers.parts or numbers.draw is not None or not numbers.breaks:
                whole = boxes.row(numbers, result, breaks=[1])
            y = self.add_formula(y + 3, lead, numbers if plain else whole, line.name)
        self.name_place(top, y - top, line.name)
        return y

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            name = self.name_at(event.position().x(), event.position().y())
            self.setToolTip("" if self.step is None else self.step.meanings.get(name, ""))
            self._point_out(name)

    def leaveEvent(self, event: QEvent | None) -> None:
        self._point_out("")


def _numbers(line: Line, axis: int) -> Leaf:
    """Leaves as the numbers they stand for."""

    def leaf(term: Term, size: float) -> Box | None:
        if term.kind == "variable" and term.value in line.values:
            return typeset.number(line.values[term.value][axis], size, name=term.value)
        if term in line.parts:
            return typeset.number(line.parts[term][axis], size)
        return typeset.written(term, size)

    return leaf


def _point(at: Pair, size: float) -> Box:
    parts = [typeset.number(at[0], size), boxes.text(", ", size), typeset.number(at[1], size)]
    return boxes.bracketed(boxes.row(*parts), size)
