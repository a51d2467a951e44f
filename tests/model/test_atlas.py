"""Large maps from the command line: whole, resumable, bounded, and on a cluster."""

import itertools
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import gdviz_core as core
from gdviz import atlas, maps, session
from gdviz.cli import main
from gdviz.cluster import is_private
from gdviz.compute import finish
from gdviz.experiment import Experiment, enter, first_experiment
from gdviz.export import SaveError
from gdviz.session import Session
from gdviz.tint import Inks, counts_of, packed, point_colours, rgb
from gdviz_core.maps import Basins, tiles, whole

INKS = Inks(("#ff0000", "#00ff00", "#0000ff", "#ffff00"), "#000000",
            np.array([0xFF000000, 0xFFFFFFFF], np.uint32), "#101010", "#808080")  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    """A session of the first experiment, and where its map shall go."""
    path = tmp_path / "race.json"
    path.write_text(session.dump(Session.of(first_experiment())))
    return path, tmp_path / "map.npz"


def arrays(path):
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def test_a_map_in_a_file_is_that_of_the_core(saved, capsys):
    path, out = saved
    assert main(["map", "basins", str(path), "--racer", "2", "--size", "300x200",
                 "--out", str(out)]) == 0  # fmt: skip
    found, experiment = arrays(out), first_experiment()
    b = core.basin_map(experiment.resolved(), experiment.racers[1].configured(), (200, 300),
                       experiment.steps)  # fmt: skip
    np.testing.assert_array_equal(found["minimum"], b.minimum)
    np.testing.assert_array_equal(found["steps"], b.steps)
    np.testing.assert_array_equal(found["x"], b.x)
    np.testing.assert_array_equal(found["points"], b.points)
    said = capsys.readouterr().out
    assert f"{b.shares[0]:7.2%}  minimum (3.000, 2.000)" in said
    assert not atlas.folder_of(out).exists()


def test_a_sweep_in_a_file_is_that_of_the_core(saved):
    path, out = saved
    assert main(["map", "sweep", str(path), "--racer", "2", "--size", "120", "--colour", "end",
                 "--out", str(out)]) == 0  # fmt: skip
    found, experiment = arrays(out), first_experiment()
    assert list(found["axes"]) == ["lr", "momentum"]
    m = core.sweep_map(
        experiment.resolved(), "momentum", experiment.starts[0], experiment.steps,
        lr=found["axis_lr"], momentum=found["axis_momentum"],
    )  # fmt: skip
    np.testing.assert_array_equal(found["loss"], m.loss)
    np.testing.assert_array_equal(found["status_names"][found["codes"]], m.status)


def test_the_picture_is_the_map_from_above_downwards(saved):
    path, out = saved
    out = out.with_suffix(".png")
    order = atlas.Order.of(session.read(path), "basins", (90, 70))
    finish(atlas.compute(order.question, out, side=32))
    finish(atlas.write(order, out, INKS, side=32))
    with Image.open(out) as picture:
        picture.load()
        assert (picture.size, picture.mode) == ((90, 70), "RGB")
        pixels = np.asarray(picture)
    question = order.question
    minimum = whole(question)["minimum"][::-1]
    colours = point_colours(INKS, question.where)
    for number in range(4):
        shown = pixels[minimum == number].astype(float)
        hue = colours[number] > 0
        assert (shown[:, ~hue] == 0).all()  # the same colour, lighter or darker
        assert (shown[:, hue] > 40).all()
    assert (packed(rgb("#123456")[None]) == 0xFF123456).all()


def test_a_stopped_map_goes_on_where_it_was(saved, monkeypatch):
    path, out = saved
    order = atlas.Order.of(session.read(path), "basins", (128, 128))
    work = atlas.compute(order.question, out, side=32)
    while next(work) < 0.5:
        pass
    work.close()
    kept = sorted(file.name for file in atlas.folder_of(out).iterdir())
    assert 8 <= len(kept) - 1 < 16
    computed, real = [], Basins.part

    def part(self, *given, **named):
        computed.append(given)
        return real(self, *given, **named)

    monkeypatch.setattr(Basins, "part", part)
    assert finish(atlas.compute(order.question, out, side=32)) == len(kept) - 1
    assert len(computed) == 16 - (len(kept) - 1)
    monkeypatch.undo()
    finish(atlas.write(order, out, None, side=32))
    for name, values in whole(order.question).items():
        np.testing.assert_array_equal(arrays(out)[name], values)


