"""The inspector: the rule of the selected racer, line by line, with the numbers of this step."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gdviz.app import typeset
from gdviz.app.canvas import painted
from gdviz.app.controls import Combo, IconButton
from gdviz.app.document import Document
from gdviz.app.player import Player
from gdviz.app.theme import DARK, Theme, font
from gdviz.app.typeset import Box, Leaf, Pen
from gdviz.compute import Race
from gdviz.experiment import Experiment
from gdviz.inspection import Line, Step, step_of
from gdviz.views.view import View
from gdviz_core.external import External, find
from gdviz_core.notation import Pair, Term

FORMULA, NUMBERS, NOTE = 19.0, 16.0, 12.5
MARGIN, GAP = 16.0, 14.0
SMALLEST = 0.42  # to which a formula that is too wide is shrunk


class InspectorView(View):
    """What happens in the step that leaves the iterate under the playhead."""

    title = "Inspector"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.racer = Combo("Racer to inspect")
        self.racer.setObjectName("choice")
        self.racer.setMaximumWidth(150)
        self.racer.activated.connect(lambda i: document.select(racer=self.racer.itemData(i)))
        self.back = IconButton("ph.caret-left-fill", "Step back (Left)", 26)
        self.back.clicked.connect(lambda: player.step(-1))
        self.forward = IconButton("ph.caret-right-fill", "Step forward (Right)", 26)
        self.forward.clicked.connect(lambda: player.step(1))
        self.tools = [self.racer, self.back, self.forward]
        self.page = Page(document.point_out)
        self.scroller = QScrollArea()
        self.scroller.setWidget(self.page)
        self.scroller.setWidgetResizable(True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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
                self.page.say(f"{name} is switched off. Choose another racer above.")
            else:
                self.page.say("Switch on a racer and add a start to see its steps here.")
            return
        index = min(self.player.index, race.last)
        step = step_of(race, lane, index)
        racer = race.experiment.racers[document.racer]
        where = f" from start {document.selection + 1}" if len(race.experiment.starts) > 1 else ""
        if step is None:
            assert isinstance(find(racer.optimizer), External)
            self.page.say(f"{racer.name} runs inside its library, which has no rule to show.")
            return
        ended = race.ends[lane] <= race.steps[index]
        self.page.show_step(step, f"{racer.name}{where}", race.end(lane) if ended else "")


@dataclass
class Block:
    """Something on the page: where it is, and what it paints there."""

    top: float
    height: float
    name: str
    paint: Callable[[QPainter, Pen, float], None]


class Page(QWidget):
    """The step as a page of a textbook."""

    def __init__(self, point_out: Callable[[str], None]):
        super().__init__()
        self.setObjectName("plain")
        self.setMouseTracking(True)
        self.setAccessibleName("The step, line by line")
        self._point_out = point_out
        self.theme: Theme = DARK
        self.step: Step | None = None
        self._title = self._end = ""
        self._message = ""
        self._marked = ""
        self._blocks: list[Block] = []
        self._found: list[tuple[QRectF, str]] = []
        self._height = 0.0

    # what to show

    def say(self, message: str) -> None:
        """Show a sentence in place of a step."""
        self.step, self._message = None, message
        self._lay_out()

    def show_step(self, step: Step, title: str, end: str) -> None:
        """Show a step; `end` tells why the run ended, if it has."""
        self.step, self._title, self._end, self._message = step, title, end, ""
        self._lay_out()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._lay_out()

    def mark(self, name: str) -> None:
        """Highlight a quantity wherever it stands."""
        if name != self._marked:
            self._marked = name
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, round(self._height))

    def resizeEvent(self, event: object) -> None:
        self._lay_out()

    # the layout

    def _lay_out(self) -> None:
        self._blocks, self._found = [], []
        zoom = self.theme.zoom
        y = 4.0
        if self.step is None:
            y = self._add_words(y, self._message, font(13 * zoom), self.theme.text2)
        else:
            y = self._lay_out_step(self.step, y, zoom)
        self._height = y + 8
        self.setMinimumHeight(round(self._height))
        self.update()

    def _lay_out_step(self, step: Step, y: float, zoom: float) -> float:
        theme = self.theme
        kind = "Step" if step.taken else "The next step would be"
        heading = f"{self._title}: {kind[0].lower()}{kind[1:]} {step.number}"
        y = self._add_words(y, heading, font(13.5 * zoom, 600), theme.text)
        if self._end:
            end = f"The run has ended: {self._end}."
            y = self._add_words(y + 2, end, font(12.5 * zoom), theme.accent)
        size = NUMBERS * zoom
        y += 4
        place, after = _point(step.before, size), _point(step.after, size)
        y = self._add_row(y, [typeset.text("w = ", size, True), place], "w")
        shown = {name: value for name, value in step.given.items() if name == "g"}
        for name, value in shown.items():
            lead = [typeset.symbol(name, size), typeset.text(" = ∇f(w) = ", size)]
            y = self._add_row(y, [*lead, _point(value, size)], name)
        used = set().union(*(line.term.variables() for line in step.lines))
        settings = [name for name in step.hyperparameters if name in used]
        if settings:
            boxes = []
            for name in settings:
                parts = [typeset.symbol(name, size), typeset.text(" = ", size),
                         typeset.number(step.hyperparameters[name], size)]  # fmt: skip
                boxes.append((typeset.row(*parts), name))
            y = self._add_flow(y, boxes, size)
        for number, line in enumerate(step.lines, 1):
            y = self._add_line(y + GAP * zoom, number, line, zoom)
        y += GAP * zoom
        parts = [typeset.text("w: ", size, True), place, typeset.text(" → ", size), after]
        y = self._add_row(y, parts, "w")
        moved = (step.after[0] - step.before[0], step.after[1] - step.before[1])
        y = self._add_row(y, [typeset.text("Δw = ", size, True), _point(moved, size)], "w")
        parts = [typeset.text("f: ", size, True), typeset.number(step.loss_before, size),
                 typeset.text(" → ", size), typeset.number(step.loss_after, size)]  # fmt: skip
        return self._add_row(y, parts, "f")

    def _add_line(self, y: float, number: int, line: Line, zoom: float) -> float:
        theme, top = self.theme, y
        size = FORMULA * zoom
        lead = typeset.row(typeset.symbol(line.name, size), typeset.text(" = ", size))
        y = self._add_formula(y, lead, typeset.typeset(line.term, size), line.name)
        if line.note:
            y = self._add_words(y + 1, line.note, font(NOTE * zoom), theme.text2)
        size = NUMBERS * zoom
        same = all(a == b for a, b in (*line.values.values(), line.result))
        for axis in (0,) if same else (0, 1):
            numbers = typeset.typeset(line.term, size, _numbers(line, axis))
            mark = typeset.text("" if same else "xy"[axis], size, True)
            lead = typeset.row(mark, typeset.space(14 * zoom - mark.width))
            value = typeset.number(line.result[axis], size, name=line.name)
            result = typeset.row(typeset.text(" = ", size), value)
            plain = line.term.kind in ("variable", "constant")
            whole = typeset.row(*(part for _, _, part in numbers.parts), result,
                                breaks=[*numbers.breaks, len(numbers.parts)])  # fmt: skip
            if not numbers.parts or numbers.draw is not None or not numbers.breaks:
                whole = typeset.row(numbers, result, breaks=[1])
            y = self._add_formula(y + 3, lead, numbers if plain else whole, line.name)
        self._blocks.append(Block(top, y - top, line.name, _nothing))
        return y

    def _add_formula(self, y: float, lead: Box, box: Box, name: str) -> float:
        """A formula behind its left side, in as many lines as it needs."""
        room = max(60.0, self.width() - 2 * MARGIN - lead.width)
        first = True
        for line in typeset.broken(box, room, 20.0):
            indent = 0.0 if first else 20.0
            scale = max(SMALLEST, min(1.0, (room - indent) / max(line.width, 1.0)))
            ascent = max(lead.ascent, scale * line.ascent) if first else scale * line.ascent
            descent = max(lead.descent, scale * line.descent) if first else scale * line.descent

            def paint(
                painter: QPainter, pen: Pen, top: float, line: Box = line, first: bool = first,
                scale: float = scale, ascent: float = ascent, indent: float = indent,
            ) -> None:  # fmt: skip
                if first:
                    lead.paint(pen, MARGIN, top + ascent)
                left, base = MARGIN + lead.width + indent, top + ascent
                painter.save()
                painter.translate(left, base)
                painter.scale(scale, scale)
                inner = Pen(painter, pen.color, pen.mark, pen.marked)
                line.paint(inner, 0.0, 0.0)
                painter.restore()
                for at, found in inner.found:
                    place = QRectF(left + scale * at.x(), base + scale * at.y(),
                                   scale * at.width(), scale * at.height())  # fmt: skip
                    pen.found.append((place, found))

            self._blocks.append(Block(y, ascent + descent, name, paint))
            y += ascent + descent + 3
            first = False
        return y

    def _add_row(self, y: float, boxes: list[Box], name: str) -> float:
        return self._add_formula(y, typeset.space(0.0), typeset.row(*boxes), name)

    def _add_flow(self, y: float, boxes: list[tuple[Box, str]], size: float) -> float:
        """Boxes side by side, in as many rows as they need."""
        line: list[Box] = []
        used, room = 0.0, self.width() - 2 * MARGIN
        for box, _ in boxes:
            if line and used + box.width > room:
                y = self._add_row(y, line, "")
                line, used = [], 0.0
            line += [box, typeset.space(1.1 * size)]
            used += box.width + 1.1 * size
        return self._add_row(y, line, "") if line else y

    def _add_words(self, y: float, words: str, type_: QFont, color: str) -> float:
        """A paragraph of plain text."""
        room = QRectF(MARGIN, 0, max(40.0, self.width() - 2 * MARGIN), 10_000)
        flags = int(Qt.TextFlag.TextWordWrap)
        height = QFontMetricsF(type_).boundingRect(room, flags, words).height()

        def paint(painter: QPainter, pen: Pen, top: float) -> None:
            painter.setFont(type_)
            painter.setPen(QColor(color))
            painter.drawText(QRectF(room.x(), top, room.width(), height + 4), flags, words)

        self._blocks.append(Block(y, height, "", paint))
        return y + height + 2

    # painting and pointing

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        mark = QColor(self.theme.accent)
        mark.setAlpha(70)
        pen = Pen(painter, QColor(self.theme.text), mark, frozenset({self._marked} - {""}))
        seen = QRectF(self.visibleRegion().boundingRect())
        for block in self._blocks:
            if block.top <= seen.bottom() and block.top + block.height >= seen.top():
                block.paint(painter, pen, block.top)
        self._found = pen.found

    def name_at(self, x: float, y: float) -> str:
        """The quantity at a point: that of a symbol or number, or of the line."""
        inside = [(place.width() * place.height(), name) for place, name in self._found
                  if place.contains(x, y)]  # fmt: skip
        if inside:
            return min(inside)[1]
        lines = [b.name for b in self._blocks if b.name and b.top <= y <= b.top + b.height]
        return lines[0] if lines else ""

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            name = self.name_at(event.position().x(), event.position().y())
            self.setToolTip("" if self.step is None else self.step.meanings.get(name, ""))
            self._point_out(name)

    def leaveEvent(self, event: QEvent | None) -> None:
        self._point_out("")


def _nothing(painter: QPainter, pen: Pen, top: float) -> None:
    """A block that only gives its place a name."""


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
    parts = [typeset.number(at[0], size), typeset.text(", ", size), typeset.number(at[1], size)]
    return typeset.bracketed(typeset.row(*parts), size)
