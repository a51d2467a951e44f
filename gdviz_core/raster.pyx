# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Draws trails and heat maps into arrays of 32-bit pixels.

Qt strokes antialiased lines wider than a pixel about a hundred times slower than this does.
Pixels are premultiplied ARGB, as QImage.Format_ARGB32_Premultiplied.
"""

from libc.math cimport NAN, ceil, fabs, floor, sqrt
from libc.stdint cimport int64_t, uint32_t

# Pixel coordinates past this, and those that are not numbers, are passed over.
cdef double FAR = 1e12


cdef inline double least(double a, double b) noexcept nogil:
    return a if a < b else b


cdef inline double most(double a, double b) noexcept nogil:
    return a if a > b else b


cdef inline uint32_t over(uint32_t under, uint32_t colour, int alpha) noexcept nogil:
    """An opaque colour with coverage alpha (0 to 256) over a premultiplied pixel."""
    cdef uint32_t rest = 256 - alpha
    cdef uint32_t a = ((under >> 24) * rest + 255 * alpha) >> 8
    cdef uint32_t r = (((under >> 16) & 255) * rest + ((colour >> 16) & 255) * alpha) >> 8
    cdef uint32_t g = (((under >> 8) & 255) * rest + ((colour >> 8) & 255) * alpha) >> 8
    cdef uint32_t b = ((under & 255) * rest + (colour & 255) * alpha) >> 8
    return (a << 24) | (r << 16) | (g << 8) | b


cdef bint clip(double *x0, double *y0, double *x1, double *y1, double width, double height,
               double margin) noexcept nogil:
    """Cut a segment to the picture and a margin (Liang and Barsky 1984); false if none is left."""
    cdef double dx = x1[0] - x0[0], dy = y1[0] - y0[0], t0 = 0, t1 = 1, p, q, t
    cdef int side
    for side in range(4):
        if side == 0:
            p, q = -dx, x0[0] + margin
        elif side == 1:
            p, q = dx, width + margin - x0[0]
        elif side == 2:
            p, q = -dy, y0[0] + margin
        else:
            p, q = dy, height + margin - y0[0]
        if p == 0:
            if q < 0:
                return False
            continue
        t = q / p
        if p < 0:
            t0 = most(t0, t)
        else:
            t1 = least(t1, t)
        if t0 > t1:
            return False
    x1[0], y1[0] = x0[0] + t1 * dx, y0[0] + t1 * dy
    x0[0], y0[0] = x0[0] + t0 * dx, y0[0] + t0 * dy
    return True


cdef void capsule(uint32_t[:, ::1] image, double x0, double y0, double x1, double y1,
                  double radius, uint32_t colour) noexcept nogil:
    """One antialiased segment with round ends."""
    cdef int width = image.shape[1], height = image.shape[0], ix, iy, left, right, top, bottom
    cdef double reach = radius + 1, dx, dy, length2, inverse, t, ex, ey, distance2, cover, px, py
    cdef double from_x, to_x, slant
    if not clip(&x0, &y0, &x1, &y1, width, height, reach):
        return
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    inverse = 1.0 / length2 if length2 > 0 else 0.0
    # cut in floating point first: what does not fit an int has no value in C
    top = <int>most(0, least(height, floor(least(y0, y1) - reach)))
    bottom = <int>most(-1, least(height - 1, ceil(most(y0, y1) + reach)))
    slant = sqrt(length2) * reach / fabs(dy) if fabs(dy) > 1e-9 else 0.0
    for iy in range(top, bottom + 1):
        py = iy + 0.5 - y0
        from_x, to_x = least(x0, x1) - reach, most(x0, x1) + reach
        if slant > 0:  # the part of the row that the infinite line can touch
            from_x = most(from_x, x0 + dx * py / dy - slant)
            to_x = least(to_x, x0 + dx * py / dy + slant)
        left = <int>most(0, least(width, floor(from_x)))
        right = <int>most(-1, least(width - 1, ceil(to_x)))
        for ix in range(left, right + 1):
            px = ix + 0.5 - x0
            t = most(0.0, least(1.0, (px * dx + py * dy) * inverse))
            ex, ey = px - t * dx, py - t * dy
            distance2 = ex * ex + ey * ey
            if distance2 < (radius + 0.5) * (radius + 0.5):
                cover = least(1.0, radius + 0.5 - sqrt(distance2))
                image[iy, ix] = over(image[iy, ix], colour, <int>(cover * 256))


def trails(uint32_t[:, ::1] image, const double[:, ::1] x, const double[:, ::1] y,
           const int64_t[::1] first, const int64_t[::1] last, const double[::1] mapping,
           const uint32_t[::1] colours, double radius, double[:, ::1] pen):
    """Draw, for every lane, its points from index `first` to index `last`.

    Pixel = (mapping[0] + mapping[1]*x, mapping[2] + mapping[3]*y). Points that are not finite or
    closer than half a pixel to the last one drawn are passed over. `pen` (lanes, 2) keeps that last point, so that a trail
    drawn in pieces is the same as one drawn at once; a lane with first = 0 begins anew.
    """
    cdef int64_t lane, i, begin = x.shape[1], end = -1
    cdef double px, py
    if (y.shape[0] != x.shape[0] or y.shape[1] != x.shape[1] or first.shape[0] != x.shape[0]
            or last.shape[0] != x.shape[0] or colours.shape[0] != x.shape[0]
            or pen.shape[0] != x.shape[0] or pen.shape[1] != 2 or mapping.shape[0] != 4):
        raise ValueError("the arrays do not fit together")
    for lane in range(x.shape[0]):
        if first[lane] < 0 or last[lane] >= x.shape[1]:
            raise ValueError("an index is out of bounds")
        begin, end = min(begin, first[lane]), max(end, last[lane])
    with nogil:
        # points outer, lanes inner: which trail lies on top must not depend on the pieces
        for i in range(begin, end + 1):
            for lane in range(x.shape[0]):
                if i < first[lane] or i > last[lane]:
                    continue
                px = mapping[0] + mapping[1] * x[lane, i]
                py = mapping[2] + mapping[3] * y[lane, i]
                if i == 0:
                    pen[lane, 0], pen[lane, 1] = NAN, NAN  # no point drawn yet
                if not (fabs(px) < FAR and fabs(py) < FAR):
                    continue
                if pen[lane, 0] != pen[lane, 0]:
                    pen[lane, 0], pen[lane, 1] = px, py
                    continue
                if fabs(px - pen[lane, 0]) < 0.5 and fabs(py - pen[lane, 1]) < 0.5:
                    continue
                capsule(image, pen[lane, 0], pen[lane, 1], px, py, radius, colours[lane])
                pen[lane, 0], pen[lane, 1] = px, py


def discs(uint32_t[:, ::1] image, const double[::1] x, const double[::1] y,
          const uint32_t[::1] colours, double radius):
    """Draw a disc at every pixel position x, y."""
    cdef int64_t k
    if y.shape[0] != x.shape[0] or colours.shape[0] != x.shape[0]:
        raise ValueError("the arrays do not fit together")
    with nogil:
        for k in range(x.shape[0]):
            if fabs(x[k]) < FAR and fabs(y[k]) < FAR:
                capsule(image, x[k], y[k], x[k], y[k], radius, colours[k])


def shade(const double[:, ::1] values, double low, double high, const uint32_t[::1] table,
          uint32_t empty, uint32_t[:, ::1] image):
    """Colour every value from `low` to `high` by a table; values that are not finite are `empty`."""
    cdef int64_t j, i, n = table.shape[0]
    cdef double scale = (n - 1) / (high - low) if high > low else 0.0, v, t
    if values.shape[0] != image.shape[0] or values.shape[1] != image.shape[1] or n < 1:
        raise ValueError("the arrays do not fit together")
    with nogil:
        for j in range(values.shape[0]):
            for i in range(values.shape[1]):
                v = values[j, i]
                if not fabs(v) <= 1.7976931348623157e308:
                    image[j, i] = empty
                    continue
                t = (v - low) * scale
                if not t > 0:  # also where the range is too wide for a float
                    t = 0.0
                t = n - 1.0 if t > n - 1.0 else t
                image[j, i] = table[<int64_t>(t + 0.5)]
