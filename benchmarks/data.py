"""Losses on data against NumPy, and against torch where it is installed."""

from functools import partial

import numpy as np

import gdviz_core as core
from benchmarks.clock import medians
from gdviz_core.models import MODELS
from gdviz_core.table import Table

ROWS = 1460
MANY = 100_000
BATCH = 64


def table(rows: int) -> Table:
    """A line with noise, standardised, and classes."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=rows)
    y = 0.7 * x + 0.7 * rng.normal(size=rows)
    return Table.of({"x": x, "y": y, "label": (y > 0).astype(float)})


def surface(model: str, rows: int) -> core.Surface:
    """A loss of the catalogue on such a table."""
    chosen = MODELS[model]
    formula, _, variables, _ = chosen.fitted(("x",), "label" if chosen.score else "y")
    return core.Surface.from_formula(formula, (-2, 2, -2, 2), variables=variables,
                                     parameters=chosen.parameters, table=table(rows))  # fmt: skip


def maps(size: int = 256) -> None:
    """The map of a loss: every point a mean over all rows."""
    print(f"map of {size} x {size} points over {ROWS:,} rows, ms (engine: {core.ENGINE})")
    print(f"{'':22}{'gdviz':>9}{'NumPy':>9}{'ratio':>8}   wanted")
    xs = np.linspace(-2, 2, size)
    for model in ("linear", "huber", "logistic", "neuron_tanh", "two_layers"):
        s = surface(model, ROWS)
        assert s.table is not None
        x, y, label = s.table.columns

        def plain(model: str = model, x=x, y=y, label=label) -> np.ndarray:
            found = np.empty((size, size))
            for j, b in enumerate(xs):  # a row of the map at once: all of it would be 0.8 GB
                if model == "two_layers":
                    found[j] = np.mean((b * np.tanh(xs[:, None] * x) - y) ** 2, axis=1)
                    continue
                line = xs[:, None] * x + b
                if model == "logistic":
                    loss = np.maximum(line, 0) - label * line + np.log1p(np.exp(-np.abs(line)))
                elif model == "huber":
                    off = np.abs(line - y)
                    loss = np.where(off < 1, 0.5 * off * off, off - 0.5)
                elif model == "neuron_tanh":
                    loss = (np.tanh(line) - label) ** 2
                else:
                    loss = (line - y) ** 2
                found[j] = loss.mean(axis=1)
            return found

        np.testing.assert_allclose(s.grid(xs, xs), plain(), rtol=1e-10)
        found = medians({"gdviz": partial(s.grid, xs, xs), "NumPy": plain}, 3)
        ours, theirs = (1e3 * seconds for seconds in found.values())
        wanted = f"100 ms: {'yes' if ours < 100 else 'NO'}" if model == "linear" else ""
        print(f"{model:22}{ours:9.1f}{theirs:9.1f}{theirs / ours:7.1f}x   {wanted}")


def descents(steps: int = 10_000) -> None:
    """Mini-batch descent on many rows."""
    print(f"\n{steps:,} steps with batches of {BATCH} of {MANY:,} rows, us a step")
    s = surface("linear", MANY)
    assert s.table is not None
    x, y, _ = s.table.columns
    batches = core.Batches(MANY, BATCH, 0)
    rows = [batches.rows_of(1), batches.epoch(0)]
    order = rows[1]
    gd = core.OPTIMIZERS["gd"](lr=0.01)

    def ours(every: int) -> core.Trajectory:
        return core.descend(s, gd, (1.0, 1.0), steps, batch=BATCH, every=every, tolerance=0.0)

    def plain(limit: int = 1000) -> np.ndarray:
        w = np.array([1.0, 1.0])
        for step in range(limit):
            at = step * BATCH % (MANY - BATCH)
            part = order[at : at + BATCH]
            off = w[0] * x[part] + w[1] - y[part]
            w = w - 0.01 * np.array([np.mean(2 * off * x[part]), np.mean(2 * off)])
        return w

    calls = {"gdviz, every 100th recorded": partial(ours, 100),
             "gdviz, every step recorded": partial(ours, 1), "NumPy": plain}  # fmt: skip
    counts = dict.fromkeys(calls, steps) | {"NumPy": 1000}
    try:
        import torch
    except ImportError:
        print("(torch is not installed)")
    else:
        data = torch.tensor(np.stack([x, y]))

        def theirs(limit: int = 1000) -> None:
            w = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
            optimizer = torch.optim.SGD([w], lr=0.01)
            for step in range(limit):
                at = step * BATCH % (MANY - BATCH)
                part = data[:, order[at : at + BATCH]]
                optimizer.zero_grad()
                ((w[0] * part[0] + w[1] - part[1]) ** 2).mean().backward()
                optimizer.step()

        calls["torch.optim.SGD"], counts["torch.optim.SGD"] = theirs, 1000
    found = medians(calls, 3)
    first = next(iter(found.values())) / steps
    for name, seconds in found.items():
        each = seconds / counts[name]
        verdict = ""
        if name.endswith("every step recorded"):
            verdict = f"   1 s for all: {'yes' if seconds < 1 else 'NO'} ({seconds:.2f} s)"
        print(f"{name:30}{1e6 * each:9.2f}{each / first:9.1f}x{verdict}")


def main() -> None:
    maps()
    descents()
