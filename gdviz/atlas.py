"""Maps of any size in files: computed tile by tile, kept on the way, written row by row."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

import gdviz_core as core
from gdviz import __version__, maps
from gdviz.compute import Computation, chart, finish
from gdviz.display import BASINS, SWEPT
from gdviz.export import SaveError, replacing, save
from gdviz.session import Session
from gdviz.tint import Inks, Shades, counts_of, pixels_of, shades_of
from gdviz.worker import beside
from gdviz_core.descent import STATUSES
from gdviz_core.maps import Basins, Part, Question, Tile, check_shape, tiles, whole
from gdviz_core.spread import Workers, spread
from gdviz_core.surface import Array, Domain, check_domain

SIDE = 256  # of a tile
COARSE = 96  # the longer side of the map that tells how colours are spread
ENDINGS = (".png", ".npz")
MAX_PIXELS = 2**30
WORD = "map.json"  # tells what the parts are parts of
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same map is the same file

USUAL = 1024  # pixels along the longer side


def check_target(path: Path) -> str:
    """The ending of a file for a map; SaveError if it has another one, or no folder."""
    if path.suffix.lower() not in ENDINGS:
        raise SaveError(f"a map is written as {' or '.join(ENDINGS)}, not as {path.name[:60]!r}")
    if not path.resolve().parent.is_dir():
        raise SaveError(f"cannot write {path}: there is no such folder")
    if path.is_dir():
        raise SaveError(f"cannot write {path}: it is a folder")
    return path.suffix.lower()


def folder_of(path: Path) -> Path:
    """Where the parts of a map are kept until it is whole."""
    return path.with_name(f".{path.name}.parts")


def identity(question: Question, side: int) -> str:
    """What tells one map from another: the same question in the same tiles."""
    surface, optimizer = question.surface, question.optimizer
    told: list[Any] = [
        type(question).__name__, __version__, side, question.shape, question.steps,
        surface.formula, surface.values, surface.domain, surface.way, surface.h,
        surface.variables, None if surface.table is None else surface.table.digest,
        optimizer.rule, optimizer.values, sorted(optimizer.initial.items()),
        sorted((name, repr(value)) for name, value in question.conditions.items()),
    ]  # fmt: skip
    if isinstance(question, Basins):
        told += [question.domain, question.seeds, question.where.points.tolist()]
    else:
        told += [question.target, question.starts.tolist(), question.numbers]
        told += [(name, values.tobytes()) for name, values in question.axes.items()]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def compute(
    question: Question, path: Path, workers: Workers | None = None, side: int = SIDE
) -> Computation[int]:
    """Compute the tiles of a map and keep each in a folder beside `path`.

    Those that are there from an earlier attempt at the same map are not computed again; returns how
    many there were. `workers` have them computed elsewhere. Raises SaveError, ClusterError and
    ValueError; what is finished stays.
    """
    rows, columns = question.shape
    if rows * columns > MAX_PIXELS:
        raise ValueError(f"a map has at most {MAX_PIXELS:,} pixels, not {rows * columns:,}")
    folder = folder_of(path)
    _begin(folder, identity(question, side))
    every, missing = list(tiles(question.shape, side)), []
    for number, tile in enumerate(every, 1):
        if _opened(folder, question, tile) is None:
            missing.append(tile)
        yield (number - len(missing)) / len(every)
    there, done = len(every) - len(missing), 0
    if workers is None:
        answers = _here(question, missing)
    else:
        answers = spread(question, missing, workers.executor, workers.ahead)
    with contextlib.closing(answers):
        for answer in answers:
            if answer is not None:
                tile, part = answer
                with replacing(_file(folder, tile)) as file:
                    np.savez(file, allow_pickle=False, **part)
                done += 1
            yield (there + done) / len(every)
    return there


def _here(
    question: Question, wanted: list[Tile]
) -> Generator[tuple[Tile, Part] | None, None, None]:
    for tile in wanted:
        progress = core.Progress()

        def part(tile: Tile = tile, progress: Any = progress) -> Part:
            return question.part(*tile, progress)

        working = beside(part, progress)
        try:
            while True:
                next(working)
                yield None
        except StopIteration as end:
            yield tile, end.value
        finally:
            working.close()


def _begin(folder: Path, digest: str) -> None:
    """Make the folder of the parts; SaveError if it holds those of another map, or anything else.

    Nothing is removed: somebody may have waited hours for it.
    """
    word = folder / WORD
    try:
        folder.mkdir(exist_ok=True)
        known = json.loads(word.read_text())["map"] if word.exists() else None
        others = [file for file in folder.iterdir() if not file.name.startswith(".gdviz-")]
    except OSError as error:
        raise SaveError(f"cannot write {folder}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        known, others = "", [word]
    if known == digest:
        return
    if others:
        what = "unfinished tiles of another map" if known else "something else than a map"
        raise SaveError(f"{folder} holds {what}: delete it, or choose another name for this one")
    save(word, json.dumps({"map": digest, "program": f"gdviz {__version__}"}) + "\n")


def _file(folder: Path, tile: Tile) -> Path:
    rows, columns = tile
    return folder / f"{rows.start}-{columns.start}.npz"


def _opened(
    folder: Path, question: Question, tile: Tile, names: Iterable[str] | None = None
) -> Part | None:
    """A part that is kept, or some of its arrays; None if there is none, or it is damaged."""
    rows, columns = tile
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    layout = question.layout
    try:
        with _file(folder, tile).open("rb") as file, np.load(file, allow_pickle=False) as found:
            part = {name: found[name] for name in layout if names is None or name in names}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    good = (values.shape == shape and values.dtype == layout[name] for name, values in part.items())
    whole_part = len(part) == len(layout)
    return part if all(good) and (not whole_part or question.sound(part)) else None


def bands(
    question: Question, folder: Path, names: Iterable[str], upwards: bool = False, side: int = SIDE
) -> Iterator[tuple[slice, Part]]:
    """Some arrays of a map from its parts, a row of tiles at a time, the first or the last first.

    Raises SaveError if a part is missing.
    """
    height, width = question.shape
    tops = range(0, height, side)
    for top in reversed(tops) if upwards else tops:
        rows = slice(top, min(top + side, height))
        size = (rows.stop - rows.start, width)
        band = {name: np.empty(size, question.layout[name]) for name in names}
        for left in range(0, width, side):
            tile = (rows, slice(left, min(left + side, width)))
            part = _opened(folder, question, tile, names)
            if part is None:
                raise SaveError(f"{_file(folder, tile)} is missing or damaged: run it once more")
            for name, values in part.items():
                band[name][:, tile[1]] = values
        yield rows, band


@dataclass(frozen=True, eq=False)
class Order:
    """A map that is wanted: its question, in any shape, and what its colours tell."""

    ask: Callable[[tuple[int, int]], Question]
    shape: tuple[int, int]
    colouring: str

    @classmethod
    def of(
        cls, session: Session, kind: str, size: tuple[int, int] | None = None, racer: int = 1,
        start: int = 1, domain: Domain | None = None, colouring: str | None = None,
    ) -> Order:  # fmt: skip
        """The map of a session, "basins" or "sweep"; racer and start count from 1.

        Raises ValueError that names what is wrong.
        """
        experiment, display = session.experiment, session.display
        if not 1 <= racer <= len(experiment.racers):
            raise ValueError(f"racer must be from 1 to {len(experiment.racers)}, not {racer}")
        entered = experiment.racers[racer - 1]
        maps.rule_in(experiment, entered)
        if kind == "basins":
            box = experiment.resolved().domain if domain is None else check_domain(domain)
            colouring = colouring or display.basins
            if colouring not in BASINS:
                raise ValueError(f"colour must be {' or '.join(BASINS)}, not {colouring}")
            where = maps.places(experiment, entered, box)
            seeds = experiment.maps.seeds if colouring == "probability" else 1

            def ask(shape: tuple[int, int]) -> Question:
                return maps.basins(experiment, entered, shape, box, where, seeds)
        else:
            colouring, box = colouring or display.swept, None
            if colouring not in SWEPT:
                raise ValueError(f"colour must be {' or '.join(SWEPT)}, not {colouring}")
            if not experiment.starts:
                raise ValueError("a map of hyper-parameters needs a start: the experiment has none")
            if not 1 <= start <= len(experiment.starts):
                raise ValueError(f"start must be from 1 to {len(experiment.starts)}, not {start}")
            target = None
            if colouring == "steps":
                found = finish(chart(experiment.resolved()))
                target = maps.target_of(experiment, display.target, found)

            def ask(shape: tuple[int, int]) -> Question:
                return maps.sweep(experiment, entered, shape, start - 1, target)

        made = cls(ask, check_shape(_rows_and_columns(size, box)), colouring)
        made.ask((1, 1))  # says now what is wrong
        return made

    @property
    def question(self) -> Question:
        return self.ask(self.shape)

    def shades(self) -> Shades:
        """How the colours are spread: a picture written row by row cannot know otherwise."""
        height, width = self.shape
        scale = max(height, width, COARSE) / COARSE
        small = (max(1, round(height / scale)), max(1, round(width / scale)))
        question = self.ask(small)
        return shades_of(question, whole(question), self.colouring)


def _rows_and_columns(size: tuple[int, int] | None, box: Domain | None) -> tuple[int, int]:
    """The shape for a size in pixels; where one number was given the longer side has so many."""
    width, height = size or (USUAL, USUAL)
    if box is not None and width == height:
        x0, x1, y0, y1 = box
        share = (y1 - y0) / (x1 - x0)
        if share < 1:
            height = max(1, round(width * share))
        else:
            width = max(1, round(height / share))
    return height, width


def write(
    order: Order, path: Path, inks: Inks | None, side: int = SIDE
) -> Computation[list[str]]:  # fmt: skip
    """Write a map whose parts are all there, as a picture or as arrays, and remove the parts.

    Memory holds one row of tiles. Returns what is to be said of the map, in lines.
    """
    question, folder = order.question, folder_of(path)
    counts = np.zeros(len(question.where.points) + 3) if isinstance(question, Basins) else None
    if inks is None:
        yield from _write_arrays(question, folder, path, side, counts)
    else:
        yield from _write_picture(order, folder, path, inks, side, counts)
    shutil.rmtree(folder, ignore_errors=True)
    if counts is None or not isinstance(question, Basins):
        return []
    told = zip(maps.told_points(question.where), counts / counts.sum(), strict=True)
    return [f"{share:7.2%}  {words}" for words, share in told if share]


def _write_picture(
    order: Order, folder: Path, path: Path, inks: Inks, side: int, counts: Array | None
) -> Computation[None]:
    """A PNG, from the top down: the last rows of the map first."""
    question, shades = order.question, order.shades()
    height, width = question.shape
    with replacing(path) as file:
        _png_chunk(file, b"", None)
        _png_chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        packer = zlib.compressobj(6)
        for rows, part in bands(question, folder, question.layout, upwards=True, side=side):
            _count(part, counts)
            pixels = pixels_of(question, part, order.colouring, shades, inks)[::-1]
            colours = np.empty((len(pixels), width, 3), np.uint8)
            for channel, shift in enumerate((16, 8, 0)):
                colours[..., channel] = pixels >> shift & 255
            lines = np.zeros((len(pixels), 1 + 3 * width), np.uint8)  # filter 0 for each row
            lines[:, 1:] = colours.reshape(len(pixels), -1)
            found = packer.compress(lines.tobytes())
            if found:
                _png_chunk(file, b"IDAT", found)
            yield 1 - rows.start / height
        _png_chunk(file, b"IDAT", packer.flush())
        _png_chunk(file, b"tEXt", b"Software\0gdviz " + __version__.encode())
        _png_chunk(file, b"IEND", b"")


def arrays_beside(question: Question) -> dict[str, Any]:
    """What else than its pixels is written of a map: what they mean."""
    named = {"status_names": np.array([STATUSES[k] for k in range(len(STATUSES))])}
    if isinstance(question, Basins):
        xs, ys = question.centres
        where = question.where
        return {"points": where.points, "kinds": np.array(where.kinds, str), "xs": xs, "ys": ys,
                "domain": np.array(question.domain)}  # fmt: skip
    (first, us), (second, vs) = question.axes.items()
    names = {"axes": np.array([first, second]), f"axis_{first}": us, f"axis_{second}": vs}
    target = math.nan if question.target is None else question.target
    return {**names, **named, "starts": question.starts, "target": np.float64(target)}


def _count(part: Part, counts: Array | None) -> None:
    """Add how many runs end in each point."""
    if counts is not None and "minimum" in part:
        counts += counts_of(part["minimum"], len(counts) - 3)


def _write_arrays(
    question: Question, folder: Path, path: Path, side: int, counts: Array | None
) -> Computation[None]:
    """As numpy.savez writes them, but a row of tiles at a time."""
    layout = question.layout
    height = question.shape[0]
    packing = zipfile.ZIP_DEFLATED
    with replacing(path) as file, zipfile.ZipFile(file, "w", packing, compresslevel=1) as archive:
        for number, (name, kind) in enumerate(layout.items()):
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(kind)),
                      "fortran_order": False, "shape": question.shape}  # fmt: skip
            with archive.open(_entry(name), "w", force_zip64=True) as entry:
                np.lib.format.write_array_header_2_0(entry, header)
                for rows, band in bands(question, folder, [name], side=side):
                    _count(band, counts)
                    entry.write(band[name].tobytes())
                    yield (number + rows.stop / height) / len(layout)
        for name, values in arrays_beside(question).items():
            with archive.open(_entry(name), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(values), allow_pickle=False)


def _entry(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(f"{name}.npy", EPOCH)
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def _png_chunk(file: BinaryIO, kind: bytes, data: bytes | None) -> None:
    if data is None:
        file.write(b"\x89PNG\r\n\x1a\n")
        return
    file.write(struct.pack(">I", len(data)) + kind + data)
    file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))
