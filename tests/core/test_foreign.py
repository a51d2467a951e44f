"""Optimizers written in Python: their rules, and that nothing they do reaches the program."""

import textwrap
import threading
import time

import numpy as np
import pytest

import gdviz_core as core
from gdviz_core import foreign
from gdviz_core.foreign import PluginError, PythonOptimizer, allow, read
from gdviz_core.known import find
from tests import hostile

BOWL = core.Surface.from_formula("x^2 + 3*y^2")
MOMENTUM = '''
class Heavy:
    """A ball that keeps some of its speed."""

    lr: float = 0.01
    beta = 0.9
    name = "not a number"
    _hidden = 3

    def start(self, w):
        self.b = 0 * w

    def step(self, w, surface):
        self.b = self.beta * self.b + surface.gradient(w)
        return w - self.lr * self.b
'''


@pytest.fixture
def made(tmp_path):
    """Writes a file and gives the optimizer in it, allowed to run unless told otherwise."""

    def make(text, allowed=True):
        path = tmp_path / "mine.py"
        path.write_text(text)
        if allowed:
            allow(read(path).digest)
        return PythonOptimizer(path)

    yield make
    for host in list(foreign._IDLE.values()):
        host.close()
    foreign._IDLE.clear()
    foreign._HUNG.clear()


def step(*lines):
    """A file whose step has these lines."""
    body = textwrap.indent("\n".join(lines), " " * 8)
    return f"class Mine:\n    def step(self, w, surface):\n{body}\n"


def run(optimizer, steps=30, **options):
    (trajectory,) = core.race(BOWL, [optimizer], [(1.0, -2.0)], steps=steps, **options)
    return trajectory


def test_a_class_races_like_the_rule_it_is(made):
    optimizer = made(MOMENTUM)
    assert (optimizer.title, optimizer.summary) == ("Heavy", "A ball that keeps some of its speed.")
    assert optimizer.values == {"lr": 0.01, "beta": 0.9}
    rule = core.OPTIMIZERS["momentum"](lr=0.02, momentum=0.8)
    mine, known = run(optimizer(lr=0.02, beta=0.8)), run(rule)
    assert np.array_equal(mine.x, known.x)
    assert np.array_equal(mine.y, known.y)
    assert np.array_equal(mine.state["b_y"][1:], known.state["b_y"][1:])


def test_value_gradient_and_hessian_are_there_and_counted(made):
    optimizer = made(step(
        "assert surface.value(w) == w[0]**2 + 3*w[1]**2",
        "import numpy as np",
        "return w - np.linalg.solve(surface.hessian(w), surface.gradient(w))",
    ))  # fmt: skip
    newton = run(optimizer)
    assert newton.status == "converged"
    assert newton.steps == 1
    assert newton.spent[-1] == 4  # a value, a gradient and a Hessian


def test_nothing_runs_before_it_was_allowed(made, tmp_path):
    told = tmp_path / "told"
    optimizer = made(f"open({str(told)!r}, 'w').close()\n" + step("return w"), allowed=False)
    assert "not allowed" in run(optimizer).failure
    assert not told.exists()
    allow(read(tmp_path / "mine.py").digest)
    assert run(optimizer).failure == ""
    assert told.exists()
    # another content is another program; what was allowed still runs as it was
    (tmp_path / "mine.py").write_text(step("return 0*w"))
    assert run(optimizer).x[1] == 1.0
    assert "not allowed" in run(find(optimizer.name)).failure


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def step(w): return w", "has no class with a method step"),
        ("class A:\n    pass", "has no class with a method step"),
        ("class A:\n    def step(self, w) return w", r"mine.py, line 2"),
        ("x = " + "(" * 100_000, "mine.py"),
        ("\0", "mine.py"),
    ],
)
def test_a_file_that_is_no_optimizer_is_refused_in_words(made, text, said):
    with pytest.raises(PluginError, match=said):
        made(text)
    with pytest.raises(PluginError, match="there is no such file"):
        PythonOptimizer("nowhere.py")


def test_errors_name_their_line_and_end_only_their_race(made):
    optimizer = made(step("if w[0] < 0.9:", "    raise ValueError('too far')",
                          "return w - 0.01*surface.gradient(w)"))  # fmt: skip
    bad, good = core.race(BOWL, [optimizer, core.OPTIMIZERS["gd"](lr=0.1)], [(1.0, 0.0)], steps=300)
    assert bad.failure == "PluginError: line 4: ValueError: too far"
    assert len(bad) == 7  # 0.98^6 is less than 0.9
    assert good.status == "converged"


