#include "math/activation.h"

#include <math.h>

static const float reciprocal_root_2 = 0.70710678118654752440f;
static const float reciprocal_root_2_pi = 0.39894228040143267794f;

void gelu_forward(float *out, const float *in, size_t count)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++)
        out[i] = 0.5f * in[i] * (1 + erff(in[i] * reciprocal_root_2));
}

void gelu_backward(float *d_in, const float *d_out, const float *in, size_t count)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        float distribution = 0.5f * (1 + erff(in[i] * reciprocal_root_2));
        float density = reciprocal_root_2_pi * expf(-0.5f * in[i] * in[i]);
        d_in[i] = d_out[i] * (distribution + in[i] * density);
    }
}

void tanh_forward(float *out, const float *in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = tanhf(in[i]);
}

void tanh_backward(float *d_in, const float *d_out, const float *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        d_in[i] = d_out[i] * (1 - out[i] * out[i]);
}
