"""Maps of many runs on the screen: coarse at once, finer as they are computed."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PyQt6.QtCore import QObject, QRectF, pyqtSignal
from PyQt6.QtGui import QPainter

import gdviz_core as core
from gdviz import maps
from gdviz.app.canvas import Viewport, image_of
from gdviz.app.document import Document
from gdviz.app.job import Job
from gdviz.app.turns import Turns
from gdviz.tint import Inks, Pixels, Shades, pixels_of, shades_of
from gdviz_core.maps import Part, Question
from gdviz_core.surface import Domain

Colouring = tuple[str, float | None]  # what colours tell, and the least loss that is known
ENOUGH = 50_000  # pixels
BAND = 100_000  # pixels that are coloured in one turn
NEEDED = {"minimum", "steps", "probability", "loss", "codes"}  # of the arrays of a part


@dataclass(eq=False)
class Sheet:
    """One map as far as it is computed: arrays with pixels of the side `every`, rows upwards."""

    question: Question
    every: int
    part: Part
    shades: Shades
    pixels: Pixels

    def draw(self, painter: QPainter, viewport: Viewport, box: Domain) -> None:
        """Draw it where `box`, x0, x1, y0, y1, is now."""
        x0, x1, y0, y1 = box
        downwards = np.ascontiguousarray(self.pixels[::-1])
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(
            QRectF(viewport.point(x0, y1), viewport.point(x1, y0)), image_of(downwards)
        )


class Survey(QObject):
    """Computes maps for one view; what has been asked before is given up when something else is.

    `changed` follows every part that arrives, `progressed` tells how much is done, None at the end.
    """

    changed = pyqtSignal()
    progressed = pyqtSignal(object)

    def __init__(self, document: Document, parent: QObject):
        super().__init__(parent)
        self._document = document
        self.sheets: list[Sheet | None] = []
        self.failure = ""
        self.coarse = False  # whether finer pixels would take too long
        self._wanted: object = None
        self._begun: set[int] = set()  # the maps of which something is there
        self._paces: dict[object, float] = {}
        self._job: Job | None = None
        self._progress: core.Progress | None = None
        self._inks: Inks | None = None
        self._bands = Turns(self)  # of what is to be coloured anew
        self._colouring: Colouring = ("minimum", None)

    @property
    def busy(self) -> bool:
        """Whether something is being computed."""
        return self._job is not None

    def stop(self) -> None:
        """Give up what is being computed, until it is asked for again."""
        if self._job is not None:
            self.give_up()
            self._wanted = None

    def give_up(self) -> None:
        """Give up what is being computed, until something else is asked for."""
        if self._job is not None:
            assert self._progress is not None
            self._progress.cancel()
            self._job.cancel()
            self._job = None
            self.progressed.emit(None)

    def forget(self) -> None:
        """Show no maps until new ones are there."""
        self.stop()
        self._wanted = None
        self.sheets = [None] * len(self.sheets)

    def paint_as(self, colouring: Colouring, inks: Inks) -> None:
        """Let colours tell something else."""
        if (colouring, inks) == (self._colouring, self._inks):
            return
        self._colouring, self._inks = colouring, inks
        self._bands.clear()
        for sheet in self.sheets:
            if sheet is not None:
                sheet.shades = shades_of(sheet.question, thinned(sheet.part), *colouring)
                self._recolour(sheet)
        if self._document.patient:
            self._bands.finish()

    def _recolour(self, sheet: Sheet) -> None:
        """Colour anew what a sheet has, some rows in each turn."""
        height, width = sheet.pixels.shape
        rows = max(1, BAND // max(1, width))
        for low in range(0, height, rows):
            self._bands.add(partial(self._recolour_rows, sheet, slice(low, low + rows)))
        self._bands.add(self.changed.emit)

    def _recolour_rows(self, sheet: Sheet, rows: slice) -> None:
        part = {name: values[rows] for name, values in sheet.part.items()}
        sheet.pixels[rows] = self._coloured(sheet.question, part, sheet.shades)

    def ask(self, key: object, asks: Callable[[], Sequence[maps.Ask]]) -> None:
        """Compute the maps that `key` stands for, unless that is what is there or under way.

        `asks` gives for each map its question for pixels of a side; ValueError says why there is
        none.
        """
        if key == self._wanted:
            return
        self.stop()
        self._wanted = key
        try:
            found = list(asks())
            finest = [ask(1) for ask in found]
        except ValueError as error:
            self.failure, self.sheets = str(error), []
            self.changed.emit()
            return
        self.failure = ""
        self._begun.clear()
        if len(found) != len(self.sheets):
            self.sheets = [None] * len(found)
        pixels = sum(question.shape[0] * question.shape[1] for question in finest)
        pace = max((self._pace(question) for question in finest), default=1e-6)
        passes = maps.sides(pixels, pace)
        self.coarse = passes[-1] > 1
        self._progress = core.Progress()
        if self._document.patient:
            for update in maps.refined(found, passes[-1:], self._progress, pace):
                self._take(update)
            return
        work: Any = maps.refined(found, passes, self._progress, pace)
        self._job = job = Job(work)
        job.progress.connect(self._take)
        job.done.connect(lambda _: self._end(""))
        job.failed.connect(lambda error: self._end(str(error) or type(error).__name__))
        self.progressed.emit(0.0)
        job.start(long=True)

    @staticmethod
    def _kind(question: Question) -> object:
        return (type(question), question.surface.name, question.optimizer.name)

    def _pace(self, question: Question) -> float:
        """About how many seconds a pixel takes: as before, or what is to be feared."""
        feared = maps.pixel_cost(question)
        known = self._paces.get(self._kind(question))
        return feared if known is None else min(feared, known * feared)

    def _end(self, failure: str) -> None:
        self._job = None
        if failure:
            self.failure, self.sheets = failure, []
        self.progressed.emit(None)
        self.changed.emit()

    def _take(self, update: maps.Update | None) -> None:
        if update is None or self._inks is None:
            return
        self._paces[self._kind(update.question)] = min(
            1.0, update.pace / max(1e-12, maps.pixel_cost(update.question))
        )
        part = {name: values for name, values in update.part.items() if name in NEEDED}
        sheet = self.sheets[update.number]
        if update.tile is None:
            shades = shades_of(update.question, thinned(part), *self._colouring)
            if sheet is not None and update.number in self._begun:
                shades = sheet.shades  # of a pass before this one: colours must not change
            self._begun.add(update.number)
            pixels = self._coloured(update.question, part, shades)
            sheet = Sheet(update.question, update.every, part, shades, pixels)
        else:
            if sheet is None:
                return
            sheet.question = update.question  # which may know more points
            if sheet.every != update.every:
                self._bands.finish()  # it has few pixels, and its colours are taken over
                sheet = _finer(sheet, update)
            rows, columns = update.tile
            for name, values in part.items():
                sheet.part[name][rows, columns] = values
            sheet.pixels[rows, columns] = self._coloured(update.question, part, sheet.shades)
        self.sheets[update.number] = sheet
        if not self._document.patient:
            self.progressed.emit(update.fraction)
        self.changed.emit()

    def _coloured(self, question: Question, part: Part, shades: Shades) -> Pixels:
        assert self._inks is not None
        return pixels_of(question, part, self._colouring[0], shades, self._inks)


def thinned(part: Part) -> Part:
    """Enough of the pixels to tell how colours are spread."""
    size = next(iter(part.values())).size
    every = max(1, math.isqrt(size // ENOUGH))
    return {name: values[::every, ::every] for name, values in part.items()}


def _finer(sheet: Sheet, update: maps.Update) -> Sheet:
    """A sheet with smaller pixels, which look as those before until they are computed."""
    factor = sheet.every // update.every
    rows, columns = update.question.shape

    def larger(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return array.repeat(factor, axis=0)[:rows].repeat(factor, axis=1)[:, :columns].copy()

    part = {name: larger(values) for name, values in sheet.part.items()}
    return Sheet(update.question, update.every, part, sheet.shades, larger(sheet.pixels))
