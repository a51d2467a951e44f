"""The menu of what the map shows besides the surface and the race."""

from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QMenu, QWidget

from gdviz.app.document import Document
from gdviz.app.text import tr
from gdviz.display import FIELDS, Display
from gdviz.experiment import Experiment

_FIELDS = {
    "none": "No gradient field",
    "arrows": "Gradient field: arrows",
    "streamlines": "Gradient field: streamlines",
}
_INTERNALS = {
    "gradient": "Gradient",
    "moment": "First moment or velocity",
    "step": "The step to come",
    "scaling": "Adaptive scaling",
    "model": "Quadratic model and stability limit",
    "energy": "Energy of the body",
    "reach": "Where its energy lets it go, and where it turned",
    "batches": "Gradients of all batches",
    "contours": "Loss of the batch",
}


class Layers(QMenu):
    """Switches of the Display; they act at once."""

    def __init__(self, document: Document, parent: QWidget):
        super().__init__(tr("&Layers of the map"), parent)
        self._document = document
        self.fields: dict[str, QAction] = {}
        self.internals: dict[str, QAction] = {}
        group = QActionGroup(self)
        for kind in FIELDS:
            self.fields[kind] = action = self._add(tr(_FIELDS[kind]))
            group.addAction(action)
            action.triggered.connect(lambda _, kind=kind: document.look(field=kind))
        self.addSeparator()
        self.critical = self._add(tr("Critical points"))
        self.critical.triggered.connect(lambda on: document.look(critical=on))
        self.fade = self._add(tr("Trails fade with age"))
        self.fade.triggered.connect(lambda on: document.look(fade=on))
        self.addSection(tr("At the ball of the selected run"))
        for name, text in _INTERNALS.items():
            self.internals[name] = action = self._add(tr(text))
            action.triggered.connect(lambda on, name=name: self._switch(name, on))
        document.changed.connect(self._show_experiment)
        self._show_experiment(document.experiment)
        document.displayed.connect(self.show_display)
        self.show_display(document.display)

    def _add(self, text: str) -> QAction:
        action = QAction(text, self)
        action.setCheckable(True)
        self.addAction(action)
        return action

    def _switch(self, name: str, on: bool) -> None:
        shown = [each for each in self._document.display.internals if each != name]
        self._document.look(internals=(*shown, name) if on else tuple(shown))

    def _show_experiment(self, experiment: Experiment) -> None:
        for name in ("batches", "contours"):
            self.internals[name].setEnabled(experiment.data is not None)

    def show_display(self, display: Display) -> None:
        """Check what is switched on."""
        for kind, action in self.fields.items():
            action.setChecked(kind == display.field)
        self.critical.setChecked(display.critical)
        self.fade.setChecked(display.fade)
        for name, action in self.internals.items():
            action.setChecked(name in display.internals)
