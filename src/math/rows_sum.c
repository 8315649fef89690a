#include "math/rows_sum.h"

#include "base/bfloat16.h"
#include "base/minmax.h"

#include <string.h>

enum { BLOCK = 1024 }; /* sums of so many elements stay in the first-level cache */

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
                out[start + i] += bfloat16_widen(rows[row][start + i]);
    }
}

void bfloat16_from_float(uint16_t *out, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = bfloat16_round(values[i]);
}

void float_from_bfloat16(float *out, const uint16_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = bfloat16_widen(values[i]);
}
