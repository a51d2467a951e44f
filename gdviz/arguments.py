"""What may stand on the command line."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from gdviz import __version__

EXAMPLES = """\
examples:
  gdviz                                      open the window
  gdviz open race.json                       open a saved experiment in the window
  gdviz race himmelblau --start -1,2 --start 0,0 \\
        --optimizer adam:lr=0.05 --optimizer momentum --steps 500 --csv race.csv
  gdviz race "x^2 + 50*y^2" --domain -2,2,-2,2 --optimizer gd:lr=0.01
  gdviz render race.json --png race.png --mp4 race.mp4
  gdviz fit houses.csv --input LotArea --target SalePrice --batch 32
  gdviz map basins race.json --size 4096 --out basins.png
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


FIT_EXAMPLES = """\
The model is a name from 'gdviz list models' or a formula, for one row, over columns and two
parameters, which are the first two names that are no columns.

examples:
  gdviz fit houses.csv --input LotArea --target SalePrice
  gdviz fit houses.csv --model "(a*tanh(b*LotArea) - SalePrice)^2" --target SalePrice
  gdviz fit points.csv --model logistic_plane --optimizer adam --batch 1 --batch 32 --epochs 20
  gdviz fit example:houses.csv --batch 64 --csv fit.csv
"""

RENDER_EXAMPLES = """\
examples:
  gdviz render race.json --png race.png --size 1600x1000 --scale 2
  gdviz render race.json --view map --view surface --mp4 race.mp4 --seconds 10
  gdviz render race.json --view curves --theme light --pdf curves.pdf --svg curves.svg
  gdviz render race.json --script race.py --csv race.csv
"""


