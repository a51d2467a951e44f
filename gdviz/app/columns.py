"""The four columns of the gradient laboratory: one for each way of differentiating."""

import math
import threading

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gdviz import laboratory
from gdviz.app.controls import Combo, ElidedLabel, IconButton, label, scroller
from gdviz.app.derivation import SymbolicPage
from gdviz.app.job import Job
from gdviz.app.ledger import Ledger, Row
from gdviz.app.plot import Plot, Series
from gdviz.app.surroundings import WORDS
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.laboratory import Differences, Stage, Walk
from gdviz.worker import apart
from gdviz_core import Surface, symbolic
from gdviz_core.surface import NUMERICAL

_SYMPY = threading.Lock()


class Column(QFrame):
    """A column with a title; `extra` are what stays away where there is little height."""

    def __init__(self, title: str):
        super().__init__()
        self.setObjectName("column")
        self.extra: list[QWidget] = []
        self.head = QHBoxLayout()
        self.head.setSpacing(4)
        self.head.addWidget(ElidedLabel(title, "name"), 1)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(8, 6, 8, 6)
        self.column.setSpacing(4)
        self.column.addLayout(self.head)

    def hide_controls(self) -> None:
        """Leave out what only a hand can use."""
        for at in range(1, self.head.count()):
            item = self.head.itemAt(at)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()

    def make_room(self, tall: bool) -> None:
        """Show all, or only what belongs to the point."""
        for part in self.extra:
            part.setVisible(tall)

    def set_theme(self, theme: Theme) -> None:
        """Colours have changed."""


class Numerical(Column):
    """Error against step for each kind of difference."""

    raced = pyqtSignal(str, float)  # a way of differentiating and its step are to race

    def __init__(self) -> None:
        super().__init__(tr("Numerical"))
        self.plot = Plot(tr("Error of the differences against their step"), tr("step h"), True)
        self.plot.picked.connect(self._pick)
        self.plot.pick_by_keys()
        self.best = label("", "caption")
        self.best.setWordWrap(True)
        self.race_it = IconButton("ph.flag", "", 22)
        self.race_it.setAccessibleName(tr("Race with this gradient"))
        self.race_it.clicked.connect(lambda _=False: self.raced.emit(*self.chosen))
        self.chosen = ("central difference", 1e-5)
        self._pick(tr(WORDS[self.chosen[0]]), self.chosen[1])
        self.head.addWidget(self.race_it)
        self.column.addWidget(self.plot, 1)
        self.column.addWidget(self.best)
        self.extra = [self.best]

    def show_differences(self, differences: Differences) -> None:
        """Show the errors at a point."""
        series, marks, words = [], [], []
        for number, way in enumerate(NUMERICAL):
            name = tr(WORDS[way])
            shown = [max(float(e), laboratory.FLOOR) for e in differences.errors[way]]
            series.append(Series(name, number, list(map(float, laboratory.STEPS)), shown))
            h, error = differences.best(way)
            marks.append((name, h))
            if math.isnan(error):
                continue  # there is no gradient
            off = tr("exact") if error == 0 else tr("off by {error:.0e}").format(error=error)
            words.append(tr("{way}: h {h:.0e}, {off}").format(way=name, h=h, off=off))
        self.plot.show_series(series, marks)
        self.best.setText(tr("Best steps") + "\n" + "\n".join(words))
        self.plot.setToolTip(self.best.text())

    def clear(self) -> None:
        self.plot.show_series([])
        self.plot.setToolTip("")
        self.best.setText("")

    def _pick(self, name: str, h: float) -> None:
        way = next(way for way in NUMERICAL if tr(WORDS[way]) == name)
        self.chosen = (way, float(f"{h:.3g}"))
        words = tr(
            "Add the selected racer once more, with this gradient instead of the exact one: {way}, "
            "h = {h:.0e} (click the plot for another)"
        )
        self.race_it.setToolTip(words.format(way=name.lower(), h=h))

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(theme)
        self.race_it.set_color(theme.text2)


