#include "math/reduce.h"

#include "base/minmax.h"
#include "math/chunks.h"

#include <math.h>

enum {
    BLOCK = 8192,        /* elements summed by one thread in one go */
    BLOCKS_AT_ONCE = 64, /* partial sums held on the stack */
    ROWS_AT_ONCE = 256   /* terms held on the stack, so that they are added in order */
};

static double block_squares(const float *values, size_t count)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * values[i];
    return sum;
}

double sum_of_squares(const float *values, size_t count)
{
    double sum = 0;
    for (size_t start = 0; start < count; start += (size_t)BLOCK * BLOCKS_AT_ONCE) {
        size_t here = min_size(count - start, (size_t)BLOCK * BLOCKS_AT_ONCE);
        size_t blocks = (here + BLOCK - 1) / BLOCK;
        double partial[BLOCKS_AT_ONCE];
#pragma omp parallel for schedule(static)
        for (size_t block = 0; block < blocks; block++)
            partial[block] = block_squares(values + start + block * BLOCK,
                                           min_size(BLOCK, here - block * BLOCK));
        for (size_t block = 0; block < blocks; block++)
            sum += partial[block];
    }
    return sum;
}

double sum_over_rows(size_t rows, size_t columns, double (*row)(void *context, size_t i),
                     void *context)
{
    double sum = 0;
    for (size_t start = 0; start < rows; start += ROWS_AT_ONCE) {
        size_t count = min_size(ROWS_AT_ONCE, rows - start);
        double terms[ROWS_AT_ONCE];
#pragma omp parallel for schedule(static) if (count * columns > CHUNK_WORTH_THREADS)
        for (size_t i = 0; i < count; i++)
            terms[i] = row(context, start + i);
        for (size_t i = 0; i < count; i++)
            sum += terms[i];
    }
    return sum;
}

bool all_finite(const float *values, size_t count)
{
    int bad = 0;
#pragma omp parallel for schedule(static) reduction(| : bad)
    for (size_t i = 0; i < count; i++)
        bad |= !isfinite(values[i]);
    return !bad;
}
