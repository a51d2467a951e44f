"""Basins of attraction: every pixel is a start, in the colour of where its run ends."""

import time
from functools import partial
from typing import Any

import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter
from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

import gdviz_core as core
from gdviz import maps
from gdviz.app.balls import Starts
from gdviz.app.canvas import LEFT, RIGHT, Viewport
from gdviz.app.controls import Choice, ElidedLabel
from gdviz.app.document import Document
from gdviz.app.pane import Pane, draw_progress, draw_words
from gdviz.app.pictures import critical_marks, draw_critical_points
from gdviz.app.player import Player
from gdviz.app.range import Range
from gdviz.app.survey import Survey
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.app.trails import stroke
from gdviz.display import BASINS, Display
from gdviz.experiment import Experiment, Point
from gdviz.racer import Racer
from gdviz.views.view import View
from gdviz_core.critical import CriticalPoints
from gdviz_core.destinations import Destinations
from gdviz_core.maps import Basins

TITLES = {"minimum": "Where it ends", "steps": "How long it takes",
          "probability": "How likely the best"}  # fmt: skip
WHOSE = ("selected", "all")
MOST = 4  # maps side by side
FOLLOWED = 0.008  # seconds for the run that the pointer shows
HINT = "Point at a start to see its run; click to race from there."
PAUSE = 0.2  # seconds between two tellings of the shares
COARSE = "Coarse, for the whole map would take long: File, Export map makes it."


