"""What part of the plane a canvas shows: fitted to a domain, zoomed or panned."""

import math
from typing import Any

import numpy as np

from gdviz.experiment import Point
from gdviz.scale import rounded, stretch
from gdviz_core.surface import Domain

MAX_SPAN = 1e5  # how far out and in one may zoom, in sizes of the domain
MIN_SPAN = 1e-9


class Range:
    """The visible part of the plane, for a canvas of any size in logical pixels."""

    def __init__(self) -> None:
        self.domain: Domain = (0.0, 1.0, 0.0, 1.0)
        self.fits = True  # until the user zooms or pans
        self.middle: Point = (0.0, 0.0)
        self._span = 1.0  # plane units of x per logical pixel
        self._share = 1.0  # of y for one of x

    def set_domain(self, domain: Domain) -> None:
        """Show a domain, all of it."""
        self.domain, self._share = domain, stretch(domain)
        self.fit()

    def fit(self) -> None:
        """Show the whole domain."""
        x0, x1, y0, y1 = self.domain
        self.middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        self.fits = True

    def place(self, width: float, height: float) -> Domain:
        """What a canvas of that size shows: x0, x1, y0, y1."""
        x0, x1, y0, y1 = self.domain
        if self.fits:
            self._span = max((x1 - x0) / width, (y1 - y0) / self._share / height)
        reach = MAX_SPAN * self._size()
        x = min(max(self.middle[0], x0 - reach), x1 + reach)
        reach *= self._share
        y = min(max(self.middle[1], y0 - reach), y1 + reach)
        self.middle = (x, y)
        half_x, half_y = self._span * width / 2, self._span * self._share * height / 2
        return x - half_x, x + half_x, y - half_y, y + half_y

    def zoom(self, factor: float, width: float, about: Point | None = None) -> None:
        """Make everything `factor` times larger; the point `about` stays where it is."""
        self.fits = False
        size, width = self._size(), max(width, 1.0)
        before = self._span
        far = max(abs(self.middle[0]), abs(self.middle[1]) / self._share)
        resolution = 1e-13 * (1.0 + far / size)
        low, high = max(MIN_SPAN, resolution * 1e3), MAX_SPAN
        self._span = min(max(before / factor, low * size / width), high * size / width)
        if about is not None:
            k = self._span / before
            x, y = about
            self.middle = (x + k * (self.middle[0] - x), y + k * (self.middle[1] - y))

    def pan(self, dx: float, dy: float) -> None:
        """Move by logical pixels."""
        self.fits = False
        x, y = self.middle
        self.middle = (x - dx * self._span, y + dy * self._span * self._share)

    def show_box(self, corner: Point, opposite: Point, width: float, height: float) -> None:
        """Show the box between two points, and what else there is room for."""
        wide, tall = abs(opposite[0] - corner[0]), abs(opposite[1] - corner[1]) / self._share
        if not math.isfinite(wide + tall) or min(wide, tall) < 6 * self._span:
            return  # no box, or a click that slipped
        self.middle = ((corner[0] + opposite[0]) / 2, (corner[1] + opposite[1]) / 2)
        self.zoom(self._span / max(wide / width, tall / height), width)

    def away(self, dx: Any, dy: Any) -> Any:
        """How many logical pixels long something of the plane is."""
        return np.hypot(dx, dy / self._share) / self._span

    def rounded(self, at: Point) -> Point:
        """A point in no more digits than a tenth of a pixel is worth."""
        return rounded(at, (self._span, self._span * self._share))

    def _size(self) -> float:
        """The longer side of the domain, in units of x."""
        x0, x1, y0, y1 = self.domain
        return max(x1 - x0, (y1 - y0) / self._share)
