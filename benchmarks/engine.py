"""The engine against NumPy: grids of value and gradient, and many starts at once."""

from functools import partial

import numpy as np

import gdviz_core as core
from benchmarks.clock import medians
from gdviz_core import OPTIMIZERS, SURFACES
from gdviz_core.derivative import gradient
from gdviz_core.expression import parse

NUMPY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative,
    "pow": np.power, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos,
    "abs": np.abs, "inverse": np.reciprocal, "tanh": np.tanh,
}  # fmt: skip
TYPED_ADAM = """
m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g^2
w = w - lr/(1 - beta1^t) * m / (sqrt(v)/sqrt(1 - beta2^t) + eps)
"""
TRANSCENDENTAL = ("rastrigin", "ackley", "peaks")


def numpy_function(formula: str, value: bool = True):
    """Value and gradient (or gradient alone) in NumPy, common parts computed once."""
    graph, loss = parse(formula)
    outputs = [loss] if value else []
    outputs += gradient(graph, loss, ("x", "y"))
    order = graph.reach(outputs)

    def call(x, y):
        known = {}
        for node in order:
            name, *rest = graph.nodes[node]
            if name == "variable":
                known[node] = x if rest[0] == "x" else y
            elif name == "constant":
                known[node] = rest[0]
            else:
                known[node] = NUMPY[name](*(known[operand] for operand in rest))
        return [known[node] for node in outputs]

    return call


def show(name: str, found: dict[str, float], count: int, wanted: float = 0.0) -> None:
    ours, theirs = (1e9 * seconds / count for seconds in found.values())
    verdict = ""
    if wanted:
        verdict = f"   {wanted}x: {'yes' if theirs >= wanted * ours else 'NO'}"
    print(f"{name:34}{ours:9.2f}{theirs:9.2f}{theirs / ours:7.1f}x{verdict}")


def grids(size: int = 1000) -> None:
    print(f"value and gradient on a {size} x {size} grid, ns a point (engine: {core.ENGINE})")
    print(f"{'':34}{'gdviz':>9}{'NumPy':>9}{'ratio':>8}   wanted")
    for surface in SURFACES.values():
        x0, x1, y0, y1 = surface.domain
        xs, ys = np.linspace(x0, x1, size), np.linspace(y0, y1, size)
        ours = partial(surface.grid, xs, ys, gradients=True)
        theirs = partial(numpy_function(surface.formula), *np.meshgrid(xs, ys))
        with np.errstate(all="ignore"):
            found = medians({"gdviz": ours, "NumPy": theirs}, 7)
            np.testing.assert_allclose(ours()[0], theirs()[0], rtol=1e-9, atol=1e-9)
        show(surface.name, found, size * size, 5 if surface.name in TRANSCENDENTAL else 1)


def numpy_gd(slope, x, y, steps, lr):
    for _ in range(steps):
        gx, gy = slope(x, y)
        x, y = x - lr * gx, y - lr * gy
    return x, y


def numpy_momentum(slope, x, y, steps, lr, momentum=0.9):
    bx, by = np.zeros((2, len(x)))
    for _ in range(steps):
        gx, gy = slope(x, y)
        bx, by = momentum * bx + gx, momentum * by + gy
        x, y = x - lr * bx, y - lr * by
    return x, y


def numpy_adam(slope, x, y, steps, lr, b1=0.9, b2=0.999, eps=1e-8):
    mx, my, vx, vy = np.zeros((4, len(x)))
    for t in range(1, steps + 1):
        gx, gy = slope(x, y)
        mx, my = b1 * mx + (1 - b1) * gx, b1 * my + (1 - b1) * gy
        vx, vy = b2 * vx + (1 - b2) * gx**2, b2 * vy + (1 - b2) * gy**2
        size, root = lr / (1 - b1**t), np.sqrt(1 - b2**t)
        x = x - size * mx / (np.sqrt(vx) / root + eps)
        y = y - size * my / (np.sqrt(vy) / root + eps)
    return x, y


LOOPS = {"gd": numpy_gd, "momentum": numpy_momentum, "adam": numpy_adam}
RUNS = (
    ("himmelblau", "gd", 0.008), ("styblinski_tang", "gd", 0.02), ("peaks", "gd", 0.02),
    ("six_hump_camel", "gd", 0.03), ("rastrigin", "gd", 0.002), ("zirilli", "gd", 0.4),
)  # fmt: skip
LONG_RUNS = (
    ("himmelblau", "adam", 0.05), ("rosenbrock", "momentum", 0.0002), ("ackley", "adam", 0.05),
)  # fmt: skip


