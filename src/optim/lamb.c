#include "optim/lamb.h"

#include "optim/adam.h"

#include <math.h>

/* Gradients become the direction of the step, decay included. */
static tensor_squares prepare(const optimizer_slice *slice, const optimizer_settings *settings,
                              const optimizer_step *step)
{
    double correction1 = 1.0 - pow(settings->beta1, (double)step->number);
    double correction2 = 1.0 - pow(settings->beta2, (double)step->number);
    const lamb_constants constants = {
        .gradient_scale = (float)step->gradient_scale,
        .beta1 = (float)settings->beta1,
        .one_minus_beta1 = (float)(1.0 - settings->beta1),
        .beta2 = (float)settings->beta2,
        .one_minus_beta2 = (float)(1.0 - settings->beta2),
        .reciprocal_correction1 = (float)(1.0 / correction1),
        .reciprocal_root_correction2 = (float)(1.0 / sqrt(correction2)),
        .epsilon = (float)settings->epsilon,
        .weight_decay = (float)settings->weight_decay,
    };
    return step->operations->lamb_direction(slice->weights, slice->gradients, slice->states[0],
                                            slice->states[1], slice->count, &constants);
}

double lamb_trust_ratio(tensor_squares whole)
{
    if (!(whole.weights > 0 && whole.direction > 0))
        return 1.0;
    return sqrt(whole.weights) / sqrt(whole.direction);
}

/* A step in the direction, of the length that the trust ratio gives it. */
static void lamb_apply(const optimizer_slice *slice, const optimizer_step *step)
{
    float size = (float)(step->learning_rate * slice->rate_factor);
    step->operations->values_axpby(slice->weights, slice->gradients, slice->count, -size, 1.0f);
}

static void update(const optimizer_slice *slice, const optimizer_settings *settings,
                   const optimizer_step *step)
{
    if (slice->decay)
        lamb_apply(slice, step);
    else
        adamw_update(slice, settings, step);
}

const optimizer_type optimizer_lamb = {
    .name = "lamb",
    .states = {"first_moment", "second_moment"},
    .prepare = prepare,
    .trust_ratio = lamb_trust_ratio,
    .update = update,
};
