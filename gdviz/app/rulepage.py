"""An update rule on a page: what it does, its lines typeset, its hyper-parameters."""

from typing import Any

from gdviz.app import boxes, typeset
from gdviz.app.page import Page
from gdviz.app.text import tr
from gdviz.app.theme import font
from gdviz_core import Optimizer
from gdviz_core.notation import notation

FORMULA = 18.0


class RulePage(Page):
    """An optimizer: what it does, its rule, its hyper-parameters, and who it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self.optimizer: Any = None

    def show_optimizer(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.lay_out()

    def fill(self, y: float) -> float:
        theme, zoom, optimizer = self.theme, self.theme.zoom, self.optimizer
        if optimizer is None:
            return y
        size, small = FORMULA * zoom, font(12.5 * zoom)
        y = self.add_words(y, optimizer.title, font(16 * zoom, 600), theme.text)
        y = self.add_words(y + 2, optimizer.summary, font(13 * zoom), theme.text2)
        if isinstance(optimizer, Optimizer):
            for line in optimizer.parsed.lines:
                lead = boxes.row(typeset.symbol(line.name, size), boxes.text(" = ", size))
                box = typeset.typeset(notation(line.expression), size)
                y = self.add_formula(y + 10, lead, box, line.name)
                if line.note:
                    y = self.add_words(y + 1, line.note, small, theme.text2)
        else:
            y = self.add_words(
                y + 10, tr("It runs inside its library, which has no rule to show."), small,
                theme.text2,
            )  # fmt: skip
        y += 12
        for h in optimizer.hyperparameters:
            meaning = f"{h.name} = {h.value:g}" + (f": {h.meaning}" if h.meaning else "")
            y = self.add_words(y, meaning, small, theme.text)
        presets = getattr(optimizer, "presets", {})
        if presets:
            words = tr("Presets: {names}").format(names=", ".join(presets))
            y = self.add_words(y + 6, words, small, theme.text2)
        source = getattr(optimizer, "source", "")
        return self.add_words(y + 6, source, small, theme.text3) if source else y
