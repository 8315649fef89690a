/* The loss of a regression. */
#ifndef MATH_SQUARED_ERROR_H
#define MATH_SQUARED_ERROR_H

#include <stddef.h>

/* The sum over the rows of the mean over the columns of (prediction − target)²; both are
 * [rows, columns]. gradient[rows, columns] becomes scale × its gradient; it may be `predictions`;
 * NULL: not wanted. */
double squared_error(const float *predictions, float *gradient, const float *targets, size_t rows,
                     size_t columns, float scale);

#endif
