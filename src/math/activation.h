/* GELU with erf, as BERT has it (Hendrycks and Gimpel 2016, eq. 1), tanh, and ReLU. */
#ifndef MATH_ACTIVATION_H
#define MATH_ACTIVATION_H

#include <stddef.h>

/* out[count] = x · Φ(x); out may be in. Error bounds see kernels/exponential.h. */
void gelu_forward(float *out, const float *in, size_t count);

/* d_in[count] = d_out · (Φ(in) + in · φ(in)); d_in may be d_out. */
void gelu_backward(float *d_in, const float *d_out, const float *in, size_t count);

/* The same, and out[count] = GELU(in) again, of which the greater part is done anyway: whoever
 * needs both in the backward pass need not keep what gelu_forward gave. */
void gelu_backward_recompute(float *d_in, float *out, const float *d_out, const float *in,
                             size_t count);

/* out[count] = tanh(in); out may be in. */
void tanh_forward(float *out, const float *in, size_t count);

/* d_in[count] = d_out · (1 − out²), `out` being tanh_forward's result; d_in may be d_out. */
void tanh_backward(float *d_in, const float *d_out, const float *out, size_t count);

/* out[count] = max(in, 0); out may be in. */
void relu_forward(float *out, const float *in, size_t count);

/* d_in[count] = d_out where `out`, relu_forward's result, is above 0, else 0; d_in may be d_out. */
void relu_backward(float *d_in, const float *d_out, const float *out, size_t count);

#endif
