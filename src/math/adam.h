/* Adam's loop over elements on the CPU: see operations.h. */
#ifndef MATH_ADAM_H
#define MATH_ADAM_H

#include "math/types.h"

void adam_update(float *weights, const float *gradients, float *first_moment, float *second_moment,
                 size_t count, const adam_constants *constants);

#endif
