"""What is drawn at the ball of the selected run: the inside of its optimizer, and its energy."""

from PyQt6.QtGui import QPainter

from gdviz.app.batches import draw_cloud, draw_contours
from gdviz.app.canvas import Viewport
from gdviz.app.document import Document
from gdviz.app.internals import draw_internals
from gdviz.app.motion import Reach, draw_bars
from gdviz.app.theme import Theme
from gdviz.compute import Race
from gdviz.dictionary import energy_in
from gdviz.inspection import Step, step_of
from gdviz_core.mechanics import Energy


class Probe:
    """Takes the step apart once for each record, and the energy once for each run."""

    def __init__(self) -> None:
        self._step: tuple[object, Step | None] | None = None
        self._energy: tuple[object, Energy | None] | None = None
        self._reach = Reach()

    def energy(self, document: Document, race: Race, lane: int) -> Energy | None:
        """The energy of a run, None for one that is no body."""
        key = (race, lane, document.critical)
        if self._energy is None or self._energy[0] != key:
            self._energy = (key, energy_in(race, lane, document.critical))
        return self._energy[1]

    def draw(
        self, painter: QPainter, document: Document, race: Race, index: int, viewport: Viewport,
        theme: Theme,
    ) -> None:  # fmt: skip
        """Everything that is switched on."""
        layers, pointed = document.display.internals, document.quantity
        lane = document.selected_lane()
        current = race.experiment is document.experiment
        if lane is None or not current or not (layers or pointed):
            return
        surface = race.experiment.resolved()
        color = theme.racer(race.experiment.racers[document.racer].colour)
        energy = None
        if "energy" in layers or "reach" in layers:
            energy = self.energy(document, race, lane)
        at = race.record(lane, index)
        if energy is not None and "reach" in layers:
            t = race.trajectories[lane]
            self._reach.draw(painter, surface, viewport, energy, at, t.x, t.y, color, theme)
        key = (race, lane, index)
        if self._step is None or self._step[0] != key:
            self._step = (key, step_of(race, lane, index))
        step = self._step[1]
        if step is not None:
            self._draw_batches(painter, race, lane, step, layers, viewport, theme)
            draw_internals(painter, step, surface, layers, pointed, viewport, color, theme)
        if energy is not None and "energy" in layers:
            x, y = float(race.x[lane, index]), float(race.y[lane, index])
            draw_bars(painter, viewport.point(x, y), energy, at, theme)

    @staticmethod
    def _draw_batches(
        painter: QPainter, race: Race, lane: int, step: Step, layers: tuple[str, ...],
        viewport: Viewport, theme: Theme,
    ) -> None:  # fmt: skip
        batches, surface = race.trajectories[lane].batches, race.experiment.resolved()
        if batches is not None and "contours" in layers:
            draw_contours(painter, surface, batches, step.number, viewport, theme)
        if batches is not None and "batches" in layers:
            draw_cloud(painter, surface, batches, step.number, step.before, viewport, theme)
