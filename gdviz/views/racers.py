"""The racers: on or off, live loss, learning rate and the other hyper-parameters."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import qtawesome
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QMouseEvent
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gdviz.app.controls import (
    ElidedLabel,
    IconButton,
    NumberField,
    Slider,
    Switch,
    label,
)
from gdviz.app.document import Document
from gdviz.app.player import Player
from gdviz.app.theme import DARK, Theme
from gdviz.compute import Race
from gdviz.experiment import Experiment, Racer, enter
from gdviz.scale import short
from gdviz.views.view import View
from gdviz_core import Hyperparameter
from gdviz_core.external import KNOWN, TORCH_NAMES, find, prepare_torch

# The slider runs over these powers of ten of the learning rate; the field takes any number.
LOWEST, HIGHEST = -6.0, 1.0
NOTCHES = 100  # of the slider in each power of ten


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
        self.add = QPushButton("Add optimizer")
        self.add.setObjectName("ghost")
        self.add.setMenu(self._menu())
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
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
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

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        families: dict[str, QMenu] = {}
        for optimizer in KNOWN.values():
            family = families.get(optimizer.family)
            if family is None:
                family = families[optimizer.family] = _submenu(menu, optimizer.family)
            self._offer(family, optimizer.title, optimizer.name, optimizer.summary)
        if TORCH_NAMES:
            family = _submenu(menu, "torch")
            family.aboutToShow.connect(prepare_torch)
            for name in TORCH_NAMES:
                self._offer(family, name, f"torch_{name}", f"torch.optim.{name} itself")
        return menu

    def _offer(self, menu: QMenu, title: str, name: str, summary: str) -> None:
        action = QAction(title, menu)
        action.setToolTip(summary)
        action.triggered.connect(lambda: self.enter(name))
        menu.addAction(action)

    def enter(self, optimizer: str) -> None:
        """Add a racer."""
        experiment = self.document.experiment
        try:
            racer = enter(experiment, optimizer)
        except ValueError as error:
            self.document.said.emit(str(error))
            return
        self.change(f"Add {racer.name}", (*experiment.racers, racer))

    def change(self, text: str, racers: tuple[Racer, ...], gesture: object = None) -> None:
        """Put other racers in place; what is not possible is said in the status bar."""
        try:
            self.document.edit(text, gesture=gesture, racers=racers)
        except ValueError as error:
            self.document.said.emit(str(error))

    def show_experiment(self, experiment: Experiment) -> None:
        while len(self.rows) > len(experiment.racers):
            row = self.rows.pop()
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        for number, racer in enumerate(experiment.racers):
            if number < len(self.rows) and self.rows[number].optimizer != racer.optimizer:
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
        self.add.setIcon(qtawesome.icon("ph.plus", color=theme.text2))
        for row in self.rows:
            row.set_theme(theme)


def _submenu(menu: QMenu, title: str) -> QMenu:
    submenu = QMenu(title, menu)
    submenu.setToolTipsVisible(True)
    menu.addMenu(submenu)
    return submenu


class RacerRow(QFrame):
    """A racer: switch, name, loss; how it stands; learning rate; and, unfolded, the rest."""

    def __init__(self, view: RacersView, number: int, racer: Racer):
        super().__init__()
        self.setObjectName("row")
        self.view, self.number, self.optimizer = view, number, racer.optimizer
        self._racer = racer
        self._gesture: object = None
        self.switch = Switch(f"Enter {racer.name}")
        self.name = ElidedLabel(racer.name, "name")
        self.loss = label("–", "number")
        self.status = ElidedLabel("", "caption")
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.fold = IconButton("ph.caret-down", f"Hyper-parameters of {racer.name}", 22)
        self.fold.setCheckable(True)
        self.details: QWidget | None = None  # made when it is unfolded: widgets cost time
        self.fields: dict[str, NumberField] = {}
        self.flags: dict[str, Switch] = {}
        self.rate = self._make_rate()
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(10, 6, 6, 6)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.switch, 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.loss, 0, 2, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.fold, 0, 3)
        grid.addWidget(self.status, 1, 1, 1, 3)
        grid.addWidget(self.rate, 2, 0, 1, 4)
        grid.addWidget(self.problem, 3, 0, 1, 4)
        grid.setColumnStretch(1, 1)
        self.switch.clicked.connect(self._toggle)
        self.fold.toggled.connect(self._unfold)

    def _make_rate(self) -> QWidget:
        self.slider = Slider(f"Learning rate of {self._racer.name}")
        self.slider.setRange(round(LOWEST * NOTCHES), round(HIGHEST * NOTCHES))
        self.slider.setSingleStep(2)
        self.slider.setPageStep(25)
        self.slider.sliderPressed.connect(self._begin)
        self.slider.sliderReleased.connect(self._end)
        self.slider.valueChanged.connect(self._slide)
        self.field = NumberField(
            f"Learning rate of {self._racer.name}", lambda value: self._set("lr", value)
        )
        self.field.setFixedWidth(72)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.refused.connect(self._refuse)
        rate = QWidget()
        row = QHBoxLayout(rate)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.slider.setMinimumWidth(48)
        row.addWidget(label("Learning rate", "caption"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.field)
        return rate

    def _make_details(self, racer: Racer) -> QWidget:
        details = QWidget()
        grid = QGridLayout(details)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setVerticalSpacing(4)
        others = [h for h in find(racer.optimizer).hyperparameters if h.name != "lr"]
        for line, h in enumerate(others):
            caption = label(h.name, "caption")
            caption.setToolTip(f"{h.meaning}; {h.allowed}")
            grid.addWidget(caption, line, 0)
            grid.addWidget(self._editor(h), line, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for text, slot in (("Duplicate", self._duplicate), ("Remove", self._remove)):
            button = QPushButton(text)
            button.setObjectName("small")
            button.clicked.connect(slot)
            buttons.addWidget(button)
        buttons.addStretch(1)
        grid.addLayout(buttons, len(others), 0, 1, 2)
        return details

    def _editor(self, h: Hyperparameter) -> QWidget:
        if h.flag:
            flag = Switch(h.name)
            flag.clicked.connect(lambda on, name=h.name: self._set(name, float(on)))
            self.flags[h.name] = flag
            return flag
        field = NumberField(h.name, partial(self._set, h.name))
        field.setFixedWidth(78)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.refused.connect(self._refuse)
        self.fields[h.name] = field
        return field

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        self.view.document.select(racer=self.number)

    # shows

    def show_racer(self, racer: Racer) -> None:
        color_changed = racer.colour != self._racer.colour
        self._racer = racer
        self.name.setText(racer.name)
        self.name.setToolTip(f"{racer.name}: {find(racer.optimizer).summary}")
        self.switch.setAccessibleName(f"Enter {racer.name}")
        self.switch.setChecked(racer.on)
        if self.name.property("off") != (not racer.on):
            self.name.setProperty("off", not racer.on)
            style = self.name.style()
            assert style is not None
            style.polish(self.name)
        self.rate.setVisible(racer.on and "lr" in racer.values)
        self.status.setVisible(racer.on)
        self.fold.setVisible(racer.on)
        if self.details is not None:
            self.details.setVisible(racer.on and self.fold.isChecked())
        if not racer.on:
            self.loss.setText("off")
            self.problem.hide()
        if "lr" in racer.values:
            lr = racer.values["lr"]
            self.field.show_number(lr)
            self.slider.blockSignals(True)
            self.slider.setValue(round(math.log10(lr) * NOTCHES))
            self.slider.blockSignals(False)
            self.slider.update()
        for name, field in self.fields.items():
            field.show_number(racer.values[name])
        for name, flag in self.flags.items():
            flag.setChecked(racer.values[name] == 1)
        if color_changed:
            self.set_theme(self.view.theme)

    def show_result(self, race: Race, index: int, lanes: range) -> None:
        """The best loss among the starts, and how the runs stand at the playhead."""
        if not lanes:
            self.loss.setText("–")
            self.status.setText("no start")
            return
        losses = race.loss[lanes.start : lanes.stop, index]
        finite = losses[np.isfinite(losses)]
        best = "best " if len(lanes) > 1 else ""
        self.loss.setText(best + short(float(finite.min())) if finite.size else "not finite")
        step = int(race.steps[index])
        over = lanes.start + np.flatnonzero(race.ends[lanes.start : lanes.stop] <= step)
        if not over.size and len(lanes) == 1:
            trajectory = race.trajectories[lanes.start]
            at = trajectory.index(step)
            slope = math.hypot(trajectory.grad_x[at], trajectory.grad_y[at])
            self.status.setText(f"running, |∇| {short(slope)}")
        elif not over.size:
            self.status.setText(f"{len(lanes)} running")
        elif len(lanes) == 1:
            self.status.setText(race.end(lanes.start))
        else:
            ended: dict[str, int] = {}
            for lane in over.tolist():
                status = race.trajectories[lane].status
                ended[status] = ended.get(status, 0) + 1
            running = len(lanes) - len(over)
            parts = [f"{n} {status}" for status, n in ended.items()]
            self.status.setText(", ".join(parts + [f"{running} running"] * bool(running)))
        self.status.explain = lambda: "\n".join(
            f"Start {n}: {race.end(lane)}" for n, lane in enumerate(lanes[:20], 1)
        )

    def mark(self, selected: bool) -> None:
        """Show whether this is the racer that is looked at."""
        if self.property("selected") != selected:
            self.setProperty("selected", selected)
            style = self.style()
            assert style is not None
            style.polish(self)
            self.update()

    def set_theme(self, theme: Theme) -> None:
        color = theme.racer(self._racer.colour)
        self.switch.set_colours(color, theme)
        self.slider.set_colours(color, theme)
        for flag in self.flags.values():
            flag.set_colours(color, theme)
        self.fold.set_color(theme.text2)

    # edits

    def _change(self, text: str, racer: Racer, gesture: object = None) -> None:
        racers = list(self.view.document.experiment.racers)
        if self.number >= len(racers):
            return  # this row is on its way out
        racers[self.number] = racer
        self.view.change(f"{text} of {racer.name}", tuple(racers), gesture)

    def _toggle(self, on: bool) -> None:
        self._change("Switch" if on else "Switch off", replace(self._racer, on=on))

    def _set(self, name: str, value: float) -> None:
        """Raises ValueError for a value that is not permitted."""
        self._change(f"Change {name}", self._racer.with_value(name, value))

    def _begin(self) -> None:
        self._gesture = object()

    def _end(self) -> None:
        self._gesture = None

    def _slide(self, notch: int) -> None:
        lr = float(f"{10 ** (notch / NOTCHES):.3g}")
        self._change("Change lr", self._racer.with_value("lr", lr), self._gesture)

    def _refuse(self, reason: str) -> None:
        self.problem.setText(reason)
        self.problem.setVisible(bool(reason))

    def _unfold(self, open_: bool) -> None:
        self.fold.set_icon("ph.caret-up" if open_ else "ph.caret-down")
        if self.details is None:
            self.details = self._make_details(self._racer)
            self._grid.addWidget(self.details, 4, 0, 1, 4)
            self.show_racer(self._racer)
            self.set_theme(self.view.theme)
        self.details.setVisible(open_)

    def _duplicate(self) -> None:
        experiment = self.view.document.experiment
        copy = enter(experiment, self._racer.optimizer, **self._racer.values)
        at = self.number + 1
        racers = (*experiment.racers[:at], copy, *experiment.racers[at:])
        self.view.change(f"Duplicate {self._racer.name}", racers)

    def _remove(self) -> None:
        racers = self.view.document.experiment.racers
        rest = racers[: self.number] + racers[self.number + 1 :]
        self.view.change(f"Remove {self._racer.name}", rest)
