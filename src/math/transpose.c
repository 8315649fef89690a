#include "math/transpose.h"

#include "base/minmax.h"

/* Squares of 16 × 16 elements: each of the 32 cache lines that one touches is used whole. */
enum { SIDE = 16 };

void matrix_transpose(float *out, const float *in, size_t rows, size_t columns)
{
#pragma omp parallel for schedule(static) if (rows * columns > 65536)
    for (size_t top = 0; top < rows; top += SIDE)
        for (size_t left = 0; left < columns; left += SIDE)
            for (size_t j = left; j < min_size(left + SIDE, columns); j++)
                for (size_t i = top; i < min_size(top + SIDE, rows); i++)
                    out[j * rows + i] = in[i * columns + j];
}
