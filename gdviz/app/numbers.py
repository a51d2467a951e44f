"""The named numbers of a formula or a rule: value, and the ends of the slider, to be edited."""

from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from gdviz.app.controls import label
from gdviz.app.entry import NumberField
from gdviz.app.text import tr
from gdviz.own import Number

COLUMNS = ("value", "low", "high")


class Numbers(QWidget):
    """A row for each number; nothing to see where there is none."""

    def __init__(self, title: str, accept: Callable[[tuple[Number, ...]], None]):
        super().__init__()
        self._accept = accept  # ValueError goes back to the field
        self.numbers: tuple[Number, ...] = ()
        self.fields: dict[tuple[str, str], NumberField] = {}
        self._rows = QWidget()
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(title, "title"))
        column.addWidget(self._rows)
        column.addWidget(self.problem)
        self._column = column
        self.hide()

    def show_numbers(self, numbers: tuple[Number, ...]) -> None:
        """Show these; fields that are being typed in stay."""
        if [n.name for n in numbers] != [n.name for n in self.numbers]:
            self._rebuild(numbers)
        self.numbers = numbers
        for number in numbers:
            for what in COLUMNS:
                self.fields[number.name, what].show_number(getattr(number, what))
        self.setVisible(bool(numbers))

    def _rebuild(self, numbers: tuple[Number, ...]) -> None:
        old, self._rows = self._rows, QWidget()
        self._column.replaceWidget(old, self._rows)
        old.hide()
        old.deleteLater()
        self.fields = {}
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for column, words in enumerate((tr("value"), tr("from"), tr("to")), 1):
            grid.addWidget(label(words, "caption"), 0, column)
        for row, number in enumerate(numbers, 1):
            grid.addWidget(label(number.name, "name"), row, 0)
            for column, what in enumerate(COLUMNS, 1):
                grid.addWidget(self._field(number.name, what), row, column)
        grid.setColumnStretch(0, 1)

    def _field(self, name: str, what: str) -> NumberField:
        words = {"value": tr("Value of {name}"), "low": tr("Least {name}"),
                 "high": tr("Largest {name}")}[what]  # fmt: skip
        field = NumberField(words.format(name=name), self._setter(name, what))
        field.setFixedWidth(84)
        field.refused.connect(self._say)
        self.fields[name, what] = field
        return field

    def _setter(self, name: str, what: str) -> Callable[[float], None]:
        def take(value: float) -> None:
            self._accept(
                tuple(_with(n, what, value) if n.name == name else n for n in self.numbers)
            )

        return take

    def _say(self, reason: str) -> None:
        self.problem.setText(reason)
        self.problem.setVisible(bool(reason))


def _with(number: Number, what: str, value: float) -> Number:
    """A number with another value or another end, which then is within."""
    if what == "value":
        return number.holding(value)
    if what == "low":
        return replace(number, low=value, value=max(value, number.value))
    return replace(number, high=value, value=min(value, number.value))
