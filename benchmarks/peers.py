"""The core beside its peers: NumPy, numexpr, Numba, JAX, optax, torch, ensmallen, SciPy.

    python -m benchmarks.peers [--quick] [--markdown FILE]

All run on one core, in float64, interleaved in one process (ensmallen in one of its own); the
figures are medians in nanoseconds for a point and step, and ratios to ours. A peer that is not
installed is left out, and named. Gradients are exact everywhere: symbolic for NumPy, numexpr,
Numba, ensmallen and torch.compile, automatic for JAX, optax and torch.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import sympy

import gdviz_core as core
from benchmarks.clock import medians
from gdviz_core import OPTIMIZERS, SURFACES, engine

MISSING: list[str] = []
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
STARTS = {"himmelblau": (0.3, 0.9), "rosenbrock": (-1.2, 1.0), "ackley": (2.3, -1.7)}
RATES = {("himmelblau", "gd"): 1e-4, ("rosenbrock", "adam"): 1e-4, ("himmelblau", "adam"): 1e-3,
         ("rosenbrock", "momentum"): 1e-5, ("ackley", "adam"): 1e-2}  # fmt: skip


def has(name: str) -> bool:
    """Whether a peer is installed; those that are not are named at the end."""
    if find_spec(name) is None:
        if name not in MISSING:
            MISSING.append(name)
        return False
    return True


# the work in the language of each peer


def symbolic(surface: core.Surface) -> tuple[str, list[str]]:
    """(assignments of shared parts, [value, gx, gy]) of a surface as Python text."""
    x, y = sympy.symbols("x y", real=True)
    given = {name: sympy.Float(value) for name, value in surface.values.items()}
    text = surface.formula.replace("^", "**")
    loss = sympy.sympify(text, locals={"x": x, "y": y, "e": sympy.E, **given})
    parts, results = sympy.cse([loss, loss.diff(x), loss.diff(y)], optimizations="basic")
    parts = [(name, part.evalf(17)) for name, part in parts]
    lines = "\n".join(f"    {name} = {sympy.pycode(part)}" for name, part in parts)
    return lines, [sympy.pycode(result.evalf(17)) for result in results]


RULES = {
    "gd": ("", "x = x - lr*gx; y = y - lr*gy"),
    "momentum": ("bx = 0*x; by = 0*x",
                 "bx = b1*bx + gx; by = b1*by + gy; x = x - lr*bx; y = y - lr*by"),
    "adam": ("mx = 0*x; my = 0*x; vx = 0*x; vy = 0*x; p1 = 1.0 + 0*b1; p2 = 1.0",
             "p1 = p1*b1; p2 = p2*0.999; c = M.sqrt(1 - p2);"
             "mx = b1*mx + (1 - b1)*gx; my = b1*my + (1 - b1)*gy;"
             "vx = 0.999*vx + 0.001*gx*gx; vy = 0.999*vy + 0.001*gy*gy;"
             "x = x - lr/(1 - p1)*mx/(M.sqrt(vx)/c + 1e-8);"
             "y = y - lr/(1 - p1)*my/(M.sqrt(vy)/c + 1e-8)"),
}  # fmt: skip


def functions(surface: core.Surface, rule: str, module: str) -> dict:
    """Python functions evaluate(x, y) and run(x, y, lr, b1, steps) over a module's functions."""
    lines, (value, gx, gy) = symbolic(surface)
    begin, step = RULES[rule]

    def indent(text: str, by: int) -> str:
        return "\n".join(" " * by + part.strip() for part in text.split(";") if part.strip())

    source = f"""
def evaluate(x, y):
{lines}
    return {value}, {gx}, {gy}

def gradient(x, y):
{lines}
    return {gx}, {gy}

def run(x, y, lr, b1, steps):
{indent(begin, 4)}
    for t in range(steps):
        gx, gy = gradient(x, y)
{indent(step, 8)}
    return x, y

def record(x, y, lr, b1, steps, out):
{indent(begin, 4)}
    for t in range(steps):
        f, gx, gy = evaluate(x, y)
        out[t, 0] = x; out[t, 1] = y; out[t, 2] = f; out[t, 3] = gx; out[t, 4] = gy
{indent(step, 8)}
    return x, y
"""
    source = source.replace("math.", "M.")
    scope: dict = {}
    exec(f"import {module} as M\n{source}", scope)  # our own text
    return scope