def test_a_damaged_part_is_computed_again_and_another_map_leaves_it_alone(saved):
    path, out = saved
    order = atlas.Order.of(session.read(path), "basins", (64, 64))
    finish(atlas.compute(order.question, out, side=32))
    folder = atlas.folder_of(out)
    part = folder / "32-0.npz"
    part.write_bytes(part.read_bytes()[:-40])
    with pytest.raises(SaveError, match=r"32-0\.npz is missing or damaged"):
        finish(atlas.write(order, out, None, side=32))
    assert finish(atlas.compute(order.question, out, side=32)) == 3
    other = atlas.Order.of(session.read(path), "basins", (64, 64), racer=2)
    with pytest.raises(SaveError, match="unfinished tiles of another map: delete it, or choose"):
        finish(atlas.compute(other.question, out, side=32))
    finish(atlas.write(order, out, None, side=32))
    np.testing.assert_array_equal(arrays(out)["minimum"], whole(order.question)["minimum"])
    finish(atlas.compute(other.question, out, side=32))  # now it is in nobody's way


def test_a_kept_part_that_cannot_be_is_computed_again(saved):
    path, out = saved
    order = atlas.Order.of(session.read(path), "basins", (64, 64))
    finish(atlas.compute(order.question, out, side=32))
    part = atlas.folder_of(out) / "0-0.npz"
    with np.load(part) as found:
        kept = {name: found[name] for name in found.files}
    kept["minimum"][0, 0] = 1000  # there are not so many points
    np.savez(part, **kept)
    assert finish(atlas.compute(order.question, out, side=32)) == 3


def test_a_stop_in_the_first_moment_is_no_obstacle(saved):
    path, out = saved
    folder = atlas.folder_of(out)
    folder.mkdir()
    (folder / ".gdviz-x1y2").write_text("")  # of a file that was being written
    order = atlas.Order.of(session.read(path), "basins", (16, 16))
    assert finish(atlas.compute(order.question, out)) == 0


def test_a_folder_of_something_else_is_left_alone(saved):
    path, out = saved
    folder = atlas.folder_of(out)
    folder.mkdir()
    (folder / "precious.txt").write_text("mine")
    with pytest.raises(SaveError, match="something else"):
        finish(atlas.compute(atlas.Order.of(session.read(path), "basins", (8, 8)).question, out))
    assert (folder / "precious.txt").read_text() == "mine"


def test_a_map_survives_a_kill(saved):
    path, out = saved
    command = [sys.executable, "-m", "gdviz", "map", "basins", str(path), "--racer", "2",
               "--size", "2000", "--out", str(out)]  # fmt: skip
    process = subprocess.Popen(command)
    folder = atlas.folder_of(out)
    end = time.monotonic() + 30
    while time.monotonic() < end and (not folder.exists() or len(list(folder.iterdir())) < 8):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "went on with" in said
    found = arrays(out)["minimum"]
    order = atlas.Order.of(session.read(path), "basins", (2000, 2000), racer=2)
    question = order.question
    rows, columns = slice(256, 300), slice(1000, 1100)
    np.testing.assert_array_equal(found[rows, columns], question.part(rows, columns)["minimum"])
    assert counts_of(found, len(question.where.points)).sum() == 2000 * 2000


