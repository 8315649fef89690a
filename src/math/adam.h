/* One step of Adam over flat memory (optim/adam.c computes the constants). */
#ifndef MATH_ADAM_H
#define MATH_ADAM_H

#include <stddef.h>

/* The constants of one step, rounded to float once. */
typedef struct adam_constants {
    float beta1, one_minus_beta1, beta2, one_minus_beta2;
    float epsilon, step_size, reciprocal_root_correction2;
    float keep, l2; /* weights × keep, gradient + l2 × weights */
    float gradient_scale;
} adam_constants;

/* weights = keep × weights − step_size × first / (√second × reciprocal_root_correction2 + epsilon),
 * where the moments are brought up to date with gradient_scale × gradients + l2 × weights. All
 * arrays are [count]. Any number of threads gives the same bits. */
void adam_update(float *weights, const float *gradients, float *first_moment, float *second_moment,
                 size_t count, const adam_constants *constants);

#endif