class Symbolic(Column):
    """What SymPy writes, and how it grows along a chain of compositions."""

    def __init__(self) -> None:
        super().__init__(tr("Symbolic"))
        self.page = SymbolicPage()
        self.swell = Plot(tr("Expression swell"), tr("compositions"))
        wide = scroller(self.page)  # a long derivative is not made too small to be read
        wide.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.column.addWidget(wide, 3)
        self.column.addWidget(self.swell, 2)
        self.extra = [self.swell]
        self._job: Job | None = None

    def show_surface(self, surface: Surface, shared: int) -> None:
        """Let SymPy work in the background; `shared` are the operations of the graph."""
        self.finish()
        self.page.show_found(None, "", 0)

        def work() -> tuple[symbolic.Symbolic, symbolic.Swell]:
            return symbolic.differentiate(surface.formula), symbolic.swell()

        def found(result: tuple[symbolic.Symbolic, symbolic.Swell]) -> None:
            self.page.show_found(result[0], "", shared)
            self._show_swell(result[1])

        self._job = job = Job(apart(work, _SYMPY))
        job.done.connect(found)
        job.failed.connect(lambda error: self.clear(tr("SymPy: {error}").format(error=error)))
        job.start()

    def _show_swell(self, swell: symbolic.Swell) -> None:
        xs = list(range(1, len(swell.formula) + 1))
        self.swell.show_series([
            Series(tr("derivative"), 2, xs, swell.derivative),
            Series(tr("formula"), 1, xs, swell.formula),
            Series(tr("graph of both"), 0, xs, swell.graph),
        ])  # fmt: skip

    def clear(self, why: str = "") -> None:
        self.finish()
        self.page.show_found(None, why, 0)

    def finish(self) -> None:
        """Wait for nothing any more."""
        if self._job is not None:
            self._job.cancel()

    def set_theme(self, theme: Theme) -> None:
        self.page.set_theme(theme)
        self.swell.set_theme(theme)


class Pass(Column):
    """The nodes of the graph one after another, with their values and derivatives."""

    played = pyqtSignal()
    chosen = pyqtSignal(int)  # a row
    hovered = pyqtSignal(object)  # a node, or None

    def __init__(self, title: str, derivative: str):
        super().__init__(title)
        self.ledger = Ledger(title, (tr("node"), tr("value"), derivative))
        self.ledger.clicked.connect(self.chosen)
        self.ledger.hovered.connect(self.hovered)
        self.play = IconButton("ph.play", tr("Play this mode step by step"), 22)
        self.play.clicked.connect(lambda _=False: self.played.emit())
        self.head.addWidget(self.play)
        self.column.addWidget(scroller(self.ledger), 3)

    def show_stage(self, walk: Walk, stage: Stage) -> None:
        """Show how far the pass has come."""
        slopes = self.slopes(walk)
        rows = []
        for at, node in enumerate(walk.nodes):
            text = node.text if node.text == node.name else f"{node.name} = {node.text}"
            value = float(walk.values[at]) if stage.knows_value(at) else None
            slope = float(slopes[at]) if stage.knows_slope(at) else None
            rows.append(Row(node.number, text, value, slope, stage.backward and node.kept))
        self.ledger.show_rows(rows, -1 if stage.present is None else stage.present)

    def slopes(self, walk: Walk) -> laboratory.Array:
        """The derivatives that this mode computes, in the order of the nodes."""
        raise NotImplementedError

    def clear(self) -> None:
        self.ledger.show_rows([], -1)

    def set_theme(self, theme: Theme) -> None:
        self.ledger.set_theme(theme)
        self.play.set_color(theme.text2)


class Forward(Pass):
    """Dual numbers: every node carries its derivative by one variable along."""

    turned = pyqtSignal()  # another variable

    def __init__(self) -> None:
        super().__init__(tr("Forward mode"), tr("tangent"))
        self.by = Combo(tr("The variable of the pass"))
        self.by.setObjectName("choice")
        for name in ("x", "y"):
            self.by.addItem(tr("by {name}").format(name=name), name)
        self.by.activated.connect(lambda _: self.turned.emit())
        self.head.insertWidget(1, self.by)

    def slopes(self, walk: Walk) -> laboratory.Array:
        return walk.tangents[self.by.currentIndex()]


class Reverse(Pass):
    """Values first; then the derivative of the loss by every node, from the end to the inputs."""

    def __init__(self) -> None:
        super().__init__(tr("Reverse mode"), tr("adjoint"))
        self.cost = label("", "caption")
        self.cost.setWordWrap(True)
        self.growth = Plot(tr("Cost against the number of variables"), tr("variables"),
                           log_y=False)  # fmt: skip
        self.column.addWidget(self.cost)
        self.column.addWidget(self.growth, 2)
        self.extra = [self.cost, self.growth]

    def slopes(self, walk: Walk) -> laboratory.Array:
        return walk.adjoints

    def show_cost(self, walk: Walk) -> None:
        """Count the operations of the passes, here and for more variables."""
        kept = sum(node.kept for node in walk.nodes)
        words = tr(
            "f: {value} operations; with its gradient {reverse}, by two forward passes {forward}. "
            "● {kept} values are kept for the way back."
        ).format(value=walk.cost.value, reverse=walk.cost.reverse, forward=2 * walk.cost.forward,
                 kept=kept)  # fmt: skip
        self.cost.setText(words)
        self.ledger.setToolTip(words)
        costs = laboratory.growth()
        xs = list(costs)
        self.growth.show_series([
            Series(tr("forward"), 2, xs, [n * c.forward / c.value for n, c in costs.items()]),
            Series(tr("reverse"), 0, xs, [c.reverse / c.value for c in costs.values()]),
        ])  # fmt: skip

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.growth.set_theme(theme)
