"""From a table to an experiment, and from what was learned back to the units of the table."""

import contextlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from gdviz.compute import Race
from gdviz.data import EXAMPLE, Data, keep, place_of, shown
from gdviz.experiment import Experiment
from gdviz.network import on_network, predicted
from gdviz.own import Number
from gdviz.scale import short
from gdviz_core import engine
from gdviz_core.delimited import DataError, Preview, Reading, preview, reading
from gdviz_core.dialect import Format
from gdviz_core.expression import parse, unknown_names
from gdviz_core.models import CLASSIFICATION, MODELS, REGRESSION, SIGMOID, prediction_of, renamed
from gdviz_core.program import Program, compile_program
from gdviz_core.surface import Array
from gdviz_core.table import Scaling, Table


def read(
    path: str, columns: Iterable[str], form: Format | None = None
) -> Generator[float, None, Reading]:
    """Read columns of a file, which may be a shipped table; yields how far it is. DataError."""
    with _about(path):
        return (yield from reading(place_of(path), tuple(columns), form))


def look(path: str, form: Format | None = None) -> Preview:
    """The beginning of a file, which may be a shipped table; DataError."""
    with _about(path):
        return preview(place_of(path), form)


@dataclass(frozen=True)
class Wanted:
    """A network that is wanted as a model."""

    hidden: tuple[int, ...] = (8,)
    activation: str = "tanh"
    task: str = REGRESSION
    seed: int = 1


