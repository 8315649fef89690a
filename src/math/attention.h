/* Attention on the CPU: shapes and meaning see operations.h.
 *
 * The precision is that of the operands of all matrix multiplications: query · keyᵀ and
 * probabilities · value; backward d_out · valueᵀ, probabilitiesᵀ · d_out, and the gradients of the
 * scores with key and query. Probabilities are rounded before they are divided by their sum in the
 * forward pass, after it in the backward pass. Softmax, dropout and all sums are float32; so is
 * what backward subtracts, the sum of d_out ∘ out, in which d_out is the same operand as in d_out ·
 * valueᵀ. */
#ifndef MATH_ATTENTION_H
#define MATH_ATTENTION_H

#include "math/types.h"

void attention_forward(gemm_precision precision, float *out, float *log_sum_exp, const float *qkv,
                       const attention_shape *shape, const dropout *dropout,
                       const uint64_t *row_keys);
void attention_backward(gemm_precision precision, float *d_qkv, const float *d_out,
                        const float *out, const float *log_sum_exp, const float *qkv,
                        const attention_shape *shape, const dropout *dropout,
                        const uint64_t *row_keys);

#endif
