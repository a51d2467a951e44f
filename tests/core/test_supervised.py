"""Losses on data against NumPy, finite differences and scikit-learn; batches against a loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core.models import CLASSIFICATION, MODELS, prediction_of
from gdviz_core.supervised import Batches, batch_gradients, on_rows
from gdviz_core.table import Table

RNG = np.random.default_rng(5)
X = RNG.normal(size=403)
TABLE = Table.of({
    "a1": X, "a2": RNG.normal(size=403), "price": 0.7 * X - 0.2 + 0.3 * RNG.normal(size=403),
    "kind": (X + RNG.normal(size=403) > 0.1).astype(float),
})  # fmt: skip


def loss_of(model, table=TABLE, domain=(-3, 3, -3, 3)):
    """The surface of a model on a table of this module."""
    target = "kind" if model.task == CLASSIFICATION else "price"
    inputs = ("a1", "a2")[: model.inputs]
    formula, prediction, variables, _ = model.fitted(inputs, target)
    return core.Surface.from_formula(formula, domain, variables=variables, table=table,
                                     parameters=model.parameters), prediction  # fmt: skip


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


def plain_losses(p, y, w, b):
    """The mean losses of predictions p, written by hand."""
    off = np.abs(p - y)
    square = np.mean((p - y) ** 2)
    return {
        "square": square, "ridge": square + 0.1 * w * w, "lasso": square + 0.1 * abs(w),
        "huber": np.mean(np.where(off < 1, off * off / 2, off - 0.5)), "absolute": np.mean(off),
    }  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_the_mean_over_the_rows(name):
    model = MODELS[name]
    surface, _ = loss_of(model)
    a1, a2, price, kind = TABLE.columns
    for w, b in ((0.3, -0.4), (-1.2, 0.7), (2.0, 1.0)):
        line = w * a1 + b
        p = {
            "logistic": sigmoid(line), "logistic_plane": sigmoid(w * a1 + b * a2),
            "neuron_tanh": np.tanh(line), "neuron_sigmoid": sigmoid(line),
            "neuron_relu": np.maximum(line, 0), "two_layers": b * np.tanh(w * a1),
        }.get(name, line)  # fmt: skip
        if model.task == CLASSIFICATION:
            wanted = -np.mean(kind * np.log(p) + (1 - kind) * np.log(1 - p))
        else:
            losses = plain_losses(p, price, w, b)
            wanted = losses.get(name, losses["square"])
        assert surface.value(w, b) == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_gradients_and_hessians_agree_with_differences(name):
    surface, _ = loss_of(MODELS[name])
    x, y, h = 0.37, -0.61, 1e-6
    gx, gy = surface.gradient(x, y)
    assert gx == pytest.approx((surface.value(x + h, y) - surface.value(x - h, y)) / (2 * h), 1e-5)
    assert gy == pytest.approx((surface.value(x, y + h) - surface.value(x, y - h)) / (2 * h), 1e-5)
    right, left = surface.gradient(x + h, y), surface.gradient(x - h, y)
    hxx, hxy, _ = surface.hessian(x, y)
    if name not in ("absolute", "huber", "neuron_relu"):  # which have creases
        assert hxx == pytest.approx((right[0] - left[0]) / (2 * h), 1e-4, 1e-7)
        assert hxy == pytest.approx((right[1] - left[1]) / (2 * h), 1e-4, 1e-7)


@given(st.integers(1, 700), st.integers(0, 2**32), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_loss_does_not_depend_on_how_it_is_computed(rows, seed, huge):
    """Alone, in an array, on a grid: the same bits; and close to NumPy's mean."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(2, rows)) * (1e60 if huge else 1.0)
    table = Table.of({"u": columns[0], "v": columns[1]})
    s = core.Surface.from_formula("(p*u + q - v)^2 + sin(p)", variables=("p", "q"), table=table)
    xs, ys = rng.normal(size=7), rng.normal(size=5)
    grid = s.grid(xs, ys, gradients=True)
    mesh = np.meshgrid(xs, ys)
    assert np.array_equal(grid[0], s.value(*mesh))
    assert np.array_equal(grid[1], s.gradient(*mesh)[0])
    assert np.array_equal(grid[0, 2, 3], s.value(xs[3], ys[2]))
    plain = np.mean((xs[3] * columns[0] + ys[2] - columns[1]) ** 2 + np.sin(xs[3]))
    assert grid[0, 2, 3] == pytest.approx(plain, rel=1e-13)


