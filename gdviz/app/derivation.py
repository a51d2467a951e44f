"""The formula of the surface, whose parts know their nodes, and its derivatives by SymPy."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QMouseEvent

from gdviz import laboratory
from gdviz.app import boxes, typeset
from gdviz.app.boxes import Box
from gdviz.app.page import MARGIN, Page
from gdviz.app.text import tr
from gdviz.app.theme import font
from gdviz_core import Surface, symbolic
from gdviz_core.notation import Term, notation

WIDEST = 900  # pixels of a derivative
LONGEST = 400  # operations of a derivative that is still typeset


class FormulaLine(Page):
    """The formula of the surface; each part of it knows its node in the graph."""

    hovered = pyqtSignal(object)  # the number of a node, or None

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self._formula = ""
        self._nodes: dict[Term, int] = {}

    def show_surface(self, surface: Surface) -> None:
        if surface.formula != self._formula:
            self._formula = surface.formula
            self._nodes = laboratory.terms(surface.formula, tuple(surface.values))
            self.lay_out()

    def show_nothing(self) -> None:
        """Show no formula."""
        self._formula = ""
        self.lay_out()

    def fill(self, y: float) -> float:
        if not self._formula:
            return y
        size = 15.0 * self.theme.zoom
        inside: set[Term] = set()

        def leaf(term: Term, size: float) -> Box | None:
            if term in inside:
                return typeset.written(term, size)
            inside.add(term)
            made = typeset.typeset(term, size, leaf)
            inside.discard(term)
            made.name = f"#{self._nodes[term]}" if term in self._nodes else ""
            return made

        lead = boxes.text("f(x, y) = ", size, True)
        return self.add_formula(y, lead, typeset.typeset(notation(self._formula), size, leaf), "")

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            name = self.name_at(event.position().x(), event.position().y())
            self.hovered.emit(int(name[1:]) if name.startswith("#") else None)

    def leaveEvent(self, event: object) -> None:
        self.hovered.emit(None)


class SymbolicPage(Page):
    """What SymPy makes of the formula."""

    def __init__(self) -> None:
        super().__init__()
        self.found: symbolic.Symbolic | None = None
        self.problem = ""
        self.graph_operations = 0

    def show_found(self, found: symbolic.Symbolic | None, problem: str, shared: int) -> None:
        self.setMinimumWidth(0)
        self.found, self.problem, self.graph_operations = found, problem, shared
        self.lay_out()

    def fill(self, y: float) -> float:
        theme, zoom = self.theme, self.theme.zoom
        small, size = font(11.5 * zoom), 14.0 * zoom
        if self.found is None:
            return self.add_words(y, self.problem or tr("SymPy differentiates…"), small,
                                  theme.text3)  # fmt: skip
        pairs = (("x", self.found.dx, self.found.dx_operations),
                 ("y", self.found.dy, self.found.dy_operations))  # fmt: skip
        for name, term, operations in pairs:
            over, under = boxes.text("∂f", size, True), boxes.text(f"∂{name}", size, True)
            lead = boxes.row(boxes.fraction(over, under, size), boxes.text(" = ", size))
            if operations <= LONGEST:
                box = typeset.typeset(term, size)
                lines = boxes.broken(box, max(60.0, self.width() - 2 * MARGIN - lead.width), 20.0)
                needed = max(line.width for line in lines) + lead.width + 2 * MARGIN + 24
                self.setMinimumWidth(min(WIDEST, max(self.minimumWidth(), round(0.9 * needed))))
                y = self.add_formula(y + 4, lead, box, "")
            else:
                y = self.add_words(y + 4, tr("∂f/∂{name}: too long to be set").format(name=name),
                                   small, theme.text2)  # fmt: skip
        words = tr(
            "Operations: f {f}, ∂f/∂x {x}, ∂f/∂y {y}. The graph below shares its parts: {shared} "
            "for f and both."
        ).format(f=self.found.operations, x=self.found.dx_operations,
                 y=self.found.dy_operations, shared=self.graph_operations)  # fmt: skip
        return self.add_words(y + 8, words, small, theme.text2)
