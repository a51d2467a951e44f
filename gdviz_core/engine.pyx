# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Runs programs over blocks of lanes, without the GIL.

A lane is one point; a block is up to BLOCK lanes, each register an array over them. A rule acts on
twice as many: first the x, then the y of every lane. What a lane gets never depends on its block,
its thread or its neighbours.
"""

import importlib
import os

import numpy as np

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from gdviz_core.program import OPCODES

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

cdef extern from *:
    """
    #if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    static int gdv_has_avx2(void)
    {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") != 0;
    }
    static int gdv_has_avx512(void)
    {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
               && __builtin_cpu_supports("avx512vl");
    }
    #else
    #define gdv_has_avx2() 0
    #define gdv_has_avx512() 0
    #endif
    """
    int gdv_has_avx2()
    int gdv_has_avx512()

cdef extern from "emitted.h":
    const char *const gdv_digests[]

OUT_OF_STEPS, OUTSIDE, CONVERGED, DIVERGED, STALLED, REACHED = (
    GDV_RUNNING, GDV_OUTSIDE, GDV_CONVERGED, GDV_DIVERGED, GDV_STALLED, GDV_REACHED)


ENGINES = ("avx512",) * gdv_has_avx512() + ("avx2",) * gdv_has_avx2() + ("baseline",)


def _wanted():
    """The name of the kernels: the widest that the processor has, unless the user names others."""
    wanted = os.environ.get("GDVIZ_ENGINE", "") or ENGINES[0]
    if wanted not in ("avx512", "avx2", "baseline"):
        raise ImportError(f"GDVIZ_ENGINE must be avx512, avx2 or baseline, not {wanted!r}")
    if wanted not in ENGINES:
        raise ImportError(f"GDVIZ_ENGINE is {wanted}, which this processor does not have")
    return wanted


ENGINE = _wanted()


cdef const gdv_kernels *_load(name) except NULL:
    module = importlib.import_module(f"gdviz_core.{name}")
    return <const gdv_kernels *>PyCapsule_GetPointer(module.KERNELS, "gdviz_core.kernels")


KERNELS = _load(ENGINE)
# A single run has four lanes: what AVX-512 adds, it would only lose to the ends of its loops.
cdef const gdv_kernels *NARROW = _load("avx2" if ENGINE == "avx512" else ENGINE)

EMITTED = os.environ.get("GDVIZ_EMITTED", "1") != "0"

_RECORD = np.dtype(
    [("op", "i4"), ("d", "i4"), ("a", "i4"), ("b", "i4"), ("c", "i4"), ("unused", "i4"),
     ("k1", "f8"), ("k2", "f8")])


cdef class Progress:
    """Shared by the threads of one computation: how far it is, and a stop flag."""

    def __cinit__(self):
        self.total = 1

    def begin(self, int64_t total):
        """Start counting anew, for a computation of `total` lanes, points or lane-steps."""
        self.drawn = self.done = 0
        self.total = max(1, total)

    cdef int64_t draw(self, int64_t amount) noexcept nogil:
        """Take on so much; returns where it begins."""
        return gdv_draw(&self.drawn, amount)

    cdef void tell(self, int64_t amount) noexcept nogil:
        """So much more is done."""
        gdv_draw(&self.done, amount)

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


# The programs of the catalogues, which the build wrote as C.
cdef dict _EMITTED = {}


def _read_digests():
    cdef int i = 0
    while gdv_digests[i] != NULL:
        _EMITTED[gdv_digests[i].decode()] = i
        i += 1


_read_digests()


cdef class Tape:
    """A Program, verified and ready to run; raises ValueError if an operand is out of bounds.

    `emitted` tells whether it runs as compiled C; False as an argument has it interpreted. `values`
    are those of the uniform inputs, for a program whose uniform values never change.
    """

    def __init__(self, program, values=None, bint emitted=True, bint _uniform=False):
        self.program = program
        self.registers, self.inputs = program.registers, len(program.inputs)
        self.records = np.zeros(max(1, len(program.instructions)), _RECORD)
        for i, instruction in enumerate(program.instructions):
            operands = (instruction.d, instruction.a, instruction.b, instruction.c)
            if not all(0 <= register < self.registers for register in operands):
                raise ValueError(f"instruction {i} uses a register that is not there")
            self.records[i] = (OPCODES[instruction.name], *operands, 0,
                               instruction.k1, instruction.k2)
        self.uniform = (
            Tape(program.uniform, None, emitted, True) if program.uniform else None)
        self.patches = np.array(
            [(p.instruction, p.which, p.source) for p in program.patches] or np.zeros((0, 3)),
            dtype=np.intc)
        for instruction_, which, source in np.asarray(self.patches):
            if not (0 <= instruction_ < len(program.instructions) and which in (1, 2)
                    and self.uniform is not None and 0 <= source < self.uniform.registers):
                raise ValueError("a patch is out of bounds")
        cdef const unsigned char[::1] raw = self.records.view(np.uint8)
        self.plan.tape.first = <gdv_instruction *>&raw[0]
        self.plan.tape.count = len(program.instructions)
        found = _EMITTED.get(program.digest() + " uniform" * _uniform) if emitted and EMITTED else None
        self.emitted = found is not None
        self.plan.tape.run, self.plan.tape.narrow = KERNELS.interpret, NARROW.interpret
        if found is not None:
            self.plan.tape.run = KERNELS.emitted[<int>found]
            self.plan.tape.narrow = NARROW.emitted[<int>found]
        self.plan.registers = self.registers
        self.plan.patch_count = len(program.patches)
        if self.plan.patch_count:
            self.plan.patches = &self.patches[0, 0]
        if self.uniform is not None:
            self.plan.uniform = self.uniform.plan.tape
            self.plan.uniform_registers = self.uniform.registers
            self.plan.uniform_inputs = self.uniform.inputs
        if values is not None and self.uniform is not None:
            self.bind(np.array(list(values), np.float64))

    def bind(self, const double[::1] values):
        """Give the uniform inputs these values for good."""
        cdef int count = self.uniform.registers, r
        if values.shape[0] != self.uniform.inputs:
            raise ValueError("the arrays do not fit the program")
        cdef double[::1] memory = np.zeros(count)
        cdef double **uniform = <double **>malloc(sizeof(void *) * count)
        if uniform == NULL:
            raise MemoryError
        for r in range(count):
            uniform[r] = &memory[r]
            if r < values.shape[0]:
                memory[r] = values[r]
        patch(&self.plan, uniform, self.plan.tape.first)
        free(uniform)


cdef void patch(const plan_t *plan, double **uniform, gdv_instruction *code) noexcept nogil:
    """Compute what all lanes share from the uniform inputs and write it into `code`."""
    cdef int i
    cdef const int *where
    plan.uniform.run(&plan.uniform, 1, uniform)
    for i in range(plan.patch_count):
        where = plan.patches + 3 * i
        if where[1] == 1:
            code[where[0]].k1 = uniform[where[2]][0]
        else:
            code[where[0]].k2 = uniform[where[2]][0]


cdef int64_t padded(int64_t n) noexcept nogil:
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
    cdef gdv_tape run = tape.plan.tape
    with nogil:
        raw = malloc(64 + sizeof(double) * (BLOCK * tape.registers + run.scratch_size))
        registers = <double **>malloc(sizeof(void *) * tape.registers)
        if raw != NULL and registers != NULL:
            w = aligned(raw)
            run.scratch = w + BLOCK * tape.registers
            for r in range(tape.registers):
                registers[r] = w + r * BLOCK
            while not progress.stopped:
                b0 = progress.draw(BLOCK)
                if b0 >= n:
                    break
                m = min(<int64_t>BLOCK, n - b0)
                q = padded(m)
                for r in range(ni):
                    load(registers[r], &inputs[r, b0], m, q)
                run.run(&run, q, registers)
                for r in range(no):
                    memcpy(&outputs[r, b0], registers[ni + r], m * sizeof(double))
                progress.tell(m)
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
    cdef gdv_tape run = tape.plan.tape
    with nogil:
        raw = malloc(64 + sizeof(double) * (BLOCK * tape.registers + run.scratch_size))
        registers = <double **>malloc(sizeof(void *) * tape.registers)
        if raw != NULL and registers != NULL:
            w = aligned(raw)
            run.scratch = w + BLOCK * tape.registers
            while not progress.stopped:
                j = progress.draw(1)
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
                    run.run(&run, q, registers)
                    if q != m:
                        for r in range(no):
                            memcpy(&outputs[r, j, i], registers[2 + r], m * sizeof(double))
                    i += m
                progress.tell(nx)
        free(raw)
        free(registers)
    if raw == NULL or registers == NULL:
        raise MemoryError
