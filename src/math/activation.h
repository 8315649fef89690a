/* Activations on the CPU: see operations.h. Error bounds see kernels/exponential.h. */
#ifndef MATH_ACTIVATION_H
#define MATH_ACTIVATION_H

#include "math/types.h"

void activation_forward(activation activation, float *out, const float *in, size_t count);
void activation_backward(activation activation, float *d_in, const float *d_out, const float *in,
                         size_t count);

/* activation_backward, and out[count] = activation(in) recomputed, of which the greater part is
 * done anyway: a backward pass that needs both need not keep what activation_forward gave. */
void activation_backward_recompute(activation activation, float *d_in, float *out,
                                   const float *d_out, const float *in, size_t count);

void tanh_forward(float *out, const float *in, size_t count);
void tanh_backward(float *d_in, const float *d_out, const float *out, size_t count);

#endif
