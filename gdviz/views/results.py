"""The table of results: every run, why it ended and how it compares."""

import math
from functools import partial

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gdviz.app.controls import ElidedLabel, IconButton, label
from gdviz.app.document import Document
from gdviz.app.entry import CheckedField, parse_number
from gdviz.app.job import Job
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import DARK, Theme
from gdviz.compute import Race
from gdviz.display import Display
from gdviz.results import Results, Row, as_text, results, tuned
from gdviz.scale import short
from gdviz.views.view import View

AFTER = 250  # milliseconds without a new race until the runs are ranked
SHOWN = 2000  # rows; the others are only counted
COLUMNS = ("#", "Racer", "Evals", "Steps", "Best loss", "Distance", "Start", "Ended")
TIPS = (
    "Rank: who reaches the target loss with the fewest gradient evaluations, then who gets lowest",
    "",
    "Gradient evaluations until the loss was at most the target; a Hessian counts as two",
    "Steps until then",
    "The lowest loss on the way",
    "From the end to the nearest known global minimum",
    "",
    "Why the run ended",
)


class _Cell(QTableWidgetItem):
    """A cell that sorts by its number, and by its text where it has none."""

    def __init__(self, text: str, number: float = 0.0):
        super().__init__(text)
        self.key = (number, text)
        self.setFlags(Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled)
        self.setToolTip(text)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        assert isinstance(other, _Cell)
        return self.key < other.key


