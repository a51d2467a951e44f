"""CSV that reads back bit for bit, and files that are the old one or the new one."""

import contextlib
import csv
import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace

import numpy as np
import pytest

from gdviz import compute, export, session
from gdviz.experiment import Experiment
from gdviz.racer import Racer

EXPERIMENT = Experiment(
    "himmelblau",
    starts=((-1.0, 2.0), (0.1, 1 / 3)),
    steps=50,
    racers=(
        Racer("adam", {"lr": 0.05}, 'Adam, "the" first'),
        Racer("momentum", {"lr": 0.5}),
        Racer("gd", on=False),
    ),
)


@pytest.fixture
def race():
    return compute.finish(compute.race(EXPERIMENT))


def write(race, path):
    return compute.finish(export.trajectories(race, path))


def same(text, value):
    return text != "" and (float(text) == value or (np.isnan(value) and np.isnan(float(text))))


def test_every_number_reads_back_as_it_was(race, tmp_path):
    path, _ = write(race, tmp_path / "race.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [*export.COLUMNS, "m_x", "m_y", "v_x", "v_y", "b_x", "b_y"]
    at = 0
    for lane, t in enumerate(race.trajectories):
        racer, number = EXPERIMENT.running[lane // 2], lane % 2
        for i in range(len(t)):
            row, at = rows[at], at + 1
            assert (row["racer"], row["optimizer"]) == (racer.name, racer.optimizer)
            assert (row["start"], row["step"]) == (str(number + 1), str(i))
            assert (float(row["start_x"]), float(row["start_y"])) == EXPERIMENT.starts[number]
            for name, value in (
                ("x", t.x[i]), ("y", t.y[i]), ("loss", t.loss[i]), ("grad_x", t.grad_x[i]),
                ("grad_y", t.grad_y[i]), ("grad_norm", np.hypot(t.grad_x[i], t.grad_y[i])),
                ("lr", racer.values["lr"]),
            ):  # fmt: skip
                assert same(row[name], value), (name, row[name], value)
            for name in ("m_x", "m_y", "v_x", "v_y", "b_x", "b_y"):
                if name in t.state:
                    assert same(row[name], t.state[name][i])
                else:
                    assert row[name] == ""
    assert at == len(rows)
    assert any(t.status == "diverged" for t in race.trajectories)


def test_the_file_is_rfc_4180(race, tmp_path):
    path, _ = write(race, tmp_path / "race.csv")
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert b'"Adam, ""the"" first",adam,1,' in data


def test_the_experiment_lies_beside_it(race, tmp_path):
    _, beside = write(race, tmp_path / "race.csv")
    assert beside.name == "race.experiment.json"
    assert session.read(beside).experiment == EXPERIMENT


def test_an_ending_is_added_once(race, tmp_path):
    path, _ = write(race, tmp_path / "out")
    assert path == tmp_path / "out.csv"
    with pytest.raises(export.SaveError, match=r"\.json is for the experiment"):
        write(race, tmp_path / "out.json")


def test_an_abandoned_export_leaves_the_old_file(race, tmp_path):
    path = tmp_path / "race.csv"
    path.write_text("old")
    work = export.trajectories(race, path)
    next(work)
    work.close()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["race.csv"]


def refused(path, part):
    with pytest.raises(export.SaveError, match=part):
        export.save(path, "new")


def test_targets_that_cannot_be_written(tmp_path):
    refused(tmp_path / "no" / "such" / "x.csv", "no such folder")
    refused(tmp_path, "it is a folder")
    refused("/dev/full", "not a regular file")
    refused(tmp_path / ("x" * 252 + ".csv"), "too long")
    refused(tmp_path / "a\0b", "NUL")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    refused(tmp_path / "loop", "symbolic link|regular file")
    assert sorted(os.listdir(tmp_path)) == ["loop"]


@pytest.mark.parametrize("name", ["ü中😀.csv", "x" * 251 + ".csv", "a b.csv", "-x.csv"])
def test_unusual_names_are_fine(tmp_path, name):
    export.save(tmp_path / name, "new")
    assert (tmp_path / name).read_text() == "new"


@pytest.mark.parametrize("name", ["CON.csv", "aux.png", "COM1.gif", "a.csv.", "a:b.csv", "nul"])
def test_names_that_windows_reserves(name):
    with pytest.raises(export.SaveError, match="name"):
        export.check_name(name, windows=True)
    export.check_name(name, windows=False)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_failing_disk_leaves_the_old_file(tmp_path, monkeypatch, number):
    path = tmp_path / "x.csv"
    path.write_text("old")

    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    words = {errno.ENOSPC: "no space left", errno.EIO: "error"}
    refused(path, words.get(number, "cannot be written to"))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.csv"]


def test_a_folder_that_vanishes_while_writing(race, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    work = export.trajectories(race, folder / "race.csv")
    next(work)
    shutil.rmtree(folder)
    with pytest.raises(export.SaveError, match="cannot write"):
        compute.finish(work)
    assert not folder.exists()


def test_two_exports_to_one_file_leave_one_of_them(race, tmp_path):
    path = tmp_path / "race.csv"
    first, second = export.trajectories(race, path), export.trajectories(race, path)
    next(first)
    next(second)
    compute.finish(second)
    whole = path.read_bytes()
    compute.finish(first)
    assert path.read_bytes() == whole
    assert sorted(os.listdir(tmp_path)) == ["race.csv", "race.experiment.json"]


def test_a_full_disk_for_real(tmp_path):
    """The kernel refuses to write on, as a full disk does; the limit is this process's own."""
    path = tmp_path / "x.csv"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(export.SaveError, match="File too large"):
            export.save(path, "new" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.csv"]


@contextlib.contextmanager
def as_nobody():
    """Root may write everywhere, so root becomes somebody else for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_read_only_folder():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.csv")
        with open(path, "w") as file:
            file.write("old")
        os.chmod(folder, 0o555)
        with as_nobody():
            refused(path, "cannot be written to")
        os.chmod(folder, 0o755)
        assert os.listdir(folder) == ["x.csv"]
        with open(path) as file:
            assert file.read() == "old"


def test_links_and_permissions_stay(tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    export.save(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640
    twin = tmp_path / "twin.csv"
    os.link(real, twin)
    export.save(real, "newer")  # the new file is another one: the twin keeps what it had
    assert (real.read_text(), twin.read_text()) == ("newer", "new")
    mask = os.umask(0o027)
    export.save(tmp_path / "fresh.csv", "new")
    os.umask(mask)
    assert (tmp_path / "fresh.csv").stat().st_mode & 0o777 == 0o640


KILLED = """
import sys
from gdviz import export
old, new = "o" * 3_000_000, "n" * 3_000_000
print("ready", flush=True)
while True:
    export.save(sys.argv[1], old)
    export.save(sys.argv[1], new)
"""


def test_a_kill_at_any_time_leaves_a_whole_file(tmp_path):
    path = tmp_path / "x.csv"
    for wait in (0.0, 0.01, 0.02, 0.03, 0.05, 0.08):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, cwd=os.getcwd()
        )
        process.stdout.readline()
        time.sleep(0.02 + wait)
        process.kill()
        process.communicate()
        assert path.read_text() in ("o" * 3_000_000, "n" * 3_000_000)


def test_floats_are_exact_whatever_they_are(tmp_path):
    bits = np.random.default_rng(3).integers(0, 2**63, 4000).view(np.float64)
    odd = [5e-324, 1.7976931348623157e308, 0.1, -0.0, np.nan, np.inf, -np.inf]
    values = np.concatenate([odd, bits])
    race = compute.finish(compute.race(replace(EXPERIMENT, steps=1, starts=((0.0, 0.0),))))
    t = replace(race.trajectories[0], x=values, y=values, loss=values, grad_x=values,
                grad_y=values, step=np.arange(len(values)), lr=values, state={})  # fmt: skip
    one = replace(race, trajectories=[t])
    path, _ = write(one, tmp_path / "race.csv")
    with path.open(newline="") as file:
        read = np.array([float(row["loss"]) for row in csv.DictReader(file)])
    same_bits = read.view(np.int64) == values.view(np.int64)
    assert (same_bits | (np.isnan(read) & np.isnan(values))).all()
