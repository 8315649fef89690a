#include "math/cross_entropy.h"

#include <math.h>
#include <stdbool.h>

enum { ROWS_AT_ONCE = 256 }; /* losses held on the stack, so that they are added in order */

/* Of one row: maximum, and the sum of exp(logit − maximum). */
static void row_statistics(const float *logits, size_t classes, float *maximum, size_t *first,
                           double *sum)
{
    *maximum = logits[0];
    *first = 0;
    for (size_t i = 1; i < classes; i++)
        if (logits[i] > *maximum) {
            *maximum = logits[i];
            *first = i;
        }
    *sum = 0;
    for (size_t i = 0; i < classes; i++)
        *sum += expf(logits[i] - *maximum);
}

static double row_loss(const float *logits, float *gradient, int32_t label, size_t classes,
                       float scale, bool *correct)
{
    float maximum;
    size_t first;
    double sum;
    row_statistics(logits, classes, &maximum, &first, &sum);
    *correct = first == (size_t)label;
    double loss = log(sum) + maximum - logits[label];
    if (gradient) {
        for (size_t i = 0; i < classes; i++)
            gradient[i] = scale * (float)(expf(logits[i] - maximum) / sum);
        gradient[label] -= scale;
    }
    return loss;
}

static cross_entropy_sums sums_over_rows(const float *logits, float *gradient,
                                         const int32_t *labels, size_t rows, size_t classes,
                                         float scale)
{
    cross_entropy_sums sums = {0};
    for (size_t start = 0; start < rows; start += ROWS_AT_ONCE) {
        size_t count = rows - start < ROWS_AT_ONCE ? rows - start : ROWS_AT_ONCE;
        double loss[ROWS_AT_ONCE];
        bool correct[ROWS_AT_ONCE];
#pragma omp parallel for schedule(static)
        for (size_t i = 0; i < count; i++) {
            size_t offset = (start + i) * classes;
            loss[i] = row_loss(logits + offset, gradient ? gradient + offset : NULL,
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

void softmax_forward(float *probabilities, const float *logits, size_t rows, size_t classes)
{
#pragma omp parallel for schedule(static)
    for (size_t row = 0; row < rows; row++) {
        float maximum;
        size_t first;
        double sum;
        row_statistics(logits + row * classes, classes, &maximum, &first, &sum);
        for (size_t i = 0; i < classes; i++)
            probabilities[row * classes + i] =
                (float)(expf(logits[row * classes + i] - maximum) / sum);
    }
}
