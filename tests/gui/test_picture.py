"""Pictures, films and scripts, opened by other programs."""

import itertools
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image
from PyQt6.QtCore import QSize
from PyQt6.QtPdf import QPdfDocument

from gdviz import cli, compute, export, session
from gdviz.display import Display
from gdviz.experiment import Experiment, enter, first_experiment
from gdviz.racer import Racer
from gdviz.session import Session
from gdviz.shot import VIEWS, Film, Shot

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("session") / "race.json"
    experiment = replace(first_experiment(), steps=60)
    path.write_text(session.dump(Session.of(experiment, Display(fade=False))))
    return path


def render(saved, *options):
    """In a process of its own, as users do: Qt reads its platform and scale only once."""
    done = subprocess.run(
        [sys.executable, "-m", "gdviz", "render", str(saved), *map(str, options)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done


@pytest.fixture(scope="module")
def made(saved, tmp_path_factory):
    """Everything that can be made of one session."""
    folder = tmp_path_factory.mktemp("made")
    files = {kind: folder / f"race.{kind}" for kind in ("png", "svg", "pdf", "gif", "mp4")}
    options = [f"--{kind}={path}" for kind, path in files.items()]
    done = render(saved, *options, "--size=640x420", "--scale=1.5", "--seconds=2", "--fps=10",
                  "--view=map", "--view=surface", "--caption=Which <minimum> & why?")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return files


def test_a_png_has_the_size_that_was_asked_for_and_shows_the_race(made):
    image = Image.open(made["png"]).convert("RGB")
    assert image.size == (960, 630)
    pixels = np.asarray(image).reshape(-1, 3).astype(int)
    for colour in ((0x52, 0xBD, 0xF7), (0xFE, 0xA5, 0x18)):  # of gradient descent and momentum
        assert (np.abs(pixels - colour).max(axis=1) < 12).sum() > 100


def test_an_svg_is_xml_with_text_and_trails_as_such(made):
    root = ElementTree.parse(made["svg"]).getroot()
    assert root.tag == f"{SVG}svg"
    words = " ".join(text for node in root.iter(f"{SVG}text") for text in node.itertext())
    assert "Which <minimum> & why?" in words
    assert "Gradient descent" in words
    assert root.findtext(f"{SVG}title") == "Which <minimum> & why?"
    lines = sum(len(path.get("d", "")) > 300 for path in root.iter(f"{SVG}path"))
    polylines = sum(len(p.get("points", "")) > 300 for p in root.iter(f"{SVG}polyline"))
    assert lines + polylines > 20  # contour lines and trails
    for path in root.iter(f"{SVG}path"):
        assert "nan" not in path.get("d", "").lower()
        assert "inf" not in path.get("d", "").lower()


def test_a_pdf_has_one_page_of_the_size_with_text(made):
    document = QPdfDocument(None)
    assert document.load(str(made["pdf"])) == QPdfDocument.Error.None_
    assert document.pageCount() == 1
    size = document.pagePointSize(0)
    assert (size.width(), size.height()) == pytest.approx((640 * 0.75, 420 * 0.75), abs=1)
    words = document.getAllText(0).text()
    assert "Which <minimum>" in words
    assert "RMSprop" in words
    image = document.render(0, QSize(640, 420))
    assert image.pixelColor(4, 4).name() == "#151a23"  # the ground of the dark theme
    document.close()


def test_a_gif_plays_for_as_long_as_was_asked_and_begins_again(made):
    with Image.open(made["gif"]) as film:
        assert film.size == (960, 630)
        assert film.info["loop"] == 0
        total, frames = 0, []
        for number in range(film.n_frames):
            film.seek(number)
            total += film.info["duration"]
            frames.append(np.asarray(film.convert("RGB")))
    assert total == 2000
    assert len(frames) > 10
    assert any((a != b).any() for a, b in itertools.pairwise(frames))


def test_an_mp4_is_h264_with_every_frame(made):
    with av.open(str(made["mp4"])) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == (960, 630)
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == 20
    last = np.asarray(Image.open(made["png"]).convert("RGB")).astype(int)
    assert np.abs(frames[-1].astype(int) - last).mean() < 4  # it ends as the picture shows
    assert np.abs(frames[0].astype(int) - last).mean() > np.abs(
        frames[-1].astype(int) - last).mean()  # fmt: skip


def test_a_film_that_does_not_begin_again_and_one_frame(saved, tmp_path):
    path = tmp_path / "once.gif"
    done = render(saved, f"--gif={path}", "--once", "--seconds=0.1", "--fps=10", "--size=200x160")
    assert done.returncode == 0, done.stderr
    with Image.open(path) as film:
        assert film.n_frames == 1
        assert "loop" not in film.info


def test_files_tell_nothing_about_who_made_them(made, saved):
    for path in made.values():
        content = path.read_bytes()
        assert str(saved.parent).encode() not in content
        assert str(path.parent).encode() not in content


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_makes_a_picture(saved, tmp_path, view):
    path = tmp_path / "view"
    done = render(saved, f"--view={view}", f"--png={path}", "--size=500x360", "--theme=light",
                  "--step=20")  # fmt: skip
    assert done.returncode == 0, done.stderr
    image = np.asarray(Image.open(path.with_suffix(".png")).convert("L"))
    assert image.shape == (360, 500)
    assert image.std() > 8  # something is there


def test_the_window_makes_the_same_picture_as_the_command_line(user, saved, tmp_path):
    found = session.read(saved)
    user.document.open("Open", found)
    user.raced()
    shot = Shot(("map", "curves"), 500, 360, 1.25, "light", 30, "Caption", True, (-4, 4, -3, 3))
    with user.qtbot.waitSignal(user.window.exporter.said, timeout=30_000) as said:
        user.window.exporter.render_to(tmp_path / "window.png", "png", shot, Film())
    assert said.args[0].startswith("Wrote"), said.args
    done = render(saved, f"--png={tmp_path / 'line.png'}", "--view=map", "--view=curves",
                  "--size=500x360", "--scale=1.25", "--theme=light", "--step=30",
                  "--caption=Caption", "--visible=-4,4,-3,3")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "window.png").read_bytes() == (tmp_path / "line.png").read_bytes()


def test_an_export_can_be_cancelled_and_leaves_the_file_alone(user, tmp_path):
    user.raced()
    path = tmp_path / "film.gif"
    path.write_bytes(b"old")
    exporter, heard = user.window.exporter, []
    exporter.progressed.connect(heard.append)
    exporter.render_to(path, "gif", Shot(width=800, height=600), Film(60.0, 30))
    user.qtbot.waitUntil(lambda: any(f for f in heard if f), timeout=20_000)
    user.document.edit("Edit meanwhile", steps=77)  # the window is free
    with user.qtbot.waitSignal(exporter.said, timeout=10_000) as said:
        user.press(user.window.status.stop)
    assert said.args[0] == "The export was cancelled"
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["film.gif"]
    assert not exporter.busy
    user.document.undo_stack.undo()


@pytest.mark.parametrize("caption", ["</svg><script>alert(1)</script>]]>", "a\1b\x0bc", "é中😀&<"])
def test_words_that_would_break_an_svg_do_not(saved, tmp_path, caption):
    path = tmp_path / "words.svg"
    done = render(saved, f"--svg={path}", f"--caption={caption}", "--size=300x200")
    assert done.returncode == 0, done.stderr
    root = ElementTree.parse(path).getroot()
    assert root.find(f".//{SVG}script") is None
    plain = "".join(c if c.isprintable() else " " for c in caption)
    assert root.findtext(f"{SVG}title") == plain


def test_a_picture_that_cannot_be_written_says_so(user, tmp_path):
    user.raced()
    with user.qtbot.waitSignal(user.window.exporter.said, timeout=30_000) as said:
        user.window.exporter.render_to(tmp_path / "no" / "x.png", "png", Shot(), Film())
    assert "there is no such folder" in said.args[0]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "name at least one file"),
        (["--png=x.png", "--size=100000x100000"], "width must be from 64 to 16384"),
        (["--png=x.png", "--size=12"], "not of the form WxH"),
        (["--png=x.png", "--view=moon"], "no view 'moon'"),
        (["--gif=x.gif", "--seconds=600", "--fps=60"], "at most 3000 frames"),
        (["--png=x.png", "--scale=nan"], "scale must be"),
        (["--png=x.png", "--theme=pink"], "theme must be"),
    ],
)
def test_the_command_line_refuses_what_cannot_be(saved, capsys, options, why):
    with pytest.raises(SystemExit) as ended:
        cli.main(["render", str(saved), *options])
    assert ended.value.code == 2
    assert why in capsys.readouterr().err


