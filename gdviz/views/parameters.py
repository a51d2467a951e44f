"""The parameters of the surface, each a slider and a number; hidden where there are none."""

from functools import partial

from PyQt6.QtWidgets import QGridLayout, QWidget

from gdviz.app.controls import label
from gdviz.app.dial import Dial
from gdviz.app.document import Document
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.experiment import Experiment
from gdviz.views.view import View
from gdviz_core import Parameter


class ParametersView(View):
    """A row for each parameter of the surface."""

    title = "Surface parameters"
    place = "left"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self.dials: dict[str, Dial] = {}
        self._rows = QWidget()
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self._column = QGridLayout(self)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setVerticalSpacing(8)
        self._column.addWidget(label(tr(self.title), "title"), 0, 0)
        self._column.addWidget(self._rows, 1, 0)
        self._column.addWidget(self.problem, 2, 0)
        self.show_experiment(document.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        parameters = experiment.resolved().parameters
        if [p.name for p in parameters] != list(self.dials):
            self._rebuild(parameters)
        self.setVisible(bool(parameters))
        for parameter in parameters:
            self.dials[parameter.name].show_number(parameter)

    def _rebuild(self, parameters: tuple[Parameter, ...]) -> None:
        old, self._rows = self._rows, QWidget()
        self._column.replaceWidget(old, self._rows)
        old.hide()
        old.deleteLater()
        self.dials = {}
        self._show_problem("")
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        for row, parameter in enumerate(parameters):
            name = tr("Parameter {name}").format(name=parameter.name)
            dial = Dial(name, parameter, partial(self._set, parameter.name), self._show_problem)
            self.dials[parameter.name] = dial
            dial.add_to(grid, row)
        grid.setColumnStretch(1, 1)
        self.set_theme(self.theme)

    def _set(self, name: str, value: float, gesture: object) -> None:
        """Raises ValueError for a value that is not permitted."""
        experiment = self.document.experiment.with_parameter(name, value)
        self.document.show(tr("Change {name}").format(name=name), experiment, gesture)

    def _show_problem(self, reason: str) -> None:
        self.problem.setText(reason)
        self.problem.setVisible(bool(reason))

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for dial in self.dials.values():
            dial.set_theme(theme)
