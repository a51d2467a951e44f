"""Networks in experiments: trainings as races on a plane, other planes, sessions, scripts."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from gdviz import compute, export, fit, laboratory, session
from gdviz.compute import finish
from gdviz.curves import Levels, quantities
from gdviz.experiment import Experiment, enter, first_experiment
from gdviz.inspection import step_of
from gdviz.network import PLANES, on_other_plane
from gdviz.session import Session, SessionError
from gdviz_core.perceptron import Network
from gdviz_core.training import train

SINE = "example:sine.csv"
SMALL = fit.Wanted((5,))


def on(path=SINE, wanted=SMALL, before=None, **changes):
    columns = fit.columns_of(path, wanted)
    table = finish(fit.read(path, columns)).table
    before = Experiment() if before is None else before
    made = fit.experiment(before, table, path, columns, wanted)
    if not made.racers:
        made = replace(made, racers=(enter(made, "adam", lr=0.05), enter(made, "gd", lr=0.1)))
    return replace(made, **changes)


def raced(made):
    return finish(compute.race(made))


def test_runs_are_trainings_of_all_weights_seen_on_the_plane():
    made = on(steps=150, starts=((0.0, 0.0), (0.5, -0.5)))
    data = made.data
    race = raced(made)
    assert len(race.trajectories) == 4
    for lane, t in enumerate(race.trajectories):
        start = made.starts[lane % 2]
        alone = train(data.net, data.table, t.optimizer, data.plane.at(*start), 150)
        assert np.array_equal(t.weights, alone.weights)
        assert np.array_equal(t.loss, alone.loss)
        assert (t.x[0], t.y[0]) == pytest.approx(start)
        assert t.off[0] == pytest.approx(0, abs=1e-12)
        assert t.off[-1] > 0.1  # what the plane does not show
        near = data.plane.at(t.x[-1], t.y[-1])
        assert np.linalg.norm(t.weights[-1] - near) == pytest.approx(t.off[-1])
    assert race.loss[0, -1] < 0.2 * race.loss[0, 0]


def test_the_surface_is_the_loss_on_the_plane():
    made = on()
    surface = made.resolved()
    assert isinstance(surface, Network)
    inputs, target = made.data.table["x"], made.data.table["y"]
    for at in ((0.0, 0.0), (0.7, -0.4)):
        found = made.data.net.predict(made.data.plane.at(*at), inputs[None])
        assert surface.value(*at) == pytest.approx(np.mean((found - target) ** 2), rel=1e-12)


def test_predictions_are_those_of_all_weights_in_the_units_of_the_table():
    made = on(steps=300)
    race = raced(made)
    xs = np.linspace(-3, 3, 50)[None]
    found = fit.predict_run(race, 0, race.last, xs)
    data = made.data
    scaled = data.scale("x").apply(xs)
    plain = data.net.predict(race.trajectories[0].weights[-1], scaled)
    assert found == pytest.approx(data.scale("y").undo(plain))
    on_plane = fit.predict(made, float(race.x[0, -1]), float(race.y[0, -1]), xs)
    assert not np.allclose(found, on_plane)
    assert fit.in_units(made, 0.0, 0.0) == ""


def test_racers_that_cannot_train_are_switched_off_and_refused():
    before = first_experiment()
    newton = replace(enter(before, "newton"), on=True)
    bfgs = replace(enter(before, "scipy_bfgs"), on=True)
    made = on(before=replace(before, racers=(*before.racers[:2], newton, bfgs)))
    assert [racer.on for racer in made.racers] == [True, True, False, False]
    for racer, why in ((made.racers[2], "its rule mixes"), (made.racers[3], "not a rule of ours"),
                       (replace(made.racers[0], clip=1.0), "clipping the norm must be off"),
                       (replace(made.racers[0], schedule="plateau"), "must not wait"),
                       (replace(made.racers[0], way="forward"), "reverse mode")):  # fmt: skip
        with pytest.raises(ValueError, match=why):
            replace(made, racers=(replace(racer, on=True),))


@pytest.mark.parametrize("kind", PLANES)
def test_other_planes_lead_through_the_same_weights(kind):
    made = on(steps=120)
    race = raced(made)
    other, words = on_other_plane(made, kind, 1, 6, 3, race.trajectories)
    assert other.data.plane.centre == made.data.plane.centre
    assert other.starts == ((0.0, 0.0),)
    assert other.resolved().value(0.0, 0.0) == pytest.approx(made.resolved().value(0.0, 0.0))
    again = raced(other)
    assert np.array_equal(again.trajectories[0].weights, race.trajectories[0].weights)
    if kind == "principal":
        assert words.endswith("of what the runs do lies in this plane")
        assert again.trajectories[0].off.max() < 0.6 * race.trajectories[0].off.max()
        x0, x1, y0, y1 = other.domain
        assert x0 < again.x.min() < again.x.max() < x1
        assert y0 < again.y.min() < again.y.max() < y1
    if kind == "weights":
        names = made.data.net.names
        assert other.resolved().variables == ("along u", "along v")
        assert other.data.variables == (names[0], names[5])


def test_a_plane_that_cannot_be_is_named():
    made = on()
    with pytest.raises(ValueError, match="a weight is from 1 to 16, not 99"):
        on_other_plane(made, "weights", 1, 99)
    with pytest.raises(ValueError, match="there are no runs"):
        on_other_plane(made, "principal")
    with pytest.raises(ValueError, match="there is no network"):
        on_other_plane(Experiment(), "random")


def test_the_distance_from_the_plane_is_a_curve_and_a_column(tmp_path):
    race = raced(on(steps=60))
    assert quantities(race)["off"] == "Distance from the plane"
    assert np.array_equal(Levels.of(race, "off").raw[0], race.trajectories[0].off)
    path, beside = finish(export.trajectories(race, tmp_path / "n.csv"))
    lines = path.read_text().splitlines()
    assert lines[0].endswith(",off_plane")
    assert float(lines[31].split(",")[-1]) == race.trajectories[0].off[30]
    assert session.read(beside).experiment == race.experiment


def test_batches_and_epochs_work_for_networks():
    made = on(steps=4, budget="epochs", tolerance=0.0)
    racers = tuple(replace(racer, batch=size) for racer, size in zip(made.racers, (8, None),
                                                                     strict=True))  # fmt: skip
    race = raced(replace(made, racers=racers))
    assert [t.steps for t in race.trajectories] == [4 * 15, 4]
    assert race.epoch(race.last) == 4.0
    assert race.trajectories[0].batch_loss is not None


def test_a_session_with_a_network_is_the_same_again():
    made = on("example:classes.csv", fit.Wanted((4, 3), "sigmoid", "classification", 7))
    assert made.data.classifies
    assert set(made.data.table["label"]) == {0.0, 1.0}
    text = session.dump(Session.of(made))
    opened = session.load(text)
    assert opened.experiment == made
    assert opened.lost == ()
    assert session.dump(opened) == text
    assert session.from_text(session.to_text(Session.of(made))).experiment == made
    with pytest.raises(SessionError, match="the plane has"):
        session.load(text.replace('"hidden": [\n          4,', '"hidden": [\n          5,'))
    with pytest.raises(SessionError, match="net and plane belong together"):
        session.load(text.replace('"plane"', '"plain"'))


def test_a_formula_takes_the_place_of_a_network():
    made = on()
    other = made.on_formula("(a*x + b - y)^2")
    assert (other.data.net, other.data.plane, other.data.variables) == (None, None, ("a", "b"))
    assert other.data.table == made.data.table
    assert made.on_surface("himmelblau").data is None


def test_what_takes_formulas_apart_leaves_networks_alone():
    made = on(steps=20)
    race = raced(made)
    assert step_of(race, 0, 3) is None
    with pytest.raises(ValueError, match="a network has too many parts"):
        laboratory.check(laboratory.of_one_row(made.resolved()))
    assert race.end(0).startswith("out of steps")


def test_a_script_trains_the_same_network_again(tmp_path):
    made = on(steps=40)
    racers = (replace(made.racers[0], batch=16), made.racers[1])
    race = raced(replace(made, racers=racers, own_luck=True))
    file = tmp_path / "train.py"
    file.write_text(export.script(race))
    told = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    for t in race.trajectories:
        assert f"loss {t.loss[-1]:.17g}" in told.stdout


def test_gdviz_fit_trains_networks():
    command = [sys.executable, "-m", "gdviz", "fit", SINE]
    done = subprocess.run([*command, "--hidden", "6", "--optimizer", "adam:lr=0.03"],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split("loss ")[1].split()[0]) < 0.2
    for arguments, message in ((["--hidden", "x"], "not of the form N,N"),
                               (["--hidden", "3", "--model", "linear"], "cannot both be given"),
                               (["--hidden", "3", "--classes"], "must be 0 or 1")):  # fmt: skip
        done = subprocess.run([*command, *arguments], capture_output=True, text=True)
        assert done.returncode == 2
        assert message in done.stderr
