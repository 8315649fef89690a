/* Transposition of a matrix on the CPU: see operations.h. */
#ifndef MATH_TRANSPOSE_H
#define MATH_TRANSPOSE_H

#include <stddef.h>

void matrix_transpose(float *out, const float *in, size_t rows, size_t columns);

#endif
