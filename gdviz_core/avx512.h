/* The kernels for AVX-512, where the compiler can make them; the engine asks before it uses them. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "kernels.h"

#define GDV_KERNELS gdv_avx512
#if defined(__x86_64__) && defined(__clang__)
/* The headers above must come before the target, or their inline functions clash with it. */
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#elif defined(__x86_64__) && defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,prefer-vector-width=512")
#include "kernels.inc"
#pragma GCC pop_options
#else
#include "kernels.inc" /* never used */
#endif
