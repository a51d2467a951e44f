"""The start points as numbers, and how long the race is."""

from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QColor
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gdviz.app.controls import Choice, IconButton, Switch, label, scroller
from gdviz.app.document import Document
from gdviz.app.entry import NumberField
from gdviz.app.form import Field, Form
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.experiment import BUDGETS, Experiment
from gdviz.starts import grid_starts, line_starts, random_starts, typed_starts
from gdviz.views.view import View
from gdviz_core.surface import Domain

NAME = 7  # characters of a variable
SHOWN = 50  # rows; more starts than this are only counted
HINT = "Click the map to add a start, drag it to move it, right-click to remove it."


class StartsView(View):
    """A row x, y for each start."""

    title = "Start points"
    place = "left"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self.rows: list[StartRow] = []
        self.heading = label(tr(self.title), "title")
        self.menu = QMenu(tr("&Start points"), self)
        self._fill_menu()
        self.many = QPushButton(tr("Many"))
        self.many.setObjectName("small")
        self.many.setToolTip(tr("Start points at random, on a grid, along a line, from text"))
        self.many.clicked.connect(
            lambda: self.menu.popup(self.many.mapToGlobal(self.many.rect().bottomLeft()))
        )
        self.clear = QPushButton(tr("Clear"))
        self.clear.setObjectName("small")
        self.clear.clicked.connect(self.remove_all)
        self.steps = NumberField(tr("Steps"), self._set_steps, whole=True)
        self.steps.setFixedWidth(78)
        self.steps.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.budget = Choice(tr("Budget"), BUDGETS, self._set_budget)
        self.budget.setToolTip(
            tr(
                "Whether the budget of a run is counted in steps, in gradient evaluations, which "
                "is fairer to those that need only one, or in passes over the data"
            )
        )
        self.stop = Switch(tr("Stop outside the domain"))
        self.stop.clicked.connect(
            lambda on: document.edit(tr("Stop outside the domain"), stop_outside=on)
        )
        self.noise = NumberField(tr("Noise in the gradient"), self._set_noise)
        self.noise.setFixedWidth(78)
        self.noise.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.steps.refused.connect(self.show_problem)
        self.noise.refused.connect(self.show_problem)
        self.hint = label(tr(HINT), "hint")
        self.hint.setWordWrap(True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        inside = QWidget()
        inside.setObjectName("plain")
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(16, 0, 10, 0)
        inner.addLayout(self._rows)
        inner.addStretch(1)
        self.scroller = scroller(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 12)
        column.setSpacing(8)
        top = self._line(self.heading, self.many)
        top.addWidget(self.clear)
        column.addLayout(top)
        column.addWidget(self.scroller)
        column.addLayout(self._line(self.hint))
        column.addLayout(self._line(self.budget, self.steps))
        column.addLayout(self._line(label(tr("Stop outside the domain"), "caption"), self.stop))
        column.addLayout(self._line(label(tr("Noise in the gradient"), "caption"), self.noise))
        column.addLayout(self._line(self.problem))
        document.selected.connect(lambda: self.show_experiment(document.experiment))
        self.show_experiment(document.experiment)

    # many at once

    def _fill_menu(self) -> None:
        for text, slot in (
            (tr("At &random…"), self.ask_random), (tr("On a &grid…"), self.ask_grid),
            (tr("Along a &line…"), self.ask_line), (tr("As &text…"), self.ask_text),
            (tr("&Clear"), self.remove_all),
        ):  # fmt: skip
            action = QAction(text, self.menu)
            action.triggered.connect(lambda _=False, slot=slot: slot())
            self.menu.addAction(action)

    def remove_all(self) -> None:
        """Remove every start."""
        self.document.edit(tr("Clear starts"), starts=())

    def _ask(self, title: str, fields: list[Field], made: Any, hint: str = "") -> None:
        """Ask for numbers and put the starts in place that are made of them."""
        add = Field(tr("Keep those that are there"), False)

        def take(*values: Any) -> None:
            kept = self.document.experiment.starts if values[-1] else ()
            self.document.edit(title, starts=(*kept, *made(*values[:-1])))

        window = self.window() or self
        Form(window, title, [*fields, add], take, tr("Place them"), hint).open()

    def _domain(self) -> Domain:
        return self.document.experiment.resolved().domain

    def ask_random(self) -> None:
        """Ask for a number of points at random."""
        self._ask(
            tr("Start points at random"), [Field(tr("How many"), 20), Field(tr("Seed"), 1)],
            lambda count, seed: random_starts(self._domain(), count, seed),
            tr("Evenly distributed over the domain; the same seed gives the same points."),
        )  # fmt: skip

    def ask_grid(self) -> None:
        """Ask for the size of a grid."""
        self._ask(
            tr("Start points on a grid"), [Field(tr("Columns"), 6), Field(tr("Rows"), 6)],
            lambda columns, rows: grid_starts(self._domain(), columns, rows),
        )  # fmt: skip

    def ask_line(self) -> None:
        """Ask for the ends of a line."""
        x0, x1, y0, y1 = self._domain()
        middle = (y0 + y1) / 2
        self._ask(
            tr("Start points along a line"),
            [Field(tr("From x"), x0), Field(tr("From y"), middle), Field(tr("To x"), x1),
             Field(tr("To y"), middle), Field(tr("How many"), 10)],
            lambda ax, ay, bx, by, count: line_starts((ax, ay), (bx, by), count),
        )  # fmt: skip

    def ask_text(self) -> None:
        """Show the points as text to be edited."""
        text = "\n".join(f"{x!r}, {y!r}" for x, y in self.document.experiment.starts)

        def take(typed: str) -> None:
            self.document.edit(tr("Type starts"), starts=typed_starts(typed))

        Form(
            self.window() or self, tr("Start points as text"),
            [Field(tr("One point a line"), text, lines=12)], take, tr("Place them"),
        ).open()  # fmt: skip

    @staticmethod
    def _line(first: QWidget, last: QWidget | None = None) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(first, 1)
        if last is not None:
            row.addWidget(last)
        return row

    def _set_budget(self, budget: str) -> None:
        try:
            self.document.edit(tr("Change budget"), budget=budget)
        except ValueError as error:
            self.show_problem(str(error))
            self.budget.show_value(self.document.experiment.budget)

    def _set_steps(self, steps: int | float) -> None:
        self.document.edit(tr("Change steps"), steps=int(steps))

    def _set_noise(self, noise: float) -> None:
        self.document.edit(tr("Change the noise"), noise=noise)

    def show_problem(self, reason: str) -> None:
        self.problem.setText(reason)
        self.problem.setVisible(bool(reason))

    def show_experiment(self, experiment: Experiment) -> None:
        count = min(len(experiment.starts), SHOWN)
        while len(self.rows) > count:
            row = self.rows.pop()
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self.rows) < count:
            row = StartRow(self, len(self.rows))
            row.set_theme(self.theme)
            self.rows.append(row)
            self._rows.addWidget(row)
        for row, start in zip(self.rows, experiment.starts, strict=False):
            row.x_field.show_number(start[0])
            row.y_field.show_number(start[1])
            row.mark(row.number == self.document.selection and len(experiment.starts) > 1,
                     experiment.resolved().variables)  # fmt: skip
        number = len(experiment.starts)
        self.heading.setText(
            tr(self.title) if number < 2 else tr("{number} start points").format(number=number)
        )
        self.clear.setVisible(number > 0)
        self.hint.setVisible(number < 2)
        self.scroller.setFixedHeight(max(2, min(count, 4) * 32))
        self.steps.show_number(experiment.steps)
        self.budget.hide_value("epochs", experiment.data is None)
        self.budget.show_value(experiment.budget)
        self.noise.show_number(experiment.noise)
        self.stop.setChecked(experiment.stop_outside)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.budget.set_theme(theme)
        self.stop.set_colours(QColor(theme.accent), theme)
        for row in self.rows:
            row.set_theme(theme)


