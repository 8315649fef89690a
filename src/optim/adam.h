/* Adam (Kingma and Ba 2014) and AdamW (Loshchilov and Hutter 2017) over flat memory. */
#ifndef OPTIM_ADAM_H
#define OPTIM_ADAM_H

#include "base/error.h"

typedef struct adam_settings {
    double beta1, beta2, epsilon;
    double weight_decay;
    bool decoupled; /* true: AdamW; false: decay is added to the gradient (Adam with L2) */
} adam_settings;

/* One update of values[0, count): all four arrays are [count]. `step` counts from 1 (bias
 * correction as in PyTorch: denominator sqrt(v) / sqrt(1 − beta2^step) + epsilon). The gradient is
 * multiplied by `gradient_scale` (clipping) as it is read, and set to zero behind it: one pass over
 * memory does all. `decay` false leaves weight decay out. Any count of threads gives the same bits.
 */
void adam_update(float *values, float *gradients, float *first_moment, float *second_moment,
                 size_t count, const adam_settings *settings, double learning_rate, int64_t step,
                 bool decay, double gradient_scale);

#endif
