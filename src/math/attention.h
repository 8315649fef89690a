/* Self-attention inside each sequence of an unpadded stream (Vaswani et al. 2017, 3.2), blocked so
 * that no matrix of sequence length squared is ever stored; the backward pass computes the
 * probabilities again from the stored log-sum-exp (Dao et al. 2022). */
#ifndef MATH_ATTENTION_H
#define MATH_ATTENTION_H

#include "math/dropout.h"
#include "math/gemm.h"

typedef struct attention_shape {
    size_t tokens, sequences, heads, head_size; /* hidden = heads × head_size */
    const int32_t *sequence_starts;             /* [sequences + 1] */
    /* Where not every token asks: the queries of a sequence are those from query_starts[sequence]
     * to query_starts[sequence + 1] − 1 of `queries` in all. NULL: every token asks. */
    size_t queries;
    const int32_t *query_starts; /* [sequences + 1] */
} attention_shape;

/* The precision is that of the operands of all products (gemm.h): query · keyᵀ and probabilities ·
 * value; backward d_out · valueᵀ, probabilitiesᵀ · d_out, and the gradients of the scores with key
 * and query. Probabilities are taken in before they are divided by their sum in the forward pass,
 * behind it in the backward pass. Softmax, dropout and all sums are float32; so is what backward
 * subtracts, the sum of d_out ∘ out, in which d_out is the same operand as in d_out · valueᵀ. */

/* qkv[tokens, 3 × hidden]: query, key, value side by side, heads inside each; where not every token
 * asks, key and value [tokens, 2 × hidden], and behind them query [queries, hidden].
 * out[queries, hidden]. log_sum_exp[heads, queries]: of the scaled scores, kept for the backward
 * pass; NULL where there is none. The probability of key j for query i of head h is dropped as
 * column j of the row with key row_keys[i] and place dropout->site + h. */
void attention_forward(gemm_precision precision, float *out, float *log_sum_exp, const float *qkv,
                       const attention_shape *shape, const dropout *dropout,
                       const uint64_t *row_keys);

/* d_qkv, laid out as qkv, is overwritten. */
void attention_backward(gemm_precision precision, float *d_qkv, const float *d_out,
                        const float *out, const float *log_sum_exp, const float *qkv,
                        const attention_shape *shape, const dropout *dropout,
                        const uint64_t *row_keys);

#endif
