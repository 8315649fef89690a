/* LAMB (You et al. 2019, "Large Batch Optimization for Deep Learning", Algorithm 2): the step that
 * Adam with decoupled decay would make is brought, tensor by tensor, to the length of the tensor
 * itself times the learning rate. As published: both moments are corrected for their bias, the
 * function φ of the weights' norm is the identity, norms are Euclidean.
 *
 * A tensor may lie in pieces (on several ranks), so its step is two passes over all of them with
 * the sums of their squares between. What is not scaled (biases and LayerNorm, as in the authors'
 * own program) takes adam_update without decay, which is the same step with a ratio of 1. */
#ifndef OPTIM_LAMB_H
#define OPTIM_LAMB_H

#include "math/direction.h"
#include "optim/adam.h"

/* First pass over one piece: all arrays are [count]; moments are brought up to date, the gradients,
 * times `gradient_scale`, become the direction of the step, decay included (`settings->decoupled`
 * does not count). `step` counts from 1. */
direction_squares lamb_direction(const float *values, float *gradients, float *first_moment,
                                 float *second_moment, size_t count, const adam_settings *settings,
                                 int64_t step, double gradient_scale);

/* ‖values‖ / ‖direction‖ of a whole tensor; 1 where one of them is 0. */
double lamb_trust_ratio(direction_squares whole);

/* Second pass: values −= learning_rate × ratio × direction; the gradients are zero behind it. */
void lamb_update(float *values, float *gradients, size_t count, double learning_rate, double ratio);

#endif