@contextlib.contextmanager
def _about(path: str) -> Iterator[None]:
    """Let errors in a file name it."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{shown(path)}: {error}") from None


def columns_of(
    path: str, model: "str | Wanted", inputs: tuple[str, ...] = (), target: str | None = None
) -> tuple[str, ...]:
    """The columns of a file that a model or a formula is to learn from, the target last.

    Those that are not given are found: the target is the last column of numbers, inputs are the
    first others, as many as the model has, or those that the formula reads. DataError where that
    is not possible.
    """
    seen = look(path)
    with _about(path):
        return chosen_columns(seen, model, inputs, target)


def chosen_columns(
    seen: Preview, model: "str | Wanted", inputs: tuple[str, ...] = (), target: str | None = None
) -> tuple[str, ...]:
    """The same for a file that was looked at already."""
    numeric = [column.name for column in seen.columns if column.numeric]
    if len(numeric) < 2:
        bad = next((c for c in seen.columns if c.bad is not None), None)
        where = ""
        if bad is not None and bad.bad is not None:
            where = f": line {bad.bad[0]}, column {bad.title[:40]}, is {bad.bad[1][:40]!r}"
        raise DataError(f"two columns of numbers are needed, an input and a target{where}")
    last = seen.column(target).name if target is not None else numeric[-1]
    if inputs:
        found = [seen.column(name).name for name in inputs]
    elif isinstance(model, Wanted):
        found = [name for name in numeric if name != last]
    elif model in MODELS:
        found = [name for name in numeric if name != last][: MODELS[model].inputs]
    else:
        names = unknown_names(model, ())
        read_ones = [name for name in numeric if name in names]
        if target is None and len(read_ones) > 1:
            last = read_ones[-1]
        found = [name for name in read_ones if name != last]
        if not found:
            raise DataError(f"the formula reads none of the columns {', '.join(numeric[:20])}")
    if last in found:
        raise DataError(f"{last} cannot be an input and the target")
    return (*dict.fromkeys(found), last)


def experiment(
    before: Experiment,
    table: Table,
    path: str,
    columns: tuple[str, ...],
    model: "str | Wanted",
    scaling: str = "standardise",
    form: Format | None = None,
) -> Experiment:
    """An experiment on a model of the catalogue, or on a formula, over columns of a table.

    Raises ValueError for what does not fit together.
    """
    place = path if path.startswith(EXAMPLE) else os.path.abspath(path)
    given = Data(keep(table), columns, ("a", "b"), path=place, format=form, scaling=scaling)
    if isinstance(model, Wanted):
        task = model.task
        classes = np.isin(np.unique(table[columns[-1]]), (0.0, 1.0)).all()
        if task == CLASSIFICATION and not classes:
            raise ValueError(f"{columns[-1]} must be 0 or 1 to be told apart")
        if task == CLASSIFICATION:
            given = replace(given, scaled=columns[:-1])
        return on_network(before, given, model.hidden, model.activation, task, model.seed)
    if model in MODELS:
        given = replace(given, model=model)
        check_classes(given)
        return before.on_model(given)
    return on_formula(before, given, model)


def learn(
    before: Experiment,
    path: str,
    columns: tuple[str, ...],
    model: "str | Wanted",
    scaling: str = "standardise",
    form: Format | None = None,
) -> Generator[float, None, tuple[Experiment, Reading]]:
    """Read a file and make an experiment on it; yields how far it is. DataError, ValueError."""
    found = yield from read(path, columns, form)
    return experiment(before, found.table, path, columns, model, scaling, form), found


def on_formula(before: Experiment, given: Data, formula: str) -> Experiment:
    """The experiment on a formula of the user's own over the columns.

    The first two names that are no columns are what is learned, further ones are numbers.
    """
    names = unknown_names(formula, given.columns)
    if len(names) < 2:
        raise ValueError(
            "the formula needs two parameters to be learned, which are names that are no columns, "
            f"as a and b in (a*{given.inputs[0]} + b - {given.target})^2"
        )
    made = replace(given, model="", variables=(names[0], names[1]),
                   prediction=prediction_of(formula, given.target))  # fmt: skip
    numbers = tuple(Number.around(name, 1.0) for name in names[2:])
    return before.on_data(made, formula, numbers)


def check_classes(given: Data) -> None:
    """ValueError if the target of a classification is anything but 0 and 1."""
    model = given.known
    if model is None or model.task != CLASSIFICATION:
        return
    classes = np.unique(given.raw[given.target])
    if not np.isin(classes, (0.0, 1.0)).all():
        wrong = next(value for value in classes if value not in (0.0, 1.0))
        raise ValueError(f"{given.target} must be 0 or 1 for {model.title}, not {wrong:g}")


@lru_cache(maxsize=64)
def _program(prediction: str, inputs: tuple[str, ...], uniforms: tuple[str, ...]) -> Program:
    graph, node = parse(prediction, (*inputs, *uniforms))
    return compile_program(graph, [(node, len(inputs))], inputs, uniforms)


def _evaluate(
    formula: str, inputs: tuple[str, ...], names: tuple[str, ...], values: tuple[float, ...],
    columns: Array,
) -> Array:  # fmt: skip
    """A formula over columns (inputs, n), with numbers by name."""
    tape = engine.Tape(_program(formula, inputs, names), values)
    found = np.empty((1, columns.shape[1]))
    engine.evaluate(tape, np.ascontiguousarray(columns), found)
    return np.asarray(found[0])


def predict(experiment: Experiment, a: float, b: float, inputs: Array) -> Array:
    """What a model with the parameters a and b predicts from inputs (inputs, n).

    Inputs and prediction are in the units of the table.
    """
    given = experiment.data
    assert given is not None
    if given.plane is not None:
        return predicted(given, given.plane.at(a, b), inputs)
    scaled = np.array([given.scale(name).apply(column)
                       for name, column in zip(given.inputs, inputs, strict=True)])  # fmt: skip
    names = (*given.variables, *(number.name for number in experiment.numbers))
    values = (a, b, *(number.value for number in experiment.numbers))
    found = _evaluate(given.prediction, given.inputs, names, values, scaled)
    return np.asarray(given.scale(given.target).undo(found))


def predict_run(race: Race, lane: int, index: int, inputs: Array) -> Array:
    """What the model of a lane predicts at a record; of a network by all of its weights."""
    weights, given = race.trajectories[lane].weights, race.experiment.data
    if weights is not None and given is not None:
        return predicted(given, weights[race.record(lane, index)], inputs)
    return predict(race.experiment, float(race.x[lane, index]), float(race.y[lane, index]), inputs)


def in_units(experiment: Experiment, a: float, b: float) -> str:
    """A model in the units of the table: a line or a plane, or what its last function is of.

    "" where neither is straight.
    """
    given = experiment.data
    if given is None or not given.prediction or given.net is not None:
        return ""
    known = given.known
    if known is None or not known.score:
        return _straight(given, f"{given.target} = ", partial(predict, experiment, a, b))
    names = {f"X{n}": name for n, name in enumerate(given.inputs, 1)}
    names |= dict(zip(known.variables, given.variables, strict=True))
    score = renamed(known.score, names)
    scale, shape = given.scale(given.target), known.prediction.replace(SIGMOID, "σ(S)")
    if scale != Scaling():
        shape = f"{short(scale.shift)} + {short(scale.factor)}·{shape}"
    start = f"{given.target} = {shape}, S = "

    def scored(inputs: Array) -> Array:
        scaled = [given.scale(n).apply(c) for n, c in zip(given.inputs, inputs, strict=True)]
        return _evaluate(score, given.inputs, given.variables, (a, b), np.array(scaled))

    return _straight(given, start, scored)


def _straight(given: Data, start: str, call: Callable[[Array], Array]) -> str:
    """What a function of the inputs is, if it is straight."""
    columns = given.raw.select(given.inputs)
    low, high, count = columns.min(axis=1), columns.max(axis=1), len(columns)
    # the corner, one step along each input, and a point within, to tell whether it is straight
    points = np.repeat(low[:, None], count + 2, axis=1)
    points[np.arange(count), np.arange(1, count + 1)] = high
    points[:, -1] = low + 0.37 * (high - low)
    with np.errstate(all="ignore"):
        values = call(points)
        rises = values[1:-1] - values[0]
        off = abs(values[0] + 0.37 * rises.sum() - values[-1])
        if not off <= 1e-9 * np.abs(values).max() or (high == low).any():
            return ""
    slopes = rises / (high - low)
    parts = [f"{short(slope)}·{name}" for slope, name in zip(slopes, given.inputs, strict=True)]
    text = " + ".join([*parts, short(float(values[0] - slopes @ low))]).replace("+ −", "− ")
    return start + text
