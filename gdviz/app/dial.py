"""A number that is turned: a caption, a slider and a field."""

import math
from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QGridLayout, QLabel

from gdviz.app.controls import Slider, label
from gdviz.app.entry import NumberField
from gdviz.app.theme import Theme
from gdviz_core import Parameter

NOTCHES = 400
Take = Callable[[float, object], None]  # a value, and the gesture it belongs to or None


class Dial:
    """Shows a parameter and lets it be changed; `take` raises ValueError for what cannot be.

    `refused` hears why, and "" when all is well again. One drag of the slider is one gesture.
    """

    def __init__(
        self, name: str, parameter: Parameter, take: Take, refused: Callable[[str], None]
    ):  # fmt: skip
        self.parameter = parameter
        self._take, self._refused = take, refused
        self.caption: QLabel = label(parameter.name, "caption")
        self.caption.setToolTip(f"{parameter.meaning}; {parameter.allowed}")
        self.slider = Slider(name)
        self.slider.setRange(0, NOTCHES)
        self.slider.setPageStep(NOTCHES // 10)
        self.slider.setMinimumWidth(48)
        self._gesture: object = None
        self.slider.sliderPressed.connect(self._begin)
        self.slider.sliderReleased.connect(self._end)
        self.slider.valueChanged.connect(self._slide)
        self.field = NumberField(name, lambda value: take(value, None))
        self.field.setFixedWidth(72)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.refused.connect(refused)

    def add_to(self, grid: QGridLayout, row: int, first: int = 0) -> None:
        """Put it into a row of a grid, from a column on; it leaves where it was."""
        for column, part in enumerate((self.caption, self.slider, self.field), first):
            grid.removeWidget(part)
            grid.addWidget(part, row, column)

    def show_number(self, parameter: Parameter, marks: tuple[float, ...] = ()) -> None:
        """Show a value, the ends between which the slider moves, and values that stand out."""
        self.parameter = parameter
        inside = [mark for mark in marks if parameter.low <= mark <= parameter.high]
        self.slider.set_marks(tuple(notch(replace(parameter, value=mark)) for mark in inside))
        self.field.show_number(parameter.value)
        if not self.slider.isSliderDown():  # a hand that holds it knows where it is
            self.slider.blockSignals(True)
            self.slider.setValue(notch(parameter))
            self.slider.blockSignals(False)
            self.slider.update()

    def set_visible(self, visible: bool) -> None:
        for part in (self.caption, self.slider, self.field):
            part.setVisible(visible)

    def set_theme(self, theme: Theme) -> None:
        self.slider.set_colours(QColor(theme.accent), theme)

    def _begin(self) -> None:
        self._gesture = object()

    def _end(self) -> None:
        self._gesture = None

    def _slide(self, at: int) -> None:
        try:
            self._take(value_at(self.parameter, at), self._gesture)
        except ValueError as error:
            self._refused(str(error))
        else:
            self._refused("")


def _is_log(parameter: Parameter) -> bool:
    return parameter.log and parameter.low > 0


def notch(parameter: Parameter) -> int:
    """Where the slider is for a value; at its end for one beyond."""
    low, high, value = parameter.low, parameter.high, parameter.value
    if _is_log(parameter):
        low, high, value = math.log(low), math.log(high), math.log(max(value, parameter.low))
    share = (value - low) / (high - low)
    return round(NOTCHES * min(1.0, max(0.0, share)))


def value_at(parameter: Parameter, at: int) -> float:
    """The value of a notch, to three digits, the ends exactly."""
    if at in (0, NOTCHES):
        return parameter.high if at else parameter.low
    share = at / NOTCHES
    if _is_log(parameter):
        value = parameter.low * (parameter.high / parameter.low) ** share
    else:
        value = parameter.low + share * (parameter.high - parameter.low)
    return min(max(float(f"{value:.3g}"), parameter.low), parameter.high)
