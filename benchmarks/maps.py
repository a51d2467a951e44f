"""Maps of many runs: against NumPy, torch and JAX where they are installed, and on the screen."""

import os
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import gdviz_core as core
from benchmarks.clock import medians
from gdviz_core.destinations import destinations
from gdviz_core.maps import Basins, whole

SIDE, STEPS = 512, 1000
GOALS = {"momentum": 0.5, "adam": 1.0}
SHARE = 20  # slow ones take one step of so many
RATES = {"momentum": 0.005, "adam": 0.05}


def starts() -> tuple[np.ndarray, np.ndarray]:
    """The centres of the pixels of Himmelblau's domain."""
    x0, x1, y0, y1 = core.SURFACES["himmelblau"].domain
    xs = x0 + (np.arange(SIDE) + 0.5) * ((x1 - x0) / SIDE)
    ys = y0 + (np.arange(SIDE) + 0.5) * ((y1 - y0) / SIDE)
    x, y = np.meshgrid(xs, ys)
    return x.ravel(), y.ravel()


def _slopes(x, y):
    a, b = x * x + y - 11, x + y * y - 7
    return 4 * x * a + 2 * b, 2 * a + 4 * y * b


def _step(xp, rule: str, t, w, state):
    """One step of a whole batch, for NumPy and JAX."""
    lr = RATES[rule]
    g = xp.stack(_slopes(w[0], w[1]))
    if rule == "momentum":
        b = 0.9 * state[0] + g
        return w - lr * b, (b, state[1])
    m, v = 0.9 * state[0] + 0.1 * g, 0.999 * state[1] + 0.001 * g * g
    root = xp.sqrt(v) / xp.sqrt(1 - 0.999**t) + 1e-8
    return w - lr / (1 - 0.9**t) * m / root, (m, v)


def in_numpy(rule: str, steps: int) -> np.ndarray:
    """All runs as one array."""
    w = np.stack(starts())
    state = (np.zeros_like(w), np.zeros_like(w))
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            w, state = _step(np, rule, t, w, state)
    return w


def in_torch(rule: str, steps: int) -> np.ndarray:
    """All runs as one batch of torch.optim, with automatic gradients."""
    import torch

    w = torch.tensor(np.stack(starts()), requires_grad=True)
    if rule == "momentum":
        optimizer: torch.optim.Optimizer = torch.optim.SGD([w], lr=RATES[rule], momentum=0.9)
    else:
        optimizer = torch.optim.Adam([w], lr=RATES[rule])
    for _ in range(steps):
        optimizer.zero_grad()
        x, y = w
        ((x * x + y - 11) ** 2 + (x + y * y - 7) ** 2).sum().backward()
        optimizer.step()
    return w.detach().numpy()


