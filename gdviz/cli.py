"""The command line: the window, races without one, lists of what there is."""

import argparse
import contextlib
import difflib
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from gdviz import __version__

NO_DISPLAY = (
    "gdviz: there is no display for the window; races run without one: "
    "gdviz race himmelblau --start 0,0 --optimizer adam --csv race.csv"
)

EXAMPLES = """\
examples:
  gdviz                                      open the window
  gdviz open race.json                       open a saved experiment in the window
  gdviz race himmelblau --start -1,2 --start 0,0 \\
        --optimizer adam:lr=0.05 --optimizer momentum --steps 500 --csv race.csv
  gdviz race "x^2 + 50*y^2" --domain -2,2,-2,2 --optimizer gd:lr=0.01
  gdviz render race.json --png race.png --mp4 race.mp4
  gdviz list surfaces
"""

RACE_EXAMPLES = """\
The surface is a name from 'gdviz list surfaces' or a formula over x and y. Without --start it is
the surface's own; without --optimizer gd, momentum, rmsprop and adam race. A learning rate that is
not given is chosen to suit the surface.

examples:
  gdviz race rosenbrock --optimizer adam:lr=0.02,beta1=0.8 --csv race.csv
  gdviz race himmelblau --start -1,2 --start 0,0 --optimizer momentum --steps 500
  gdviz race ellipse:k=500 --optimizer scipy_bfgs --optimizer newton
  gdviz race -- "-cos(x)*cos(y)"             a formula that begins with a minus
"""


RENDER_EXAMPLES = """\
examples:
  gdviz render race.json --png race.png --size 1600x1000 --scale 2
  gdviz render race.json --view map --view surface --mp4 race.mp4 --seconds 10
  gdviz render race.json --view curves --theme light --pdf curves.pdf --svg curves.svg
  gdviz render race.json --script race.py --csv race.csv
"""


class _Parser(argparse.ArgumentParser):
    """An error is one line on stderr and exit code 2."""

    def error(self, message: str) -> NoReturn:
        line = "".join(c if c.isprintable() else "?" for c in message)
        self.exit(2, f"{self.prog}: {line[:300]} (see {self.prog} --help)\n")


def _numbers(text: str, count: int, example: str) -> tuple[float, ...]:
    parts = text.split(",")
    try:
        if len(parts) == count and text.isascii() and "_" not in text:
            return tuple(float(part) for part in parts)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text[:60]!r} is not of the form {example}")


def _start(text: str) -> tuple[float, ...]:
    return _numbers(text, 2, "X,Y such as -1,2")


def _domain(text: str) -> tuple[float, ...]:
    return _numbers(text, 4, "X0,X1,Y0,Y1 such as -5,5,-5,5")


def _optimizer(text: str) -> tuple[str, dict[str, float]]:
    """NAME[:key=value,...]"""
    name, _, rest = text.partition(":")
    values: dict[str, float] = {}
    for item in rest.split(",") if rest else ():
        key, equals, value = item.partition("=")
        if not equals:
            raise argparse.ArgumentTypeError(f"{item[:60]!r} is not of the form key=value")
        (values[key.strip()],) = _numbers(value, 1, "NAME:key=value,... such as adam:lr=0.05")
    return name, values


def _size(text: str) -> tuple[int, int]:
    """WxH"""
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and text.isascii()) or len(text) > 20:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not of the form WxH such as 1200x800")
    return int(width), int(height)


def _run_number(text: str) -> tuple[int, int]:
    racer, start = _numbers(text, 2, "RACER,START such as 2,1")
    return int(racer), int(start)


