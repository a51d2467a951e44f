from libc.stdint cimport int64_t, uint64_t

from gdviz_core.engine cimport Tape, gdv_tape, plan_t

# A program that is run over the rows of a table, once for each lane: its inputs are columns, its
# uniform inputs the x and y of the lane and `values`; what it computes is averaged over the rows.
ctypedef struct rows_t:
    plan_t plan
    const double **columns  # each padded to a multiple of 8
    int64_t count
    int width, outputs, value_count
    const double *values

cdef class RowTape(Tape):
    cdef rows_t rows
    cdef readonly object columns
    cdef double[::1] values
    cdef Tape row

cdef void take(int64_t rows, int64_t size, uint64_t seed, bint replacement, int64_t step,
               int64_t *order, int64_t *epoch, int64_t *chosen, int64_t *count) noexcept nogil
