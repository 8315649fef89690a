#include "math/activation.h"

#include "math/chunks.h"
#include "math/kernels/kernels.h"

void gelu_forward(float *out, const float *in, size_t count)
{
    const kernels *kernels = kernels_active();
#pragma omp parallel for schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t start = 0; start < count; start += CHUNK)
        kernels->gelu_forward(out + start, in + start, chunk_length(start, count));
}

void gelu_backward(float *d_in, const float *d_out, const float *in, size_t count)
{
    gelu_backward_recompute(d_in, NULL, d_out, in, count);
}

void gelu_backward_recompute(float *d_in, float *out, const float *d_out, const float *in,
                             size_t count)
{
    const kernels *kernels = kernels_active();
#pragma omp parallel for schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t start = 0; start < count; start += CHUNK)
        kernels->gelu_backward(d_in + start, out ? out + start : NULL, d_out + start, in + start,
                               chunk_length(start, count));
}

void tanh_forward(float *out, const float *in, size_t count)
{
    const kernels *kernels = kernels_active();
#pragma omp parallel for schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t start = 0; start < count; start += CHUNK)
        kernels->tanh_forward(out + start, in + start, chunk_length(start, count));
}

void tanh_backward(float *d_in, const float *d_out, const float *out, size_t count)
{
#pragma omp parallel for simd schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t i = 0; i < count; i++)
        d_in[i] = d_out[i] * (1 - out[i] * out[i]);
}

void relu_forward(float *out, const float *in, size_t count)
{
#pragma omp parallel for simd schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t i = 0; i < count; i++)
        out[i] = in[i] > 0 ? in[i] : 0;
}

void relu_backward(float *d_in, const float *d_out, const float *out, size_t count)
{
#pragma omp parallel for simd schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t i = 0; i < count; i++)
        d_in[i] = out[i] > 0 ? d_out[i] : 0;
}
