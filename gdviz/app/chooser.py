"""The list of optimizers to choose from, each with what it does and its rule as a formula."""

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gdviz.app import boxes, typeset
from gdviz.app.controls import label, scroller
from gdviz.app.dialog import Dialog
from gdviz.app.page import Page
from gdviz.app.text import tr
from gdviz.app.theme import Theme, font
from gdviz_core import Optimizer
from gdviz_core.external import KNOWN, TORCH_NAMES, find, prepare_torch
from gdviz_core.notation import notation

FORMULA = 18.0


class RulePage(Page):
    """An optimizer: what it does, its rule, its hyper-parameters, and who it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self.optimizer: Any = None

    def show_optimizer(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.lay_out()

    def fill(self, y: float) -> float:
        theme, zoom, optimizer = self.theme, self.theme.zoom, self.optimizer
        if optimizer is None:
            return y
        size, small = FORMULA * zoom, font(12.5 * zoom)
        y = self.add_words(y, optimizer.title, font(16 * zoom, 600), theme.text)
        y = self.add_words(y + 2, optimizer.summary, font(13 * zoom), theme.text2)
        if isinstance(optimizer, Optimizer):
            for line in optimizer.parsed.lines:
                lead = boxes.row(typeset.symbol(line.name, size), boxes.text(" = ", size))
                box = typeset.typeset(notation(line.expression), size)
                y = self.add_formula(y + 10, lead, box, line.name)
                if line.note:
                    y = self.add_words(y + 1, line.note, small, theme.text2)
        else:
            y = self.add_words(
                y + 10, tr("It runs inside its library, which has no rule to show."), small,
                theme.text2,
            )  # fmt: skip
        y += 12
        for h in optimizer.hyperparameters:
            meaning = f"{h.name} = {h.value:g}: {h.meaning}"
            y = self.add_words(y, meaning, small, theme.text)
        presets = getattr(optimizer, "presets", {})
        if presets:
            words = tr("Presets: {names}").format(names=", ".join(presets))
            y = self.add_words(y + 6, words, small, theme.text2)
        source = getattr(optimizer, "source", "")
        return self.add_words(y + 6, source, small, theme.text3) if source else y


class Chooser(Dialog):
    """Search, look and add; it stays open for more than one."""

    def __init__(self, parent: QWidget, theme: Theme, chosen: Callable[[str], str]):
        super().__init__(parent, tr("Add an optimizer"))
        self.resize(820, 560)
        self._chosen = chosen
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("Search: a name, a word of its description, a year"))
        self.line.setAccessibleName(tr("Search"))
        self.line.setMaxLength(200)
        self.line.textChanged.connect(self._search)
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Optimizers"))
        self.list.setFixedWidth(250)
        self.list.currentItemChanged.connect(lambda item, _: self._show(item))
        self.list.itemDoubleClicked.connect(lambda _: self.take())
        self.page = RulePage()
        self.page.set_theme(theme)
        scroll = scroller(self.page)
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.add = QPushButton(tr("Add to the race"))
        self.add.setDefault(True)
        self.add.clicked.connect(self.take)
        close = QPushButton(tr("Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        left = QVBoxLayout()
        left.addWidget(self.line)
        left.addWidget(self.list, 1)
        below = QHBoxLayout()
        below.addWidget(self.problem, 1)
        below.addWidget(close)
        below.addWidget(self.add)
        right = QVBoxLayout()
        right.addWidget(scroll, 1)
        right.addLayout(below)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(12)
        whole.addLayout(left)
        whole.addLayout(right, 1)
        self._search("")

    def _search(self, text: str) -> None:
        words = text.casefold().split()
        self.list.clear()
        family = ""
        families = list(dict.fromkeys(optimizer.family for optimizer in KNOWN.values()))
        for optimizer in sorted(KNOWN.values(), key=lambda o: families.index(o.family)):
            about = f"{optimizer.title} {optimizer.name} {optimizer.summary} {optimizer.family} "
            about += getattr(optimizer, "source", "")
            if all(word in about.casefold() for word in words):
                if optimizer.family != family:
                    family = optimizer.family
                    self._head(family)
                self._offer(optimizer.title, optimizer.name)
        names = [name for name in TORCH_NAMES
                 if all(word in f"torch.optim.{name}".casefold() for word in words)]  # fmt: skip
        if names:
            self._head("torch")
        for name in names:
            self._offer(name, f"torch_{name}")
        self._go(0, 1)

    def _go(self, row: int, step: int) -> None:
        """To the first optimizer from a row on; the heads of families are passed over."""
        while 0 <= row < self.list.count():
            item = self.list.item(row)
            if item is not None and item.flags() & Qt.ItemFlag.ItemIsSelectable:
                self.list.setCurrentRow(row)
                break
            row += step

    def _head(self, title: str) -> None:
        head = QListWidgetItem(title)
        head.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.addItem(head)

    def _offer(self, title: str, name: str) -> None:
        item = QListWidgetItem(f"   {title}")
        item.setData(Qt.ItemDataRole.UserRole, name)
        self.list.addItem(item)

    def _show(self, item: QListWidgetItem | None) -> None:
        name = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        self.add.setEnabled(name is not None)
        self.page.setVisible(name is not None)
        if name is not None:
            if name.startswith("torch_"):
                prepare_torch()
            self.page.show_optimizer(find(name))

    def take(self) -> None:
        """Add the optimizer that is shown."""
        item = self.list.currentItem()
        name = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        if name is not None:
            self.problem.setText(self._chosen(name))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Arrows move in the list while the line keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                self._go(self.list.currentRow() + step, step)
                return True
        return super().eventFilter(watched, event)
