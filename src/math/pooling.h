/* One row out of the rows of a sequence, on the CPU: see operations.h. */
#ifndef MATH_POOLING_H
#define MATH_POOLING_H

#include <stddef.h>
#include <stdint.h>

void segments_mean(float *out, const float *in, const int32_t *starts, size_t segments,
                   size_t columns);
void rows_normalize(float *values, size_t rows, size_t columns);

#endif
