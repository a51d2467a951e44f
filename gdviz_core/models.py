"""Models: how a target follows from inputs, with two parameters to be learned, and the loss."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gdviz_core.notation import Term, notation, text_of
from gdviz_core.parameter import Parameter
from gdviz_core.surface import Domain

REGRESSION, CLASSIFICATION = "regression", "classification"


@dataclass(frozen=True)
class Model:
    """A prediction and a loss as formulas, in which X1, X2, ... are the inputs and Y the target.

    `prediction` is over the two `variables` and the inputs, `loss`, for one row, over P, the
    prediction, besides; `score`, where the prediction is a function of it, is S. `parameters` are
    further numbers that are chosen, not learned. `domain` is the part of the plane worth looking
    at, where that is known. With `task` classification the target is 0 or 1
    and the prediction the probability of 1.
    """

    name: str
    title: str
    prediction: str
    loss: str = "(P - Y)^2"
    variables: tuple[str, str] = ("slope", "intercept")
    parameters: tuple[Parameter, ...] = ()
    inputs: int = 1
    task: str = REGRESSION
    score: str = ""
    summary: str = ""
    source: str = ""
    domain: Domain | None = None

    def fitted(
        self, inputs: tuple[str, ...], target: str
    ) -> tuple[str, str, tuple[str, str], tuple[Parameter, ...]]:
        """(loss, prediction, variables, parameters) over columns with these names.

        A variable or parameter that is called as a column gets a number.
        """
        if len(inputs) != self.inputs:
            raise ValueError(f"{self.title} has {self.inputs} input"
                             f"{'s' * (self.inputs > 1)}, not {len(inputs)}")  # fmt: skip
        names = {f"X{n}": name for n, name in enumerate(inputs, 1)} | {"Y": target}
        used = {*inputs, target}
        for name in (*self.variables, *(p.name for p in self.parameters)):
            names[name] = next(n for n in (name, *(f"{name}_{k}" for k in range(1, 99)))
                               if n not in used)  # fmt: skip
        prediction = renamed(self.prediction, names)
        if self.score:
            score = renamed(self.score, names)
            prediction = renamed(self.prediction, {"S": f"({score})", **names})
            names["S"] = f"({score})"
        loss = renamed(self.loss, {**names, "P": f"({prediction})"})
        loss, prediction = (text_of(notation(text)) for text in (loss, prediction))
        first, second = (names[name] for name in self.variables)
        parameters = tuple(replace(p, name=names[p.name]) for p in self.parameters)
        return loss, prediction, (first, second), parameters


def renamed(formula: str, names: Mapping[str, str]) -> str:
    """A formula with other names in place of some of its own."""
    return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found[0], found[0]), formula)


_LINE = "slope*X1 + intercept"
# The cross-entropy without an exp that overflows. At S = 0, where many a run starts, max(S, 0) and
# |S| would have another slope than the sum; here either branch is smooth and right.
_LOGISTIC = "where(S > 0, S + log(1 + exp(-max(0, S))), log(1 + exp(min(0, S)))) - Y*S"
SIGMOID = "0.5*(1 + tanh(0.5*S))"  # 1/(1 + exp(-S)), whose slope has no exp that overflows
_CROSS_ENTROPY = "Cox 1958, The regression analysis of binary sequences"


def _penalty(low: float = 0.0) -> Parameter:
    return Parameter("penalty", 0.1, low, 1e6, log=True, meaning="weight of the penalty")


MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in (
    Model("linear", "Line, mean squared error", _LINE,
          summary="The line for which the mean squared distance is least; one minimum, in closed "
          "form the normal equations.", source="Legendre 1805"),
    Model("ridge", "Line with L2 penalty (ridge)", _LINE, "(P - Y)^2 + penalty*slope^2",
          parameters=(_penalty(),), summary="A large slope costs: it shrinks.",
          source="Hoerl and Kennard 1970"),
    Model("lasso", "Line with L1 penalty (lasso)", _LINE, "(P - Y)^2 + penalty*|slope|",
          parameters=(_penalty(),), summary="A slope that is not worth its penalty becomes 0: "
          "the loss has a crease there.", source="Tibshirani 1996"),
    Model("huber", "Line, Huber loss", _LINE,
          "where(|P - Y| < delta, 0.5*(P - Y)^2, delta*(|P - Y| - 0.5*delta))",
          parameters=(Parameter("delta", 1.0, 1e-9, 1e9, log=True,
                                meaning="distance from which the loss grows only linearly"),),
          summary="Rows that are far off pull less than with squares.", source="Huber 1964"),
    Model("absolute", "Line, absolute error", _LINE, "|P - Y|",
          summary="The line through the medians; creases wherever it meets a row.",
          source="Boscovich 1757"),
    Model("logistic", "Logistic regression", SIGMOID, _LOGISTIC,
          ("weight", "bias"), score="weight*X1 + bias", task=CLASSIFICATION,
          summary="The probability of 1 from one input, with the cross-entropy.",
          source=_CROSS_ENTROPY),
    Model("logistic_plane", "Logistic regression of two inputs", SIGMOID, _LOGISTIC,
          ("w1", "w2"), score="w1*X1 + w2*X2", inputs=2, task=CLASSIFICATION,
          summary="The probability of 1 from two inputs; the boundary goes through the origin.",
          source=_CROSS_ENTROPY),
    Model("neuron_tanh", "One neuron, tanh", "tanh(S)", variables=("weight", "bias"),
          score="weight*X1 + bias", summary="Flat where the neuron is saturated, and possibly with "
          "several minima.", domain=(-6, 6, -6, 6), source="Auer, Herbster and Warmuth 1996"),
    Model("neuron_sigmoid", "One neuron, sigmoid", SIGMOID,
          variables=("weight", "bias"), score="weight*X1 + bias",
          summary="As tanh, for targets from 0 to 1.", domain=(-6, 6, -6, 6),
          source="Auer, Herbster and Warmuth 1996"),
    Model("neuron_relu", "One neuron, ReLU", "max(S, 0)", variables=("weight", "bias"),
          score="weight*X1 + bias", summary="Where no row makes it fire the loss is flat: a dead "
          "neuron never learns.", domain=(-6, 6, -6, 6), source="Nair and Hinton 2010"),
    Model("two_layers", "Two layers, one weight each", "w2*tanh(w1*X1)", variables=("w1", "w2"),
          summary="Both signs can be flipped: two minima of equal loss, and a saddle between "
          "them.", domain=(-4, 4, -4, 4), source="Baldi and Hornik 1989"),
)})  # fmt: skip


def prediction_of(loss: str, target: str) -> str:
    """The prediction in a loss of the user's own, if it compares one with the target; else "".

    It is what makes the difference from the target 0, in a loss that is an even function of such
    differences: (a*tanh(b*area) - price)^2 gives a*tanh(b*area), |y - a - b*x| gives a + b*x.
    """
    found: set[str] = set()

    def search(term: Term, even: bool) -> None:
        if target not in term.variables():
            return
        if term.kind in ("add", "sub", "neg"):
            rest = _without(term, target)
            if rest is not None:
                found.add(text_of(rest) if even else "")
                return
        if term.kind == "variable":
            found.add("")
        square = term.kind == "pow" and term.parts[1].kind == "constant"
        for place, part in enumerate(term.parts):
            # within a square or an absolute value the sign of a difference does not matter
            inner = term.kind == "abs" or (square and place == 0 and term.parts[1].value % 2 == 0)
            search(part, inner or (even and term.kind in _KEEPING))

    search(notation(loss), False)
    return found.pop() if len(found) == 1 else ""


# What stands around an even function of a difference without making it less of one.
_KEEPING = ("where", "<", "<=", ">", ">=", "min", "max", "add", "sub", "mul", "div", "sqrt", "log")


def _without(term: Term, target: str) -> Term | None:
    """The sum of what a chain of sums has besides the target, with the sign that balances it.

    None where the target is not a summand of its own, once.
    """
    summands: list[tuple[float, Term]] = []

    def flatten(part: Term, sign: float) -> None:
        if part.kind in ("add", "sub"):
            flatten(part.parts[0], sign)
            flatten(part.parts[1], sign if part.kind == "add" else -sign)
        elif part.kind == "neg":
            flatten(part.parts[0], -sign)
        else:
            summands.append((sign, part))

    flatten(term, 1.0)
    own = [sign for sign, part in summands if part.kind == "variable" and part.value == target]
    rest = [(-sign * own[0], part) for sign, part in summands
            if target not in part.variables()] if len(own) == 1 else []  # fmt: skip
    if len(rest) != len(summands) - 1 or not rest:
        return None
    made = None
    for sign, part in sorted(rest, key=lambda pair: -pair[0]):
        if made is None:
            made = part if sign > 0 else Term("neg", (part,))
        else:
            made = Term("add" if sign > 0 else "sub", (made, part))
    return made
