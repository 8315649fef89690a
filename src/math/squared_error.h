/* The loss of a regression on the CPU: see operations.h. */
#ifndef MATH_SQUARED_ERROR_H
#define MATH_SQUARED_ERROR_H

#include <stddef.h>

double squared_error(const float *predictions, float *gradient, const float *targets, size_t rows,
                     size_t columns, float scale);

#endif
