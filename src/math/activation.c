#include "math/activation.h"

#include "math/chunks.h"
#include "math/kernels/kernels.h"

#include <string.h>

bool activation_find(activation *found, const char *name)
{
    const activation_kernel *all = kernels_active()->activations;
    for (*found = 0; all[*found].name; ++*found)
        if (strcmp(all[*found].name, name) == 0)
            return true;
    return false;
}

const char *activation_name(activation activation)
{
    const activation_kernel *all = kernels_active()->activations;
    for (int i = 0; i <= activation && all[i].name; i++)
        if (i == activation)
            return all[i].name;
    return NULL;
}

void activation_forward(activation activation, float *out, const float *in, size_t count)
{
    const activation_kernel *kernel = &kernels_active()->activations[activation];
#pragma omp parallel for schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t start = 0; start < count; start += CHUNK)
        kernel->forward(out + start, in + start, chunk_length(start, count));
}

void activation_backward(activation activation, float *d_in, const float *d_out, const float *in,
                         size_t count)
{
    activation_backward_recompute(activation, d_in, NULL, d_out, in, count);
}

void activation_backward_recompute(activation activation, float *d_in, float *out,
                                   const float *d_out, const float *in, size_t count)
{
    const activation_kernel *kernel = &kernels_active()->activations[activation];
#pragma omp parallel for schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t start = 0; start < count; start += CHUNK)
        kernel->backward(d_in + start, out ? out + start : NULL, d_out + start, in + start,
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
