/* Activations on the CPU: what each computes, see operations.h. */
#ifndef MATH_ACTIVATION_H
#define MATH_ACTIVATION_H

#include <stddef.h>

/* GELU with erf, as BERT has it (Hendrycks and Gimpel 2016, eq. 1): out[count] = x · Φ(x); out may
 * be in. Error bounds see kernels/exponential.h. */
void gelu_forward(float *out, const float *in, size_t count);
void gelu_backward(float *d_in, const float *d_out, const float *in, size_t count);

/* gelu_backward, and out[count] = GELU(in) recomputed, of which the greater part is done anyway: a
 * backward pass that needs both need not keep what gelu_forward gave. */
void gelu_backward_recompute(float *d_in, float *out, const float *d_out, const float *in,
                             size_t count);

void tanh_forward(float *out, const float *in, size_t count);
void tanh_backward(float *d_in, const float *d_out, const float *out, size_t count);

void relu_forward(float *out, const float *in, size_t count);
void relu_backward(float *d_in, const float *d_out, const float *out, size_t count);

#endif
