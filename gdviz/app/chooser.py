"""The list of optimizers to choose from, each with what it does and its rule as a formula."""

from collections.abc import Callable
from functools import partial

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

from gdviz import library
from gdviz.app.controls import label, scroller
from gdviz.app.dialog import Dialog
from gdviz.app.rulepage import RulePage
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.own import FAMILY, OwnRule
from gdviz_core.known import KNOWN, find
from gdviz_core.torched import TORCH_NAMES, prepare_torch


class Chooser(Dialog):
    """Search, look and add; it stays open for more than one."""

    def __init__(
        self, parent: QWidget, theme: Theme, chosen: Callable[[str | OwnRule], str],
        write: Callable[[], object], find_python: Callable[[], object],
    ):  # fmt: skip
        super().__init__(parent, tr("Add an optimizer"))
        self._own = [entry for _, entry in library.entries(OwnRule)]
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
        self.set_theme(theme)
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
        for text, tip, slot in (
            (tr("New rule…"), tr("Write an update rule of your own"), write),
            (tr("Python file…"), tr("An optimizer written as a Python class"), find_python),
        ):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.setAutoDefault(False)
            button.clicked.connect(partial(self._leave_for, slot))
            below.addWidget(button)
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

    def set_theme(self, theme: Theme) -> None:
        self.page.set_theme(theme)

    def _search(self, text: str) -> None:
        words = text.casefold().split()
        self.list.clear()
        mine = [entry for entry in self._own
                if all(word in f"{entry.title} {FAMILY}".casefold() for word in words)]  # fmt: skip
        if mine:
            self._head(FAMILY)
        for entry in mine:
            self._offer(entry.title, entry)
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

    def _leave_for(self, slot: Callable[[], object], _: bool = False) -> None:
        self.reject()
        slot()

    def _offer(self, title: str, name: str | OwnRule) -> None:
        item = QListWidgetItem(f"   {title}")
        item.setData(Qt.ItemDataRole.UserRole, name)
        self.list.addItem(item)

    def _show(self, item: QListWidgetItem | None) -> None:
        name = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        self.add.setEnabled(name is not None)
        self.page.setVisible(name is not None)
        if name is not None:
            if isinstance(name, OwnRule):
                self.page.show_optimizer(name.optimizer())
                return
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
