"""From nothing to an open window, and from that to the end of the program."""

import gc
import sys
from pathlib import Path

from PyQt6.QtCore import QByteArray, QSettings, QTimer
from PyQt6.QtWidgets import QApplication

from gdviz import __version__
from gdviz.app import permission, theme
from gdviz.app.document import Origin
from gdviz.app.guard import (
    Collector,
    Guard,
    Signals,
    return_free_memory,
    return_large_arrays,
    state_folder,
)
from gdviz.display import Display
from gdviz.experiment import Experiment
from gdviz.session import Session
from gdviz.window.frame import Window

TIDY = 5000  # milliseconds between two tidyings of the memory
# Seconds for which a thread may keep the interpreter. The window asks for it many times a frame: of
# 6 ms alone, a frame takes 135 ms at Python's 5 ms beside a library at work in the background, such
# as SymPy, and 18 at this.
TURN = 0.0002


def make_window(experiment: Experiment | None = None, display: Display | None = None) -> Window:
    """The main window, ready to be shown; a QApplication must exist."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setApplicationName("gdviz")
    app.setOrganizationName("gdviz")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("gdviz")
    sys.setswitchinterval(TURN)
    return_large_arrays()
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()  # modules stay: what comes after them is soon looked through
    theme.prepare(app)
    permission.recall()
    window = Window(experiment)
    Collector(window)
    tidy = QTimer(window)
    tidy.timeout.connect(return_free_memory)
    tidy.start(TIDY)
    if display is not None:
        window.document.view_as(display)
    screen = app.primaryScreen()
    room = None if screen is None else screen.availableGeometry()
    frame = 40  # for the title bar that a window manager adds
    if room is None:
        window.resize(1440, 900)
    else:
        window.resize(min(1440, room.width()), min(900, room.height() - frame))
    geometry = QSettings().value("geometry")
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    return window


def run(opened: Session | None = None, path: Path | None = None) -> int:
    """Open the window, with a session from a file or the first experiment, until it is closed."""
    app = QApplication(sys.argv[:1])
    guard = Guard(state_folder())
    guard.install()
    window = make_window() if opened is None else make_window(opened.experiment, opened.display)
    if opened is not None:
        window.document.settle(Origin(opened.experiment, path, opened.scene))
    if path is not None:
        window.files.remember(path)
    guard.caught.connect(window.status.say)
    signals = Signals(window.close)
    window.show()
    gc.freeze()  # the one window stays to the end: it need not be looked through again
    code = app.exec()
    signals.remove()
    guard.remove()
    return code
