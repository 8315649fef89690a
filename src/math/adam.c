#include "math/adam.h"

#include <math.h>

/* Floats in a unit of work: its four arrays fit into half of a 256 KiB second-level cache. */
enum { BLOCK = 8192 };

static void update_block(float *restrict weights, const float *restrict gradients,
                         float *restrict first_moment, float *restrict second_moment, size_t count,
                         const adam_constants *constants)
{
    const adam_constants c = *constants;
    for (size_t i = 0; i < count; i++) {
        float gradient = gradients[i] * c.gradient_scale + c.l2 * weights[i];
        float first = c.beta1 * first_moment[i] + c.one_minus_beta1 * gradient;
        float second = c.beta2 * second_moment[i] + c.one_minus_beta2 * gradient * gradient;
        float denominator = sqrtf(second) * c.reciprocal_root_correction2 + c.epsilon;
        weights[i] = c.keep * weights[i] - c.step_size * (first / denominator);
        first_moment[i] = first;
        second_moment[i] = second;
    }
}

void adam_update(float *weights, const float *gradients, float *first_moment, float *second_moment,
                 size_t count, const adam_constants *constants)
{
    size_t blocks = (count + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) if (blocks > 1)
    for (size_t block = 0; block < blocks; block++) {
        size_t first = block * BLOCK;
        size_t length = count - first < BLOCK ? count - first : BLOCK;
        update_block(weights + first, gradients + first, first_moment + first,
                     second_moment + first, length, constants);
    }
}
