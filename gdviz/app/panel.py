"""A panel of the window: it can be moved, put on a tab with another, float and hide."""

from collections import Counter

from PyQt6.QtCore import QChildEvent, QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QPainter, QShowEvent
from PyQt6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QProxyStyle,
    QStyle,
    QStyleOption,
    QTabBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from gdviz.app.controls import ElidedLabel, IconButton
from gdviz.app.dialog import LATER
from gdviz.app.text import tr
from gdviz.app.theme import Theme

SOON = 150  # milliseconds
AREA = Qt.DockWidgetArea


class Keys(QObject):
    """How often each key was pressed in a window of its own and not yet released."""

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.held: Counter[int] = Counter()
        self._announced: int | None = None
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(LATER)
        self._forget.timeout.connect(self.clear)

    def clear(self) -> None:
        """No key is held."""
        self.held.clear()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            # a press is announced, and does not follow if it is that of a shortcut
            announced = event.type() == QEvent.Type.ShortcutOverride
            pressed = event.type() == QEvent.Type.KeyPress and event.key() != self._announced
            if announced or pressed:
                self.held[event.key()] += 1
            elif event.type() == QEvent.Type.KeyRelease:
                self.held[event.key()] -= 1
            self.held = +self.held
            self._announced = event.key() if announced else None
        elif event is not None and event.type() == QEvent.Type.FocusOut:
            self._forget.start()  # what is not released soon is released elsewhere
        return False


class Panel(QDockWidget):
    """A card with a title, the tools of what it shows, and buttons to float and to hide it."""

    def __init__(self, name: str, shown: QWidget, tools: list[QWidget], parent: QWidget):
        super().__init__(tr(name), parent)
        self.setObjectName(name)
        self.setAllowedAreas(AREA.LeftDockWidgetArea | AREA.RightDockWidgetArea)
        self.heading = ElidedLabel(shown.windowTitle() or tr(name), "title")
        self.heading.setMinimumWidth(20)
        shown.windowTitleChanged.connect(self.heading.setText)
        self._float = IconButton(
            "ph.arrow-square-out", tr("Float {name}, or dock it").format(name=name.lower()), 24
        )
        self._keys = Keys(self)
        # soon: the release of the keys that pressed it would come for a window that is no more
        self._float.clicked.connect(lambda: QTimer.singleShot(SOON, self._change_place))
        self._hide = IconButton(
            "ph.x", tr("Hide {name} (View menu brings it back)").format(name=name.lower()), 24
        )
        self._hide.clicked.connect(self.close)
        bar = QWidget()
        bar.setObjectName("cardtop")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 8, 8, 2)
        row.setSpacing(4)
        row.addWidget(self.heading, 1)
        for widget in (*tools, self._float, self._hide):
            row.addWidget(widget)
        self.setTitleBarWidget(bar)
        card = QFrame()
        card.setObjectName("cardbottom")
        column = QVBoxLayout(card)
        column.setContentsMargins(1, 0, 1, 1)
        column.addWidget(shown)
        self.setWidget(card)

    @property
    def is_typed_into(self) -> bool:
        """Whether it floats and a key is held down in it: then its window must not go yet."""
        return self.isFloating() and bool(self._keys.held)

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        window = self.windowHandle()
        if self.isFloating() and window is not None:
            self._keys.clear()
            window.installEventFilter(self._keys)

    def setFloating(self, floating: bool) -> None:
        """Float or dock; not before the keys that are held in it are released, which would come for
        a window that is no more."""
        if self.is_typed_into and not floating:
            QTimer.singleShot(SOON, self._dock)
        else:
            super().setFloating(floating)

    def _dock(self) -> None:
        self.setFloating(False)

    def _change_place(self) -> None:
        self.setFloating(not self.isFloating())

    def event(self, event: QEvent | None) -> bool:
        # a double click, or a drag without Ctrl, would dock it as well
        kind = None if event is None else event.type()
        doubled = kind == QEvent.Type.MouseButtonDblClick and self.is_typed_into
        dragged = kind == QEvent.Type.MouseButtonPress and set(self._keys.held) - {
            Qt.Key.Key_Control
        }
        if event is not None and (doubled or (dragged and self.isFloating())):
            event.accept()
            return True
        return super().event(event)

    def set_theme(self, theme: Theme) -> None:
        for button in (self._float, self._hide):
            button.set_color(theme.text3)


class Separators(QProxyStyle):
    """The lines between panels: room that can be taken hold of, seen under the pointer."""

    EXTENT = 12

    def __init__(self) -> None:
        super().__init__("Fusion")
        self.colour = QColor()

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        if metric == QStyle.PixelMetric.PM_DockWidgetSeparatorExtent:
            return self.EXTENT
        return super().pixelMetric(metric, option, widget)

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        if element != QStyle.PrimitiveElement.PE_IndicatorDockWidgetResizeHandle:
            super().drawPrimitive(element, option, painter, widget)
        elif option is not None and option.state & QStyle.StateFlag.State_MouseOver:
            assert painter is not None
            painter.fillRect(option.rect, self.colour)