def test_a_session_that_is_not_there_is_one_line(tmp_path, capsys):
    assert cli.main(["render", str(tmp_path / "none.json"), "--csv", str(tmp_path / "x")]) == 1
    assert "there is no such file" in capsys.readouterr().err


EXPERIMENTS = {
    "first": first_experiment(),
    "typed": Experiment("x^4 + 3*y^2 - where(x < y, x, 2)", (-2.0, 2.0, -1.0, 1.0),
                        ((0.1, 0.2), (-1 / 3, 0.7)), (Racer("adam", {"lr": 0.03}),), 70),
    "around": Experiment(
        "ellipse", starts=((-1.8, 0.9),), steps=90, parameters={"k": 7.5}, noise=0.3, seed=11,
        racers=(
            Racer("gd", {"lr": 0.02}, "a \"b\" \\ 'c'", schedule="cosine", clip=0.9),
            Racer("momentum", {"lr": 0.01}, schedule="1/(1 + 2*s)",
                  schedule_values={"warmup": 0.1}),
            Racer("adam", {"lr": 0.05}, schedule="plateau", schedule_values={"patience": 3}),
            Racer("rmsprop", {"lr": 0.01}, weight_decay=0.1, clip_value=0.4, on=False),
            Racer("langevin", {"lr": 0.001}), Racer("nesterov", {"lr": 0.01}),
        ),
    ),
    "libraries": Experiment(
        "rosenbrock", starts=((-1.2, 1.0), (0.5, 2.0)), steps=60, budget="evaluations",
        domain=(-3.0, 3.0, -2.0, 4.0), racers=(Racer("scipy_bfgs"), Racer("newton")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_script_runs_the_same_race_in_a_clean_interpreter_to_the_last_bit(name, tmp_path):
    race = compute.finish(compute.race(EXPERIMENTS[name]))
    path = tmp_path / "race.py"
    export.save(path, export.script(race))
    check = tmp_path / "check.py"
    check.write_text(
        "import runpy, numpy as np\n"
        "found = runpy.run_path('race.py')['trajectories']\n"
        "np.savez('found.npz', **{f'{k}{i}': getattr(t, k) for i, t in enumerate(found)"
        " for k in ('x', 'y', 'loss', 'step')})\n"
    )
    subprocess.run([sys.executable, "-I", str(check)], cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run([sys.executable, "-I", str(path)], cwd=tmp_path, check=True, timeout=60,
                          capture_output=True, text=True)  # fmt: skip
    assert len(done.stdout.splitlines()) == len(race.trajectories)
    assert len(race.trajectories) >= 2
    with np.load(tmp_path / "found.npz") as found:
        for number, t in enumerate(race.trajectories):
            for key in ("x", "y", "loss", "step"):
                np.testing.assert_array_equal(found[f"{key}{number}"], getattr(t, key))
    assert "import gdviz\n" not in path.read_text()


def test_a_new_racer_of_every_optimizer_is_in_the_script():
    experiment = replace(first_experiment(), racers=())
    for name in ("adam", "lion", "bfgs", "prodigy"):
        racer = enter(experiment, name)
        experiment = replace(experiment, racers=(*experiment.racers, racer))
    text = export.script(compute.finish(compute.race(experiment)))
    assert text.count("find(") == 4


def test_a_film_of_the_laboratory_moves_and_has_no_buttons(qtbot):
    from gdviz.window.picture import Picture

    experiment = replace(first_experiment(), steps=40)
    picture = Picture(Session.of(experiment), Shot(("laboratory",), 1000, 700))
    qtbot.addWidget(picture)
    (lab,) = picture.views
    assert lab.symbolic.page.found is not None
    assert not lab.numerical.race_it.isVisible()
    assert not lab.buttons["next"].isVisible()
    frames = [frame.copy() for frame in picture.frames(Film(seconds=1, fps=4))]
    assert len(frames) >= 3
    assert all((a != b).any() for a, b in itertools.pairwise(frames))
    assert lab.walk.point == tuple(float(c[0, -1]) for c in (lab.document.race.x,
                                                             lab.document.race.y))  # fmt: skip
