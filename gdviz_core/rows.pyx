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
cdef double LARGEST = 1.7976931348623157e308


# Where a run keeps what it works with.
ctypedef struct scratch_t:
    gdv_tape program
    double *sums
    double *lost
    double *shared
    double **uniform
    double **block


cdef class RowTape(Tape):
    """A Program over so many rows of columns (columns, room), ready to run; see `Tape`.

    The columns are padded up to a multiple of 8.

    `values` are those of the uniform inputs after x and y. A `whole` tape has no x and y: its
    uniform inputs are so many parameters, and its lanes are these together; see `run_whole`.
    """

    def __init__(self, program, columns, int64_t rows, values, bint emitted=True, int whole=0):
        self.row = Tape(program, None, emitted)
        self.program, self.emitted = program, self.row.emitted
        count = columns.shape[0]
        uniforms = whole or 2 + len(values)
        if count != self.row.inputs or rows < 1 or not program.outputs or columns.shape[1] != (
                rows + 7) // 8 * 8:
            raise ValueError("the arrays do not fit the program")
        if self.row.uniform is not None and self.row.uniform.inputs != uniforms:
            raise ValueError("the arrays do not fit the program")
        if whole and (values or len(program.outputs) not in (whole, whole + 1)):
            raise ValueError("the arrays do not fit the program")
        self.columns, self.values = columns, np.array([*values, 0.0], np.float64)
        self.inputs, self.registers = 2, 2 + len(program.outputs)
        if whole:
            self.registers = 4 + (len(program.outputs) > whole)
        cdef const double[:, ::1] padded_ = columns
        cdef size_t[::1] places = np.empty(max(1, count), np.uintp)
        cdef int c
        for c in range(count):
            places[c] = <size_t>&padded_[c, 0]
        self.records = (padded_, places)  # keeps what is pointed to
        self.rows.plan = self.row.plan
        self.rows.columns = <const double **>&places[0]
        self.rows.count, self.rows.width = rows, count
        self.rows.outputs, self.rows.value_count = len(program.outputs), whole or len(values)
        self.rows.values = &self.values[0]
        self.plan.tape.rows = &self.rows
        self.plan.tape.run = self.plan.tape.narrow = run_whole if whole else run_rows
        self.plan.tape.count = 0
        self.plan.tape.scratch_size = 64 + (
            self.row.registers * (BLOCK + 1) + 2 * self.row.plan.uniform_registers
            + 2 * len(program.outputs)
            + self.row.plan.tape.count * <int64_t>sizeof(gdv_instruction) // 8)
        self.plan.registers = self.registers


cdef void run_rows(const gdv_tape *tape, long n, double *const *registers) noexcept nogil:
    """Lanes of x and y, each a pass over the rows."""
    cdef const rows_t *rows = <const rows_t *>tape.rows
    cdef scratch_t s
    cdef int o
    cdef int64_t lane
    lay_out(rows, tape.scratch, &s)
    for lane in range(n):
        if lane and (memcmp(registers[0] + lane, registers[0] + lane - 1, sizeof(double)) == 0
                     and memcmp(registers[1] + lane, registers[1] + lane - 1, sizeof(double)) == 0):
            for o in range(rows.outputs):  # a block is padded with copies of its last lane
                registers[2 + o][lane] = registers[2 + o][lane - 1]
            continue
        if rows.plan.uniform_registers:
            s.shared[0], s.shared[1] = registers[0][lane], registers[1][lane]
            memcpy(s.shared + 2, rows.values, sizeof(double) * rows.value_count)
        average(rows, &s)
        for o in range(rows.outputs):
            registers[2 + o][lane] = s.sums[o]


cdef void run_whole(const gdv_tape *tape, long n, double *const *registers) noexcept nogil:
    """Lanes that are, all together, the parameters of one loss: the first half of them are the x,
    the others the y of the lanes. What is computed is the loss, unless there are only as many
    outputs as parameters, and its derivative by each of them."""
    cdef const rows_t *rows = <const rows_t *>tape.rows
    cdef int count = rows.value_count, half = (count + 1) // 2, first = 2, k, r
    cdef scratch_t s
    lay_out(rows, tape.scratch, &s)
    for k in range(count if rows.plan.uniform_registers else 0):
        s.shared[k] = registers[0][k] if k < half else registers[1][k - half]
    average(rows, &s)
    if rows.outputs > count:
        for k in range(n):
            registers[2][k] = s.sums[0]
        first = 3
    # what has no weight of its own, the odd one and the lanes that pad the block, goes with the last
    # one that has: a slope of 0 would not be a number in rules that divide by it
    for k in range(n):
        r = min(k, half - 1)
        registers[first][k] = s.sums[first - 2 + r]
        registers[first + 1][k] = s.sums[first - 2 + (half + r if half + r < count else half - 1)]


cdef void lay_out(const rows_t *rows, double *memory, scratch_t *s) noexcept nogil:
    cdef int uniforms = rows.plan.uniform_registers, r
    cdef int own = rows.plan.registers - rows.width
    memory = aligned(memory)
    s.sums = memory + own * BLOCK
    s.lost = s.sums + rows.outputs
    s.shared = s.lost + rows.outputs
    s.uniform = <double **>(s.shared + uniforms)
    s.block = s.uniform + uniforms
    s.program = rows.plan.tape
    s.program.first = <gdv_instruction *>(s.block + rows.plan.registers)
    memcpy(s.program.first, rows.plan.tape.first, sizeof(gdv_instruction) * s.program.count)
    for r in range(uniforms):
        s.uniform[r] = s.shared + r
    for r in range(own):
        s.block[rows.width + r] = memory + r * BLOCK


cdef void average(const rows_t *rows, scratch_t *s) noexcept nogil:
    """The mean of every output over the rows, for the uniform values that are `shared`."""
    cdef int width = rows.width, r, o
    cdef int64_t at = 0, m, q
    cdef double part, total
    if rows.plan.uniform_registers:
        patch(&rows.plan, s.uniform, s.program.first)
    for o in range(rows.outputs):
        s.sums[o] = s.lost[o] = 0.0
    while at < rows.count:
        m = min(<int64_t>BLOCK, rows.count - at)
        q = padded(m)
        for r in range(width):
            s.block[r] = <double *>rows.columns[r] + at
        if q <= FEW:
            s.program.narrow(&s.program, q, s.block)
        else:
            s.program.run(&s.program, q, s.block)
        for o in range(rows.outputs):
            # what the sum loses to rounding is carried along (Neumaier 1974)
            part = KERNELS.sum(s.block[width + o], m)
            total = s.sums[o] + part
            if fabs(s.sums[o]) >= fabs(part):
                s.lost[o] += (s.sums[o] - total) + part
            else:
                s.lost[o] += (part - total) + s.sums[o]
            s.sums[o] = total
        at += m
    for o in range(rows.outputs):
        if fabs(s.sums[o]) <= LARGEST:
            s.sums[o] += s.lost[o]
        s.sums[o] /= <double>rows.count


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
