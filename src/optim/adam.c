#include "optim/adam.h"

#include <math.h>

/* Floats per piece of work: its four arrays fit into half of a 256 KiB second-level cache. */
enum { BLOCK = 8192 };

/* The constants of one update, rounded to float once. */
typedef struct adam_constants {
    float beta1, one_minus_beta1, beta2, one_minus_beta2;
    float epsilon, step_size, reciprocal_root_correction2;
    float keep, l2; /* values × keep, gradient + l2 × values */
    float gradient_scale;
} adam_constants;

static void update_block(float *restrict values, float *restrict gradients,
                         float *restrict first_moment, float *restrict second_moment, size_t count,
                         const adam_constants *constants)
{
    const adam_constants c = *constants;
    for (size_t i = 0; i < count; i++) {
        float gradient = gradients[i] * c.gradient_scale + c.l2 * values[i];
        float first = c.beta1 * first_moment[i] + c.one_minus_beta1 * gradient;
        float second = c.beta2 * second_moment[i] + c.one_minus_beta2 * gradient * gradient;
        float denominator = sqrtf(second) * c.reciprocal_root_correction2 + c.epsilon;
        values[i] = c.keep * values[i] - c.step_size * (first / denominator);
        first_moment[i] = first;
        second_moment[i] = second;
        gradients[i] = 0.0f;
    }
}

void adam_update(float *values, float *gradients, float *first_moment, float *second_moment,
                 size_t count, const adam_settings *settings, double learning_rate, int64_t step,
                 bool decay, double gradient_scale)
{
    double correction1 = 1.0 - pow(settings->beta1, (double)step);
    double correction2 = 1.0 - pow(settings->beta2, (double)step);
    double weight_decay = decay ? settings->weight_decay : 0.0;
    const adam_constants constants = {
        .beta1 = (float)settings->beta1,
        .one_minus_beta1 = (float)(1.0 - settings->beta1),
        .beta2 = (float)settings->beta2,
        .one_minus_beta2 = (float)(1.0 - settings->beta2),
        .epsilon = (float)settings->epsilon,
        .step_size = (float)(learning_rate / correction1),
        .reciprocal_root_correction2 = (float)(1.0 / sqrt(correction2)),
        .keep = settings->decoupled ? (float)(1.0 - learning_rate * weight_decay) : 1.0f,
        .l2 = settings->decoupled ? 0.0f : (float)weight_decay,
        .gradient_scale = (float)gradient_scale,
    };
    size_t blocks = (count + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) if (blocks > 1)
    for (size_t block = 0; block < blocks; block++) {
        size_t first = block * BLOCK;
        size_t length = count - first < BLOCK ? count - first : BLOCK;
        update_block(values + first, gradients + first, first_moment + first, second_moment + first,
                     length, &constants);
    }
}
