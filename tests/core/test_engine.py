"""The engine: same bits for every instruction set, block, thread and neighbour."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SURFACES
from gdviz_core.engine import ENGINES, Progress, Tape, evaluate, grid

DIGEST = """
import hashlib, numpy as np, gdviz_core as core
from gdviz_core import engine
digest = hashlib.sha256()
rng = np.random.default_rng(5)
np.seterr(all="ignore")
pace = {"curvature": 2e-3, "size": 0.05, "fixed": 1.0, "time": 0.045}
def take(*arrays):
    for array in arrays:
        array = np.ascontiguousarray(array)
        if array.dtype == float:  # NaN has many bit patterns, which compilers may choose among
            array = np.where(np.isnan(array), 0, array)
        digest.update(array.tobytes())
for surface in core.SURFACES.values():
    x0, x1, y0, y1 = surface.domain
    points = rng.uniform((x0, y0), (x1, y1), (37, 2))
    take(surface.value(*points.T), *surface.gradient(*points.T), *surface.hessian(*points.T))
    for optimizer in core.OPTIMIZERS.values():
        racer = optimizer(**{optimizer.rate: pace[optimizer.pace[0]]})
        every = {h.name: np.full(37, racer.values[h.name]) for h in racer.hyperparameters}
        ends = core.settle(surface, racer, points, 60, noise=0.01)
        lanes = core.settle(surface, racer, points, 60, noise=0.01, hyperparameters=every)
        for e in (ends, lanes):
            take(e.x, e.y, e.loss, e.grad_x, e.grad_y, e.steps)
        assert np.array_equal(ends.x, lanes.x, equal_nan=True), (surface.name, optimizer.name)
f = core.Surface.from_formula(
    "exp(x)*log(y^2+1)+sin(9*x)*cos(y)+tanh(x)+tan(y)+atan2(x,y)+sinh(x)+x^1.7+mod(x,y)+abs(y)")
