#include "math/pooling.h"

#include <math.h>
#include <string.h>

void segments_mean(float *out, const float *in, const int32_t *starts, size_t segments,
                   size_t columns)
{
#pragma omp parallel for schedule(static)
    for (size_t segment = 0; segment < segments; segment++) {
        float *row = out + segment * columns;
        memset(row, 0, columns * sizeof *row);
        for (int32_t i = starts[segment]; i < starts[segment + 1]; i++)
            for (size_t column = 0; column < columns; column++)
                row[column] += in[(size_t)i * columns + column];
        float count = (float)(starts[segment + 1] - starts[segment]);
        for (size_t column = 0; column < columns; column++)
            row[column] /= count;
    }
}

void rows_normalize(float *values, size_t rows, size_t columns)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < rows; i++) {
        float *row = values + i * columns;
        double squares = 0;
        for (size_t column = 0; column < columns; column++)
            squares += (double)row[column] * row[column];
        double length = fmax(sqrt(squares), 1e-12);
        for (size_t column = 0; column < columns; column++)
            row[column] = (float)(row[column] / length);
    }
}
