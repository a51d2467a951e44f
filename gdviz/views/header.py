"""The header: menus, the choice of a surface and its formula."""

import sys

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenuBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gdviz import library
from gdviz.app.controls import Combo, IconButton, label
from gdviz.app.document import Document
from gdviz.app.entry import FormulaField
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import Theme, icon
from gdviz.experiment import Experiment
from gdviz.own import Number, OwnSurface, unknown_in_formula, unknown_name
from gdviz.views.view import View
from gdviz_core import SURFACES, FormulaError

OWN = "own: "  # how the entries of the library are told from the catalogue's


class HeaderView(View):
    """Menus, the surface, its formula, and buttons for what is done most.

    The window fills `menus` and `buttons`.
    """

    title = "Surface"
    place = "top"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(52)
        self.logo = QLabel()
        self.menus = QMenuBar()
        self.menus.setNativeMenuBar(sys.platform == "darwin")
        self.menus.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.surface = Combo(tr("Surface"))
        for known in SURFACES.values():
            self.surface.addItem(known.title, known.name)
        self.surface.setMinimumWidth(120)
        self.surface.setMaximumWidth(210)
        self.surface.setMaxVisibleItems(30)
        self.surface.activated.connect(self._pick)
        self.own: dict[str, OwnSurface] = {}
        self.edit = IconButton("ph.pencil-simple", tr("Edit the formula (Ctrl+Shift+F)"))
        self.formula = FormulaField(tr("Formula"), self._type)
        self.formula.setPlaceholderText(tr("A formula over x and y, such as x^2 + 3*y^2"))
        self.formula.setToolTip(tr("Formula of the surface; Enter takes it"))
        self.formula.setMinimumWidth(150)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(4)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self.logo)
        row.addWidget(label(tr("gdviz"), "brand"))
        row.addWidget(self.menus)
        row.addWidget(self.surface)
        row.addWidget(self.formula, 1)
        row.addWidget(self.edit)
        row.addLayout(self.buttons)
        self._make_bubble()
        self.formula.refused.connect(self._show_error)
        self.show_experiment(document.experiment)

    def _make_bubble(self) -> None:
        self.bubble = QFrame()
        self.bubble.setObjectName("bubble")
        self.reason = label("", "problem")
        self.reason.setWordWrap(True)
        self.remedy = QPushButton()
        self.remedy.setObjectName("small")
        self.remedy.clicked.connect(self._cure)
        column = QVBoxLayout(self.bubble)
        column.setContentsMargins(10, 6, 10, 6)
        column.addWidget(self.reason)
        column.addWidget(self.remedy)
        self.bubble.hide()
        self._unknown = ""
        self._fault: ValueError | None = None  # of the last text that was refused

    def refresh_library(self) -> None:
        """List the surfaces of the user's own behind those of the catalogue."""
        for title in self.own:
            self.surface.removeItem(self.surface.findData(OWN + title))
        self.own = {entry.title: entry for _, entry in library.entries(OwnSurface)}
        for title in self.own:
            self.surface.addItem(title, OWN + title)
        self.show_experiment(self.document.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        surface = experiment.resolved()
        name = experiment.surface
        if experiment.data is not None:
            name = ""
        elif name not in SURFACES:
            mine = [title for title, entry in self.own.items() if entry.formula == name]
            name = OWN + mine[0] if mine else ""
        unnamed = self.surface.findData("")
        if name and unnamed >= 0:
            self.surface.removeItem(unnamed)
        elif not name and unnamed < 0:
            self.surface.insertItem(0, "", "")
        if not name:
            self.surface.setItemText(self.surface.findData(""), _unnamed(experiment))
        self.surface.setCurrentIndex(max(0, self.surface.findData(name)))
        self.formula.show_text(surface.formula)
        if not self.formula.hasFocus():
            self.formula.setCursorPosition(0)

    def _pick(self, index: int) -> None:
        name = self.surface.itemData(index)
        if name.startswith(OWN):
            self.pick_own(self.own[name.removeprefix(OWN)])
        elif name:
            self.pick(name)

    def pick_own(self, entry: OwnSurface) -> None:
        """Show a surface of the user's library."""
        self.formula.setModified(False)
        made = self.document.experiment.on_own(entry)
        self.document.show(tr("Choose {title}").format(title=entry.title), made)

    def pick(self, name: str) -> None:
        """Show a surface of the catalogue."""
        if name != self.document.experiment.surface:
            self.formula.setModified(False)
            title = SURFACES[name].title
            before = self.document.experiment
            self.document.show(tr("Choose {title}").format(title=title), before.on_surface(name))
            if len(before.starts) > 1:
                count = len(before.starts)
                self.document.said.emit(
                    tr("{count} starts were replaced; Ctrl+Z brings them back").format(count=count)
                )

    def _type(self, text: str) -> None:
        """Take a typed formula; FormulaError and ValueError go back to the field."""
        formula = text.strip()
        experiment = self.document.experiment
        if formula not in (experiment.surface, experiment.resolved().formula):
            try:
                made = experiment.on_formula(formula)
            except ValueError as error:
                self._fault = error  # a long formula takes too long to be read again for its place
                raise
            self.document.show(tr("Change formula"), made)
        self.formula.underline(None)

    def _cure(self) -> None:
        """Make the unknown names of the formula numbers with sliders."""
        experiment, text = self.document.experiment, self.formula.text().strip()
        try:
            known = experiment.own_numbers()
            names = unknown_in_formula(text, known, experiment.names)
            added = (Number.around(name, 1.0) for name in names)
            made = experiment.on_formula(text, (*known, *added))
        except ValueError as error:
            self._fault = error
            self._show_error(str(error))
            return
        self.formula.setModified(False)
        self.document.show(tr("Change formula"), made)
        self.formula.show_text(text)
        self._show_error("")

    def _show_error(self, reason: str) -> None:
        if not reason:
            self.formula.underline(None)
            self.bubble.hide()
            return
        self._unknown = ""
        fault, self._fault = self._fault, None
        if isinstance(fault, FormulaError):
            self.formula.underline((fault.column, fault.length))
            self._unknown = unknown_name(self.formula.text().strip(), fault)
        self.remedy.setText(tr("Make {name} a number with a slider").format(name=self._unknown))
        self.remedy.setVisible(bool(self._unknown))
        window = self.window()
        assert window is not None
        self.bubble.setParent(window)
        self.reason.setText(reason)
        self.bubble.setFixedWidth(max(260, min(self.formula.width(), 620)))
        self.bubble.adjustSize()
        corner = self.formula.mapTo(window, QPoint(0, self.formula.height() + 4))
        self.bubble.move(min(corner.x(), window.width() - self.bubble.width() - 8), corner.y())
        self.bubble.show()
        self.bubble.raise_()

    def set_theme(self, now: Theme) -> None:
        self.logo.setPixmap(icon().pixmap(24, 24))
        self.surface.set_theme(now)
        self.formula.set_theme(now)
        self.edit.set_color(now.text2)


def _unnamed(experiment: Experiment) -> str:
    """What a surface is called that is neither of the catalogue nor of the library."""
    data = experiment.data
    if data is None:
        return tr("Your formula")
    model = tr("your formula") if data.known is None else tr(data.known.title)
    if data.net is not None:
        model = experiment.surface
    return tr("{name}: {model}").format(name=data.title, model=model)
