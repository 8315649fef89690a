/* LAMB (You et al. 2019, "Large Batch Optimization for Deep Learning", Algorithm 2): the step that
 * Adam with decoupled decay would make is brought, tensor by tensor, to the length of the tensor
 * itself times the learning rate. As published: both moments are corrected for their bias, the
 * function φ of the weights' norm is the identity, norms are Euclidean.
 *
 * A tensor may be divided into several slices (on several ranks), so its step is two passes over
 * all of them with the sums of their squares between. What is not decayed (biases and LayerNorm, as
 * in the authors' own program) takes AdamW's step without decay, which is the same with a ratio
 * of 1. */
#ifndef OPTIM_LAMB_H
#define OPTIM_LAMB_H

#include "optim/optimizers.h"

/* ‖weights‖ / ‖direction‖ of a whole tensor; 1 where one of them is 0. */
double lamb_trust_ratio(tensor_squares whole);

#endif
