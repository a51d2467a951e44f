"""Opens a table: what is in it, which columns are learned from, and by which model."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QBrush, QColor
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gdviz import fit
from gdviz.app.controls import Choice, Combo, label
from gdviz.app.dialog import Dialog
from gdviz.app.entry import parse_whole
from gdviz.app.job import Job
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.data import EXAMPLE, examples, shown
from gdviz.experiment import Experiment
from gdviz.fit import Wanted
from gdviz.scale import short
from gdviz_core.delimited import Column, DataError, Preview, Reading
from gdviz_core.dialect import Format
from gdviz_core.models import CLASSIFICATION, MODELS, REGRESSION
from gdviz_core.perceptron import ACTIVATIONS
from gdviz_core.table import SCALINGS

ROWS, COLUMNS = 40, 200  # that are shown
WIDE = 310
FORMULA, NETWORK = "formula", "network"  # in place of a model
NO_INPUT = ""
ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data")
SCALED = {"none": "As they are", "standardise": "Mean 0, deviation 1", "min-max": "From 0 to 1"}
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar", " ": "Space"}
DECIMALS = {".": "Point", ",": "Comma"}
ENCODINGS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}


class TableDialog(Dialog):
    """Looks into a file and hands an experiment on it, with a sentence, to `accepted`."""

    def __init__(
        self, parent: QWidget, theme: Theme, before: Experiment, path: str,
        accepted: Callable[[Experiment, str], None],
    ):  # fmt: skip
        super().__init__(parent, tr("Open data"))
        self.resize(940, 600)
        self._theme, self._before, self._accepted = theme, before, accepted
        self.path = path
        self.seen: Preview | None = None
        self._job: Job | None = None
        self._filling = False
        self.file = Combo(tr("File"))
        self.browse = QPushButton(tr("Choose a file…"))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(lambda _=False: self._browse())
        self.about = label("", "hint")
        self.about.setWordWrap(True)
        self.table = QTableWidget(0, 0)
        self.table.setAccessibleName(tr("The first rows"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setShowGrid(False)
        down = self.table.verticalHeader()
        assert down is not None
        down.hide()
        down.setDefaultSectionSize(24)
        self.model, self.scaling = Combo(tr("Model")), Combo(tr("Scaling"))
        for model in MODELS.values():
            self.model.addItem(tr(model.title), model.name)
            self.model.setItemData(self.model.count() - 1, model.summary,
                                   Qt.ItemDataRole.ToolTipRole)  # fmt: skip
        self.model.addItem(tr("A network (perceptron)"), NETWORK)
        self.model.addItem(tr("A formula of your own"), FORMULA)
        self.hidden = QLineEdit("8")
        self.hidden.setAccessibleName(tr("Hidden layers"))
        self.hidden.setToolTip(tr("The width of each hidden layer, such as 8 or 8, 4"))
        self.hidden.setMaxLength(60)
        self.seed = QLineEdit("1")
        self.seed.setAccessibleName(tr("Seed of the weights"))
        self.seed.setMaxLength(20)
        self.activation = Choice(tr("Activation"), tuple(ACTIVATIONS), lambda _: None)
        self.activation.setObjectName("")
        self.task = Choice(tr("Task"), (REGRESSION, CLASSIFICATION), lambda _: None)
        self.task.setObjectName("")
        self.formula = QLineEdit()
        self.formula.setAccessibleName(tr("Loss of one row"))
        self.formula.setToolTip(
            tr("The loss of one row, over columns and two names of your own, which are learned")
        )
        self.formula.setMaxLength(10_000)
        self.formula.setMinimumWidth(WIDE - 20)  # in a line of its own, below its caption
        self.inputs = [Combo(tr("Input")), Combo(tr("Second input"))]
        self.target = Combo(tr("Target"))
        for kind in SCALINGS:
            self.scaling.addItem(tr(SCALED[kind]), kind)
        self.scaling.setCurrentIndex(1)
        self.delimiter, self.decimal = Combo(tr("Delimiter")), Combo(tr("Decimal sign"))
        self.encoding, self.header = Combo(tr("Encoding")), Combo(tr("First line"))
        for combo, known in ((self.delimiter, DELIMITERS), (self.decimal, DECIMALS),
                             (self.encoding, ENCODINGS),
                             (self.header, {True: "Names", False: "Numbers"})):  # fmt: skip
            for value, words in known.items():
                combo.addItem(tr(words), value)
            combo.activated.connect(lambda _: self._look(self._form()))
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.hide()
        self.take_it = QPushButton(tr("Learn from it"))
        self.take_it.setDefault(True)
        self.take_it.clicked.connect(lambda _=False: self.take())
        close = QPushButton(tr("Cancel"))
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        self._lay_out(close)
        self._combos = [self.file, self.model, self.activation, self.task, self.scaling,
                        *self.inputs, self.target, self.delimiter, self.decimal, self.encoding,
                        self.header]  # fmt: skip
        for combo in self._combos:
            combo.set_theme(theme)
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self.file.activated.connect(lambda i: self.look_into(self.file.itemData(i)))
        self.model.currentIndexChanged.connect(lambda _: self._show_model())
        self.finished.connect(lambda _: self._stop())
        self.look_into(path)

    def _lay_out(self, close: QPushButton) -> None:
        top = QHBoxLayout()
        top.addWidget(self.file, 1)
        top.addWidget(self.browse)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(top)
        left.addWidget(self.about)
        left.addWidget(self.table, 1)
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for caption, field in (
            (tr("Model"), self.model), (tr("Hidden layers"), self.hidden),
            (tr("Activation"), self.activation), (tr("Task"), self.task),
            (tr("Seed of the weights"), self.seed), (tr("Loss of one row"), self.formula),
            (tr("Input"), self.inputs[0]), (tr("Second input"), self.inputs[1]),
            (tr("Target"), self.target), (tr("Scaling of the columns"), self.scaling),
        ):  # fmt: skip
            self.form.addRow(label(caption, "caption"), field)
        written = QHBoxLayout()
        for combo in (self.delimiter, self.decimal, self.encoding, self.header):
            part = QVBoxLayout()
            part.setSpacing(4)
            part.addWidget(label(combo.accessibleName(), "caption"))
            part.addWidget(combo)
            written.addLayout(part)
        left.addLayout(written)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(label(tr("What to learn"), "title"))
        right.addLayout(self.form)
        right.addStretch(1)
        side = QWidget()
        side.setObjectName("plain")
        side.setFixedWidth(WIDE)
        right.setContentsMargins(0, 0, 0, 0)
        side.setLayout(right)
        middle = QHBoxLayout()
        middle.setSpacing(18)
        middle.addLayout(left, 1)
        middle.addWidget(side)
        below = QHBoxLayout()
        below.addWidget(self.problem, 1)
        below.addWidget(self.bar)
        below.addWidget(close)
        below.addWidget(self.take_it)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(20, 18, 20, 16)
        whole.setSpacing(12)
        whole.addLayout(middle, 1)
        whole.addLayout(below)

    # the file

    def _browse(self) -> None:
        folder = "" if self.path.startswith(EXAMPLE) else str(Path(self.path).parent)
        name, _ = QFileDialog.getOpenFileName(self, tr("Open data"), folder, kinds())
        if name:
            self.look_into(name)

    def look_into(self, path: str) -> None:
        """Look into a file, the path of which may be that of a shipped table."""
        if not path:
            return
        self.path = path
        self.file.clear()
        if not path.startswith(EXAMPLE):
            self.file.addItem(shown(path), path)
        for place, words in examples().items():
            self.file.addItem(tr("Shipped: {words}").format(words=tr(words)), place)
        self.file.setCurrentIndex(self.file.findData(path))
        self.file.setToolTip(path)
        self._look(None)

    def _form(self) -> Format:
        return Format(self.delimiter.currentData(), self.decimal.currentData(),
                      self.encoding.currentData(), self.header.currentData())  # fmt: skip

    def _look(self, form: Format | None) -> None:
        self.seen = None
        try:
            self.seen = fit.look(self.path, form)
        except (DataError, ValueError) as error:
            self._say(str(error))
        self._show_preview()
        self._offer_columns()

    def _show_preview(self) -> None:
        seen = self.seen
        self.take_it.setEnabled(seen is not None)
        self.table.clear()
        if seen is None:
            self.about.setText("")
            self.table.setRowCount(0)
            self.table.setColumnCount(0)
            return
        for combo, value in ((self.delimiter, seen.format.delimiter),
                             (self.decimal, seen.format.decimal),
                             (self.encoding, seen.format.encoding),
                             (self.header, seen.format.header)):  # fmt: skip
            combo.setCurrentIndex(combo.findData(value))
        count = sum(column.numeric for column in seen.columns)
        words = tr("{columns} columns, {count} of numbers").format(
            columns=len(seen.columns), count=count
        )
        if not seen.whole:
            words += tr("; ranges and missing values are those of the first rows")
        self.about.setText(words)
        columns = seen.columns[:COLUMNS]
        self.table.setColumnCount(len(columns))
        self.table.setRowCount(min(ROWS, len(seen.rows)))
        grey = QBrush(QColor(self._theme.text3))
        for place, column in enumerate(columns):
            head = QTableWidgetItem(f"{column.title[:40]}\n{about(column)}")
            head.setToolTip(column.title[:400])
            head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.table.setHorizontalHeaderItem(place, head)
            for row, cells in enumerate(seen.rows[: self.table.rowCount()]):
                item = QTableWidgetItem(cells[place][:60])
                if not column.numeric:
                    item.setForeground(grey)
                self.table.setItem(row, place, item)
        across = self.table.horizontalHeader()
        assert across is not None
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for place in range(len(columns)):
            self.table.setColumnWidth(place, min(240, max(90, across.sectionSizeHint(place) + 14)))
        across.setStretchLastSection(True)

    # what to learn

    def _offer_columns(self) -> None:
        self._filling = True
        names = [] if self.seen is None else [c for c in self.seen.columns if c.numeric]
        for number, combo in enumerate((*self.inputs, self.target)):
            before = combo.currentData()
            combo.clear()
            if combo is self.inputs[1]:
                combo.addItem(tr("none"), NO_INPUT)
            for column in names:
                combo.addItem(column.title[:60], column.name)
            found = combo.findData(before)
            usual = len(names) - 1 if combo is self.target else min(number, len(names) - 1)
            if combo is self.inputs[1]:  # of two columns one is the target
                usual = 2 if len(names) > 2 else 0
            combo.setCurrentIndex(found if found >= 0 else usual)
        if self.target.currentIndex() == self.inputs[0].currentIndex():
            self.target.setCurrentIndex(len(names) - 1)
            self.inputs[0].setCurrentIndex(0)
        self._filling = False
        self._show_model()

    def _show_model(self) -> None:
        if self._filling:
            return
        model = MODELS.get(self.model.currentData())
        own, network = (self.model.currentData() == kind for kind in (FORMULA, NETWORK))
        for field in (self.hidden, self.activation, self.task, self.seed):
            self.form.setRowVisible(field, network)
        self.form.setRowVisible(self.formula, own)
        self.form.setRowVisible(self.inputs[0], not own)
        several = network or (model is not None and model.inputs > 1)
        self.form.setRowVisible(self.inputs[1], several)
        self.form.setRowVisible(self.target, True)
        if own and not self.formula.text() and self.target.count() > 1:
            self.formula.setText(
                f"(a*{self.inputs[0].currentData()} + b - {self.target.currentData()})^2"
            )
        if self.seen is not None:
            self._say("")
            self._check()

    def _check(self) -> None:
        """Say what stands in the way, before anybody presses the button."""
        try:
            self._columns()
        except (DataError, ValueError) as error:
            self._say(str(error))

    def _columns(self) -> tuple[str, ...]:
        assert self.seen is not None
        wanted = self._wanted()
        count = (
            2 if isinstance(wanted, Wanted) else MODELS[wanted].inputs if wanted in MODELS else 0
        )
        inputs = [c.currentData() for c in self.inputs[:count] if c.currentData()]
        return fit.chosen_columns(
            self.seen, wanted, tuple(dict.fromkeys(inputs)), self.target.currentData()
        )

    def _wanted(self) -> str | Wanted:
        """The model that is chosen: a name, a formula, or a network."""
        chosen = self.model.currentData()
        if chosen == FORMULA:
            return self.formula.text().strip()
        if chosen != NETWORK:
            return str(chosen)
        try:
            hidden = tuple(parse_whole(part) for part in self.hidden.text().split(","))
        except ValueError as error:
            raise ValueError(tr("Hidden layers: {error}").format(error=error)) from None
        return Wanted(hidden, self.activation.currentData(), self.task.currentData(),
                      parse_whole(self.seed.text()))  # fmt: skip

    def _say(self, text: str) -> None:
        self.problem.setText(text)

    def take(self) -> None:
        """Read the file and begin, or say what is wrong."""
        if self.seen is None or self._job is not None:
            return
        try:
            columns = self._columns()
        except (DataError, ValueError) as error:
            self._say(str(error))
            return
        self._say("")
        form = self.seen.format
        scaling = self.scaling.currentData()
        self._job = job = Job(
            fit.learn(self._before, self.path, columns, self._wanted(), scaling, form)
        )
        self.take_it.setEnabled(False)
        job.progress.connect(self._show_progress)
        job.done.connect(self._use)
        job.failed.connect(self._fail)
        job.start()

    def _show_progress(self, fraction: float) -> None:
        self.bar.setVisible(fraction < 1)
        self.bar.setValue(round(1000 * fraction))

    def _fail(self, error: Exception) -> None:
        self._job = None
        self.bar.hide()
        self.take_it.setEnabled(True)
        self._say(str(error) or tr("there is not enough memory for this table"))

    def _use(self, found: tuple[Experiment, Reading]) -> None:
        self._job = None
        made, reading = found
        words = tr("{rows} rows of {name}").format(
            rows=f"{reading.table.rows:,}", name=shown(self.path)
        )
        self._accepted(made, "; ".join(filter(None, (words, reading.words))))
        self.accept()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None


def about(column: Column) -> str:
    """A column in a few words: its type, its range and what is missing."""
    if not column.numeric:
        return tr("text") if column.bad is not None else tr("empty")
    words = tr("{low} to {high}").format(low=short(column.low), high=short(column.high))
    if column.low == column.high:
        words = tr("always {value}").format(value=short(column.low))
    if column.missing:
        words += tr(", {count} missing").format(count=column.missing)
    return words


def kinds() -> str:
    """What the file dialog offers."""
    endings = " ".join(f"*{ending}" for ending in ENDINGS)
    return tr("Tables ({endings});;All files (*)").format(endings=endings)
