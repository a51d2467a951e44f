/* What the engine calls, and the structures it shares with the kernels. baseline.c and avx2.c
   compile the bodies (kernels.inc), each for its instruction set. */
#ifndef GDV_KERNELS_H
#define GDV_KERNELS_H

#define GDV_PAD 4 /* lanes of a block are padded to a multiple of this */

typedef struct {
    int op, d, a, b, c, unused;
    double k1, k2;
} gdv_instruction;

typedef struct {
    gdv_instruction *first;
    long count;
} gdv_tape;

/* Run a program on a block: registers are arrays of n lanes, n a multiple of GDV_PAD or 1. The seam:
   a program emitted as C has the same signature and ignores the tape. */
typedef void (*gdv_run)(const gdv_tape *tape, long n, double *const *registers);

enum { GDV_RUNNING, GDV_OUTSIDE, GDV_CONVERGED, GDV_DIVERGED };

typedef struct {
    double tolerance2;           /* square of the gradient norm that counts as converged */
    double x0, x1, y0, y1;       /* domain */
    double far_x0, far_x1, far_y0, far_y1; /* beyond: diverged */
} gdv_bounds;

/* Sort the lanes of a block into the states above, written to `state`; 0 if all are running. */
typedef long (*gdv_watch)(const gdv_bounds *bounds, long n, const double *x, const double *y,
                          const double *f, const double *gx, const double *gy, double *state);

typedef struct {
    gdv_run interpret;
    gdv_watch watch;
} gdv_kernels;

extern const gdv_kernels gdv_baseline, gdv_avx2;
int gdv_has_avx2(void);
#endif
