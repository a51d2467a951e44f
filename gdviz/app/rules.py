"""The editor of an update rule: its lines and its hyper-parameters, beside the rule typeset."""

from dataclasses import replace
from typing import Any

from PyQt6.QtWidgets import QWidget

from gdviz.app.controls import Combo, label
from gdviz.app.document import Document
from gdviz.app.rulepage import RulePage
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.app.workshop import Workshop
from gdviz.experiment import Experiment, enter
from gdviz.own import USUAL, Number, OwnRule, names_of_rule, numbers_for, written_names
from gdviz.racer import Racer
from gdviz_core import OPTIMIZERS
from gdviz_core.expression import CONSTANTS, RULE_FUNCTIONS
from gdviz_core.rule import GIVEN, parse_rule

FIRST = "b = momentum*b + g    # the velocity: it keeps part of what it was\nw = w - lr*b"


class RuleEditor(Workshop):
    """Edits a rule; the racer it belongs to, if there is one, races on with every change."""

    kind = OwnRule

    def __init__(
        self, parent: QWidget, document: Document, theme: Theme, racer: int | None = None
    ):  # fmt: skip
        page = RulePage()
        super().__init__(parent, document, theme, tr("Update rule"), tr("Rule"), 9, page)
        self._preview = page
        self.resize(min(900, parent.width() - 40), min(600, parent.height() - 60))
        self.racer = racer  # the number of the racer that is edited, None for a rule apart
        self.rule: OwnRule | None = None
        self._passed: OwnRule | None = None  # what its racer runs with
        self._initial: dict[str, str] = {}
        self._velocity = ""
        self._passing = False
        self.begin = Combo(tr("Start from a shipped rule"))
        self.begin.addItem(tr("Start from…"), None)
        for optimizer in OPTIMIZERS.values():
            self.begin.addItem(optimizer.title, optimizer.name)
        self.begin.activated.connect(self._start_from)
        self.buttons.insertWidget(0, self.begin)
        self.add = self._button(tr("Add to the race"), "", self.enter)
        hint = label(
            tr("One formula a line, run once a step for each coordinate. w is the point, g the "
               "slope there, t the step; f, x, y, gx, gy, h and xi are known, too. A name that is "
               "read before it is written is kept from step to step."), "hint",
        )  # fmt: skip
        hint.setWordWrap(True)
        self.more.addWidget(hint)
        self.more.addStretch(1)
        document.changed.connect(self._follow)
        own = None if racer is None else document.experiment.racers[racer].rule
        if own is not None and racer is not None:
            self._passed = own
            self._show_racer(document.experiment.racers[racer])
        else:
            self.title.setText(tr("My rule"))
            self.writing.show_text(FIRST)
            self.take()

    def _start_from(self, index: int) -> None:
        name = self.begin.itemData(index)
        if name:
            title = tr("My {title}").format(title=OPTIMIZERS[name].title)
            self.show_entry(OwnRule.of(OPTIMIZERS[name], title))
            self.begin.setCurrentIndex(0)

    def show_entry(self, entry: Any) -> None:
        self._initial, self._velocity = dict(entry.initial), entry.velocity
        self.title.setText(entry.title)
        self.use(entry.numbers)
        self.writing.show_text(entry.rule)
        self.take()

    def take_text(self, text: str, numbers: tuple[Number, ...]) -> None:
        known = dict.fromkeys([*(number.name for number in numbers), *USUAL])
        written = written_names(text)
        parse_rule(text, tuple(name for name in known if name not in written))
        state, names = names_of_rule(text, self._initial)
        initial = {name: start for name, start in self._initial.items() if name in state}
        title = self.title.text().strip() or tr("My rule")
        velocity = self._velocity if self._velocity in state else ""
        rule = OwnRule(title, text, numbers_for(names, numbers), initial, velocity)
        self.rule = rule
        self.use(rule.numbers)
        self.writing.know([*RULE_FUNCTIONS, *CONSTANTS, *GIVEN, *state, *names, *USUAL])
        self._preview.show_optimizer(rule.optimizer())
        self._pass_on(rule)

    def _show_racer(self, racer: Racer) -> None:
        """Show the rule of a racer, with its values."""
        assert racer.rule is not None
        numbers = tuple(n.holding(racer.values.get(n.name, n.value)) for n in racer.rule.numbers)
        self.show_entry(replace(racer.rule, numbers=numbers))

    def _follow(self, experiment: Experiment) -> None:
        """What becomes of the racer elsewhere, by Undo for example."""
        if self.racer is None or self._passing:
            return
        racers = experiment.racers
        there = racers[self.racer].rule if self.racer < len(racers) else None
        if there is None or there.title != (self._passed.title if self._passed else ""):
            self.racer = None  # it is gone, or another one has its place
        elif there != self._passed:
            self._passed = there
            self._show_racer(racers[self.racer])

    def _pass_on(self, rule: OwnRule) -> None:
        """Let the racer that is edited run with the rule as it is now."""
        racers = list(self.document.experiment.racers)
        if self.racer is None or self._passed is None:
            return
        old = racers[self.racer]
        values = {number.name: number.value for number in rule.numbers}
        if (rule.rule, rule.title, values) == (self._passed.rule, self._passed.title, old.values):
            return
        name = rule.title if old.name == self._passed.title else old.name
        self._passed = rule
        racers[self.racer] = replace(old, rule=rule, values=values, tuned=False, name=name)
        self._passing = True
        try:
            self.document.edit(tr("Change the rule of {name}").format(name=name),
                               gesture=self.gesture, racers=tuple(racers))  # fmt: skip
        finally:
            self._passing = False

    def enter(self) -> None:
        """Add the rule to the race; from then on its racer follows what is typed."""
        self.take()
        if self.rule is None or self.wrong:
            return
        experiment = self.document.experiment
        try:
            racer = enter(experiment, self.rule)
            self.document.edit(
                tr("Add {name}").format(name=racer.name), racers=(*experiment.racers, racer)
            )
        except ValueError as error:
            self.say(str(error))
            return
        self.racer, self._passed = len(experiment.racers), self.rule

    def entry(self) -> OwnRule:
        if self.rule is None:
            raise ValueError(tr("there is no rule yet"))
        return self.rule

    def unknown(self, text: str) -> tuple[str, ...]:
        _, names = names_of_rule(text, self._initial)
        return tuple(name for name in names if name not in USUAL)
