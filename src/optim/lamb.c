#include "optim/lamb.h"

#include <math.h>

direction_squares lamb_direction(const float *values, float *gradients, float *first_moment,
                                 float *second_moment, size_t count, const adam_settings *settings,
                                 int64_t step, double gradient_scale)
{
    double correction1 = 1.0 - pow(settings->beta1, (double)step);
    double correction2 = 1.0 - pow(settings->beta2, (double)step);
    const direction_constants constants = {
        .gradient_scale = (float)gradient_scale,
        .beta1 = (float)settings->beta1,
        .one_minus_beta1 = (float)(1.0 - settings->beta1),
        .beta2 = (float)settings->beta2,
        .one_minus_beta2 = (float)(1.0 - settings->beta2),
        .reciprocal_correction1 = (float)(1.0 / correction1),
        .reciprocal_root_correction2 = (float)(1.0 / sqrt(correction2)),
        .epsilon = (float)settings->epsilon,
        .weight_decay = (float)settings->weight_decay,
    };
    return direction_fill(values, gradients, first_moment, second_moment, count, &constants);
}

double lamb_trust_ratio(direction_squares whole)
{
    if (!(whole.values > 0 && whole.direction > 0))
        return 1.0;
    return sqrt(whole.values) / sqrt(whole.direction);
}

void lamb_update(float *values, float *gradients, size_t count, double learning_rate, double ratio)
{
    direction_follow(values, gradients, count, (float)(learning_rate * ratio));
}