def _surface(text: str) -> tuple[str, dict[str, float]]:
    """NAME[:key=value,...] or a formula, which has no colon"""
    return _optimizer(text) if ":" in text else (text, {})


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="gdviz",
        description="See optimizers race down a loss surface. Without a command: the window.",
        epilog=EXAMPLES,
        formatter_class=raw,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gdviz {__version__}")
    parser.add_argument("--self-check", action="store_true",
                        help="print versions, run a known race and draw a picture")  # fmt: skip
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    race = commands.add_parser(
        "race", help="run a race without a window", epilog=RACE_EXAMPLES,
        formatter_class=raw, allow_abbrev=False,
    )  # fmt: skip
    race.add_argument("surface", metavar="SURFACE[:key=value,...]|FORMULA", type=_surface)
    race.add_argument("--start", metavar="X,Y", type=_start, action="append", default=[],
                      help="a start point; may be given several times")  # fmt: skip
    race.add_argument("--optimizer", metavar="NAME[:key=value,...]", type=_optimizer,
                      action="append", default=[],
                      help="a racer; may be given several times")  # fmt: skip
    budget = race.add_mutually_exclusive_group()
    budget.add_argument("--steps", metavar="N", type=int, default=500, help="at most (500)")
    budget.add_argument("--evaluations", metavar="N", type=int,
                        help="a budget in gradient evaluations instead of steps")  # fmt: skip
    race.add_argument("--tolerance", metavar="G", type=float, default=1e-8,
                      help="gradient norm that counts as converged (1e-8)")  # fmt: skip
    race.add_argument("--domain", metavar="X0,X1,Y0,Y1", type=_domain,
                      help="the part of the plane that matters")  # fmt: skip
    race.add_argument("--stop-outside", action="store_true",
                      help="end a run when it leaves the domain")  # fmt: skip
    race.add_argument("--csv", metavar="FILE",
                      help="write every step here, the experiment to a .json")  # fmt: skip
    _add_render(commands, raw)
    listing = commands.add_parser("list", help="what there is", allow_abbrev=False)
    listing.add_argument("what", choices=("surfaces", "optimizers"))
    opening = commands.add_parser(
        "open", help="open a saved experiment in the window", allow_abbrev=False
    )
    opening.add_argument("file", metavar="FILE", type=Path)
    race.set_defaults(parser=race)
    return parser


def _add_render(commands: Any, raw: Any) -> None:
    render = commands.add_parser(
        "render", help="make pictures and films of a saved experiment", epilog=RENDER_EXAMPLES,
        formatter_class=raw, allow_abbrev=False,
    )  # fmt: skip
    render.add_argument("file", metavar="SESSION", type=Path)
    for kind, what in (
        ("png", "a picture"), ("svg", "a picture with text and trails as such"),
        ("pdf", "the same as a page"), ("gif", "the race as a film"),
        ("mp4", "the race as a film, in H.264"), ("csv", "every step of every run"),
        ("script", "a Python program that runs the race again"),
    ):  # fmt: skip
        render.add_argument(f"--{kind}", metavar="FILE", type=Path, help=what)
    render.add_argument("--view", action="append", default=[], metavar="VIEW",
                        help="map, surface, curves, inspector or results; several stand side by "
                        "side (map)")  # fmt: skip
    render.add_argument("--size", type=_size, default=(1200, 800), metavar="WxH",
                        help="in points (1200x800)")  # fmt: skip
    render.add_argument("--scale", type=float, default=1.0, metavar="S",
                        help="pixels for each point (1)")  # fmt: skip
    render.add_argument("--theme", default="dark", metavar="NAME", help="dark or light (dark)")
    render.add_argument("--step", type=int, metavar="N", help="the step that is shown (the last)")
    render.add_argument("--run", type=_run_number, default=(1, 1), metavar="RACER,START",
                        help="the run that is looked at, by the numbers of both (1,1)")  # fmt: skip
    render.add_argument("--heat", default="gdviz", metavar="NAME",
                        help="colours of the loss, such as viridis (gdviz)")  # fmt: skip
    render.add_argument("--palette", default="gdviz", metavar="NAME",
                        help="colours of racers, such as Okabe-Ito (gdviz)")  # fmt: skip
    render.add_argument("--caption", default="", metavar="TEXT")
    render.add_argument("--no-legend", action="store_true", help="do not name the racers")
    render.add_argument("--visible", type=_domain, metavar="X0,X1,Y0,Y1",
                        help="what the map shows (the domain)")  # fmt: skip
    render.add_argument("--seconds", type=float, default=8.0, metavar="S",
                        help="how long a film is (8)")  # fmt: skip
    render.add_argument("--fps", type=int, default=25, metavar="N",
                        help="frames a second of a film (25)")  # fmt: skip
    render.add_argument("--once", action="store_true", help="a GIF does not begin again")
    render.add_argument("--progress", action="store_true",
                        help="tell on standard output how far it is")  # fmt: skip
    render.set_defaults(parser=render)


