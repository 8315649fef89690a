/* Sums and checks over flat memory; fixed blocks, so the bits do not depend on the threads. */
#ifndef MATH_REDUCE_H
#define MATH_REDUCE_H

#include <stdbool.h>
#include <stddef.h>

/* Sum of squares, in double. */
double sum_of_squares(const float *values, size_t count);

/* Whether every element is finite. */
bool all_finite(const float *values, size_t count);

#endif
