"""Trajectories as CSV, and the one atomic write that every file goes through."""

import contextlib
import csv
import errno
import io
import os
import re
import stat
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any, BinaryIO

from gdviz import __version__, session
from gdviz.compute import Computation, Race, allowed
from gdviz.data import Data, place_of
from gdviz.experiment import Experiment
from gdviz.racer import REVERSE
from gdviz_core import SURFACES
from gdviz_core.foreign import PREFIX, may_run, read
from gdviz_core.schedule import SCHEDULES, Plateau, Schedule

COLUMNS = (
    "racer", "optimizer", "start", "start_x", "start_y", "step",
    "x", "y", "loss", "grad_x", "grad_y", "grad_norm", "lr",
)  # fmt: skip
_ROWS_AT_ONCE = 4096
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{d}{i}" for d in ("COM", "LPT") for i in range(1, 10))}


class SaveError(OSError):
    """A file that could not be written; the target is as it was before."""


def check_name(name: str, windows: bool = os.name == "nt") -> None:
    """SaveError for a file name that the system would take for something else."""
    if "\0" in name:
        raise SaveError("the file name must not contain a NUL character")
    if not windows:
        return
    stem = name.split(".")[0].rstrip(" ").upper()
    if stem in _RESERVED or name != name.rstrip(" .") or any(c in name for c in '<>:"|?*'):
        raise SaveError(f"Windows does not allow the file name {name[:60]!r}; choose another name")


