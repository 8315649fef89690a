/* Adam (Kingma and Ba 2014) and AdamW (Loshchilov and Hutter 2017). */
#ifndef OPTIM_ADAM_H
#define OPTIM_ADAM_H

#include "optim/optimizers.h"

/* Bias correction as in PyTorch: denominator sqrt(v) / sqrt(1 − beta2^step) + epsilon. Weight decay
 * is decoupled (AdamW). */
void adamw_update(const optimizer_slice *slice, const optimizer_settings *settings,
                  const optimizer_step *step);

/* Weight decay is added to the gradient (L2). */
void adam_l2_update(const optimizer_slice *slice, const optimizer_settings *settings,
                    const optimizer_step *step);

#endif
