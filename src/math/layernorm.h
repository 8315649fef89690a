/* Layer normalisation over the last dimension (Ba, Kiros and Hinton 2016), alone and with the
 * dropout and the residual sum that stand before it everywhere in BERT. */
#ifndef MATH_LAYERNORM_H
#define MATH_LAYERNORM_H

#include "math/dropout.h"

/* out[rows, columns] = (in − mean) · reciprocal_deviation · gamma + beta, variance without Bessel's
 * correction, epsilon inside the root. mean, reciprocal_deviation: [rows], kept for the backward
 * pass; both may be NULL where there is none. out may be in if there is none. */
void layernorm_forward(float *out, float *mean, float *reciprocal_deviation, const float *in,
                       const float *gamma, const float *beta, size_t rows, size_t columns,
                       float epsilon);

/* d_in[rows, columns] is overwritten (it may be d_out); d_gamma, d_beta [columns] are added to. The
 * row sums of the latter are formed in fixed blocks: any number of threads gives the same bits. */
void layernorm_backward(float *d_in, float *d_gamma, float *d_beta, const float *d_out,
                        const float *in, const float *mean, const float *reciprocal_deviation,
                        const float *gamma, size_t rows, size_t columns);

/* sum = residual + dropout(in), out = layernorm(sum), one pass. sum may be `in`. */
void dropout_residual_layernorm_forward(float *out, float *sum, float *mean,
                                        float *reciprocal_deviation, const float *in,
                                        const float *residual, const dropout *dropout,
                                        const uint64_t *row_keys, const float *gamma,
                                        const float *beta, size_t rows, size_t columns,
                                        float epsilon);

/* Its backward: d_residual[rows, columns] = gradient of sum, d_in = the same through the dropout
 * (pass the same pointer for both where there is no dropout). d_residual may be d_out. */
void dropout_residual_layernorm_backward(float *d_in, float *d_residual, float *d_gamma,
                                         float *d_beta, const float *d_out, const float *sum,
                                         const float *mean, const float *reciprocal_deviation,
                                         const dropout *dropout, const uint64_t *row_keys,
                                         const float *gamma, size_t rows, size_t columns);

#endif
