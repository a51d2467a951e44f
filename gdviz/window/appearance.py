"""How the window looks: its theme, and how large type is."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Union

from PyQt6 import sip
from PyQt6.QtCore import QObject, QSettings, Qt
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QApplication, QDialogButtonBox, QWidget

from gdviz.app import theme
from gdviz.app.dialog import Dialog
from gdviz.app.panel import Panels
from gdviz.app.preferences import chosen_size, coloured, colours, projector
from gdviz.app.turns import Turns
from gdviz.views.view import View

if TYPE_CHECKING:
    from gdviz.window.frame import Window

Themed = Union["Window", Panels, View, Dialog]

PROJECTOR = 1.4  # how large type and lines are for a projector
HEAVY = ("centre", "right")  # the places of views that take long to paint
KNOWN = {"light": theme.LIGHT, "dark": theme.DARK}


class Appearance(QObject):
    """The theme of a window, put on in turns.

    Each part of the window has the style sheet, not the window: Qt works a style sheet out for all
    widgets below the one that has it, which takes too long to be done for all parts at once.
    """

    def __init__(self, window: "Window"):
        super().__init__(window)
        self._window = window
        self.turns = Turns(self)
        self.choice = "system"
        self.theme = theme.DARK
        self.zoom = 1.0  # that the layout asks for
        self._sheet = ""

    def begin(self) -> None:
        """Take the theme that was chosen, and follow the system's where none was."""
        hints = QApplication.styleHints()
        assert hints is not None
        # a lambda would keep the window alive as long as the application
        hints.colorSchemeChanged.connect(self.renew)
        self.choose(str(QSettings().value("theme", "system")))

    def choose(self, choice: str) -> None:
        """Take the theme "light" or "dark", or that of the system, and remember the choice."""
        self.choice = choice if choice in KNOWN else "system"
        QSettings().setValue("theme", self.choice)
        self._window.menus.show_theme(self.choice)
        self.renew()

    def flip(self) -> None:
        """From light to dark, or back."""
        self.choose("dark" if self.theme.name == "light" else "light")

    def enlarge(self, zoom: float) -> None:
        """Let type and lines be so many times as large."""
        if zoom != self.zoom:
            self.zoom = zoom
            self.renew()

    def renew(self) -> None:
        """Put on the chosen theme, in the colours and sizes that are preferred now."""
        self.wear(KNOWN.get(self.choice) or theme.system_theme())

    def wear(self, chosen: theme.Theme) -> None:
        """Give the window a theme: what is seen first, and shown when all of it is ready."""
        window = self._window
        zoom = max(self.zoom, PROJECTOR if projector() else 1.0) * chosen_size()
        self.theme = now = coloured(chosen, *colours()).zoomed(zoom)
        self._sheet = theme.style_sheet(now)
        theme.apply(now)
        self._contents().setUpdatesEnabled(False)
        shown: tuple[Themed, ...] = (
            window, window.panels, *window.views.values(), *window.findChildren(Dialog)
        )  # fmt: skip
        pieces: list[tuple[QWidget, Callable[[], None]]] = []
        pieces += [(part, partial(self._dress, part, now)) for part in self._parts()]
        pieces += [(widget, partial(self._tell, widget, now)) for widget in shown]
        self.turns.add(*(piece for widget, piece in pieces if widget.isVisible()))
        self.turns.add(partial(self._reveal, now))
        self.turns.add(*(piece for widget, piece in pieces if not widget.isVisible()))
        if not window.isVisible():
            self.turns.finish()

    def dress(self, part: QObject | None) -> None:
        """Let a part that is new look like the others."""
        if isinstance(part, QWidget) and part not in self._holders():
            part.setStyleSheet(self._sheet)
            if isinstance(part, Dialog):  # made of what may not have heard of the theme yet
                part.set_theme(self.theme)
            for box in part.findChildren(QDialogButtonBox):
                for button in box.buttons():
                    button.setIcon(QIcon())  # some desktops give it one, which is not of this look

    def paint_in_turn(self) -> None:
        """Let each view be painted by itself: all at once would hold up a large window."""
        heavy = [view for view in self._window.views.values() if view.place in HEAVY]
        for view in heavy:
            view.setUpdatesEnabled(False)
        self.turns.add(*(partial(view.setUpdatesEnabled, True) for view in heavy))

    def _contents(self) -> QWidget:
        # not the window: what Qt was to paint of it while its updates are off, it never paints
        contents = self._window.centralWidget()
        assert contents is not None
        return contents

    def _holders(self) -> tuple[QWidget | None, ...]:
        return (self._window, self._window.centralWidget(), self._window.panels)

    def _parts(self) -> list[QWidget]:
        direct, holders = Qt.FindChildOption.FindDirectChildrenOnly, self._holders()
        return [part for holder in holders if holder is not None
                for part in holder.findChildren(QWidget, options=direct)
                if part not in holders]  # fmt: skip

    def _dress(self, part: QWidget, now: theme.Theme) -> None:
        if now is self.theme and not sip.isdeleted(part):
            part.setStyleSheet(self._sheet)

    def _tell(self, shown: "Themed", now: theme.Theme) -> None:
        if now is self.theme and not sip.isdeleted(shown):
            shown.set_theme(now)

    def _reveal(self, now: theme.Theme) -> None:
        if now is self.theme:
            self.paint_in_turn()
            self._contents().setUpdatesEnabled(True)
            self._window.tidy()