class BasinsView(View):
    """The basins of the selected racer, or of all side by side.

    The pointer shows the run from its pixel, a click adds it as a start. The wheel zooms, a drag
    pans, a drag with Shift zooms into a box; as one zooms in, borders are computed anew.
    """

    title = "Basins"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self.kind = Choice(
            tr("What colours tell"), BASINS, lambda w: document.look(basins=w), titles=TITLES
        )  # fmt: skip
        self.kind.setMaximumWidth(150)
        self.whose = Choice(
            tr("Racers"), WHOSE, lambda word: document.look(beside=word == "all")
        )  # fmt: skip
        self.tools = [self.kind, self.whose]
        self.range = Range()
        self.survey = Survey(document, self)
        self.survey.changed.connect(self._show_sheets)
        self.survey.progressed.connect(self._progress)
        self._fraction: float | None = None
        self._starts = Starts()
        self._run: core.Trajectory | None = None
        self._hovered: tuple[int, Point] | None = None
        self._fitted: object = None
        self._marks: tuple[object, list[Any]] | None = None
        self._where: tuple[object, object, Destinations] | None = None
        self._told = 0.0  # when the shares were told
        self._bare = False  # for a picture as small as a stamp
        self.words = ElidedLabel("", "hint")
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self.panes: list[Pane] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 14, 8)
        column.setSpacing(4)
        column.addLayout(self._grid, 1)
        column.addWidget(self.words)
        document.selected.connect(lambda _: self.refresh())
        document.charted.connect(lambda _: self.refresh())
        document.gave_up.connect(self.survey.give_up)
        self.show_display(document.display)
        self.show_experiment(document.experiment)

    # what the document says

    def show_experiment(self, experiment: Experiment) -> None:
        surface = experiment.resolved()
        if (surface.name, surface.domain) != self._fitted:
            self._fitted = (surface.name, surface.domain)
            self.range.set_domain(surface.domain)
        self._run = self._hovered = None
        self.refresh()

    def show_display(self, display: Display) -> None:
        self.kind.show_value(display.basins)
        self.whose.show_value(WHOSE[display.beside])
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for choice in (self.kind, self.whose):
            choice.set_theme(theme)
        for pane in self.panes:
            pane.set_theme(theme)
        self.refresh()
        self._show_sheets()

    def showEvent(self, event: object) -> None:
        self.refresh()

    def hideEvent(self, event: object) -> None:
        self.survey.stop()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._place_panes()

    def show_bare(self) -> None:
        self._bare = True
        self.words.hide()

    def finish(self) -> None:
        self.survey.stop()

    @property
    def racers(self) -> list[Racer]:
        """Those whose maps are shown."""
        document = self.document
        if document.display.beside:
            return list(document.experiment.running[:MOST])
        racers = document.experiment.racers
        return list(racers[document.racer : document.racer + 1])

    def refresh(self) -> None:
        """Show the maps of now, unless no one can see them."""
        if not self.isVisible():
            return
        racers = self.racers
        if len(racers) != len(self.panes):
            self._make_panes(max(1, len(racers)))
        for pane, racer in zip(self.panes, racers, strict=False):
            pane.heading.setText(racer.name)
            pane.heading.setVisible(len(racers) > 1 and not self._bare)
        experiment = self.document.experiment
        noisy = bool(experiment.noise) or any(racer.batch for racer in racers)
        self.kind.hide_value("probability", not noisy)
        self._apply_range()

    def _make_panes(self, count: int) -> None:
        for pane in self.panes:
            self._grid.removeWidget(pane)
            pane.hide()
            pane.deleteLater()
        self.survey.stop()
        self.panes = [Pane(self.range, self._apply_range) for _ in range(count)]
        for number, pane in enumerate(self.panes):
            pane.canvas.paint_content = partial(self._paint, number)
            pane.canvas.clicked.connect(partial(self._click, number))
            pane.canvas.dragged.connect(partial(self._drag, number))
            pane.canvas.hovered.connect(partial(self._hover, number))
            pane.canvas.resized.connect(self._apply_range)
            pane.set_theme(self.theme)
            if self._bare:
                pane.show_bare()
        self._place_panes()

    def _place_panes(self) -> None:
        """In as many columns as makes them largest."""
        count = len(self.panes)
        wide = self.width() >= self.height()
        columns = {1: 1, 2: 2 if wide else 1}.get(count, 2)
        for number, pane in enumerate(self.panes):
            self._grid.removeWidget(pane)
            self._grid.addWidget(pane, *divmod(number, columns))

    def _apply_range(self) -> None:
        """Let every canvas show the range, and ask for the maps of what is seen."""
        for pane in self.panes:
            width, height = pane.canvas.box.width(), pane.canvas.box.height()
            if width < 8 or height < 8:
                return
            pane.canvas.show_range(*self.range.place(width, height))
        self._ask()
        for pane in self.panes:
            pane.canvas.repaint_content()

    @property
    def colouring(self) -> str:
        """What the colours tell now."""
        wanted = self.document.display.basins
        noisy = bool(self.document.experiment.noise) or any(r.batch for r in self.racers)
        return wanted if noisy or wanted != "probability" else "minimum"

    def _ask(self) -> None:
        """Ask for the maps of what is visible."""
        experiment, racers = self.document.experiment, self.racers
        self.survey.paint_as((self.colouring, None), self.theme.inks)
        viewports = [pane.canvas.viewport_now() for pane in self.panes]
        seeds = experiment.maps.seeds if self.colouring == "probability" else 1

        where = self._destinations()

        def asks() -> list[maps.Ask]:
            if not racers:
                raise ValueError(tr("Switch on a racer to see its basins."))
            found: list[maps.Ask] = []
            for racer, seen in zip(racers, viewports, strict=True):
                if seen is None:
                    raise ValueError("")
                found.append(partial(_question, experiment, racer, seen, where, seeds))
            return found

        key = (
            experiment.resolved(), experiment.steps, experiment.budget, experiment.tolerance,
            experiment.stop_outside, experiment.noise, experiment.seed, experiment.replacement,
            experiment.own_luck, seeds, tuple(map(_shown, racers)), tuple(viewports),
            where,
        )  # fmt: skip
        self.survey.ask(key, asks)

    def _destinations(self) -> Destinations:
        """What runs may end in, as far as it is known by now; the same while nothing is found."""
        surface, found = self.document.experiment.resolved(), self.document.critical
        known = self._where
        if known is None or known[0] is not surface or known[1] is not found:
            known = self._where = (surface, found, maps.destinations_of(surface, found))
        return known[2]

    def _progress(self, fraction: float | None) -> None:
        self._fraction = fraction

    def _hint(self) -> None:
        """What can be done, while the pointer is nowhere."""
        self.words.setText(tr(COARSE if self.survey.coarse else HINT))

    def _show_sheets(self) -> None:
        if self._hovered is None:
            self._hint()
        now = time.monotonic()
        tell = not self.survey.busy or now > self._told + PAUSE  # counting takes a while
        self._told = now if tell else self._told
        for pane, sheet in zip(self.panes, self.survey.sheets, strict=False):
            if sheet is not None and tell:
                pane.tell_shares(sheet, self.theme)
            pane.canvas.repaint_content()
        for pane in self.panes[len(self.survey.sheets) :]:
            pane.shares.show_shares((), (), ())
            pane.canvas.repaint_content()

    # drawing

    def _paint(self, number: int, painter: QPainter, viewport: Viewport) -> None:
        survey, theme = self.survey, self.theme
        room = QRectF(0, 0, viewport.width / viewport.ratio, viewport.height / viewport.ratio)
        painter.fillRect(room, QColor(theme.empty))
        if survey.failure:
            draw_words(painter, survey.failure, room, theme)
            return
        sheet = survey.sheets[number] if number < len(survey.sheets) else None
        if sheet is not None and isinstance(sheet.question, Basins):
            sheet.draw(painter, viewport, sheet.question.domain)
        document = self.document
        if document.display.critical:
            draw_critical_points(painter, self._critical(document.critical), viewport, theme)
        self._starts.draw(painter, document.experiment.starts, document.selection, viewport, theme)
        if self._run is not None and self._hovered is not None and self._hovered[0] == number:
            px, py, _ = viewport.points(self._run.x, self._run.y)
            good = np.isfinite(px) & np.isfinite(py) & (np.abs(px) + np.abs(py) < 1e6)
            pens = [
                (QColor(theme.casing), 4.4 * theme.zoom),
                (QColor(theme.text), 2.0 * theme.zoom),
            ]
            stroke(painter, viewport, px[good], py[good], *pens)
        if self._fraction is not None:
            draw_progress(painter, self._fraction, room.width(), theme)

    def _critical(self, found: CriticalPoints | None) -> list[Any]:
        surface = self.document.experiment.resolved()
        if self._marks is None or self._marks[0] != (surface, found):
            self._marks = ((surface, found), critical_marks(surface, found))
        return self._marks[1]

    # the mouse

    def _click(self, number: int, event: Any) -> None:
        if event.button() == LEFT and not event.double():
            at = self.panes[number].canvas.to_plane(event.scenePos())
            self.document.add_start(self.range.rounded(at))
        elif event.button() == RIGHT:
            self.range.fit()
            self._apply_range()

    def _drag(self, number: int, event: Any) -> None:
        if event.button() == LEFT and not self.panes[number].steering.framed(event):
            self.panes[number].steering.pan(event)

    def _hover(self, number: int, at: Point | None) -> None:
        self._run, self._hovered = None, None
        sheets = self.survey.sheets
        sheet = sheets[number] if number < len(sheets) else None
        if at is not None and sheet is not None and isinstance(sheet.question, Basins):
            self._follow(number, sheet.question, at)
        else:
            self._hint()
        for pane in self.panes:
            pane.canvas.repaint_content()

    def _follow(self, number: int, question: Basins, at: Point) -> None:
        """Run from the centre of the pixel under the pointer."""
        x, y = (
            float(line[np.argmin(np.abs(line - value))])
            for line, value in zip(question.centres, at, strict=True)
        )
        steps = min(question.steps, max(10, int(FOLLOWED / maps.run_cost(question))))
        if steps < question.steps and question.conditions.get("schedule"):
            self.words.setText(tr("The run from here takes too long to follow with the pointer."))
            return  # its schedule would be that of a shorter one
        try:
            run = core.descend(
                question.surface, question.optimizer, (x, y), steps, **question.conditions
            )
        except (ValueError, RuntimeError, MemoryError) as error:
            self.words.setText(str(error))
            return
        self._run, self._hovered = run, (number, at)
        x, y = self.range.rounded((x, y))
        if run.status == "out of steps" and steps < question.steps:
            told = tr("on its way after {steps} steps").format(steps=f"{steps:,}")
        else:
            told = tr("{reason}, step {step}").format(reason=run.reason, step=run.steps)
            told = told if "step" not in str(run.reason) else str(run.reason)
        if question.conditions.get("noise") or question.conditions.get("batch"):
            told = tr("one draw of many: {told}").format(told=told)
        self.words.setText(tr("From ({x:.6g}, {y:.6g}): {told}").format(x=x, y=y, told=told))


def _question(
    experiment: Experiment, racer: Racer, seen: Viewport, where: Any, seeds: int, every: int
) -> Basins:
    """The basins in a viewport, with pixels of a side."""
    shape = (-(-seen.height // every), -(-seen.width // every))
    domain = (seen.x0, seen.x1, seen.y0, seen.y1)
    return maps.basins(experiment, racer, shape, domain, where, seeds)


def _shown(racer: Racer) -> object:
    """All of a racer that makes a difference to its map."""
    return racer.configured(), tuple(racer.conditions().items()), racer.way, racer.h
