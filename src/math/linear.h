/* Linear layers on the CPU: see operations.h. Each is one matrix multiplication with an epilogue
 * (gemm.h). */
#ifndef MATH_LINEAR_H
#define MATH_LINEAR_H

#include "math/types.h"

void linear_forward(gemm_precision precision, float *out, const float *in, const float *weight,
                    const float *bias, size_t rows, size_t inputs, size_t outputs);
void linear_activation_forward(gemm_precision precision, activation activation, float *activated,
                               float *out, const float *in, const float *weight, const float *bias,
                               size_t rows, size_t inputs, size_t outputs);
void linear_backward_input(gemm_precision precision, float *d_in, const float *d_out,
                           const float *weight, size_t rows, size_t inputs, size_t outputs);
void linear_backward_input_add(gemm_precision precision, float *d_in, const float *d_out,
                               const float *weight, size_t rows, size_t inputs, size_t outputs);
void linear_activation_backward_input(gemm_precision precision, activation activation,
                                      float *d_before, float *activated, const float *d_out,
                                      const float *before, const float *weight, size_t rows,
                                      size_t inputs, size_t outputs);
void linear_backward_weight(gemm_precision precision, float *d_weight, float *d_bias,
                            const float *d_out, const float *in, size_t rows, size_t inputs,
                            size_t outputs);

#endif