points = rng.uniform(-4, 4, (50, 2))
take(f.value(*points.T), *f.gradient(*points.T), *f.hessian(*points.T))
print(core.ENGINE, engine.EMITTED, digest.hexdigest())
"""


def _digest(engine, emitted="1"):
    env = {**os.environ, "GDVIZ_ENGINE": engine, "GDVIZ_EMITTED": emitted}
    out = subprocess.run(
        [sys.executable, "-c", DIGEST], env=env, capture_output=True, text=True, check=True
    )
    return out.stdout.split()


def test_every_surface_with_every_rule_gives_the_same_bits_in_every_build():
    """{baseline, AVX2, AVX-512} x {emitted, interpreted} x {shared, differing hyper-parameters}."""
    assert ENGINES[0] == core.ENGINE
    name, emitted, wanted = _digest("baseline", "0")
    assert (name, emitted) == ("baseline", "False")
    for engine in ENGINES:
        assert _digest(engine, "0") == [engine, "False", wanted]
        assert _digest(engine, "1") == [engine, "True", wanted]


@pytest.mark.parametrize("emitted", [True, False])
def test_blocks_and_threads_do_not_change_the_result(emitted):
    starts = np.random.default_rng(9).uniform(-3, 3, (777, 2))
    for surface, optimizer in (
        (SURFACES["ackley"], OPTIMIZERS["adam"](lr=0.05)),
        (SURFACES["peaks"], OPTIMIZERS["sam"](lr=0.01)),
        (SURFACES["rosenbrock"], OPTIMIZERS["bfgs"]),
    ):
        results = [
            core.settle(surface, optimizer, starts, 150, block=block, threads=threads,
                        emitted=emitted, noise=0.05)
            for block in (4, 20, 128, 256) for threads in (1, 3)
        ]  # fmt: skip
        for other in results[1:]:
            for field in ("x", "y", "loss", "steps"):
                np.testing.assert_array_equal(getattr(results[0], field), getattr(other, field))


def test_what_ships_runs_as_compiled_c():
    for surface in SURFACES.values():
        for kind in ("value", "gradient", "slope", "hessian"):
            assert surface.tape(kind).emitted, (surface.name, kind)
    for optimizer in OPTIMIZERS.values():
        for lanes in ((), tuple(optimizer.values)):
            for tape in optimizer.tapes(lanes):
                assert tape.emitted, optimizer.name
                assert tape.uniform is None or tape.uniform.emitted
    assert not core.Surface.from_formula("x^2 + 17*y").tape("gradient").emitted


def test_an_unknown_engine_is_refused():
    with pytest.raises(subprocess.CalledProcessError):
        _digest("sse9")


def test_a_lane_does_not_depend_on_its_neighbours():
    surface, adam = SURFACES["ackley"], OPTIMIZERS["adam"](lr=0.1)
    starts = np.random.default_rng(2).uniform(-5, 5, (301, 2))
    together = core.race(surface, [adam], starts, 150)
    for k in (0, 1, 7, 255, 256, 300):
        alone = core.descend(surface, adam, starts[k], 150)
        assert alone.status == together[k].status
        np.testing.assert_array_equal(alone.x, together[k].x)
        np.testing.assert_array_equal(alone.state["v_y"], together[k].state["v_y"])


def test_endpoints_do_not_depend_on_their_neighbours():
    surface, gd = SURFACES["himmelblau"], OPTIMIZERS["gd"](lr=0.01)
    starts = np.random.default_rng(2).uniform(-6, 6, (700, 2))
    ends = core.settle(surface, gd, starts, 400)
    for k in (0, 13, 256, 699):
        alone = core.settle(surface, gd, starts[k], 400)
        assert (alone.x[0], alone.y[0], alone.status[0], alone.steps[0]) == (
            ends.x[k], ends.y[k], ends.status[k], ends.steps[k])  # fmt: skip


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 8), (17, 259), (2, 512)])
def test_a_grid_is_its_points(shape):
    surface = SURFACES["peaks"]
    ys, xs = np.linspace(-3, 3, shape[0]), np.linspace(-2, 2, shape[1])
    got = surface.grid(xs, ys, gradients=True)
    mx, my = np.meshgrid(xs, ys)
    np.testing.assert_array_equal(got[0], surface.value(mx, my))
    np.testing.assert_array_equal(got[1:], surface.gradient(mx, my))
    np.testing.assert_array_equal(surface.grid(xs, ys), got[0])


def test_values_broadcast_and_scalars_stay_scalars():
    surface = core.Surface.from_formula("x + 10*y")
    assert surface.value(1, 2) == 21.0
    assert np.ndim(surface.value(1, 2)) == 0
    assert surface.value(np.zeros((3, 1)), np.zeros(4)).shape == (3, 4)
    assert surface.value([], []).shape == (0,)


def test_arrays_that_do_not_fit_are_refused():
    tape = SURFACES["ellipse"].tape("gradient")
    with pytest.raises(ValueError, match="do not fit"):
        evaluate(tape, np.zeros((3, 4)), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="do not fit"):
        evaluate(tape, np.zeros((2, 4)), np.zeros((3, 5)))
    with pytest.raises(ValueError, match="do not fit"):
        grid(tape, np.zeros(4), np.zeros(4), np.zeros((3, 4, 5)))
    assert isinstance(tape, Tape)


def test_a_running_race_can_be_cancelled_from_another_thread():
    progress = Progress()
    timer = threading.Timer(0.05, progress.cancel)
    timer.start()
    with pytest.raises(core.Cancelled):
        core.race(SURFACES["rosenbrock"], [OPTIMIZERS["gd"](lr=1e-6)], [(0, 0)], 200_000_000,
                  every=10**8, progress=progress)  # fmt: skip
    assert progress.cancelled


def test_one_progress_may_serve_several_computations():
    progress, surface = Progress(), SURFACES["himmelblau"]
    racers = [OPTIMIZERS["gd"](lr=0.01), OPTIMIZERS["adam"](lr=0.1)]
    wanted = core.race(surface, racers, [(0, 0)], 20)
    for a, b in zip(
        core.race(surface, racers, [(0, 0)], 20, progress=progress), wanted, strict=True
    ):
        np.testing.assert_array_equal(a.x, b.x)
    xs = np.linspace(-1, 1, 30)
    first = surface.grid(xs, xs, progress=progress)
    np.testing.assert_array_equal(surface.grid(xs, xs, progress=progress), first)
    progress.cancel()
    with pytest.raises(core.Cancelled):
        surface.grid(xs, xs, progress=progress)


def test_progress_counts_up_to_one():
    progress = Progress()
    SURFACES["ellipse"].grid(np.zeros(10), np.zeros(50), progress=progress)
    assert progress.fraction == 1.0


def test_special_functions_out_of_their_fast_range_take_libm_lane_by_lane():
    surface = core.Surface.from_formula("sin(x) + 2*cos(x)")
    x = np.array([0.5, 1e7, -3e200, 2.0, 1e6, 5e-324])
    alone = [surface.value(v, 0.0) for v in x]
    np.testing.assert_array_equal(surface.value(x, 0.0), alone)
    np.testing.assert_allclose(alone, np.sin(x) + 2 * np.cos(x), rtol=1e-14)
