"""Which hyper-parameters a map varies, and from where to where."""

from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QGridLayout, QWidget

from gdviz.app.controls import Combo, Switch, label
from gdviz.app.entry import NumberField
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.sweep import Axis, usual_axis
from gdviz_core.optimizer import Optimizer

FIELD = 62


class AxisRow:
    """A name, two ends and whether powers are evenly spread; `take` raises ValueError."""

    def __init__(
        self, arrow: str, name: str, take: Callable[[Axis], None], refused: Callable[[str], None]
    ):
        self._take, self._refused = take, refused
        self._axis: Axis | None = None
        self._optimizer: Optimizer | None = None
        self.arrow = label(arrow, "caption")
        self.name = Combo(name)
        self.name.setObjectName("choice")
        self.name.activated.connect(self._choose)
        self.low = NumberField(tr("{axis}, from").format(axis=name), lambda v: self._set(low=v))
        self.high = NumberField(tr("{axis}, to").format(axis=name), lambda v: self._set(high=v))
        for field in (self.low, self.high):
            field.setFixedWidth(FIELD)
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            field.refused.connect(refused)
        self.to = label("–", "caption")
        self.log = Switch(tr("{axis}, logarithmic").format(axis=name))
        self.log.setToolTip(tr("Spread powers evenly"))
        self.log.clicked.connect(self._spread)
        self.caption = label(tr("log"), "caption")

    def add_to(self, grid: QGridLayout, row: int) -> None:
        for column, part in enumerate(
            (self.arrow, self.name, self.low, self.to, self.high, self.caption, self.log)
        ):
            grid.addWidget(part, row, column)

    def show_axis(self, axis: Axis, optimizer: Optimizer, other: str) -> None:
        """Show an axis, and what else of an optimizer could be varied than the `other`."""
        self._axis, self._optimizer = axis, optimizer
        free = [h.name for h in optimizer.hyperparameters if not h.flag and h.name != other]
        if [self.name.itemText(i) for i in range(self.name.count())] != free:
            self.name.clear()
            self.name.addItems(free)
        self.name.setCurrentText(axis.name)
        self.low.show_number(axis.low)
        self.high.show_number(axis.high)
        self.log.setChecked(axis.log)

    def set_theme(self, theme: Theme) -> None:
        self.name.set_theme(theme)
        for field in (self.low, self.high):
            field.setFixedWidth(round(FIELD * theme.zoom))
        self.log.set_colours(QColor(theme.accent), theme)

    def _choose(self, number: int) -> None:
        if self._optimizer is not None:
            known = {h.name: h for h in self._optimizer.hyperparameters}
            self._try(lambda: usual_axis(known, self.name.itemText(number)))

    def _set(self, **ends: float) -> None:
        if self._axis is None or self._optimizer is None:
            return
        axis = self._axis
        wanted = replace(axis, low=ends.get("low", axis.low), high=ends.get("high", axis.high))
        known = {h.name: h for h in self._optimizer.hyperparameters}
        for value in ends.values():
            known[wanted.name].check(value)
        self._take(wanted)

    def _spread(self, log: bool) -> None:
        axis = self._axis
        if axis is not None:
            low = axis.low if axis.low > 0 or not log else axis.high / 1e4
            self._try(lambda: replace(axis, low=low, log=log))
            self.log.setChecked(self._axis.log if self._axis is not None else False)

    def _try(self, make: Callable[[], Axis]) -> None:
        """Take an axis, or say why there cannot be one."""
        try:
            self._take(make())
        except ValueError as error:
            self._refused(str(error))


class SweepForm(QWidget):
    """The two axes; `take(number, axis)` raises ValueError for what cannot be.

    `refused` hears why, and "" when all is well again.
    """

    def __init__(self, take: Callable[[int, Axis], None], refused: Callable[[str], None]):
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self.rows = [
            AxisRow("→", tr("Across"), lambda axis: take(0, axis), refused),
            AxisRow("↑", tr("Upwards"), lambda axis: take(1, axis), refused),
        ]
        for number, row in enumerate(self.rows):
            row.add_to(grid, number)

    def show_axes(self, axes: tuple[Axis, Axis], optimizer: Optimizer) -> None:
        for number, row in enumerate(self.rows):
            row.show_axis(axes[number], optimizer, axes[1 - number].name)

    def set_theme(self, theme: Theme) -> None:
        for row in self.rows:
            row.set_theme(theme)
