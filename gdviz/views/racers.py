"""The racers: on or off, live loss, learning rate and the other hyper-parameters."""

import os
from collections.abc import Callable
from dataclasses import replace

import qtawesome
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gdviz.app import permission
from gdviz.app.chooser import Chooser
from gdviz.app.controls import IconButton, scroller
from gdviz.app.document import Document
from gdviz.app.form import Field, Form
from gdviz.app.player import Player
from gdviz.app.row import RacerRow
from gdviz.app.rules import RuleEditor
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.compute import Race
from gdviz.experiment import Experiment, enter, suggested_rate
from gdviz.own import OwnRule
from gdviz.racer import Racer
from gdviz.views.view import View
from gdviz_core.foreign import PREFIX

EPOCHS = 20  # of a race between sizes of batches


class RacersView(View):
    """One row for each racer."""

    title = "Racers"
    place = "left"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self.rows: list[RacerRow] = []
        self._race: Race | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self.add = QPushButton(tr("Add optimizer"))
        self.add.setObjectName("ghost")
        self.add.clicked.connect(lambda _=False: self.choose())
        self.all_menu = QMenu(tr("All &racers"), self)
        self._fill_all_menu()
        self.tools = [self._make_more()]
        inside = QWidget()
        inside.setObjectName("plain")
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 0, 4, 4)
        column.setSpacing(6)
        column.addLayout(self._rows)
        adding = QHBoxLayout()
        adding.setContentsMargins(10, 2, 10, 2)
        adding.addWidget(self.add)
        column.addLayout(adding)
        column.addStretch(1)
        scroll = scroller(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 6, 0, 4)
        whole.setSpacing(6)
        whole.addWidget(scroll, 1)
        document.selected.connect(lambda: self._mark())
        self.show_experiment(document.experiment)

    def _mark(self) -> None:
        """Show which racer is looked at."""
        for row in self.rows:
            row.mark(row.number == self.document.racer)

    def choose(self) -> None:
        """Show the list of optimizers to add."""
        Chooser(
            self.window() or self, self.theme, self.enter, self.write_rule, self.find_python
        ).open()

    def write_rule(self, racer: int | None = None) -> None:
        """Open the editor of rules: for a racer, or for a new one."""
        RuleEditor(self.window() or self, self.document, self.theme, racer).show()

    def find_python(self) -> None:
        """Ask for a Python file with an optimizer."""
        name, _ = QFileDialog.getOpenFileName(
            self.window() or self, tr("Add a Python file"), "", tr("Python (*.py);;All files (*)")
        )
        if name:
            self.enter_python(name)

    def enter_python(self, path: str) -> str:
        """Add the optimizer of a Python file, if the user lets it run; returns why not."""
        try:
            if not permission.ask(path, self.window() or self):
                return tr("It was not allowed to run")
        except ValueError as error:
            self.document.said.emit(str(error))
            return str(error)
        return self.enter(f"{PREFIX}{os.path.abspath(path)}")

    def _make_more(self) -> IconButton:
        self.more = IconButton("ph.dots-three-vertical", tr("What concerns all racers"), 26)
        self.more.clicked.connect(
            lambda: self.all_menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        )
        return self.more

    def _fill_all_menu(self) -> None:
        menu, document = self.all_menu, self.document

        def add(text: str, slot: Callable[[], object]) -> QAction:
            action = QAction(text, menu)
            action.triggered.connect(lambda _=False: slot())
            menu.addAction(action)
            return action

        self.linked = add(tr("One &learning rate for all"), self._flip_linked)
        self.linked.setCheckable(True)
        add(tr("&Suggested learning rates"), self._suggest)
        menu.addSeparator()
        add(tr("Switch all &on"), lambda: self._switch_all(True))
        add(tr("Switch all o&ff"), lambda: self._switch_all(False))
        add(tr("&Remove all"), lambda: self.change(tr("Remove all racers"), ()))
        menu.addSeparator()
        add(tr("&Noise and batches…"), self._ask_noise)
        self.sizes = add(tr("&Batch, mini-batch and stochastic"), self._enter_sizes)
        document.displayed.connect(lambda display: self.linked.setChecked(display.linked))

    def _flip_linked(self) -> None:
        self.document.look(linked=not self.document.display.linked)

    def _suggest(self) -> None:
        surface = self.document.experiment.resolved()
        self.change(tr("Take the suggested learning rates"), tuple(
            racer.with_value(racer.rate, suggested_rate(surface, racer.definition))
            if racer.rate else racer
            for racer in self.document.experiment.racers
        ))  # fmt: skip

    def _switch_all(self, on: bool) -> None:
        racers = self.document.experiment.racers
        self.change(
            tr("Switch all on") if on else tr("Switch all off"),
            tuple(replace(racer, on=on) for racer in racers),
        )

    def _ask_noise(self) -> None:
        experiment = self.document.experiment

        def take(noise: float, seed: int, own_luck: bool, replacement: bool) -> None:
            self.document.edit(tr("Change noise and batches"), noise=noise, seed=seed,
                               own_luck=own_luck, replacement=replacement)  # fmt: skip

        Form(
            self.window() or self, tr("Noise and batches"),
            [Field(tr("Deviation of the noise"), experiment.noise),
             Field(tr("Seed"), experiment.seed),
             Field(tr("Each racer has its own"), experiment.own_luck),
             Field(tr("Rows with replacement"), experiment.replacement)],
            take,
            hint=tr(
                "Normal noise is added to each component of the gradient. Batches of rows are "
                "shuffled for each epoch, or drawn from all rows with replacement. Noise and "
                "batches are the same for all racers unless each has its own."
            ),
        ).open()  # fmt: skip

    def _enter_sizes(self) -> None:
        """Let the selected racer run on all rows, on batches and on single rows, by epochs."""
        experiment, number = self.document.experiment, self.document.racer
        rows = experiment.resolved().rows
        if experiment.data is None or not experiment.racers:
            self.document.said.emit(tr("Open data first (Ctrl+D): batches are rows of a table"))
            return
        first = experiment.racers[min(number, len(experiment.racers) - 1)]
        made: list[Racer] = []
        sizes = {
            tr("Batch"): None,
            tr("Mini-batch"): max(1, min(32, rows // 4)),
            tr("Stochastic"): 1,
        }
        epochs = experiment.steps if experiment.budget == "epochs" else EPOCHS
        try:
            for name, size in sizes.items():
                title = f"{name}, {first.definition.title}"
                racer = replace(first, name=title, batch=size, on=True, colour=len(made))
                if racer.rate:  # what suits all rows is too fast where the steps are noisy
                    share = ((size or rows) / rows) ** 0.5
                    rate = float(f"{racer.values[racer.rate] * share:.2g}")
                    racer = racer.with_value(racer.rate, rate)
                made.append(racer)
            self.document.edit(tr("Batch, mini-batch and stochastic"), racers=tuple(made),
                               budget="epochs", steps=epochs)  # fmt: skip
        except ValueError as error:
            self.document.said.emit(str(error))

    def enter(self, optimizer: str | OwnRule) -> str:
        """Add a racer; returns why that is not possible, empty if it is."""
        experiment = self.document.experiment
        try:
            racer = enter(experiment, optimizer)
            self.document.edit(
                tr("Add {name}").format(name=racer.name), racers=(*experiment.racers, racer)
            )
        except ValueError as error:
            self.document.said.emit(str(error))
            return str(error)
        return ""

    def change(self, text: str, racers: tuple[Racer, ...], gesture: object = None) -> None:
        """Put other racers in place; what is not possible is said in the status bar."""
        try:
            self.document.edit(text, gesture=gesture, racers=racers)
        except ValueError as error:
            self.document.said.emit(str(error))
            self.show_experiment(self.document.experiment)  # a switch stays as it is

    def show_experiment(self, experiment: Experiment) -> None:
        while len(self.rows) > len(experiment.racers):
            row = self.rows.pop()
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        for number, racer in enumerate(experiment.racers):
            if number < len(self.rows) and not self.rows[number].fits(racer.definition):
                old = self.rows[number]
                row = self.rows[number] = RacerRow(self, number, racer)
                self._rows.replaceWidget(old, row)
                old.hide()
                old.deleteLater()
                row.set_theme(self.theme)
            elif number == len(self.rows):
                row = RacerRow(self, number, racer)
                self.rows.append(row)
                self._rows.addWidget(row)
                row.set_theme(self.theme)
            self.rows[number].show_racer(racer)
        self._mark()

    def show_race(self, race: Race) -> None:
        self._race = race
        self.show_step(self.player.index)

    def show_step(self, index: int) -> None:
        race = self._race
        if race is None:
            return
        index = min(index, race.last)
        starts, lane = len(race.experiment.starts), 0
        for row, racer in zip(self.rows, race.experiment.racers, strict=False):
            if racer.on:
                row.show_result(race, index, range(lane, lane + starts))
                lane += starts

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.more.set_color(theme.text2)
        self.add.setIcon(qtawesome.icon("ph.plus", color=theme.text2))
        for row in self.rows:
            row.set_theme(theme)
