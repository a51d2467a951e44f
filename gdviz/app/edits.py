"""What can be done to a racer: its menu, and the edits behind it."""

from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QAction, QContextMenuEvent, QIcon, QPixmap
from PyQt6.QtWidgets import QFrame, QMenu

from gdviz.app import permission
from gdviz.app.dialog import drop
from gdviz.app.document import Document
from gdviz.app.form import Field, Form
from gdviz.app.surroundings import Surroundings
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.experiment import enter, suggested_rate, unused_name
from gdviz.own import OwnRule
from gdviz.racer import MAX_NAME, Racer
from gdviz_core import Optimizer
from gdviz_core.foreign import PREFIX


class Rows(Protocol):
    """What a row needs of the panel it is in."""

    document: Document
    theme: Theme

    def change(self, text: str, racers: tuple[Racer, ...], gesture: object = None) -> None:
        """Put other racers in place."""

    def write_rule(self, racer: int | None = None) -> None:
        """Open the editor of rules."""


class Editable(QFrame):
    """A racer of a panel, with a menu of what can be done to it."""

    def __init__(self, view: "Rows", number: int, racer: Racer):
        super().__init__()
        self.view, self.number, self.definition = view, number, racer.definition
        self._racer = racer

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is not None:
            self.show_menu(event.globalPos())

    def show_menu(self, at: QPoint | None = None) -> None:
        """Show what can be done with this racer."""
        menu = self.menu()
        menu.popup(self.mapToGlobal(QPoint(30, self.height() - 4)) if at is None else at)

    def menu(self) -> QMenu:
        """Everything that can be done with this racer."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(lambda: drop(menu))

        def add(inside: QMenu, text: str, slot: Any, enabled: bool = True) -> QAction:
            action = QAction(text, inside)
            action.triggered.connect(lambda _=False: slot())
            action.setEnabled(enabled)
            inside.addAction(action)
            return action

        count = len(self.view.document.experiment.racers)
        add(menu, tr("Rename…"), self.rename)
        colours = QMenu(tr("Colour"), menu)
        menu.addMenu(colours)
        for number in range(len(self.view.theme.racers)):
            picture = QPixmap(14, 14)
            picture.fill(self.view.theme.racer(number))
            action = add(colours, tr("Colour {n}").format(n=number + 1),
                         partial(self.recolour, number))  # fmt: skip
            action.setIcon(QIcon(picture))
        menu.addSeparator()
        values = QMenu(tr("Values"), menu)
        menu.addMenu(values)
        add(values, tr("Defaults"), self.reset)
        for framework in getattr(self.definition, "presets", {}):
            add(values, tr("As in {framework}").format(framework=framework),
                partial(self.take_preset, framework))  # fmt: skip
        add(menu, tr("Schedule, clipping, gradient…"), self.surround)
        if self._racer.rule is not None:
            add(menu, tr("Edit the rule…"), partial(self.view.write_rule, self.number))
        elif isinstance(self.definition, Optimizer):
            add(menu, tr("Change a copy of the rule…"), self._copy_rule)
        elif self._racer.optimizer.startswith(PREFIX):
            add(menu, tr("Allow it to run…"), self._allow)
        menu.addSeparator()
        add(menu, tr("Move up"), partial(self.shift, -1), self.number > 0)
        add(menu, tr("Move down"), partial(self.shift, 1), self.number < count - 1)
        add(menu, tr("Duplicate"), self._duplicate)
        add(menu, tr("Remove"), self._remove)
        return menu

    def rename(self) -> None:
        """Ask for another name."""

        def take(name: str) -> None:
            if not name.strip():
                raise ValueError(tr("a racer needs a name"))
            self._change(tr("Rename"), replace(self._racer, name=name.strip()[: MAX_NAME + 1]))

        Form(
            self.window() or self, tr("Rename a racer"), [Field(tr("Name"), self._racer.name)],
            take, tr("Rename"),
        ).open()  # fmt: skip

    def recolour(self, colour: int) -> None:
        """Take another colour of the palette."""
        self._change(tr("Change colour"), replace(self._racer, colour=colour))

    def reset(self) -> None:
        """Take the defaults, with the learning rate that suits the surface."""
        experiment = self.view.document.experiment
        values = dict(self.definition.values)
        if self._racer.rate:
            rate = suggested_rate(experiment.resolved(), self.definition)
            values[self._racer.rate] = rate
        self._change(tr("Reset the values"), replace(self._racer, values=values, tuned=False))

    def take_preset(self, framework: str) -> None:
        """Take the defaults of a framework."""
        optimizer = self.definition
        values = optimizer.preset(framework).values
        name = tr("Take the {framework} values").format(framework=framework)
        self._change(name, replace(self._racer, values=values, tuned=False))

    def surround(self) -> None:
        """Edit the schedule, the clipping and the weight decay."""
        Surroundings(
            self.window() or self, self._racer, self.view.document.experiment.steps,
            self.view.theme, lambda racer: self._change(tr("Change the surroundings"), racer),
            self.view.document.experiment.resolved().rows,
        ).open()  # fmt: skip

    def _copy_rule(self) -> None:
        """Let this racer run with a copy of its rule, and open the editor for it."""
        configured = self._racer.configured()
        own = OwnRule.of(configured, tr("My {title}").format(title=configured.title))
        self._change(tr("Copy the rule"), replace(self._racer, rule=own, name=own.title))
        self.view.write_rule(self.number)

    def _allow(self) -> None:
        document = self.view.document
        try:
            path = self._racer.optimizer.removeprefix(PREFIX)
            if permission.ask(path, self.window() or self):
                document.recompute()
        except ValueError as error:
            document.said.emit(str(error))

    def shift(self, by: int) -> None:
        """Change places with a neighbour."""
        racers = list(self.view.document.experiment.racers)
        other = self.number + by
        if 0 <= other < len(racers):
            racers[self.number], racers[other] = racers[other], racers[self.number]
            self.view.change(tr("Move {name}").format(name=self._racer.name), tuple(racers))

    # edits

    def _change(self, text: str, racer: Racer, gesture: object = None) -> None:
        racers = list(self.view.document.experiment.racers)
        if self.number >= len(racers):
            return  # this row is on its way out
        racers[self.number] = racer
        self.view.change(
            tr("{text} of {name}").format(text=text, name=racer.name), tuple(racers), gesture
        )

    def _duplicate(self) -> None:
        experiment = self.view.document.experiment
        other = enter(experiment, self._racer.rule or self._racer.optimizer, **self._racer.values)
        name = unused_name(self._racer.name, (racer.name for racer in experiment.racers))
        copy = replace(self._racer, name=name, colour=other.colour, on=True)
        at = self.number + 1
        racers = (*experiment.racers[:at], copy, *experiment.racers[at:])
        self.view.change(tr("Duplicate {name}").format(name=self._racer.name), racers)

    def _remove(self) -> None:
        racers = self.view.document.experiment.racers
        rest = racers[: self.number] + racers[self.number + 1 :]
        self.view.change(tr("Remove {name}").format(name=self._racer.name), rest)
