# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Iterates an optimizer on a surface over blocks of lanes, without the GIL.

A rule acts on blocks twice as wide as those of the surface: first the x, then the y of every lane.
What a lane gets never depends on its block, its thread or its neighbours.
"""

import numpy as np

from libc.math cimport INFINITY, fabs, sqrt
from libc.stdint cimport int8_t, int64_t, uint64_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from gdviz_core.engine cimport (
    BLOCK, GDV_CONVERGED, GDV_DIVERGED, GDV_OUTSIDE, GDV_PAD, GDV_REACHED, GDV_RUNNING, GDV_STALLED,
    KERNELS, Progress, Tape, aligned, gdv_bounds, gdv_disturbance, gdv_instruction, gdv_tape, load, padded,
    patch, plan_t,
)
from gdviz_core.rows cimport RowTape, rows_t, take

# So few lanes do not fill the widest vectors.
cdef enum: FEW = 28
# The lanes of the widest vectors.
cdef enum: WIDE = 8
# Steps between two looks at the cancel flag.
cdef enum: POLL = 64
# The most second gradients of a rule, and one more for the step itself.
cdef enum: STAGES = 9
MAX_SECOND_GRADIENTS = STAGES - 1

# What a rule may read, as surface registers for the x half and the y half of its lanes.
# Surface registers: 0 x, 1 y, 2 f, 3 gx, 4 gy, 5 hxx, 6 hxy, 7 hyy.
cdef enum: NORMAL = -1
_EXTRAS = {"x": (0, 0), "y": (1, 1), "f": (2, 2), "gx": (3, 3), "gy": (4, 4),
           "hxx": (5, 5), "hxy": (6, 6), "hyy": (7, 7), "h": (5, 7), "xi": (NORMAL, NORMAL)}

# Scratch arrays of a block.
cdef enum: STATE, LAST_X, LAST_Y, BEST, SINCE, LEAST, BAD, SCALE, USED, NOISE_X, NOISE_Y, ARRAYS

ctypedef struct block_t:
    int64_t m, q      # lanes, and lanes padded to a multiple of `pad`
    int64_t pad
    int64_t alive     # lanes that have not ended
    int64_t t
    double **full     # registers of the surface, with the value and what the rule needs
    double **slope    # of the gradient alone
    double **second   # of the gradient at another point
    double **shown    # of value and gradient at the point to show, where that is not w
    double **rule
    double *array[ARRAYS]
    int64_t *origin   # which lane each one is
    int64_t *number   # scratch: by what its random numbers are chosen
    const int64_t *numbers
    double **uniform[STAGES]
    gdv_tape stage[STAGES]
    gdv_tape run_full, run_slope, run_shown
    # the batch of the step: its rows, gathered for the full and the slope tape
    rows_t batch_full, batch_slope
    const double **batch
    int64_t *order
    int64_t *chosen
    int64_t epoch


cdef inline int64_t widened(int64_t n) noexcept nogil:
    return (n + WIDE - 1) // WIDE * WIDE


cdef class Iteration:
    """What one optimizer does to one surface; `run` may be called by several threads at once.

    `surface` computes value, gradient and, for a rule that reads it, the Hessian; `slope` the
    gradient alone, for steps that are neither tested nor recorded; `shown` value and gradient at
    the point that a rule reports. `rule` is RulePrograms and `tapes` its programs.

    `shared` are the values of the shared hyper-parameters, `lanes` (hyper-parameter, lane) of the
    others. `initial` (state, coordinate, 1 or lane) and `at_w` (state) give the start of the state;
    a lane has not converged while one of the states `moving` is more than the tolerance.
    A lane ends as well where its loss is at most `target`.

    `scheduled` (k, 2) names hyper-parameters, as (0, shared) or (1, lane) and its number, and
    `factors` (k, steps) what they are multiplied by at each step.

    Every `every`th iterate is recorded, with `every` 0 only the end of each lane. Every `look`th
    iterate is tested for having ended.

    With `batch`, on a loss over more rows than that, each step sees so many rows of the table, and
    what is recorded and tested is the loss over all of them.
    """

    cdef plan_t full, slope, shown
    cdef plan_t stage[STAGES]
    cdef int stages
    cdef object owners            # keeps what the plans point to
    cdef int[:, ::1] extras       # surface register of the x and the y half
    cdef int[::1] points
    cdef int report, powers, lane_powers, first_lane, first_state
    cdef bint varies, changes, lean, plain
    cdef const double[::1] shared
    cdef const double[:, ::1] lanes
    cdef const double[:, :, ::1] initial
    cdef int[::1] moving
    cdef int[::1] at_w
    cdef const int[:, ::1] scheduled
    cdef const double[:, ::1] factors
    cdef gdv_bounds bounds
    cdef bint stop_outside
    cdef readonly int64_t steps
    cdef readonly int64_t width
    cdef int64_t every, look
    cdef double step_tolerance, loss_tolerance, target
    cdef int64_t patience
    cdef gdv_disturbance disturbance
    cdef bint disturbed
    cdef uint64_t seed
    cdef int plateau              # the lane hyper-parameter to reduce, or -1
    cdef double plateau_factor, plateau_threshold, plateau_floor
    cdef int64_t plateau_patience
    cdef int64_t batch
    cdef bint replacement
    cdef const rows_t *table
    cdef const rows_t *slope_table

    def __init__(self, Tape surface, Tape slope, Tape shown, rule, tapes, *, shared, lanes, initial,
                 at_w, bounds, steps, every=1, look=1, block=BLOCK, stop_outside=False,
                 scheduled=None, factors=None, weight_decay=0.0, noise=0.0, clip_value=INFINITY, clip_norm=INFINITY,
                 seed=0, step_tolerance=0.0, loss_tolerance=0.0, patience=0, plateau=None, batch=0,
                 replacement=False, moving=(), target=-INFINITY):
        names = rule.extras
        needs_hessian = not {"hxx", "hxy", "hyy", "h"}.isdisjoint(names)
        self.owners = (surface, slope, shown, tapes)
        self.full, self.slope, self.shown = surface.plan, slope.plan, shown.plan
        if len(tapes) > STAGES:
            raise ValueError(f"a rule may ask for at most {STAGES - 1} second gradients")
        self.stages = len(tapes)
        for i, tape in enumerate(tapes):
            self.stage[i] = (<Tape>tape).plan
        self.extras = np.array([_EXTRAS[name] for name in names], np.intc).reshape(-1, 2)
        self.points = np.array(rule.points, np.intc)
        self.report, self.varies = rule.report, rule.varies
        self.powers, self.lane_powers = len(rule.powers), len(rule.lane_powers)
        self.shared, self.lanes, self.initial = shared, lanes, initial
        self.at_w, self.moving = np.array(at_w, np.intc), np.array(moving, np.intc)
        self.first_lane = 2 + len(names)
        self.first_state = self.first_lane + lanes.shape[0]
        self.scheduled = np.zeros((0, 2), np.intc) if scheduled is None else scheduled
        self.factors = np.ones((0, 1)) if factors is None else factors
        (self.bounds.tolerance2, self.bounds.x0, self.bounds.x1, self.bounds.y0, self.bounds.y1,
         self.bounds.far_x0, self.bounds.far_x1, self.bounds.far_y0, self.bounds.far_y1) = bounds
        self.stop_outside = stop_outside
        self.steps, self.every, self.look, self.width = steps, every, look, block
        self.disturbance.weight_decay, self.disturbance.noise = weight_decay, noise
        self.disturbance.clip_value, self.disturbance.clip_norm = clip_value, clip_norm
        self.disturbed = weight_decay > 0 or noise > 0 or clip_value < INFINITY or clip_norm < INFINITY
        self.seed = seed
        self.step_tolerance, self.loss_tolerance = step_tolerance, loss_tolerance
        self.patience, self.target = patience, target
        self.plateau = -1
        if plateau is not None:
            (self.plateau, self.plateau_factor, self.plateau_patience, self.plateau_threshold,
             self.plateau_floor) = plateau
        self.table = self.slope_table = NULL
        self.batch, self.replacement = 0, replacement
        if batch and isinstance(surface, RowTape) and batch < (<RowTape>surface).rows.count:
            if not isinstance(slope, RowTape) or batch < 0:
                raise ValueError("surface, rule and arrays do not fit together")
            self.batch = batch
            self.table, self.slope_table = &(<RowTape>surface).rows, &(<RowTape>slope).rows
        self.lean = self.plateau < 0 and set(names) <= {"x", "y", "gx", "gy", "xi"}
        self.changes = self.varies or self.scheduled.shape[0] > 0 or self.plateau >= 0
        # nothing but the rule itself happens in a step
        self.plain = not (self.disturbed or names or self.stages > 1 or step_tolerance > 0)
        inputs = self.first_state + initial.shape[0] + len(rule.lane_powers) + len(rule.points)
        uniforms = shared.shape[0] + 1 + self.powers
        if (surface.inputs != 2 or surface.registers < (8 if needs_hessian else 5)
                or slope.inputs != 2 or slope.registers < 4
                or shown.inputs != 2 or shown.registers < 5
                or any(tape.inputs != inputs for tape in tapes)
                or any(tape.uniform is not None and tape.uniform.inputs != uniforms
                       for tape in tapes)
                or self.at_w.shape[0] != initial.shape[0] or initial.shape[1] != 2
                or any(not 0 <= number < initial.shape[0] for number in moving)
                or self.scheduled.shape[0] != self.factors.shape[0]
                or (self.scheduled.shape[0] and self.factors.shape[1] < steps)
                or self.plateau >= lanes.shape[0]
                or steps < 0 or every < 0 or look < 1 or block < GDV_PAD or block % GDV_PAD):
            raise ValueError("surface, rule and arrays do not fit together")
        for kind, number in np.asarray(self.scheduled):
            if not (kind in (0, 1) and 0 <= number < (lanes.shape[0] if kind else shared.shape[0])):
                raise ValueError("a schedule is out of bounds")

    @property
    def channels(self):
        """How many numbers an iterate has: x, y, f, gx, gy, w if it is not shown, the state,
        the factor of the learning rate if it is reduced on plateaus, and the loss of the batch if
        there is one."""
        return (5 + 2 * (self.report >= 0) + 2 * self.initial.shape[0] + (self.plateau >= 0)
                + (self.batch > 0) if self.every else 5)

    @property
    def rows(self):
        """How many iterates are recorded."""
        return self.steps // self.every + 2 if self.every else 1

    def run(self, const double[::1] x, const double[::1] y, double[:, :, ::1] record,
            int8_t[::1] status, int64_t[::1] last, int64_t[::1] left, Progress progress,
            const int64_t[::1] numbers=None):
        """Advance all lanes from x, y; `record` is (channels, rows, lanes).

        `numbers` are those of the lanes, by which their random numbers are chosen: 0, 1, 2, ...
        unless they are given.
        """
        cdef int64_t n = x.shape[0], b0, width = min(self.width, padded(n)), memory, pointers
        cdef bint few = width <= FEW
        if not few:
            width = widened(width)
        cdef int ns = self.initial.shape[0], nl = self.lanes.shape[0], i, registers = 0
        if y.shape[0] != n or status.shape[0] != n or last.shape[0] != n or left.shape[0] != n:
            raise ValueError("the arrays do not fit together")
        if (record.shape[0] != self.channels or record.shape[2] != n
                or record.shape[1] < self.rows):
            raise ValueError("the record does not fit")
        if numbers is not None and numbers.shape[0] != n:
            raise ValueError("the arrays do not fit together")
        cdef const int64_t *names = NULL
        if numbers is not None and n:
            names = &numbers[0]
        if (nl and self.lanes.shape[1] != n) or (ns and self.initial.shape[2] not in (1, n)):
            raise ValueError("the arrays do not fit together")
        cdef void *raw
        cdef char *place
        cdef block_t *block
        cdef double **table
        cdef gdv_instruction *code
        cdef int64_t instructions = 1, rows = 0, room = (self.batch + 7) // 8 * 8, scratch
        if self.batch:
            rows = self.table.count + self.batch
        for i in range(self.stages):
            registers = max(registers, self.stage[i].registers)
            instructions += self.stage[i].tape.count
        pointers = self.full.registers + 2 * self.slope.registers + self.shown.registers + registers
        memory = width * (self.full.registers + self.slope.registers + self.shown.registers
                          + 2 * registers + ARRAYS)
        for i in range(self.stages):
            pointers += self.stage[i].uniform_registers
            memory += self.stage[i].uniform_registers
        scratch = max(self.full.tape.scratch_size, self.slope.tape.scratch_size,
                      self.shown.tape.scratch_size)
        memory += scratch
        if self.batch:
            memory += room * self.table.width
            pointers += self.table.width
        with nogil:
            # All in one piece: how far its parts lie apart decides how fast a single run is, by a
            # factor of two, and must not be left to chance.
            raw = malloc(128 + sizeof(double) * memory + sizeof(int64_t) * (2 * width + rows)
                         + sizeof(void *) * pointers + sizeof(gdv_instruction) * instructions
                         + sizeof(block_t))
            if raw != NULL:
                place = <char *>aligned(raw) + sizeof(double) * memory
                table = <double **>place
                place += sizeof(void *) * pointers
                code = <gdv_instruction *>place
                place += sizeof(gdv_instruction) * instructions
                block = <block_t *>(place + sizeof(int64_t) * (2 * width + rows))
                block.origin, block.numbers = <int64_t *>place, names
                block.number = block.origin + width
                block.chosen = block.number + width
                block.order = block.chosen + self.batch
                self.lay_out(block, width, registers, aligned(raw), table, code, scratch, room)
                block.pad = GDV_PAD if few else WIDE
                if few:
                    self.narrow(block)
                while not progress.stopped:
                    b0 = progress.draw(width)
                    if b0 >= n:
                        break
                    self.begin(block, b0, min(width, n - b0), x, y, status, last, left)
                    self.advance(block, record, status, last, left, progress)
            free(raw)
        if raw == NULL:
            raise MemoryError

    cdef void lay_out(self, block_t *b, int64_t width, int registers, double *memory,
                      double **table, gdv_instruction *code, int64_t scratch,
                      int64_t room) noexcept nogil:
        """Give every register its place."""
        cdef int r, i
        b.full = table
        b.slope = b.full + self.full.registers
        b.second = b.slope + self.slope.registers
        b.shown = b.second + self.slope.registers
        b.rule = b.shown + self.shown.registers
        table = b.rule + registers
        for r in range(self.full.registers):
            b.full[r] = memory
            memory += width
        for r in range(self.slope.registers):
            b.slope[r] = b.second[r] = memory
            memory += width
        for r in range(self.shown.registers):
            b.shown[r] = memory
            memory += width
        for r in range(registers):
            b.rule[r] = memory
            memory += 2 * width
        for r in range(ARRAYS):
            b.array[r] = memory
            memory += width
        for i in range(self.stages):
            b.uniform[i] = table
            for r in range(self.stage[i].uniform_registers):
                table[r] = memory
                memory += 1
            table += self.stage[i].uniform_registers
            b.stage[i] = self.stage[i].tape
            b.stage[i].first = code
            code += self.stage[i].tape.count

        b.run_full, b.run_slope, b.run_shown = self.full.tape, self.slope.tape, self.shown.tape
        b.run_full.scratch = b.run_slope.scratch = b.run_shown.scratch = memory
        memory += scratch
        b.epoch = -1
        if self.batch:
            b.batch = <const double **>table
            for r in range(self.table.width):
                table[r] = memory
                memory += room
            b.batch_full, b.batch_slope = self.table[0], self.slope_table[0]
            b.batch_full.columns = b.batch_slope.columns = b.batch
            b.run_full.rows, b.run_slope.rows = &b.batch_full, &b.batch_slope

    cdef void narrow(self, block_t *b) noexcept nogil:
        """Take the kernels for few lanes."""
        cdef int i
        b.run_full.run, b.run_slope.run = b.run_full.narrow, b.run_slope.narrow
        b.run_shown.run = b.run_shown.narrow
        for i in range(self.stages):
            b.stage[i].run = b.stage[i].narrow

    cdef void aim(self, block_t *b) noexcept nogil:
        """Let w and g of the rule be x, y and the gradient of the surface: nothing is copied."""
        cdef double **R = b.rule
        cdef int r
        b.full[0], b.full[1], b.full[3], b.full[4] = R[0], R[0] + b.q, R[1], R[1] + b.q
        b.slope[0], b.slope[1], b.slope[2], b.slope[3] = R[0], R[0] + b.q, R[1], R[1] + b.q
        if self.report >= 0 or self.batch:
            r = max(self.report, 0)
            b.shown[0], b.shown[1] = R[r], R[r] + b.q

    cdef void choose(self, block_t *b) noexcept nogil:
        """Gather the rows of the batch for the step to come."""
        cdef int64_t k, n = 0
        cdef int c
        cdef double *to
        cdef const double *source
        take(self.table.count, self.batch, self.seed, self.replacement, b.t + 1, b.order, &b.epoch,
             b.chosen, &n)
        for c in range(self.table.width):
            to, source = <double *>b.batch[c], self.table.columns[c]
            for k in range(n):
                to[k] = source[b.chosen[k]]
            for k in range(n, (n + 7) // 8 * 8):
                to[k] = to[n - 1]
        b.batch_full.count = b.batch_slope.count = n

    cdef void begin(self, block_t *b, int64_t b0, int64_t m, const double[::1] x,
                    const double[::1] y, int8_t[::1] status, int64_t[::1] last,
                    int64_t[::1] left) noexcept nogil:
        cdef int64_t k, q = padded(m) if b.pad == GDV_PAD else widened(m)
        cdef int c, i, register
        cdef double *to
        b.m, b.q, b.alive, b.t = m, q, m, 0
        self.aim(b)
        load(b.rule[0], &x[b0], m, q)
        load(b.rule[0] + q, &y[b0], m, q)
        for c in range(self.lanes.shape[0]):
            load(b.rule[self.first_lane + c], &self.lanes[c, b0], m, q)
            load(b.rule[self.first_lane + c] + q, &self.lanes[c, b0], m, q)
        for c in range(self.initial.shape[0]):
            to = b.rule[self.first_state + c]
            if self.at_w[c]:
                memcpy(to, b.rule[0], 2 * q * sizeof(double))
            elif self.initial.shape[2] == 1:
                for k in range(q):
                    to[k], to[q + k] = self.initial[c, 0, 0], self.initial[c, 1, 0]
            else:
                load(to, &self.initial[c, 0, b0], m, q)
                load(to + q, &self.initial[c, 1, b0], m, q)
        register = self.first_state + self.initial.shape[0]
        for c in range(self.lane_powers):
            for k in range(2 * q):
                b.rule[register + c][k] = 1.0
        if self.report >= 0:
            memcpy(b.rule[self.report], b.rule[0], 2 * q * sizeof(double))
        for k in range(q):
            b.origin[k] = b0 + min(k, m - 1)
            b.array[SCALE][k] = b.array[USED][k] = 1.0
            b.array[BEST][k] = b.array[LEAST][k] = b.array[LAST_X][k] = b.array[LAST_Y][k] = INFINITY
            b.array[SINCE][k] = b.array[BAD][k] = 0.0
        for k in range(m):
            status[b0 + k] = GDV_RUNNING
            last[b0 + k] = self.steps
            left[b0 + k] = -1
        for i in range(self.stages):
            memcpy(b.stage[i].first, self.stage[i].tape.first,
                   sizeof(gdv_instruction) * self.stage[i].tape.count)
            if self.stage[i].uniform_registers:
                for c in range(self.shared.shape[0]):
                    b.uniform[i][c][0] = self.shared[c]
                for c in range(self.powers):
                    b.uniform[i][self.shared.shape[0] + 1 + c][0] = 1.0

    cdef void advance(self, block_t *b, double[:, :, ::1] record, int8_t[::1] status,
                      int64_t[::1] last, int64_t[::1] left,
                      Progress progress) noexcept nogil:
        cdef int64_t until_look = 0, until_record = 0, until_poll = POLL, told = 0, m = b.m
        cdef bint looks, records, shows = self.report >= 0 or self.batch
        while True:
            looks = until_look == 0 or b.t == self.steps
            records = self.every > 0 and until_record == 0
            if self.batch:
                self.choose(b)
            if self.lean and (not (looks or records) or (shows and not self.batch)):
                b.run_slope.run(&b.run_slope, b.q, b.slope)
            else:
                b.run_full.run(&b.run_full, b.q, b.full)
            if looks or records:
                if shows:
                    b.run_shown.run(&b.run_shown, b.q, b.shown)
                if records:
                    self.keep(b, b.t // self.every, record, status)
                    until_record = self.every
                if looks:
                    self.judge(b, record, status, last, left, records)
                    until_look = self.look
                    if b.alive == 0:
                        break
                    if self.every == 0 and 4 * widened(b.alive) <= 3 * b.q:
                        self.close_ranks(b, status)
            if b.t == self.steps:
                break
            until_look -= 1
            until_record -= 1
            until_poll -= 1
            if until_poll == 0:
                progress.tell(m * (b.t - told))
                told = b.t
                until_poll = POLL
                if progress.stopped:
                    break
            b.t += 1
            self.step(b)
        progress.tell(m * (self.steps - told))

    cdef void step(self, block_t *b) noexcept nogil:
        cdef double **R = b.rule
        cdef double *point
        cdef int64_t q = b.q, k
        cdef int c, i
        cdef size_t half = q * sizeof(double)
        if b.t == 1 or self.changes:
            self.share(b)
        if self.plain:
            b.stage[0].run(&b.stage[0], 2 * q, R)
            return
        if self.step_tolerance > 0.0:
            memcpy(b.array[LAST_X], R[0] if self.report < 0 else R[self.report], half)
            memcpy(b.array[LAST_Y], (R[0] if self.report < 0 else R[self.report]) + q, half)
        if self.disturbed:
            if self.disturbance.noise > 0.0:
                self.draw(b, 0, b.array[NOISE_X], b.array[NOISE_Y])
            KERNELS.disturb(&self.disturbance, q, R[0], R[0] + q, b.array[NOISE_X],
                            b.array[NOISE_Y], R[1], R[1] + q)
        for c in range(self.extras.shape[0]):
            if self.extras[c, 0] == NORMAL:
                self.draw(b, 1, R[2 + c], R[2 + c] + q)
            else:
                memcpy(R[2 + c], b.full[self.extras[c, 0]], half)
                memcpy(R[2 + c] + q, b.full[self.extras[c, 1]], half)
        for i in range(self.stages - 1):
            b.stage[i].run(&b.stage[i], 2 * q, R)
            point = R[self.points[i]]
            b.second[0], b.second[1] = point, point + q
            b.run_slope.run(&b.run_slope, q, b.second)
            if self.disturbed:  # as if on the same batch: the noise is that of the first gradient
                KERNELS.disturb(&self.disturbance, q, point, point + q, b.array[NOISE_X],
                                b.array[NOISE_Y], b.second[2], b.second[3])
            memcpy(point, b.second[2], half)
            memcpy(point + q, b.second[3], half)
        i = self.stages - 1
        b.stage[i].run(&b.stage[i], 2 * q, R)

    cdef void share(self, block_t *b) noexcept nogil:
        """Bring hyper-parameters and all that follows from them and t alone up to date."""
        cdef int64_t t = b.t - 1
        cdef int c, i, number, final = self.stages - 1, count = self.shared.shape[0]
        for i in range(self.stages):
            if self.stage[i].uniform_registers == 0:
                continue
            for c in range(self.scheduled.shape[0]):
                if self.scheduled[c, 0] == 0:
                    number = self.scheduled[c, 1]
                    b.uniform[i][number][0] = self.shared[number] * self.factors[c, t]
            if i < final and self.stage[final].uniform_registers:  # products so far
                for c in range(self.powers):
                    b.uniform[i][count + 1 + c][0] = b.uniform[final][count + 1 + c][0]
            b.uniform[i][count][0] = <double>b.t
            patch(&self.stage[i], b.uniform[i], b.stage[i].first)
        for c in range(self.scheduled.shape[0]):
            if self.scheduled[c, 0] == 1:
                self.set_lane(b, self.scheduled[c, 1], self.factors[c, t], False)
        if self.plateau >= 0:
            self.set_lane(b, self.plateau, 1.0, True)
            self.reduce(b)

    cdef void set_lane(self, block_t *b, int number, double factor, bint scaled) noexcept nogil:
        cdef double *to = b.rule[self.first_lane + number]
        cdef int64_t k
        for k in range(b.q):
            to[k] = self.lanes[number, b.origin[k]] * factor
            if scaled:
                b.array[USED][k] = b.array[SCALE][k]
                to[k] *= b.array[USED][k]
            to[b.q + k] = to[k]

    cdef void reduce(self, block_t *b) noexcept nogil:
        """As ReduceLROnPlateau of torch, but a threshold relative to |best|, so that it also
        means something where the loss is negative."""
        cdef const double *loss = b.full[2]
        cdef double *best = b.array[LEAST]
        cdef double *bad = b.array[BAD]
        cdef double *scale = b.array[SCALE]
        cdef int64_t k
        for k in range(b.q):
            if best[k] == INFINITY or loss[k] < best[k] - self.plateau_threshold * fabs(best[k]):
                best[k] = loss[k]
                bad[k] = 0.0
            else:
                bad[k] += 1.0
            if bad[k] > self.plateau_patience:
                scale[k] = max(scale[k] * self.plateau_factor, self.plateau_floor)
                bad[k] = 0.0

    cdef void draw(self, block_t *b, int64_t stream, double *zx, double *zy) noexcept nogil:
        cdef int64_t k
        cdef const int64_t *number = b.origin
        if b.numbers != NULL:
            for k in range(b.q):
                b.number[k] = b.numbers[b.origin[k]]
            number = b.number
        KERNELS.normal(self.seed, stream, b.t, number, b.q, zx, zy)

    cdef double *shown_at(self, block_t *b, int number) noexcept nogil:
        """x, y, f, gx or gy of the point that is shown."""
        return b.shown[number] if self.report >= 0 or self.batch else b.full[number]

    cdef void judge(self, block_t *b, double[:, :, ::1] record, int8_t[::1] status,
                    int64_t[::1] last, int64_t[::1] left, bint recorded) noexcept nogil:
        """Find the lanes that have ended."""
        cdef double *state = b.array[STATE]
        cdef double *x = self.shown_at(b, 0)
        cdef double *y = self.shown_at(b, 1)
        cdef double *f = self.shown_at(b, 2)
        cdef int64_t k, lane
        cdef bint any_ = KERNELS.watch(&self.bounds, b.q, x, y, f, self.shown_at(b, 3),
                                       self.shown_at(b, 4), state)
        if self.step_tolerance > 0.0 and b.t > 0:
            for k in range(b.m):
                if self.may_stall(b, k, state, left) and (fabs(x[k] - b.array[LAST_X][k])
                        + fabs(y[k] - b.array[LAST_Y][k]) <= self.step_tolerance):
                    state[k] = GDV_STALLED
                    any_ = True
        if self.patience > 0:
            any_ |= self.find_stalled(b, f, state, left)
        if self.target > -INFINITY:
            for k in range(b.m):
                if f[k] <= self.target and state[k] != GDV_DIVERGED and (
                        state[k] != GDV_OUTSIDE or not self.stop_outside):
                    state[k] = GDV_REACHED
                    any_ = True
        if any_:
            for k in range(b.m):
                lane = b.origin[k]
                if state[k] == GDV_RUNNING or status[lane] != GDV_RUNNING:
                    continue
                if state[k] == GDV_CONVERGED and self.moves(b, k):
                    if (self.bounds.x0 <= x[k] <= self.bounds.x1
                            and self.bounds.y0 <= y[k] <= self.bounds.y1):
                        continue
                    state[k] = GDV_OUTSIDE  # it is level there, but on its way
                if state[k] == GDV_OUTSIDE:
                    if left[lane] < 0:
                        left[lane] = b.t
                    if not self.stop_outside:
                        continue
                status[lane] = <int8_t>state[k]
                last[lane] = b.t
                b.alive -= 1
                if not recorded:
                    self.keep_end(b, k, record)
        if b.t == self.steps and not recorded:
            for k in range(b.m):
                if status[b.origin[k]] == GDV_RUNNING:
                    self.keep_end(b, k, record)

    cdef bint moves(self, block_t *b, int64_t k) noexcept nogil:
        """Whether a lane has a velocity still."""
        cdef double *v
        cdef int i
        for i in range(self.moving.shape[0]):
            v = b.rule[self.first_state + self.moving[i]]
            if v[k] * v[k] + v[b.q + k] * v[b.q + k] > self.bounds.tolerance2:
                return True
        return False

    cdef bint may_stall(self, block_t *b, int64_t k, const double *state,
                        int64_t[::1] left) noexcept nogil:
        """Whether a lane still runs; one that is outside is noted before it is called stalled."""
        if state[k] == GDV_OUTSIDE:
            if left[b.origin[k]] < 0:
                left[b.origin[k]] = b.t
            return not self.stop_outside
        return state[k] == GDV_RUNNING

    cdef bint find_stalled(self, block_t *b, const double *f, double *state,
                           int64_t[::1] left) noexcept nogil:
        cdef double *best = b.array[BEST]
        cdef double *since = b.array[SINCE]
        cdef int64_t k
        cdef bint found = False
        for k in range(b.m):
            if best[k] == INFINITY or f[k] < best[k] - self.loss_tolerance * fabs(best[k]):
                best[k] = f[k]
                since[k] = <double>b.t
            elif b.t - since[k] >= self.patience and self.may_stall(b, k, state, left):
                state[k] = GDV_STALLED
                found = True
        return found

    cdef void close_ranks(self, block_t *b, const int8_t[::1] status) noexcept nogil:
        """Move the lanes that still run to the front, so that those that ended cost nothing."""
        cdef int64_t k, n = 0, q = padded(b.alive) if b.pad == GDV_PAD else widened(b.alive)
        for k in range(b.m):
            if status[b.origin[k]] == GDV_RUNNING:
                self.move(b, n, k)
                n += 1
        n = 0
        for k in range(b.m):  # the second halves, which only now may be written over the first
            if status[b.origin[k]] == GDV_RUNNING:
                self.move(b, q + n, b.q + k)
                b.origin[n] = b.origin[k]
                n += 1
        for k in range(n, q):
            self.move(b, k, n - 1)
            self.move(b, q + k, q + n - 1)
            b.origin[k] = b.origin[n - 1]
        b.m, b.q = n, q
        self.aim(b)
        # the step to come needs the gradient at its new place
        b.run_full.run(&b.run_full, q, b.full)

    cdef void move(self, block_t *b, int64_t to, int64_t source) noexcept nogil:
        """Copy what a lane carries from step to step; from `q` on it is its second half."""
        cdef int r
        b.rule[0][to] = b.rule[0][source]
        for r in range(self.first_lane,
                       self.first_state + self.initial.shape[0] + self.lane_powers):
            b.rule[r][to] = b.rule[r][source]
        if self.report >= 0:
            b.rule[self.report][to] = b.rule[self.report][source]
        if source < b.q and to < b.q:
            for r in range(LAST_X, NOISE_X):
                b.array[r][to] = b.array[r][source]

    # the record

    cdef void keep(self, block_t *b, int64_t row, double[:, :, ::1] record,
                   const int8_t[::1] status) noexcept nogil:
        cdef int64_t k
        cdef int c, at = 5
        if b.m == 1 or b.alive < b.m:
            # A call of memcpy for each number would cost more than the step; and lanes that
            # ended between two records have their end in this row.
            for k in range(b.m):
                if status[b.origin[k]] == GDV_RUNNING:
                    self.keep_lane(b, k, row, record)
            return
        cdef size_t size = b.m * sizeof(double)
        cdef int64_t b0 = b.origin[0]
        for c in range(5):
            memcpy(&record[c, row, b0], self.shown_at(b, c), size)
        if self.report >= 0:
            memcpy(&record[5, row, b0], b.rule[0], size)
            memcpy(&record[6, row, b0], b.rule[0] + b.q, size)
            at = 7
        for c in range(self.initial.shape[0]):
            memcpy(&record[at + 2 * c, row, b0], b.rule[self.first_state + c], size)
            memcpy(&record[at + 1 + 2 * c, row, b0], b.rule[self.first_state + c] + b.q, size)
        if self.plateau >= 0:
            memcpy(&record[at + 2 * self.initial.shape[0], row, b0], b.array[USED], size)
        if self.batch:
            memcpy(&record[record.shape[0] - 1, row, b0], b.full[2], size)

    cdef void keep_end(self, block_t *b, int64_t k, double[:, :, ::1] record) noexcept nogil:
        cdef int c
        if self.every:
            self.keep_lane(b, k, b.t // self.every + 1, record)
        else:
            for c in range(5):
                record[c, 0, b.origin[k]] = self.shown_at(b, c)[k]

    cdef void keep_lane(self, block_t *b, int64_t k, int64_t row,
                        double[:, :, ::1] record) noexcept nogil:
        cdef int c, at = 5
        cdef int64_t lane = b.origin[k]
        for c in range(5):
            record[c, row, lane] = self.shown_at(b, c)[k]
        if self.report >= 0:
            record[5, row, lane] = b.rule[0][k]
            record[6, row, lane] = b.rule[0][b.q + k]
            at = 7
        for c in range(self.initial.shape[0]):
            record[at, row, lane] = b.rule[self.first_state + c][k]
            record[at + 1, row, lane] = b.rule[self.first_state + c][b.q + k]
            at += 2
        if self.plateau >= 0:
            record[at, row, lane] = b.array[USED][k]
        if self.batch:
            record[record.shape[0] - 1, row, lane] = b.full[2][k]


def random_numbers(uint64_t seed, int64_t step, int64_t number, int64_t stream=1):
    """The numbers `xi` that a rule reads for x and for y at a step of the lane with that number.

    Stream 0 has those that, times `noise`, are added to the gradient.
    """
    cdef int64_t origin[GDV_PAD]
    cdef double zx[GDV_PAD]
    cdef double zy[GDV_PAD]
    cdef int k
    for k in range(GDV_PAD):
        origin[k] = number
    KERNELS.normal(seed, stream, step, origin, GDV_PAD, zx, zy)
    return zx[0], zy[0]
