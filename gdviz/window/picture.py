"""Pictures and films of a session in files: the views themselves, never shown on a screen."""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QBuffer, QIODevice, QMarginsF, QPoint, QRect, QRectF, QSize, QSizeF, Qt
from PyQt6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PyQt6.QtSvg import QSvgGenerator
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gdviz import __version__, export
from gdviz.app import job, theme
from gdviz.app.controls import label
from gdviz.app.document import Document
from gdviz.app.legend import Legend
from gdviz.app.player import Player
from gdviz.app.preferences import coloured
from gdviz.session import Session
from gdviz.shot import Film, Shot
from gdviz.views import (
    BasinsView,
    CurvesView,
    FitView,
    InspectorView,
    LaboratoryView,
    MapView,
    MechanicsView,
    ReliefView,
    ResultsView,
    SweepView,
)
from gdviz.views.view import View

KINDS: dict[str, type[View]] = {
    "map": MapView, "surface": ReliefView, "fit": FitView, "curves": CurvesView,
    "inspector": InspectorView, "results": ResultsView, "mechanics": MechanicsView,
    "laboratory": LaboratoryView, "basins": BasinsView, "sweep": SweepView,
}  # fmt: skip
MARGIN, SPACE = 16, 12
PATIENCE = 60.0  # seconds that what is computed in the background may take
LEGEND_ROWS = 20
COLOURS = 255  # of a GIF
MANY = 16  # racers that have their own colours in it
POINTS_PER_INCH = 96


