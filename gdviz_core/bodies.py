"""Newton's law as optimizers, one entry each: bodies whose potential energy is the loss.

    mass * x'' = -grad f - friction * x'

The entries differ in how time is cut into steps, so that what each does to the energy is seen.
A body is where its iterate is; its velocity is the state v.
"""

from gdviz_core.optimizer import Optimizer
from gdviz_core.parameter import LR, TIME_STEP, Hyperparameter

_MECHANICS = "Mechanics"
_START = {"v": "vx; vy"}
_PACE = ("time", 0.175)  # the momentum of the catalogue takes the same steps


def _mass() -> Hyperparameter:
    return Hyperparameter("mass", 1.0, 0.0, 1e12, "(]", log=True, meaning="mass of the body")


def _friction(value: float = 0.0) -> Hyperparameter:
    return Hyperparameter("friction", value, 0.0, 1e12, meaning="force of the medium over velocity")


def _velocity() -> tuple[Hyperparameter, Hyperparameter]:
    return (
        Hyperparameter("vx", 0.0, -1e12, 1e12, meaning="velocity along x at the start"),
        Hyperparameter("vy", 0.0, -1e12, 1e12, meaning="velocity along y at the start"),
    )


def _body(friction: float = 0.0) -> tuple[Hyperparameter, ...]:
    return (TIME_STEP(1e-2), _mass(), _friction(friction), *_velocity())


