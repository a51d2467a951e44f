"""The open experiment, its undo history and the race computed from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtGui import QUndoCommand, QUndoStack

import gdviz_core as core
from gdviz import compute
from gdviz.app.job import Job
from gdviz.app.text import tr
from gdviz.display import Display
from gdviz.experiment import Experiment, Point, first_experiment
from gdviz.racer import Racer
from gdviz.scene import Scene
from gdviz.session import Session

# A race expected to take no longer than this runs at once, so that a drag shows it live.
INLINE_SECONDS = 0.012
# Milliseconds without a change of the surface until its critical points are looked for.
CHART_AFTER = 200


@dataclass(frozen=True)
class Origin:
    """What the experiment came from, to tell whether it was modified.

    `path` is the file it is saved in, None for one that has none yet; `scene` the words that came
    with it; `shipped` tells whether it is a scene of the program.
    """

    experiment: Experiment
    path: Path | None = None
    scene: Scene = field(default_factory=Scene)
    shipped: bool = False


class Document(QObject):
    """What all views look at.

    `changed` follows every edit, `raced` every new result; a Race carries its experiment, and one
    that comes too late is dropped. `selected` tells which start is meant by keys; it is not part
    of the experiment. `displayed` follows every change of the Display, `moved` of the Origin.
    With `patient` everything is computed and drawn at once, however long it takes: for files.
    """

    changed = pyqtSignal(object)  # Experiment
    raced = pyqtSignal(object)  # compute.Race
    charted = pyqtSignal(object)  # the CriticalPoints of the surface
    said = pyqtSignal(str)  # for the status bar
    gave_up = pyqtSignal()  # the user wants no more of what is being computed
    progressed = pyqtSignal(object)  # fraction of the running computation, None when it ends
    selected = pyqtSignal(int)
    displayed = pyqtSignal(object)  # Display
    moved = pyqtSignal(object)  # Origin
    pointed_out = pyqtSignal(str)  # a quantity of the selected run, "" for none

    def __init__(
        self,
        experiment: Experiment | None = None,
        parent: QObject | None = None,
        patient: bool = False,
    ):
        super().__init__(parent)
        self.patient = patient
        self.experiment = first_experiment() if experiment is None else experiment
        self.race = compute.finish(compute.race(replace(self.experiment, starts=())))
        self.display = Display()
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(1000)
        self.origin = Origin(self.experiment)
        self.selection = 0  # of the starts
        self.quantity = ""  # that is pointed out
        self.racer = 0  # the selected one, a number among all racers
        self.critical: core.CriticalPoints | None = None  # None until they are found
        self.failure = ""  # why there is no race
        self._charting = QTimer(self)
        self._charting.setSingleShot(True)
        self._charting.setInterval(CHART_AFTER)
        self._charting.timeout.connect(self._chart)
        self._census: Job | None = None
        self._job: Job | None = None
        self._changing = False

    def edit(self, label: str, *, gesture: object = None, **changes: Any) -> None:
        """Change fields of the experiment; `label` names the step in the Undo menu.

        Edits with the same `gesture` object, such as one drag of a slider, are one step. Raises
        ValueError, and changes nothing, if a value is not permitted.
        """
        self.show(label, self.experiment.changed(**changes), gesture)

    def show(self, label: str, experiment: Experiment, gesture: object = None) -> None:
        """Put another experiment in place of this one, as one step that can be undone."""
        if self._changing:
            return  # a field that loses the focus to this very change has nothing to say
        if experiment != self.experiment:
            self.undo_stack.push(_Edit(label, self, self.experiment, experiment, gesture))

    def open(
        self, label: str, session: Session, path: Path | None = None, shipped: bool = False
    ) -> None:
        """Show a session from elsewhere; what was open comes back with Undo."""
        there = (Origin(session.experiment, path, session.scene, shipped), session.display)
        self.undo_stack.push(_Edit(label, self, self.experiment, session.experiment, there=there))

    def session(self) -> Session:
        """What is to be saved."""
        return Session.of(self.experiment, self.display, self.origin.scene)

    @property
    def modified(self) -> bool:
        """Whether the experiment differs from what it came from."""
        return self.experiment != self.origin.experiment

    def settle(self, origin: Origin) -> None:
        """Tell where the experiment is kept from now on."""
        self.origin = origin
        self.moved.emit(origin)

    def select(self, start: int | None = None, racer: int | None = None) -> None:
        """Make a start the one that keys act on, or a racer the one that is looked at."""
        start = self.selection if start is None else start
        racer = self.racer if racer is None else racer
        start = max(0, min(start, len(self.experiment.starts) - 1))
        racer = max(0, min(racer, len(self.experiment.racers) - 1))
        if (start, racer) != (self.selection, self.racer):
            self.selection, self.racer = start, racer
            self.selected.emit(start)

    def add_start(self, at: Point) -> None:
        """Add a start and select it; what is not possible is said."""
        starts = self.experiment.starts
        try:
            self.edit(tr("Add start"), starts=(*starts, at))
        except ValueError as error:
            self.said.emit(str(error))
        else:
            self.select(len(starts))

    def remove_start(self, number: int) -> None:
        """Remove a start."""
        starts = self.experiment.starts
        self.edit(tr("Remove start"), starts=starts[:number] + starts[number + 1 :])

    def look(self, **changes: Any) -> None:
        """Change how the experiment is looked at; ValueError for a value that is not known."""
        self.view_as(replace(self.display, **changes))

    def view_as(self, display: Display) -> None:
        """Look at the experiment in another way. This is not an edit: Undo leaves it alone."""
        if display != self.display:
            self.display = display
            self.displayed.emit(display)

    def point_out(self, name: str) -> None:
        """Highlight a quantity of the selected run wherever it is shown; "" for none."""
        if name != self.quantity:
            self.quantity = name
            self.pointed_out.emit(name)

    @property
    def selected_racer(self) -> Racer | None:
        """The racer that is looked at; None if there is none."""
        racers = self.experiment.racers
        return racers[self.racer] if self.racer < len(racers) else None

    def selected_lane(self) -> int | None:
        """The lane of the race that belongs to the selected racer and start, if it ran."""
        race = self.race
        racers = race.experiment.racers
        if not len(race.x) or not 0 <= self.racer < len(racers) or not racers[self.racer].on:
            return None
        if self.selection >= len(race.experiment.starts):
            return None
        running = sum(racer.on for racer in racers[: self.racer])
        return race.lane(running, self.selection)

    def select_lane(self, lane: int) -> None:
        """Select the racer and the start of a lane of the race."""
        starts = len(self.race.experiment.starts)
        on = [number for number, racer in enumerate(self.race.experiment.racers) if racer.on]
        if starts and lane // starts < len(on):
            self.select(lane % starts, on[lane // starts])

    def _set(self, experiment: Experiment) -> None:
        if experiment.resolved() != self.experiment.resolved():
            self.critical = None
        before, self.experiment = self.experiment, experiment
        self.selection = _followed(self.selection, before.starts, experiment.starts)
        names = [[racer.name for racer in each.racers] for each in (before, experiment)]
        self.racer = _followed(self.racer, *names)
        self._changing = True
        try:
            self.changed.emit(experiment)
        finally:
            self._changing = False
        self.recompute()

    def recompute(self) -> None:
        """Run the race of the current experiment; an older one that still runs is cancelled."""
        self.cancel()
        self.failure = ""
        if self.critical is None and self.patient:
            self.critical = compute.finish(compute.chart(self.experiment.resolved()))
            self.charted.emit(self.critical)
        elif self.critical is None:
            self._charting.start()
        computation = compute.race(self.experiment, self.race)
        if self.patient or compute.cost(self.experiment, self.race) < INLINE_SECONDS:
            try:
                self._accept(compute.finish(computation))
            except (ValueError, MemoryError) as error:
                self._fail(error)
            return
        if self.race.experiment.resolved() != self.experiment.resolved():
            self._show_nothing()  # until the race is there: the old one is of another surface
        self._job = job = Job(computation)
        job.progress.connect(self.progressed)
        job.done.connect(self._accept)
        job.failed.connect(self._fail)
        job.start()

    def _chart(self) -> None:
        """Find the critical points of the surface in the background."""
        surface = self.experiment.resolved()
        if self._census is not None:
            self._census.cancel()
        self._census = job = Job(compute.chart(surface, aside=True))

        def found(points: core.CriticalPoints) -> None:
            if self.experiment.resolved() == surface:
                self.critical = points
                self.charted.emit(points)

        job.done.connect(found)
        job.failed.connect(
            lambda error: self.said.emit(tr("critical points: {error}").format(error=error))
        )
        job.start()

    def cancel(self) -> None:
        """Give up the computation that is running, if any."""
        if self._job is not None:
            job, self._job = self._job, None
            job.cancel()
            self.progressed.emit(None)

    def close(self) -> None:
        """Compute nothing any more."""
        self._charting.stop()
        self.cancel()

    def give_up(self) -> None:
        """Cancel at the user's wish: there is no race then."""
        self.gave_up.emit()
        if self._job is not None:
            self.cancel()
            self._show_nothing()

    def _show_nothing(self) -> None:
        self.race = compute.finish(compute.race(replace(self.experiment, starts=())))
        self.raced.emit(self.race)

    def _accept(self, race: compute.Race) -> None:
        if race.experiment is not self.experiment:
            return
        self.race, self._job = race, None
        self.progressed.emit(None)
        self.raced.emit(race)

    def _fail(self, error: Exception) -> None:
        self._job = None
        self.progressed.emit(None)
        self._show_nothing()  # the old race is of another experiment
        self.failure = str(error) or "there is not enough memory for this race"
        self.said.emit(self.failure)


