"""Bodies against closed forms, conservation laws, and the optimizers they are."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gdviz_core as core
from gdviz_core import OPTIMIZERS, SURFACES, Surface
from gdviz_core.mechanics import (
    MOMENTA,
    PARTICLES,
    body_of,
    energy_of,
    momentum_of,
    particle_of,
)
from gdviz_core.training import can_train

BOWL = Surface.from_formula("2*x^2 + 0.5*y^2", domain=(-4, 4, -4, 4))
ORDERS = {"particle": 1, "particle_euler": 1, "particle_verlet": 2, "particle_rk4": 4}


def oscillator(t, x0, v0, stiffness, mass, friction):
    """The closed form of m x'' = -k x - c x'."""
    half, square = friction / (2 * mass), stiffness / mass - (friction / (2 * mass)) ** 2
    if abs(square) < 1e-12:
        return np.exp(-half * t) * (x0 + (v0 + half * x0) * t)
    omega = np.sqrt(complex(square))
    turn = x0 * np.cos(omega * t) + (v0 + half * x0) / omega * np.sin(omega * t)
    return (np.exp(-half * t) * turn).real


@pytest.mark.parametrize("friction", [0.0, 0.3, 2 * math.sqrt(4 * 1.5), 9.0],
                         ids=["free", "damped", "critical", "overdamped"])  # fmt: skip
@pytest.mark.parametrize("name", PARTICLES)
def test_a_harmonic_oscillator_matches_the_closed_form_at_its_order(name, friction):
    end, errors = 3.0, []
    for steps in (600, 1200):
        body = OPTIMIZERS[name](dt=end / steps, mass=1.5, friction=friction, vx=-0.7, vy=1.1)
        t = core.descend(BOWL, body, (1.0, -2.0), steps, tolerance=0)
        times = end / steps * t.step
        exact = (oscillator(times, 1.0, -0.7, 4.0, 1.5, friction),
                 oscillator(times, -2.0, 1.1, 1.0, 1.5, friction))  # fmt: skip
        errors.append(max(np.abs(t.x - exact[0]).max(), np.abs(t.y - exact[1]).max()))
    order = ORDERS[name]
    assert errors[1] < {1: 0.02, 2: 2e-5, 4: 1e-9}[order]
    assert errors[0] / errors[1] == pytest.approx(2**order, rel=0.1)


@pytest.mark.parametrize(("surface", "start", "dt"), [
    ("himmelblau", (0.5, -0.3), 0.01), ("mueller_brown", (-0.4, 0.9), 0.002),
])  # fmt: skip
@pytest.mark.parametrize("name", PARTICLES)
def test_halving_the_step_divides_the_error_by_the_order_of_the_method(name, surface, start, dt):
    # against a far finer run by the method of order four
    surface, end = SURFACES[surface], 40 * dt
    fine = core.descend(surface, OPTIMIZERS["particle_rk4"](dt=dt / 64), start, 40 * 64,
                        tolerance=0)  # fmt: skip
    errors = []
    for halved in (2, 4):
        t = core.descend(surface, OPTIMIZERS[name](dt=dt / halved, friction=0.0), start,
                         40 * halved, tolerance=0)  # fmt: skip
        assert t.step[-1] * dt / halved == pytest.approx(end)
        errors.append(math.hypot(t.x[-1] - fine.x[-1], t.y[-1] - fine.y[-1]))
    assert errors[0] / errors[1] == pytest.approx(2 ** ORDERS[name], rel=0.25)