def test_memory_is_that_of_a_row_of_tiles(saved):
    """4096 by 4096 pixels are 370 MB of arrays; the program grows by much less."""
    path, out = saved
    code = (
        "import sys, resource; from gdviz.cli import main; "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "assert main(sys.argv[1:]) == 0; "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    short = replace(first_experiment(), steps=5)
    path.write_text(session.dump(Session.of(short)))
    done = subprocess.run(
        [sys.executable, "-c", code, "map", "basins", str(path), "--size", "4096", "--out",
         str(out)], capture_output=True, text=True, check=True,
    )  # fmt: skip
    grown = int(done.stdout.splitlines()[-1]) / 1024
    assert grown < 160
    with np.load(out) as found:
        assert found["steps"].shape == (4096, 4096)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--racer", "9"], "racer must be from 1 to 6, not 9"),
        (["--colour", "end"], "colour must be minimum or steps or probability, not end"),
        (["--theme", "blue", "--out", "OUT.png"], "theme"),
        (["--heat", "rainbow", "--out", "OUT.png"], "heat"),
        (["--out", "OUT.jpg"], "written as .png or .npz"),
        (["--out", "missing/OUT.png"], "no such folder"),
        (["--size", "40000"], "up to 32768"),
        (["--out", "."], "written as .png or .npz"),
        (["--domain", "1,0,0,1"], "domain: x must run from low to high"),
    ],
)
def test_a_bad_wish_is_named(saved, arguments, part, capsys, tmp_path, monkeypatch):
    path, out = saved
    monkeypatch.chdir(tmp_path)
    given = ["map", "basins", str(path), *arguments]
    if "--out" not in arguments:
        given += ["--out", str(out)]
    assert main(given) == 1
    assert part in capsys.readouterr().err
    assert not out.exists()


def test_what_is_no_rule_has_no_map(saved, capsys):
    path, out = saved
    experiment = first_experiment()
    experiment = replace(experiment, racers=(enter(experiment, "scipy_bfgs"),))
    path.write_text(session.dump(Session.of(experiment)))
    assert main(["map", "basins", str(path), "--out", str(out)]) == 1
    assert "no rule of gdviz" in capsys.readouterr().err


def test_conditions_of_the_race_are_those_of_the_map():
    """Noise, clipping, a schedule: a pixel is the run that the race would show."""
    experiment = first_experiment()
    racer = replace(experiment.racers[0], schedule="cosine", clip=3.0)
    experiment = replace(experiment, racers=(racer,), starts=((1.5, -2.5),), steps=150)
    question = maps.basins(experiment, racer, (12, 12), (1.0, 2.0, -3.0, -2.0))
    part = question.part(slice(5, 7), slice(5, 7))
    run = core.race(
        experiment.resolved(), [racer.configured()],
        [(question.centres[0][5], question.centres[1][6])], 150, schedule="cosine", clip=3.0,
    )[0]  # fmt: skip
    assert (part["x"][1, 0], part["y"][1, 0]) == (run.x[-1], run.y[-1])


def test_the_budget_in_evaluations_and_epochs_holds():
    plain = first_experiment()
    counted = Experiment("himmelblau", starts=((0.0, 0.0),), steps=100, budget="evaluations")
    racer = enter(counted, "nesterov_lookahead")
    assert maps.budget(plain, plain.racers[0]) == 500
    assert maps.budget(counted, racer) == 100 // racer.configured().evaluations


# a cluster


@pytest.fixture(scope="module")
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(*arguments):
    return subprocess.Popen([sys.executable, "-m", "dask", *arguments], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)  # fmt: skip


class Cluster:
    """A scheduler and workers, each a process of its own, all on loopback."""

    def __init__(self, port, workers):
        self.address = f"tcp://127.0.0.1:{port}"
        local = ("--host", "127.0.0.1")
        self.scheduler = started("scheduler", *local, "--port", str(port), "--no-dashboard",
                                 "--no-show")  # fmt: skip
        self.workers = [
            started("worker", self.address, *local, "--nthreads", "1", "--no-dashboard",
                    "--no-nanny", "--local-directory", "/tmp") for _ in range(workers)
        ]  # fmt: skip

    def wait(self):
        import distributed

        with distributed.Client(self.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=60)

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(port):
    made = Cluster(port, 3)
    try:
        made.wait()
        yield made
    finally:
        made.close()


