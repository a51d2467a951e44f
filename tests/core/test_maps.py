"""Basin maps and sweeps: every pixel is the run it stands for."""

import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SURFACES, Surface, basin_map, settle, sweep_map
from gdviz_core.destinations import destinations, nowhere
from gdviz_core.maps import Basins, Sweep, blank, fill, tiles, whole
from gdviz_core.theory import damping, is_linear, stability

FIRST_ORDER = ["gd", "momentum", "adam", "rmsprop", "lion", "nesterov_lookahead"]
_LR = {"gd": 0.01, "momentum": 0.005, "nesterov_lookahead": 0.005}


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from(FIRST_ORDER), st.sampled_from([4, 7, 16, 40]),
       st.sampled_from([0.0, 0.5]))  # fmt: skip
def test_a_pixel_is_the_run_from_its_centre(data, name, tile, noise):
    surface, optimizer = SURFACES["himmelblau"], OPTIMIZERS[name](lr=_LR.get(name, 0.05))
    rows, columns = 19, 37
    b = basin_map(surface, optimizer, (rows, columns), 200, tile=tile, noise=noise, seed=7)
    for _ in range(10):
        j, i = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
        start = (-6 + (i + 0.5) * (12 / columns), -6 + (j + 0.5) * (12 / rows))
        end = settle(surface, optimizer, start, 200, noise=noise, seed=7,
                     numbers=[j * columns + i])  # fmt: skip
        assert (end.x[0], end.y[0], end.steps[0]) == (b.x[j, i], b.y[j, i], b.steps[j, i])
        if b.minimum[j, i] >= 0 and noise == 0:
            place = b.points[b.minimum[j, i]]
            assert np.hypot(*(place[:2] - (end.x[0], end.y[0]))) < 1e-2


def test_the_map_of_a_double_well_is_divided_on_the_axis():
    b = basin_map(SURFACES["double_well"], OPTIMIZERS["gd"](lr=0.02), (40, 60), 2000)
    left = b.points[b.minimum[:, :30], 0]
    right = b.points[b.minimum[:, 30:], 0]
    np.testing.assert_allclose(left, -1, atol=1e-9)
    np.testing.assert_allclose(right, 1, atol=1e-9)
    assert b.shares[:2] == pytest.approx([0.5, 0.5])
    assert (b.minimum >= 0).all()


