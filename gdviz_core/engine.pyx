# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Runs programs over blocks of lanes, without the GIL.

A lane is one point; a block is up to BLOCK lanes, each register an array over them. A rule acts on
twice as many: first the x, then the y of every lane. What a lane gets never depends on its block,
its thread or its neighbours.
"""

import os

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int8_t, int64_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from gdviz_core.program import OPCODES

cdef extern from "kernels.h":
    ctypedef struct gdv_instruction:
        int op, d, a, b, c
        double k1, k2
    ctypedef struct gdv_tape:
        gdv_instruction *first
        long count
    ctypedef void (*gdv_run)(const gdv_tape *, long, double *const *) noexcept nogil
    ctypedef struct gdv_bounds:
        double tolerance2, x0, x1, y0, y1, far_x0, far_x1, far_y0, far_y1
    ctypedef long (*gdv_watch)(const gdv_bounds *, long, const double *, const double *,
                               const double *, const double *, const double *,
                               double *) noexcept nogil
    ctypedef struct gdv_kernels:
        gdv_run interpret
        gdv_watch watch
    const gdv_kernels gdv_baseline
    const gdv_kernels gdv_avx2
    int gdv_has_avx2() nogil
    enum: GDV_PAD, GDV_RUNNING, GDV_OUTSIDE, GDV_CONVERGED, GDV_DIVERGED

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #include <intrin.h>
    #define gdv_draw(p, v) _InterlockedExchangeAdd64((volatile __int64 *)(p), (v))
    #else
    #define gdv_draw(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
    #endif
    """
    int64_t gdv_draw(int64_t *counter, int64_t amount) noexcept nogil

# Lanes of a block: few enough that the registers of a formula stay in the nearest cache.
cdef enum: BLOCK = 256
# Steps between two looks at the cancel flag.
cdef enum: POLL = 64

OUT_OF_STEPS, OUTSIDE, CONVERGED, DIVERGED = (
    GDV_RUNNING, GDV_OUTSIDE, GDV_CONVERGED, GDV_DIVERGED)


cdef const gdv_kernels *_choose() except NULL:
    wanted = os.environ.get("GDVIZ_ENGINE", "")
    if wanted not in ("", "avx2", "baseline"):
        raise ImportError(f"GDVIZ_ENGINE must be avx2 or baseline, not {wanted!r}")
    if wanted == "avx2" and not gdv_has_avx2():
        raise ImportError("GDVIZ_ENGINE is avx2, but this processor does not have AVX2")
    if wanted == "baseline" or not gdv_has_avx2():
        return &gdv_baseline
    return &gdv_avx2

cdef const gdv_kernels *KERNELS = _choose()
ENGINE = "avx2" if KERNELS == &gdv_avx2 else "baseline"

_RECORD = np.dtype(
    [("op", "i4"), ("d", "i4"), ("a", "i4"), ("b", "i4"), ("c", "i4"), ("unused", "i4"),
     ("k1", "f8"), ("k2", "f8")])


cdef class Progress:
    """Shared by the threads of one computation: how far it is, and a stop flag."""

    cdef int64_t drawn  # lanes or rows that some thread has taken on
    cdef int64_t done   # of total
    cdef int64_t total
    cdef int stopped

    def __cinit__(self):
        self.total = 1

    def begin(self, int64_t total):
        """Start counting anew, for a computation of `total` lanes, points or lane-steps."""
        self.drawn = self.done = 0
        self.total = max(1, total)

    def cancel(self):
        """Ask the computation to end early; its result is then worthless."""
        self.stopped = 1

    @property
    def cancelled(self):
        return self.stopped != 0

    @property
    def fraction(self):
        """How much is done, from 0 to 1."""
        return min(1.0, self.done / self.total)


