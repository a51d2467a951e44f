"""A racer as a row of the panel: switch, loss, learning rate and, unfolded, the rest."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

from gdviz.app.controls import ElidedLabel, IconButton, Slider, Switch, label
from gdviz.app.edits import Editable, Rows
from gdviz.app.entry import NumberField
from gdviz.app.surroundings import described
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.compute import Race
from gdviz.racer import Racer
from gdviz.scale import short
from gdviz_core import Hyperparameter

# The slider runs over these powers of ten of the learning rate; the field takes any number.
LOWEST, HIGHEST = -6.0, 1.0
NOTCHES = 100  # of the slider in each power of ten


class RacerRow(Editable):
    """A racer: switch, name, loss; how it stands; learning rate; and, unfolded, the rest."""

    def __init__(self, view: Rows, number: int, racer: Racer):
        super().__init__(view, number, racer)
        self.setObjectName("row")
        self._gesture: object = None
        self.switch = Switch(tr("Enter {name}").format(name=racer.name))
        self.name = ElidedLabel(racer.name, "name")
        self.loss = label("–", "number")
        self.status = ElidedLabel("", "caption")
        self.around = ElidedLabel("", "caption")
        self.around.hide()
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.fold = IconButton(
            "ph.caret-down", tr("Hyper-parameters of {name}").format(name=racer.name), 22
        )
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
        grid.addWidget(self.around, 3, 0, 1, 4)
        grid.addWidget(self.problem, 4, 0, 1, 4)
        grid.setColumnStretch(1, 1)
        self.switch.clicked.connect(self._toggle)
        self.fold.toggled.connect(self._unfold)

    def _make_rate(self) -> QWidget:
        called = tr("Time step of {name}") if self._racer.rate == "dt" else (
            tr("Learning rate of {name}")
        )  # fmt: skip
        self.slider = Slider(called.format(name=self._racer.name))
        self.slider.setRange(round(LOWEST * NOTCHES), round(HIGHEST * NOTCHES))
        self.slider.setSingleStep(2)
        self.slider.setPageStep(25)
        self.slider.sliderPressed.connect(self._begin)
        self.slider.sliderReleased.connect(self._end)
        self.slider.valueChanged.connect(self._slide)
        self.field = NumberField(
            called.format(name=self._racer.name),
            lambda value: self._set(self._racer.rate, value),
        )
        self.field.setFixedWidth(72)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.refused.connect(self._refuse)
        rate = QWidget()
        row = QHBoxLayout(rate)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.slider.setMinimumWidth(48)
        caption = tr("Time step") if self._racer.rate == "dt" else tr("Learning rate")
        row.addWidget(label(caption, "caption"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.field)
        return rate

    def _make_details(self, racer: Racer) -> QWidget:
        details = QWidget()
        grid = QGridLayout(details)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setVerticalSpacing(4)
        others = [h for h in racer.definition.hyperparameters if h.name != racer.rate]
        for line, h in enumerate(others):
            caption = label(h.name, "caption")
            caption.setToolTip(f"{h.meaning}; {h.allowed}")
            grid.addWidget(caption, line, 0)
            grid.addWidget(self._editor(h), line, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for text, slot in (
            (tr("Schedule, clipping…"), self.surround),
            (tr("More"), self.show_menu),
        ):
            button = QPushButton(text)
            button.setObjectName("small")
            button.clicked.connect(lambda _=False, slot=slot: slot())
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

    def fits(self, definition: Any) -> bool:
        """Whether this row can show an optimizer: it has the same fields."""
        same = [(h.name, h.flag) for h in definition.hyperparameters] == [
            (h.name, h.flag) for h in self.definition.hyperparameters
        ]
        return same and definition.name == self.definition.name

    def show_racer(self, racer: Racer) -> None:
        self.definition = racer.definition
        color_changed = racer.colour != self._racer.colour
        self._racer = racer
        self.name.setText(racer.name)
        around = described(racer)
        tip = f"{racer.name}: {racer.definition.summary}"
        self.name.setToolTip(f"{tip}\n{around}" if around else tip)
        self.around.setText(around)
        self.around.setVisible(racer.on and bool(around))
        self.switch.setAccessibleName(tr("Enter {name}").format(name=racer.name))
        self.switch.setChecked(racer.on)
        if self.name.property("off") != (not racer.on):
            self.name.setProperty("off", not racer.on)
            style = self.name.style()
            assert style is not None
            style.polish(self.name)
        self.rate.setVisible(racer.on and bool(racer.rate))
        self.status.setVisible(racer.on)
        self.fold.setVisible(racer.on)
        if self.details is not None:
            self.details.setVisible(racer.on and self.fold.isChecked())
        if not racer.on:
            self.loss.setText(tr("off"))
            self.problem.hide()
        if racer.rate:
            rate = racer.values[racer.rate]
            self.field.show_number(rate)
            self.slider.blockSignals(True)
            self.slider.setValue(round(math.log10(rate) * NOTCHES))
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
            self.status.setText(tr("no start"))
            return
        losses = race.loss[lanes.start : lanes.stop, index]
        finite = losses[np.isfinite(losses)]
        best = "best " if len(lanes) > 1 else ""
        self.loss.setText(best + short(float(finite.min())) if finite.size else tr("not finite"))
        step = int(race.steps[index])
        over = lanes.start + np.flatnonzero(race.ends[lanes.start : lanes.stop] <= step)
        if not over.size and len(lanes) == 1:
            trajectory = race.trajectories[lanes.start]
            at = race.record(lanes.start, index)
            slope = math.hypot(trajectory.grad_x[at], trajectory.grad_y[at])
            if trajectory.norm is not None:
                slope = float(trajectory.norm[at])
            self.status.setText(tr("running, |∇| {short}").format(short=short(slope)))
        elif not over.size:
            self.status.setText(tr("{len} running").format(len=len(lanes)))
        elif len(lanes) == 1:
            self.status.setText(race.end(lanes.start))
        else:
            ended: dict[str, int] = {}
            for lane in over.tolist():
                status = race.trajectories[lane].status
                ended[status] = ended.get(status, 0) + 1
            running = len(lanes) - len(over)
            parts = [f"{n} {status}" for status, n in ended.items()]
            parts += [f"{running} running"] * bool(running) or _reached(losses)
            self.status.setText(", ".join(parts))
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

    # the menu

    def _toggle(self, on: bool) -> None:
        self._change(tr("Switch") if on else tr("Switch off"), replace(self._racer, on=on))

    def _set(self, name: str, value: float) -> None:
        """Raises ValueError for a value that is not permitted."""
        if name == "lr" and self.view.document.display.linked:
            self._set_all(value)
        else:
            self._change(tr("Change {name}").format(name=name), self._racer.with_value(name, value))

    def _set_all(self, lr: float, gesture: object = None) -> None:
        """Give every racer that has a learning rate this one."""
        racers = tuple(
            racer.with_value("lr", lr) if "lr" in racer.values else racer
            for racer in self.view.document.experiment.racers
        )
        self.view.change(tr("Change lr of all"), racers, gesture)

    def _begin(self) -> None:
        self._gesture = object()

    def _end(self) -> None:
        self._gesture = None

    def _slide(self, notch: int) -> None:
        value, rate = float(f"{10 ** (notch / NOTCHES):.3g}"), self._racer.rate
        if rate == "lr" and self.view.document.display.linked:
            try:
                self._set_all(value, self._gesture)
            except ValueError as error:
                self._refuse(str(error))
        else:
            self._change(tr("Change {name}").format(name=rate), self._racer.with_value(rate, value),
                         self._gesture)  # fmt: skip

    def _refuse(self, reason: str) -> None:
        self.problem.setText(reason)
        self.problem.setVisible(bool(reason))

    def _unfold(self, open_: bool) -> None:
        self.fold.set_icon("ph.caret-up" if open_ else "ph.caret-down")
        if self.details is None:
            self.details = self._make_details(self._racer)
            self._grid.addWidget(self.details, 5, 0, 1, 4)
            self.show_racer(self._racer)
            self.set_theme(self.view.theme)
        self.details.setVisible(open_)


def _reached(losses: np.ndarray) -> list[str]:
    """How many runs have ended at the least loss, if not all have."""
    finite = np.clip(losses[np.isfinite(losses)], -1e300, 1e300)  # so that no difference overflows
    if not finite.size:
        return []
    least = finite.min()
    count = int((finite <= least + 1e-6 * max(1e-6, abs(least), float(np.ptp(finite)))).sum())
    return [tr("{count} at the least loss").format(count=count)] if count < len(losses) else []
