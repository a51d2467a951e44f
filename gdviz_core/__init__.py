"""Surfaces, exact derivatives and optimizers in two dimensions, at the speed of the machine.

    import gdviz_core as core

    t = core.descend(core.SURFACES["himmelblau"], core.OPTIMIZERS["adam"](lr=0.05), (0.0, 0.0))
    print(t.status, len(t), t.x[-1], t.y[-1])

Everything is a formula: surfaces and optimizers are parsed, differentiated and run by one compiled
engine. ENGINE names the kernels in use; the environment variable GDVIZ_ENGINE forces one.
"""

from gdviz_core.conditions import Conditions
from gdviz_core.critical import CriticalPoint, CriticalPoints, critical_points
from gdviz_core.delimited import DataError, read_table
from gdviz_core.descent import (
    TooLarge,
    Trajectory,
    descend,
    race,
)
from gdviz_core.dialect import Format
from gdviz_core.ending import Ending, Rank, rank
from gdviz_core.ends import Ends, settle
from gdviz_core.engine import ENGINE, Progress
from gdviz_core.maps import BasinMap, SweepMap, basin_map, sweep_map
from gdviz_core.minimize import SCIPY
from gdviz_core.models import MODELS
from gdviz_core.optimizer import Optimizer
from gdviz_core.optimizers import OPTIMIZERS
from gdviz_core.parameter import Hyperparameter, Parameter
from gdviz_core.schedule import SCHEDULES, Plateau, Schedule
from gdviz_core.supervised import Batches
from gdviz_core.surface import Cancelled, Surface
from gdviz_core.surfaces import SURFACES
from gdviz_core.table import Table
from gdviz_core.tokenizer import FormulaError
from gdviz_core.torched import TorchOptimizer

__all__ = [
    "ENGINE",
    "MODELS",
    "OPTIMIZERS",
    "SCHEDULES",
    "SCIPY",
    "SURFACES",
    "BasinMap",
    "Batches",
    "Cancelled",
    "Conditions",
    "CriticalPoint",
    "CriticalPoints",
    "DataError",
    "Ending",
    "Ends",
    "Format",
    "FormulaError",
    "Hyperparameter",
    "Optimizer",
    "Parameter",
    "Plateau",
    "Progress",
    "Rank",
    "Schedule",
    "Surface",
    "SweepMap",
    "Table",
    "TooLarge",
    "TorchOptimizer",
    "Trajectory",
    "basin_map",
    "critical_points",
    "descend",
    "race",
    "rank",
    "read_table",
    "settle",
    "sweep_map",
]
