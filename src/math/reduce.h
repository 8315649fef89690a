/* Sums and checks on the CPU (see operations.h) whose bits do not depend on the number of threads:
 * terms are added in blocks of fixed size, or in the order of their rows. */
#ifndef MATH_REDUCE_H
#define MATH_REDUCE_H

#include <stdbool.h>
#include <stddef.h>

double sum_of_squares(const float *values, size_t count);

/* The sum of row(context, i) for i in [0, rows), in the order of the rows. Rows are computed in
 * parallel where there are enough elements, `columns` in each. */
double sum_over_rows(size_t rows, size_t columns, double (*row)(void *context, size_t i),
                     void *context);

bool all_finite(const float *values, size_t count);

#endif