def in_jax(rule: str) -> Callable[[], np.ndarray]:
    """All runs through vmap of automatic gradients, compiled as one loop."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(w):
        return (w[0] ** 2 + w[1] - 11) ** 2 + (w[0] + w[1] ** 2 - 7) ** 2

    gradient = jax.vmap(jax.grad(loss), in_axes=1, out_axes=1)

    def body(t, carry):
        w, m, v = carry
        g, lr = gradient(w), RATES[rule]
        if rule == "momentum":
            m = 0.9 * m + g
            return w - lr * m, m, v
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        root = jnp.sqrt(v) / jnp.sqrt(1 - 0.999**t) + 1e-8
        return w - lr / (1 - 0.9**t) * m / root, m, v

    @jax.jit
    def run(w):
        zero = jnp.zeros_like(w)
        return jax.lax.fori_loop(1, STEPS + 1, body, (w, zero, zero))[0]

    w = jnp.stack([jnp.asarray(part) for part in starts()])
    return lambda: np.asarray(run(w))


def against_others() -> None:
    """512 by 512 starts on Himmelblau's surface."""
    surface = core.SURFACES["himmelblau"]
    where = destinations(surface)
    print(f"\n{SIDE} x {SIDE} starts by {STEPS} steps on Himmelblau, seconds")
    for rule, goal in GOALS.items():
        optimizer = core.OPTIMIZERS[rule](lr=RATES[rule])
        question = Basins(surface, optimizer, (SIDE, SIDE), STEPS, surface.domain, where)
        every_step = Basins(surface, optimizer, (SIDE, SIDE), STEPS, surface.domain, where,
                            conditions={"tolerance": 0.0})  # fmt: skip
        calls: dict[str, Callable[[], object]] = {
            "gdviz, basin map": partial(whole, question),
            "gdviz, no run ends early": partial(whole, every_step),
        }
        calls["NumPy"] = partial(in_numpy, rule, STEPS // SHARE)
        others: dict[str, Callable[[], Callable[[], object]]] = {
            "torch batch": partial(partial, in_torch, rule, STEPS // SHARE),
            "JAX vmap": partial(in_jax, rule),
        }
        missing = []
        for name, make in others.items():
            try:
                __import__(name.split()[0].lower())
            except ImportError:
                missing.append(name.split()[0])
            else:
                calls[name] = make()
        found = medians(calls, 3)
        first = found["gdviz, basin map"]
        for name, seconds in found.items():
            seconds *= SHARE if name in ("NumPy", "torch batch") else 1
            words = ""
            if name == "gdviz, basin map":
                words = f"   {goal} s: {'yes' if seconds < goal else 'NO'}"
            print(f"{rule:10}{name:28}{seconds:9.3f}{seconds / first:9.1f}x{words}")
        if missing:
            print(f"({' and '.join(missing)} not installed)")


def on_the_screen() -> None:
    """From a change to the first coarse map, and to the whole one."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt6.QtWidgets import QApplication

    from gdviz.app.document import Origin
    from gdviz.views.basins import BasinsView
    from gdviz.views.sweep import SweepView
    from gdviz.window import make_window

    app = QApplication.instance() or QApplication([])
    window = make_window()
    window.resize(1440, 900)
    window.show()
    document = window.document

    def until(ready: Callable[[], bool]) -> float:
        begun = time.perf_counter()
        while not ready() and time.perf_counter() < begun + 60:
            app.processEvents()
            time.sleep(0.0005)
        return 1e3 * (time.perf_counter() - begun)

    window.choose_layout("maps")
    until(lambda: document.critical is not None)
    print("\nfrom a change of the learning rate to the map on the screen, ms: first, whole")
    for title, kind, racer in (
        ("basins, momentum", BasinsView, 1), ("basins, Adam", BasinsView, 3),
        ("hyper-parameters, momentum", SweepView, 1), ("hyper-parameters, Adam", SweepView, 3),
    ):  # fmt: skip
        window.show_panel("Basins" if kind is BasinsView else "Hyper-parameters")
        document.select(racer=racer)
        survey = window.views[kind].survey
        until(lambda s=survey: not s.busy and bool(s.sheets) and s.sheets[0] is not None)
        firsts, wholes = [], []
        for number in range(7):
            racers = list(document.experiment.racers)
            name = "lr" if kind is BasinsView else "weight_decay"
            value = racers[racer].values[name]
            racers[racer] = racers[racer].with_value(name, value * 1.01 + 1e-6 * number)
            before = survey.sheets[0]
            begun = time.perf_counter()
            document.edit("rate", racers=tuple(racers))
            until(lambda s=survey, b=before: s.sheets[0] is not b)
            firsts.append(1e3 * (time.perf_counter() - begun))
            until(lambda s=survey: not s.busy)
            wholes.append(1e3 * (time.perf_counter() - begun))
        first, whole_map = float(np.median(firsts)), float(np.median(wholes))
        shape = survey.sheets[0].question.shape
        words = f"50 ms: {'yes' if first < 50 else 'NO'}"
        print(f"{title:30}{first:9.1f}{whole_map:9.0f}   {shape[1]} x {shape[0]}   {words}")
    document.settle(Origin(document.experiment))
    window.close()


def main() -> None:
    against_others()
    on_the_screen()
