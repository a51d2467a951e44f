"""The catalogue of optimizers, one entry each.

Update order, defaults and epsilons are those of torch.optim where it has the optimizer, of the
paper or the reference code otherwise; where the two differ the entry says so. Hyper-parameters
have the names of torch.
"""

from types import MappingProxyType

from gdviz_core.bodies import BODIES
from gdviz_core.optimizer import Optimizer
from gdviz_core.parameter import LR, Hyperparameter

WEIGHT_DECAY = Hyperparameter(
    "weight_decay", 0.0, 0.0, 1e6, meaning="pull towards 0, as L2 penalty"
)
_DECOUPLED = Hyperparameter(
    "decoupled_weight_decay", 0.0, flag=True, meaning="apply it to w itself, as AdamW does"
)
# How a learning rate is chosen: steps of these are as long as the learning rate, whatever the
# slope; the others multiply the slope.
_LENGTH = ("size", 0.01)
_SIGNS = ("size", 0.005)
_FIXED = ("fixed", 1.0)
# Families; most are adaptive.
_DESCENT, _SIGN, _CURVATURE = "Descent and momentum", "Signs", "Curvature"


def _momentum(value: float) -> Hyperparameter:
    return Hyperparameter("momentum", value, 0.0, 10.0, meaning="share of the last step kept")


def _average(name: str, value: float, meaning: str) -> Hyperparameter:
    return Hyperparameter(name, value, 0.0, 1.0, "[)", meaning=meaning)


def _eps(value: float) -> Hyperparameter:
    return Hyperparameter("eps", value, 0.0, 1e6, log=True, meaning="keeps the divisor from 0")


def _beta1(value: float = 0.9) -> Hyperparameter:
    return _average("beta1", value, "memory of the gradient")


def _beta2(value: float = 0.999) -> Hyperparameter:
    return _average("beta2", value, "memory of the squared gradient")


def _decay(value: float) -> Hyperparameter:
    return Hyperparameter(
        "weight_decay", value, 0.0, 1e6, meaning="share of w taken away, times lr"
    )


def _damping(value: float) -> Hyperparameter:
    return Hyperparameter("damping", value, 0.0, 1e12, log=True, meaning="added to every curvature")


