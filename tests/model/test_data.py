"""Tables in experiments: models, scaling and units, sessions with data, the command line."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from docs import tables
from gdviz import compute, export, fit, session
from gdviz.curves import Levels
from gdviz.data import EXAMPLES, Data, keep
from gdviz.experiment import Experiment, enter
from gdviz.inspection import step_of
from gdviz.own import Number
from gdviz.session import Session, SessionError
from gdviz_core import MODELS, DataError
from gdviz_core.table import Table

HOUSES = "example:houses.csv"


def on(path=HOUSES, model="linear", scaling="standardise", **changes):
    """An experiment on a file."""
    columns = fit.columns_of(str(path), model)
    reading = compute.finish(fit.read(str(path), columns))
    made = fit.experiment(Experiment(), reading.table, str(path), columns, model, scaling)
    made = replace(made, racers=(enter(made, "gd"),))
    return replace(made, **changes) if changes else made


def solved(x, y):
    a = np.stack([x, np.ones(len(x))], axis=1)
    return np.linalg.solve(a.T @ a, a.T @ y)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_shipped_tables_are_what_their_generators_make(name):
    assert (tables.PLACE / f"{name}.csv").read_text() == tables.text(getattr(tables, name))
    assert name in (tables.PLACE / "README.md").read_text()


@pytest.mark.parametrize("scaling", ["none", "standardise", "min-max"])
def test_what_is_learned_is_told_in_the_units_of_the_table(scaling):
    made = on(scaling=scaling)
    x, y = made.data.raw.columns
    slope, intercept = solved(x, y)
    best = solved(*made.data.table.columns)
    words = fit.in_units(made, *best)
    assert words.startswith("SalePrice = ")
    told = [float(v) for v in words.removeprefix("SalePrice = ").replace("×10⁵", "e5").replace(
        "·LotArea", "").split(" + ")]  # fmt: skip
    assert told == pytest.approx([slope, intercept], rel=1e-2)
    grid = np.array([[5000.0, 12000.0]])
    assert fit.predict(made, *best, grid) == pytest.approx(slope * grid[0] + intercept, rel=1e-9)


def test_what_a_neuron_has_learned_is_told_in_the_units_of_the_table():
    made = on("example:classes.csv", "logistic_plane", "standardise")
    words = fit.in_units(made, 1.5, -0.5)
    assert words.startswith("label = σ(S), S = ")
    slopes = [float(part.split("·")[0]) for part in
              words.split("S = ")[1].replace("− ", "+ -").split(" + ")[:2]]  # fmt: skip
    wanted = [1.5 / made.data.scale("x1").factor, -0.5 / made.data.scale("x2").factor]
    assert slopes == pytest.approx(wanted, rel=1e-3)
    raw = made.data.raw.select(("x1", "x2"))
    p = fit.predict(made, 1.5, -0.5, raw)
    shifted = sum(w * (c - made.data.scale(n).shift)
                  for w, c, n in zip(wanted, raw, ("x1", "x2"), strict=True))  # fmt: skip
    assert p == pytest.approx(1 / (1 + np.exp(-shifted)), rel=1e-9)
    assert fit.in_units(on(model="two_layers"), 1.0, 1.0) == ""
    assert fit.in_units(on(model="neuron_tanh"), 1.0, 1.0).startswith("SalePrice = 1.79×10⁵ + 5")


def test_scaling_decides_whether_a_learning_rate_converges():
    """The condition number of the houses is about 1e8 as they are, and 1 standardised."""
    raw, scaled = (on(scaling=scaling, steps=200) for scaling in ("none", "standardise"))
    conditions = []
    for made in (raw, scaled):
        hxx, hxy, hyy = made.resolved().hessian(0.0, 0.0)
        conditions.append(np.linalg.cond([[hxx, hxy], [hxy, hyy]]))
    assert conditions[0] > 1e7
    assert conditions[1] == pytest.approx(1)
    for made, status in ((raw, "diverged"), (scaled, "converged")):
        racer = made.racers[0].with_value("lr", 0.25)
        race = compute.finish(compute.race(replace(made, racers=(racer,))))
        assert race.trajectories[0].status == status


@pytest.mark.parametrize("model", [m for m in MODELS if m != "logistic_plane"])
def test_every_model_races_from_where_something_is_to_be_seen(model):
    path = "example:classes.csv" if MODELS[model].task == "classification" else HOUSES
    made = on(path, model)
    x0, x1, y0, y1 = made.domain
    (x, y), surface = made.starts[0], made.resolved()
    assert x0 <= x <= x1
    assert y0 <= y <= y1
    loss = surface.grid(np.linspace(x0, x1, 30), np.linspace(y0, y1, 30))
    assert np.isfinite(loss).all()
    assert surface.value(x, y) > 1.2 * loss.min()
    race = compute.finish(compute.race(made))
    assert race.loss[0, -1] < race.loss[0, 0]


def test_a_formula_of_ones_own_finds_its_columns_and_parameters(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("u,v,w\n1,2,3\n2,3,5\n4,1,4\n")
    made = on(path, "(a*u + b*v + c - w)^2", "none")
    assert made.data.columns == ("u", "v", "w")
    assert made.data.variables == ("a", "b")
    assert [number.name for number in made.numbers] == ["c"]
    assert made.data.prediction == "a*u + b*v + c"
    assert made.resolved().value(1.0, 1.0) == pytest.approx(np.mean([1, 1, 4]) / 1)
    with pytest.raises(ValueError, match="two parameters to be learned"):
        on(path, "(a*u - w)^2")
    with pytest.raises(DataError, match="reads none of the columns"):
        on(path, "a^2 + b^2")


def test_a_typed_formula_stays_on_the_data():
    made = on()
    formula = "|slope*LotArea + intercept - SalePrice|^k"
    other = made.on_formula(formula, (Number.around("k", 2.0),))
    assert other.data.table == made.data.table
    assert other.data.model == ""
    assert other.numbers[0].name == "k"
    assert made.on_surface("rosenbrock").data is None
    with pytest.raises(ValueError, match="the name bias is not known"):
        made.on_formula("(slope*LotArea + bias - SalePrice)^2")


def test_a_formula_over_x_and_y_leaves_the_data():
    made = replace(on(), budget="epochs", racers=(replace(on().racers[0], batch=8),))
    other = made.on_formula("x^2 + 3*y^2")
    assert (other.data, other.budget, other.racers[0].batch) == (None, "steps", None)
    assert other.resolved().value(1.0, 1.0) == 4.0
    sine = on("example:sine.csv")  # whose columns are called x and y
    assert sine.on_formula("(slope*x - y)^2").data is not None


def test_a_constant_target_is_a_flat_lesson_and_no_error(tmp_path):
    (tmp_path / "k.csv").write_text("u,v\n1,5\n2,5\n3,5\n")
    made = on(tmp_path / "k.csv")
    assert made.domain[0] < 0 < made.domain[1]
    assert compute.finish(compute.race(made)).loss[0, -1] < 1e-6


def test_numbers_of_a_row_have_names_of_their_own(tmp_path):
    from gdviz import laboratory

    (tmp_path / "k.csv").write_text("u,x_1,x,v\n1,5,2,1\n2,6,3,4\n3,7,5,2\n")
    made = on(tmp_path / "k.csv", "(a*u + b*x + x_1 + y - v)^2", "none")
    alone = laboratory.of_one_row(made.resolved())
    assert alone.value(2.0, 3.0) == (2 * 1 + 3 * 2 + 5 + 1.0 - 1) ** 2


def test_a_session_saved_through_a_link_opens(tmp_path):
    real = tmp_path / "projects" / "study"
    real.mkdir(parents=True)
    (tmp_path / "work").symlink_to(real)
    (real / "d.csv").write_text("u,v\n1,2\n2,3\n4,1\n")
    work = tmp_path / "work"
    made = on(work / "d.csv")
    export.save(work / "s.json", session.dump(Session.of(made), work))
    assert session.read(work / "s.json").experiment.resolved() == made.resolved()
    assert session.read(real / "s.json").experiment.resolved() == made.resolved()


def test_classes_must_be_0_and_1():
    with pytest.raises(ValueError, match="SalePrice must be 0 or 1"):
        on(HOUSES, "logistic")
    made = on("example:classes.csv", "logistic")
    assert set(made.data.table["label"]) == {0.0, 1.0}  # not scaled


# sessions


def test_a_session_names_the_file_from_where_it_is_and_checks_it(tmp_path):
    table = tmp_path / "data" / "t.csv"
    table.parent.mkdir()
    table.write_text("u,v\n1,2\n2,3\n4,1\n")
    made = on(table, scaling="min-max")
    file = tmp_path / "s.json"
    export.save(file, session.dump(Session.of(made), tmp_path))
    assert json.loads(file.read_text())["experiment"]["data"]["path"] == "data/t.csv"
    opened = session.read(file)
    assert opened.experiment == made
    assert (opened.remark, opened.lost) == ("", ())
    assert session.dump(opened, tmp_path) == file.read_text()

    table.write_text("u,v\n1,2\n2,3\n4,7\n")
    changed = session.read(file)
    assert changed.remark == "t.csv has changed since this experiment was saved"
    assert list(changed.experiment.data.raw["v"]) == [2, 3, 7]

    table.write_text("u,z\n1,2\n2,3\n4,7\n")
    with pytest.raises(SessionError, match=r"its data cannot be read: t\.csv: there is no column"):
        session.read(file)
    table.unlink()
    with pytest.raises(SessionError, match=r"its data are missing: there is no .*t\.csv"):
        session.read(file)


def test_a_session_that_moves_with_its_data_opens(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "t.csv").write_text("u,v\n1,2\n2,3\n4,1\n")
    made = on(here / "t.csv")
    export.save(here / "s.json", session.dump(Session.of(made), here))
    here.rename(there)
    opened = session.read(there / "s.json")
    assert opened.experiment.data.path == str(there / "t.csv")
    assert opened.experiment.resolved() == made.resolved()


def test_data_in_a_session_need_no_file(tmp_path):
    (tmp_path / "t.csv").write_text("u,v\n1,2.5\n2,3\n4,0.1\n")
    made = on(tmp_path / "t.csv")
    packed = session.portable(Session.of(made))
    text = session.to_text(packed)
    (tmp_path / "t.csv").unlink()
    opened = session.from_text(text)
    assert opened.experiment.resolved() == made.resolved()
    assert session.load(session.dump(opened)) == opened
    shipped = session.portable(Session.of(on()))
    assert shipped.experiment.data.embedded == ()  # everybody has them


@pytest.mark.parametrize(("changes", "message"), [
    ({"scaling": "twice"}, "scaling must be none, standardise, min-max"),
    ({"model": "magic"}, "there is no model 'magic'"),
    ({"columns": ["LotArea"]}, "columns must be inputs and a target"),
    ({"variables": ["a"]}, "variables"),
    ({"path": "example:nothing.csv"}, "there is no shipped table"),
    ({"digest": 5}, "digest"),
    ({"embedded": [[1.0, 2.0], [3.0]]}, "same number of rows"),
    ({"format": {"delimiter": "x"}}, "delimiter must be one of"),
])  # fmt: skip
def test_bad_data_in_a_session_are_named(changes, message):
    text = json.loads(session.dump(Session.of(on())))
    text["experiment"]["data"] |= changes
    with pytest.raises(SessionError, match=message):
        session.load(json.dumps(text))


def test_a_table_that_is_not_there_is_no_data():
    with pytest.raises(DataError, match="is not there"):
        Data("0" * 32, ("a", "b"), ("p", "q"), path="t.csv")


# batches in races


def with_batches(*sizes, **changes):
    made = on(steps=40, **changes)
    racers = tuple(replace(enter(made, "gd", lr=0.05), batch=size) for size in sizes)
    return replace(made, racers=racers)


def test_in_epochs_all_variants_read_the_same_rows():
    made = with_batches(1, 32, None)
    race = compute.finish(compute.race(replace(made, steps=3, budget="epochs", tolerance=0.0)))
    assert [t.steps for t in race.trajectories] == [3 * 1460, 3 * 46, 3]
    levels = Levels.of(race, against="epochs")
    assert [levels.places[lane, -1] for lane in range(3)] == [3.0, 3.0, 3.0]
    with pytest.raises(ValueError, match="budget must be steps or evaluations"):
        Experiment(budget="epochs")
    assert made.on_surface("himmelblau").budget == "steps"


def test_the_loss_of_the_batch_is_a_curve_of_its_own():
    race = compute.finish(compute.race(with_batches(16)))
    t = race.trajectories[0]
    shown = Levels.of(race, "batch")
    assert np.array_equal(shown.raw[0], t.batch_loss)
    assert np.std(np.diff(t.batch_loss)) > 5 * np.std(np.diff(t.loss))


def test_the_inspector_shows_the_gradient_of_the_batch():
    made = with_batches(16, replacement=True, own_luck=True)
    race = compute.finish(compute.race(replace(made, racers=(*made.racers, *made.racers))))
    for lane in (0, 1):
        t = race.trajectories[lane]
        for index in (0, 7, 39):
            step = step_of(race, lane, index)
            assert step.disturbed == ("a batch of 16",)
            assert step.after == (t.x[index + 1], t.y[index + 1])
            assert step.loss_after == t.loss[index + 1]


def test_a_long_race_on_much_data_is_recorded_more_sparsely():
    rng = np.random.default_rng(1)
    table = Table.of({"u": rng.normal(size=200_000), "v": rng.normal(size=200_000)})
    made = fit.experiment(Experiment(), table, "t.csv", ("u", "v"), "linear")
    racer = replace(enter(made, "gd", lr=0.01), batch=64)
    made = replace(made, racers=(racer,), steps=20_000)
    assert compute.sparsity(made, 20_000) > 5
    assert compute.sparsity(replace(made, racers=(replace(racer, batch=None),)), 20_000) == 1


def test_a_script_runs_the_same_race_again(tmp_path):
    rows = "".join(f"{n / 7:.3f};{n % 5}.5\n" for n in range(40)).replace(".", ",")
    (tmp_path / "t.csv").write_text(f"u;v\n{rows}")
    made = on(tmp_path / "t.csv", "(a*u + b*c - v)^2", "standardise", steps=30)
    racer = replace(enter(made, "adam"), batch=8)
    made = replace(made, racers=(racer,), own_luck=True, replacement=True, seed=5)
    race = compute.finish(compute.race(made))
    for variant in (race, replace(race, experiment=session.portable(Session.of(made)).experiment)):
        file = tmp_path / "script.py"
        file.write_text(export.script(variant))
        told = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
        last = race.trajectories[0]
        assert f"({last.x[-1]:.17g}, {last.y[-1]:.17g})" in told.stdout


def test_the_csv_tells_epochs_and_losses_of_batches(tmp_path):
    race = compute.finish(compute.race(with_batches(365)))
    path, beside = compute.finish(export.trajectories(race, tmp_path / "r.csv"))
    lines = path.read_text().splitlines()
    head = lines[0].split(",")
    assert head[-2:] == ["epoch", "batch_loss"]
    row = dict(zip(head, lines[9].split(","), strict=True))
    assert (row["step"], row["epoch"]) == ("8", "2.0")
    assert float(row["batch_loss"]) == race.trajectories[0].batch_loss[8]
    assert session.read(beside).experiment == race.experiment


# the command line


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "gdviz", *arguments], capture_output=True, text=True
    )


def test_gdviz_fit_prints_what_was_learned(tmp_path):
    done = run("fit", HOUSES, "--optimizer", "gd:lr=0.5", "--csv", str(tmp_path / "out.csv"))
    assert done.returncode == 0, done.stderr
    x, y = on().data.raw.columns
    slope, _ = solved(x, y)
    assert f"SalePrice = {slope:.3f}·LotArea + " in done.stdout
    assert session.read(tmp_path / "out.experiment.json").experiment.data.target == "SalePrice"


def test_gdviz_fit_counts_the_rows_it_drops(tmp_path):
    (tmp_path / "t.csv").write_text("u,v\n1,2\n2,\n3,4\n5,6\n")
    done = run("fit", str(tmp_path / "t.csv"), "--scaling", "none")
    assert "1 row without a value dropped (1 in v; line 3)" in done.stdout


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["nowhere.csv"], 1, "nowhere.csv: it cannot be opened: No such file"),
    ([HOUSES, "--model", "magic"], 1, "reads none of the columns"),
    ([HOUSES, "--model", "a*LotArea +"], 2, "the formula ends too early"),
    ([HOUSES, "--target", "Price"], 1, "there is no column 'Price'; there are LotArea, SalePrice"),
    ([HOUSES, "--batch", "0"], 2, "batch must be at least 1 row"),
    ([HOUSES, "--input", "LotArea", "--target", "LotArea"], 1, "cannot be an input and the target"),
    ([HOUSES, "--model", "logistic"], 2, "SalePrice must be 0 or 1"),
    ([HOUSES, "--scaling", "twice"], 2, "invalid choice"),
])  # fmt: skip
def test_gdviz_fit_says_what_is_wrong(arguments, code, message):
    done = run("fit", *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_keeping_a_table_twice_is_one_table():
    one, other = (Table.of({"a": [1, 2], "b": [3, 4]}) for _ in range(2))
    assert keep(one) == keep(other)