def test_all_instruction_sets_sum_alike():
    """The sum has eight ways whatever the width; it is checked against exact arithmetic."""
    from fractions import Fraction

    values = RNG.normal(size=1001) * 10.0 ** RNG.integers(-12, 12, 1001)
    s = core.Surface.from_formula("v + 0*p", variables=("p", "q"), table=Table.of({"v": values}))
    exact = sum(map(Fraction, values.tolist())) / 1001
    assert float(s.value(0, 0)) == pytest.approx(float(exact), rel=1e-15)


def test_infinities_and_nan_survive_the_mean():
    table = Table.of({"v": [0.0, 1.0, 2.0]})
    s = core.Surface.from_formula("log(v*p)", variables=("p", "q"), table=table)
    assert s.value(1.0, 0.0) == -np.inf
    assert np.isnan(s.value(-1.0, 0.0))


def test_a_loss_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="price is a column of the data"):
        core.Surface.from_formula("price^2", variables=("price", "b"), table=TABLE)
    with pytest.raises(ValueError, match="two different variables"):
        core.Surface.from_formula("w^2", variables=("w", "w"), table=TABLE)
    with pytest.raises(core.FormulaError, match="the name area is not known"):
        core.Surface.from_formula("w*area", variables=("w", "b"), table=TABLE)
    s = core.Surface.from_formula("p^2 + q^2", variables=("p", "q"), table=TABLE)
    assert s.value(3.0, 4.0) == 25.0  # a formula need not read a column


def test_linear_regression_reaches_the_normal_equations():
    surface, _ = loss_of(MODELS["linear"])
    a = np.stack([TABLE["a1"], np.ones(TABLE.rows)], axis=1)
    exact = np.linalg.solve(a.T @ a, a.T @ TABLE["price"])
    t = core.descend(surface, core.OPTIMIZERS["gd"](lr=0.3), (2.0, 2.0), 2000, tolerance=1e-13)
    assert t.status == "converged"
    assert [t.x[-1], t.y[-1]] == pytest.approx(exact, rel=1e-10)
    newton = core.descend(surface, "newton", (2.0, 2.0), 2)
    assert [newton.x[-1], newton.y[-1]] == pytest.approx(exact, rel=1e-10)


def test_ridge_reaches_its_closed_form():
    surface, _ = loss_of(MODELS["ridge"])
    a = np.stack([TABLE["a1"], np.ones(TABLE.rows)], axis=1)
    exact = np.linalg.solve(a.T @ a / TABLE.rows + np.diag([0.1, 0]),
                            a.T @ TABLE["price"] / TABLE.rows)  # fmt: skip
    t = core.descend(surface, "newton", (2.0, 2.0), 5)
    assert [t.x[-1], t.y[-1]] == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("name", ["logistic", "logistic_plane"])
def test_logistic_regression_agrees_with_scikit_learn(name):
    from sklearn.linear_model import LogisticRegression

    model = MODELS[name]
    surface, _ = loss_of(model)
    inputs = TABLE.select(("a1", "a2")[: model.inputs]).T
    other = LogisticRegression(C=np.inf, fit_intercept=name == "logistic", tol=1e-12,
                               solver="newton-cholesky").fit(inputs, TABLE["kind"])  # fmt: skip
    wanted = [other.coef_[0, 0], other.intercept_[0]]
    if name == "logistic_plane":
        wanted = list(other.coef_[0])
    t = core.descend(surface, core.OPTIMIZERS["gd"](lr=4.0), (0.0, 0.0), 20_000, tolerance=1e-13)
    assert [t.x[-1], t.y[-1]] == pytest.approx(wanted, rel=1e-7)
    assert np.hypot(*surface.gradient(*wanted)) < 1e-8


# batches


