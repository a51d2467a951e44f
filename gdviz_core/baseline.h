/* The kernels for the instruction set every machine has (SSE2 on x86-64, NEON on arm64). */
#define GDV_KERNELS gdv_baseline
#include "kernels.inc"
