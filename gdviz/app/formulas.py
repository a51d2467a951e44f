"""The editor of a surface: its formula, its numbers, its domain, beside the formula typeset."""

from dataclasses import replace
from functools import partial

from PyQt6.QtWidgets import QCheckBox, QGridLayout, QWidget

from gdviz.app import boxes, typeset
from gdviz.app.controls import label
from gdviz.app.document import Document
from gdviz.app.entry import NumberField
from gdviz.app.page import Page
from gdviz.app.text import tr
from gdviz.app.theme import Theme, font
from gdviz.app.workshop import Workshop
from gdviz.experiment import Experiment
from gdviz.own import Number, OwnSurface, suggested_view, unknown_in_formula, view_of_loss
from gdviz_core import SURFACES
from gdviz_core.expression import CONSTANTS, FUNCTIONS
from gdviz_core.notation import notation
from gdviz_core.surface import Domain, Point

ENDS = ("x from", "x to", "y from", "y to")


class FormulaPage(Page):
    """A formula as a textbook sets it."""

    def __init__(self) -> None:
        super().__init__()
        self.formula, self.names = "", ("x", "y")

    def show_formula(self, formula: str, names: tuple[str, str] = ("x", "y")) -> None:
        """Show a formula over two variables; nothing for a surface that has none."""
        self.formula, self.names = formula, names
        self.lay_out()

    def fill(self, y: float) -> float:
        if not self.formula:
            return y
        zoom = self.theme.zoom
        size = 20.0 * zoom
        y = self.add_words(y + 4, tr("As a textbook sets it"), font(12 * zoom), self.theme.text3)
        lead = boxes.row(boxes.text(f"f({', '.join(self.names)}) = ", size, True))
        return self.add_formula(y + 8, lead, typeset.typeset(notation(self.formula), size), "f")


class FormulaEditor(Workshop):
    """Every text that can be read is on the map at once; else the last good one stays."""

    kind = OwnSurface

    def __init__(self, parent: QWidget, document: Document, theme: Theme):
        page = FormulaPage()
        super().__init__(parent, document, theme, tr("Formula of the surface"), tr("Formula"), 5,
                         page)  # fmt: skip
        self._preview = page
        self._title = ""  # that came with the surface
        self.resize(min(820, parent.width() - 40), min(560, parent.height() - 60))
        self.automatic = QCheckBox(tr("Choose the domain and the start by the formula"))
        self.automatic.toggled.connect(lambda on: self._choose_view() if on else None)
        self.ends = [
            NumberField(tr(name), partial(self._set_end, at)) for at, name in enumerate(ENDS)
        ]
        self.more.addWidget(label(tr("Domain"), "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        for at, (name, field) in enumerate(zip(ENDS, self.ends, strict=True)):
            field.setFixedWidth(96)
            field.refused.connect(self.say)
            grid.addWidget(label(tr(name), "caption"), at // 2, 2 * (at % 2))
            grid.addWidget(field, at // 2, 2 * (at % 2) + 1)
        grid.setColumnStretch(4, 1)
        self.more.addLayout(grid)
        self.more.addWidget(self.automatic)
        self.more.addStretch(1)
        document.changed.connect(self.show_experiment)
        self.show_experiment(document.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        """Follow what is changed elsewhere, such as by Undo."""
        surface = experiment.resolved()
        typed = self.writing.toPlainText().strip()
        if surface.formula != typed and (
            not self.wrong or surface.formula != self._preview.formula
        ):
            self.writing.show_text(surface.formula)
            self.accept_text()
        network = experiment.data is not None and experiment.data.net is not None
        self._preview.show_formula("" if network else surface.formula, surface.variables)
        self.use(experiment.own_numbers())
        names = [number.name for number in experiment.own_numbers()]
        self.writing.know([*FUNCTIONS, *CONSTANTS, *experiment.names, *names])
        for field, value in zip(self.ends, surface.domain, strict=True):
            field.show_number(value)
        if self.title.text() in ("", self._title):  # another formula is not called so
            self._title = surface.title if experiment.surface in SURFACES else ""
            self.title.setText(self._title)

    def unknown(self, text: str) -> tuple[str, ...]:
        return unknown_in_formula(text, self._numbers, self.document.experiment.names)

    def take_text(self, text: str, numbers: tuple[Number, ...]) -> None:
        before = self.document.experiment
        if text.strip() == before.resolved().formula and numbers == before.own_numbers():
            return
        made = before.with_formula(text, numbers)
        if self.automatic.isChecked():
            domain, start = _view(made)
            made = replace(made, domain=domain)
            x0, x1, y0, y1 = domain
            inside = [x0 <= x <= x1 and y0 <= y <= y1 for x, y in made.starts]
            if len(made.starts) < 2 or not any(inside):
                made = replace(made, starts=(start,))
        self.document.show(tr("Change formula"), made, self.gesture)

    def _choose_view(self) -> None:
        domain, start = _view(self.document.experiment)
        self.document.edit(tr("Choose the domain"), gesture=self.gesture, domain=domain,
                           starts=(start,))  # fmt: skip

    def _set_end(self, at: int, value: float) -> None:
        """Raises ValueError for a domain that cannot be."""
        domain = list(self.document.experiment.resolved().domain)
        domain[at] = value
        self.automatic.setChecked(False)
        self.document.edit(tr("Change the domain"), gesture=self.gesture, domain=tuple(domain))

    def entry(self) -> OwnSurface:
        experiment = self.document.experiment
        surface = experiment.resolved()
        start = experiment.starts[0] if experiment.starts else None
        return OwnSurface(self.title.text().strip(), surface.formula, experiment.own_numbers(),
                          surface.domain, start)  # fmt: skip

    def show_entry(self, entry: OwnSurface) -> None:
        self._title = entry.title
        self.title.setText(entry.title)
        self.document.show(
            tr("Choose {title}").format(title=entry.title), self.document.experiment.on_own(entry)
        )


def _view(experiment: Experiment) -> tuple[Domain, Point]:
    """A domain and a start that suit the surface."""
    find = suggested_view if experiment.data is None else view_of_loss
    return find(experiment.resolved())
