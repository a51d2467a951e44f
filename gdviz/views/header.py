"""The header: menus, the choice of a surface and its formula."""

import sys

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QMenuBar, QSizePolicy, QWidget

from gdviz.app.controls import Combo, label
from gdviz.app.document import Document
from gdviz.app.entry import FormulaField
from gdviz.app.player import Player
from gdviz.app.text import tr
from gdviz.app.theme import Theme, icon
from gdviz.experiment import Experiment
from gdviz.views.view import View
from gdviz_core import SURFACES, FormulaError


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
        row.addLayout(self.buttons)
        self.bubble = label("", "bubble")
        self.bubble.setWordWrap(True)
        self.bubble.hide()
        self.formula.refused.connect(self._show_error)
        self.show_experiment(document.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        surface = experiment.resolved()
        index = self.surface.findData(experiment.surface)
        own = self.surface.findData("")
        if index >= 0 and own >= 0:
            self.surface.removeItem(own)
        elif index < 0 and own < 0:
            self.surface.insertItem(0, "Your formula", "")
        self.surface.setCurrentIndex(max(0, self.surface.findData(experiment.surface)))
        self.formula.show_text(surface.formula)
        if not self.formula.hasFocus():
            self.formula.setCursorPosition(0)

    def _pick(self, index: int) -> None:
        name = self.surface.itemData(index)
        if name:
            self.pick(name)

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
        for known in SURFACES.values():
            if formula == known.formula:
                formula = known.name
        experiment = self.document.experiment
        if formula not in (experiment.surface, experiment.resolved().formula):
            self.document.show(tr("Change formula"), experiment.on_surface(formula))
        self.formula.underline(None)

    def _show_error(self, reason: str) -> None:
        if not reason:
            self.formula.underline(None)
            self.bubble.hide()
            return
        try:
            Experiment(self.formula.text())
        except FormulaError as error:
            self.formula.underline((error.column, error.length))
        window = self.window()
        assert window is not None
        self.bubble.setParent(window)
        self.bubble.setText(reason)
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