@pytest.mark.parametrize(
    ("size", "replacement"),
    [(1, False), (7, False), (64, False), (402, False), (1, True), (50, True)],
)
@pytest.mark.parametrize("rule", ["gd", "momentum", "adam"])
def test_mini_batches_agree_with_a_loop_in_numpy(size, replacement, rule):
    surface, _ = loss_of(MODELS["linear"])
    u, v = TABLE["a1"], TABLE["price"]
    batches = Batches(TABLE.rows, size, 11, replacement)
    t = core.descend(surface, core.OPTIMIZERS[rule](lr=0.02), (1.5, -1.0), 500, batch=size, seed=11,
                     replacement=replacement)  # fmt: skip
    w, m, s = np.array([1.5, -1.0]), np.zeros(2), np.zeros(2)
    for step in range(1, 501):
        rows = batches.rows_of(step)
        off = w[0] * u[rows] + w[1] - v[rows]
        assert t.batch_loss[step - 1] == pytest.approx(np.mean(off * off), rel=1e-10)
        g = np.array([np.mean(2 * off * u[rows]), np.mean(2 * off)])
        if rule == "gd":
            w = w - 0.02 * g
        elif rule == "momentum":
            m = 0.9 * m + g
            w = w - 0.02 * m
        else:
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
            w = w - 0.02 * (m / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8)
        assert [t.x[step], t.y[step]] == pytest.approx(w, rel=1e-10)
        all_rows = np.mean((w[0] * u + w[1] - v) ** 2)
        assert t.loss[step] == pytest.approx(all_rows, rel=1e-10)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**63 - 1), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_an_epoch_has_every_row_once_and_another_order_each_time(rows, size, seed, epoch):
    batches = Batches(rows, min(size, rows), seed)
    first = epoch * batches.per_epoch + 1
    drawn = [batches.rows_of(s) for s in range(first, first + batches.per_epoch)]
    assert sorted(np.concatenate(drawn)) == list(range(rows))
    assert all(len(part) == batches.size for part in drawn[:-1])
    assert np.array_equal(batches.epoch(epoch), np.concatenate(drawn))
    steps = np.arange(3 * batches.per_epoch + 1)
    counted = np.cumsum([0, *(len(batches.rows_of(int(s))) for s in steps[1:])])
    assert np.array_equal(batches.read(steps), counted)
    if rows > 40:
        second = first + batches.per_epoch
        after = [batches.rows_of(s) for s in range(second, second + batches.per_epoch)]
        assert not np.array_equal(np.concatenate(after), np.concatenate(drawn))


def test_rows_are_drawn_evenly():
    counts = np.zeros(10)
    for step in range(1, 4001):
        np.add.at(counts, Batches(10, 5, 3, True).rows_of(step), 1)
    assert abs(counts / counts.sum() - 0.1).max() < 0.01
    first = [Batches(10, 1, seed).rows_of(1)[0] for seed in range(4000)]
    assert abs(np.bincount(first) / 4000 - 0.1).max() < 0.02


@given(st.integers(2, 403), st.integers(0, 1000), st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=30, deadline=None)
def test_the_mean_of_the_gradients_of_an_epoch_is_the_full_gradient(size, seed, w, b):
    surface, _ = loss_of(MODELS["neuron_tanh"])
    batches = Batches(TABLE.rows, size, seed)
    found = batch_gradients(surface, batches, w, b)
    alone = on_rows(surface, batches.rows_of(1))
    assert found[0, :2] == pytest.approx(alone.gradient(w, b), rel=1e-9, abs=1e-12)
    mean = (found[:, :2] * found[:, 2:]).sum(axis=0) / TABLE.rows
    assert mean == pytest.approx(surface.gradient(w, b), rel=1e-9, abs=1e-12)


def test_what_a_step_sees_does_not_depend_on_neighbours_or_sparsity():
    surface, _ = loss_of(MODELS["linear"])
    starts = [(x, 0.5) for x in np.linspace(-2, 2, 37)]
    options = {"steps": 300, "batch": 16, "seed": 4, "noise": 0.01}
    alone = [core.race(surface, ["adam"], [s], **options)[0] for s in starts[:1]]
    racers = [core.OPTIMIZERS["adam"], core.OPTIMIZERS["adam"](lr=0.02), "sam"]
    many = core.race(surface, racers, starts, **options)
    sparse = core.race(surface, racers, starts, every=7, **options)
    assert np.array_equal(alone[0].x, many[0].x)
    for full, few in zip(many, sparse, strict=True):
        assert np.array_equal(full.x[few.step], few.x)
        assert np.array_equal(full.batch_loss[few.step], few.batch_loss)


