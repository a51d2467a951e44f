"""Newton's law beside the optimizer: the dictionary, the energy, the phase portrait."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QResizeEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gdviz import dictionary
from gdviz.app.canvas import Canvas, NumberAxis, Viewport
from gdviz.app.controls import Choice, Switch, label, scroller
from gdviz.app.dial import Dial
from gdviz.app.document import Document
from gdviz.app.motion import Chart, Key, draw_chart
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.compute import Race
from gdviz.display import MOTIONS, Display
from gdviz.experiment import Experiment, unused_colour, unused_name
from gdviz.racer import MAX_NAME, Racer
from gdviz.scale import short
from gdviz.views.view import View
from gdviz_core import OPTIMIZERS, Parameter
from gdviz_core.mechanics import Body, Energy, body_of

# What can be turned: on the side of the optimizer, and on that of the body.
SIDES = {"lr": "η, learning rate", "momentum": "μ, momentum", "dt": "Δt, time step",
         "mass": "m, mass", "friction": "c, friction"}  # fmt: skip
MEANINGS = {
    "lr": Parameter("lr", 0.01, 1e-6, 10.0, log=True, meaning="learning rate"),
    "momentum": Parameter("momentum", 0.9, 0.0, 1.0, meaning="share of the last step kept"),
    "dt": Parameter("dt", 0.1, 1e-3, 10.0, log=True, meaning="time step"),
    "mass": Parameter("mass", 1.0, 1e-3, 1e3, log=True, meaning="mass of the body"),
    "friction": Parameter("friction", 1.0, 0.0, 10.0, meaning="force of the medium over velocity"),
}
TITLES = {"energy": "Energy", "x": "Phase portrait, x", "y": "Phase portrait, y",
          "path": "Phase portrait along the way"}  # fmt: skip
LOW = 150  # points that the chart has at least
COMPACT = 400  # points of height below which there is no room for words
TWO = 305  # points of width from which dials stand in two columns


class MechanicsView(View):
    """The selected run as a body: what it is, what it can be turned by, where its energy goes."""

    title = "Mechanics"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self._told: int | None = None  # the racer that is told of
        self._critical: tuple[float, ...] = ()  # frictions, at the minimum the run ends at
        self._bare = False  # for a picture: without what a hand can turn
        self._race: Race | None = None
        self._found: tuple[object, Energy | None, Chart | None] | None = None
        self.kind = Choice(
            tr("What is shown"), MOTIONS, lambda word: document.look(motion=word), titles=TITLES
        )  # fmt: skip
        self.kind.setMaximumWidth(150)
        self.tools = [self.kind]
        self.words = label("", "hint")
        self.words.setWordWrap(True)
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.dials = {
            name: Dial(tr(SIDES[name]), parameter, partial(self._turn, name), self._refuse)
            for name, parameter in MEANINGS.items()
        }
        self._book = self._make_book()
        self.canvas = MotionCanvas(self, 50, left=NumberAxis("left"), bottom=NumberAxis("bottom"))
        self.canvas.setAccessibleName(tr("Motion"))
        self.canvas.getPlotItem().setContentsMargins(0, 0, 14, 0)
        self.canvas.paint_content = self.paint_motion
        self.canvas.clicked.connect(self._scrub)
        self.canvas.dragged.connect(self._scrub)
        self.canvas.setMinimumHeight(LOW)
        self.key = Key()
        self.damping = label("", "hint")
        self.damping.setWordWrap(True)
        inside = QWidget()
        inside.setObjectName("plain")
        column = QVBoxLayout(inside)
        column.setContentsMargins(14, 4, 14, 8)
        column.setSpacing(6)
        for part in (self.words, self._book, self.problem):
            column.addWidget(part)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.key)
        column.addWidget(self.damping)
        self.scroller = scroller(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.scroller)
        document.selected.connect(lambda _: self.refresh())
        document.charted.connect(lambda _: self.refresh())
        self.show_display(document.display)

    def _make_book(self) -> QWidget:
        """The dictionary: the numbers of the optimizer above those of the body."""
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self._grid, self._low, self._beside = grid, False, False
        self.law = label("η = Δt²/m     μ = 1 − c·Δt/m", "caption")
        self._place_dials()
        self.both = QPushButton(tr("Race both"))
        self.both.setObjectName("small")
        self.both.clicked.connect(lambda _=False: self.race_both())
        self.together = Switch(tr("Keep together"))
        self.together.clicked.connect(self._tie)
        self._tied = label(tr("Keep together"), "caption")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.both)
        line.addStretch(1)
        line.addWidget(self._tied)
        line.addWidget(self.together)
        grid.addWidget(self.law, len(self.dials), 0, 1, 6)
        grid.addLayout(line, len(self.dials) + 1, 0, 1, 6)
        return made

    def _place_dials(self) -> None:
        """One below the other; where there is little height in two columns, with symbols alone."""
        beside = {"dt": 0, "mass": 1, "friction": 2} if self._beside else {}
        for row, (name, dial) in enumerate(self.dials.items()):
            words = tr(SIDES[name])
            dial.caption.setText(words.partition(",")[0] if self._beside else words)
            dial.caption.setMinimumWidth(18 if self._beside else 0)
            dial.add_to(self._grid, beside.get(name, row), 3 if name in beside else 0)
        self._grid.setColumnStretch(4, 1 if self._beside else 0)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        low = self.height() < COMPACT
        self.words.setVisible(not low)
        self._low = low
        self._show_book(self.document.selected_racer)

    # what the document says

    def show_experiment(self, experiment: Experiment) -> None:
        self.refresh()

    def show_race(self, race: Race) -> None:
        self._race = race if len(race.x) else None
        self.refresh()

    def show_step(self, index: int) -> None:
        self.canvas.repaint_content()

    def show_display(self, display: Display) -> None:
        self.kind.show_value(display.motion)
        self.refresh()

    def showEvent(self, event: object) -> None:
        self.refresh()

    def for_picture(self) -> QWidget:
        self._bare = True
        self._book.hide()
        self.scroller.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return super().for_picture()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas.set_theme(theme)
        self.kind.set_theme(theme)
        self.key.set_theme(theme)
        self.together.set_colours(QColor(theme.accent), theme)
        for dial in self.dials.values():
            dial.set_theme(theme)

    def refresh(self) -> None:
        """Show what is selected, unless no one can see it."""
        if not self.isVisible():
            return
        racer = self.document.selected_racer
        if self.document.racer != self._told:  # what was refused to another is not for this one
            self._told = self.document.racer
            self._refuse("")
        if racer is None:
            self.words.setText(tr("Add a racer to see what it is in Newton's mechanics."))
        else:
            self.words.setText(dictionary.told(racer))
        self._show_book(racer)
        self._measure()

    def _measure(self) -> None:
        """The energy and the chart of the selected run."""
        document, race = self.document, self._race
        lane = document.selected_lane()
        key = (race, lane, document.critical, document.display.motion)
        if self._found is None or self._found[0] != key:
            energy = chart = None
            if race is not None and lane is not None and race.experiment is document.experiment:
                energy = dictionary.energy_in(race, lane, document.critical)
            if energy is not None and race is not None and lane is not None:
                t = race.trajectories[lane]
                chart = Chart.of(energy, document.display.motion, t.x, t.y)
                self.canvas.show_range(*chart.bounds)
            self._found = (key, energy, chart)
            self._tell_damping(race, lane, energy)
            self._show_book(self.document.selected_racer)
        _, energy, chart = self._found
        self.canvas.setVisible(chart is not None)
        self.key.setVisible(chart is not None)
        if chart is not None:
            self.key.show_chart(chart)
        self.canvas.repaint_content()

    def _tell_damping(self, race: Race | None, lane: int | None, energy: Energy | None) -> None:
        found = None
        if energy is not None and race is not None and lane is not None:
            end = float(race.x[lane, -1]), float(race.y[lane, -1])
            found = dictionary.damping_of(energy.body, end, self.document.critical)
        self.damping.setVisible(found is not None)
        self._critical = () if found is None else found.critical
        if found is not None and energy is not None:
            low, high = found.critical
            words = tr(
                "Critical friction {formula} at the minimum ({x}, {y}): {low} along its flat axis, "
                "{high} along its steep one. Here it is {c}: {verdict}."
            )
            self.damping.setText(words.format(
                formula=_critical_formula(energy.body), x=short(found.at[0]), y=short(found.at[1]),
                low=short(low), high=short(high), c=f"{energy.body.friction:.4g}",
                verdict=found.verdict,
            ))  # fmt: skip

    # the dictionary

    def _show_book(self, racer: Racer | None) -> None:
        body = None if racer is None else body_of(racer.configured())
        translated = racer is not None and (
            dictionary.is_momentum(racer) or dictionary.is_particle(racer)
        )
        turned = translated or (racer is not None and {"dt", "mass"} <= set(racer.values))
        self._book.setVisible(turned and body is not None and not self._bare)
        if racer is None or body is None or not turned:
            return
        beside = self._low and translated and self.width() >= TWO
        if beside != self._beside:
            self._beside = beside
            self._place_dials()
        values = self._values(racer)
        for name, dial in self.dials.items():
            dial.set_visible(name in values)
            if name in values:
                dial.show_number(self._range(name, values), self._marks(name, values))
        self.law.setVisible(translated and not self._low)
        for part in (self.both, self.together, self._tied):
            part.setVisible(translated)
        experiment = self.document.experiment
        there = dictionary.twin(experiment.racers, self.document.racer) is not None
        self.both.setEnabled(not there)
        self.together.setChecked(experiment.together)

    def _values(self, racer: Racer) -> dict[str, float]:
        """The numbers of both sides; of one only where there is no translation."""
        own = {name: value for name, value in racer.values.items() if name in MEANINGS}
        mass = 1.0
        other = dictionary.twin(self.document.experiment.racers, self.document.racer)
        if other is not None:
            mass = self.document.experiment.racers[other].values.get("mass", mass)
        try:
            there = dictionary.counterpart(racer, mass).values
        except ValueError:
            return own
        found = {**{name: value for name, value in there.items() if name in MEANINGS}, **own}
        if other is None and dictionary.is_momentum(racer):
            del found["mass"]  # it has none of its own: that of its particle is anybody's choice
        return found

    def _marks(self, name: str, values: dict[str, float]) -> tuple[float, ...]:
        """What is critical at the minimum, along its flat axis and its steep one."""
        mass = values.get("mass", 1.0)
        found = self._critical
        if self.document.selected_racer is not None and dictionary.is_momentum(
            self.document.selected_racer
        ):
            # its own body has mass 1; frictions grow with the root of that of its particle
            found = tuple(math.sqrt(mass) * friction for friction in found)
        if name == "momentum" and "dt" in values:
            return tuple(1 - friction * values["dt"] / mass for friction in found)
        return found if name == "friction" else ()

    @staticmethod
    def _range(name: str, values: dict[str, float]) -> Parameter:
        """A number with the ends of its slider."""
        usual = MEANINGS[name]
        high = usual.high
        if name == "friction":  # what takes all of the speed in one step
            high = max(values.get("mass", 1.0) / values["dt"], 1e-9)
        return replace(usual, value=values[name], high=high)

    def _refuse(self, reason: str) -> None:
        self.problem.setText(reason)
        self.problem.setVisible(bool(reason))

    def _turn(self, name: str, value: float, gesture: object) -> None:
        """Change a number on either side; raises ValueError where the other has no word for it."""
        racer, number = self.document.selected_racer, self.document.racer
        if racer is None:
            return
        racers = list(self.document.experiment.racers)
        other = dictionary.twin(racers, number)
        if name in racer.values:
            racers[number] = racer.with_value(name, value)
        elif name == "mass":  # momentum makes the same steps whatever it is: its particle takes it
            if other is not None:
                there = dictionary.counterpart(racer, value).values
                values = {**racers[other].values, **there}
                racers[other] = replace(racers[other], values=values, tuned=False)
        else:
            racers[number] = self._translated(racer, name, value)
        self.document.edit(
            tr("Change {name}").format(name=name), gesture=gesture, racers=tuple(racers)
        )
        self._refuse("")

    def _translated(self, racer: Racer, name: str, value: float) -> Racer:
        """The racer after a number of the other side was changed; ValueError if it has none."""
        if not (dictionary.is_momentum(racer) or dictionary.is_particle(racer)):
            raise ValueError(tr("{name} has no {what}").format(name=racer.name, what=name))
        dictionary.counterpart(racer)  # says why there is no translation
        values = {"mass": 1.0, **self._values(racer), name: value}
        if dictionary.is_momentum(racer):
            body = {part: values[part] for part in ("dt", "mass", "friction")}
            found = dictionary.counterpart(Racer("particle", body)).values
        else:
            one = OPTIMIZERS["momentum"](lr=values["lr"], momentum=values["momentum"])
            found = dictionary.particle_of(one, racer.values["mass"]).values
        wanted = {part: found[part] for part in found
                  if part in racer.values and part in MEANINGS}  # fmt: skip
        return replace(racer, values={**racer.values, **wanted}, tuned=False)

    def race_both(self) -> None:
        """Add the racer of the dictionary's other side, and keep the two together."""
        racer, document = self.document.selected_racer, self.document
        if racer is None:
            return
        experiment = document.experiment
        try:
            there = dictionary.counterpart(racer)
            title = tr("{title} of {name}").format(title=there.title, name=racer.name)
            title = title if len(title) <= MAX_NAME - 8 else there.title
            made = replace(
                racer, optimizer=there.name, values=there.values, tuned=False, on=True,
                name=unused_name(title, (each.name for each in experiment.racers)),
                colour=unused_colour(experiment.racers),
            )  # fmt: skip
            at = document.racer + 1
            racers = (*experiment.racers[:at], made, *experiment.racers[at:])
            document.edit(tr("Race both"), racers=racers, together=True)
        except ValueError as error:
            self._refuse(str(error))

    def _tie(self, on: bool) -> None:
        self.document.edit(tr("Keep together") if on else tr("Part them"), together=on)

    # the chart

    def paint_motion(self, painter: QPainter, viewport: Viewport) -> None:
        lane, race = self.document.selected_lane(), self._race
        if self._found is None or race is None or lane is None:
            return
        _, energy, chart = self._found
        racer = self.document.selected_racer
        if energy is None or chart is None or racer is None:
            return
        at = race.record(lane, min(self.player.index, race.last))
        if at < len(chart.x):
            color = self.theme.racer(racer.colour)
            draw_chart(painter, viewport, chart, energy, at, color, self.theme)

    def _scrub(self, event: Any) -> None:
        """Move the playhead to the time, or the place in phase space, that is pressed."""
        lane, race = self.document.selected_lane(), self._race
        if self._found is None or race is None or lane is None or self._found[2] is None:
            return
        chart = self._found[2]
        x, y = self.canvas.to_plane(event.scenePos())
        away = np.abs(chart.x - x)
        if chart.line is not None:
            x0, x1, y0, y1 = chart.bounds
            away = np.hypot((chart.x - x) / (x1 - x0), (chart.line - y) / (y1 - y0))
        if not np.isfinite(away).any():
            return
        record = int(np.nanargmin(away))
        self.player.pause()
        self.player.go(int(np.searchsorted(race.records(lane), record)))


class MotionCanvas(Canvas):
    """Asks for no more height than it needs: what a plot would like is scrolled out of sight."""

    def sizeHint(self) -> QSize:
        return QSize(300, LOW)


def _critical_formula(body: Body) -> str:
    if body.gravity:
        return "2√(Gλ)"
    return "2√(mλ) − λΔt" if body.discrete else "2√(mλ)"
