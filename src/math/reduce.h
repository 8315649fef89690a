/* Sums and checks over flat memory on the CPU: see operations.h. Blocks of fixed size, so that the
 * bits do not depend on the threads. */
#ifndef MATH_REDUCE_H
#define MATH_REDUCE_H

#include <stdbool.h>
#include <stddef.h>

double sum_of_squares(const float *values, size_t count);
bool all_finite(const float *values, size_t count);

#endif