class ResultsView(View):
    """A click on a row selects its run everywhere."""

    title = "Results"
    place = "right"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.theme: Theme = DARK
        self.results: Results | None = None
        self._wanted: float | None = None  # the target it was asked for
        self.target = CheckedField(tr("Target loss"), self._set_target)
        self.target.setObjectName("small")
        self.target.setFixedWidth(84)
        self.target.setPlaceholderText(tr("automatic"))
        self.target.setToolTip(tr("The loss to reach; empty for one that suits the race"))
        self.target.refused.connect(self._refuse)
        self.copy = IconButton("ph.copy", tr("Copy the table as text"), 26)
        self.copy.clicked.connect(self.copy_text)
        self.tune = QPushButton(tr("Tune"))
        self.tune.setObjectName("small")
        self.tune.setToolTip(
            tr(
                "Give every racer the best of the same 13 learning rates, spread over three "
                "powers of ten around its own"
            )
        )
        self.tune.clicked.connect(self.start_tuning)
        self.tools = [self.tune, self.copy]
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setAccessibleName(tr("Results"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, head = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None
        assert head is not None
        rows.hide()
        rows.setDefaultSectionSize(26)
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, tip in enumerate(TIPS):
            item = self.table.horizontalHeaderItem(column)
            assert item is not None
            item.setToolTip(tip)
        for column, width in enumerate((34, 118, 50, 50, 80, 72, 92, 260)):
            head.resizeSection(column, width)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.cellClicked.connect(self._pick)
        self.note = ElidedLabel("", "hint")
        bottom = QHBoxLayout()
        bottom.setContentsMargins(16, 0, 16, 0)
        bottom.addWidget(label(tr("Target loss"), "caption"))
        bottom.addWidget(self.target)
        bottom.addWidget(self.note, 1)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(8, 4, 8, 10)
        column_.addWidget(self.table, 1)
        column_.addLayout(bottom)
        self._job: Job | None = None
        self._tuning: Job | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(AFTER)
        self._later.timeout.connect(self._compute)
        document.selected.connect(lambda: self._mark())
        document.gave_up.connect(self._stop_tuning)
        self.show_display(document.display)

    # results

    def show_race(self, race: Race) -> None:
        self._later.start()

    def showEvent(self, event: object) -> None:
        self._later.start()

    def show_display(self, display: Display) -> None:
        text = "" if display.target is None else repr(display.target)
        if text != self.target.text() or self.results is None:
            self.target.show_text(text)
        self._later.start()

    def _refuse(self, reason: str) -> None:
        if reason:
            self.document.said.emit(reason)

    def _set_target(self, text: str) -> None:
        self.document.look(target=parse_number(text) if text.strip() else None)

    def _compute(self) -> None:
        """Rank in the background; only what is seen is computed."""
        race, target = self.document.race, self.document.display.target
        current = race.experiment is self.document.experiment
        if not self.isVisible() or not current or self._shown(race, target):
            return
        if self._job is not None:
            self._job.cancel()
        self._job = job = Job(results(race, target))
        job.done.connect(lambda found: self._show(found, target))
        job.failed.connect(
            lambda error: self.document.said.emit(tr("results: {error}").format(error=error))
        )
        job.start()

    def _shown(self, race: Race, target: float | None) -> bool:
        return self.results is not None and self.results.race is race and self._wanted == target

    def _show(self, found: Results, target: float | None) -> None:
        self._job = None
        if found.race is not self.document.race:
            return
        self.results, self._wanted = found, target
        self.table.setSortingEnabled(False)
        rows = found.rows[:SHOWN]
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, cell in enumerate(self._cells(row)):
                self.table.setItem(number, column, cell)
        self.table.setSortingEnabled(True)
        reached = sum(row.steps is not None for row in found.rows)
        count = len(found.rows)
        note = tr("No runs yet")
        if count:
            note = tr("{target}: reached by {reached} of {count}").format(
                target=short(found.target), reached=reached, count=count
            )
        marked = [racer.tuned for racer in found.race.experiment.running]
        if any(marked):
            alike = tr("{some} of {all} racers tuned alike")
            note += "; " + alike.format(some=sum(marked), all=len(marked))
        if count > SHOWN:
            note += f"; the best {SHOWN} are listed"
        self.note.setText(note)
        self.note.setToolTip(note)
        self._mark()

    def _cells(self, row: Row) -> list[_Cell]:
        def number(value: float | None) -> _Cell:
            if value is None:
                return _Cell("–", math.inf)
            return _Cell(short(value) if isinstance(value, float) else str(value), float(value))

        racer = _Cell(row.name)
        colour = self.document.race.experiment.racers[row.racer].colour
        racer.setIcon(_dot(self.theme.racer(colour)))
        start = _Cell(f"{row.at[0]:.4g}, {row.at[1]:.4g}".replace("-", "−"), float(row.start))
        place = _Cell(str(row.place), float(row.place))
        place.setData(Qt.ItemDataRole.UserRole, row.lane)
        return [place, racer, number(row.evaluations), number(row.steps), number(row.best),
                number(row.distance), start, _Cell(row.reason)]  # fmt: skip

    def copy_text(self) -> None:
        """Put the whole table on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if self.results is None or not self.results.rows or clipboard is None:
            self.document.said.emit(tr("There is nothing to copy yet"))
            return
        clipboard.setText(as_text(self.results))
        self.document.said.emit(tr("Copied {count} rows").format(count=len(self.results.rows)))

    def finish(self) -> None:
        self._later.stop()

    # selection

    def _pick(self, row: int, column: int) -> None:
        item = self.table.item(row, 0)
        if item is not None:
            self.document.select_lane(item.data(Qt.ItemDataRole.UserRole))

    def _mark(self) -> None:
        """Mark the row of the selected run."""
        lane = self.document.selected_lane()
        for row in range(self.table.rowCount()):
            item = self.table.item(row, 0)
            if item is not None and item.data(Qt.ItemDataRole.UserRole) == lane:
                self.table.selectRow(row)
                return
        self.table.clearSelection()

    # tuning

    def start_tuning(self) -> None:
        """Look for a better learning rate for each racer, the same way for all."""
        experiment = self.document.experiment
        if self._tuning is not None or self.results is None or not self.results.rows:
            self.document.said.emit(
                tr("There is nothing to tune: add a start and switch on a racer")
            )
            return
        if self.results.race.experiment is not experiment:
            self.document.said.emit(tr("The runs are still being ranked: try again in a moment"))
            return
        self._tuning = job = Job(tuned(experiment, self.results.target))
        self.tune.setEnabled(False)
        job.progress.connect(self.document.progressed)
        job.done.connect(partial(self._tuned, experiment))
        job.failed.connect(lambda error: self._end_tuning(str(error)))
        job.cancelled.connect(lambda _: self._end_tuning("Tuning was cancelled"))
        job.start()

    def _tuned(self, before: object, racers: tuple) -> None:
        if self.document.experiment is not before:
            self._end_tuning("The experiment has changed: nothing was tuned")
            return
        self._end_tuning("Every racer has the best of 13 learning rates")
        self.document.edit(tr("Tune learning rates"), racers=racers)

    def _end_tuning(self, text: str) -> None:
        self._tuning = None
        self.tune.setEnabled(True)
        self.document.progressed.emit(None)
        self.document.said.emit(text)

    def _stop_tuning(self) -> None:
        if self._tuning is not None:
            self._tuning.cancel()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.copy.set_color(theme.text2)
        if self.results is not None:
            self._show(self.results, self._wanted)


def _dot(color: QColor) -> QIcon:
    picture = QPixmap(20, 20)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(4, 4, 12, 12)
    painter.end()
    return QIcon(picture)