MAP_EXAMPLES = """\
A basin map tells of every start in which minimum a racer ends, a sweep what two of its
hyper-parameters do. The finished tiles are kept beside the file until the map is whole: the same
command goes on where it was stopped.

examples:
  gdviz map basins race.json --size 8192 --out basins.png
  gdviz map sweep race.json --racer 2 --size 1024x512 --out sweep.npz
  gdviz map basins race.json --size 8192 --out basins.npz --scheduler tcp://127.0.0.1:8786
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


def _widths(text: str) -> tuple[int, ...]:
    """N,N,..."""
    parts = text.split(",")
    if not all(part.strip().isdigit() and part.isascii() and len(part) < 6 for part in parts):
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not of the form N,N such as 8,4")
    return tuple(int(part) for part in parts)


def _pixels(text: str) -> tuple[int, int]:
    """N or WxH"""
    return _size(text if "x" in text else f"{text}x{text}")


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
    """NAME[:key=value,...] or FORMULA[:key=value,...]"""
    return _optimizer(text) if ":" in text else (text, {})


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    raw = argparse.RawDescriptionHelpFormatter
    made = _Parser(
        prog="gdviz",
        description="See optimizers race down a loss surface. Without a command: the window.",
        epilog=EXAMPLES,
        formatter_class=raw,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"gdviz {__version__}")
    made.add_argument("--self-check", action="store_true",
                        help="print versions, run a known race and draw a picture")  # fmt: skip
    commands = made.add_subparsers(dest="command", metavar="COMMAND")
    race = commands.add_parser(
        "race", help="run a race without a window", epilog=RACE_EXAMPLES,
        formatter_class=raw, allow_abbrev=False,
    )  # fmt: skip
    race.add_argument("surface", metavar="SURFACE|FORMULA[:key=value,...]", type=_surface)
    race.add_argument("--start", metavar="X,Y", type=_start, action="append", default=[],
                      help="a start point; may be given several times")  # fmt: skip
    race.add_argument("--optimizer", metavar="NAME[:key=value,...]", type=_optimizer,
                      action="append", default=[],
                      help="a racer; may be given several times")  # fmt: skip
    race.add_argument("--rule", metavar="FILE", type=Path, action="append", default=[],
                      help="a racer with a rule of your own, as the editor shares it")  # fmt: skip
    race.add_argument("--python", metavar="FILE", type=Path, action="append", default=[],
                      help="a racer written as a Python class, which this lets run")  # fmt: skip
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
    _add_fit(commands, raw)
    _add_render(commands, raw)
    _add_map(commands, raw)
    listing = commands.add_parser("list", help="what there is", allow_abbrev=False)
    listing.add_argument("what", choices=("surfaces", "optimizers", "models"))
    opening = commands.add_parser(
        "open", help="open a saved experiment in the window", allow_abbrev=False
    )
    opening.add_argument("file", metavar="FILE", type=Path)
    race.set_defaults(parser=race)
    return made


def _add_fit(commands: Any, raw: Any) -> None:
    fit = commands.add_parser(
        "fit", help="learn from a table without a window", epilog=FIT_EXAMPLES,
        formatter_class=raw, allow_abbrev=False,
    )  # fmt: skip
    fit.add_argument("file", metavar="FILE.csv")
    for name, metavar, what in (
        ("--model", "NAME|FORMULA", "a name from 'gdviz list models', or a loss for one row"),
        ("--target", "COLUMN", "what is predicted (the last column)"),
        ("--csv", "FILE", "write every step here, the experiment to a .json"),
    ):
        fit.add_argument(name, metavar=metavar, help=what)
    fit.add_argument("--input", metavar="COLUMN", action="append", default=[],
                     help="what the target follows from; several for some")  # fmt: skip
    fit.add_argument("--hidden", metavar="N,N,...", type=_widths,
                     help="a network with hidden layers so wide as the model")  # fmt: skip
    fit.add_argument("--activation", choices=("tanh", "relu", "sigmoid"), default="tanh",
                     help="of the network (tanh)")  # fmt: skip
    fit.add_argument("--classes", action="store_true",
                     help="the network tells 0 from 1")  # fmt: skip
    fit.add_argument("--scaling", choices=("none", "standardise", "min-max"),
                     default="standardise", help="of the columns (standardise)")  # fmt: skip
    fit.add_argument("--batch", metavar="ROWS", type=int, action="append", default=[],
                     help="rows that a step sees (all); several race")  # fmt: skip
    fit.add_argument("--replacement", action="store_true",
                     help="draw batches from all rows, do not shuffle")  # fmt: skip
    fit.add_argument("--seed", metavar="N", type=int, default=0, help="draws the batches (0)")
    fit.add_argument("--optimizer", metavar="NAME[:key=value,...]", type=_optimizer,
                     action="append", default=[],
                     help="a racer; may be given several times (gd)")  # fmt: skip
    fit.add_argument("--start", metavar="A,B", type=_start, action="append", default=[],
                     help="where the two parameters start")  # fmt: skip
    budget = fit.add_mutually_exclusive_group()
    budget.add_argument("--steps", metavar="N", type=int, default=1000, help="at most (1000)")
    budget.add_argument("--epochs", metavar="N", type=int, help="passes over the data instead")
    fit.set_defaults(parser=fit)


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
                        help="map, surface, fit, curves, inspector, results, mechanics, "
                        "laboratory, basins or sweep; several side by side (map)")  # fmt: skip
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
    render.add_argument("--python", metavar="FILE", type=Path, action="append", default=[],
                        help="let the racers of this Python file run")  # fmt: skip
    render.add_argument("--allow", action="append", default=[], help=argparse.SUPPRESS)
    render.add_argument("--once", action="store_true", help="a GIF does not begin again")
    render.add_argument("--progress", action="store_true",
                        help="tell on standard output how far it is")  # fmt: skip
    render.set_defaults(parser=render)


def _add_map(commands: Any, raw: Any) -> None:
    made = commands.add_parser(
        "map", help="make a large map of all runs of a saved experiment", epilog=MAP_EXAMPLES,
        formatter_class=raw, allow_abbrev=False,
    )  # fmt: skip
    made.add_argument("kind", choices=("basins", "sweep"))
    made.add_argument("file", metavar="SESSION", type=Path)
    made.add_argument("--out", metavar="FILE", type=Path, required=True,
                      help="a picture (.png) or arrays (.npz)")  # fmt: skip
    made.add_argument("--size", metavar="N|WxH", type=_pixels, default=None,
                      help="in pixels (1024; the other side as the domain asks)")  # fmt: skip
    made.add_argument("--racer", metavar="N", type=int, default=1, help="by its number (1)")
    made.add_argument("--start", metavar="N", type=int, default=1,
                      help="from which a sweep runs, by its number (1)")  # fmt: skip
    made.add_argument("--domain", metavar="X0,X1,Y0,Y1", type=_domain,
                      help="the part of the plane that a basin map shows")  # fmt: skip
    made.add_argument("--colour", metavar="WHAT", default=None,
                      help="minimum, steps or probability of basins; end, loss or steps of a "
                      "sweep (as the experiment was looked at)")  # fmt: skip
    made.add_argument("--theme", default="dark", metavar="NAME", help="dark or light (dark)")
    made.add_argument("--heat", default="gdviz", metavar="NAME",
                      help="colours of numbers, such as viridis (gdviz)")  # fmt: skip
    made.add_argument("--palette", default="gdviz", metavar="NAME",
                      help="colours of minima, such as Okabe-Ito (gdviz)")  # fmt: skip
    made.add_argument("--scheduler", metavar="ADDRESS",
                      help="have the tiles computed by a Dask cluster, such as "
                      "tcp://127.0.0.1:8786")  # fmt: skip
    made.add_argument("--progress", action="store_true",
                      help="tell on standard output how far it is")  # fmt: skip
    made.set_defaults(parser=made)


# Their values may begin with a minus, which argparse would take for an option.
_SIGNED = ("--start", "--domain", "--visible")


def join_signed(argv: Sequence[str]) -> list[str]:
    """Arguments with such values joined to their option."""
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