def test_a_map_has_the_symmetries_of_its_surface():
    b = basin_map(SURFACES["rastrigin"], OPTIMIZERS["gd"](lr=1e-3), (33, 33), 500)
    x, y = b.x, b.y
    np.testing.assert_array_equal(x, x[::-1])
    np.testing.assert_allclose(x, -x[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(x, y.T, atol=1e-12)


def test_what_is_gone_and_what_has_not_settled():
    slope = Surface.from_formula("x^3/3 - x", domain=(-3, 3, -1, 1))
    b = basin_map(slope, OPTIMIZERS["gd"](lr=0.05), (2, 60), 3000)
    assert (b.minimum[:, :19] == -2).all()
    bounded = basin_map(slope, OPTIMIZERS["gd"](lr=0.05), (2, 60), 3000, stop_outside=True)
    assert (bounded.minimum[:, :19] == -3).all()
    np.testing.assert_array_equal(bounded.minimum[:, 21:], b.minimum[:, 21:])
    short = basin_map(SURFACES["himmelblau"], OPTIMIZERS["gd"](lr=1e-4), (8, 8), 20)
    assert (short.minimum == -1).all()
    assert (short.steps == 20).all()


def test_a_part_of_the_domain():
    b = basin_map(SURFACES["himmelblau"], OPTIMIZERS["gd"](lr=0.01), (32, 48), 300,
                  tile=16, domain=(2, 4, 1, 3))  # fmt: skip
    assert b.domain == (2, 4, 1, 3)
    assert b.points[0, :2] == pytest.approx((3, 2))


def test_a_sweep_is_one_run_for_each_pair():
    lr, momentum = np.geomspace(1e-4, 0.05, 9), np.linspace(0, 0.99, 7)
    surface = SURFACES["rosenbrock"]
    m = sweep_map(surface, "momentum", (-1.2, 1), 300, lr=lr, momentum=momentum, tile=4)
    assert list(m.axes) == ["lr", "momentum"]
    assert m.loss.shape == (7, 9)
    for j, i in [(0, 0), (3, 4), (6, 8), (6, 0)]:
        end = settle(surface, OPTIMIZERS["momentum"](lr=lr[i], momentum=momentum[j]), (-1.2, 1),
                     300)  # fmt: skip
        np.testing.assert_array_equal(end.loss[0], m.loss[j, i])
        assert (end.steps[0], end.status[0]) == (m.steps[j, i], m.status[j, i])


RULES = [name for name, o in OPTIMIZERS.items() if o.rate and not {"hxx", "h", "xi"} & o.reads]
PLAIN = ["himmelblau", "rosenbrock", "six_hump_camel", "styblinski_tang", "rastrigin", "peaks"]


@settings(max_examples=30, deadline=None)
@given(
    st.data(), st.sampled_from(RULES), st.sampled_from(PLAIN), st.sampled_from([5, 16, 48]),
    st.sampled_from([1, 2]),
)  # fmt: skip
def test_every_pixel_is_the_single_run_from_its_centre(data, name, surface, tile, threads):
    """The recorded run, with as many steps as the pixel took, is at the same place to the bit."""
    surface, optimizer = SURFACES[surface], OPTIMIZERS[name]
    rows, columns = 11, 13
    question = Basins(surface, optimizer, (rows, columns), 90, surface.domain, nowhere(surface))
    part = question.map(whole(question, tile, threads=threads))
    j, i = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    x0, x1, y0, y1 = surface.domain
    start = (x0 + (i + 0.5) * ((x1 - x0) / columns), y0 + (j + 0.5) * ((y1 - y0) / rows))
    run = core.descend(surface, optimizer, start, int(part.steps[j, i]), tolerance=0.0)
    if run.status == "diverged":  # looked for every 16 steps only
        assert part.minimum[j, i] == -2
        assert 0 <= part.steps[j, i] - run.steps < 16
    else:
        np.testing.assert_array_equal((run.x[-1], run.y[-1]), (part.x[j, i], part.y[j, i]))


@settings(max_examples=20, deadline=None)
@given(st.data(), st.sampled_from(["momentum", "adam", "rmsprop", "nesterov"]),
       st.sampled_from(PLAIN), st.floats(1e-4, 10.0))  # fmt: skip
def test_every_pixel_of_a_sweep_reaches_the_target_when_its_run_does(data, name, surface, share):
    surface, optimizer = SURFACES[surface], OPTIMIZERS[name]
    second = "momentum" if "momentum" in optimizer.values else next(
        n for n in ("beta1", "alpha") if n in optimizer.values
    )  # fmt: skip
    axes = {"lr": np.geomspace(1e-4, 0.1, 6), second: np.linspace(0.0, 0.95, 5)}
    start = surface.start
    lowest, first = (float(surface.value(*at)) for at in (surface.minima[0], start))
    target = lowest + share * abs(first - lowest)
    m = sweep_map(surface, optimizer, start, 150, target=target, **axes)
    j, i = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 5))
    mine = optimizer(**{"lr": axes["lr"][i], second: axes[second][j]})
    run = core.descend(surface, mine, start, 150)
    under = np.flatnonzero(run.loss <= target)
    if under.size:
        assert m.status[j, i] == "reached the target"
        assert m.steps[j, i] == under[0]
        assert m.loss[j, i] == run.loss[under[0]]
    else:
        assert (m.status[j, i], m.steps[j, i]) == (run.status, run.steps)


def test_the_mean_over_starts_is_that_of_their_own_maps():
    axes = {"lr": np.geomspace(1e-4, 0.03, 7), "momentum": np.linspace(0, 0.9, 5)}
    starts = [(-1.0, 2.0), (4.0, -4.0), (0.0, 0.0)]
    surface = SURFACES["himmelblau"]
    together = sweep_map(surface, "momentum", starts, 200, **axes)
    alone = [sweep_map(surface, "momentum", start, 200, **axes) for start in starts]
    np.testing.assert_allclose(together.loss, sum(m.loss for m in alone) / 3, rtol=1e-14)
    same = (alone[0].status == alone[1].status) & (alone[1].status == alone[2].status)
    assert (together.status[same] == alone[0].status[same]).all()
    assert (together.status[~same] == "mixed").all()
    assert same.any()
    assert not same.all()