cdef class Tape:
    """A Program, verified and ready to run; raises ValueError if an operand is out of bounds."""

    cdef gdv_tape tape
    cdef readonly int registers
    cdef readonly int inputs
    cdef readonly object program
    cdef object records
    cdef readonly Tape uniform
    cdef int[:, ::1] patches

    def __init__(self, program):
        self.program = program
        self.registers, self.inputs = program.registers, len(program.inputs)
        self.records = np.zeros(max(1, len(program.instructions)), _RECORD)
        for i, instruction in enumerate(program.instructions):
            operands = (instruction.d, instruction.a, instruction.b, instruction.c)
            if not all(0 <= register < self.registers for register in operands):
                raise ValueError(f"instruction {i} uses a register that is not there")
            self.records[i] = (OPCODES[instruction.name], *operands, 0,
                               instruction.k1, instruction.k2)
        self.uniform = Tape(program.uniform) if program.uniform else None
        self.patches = np.array(
            [(p.instruction, p.which, p.source) for p in program.patches] or np.zeros((0, 3)),
            dtype=np.intc)
        for instruction_, which, source in np.asarray(self.patches):
            if not (0 <= instruction_ < len(program.instructions) and which in (1, 2)
                    and self.uniform is not None and 0 <= source < self.uniform.registers):
                raise ValueError("a patch is out of bounds")
        cdef const unsigned char[::1] raw = self.records.view(np.uint8)
        self.tape.first = <gdv_instruction *>&raw[0]
        self.tape.count = len(program.instructions)


cdef inline int64_t padded(int64_t n) noexcept nogil:
    return (n + GDV_PAD - 1) // GDV_PAD * GDV_PAD


cdef double *aligned(void *raw) noexcept nogil:
    return <double *>((<uintptr_t>raw + 63) & ~<uintptr_t>63)


cdef void load(double *to, const double *source, int64_t m, int64_t q) noexcept nogil:
    """Copy m lanes and repeat the last one up to q."""
    cdef int64_t k
    memcpy(to, source, m * sizeof(double))
    for k in range(m, q):
        to[k] = source[m - 1]


def evaluate(Tape tape, const double[:, ::1] inputs, double[:, ::1] outputs,
             Progress progress=None):
    """Run a program once for every lane: inputs (i, n) to outputs (o, n)."""
    cdef int64_t n = inputs.shape[1], b0, m, q, row
    cdef int ni = inputs.shape[0], no = outputs.shape[0], r
    if ni != tape.inputs or ni + no > tape.registers or outputs.shape[1] != n:
        raise ValueError("the arrays do not fit the program")
    progress = Progress() if progress is None else progress
    cdef double *w
    cdef double **registers
    cdef void *raw
    with nogil:
        raw = malloc(64 + sizeof(double) * BLOCK * tape.registers)
        registers = <double **>malloc(sizeof(void *) * tape.registers)
        if raw != NULL and registers != NULL:
            w = aligned(raw)
            for r in range(tape.registers):
                registers[r] = w + r * BLOCK
            while not progress.stopped:
                b0 = gdv_draw(&progress.drawn, BLOCK)
                if b0 >= n:
                    break
                m = min(<int64_t>BLOCK, n - b0)
                q = padded(m)
                for r in range(ni):
                    load(registers[r], &inputs[r, b0], m, q)
                KERNELS.interpret(&tape.tape, q, registers)
                for r in range(no):
                    memcpy(&outputs[r, b0], registers[ni + r], m * sizeof(double))
                gdv_draw(&progress.done, m)
        free(raw)
        free(registers)
    if raw == NULL or registers == NULL:
        raise MemoryError


def grid(Tape tape, const double[::1] xs, const double[::1] ys, double[:, :, ::1] outputs,
         Progress progress=None):
    """Run a program of x and y on the mesh xs, ys: outputs (o, len(ys), len(xs)).

    Several threads may call this with one Progress: each draws rows from it.
    """
    cdef int64_t nx = xs.shape[0], ny = ys.shape[0], i, j, k, m, q
    cdef int no = outputs.shape[0], r
    if tape.inputs != 2 or 2 + no > tape.registers or (
            outputs.shape[1] != ny or outputs.shape[2] != nx):
        raise ValueError("the arrays do not fit the program")
    progress = Progress() if progress is None else progress
    cdef double *w
    cdef double **registers
    cdef void *raw
    with nogil:
        raw = malloc(64 + sizeof(double) * BLOCK * tape.registers)
        registers = <double **>malloc(sizeof(void *) * tape.registers)
        if raw != NULL and registers != NULL:
            w = aligned(raw)
            while not progress.stopped:
                j = gdv_draw(&progress.drawn, 1)
                if j >= ny:
                    break
                for k in range(BLOCK):
                    w[BLOCK + k] = ys[j]
                i = 0
                while i < nx:
                    m = min(<int64_t>BLOCK, nx - i)
                    q = padded(m)
                    for r in range(tape.registers):
                        registers[r] = w + r * BLOCK
                    if q == m:  # whole vectors: read and write the caller's arrays in place
                        registers[0] = <double *>&xs[i]
                        for r in range(no):
                            registers[2 + r] = &outputs[r, j, i]
                    else:
                        load(w, &xs[i], m, q)
                    KERNELS.interpret(&tape.tape, q, registers)
                    if q != m:
                        for r in range(no):
                            memcpy(&outputs[r, j, i], registers[2 + r], m * sizeof(double))
                    i += m
                gdv_draw(&progress.done, nx)
        free(raw)
        free(registers)
    if raw == NULL or registers == NULL:
        raise MemoryError