# Their values may begin with a minus, which argparse would take for an option.
_SIGNED = ("--start", "--domain", "--visible")


def _join_signed(argv: Sequence[str]) -> list[str]:
    joined: list[str] = []
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            return [*joined, argument, *rest]
        if argument in _SIGNED and rest and rest[0][:1] == "-" and rest[0][:2] != "--":
            argument = f"{argument}={rest.pop(0)}"
        joined.append(argument)
    return joined


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 (it failed) or 2 (wrong usage)."""
    parser = _parser()
    options = parser.parse_args(_join_signed(sys.argv[1:] if argv is None else argv))
    try:
        if options.self_check:
            from gdviz.check import check

            return check()
        if options.command == "list":
            code = _list(options.what)
            sys.stdout.flush()
            return code
        if options.command == "race":
            return _race(options)
        if options.command == "render":
            return _render(options)
        return _window(options.file if options.command == "open" else None)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # a reader that has had enough is no news
            print(f"gdviz: cannot write the output: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _list(what: str) -> int:
    from gdviz_core import SURFACES
    from gdviz_core.external import KNOWN

    if what == "surfaces":
        for surface in SURFACES.values():
            x0, x1, y0, y1 = surface.domain
            domain = f"[{x0:g}, {x1:g}] x [{y0:g}, {y1:g}]"
            values = ", ".join(f"{name}={value:g}" for name, value in surface.values.items())
            formula = (
                surface.formula if len(surface.formula) < 300 else surface.formula[:90] + "..."
            )
            print(f"{surface.name:22} {domain:36} {formula}{f'   ({values})' if values else ''}")
    else:
        for optimizer in KNOWN.values():
            values = ", ".join(f"{name}={value:g}" for name, value in optimizer.values.items())
            print(f"{optimizer.name:20} {optimizer.summary}")
            if values:
                print(f"{'':20} {values}")
    return 0


def _race(options: argparse.Namespace) -> int:
    from gdviz import compute, export
    from gdviz.experiment import Experiment, enter
    from gdviz_core import SURFACES

    name, parameters = options.surface
    try:
        experiment = Experiment(
            name, options.domain, tuple(options.start), (),
            options.steps if options.evaluations is None else options.evaluations,
            options.tolerance, options.stop_outside, parameters,
            "steps" if options.evaluations is None else "evaluations",
        )  # fmt: skip
        if not experiment.starts:
            start = experiment.resolved().start
            assert start is not None
            experiment = replace(experiment, starts=(start,))
        chosen = options.optimizer or [(n, {}) for n in ("gd", "momentum", "rmsprop", "adam")]
        for optimizer, values in chosen:
            racer = enter(experiment, optimizer, **values)
            experiment = replace(experiment, racers=(*experiment.racers, racer))
    except ValueError as error:
        near = difflib.get_close_matches(options.surface[0], SURFACES, n=1)
        hint = f"; did you mean the surface {near[0]}?" if near else ""
        options.parser.error(f"{error}{hint}")
    try:
        if options.csv is not None:
            _, beside = export.csv_and_json(options.csv)
            if export.is_foreign(beside):
                raise export.SaveError(
                    f"{beside} exists and is not an experiment of gdviz; choose another name"
                )
        race = compute.finish(compute.race(experiment), _report("racing"))
        for lane, trajectory in enumerate(race.trajectories):
            racer = experiment.racers[lane // len(experiment.starts)]
            x, y = trajectory.start
            print(
                f"{racer.name:20} from ({x:g}, {y:g}): {race.end(lane)}; "
                f"loss {trajectory.loss[-1]:.6g} at "
                f"({trajectory.x[-1]:.6g}, {trajectory.y[-1]:.6g})"
            )
        if race.every > 1:
            print(f"every {race.every}th step was recorded")
        if options.csv is not None:
            csv, beside = compute.finish(export.trajectories(race, options.csv), _report("writing"))
            print(f"wrote {csv} and {beside}")
    except (ValueError, OSError, MemoryError) as error:
        print(f"gdviz race: {error or 'not enough memory'}", file=sys.stderr)
        return 1
    return 0


def _render(options: argparse.Namespace) -> int:
    from gdviz import compute, export, session
    from gdviz.shot import Film, Shot

    kinds = ("png", "svg", "pdf", "gif", "mp4")
    files = {kind: path for kind in kinds if (path := getattr(options, kind)) is not None}
    given = [getattr(options, kind) for kind in (*kinds, "csv", "script")]
    named = [os.path.realpath(path) for path in given if path is not None]
    if not named:
        options.parser.error("name at least one file, such as --png race.png")
    if any(not path.name for path in given if path is not None):
        options.parser.error("a file name is missing")
    if len(set(named)) < len(named) or os.path.realpath(options.file) in named:
        options.parser.error("every file needs a name of its own")
    try:
        width, height = options.size
        shot = Shot(
            tuple(options.view) or ("map",), width, height, options.scale, options.theme,
            options.step, options.caption, not options.no_legend, options.visible,
            run=options.run, heat=options.heat, palette=options.palette,
        )  # fmt: skip
        film = Film(options.seconds, options.fps, not options.once)
    except ValueError as error:
        options.parser.error(str(error))
    report = _say_progress if options.progress else _report("rendering") or (lambda fraction: None)
    written: list[Path] = []
    try:
        opened = session.read(options.file)
        if options.csv is not None or options.script is not None:
            race = compute.finish(compute.race(opened.experiment))
            if options.csv is not None:
                work = export.trajectories(race, options.csv, opened)
                written += compute.finish(work, report)
            if options.script is not None:
                path = export.with_ending(options.script, ".py")
                export.save(path, export.script(race))
                written.append(path)
        if files:
            # Qt reads both when it starts; the pictures are the same with a screen and without
            for name in [name for name in os.environ if name.startswith("QT_")]:
                del os.environ[name]  # the desktop's scales and fonts
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
            os.environ["QT_SCALE_FACTOR"] = repr(options.scale)
            os.environ["QT_FONT_DPI"] = "96"
            from gdviz.picture import begin, write

            _application = begin()
            written += write(opened, shot, film, files, report)
    except (ValueError, OSError, MemoryError) as error:
        for path in written:
            print(f"wrote {path}")
        print(f"gdviz render: {error or 'not enough memory'}", file=sys.stderr)
        return 1
    for path in written:
        print(f"wrote {path}")
    return 0


def _say_progress(fraction: float) -> None:
    """For the program that waits for this one."""
    print(f"progress {fraction:.4f}", flush=True)


def _report(what: str):
    """Shows progress on a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(fraction: float) -> None:
        end = "\r" if fraction < 1 else "\r\033[K"
        print(f"{what} {fraction:4.0%}", end=end, file=sys.stderr, flush=True)

    return show


def _has_display() -> bool:
    """Whether Qt will find a screen; where it does not, it ends the program with a core dump."""
    if not sys.platform.startswith("linux"):
        return True
    if os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    host, _, number = os.environ.get("DISPLAY", "").rpartition(":")
    number = number.partition(".")[0]
    if not number.isdigit():
        return False
    path = f"/tmp/.X11-unix/X{number}"
    places: list[tuple[int, Any]] = [(socket.AF_UNIX, path), (socket.AF_UNIX, f"\0{path}")]
    if host not in ("", "unix"):
        places = [(socket.AF_INET, (host, 6000 + int(number)))]
    for family, address in places:
        with socket.socket(family) as probe, contextlib.suppress(OSError):
            probe.settimeout(2)
            probe.connect(address)
            return True
    return False


def _window(path: Path | None) -> int:
    if not _has_display():
        print(NO_DISPLAY, file=sys.stderr)
        return 2
    from gdviz import session

    opened = None
    if path is not None:
        try:
            opened = session.read(path)
        except session.SessionError as error:
            print(f"gdviz: {error}", file=sys.stderr)
            return 1
    from gdviz.window import run

    return run(opened, path)
