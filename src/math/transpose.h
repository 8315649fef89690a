/* A matrix with its rows as columns. */
#ifndef MATH_TRANSPOSE_H
#define MATH_TRANSPOSE_H

#include <stddef.h>

/* out[columns, rows] of in[rows, columns]; they do not overlap. */
void matrix_transpose(float *out, const float *in, size_t rows, size_t columns);

#endif
