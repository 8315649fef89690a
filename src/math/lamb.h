/* The two passes of LAMB, which must know how long a tensor's step is before it is made
 * (optim/lamb.c). */
#ifndef MATH_LAMB_H
#define MATH_LAMB_H

#include <stddef.h>

/* Rounded to float once. */
typedef struct lamb_constants {
    float gradient_scale;
    float beta1, one_minus_beta1, beta2, one_minus_beta2;
    float reciprocal_correction1, reciprocal_root_correction2;
    float epsilon, weight_decay;
} lamb_constants;

/* Sums of squares of a tensor, or of a part of it. */
typedef struct tensor_squares {
    double weights, direction;
} tensor_squares;

/* Adam's moments are brought up to date, and the gradients replaced by the direction
 * corrected first moment / (root of the corrected second one + epsilon) + weight_decay × weights.
 * All arrays are [count]. Summed in double over blocks of fixed size, so that any number of threads
 * gives the same bits. */
tensor_squares lamb_direction(const float *weights, float *gradients, float *first_moment,
                              float *second_moment, size_t count, const lamb_constants *constants);

/* weights −= step × direction */
void lamb_apply(float *weights, const float *direction, size_t count, float step);

#endif
