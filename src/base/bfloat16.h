/* bfloat16, the upper half of an IEEE 754 binary32, one value at a time. */
#ifndef BASE_BFLOAT16_H
#define BASE_BFLOAT16_H

#include <stdint.h>
#include <string.h>

static inline uint32_t float_to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To nearest, ties to even; a NaN stays a NaN, made quiet: rounded, it could carry over into an
 * infinity or into zero. The kernels have this as vector code, where subnormal numbers become zero,
 * as they do in the processors' instructions (math/kernels/gemm_bfloat16.inc). */
static inline uint16_t bfloat16_round(float value)
{
    uint32_t bits = float_to_bits(value);
    uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    return (uint16_t)((value != value ? bits | 0x400000 : rounded) >> 16);
}

static inline float bfloat16_widen(uint16_t narrow)
{
    return float_from_bits((uint32_t)narrow << 16);
}

#endif