class StartRow(QWidget):
    """One start as two numbers, with a button that removes it."""

    def __init__(self, view: StartsView, number: int):
        super().__init__()
        self.view, self.number = view, number
        self.x_field = NumberField(
            tr("x of start {number}").format(number=number + 1), lambda value: self._set(0, value)
        )
        self.y_field = NumberField(
            tr("y of start {number}").format(number=number + 1), lambda value: self._set(1, value)
        )
        self.remove = IconButton("ph.x", tr("Remove start {number}").format(number=number + 1), 22)
        self.remove.clicked.connect(self._remove)
        self.caption = label("x", "caption")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.caption)
        row.addWidget(self.x_field, 1)
        self.second = label("y", "caption")
        row.addWidget(self.second)
        row.addWidget(self.y_field, 1)
        row.addWidget(self.remove)
        for field in (self.x_field, self.y_field):
            field.refused.connect(view.show_problem)
            field.selectionChanged.connect(self._select)
        self.setFixedHeight(28)

    def mark(self, selected: bool, names: tuple[str, str]) -> None:
        """Show the names of the two variables, and whether this start is the selected one."""
        first, second = (name if len(name) <= NAME else f"{name[: NAME - 1]}…" for name in names)
        self.caption.setText(f"▸ {first}" if selected else first)
        self.second.setText(second)

    def set_theme(self, theme: Theme) -> None:
        self.remove.set_color(theme.text2)

    def _select(self) -> None:
        if self.x_field.hasFocus() or self.y_field.hasFocus():
            self.view.document.select(self.number)

    def _set(self, axis: int, value: float) -> None:
        starts = [list(start) for start in self.view.document.experiment.starts]
        if self.number >= len(starts):
            return  # this row is on its way out
        starts[self.number][axis] = value
        self.view.document.edit(tr("Move start"), starts=tuple((x, y) for x, y in starts))

    def _remove(self) -> None:
        self.view.document.remove_start(self.number)