BODIES = (
    Optimizer(
        name="particle",
        title="Particle",
        # Momentum with another name: see gdviz_core.mechanics for the dictionary.
        rule="""
            # Newton's second law: force, less friction, over mass is the acceleration.
            a = -(g + friction*v)/mass
            # The velocity changes by acceleration times time.
            v = v + dt*a
            # The body moves on with its new velocity.
            w = w + dt*v
        """,
        hyperparameters=_body(1.0),
        initial=_START,
        velocity="v",
        source="Newton 1687, Principia, law II; semi-implicit Euler: Euler 1768, de Vogelaere 1956",
        summary=(
            "A body whose potential energy is the loss. Its steps are those of momentum; it has"
            " converged when it is at rest, too."
        ),
        pace=_PACE,
        family=_MECHANICS,
    ),
    Optimizer(
        name="particle_euler",
        title="Particle, explicit Euler",
        rule="""
            # Newton's second law: force, less friction, over mass is the acceleration.
            a = -(g + friction*v)/mass
            # The body moves on with the velocity it had.
            w = w + dt*v
            # Only then the velocity changes: each step adds a little energy.
            v = v + dt*a
        """,
        hyperparameters=_body(),
        initial=_START,
        velocity="v",
        source="Euler 1768, Institutionum calculi integralis, section 2, chapter 7",
        summary="Newton's law by the simplest of steps; it gains energy that was never there.",
        pace=("time", 5e-4),  # each step adds its share to the energy
        family=_MECHANICS,
    ),
    Optimizer(
        name="particle_verlet",
        title="Particle, velocity Verlet",
        # The last gradient of a step is the first of the next. It is taken twice all the same,
        # since a rule starts from g: an implementation of its own would need one a step.
        rule="""
            # Half a kick: the velocity after half the time, by the force here.
            u = v - dt/2*(g + friction*v)/mass
            # The body moves on with it for the whole time.
            w = w + dt*u
            # The other half of the kick, by the force there.
            v = (u - dt/2*grad(w)/mass)/(1 + dt/2*friction/mass)
        """,
        hyperparameters=_body(),
        initial=_START,
        velocity="v",
        source=(
            "Verlet 1967, doi:10.1103/PhysRev.159.98; Swope et al. 1982, doi:10.1063/1.442716;"
            " with friction Bruenger, Brooks and Karplus 1984, doi:10.1016/0009-2614(84)80098-6"
        ),
        summary="Newton's law by symmetric steps: without friction the energy stays bounded.",
        pace=_PACE,
        family=_MECHANICS,
    ),
    Optimizer(
        name="particle_rk4",
        title="Particle, Runge-Kutta",
        rule="""
            # Acceleration here.
            a = -(g + friction*v)/mass
            # Velocity after half the time.
            v2 = v + dt/2*a
            # Acceleration half a step ahead.
            a2 = -(grad(w + dt/2*v) + friction*v2)/mass
            # A better estimate of that velocity.
            v3 = v + dt/2*a2
            # Acceleration half a step ahead, with that better velocity.
            a3 = -(grad(w + dt/2*v2) + friction*v3)/mass
            # Velocity after the whole time.
            v4 = v + dt*a3
            # Acceleration at the end.
            a4 = -(grad(w + dt*v3) + friction*v4)/mass
            # The body moves by the weighted mean of the four velocities.
            w = w + dt/6*(v + 2*v2 + 2*v3 + v4)
            # Its velocity changes by the weighted mean of the four accelerations.
            v = v + dt/6*(a + 2*a2 + 2*a3 + a4)
        """,
        hyperparameters=_body(),
        initial=_START,
        velocity="v",
        source="Kutta 1901, Zeitschrift fuer Mathematik und Physik 46, 435-453",
        summary="Newton's law to order four: nearly exact, though energy seeps away in the end.",
        pace=_PACE,
        family=_MECHANICS,
    ),
    Optimizer(
        name="bead",
        title="Bead on the surface",
        # The graph of the loss as a wire net under gravity: another equation than the potential's,
        # from the Lagrangian (x'^2 + (grad f . x')^2)/2 - gravity*f. Where the surface is flat
        # the two agree. The first step is one of Taylor's, the second one of order two.
        rule="""
            # How strongly the surface bends along the motion.
            k = dot(v, h*v + hxy*other(v))
            # Gravity and that bend act along the slope; the steeper it is, the slower in the plane.
            a = -(gravity + k)/(1 + dot(g, g))*g - friction*v
            # The mean velocity of the step, from those of three steps (Adams and Bashforth).
            u = where(t == 1, v + dt/2*a, where(t == 2, 1.5*v - 0.5*p, (23*v - 16*p + 5*q)/12))
            # The mean acceleration likewise.
            d = where(t == 1, a, where(t == 2, 1.5*a - 0.5*r, (23*a - 16*r + 5*s)/12))
            # Remember the velocity of the step before the last.
            q = p
            # Remember the velocity of this step.
            p = v
            # Remember the acceleration of the step before the last.
            s = r
            # Remember the acceleration of this step.
            r = a
            # The bead moves on with that mean velocity.
            w = w + dt*u
            # Its velocity, seen from above, changes by the mean acceleration.
            v = v + dt*d
        """,
        hyperparameters=(
            TIME_STEP(1e-2),
            Hyperparameter("gravity", 1.0, 0.0, 1e12, "(]", log=True, meaning="pull downwards"),
            Hyperparameter("friction", 0.0, 0.0, 1e12, meaning="force over velocity, of mass 1"),
            *_velocity(),
        ),
        initial=_START,
        velocity="v",
        source="Lagrange 1788, Mecanique analytique; Bashforth and Adams 1883",
        summary=(
            "A bead that really slides on the surface, which is not the same as a body in the"
            " potential."
        ),
        pace=("time", 0.005),  # it turns sharply in valleys
        family=_MECHANICS,
    ),
    Optimizer(
        name="nesterov_flow",
        title="Nesterov's equation",
        rule="""
            # Acceleration here: the friction r/time is endless at first and fades.
            a = where(t == 1, -g/(1 + r), -g - r/(dt*max(t - 1, 1))*v)
            # Velocity after half the time.
            v2 = v + dt/2*a
            # Acceleration half a step ahead.
            a2 = -grad(w + dt/2*v) - r/(dt*(t - 0.5))*v2
            # A better estimate of that velocity.
            v3 = v + dt/2*a2
            # Acceleration half a step ahead, with that better velocity.
            a3 = -grad(w + dt/2*v2) - r/(dt*(t - 0.5))*v3
            # Velocity after the whole time.
            v4 = v + dt*a3
            # Acceleration at the end.
            a4 = -grad(w + dt*v3) - r/(dt*t)*v4
            # The body moves by the weighted mean of the four velocities.
            w = w + dt/6*(v + 2*v2 + 2*v3 + v4)
            # Its velocity changes by the weighted mean of the four accelerations.
            v = v + dt/6*(a + 2*a2 + 2*a3 + a4)
        """,
        hyperparameters=(
            TIME_STEP(1e-2),
            Hyperparameter("r", 3.0, 0.0, 1e6, "(]", meaning="friction times time"),
        ),
        velocity="v",
        source="Su, Boyd and Candes 2014, arXiv:1503.01243, equation 3",
        summary="The motion that accelerated gradient follows: friction that fades with time.",
        pace=_PACE,
        family=_MECHANICS,
    ),
    Optimizer(
        name="accelerated_gradient",
        title="Accelerated gradient",
        rule="""
            # A gradient step from the point that looks ahead.
            z = w - lr*g
            # Look ahead along the last step, with a momentum that rises from 0 to 1.
            w = z + (t - 1)/(t + 2)*(z - p)
            # Remember where that step led.
            p = z
            # Which is the point to show, and to use.
            report = z
        """,
        hyperparameters=(LR(1e-3),),
        initial={"p": "w"},
        source="Nesterov 1983, Doklady 269, 543-547; Su, Boyd and Candes 2014, equation 1",
        summary="Nesterov's method for convex losses: its momentum rises, so its friction fades.",
        family=_MECHANICS,
    ),
    Optimizer(
        name="gradient_flow",
        title="Gradient flow",
        rule="""
            # Slope half a step ahead.
            k2 = grad(w - lr/2*g)
            # Slope half a step ahead, with the better estimate.
            k3 = grad(w - lr/2*k2)
            # Slope a whole step ahead.
            k4 = grad(w - lr*k3)
            # Their weighted mean (Runge and Kutta): follows the curve of steepest descent.
            w = w - lr/6*(g + 2*k2 + 2*k3 + k4)
        """,
        hyperparameters=(LR(1e-3),),
        source="Kutta 1901; Runge 1895: x' = -grad f by the classical method of order four",
        summary=(
            "The curve of steepest descent itself: a body so light, in so thick a medium, that it"
            " never gains speed."
        ),
        family=_MECHANICS,
    ),
)
