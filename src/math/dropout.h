/* Dropout on the CPU: see operations.h, and types.h for the mask. */
#ifndef MATH_DROPOUT_H
#define MATH_DROPOUT_H

#include "math/types.h"

void dropout_apply(float *out, const float *in, const uint64_t *row_keys, size_t rows,
                   size_t columns, const dropout *dropout);

#endif
