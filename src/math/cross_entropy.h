/* Softmax and cross-entropy, in nats. */
#ifndef MATH_CROSS_ENTROPY_H
#define MATH_CROSS_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

typedef struct cross_entropy_sums {
    double loss;      /* sum over the rows of −log softmax(logits)[label] */
    uint64_t correct; /* rows whose largest logit is the label's (the first of equals counts) */
} cross_entropy_sums;

/* logits[rows, classes], labels[rows]. */
cross_entropy_sums cross_entropy_forward(const float *logits, const int32_t *labels, size_t rows,
                                         size_t classes);

/* The same, and logits become scale × their gradient: scale × (softmax − one-hot). */
cross_entropy_sums cross_entropy_forward_backward(float *logits, const int32_t *labels, size_t rows,
                                                  size_t classes, float scale);

typedef struct weighted_cross_entropy_sums {
    double loss;      /* sum over the rows of weight × −log softmax(logits)[label] */
    double weight;    /* sum over the rows of the weights */
    uint64_t correct; /* as above */
} weighted_cross_entropy_sums;

/* Cross-entropy where a row counts as class_weights[its label]; class_weights[classes], NULL: 1 for
 * all. gradient[rows, classes] becomes scale × weight × (softmax − one-hot); it is `logits`, or
 * NULL: not wanted. */
weighted_cross_entropy_sums weighted_cross_entropy(const float *logits, float *gradient,
                                                   const int32_t *labels,
                                                   const float *class_weights, size_t rows,
                                                   size_t classes, float scale);

/* probabilities[rows, classes] = softmax(logits); may be the same array. */
void softmax_forward(float *probabilities, const float *logits, size_t rows, size_t classes);

#endif