@contextlib.contextmanager
def replacing(path: str | Path) -> Generator[BinaryIO, None, None]:
    """A binary file that takes the place of `path` once the block has ended without an error.

    It is written beside the target, flushed to the disk and moved into place, so the target is at
    all times either the old file or the new one. A link keeps pointing at its target, and the
    target keeps its permissions. Raises SaveError with the reason.
    """
    shown = session._shown(Path(path))
    temporary = None
    try:
        check_name(os.path.basename(os.fspath(path)))
        target = os.path.realpath(path)
        mode = _mode(target)
        handle, temporary = tempfile.mkstemp(prefix=".gdviz-", dir=os.path.dirname(target))
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, target)
        temporary = None
        _sync_folder(os.path.dirname(target))
    except OSError as error:
        if isinstance(error, SaveError):
            raise SaveError(f"cannot write {shown}: {error}") from None
        raise SaveError(f"cannot write {shown}: {_reason(error)}") from error
    except ValueError as error:  # a name the system cannot even ask about
        raise SaveError(f"cannot write {shown}: {error}") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _mode(target: str) -> int:
    """The permissions the new file gets; SaveError if the target is no file."""
    try:
        found = os.lstat(target)
    except FileNotFoundError:
        if not os.path.isdir(os.path.dirname(target)):
            raise SaveError("there is no such folder") from None
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
    if stat.S_ISDIR(found.st_mode):
        raise SaveError("it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise SaveError("it is not a regular file")
    return stat.S_IMODE(found.st_mode)


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "there is no space left on the disk"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "the folder cannot be written to"
    return error.strerror or str(error)


def _sync_folder(folder: str) -> None:
    """Make the new name durable, where folders can be synchronized."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def with_ending(path: str | Path, ending: str) -> Path:
    """The path with an ending such as ".csv", added if it has none; "lr 0.5" has none."""
    path = Path(path)
    if not path.name:
        raise SaveError(f"cannot write {str(path)!r}: a file name is missing")
    known = re.fullmatch(r"\.[A-Za-z][A-Za-z0-9]{1,4}", path.suffix)
    return path if known else path.with_name(path.name + ending)


def header(race: Race) -> list[str]:
    """The column names: the fixed ones, then every state variable of every racer."""
    names = dict.fromkeys(name for t in race.trajectories for name in t.state)
    return [*COLUMNS, *_extra(race), *names]


def _extra(race: Race) -> list[str]:
    """The columns that only a race on batches, or of networks, has."""
    found = []
    if any(t.batches is not None for t in race.trajectories):
        found += ["epoch", "batch_loss"]
    if any(t.off is not None for t in race.trajectories):
        found.append("off_plane")
    return found


def rows(race: Race) -> Iterator[list[list[str]]]:
    """The rows of a race in batches, numbers in full precision."""
    extra = _extra(race)
    names = header(race)[len(COLUMNS) + len(extra) :]
    starts = len(race.experiment.starts)
    for lane, trajectory in enumerate(race.trajectories):
        racer = race.experiment.running[lane // starts]
        number = lane % starts
        x, y = trajectory.start
        left = [racer.name, racer.optimizer, str(number + 1), repr(x), repr(y)]
        for a in range(0, len(trajectory), _ROWS_AT_ONCE):
            part = slice(a, a + _ROWS_AT_ONCE)
            columns = [
                [repr(value) for value in array[part].tolist()]
                for array in (
                    trajectory.step, trajectory.x, trajectory.y, trajectory.loss,
                    trajectory.grad_x, trajectory.grad_y, trajectory.grad_norm,
                )
            ]  # fmt: skip
            count = len(columns[0])
            rates = (
                [""] * count if trajectory.lr is None else map(repr, trajectory.lr[part].tolist())
            )
            columns.append(list(rates))
            found: dict[str, Any] = trajectory.state
            if extra:
                found = {"epoch": trajectory.epochs, "batch_loss": trajectory.batch_loss,
                         "off_plane": trajectory.off, **found}  # fmt: skip
            for name in (*extra, *names):
                state = found.get(name)
                values = [""] * count if state is None else map(repr, state[part].tolist())
                columns.append(list(values))
            yield [left + list(row) for row in zip(*columns, strict=True)]


def is_foreign(path: Path) -> bool:
    """Whether a file exists that is not an experiment of ours, and so somebody's work."""
    if not os.path.exists(path):
        return False
    try:
        session.read(path)
    except session.SessionError:
        return True
    return False


def csv_and_json(path: str | Path) -> tuple[Path, Path]:
    """The CSV file that is meant and the JSON beside it; SaveError for a name that cannot be."""
    if not Path(path).name:
        raise SaveError(f"cannot write {str(path)!r}: a file name is missing")
    target = with_ending(path, ".csv")
    if target.suffix == ".json":
        raise SaveError(f"cannot write {target.name}: .json is for the experiment beside the CSV")
    # not race.json, which is where the user would save the experiment itself
    return target, target.with_suffix(".experiment.json")


def trajectories(
    race: Race, path: str | Path, of: session.Session | None = None
) -> Computation[tuple[Path, Path]]:
    """Write a race as CSV, and the session it is of beside it; returns both paths.

    RFC 4180 in UTF-8, one row for each racer, start and step. Both files are moved into place
    when both are written. Raises SaveError.
    """
    path, beside = csv_and_json(path)
    done, total = 0, sum(len(t) for t in race.trajectories) or 1
    with replacing(path) as file, replacing(beside) as other:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(header(race))
        for batch in rows(race):
            writer.writerows(batch)
            done += len(batch)
            yield done / total
        text.detach()
        of = session.Session.of(race.experiment) if of is None else of
        other.write(session.dump(of, beside.parent).encode("utf-8"))
    return path, beside


def script(race: Race) -> str:
    """A Python program that runs the race again with gdviz_core alone, to the last bit."""
    e = race.experiment
    imports, template = "", _SCRIPT
    if e.data is not None and e.data.net is not None:
        surface, template = _network(e.data), _NETWORK_SCRIPT
    elif e.surface in SURFACES:
        values = f"(**{e.parameters!r})" if e.parameters else ""
        surface = f"core.SURFACES[{e.surface!r}]{values}"
        if e.domain is not None:
            imports = "from dataclasses import replace\n\n"
            surface = f"replace({surface}, domain={e.domain!r})"
    elif e.data is not None:
        surface = _loss(e)
    else:
        numbers = ", ".join(f"core.Parameter({n.name!r}, {n.value!r}, {n.low!r}, {n.high!r})"
                            for n in e.numbers)  # fmt: skip
        numbers = f", parameters=[{numbers}]" if numbers else ""
        surface = f"core.Surface.from_formula({e.surface!r}, {e.resolved().domain!r}{numbers})"
    permissions = ""
    racers, longest = [], max((t.steps for t in race.trajectories), default=0)
    for racer in e.running:
        steps, evaluations = allowed(e, racer, longest)
        budget: dict[str, Any] = {"steps": steps}
        if evaluations is not None and template is _NETWORK_SCRIPT:
            budget["steps"] = evaluations // racer.configured().evaluations
        elif evaluations is not None:
            budget["evaluations"] = evaluations
        around = "".join(f", {name}={_said(value)}"
                         for name, value in (budget | racer.conditions()).items())  # fmt: skip
        optimizer = f"find({racer.optimizer!r})(**{racer.values!r})"
        if racer.rule is not None:
            optimizer = _spelled(racer.configured())
        if racer.optimizer.startswith(PREFIX):
            path = racer.optimizer.removeprefix(PREFIX)
            if may_run(path):  # this very content, and only if it was allowed here
                permissions += f"foreign.allow({read(path).digest!r})\n"
        seen = "surface"
        if racer.way != REVERSE:
            imports = "from dataclasses import replace\n\n"
            seen = f"replace(surface, way={racer.way!r}, h={racer.h!r})"
        racers.append(f"    ({racer.name!r}, {seen}, {optimizer}, dict({around[2:]})),")
    options: dict[str, Any] = {
        "every": race.every, "tolerance": e.tolerance, "stop_outside": e.stop_outside,
        "noise": e.noise, "seed": e.seed,
    }  # fmt: skip
    if e.data is not None:
        options |= {"replacement": e.replacement}
    if e.own_luck:
        options |= {"same_noise": False}
    listed = ", ".join(f"{name}={value!r}" for name, value in options.items())
    if template is _NETWORK_SCRIPT:
        del options["stop_outside"]
        listed = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return template.format(
        version=__version__, imports=imports,
        foreign=f"from gdviz_core import foreign\n{permissions}" if permissions else "",
        surface=surface, starts=list(e.starts), racers="\n".join(racers), options=listed,
    )  # fmt: skip


def _network(data: Data) -> str:
    """A network, its table and the plane it is seen on, as Python says them."""
    return f"table = {_table(data)}\nnet = {data.net!r}\nplane = {data.plane!r}"


def _table(data: Data) -> str:
    """A table as Python says it."""
    if data.embedded or not data.path:
        columns = dict(zip(data.columns, data.raw.select(data.columns).tolist(), strict=True))
        table = f"core.Table.of({columns!r})"
    else:
        form = f", core.Format{astuple(data.format)!r}" if data.format else ""
        table = f"core.read_table({place_of(data.path)!r}, {list(data.columns)!r}{form})"
    if data.scaling != "none":
        table += f".scaled({data.scaling!r}, {list(data.scaled_columns)!r})"
    return table


def _loss(e: Experiment) -> str:
    """A loss on data as Python says it."""
    data, surface = e.data, e.resolved()
    assert data is not None
    table = _table(data)
    parameters = ", ".join(f"core.Parameter({n.name!r}, {n.value!r}, {n.low!r}, {n.high!r})"
                           for n in e.numbers)  # fmt: skip
    return (
        f"core.Surface.from_formula(\n    {e.surface!r}, {surface.domain!r}, "
        f"parameters=[{parameters}],\n    variables={data.variables!r}, table={table},\n)"
    )


def _spelled(optimizer: Any) -> str:
    """An optimizer of the user's own as Python says it."""
    numbers = ", ".join(
        f"core.Hyperparameter({h.name!r}, {h.value!r}, {h.low!r}, {h.high!r}, {h.ends!r})"
        for h in optimizer.hyperparameters
    )
    initial = f", {dict(optimizer.initial)!r}" if optimizer.initial else ""
    velocity = f", velocity={optimizer.velocity!r}" if optimizer.velocity else ""
    return (f"core.Optimizer({optimizer.name!r}, {optimizer.title!r}, {optimizer.rule!r}, "
            f"({numbers}{',' * bool(numbers)}){initial}{velocity})")  # fmt: skip


def _said(value: Any) -> str:
    """A condition as Python says it."""
    if isinstance(value, Plateau):
        return f"core.{value!r}"
    if not isinstance(value, Schedule):
        return repr(value)
    warm = {"warmup": value.warmup} if value.warmup else {}
    own = {parameter.name: parameter.value for parameter in value.parameters}
    values = ", ".join(f"{name}={number!r}" for name, number in (own | warm).items())
    if value.name in SCHEDULES:
        return f"core.SCHEDULES[{value.name!r}]({values})"
    return f"core.Schedule.from_formula({value.formula!r}{', ' * bool(values)}{values})"


_SCRIPT = """\
# A race of gdviz {version}, as a program. It needs gdviz_core and nothing else of gdviz.
{imports}import gdviz_core as core
from gdviz_core.known import find
{foreign}
surface = {surface}
starts = {starts}
racers = [
{racers}
]

trajectories = []  # racers outer, starts inner
for number, (name, seen, optimizer, around) in enumerate(racers):
    trajectories += core.race(
        seen, [optimizer], starts, racer=number, **around,
        {options},
    )

if __name__ == "__main__":
    for number, t in enumerate(trajectories):
        name = racers[number // len(starts)][0]
        print(f"{{name}} from {{t.start}}: {{t.reason}}; loss {{t.loss[-1]:.17g}} "
              f"at ({{t.x[-1]:.17g}}, {{t.y[-1]:.17g}})")
"""


_NETWORK_SCRIPT = """\
# Trainings of gdviz {version}, as a program. It needs gdviz_core and nothing else of gdviz.
{imports}import gdviz_core as core
from gdviz_core.known import find
from gdviz_core.perceptron import Perceptron, Plane
from gdviz_core.training import train
{foreign}
surface = None  # all weights are trained, not only those of the plane
{surface}
starts = {starts}
racers = [
{racers}
]

trainings = []  # racers outer, starts inner
for number, (name, _, optimizer, around) in enumerate(racers):
    trainings += [
        train(net, table, optimizer, plane.at(*start), racer=number, **around,
              {options})
        for start in starts
    ]

if __name__ == "__main__":
    for number, t in enumerate(trainings):
        name = racers[number // len(starts)][0]
        print(f"{{name}}: {{t.status}} at step {{t.step[-1]}}; loss {{t.loss[-1]:.17g}}")
"""


def save(path: str | Path, text: str) -> None:
    """Write a text file; raises SaveError."""
    with replacing(path) as file:
        file.write(text.encode("utf-8"))
