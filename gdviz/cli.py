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
from typing import TYPE_CHECKING, Any

from gdviz.arguments import join_signed, parser

if TYPE_CHECKING:
    from gdviz.experiment import Experiment

NO_DISPLAY = (
    "gdviz: there is no display for the window; races run without one: "
    "gdviz race himmelblau --start 0,0 --optimizer adam --csv race.csv"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 (it failed) or 2 (wrong usage)."""
    given = join_signed(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["guest"]:  # a bundle has no other way to run a Python optimizer apart
        from gdviz_core.guest import main as serve

        serve(*given[1:3])
    if given[:1] == ["aside"]:
        from gdviz_core.aside import serve as answer

        answer(*given[1:2])
    options = parser().parse_args(given)
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
        if options.command == "fit":
            return _fit(options)
        if options.command == "render":
            return _render(options)
        if options.command == "map":
            return _map(options)
        return _window(options.file if options.command == "open" else None)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # a reader that has had enough is no news
            print(f"gdviz: cannot write the output: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _list(what: str) -> int:
    from gdviz_core import MODELS, SURFACES
    from gdviz_core.known import KNOWN

    if what == "surfaces":
        for surface in SURFACES.values():
            x0, x1, y0, y1 = surface.domain
            domain = f"[{x0:g}, {x1:g}] x [{y0:g}, {y1:g}]"
            values = ", ".join(f"{name}={value:g}" for name, value in surface.values.items())
            formula = (
                surface.formula if len(surface.formula) < 300 else surface.formula[:90] + "..."
            )
            print(f"{surface.name:22} {domain:36} {formula}{f'   ({values})' if values else ''}")
    elif what == "models":
        for model in MODELS.values():
            print(f"{model.name:16} {model.prediction.replace('S', model.score or 'S'):32} "
                  f"{model.summary}")  # fmt: skip
    else:
        for optimizer in KNOWN.values():
            values = ", ".join(f"{name}={value:g}" for name, value in optimizer.values.items())
            print(f"{optimizer.name:20} {optimizer.summary}")
            if values:
                print(f"{'':20} {values}")
    return 0


def _race(options: argparse.Namespace) -> int:
    from gdviz.experiment import Experiment, enter
    from gdviz.own import Number
    from gdviz_core import SURFACES

    name, parameters = options.surface
    try:
        numbers: tuple[Number, ...] = ()
        if name not in SURFACES:
            numbers = tuple(Number.around(key, value) for key, value in parameters.items())
            parameters = {}
        experiment = Experiment(
            name, options.domain, tuple(options.start), (),
            options.steps if options.evaluations is None else options.evaluations,
            options.tolerance, options.stop_outside, parameters,
            "steps" if options.evaluations is None else "evaluations", numbers=numbers,
        )  # fmt: skip
        if not experiment.starts:
            start = experiment.resolved().start
            assert start is not None
            experiment = replace(experiment, starts=(start,))
        chosen = [*options.optimizer, *((_own_rule(path), {}) for path in options.rule),
                  *((_allowed(path), {}) for path in options.python)]  # fmt: skip
        for optimizer, values in chosen or [(n, {}) for n in ("gd", "momentum", "rmsprop", "adam")]:
            racer = enter(experiment, optimizer, **values)
            experiment = replace(experiment, racers=(*experiment.racers, racer))
    except ValueError as error:
        known = name in SURFACES
        near = [] if known else difflib.get_close_matches(name, SURFACES, n=1)
        hint = f"; did you mean the surface {near[0]}?" if near else ""
        options.parser.error(f"{error}{hint}")
    return _run(experiment, options.csv, "race")


def _fit(options: argparse.Namespace) -> int:
    from gdviz import compute, fit
    from gdviz.experiment import Experiment, enter
    from gdviz_core import DataError
    from gdviz_core.models import CLASSIFICATION, REGRESSION

    model, epochs = options.model or "linear", options.epochs is not None
    if options.hidden is not None:
        if options.model is not None:
            options.parser.error("--model and --hidden cannot both be given")
        task = CLASSIFICATION if options.classes else REGRESSION
        model = fit.Wanted(options.hidden, options.activation, task, options.seed)
    try:
        columns = fit.columns_of(options.file, model, tuple(options.input), options.target)
        reading = compute.finish(fit.read(options.file, columns), _report("reading"))
        if reading.words:
            print(reading.words)
        bare = Experiment(seed=options.seed, replacement=options.replacement)
        experiment = fit.experiment(bare, reading.table, options.file, columns, model,
                                    options.scaling)  # fmt: skip
        experiment = replace(
            experiment, starts=tuple(options.start) or experiment.starts,
            steps=options.epochs if epochs else options.steps,
            budget="epochs" if epochs else "steps",
        )  # fmt: skip
        for optimizer, values in options.optimizer or [("gd", {})]:
            for batch in options.batch or [None]:
                racer = replace(enter(experiment, optimizer, **values), batch=batch)
                experiment = replace(experiment, racers=(*experiment.racers, racer))
    except (DataError, MemoryError) as error:
        print(f"gdviz fit: {error or 'not enough memory'}", file=sys.stderr)
        return 1
    except ValueError as error:
        options.parser.error(str(error))
    return _run(experiment, options.csv, "fit")


def _run(experiment: "Experiment", target: str | None, command: str) -> int:
    """Run a race, print how it ended, and write it where that is wanted."""
    from gdviz import compute, export
    from gdviz.fit import in_units

    try:
        if target is not None:
            _, beside = export.csv_and_json(target)
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
            learned = in_units(experiment, float(trajectory.x[-1]), float(trajectory.y[-1]))
            if learned:
                print(f"{'':20} {learned}")
        if race.every > 1:
            print(f"every {race.every}th step was recorded")
        if target is not None:
            csv, beside = compute.finish(export.trajectories(race, target), _report("writing"))
            print(f"wrote {csv} and {beside}")
    except (ValueError, OSError, MemoryError) as error:
        print(f"gdviz {command}: {error or 'not enough memory'}", file=sys.stderr)
        return 1
    return 0


def _own_rule(path: Path) -> Any:
    """The rule in a file; ValueError if there is none."""
    from gdviz import library
    from gdviz.own import OwnRule

    entry = library.read(path)
    if not isinstance(entry, OwnRule):
        raise ValueError(f"{path.name} is a surface, not an update rule")
    return entry


def _allow(digest: str) -> None:
    from gdviz_core import foreign

    foreign.allow(digest)


def _allowed(path: Path) -> str:
    """The name of the optimizer in a Python file, which may run from now on."""
    from gdviz_core import foreign

    foreign.allow(foreign.read(path).digest)
    return f"{foreign.PREFIX}{os.path.abspath(path)}"


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
        for path in options.python:
            _allowed(path)
        for digest in options.allow:
            _allow(digest)
        opened = session.read(options.file)
        if opened.remark:
            print(f"gdviz render: {opened.remark}", file=sys.stderr)
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
            from gdviz.window.picture import begin, write

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


def _map(options: argparse.Namespace) -> int:
    from gdviz import atlas, compute, session
    from gdviz.cluster import ClusterError, workers_at

    def warn(words: str) -> None:
        print(f"gdviz map: {words}", file=sys.stderr)

    report = _say_progress if options.progress else _report("mapping")
    try:
        ending = atlas.check_target(options.out)
        if os.path.realpath(options.out) == os.path.realpath(options.file):
            raise ValueError("the map needs another name than the experiment")
        opened = session.read(options.file)
        if opened.remark:
            warn(opened.remark)
        order = atlas.Order.of(
            opened, options.kind, options.size, options.racer, options.start, options.domain,
            options.colour,
        )  # fmt: skip
        inks = None
        if ending == ".png":
            from gdviz.app.preferences import coloured
            from gdviz.app.theme import DARK, LIGHT
            from gdviz.shot import Shot

            Shot(
                theme=options.theme, heat=options.heat, palette=options.palette
            )  # if they are known
            usual = DARK if options.theme == "dark" else LIGHT
            inks = coloured(usual, options.heat, options.palette).inks
        with contextlib.ExitStack() as stack:
            workers = None
            if options.scheduler is not None:
                workers = stack.enter_context(workers_at(options.scheduler, warn))
            work = atlas.compute(order.question, options.out, workers)
            there = compute.finish(work, report)
        if there:
            print(f"went on with {there} finished tiles")
        told = compute.finish(atlas.write(order, options.out, inks), report)
    except (ValueError, OSError, MemoryError, ClusterError) as error:
        warn(str(error) or "not enough memory")
        return 1
    for line in told:
        print(line)
    print(f"wrote {options.out}")
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
