#include "math/reduce.h"

#include "base/minmax.h"

#include <math.h>

enum {
    BLOCK = 8192,       /* elements summed by one thread in one go */
    BLOCKS_AT_ONCE = 64 /* partial sums held on the stack */
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

bool all_finite(const float *values, size_t count)
{
    int bad = 0;
#pragma omp parallel for schedule(static) reduction(| : bad)
    for (size_t i = 0; i < count; i++)
        bad |= !isfinite(values[i]);
    return !bad;
}
