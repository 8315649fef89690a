/* Layer normalization (Ba et al. 2016) on the CPU, alone and with the dropout and the residual sum
 * before it everywhere in BERT: see operations.h. The row sums d_gamma and d_beta are formed in
 * blocks of fixed size, so that any number of threads gives the same bits. */
#ifndef MATH_LAYERNORM_H
#define MATH_LAYERNORM_H

#include "math/types.h"

void layernorm_forward(float *out, float *mean, float *reciprocal_deviation, const float *in,
                       const float *gamma, const float *beta, size_t rows, size_t columns,
                       float epsilon);
void layernorm_backward(float *d_in, float *d_gamma, float *d_beta, const float *d_out,
                        const float *in, const float *mean, const float *reciprocal_deviation,
                        const float *gamma, size_t rows, size_t columns);
void dropout_residual_layernorm_forward(float *out, float *sum, float *mean,
                                        float *reciprocal_deviation, const float *in,
                                        const float *residual, const dropout *dropout,
                                        const uint64_t *row_keys, const float *gamma,
                                        const float *beta, size_t rows, size_t columns,
                                        float epsilon);
void dropout_residual_layernorm_backward(float *d_in, float *d_residual, float *d_gamma,
                                         float *d_beta, const float *d_out, const float *sum,
                                         const float *mean, const float *reciprocal_deviation,
                                         const dropout *dropout, const uint64_t *row_keys,
                                         const float *gamma, size_t rows, size_t columns);

#endif
