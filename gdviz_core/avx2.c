/* The kernels for AVX2, where the compiler can make them; the engine asks before it uses them. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "kernels.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
/* The headers above must come before the target, or their inline functions clash with it. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#define GDV_KERNELS gdv_avx2
#include "kernels.inc"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

int gdv_has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0;
}
#else
const gdv_kernels gdv_avx2 = {0, 0};

int gdv_has_avx2(void)
{
    return 0;
}
#endif
