"""Help that opens on the thing in question."""

import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QWidget,
)

from gdviz.app.dialog import Dialog
from gdviz.app.text import tr
from gdviz_core import Optimizer, Surface


def topics() -> dict[str, str]:
    """What the program says of its parts, by their names, as Markdown."""
    text = (resources.files("gdviz") / "assets" / "help.md").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in re.split("^# ", text, flags=re.M) if part.strip()]
    return {title.strip(): words.strip() for title, _, words in parts}


def about_optimizer(optimizer: Any) -> str:
    """An optimizer of the catalogue, as Markdown."""
    lines = [optimizer.summary, ""]
    if isinstance(optimizer, Optimizer):
        for line in optimizer.parsed.lines:
            lines += [f"    {line.name} = {line.expression}", "", line.note, ""]
    lines += [f"- **{h.name}** = {h.value:g}: {h.meaning}" for h in optimizer.hyperparameters]
    source = getattr(optimizer, "source", "")
    return "\n".join([*lines, "", f"*{source}*" if source else ""])


def about_surface(surface: Surface) -> str:
    """A surface of the catalogue, as Markdown."""
    x0, x1, y0, y1 = surface.domain
    lines = [f"    {surface.formula}", "",
             f"x from {x0:g} to {x1:g}, y from {y0:g} to {y1:g}", ""]  # fmt: skip
    for kind, points in (("Minima", surface.minima), ("Saddles", surface.saddles)):
        if points:
            some = ", ".join(f"({x:.6g}, {y:.6g})" for x, y in points[:12])
            lines += [f"{kind}: {some}{' and more' if len(points) > 12 else ''}", ""]
    return "\n".join([*lines, f"*{surface.source}*" if surface.source else ""])


class Help(Dialog):
    """Topics at the left, words at the right; `entries` are (title, Markdown)."""

    def __init__(self, parent: QWidget, entries: Sequence[tuple[str, str]], first: str):
        super().__init__(parent, tr("Help"))
        self.resize(760, 480)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Topics"))
        self.list.setFixedWidth(200)
        self.page = QTextBrowser()
        self.page.setAccessibleName(tr("What it says"))
        self.page.setOpenLinks(False)
        self._words = dict(entries)
        for title in self._words:
            self.list.addItem(QListWidgetItem(title))
        self.list.currentTextChanged.connect(self._show)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(12)
        row.addWidget(self.list)
        row.addWidget(self.page, 1)
        found = self.list.findItems(first, Qt.MatchFlag.MatchExactly)
        self.list.setCurrentItem(found[0] if found else self.list.item(0))

    def _show(self, title: str) -> None:
        self.page.setMarkdown(f"### {title}\n\n{self._words.get(title, '')}")
