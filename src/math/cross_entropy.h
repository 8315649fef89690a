/* Softmax and cross-entropy on the CPU: see operations.h. Rows' losses are added in their order. */
#ifndef MATH_CROSS_ENTROPY_H
#define MATH_CROSS_ENTROPY_H

#include "math/types.h"

cross_entropy_sums cross_entropy_forward(const float *logits, const int32_t *labels, size_t rows,
                                         size_t classes);
cross_entropy_sums cross_entropy_forward_backward(float *logits, const int32_t *labels, size_t rows,
                                                  size_t classes, float scale);
weighted_cross_entropy_sums weighted_cross_entropy(const float *logits, float *gradient,
                                                   const int32_t *labels,
                                                   const float *class_weights, size_t rows,
                                                   size_t classes, float scale);
void softmax_forward(float *probabilities, const float *logits, size_t rows, size_t classes);

#endif