# Extra inputs of a rule, each a copy of surface registers for the x half and the y half.
# Surface registers: 0 x, 1 y, 2 f, 3 gx, 4 gy, 5 hxx, 6 hxy, 7 hyy.
EXTRAS = {"x": (0, 0), "y": (1, 1), "f": (2, 2), "gx": (3, 3), "gy": (4, 4),
          "hxx": (5, 5), "hxy": (6, 6), "hyy": (7, 7), "h": (5, 7)}


cdef class Descent:
    """What one optimizer does to one surface; `run` may be called by several threads at once.

    Register layout of the rule: w, g, the extras in order, the lane hyper-parameters, the state.
    """

    cdef Tape surface, rule
    cdef Tape slope               # gradient alone, for steps that are neither tested nor recorded
    cdef int derivatives          # 2: value and gradient, 5: with the Hessian
    cdef int[:, ::1] extras       # (rule register, surface register of the x and the y half)
    cdef const double[::1] hyperparameters  # shared ones, in the order of the uniform inputs
    cdef const double[:, ::1] lanes         # (hyper-parameter, lane): those that differ
    cdef const double[:, ::1] initial       # (state variable, 1 or lane)
    cdef gdv_bounds bounds
    cdef bint stop_outside, slim
    cdef int64_t steps, every, look

    def __init__(self, Tape surface, Tape slope, Tape rule, extras, hyperparameters, lanes, initial, bounds,
                 bint stop_outside, steps, every, look):
        self.surface, self.slope, self.rule = surface, slope, rule
        self.derivatives = 5 if any(EXTRAS[name][1] > 4 for name in extras) else 2
        self.slim = all(name in ("x", "y", "gx", "gy") for name in extras)
        self.extras = np.array([EXTRAS[name] for name in extras] or np.zeros((0, 2)), np.intc)
        self.hyperparameters, self.lanes, self.initial = hyperparameters, lanes, initial
        (self.bounds.tolerance2, self.bounds.x0, self.bounds.x1, self.bounds.y0, self.bounds.y1,
         self.bounds.far_x0, self.bounds.far_x1, self.bounds.far_y0, self.bounds.far_y1) = bounds
        self.stop_outside = stop_outside
        self.steps, self.every, self.look = steps, every, look
        if (surface.inputs != 2 or surface.registers < 3 + self.derivatives
                or slope.inputs != 2 or slope.registers < 4
                or rule.inputs != 2 + len(extras) + lanes.shape[0] + initial.shape[0]
                or steps < 0 or every < 1 or look < 1):
            raise ValueError("surface, rule and arrays do not fit together")
        if rule.uniform is not None and rule.uniform.inputs != hyperparameters.shape[0] + 1:
            raise ValueError("the rule wants other hyper-parameters")

    def run(self, const double[::1] x, const double[::1] y, double[:, :, ::1] record,
            int8_t[::1] status, int64_t[::1] last, int64_t[::1] left, Progress progress):
        """Advance all lanes from x, y.

        record (5 + 2*states, rows, lanes) takes x, y, f, gx, gy and the state of every `every`th
        iterate and of the last. Every `look`th iterate is tested for having ended.
        """
        cdef int64_t n = x.shape[0], b0, m, q, rows = record.shape[1]
        cdef int ns = self.initial.shape[0], nl = self.lanes.shape[0], ne = self.extras.shape[0]
        cdef int s_count = self.surface.registers, r_count = self.rule.registers
        cdef int g_count = self.slope.registers
        cdef int u_count = self.rule.uniform.registers if self.rule.uniform is not None else 0
        if y.shape[0] != n or status.shape[0] != n or last.shape[0] != n or left.shape[0] != n:
            raise ValueError("the arrays do not fit together")
        if (record.shape[0] != 5 + 2 * ns or record.shape[2] != n
                or rows < self.steps // self.every + 2):
            raise ValueError("the record does not fit")
        if (nl and self.lanes.shape[1] != n) or (ns and self.initial.shape[1] not in (1, n)):
            raise ValueError("the arrays do not fit together")
        cdef int64_t block = min(<int64_t>BLOCK, padded(n))
        cdef void *raw
        cdef double **registers
        cdef gdv_instruction *code
        with nogil:
            raw = malloc(64 + sizeof(double) * (
                block * (s_count + g_count + 2 * r_count + 1) + u_count))
            registers = <double **>malloc(sizeof(void *) * (s_count + g_count + r_count + u_count))
            code = <gdv_instruction *>malloc(
                sizeof(gdv_instruction) * (self.rule.tape.count + 1))
            if raw != NULL and registers != NULL and code != NULL:
                while not progress.stopped:
                    b0 = gdv_draw(&progress.drawn, block)
                    if b0 >= n:
                        break
                    m = min(block, n - b0)
                    self.run_block(b0, m, padded(m), block, aligned(raw), registers, code,
                                   x, y, record, status, last, left, progress)
            free(raw)
            free(registers)
            free(code)
        if raw == NULL or registers == NULL or code == NULL:
            raise MemoryError

    cdef void run_block(self, int64_t b0, int64_t m, int64_t q, int64_t block, double *memory,
                        double **S, gdv_instruction *code,
                        const double[::1] x, const double[::1] y, double[:, :, ::1] record,
                        int8_t[::1] status, int64_t[::1] last, int64_t[::1] left,
                        Progress progress) noexcept nogil:
        cdef int ns = self.initial.shape[0], nl = self.lanes.shape[0], ne = self.extras.shape[0]
        cdef int s_count = self.surface.registers, r_count = self.rule.registers
        cdef int g_count = self.slope.registers
        cdef double **G = S + s_count
        cdef double **R = G + g_count
        cdef double **U = R + r_count
        cdef int64_t t = 0, k, row, alive = m, told = 0
        cdef int r, c, first_state = 2 + ne + nl
        cdef double *state = memory + block * (s_count + g_count + 2 * r_count)
        cdef bint slim
        cdef double now
        cdef gdv_tape tape
        for r in range(s_count):
            S[r] = memory + r * block
        for r in range(r_count):
            R[r] = memory + block * (s_count + g_count) + r * 2 * block
        for r in range(g_count):
            G[r] = memory + block * (s_count + r)
        # x and y are the halves of w, gx and gy those of g: nothing is copied between the two
        S[0], S[1], S[3], S[4] = R[0], R[0] + q, R[1], R[1] + q
        G[0], G[1], G[2], G[3] = S[0], S[1], S[3], S[4]
        load(S[0], &x[b0], m, q)
        load(S[1], &y[b0], m, q)
        for c in range(nl):
            load(R[2 + ne + c], &self.lanes[c, b0], m, q)
            load(R[2 + ne + c] + q, &self.lanes[c, b0], m, q)
        for c in range(ns):
            for k in range(q):
                row = 0 if self.initial.shape[1] == 1 else b0 + min(k, m - 1)
                R[first_state + c][k] = R[first_state + c][k + q] = self.initial[c, row]
        memcpy(code, self.rule.tape.first, sizeof(gdv_instruction) * self.rule.tape.count)
        tape.first, tape.count = code, self.rule.tape.count
        self.prepare_uniform(U, state + block)
        for k in range(m):
            status[b0 + k] = GDV_RUNNING
            last[b0 + k] = self.steps
            left[b0 + k] = -1
        while True:
            slim = self.slim and t % self.look and t % self.every and t != self.steps
            if slim:
                KERNELS.interpret(&self.slope.tape, q, G)
            else:
                KERNELS.interpret(&self.surface.tape, q, S)
            if t % self.every == 0:
                if self.every == 1 or alive == m:
                    self.keep(t // self.every, b0, m, q, S, R + first_state, record)
                else:  # a lane that ended between two records has its end in this row
                    for k in range(m):
                        if status[b0 + k] == GDV_RUNNING:
                            self.keep_lane(t // self.every, b0, k, q, S, R + first_state, record)
            if t % self.look == 0 or t == self.steps:
                if KERNELS.watch(&self.bounds, q, S[0], S[1], S[2], S[3], S[4], state):
                    for k in range(m):
                        now = state[k]
                        if now == GDV_RUNNING or last[b0 + k] < t:
                            continue
                        if now == GDV_OUTSIDE:
                            if left[b0 + k] < 0:
                                left[b0 + k] = t
                            if not self.stop_outside:
                                continue
                        if status[b0 + k] == GDV_RUNNING:
                            status[b0 + k] = <int8_t>now
                            last[b0 + k] = t
                            alive -= 1
                            if t % self.every:
                                self.keep_lane(t // self.every + 1, b0, k, q, S,
                                               R + first_state, record)
            if t == self.steps and t % self.every:
                for k in range(m):
                    if status[b0 + k] == GDV_RUNNING:
                        self.keep_lane(t // self.every + 1, b0, k, q, S, R + first_state, record)
            if alive == 0 or t == self.steps:
                break
            if t % POLL == 0:
                gdv_draw(&progress.done, m * (t - told))
                told = t
                if progress.stopped:
                    break
            for c in range(ne):
                memcpy(R[2 + c], S[self.extras[c, 0]], q * sizeof(double))
                memcpy(R[2 + c] + q, S[self.extras[c, 1]], q * sizeof(double))
            t += 1
            self.patch(t, U, code)
            KERNELS.interpret(&tape, 2 * q, R)
        gdv_draw(&progress.done, m * (self.steps - told))

    cdef void prepare_uniform(self, double **U, double *memory) noexcept nogil:
        cdef int r
        if self.rule.uniform is None:
            return
        for r in range(self.rule.uniform.registers):
            U[r] = memory + r
        for r in range(self.hyperparameters.shape[0]):
            U[r][0] = self.hyperparameters[r]

    cdef void patch(self, int64_t t, double **U, gdv_instruction *code) noexcept nogil:
        """Compute what all lanes share at step t and write it into the instructions."""
        cdef int i
        cdef double value
        if self.rule.uniform is None:
            return
        U[self.hyperparameters.shape[0]][0] = <double>t
        KERNELS.interpret(&self.rule.uniform.tape, 1, U)
        for i in range(self.rule.patches.shape[0]):
            value = U[self.rule.patches[i, 2]][0]
            if self.rule.patches[i, 1] == 1:
                code[self.rule.patches[i, 0]].k1 = value
            else:
                code[self.rule.patches[i, 0]].k2 = value

    cdef void keep(self, int64_t row, int64_t b0, int64_t m, int64_t q, double **S,
                   double **states, double[:, :, ::1] record) noexcept nogil:
        cdef int c
        if m == 1:  # a call of memcpy for each number would cost more than the step
            self.keep_lane(row, b0, 0, q, S, states, record)
            return
        for c in range(5):
            memcpy(&record[c, row, b0], S[c], m * sizeof(double))
        for c in range(self.initial.shape[0]):
            memcpy(&record[5 + 2 * c, row, b0], states[c], m * sizeof(double))
            memcpy(&record[6 + 2 * c, row, b0], states[c] + q, m * sizeof(double))

    cdef void keep_lane(self, int64_t row, int64_t b0, int64_t k, int64_t q, double **S,
                        double **states, double[:, :, ::1] record) noexcept nogil:
        cdef int c
        for c in range(5):
            record[c, row, b0 + k] = S[c][k]
        for c in range(self.initial.shape[0]):
            record[5 + 2 * c, row, b0 + k] = states[c][k]
            record[6 + 2 * c, row, b0 + k] = states[c][q + k]
