"""The command line as a user or a script meets it."""

import csv
import json
import signal
import subprocess
import sys

import numpy as np
import pytest

import gdviz_core as core
from gdviz import __version__, cli, scene
from tests import hostile

NO_SCREEN = {"DISPLAY": None, "WAYLAND_DISPLAY": None, "QT_QPA_PLATFORM": None}


def test_the_example_of_the_help(gdviz, tmp_path):
    command = (
        "race himmelblau --start -1,2 --start 0,0 --optimizer adam:lr=0.05 "
        "--optimizer momentum --steps 500 --csv race.csv"
    )
    done = gdviz(*command.split(), env=NO_SCREEN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("converged to the minimum at (") == 4
    with (tmp_path / "race.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    t = core.descend(core.SURFACES["himmelblau"], core.OPTIMIZERS["adam"](lr=0.05), (-1, 2), 500)
    mine = [r for r in rows if r["optimizer"] == "adam" and r["start"] == "1"]
    np.testing.assert_array_equal([float(r["x"]) for r in mine], t.x)
    np.testing.assert_array_equal([float(r["v_y"]) for r in mine], t.state["v_y"])
    beside = json.loads((tmp_path / "race.experiment.json").read_text())
    assert beside["experiment"]["starts"] == [[-1.0, 2.0], [0.0, 0.0]]


def test_a_formula_with_defaults(gdviz):
    done = gdviz("race", "--domain", "-2,2,-2,2", "--", "-exp(-x^2 - y^2)")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "Gradient", "Momentum", "RMSprop", "Adam"]  # fmt: skip


@pytest.mark.parametrize("what", ["surfaces", "optimizers"])
def test_lists_name_everything(capsys, what):
    assert cli.main(["list", what]) == 0
    out = capsys.readouterr().out
    for name in core.SURFACES if what == "surfaces" else core.OPTIMIZERS:
        assert f"\n{name}" in f"\n{out}"


def test_version_and_help(capsys):
    for option, part in (("--version", f"gdviz {__version__}"), ("--help", "examples:")):
        with pytest.raises(SystemExit) as end:
            cli.main([option])
        assert end.value.code == 0
        assert part in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["race"], "FORMULA"),
        (["race", "x^2 + * y"], "column 7"),
        (["race", "ackley", "--start", "1;2"], "'1;2' is not of the form X,Y"),
        (["race", "ackley", "--start", "nan,1"], "must be finite"),
        (["race", "ackley", "--optimizer", "adam:lr=0"], "lr must be greater than 0"),
        (["race", "ackley", "--optimizer", "adam:lr"], "key=value"),
        (["race", "ackley", "--optimizer", "adam:lr=0,1"], "key=value"),
        (["race", "ackley", "--optimizer", "adam:speed=1"], "no hyper-parameter speed"),
        (["race", "ackley", "--optimizer", "adamm"], "no optimizer 'adamm'"),
        (["race", "ackley", "--steps", "-5"], "steps must be at least 0"),
        (["race", "ackley", "--steps", "many"], "invalid int value"),
        (["race", "ackley", "--tolerance", "nan"], "tolerance"),
        (["race", "ackley", "--domain", "1,0,0,1"], "from low to high"),
        (["race", "__import__('os').getpid()"], "column"),
        (["list", "cats"], "invalid choice"),
        (["nonsense"], "invalid choice"),
        (["race", "himelblau"], "did you mean the surface himmelblau"),
        (["race", "ackley", "--optimizer", "adam:self=1"], "no hyper-parameter self"),
        (["race", "ackley", "--optimizer", "adam:optimizer=1"], "no hyper-parameter optimizer"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(capsys, arguments, part):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert part in error
    assert error.count("\n") == 1


def test_a_file_that_cannot_be_written_is_exit_code_1(gdviz, tmp_path):
    (tmp_path / "folder").mkdir()
    done = gdviz("race", "ackley", "--csv", "folder")
    assert done.returncode == 0  # the ending makes it a file beside the folder
    done = gdviz("race", "ackley", "--csv", "no/such/race.csv")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no such folder" in done.stderr


USAGE = [c for c in hostile.cases("cli") if c["input"]["argv"] and "setup" not in c["input"]]


@pytest.mark.parametrize("case", USAGE, ids=lambda case: case["id"])
def test_hostile_command_line(gdviz, case):
    argv = [a if isinstance(a, str) else hostile.text(a) for a in case["input"]["argv"]]
    done = gdviz(*argv, env={**NO_SCREEN, **case["input"].get("env", {})})
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 1
    # a bare file name is no command here; `gdviz open FILE` is
    assert done.returncode == case["expected"].get("exit_code", 2)


def test_without_a_display_it_names_the_race(gdviz):
    done = gdviz(env=NO_SCREEN)
    assert done.returncode == 2
    assert done.stderr == cli.NO_DISPLAY + "\n"


def test_a_display_that_does_not_answer_is_no_display(gdviz):
    done = gdviz(env={**NO_SCREEN, "DISPLAY": ":4711"})
    assert (done.returncode, done.stderr) == (2, cli.NO_DISPLAY + "\n")


def test_somebody_elses_json_is_not_replaced(gdviz, tmp_path):
    (tmp_path / "data.json").write_text("mine")
    (tmp_path / "data.experiment.json").write_text("mine")
    for name, part in (("data.csv", "not an experiment"), ("", "missing"), ("x.json", ".json is")):
        done = gdviz("race", "ackley", "--csv", name)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert part in done.stderr
    assert (tmp_path / "data.json").read_text() == "mine"
    assert (tmp_path / "data.experiment.json").read_text() == "mine"


def test_a_wide_domain_still_has_a_learning_rate(gdviz):
    assert gdviz("race", "x^2+y^2", "--domain", "-1e15,1e15,-1e15,1e15").returncode == 0


def test_output_that_cannot_be_written_is_one_line(gdviz):
    import subprocess

    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gdviz", "list", "surfaces"], stdout=full,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_numbers_are_the_same_in_every_locale(gdviz, tmp_path):
    files = []
    for i, name in enumerate(("C", "de_DE.UTF-8", "tr_TR.UTF-8")):
        gdviz("race", "peaks", "--csv", f"{i}.csv", env={"LC_ALL": name})
        files.append((tmp_path / f"{i}.csv").read_bytes())
    assert files[0] == files[1] == files[2]


def test_opening_what_is_not_there_is_one_line(gdviz):
    for name in ("gone.json", "a\nb.json", "-x.json"):
        done = gdviz("open", "--", name, env={"QT_QPA_PLATFORM": "offscreen"})
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "no such file" in done.stderr


WINDOWS = [
    {"LC_ALL": "C"}, {"HOME": None}, {"XDG_STATE_HOME": "/proc/nothing"},
]  # fmt: skip


@pytest.mark.parametrize("env", WINDOWS, ids=str)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_window_opens_anywhere_and_ends_on_a_signal(tmp_path, env, number):
    import os

    variables = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.getcwd(), **env}
    variables = {name: value for name, value in variables.items() if value is not None}
    code = (
        "import sys; from PyQt6.QtCore import QTimer; from gdviz.window import program as window\n"
        "make = window.make_window\n"
        "def tell(*a):\n"
        "    QTimer.singleShot(300, lambda: print('open', flush=True)); return make(*a)\n"
        "window.make_window = tell\n"
        "sys.exit(window.run())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=variables, cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == "open\n"
    process.send_signal(number)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in error


def test_a_budget_in_evaluations_gives_costly_optimizers_fewer_steps(gdviz, tmp_path):
    command = (
        "race himmelblau --start 0,0 --optimizer gd:lr=1e-5 --optimizer sam:lr=1e-5 "
        "--evaluations 60 --csv race.csv"
    )
    done = gdviz(*command.split())
    assert done.returncode == 0, done.stderr
    rows = (tmp_path / "race.csv").read_text().splitlines()[1:]
    steps = [row.split(",")[1] for row in rows]
    assert steps.count("gd") == 61
    assert steps.count("sam") == 31
    both = gdviz("race", "himmelblau", "--steps", "5", "--evaluations", "60")
    assert both.returncode == 2
    assert "not allowed with" in both.stderr


def test_the_self_check_tells_versions_and_passes(gdviz):
    done = gdviz("--self-check")
    assert done.returncode == 0, done.stdout + done.stderr
    scenes = f"{len(scene.shipped())} are there"
    for part in ("engine", "numpy", "PyQt6", "race: as computed by hand", scenes,
                 "all is well"):  # fmt: skip
        assert part in done.stdout


def test_rules_and_python_files_and_numbers_race_from_the_command_line(gdviz, tmp_path):
    from gdviz import library
    from gdviz.own import Number, OwnRule

    rule = OwnRule("Mine", "w = w - lr*g", (Number("lr", 0.01, 0.0, 1.0),))
    (tmp_path / "mine.json").write_text(library.dump(rule))
    (tmp_path / "mine.py").write_text(
        "class Mine:\n    lr = 0.01\n    def step(self, w, surface):\n"
        "        return w - self.lr * surface.gradient(w)\n"
    )
    done = gdviz(
        "race", "x^2 + k*y^2:k=3", "--start", "1,1", "--optimizer", "gd:lr=0.01",
        "--rule", "mine.json", "--python", "mine.py", "--steps", "50", "--csv", "race.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ends = [line.split(";")[1] for line in done.stdout.splitlines() if ";" in line]
    assert len(ends) == 3
    assert len(set(ends)) == 1  # the same to the last digit shown
    # a saved experiment runs its Python file only when it is named
    saved = tmp_path / "race.experiment.json"
    refused = gdviz("render", str(saved), "--csv", "again.csv")
    assert refused.returncode == 0
    assert (tmp_path / "again.csv").read_text().count("\n") < 120
    gdviz("render", str(saved), "--python", "mine.py", "--csv", "whole.csv")
    assert (tmp_path / "whole.csv").read_text() == (tmp_path / "race.csv").read_text()
    gdviz("render", str(saved), "--python", "mine.py", "--script", "race.py")
    script = (tmp_path / "race.py").read_text()
    assert "foreign.allow" in script
    wrong = gdviz("race", "x^2", "--rule", "race.py")
    assert wrong.returncode == 2
