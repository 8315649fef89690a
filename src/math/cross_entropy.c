#include "math/cross_entropy.h"

#include "math/chunks.h"
#include "math/kernels/kernels.h"
#include "math/reduce.h"

#include <math.h>
#include <stdbool.h>

typedef struct loss_arguments {
    const kernels *kernels;
    const float *logits;   /* [rows, classes] */
    float *gradient;       /* the same; NULL: none */
    const int32_t *labels; /* [rows] */
    size_t classes;
    float scale;
    uint64_t correct; /* rows so far whose prediction is their label */
} loss_arguments;

static double row_loss(void *context, size_t row)
{
    loss_arguments *arguments = context;
    const kernels *kernels = arguments->kernels;
    size_t classes = arguments->classes, label = (size_t)arguments->labels[row];
    const float *logits = arguments->logits + row * classes;
    float *gradient = arguments->gradient ? arguments->gradient + row * classes : NULL;
    float scale = arguments->scale, maximum = kernels->maximum(logits, classes);
    float logit = logits[label];
    /* The first of the greatest is the prediction. */
    bool is_correct = logit == maximum;
    for (size_t i = 0; is_correct && i < label; i++)
        is_correct = logits[i] != maximum;
    if (is_correct) {
#pragma omp atomic
        arguments->correct++;
    }
    double sum = kernels->exponentials(gradient, logits, classes, maximum);
    if (gradient) {
        kernels->scale(gradient, classes, (float)(scale / sum));
        gradient[label] -= scale;
    }
    return log(sum) + maximum - logit;
}

static cross_entropy_sums cross_entropy_over_rows(const float *logits, float *gradient,
                                                  const int32_t *labels, size_t rows,
                                                  size_t classes, float scale)
{
    loss_arguments arguments = {.kernels = kernels_active(),
                                .logits = logits,
                                .gradient = gradient,
                                .labels = labels,
                                .classes = classes,
                                .scale = scale};
    double loss = sum_over_rows(rows, classes, row_loss, &arguments);
    return (cross_entropy_sums){.loss = loss, .correct = arguments.correct};
}

cross_entropy_sums cross_entropy_forward(const float *logits, const int32_t *labels, size_t rows,
                                         size_t classes)
{
    return cross_entropy_over_rows(logits, NULL, labels, rows, classes, 0);
}

cross_entropy_sums cross_entropy_forward_backward(float *logits, const int32_t *labels, size_t rows,
                                                  size_t classes, float scale)
{
    return cross_entropy_over_rows(logits, logits, labels, rows, classes, scale);
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
            cross_entropy_over_rows(logits + offset, gradient ? gradient + offset : NULL,
                                    labels + row, 1, classes, scale * weight);
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
