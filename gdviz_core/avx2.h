/* The kernels for AVX2, where the compiler can make them; the engine asks before it uses them. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "kernels.h"

#define GDV_KERNELS gdv_avx2
#if defined(__x86_64__) && defined(__clang__)
/* The headers above must come before the target, or their inline functions clash with it. */
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#elif defined(__x86_64__) && defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2")
#include "kernels.inc"
#pragma GCC pop_options
#else
#include "kernels.inc" /* never used */
#endif
