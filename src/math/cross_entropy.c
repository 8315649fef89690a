#include "math/cross_entropy.h"

#include "math/chunks.h"
#include "math/kernels/kernels.h"

#include <math.h>
#include <stdbool.h>

enum { ROWS_AT_ONCE = 256 }; /* losses held on the stack, so that they are added in order */

static double row_loss(const kernels *kernels, const float *logits, float *gradient, int32_t label,
                       size_t classes, float scale, bool *correct)
{
    float maximum = kernels->maximum(logits, classes), logit = logits[label];
    /* The first of the greatest is the prediction. */
    *correct = logit == maximum;
    for (size_t i = 0; *correct && i < (size_t)label; i++)
        *correct = logits[i] != maximum;
    double sum = kernels->exponentials(gradient, logits, classes, maximum);
    if (gradient) {
        kernels->scale(gradient, classes, (float)(scale / sum));
        gradient[label] -= scale;
    }
    return log(sum) + maximum - logit;
}

static cross_entropy_sums sums_over_rows(const float *logits, float *gradient,
                                         const int32_t *labels, size_t rows, size_t classes,
                                         float scale)
{
    const kernels *kernels = kernels_active();
    cross_entropy_sums sums = {0};
    for (size_t start = 0; start < rows; start += ROWS_AT_ONCE) {
        size_t count = rows - start < ROWS_AT_ONCE ? rows - start : ROWS_AT_ONCE;
        double loss[ROWS_AT_ONCE];
        bool correct[ROWS_AT_ONCE];
#pragma omp parallel for schedule(static) if (count * classes > CHUNK_WORTH_THREADS)
        for (size_t i = 0; i < count; i++) {
            size_t offset = (start + i) * classes;
            loss[i] = row_loss(kernels, logits + offset, gradient ? gradient + offset : NULL,
                               labels[start + i], classes, scale, &correct[i]);
        }
        for (size_t i = 0; i < count; i++) {
            sums.loss += loss[i];
            sums.correct += correct[i];
        }
    }
    return sums;
}

cross_entropy_sums cross_entropy_forward(const float *logits, const int32_t *labels, size_t rows,
                                         size_t classes)
{
    return sums_over_rows(logits, NULL, labels, rows, classes, 0);
}

cross_entropy_sums cross_entropy_forward_backward(float *logits, const int32_t *labels, size_t rows,
                                                  size_t classes, float scale)
{
    return sums_over_rows(logits, logits, labels, rows, classes, scale);
}

weighted_cross_entropy_sums weighted_cross_entropy(const float *logits, float *gradient,
                                                   const int32_t *labels,
                                                   const float *class_weights, size_t rows,
                                                   size_t classes, float scale)
{
    weighted_cross_entropy_sums sums = {0};
    for (size_t row = 0; row < rows; row++) {
        float weight = class_weights ? class_weights[labels[row]] : 1.0f;
        size_t offset = row * classes;
        cross_entropy_sums one =
            sums_over_rows(logits + offset, gradient ? gradient + offset : NULL, labels + row, 1,
                           classes, scale * weight);
        sums.loss += (double)weight * one.loss;
        sums.weight += (double)weight;
        sums.correct += one.correct;
    }
    return sums;
}

void softmax_forward(float *probabilities, const float *logits, size_t rows, size_t classes)
{
    const kernels *kernels = kernels_active();
#pragma omp parallel for schedule(static) if (rows * classes > CHUNK_WORTH_THREADS)
    for (size_t row = 0; row < rows; row++) {
        const float *in = logits + row * classes;
        float *out = probabilities + row * classes;
        double sum = kernels->exponentials(out, in, classes, kernels->maximum(in, classes));
        kernels->scale(out, classes, (float)(1 / sum));
    }
}