def test_an_endless_loop_is_ended_and_costs_its_patience_once(made, monkeypatch):
    monkeypatch.setattr(foreign, "PATIENCE", 0.5)
    optimizer = made(step("while True: pass"))
    began = time.monotonic()
    runs = core.race(BOWL, [optimizer], [(1.0, 0.0)] * 5, steps=3)
    assert all("PluginTimeout" in t.failure for t in runs)
    assert len(runs) == 5
    assert time.monotonic() - began < 5 * 0.5  # with the start of its process


def test_a_step_that_takes_long_can_be_cancelled(made):
    optimizer = made(step("import time; time.sleep(60); return w"))
    progress = core.Progress()
    threading.Timer(0.5, progress.cancel).start()
    with pytest.raises(core.Cancelled):
        run(optimizer, progress=progress)
    assert not foreign._IDLE


def test_every_run_begins_with_nothing_of_the_one_before(made):
    optimizer = made("seen = []\n" + step("seen.append(1)", "return w + len(seen)"))
    first, second = core.race(BOWL, [optimizer], [(1.0, 1.0)] * 2, steps=3)
    assert list(first.x) == list(second.x) == [1.0, 2.0, 4.0, 7.0]


def test_what_it_starts_ends_with_it(made, tmp_path):
    alive = tmp_path / "alive"
    optimizer = made(step(
        "import os, time",
        "if os.fork() == 0:",
        "    while True:",
        f"        open({str(alive)!r}, 'a').write('x')",
        "        time.sleep(0.02)",
        "raise ValueError",
    ))  # fmt: skip
    assert "ValueError" in run(optimizer).failure
    time.sleep(0.2)
    size = alive.stat().st_size if alive.exists() else 0
    time.sleep(0.2)
    assert (alive.stat().st_size if alive.exists() else 0) == size


def test_whole_numbers_stay_whole_and_odd_class_bodies_are_read(made):
    optimizer = made(
        "class Mine:\n    window = 3\n    odd = {1: [2]}\n    huge = 10**2\n    far = 1e999\n"
        "    def step(self, w, surface):\n        return w - 0.1*len(range(self.window))\n"
    )
    assert optimizer.values == {"window": 3.0}
    assert run(optimizer, steps=1).x[1] == pytest.approx(0.7)


CASES = [case for case in hostile.cases("plugin") if "def step(p,g,s)" in case["input"]["plugin"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_hostile_code_ends_its_own_run_alone(made, case, monkeypatch):
    monkeypatch.setattr(foreign, "PATIENCE", 1.0)
    head, body = case["input"]["plugin"].split("def step(p,g,s):")
    body = body.replace("return step(p,g,s)", "return self.step(w, surface)")
    lines = [f"p, g, s = w, surface.gradient(w), vars(self)\n{textwrap.dedent(body).strip()}"]
    mine, other = core.race(
        BOWL, [made(head + step(*"\n".join(lines).split("\n"))), core.OPTIMIZERS["gd"](lr=0.1)],
        [(1.0, -2.0)], steps=300,
    )  # fmt: skip
    assert other.status == "converged"
    if case["expected"]["outcome"] == "reject":
        assert mine.failure.startswith(case["expected"]["error"])
        assert len(mine) == 1
    elif "diverged_shown" in case["expected"]["invariants"]:
        assert mine.status == "diverged"
    else:
        assert mine.failure == ""


def test_the_module_itself_may_fail(made):
    assert "ModuleNotFoundError" in run(made("import no_such_module\n" + step("return w"))).failure


def test_what_it_does_to_numpy_and_its_output_stays_with_it(made):
    optimizer = made("import numpy as np, sys\nnp.seterr(all='raise')\n" + step(
        "print('noise on the standard output')", "sys.stdout.flush()", "w[:] = 0", "return w"
    ))  # fmt: skip
    assert run(optimizer, steps=3).x[1] == 0.0
    with np.errstate(all="ignore"):
        assert np.isinf(np.float64(1.0) / np.float64(0.0))


def test_a_name_of_ours_is_no_danger(made):
    assert made("NAME = 'adam'\n" + step("return w")).name.startswith(foreign.PREFIX)
    assert find("adam") is core.OPTIMIZERS["adam"]
