"""What surrounds the rule of a racer: its schedule, clipping and weight decay, as an editor."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import (
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from gdviz.app.canvas import painted
from gdviz.app.controls import Combo, label
from gdviz.app.dialog import Dialog
from gdviz.app.entry import number_text, parse_number, parse_whole
from gdviz.app.text import tr
from gdviz.app.theme import Theme, font
from gdviz.racer import CONSTANT, PLATEAU, REVERSE, Racer, schedule_parameters, scheduled, schedules
from gdviz_core.schedule import Schedule
from gdviz_core.surface import NUMERICAL

FORMULA = "formula"
FIRST_FORMULA = "1/(1 + 5*s)"
CAPTION = 150
WORDS = {
    "reverse": "Reverse mode", "forward": "Forward mode", "symbolic": "Symbolic",
    "forward difference": "Forward difference", "central difference": "Central difference",
    "complex step": "Complex step",
}  # fmt: skip


class Graph(QWidget):
    """The factor of the learning rate over the run."""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setFixedHeight(96)
        self.setAccessibleName(tr("The factor of the learning rate over the run"))
        self.set_theme(theme)
        self.factors: np.ndarray | None = None
        self.words = ""

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_schedule(self, schedule: object, steps: int) -> None:
        """Show a schedule over so many steps."""
        self.factors, self.words = None, ""
        if isinstance(schedule, Schedule):
            self.factors = schedule.factors(max(2, min(steps, 400)))
        else:
            self.words = tr("It depends on the loss, so each run has its own.")
        self.update()

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        theme, room = self._theme, self.rect().adjusted(34, 8, -8, -18)
        painter.setFont(font(11 * theme.zoom))
        painter.setPen(QColor(theme.text3))
        if self.factors is None:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.words)
            return
        top = max(1.0, float(self.factors.max()))
        bottom = min(0.0, float(self.factors.min()))
        for value in (bottom, top):
            y = room.bottom() - (value - bottom) / (top - bottom) * room.height()
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(QColor(theme.text3))
            painter.drawText(QPointF(4, y + 4), f"{value:.3g}")
        painter.drawText(QPointF(room.left(), self.height() - 3), tr("start"))
        end = tr("end of the run")
        wide = painter.fontMetrics().horizontalAdvance(end)
        painter.drawText(QPointF(room.right() - wide, self.height() - 3), end)
        xs = np.linspace(room.left(), room.right(), len(self.factors))
        ys = room.bottom() - (self.factors - bottom) / (top - bottom) * room.height()
        painter.setPen(QPen(QColor(theme.accent), 1.8))
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs, ys, strict=True)]))


class Surroundings(Dialog):
    """Edits the racer; every change that makes sense is passed on at once."""

    def __init__(
        self, parent: QWidget, racer: Racer, steps: int, theme: Theme,
        changed: Callable[[Racer], None], rows: int = 1,
    ):  # fmt: skip
        super().__init__(parent, tr("Around the rule of {name}").format(name=racer.name))
        self.setMinimumWidth(420)
        self.racer, self._steps, self._changed = racer, steps, changed
        self._parameters: dict[str, QLineEdit] = {}
        self.schedule = Combo(tr("Schedule of the learning rate"))
        known = schedules()
        for name, (title, summary) in known.items():
            self.schedule.addItem(title, name)
            self.schedule.setItemData(
                self.schedule.count() - 1, summary, Qt.ItemDataRole.ToolTipRole
            )
        self.schedule.addItem(tr("A formula over s"), FORMULA)
        self.formula = QLineEdit(FIRST_FORMULA)
        self.formula.setAccessibleName(tr("Formula of the factor"))
        self.formula.setMaxLength(2000)
        self.formula.setToolTip(
            tr("The factor of the learning rate: s goes from 0 to 1, t counts steps up to n")
        )
        if racer.schedule not in known:
            self.formula.setText(racer.schedule)
        chosen = racer.schedule if racer.schedule in known else FORMULA
        self.schedule.setCurrentIndex(self.schedule.findData(chosen))
        self.graph = Graph(theme)
        self.clip = self._field(tr("Clip the norm"), racer.clip)
        self.clip_value = self._field(tr("Clip each component"), racer.clip_value)
        self.decay = self._field(tr("Weight decay"), racer.weight_decay or None)
        self.batch = self._field(tr("Rows of a step"), racer.batch)
        self.batch.setPlaceholderText(tr("all {rows}").format(rows=f"{rows:,}"))
        self.way = Combo(tr("How the gradient is computed"))
        for name, words in WORDS.items():
            self.way.addItem(tr(words), name)
        self.way.setCurrentIndex(self.way.findData(racer.way))
        self.way.currentIndexChanged.connect(lambda _: self.take())
        self.step = self._field(tr("Step h"), racer.h)
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        top = QFormLayout()
        top.setSpacing(8)
        top.addRow(_caption(tr("Learning rate")), self.schedule)
        top.addRow(_caption(tr("Factor")), self.formula)
        column.addLayout(top)
        self._rows = QFormLayout()
        self._rows.setSpacing(8)
        column.addLayout(self._rows)
        column.addWidget(self.graph)
        below = QFormLayout()
        below.setSpacing(8)
        if rows > 1:
            self.batch.setToolTip(tr("How many rows of the data each step sees"))
            below.addRow(_caption(tr("Rows of a step")), self.batch)
        for caption, field, tip in (
            (tr("Clip the norm to"), self.clip, tr("The longest gradient the rule sees")),
            (tr("Clip each component to"), self.clip_value, tr("The steepest slope it sees")),
            (tr("Weight decay"), self.decay, tr("This times w is added to the gradient")),
        ):
            field.setToolTip(tip)
            below.addRow(_caption(caption), field)
        below.addRow(_caption(tr("Gradient")), self.way)
        self.step.setToolTip(tr("What the point is moved by for a difference"))
        below.addRow(_caption(tr("Step h")), self.step)
        column.addLayout(below)
        column.addWidget(self.problem)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.schedule.currentIndexChanged.connect(lambda _: self._choose())
        self.formula.editingFinished.connect(self.take)
        has_rate = "lr" in racer.values
        self.schedule.setEnabled(has_rate)
        self._list_parameters(racer.schedule_values)
        self.take()

    def set_theme(self, theme: Theme) -> None:
        self.graph.set_theme(theme)

    def _field(self, name: str, value: float | None) -> QLineEdit:
        field = QLineEdit("" if value is None else number_text(value))
        field.setPlaceholderText(tr("off"))
        field.setAccessibleName(name)
        field.setMaxLength(400)
        field.editingFinished.connect(self.take)
        return field

    def _wanted(self) -> str:
        chosen = self.schedule.currentData()
        return self.formula.text().strip() or FIRST_FORMULA if chosen == FORMULA else chosen

    def _choose(self) -> None:
        self._list_parameters({})
        self.take()

    def _list_parameters(self, values: dict[str, float]) -> None:
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self._parameters = {}
        self.formula.setEnabled(self.schedule.currentData() == FORMULA)
        wanted = self.schedule.currentData()
        for parameter in schedule_parameters("s" if wanted == FORMULA else wanted):
            field = QLineEdit(number_text(values.get(parameter.name, parameter.value)))
            field.setAccessibleName(parameter.name)
            field.setToolTip(f"{parameter.meaning}; {parameter.allowed}")
            field.setMaxLength(400)
            field.editingFinished.connect(self.take)
            self._parameters[parameter.name] = field
            self._rows.addRow(_caption(parameter.name), field)

    def take(self) -> None:
        """Pass on what is there, or say what is wrong with it."""
        try:
            values = {}
            for name, field in self._parameters.items():
                values[name] = _number(name, field)
            wanted = self._wanted() if "lr" in self.racer.values else CONSTANT
            usual = {p.name: p.value for p in schedule_parameters(wanted)}
            chosen = {name: value for name, value in values.items()
                      if name in usual and value != usual[name]}  # fmt: skip
            racer = replace(
                self.racer, schedule=wanted, schedule_values=chosen, tuned=False,
                clip=_optional(self.clip), clip_value=_optional(self.clip_value),
                weight_decay=_optional(self.decay) or 0.0, batch=_whole(self.batch),
                way=self.way.currentData(), h=_optional(self.step) or Racer.h,
            )  # fmt: skip
            self.step.setEnabled(racer.way in NUMERICAL)
            self.graph.show_schedule(scheduled(wanted, chosen), self._steps)
        except ValueError as error:
            self.problem.setText(str(error))
            return
        self.problem.setText("")
        if racer != replace(self.racer, tuned=False):
            self.racer = racer
            self._changed(racer)


def _caption(text: str) -> QLabel:
    """A caption as wide as those of the other forms above and below."""
    made = label(text, "caption")
    made.setFixedWidth(CAPTION)
    return made


def _number(name: str, field: QLineEdit) -> float:
    try:
        return parse_number(field.text())
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _optional(field: QLineEdit) -> float | None:
    return _number(field.accessibleName(), field) if field.text().strip() else None


def _whole(field: QLineEdit) -> int | None:
    try:
        return parse_whole(field.text()) if field.text().strip() else None
    except ValueError as error:
        raise ValueError(f"{field.accessibleName()}: {error}") from None


def described(racer: Racer) -> str:
    """What surrounds the rule of a racer, in a few words; empty if nothing does."""
    parts = []
    if racer.batch is not None:
        parts.append(tr("batches of {rows}").format(rows=racer.batch))
    if racer.schedule != CONSTANT or racer.schedule_values:
        title = schedules().get(racer.schedule, (racer.schedule, ""))[0]
        parts.append(tr("on plateaus") if racer.schedule == PLATEAU else title.lower())
    if racer.clip is not None or racer.clip_value is not None:
        parts.append(tr("clipped"))
    if racer.weight_decay:
        parts.append(tr("weight decay"))
    if racer.way != REVERSE:
        words = tr(WORDS[racer.way]).lower()
        parts.append(f"{words}, h = {racer.h:g}" if racer.way in NUMERICAL else words)
    return ", ".join(parts)