@pytest.mark.filterwarnings("ignore")  # of the library's own threads and sockets
def test_a_cluster_computes_the_same_map_though_a_worker_is_killed(saved, cluster, capsys):
    path, out = saved
    asked = ["map", "basins", str(path), "--racer", "2", "--size", "1500"]
    local = out.with_name("local.npz")
    assert main([*asked, "--out", str(local)]) == 0
    command = [sys.executable, "-m", "gdviz", *asked, "--out", str(out),
               "--scheduler", cluster.address]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    folder, end = atlas.folder_of(out), time.monotonic() + 60
    while time.monotonic() < end and (not folder.exists() or len(list(folder.iterdir())) < 5):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    cluster.workers[0].send_signal(signal.SIGKILL)
    _, problem = process.communicate(timeout=120)
    assert process.returncode == 0, problem
    assert "gdviz map" not in problem  # loopback needs no warning
    assert out.read_bytes() == local.read_bytes()


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_dies_leaves_what_is_finished(saved, cluster):
    path, out = saved
    command = [sys.executable, "-m", "gdviz", "map", "basins", str(path), "--racer", "2", "--size",
               "3000", "--out", str(out), "--scheduler", cluster.address]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    folder, end = atlas.folder_of(out), time.monotonic() + 60
    while time.monotonic() < end and (not folder.exists() or len(list(folder.iterdir())) < 5):
        time.sleep(0.01)
    cluster.scheduler.send_signal(signal.SIGKILL)
    _, problem = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "gdviz map: " in problem.splitlines()[-1]
    assert not out.exists()
    assert len(list(folder.iterdir())) >= 5
    order = atlas.Order.of(session.read(path), "basins", (3000, 3000), racer=2)
    count = len(list(tiles((3000, 3000), atlas.SIDE)))
    *_, there = itertools.islice(atlas.compute(order.question, out), count)  # none is computed yet
    assert there >= 4 / count  # it would go on


def test_a_scheduler_that_does_not_answer(saved, capsys):
    path, out = saved
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        assert main(["map", "basins", str(path), "--size", "64", "--out", str(out), "--scheduler",
                     address]) == 1  # fmt: skip
        assert time.monotonic() - began < 10
    said = capsys.readouterr().err
    assert f"the scheduler at {address} does not answer" in said
    assert not out.exists()


def test_a_plain_connection_to_another_machine_is_warned_of(saved, monkeypatch, capsys):
    monkeypatch.setattr("gdviz.cluster.PATIENCE", 0.2)
    path, out = saved
    given = ["map", "basins", str(path), "--out", str(out), "--scheduler"]
    assert main([*given, "tcp://198.51.100.7:8786"]) == 1
    assert "neither this machine nor TLS" in capsys.readouterr().err
    assert main([*given, "tls://198.51.100.7:8786"]) == 1
    assert "neither" not in capsys.readouterr().err


def test_which_addresses_are_private():
    assert all(map(is_private, ("127.0.0.1:8786", "tcp://127.0.0.1:8786", "tcp://[::1]:8786",
                                "localhost:8786", "tls://example.org:8786")))  # fmt: skip
    assert not any(map(is_private, ("tcp://10.0.0.3:8786", "example.org:8786", "ws://[fe80::1]:1")))


def test_nothing_listens(saved):
    """The program starts no cluster: a map on this machine opens no socket."""
    path, out = saved
    code = (
        "import sys, socket; from gdviz.cli import main\n"
        "def refuse(*_): raise AssertionError('it listens')\n"
        "socket.socket.listen = socket.socket.bind = socket.socket.connect = refuse\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    subprocess.run([sys.executable, "-c", code, "map", "basins", str(path), "--size", "64", "--out",
                    str(out)], check=True, capture_output=True)  # fmt: skip
    assert out.exists()


def test_without_the_library_it_says_what_is_missing(saved, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    path, out = saved
    given = ["map", "basins", str(path), "--out", str(out), "--scheduler", "127.0.0.1:1"]
    assert main(given) == 1
    assert "pip install 'gdviz[cluster]'" in capsys.readouterr().err
