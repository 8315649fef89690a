/* The first pass of LAMB, which must know how long a tensor's step is before it is made, on the
 * CPU: see operations.h. */
#ifndef MATH_LAMB_H
#define MATH_LAMB_H

#include "math/types.h"

tensor_squares lamb_direction(const float *weights, float *gradients, float *first_moment,
                              float *second_moment, size_t count, const lamb_constants *constants);

#endif
