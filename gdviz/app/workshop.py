"""What the editors of formulas and of rules share: text, errors, numbers, library."""

from pathlib import Path
from typing import Any

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gdviz import export, library
from gdviz.app.controls import Combo, label, scroller
from gdviz.app.dialog import Dialog
from gdviz.app.document import Document
from gdviz.app.numbers import Numbers
from gdviz.app.page import Page
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.app.writing import Writing
from gdviz.own import Number, OwnRule, OwnSurface, unknown_name
from gdviz_core import FormulaError

TYPING = 40  # milliseconds without a key until the text is looked at
BREAK = 1500  # milliseconds without a change after which Undo has a step of its own


class Workshop(Dialog):
    """Text at the left, as a textbook sets it at the right; what is wrong stands below the text.

    Override `take_text`, which uses a text or raises ValueError, `entry`, what goes into the
    library, and `show_entry`.
    """

    kind: type[OwnSurface] | type[OwnRule]

    def __init__(
        self, parent: QWidget, document: Document, theme: Theme, title: str, name: str, lines: int,
        page: Page,
    ):  # fmt: skip
        super().__init__(parent, title)
        self.document = document
        self.gesture = object()
        self._numbers: tuple[Number, ...] = ()
        self.title = QLineEdit()
        self.title.setAccessibleName(tr("Title"))
        self.title.setPlaceholderText(tr("Title"))
        self.title.setMaxLength(200)
        self.title.editingFinished.connect(self.take)
        self.writing = Writing(name, lines)
        self.writing.written.connect(lambda _: self._typing.start())
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.remedy = QPushButton()
        self.remedy.setObjectName("small")
        self.remedy.clicked.connect(lambda _=False: self.cure())
        self.remedy.hide()
        self.numbers = Numbers(tr("Numbers"), self.take_numbers)
        self.page = page
        self.wrong = ""  # what is wrong with the text
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING)
        self._typing.timeout.connect(self.take)
        self._break = QTimer(self)
        self._break.setSingleShot(True)
        self._break.setInterval(BREAK)
        self._break.timeout.connect(self._begin)
        self._lay_out()
        self.set_theme(theme)
        self.refresh_library()

    def _lay_out(self) -> None:
        wrong = QHBoxLayout()
        wrong.addWidget(self.problem, 1)
        wrong.addWidget(self.remedy)
        inside = QWidget()
        inside.setObjectName("plain")
        self.more = QVBoxLayout(inside)  # for what a kind of editor adds
        self.more.setContentsMargins(0, 0, 8, 0)
        self.more.setSpacing(10)
        self.more.addWidget(self.numbers)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.title)
        left.addWidget(self.writing)
        left.addLayout(wrong)
        left.addWidget(scroller(inside), 1)
        both = QHBoxLayout()
        both.setSpacing(14)
        both.addLayout(left, 5)
        both.addWidget(scroller(self.page), 4)
        self.mine = Combo(tr("Your library"))
        self.mine.setMinimumWidth(150)
        self.mine.activated.connect(self._open)
        below = QHBoxLayout()
        below.addWidget(self.mine)
        self.buttons = below
        self._button(tr("Remove"), tr("Remove this title from your library"), self._remove)
        below.addStretch(1)
        self._button(tr("Share…"), tr("Write it to a file that others can open"), self._share)
        self._button(tr("Keep"), tr("Put it into your library, under its title"), self._keep)
        close = self._button(tr("Close"), "", self.reject)
        close.setDefault(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 14)
        whole.setSpacing(12)
        whole.addLayout(both, 1)
        whole.addLayout(below)

    def _button(self, text: str, tip: str, slot: Any) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _=False: slot())
        self.buttons.addWidget(button)
        return button

    # to override

    def take_text(self, text: str, numbers: tuple[Number, ...]) -> None:
        """Use the text with these numbers; ValueError and FormulaError are shown."""

    def entry(self) -> OwnSurface | OwnRule:
        """What is kept and shared; ValueError if it is not fit for that."""
        raise NotImplementedError

    def show_entry(self, entry: Any) -> None:
        """Open what is in the library."""

    # what is typed

    def take(self) -> None:
        """Look at the text, and use it if it makes sense."""
        self._typing.stop()
        self._try(self.writing.toPlainText(), self._numbers)

    def take_numbers(self, numbers: tuple[Number, ...]) -> None:
        """Use other numbers; ValueError if the text makes no sense with them."""
        self.take_text(self.writing.toPlainText(), numbers)
        self.accept_text()

    def _try(self, text: str, numbers: tuple[Number, ...]) -> None:
        try:
            self.take_text(text, numbers)
        except ValueError as error:
            self.wrong = str(error)
            self.say(self.wrong)
            unknown = ""
            if isinstance(error, FormulaError) and error.line:
                self.writing.underline(error.line, error.column or 1, error.length or 1)
                unknown = unknown_name(text, error)
            self.remedy.setText(tr("Make {name} a number").format(name=unknown))
            self.remedy.setVisible(bool(unknown))
        else:
            self.accept_text()

    def accept_text(self) -> None:
        """Nothing is wrong with the text."""
        self.wrong = ""
        self.say("")
        self.remedy.hide()
        self.writing.praise()
        self._break.start()

    def say(self, words: str) -> None:
        """Put a message below the text."""
        self.problem.setText(words)

    def show_text(self, text: str) -> None:
        """Put another text in place, as if it were typed."""
        self.writing.show_text(text)
        self.take()

    def unknown(self, text: str) -> tuple[str, ...]:
        """The names of a text that could be numbers; ValueError if it cannot be read."""
        raise NotImplementedError

    def cure(self) -> None:
        """Make the unknown names numbers."""
        text = self.writing.toPlainText()
        try:
            known = {number.name for number in self._numbers}
            names = [name for name in self.unknown(text) if name not in known]
        except ValueError as error:
            self.say(str(error))
            return
        self._try(text, (*self._numbers, *(Number.around(name, 1.0) for name in names)))

    def use(self, numbers: tuple[Number, ...]) -> None:
        """Show the numbers that are there now."""
        self._numbers = numbers
        self.numbers.show_numbers(numbers)

    def set_theme(self, theme: Theme) -> None:
        """Colours have changed."""
        self.page.set_theme(theme)
        self.writing.set_theme(theme)
        for box in self.findChildren(Combo):
            box.set_theme(theme)

    def _begin(self) -> None:
        """What is changed from now on is another step of Undo."""
        self.gesture = object()

    # the library

    def refresh_library(self) -> None:
        """List what there is."""
        self.mine.clear()
        self.mine.addItem(tr("Your library"), None)
        for path, entry in library.entries(self.kind):
            self.mine.addItem(entry.title, path)

    def _open(self, index: int) -> None:
        path = self.mine.itemData(index)
        if path is not None:
            try:
                entry = library.read(path)
            except ValueError as error:
                self.say(str(error))
            else:
                self.show_entry(entry)

    def _remove(self) -> None:
        path = self.mine.currentData()
        if path is None:
            self.say(tr("Choose what to remove from the library first"))
            return
        try:
            library.remove(Path(path))
        except OSError as error:
            self.say(str(error))
        self.refresh_library()

    def _keep(self) -> None:
        self._with_entry(lambda entry: library.save(entry), tr("In your library: {title}"))

    def _share(self) -> None:
        def write(entry: OwnSurface | OwnRule) -> None:
            suggestion = f"{library.kind_of(entry)}.json"
            name, _ = QFileDialog.getSaveFileName(
                self, tr("Share"), suggestion, tr("gdviz file (*.json);;All files (*)")
            )
            if name:
                export.save(export.with_ending(name, ".json"), library.dump(entry))

        self._with_entry(write, "")

    def _with_entry(self, use: Any, said: str) -> None:
        self.take()
        if self.wrong:
            return  # it stands there
        try:
            entry = self.entry()
            use(entry)
        except (ValueError, OSError) as error:
            self.say(str(error))
            return
        self.refresh_library()
        self.mine.setCurrentIndex(max(0, self.mine.findText(entry.title)))
        if said:
            self.document.said.emit(said.format(title=entry.title))
