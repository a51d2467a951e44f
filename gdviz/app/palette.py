"""The command palette: type a few letters of anything the program can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, QPoint, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gdviz.app.dialog import Dialog
from gdviz.app.text import tr

SHOWN = 200


@dataclass(frozen=True)
class Command:
    """Something that can be chosen by its words; `keys` are shown beside it."""

    text: str
    run: Callable[[], object]
    keys: str = ""


def found(commands: Sequence[Command], wanted: str) -> list[Command]:
    """The commands that have all the wanted words, those that begin with them first."""
    words = wanted.casefold().split()
    fitting = [c for c in commands if all(word in c.text.casefold() for word in words)]

    def order(command: Command) -> tuple[int, int]:
        text = command.text.casefold()
        begins = bool(words) and text.startswith(words[0])
        inner = bool(words) and any(part.startswith(words[0]) for part in text.split())
        return (0 if begins else 1 if inner else 2), commands.index(command)

    return sorted(fitting, key=order)


class Palette(Dialog):
    """A line to type in and what fits it; Enter or a click runs it."""

    def __init__(self, parent: QWidget, commands: Sequence[Command]):
        super().__init__(parent, tr("Find a command"), Qt.WindowType.Popup)
        self.setObjectName("palette")
        self._commands = list(commands)
        self._fitting: list[Command] = []
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("What do you want to do?"))
        self.line.setAccessibleName(tr("Command"))
        self.line.textChanged.connect(self._search)
        self.line.installEventFilter(self)
        self.line.setMaxLength(200)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(lambda item: self._run(self.list.row(item)))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self._search("")
        width = min(560, parent.width() - 80)
        self.setFixedSize(width, min(420, parent.height() - 120))
        self.move(parent.mapToGlobal(QPoint((parent.width() - width) // 2, 70)))
        self.line.setFocus()

    def _search(self, text: str) -> None:
        self._fitting = found(self._commands, text)[:SHOWN]
        self.list.clear()
        for command in self._fitting:
            keys = f"    {command.keys}" if command.keys else ""
            self.list.addItem(QListWidgetItem(command.text + keys))
        self.list.setCurrentRow(0)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Arrows move in the list while the line keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            row, count = self.list.currentRow(), self.list.count()
            moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8,
                     Qt.Key.Key_PageUp: -8}  # fmt: skip
            if event.key() in moves and count:
                self.list.setCurrentRow(max(0, min(count - 1, row + moves[Qt.Key(event.key())])))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(row)
                return True
        return super().eventFilter(watched, event)

    def _run(self, row: int) -> None:
        if 0 <= row < len(self._fitting):
            self.accept()
            self._fitting[row].run()