_ENTRIES = (
    Optimizer(
        name="gd",
        title="Gradient descent",
        rule="""
            # Walk downhill: the steeper it is, the longer the step.
            w = w - lr*(g + weight_decay*w)
        """,
        hyperparameters=(
            LR(1e-3),
            WEIGHT_DECAY,
        ),
        source="Cauchy 1847, Comptes Rendus 25, 536-538; torch.optim.SGD",
        summary="Steps straight down the slope; slow along ravines.",
        presets={"keras": {"lr": 1e-2}},
        family=_DESCENT,
    ),
    Optimizer(
        name="momentum",
        title="Momentum",
        # The buffer starts as the bare gradient, without dampening, as in torch. It holds no
        # learning rate (Polyak's does), so a new learning rate acts at once.
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # The velocity: it keeps most of what it had and adds the new slope.
            b = momentum*b + where(t == 1, 1, 1 - dampening)*d
            # Move with the velocity instead of the slope alone.
            w = w - lr*b
        """,
        hyperparameters=(
            LR(1e-3),
            _momentum(0.9),
            Hyperparameter("dampening", 0.0, 0.0, 1.0, meaning="share of the gradient left out"),
            WEIGHT_DECAY,
        ),
        source="Polyak 1964, doi:10.1016/0041-5553(64)90137-5; torch.optim.SGD",
        summary="Builds up speed along a ravine and overshoots at its end.",
        pace=("curvature", 0.175),
        family=_DESCENT,
    ),
    Optimizer(
        name="heavy_ball",
        title="Heavy ball",
        rule="""
            # The velocity: friction takes a share, the slope pushes downhill.
            v = momentum*v - lr*g
            # Move by the velocity, as a ball does in one unit of time.
            w = w + v
        """,
        hyperparameters=(
            LR(1e-3),
            _momentum(0.9),
        ),
        source="Polyak 1964, doi:10.1016/0041-5553(64)90137-5, equation 9",
        summary=(
            "Momentum as Polyak wrote it: old steps keep the learning rate they were taken with."
        ),
        pace=("curvature", 0.175),
        family=_DESCENT,
    ),
    Optimizer(
        name="nesterov",
        title="Nesterov",
        # torch's form: the gradient is taken at the current point and the look-ahead is on the
        # buffer. Nesterov's own form takes it ahead; the two are a change of variables apart.
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # The velocity, as in momentum.
            b = momentum*b + d
            # Step as if the next velocity were known: the slope, plus the velocity after friction.
            w = w - lr*(d + momentum*b)
        """,
        hyperparameters=(
            LR(1e-3),
            _momentum(0.9),
            WEIGHT_DECAY,
        ),
        source="Nesterov 1983, Doklady 269, 543-547; Sutskever et al. 2013; torch.optim.SGD",
        summary="Momentum that looks ahead and so brakes before the turn.",
        pace=("curvature", 0.175),
        family=_DESCENT,
    ),
    Optimizer(
        name="nesterov_lookahead",
        title="Nesterov, looking ahead",
        rule="""
            # The slope is taken where the velocity would carry us, so it brakes in time.
            v = momentum*v - lr*grad(w + momentum*v)
            # Move by the velocity.
            w = w + v
        """,
        hyperparameters=(
            LR(1e-3),
            _momentum(0.9),
        ),
        source="Nesterov 1983, Doklady 269, 543-547; Sutskever et al. 2013, equations 3 and 4",
        summary=(
            "Takes the gradient where momentum is about to carry it; overshoots less than momentum."
        ),
        pace=("curvature", 0.175),
        family=_DESCENT,
    ),
    Optimizer(
        name="adagrad",
        title="Adagrad",
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # All squared slopes so far, added up: it only ever grows.
            s = s + d^2
            # Over the root of the sum: small steps where it was steep, and ever smaller ones.
            w = w - lr/(1 + (t - 1)*lr_decay) * d/(sqrt(s) + eps)
        """,
        hyperparameters=(
            LR(1e-2),
            Hyperparameter("lr_decay", 0.0, 0.0, 1e6, meaning="how fast lr falls with t"),
            Hyperparameter("initial_accumulator_value", 0.0, 0.0, 1e12, meaning="s at the start"),
            _eps(1e-10),
            WEIGHT_DECAY,
        ),
        initial={"s": "initial_accumulator_value"},
        scaling="1/(sqrt(s) + eps)",
        source="Duchi, Hazan and Singer 2011, JMLR 12, 2121-2159; torch.optim.Adagrad",
        summary="Divides by all gradients so far; the steps shrink and run out.",
        presets={
            "optax": {"initial_accumulator_value": 0.1, "eps": 1e-7},
            "keras": {"lr": 1e-3, "initial_accumulator_value": 0.1, "eps": 1e-7},
        },
        pace=("size", 0.05),
    ),
    Optimizer(
        name="adadelta",
        title="Adadelta",
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # Running mean of the squared slope.
            v = rho*v + (1 - rho)*d^2
            # The step: the slope, rescaled so that its units are those of w.
            p = sqrt(u + eps)/sqrt(v + eps)*d
            # Running mean of the squared step, for the numerator of the next one.
            u = rho*u + (1 - rho)*p^2
            # Move; the learning rate is only a factor here.
            w = w - lr*p
        """,
        hyperparameters=(
            LR(1.0),
            _average("rho", 0.9, "memory of gradients and steps"),
            _eps(1e-6),
            WEIGHT_DECAY,
        ),
        scaling="p/d",
        source="Zeiler 2012, arXiv:1212.5701; torch.optim.Adadelta",
        summary="Finds its own step length from the steps before; starts very slowly.",
        presets={"keras": {"lr": 1e-3, "rho": 0.95, "eps": 1e-7}},
        pace=_FIXED,
    ),
    Optimizer(
        name="rmsprop",
        title="RMSprop",
        # No bias correction: at alpha 0.99 the first step is ten times lr.
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # Running mean of the squared slope; steps that lie far back are forgotten.
            v = alpha*v + (1 - alpha)*d^2
            # Running mean of the slope, needed only when centered.
            a = alpha*a + (1 - alpha)*d
            # The square to divide by; centered, it is the variance of the slope.
            s = v - centered*a^2
            # Velocity made of slopes divided by their usual size.
            b = momentum*b + d/(sqrt(s + eps_in_sqrt*eps) + (1 - eps_in_sqrt)*eps)
            # Move with that velocity.
            w = w - lr*b
        """,
        hyperparameters=(
            LR(1e-2),
            _average("alpha", 0.99, "memory of the squared gradient"),
            _momentum(0.0),
            Hyperparameter("centered", 0.0, flag=True, meaning="divide by the spread instead"),
            Hyperparameter("eps_in_sqrt", 0.0, flag=True, meaning="put eps under the root"),
            _eps(1e-8),
            WEIGHT_DECAY,
        ),
        scaling="1/(sqrt(s + eps_in_sqrt*eps) + (1 - eps_in_sqrt)*eps)",
        source="Tieleman and Hinton 2012, Coursera lecture 6.5; torch.optim.RMSprop",
        summary="Scales each coordinate by its recent gradients; leaps at the start.",
        presets={
            "optax": {"alpha": 0.9, "eps_in_sqrt": 1},
            "keras": {"lr": 1e-3, "alpha": 0.9, "eps": 1e-7, "eps_in_sqrt": 1},
        },
        pace=("size", 0.0025),
    ),
    Optimizer(
        name="adam",
        title="Adam",
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # First moment: the running mean of the slope, which smooths it.
            m = beta1*m + (1 - beta1)*d
            # Second moment: the running mean of its square, which measures its size.
            v = beta2*v + (1 - beta2)*d^2
            # Mean over root of mean square, both freed of their start at 0: about lr a step.
            w = w - lr/(1 - beta1^t) * m/(sqrt(v)/sqrt(1 - beta2^t) + eps)
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(),
            _beta2(),
            _eps(1e-8),
            WEIGHT_DECAY,
        ),
        scaling="1/(sqrt(v)/sqrt(1 - beta2^t) + eps)",
        source="Kingma and Ba 2015, algorithm 1, arXiv:1412.6980; torch.optim.Adam",
        summary="Momentum with a step size of its own for each coordinate.",
        presets={"keras": {"eps": 1e-7}},
        pace=_LENGTH,
    ),
    Optimizer(
        name="amsgrad",
        title="AMSGrad",
        # The maximum is of v before bias correction, as in torch.
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + (1 - decoupled_weight_decay)*weight_decay*w
            # First moment: the running mean of the slope.
            m = beta1*m + (1 - beta1)*d
            # Second moment: the running mean of its square.
            v = beta2*v + (1 - beta2)*d^2
            # The largest second moment so far: a steep place is never forgotten.
            s = max(s, v)
            # Weight decay on w itself, when it is decoupled.
            w = w - decoupled_weight_decay*lr*weight_decay*w
            # Mean over root of the largest mean square.
            w = w - lr/(1 - beta1^t) * m/(sqrt(s)/sqrt(1 - beta2^t) + eps)
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(),
            _beta2(),
            _eps(1e-8),
            WEIGHT_DECAY,
            _DECOUPLED,
        ),
        scaling="1/(sqrt(s)/sqrt(1 - beta2^t) + eps)",
        source="Reddi, Kale and Kumar 2018, arXiv:1904.09237; torch.optim.Adam(amsgrad=True)",
        summary=(
            "Adam that never forgets a steep place, which mends its failure on rare large ones."
        ),
        pace=_LENGTH,
    ),
    Optimizer(
        name="adamw",
        title="AdamW",
        rule="""
            # First moment: the running mean of the slope.
            m = beta1*m + (1 - beta1)*g
            # Second moment: the running mean of its square.
            v = beta2*v + (1 - beta2)*g^2
            # Weight decay acts on w itself, not through the moments.
            w = w - lr*weight_decay*w
            # Mean over root of mean square: about lr a step.
            w = w - lr/(1 - beta1^t) * m/(sqrt(v)/sqrt(1 - beta2^t) + eps)
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(),
            _beta2(),
            _eps(1e-8),
            _decay(1e-2),
        ),
        scaling="1/(sqrt(v)/sqrt(1 - beta2^t) + eps)",
        source="Loshchilov and Hutter 2019, arXiv:1711.05101; torch.optim.AdamW",
        summary=(
            "Adam that pulls w towards 0 by itself; on a bare surface it stops beside the minimum."
        ),
        presets={"optax": {"weight_decay": 1e-4}, "keras": {"eps": 1e-7, "weight_decay": 0.004}},
        pace=_LENGTH,
    ),
    Optimizer(
        name="adamax",
        title="Adamax",
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # First moment: the running mean of the slope.
            m = beta1*m + (1 - beta1)*d
            # The largest recent slope, slowly forgotten, in place of a mean square.
            u = max(beta2*u, abs(d) + eps)
            # Mean over largest: no coordinate moves by much more than lr.
            w = w - lr/(1 - beta1^t) * m/u
        """,
        hyperparameters=(
            LR(2e-3),
            _beta1(),
            _average("beta2", 0.999, "memory of the largest gradient"),
            _eps(1e-8),
            WEIGHT_DECAY,
        ),
        scaling="1/u",
        source="Kingma and Ba 2015, algorithm 2, arXiv:1412.6980; torch.optim.Adamax",
        summary=(
            "Adam that divides by the largest recent gradient: steadier, and slow to forget a"
            " spike."
        ),
        pace=_LENGTH,
    ),
    Optimizer(
        name="nadam",
        title="NAdam",
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + (1 - decoupled_weight_decay)*weight_decay*w
            # Weight of the first moment at this step; it warms up.
            a = beta1*(1 - 0.5*0.96^(t*momentum_decay))
            # The same weight at the next step.
            b = beta1*(1 - 0.5*0.96^((t + 1)*momentum_decay))
            # Product of the weights so far, to correct the bias.
            p = p*a
            # First moment: the running mean of the slope.
            m = beta1*m + (1 - beta1)*d
            # Second moment: the running mean of its square.
            v = beta2*v + (1 - beta2)*d^2
            # What to divide by: the usual size of the slope.
            s = sqrt(v/(1 - beta2^t)) + eps
            # Weight decay on w itself, when it is decoupled.
            w = w - decoupled_weight_decay*lr*weight_decay*w
            # The part of the step that today's slope makes.
            w = w - lr*(1 - a)/(1 - p) * d/s
            # The part that the mean makes, one step ahead as in Nesterov's method.
            w = w - lr*b/(1 - p*b) * m/s
        """,
        hyperparameters=(
            LR(2e-3),
            _beta1(),
            _beta2(),
            _eps(1e-8),
            Hyperparameter("momentum_decay", 4e-3, 0.0, 10.0, meaning="how fast beta1 warms up"),
            WEIGHT_DECAY,
            _DECOUPLED,
        ),
        initial={"p": "1"},
        scaling="1/s",
        source=(
            "Dozat 2016, Incorporating Nesterov momentum into Adam, ICLR workshop;"
            " torch.optim.NAdam"
        ),
        summary="Adam with a look ahead: a little faster and more nervous.",
        pace=_LENGTH,
    ),
    Optimizer(
        name="radam",
        title="RAdam",
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + (1 - decoupled_weight_decay)*weight_decay*w
            # First moment: the running mean of the slope.
            m = beta1*m + (1 - beta1)*d
            # Second moment: the running mean of its square.
            v = beta2*v + (1 - beta2)*d^2
            # How many slopes the second moment can ever be worth.
            l = 2/(1 - beta2) - 1
            # How many it is worth by now.
            r = l - 2*t*beta2^t/(1 - beta2^t)
            # Correction for how unsure the second moment still is; 0 while it says nothing.
            c = where(r > 5, sqrt((r - 4)*(r - 2)*l/((l - 4)*(l - 2)*r)), 0)
            # What to multiply by: one over the usual size of the slope, corrected.
            s = c*sqrt(1 - beta2^t)/(sqrt(v) + eps)
            # Weight decay on w itself, when it is decoupled.
            w = w - decoupled_weight_decay*lr*weight_decay*w
            # Adam's step if the second moment can be trusted, momentum's if not yet.
            w = w - lr*m/(1 - beta1^t) * where(r > 5, s, 1)
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(),
            _beta2(),
            _eps(1e-8),
            WEIGHT_DECAY,
            _DECOUPLED,
        ),
        scaling="where(r > 5, s, 1)",
        source="Liu et al. 2020, arXiv:1908.03265; torch.optim.RAdam",
        summary=(
            "Adam that waits until its averages mean something; the first steps are bare momentum."
        ),
        pace=("curvature", 0.5),  # its first steps are as bare as those of gradient descent
    ),
    Optimizer(
        name="rprop",
        title="Rprop",
        rule="""
            # Positive if the slope kept its sign, negative if we jumped over a valley.
            c = g*p
            # Longer steps while the sign stays, shorter ones after a jump.
            s = s*where(c > 0, etaplus, where(c < 0, etaminus, 1))
            # Keep the step length within its limits.
            s = min(max(s, step_min), step_max)
            # After a jump, forget the slope once, so that the step is not shortened twice.
            p = where(c < 0, 0, g)
            # Move by the step length; of the slope only the sign counts.
            w = w - sign(p)*s
        """,
        hyperparameters=(
            LR(1e-2),
            Hyperparameter(
                "etaminus", 0.5, 0.0, 1.0, "()", meaning="factor after a change of sign"
            ),
            Hyperparameter("etaplus", 1.2, 1.0, 10.0, "(]", meaning="factor while the sign stays"),
            Hyperparameter("step_min", 1e-6, 0.0, 1e12, log=True, meaning="shortest step"),
            Hyperparameter("step_max", 50.0, 0.0, 1e12, "(]", log=True, meaning="longest step"),
        ),
        initial={"s": "lr"},
        source="Riedmiller and Braun 1993, doi:10.1109/ICNN.1993.298623; torch.optim.Rprop",
        summary=(
            "Heeds only the sign of the slope and finds the step length itself; noise confuses it."
        ),
        pace=_LENGTH,
        family=_SIGN,
    ),
    Optimizer(
        name="asgd",
        title="Averaged SGD",
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # The learning rate of this step: it falls with time.
            l = lr/(1 + lambd*lr*(t - 1))^alpha
            # Gradient descent with a pull towards 0.
            w = w*(1 - lambd*l) - l*d
            # The mean of the iterates from step t0 on, which is less noisy than the last one.
            a = a + (w - a)/max(1, t - 1 - t0)
        """,
        hyperparameters=(
            LR(1e-2),
            Hyperparameter("lambd", 1e-4, 0.0, 1e6, log=True, meaning="decay of lr and of w"),
            Hyperparameter("alpha", 0.75, 0.0, 10.0, meaning="power of the decay of lr"),
            Hyperparameter(
                "t0", 1e6, 0.0, 1e15, log=True, meaning="step at which averaging begins"
            ),
            WEIGHT_DECAY,
        ),
        initial={"a": "w"},
        source="Polyak and Juditsky 1992, doi:10.1137/0330046; torch.optim.ASGD",
        summary="Averages late iterates, which cancels noise; a is the average.",
        family=_DESCENT,
    ),
    Optimizer(
        name="lion",
        title="Lion",
        rule="""
            # Mix of the remembered slopes and today's, for its sign only.
            c = beta1*m + (1 - beta1)*g
            # A step of length lr along each axis, with weight decay.
            w = w - lr*(sign(c) + weight_decay*w)
            # Remember the slope, more slowly than the mix above.
            m = beta2*m + (1 - beta2)*g
        """,
        hyperparameters=(
            LR(1e-4),
            _beta1(),
            _average("beta2", 0.99, "memory of the momentum"),
            _decay(0.0),
        ),
        source="Chen et al. 2023, arXiv:2302.06675",
        summary=(
            "Every step is equally long in each coordinate: quick far away, and never at rest."
        ),
        presets={"optax": {"weight_decay": 1e-3}, "keras": {"lr": 1e-3}},
        pace=_SIGNS,
        family=_SIGN,
    ),
    Optimizer(
        name="sign_descent",
        title="Sign descent",
        rule="""
            # Each coordinate moves by lr downhill, however steep it is.
            w = w - lr*sign(g)
        """,
        hyperparameters=(LR(1e-3),),
        source="Bernstein et al. 2018, arXiv:1802.04434, algorithm 1",
        summary="Moves along diagonals whatever the slope, and chatters about the minimum.",
        pace=_SIGNS,
        family=_SIGN,
    ),
    Optimizer(
        name="signum",
        title="Signum",
        rule="""
            # Running mean of the slope.
            m = momentum*m + (1 - momentum)*g
            # Each coordinate moves by lr against the sign of the mean.
            w = w - lr*sign(m)
        """,
        hyperparameters=(
            LR(1e-3),
            _average("momentum", 0.9, "memory of the gradient"),
        ),
        source="Bernstein et al. 2018, arXiv:1802.04434, algorithm 2",
        summary="Sign descent on an average: less misled by noise, later to turn.",
        pace=_SIGNS,
        family=_SIGN,
    ),
    Optimizer(
        name="adabelief",
        title="AdaBelief",
        # The surprise is about the new average, as in the paper; optax takes the old one.
        rule="""
            # First moment: the running mean of the slope, its prediction.
            m = beta1*m + (1 - beta1)*g
            # How far slopes lie from their prediction: small means it can be believed.
            s = beta2*s + (1 - beta2)*(g - m)^2 + eps
            # Long steps where the prediction holds, short ones where it fails.
            w = w - lr/(1 - beta1^t) * m/(sqrt(s/(1 - beta2^t)) + eps)
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(),
            _average("beta2", 0.999, "memory of the surprise"),
            _eps(1e-16),
        ),
        scaling="1/(sqrt(s/(1 - beta2^t)) + eps)",
        source="Zhuang et al. 2020, arXiv:2010.07468, algorithm 2",
        summary=(
            "Adam that strides where gradients are as expected; can leap where they are constant."
        ),
        pace=_LENGTH,
    ),
    Optimizer(
        name="yogi",
        title="Yogi",
        # With bias correction, as in optax and TensorFlow; the paper has none.
        rule="""
            # First moment: the running mean of the slope.
            m = beta1*m + (1 - beta1)*g
            # Second moment: it moves towards g squared by steps, not by a share.
            v = v - (1 - beta2)*sign(v - g^2)*g^2
            # Mean over root of the second moment.
            w = w - lr/(1 - beta1^t) * m/(sqrt(v)/sqrt(1 - beta2^t) + eps)
        """,
        hyperparameters=(
            LR(1e-2),
            _beta1(),
            _beta2(),
            _eps(1e-3),
            Hyperparameter("initial_accumulator_value", 1e-6, 0.0, 1e12, meaning="v at the start"),
        ),
        initial={"v": "initial_accumulator_value"},
        scaling="1/(sqrt(v)/sqrt(1 - beta2^t) + eps)",
        source="Zaheer et al. 2018, Adaptive methods for nonconvex optimization, NeurIPS 31",
        summary="Adam whose step size changes by degrees: no leaps after quiet stretches.",
        pace=_LENGTH,
    ),
    Optimizer(
        name="adan",
        title="Adan",
        # Averages are written as in Adam: beta here is 1 - beta of the paper. The change counts
        # beta2 times, as in the paper and its code; optax counts it 1 - beta2 times.
        rule="""
            # How the slope has changed since the last step.
            d = where(t == 1, 0, g - p)
            # Running mean of the slope.
            m = beta1*m + (1 - beta1)*g
            # Running mean of its change.
            u = beta2*u + (1 - beta2)*d
            # Running mean of the squared slope, looked at one step ahead.
            n = beta3*n + (1 - beta3)*(g + beta2*d)^2
            # What to divide by: the usual size of the slope.
            s = sqrt(n)/sqrt(1 - beta3^t) + eps
            # Slope and change together: Nesterov's look ahead without a second gradient.
            w = (w - lr*(m/(1 - beta1^t) + beta2*u/(1 - beta2^t))/s)/(1 + lr*weight_decay)
            # Keep the slope for the next difference.
            p = g
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(0.98),
            _average("beta2", 0.92, "memory of the change of the gradient"),
            _average("beta3", 0.99, "memory of the squared gradient"),
            _eps(1e-8),
            _decay(0.0),
        ),
        scaling="1/s",
        source="Xie et al. 2022, arXiv:2208.06677, algorithm 1",
        summary="Nesterov's look ahead for Adam, from the change of the gradient; brakes early.",
        pace=_LENGTH,
    ),
    Optimizer(
        name="ademamix",
        title="AdEMAMix",
        # Without the warm-up of alpha and beta3 that the paper offers for long runs.
        rule="""
            # Fast mean: the slopes of the last few steps.
            m = beta1*m + (1 - beta1)*g
            # Slow mean: slopes of thousands of steps still count.
            n = beta3*n + (1 - beta3)*g
            # Second moment: the running mean of the squared slope.
            v = beta2*v + (1 - beta2)*g^2
            # What to divide by: the usual size of the slope.
            s = sqrt(v)/sqrt(1 - beta2^t) + eps
            # Both means together, divided by the usual size; and weight decay.
            w = w - lr*((m/(1 - beta1^t) + alpha*n)/s + weight_decay*w)
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(),
            _beta2(),
            _average("beta3", 0.9999, "memory of the slow average"),
            Hyperparameter("alpha", 5.0, 0.0, 1e6, meaning="weight of the slow average"),
            _eps(1e-8),
            _decay(0.0),
        ),
        scaling="1/s",
        source="Pagliardini, Ablin and Grangier 2024, arXiv:2409.03137, algorithm 1",
        summary=(
            "Adam with a second, very long memory: good at the end of long runs, slow to turn."
        ),
        pace=_LENGTH,
    ),
    Optimizer(
        name="adopt",
        title="ADOPT",
        # The first step only looks, as in the authors' code.
        rule="""
            # The slope over its usual size before this step, which does not know it yet.
            r = g/max(sqrt(v), eps)
            # The limit for it; it grows slowly.
            c = (t - 1)^0.25
            # Within the limit; the first step only looks.
            r = where(t == 1, 0, min(max(r, -c), c))
            # Running mean of the rescaled slope.
            m = beta1*m + (1 - beta1)*r
            # Move with that mean.
            w = w - lr*m
            # Second moment, updated last: the step must not depend on its own slope.
            v = where(t == 1, g^2, beta2*v + (1 - beta2)*g^2)
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(),
            _beta2(0.9999),
            _eps(1e-6),
        ),
        scaling="r/g",
        source="Taniguchi et al. 2024, arXiv:2411.02853, algorithm 2",
        summary=(
            "Adam that divides by what it knew before this gradient; converges for every beta2."
        ),
        pace=_LENGTH,
    ),
    Optimizer(
        name="sophia",
        title="Sophia",
        # The exact diagonal of the Hessian stands where the paper estimates it.
        rule="""
            # Running mean of the slope.
            m = beta1*m + (1 - beta1)*g
            # Running mean of the curvature, measured only at every interval-th step.
            c = where(mod(t - 1, interval) == 0, beta2*c + (1 - beta2)*h, c)
            # Newton's step divided by gamma: mostly longer than 1, and then clipped below.
            r = m/max(gamma*c, eps)
            # Weight decay acts on w itself.
            w = w - lr*weight_decay*w
            # Move, but never by more than lr: curvature may be small or negative.
            w = w - lr*min(max(r, -1), 1)
        """,
        hyperparameters=(
            LR(1e-3),
            _beta1(0.965),
            _average("beta2", 0.99, "memory of the curvature"),
            Hyperparameter(
                "gamma", 0.01, 0.0, 1e6, "(]", log=True, meaning="share of steps not clipped"
            ),
            Hyperparameter(
                "interval", 10.0, 1.0, 1e6, meaning="steps between looks at the curvature"
            ),
            Hyperparameter("eps", 1e-12, 0.0, 1e6, "(]", log=True, meaning="least curvature"),
            _decay(0.0),
        ),
        source="Liu et al. 2023, arXiv:2305.14342, algorithm 3",
        summary=(
            "Divides by curvature and clips: bold in flat directions, safe in steep and concave"
            " ones."
        ),
        pace=_SIGNS,
        family=_CURVATURE,
    ),
    Optimizer(
        name="schedule_free_sgd",
        title="Schedule-free SGD",
        # w is where the gradient is taken, z the base iterate.
        rule="""
            # The slope, plus the pull of weight decay towards 0.
            d = g + weight_decay*w
            # The largest learning rate so far.
            a = max(a, lr)
            # Sum of its squares: the weight of all steps.
            s = s + a^2
            # The share of this step in the average.
            c = where(s > 0, a^2/s, 0)
            # w lies between the average and z; here the slope is taken.
            w = w + c*(z - w) + lr*(momentum*(1 - c) - 1)*d
            # z is plain gradient descent, which may be noisy.
            z = z - lr*d
            # The average of all z: the answer to show, and to use.
            report = w + (z - w)*(1 - 1/momentum)
        """,
        hyperparameters=(
            LR(1.0),
            Hyperparameter(
                "momentum", 0.9, 0.0, 1.0, "(]", meaning="where between z and the average"
            ),
            WEIGHT_DECAY,
        ),
        initial={"z": "w"},
        source="Defazio et al. 2024, arXiv:2405.15682; schedule_free.SGDScheduleFree",
        summary=(
            "Averages as it goes instead of lowering the learning rate; the average is what is"
            " shown."
        ),
        family=_DESCENT,
    ),
    Optimizer(
        name="schedule_free_adamw",
        title="Schedule-free AdamW",
        rule="""
            # Second moment: the running mean of the squared slope.
            v = beta2*v + (1 - beta2)*g^2
            # The slope over its usual size, and weight decay.
            d = g/(sqrt(v/(1 - beta2^t)) + eps) + weight_decay*w
            # The largest learning rate so far.
            a = max(a, lr)
            # Sum of its squares: the weight of all steps.
            s = s + a^2
            # The share of this step in the average.
            c = where(s > 0, a^2/s, 0)
            # w lies between the average and z; here the slope is taken.
            w = w + c*(z - w) + lr*(beta1*(1 - c) - 1)*d
            # z is plain descent with the rescaled slope.
            z = z - lr*d
            # The average of all z: the answer to show, and to use.
            report = w + (z - w)*(1 - 1/beta1)
        """,
        hyperparameters=(
            LR(2.5e-3),
            Hyperparameter("beta1", 0.9, 0.0, 1.0, "(]", meaning="where between z and the average"),
            _beta2(),
            _eps(1e-8),
            _decay(0.0),
        ),
        initial={"z": "w"},
        scaling="1/(sqrt(v/(1 - beta2^t)) + eps)",
        source="Defazio et al. 2024, arXiv:2405.15682; schedule_free.AdamWScheduleFree",
        summary="Adam's scaling with averaging in place of a schedule.",
        pace=_LENGTH,
    ),
    Optimizer(
        name="prodigy",
        title="Prodigy",
        rule="""
            # The step size: lr times the estimate a of the distance to the minimum.
            p = lr*a
            # How well the slopes point back to the start: evidence for a larger distance.
            n = sqrt(beta2)*n + a/d0*p*dot(g, x0 - w)
            # Sum of the slopes, weighted alike.
            s = sqrt(beta2)*s + a/d0*p*g
            # First moment, weighted by the estimate.
            m = beta1*m + (1 - beta1)*a*g
            # Second moment, weighted by its square.
            v = beta2*v + (1 - beta2)*(a*g)^2
            # Size of the sum of slopes: what the evidence is compared with.
            q = abs(s) + other(abs(s))
            # The estimate of the distance; it only grows.
            a = where(q > 0, max(a, d_coef*n/q), a)
            # Weight decay acts on w itself.
            w = w - p*weight_decay*w
            # Adam's step, as long as the estimate says.
            w = w - p*m/(sqrt(v) + a*eps)
            # The start point is remembered.
            x0 = x0
        """,
        hyperparameters=(
            LR(1.0),
            _beta1(),
            _beta2(),
            Hyperparameter(
                "d0", 1e-6, 0.0, 1e6, "(]", log=True, meaning="first guess of the distance"
            ),
            Hyperparameter(
                "d_coef", 1.0, 0.0, 1e6, "(]", log=True, meaning="factor of the estimate"
            ),
            _eps(1e-8),
            _decay(0.0),
        ),
        initial={"a": "d0", "x0": "w"},
        scaling="1/(sqrt(v) + a*eps)",
        source="Mishchenko and Defazio 2023, arXiv:2306.06101; prodigyopt.Prodigy",
        summary=(
            "Adam that estimates the distance to go and needs no learning rate; it can guess too"
            " far."
        ),
        pace=_FIXED,
    ),
    Optimizer(
        name="qhm",
        title="QHM",
        rule="""
            # Running mean of the slope.
            m = beta*m + (1 - beta)*g
            # A weighted mean of plain descent and momentum.
            w = w - lr*((1 - nu)*g + nu*m)
        """,
        hyperparameters=(
            LR(1.0),
            Hyperparameter("nu", 0.7, 0.0, 1.0, meaning="weight of the average"),
            _average("beta", 0.999, "memory of the gradient"),
        ),
        source="Ma and Yarats 2019, arXiv:1810.06801, equation 3",
        summary="A mean of gradient descent and momentum; the gradient's share steadies it.",
        family=_DESCENT,
    ),
    Optimizer(
        name="qhadam",
        title="QHAdam",
        rule="""
            # First moment: the running mean of the slope.
            m = beta1*m + (1 - beta1)*g
            # Second moment: the running mean of its square.
            v = beta2*v + (1 - beta2)*g^2
            # Part today's slope, part the mean.
            a = (1 - nu1)*g + nu1*m/(1 - beta1^t)
            # Part today's square, part the mean square.
            b = (1 - nu2)*g^2 + nu2*v/(1 - beta2^t)
            # The one over the root of the other.
            w = w - lr*a/(sqrt(b) + eps)
        """,
        hyperparameters=(
            LR(1e-3),
            Hyperparameter("nu1", 0.7, 0.0, 1.0, meaning="weight of the average"),
            Hyperparameter("nu2", 1.0, 0.0, 1.0, meaning="weight of the averaged square"),
            _beta1(0.995),
            _beta2(),
            _eps(1e-8),
        ),
        scaling="1/(sqrt(b) + eps)",
        source="Ma and Yarats 2019, arXiv:1810.06801, equation 4",
        summary="Adam with a share of the bare gradient, which damps its overshooting.",
        pace=_LENGTH,
    ),
    Optimizer(
        name="polyak",
        title="Polyak step size",
        rule="""
            # As long a step as would reach the lowest loss if the slope stayed as it is.
            w = w - lr*min(max_lr, max(f - f_star, 0)/max(dot(g, g), 1e-300))*g
        """,
        hyperparameters=(
            LR(1.0),
            Hyperparameter("f_star", 0.0, -1e300, 1e300, meaning="the least loss"),
            Hyperparameter(
                "max_lr", 1e6, 0.0, 1e12, "(]", log=True, meaning="longest step, over the slope"
            ),
        ),
        source="Polyak 1969, doi:10.1016/0041-5553(69)90061-5",
        summary="The step that would be right for a cone; needs to know the least loss.",
        pace=_FIXED,
        family=_DESCENT,
    ),
    Optimizer(
        name="normalized_gd",
        title="Normalized gradient descent",
        rule="""
            # Downhill by lr, however steep: only the direction of the slope counts.
            w = w - lr*g/max(norm(g), eps)
        """,
        hyperparameters=(
            LR(1e-2),
            Hyperparameter(
                "eps", 1e-12, 0.0, 1e6, "(]", log=True, meaning="keeps the divisor from 0"
            ),
        ),
        source=(
            "Nesterov 1984, Minimization methods for nonsmooth convex and quasiconvex functions"
        ),
        summary="Steps of one length: crosses plateaus, and never comes to rest.",
        pace=_LENGTH,
        family=_DESCENT,
    ),
    Optimizer(
        name="langevin",
        title="Langevin dynamics",
        rule="""
            # Walk downhill, and be kicked at random: enough to climb out of shallow minima.
            w = w - lr*g + sqrt(2*lr*temperature)*xi
        """,
        hyperparameters=(
            LR(1e-3),
            Hyperparameter(
                "temperature", 0.1, 0.0, 1e12, log=True, meaning="strength of the noise"
            ),
        ),
        source=(
            "Welling and Teh 2011, Bayesian learning via stochastic gradient Langevin dynamics,"
            " ICML"
        ),
        summary="Gradient descent in a warm bath: leaves shallow minima and never settles.",
        pace=("curvature", 0.2),
        family=_DESCENT,
    ),
    Optimizer(
        name="sam",
        title="SAM",
        rule="""
            # Uphill by rho: the worst place nearby.
            d = rho*g/max(norm(g), 1e-12)
            # Step with the slope of that place, which avoids sharp minima.
            w = w - lr*grad(w + d)
        """,
        hyperparameters=(
            LR(1e-3),
            Hyperparameter("rho", 0.05, 0.0, 1e6, log=True, meaning="radius within which it looks"),
        ),
        source="Foret et al. 2021, arXiv:2010.01412, algorithm 1",
        summary="Descends the worst loss close by: prefers wide minima, at two gradients a step.",
        family=_DESCENT,
    ),
    Optimizer(
        name="newton",
        title="Newton",
        rule="""
            # Determinant of the Hessian; negative at a saddle.
            d = hxx*hyy - hxy^2
            # Jump to where the quadratic model is level: minimum, saddle or maximum alike.
            w = w - lr*(other(h)*g - hxy*other(g))/d
        """,
        hyperparameters=(LR(1.0),),
        source="Newton 1669; Raphson 1690; for minimization Simpson 1740",
        summary=(
            "Solves a quadratic in one step; goes to saddles and maxima as gladly as to minima."
        ),
        pace=_FIXED,
        family=_CURVATURE,
    ),
    Optimizer(
        name="damped_newton",
        title="Damped Newton",
        rule="""
            # Curvature along this axis, made larger by the damping.
            a = h + damping
            # Determinant of the damped Hessian.
            d = a*other(a) - hxy^2
            # Jump to where the damped model is level; large damping is gradient descent.
            w = w - lr*(other(a)*g - hxy*other(g))/d
        """,
        hyperparameters=(
            LR(1.0),
            _damping(1.0),
        ),
        source="Levenberg 1944, doi:10.1090/qam/10666; Goldfeld, Quandt and Trotter 1966",
        summary="Newton with a floor under the curvature: between Newton and gradient descent.",
        pace=_FIXED,
        family=_CURVATURE,
    ),
    Optimizer(
        name="saddle_free_newton",
        title="Saddle-free Newton",
        # The square root of H^2 for two by two matrices: (H^2 + |det H|)/sqrt(tr H^2 + 2|det H|).
        rule="""
            # Size of the determinant of the Hessian.
            k = abs(hxx*hyy - hxy^2)
            # Sum of the sizes of both eigenvalues.
            r = max(sqrt(hxx^2 + 2*hxy^2 + hyy^2 + 2*k), 1e-300)
            # Diagonal of the Hessian with its eigenvalues made positive, and damping.
            a = (h^2 + hxy^2 + k)/r + damping
            # Off the diagonal of that matrix.
            b = hxy*(hxx + hyy)/r
            # Its determinant.
            d = a*other(a) - b^2
            # Newton's step with positive curvatures: saddles push away instead of drawing in.
            w = w - lr*(other(a)*g - b*other(g))/d
        """,
        hyperparameters=(
            LR(1.0),
            _damping(1e-3),
        ),
        source="Dauphin et al. 2014, arXiv:1406.2572",
        summary=(
            "Newton with the size of each curvature: leaves saddles as fast as it finds minima."
        ),
        pace=_FIXED,
        family=_CURVATURE,
    ),
    Optimizer(
        name="bfgs",
        title="BFGS",
        # Without a line search: the step is lr, but never longer than max_step.
        rule="""
            # How far the last step went; 0 at the first step.
            u = w - p
            # By how much the slope changed on the way; at the first step, from 0.
            v = g - q
            # Both together: positive where the surface curves upwards.
            k = dot(u, v)
            # Whether this pair says something about curvature; not at the first step.
            c = where(t == 1, 0, where(k > 1e-14*dot(v, v), 1, 0))
            # The same, safe to divide by.
            k = where(c > 0, k, 1)
            # The first pair sets the scale of the inverse Hessian.
            a = where(t == 2, where(c > 0, k/dot(v, v), a), a)
            # The inverse Hessian times the change of slope: what it predicted for the step.
            n = a*v + b*other(v)
            # How much the prediction counts, relative to what happened.
            e2 = 1 + dot(v, n)/k
            # Correct the inverse Hessian off its diagonal, so that the prediction comes true.
            b = b + c*(e2*u*other(u) - n*other(u) - u*other(n))/k
            # Correct its diagonal.
            a = a + c*(e2*u^2 - 2*n*u)/k
            # The direction: inverse Hessian times slope, as in Newton's method.
            d = a*g + b*other(g)
            # Remember the point.
            p = w
            # Remember the slope.
            q = g
            # Move, but no farther than max_step.
            w = w - lr*d*min(1, max_step/max(norm(d), 1e-300))
        """,
        hyperparameters=(
            LR(1.0),
            Hyperparameter(
                "first", 1e-2, 0.0, 1e12, "(]", log=True, meaning="1/curvature at first"
            ),
            Hyperparameter("max_step", 1.0, 0.0, 1e12, "(]", log=True, meaning="longest step"),
        ),
        initial={"a": "first", "p": "w"},
        source=(
            "Broyden, Fletcher, Goldfarb and Shanno 1970; Nocedal and Wright 2006, equation 6.17"
        ),
        summary="Learns the curvature from gradients: Newton's speed without a Hessian.",
        pace=_FIXED,
        family=_CURVATURE,
    ),
)

OPTIMIZERS = MappingProxyType({optimizer.name: optimizer for optimizer in (*_ENTRIES, *BODIES)})
