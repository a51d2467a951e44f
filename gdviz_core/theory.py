"""What theory says of an optimizer on a quadratic: where it is stable, where it does not swing.

Along an eigenvector of the Hessian with eigenvalue h, the rules here repeat a linear map; its
eigenvalues z solve z^2 - T z + P = 0. It is stable if and only if both are within the unit circle,
|P| < 1 and |T| < 1 + P, and swings if they are complex, T^2 < 4 P.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gdviz_core.optimizer import Optimizer
from gdviz_core.optimizers import OPTIMIZERS
from gdviz_core.surface import Array

Values = Mapping[str, Any]


def _gd(v: Values, h: float) -> tuple[Any, Any]:
    return 1 - v["lr"] * (h + v["weight_decay"]), 0.0


def _momentum(v: Values, h: float) -> tuple[Any, Any]:
    rate = v["lr"] * (1 - v.get("dampening", 0.0))
    return 1 + v["momentum"] - rate * (h + v.get("weight_decay", 0.0)), v["momentum"]


def _nesterov(v: Values, h: float) -> tuple[Any, Any]:
    rest = 1 - v["lr"] * (h + v.get("weight_decay", 0.0))
    return (1 + v["momentum"]) * rest, v["momentum"] * rest


def _particle(v: Values, h: float) -> tuple[Any, Any]:
    with np.errstate(all="ignore"):
        lr, kept = v["dt"] ** 2 / v["mass"], 1 - v["friction"] * v["dt"] / v["mass"]
    return 1 + kept - lr * h, kept


# Polyak 1964; Lessard, Recht and Packard 2016, arXiv:1408.3595, section 4; Goh 2017,
# doi:10.23915/distill.00006. weight_decay counts as curvature: it is a quadratic's slope.
_LINEAR: dict[str, Callable[[Values, float], tuple[Any, Any]]] = {
    "gd": _gd, "momentum": _momentum, "heavy_ball": _momentum, "nesterov": _nesterov,
    "nesterov_lookahead": _nesterov, "particle": _particle,
}  # fmt: skip
_RULES = {OPTIMIZERS[name].rule: linear for name, linear in _LINEAR.items()}


def is_linear(optimizer: Any) -> bool:
    """Whether there is a theory of an optimizer here."""
    return isinstance(optimizer, Optimizer) and optimizer.rule in _RULES


def _map(optimizer: Optimizer, curvature: float, varied: Mapping[str, ArrayLike]) -> Any:
    values: dict[str, Any] = {**optimizer.values}
    values.update((name, np.asarray(value, np.float64)) for name, value in varied.items())
    shape = np.broadcast_shapes(*(np.shape(v) for v in values.values()))
    trace, product = _RULES[optimizer.rule](values, curvature)
    return np.broadcast_to(trace, shape), np.broadcast_to(product, shape)


def stability(optimizer: Optimizer, curvature: float, **varied: ArrayLike) -> Array:
    """How far hyper-parameters are from the border of stability: positive within, 0 on it.

    `curvature` is an eigenvalue of the Hessian, `varied` are arrays that broadcast. Raises KeyError
    for an optimizer that is not linear.
    """
    trace, product = _map(optimizer, curvature, varied)
    return np.minimum(1 - np.abs(product), 1 + product - np.abs(trace))


def damping(optimizer: Optimizer, curvature: float, **varied: ArrayLike) -> Array:
    """Positive where a run creeps, negative where it swings, 0 where it is critically damped.

    A real but negative eigenvalue swings, too: from side to side at each step.
    """
    trace, product = _map(optimizer, curvature, varied)
    return trace * np.abs(trace) - 4 * product
