/* Sums of rows that several ranks computed, and bfloat16 as a form to send them in, on the CPU: see
 * operations.h. */
#ifndef MATH_ROWS_SUM_H
#define MATH_ROWS_SUM_H

#include <stddef.h>
#include <stdint.h>

void rows_sum(float *out, const float *const *rows, size_t row_count, size_t count);
void rows_sum_bfloat16(float *out, const uint16_t *const *rows, size_t row_count, size_t count);
void bfloat16_from_float(uint16_t *out, const float *values, size_t count);
void float_from_bfloat16(float *out, const uint16_t *values, size_t count);

#endif
