/* One row out of the rows of a sequence. */
#ifndef MATH_POOLING_H
#define MATH_POOLING_H

#include <stddef.h>
#include <stdint.h>

/* out[segments, columns]: means of the rows in[starts[s], starts[s + 1]), of which each segment has
 * at least one. */
void segments_mean(float *out, const float *in, const int32_t *starts, size_t segments,
                   size_t columns);

/* Divides each of values[rows, columns] by its Euclidean length, or by 1e-12 where that is less (as
 * torch.nn.functional.normalize). */
void rows_normalize(float *values, size_t rows, size_t columns);

#endif
