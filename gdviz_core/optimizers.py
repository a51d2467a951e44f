"""The catalogue of optimizers, one entry each.

Update order, defaults and epsilons are those of torch.optim where it has the optimizer, of the
paper or the reference code otherwise; where the two differ the entry says so.
"""

from types import MappingProxyType

from gdviz_core.optimizer import Optimizer
from gdviz_core.parameter import LR, Hyperparameter

WEIGHT_DECAY = Hyperparameter(
    "weight_decay", 0.0, 0.0, 1e6, meaning="pull towards 0, as L2 penalty"
)


def _momentum(value: float) -> Hyperparameter:
    return Hyperparameter("momentum", value, 0.0, 10.0, meaning="share of the last step kept")


def _average(name: str, value: float, meaning: str) -> Hyperparameter:
    return Hyperparameter(name, value, 0.0, 1.0, "[)", meaning=meaning)


def _eps(value: float) -> Hyperparameter:
    return Hyperparameter("eps", value, 0.0, 1e6, log=True, meaning="keeps the divisor from 0")


_ENTRIES = (
    Optimizer(
        name="gd",
        title="Gradient descent",
        rule="w = w - lr*(g + weight_decay*w)",
        hyperparameters=(LR(1e-3), WEIGHT_DECAY),
        source="Cauchy 1847, Comptes Rendus 25, 536-538; torch.optim.SGD",
        summary="Steps straight down the slope; slow along ravines.",
    ),
    Optimizer(
        name="momentum",
        title="Momentum",
        # The buffer starts as the bare gradient, without dampening, as in torch. It holds no
        # learning rate (Polyak's does), so a new learning rate acts at once.
        rule="""
            d = g + weight_decay*w
            b = momentum*b + where(t == 1, 1, 1 - dampening)*d
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
    ),
    Optimizer(
        name="nesterov",
        title="Nesterov",
        # torch's form: the gradient is taken at the current point and the look-ahead is on the
        # buffer. Nesterov's own form takes it ahead; the two are a change of variables apart.
        rule="""
            d = g + weight_decay*w
            b = momentum*b + d
            w = w - lr*(d + momentum*b)
        """,
        hyperparameters=(LR(1e-3), _momentum(0.9), WEIGHT_DECAY),
        source="Nesterov 1983, Doklady 269, 543-547; Sutskever et al. 2013; torch.optim.SGD",
        summary="Momentum that looks ahead and so brakes before the turn.",
    ),
    Optimizer(
        name="adagrad",
        title="Adagrad",
        rule="""
            d = g + weight_decay*w
            s = s + d^2
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
        source="Duchi, Hazan and Singer 2011, JMLR 12, 2121-2159; torch.optim.Adagrad",
        summary="Divides by all gradients so far; the steps shrink and run out.",
    ),
    Optimizer(
        name="rmsprop",
        title="RMSprop",
        # No bias correction: at alpha 0.99 the first step is ten times lr. eps outside the root,
        # as in torch; optax puts it inside.
        rule="""
            d = g + weight_decay*w
            v = alpha*v + (1 - alpha)*d^2
            a = alpha*a + (1 - alpha)*d
            b = momentum*b + d/(sqrt(v - centered*a^2) + eps)
            w = w - lr*b
        """,
        hyperparameters=(
            LR(1e-2),
            _average("alpha", 0.99, "memory of the squared gradient"),
            _momentum(0.0),
            Hyperparameter("centered", 0.0, flag=True, meaning="divide by the spread instead"),
            _eps(1e-8),
            WEIGHT_DECAY,
        ),
        source="Tieleman and Hinton 2012, Coursera lecture 6.5; torch.optim.RMSprop",
        summary="Scales each coordinate by its recent gradients; leaps at the start.",
    ),
    Optimizer(
        name="adam",
        title="Adam",
        rule="""
            d = g + weight_decay*w
            m = beta1*m + (1 - beta1)*d
            v = beta2*v + (1 - beta2)*d^2
            w = w - lr/(1 - beta1^t) * m/(sqrt(v)/sqrt(1 - beta2^t) + eps)
        """,
        hyperparameters=(
            LR(1e-3),
            _average("beta1", 0.9, "memory of the gradient"),
            _average("beta2", 0.999, "memory of the squared gradient"),
            _eps(1e-8),
            WEIGHT_DECAY,
        ),
        source="Kingma and Ba 2015, algorithm 1, arXiv:1412.6980; torch.optim.Adam",
        summary="Momentum with a step size of its own for each coordinate.",
    ),
)

OPTIMIZERS = MappingProxyType({optimizer.name: optimizer for optimizer in _ENTRIES})