def test_himmelblaus_basins_under_its_symmetry():
    """f(x, y) = f(y', x') with the two squares exchanged only where 11 and 7 are: with both 9 the
    surface is symmetric about the diagonal, and so is its map."""
    even = Surface.from_formula("(x^2 + y - 9)^2 + (x + y^2 - 9)^2", domain=(-5, 5, -5, 5))
    b = basin_map(even, OPTIMIZERS["momentum"](lr=0.005), (48, 48), 600)
    np.testing.assert_allclose(b.x, b.y.T, atol=1e-9)
    np.testing.assert_array_equal(b.steps, b.steps.T)
    # exchanged coordinates lead to the mirrored minimum
    settled = b.minimum >= 0
    there, mirrored = b.points[b.minimum], b.points[b.minimum.T]
    np.testing.assert_allclose(there[settled][:, 0], mirrored[settled][:, 1], atol=1e-6)


def test_how_likely_noise_leads_to_the_best_minimum():
    """As often as runs with these seeds do; without noise always or never."""
    well = Surface.from_formula("(x^2 - 1)^2 + y^2 + 0.2*x", domain=(-2, 2, -1, 1))
    gd = OPTIMIZERS["gd"](lr=0.05)
    b = basin_map(well, gd, (3, 9), 120, seeds=6, noise=1.5, seed=3)
    best = b.points[0, :2]
    j, i = 1, 4
    start = (-2 + (i + 0.5) * (4 / 9), -1 + (j + 0.5) * (2 / 3))
    hits = 0
    for seed in range(3, 9):
        end = settle(well, gd, start, 120, noise=1.5, seed=seed, numbers=[j * 9 + i])
        calm = settle(well, gd, (end.x[0], end.y[0]), 4000)
        hits += np.hypot(calm.x[0] - best[0], calm.y[0] - best[1]) < 1e-3
    assert b.probability[j, i] == hits / 6
    assert 0 < hits < 6
    quiet = basin_map(well, gd, (3, 9), 400, seeds=3)
    assert set(np.unique(quiet.probability)) == {0.0, 1.0}
    np.testing.assert_array_equal(quiet.probability == 1, quiet.minimum == 0)


def test_parts_make_up_the_whole_wherever_they_are_cut():
    surface = SURFACES["peaks"]
    question = Basins(surface, OPTIMIZERS["adam"](lr=0.05), (37, 53), 200, surface.domain,
                      destinations(surface), conditions={"noise": 0.3, "seed": 11})  # fmt: skip
    expected = whole(question, 64)
    found = blank(question)
    for rows, columns in reversed(list(tiles(question.shape, 10))):
        fill(found, rows, columns, question.part(rows, columns, threads=1))
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_ends_beyond_the_known_points_are_told_apart():
    rastrigin = SURFACES["rastrigin"]
    question = Basins(rastrigin, OPTIMIZERS["gd"](lr=1e-3), (24, 24), 2000, (5.3, 7.3, -1, 1),
                      nowhere(rastrigin))  # fmt: skip
    ends, _ = question.ends(slice(0, 24), slice(0, 24))
    where = nowhere(rastrigin).with_more(ends)
    found = {(round(float(x)), round(float(y))) for x, y, _ in where.points}
    assert found == {(x, y) for x in (5, 6, 7) for y in (-1, 0, 1)}
    assert set(where.kinds) == {"end"}
    assert (where.reached(ends) >= 0).all()
    assert where.with_more(ends) is where


@pytest.mark.parametrize(
    ("name", "border"),
    [
        # lr h < 2, 2 + 2 mu, (2 + 2 mu)/(1 + 2 mu): Polyak 1964; Lessard et al. 2016, section 4
        ("gd", lambda mu: 2.0 + 0 * mu),
        ("momentum", lambda mu: 2 + 2 * mu),
        ("heavy_ball", lambda mu: 2 + 2 * mu),
        ("nesterov", lambda mu: (2 + 2 * mu) / (1 + 2 * mu)),
        ("nesterov_lookahead", lambda mu: (2 + 2 * mu) / (1 + 2 * mu)),
    ],
)
def test_the_border_of_stability_is_that_of_theory_to_a_pixel(name, border):
    """Of a quadratic, for the runs of the map and for what is drawn over it."""
    quadratic = Surface.from_formula("2*x^2 + y^2/2", domain=(-2, 2, -2, 2))
    second = "weight_decay" if name == "gd" else "momentum"
    lr, other = np.linspace(0.0123, 1.21, 120), np.linspace(0, 0.95, 20) * (name != "gd")
    m = sweep_map(quadratic, OPTIMIZERS[name], (1, 1), 4000, **{"lr": lr, second: other})
    pixel = lr[1] - lr[0]
    for j, mu in enumerate(other):
        last = lr[m.status[j] != "diverged"].max()
        assert abs(last - border(mu) / 4) <= pixel
        margin = stability(OPTIMIZERS[name], 4.0, **{"lr": lr, second: mu})
        assert abs(lr[margin > 0].max() - border(mu) / 4) <= pixel


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["momentum", "heavy_ball", "particle", "nesterov"]), st.floats(0.02, 3.5),
       st.floats(0.02, 0.97))  # fmt: skip
