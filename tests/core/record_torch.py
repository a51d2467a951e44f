"""Records the reference runs in torch_trajectories.json; needs torch, the tests do not.

python tests/core/record_torch.py
"""

import json
from pathlib import Path

import torch

STEPS = 50
SURFACES = {
    "rosenbrock": (lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, (-1.5, 2.0)),
    "himmelblau": (lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, (-0.35, -0.9)),
    "styblinski_tang": (
        lambda x, y: (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y) / 2, (0.5, 1.2)),
    "rastrigin": (
        lambda x, y: 20 + x**2 + y**2
        - 10 * (torch.cos(2 * torch.pi * x) + torch.cos(2 * torch.pi * y)), (3.4, -2.6)),
}  # fmt: skip
BETAS = {"betas": (0.8, 0.95)}
OURS = {"beta1": 0.8, "beta2": 0.95}
WD, WD_ = {"weight_decay": 0.1}, {"weight_decay": 0.1}
DECOUPLED = {"decoupled_weight_decay": True}
DECOUPLED_ = {"decoupled_weight_decay": 1}
# (our optimizer, our values, torch's class, its arguments); those with lr None run at SMALL
SMALL = {"rosenbrock": 5e-4, "himmelblau": 4e-3, "styblinski_tang": 5e-3, "rastrigin": 1e-3}
RUNS = [
    ("gd", {}, "SGD", {}),
    ("gd", WD, "SGD", WD_),
    ("momentum", {}, "SGD", {"momentum": 0.9}),
    ("momentum", {"momentum": 0.5, "dampening": 0.9}, "SGD", {"momentum": 0.5, "dampening": 0.9}),
    ("momentum", WD, "SGD", {"momentum": 0.9, **WD_}),
    ("nesterov", {}, "SGD", {"momentum": 0.9, "nesterov": True}),
    ("nesterov", {"momentum": 0.5, **WD}, "SGD", {"momentum": 0.5, "nesterov": True, **WD_}),
    ("adagrad", {"lr": 0.5}, "Adagrad", {"lr": 0.5}),
    ("adagrad", {"lr": 0.5, "lr_decay": 0.1, "initial_accumulator_value": 0.1, "eps": 1e-3},
     "Adagrad", {"lr": 0.5, "lr_decay": 0.1, "initial_accumulator_value": 0.1, "eps": 1e-3}),
    ("adagrad", {"lr": 0.5, **WD}, "Adagrad", {"lr": 0.5, **WD_}),
    ("adadelta", {"lr": 1.0}, "Adadelta", {"lr": 1.0}),
    ("adadelta", {"lr": 2.0, "rho": 0.8, "eps": 1e-4, **WD},
     "Adadelta", {"lr": 2.0, "rho": 0.8, "eps": 1e-4, **WD_}),
    ("rmsprop", {"lr": 0.01}, "RMSprop", {"lr": 0.01}),
    ("rmsprop", {"lr": 0.01, "centered": 1}, "RMSprop", {"lr": 0.01, "centered": True}),
    ("rmsprop", {"lr": 0.002, "momentum": 0.9, "alpha": 0.9, "eps": 1e-3},
     "RMSprop", {"lr": 0.002, "momentum": 0.9, "alpha": 0.9, "eps": 1e-3}),
    ("rmsprop", {"lr": 0.002, "momentum": 0.5, "centered": 1, **WD},
     "RMSprop", {"lr": 0.002, "momentum": 0.5, "centered": True, **WD_}),
    ("adam", {"lr": 0.05}, "Adam", {"lr": 0.05}),
    ("adam", {"lr": 0.05, **OURS, "eps": 1e-3}, "Adam", {"lr": 0.05, **BETAS, "eps": 1e-3}),
    ("adam", {"lr": 0.05, **WD}, "Adam", {"lr": 0.05, **WD_}),
    ("amsgrad", {"lr": 0.05}, "Adam", {"lr": 0.05, "amsgrad": True}),
    ("amsgrad", {"lr": 0.05, **OURS, **WD}, "Adam", {"lr": 0.05, "amsgrad": True, **BETAS, **WD_}),
    ("amsgrad", {"lr": 0.05, **WD, **DECOUPLED_}, "AdamW", {"lr": 0.05, "amsgrad": True, **WD_}),
    ("adamw", {"lr": 0.05}, "AdamW", {"lr": 0.05}),
    ("adamw", {"lr": 0.05, **OURS, "eps": 1e-3, **WD},
     "AdamW", {"lr": 0.05, **BETAS, "eps": 1e-3, **WD_}),
    ("adamax", {"lr": 0.05}, "Adamax", {"lr": 0.05}),
    ("adamax", {"lr": 0.05, **OURS, "eps": 1e-3, **WD},
     "Adamax", {"lr": 0.05, **BETAS, "eps": 1e-3, **WD_}),
    ("nadam", {"lr": 0.05}, "NAdam", {"lr": 0.05}),
    ("nadam", {"lr": 0.05, **OURS, "momentum_decay": 0.1, **WD},
     "NAdam", {"lr": 0.05, **BETAS, "momentum_decay": 0.1, **WD_}),
    ("nadam", {"lr": 0.05, **WD, **DECOUPLED_}, "NAdam", {"lr": 0.05, **WD_, **DECOUPLED}),
    ("radam", {}, "RAdam", {}),
    ("radam", {**OURS, **WD}, "RAdam", {**BETAS, **WD_}),
    ("radam", {**WD, **DECOUPLED_}, "RAdam", {**WD_, **DECOUPLED}),
    ("rprop", {"lr": 0.01}, "Rprop", {"lr": 0.01}),
    ("rprop", {"lr": 0.01, "etaminus": 0.3, "etaplus": 1.5, "step_min": 1e-3, "step_max": 0.1},
     "Rprop", {"lr": 0.01, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.1)}),
    ("asgd", {}, "ASGD", {}),
    ("asgd", {"lambd": 0.1, "alpha": 0.5, "t0": 10, **WD},
     "ASGD", {"lambd": 0.1, "alpha": 0.5, "t0": 10, **WD_}),
]  # fmt: skip


def run(surface, name, options):
    loss, start = SURFACES[surface]
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    options = {"lr": SMALL[surface], **options}
    if name not in ("Adagrad", "Adadelta"):
        options["foreach"] = False
    optimizer = getattr(torch.optim, name)([w], **options)
    points = [w.tolist()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(w[0], w[1]).backward()
        optimizer.step()
        points.append(w.tolist())
    return points


def main():
    # NAdam and ASGD keep some of their state in the default type
    torch.set_default_dtype(torch.float64)
    recorded = [
        {"surface": surface, "optimizer": ours, "values": {"lr": SMALL[surface], **values},
         "torch": f"{name}({', '.join(f'{k}={v}' for k, v in options.items())})",
         "points": run(surface, name, options)}
        for surface in SURFACES for ours, values, name, options in RUNS
    ]  # fmt: skip
    text = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in recorded)
    target = Path(__file__).with_name("torch_trajectories.json")
    target.write_text(f'{{"torch":"{torch.__version__}","runs":[\n{text}\n]}}\n')


if __name__ == "__main__":
    main()
