"""Where formulas and rules are written: completion, matching brackets, and what is wrong."""

import re
from collections.abc import Iterable

from PyQt6.QtCore import QMimeData, QRect, QStringListModel, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontDatabase,
    QKeyEvent,
    QKeySequence,
    QTextCharFormat,
    QTextCursor,
)
from PyQt6.QtWidgets import QCompleter, QPlainTextEdit, QTextEdit, QWidget

from gdviz.app.theme import DARK, Theme

# Characters that pasting can bring it to: one more than the parser takes, so that it says so. How
# long Qt lays out a line grows with the square of its length.
MOST = 10_001
SUGGESTED = 8  # names in the list at a time
_PAIRS = {"(": ")", ")": "("}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")


class Writing(QPlainTextEdit):
    """Text that is looked at while it is typed."""

    written = pyqtSignal(str)  # the text, when the user has changed it

    def __init__(self, name: str, lines: int, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setObjectName("writing")
        self.setTabChangesFocus(True)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._lines = lines
        self._theme: Theme = DARK
        self._wrong: tuple[int, int] | None = None  # position and length
        self._quiet = False
        self._names = QStringListModel(self)
        self._completer = QCompleter(self._names, self)
        self._completer.setWidget(self)
        self._completer.setMaxVisibleItems(SUGGESTED)
        self._completer.activated[str].connect(self._complete)
        self.textChanged.connect(self._tell)
        self.cursorPositionChanged.connect(self._mark)

    def show_text(self, text: str) -> None:
        """Show a text that the user has not typed, and keep what is there if it is the same."""
        if text != self.toPlainText():
            self._quiet, self._wrong = True, None
            cursor = QTextCursor(self.document())
            cursor.select(QTextCursor.SelectionType.Document)
            cursor.insertText(text)  # unlike setPlainText it can be undone
            self._quiet = False

    def know(self, names: Iterable[str]) -> None:
        """The names that are completed."""
        self._names.setStringList(sorted({*names}, key=lambda name: str(name).casefold()))

    def underline(self, line: int, column: int, length: int) -> None:
        """Mark a place as wrong, by line and column from 1."""
        block = self._text().findBlockByNumber(max(0, line - 1))
        at = block.position() + max(0, column - 1)
        end = self._text().characterCount() - 1
        self._wrong = (min(at, end), max(1, length))
        self._mark()

    def praise(self) -> None:
        """Nothing is wrong."""
        self._wrong = None
        self._mark()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        font = self.font()
        font.setPixelSize(round(14 * theme.zoom))
        self.setFont(font)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * self._lines + 20)
        self._mark()

    def _text(self):
        found = self.document()
        assert found is not None
        return found

    def _tell(self) -> None:
        if not self._quiet:
            self._wrong = None
            self.written.emit(self.toPlainText())

    # marks

    def _mark(self) -> None:
        selections = [self._selection(at, 1, good) for at, good in self._brackets()]
        if self._wrong is not None:
            at, length = self._wrong
            wave = QTextCharFormat()
            wave.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            wave.setUnderlineColor(QColor(self._theme.error))
            selections.append(self._extra(at, length, wave))
        self.setExtraSelections(selections)

    def _selection(self, at: int, length: int, good: bool) -> QTextEdit.ExtraSelection:
        look = QTextCharFormat()
        color = QColor(self._theme.accent if good else self._theme.error)
        color.setAlpha(90)
        look.setBackground(color)
        return self._extra(at, length, look)

    def _extra(self, at: int, length: int, look: QTextCharFormat) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.format = look
        made.cursor = QTextCursor(self.document())
        made.cursor.setPosition(at)
        end = min(at + length, self._text().characterCount() - 1)
        made.cursor.setPosition(max(at, end), QTextCursor.MoveMode.KeepAnchor)
        return made

    def _brackets(self) -> list[tuple[int, bool]]:
        """The bracket at the cursor and its partner, with whether they match."""
        text, cursor = self.toPlainText(), self.textCursor().position()
        for at in (cursor - 1, cursor):
            if 0 <= at < len(text) and text[at] in _PAIRS:
                other = partner(text, at)
                return [(at, False)] if other is None else [(at, True), (other, True)]
        return []

    # completion

    def _word(self) -> str:
        cursor = self.textCursor()
        before = self.toPlainText()[: cursor.position()]
        match = _NAME.search(before[-80:])
        return match[0] if match else ""

    def _complete(self, name: str) -> None:
        cursor, word = self.textCursor(), self._word()
        cursor.beginEditBlock()
        for _ in word:
            cursor.deletePreviousChar()
        cursor.insertText(name)
        cursor.endEditBlock()
        self.setTextCursor(cursor)

    def focusNextPrevChild(self, forward: bool) -> bool:
        popup = self._completer.popup()
        if popup is not None and popup.isVisible():
            return False  # Tab is for the list
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        popup = self._completer.popup()
        taken = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Escape)
        if popup is not None and popup.isVisible() and event.key() in taken:
            event.ignore()  # they belong to the list
            return
        asked = event.key() == Qt.Key.Key_Space and (
            event.modifiers() & Qt.KeyboardModifier.ControlModifier
        )
        if asked:
            self._offer(1)
            return
        super().keyPressEvent(event)
        typed = event.text()
        if typed and (typed.isalnum() or typed == "_"):
            self._offer(2)
        elif popup is not None and not event.matches(QKeySequence.StandardKey.Copy):
            popup.hide()

    def _offer(self, letters: int) -> None:
        """Show the names that begin as what stands before the cursor."""
        word, popup = self._word(), self._completer.popup()
        assert popup is not None
        self._completer.setCompletionPrefix(word)
        count = self._completer.completionCount()
        complete = word in self._names.stringList()  # Enter then begins a line
        if len(word) < letters or not count or complete:
            popup.hide()
            return
        matches = self._completer.completionModel()
        assert matches is not None
        popup.setCurrentIndex(matches.index(0, 0))
        place = QRect(self.cursorRect())
        place.setWidth(180)
        self._completer.complete(place)

    def canInsertFromMimeData(self, source: QMimeData | None) -> bool:
        return source is not None and source.hasText()

    def insertFromMimeData(self, source: QMimeData | None) -> None:
        if source is not None:
            kept = self._text().characterCount() - len(self.textCursor().selectedText())
            self.insertPlainText(source.text()[: max(0, MOST - kept + 1)])


def partner(text: str, at: int) -> int | None:
    """Where the bracket is that belongs to the one at a place; None if there is none."""
    opening, depth = text[at] == "(", 0
    places = range(at, len(text)) if opening else range(at, -1, -1)
    for place in places:
        if text[place] in _PAIRS:
            depth += 1 if text[place] == text[at] else -1
            if depth == 0:
                return place
    return None