@pytest.mark.parametrize(("surface", "start", "dt"), [
    ("himmelblau", (0.0, 0.0), 0.008), ("mueller_brown", (-0.9, 0.6), 0.002),
])  # fmt: skip
def test_velocity_verlet_keeps_the_energy_over_a_million_steps(surface, start, dt):
    surface, worst = SURFACES[surface], []
    for step in (dt, dt / 2):
        t = core.descend(surface, OPTIMIZERS["particle_verlet"](dt=step), start, 1_000_000,
                         every=97, tolerance=0)  # fmt: skip
        assert t.status == "out of steps"
        energy = energy_of(t)
        drift = np.abs(energy.total - energy.initial)
        first, second = drift[: len(drift) // 2].max(), drift[len(drift) // 2 :].max()
        assert second < 1.5 * first  # bounded: it does not grow with time
        worst.append(drift.max())
    size = float(np.ptp(surface.grid(*(np.linspace(a, b, 50) for a, b in
                                       (surface.domain[:2], surface.domain[2:])))))  # fmt: skip
    assert worst[0] < 0.02 * size
    assert worst[0] / worst[1] == pytest.approx(4, rel=0.3)  # its order


def test_explicit_euler_gains_energy_and_runge_kutta_loses_it_slowly():
    def last(name, dt, steps):
        t = core.descend(BOWL, OPTIMIZERS[name](dt=dt), (1.0, -2.0), steps, tolerance=0)
        energy = energy_of(t, 0.0)
        return energy, energy.total / energy.initial

    energy, ratio = last("particle_euler", 0.01, 2000)
    assert (np.diff(energy.total) > 0).all()
    # of an oscillator each step multiplies it by 1 + (omega dt)^2, omega^2 = 4 and 1
    assert ratio[-1] == pytest.approx(0.5 * (1.0004**2000 + 1.0001**2000), rel=1e-6)
    _, ratio = last("particle_rk4", 0.2, 2000)
    assert (np.diff(ratio) < 0).all()
    left = [(1 - z**6 / 72 + z**8 / 576) ** 2000 for z in (0.4, 0.2)]  # omega dt
    assert ratio[-1] == pytest.approx(sum(left) / 2, rel=1e-6)


@pytest.mark.parametrize("name", [name for name in PARTICLES if name != "particle_euler"])
@given(friction=st.floats(0.05, 5), mass=st.floats(0.2, 5), x=st.floats(-4, 4), y=st.floats(-4, 4))
@settings(max_examples=15, deadline=None)
def test_with_friction_energy_only_falls_and_what_is_lost_was_dissipated(
    name, friction, mass, x, y
):  # fmt: skip
    body = OPTIMIZERS[name](dt=2e-4, mass=mass, friction=friction)
    t = core.descend(SURFACES["styblinski_tang"], body, (x, y), 4000, tolerance=0)
    energy = energy_of(t)
    scale = max(1.0, energy.initial)
    assert np.diff(energy.total).max() <= 2e-4 * scale
    whole = energy.kinetic + energy.potential + energy.dissipated
    np.testing.assert_allclose(whole, energy.initial, atol=3e-3 * scale)
    assert (np.diff(energy.dissipated) >= 0).all()


@given(lr=st.floats(1e-5, 5e-3), momentum=st.floats(0, 0.99), mass=st.floats(0.01, 100),
       x=st.floats(-4, 4), y=st.floats(-4, 4))  # fmt: skip
@pytest.mark.parametrize("name", MOMENTA)
@settings(deadline=None)
def test_momentum_and_its_particle_make_the_same_steps(name, lr, momentum, mass, x, y):
    one = OPTIMIZERS[name](lr=lr, momentum=momentum)
    other = particle_of(one, mass)
    a, b = core.race(SURFACES["styblinski_tang"], [one, other], [(x, y)], 60, tolerance=0)
    np.testing.assert_allclose(b.x, a.x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(b.y, a.y, rtol=1e-12, atol=1e-12)
    # the same velocities, and so the same energies, whichever way they are found
    assume(lr > 1e-4)
    one, other = energy_of(a), energy_of(b)
    np.testing.assert_allclose(other.kinetic, mass * one.kinetic / mass, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(other.time, one.time * math.sqrt(mass), rtol=1e-12)


@given(lr=st.floats(1e-6, 10), momentum=st.floats(0, 1), mass=st.floats(1e-3, 1e3))
def test_the_dictionary_leads_back(lr, momentum, mass):
    one = OPTIMIZERS["momentum"](lr=lr, momentum=momentum)
    back = momentum_of(particle_of(one, mass))
    assert back.values["lr"] == pytest.approx(lr, rel=1e-14)
    assert back.values["momentum"] == pytest.approx(momentum, abs=1e-14)


@pytest.mark.parametrize(("call", "part"), [
    (lambda: particle_of(OPTIMIZERS["adam"]), "Adam is not momentum"),
    (lambda: particle_of(OPTIMIZERS["momentum"], 0.0), "mass must be greater than 0"),
    (lambda: particle_of(OPTIMIZERS["momentum"], -1.0), "mass must be greater than 0"),
    (lambda: particle_of(OPTIMIZERS["momentum"](lr=1e-200), 1e-200), "a mass of .* too small"),
    (lambda: particle_of(OPTIMIZERS["momentum"](dampening=0.1)), "dampening must be 0"),
    (lambda: particle_of(OPTIMIZERS["momentum"](weight_decay=0.1)), "weight_decay must be 0"),
    (lambda: particle_of(OPTIMIZERS["momentum"](momentum=1.2)), "at most 1 .* not 1.2"),
    (lambda: momentum_of(OPTIMIZERS["particle"](friction=300.0)), "momentum would be -2"),
    (lambda: momentum_of(OPTIMIZERS["particle"](vx=1.0)), "starts at rest"),
    (lambda: momentum_of(OPTIMIZERS["particle_verlet"]), "does not make the steps"),
])  # fmt: skip
def test_where_there_is_no_translation_it_says_why(call, part):
    with pytest.raises(ValueError, match=part):
        call()


def test_which_optimizers_are_bodies():
    bodies = {name for name, optimizer in OPTIMIZERS.items() if body_of(optimizer) is not None}
    assert bodies == {
        "gd", "gradient_flow", "momentum", "heavy_ball", "nesterov", "nesterov_lookahead",
        "accelerated_gradient", "nesterov_flow", "bead", *PARTICLES,
    }  # fmt: skip
    assert body_of(OPTIMIZERS["momentum"](weight_decay=0.1)) is None
    copy = core.Optimizer.from_rule(OPTIMIZERS["heavy_ball"].rule, lr=0.04, momentum=0.8)
    assert body_of(copy).friction == pytest.approx((1 - 0.8) / 0.2)  # a typed copy is the same
    assert body_of(core.SCIPY["scipy_bfgs"]) is None


def test_a_heavy_medium_makes_a_particle_follow_the_gradient_flow():
    # c x' = -grad f: the time of the flow is that of the particle over the friction
    friction, end = 4000.0, 0.2
    particle = OPTIMIZERS["particle_verlet"](dt=5e-5, friction=friction)
    slow = core.descend(SURFACES["himmelblau"], particle, (0.0, 0.0), round(end * friction / 5e-5),
                        every=1000, tolerance=0)  # fmt: skip
    flow = core.descend(SURFACES["himmelblau"], OPTIMIZERS["gradient_flow"](lr=1e-4), (0.0, 0.0),
                        round(end / 1e-4), tolerance=0)  # fmt: skip
    at = np.interp(slow.step * 5e-5 / friction, flow.step * 1e-4, flow.x)
    np.testing.assert_allclose(slow.x, at, atol=2e-4)
    energy = energy_of(flow)
    assert (energy.kinetic == 0).all()
    np.testing.assert_allclose(energy.potential + energy.dissipated, energy.initial, rtol=1e-12)


def test_gradient_flow_on_a_parabola_is_the_exponential():
    t = core.descend(BOWL, OPTIMIZERS["gradient_flow"](lr=0.01), (1.0, -2.0), 300, tolerance=0)
    np.testing.assert_allclose(t.x, np.exp(-4 * 0.01 * t.step), atol=2e-8)
    np.testing.assert_allclose(t.y, -2 * np.exp(-0.01 * t.step), atol=2e-8)


def test_accelerated_gradient_follows_its_equation_as_the_steps_shrink():
    surface, errors = Surface.from_formula("x^2 + 0.1*y^2 + x*y/5"), []
    for lr in (1e-3, 2.5e-4):
        dt, steps = math.sqrt(lr), round(3 / math.sqrt(lr))
        a, b = core.race(surface, [OPTIMIZERS["accelerated_gradient"](lr=lr),
                                   OPTIMIZERS["nesterov_flow"](dt=dt)], [(1.5, -2.0)], steps,
                         tolerance=0)  # fmt: skip
        errors.append(max(np.abs(a.x - b.x).max(), np.abs(a.y - b.y).max()))
    assert errors[0] < 0.1
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.25)  # of order sqrt(lr), as in Su et al.


def test_nesterovs_equation_on_a_parabola_is_a_bessel_function():
    # x'' + 3/t x' + x = 0 has the solution 2 J1(t)/t
    from scipy.special import j1

    t = core.descend(Surface.from_formula("x^2/2 + y^2/2"), OPTIMIZERS["nesterov_flow"](dt=0.01),
                     (1.0, -3.0), 2000, tolerance=0)  # fmt: skip
    time = 0.01 * t.step[1:]
    np.testing.assert_allclose(t.x[1:], 2 * j1(time) / time, atol=2e-5)


def test_a_bead_keeps_its_energy_and_is_not_a_body_in_the_potential():
    surface, drifts = Surface.from_formula("(x^2 - 1)^2 + y^2/2", domain=(-2, 2, -2, 2)), []
    for dt in (2e-3, 1e-3):
        bead = OPTIMIZERS["bead"](dt=dt, gravity=1.0, vx=0.3)
        t = core.descend(surface, bead, (-1.6, 0.8), round(6 / dt), tolerance=0)
        energy = energy_of(t)
        drifts.append(np.abs(energy.total - energy.initial).max())
    assert drifts[1] < 1e-4 * energy.initial
    assert drifts[0] / drifts[1] > 3.5  # of order two at least
    particle = OPTIMIZERS["particle_rk4"](dt=1e-3, vx=0.3)
    other = core.descend(surface, particle, (-1.6, 0.8), 6000, tolerance=0)
    assert np.abs(other.x - t.x).max() > 0.5


def test_a_bead_on_a_plane_slides_as_galilei_says():
    # down a slope of gradient 3/4: sin = 3/5, so the acceleration along it is 3/5 of gravity
    t = core.descend(Surface.from_formula("3/4*x"), OPTIMIZERS["bead"](dt=1e-3, gravity=10.0),
                     (0.0, 0.0), 1000, tolerance=0)  # fmt: skip
    along = math.hypot(t.x[-1], 0.75 * t.x[-1])
    assert along == pytest.approx(0.5 * 6.0 * 1.0, rel=1e-9)


def test_what_moves_is_not_at_rest_however_flat_it_is_there():
    fast = OPTIMIZERS["particle_rk4"](dt=0.01, friction=2.0, vx=3.0)
    t = core.descend(SURFACES["himmelblau"], fast, (3.0, 2.0), 5000)
    assert t.status == "converged"
    assert t.steps > 100
    assert max(abs(t.x - 3)) > 0.2
    still = core.descend(SURFACES["himmelblau"], fast(vx=0.0), (3.0, 2.0), 50)
    assert (still.status, still.steps) == ("converged", 0)
    ends = core.settle(SURFACES["himmelblau"], fast, [(3.0, 2.0)] * 9, 5000,
                       hyperparameters={"vx": [0.0] * 4 + [3.0] * 5})  # fmt: skip
    assert (ends.steps[:4] == 0).all()
    assert (ends.steps[4:] > 100).all()


def test_lanes_may_differ_in_their_first_velocity():
    vx, vy = np.linspace(-2, 2, 11), np.linspace(1, -3, 11)
    body = OPTIMIZERS["particle"](dt=0.01, friction=0.5)
    ends = core.settle(SURFACES["himmelblau"], body, [(0.0, 0.0)], 30,
                       hyperparameters={"vx": vx, "vy": vy}, tolerance=0)  # fmt: skip
    for k in range(11):
        t = core.descend(SURFACES["himmelblau"], body(vx=vx[k], vy=vy[k]), (0.0, 0.0), 30,
                         tolerance=0)  # fmt: skip
        assert (ends.x[k], ends.y[k]) == (t.x[-1], t.y[-1])


def test_the_same_start_always_gives_the_same_trajectory():
    body = OPTIMIZERS["particle_verlet"](dt=0.02, vx=1.0)
    first = core.descend(SURFACES["himmelblau"], body, (0.1, 0.2), 300)
    again = core.race(SURFACES["himmelblau"], [body] * 3, [(9.0, 9.0), (0.1, 0.2)], 300)
    for t in again[1::2]:
        np.testing.assert_array_equal(t.x, first.x)


def test_critical_damping_is_the_soonest_without_a_swing():
    curvature, lr = 4.0, 0.01
    critical = body_of(OPTIMIZERS["particle_rk4"](mass=1.5)).critical(curvature)
    assert critical == pytest.approx(2 * math.sqrt(6))

    def swings(friction):
        body = OPTIMIZERS["particle_rk4"](dt=1e-3, mass=1.5, friction=friction)
        return (core.descend(BOWL, body, (1.0, 0.0), 8000, tolerance=0).x < -1e-9).any()

    assert swings(0.9 * critical)
    assert not swings(1.001 * critical)

    def passes(momentum):
        o = OPTIMIZERS["momentum"](lr=lr, momentum=momentum)
        return (core.descend(BOWL, o, (1.0, 0.0), 2000, tolerance=0).x < -1e-12).any()

    # what is critical for the motion is too little for steps that are not small against it
    momentum = body_of(OPTIMIZERS["momentum"](lr=lr, momentum=0.5))
    limit = 1 - momentum.critical(curvature) * momentum.dt
    assert limit == pytest.approx((1 - math.sqrt(lr * curvature)) ** 2, rel=1e-12)  # Goh 2017
    assert passes(limit + 0.02)
    assert not passes(limit - 0.02)
    heavy = body_of(particle_of(OPTIMIZERS["momentum"](lr=lr), 7.0))
    assert 1 - heavy.critical(curvature) * heavy.dt / 7.0 == pytest.approx(limit, rel=1e-9)


def test_turning_points_and_the_height_a_body_can_reach():
    well = Surface.from_formula("(x^2 - 1)^2 + x/4 + y^2", domain=(-2, 2, -2, 2))
    body = OPTIMIZERS["particle_verlet"](dt=0.005)
    t = core.descend(well, body, (-1.6, 0.0), 3000, tolerance=0)
    energy = energy_of(t)
    assert energy.reach(0) == pytest.approx(float(well.value(-1.6, 0.0)))
    turns = energy.turning_points()
    assert len(turns) >= 2
    # it stands still where it turns, as high as it was, and never is higher
    np.testing.assert_allclose(
        t.loss[turns][energy.speed[turns] < 0.02], energy.reach(0), rtol=0.01
    )
    assert t.loss.max() <= energy.reach(0) + 0.01
    barrier = float(well.value(0.0, 0.0))
    crosses = (t.x > 0.5).any()
    assert crosses == (energy.reach(0) > barrier)
    low = core.descend(well, body, (-1.2, 0.0), 3000, tolerance=0)
    assert energy_of(low).reach(0) < barrier
    assert (low.x < 0).all()


def test_energy_of_sparse_records_and_schedules():
    o = OPTIMIZERS["momentum"](lr=0.002)
    dense = core.descend(SURFACES["himmelblau"], o, (0.0, 0.0), 200, tolerance=0)
    sparse = core.descend(SURFACES["himmelblau"], o, (0.0, 0.0), 200, tolerance=0, every=10)
    a, b = energy_of(dense), energy_of(sparse)
    np.testing.assert_array_equal(a.kinetic[::10], b.kinetic[: len(a.kinetic[::10])])
    np.testing.assert_allclose(a.time[-1], b.time[-1], rtol=1e-12)
    look = core.descend(SURFACES["himmelblau"], OPTIMIZERS["nesterov"](lr=0.002), (0.0, 0.0), 200,
                        tolerance=0, every=10)  # fmt: skip
    assert energy_of(look) is None
    falling = core.race(SURFACES["himmelblau"], [o, OPTIMIZERS["gd"](lr=0.01)], [(0.0, 0.0)], 100,
                        tolerance=0, schedule="cosine")  # fmt: skip
    assert energy_of(falling[0]) is None  # its mass would change
    energy = energy_of(falling[1])
    np.testing.assert_allclose(energy.time, np.cumsum([0.0, *falling[1].lr[1:]]), rtol=1e-12)
    np.testing.assert_allclose(energy.total + energy.dissipated, energy.initial, rtol=1e-12)


def test_what_moves_out_of_the_domain_leaves_it_however_level_it_is_there():
    fast = OPTIMIZERS["particle"](dt=0.1, friction=0.0, vx=-3.0)
    t = core.descend(SURFACES["easom"], fast, (-1.0, -1.0), 300, stop_outside=True)
    assert t.status == "left the domain"
    assert t.left == t.steps < 10
    free = core.descend(SURFACES["easom"], fast, (-1.0, -1.0), 300)
    assert (free.status, free.left) == ("out of steps", t.left)


def test_a_start_of_its_own_along_each_coordinate_is_no_velocity():
    adagrad = core.Optimizer("own", "Own", "s = s + g^2\nw = w - 0.5*g/sqrt(s)",
                             initial={"s": "0.1; 0.2"})  # fmt: skip
    t = core.descend(SURFACES["sphere"], adagrad, (1.0, 1.0), 5000)
    assert t.status == "converged"
    assert (t.state["s_x"][0], t.state["s_y"][0]) == (0.1, 0.2)
    with pytest.raises(ValueError, match="velocity: q is not a state variable"):
        core.Optimizer("own", "Own", "w = w - g", velocity="q")


def test_bodies_train_networks_unless_their_velocity_is_one_of_the_plane():
    assert can_train(OPTIMIZERS["particle"]) == ""
    assert "velocity" in can_train(OPTIMIZERS["particle"](vx=1.0))
