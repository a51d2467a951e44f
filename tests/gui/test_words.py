"""All words of the interface go through Qt's translation."""

import re

import pytest
from PyQt6.QtCore import QTranslator
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QApplication, QComboBox, QWidget

import gdviz_core as core
from gdviz.app.gallery import Card
from gdviz.app.preferences import HEATS, PALETTES
from gdviz.racer import schedule_parameters, schedules
from gdviz.window import make_window
from gdviz_core.known import KNOWN


class Brackets(QTranslator):
    """A language in which everything is the same, between brackets."""

    def translate(self, context, source, disambiguation=None, n=-1):
        return f"⟦{source}⟧" if context == "gdviz" else ""

    def isEmpty(self):
        return False


@pytest.fixture
def translated(user):
    translator = Brackets()
    QApplication.installTranslator(translator)
    window = make_window()
    window.show()
    yield window
    window.close()
    QApplication.removeTranslator(translator)


# What the catalogue, the libraries and mathematics call things is the same in every language here.
DATA = {
    *(surface.title for surface in core.SURFACES.values()),
    *(optimizer.title for optimizer in KNOWN.values()),
    *(word for title, summary in schedules().values() for word in (title, summary)),
    *(p.name for name in schedules() for p in schedule_parameters(name)),
    *(h.name for optimizer in KNOWN.values() for h in optimizer.hyperparameters),
    *HEATS, *PALETTES, "gdviz",
}  # fmt: skip
SUMMARIES = tuple(optimizer.summary for optimizer in KNOWN.values())


KINDS = ("text", "toolTip", "placeholderText", "windowTitle", "accessibleName", "title")


def words_of(window):
    for widget in [window, *window.findChildren(QWidget)]:
        parent = widget
        while parent is not None and not isinstance(parent, Card):
            parent = parent.parentWidget()
        if parent is not None or widget.objectName().startswith("qt_"):
            continue  # the words of a scene are its own
        for kind in (
            "text",
            "toolTip",
            "placeholderText",
            "windowTitle",
            "accessibleName",
            "title",
        ):
            get = getattr(widget, kind, None)
            if callable(get):
                yield widget, kind, get()
        if isinstance(widget, QComboBox):
            for i in range(widget.count()):
                yield widget, "item", widget.itemText(i)
    for action in window.findChildren(QAction):
        yield action, "action", action.text()


def test_no_word_is_written_past_the_translation(translated, qtbot):
    window = translated
    window.racers.rows[0].fold.setChecked(True)
    window.dialogs.start_tour()
    for show in (
        window.racers.choose, window.racers.rows[0].surround, window.dialogs.order_picture,
        window.dialogs.preferences, window.dialogs.keys, window.dialogs.help,
        window.starts.ask_random, window.starts.ask_grid, window.starts.ask_line,
        window.starts.ask_text, window.dialogs.save_scene, window.dialogs.gallery,
    ):  # fmt: skip
        show()
        qtbot.wait(20)
    past = set()
    for thing, kind, text in words_of(window):
        plain = "" if text is None else text.strip()
        if not re.search(r"[A-Za-z]{3}", plain) or "⟦" in plain or plain in DATA:
            continue
        if plain.endswith(SUMMARIES) or re.search("; (at least|greater than) ", plain):
            continue  # what an optimizer does, what a hyper-parameter may be
        if re.search(r"[*^]", plain):
            continue  # a formula
        past.add((kind, plain[:80], type(thing).__name__))
    assert past == set()