def _followed(number: int, before: Sequence[Any], after: Sequence[Any]) -> int:
    """Where what had a number is now; the same number if it is gone or was changed."""
    if number < len(before) and len(before) != len(after) and before[number] in after:
        return list(after).index(before[number])
    return max(0, min(number, len(after) - 1))


class _Edit(QUndoCommand):
    def __init__(
        self,
        label: str,
        document: Document,
        before: Experiment,
        after: Experiment,
        gesture: object = None,
        there: tuple[Origin, Display] | None = None,
    ):
        super().__init__(label)
        self._there = there  # where an experiment from elsewhere comes from, and its display
        self._document, self._before, self._after = document, before, after
        self._gesture = gesture

    def redo(self) -> None:
        self._swap()
        self._document._set(self._after)

    def undo(self) -> None:
        self._swap()
        self._document._set(self._before)

    def _swap(self) -> None:
        """Change places: what was saved or looked at meanwhile is so again later."""
        if self._there is not None:
            document, (origin, display) = self._document, self._there
            self._there = (document.origin, document.display)
            document.settle(origin)
            document.view_as(display)

    def id(self) -> int:
        return -1 if self._gesture is None else 1

    def mergeWith(self, other: QUndoCommand | None) -> bool:
        if not isinstance(other, _Edit) or other._gesture is not self._gesture:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True
