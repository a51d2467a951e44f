# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Draws trails, heat maps and surfaces in three dimensions into arrays of 32-bit pixels.

Qt strokes antialiased lines wider than a pixel about a hundred times slower than this does.
Pixels are premultiplied ARGB, as QImage.Format_ARGB32_Premultiplied.
"""

from libc.math cimport NAN, ceil, fabs, floor, sqrt
from libc.stdint cimport int64_t, uint32_t, uint8_t

cdef extern from "vmath.h" nogil:
    float vm_rough_log(float)

# Pixel coordinates past this, and those that are not numbers, are passed over.
cdef double FAR = 1e12
cdef double BIGGEST = 1.7976931348623157e308


cdef inline double least(double a, double b) noexcept nogil:
    return a if a < b else b


cdef inline double most(double a, double b) noexcept nogil:
    return a if a > b else b


cdef inline uint32_t over(uint32_t under, uint32_t colour, int alpha) noexcept nogil:
    """A pixel on its way to a premultiplied colour, alpha (0 to 256) of it.

    A translucent colour takes the place of what is there, so that the joints of a line stay even.
    """
    cdef uint32_t rest = 256 - alpha
    cdef uint32_t a = ((under >> 24) * rest + (colour >> 24) * alpha) >> 8
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


cdef inline (int, int) cut(double low, double high, int count) noexcept nogil:
    """The whole numbers from low to high that are pixels, cut in floating point first: what does
    not fit an int has no value in C."""
    return (<int>most(0, least(count, floor(low))), <int>most(-1, least(count - 1, ceil(high))))


cdef inline (int, int) touched(double x0, double dx, double dy, double py, double reach,
                               double slant, int width) noexcept nogil:
    """The first and the last pixel of a row that a line may touch; py is the row less y0."""
    cdef double low = least(x0, x0 + dx) - reach, high = most(x0, x0 + dx) + reach
    if slant > 0:  # the part of the row that the infinite line can touch
        low, high = most(low, x0 + dx * py / dy - slant), least(high, x0 + dx * py / dy + slant)
    return cut(low, high, width)


cdef void capsule(uint32_t[:, ::1] image, double x0, double y0, double x1, double y1,
                  double radius, uint32_t colour, bint thin) noexcept nogil:
    """One antialiased segment with round ends.

    A `thin` one only adds what is missing: the half covered pixels at the joints of thin lines
    would be covered twice and show as dots.
    """
    cdef uint32_t pixel
    cdef int width = image.shape[1], height = image.shape[0], ix, iy, left, right, top, bottom
    cdef double reach = radius + 1, dx, dy, length2, inverse, t, ex, ey, distance2, cover, px, py
    cdef double slant
    if not clip(&x0, &y0, &x1, &y1, width, height, reach):
        return
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    inverse = 1.0 / length2 if length2 > 0 else 0.0
    top, bottom = cut(least(y0, y1) - reach, most(y0, y1) + reach, height)
    slant = sqrt(length2) * reach / fabs(dy) if fabs(dy) > 1e-9 else 0.0
    for iy in range(top, bottom + 1):
        py = iy + 0.5 - y0
        left, right = touched(x0, dx, dy, py, reach, slant, width)
        for ix in range(left, right + 1):
            px = ix + 0.5 - x0
            t = most(0.0, least(1.0, (px * dx + py * dy) * inverse))
            ex, ey = px - t * dx, py - t * dy
            distance2 = ex * ex + ey * ey
            if distance2 < (radius + 0.5) * (radius + 0.5):
                cover = least(1.0, radius + 0.5 - sqrt(distance2))
                if thin:
                    pixel = over(0, colour, <int>(cover * 256))
                    if pixel >> 24 > image[iy, ix] >> 24:
                        image[iy, ix] = pixel
                else:
                    image[iy, ix] = over(image[iy, ix], colour, <int>(cover * 256))


cdef (int64_t, int64_t) extent(const int64_t[::1] first, const int64_t[::1] last,
                               int64_t count) except *:
    """The first and the last point of all lanes; ValueError if there is no such point."""
    cdef int64_t lane, begin = count, end = -1
    for lane in range(first.shape[0]):
        if first[lane] < 0 or last[lane] >= count:
            raise ValueError("an index is out of bounds")
        begin, end = min(begin, first[lane]), max(end, last[lane])
    return begin, end


def trails(uint32_t[:, ::1] image, const double[:, ::1] x, const double[:, ::1] y,
           const int64_t[::1] first, const int64_t[::1] last, const double[::1] mapping,
           const uint32_t[::1] colours, double radius, double[:, ::1] pen):
    """Draw, for every lane, its points from index `first` to index `last`.

    Pixel = (mapping[0] + mapping[1]*x, mapping[2] + mapping[3]*y). Points that are not finite or
    closer than half a pixel to the last one drawn are passed over. `pen` (lanes, 2) keeps that
    last point, so that a trail drawn in pieces is the same as one drawn at once; a lane with
    first = 0 begins anew.
    """
    cdef int64_t lane, i, begin, end
    cdef double px, py
    if (y.shape[0] != x.shape[0] or y.shape[1] != x.shape[1] or first.shape[0] != x.shape[0]
            or last.shape[0] != x.shape[0] or colours.shape[0] != x.shape[0]
            or pen.shape[0] != x.shape[0] or pen.shape[1] != 2 or mapping.shape[0] != 4):
        raise ValueError("the arrays do not fit together")
    begin, end = extent(first, last, x.shape[1])
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
                capsule(image, pen[lane, 0], pen[lane, 1], px, py, radius, colours[lane], False)
                pen[lane, 0], pen[lane, 1] = px, py


def polyline(uint32_t[:, ::1] image, const double[::1] x, const double[::1] y, uint32_t colour,
             double radius):
    """Draw a thin line through pixel positions; a point that is not finite interrupts it."""
    cdef int64_t k
    cdef double px = NAN, py = NAN
    if y.shape[0] != x.shape[0]:
        raise ValueError("the arrays do not fit together")
    with nogil:
        for k in range(x.shape[0]):
            if not (fabs(x[k]) < FAR and fabs(y[k]) < FAR):
                px = NAN
                continue
            if px == px:
                capsule(image, px, py, x[k], y[k], radius, colour, True)
            px, py = x[k], y[k]


def discs(uint32_t[:, ::1] image, const double[::1] x, const double[::1] y,
          const uint32_t[::1] colours, double radius):
    """Draw a disc at every pixel position x, y."""
    cdef int64_t k
    if y.shape[0] != x.shape[0] or colours.shape[0] != x.shape[0]:
        raise ValueError("the arrays do not fit together")
    with nogil:
        for k in range(x.shape[0]):
            if fabs(x[k]) < FAR and fabs(y[k]) < FAR:
                capsule(image, x[k], y[k], x[k], y[k], radius, colours[k], False)


def levels(const double[::1] values, double zero, double unit, double low, double high,
           float[::1] shares):
    """Where values lie between `low` and `high`, as shares of that range.

    It is a range of log(1 + (value - zero)/unit), or where `unit` is 0 of the values themselves.
    What is not finite becomes NaN.
    """
    cdef int64_t i
    cdef double v, above, span = high - low if high > low else 1.0, inverse = 1.0 / span
    cdef float level
    if values.shape[0] != shares.shape[0]:
        raise ValueError("the arrays do not fit together")
    with nogil:
        if unit == 0:
            for i in range(values.shape[0]):
                v = values[i]
                shares[i] = <float>((v - low) * inverse) if fabs(v) <= BIGGEST else <float>NAN
        else:
            for i in range(values.shape[0]):
                v = values[i]
                above = (v - zero) / unit
                above = above if above > 0 else 0.0
                level = <float>(above if above < 3e38 else 3e38) + 1
                level = (vm_rough_log(level) - <float>low) * <float>inverse
                shares[i] = level if fabs(v) <= BIGGEST else <float>NAN


def shade(const float[:, ::1] values, double low, double high, const uint32_t[::1] table,
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
                if not fabs(v) <= 3.4028234e38:
                    image[j, i] = empty
                    continue
                t = (v - low) * scale
                if not t > 0:  # also where the range is too wide for a float
                    t = 0.0
                t = n - 1.0 if t > n - 1.0 else t
                image[j, i] = table[<int64_t>(t + 0.5)]


# Three dimensions. A matrix (3, 4) takes a point (x, y, height, 1) to (pixel x * w, pixel y * w, w),
# where w is its distance from the eye. The depth buffer holds 1/w, which is linear on the screen;
# 0 is empty.

cdef inline bint project(const double[:, ::1] m, double x, double y, double z,
                         double *to) noexcept nogil:
    """Pixel x, pixel y and nearness of a point; false if it has none."""
    cdef double w = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
    if not w > 1e-6:
        return False
    to[2] = 1.0 / w
    to[0] = (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]) * to[2]
    to[1] = (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]) * to[2]
    return fabs(to[0]) < FAR and fabs(to[1]) < FAR


cdef void triangle(uint32_t[:, ::1] image, float[:, ::1] depth, const double *a, const double *b,
                   const double *c, const uint8_t *ca, const uint8_t *cb,
                   const uint8_t *cc) noexcept nogil:
    """One triangle, its colour interpolated between its corners, where it is the nearest."""
    cdef double area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    cdef double u, v, w, near, px, py, left, right, top, bottom
    cdef int width = image.shape[1], height = image.shape[0], ix, iy
    cdef int first_x, last_x, first_y, last_y
    if not fabs(area) > 1e-12:
        return
    left, right = least(a[0], least(b[0], c[0])), most(a[0], most(b[0], c[0]))
    top, bottom = least(a[1], least(b[1], c[1])), most(a[1], most(b[1], c[1]))
    if right < 0 or left > width or bottom < 0 or top > height:
        return
    area = 1.0 / area
    first_y, last_y = cut(top, bottom, height)
    first_x, last_x = cut(left, right, width)
    for iy in range(first_y, last_y + 1):
        py = iy + 0.5
        for ix in range(first_x, last_x + 1):
            px = ix + 0.5
            u = ((b[0] - px) * (c[1] - py) - (b[1] - py) * (c[0] - px)) * area
            v = ((c[0] - px) * (a[1] - py) - (c[1] - py) * (a[0] - px)) * area
            w = 1.0 - u - v
            if u < -1e-9 or v < -1e-9 or w < -1e-9:
                continue
            near = u * a[2] + v * b[2] + w * c[2]
            if near > depth[iy, ix]:
                depth[iy, ix] = <float>near
                image[iy, ix] = (0xff000000u
                                 | <uint32_t>(u * ca[0] + v * cb[0] + w * cc[0] + 0.5) << 16
                                 | <uint32_t>(u * ca[1] + v * cb[1] + w * cc[1] + 0.5) << 8
                                 | <uint32_t>(u * ca[2] + v * cb[2] + w * cc[2] + 0.5))


def mesh(uint32_t[:, ::1] image, float[:, ::1] depth, const double[::1] x, const double[::1] y,
         const double[:, ::1] height, const uint8_t[:, :, ::1] colours, const double[:, ::1] matrix,
         double[:, :, ::1] corners):
    """Draw a surface over the grid of x and y with the depth buffer (Catmull 1974).

    `height` is (y, x), `colours` (y, x, 3) red, green, blue. A cell with a corner that is not
    finite stays empty. `corners` (y, x, 3) is room for pixel x, pixel y and nearness.
    """
    cdef int64_t n = y.shape[0], m = x.shape[0], i, j
    if (height.shape[0] != n or height.shape[1] != m or colours.shape[0] != n
            or colours.shape[1] != m or colours.shape[2] != 3 or matrix.shape[0] != 3
            or matrix.shape[1] != 4 or corners.shape[0] != n or corners.shape[1] != m
            or corners.shape[2] != 3 or depth.shape[0] != image.shape[0]
            or depth.shape[1] != image.shape[1]):
        raise ValueError("the arrays do not fit together")
    with nogil:
        for i in range(n):
            for j in range(m):
                if not project(matrix, x[j], y[i], height[i, j], &corners[i, j, 0]):
                    corners[i, j, 2] = NAN
        for i in range(n - 1):
            for j in range(m - 1):
                if (corners[i, j, 2] != corners[i, j, 2]
                        or corners[i, j + 1, 2] != corners[i, j + 1, 2]
                        or corners[i + 1, j, 2] != corners[i + 1, j, 2]
                        or corners[i + 1, j + 1, 2] != corners[i + 1, j + 1, 2]):
                    continue
                triangle(image, depth, &corners[i, j, 0], &corners[i, j + 1, 0],
                         &corners[i + 1, j + 1, 0], &colours[i, j, 0], &colours[i, j + 1, 0],
                         &colours[i + 1, j + 1, 0])
                triangle(image, depth, &corners[i, j, 0], &corners[i + 1, j, 0],
                         &corners[i + 1, j + 1, 0], &colours[i, j, 0], &colours[i + 1, j, 0],
                         &colours[i + 1, j + 1, 0])


cdef void strand(uint32_t[:, ::1] seen, uint32_t[:, ::1] hidden, bint ghosts,
                 const float[:, ::1] depth, const double *a, const double *b, double radius,
                 double lift, uint32_t colour) noexcept nogil:
    """A segment whose hidden pixels go into a picture of their own."""
    cdef int width = seen.shape[1], height = seen.shape[0], ix, iy
    cdef double x0 = a[0], y0 = a[1], x1 = b[0], y1 = b[1], reach = radius + 1, dx, dy, length2
    cdef double inverse, t, ex, ey, distance2, px, py, near, along, whole2, slant
    cdef int alpha, left, right, top, bottom
    if not clip(&x0, &y0, &x1, &y1, width, height, reach):
        return
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    inverse = 1.0 / length2 if length2 > 0 else 0.0
    whole2 = (b[0] - a[0]) * (b[0] - a[0]) + (b[1] - a[1]) * (b[1] - a[1])
    slant = sqrt(length2) * reach / fabs(dy) if fabs(dy) > 1e-9 else 0.0
    top, bottom = cut(least(y0, y1) - reach, most(y0, y1) + reach, height)
    for iy in range(top, bottom + 1):
        py = iy + 0.5 - y0
        left, right = touched(x0, dx, dy, py, reach, slant, width)
        for ix in range(left, right + 1):
            px = ix + 0.5 - x0
            t = most(0.0, least(1.0, (px * dx + py * dy) * inverse))
            ex, ey = px - t * dx, py - t * dy
            distance2 = ex * ex + ey * ey
            if distance2 >= (radius + 0.5) * (radius + 0.5):
                continue
            alpha = <int>(least(1.0, radius + 0.5 - sqrt(distance2)) * 256)
            along = 0.0
            if whole2 > 0:
                along = ((x0 + t * dx - a[0]) * (b[0] - a[0])
                         + (y0 + t * dy - a[1]) * (b[1] - a[1])) / whole2
            near = (a[2] + along * (b[2] - a[2])) * (1.0 + lift)
            if near >= depth[iy, ix]:
                seen[iy, ix] = over(seen[iy, ix], colour, alpha)
            elif ghosts:
                hidden[iy, ix] = over(hidden[iy, ix], colour, alpha)


def strands(uint32_t[:, ::1] seen, uint32_t[:, ::1] hidden, const float[:, ::1] depth,
            const double[:, ::1] x, const double[:, ::1] y, const double[:, ::1] height,
            const int64_t[::1] first, const int64_t[::1] last, const double[:, ::1] matrix,
            const uint32_t[::1] colours, double radius, double lift, double[:, ::1] pen):
    """Draw, for every lane, its points from index `first` to index `last`, as `trails` does.

    What the surface in the depth buffer hides goes into `hidden`, or nowhere if that is None.
    `lift` is by which share of its distance a line may lie behind and still be seen, `pen`
    (lanes, 3) keeps the last point. A point that is not finite interrupts its line.
    """
    cdef int64_t lane, i, begin, end
    cdef double to[3]
    cdef bint ghosts = hidden is not None
    if (y.shape[0] != x.shape[0] or y.shape[1] != x.shape[1] or height.shape[0] != x.shape[0]
            or height.shape[1] != x.shape[1] or first.shape[0] != x.shape[0]
            or last.shape[0] != x.shape[0] or colours.shape[0] != x.shape[0]
            or pen.shape[0] != x.shape[0] or pen.shape[1] != 3 or matrix.shape[0] != 3
            or matrix.shape[1] != 4 or depth.shape[0] != seen.shape[0]
            or depth.shape[1] != seen.shape[1]
            or (ghosts and (hidden.shape[0] != seen.shape[0] or hidden.shape[1] != seen.shape[1]))):
        raise ValueError("the arrays do not fit together")
    begin, end = extent(first, last, x.shape[1])
    with nogil:
        for i in range(begin, end + 1):
            for lane in range(x.shape[0]):
                if i < first[lane] or i > last[lane]:
                    continue
                if i == 0:
                    pen[lane, 0] = NAN
                if not project(matrix, x[lane, i], y[lane, i], height[lane, i], to):
                    pen[lane, 0] = NAN
                    continue
                if pen[lane, 0] == pen[lane, 0]:
                    if fabs(to[0] - pen[lane, 0]) < 0.5 and fabs(to[1] - pen[lane, 1]) < 0.5:
                        continue
                    strand(seen, hidden, ghosts, depth, &pen[lane, 0], to, radius, lift,
                           colours[lane])
                pen[lane, 0], pen[lane, 1], pen[lane, 2] = to[0], to[1], to[2]


def halve(const uint32_t[:, ::1] image, const float[:, ::1] depth, uint32_t[:, ::1] small,
          float[:, ::1] small_depth):
    """A picture of half the size: the mean of four pixels, the nearest of four depths."""
    cdef int64_t i, j
    cdef uint32_t p, q, r, s
    if (image.shape[0] != 2 * small.shape[0] or image.shape[1] != 2 * small.shape[1]
            or depth.shape[0] != image.shape[0] or depth.shape[1] != image.shape[1]
            or small_depth.shape[0] != small.shape[0] or small_depth.shape[1] != small.shape[1]):
        raise ValueError("the arrays do not fit together")
    with nogil:
        for i in range(small.shape[0]):
            for j in range(small.shape[1]):
                p, q = image[2 * i, 2 * j], image[2 * i, 2 * j + 1]
                r, s = image[2 * i + 1, 2 * j], image[2 * i + 1, 2 * j + 1]
                # two channels at a time: their sums have room beside one another
                small[i, j] = (
                    (((p & 0xff00ff) + (q & 0xff00ff) + (r & 0xff00ff) + (s & 0xff00ff)
                      + 0x20002) >> 2 & 0xff00ff)
                    | ((((p >> 8) & 0xff00ff) + ((q >> 8) & 0xff00ff) + ((r >> 8) & 0xff00ff)
                        + ((s >> 8) & 0xff00ff) + 0x20002) >> 2 & 0xff00ff) << 8)
                small_depth[i, j] = <float>most(
                    most(depth[2 * i, 2 * j], depth[2 * i, 2 * j + 1]),
                    most(depth[2 * i + 1, 2 * j], depth[2 * i + 1, 2 * j + 1]))


def blend(uint32_t[:, ::1] under, const uint32_t[:, ::1] layer, double opacity):
    """Lay a picture over another."""
    cdef int64_t i, j
    cdef uint32_t p, q, share = <uint32_t>(most(0, least(1, opacity)) * 256), rest
    if layer.shape[0] != under.shape[0] or layer.shape[1] != under.shape[1]:
        raise ValueError("the arrays do not fit together")
    with nogil:
        for i in range(under.shape[0]):
            for j in range(under.shape[1]):
                p = layer[i, j]
                if p == 0:
                    continue
                p = (((p & 0xff00ff) * share >> 8) & 0xff00ff) | (
                    ((p >> 8 & 0xff00ff) * share) & 0xff00ff00u)
                rest = 256 - (p >> 24)
                q = under[i, j]
                under[i, j] = p + ((((q & 0xff00ff) * rest >> 8) & 0xff00ff) | (
                    ((q >> 8 & 0xff00ff) * rest) & 0xff00ff00u))
