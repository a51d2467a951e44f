"""Every optimizer that has a name, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gdviz_core.external import External
from gdviz_core.minimize import SCIPY
from gdviz_core.optimizer import Optimizer
from gdviz_core.optimizers import OPTIMIZERS

KNOWN: Mapping[str, Optimizer | External] = MappingProxyType({**OPTIMIZERS, **SCIPY})


def find(name: str) -> Optimizer | External:
    """The optimizer of a name: one of KNOWN, "torch_" and a class of torch.optim, or "python:" and
    a file.

    Raises ValueError for a name that is none.
    """
    if name in KNOWN:
        return KNOWN[name]
    if name.startswith("torch_"):
        from gdviz_core.torched import of_torch

        return of_torch(name)
    from gdviz_core.foreign import PREFIX, PythonOptimizer

    if name.startswith(PREFIX):
        return PythonOptimizer(name)
    raise ValueError(
        f"there is no optimizer {name[:40]!r}; the names are: {', '.join(KNOWN)}, "
        f"torch_ with the name of a class of torch.optim, and {PREFIX} with a Python file "
        "(--python on the command line)"
    )
