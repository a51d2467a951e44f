"""The parameters of the surface, each a slider and a number; hidden where there are none."""

import math

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QGridLayout, QWidget

from gdviz.app.controls import Slider, label
from gdviz.app.document import Document
from gdviz.app.entry import NumberField
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.experiment import Experiment
from gdviz.views.view import View
from gdviz_core import Parameter

NOTCHES = 400


class ParametersView(View):
    """A row for each parameter of the surface."""

    title = "Surface parameters"
    place = "left"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self.sliders: dict[str, Slider] = {}
        self.fields: dict[str, NumberField] = {}
        self._shown: tuple[Parameter, ...] = ()
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
        if [p.name for p in parameters] != [p.name for p in self._shown]:
            self._rebuild(parameters)
        self._shown = parameters
        self.setVisible(bool(parameters))
        for parameter in parameters:
            self.fields[parameter.name].show_number(parameter.value)
            slider = self.sliders[parameter.name]
            slider.blockSignals(True)
            slider.setValue(_notch(parameter, parameter.value))
            slider.blockSignals(False)
            slider.update()

    def _rebuild(self, parameters: tuple[Parameter, ...]) -> None:
        old, self._rows = self._rows, QWidget()
        self._column.replaceWidget(old, self._rows)
        old.hide()
        old.deleteLater()
        self.sliders, self.fields = {}, {}
        self._show_problem("")
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        for row, parameter in enumerate(parameters):
            caption = label(parameter.name, "caption")
            caption.setToolTip(f"{parameter.meaning}; {parameter.allowed}")
            grid.addWidget(caption, row, 0)
            grid.addWidget(self._slider(parameter), row, 1)
            grid.addWidget(self._field(parameter.name), row, 2)
        grid.setColumnStretch(1, 1)
        self.set_theme(self.theme)

    def _slider(self, parameter: Parameter) -> Slider:
        slider = self.sliders[parameter.name] = Slider(
            tr("Parameter {name}").format(name=parameter.name)
        )
        slider.setRange(0, NOTCHES)
        slider.setPageStep(NOTCHES // 10)
        slider.setMinimumWidth(48)
        gesture: list[object] = [None]
        slider.sliderPressed.connect(lambda: gesture.__setitem__(0, object()))
        slider.sliderReleased.connect(lambda: gesture.__setitem__(0, None))
        slider.valueChanged.connect(
            lambda notch: self._set(parameter.name, _value(parameter, notch), gesture[0])
        )
        return slider

    def _field(self, name: str) -> NumberField:
        field = self.fields[name] = NumberField(
            tr("Parameter {name}").format(name=name), lambda value: self._set(name, value)
        )
        field.setFixedWidth(72)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.refused.connect(self._show_problem)
        return field

    def _set(self, name: str, value: float, gesture: object = None) -> None:
        """Raises ValueError for a value that is not permitted."""
        experiment = self.document.experiment.with_parameter(name, value)
        self.document.show(tr("Change {name}").format(name=name), experiment, gesture)

    def _show_problem(self, reason: str) -> None:
        self.problem.setText(reason)
        self.problem.setVisible(bool(reason))

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for slider in self.sliders.values():
            slider.set_colours(QColor(theme.accent), theme)


def _is_log(parameter: Parameter) -> bool:
    return parameter.log and parameter.low > 0


def _notch(parameter: Parameter, value: float) -> int:
    low, high = parameter.low, parameter.high
    if _is_log(parameter):
        low, high, value = math.log(low), math.log(high), math.log(value)
    return round(NOTCHES * (value - low) / (high - low))


def _value(parameter: Parameter, notch: int) -> float:
    """The value of a notch, to three digits, the ends exactly."""
    if notch in (0, NOTCHES):
        return parameter.high if notch else parameter.low
    share = notch / NOTCHES
    if _is_log(parameter):
        value = parameter.low * (parameter.high / parameter.low) ** share
    else:
        value = parameter.low + share * (parameter.high - parameter.low)
    return min(max(float(f"{value:.3g}"), parameter.low), parameter.high)
