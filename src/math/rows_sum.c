#include "math/rows_sum.h"

#include "base/minmax.h"

#include <string.h>

enum { BLOCK = 1024 }; /* sums of so many elements stay in the first-level cache */

static float widen(uint16_t narrow)
{
    uint32_t bits = (uint32_t)narrow << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t narrow(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    /* Rounding could carry a NaN over into an infinity, or through zero. */
    return (uint16_t)((value != value ? bits | 0x400000 : rounded) >> 16);
}

void rows_sum(float *out, const float *const *rows, size_t row_count, size_t count)
{
    float sums[BLOCK];
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t here = min_size(count - start, BLOCK);
        memcpy(sums, rows[0] + start, here * sizeof *sums);
        for (size_t row = 1; row < row_count; row++)
            for (size_t i = 0; i < here; i++)
                sums[i] += rows[row][start + i];
        memcpy(out + start, sums, here * sizeof *sums);
    }
}

void rows_sum_bfloat16(float *out, const uint16_t *const *rows, size_t row_count, size_t count)
{
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t here = min_size(count - start, BLOCK);
        float_from_bfloat16(out + start, rows[0] + start, here);
        for (size_t row = 1; row < row_count; row++)
            for (size_t i = 0; i < here; i++)
                out[start + i] += widen(rows[row][start + i]);
    }
}

void bfloat16_from_float(uint16_t *out, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = narrow(values[i]);
}

void float_from_bfloat16(float *out, const uint16_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = widen(values[i]);
}
