/* The two passes of an optimizer that must know how long a tensor's step is before it is made
 * (optim/lamb.h). */
#ifndef MATH_DIRECTION_H
#define MATH_DIRECTION_H

#include <stddef.h>

/* Rounded to float once. */
typedef struct direction_constants {
    float gradient_scale;
    float beta1, one_minus_beta1, beta2, one_minus_beta2;
    float reciprocal_correction1, reciprocal_root_correction2;
    float epsilon, weight_decay;
} direction_constants;

typedef struct direction_squares {
    double values, direction; /* sums of squares */
} direction_squares;

/* Adam's moments are brought up to date, and the gradients replaced by the direction
 * corrected first moment / (root of the corrected second one + epsilon) + weight_decay × values.
 * All arrays are [count]. Summed in double over blocks of fixed size, so that any number of threads
 * gives the same bits. */
direction_squares direction_fill(const float *values, float *gradients, float *first_moment,
                                 float *second_moment, size_t count,
                                 const direction_constants *constants);

/* values −= step × direction; the direction becomes zero, as gradients have to be behind a step. */
void direction_follow(float *values, float *direction, size_t count, float step);

#endif
