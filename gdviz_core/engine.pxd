from libc.stdint cimport int64_t, uint64_t

cdef extern from "kernels.h":
    ctypedef struct gdv_instruction:
        int op, d, a, b, c
        double k1, k2
    ctypedef struct gdv_tape
    ctypedef void (*gdv_run)(const gdv_tape *, long, double *const *) noexcept nogil
    ctypedef struct gdv_tape:
        gdv_instruction *first
        long count
        gdv_run run, narrow
        const void *rows
        long scratch_size
        double *scratch
    ctypedef struct gdv_bounds:
        double tolerance2, x0, x1, y0, y1, far_x0, far_x1, far_y0, far_y1
    ctypedef long (*gdv_watch)(const gdv_bounds *, long, const double *, const double *,
                               const double *, const double *, const double *,
                               double *) noexcept nogil
    ctypedef struct gdv_disturbance:
        double weight_decay, noise, clip_value, clip_norm
    ctypedef void (*gdv_normal)(uint64_t, int64_t, int64_t, const int64_t *, long,
                                double *, double *) noexcept nogil
    ctypedef void (*gdv_disturb)(const gdv_disturbance *, long, const double *, const double *,
                                 const double *, const double *, double *,
                                 double *) noexcept nogil
    ctypedef double (*gdv_sum)(const double *, long) noexcept nogil
    uint64_t gdv_mix(uint64_t z) noexcept nogil
    ctypedef struct gdv_kernels:
        gdv_run interpret
        gdv_watch watch
        gdv_normal normal
        gdv_disturb disturb
        gdv_sum sum
        const gdv_run *emitted
    enum: GDV_PAD, GDV_RUNNING, GDV_OUTSIDE, GDV_CONVERGED, GDV_DIVERGED, GDV_STALLED, GDV_REACHED

cdef const gdv_kernels *KERNELS

# Lanes of a block: few enough that the registers of a program stay in the nearest cache.
cdef enum: BLOCK = 256

cdef class Progress:
    cdef int64_t drawn  # lanes or rows that some thread has taken on
    cdef int64_t done   # of total
    cdef int64_t total
    cdef int stopped
    cdef int64_t draw(self, int64_t amount) noexcept nogil
    cdef void tell(self, int64_t amount) noexcept nogil

# A program with the constants that all lanes share: `uniform` computes them, `patches` (instruction,
# 1 or 2, register) says where they go.
ctypedef struct plan_t:
    gdv_tape tape
    gdv_tape uniform
    int registers, uniform_registers, uniform_inputs, patch_count
    const int *patches

cdef class Tape:
    cdef plan_t plan
    cdef readonly int registers
    cdef readonly int inputs
    cdef readonly object program
    cdef readonly bint emitted
    cdef object records
    cdef readonly Tape uniform
    cdef int[:, ::1] patches

cdef void patch(const plan_t *plan, double **uniform, gdv_instruction *code) noexcept nogil
cdef int64_t padded(int64_t n) noexcept nogil
cdef double *aligned(void *raw) noexcept nogil
cdef void load(double *to, const double *source, int64_t m, int64_t q) noexcept nogil
