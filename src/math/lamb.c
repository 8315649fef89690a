#include "math/lamb.h"

#include "base/minmax.h"

#include <math.h>

enum {
    BLOCK = 8192, /* floats in a unit of work: four arrays of it fit into a second-level cache */
    BLOCKS_AT_ONCE = 64 /* partial sums held on the stack */
};

static tensor_squares direction_block(const float *restrict weights, float *restrict gradients,
                                      float *restrict first_moment, float *restrict second_moment,
                                      size_t count, const lamb_constants *constants)
{
    const lamb_constants c = *constants;
    double of_weights = 0, of_direction = 0;
#pragma omp simd reduction(+ : of_weights, of_direction)
    for (size_t i = 0; i < count; i++) {
        float weight = weights[i], gradient = gradients[i] * c.gradient_scale;
        float first = c.beta1 * first_moment[i] + c.one_minus_beta1 * gradient;
        float second = c.beta2 * second_moment[i] + c.one_minus_beta2 * gradient * gradient;
        float denominator = sqrtf(second) * c.reciprocal_root_correction2 + c.epsilon;
        float direction = first * c.reciprocal_correction1 / denominator + c.weight_decay * weight;
        first_moment[i] = first;
        second_moment[i] = second;
        gradients[i] = direction;
        of_weights += (double)weight * weight;
        of_direction += (double)direction * direction;
    }
    return (tensor_squares){of_weights, of_direction};
}

tensor_squares lamb_direction(const float *weights, float *gradients, float *first_moment,
                              float *second_moment, size_t count, const lamb_constants *constants)
{
    tensor_squares sum = {0};
    for (size_t start = 0; start < count; start += (size_t)BLOCK * BLOCKS_AT_ONCE) {
        size_t here = min_size(count - start, (size_t)BLOCK * BLOCKS_AT_ONCE);
        size_t blocks = (here + BLOCK - 1) / BLOCK;
        tensor_squares partial[BLOCKS_AT_ONCE];
#pragma omp parallel for schedule(static) if (blocks > 1)
        for (size_t block = 0; block < blocks; block++) {
            size_t first = start + block * BLOCK;
            partial[block] = direction_block(weights + first, gradients + first,
                                             first_moment + first, second_moment + first,
                                             min_size(BLOCK, here - block * BLOCK), constants);
        }
        for (size_t block = 0; block < blocks; block++) {
            sum.weights += partial[block].weights;
            sum.direction += partial[block].direction;
        }
    }
    return sum;
}
