/* What the engine calls, and the structures it shares with the kernels. baseline.h, avx2.h
   and avx512.h compile the bodies (kernels.inc), each for its instruction set. */
#ifndef GDV_KERNELS_H
#define GDV_KERNELS_H
#include <stdint.h>

#define GDV_PAD 4 /* lanes of a block are padded to a multiple of this */

typedef struct {
    int op, d, a, b, c, unused;
    double k1, k2;
} gdv_instruction;

typedef struct gdv_tape gdv_tape;

/* Run a program on a block: registers are arrays of n lanes, n a multiple of GDV_PAD or 1. The
   seam: a program that was emitted as C has the same signature, and reads of the tape only the
   constants that change from step to step. */
typedef void (*gdv_run)(const gdv_tape *tape, long n, double *const *registers);

struct gdv_tape {
    gdv_instruction *first;
    long count;
    gdv_run run;    /* for blocks */
    gdv_run narrow; /* for single runs, whose few lanes do not fill the widest vectors */
    const void *rows;   /* of a table, over which a loss on data runs; see rows.pxd */
    long scratch_size;  /* doubles that a run needs besides its registers, for one at a time */
    double *scratch;
};

enum { GDV_RUNNING, GDV_OUTSIDE, GDV_CONVERGED, GDV_DIVERGED, GDV_STALLED,
       GDV_REACHED };

typedef struct {
    double tolerance2;           /* square of the gradient norm that counts as converged */
    double x0, x1, y0, y1;       /* domain */
    double far_x0, far_x1, far_y0, far_y1; /* beyond: diverged */
} gdv_bounds;

/* Sort the lanes of a block into the states above, written to `state`; 0 if all are running. */
typedef long (*gdv_watch)(const gdv_bounds *bounds, long n, const double *x, const double *y,
                          const double *f, const double *gx, const double *gy, double *state);

typedef struct {
    double weight_decay;
    double noise;       /* standard deviation of each component */
    double clip_value;  /* largest component, or infinity */
    double clip_norm;   /* largest norm, or infinity */
} gdv_disturbance;

/* Standard normal numbers that depend on (seed, stream, step, lane) and nothing else: the two
   halves of `z`, n each. Lanes are those of `origin`. */
typedef void (*gdv_normal)(uint64_t seed, int64_t stream, int64_t step, const int64_t *origin,
                           long n, double *zx, double *zy);

/* Add weight_decay*w and noise to the gradients of n lanes, then clip them. */
typedef void (*gdv_disturb)(const gdv_disturbance *how, long n, const double *x, const double *y,
                            const double *zx, const double *zy, double *gx, double *gy);

/* A sum, in an order that is the same for every instruction set. */
typedef double (*gdv_sum)(const double *a, long n);

/* A counter hashed (the finalizer of splitmix64, Steele et al. 2014). */
static inline uint64_t gdv_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

typedef struct {
    gdv_run interpret;
    gdv_watch watch;
    gdv_normal normal;
    gdv_disturb disturb;
    gdv_sum sum;
    const gdv_run *emitted;      /* in the order of gdv_digests */
} gdv_kernels;

#endif