def test_what_swings_crosses_the_minimum_and_what_creeps_does_not(name, rate, kept):
    """Along one axis of x^2/2, where the discriminant tells which."""
    bowl = Surface.from_formula("x^2/2 + y^2/2", domain=(-2, 2, -2, 2))
    values = {"lr": rate, "momentum": kept}
    if name == "particle":
        values = {"dt": rate**0.5, "mass": 1.0, "friction": (1 - kept) / rate**0.5}
    optimizer = OPTIMIZERS[name](**values)
    if stability(optimizer, 1.0) <= 0.02 or abs(damping(optimizer, 1.0)) < 0.02:
        return
    run = core.descend(bowl, optimizer, (1.0, 0.5), 400, tolerance=0.0)
    assume(run.status != "converged")  # it has hit the minimum by chance
    swings = bool((run.x < -1e-9).any())
    if damping(optimizer, 1.0) < 0:
        assert swings
    elif name != "nesterov":  # its first step may carry it across before it creeps
        assert not swings


def test_an_optimizer_without_theory_has_none():
    assert not is_linear(OPTIMIZERS["adam"])
    assert not is_linear(core.SCIPY["scipy_bfgs"])
    with pytest.raises(KeyError):
        stability(OPTIMIZERS["adam"], 1.0)


def test_questions_travel():
    """To other processes: they are pickled, and answer the same there."""
    surface = Surface.from_formula("x^4 - x^2 + k*y^2", parameters=[core.Parameter("k", 2.0)])
    for question in (
        Basins(surface, OPTIMIZERS["adam"](lr=0.03), (8, 8), 50, surface.domain,
               destinations(surface), conditions={"schedule": core.SCHEDULES["cosine"]}),
        Sweep(surface, OPTIMIZERS["momentum"], {"lr": [0.01, 0.1], "momentum": [0.5, 0.9]},
              np.array([(1.0, 1.0)]), 50, 0.1),
    ):  # fmt: skip
        copy = pickle.loads(pickle.dumps(question))
        for name, values in whole(question).items():
            np.testing.assert_array_equal(values, whole(copy)[name])


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda s, o: basin_map(s, o, (0, 5)), "shape must be at least 1"),
        (lambda s, o: basin_map(s, o, (5, 10**6)), "shape must be two numbers up to 32768"),
        (lambda s, o: basin_map(s, o, (5, 5), tile=0), "tile must be at least 1"),
        (lambda s, o: basin_map(s, o, (5, 5), domain=(1, 0, 0, 1)), "domain"),
        (lambda s, o: sweep_map(s, "sgd", (0, 0), lr=[1], momentum=[0]), "no optimizer 'sgd'"),
        (lambda s, o: sweep_map(s, o, (0, 0), lr=[1]), "two hyper-parameters, not 1"),
        (lambda s, o: sweep_map(s, o, (0, 0), lr=[0.1], beta=[0]), "no hyper-parameter beta"),
        (lambda s, o: sweep_map(s, o, (0, 0), lr=[-1.0], weight_decay=[0]), "lr must be greater"),
        (lambda s, o: settle(s, o, [(0, 0), (1, 1)], hyperparameters={"lr": [1.0, 2.0, 3.0]}),
         "equally many"),
        (lambda s, o: settle(s, o, [0, 0, 0]), "starts must have shape"),
        (lambda s, o: settle(s, o, (0, np.inf)), "starts must be finite"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(call, part):
    with pytest.raises(ValueError, match=part):
        call(SURFACES["sphere"], OPTIMIZERS["gd"])


def test_settled_lanes_cost_nothing():
    """Lanes that have ended leave the block: the result is that of the long run."""
    surface, gd = SURFACES["peaks"], OPTIMIZERS["gd"](lr=0.02)
    starts = np.random.default_rng(8).uniform(-3, 3, (1000, 2))
    ends = settle(surface, gd, starts, 3000)
    assert {"converged", "diverged", "out of steps"} >= set(ends.status)
    for k in range(0, 1000, 97):
        t = core.descend(surface, gd, starts[k], 3000)
        if t.status == "converged":
            # the end is looked for every 16 steps
            assert 0 <= ends.steps[k] - t.steps < 16
            assert np.hypot(ends.x[k] - t.x[-1], ends.y[k] - t.y[-1]) < 1e-7


def test_runs_onto_a_ring_of_minima_belong_to_the_ring():
    ring = Surface.from_formula("(x^2 + y^2 - 1)^2", domain=(-2, 2, -2, 2))
    b = basin_map(ring, OPTIMIZERS["gd"](lr=0.05), (16, 16), 2000)
    assert (b.minimum == len(b.points) - 1).all()
    assert b.points[-1, 2] == pytest.approx(0, abs=1e-12)


def test_a_larger_domain_has_its_own_minima():
    b = basin_map(SURFACES["rastrigin"], OPTIMIZERS["gd"](lr=1e-3), (32, 32), 2000,
                  domain=(-10, 10, -10, 10))  # fmt: skip
    assert (b.minimum >= 0).all()


def test_the_block_does_not_matter_to_what_is_reported():
    bowl = Surface.from_formula("x^2 + y^2", domain=(-100, 100, -100, 100))
    starts = np.vstack([np.full((200, 2), 1e-9), np.full((56, 2), 50.0)])
    ends = [
        settle(bowl, OPTIMIZERS["schedule_free_sgd"](lr=1e-3), starts, 1, step_tolerance=1.0,
               tolerance=1e-7, block=block) for block in (4, 256)
    ]  # fmt: skip
    assert list(ends[0].status) == list(ends[1].status)


def test_no_lanes_are_no_ends():
    for more in ({}, {"hyperparameters": {"lr": 0.1}}, {"schedule": core.Plateau()}):
        assert len(settle(SURFACES["sphere"], OPTIMIZERS["gd"], [], 5, **more).x) == 0


@pytest.mark.parametrize("call", [settle, basin_map])
def test_only_rules_run_many_at_once_and_names_will_do(call):
    where = (1.0, 1.0) if call is settle else (4, 4)
    assert call(SURFACES["sphere"], "adam", where, 5)
    with pytest.raises(ValueError, match="scipy_bfgs is not a rule"):
        call(SURFACES["sphere"], core.SCIPY["scipy_bfgs"], where, 5)
    with pytest.raises(ValueError, match="'3' is not an optimizer"):
        call(SURFACES["sphere"], 3, where, 5)


def test_the_best_is_the_least_that_attracts_whatever_its_kind():
    """A flat minimum is a degenerate critical point, and it may lie below the others."""
    flat = Surface.from_formula("min(x^4 + y^4, (x - 3)^2 + y^2 + 0.5)", domain=(-2, 5, -2, 2))
    where = destinations(flat)
    best = where.points[where.best()]
    np.testing.assert_allclose(best[:, :2], [[0, 0]], atol=1e-2)
    assert not nowhere(flat).best().any()


def test_a_bad_condition_of_a_map_is_named():
    with pytest.raises(ValueError, match="seed must be a whole number, not 'a'"):
        basin_map(SURFACES["sphere"], "gd", (4, 4), 5, seed="a")
    with pytest.raises(ValueError, match="numbers must be 1, as starts, not 2"):
        Sweep(
            SURFACES["sphere"],
            OPTIMIZERS["gd"],
            {"lr": [0.1], "weight_decay": [0.0]},
            np.array([(1.0, 1.0)]),
            5,
            numbers=(0, 1),
        )


def test_a_sweep_meets_the_noise_of_its_start():
    """The one that the start with this number has in a race."""
    surface, starts = SURFACES["himmelblau"], [(0.0, 0.0), (1.0, -2.0)]
    gd = OPTIMIZERS["gd"](lr=0.01)
    _, second = core.race(surface, [gd], starts, 40, noise=2.0, seed=5)
    question = Sweep(surface, gd, {"lr": [0.01], "weight_decay": [0.0]}, np.array(starts[1:]), 40,
                     conditions={"noise": 2.0, "seed": 5}, numbers=(1,))  # fmt: skip
    assert question.part(slice(0, 1), slice(0, 1))["loss"][0, 0] == second.loss[-1]
