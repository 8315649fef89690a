#include "optim/adam.h"

#include <math.h>

/* What both kinds have in common: no weight decay. */
static adam_constants constants_of(const optimizer_settings *settings, const optimizer_step *step)
{
    double correction1 = 1.0 - pow(settings->beta1, (double)step->number);
    double correction2 = 1.0 - pow(settings->beta2, (double)step->number);
    return (adam_constants){
        .beta1 = (float)settings->beta1,
        .one_minus_beta1 = (float)(1.0 - settings->beta1),
        .beta2 = (float)settings->beta2,
        .one_minus_beta2 = (float)(1.0 - settings->beta2),
        .epsilon = (float)settings->epsilon,
        .step_size = (float)(step->learning_rate / correction1),
        .reciprocal_root_correction2 = (float)(1.0 / sqrt(correction2)),
        .keep = 1.0f,
        .l2 = 0.0f,
        .gradient_scale = (float)step->gradient_scale,
    };
}

static void update(const optimizer_slice *slice, const optimizer_step *step,
                   const adam_constants *constants)
{
    step->operations->adam_update(slice->weights, slice->gradients, slice->states[0],
                                  slice->states[1], slice->count, constants);
}

void adamw_update(const optimizer_slice *slice, const optimizer_settings *settings,
                  const optimizer_step *step)
{
    adam_constants constants = constants_of(settings, step);
    if (slice->decay)
        constants.keep = (float)(1.0 - step->learning_rate * settings->weight_decay);
    update(slice, step, &constants);
}

void adam_l2_update(const optimizer_slice *slice, const optimizer_settings *settings,
                    const optimizer_step *step)
{
    adam_constants constants = constants_of(settings, step);
    if (slice->decay)
        constants.l2 = (float)settings->weight_decay;
    update(slice, step, &constants);
}

const optimizer_type optimizer_adamw = {
    .name = "adamw",
    .states = {"first_moment", "second_moment"},
    .update = adamw_update,
};

const optimizer_type optimizer_adam = {
    .name = "adam",
    .states = {"first_moment", "second_moment"},
    .update = adam_l2_update,
};