def test_racers_share_their_batches_unless_each_has_its_own():
    surface, _ = loss_of(MODELS["linear"])
    same = core.race(surface, ["gd", "gd"], [(1, 1)], 50, batch=4)
    own = core.race(surface, ["gd", "gd"], [(1, 1)], 50, batch=4, same_noise=False)
    assert np.array_equal(same[0].x, same[1].x)
    assert not np.array_equal(own[0].x, own[1].x)
    assert np.array_equal(own[0].x, same[0].x)


def test_a_batch_of_all_rows_is_plain_descent():
    surface, _ = loss_of(MODELS["linear"])
    full = core.descend(surface, "gd", (1, 1), 50)
    for size in (TABLE.rows, 10**6):
        t = core.descend(surface, "gd", (1, 1), 50, batch=size)
        assert np.array_equal(t.x, full.x)
        assert t.batches is None
    plain = core.descend(core.SURFACES["himmelblau"], "gd", (1, 1), 50, batch=3)
    assert np.array_equal(plain.x, core.descend(core.SURFACES["himmelblau"], "gd", (1, 1), 50).x)


def test_a_library_may_race_where_a_batch_is_all_there_is():
    surface, _ = loss_of(MODELS["linear"])
    t = core.descend(surface, "scipy_nelder_mead", (1, 1), 30, batch=TABLE.rows)
    assert list(t.rows_read) == list(t.spent * TABLE.rows)
    with pytest.raises(ValueError, match="batch must be off"):
        core.descend(surface, "scipy_nelder_mead", (1, 1), 30, batch=5)
    with pytest.raises(ValueError, match="a batch has 1 to 10 rows, not 0"):
        Batches(10, 0)


@pytest.mark.parametrize("batch", [0, -3, 1.5, "ten", True])
def test_a_batch_that_cannot_be_is_named(batch):
    with pytest.raises(ValueError, match="batch must be"):
        core.Conditions(batch=batch)


def test_a_map_of_basins_with_batches_is_that_of_single_runs():
    surface, _ = loss_of(MODELS["neuron_tanh"])
    b = core.basin_map(surface, "gd", shape=(9, 9), steps=60, batch=32)
    x0, x1, y0, y1 = surface.domain
    for row, column in ((0, 0), (4, 7), (8, 3)):
        start = (x0 + (column + 0.5) * ((x1 - x0) / 9), y0 + (row + 0.5) * ((y1 - y0) / 9))
        t = core.descend(surface, "gd", start, 60, batch=32, every=60)
        assert (b.x[row, column], b.y[row, column]) == (t.x[-1], t.y[-1])


def test_some_rows_are_a_loss_of_their_own():
    surface, _ = loss_of(MODELS["linear"])
    rows = np.array([3, 5, 8])
    part = on_rows(surface, rows)
    expected = np.mean((0.2 * TABLE["a1"][rows] + 0.1 - TABLE["price"][rows]) ** 2)
    assert part.value(0.2, 0.1) == pytest.approx(expected, rel=1e-14)
    with pytest.raises(ValueError, match="himmelblau has no data"):
        on_rows(core.SURFACES["himmelblau"], rows)


# models


def test_the_prediction_in_a_loss_is_found():
    assert prediction_of("(a*tanh(b*LotArea) - SalePrice)^2", "SalePrice") == "a*tanh(b*LotArea)"
    assert prediction_of("|y - (p*x + q)|", "y") == "p*x + q"
    assert prediction_of("where(|p*x - y| < 1, (y - p*x)^2, 2*|p*x - y|)", "y") == "p*x"
    assert prediction_of("y*log(p) + (1 - y)*log(1 - p)", "y") == ""
    assert prediction_of("(p*x - y)^2 + y", "y") == ""
    for name, model in MODELS.items():
        formula, prediction, *_ = model.fitted(("u", "v")[: model.inputs], "t")
        if model.task != CLASSIFICATION:
            assert prediction_of(formula, "t") == prediction, name


def test_a_model_makes_room_for_the_names_of_columns():
    formula, prediction, variables, _ = MODELS["linear"].fitted(("slope",), "intercept")
    assert variables == ("slope_1", "intercept_1")
    assert formula == "(slope_1*slope + intercept_1 - intercept)^2"
    assert prediction == "slope_1*slope + intercept_1"
    with pytest.raises(ValueError, match="has 1 input, not 2"):
        MODELS["linear"].fitted(("a", "b"), "c")