def tiled_starts(domain, side=256, tile=16):
    """A grid of starts, in tiles: neighbours share a block and so end at about the same time."""
    x0, x1, y0, y1 = domain
    x, y = np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side))
    shape = (side // tile, tile, side // tile, tile)
    return [a.reshape(shape).swapaxes(1, 2).ravel() for a in (x, y)]


def many_starts(runs, tolerance: float, wanted: float, steps: int = 200) -> None:
    print(f"{'':34}{'gdviz':>9}{'NumPy':>9}{'ratio':>8}" + ("   wanted" if wanted else ""))
    for name, optimizer, lr in runs:
        surface = SURFACES[name]
        x, y = tiled_starts(np.array(surface.domain) * 0.9)
        racer = OPTIMIZERS[optimizer](lr=lr)
        ours = partial(core.settle, surface, racer, np.stack([x, y], 1), steps, tolerance=tolerance)
        slope = numpy_function(surface.formula, value=False)
        theirs = partial(LOOPS[optimizer], slope, x, y, steps, lr)
        with np.errstate(all="ignore"):
            found = medians({"gdviz": ours, "NumPy": theirs}, 3)
            ends, (end_x, end_y) = ours(), theirs()
        settled = ends.status == "converged"
        apart = np.hypot(ends.x - end_x, ends.y - end_y)[settled]
        assert apart.size == 0 or apart.max() < 1e-3, "the two do not end at the same places"
        show(f"{name}, {optimizer}: {settled.mean():.0%} settle", found, len(x) * steps, wanted)


def single() -> None:
    print("\none recorded run of 1,000 steps: ns a step, and us to start one")
    for name in ("gd", "adam"):
        run = partial(core.descend, SURFACES["himmelblau"], OPTIMIZERS[name](lr=1e-5), (1.0, 1.0))
        found = medians({"long": partial(run, 1000), "none": partial(run, 0)}, 30)
        per_step = (found["long"] - found["none"]) / 1000
        print(f"himmelblau, {name:22}{per_step * 1e9:9.0f}{found['none'] * 1e6:9.0f}")


def typed() -> None:
    formulas = iter(f"sin(3*x)*cos(2*y) + 0.1*(x^2 + y^2) + {i}" for i in range(10_000))

    def ready():
        surface = core.Surface.from_formula(next(formulas))
        surface.gradient(0.0, 0.0)
        surface.hessian(0.0, 0.0)

    milliseconds = 1e3 * medians({"typed": ready}, 50)["typed"]
    print(f"\nfrom a typed formula to its gradient and Hessian at a point: {milliseconds:.2f} ms"
          f"   wanted 5: {'yes' if milliseconds <= 5 else 'NO'}")  # fmt: skip
    print("\nwhat is typed, interpreted, against the same compiled: 16,384 starts by 200 steps")
    print(f"{'':34}{'compiled':>9}{'typed':>9}{'ratio':>8}   wanted at most")
    adam = core.Optimizer.from_rule(TYPED_ADAM, lr=0.05, beta1=0.9, beta2=0.999, eps=1e-8)
    for name in ("himmelblau", "rosenbrock", "ackley", "rastrigin", "peaks"):
        surface = SURFACES[name]
        starts = np.stack(tiled_starts(np.array(surface.domain) * 0.9, 128), 1)
        polynomial = name in ("himmelblau", "rosenbrock")
        for title, shipped, mine, most in (
            ("gd", OPTIMIZERS["gd"](lr=1e-4), None, 2.5 if polynomial else 1.5),
            ("momentum", OPTIMIZERS["momentum"](lr=1e-4), None, 2.5 if polynomial else 1.5),
            ("a typed Adam", OPTIMIZERS["adam"](lr=0.05), adam, 2.5),
        ):
            run = partial(core.settle, surface, starts=starts, steps=200, tolerance=0.0)
            found = medians({
                "compiled": partial(run, optimizer=shipped),
                "typed": partial(run, optimizer=mine or shipped, emitted=mine is not None),
            }, 5)  # fmt: skip
            if mine is None:
                ends = [run(optimizer=shipped, emitted=e) for e in (True, False)]
                assert np.array_equal(ends[0].x, ends[1].x, equal_nan=True)
            ratio = found["typed"] / found["compiled"]
            ours, theirs = (1e9 * t / len(starts) / 200 for t in found.values())
            print(f"{name + ', ' + title:34}{ours:9.2f}{theirs:9.2f}{ratio:7.2f}x   {most}: "
                  f"{'yes' if ratio <= most else 'NO'}")  # fmt: skip


def main() -> None:
    grids()
    print(
        "\nbasin-like: 65,536 starts by 200 steps, ns a start and step; gdviz leaves settled ones"
    )
    many_starts(RUNS, 1e-6, 10)
    print("\nthe same where nothing is left early")
    many_starts(LONG_RUNS, 0.0, 0)
    single()
    typed()
