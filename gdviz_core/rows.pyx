# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Runs the formula of a loss over the rows of a table, and draws the batches of a descent.

To the engine a loss on data is a tape like any other, with lanes of x and y. Within, the lanes are
the rows: the columns are read in place, x and y are constants, and the results are averaged.
"""

import numpy as np

from libc.math cimport fabs
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp, memcpy

from gdviz_core.engine cimport (
    BLOCK, GDV_PAD, KERNELS, Tape, aligned, gdv_instruction, gdv_mix, gdv_tape, padded, patch,
)

# So few rows do not fill the widest vectors.
cdef enum: FEW = 28
cdef enum: MOST_OUTPUTS = 8
cdef double LARGEST = 1.7976931348623157e308


cdef class RowTape(Tape):
    """A Program over columns (columns, rows), ready to run; see `Tape`.

    `values` are those of the uniform inputs after x and y.
    """

    def __init__(self, program, columns, values, bint emitted=True):
        self.row = Tape(program, None, emitted)
        self.program, self.emitted = program, self.row.emitted
        count, rows = columns.shape
        if count != self.row.inputs or rows < 1 or len(program.outputs) > MOST_OUTPUTS:
            raise ValueError("the arrays do not fit the program")
        if self.row.uniform is not None and self.row.uniform.inputs != 2 + len(values):
            raise ValueError("the arrays do not fit the program")
        self.columns, self.values = columns, np.array([*values, 0.0], np.float64)
        self.inputs, self.registers = 2, 2 + len(program.outputs)
        room = (rows + 7) // 8 * 8
        cdef double[:, ::1] padded_ = np.pad(columns, ((0, 0), (0, room - rows)), mode="edge")
        cdef size_t[::1] places = np.empty(max(1, count), np.uintp)
        cdef int c
        for c in range(count):
            places[c] = <size_t>&padded_[c, 0]
        self.records = (padded_, places)  # keeps what is pointed to
        self.rows.plan = self.row.plan
        self.rows.columns = <const double **>&places[0]
        self.rows.count, self.rows.width = rows, count
        self.rows.outputs, self.rows.value_count = len(program.outputs), len(values)
        self.rows.values = &self.values[0]
        self.plan.tape.rows = &self.rows
        self.plan.tape.run = self.plan.tape.narrow = run_rows
        self.plan.tape.count = 0
        self.plan.tape.scratch_size = 64 + (
            self.row.registers * (BLOCK + 1) + 2 * self.row.plan.uniform_registers
            + self.row.plan.tape.count * <int64_t>sizeof(gdv_instruction) // 8)
        self.plan.registers = self.registers


cdef void run_rows(const gdv_tape *tape, long n, double *const *registers) noexcept nogil:
    cdef const rows_t *rows = <const rows_t *>tape.rows
    cdef int width = rows.width, uniforms = rows.plan.uniform_registers, r, o
    cdef int own = rows.plan.registers - width
    cdef double *memory = aligned(tape.scratch)
    cdef double *shared = memory + own * BLOCK
    cdef double **uniform = <double **>(shared + uniforms)
    cdef double **block = uniform + uniforms
    cdef gdv_instruction *code = <gdv_instruction *>(block + rows.plan.registers)
    cdef gdv_tape program = rows.plan.tape
    cdef double sums[MOST_OUTPUTS]
    cdef double lost[MOST_OUTPUTS]
    cdef double part, total
    cdef int64_t at, m, q, lane
    memcpy(code, program.first, sizeof(gdv_instruction) * program.count)
    program.first = code
    for r in range(uniforms):
        uniform[r] = shared + r
    for r in range(own):
        block[width + r] = memory + r * BLOCK
    for lane in range(n):
        if lane and (memcmp(registers[0] + lane, registers[0] + lane - 1, sizeof(double)) == 0
                     and memcmp(registers[1] + lane, registers[1] + lane - 1, sizeof(double)) == 0):
            for o in range(rows.outputs):  # a block is padded with copies of its last lane
                registers[2 + o][lane] = registers[2 + o][lane - 1]
            continue
        if uniforms:
            shared[0], shared[1] = registers[0][lane], registers[1][lane]
            memcpy(shared + 2, rows.values, sizeof(double) * rows.value_count)
            patch(&rows.plan, uniform, code)
        for o in range(rows.outputs):
            sums[o] = lost[o] = 0.0
        at = 0
        while at < rows.count:
            m = min(<int64_t>BLOCK, rows.count - at)
            q = padded(m)
            for r in range(width):
                block[r] = <double *>rows.columns[r] + at
            if q <= FEW:
                program.narrow(&program, q, block)
            else:
                program.run(&program, q, block)
            for o in range(rows.outputs):
                # what the sum loses to rounding is carried along (Neumaier 1974)
                part = KERNELS.sum(block[width + o], m)
                total = sums[o] + part
                if fabs(sums[o]) >= fabs(part):
                    lost[o] += (sums[o] - total) + part
                else:
                    lost[o] += (part - total) + sums[o]
                sums[o] = total
            at += m
        for o in range(rows.outputs):
            total = sums[o]
            if fabs(total) <= LARGEST:
                total += lost[o]
            registers[2 + o][lane] = total / <double>rows.count


cdef void take(int64_t rows, int64_t size, uint64_t seed, bint replacement, int64_t step,
               int64_t *order, int64_t *epoch, int64_t *chosen, int64_t *count) noexcept nogil:
    """The rows of the batch of a step, counted from 1, into `chosen` (size), and how many.

    `order` (rows) and `epoch`, -1 at first, are remembered from step to step.
    """
    cdef int64_t batches = (rows + size - 1) // size, at, k, other
    cdef uint64_t state = gdv_mix(seed * <uint64_t>0x9e3779b97f4a7c15 + 3)
    if replacement:
        state ^= gdv_mix(<uint64_t>step * <uint64_t>0xd1b54a32d192ed03 + 1)
        for k in range(size):
            state += <uint64_t>0x9e3779b97f4a7c15
            chosen[k] = <int64_t>(((gdv_mix(state) >> 32) * <uint64_t>rows) >> 32)
        count[0] = size
        return
    if epoch[0] != (step - 1) // batches:  # Fisher and Yates 1938, as Durstenfeld 1964 has it
        epoch[0] = (step - 1) // batches
        state ^= gdv_mix(<uint64_t>epoch[0] * <uint64_t>0xd1b54a32d192ed03 + 2)
        for k in range(rows):
            order[k] = k
        for k in range(rows - 1, 0, -1):
            state += <uint64_t>0x9e3779b97f4a7c15
            other = <int64_t>(((gdv_mix(state) >> 32) * <uint64_t>(k + 1)) >> 32)
            order[k], order[other] = order[other], order[k]
    at = (step - 1) % batches * size
    count[0] = min(size, rows - at)  # the last batch of an epoch has what is left
    memcpy(chosen, order + at, sizeof(int64_t) * count[0])


def batch_rows(int64_t rows, int64_t size, uint64_t seed, bint replacement, int64_t step):
    """The numbers of the rows in the batch of a step; the first step is 1."""
    if rows < 1 or rows >= 2**31 or size < 1 or size > rows or step < 1:
        raise ValueError("there is no such batch")
    cdef int64_t[::1] order = np.empty(rows, np.int64)
    cdef int64_t[::1] chosen = np.empty(size, np.int64)
    cdef int64_t epoch = -1, count = 0
    take(rows, size, seed, replacement, step, &order[0], &epoch, &chosen[0], &count)
    return np.asarray(chosen)[:count]


def epoch_rows(int64_t rows, int64_t size, uint64_t seed, bint replacement, int64_t epoch):
    """The numbers of the rows of all batches of an epoch, one batch after the other.

    The first epoch is 0. Every batch has `size` rows; without replacement the last may have fewer.
    """
    if rows < 1 or rows >= 2**31 or size < 1 or size > rows or epoch < 0:
        raise ValueError("there is no such epoch")
    cdef int64_t batches = (rows + size - 1) // size, k, count = 0
    cdef int64_t[::1] order = np.empty(rows, np.int64)
    cdef int64_t[::1] chosen = np.empty(batches * size, np.int64)
    cdef int64_t known = -1
    for k in range(batches):
        take(rows, size, seed, replacement, epoch * batches + k + 1, &order[0], &known,
             &chosen[k * size], &count)
    return np.asarray(chosen)[: (batches - 1) * size + count]
