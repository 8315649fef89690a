#include "tasks/scores.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

double score_accuracy(const int32_t *predictions, const int32_t *labels, size_t count)
{
    size_t correct = 0;
    for (size_t i = 0; i < count; i++)
        correct += predictions[i] == labels[i];
    return count ? (double)correct / (double)count : NAN;
}

double score_f1(const int32_t *predictions, const int32_t *labels, size_t count)
{
    size_t both = 0, either = 0; /* `either` counts those in both twice */
    for (size_t i = 0; i < count; i++) {
        both += predictions[i] == 1 && labels[i] == 1;
        either += (size_t)(predictions[i] == 1) + (size_t)(labels[i] == 1);
    }
    return either ? 2.0 * (double)both / (double)either : 0.0;
}

bert_status score_matthews(double *score, const int32_t *predictions, const int32_t *labels,
                           size_t count, size_t class_count, bert_error *error)
{
    uint64_t *predicted, *labelled;
    TRY(memory_array((void **)&predicted, 2 * class_count, sizeof *predicted, "counts of classes",
                     error));
    labelled = predicted + class_count;
    double total = (double)count, correct = 0;
    for (size_t i = 0; i < count; i++) {
        predicted[predictions[i]]++;
        labelled[labels[i]]++;
        correct += predictions[i] == labels[i];
    }
    double cross = 0, predicted_squares = 0, labelled_squares = 0;
    for (size_t class = 0; class < class_count; class ++) {
        double p = (double)predicted[class], t = (double)labelled[class];
        cross += p * t;
        predicted_squares += p * p;
        labelled_squares += t * t;
    }
    free(predicted);
    double variance = (total * total - predicted_squares) * (total * total - labelled_squares);
    *score = variance > 0 ? (correct * total - cross) / sqrt(variance) : 0.0;
    return BERT_OK;
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static bool varies(const double *values, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (values[i] != values[0])
            return true;
    return false;
}

/* Length of what deviates from the mean. */
static double deviation_of(const double *values, double mean, size_t count)
{
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares);
}

double score_pearson(const double *predictions, const double *labels, size_t count)
{
    if (!varies(predictions, count) || !varies(labels, count))
        return NAN;
    double x_mean = mean_of(predictions, count), y_mean = mean_of(labels, count);
    double x_length = deviation_of(predictions, x_mean, count);
    double y_length = deviation_of(labels, y_mean, count);
    double product = 0;
    for (size_t i = 0; i < count; i++) /* each divided first: the products stay in range */
        product += (predictions[i] - x_mean) / x_length * ((labels[i] - y_mean) / y_length);
    return fmax(-1.0, fmin(1.0, product));
}

typedef struct ranked {
    double value;
    size_t index;
} ranked;

static int compare_values(const void *left, const void *right)
{
    double a = ((const ranked *)left)->value, b = ((const ranked *)right)->value;
    return (a > b) - (a < b);
}

/* ranks[count] from 1; equals get the mean of the ranks that they take up together. `order` is
 * scratch. */
static void rank_values(double *ranks, const double *values, ranked *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (ranked){.value = values[i], .index = i};
    qsort(order, count, sizeof *order, compare_values);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && order[end].value == order[first].value;)
            end++;
        for (size_t i = first; i < end; i++)
            ranks[order[i].index] = ((double)first + 1 + (double)end) / 2;
    }
}

bert_status score_spearman(double *score, const double *predictions, const double *labels,
                           size_t count, bert_error *error)
{
    double *ranks = NULL;
    ranked *order = NULL;
    bert_status status;
    TRY_OR_GO(status,
              memory_array((void **)&ranks, count, 2 * sizeof *ranks, "ranks of scores", error),
              done);
    TRY_OR_GO(status, memory_array((void **)&order, count, sizeof *order, "ranks of scores", error),
              done);
    rank_values(ranks, predictions, order, count);
    rank_values(ranks + count, labels, order, count);
    *score = score_pearson(ranks, ranks + count, count);
done:
    free(order);
    free(ranks);
    return status;
}