class Panels(QMainWindow):
    """The central card with the panels around it."""

    grew = pyqtSignal(QWidget)  # a widget is new in it: also Qt's own bars of tabs

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setObjectName("panels")
        self._separators = Separators()
        self.setStyle(self._separators)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks
        )
        self.setTabPosition(AREA.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for corner, area in (
            (Qt.Corner.TopLeftCorner, AREA.LeftDockWidgetArea),
            (Qt.Corner.BottomLeftCorner, AREA.LeftDockWidgetArea),
            (Qt.Corner.TopRightCorner, AREA.RightDockWidgetArea),
            (Qt.Corner.BottomRightCorner, AREA.RightDockWidgetArea),
        ):
            self.setCorner(corner, area)
        self.panels: dict[str, Panel] = {}
        self._lefts: set[str] = set()
        self._chosen = False  # the user has chosen the widths
        self._before: list[int] = []  # the widths when a line was taken

    def add(self, name: str, shown: QWidget, tools: list[QWidget], left: bool = False) -> Panel:
        """A new panel at the left or the right."""
        panel = Panel(name, shown, tools, self)
        self.addDockWidget(AREA.LeftDockWidgetArea if left else AREA.RightDockWidgetArea, panel)
        self.panels[name] = panel
        if left:
            self._lefts.add(name)
        return panel

    @property
    def are_typed_into(self) -> bool:
        """Whether a key is held down in one that floats."""
        return any(panel.is_typed_into for panel in self.panels.values())

    def arrange(self, left: list[str], right: list[list[str]], shares: list[int]) -> None:
        """Lay out: panels at the left, and groups of tabs at the right, the first of each on top.

        Panels that are not named are hidden; `shares` are the heights of the groups.
        """
        for panel in self.panels.values():
            panel.setFloating(False)
            self.removeDockWidget(panel)
        for name in left:
            self.addDockWidget(AREA.LeftDockWidgetArea, self.panels[name])
            self.panels[name].show()
        heads = []
        for group in right:
            first = self.panels[group[0]]
            self.addDockWidget(AREA.RightDockWidgetArea, first)
            first.show()
            heads.append(first)
            for name in group[1:]:
                self.addDockWidget(AREA.RightDockWidgetArea, self.panels[name])
                self.tabifyDockWidget(first, self.panels[name])
                self.panels[name].show()
            first.raise_()
        # hidden, not removed: what is removed is not remembered
        shown = {*left, *(name for group in right for name in group)}
        for name, panel in self.panels.items():
            if name not in shown:
                side = AREA.LeftDockWidgetArea if name in self._lefts else AREA.RightDockWidgetArea
                self.addDockWidget(side, panel)
                panel.hide()
        self.resizeDocks(heads, [100 * share for share in shares], Qt.Orientation.Vertical)
        self._style_tabs()

    def set_widths(self, left: int, right: int) -> None:
        """Make the columns so wide, unless the user has dragged them to other widths."""
        if self._chosen:
            return
        wanted = ((AREA.LeftDockWidgetArea, left), (AREA.RightDockWidgetArea, right))
        pairs = [(panel, width) for area, width in wanted
                 if (panel := self._column(area)) is not None]  # fmt: skip
        panels, widths = [panel for panel, _ in pairs], [width for _, width in pairs]
        self.resizeDocks(panels, widths, Qt.Orientation.Horizontal)

    def forget_widths(self) -> None:
        """Let the widths follow the window again."""
        self._chosen = False

    def keep_widths(self) -> None:
        """Leave the widths to the user until a layout is chosen."""
        self._chosen = True

    def event(self, event: QEvent | None) -> bool:
        # what is pressed on the main window itself is a line between two panels
        done = super().event(event)
        if event is not None and event.type() == QEvent.Type.MouseButtonPress:
            self._before = self._widths()
        elif event is not None and event.type() == QEvent.Type.MouseButtonRelease:
            self._chosen = self._chosen or self._widths() != self._before
        return done

    def _widths(self) -> list[int]:
        return [panel.width() for panel in self.panels.values()]

    def _column(self, area: AREA) -> Panel | None:
        for panel in self.panels.values():
            docked = panel.isVisible() and not panel.isFloating()
            if docked and self.dockWidgetArea(panel) == area:
                return panel
        return None

    def set_theme(self, theme: Theme) -> None:
        self._separators.colour = QColor(theme.border)
        for panel in self.panels.values():
            panel.set_theme(theme)
        self._style_tabs()

    def childEvent(self, event: QChildEvent | None) -> None:
        super().childEvent(event)
        if event is None or event.type() != QEvent.Type.ChildPolished:
            return
        child = event.child()
        if isinstance(child, QWidget):
            self.grew.emit(child)

    def _style_tabs(self) -> None:
        """Qt makes the bars of tabs itself, with frames that no style sheet reaches."""
        for bar in self.findChildren(QTabBar):
            bar.setDrawBase(False)
            bar.setExpanding(False)
            bar.setDocumentMode(True)
            bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
