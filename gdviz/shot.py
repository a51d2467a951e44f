"""What a picture or a film of a session shows, and how large it is."""

import math
from dataclasses import dataclass

from gdviz_core.descent import check_count
from gdviz_core.surface import Domain, check_domain

OWN = "gdviz"
# Colour maps whose lightness rises evenly, so that low and high are told apart by anyone.
HEATS = (OWN, "viridis", "cividis", "magma", "CET-L1")
PALETTES = (OWN, "Okabe-Ito")
VIEWS = ("map", "surface", "fit", "curves", "inspector", "results", "mechanics", "laboratory",
         "basins", "sweep")  # fmt: skip
THEMES = ("dark", "light")
SMALLEST, LARGEST = 64, 16_384  # points along a side
MAX_PIXELS = 120_000_000
MAX_FRAMES = 3000
MAX_CAPTION = 500  # characters


@dataclass(frozen=True)
class Shot:
    """A picture of one view or of several side by side.

    `width` and `height` are in points, `scale` is how many pixels a point has. `step` is the
    step under the playhead, None for the last; `visible` the part of the plane that the map
    shows, None for the domain. With `legend` the racers are named below; `bare` leaves out margins,
    axes and the colour bar of a map, for a picture as small as a stamp. `run` is the run that is
    looked at, by the numbers of its racer and its start, `heat` and `palette` are the colours.

    Raises ValueError that names the field.
    """

    views: tuple[str, ...] = ("map",)
    width: int = 1200
    height: int = 800
    scale: float = 1.0
    theme: str = "dark"
    step: int | None = None
    caption: str = ""
    legend: bool = True
    visible: Domain | None = None
    bare: bool = False
    run: tuple[int, int] = (1, 1)
    heat: str = OWN
    palette: str = OWN

    def __post_init__(self) -> None:
        if not self.views or len(set(self.views)) != len(self.views):
            raise ValueError("views must be one view or several different ones")
        for view in self.views:
            if view not in VIEWS:
                raise ValueError(f"there is no view {view[:40]!r}; there are {', '.join(VIEWS)}")
        for name in ("width", "height"):
            value = check_count(name, getattr(self, name))
            if not SMALLEST <= value <= LARGEST:
                raise ValueError(f"{name} must be from {SMALLEST} to {LARGEST}, not {value}")
        if not (math.isfinite(self.scale) and 0.25 <= self.scale <= 8):
            raise ValueError(f"scale must be from 0.25 to 8, not {self.scale}")
        pixels = self.width * self.height * self.scale**2
        if pixels > MAX_PIXELS:
            raise ValueError(
                f"a picture has at most {MAX_PIXELS / 1e6:g} million pixels, not "
                f"{pixels / 1e6:.0f}: make it smaller or lower its scale"
            )
        if self.theme not in THEMES:
            raise ValueError(f"theme must be {' or '.join(THEMES)}, not {self.theme[:40]!r}")
        for name, known in (("heat", HEATS), ("palette", PALETTES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}")
        if min(self.run) < 1:
            raise ValueError(f"run must be two numbers from 1, not {self.run}")
        if self.step is not None:
            check_count("step", self.step)
        if len(self.caption) > MAX_CAPTION:
            raise ValueError(f"caption has at most {MAX_CAPTION} characters")
        if self.visible is not None:
            object.__setattr__(self, "visible", check_domain(self.visible))


@dataclass(frozen=True)
class Film:
    """How a race is filmed: `seconds` long, in `fps` frames a second, again and again or once."""

    seconds: float = 8.0
    fps: int = 25
    loop: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.seconds) and 0 < self.seconds <= 600):
            raise ValueError(f"seconds must be greater than 0 and at most 600, not {self.seconds}")
        if not 1 <= check_count("fps", self.fps) <= 60:
            raise ValueError(f"fps must be from 1 to 60, not {self.fps}")
        if self.seconds * self.fps > MAX_FRAMES:
            raise ValueError(
                f"a film has at most {MAX_FRAMES} frames, not {self.seconds * self.fps:.0f}: "
                "lower its seconds or its fps"
            )

    def frames(self, last: int) -> list[int]:
        """The record of each frame, from the first of a race to its last."""
        count = max(1, round(self.seconds * self.fps))
        if last == 0:
            return [0]
        if count == 1:
            return [last]
        return [round(number * last / (count - 1)) for number in range(count)]
