"""A part of a lesson on a page: words, typeset formulas, the question."""

from gdviz.app import boxes, typeset
from gdviz.app.page import Page
from gdviz.app.text import tr
from gdviz.app.theme import font
from gdviz.lesson import Lesson, Part
from gdviz_core.expression import RULE_FUNCTIONS
from gdviz_core.notation import notation
from gdviz_core.tokenizer import FormulaError

FORMULA, WORDS = 19.0, 13.5
GAP = 9.0
# Formulas of lessons are for reading: the loss itself and means stand in them, too.
FUNCTIONS = {**RULE_FUNCTIONS, "f": (1, 2), "mean": (1, 1)}


class LessonPage(Page):
    """The title of the lesson, the part, and what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("The lesson"))
        self._lesson: Lesson | None = None
        self._part: Part | None = None
        self.message = ""

    def show_part(self, lesson: Lesson, part: Part) -> None:
        self._lesson, self._part, self.message = lesson, part, ""
        words = [part.title, *(text for kind, text in part.blocks)]
        self.setAccessibleDescription("\n".join(words))
        self.lay_out()

    def say(self, message: str) -> None:
        """Show a sentence in place of a lesson."""
        self._lesson = self._part = None
        self.message = message
        self.lay_out()

    def fill(self, y: float) -> float:
        theme, zoom = self.theme, self.theme.zoom
        lesson, part = self._lesson, self._part
        if lesson is None or part is None:
            return self.add_words(y, self.message, font(13 * zoom), theme.text2)
        if part is lesson.parts[0] and lesson.about:
            y = self.add_words(y, lesson.about, font(12.5 * zoom), theme.text2) + GAP
        y = self.add_words(y, part.title, font(17 * zoom, 600), theme.text) + 4
        for kind, text in part.blocks:
            if kind == "formula":
                y = self._add_typeset(y + 5, text) + 5
            else:
                y = self.add_words(y + 3, text, font(WORDS * zoom), theme.text) + GAP - 4
        return y

    def _add_typeset(self, y: float, text: str) -> float:
        """A formula as in a textbook; what is none is set as it was written."""
        size = FORMULA * self.theme.zoom
        left, equals, right = text.partition(" = ")
        try:
            sides = [_side(side.strip(), size) for side in ((left, right) if equals else (text,))]
        except FormulaError:
            return self.add_formula(y, boxes.space(18), boxes.text(text, size, True), "")
        lead = boxes.space(18)
        if equals:
            lead = boxes.row(lead, sides[0], boxes.text(" = ", size))
        return self.add_formula(y, lead, sides[-1], "")


def _side(text: str, size: float) -> boxes.Box:
    """One side of an equation; a bare name is a variable, even that of a function."""
    if text.isidentifier():
        return typeset.symbol(text, size)
    return typeset.typeset(notation(text, FUNCTIONS), size)
