/* exp, log, sin, cos and tanh without branches, so that compilers vectorize the loops around them.

   At most 2.5 units in the last place from the true value. Results are the same in every build:
   only IEEE operations, no contraction (-ffp-contract=off), no reassociation. Infinities and NaN
   go through as in libm; subnormal numbers are neither flushed nor ignored. */
#ifndef GDV_VMATH_H
#define GDV_VMATH_H
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#define VM_INLINE static __forceinline
#else
#define VM_INLINE static inline __attribute__((always_inline))
#endif

/* Adding 1.5*2^52 rounds to the nearest integer and leaves it in the low bits of the mantissa. */
#define VM_ROUND 6755399441055744.0
/* Past this the reduction of sin and cos loses digits; the kernels then take libm. */
#define VM_WAVE_LIMIT 1e6

VM_INLINE uint64_t vm_bits(double x) { uint64_t u; memcpy(&u, &x, 8); return u; }
VM_INLINE double vm_double(uint64_t u) { double x; memcpy(&x, &u, 8); return x; }

/* 2^k, for a k that vm_exp has rounded; -1022 <= k <= 1023 */
VM_INLINE double vm_power_of_two(double k) { return vm_double((vm_bits(k + VM_ROUND) + 1023) << 52); }

VM_INLINE double vm_exp(double x)
{
    double y = x < -750.0 ? -750.0 : x;
    y = y > 750.0 ? 750.0 : y;
    double k = (y * 1.4426950408889634 + VM_ROUND) - VM_ROUND;
    double r = y - k * 0x1.62e42feep-1; /* ln 2, first 32 bits: the product is exact */
    r = r - k * 0x1.a39ef35793c76p-33;
    double r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
    double p23 = 0.5 + r * 0x1.5555555555555p-3;
    double p45 = 0x1.5555555555555p-5 + r * 0x1.1111111111111p-7;
    double p67 = 0x1.6c16c16c16c17p-10 + r * 0x1.a01a01a01a01ap-13;
    double p89 = 0x1.a01a01a01a01ap-16 + r * 0x1.71de3a556c734p-19;
    double pab = 0x1.27e4fb7789f5cp-22 + r * 0x1.ae64567f544e4p-26;
    double pc = 0x1.1eed8eff8d898p-29;
    double p = 1.0 + (r + (r2 * p23 + (r4 * (p45 + r2 * p67) + r8 * ((p89 + r2 * pab) + r4 * pc))));
    /* 2^k in two factors, so that it neither overflows early nor skips the subnormal numbers */
    double k1 = (k * 0.5 + VM_ROUND) - VM_ROUND;
    return p * vm_power_of_two(k1) * vm_power_of_two(k - k1);
}

VM_INLINE double vm_log(double x)
{
    double tiny = x < 0x1p-1022 ? 54.0 : 0.0;
    double y = x < 0x1p-1022 ? x * 0x1p54 : x;
    uint64_t shifted = vm_bits(y) - 0x3fe6a09e667f3bcdULL; /* sqrt(1/2) */
    double m = vm_double(vm_bits(y) - (shifted & 0xfff0000000000000ULL));
    uint64_t biased = (shifted + 0x8000000000000000ULL) >> 52;
    double e = vm_double(biased | 0x4330000000000000ULL) - (4503599627370496.0 + 2048.0) - tiny;
    double f = m - 1.0;
    double s = f / (2.0 + f), z = s * s, w = z * z;
    double t1 = w * (0x1.999999997fa04p-2 + w * (0x1.c71c51d8e78afp-3 + w * 0x1.39a09d078c69fp-3));
    double t2 = z * (0x1.5555555555593p-1 + w * (0x1.2492494229359p-2
                + w * (0x1.7466496cb03dep-3 + w * 0x1.2f112df3e5244p-3)));
    double half = 0.5 * f * f;
    double r = e * 0x1.62e42feep-1
               - ((half - (s * (half + (t2 + t1)) + e * 0x1.a39ef35793c76p-33)) - f);
    r = x == 0.0 ? -INFINITY : r;
    r = x < 0.0 ? NAN : r;
    r = x == INFINITY ? x : r;
    return x != x ? x : r;
}

/* The logarithm of a finite x >= 1 to a relative 2e-7: enough for a colour, in a quarter of the time. */
VM_INLINE float vm_rough_log(float x)
{
    uint32_t u, low, shifted;
    float m;
    memcpy(&u, &x, 4);
    shifted = u - 0x3f3504f3u; /* sqrt(1/2) */
    low = u - (shifted & 0xff800000u);
    memcpy(&m, &low, 4);
    float e = (float)((int32_t)shifted >> 23);
    float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    float p = 0.3333333f + z * (0.2f + z * (0.14285715f + z * 0.11111111f));
    return e * 0.6931472f + 2.0f * (s + s * z * p);
}

/* |x| <= VM_WAVE_LIMIT */
VM_INLINE void vm_sincos(double x, double *sine, double *cosine)
{
    double shifted = x * 0.6366197723675814 + VM_ROUND;
    double q = shifted - VM_ROUND;
    uint64_t quadrant = vm_bits(shifted);
    double r = x - q * 0x1.921fb544p0; /* pi/2 in three parts; the first two products are exact */
    r = r - q * 0x1.0b4611a6p-34;
    r = r - q * 0x1.3198a2e037073p-69;
    double r2 = r * r, r4 = r2 * r2;
    double s = r + r * r2 * ((-0x1.5555555555549p-3 + r2 * 0x1.111111110f8a6p-7)
        + r4 * ((-0x1.a01a019c161d5p-13 + r2 * 0x1.71de357b1fe7dp-19)
        + r4 * (-0x1.ae5e68a2b9cebp-26 + r2 * 0x1.5d93a5acfd57cp-33)));
    double c = 1.0 - 0.5 * r2 + r4 * ((0x1.555555555554cp-5 + r2 * -0x1.6c16c16c15177p-10)
        + r4 * ((0x1.a01a019cb159p-16 + r2 * -0x1.27e4f809c52adp-22)
        + r4 * (0x1.1ee9ebdb4b1c4p-29 + r2 * -0x1.8fae9be8838d4p-37)));
    uint64_t odd = 0 - (quadrant & 1), us = vm_bits(s), uc = vm_bits(c);
    uint64_t difference = (us ^ uc) & odd;
    us ^= difference;
    uc ^= difference;
    *sine = vm_double(us ^ ((quadrant & 2) << 62));
    *cosine = vm_double(uc ^ (((quadrant + 1) & 2) << 62));
}

VM_INLINE double vm_sin(double x) { double s, c; vm_sincos(x, &s, &c); return s; }
VM_INLINE double vm_cos(double x) { double s, c; vm_sincos(x, &s, &c); return c; }

VM_INLINE double vm_tanh(double x)
{
    double z = x * x, a = fabs(x);
    /* Cephes' rational approximation for small |x|, where 1 - 2/(e^2x + 1) cancels */
    double p = (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z
               - 1.61468768441708447952e3;
    double q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z
               + 4.84406305325125486048e3;
    double small = x + x * z * (p / q);
    double large = copysign(1.0 - 2.0 / (vm_exp(2.0 * a) + 1.0), x);
    double r = a < 0.625 ? small : large;
    return x != x ? x : r;
}
#endif
