"""A dialog of a few fields, which are checked together."""

from collections.abc import Callable, Sequence
from typing import Any

from PyQt6.QtCore import QMimeData, Qt
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from gdviz.app.controls import Combo, label
from gdviz.app.dialog import Dialog
from gdviz.app.entry import number_text, parse_number, parse_whole
from gdviz.app.text import tr

LONGEST = 6_000  # characters of a line that is pasted; no field takes as many
MAX_TEXT = 1_000_000  # characters that are read of a field of many lines


class Text(QPlainTextEdit):
    """Text of many lines; what is pasted is cut to what can be laid out without a wait."""

    def insertFromMimeData(self, source: QMimeData | None) -> None:
        if source is not None:
            lines = source.text()[:MAX_TEXT].split("\n")
            self.insertPlainText("\n".join(line[:LONGEST] for line in lines))


class Field:
    """A named value of a form.

    What `value` is decides the kind of field: a bool is a check box, an int a whole number, a
    float a number, a str a line of text, of many lines with `lines`, or a choice of `words`.
    """

    def __init__(
        self, title: str, value: Any, words: Sequence[tuple[str, Any]] = (), lines: int = 0,
        tip: str = "",
    ):  # fmt: skip
        self.title, self._value = title, value
        self.widget: QWidget
        if words:
            self.widget = box = Combo(title)
            for shown, word in words:
                box.addItem(shown, word)
            box.setCurrentIndex(max(0, box.findData(value)))
        elif isinstance(value, bool):
            self.widget = check = QCheckBox()
            check.setChecked(value)
        elif lines:
            self.widget = text = Text(value)
            text.setFixedHeight(lines * 20 + 14)
            text.setTabChangesFocus(True)
        else:
            shown = value if isinstance(value, str) else number_text(value)
            self.widget = line = QLineEdit(shown)
            line.setMaxLength(400)
        self.widget.setAccessibleName(title)
        self.widget.setToolTip(tip)

    def read(self) -> Any:
        """The value that is there; ValueError, with the title, for what is none."""
        widget = self.widget
        if isinstance(widget, QComboBox):
            return widget.currentData()
        if isinstance(widget, QCheckBox):
            return widget.isChecked()
        if isinstance(widget, QPlainTextEdit):
            return widget.toPlainText()[:MAX_TEXT]
        assert isinstance(widget, QLineEdit)
        if isinstance(self._value, str):
            return widget.text()
        try:
            read = parse_whole if isinstance(self._value, int) else parse_number
            return read(widget.text())
        except ValueError as error:
            raise ValueError(f"{self.title}: {error}") from None


class Form(Dialog):
    """Asks for values and hands them to `accepted`.

    If it raises ValueError, which is shown, or returns False, the form stays as it is.
    """

    def __init__(
        self, parent: QWidget, title: str, fields: Sequence[Field],
        accepted: Callable[..., object], confirm: str = "", hint: str = "",
    ):  # fmt: skip
        super().__init__(parent, title)
        self.setMinimumWidth(380)
        self.fields, self._accepted = list(fields), accepted
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        if hint:
            words = label(hint, "hint")
            words.setWordWrap(True)
            column.addWidget(words)
        rows = QFormLayout()
        rows.setSpacing(8)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for field in self.fields:
            caption = label(field.title, "caption")
            caption.setBuddy(field.widget)
            rows.addRow(caption, field.widget)
        column.addLayout(rows)
        self.problem = label("", "problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        column.addWidget(self.problem)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        ok = buttons.button(kinds.Ok)
        assert ok is not None
        ok.setText(confirm or tr("OK"))
        buttons.accepted.connect(self.take)
        buttons.rejected.connect(self.reject)
        self.buttons = buttons
        column.addWidget(buttons)

    def take(self) -> None:
        """Use the values, or show what is wrong with them."""
        try:
            if self._accepted(*(field.read() for field in self.fields)) is False:
                return
        except ValueError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        self.accept()
