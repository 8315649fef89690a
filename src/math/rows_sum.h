/* Sums of rows that several ranks computed, and bfloat16 as a form to send them in. One thread
 * each: they run beside the backward pass. */
#ifndef MATH_ROWS_SUM_H
#define MATH_ROWS_SUM_H

#include <stddef.h>
#include <stdint.h>

/* out[count] = rows[0][i] + rows[1][i] + …, in this order and in float32, whatever the machine;
 * `out` may be one of the rows. row_count >= 1. */
void rows_sum(float *out, const float *const *rows, size_t row_count, size_t count);

/* The same for rows in bfloat16; the sum is float32. */
void rows_sum_bfloat16(float *out, const uint16_t *const *rows, size_t row_count, size_t count);

/* Rounded to nearest, ties to even; a NaN stays one. */
void bfloat16_from_float(uint16_t *out, const float *values, size_t count);
void float_from_bfloat16(float *out, const uint16_t *values, size_t count);

#endif
