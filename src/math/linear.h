/* Linear layers: out = in · weightᵀ + bias, weight as PyTorch stores it. The precision is that of
 * the products' operands (gemm.h); biases and their gradients are float32. */
#ifndef MATH_LINEAR_H
#define MATH_LINEAR_H

#include "math/gemm.h"

#include <stddef.h>

/* out[rows, outputs] = in[rows, inputs] · weight[outputs, inputs]ᵀ + bias[outputs] (or NULL). */
void linear_forward(gemm_precision precision, float *out, const float *in, const float *weight,
                    const float *bias, size_t rows, size_t inputs, size_t outputs);

/* The same, and activated[rows, outputs] = GELU(out): one pass while `out` is in cache. */
void linear_gelu_forward(gemm_precision precision, float *activated, float *out, const float *in,
                         const float *weight, const float *bias, size_t rows, size_t inputs,
                         size_t outputs);

/* d_in[rows, inputs] = d_out[rows, outputs] · weight[outputs, inputs]; overwritten. */
void linear_backward_input(gemm_precision precision, float *d_in, const float *d_out,
                           const float *weight, size_t rows, size_t inputs, size_t outputs);

/* The same for a layer behind GELU: before[rows, inputs] is what GELU had in, d_before its gradient
 * (d_out · weight) · GELU′(before), and activated[rows, inputs] = GELU(before) once more, for
 * linear_backward_weight: whoever calls this need not have kept it. */
void linear_gelu_backward_input(gemm_precision precision, float *d_before, float *activated,
                                const float *d_out, const float *before, const float *weight,
                                size_t rows, size_t inputs, size_t outputs);

/* d_in is added to instead: where a residual's gradient stands already. */
void linear_backward_input_add(gemm_precision precision, float *d_in, const float *d_out,
                               const float *weight, size_t rows, size_t inputs, size_t outputs);

/* d_weight[outputs, inputs] += d_outᵀ · in; d_bias[outputs] += column sums of d_out (unless NULL).
 */
void linear_backward_weight(gemm_precision precision, float *d_weight, float *d_bias,
                            const float *d_out, const float *in, size_t rows, size_t inputs,
                            size_t outputs);

#endif
