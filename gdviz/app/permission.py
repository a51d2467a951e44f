"""Which Python files may run: the user is asked once for each content."""

from pathlib import Path

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QMessageBox, QWidget

from gdviz.app.dialog import message
from gdviz.app.text import tr
from gdviz_core import foreign

MOST = 200  # contents that are remembered


def recall() -> None:
    """Allow what was allowed before."""
    for digest in _remembered():
        foreign.allow(digest)


def ask(path: str | Path, window: QWidget) -> bool:
    """Whether the file may run; PluginError if there is no optimizer in it."""
    source = foreign.read(path)
    if foreign.is_allowed(source.digest):
        return True
    question = tr("Run the optimizer {name} of this file?").format(name=source.cls)
    box = message(window, tr("Run a Python file"), question)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setInformativeText(
        source.path + "\n\n" + tr("It can do whatever you can do on this computer. Run it only if "
                                  "you know what it does.")
    )  # fmt: skip
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Yes | buttons.Cancel)
    box.setDefaultButton(buttons.Cancel)
    if box.exec() != buttons.Yes:
        return False
    foreign.allow(source.digest)
    QSettings().setValue("allowed", [source.digest, *_remembered()][:MOST])
    return True


def _remembered() -> list[str]:
    found = QSettings().value("allowed")
    names = found if isinstance(found, list) else [found]  # a list of one comes as a string
    return [name for name in names if isinstance(name, str) and name]