def numba_functions(surface: core.Surface, rule: str) -> dict:
    import numba

    scope = functions(surface, rule, "math")
    for name in ("evaluate", "gradient", "run", "record"):
        scope[name] = numba.njit(scope[name], error_model="numpy")
    many = """
def grid(xs, ys, out):
    for j in range(len(ys)):
        for i in range(len(xs)):
            out[0, j, i], out[1, j, i], out[2, j, i] = evaluate(xs[i], ys[j])

def many(x, y, lr, b1, steps):
    for k in range(len(x)):
        x[k], y[k] = run(x[k], y[k], lr[k], b1[k], steps)
"""
    exec(many, scope)
    return {**scope, **{name: numba.njit(scope[name]) for name in ("grid", "many")}}


def jax_run(surface: core.Surface, rule: str, steps: int, optimizer: Callable | None = None):
    """A jitted run over arrays of lanes; with `optimizer`, by optax."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    text = re.sub(r"\b(sqrt|exp|cos|sin|log)\b", r"jnp.\1", surface.formula.replace("^", "**"))
    scope = {"jnp": jnp, "pi": np.pi, "e": np.e, **surface.values}
    loss = eval(f"lambda w: (lambda x, y: {text})(w[0], w[1])", scope)  # our own text
    gradient = jax.vmap(jax.grad(loss))
    if optimizer is None:
        plain = functions(surface, rule, "jax.numpy")
        source = {"begin": RULES[rule][0], "step": RULES[rule][1]}

        def run(x, y, lr, b1):
            local = {"x": x, "y": y, "b1": b1, "M": jnp, "lr": lr}
            exec(source["begin"], local)
            names = [n for n in ("x", "y", "bx", "by", "mx", "my", "vx", "vy", "p1", "p2")
                     if n in local]  # fmt: skip

            def body(_, carry):
                now = dict(zip(names, carry, strict=True))
                g = gradient(jnp.stack([now["x"], now["y"]], axis=1))
                now |= {"gx": g[:, 0], "gy": g[:, 1], "lr": lr, "b1": b1, "M": jnp}
                exec(source["step"], now)
                return tuple(now[n] for n in names)

            start = tuple(jnp.asarray(local[n], jnp.float64) for n in names)
            return jax.lax.fori_loop(0, steps, body, start)[:2]

        del plain
        return jax.jit(run)

    def run_optax(x, y, lr, b1):
        w, o = jnp.stack([x, y], axis=1), optimizer(lr[0], b1[0])

        def body(_, carry):
            import optax

            w, state = carry
            updates, state = o.update(gradient(w), state)
            return optax.apply_updates(w, updates), state

        return jax.lax.fori_loop(0, steps, body, (w, o.init(w)))[0]

    return jax.jit(run_optax)


def jax_grid(surface: core.Surface):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    text = re.sub(r"\b(sqrt|exp|cos|sin|log)\b", r"jnp.\1", surface.formula.replace("^", "**"))
    scope = {"jnp": jnp, "pi": np.pi, "e": np.e, **surface.values}
    loss = eval(f"lambda x, y: {text}", scope)  # our own text
    both = jax.vmap(jax.vmap(jax.value_and_grad(loss, (0, 1)), (0, None)), (None, 0))
    return jax.jit(both)


def torch_optimizer(rule: str, w, lr: float):
    import torch

    if rule == "adam":
        return torch.optim.Adam([w], lr=lr)
    return torch.optim.SGD([w], lr=lr, momentum=0.9 if rule == "momentum" else 0.0)


def torch_run(surface: core.Surface, rule: str, x, y, lr: float, steps: int) -> None:
    import torch

    text = re.sub(r"\b(sqrt|exp|cos|sin|log)\b", r"torch.\1", surface.formula.replace("^", "**"))
    scope = {"torch": torch, "pi": np.pi, "e": np.e, **surface.values}
    loss = eval(f"lambda x, y: {text}", scope)  # our own text
    w = torch.tensor(np.stack([x, y]), dtype=torch.float64, requires_grad=True)
    optimizer = torch_optimizer(rule, w, lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(w[0], w[1]).sum().backward()
        optimizer.step()


def torch_compiled(surface: core.Surface, rule: str, x, y, lr, b1):
    """A compiled step over tensors of lanes, applied `steps` times."""
    import torch

    lines, (_, gx, gy) = symbolic(surface)
    begin, step = RULES[rule]
    names = [part.split("=")[0].strip() for part in begin.split(";") if part.strip()]
    carried = ", ".join(["x", "y", *names])
    body = "\n".join(f"    {part.strip()}" for part in step.split(";"))
    source = f"def step({carried}, lr, b1):\n{lines}\n    gx, gy = {gx}, {gy}\n{body}\n"
    source = source.replace("math.", "M.") + f"    return {carried}\n"
    scope: dict = {"M": torch}
    exec(source, scope)  # our own text
    compiled = torch.compile(scope["step"])
    tensors = {"x": torch.tensor(x), "y": torch.tensor(y), "lr": torch.tensor(lr),
               "b1": torch.tensor(b1)}  # fmt: skip

    def run(steps: int) -> None:
        local = dict(tensors)
        exec(begin, local)
        carry = tuple(torch.as_tensor(local[n]) for n in ("x", "y", *names))
        for _ in range(steps):
            carry = compiled(*carry, tensors["lr"], tensors["b1"])

    run(2)
    return run


def ensmallen(surface: core.Surface, rule: str, lr: float, start, steps: int) -> float | None:
    """Nanoseconds of a step, or None where it is not installed."""
    include = os.environ.get("ENSMALLEN_INCLUDE", "/usr/include")
    if not (Path(include) / "ensmallen.hpp").exists() or shutil.which("g++") is None:
        if "ensmallen" not in MISSING:
            MISSING.append("ensmallen")
        return None
    x, y = sympy.symbols("x y", real=True)
    given = {name: sympy.Float(value) for name, value in surface.values.items()}
    loss = sympy.sympify(surface.formula.replace("^", "**"),
                         locals={"x": x, "y": y, "e": sympy.E, **given})  # fmt: skip
    codes = [sympy.ccode(part.evalf(17)) for part in (loss, loss.diff(x), loss.diff(y))]
    defines = [f"-D{name}={code}" for name, code in zip(("VALUE", "GX", "GY"), codes, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "run"
        subprocess.run(
            ["g++", "-std=c++17", "-O3", "-march=native", "-DARMA_DONT_USE_WRAPPER",
             "-DARMA_NO_DEBUG", f"-I{include}", *defines, "-o", program,
             Path(__file__).with_name("ensmallen.cpp")], check=True)  # fmt: skip
        out = subprocess.run(
            [program, rule, repr(lr), *map(repr, start), str(steps)],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    return statistics.median(float(line.split()[0]) for line in out.splitlines()[1:])


# the clock


def measure(candidates: dict[str, tuple[Callable, float]], rounds: int) -> dict[str, float]:
    """The median time of each in nanoseconds for a unit of its work, interleaved."""
    seconds = medians({name: call for name, (call, _) in candidates.items()}, rounds)
    return {name: seconds[name] / units * 1e9 for name, (_, units) in candidates.items()}


Table = dict[str, dict[str, float]]  # work: library: nanoseconds


def report(title: str, results: dict[str, float], table: Table) -> None:
    """Print a line of figures and keep them."""
    ours = results["gdviz"]
    cells = [f"{name} {value:.3g} ({value / ours:.3g}x)" for name, value in results.items()
             if name != "gdviz"]  # fmt: skip
    print(f"{title}: gdviz {ours:.3g} ns; " + ", ".join(cells), flush=True)
    table[title] = results


def markdown(table: Table) -> str:
    """The figures as a table, those of others as multiples of ours."""
    names = list(dict.fromkeys(name for results in table.values() for name in results))[1:]
    lines = ["| work | gdviz, ns | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for title, results in table.items():
        ours = results["gdviz"]
        cells = [f"{results[name] / ours:.3g}" if name in results else "" for name in names]
        lines.append(f"| {title} | {ours:.3g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write(path: Path, table: Table) -> None:
    """Put the table between the marks of a Markdown file."""
    text = path.read_text() if path.exists() else f"{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{markdown(table)}\n{END}{after}")


def grids(table: Table, rounds: int, n: int) -> None:
    xs = np.linspace(-3, 3, n)
    mx, my = np.meshgrid(xs, xs)
    for name in ("himmelblau", "rosenbrock", "ackley", "rastrigin"):
        surface = SURFACES[name]
        out = np.empty((3, n, n))
        tape = surface.tape("gradient")
        plain = engine.Tape(surface.program("gradient"), surface.values.values(), False)
        candidates: dict = {
            "gdviz": (lambda t=tape: engine.grid(t, xs, xs, out), n * n),
            "gdviz interpreted": (lambda t=plain: engine.grid(t, xs, xs, out), n * n),
            "NumPy": (lambda f=functions(surface, "gd", "numpy")["evaluate"]: f(mx, my), n * n),
        }
        if has("numexpr"):
            import numexpr

            x, y = sympy.symbols("x y", real=True)
            given = {key: sympy.Float(value) for key, value in surface.values.items()}
            loss = sympy.sympify(surface.formula.replace("^", "**"),
                                 locals={"x": x, "y": y, "e": sympy.E, **given})  # fmt: skip
            texts = [str(part.evalf(17)) for part in (loss, loss.diff(x), loss.diff(y))]
            numexpr.set_num_threads(1)

            def by_numexpr(texts=texts):
                for text in texts:
                    numexpr.evaluate(text, {"x": mx, "y": my, "pi": np.pi, "E": np.e})

            candidates["numexpr"] = (by_numexpr, n * n)
        if has("numba"):
            f = numba_functions(surface, "gd")
            candidates["Numba"] = (lambda f=f: f["grid"](xs, xs, out), n * n)
        if has("jax"):
            both = jax_grid(surface)
            candidates["JAX"] = (lambda b=both: b(xs, xs)[0].block_until_ready(), n * n)
        report(f"1 grid, {name}", measure(candidates, rounds), table)


def one_run(table: Table, rounds: int, steps: int) -> None:
    for name, rule in (("himmelblau", "gd"), ("rosenbrock", "adam")):
        surface, lr, start = SURFACES[name], RATES[name, rule], STARTS[name]
        ours = OPTIMIZERS[rule](lr=lr)
        x, y = (np.array([c]) for c in start)
        short = max(steps // 200, 50)
        candidates: dict = {
            "gdviz": (
                lambda s=surface, o=ours: core.settle(s, o, start, steps, tolerance=0), steps),
            "gdviz interpreted": (
                lambda s=surface, o=ours: core.settle(s, o, start, steps, tolerance=0,
                                                      emitted=False), steps),
            "NumPy": (lambda f=functions(surface, rule, "numpy")["run"]:
                      f(np.float64(start[0]), np.float64(start[1]), lr, 0.9, short), short),
        }  # fmt: skip
        if has("numba"):
            f = numba_functions(surface, rule)
            candidates["Numba"] = (lambda f=f, lr=lr: f["run"](*start, lr, 0.9, steps), steps)
        if has("jax"):
            run = jax_run(surface, rule, steps)
            one = np.array([lr]), np.array([0.9])
            candidates["JAX"] = (lambda r=run, o=one, x=x, y=y: r(x, y, *o)[0].block_until_ready(),
                                 steps)  # fmt: skip
        if has("optax"):
            import optax

            made = {"gd": lambda lr, b1: optax.sgd(lr), "adam": lambda lr, b1: optax.adam(lr, b1)}
            run = jax_run(surface, rule, steps, made[rule])
            candidates["optax"] = (lambda r=run, o=one, x=x, y=y: r(x, y, *o).block_until_ready(),
                                   steps)  # fmt: skip
        if has("torch"):
            candidates["torch.optim"] = (
                lambda s=surface, r=rule, lr=lr, x=x, y=y: torch_run(s, r, x, y, lr, 100),
                100,
            )
        results = measure(candidates, rounds)
        cpp = ensmallen(surface, rule, lr, start, steps)
        if cpp is not None:
            results["ensmallen"] = cpp
        report(f"2 one run, {name}, {rule}", results, table)


def recorded(table: Table, rounds: int, steps: int) -> None:
    surface, starts = SURFACES["ackley"], np.random.default_rng(1).uniform(-4, 4, (10, 2))
    rates = np.geomspace(1e-3, 1e-1, 10)
    racers = [OPTIMIZERS["adam"](lr=rate) for rate in rates]
    units = 100 * steps
    candidates: dict = {
        "gdviz": (lambda: core.race(surface, racers, starts, steps, tolerance=0), units),
    }
    if has("numba"):
        f = numba_functions(surface, "adam")

        def by_numba():
            for rate in rates:
                for x, y in starts:
                    f["record"](x, y, rate, 0.9, steps, np.empty((steps, 5)))

        candidates["Numba"] = (by_numba, units)
    if has("optax"):
        import jax
        import jax.numpy as jnp
        import optax

        text = re.sub(r"\b(sqrt|exp|cos)\b", r"jnp.\1", surface.formula.replace("^", "**"))
        loss = eval(f"lambda w: (lambda x, y: {text})(w[0], w[1])",
                    {"jnp": jnp, "pi": np.pi, "e": np.e})  # our own text  # fmt: skip
        both = jax.vmap(jax.value_and_grad(loss))

        def scan(w, rate):
            o = optax.adam(rate)

            def body(carry, _):
                w, state = carry
                value, g = both(w)
                updates, state = o.update(g, state)
                return (optax.apply_updates(w, updates), state), (w, value, g)

            return jax.lax.scan(body, (w, o.init(w)), None, steps)[1]

        jitted = jax.jit(jax.vmap(scan, (None, 0)))
        candidates["optax"] = (lambda: jitted(starts, rates)[0].block_until_ready(), units)
    if has("torch"):
        candidates["torch.optim"] = (
            lambda: torch_run(surface, "adam", starts[:1, 0], starts[:1, 1], 0.01, 50),
            50,
        )
    numpy_run = functions(surface, "adam", "numpy")["run"]
    candidates["NumPy"] = (lambda: numpy_run(np.float64(2.0), np.float64(1.0), 0.01, 0.9, 100), 100)
    results = measure(candidates, rounds)
    cpp = ensmallen(surface, "adam", 0.01, STARTS["ackley"], steps)
    if cpp is not None:
        results["ensmallen"] = cpp  # without a record
    report("3 race, ackley, adam, recorded", results, table)


def many(table: Table, rounds: int, n: int, steps: int) -> None:
    work = [("4 starts", "himmelblau", "adam"), ("4 starts", "rosenbrock", "momentum"),
            ("4 starts", "ackley", "adam"), ("5 hyper-parameters", "ackley", "adam"),
            ("5 hyper-parameters", "rosenbrock", "momentum")]  # fmt: skip
    for kind, name, rule in work:
        surface, rate = SURFACES[name], RATES[name, rule]
        x0, x1, y0, y1 = surface.domain
        lanes = n * n
        if kind.startswith("4"):
            x, y = (a.ravel() for a in np.meshgrid(np.linspace(x0, x1, n), np.linspace(y0, y1, n)))
            lr, b1 = np.full(lanes, rate), np.full(lanes, 0.9)
            varied = None
        else:
            x, y = (np.full(lanes, c) for c in STARTS[name])
            lr, b1 = (a.ravel() for a in np.meshgrid(np.geomspace(rate / 10, rate, n),
                                                     np.linspace(0, 0.95, n)))  # fmt: skip
            varied = {"lr": lr, "beta1" if rule == "adam" else "momentum": b1}
        starts, ours = np.stack([x, y], axis=1), OPTIMIZERS[rule](lr=rate)
        short = max(steps // 20, 10)

        def settle(threads=1, emitted=True, s=surface, o=ours, w=starts, v=varied):
            core.settle(s, o, w, steps, tolerance=0, hyperparameters=v, threads=threads,
                        emitted=emitted)  # fmt: skip

        candidates: dict = {
            "gdviz": (settle, lanes * steps),
            "gdviz interpreted": (lambda f=settle: f(1, False), lanes * steps),
            "NumPy": (lambda f=functions(surface, rule, "numpy")["run"], a=(x, y, lr, b1):
                      f(*a, short), lanes * short),
        }  # fmt: skip
        if has("numba"):
            f = numba_functions(surface, rule)
            candidates["Numba"] = (
                lambda f=f, a=(x, y, lr, b1): f["many"](a[0].copy(), a[1].copy(), *a[2:], short),
                lanes * short)  # fmt: skip
        if has("jax"):
            run = jax_run(surface, rule, short)
            candidates["JAX"] = (
                lambda r=run, a=(x, y, lr, b1): r(*a)[0].block_until_ready(),
                lanes * short,
            )
        if has("optax") and varied is None:
            import optax

            made = {"momentum": lambda lr, b1: optax.sgd(lr, b1), "adam": optax.adam}
            run = jax_run(surface, rule, short, made[rule])
            candidates["optax"] = (
                lambda r=run, a=(x, y, lr, b1): r(*a).block_until_ready(),
                lanes * short,
            )
        if has("torch"):
            if varied is None:
                candidates["torch.optim"] = (
                    lambda s=surface, r=rule, x=x, y=y, lr=rate: torch_run(s, r, x, y, lr, short),
                    lanes * short)  # fmt: skip
            run = torch_compiled(surface, rule, x, y, lr, b1)
            candidates["torch.compile"] = (lambda r=run: r(short), lanes * short)
        report(f"{kind}, {name}, {rule}", measure(candidates, rounds), table)


def cores(rounds: int, n: int, steps: int) -> None:
    """How much a second core brings; unpinned."""
    starts = np.random.default_rng(0).uniform(-4, 4, (n * n, 2))
    adam = OPTIMIZERS["adam"](lr=1e-3)
    candidates: dict = {
        str(threads): (lambda t=threads: core.settle(SURFACES["ackley"], adam, starts, steps,
                                                     tolerance=0, threads=t), n * n * steps)
        for threads in (1, 2)
    }  # fmt: skip
    results = measure(candidates, rounds)
    print(f"two cores: {results['1'] / results['2']:.2f} times one")


def scipy_run(rounds: int) -> None:
    """One call of scipy.optimize beside one race of the same method's rule."""
    from scipy.optimize import minimize

    surface = SURFACES["rosenbrock"]
    candidates: dict = {
        "ours": (lambda: core.descend(surface, OPTIMIZERS["bfgs"], (-1.2, 1), 100), 1),
        "scipy": (lambda: minimize(lambda w: float(surface.value(*w)), (-1.2, 1), method="BFGS",
                                   jac=lambda w: np.array(surface.gradient(*w))), 1),
    }  # fmt: skip
    results = measure(candidates, rounds)
    print(
        f"a run of BFGS: scipy.optimize takes {results['scipy'] / results['ours']:.3g} times ours"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small work: whether it runs at all")
    parser.add_argument("--markdown", metavar="FILE", help="put the table into this file")
    options = parser.parse_args()
    quick = options.quick
    rounds = 2 if quick else 5
    everywhere = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    cores(rounds, 64 if quick else 256, 50 if quick else 200)
    if everywhere:
        os.sched_setaffinity(0, {min(everywhere)})
    if has("torch"):
        import torch

        torch.set_num_threads(1)
    table: Table = {}
    grids(table, rounds, 100 if quick else 1000)
    one_run(table, rounds, 2000 if quick else 100_000)
    recorded(table, rounds, 100 if quick else 2000)
    many(table, rounds, 32 if quick else 512, 40 if quick else 1000)
    scipy_run(rounds)
    print("left out, not installed:", ", ".join(MISSING) or "nothing", file=sys.stderr)
    if options.markdown:
        write(Path(options.markdown), table)


if __name__ == "__main__":
    main()
