"""The list of keyboard shortcuts, read from the actions themselves."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import (
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gdviz.app.controls import label
from gdviz.app.dialog import Dialog
from gdviz.app.text import tr

_MOUSE = (
    ("Click on the map or the surface", "Add a start"),
    ("Drag a start", "Move it"),
    ("Right-click a start", "Remove it"),
    ("Wheel", "Zoom"),
    ("Drag the map, or with the middle button", "Move the map"),
    ("Shift and drag on the map", "Zoom into a box"),
    ("Drag the surface", "Turn it"),
    ("Shift and drag the surface, or the right button", "Move it"),
    ("Click a ball or a row of the results", "Look at this run"),
    ("Click or drag on the curves", "Move the playhead"),
)


def plain(text: str) -> str:
    """The text of an action without the mark of its menu key."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


class Keys(Dialog):
    """A table of keys, and one of what the mouse does."""

    def __init__(self, parent: QWidget, actions: Sequence[QAction]):
        super().__init__(parent, tr("Keyboard shortcuts"))
        self.resize(520, 560)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        native = QKeySequence.SequenceFormat.NativeText
        keyed = [(a.shortcut().toString(native), plain(a.text())) for a in actions
                 if not a.shortcut().isEmpty()]  # fmt: skip
        keyed.append((tr("Escape"), tr("Give up what is being typed")))
        keyed.append((tr("Tab"), tr("To the next control")))
        for title, rows in (
            (tr("Keys"), keyed),
            (tr("Mouse"), [(tr(how), tr(what)) for how, what in _MOUSE]),
        ):
            column.addWidget(label(title, "title"))
            column.addWidget(_table(title, rows), 3 if rows is keyed else 2)


def _table(name: str, rows: Sequence[tuple[str, str]]) -> QTableWidget:
    table = QTableWidget(len(rows), 2)
    table.setAccessibleName(name)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    for header in (table.verticalHeader(), table.horizontalHeader()):
        assert header is not None
        header.hide()
    columns = table.horizontalHeader()
    assert columns is not None
    columns.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    columns.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    for row, cells in enumerate(rows):
        for place, text in enumerate(cells):
            table.setItem(row, place, QTableWidgetItem(text))
    return table