class Picture(QWidget):
    """Views side by side, a caption above and the names of the racers below.

    A QApplication must exist; how many pixels a point has is its affair (QT_SCALE_FACTOR).
    """

    def __init__(self, session: Session, shot: Shot):
        super().__init__()
        self.setObjectName("picture")
        self.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.shot = shot
        self.document = Document(session.experiment, self, patient=True)
        self.player = Player(self)
        self.document.raced.connect(lambda race: self.player.set_last(race.last))
        self.views = [KINDS[name](self.document, self.player) for name in shot.views]
        usual = theme.DARK if shot.theme == "dark" else theme.LIGHT
        self.colours = colours = coloured(usual, shot.heat, shot.palette)
        self.setFixedSize(shot.width, shot.height)
        column = QVBoxLayout(self)
        margin = 0 if shot.bare else MARGIN
        column.setContentsMargins(margin, margin, margin, margin)
        column.setSpacing(SPACE)
        if shot.caption:
            caption = label(_plain(shot.caption), "brand")
            caption.setTextFormat(Qt.TextFormat.PlainText)
            caption.setWordWrap(True)
            column.addWidget(caption)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        self._headings: list[tuple[View, QLabel]] = []
        for view in self.views:
            part = QVBoxLayout()
            part.setSpacing(4)
            heading = label("", "title")
            part.addWidget(heading)
            part.addWidget(view.for_picture(), 1)
            self._headings.append((view, heading))
            row.addLayout(part, 1)
        column.addLayout(row, 1)
        if shot.legend:
            legend = Legend()
            legend.set_theme(colours)
            legend.show_rows(LEGEND_ROWS)
            legend.show_racers(session.experiment, running=True)
            column.addWidget(legend)
        theme.apply(colours)
        self.setStyleSheet(theme.style_sheet(colours))
        for view in self.views:
            view.set_theme(colours)
            if shot.bare:
                view.show_bare()
        self.document.view_as(session.display)
        self.document.recompute()
        self.show()
        self.document.select(start=shot.run[1] - 1, racer=shot.run[0] - 1)
        if shot.step is None:
            self.player.go(self.player.last)
        else:
            self.player.go(int(np.searchsorted(self.document.race.steps, shot.step)))
        self._settle()

    def _settle(self) -> None:
        """Lay out, and wait for what follows in the background."""
        end = time.monotonic() + PATIENCE
        for _ in range(3):
            QApplication.processEvents()
        for view in self.views:
            if isinstance(view, MapView):
                if self.shot.visible is None:
                    view.fit()
                else:
                    x0, x1, y0, y1 = self.shot.visible
                    view.show_box((x0, y0), (x1, y1))
            if isinstance(view, ResultsView):
                while view.results is None and time.monotonic() < end:
                    QApplication.processEvents()
                    time.sleep(0.005)
        while job.busy() and time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)
        for view, heading in self._headings:
            heading.setText(view.windowTitle() if isinstance(view, CurvesView) else "")
            heading.setVisible(bool(heading.text()))
        QApplication.processEvents()

    def paint(self, painter: QPainter) -> None:
        """Draw everything on another device, from its corner."""
        self.render(painter, QPoint(0, 0))

    def image(self) -> QImage:
        """The picture in pixels."""
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        image = QImage(size, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        painter = QPainter(image)
        try:
            self.paint(painter)
        finally:
            painter.end()
        return image

    def png(self) -> bytes:
        """The picture as PNG."""
        return png(self.image())

    def svg(self) -> bytes:
        """The picture as SVG: text, trails and contour lines can be enlarged and edited."""
        buffer = QBuffer()
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(self.size())
        generator.setViewBox(QRectF(QRect(QPoint(0, 0), self.size())))
        generator.setResolution(POINTS_PER_INCH)
        generator.setTitle(_plain(self.shot.caption or "gdviz"))
        generator.setDescription(f"made by gdviz {__version__}")
        self._print_to(generator)
        return buffer.data().data()

    def pdf(self) -> bytes:
        """The picture as a page of PDF."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(buffer)
        writer.setResolution(POINTS_PER_INCH)
        writer.setTitle(_plain(self.shot.caption or "gdviz"))
        writer.setCreator(f"gdviz {__version__}")
        inch = QSizeF(self.width() / POINTS_PER_INCH, self.height() / POINTS_PER_INCH)
        page = QPageSize(inch, QPageSize.Unit.Inch, "", QPageSize.SizeMatchPolicy.ExactMatch)
        none = QMarginsF(0, 0, 0, 0)
        writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, none))
        self._print_to(writer)
        return buffer.data().data()

    def _print_to(self, device: Any) -> None:
        painter = QPainter(device)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint(painter)
        finally:
            painter.end()

    def frames(self, film: Film) -> Iterator[NDArray[np.uint8]]:
        """The race as pictures, (height, width, 3), both of an even number of pixels."""
        for index in film.frames(self.player.last):
            self.player.go(index)
            yield _array(self.image())


def png(image: QImage) -> bytes:
    """An image as PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return buffer.data().data()


def _plain(text: str) -> str:
    """Text as one line without control characters, which XML does not permit."""
    return "".join(c if c.isprintable() else " " for c in text)


def _array(image: QImage) -> NDArray[np.uint8]:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    bits: Any = image.constBits()
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    return pixels[: image.height() // 2 * 2, : image.width() // 2 * 2].copy()


Report = Callable[[float], None]


def palette_of(picture: Picture) -> Any:
    """Colours that serve for every frame: those of the last, and those of the racers.

    The racers' would be lost: their trails and balls are but a small part of a picture.
    """
    from PIL import Image

    own: list[int] = []
    racers = picture.document.experiment.running
    for racer in racers[:MANY]:
        color = picture.colours.racer(racer.colour)
        for shade in (color, color.lighter(150), color.darker(125), color.darker(200)):
            own += [shade.red(), shade.green(), shade.blue()]
    picture.player.go(picture.player.last)
    rest = COLOURS - len(own) // 3
    common = Image.fromarray(_array(picture.image())).quantize(rest).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(common[: 3 * rest] + own)
    return palette


def write_gif(file: BinaryIO, picture: Picture, film: Film, report: Report) -> None:
    """The race as GIF; `report` hears its progress."""
    from PIL import Image

    # Browsers take a delay of a hundredth of a second for a tenth.
    film = replace(film, fps=min(film.fps, 50))
    count = len(film.frames(picture.player.last))
    palette: Image.Image | None = None

    def images() -> Iterator[Image.Image]:
        nonlocal palette
        for number, frame in enumerate(picture.frames(film), 1):
            image = Image.fromarray(frame)
            assert palette is not None
            report(number / count)
            yield image.quantize(palette=palette, dither=Image.Dither.NONE)

    palette = palette_of(picture)
    made = images()
    first = next(made)
    # in hundredths of a second, so that together they are as long as was asked
    ends = [round(100 * number / film.fps) for number in range(count + 1)]
    delays = [10 * (end - begin) for begin, end in pairwise(ends)]
    again: dict[str, Any] = {"loop": 0} if film.loop else {}
    first.save(file, "GIF", save_all=True, append_images=made, duration=delays, **again)


def write_mp4(file: BinaryIO, picture: Picture, film: Film, report: Report) -> None:
    """The race as MP4 in H.264, as everything plays it; `report` hears its progress."""
    import av

    count = len(film.frames(picture.player.last))
    with av.open(file, "w", format="mp4") as container:
        stream = None
        for number, pixels in enumerate(picture.frames(film), 1):
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(film.fps))
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.options = {"crf": "18", "preset": "medium"}
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(stream.encode(frame))
            report(number / count)
        if stream is not None:
            container.mux(stream.encode(None))


def write(
    session: Session, shot: Shot, film: Film, files: dict[str, Path], report: Report
) -> list[Path]:
    """Write pictures and films; `files` maps "png", "svg", "pdf", "gif" and "mp4" to paths.

    Each file appears when it is complete. Returns the paths. Raises SaveError.
    """
    picture = Picture(session, shot)
    written = []
    still = {"png": picture.png, "svg": picture.svg, "pdf": picture.pdf}
    moving = {"gif": write_gif, "mp4": write_mp4}
    for done, (kind, path) in enumerate(files.items()):
        path = export.with_ending(path, f".{kind}")
        part = _part(report, done, len(files))
        made = io.BytesIO()  # complete before the file is touched
        if kind in still:
            made.write(still[kind]())
        else:
            moving[kind](made, picture, film, part)
        with export.replacing(path) as file:
            file.write(made.getbuffer())
        part(1.0)
        written.append(path)
    return written


def _part(report: Report, done: int, count: int) -> Report:
    return lambda fraction: report((done + fraction) / count)


def begin() -> QApplication:
    """The application that pictures need, where there is no window."""
    app = QApplication(["gdviz"])
    theme.prepare(app)
    return app
