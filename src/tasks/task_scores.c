#include "tasks/task_scores.h"

#include "base/memory.h"
#include "tasks/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void task_scores_names(task_scores *scores, score_set set)
{
    static const struct {
        const char *names[TASK_SCORES_MAX];
        int count;
    } sets[] = {
        [SCORES_ACCURACY] = {{"accuracy"}, 1},
        [SCORES_ACCURACY_F1] = {{"accuracy", "f1"}, 2},
        [SCORES_MATTHEWS] = {{"matthews_correlation", "accuracy"}, 2},
        [SCORES_BINARY] = {{"accuracy", "f1", "matthews_correlation"}, 3},
        [SCORES_MULTICLASS] = {{"accuracy", "matthews_correlation"}, 2},
        [SCORES_CORRELATIONS] = {{"pearson", "spearman"}, 2},
    };
    *scores = (task_scores){.count = sets[set].count, .judged_by = NAN};
    for (int i = 0; i < TASK_SCORES_MAX; i++) {
        scores->names[i] = sets[set].names[i];
        scores->values[i] = NAN;
    }
}

static void put_score(task_scores *scores, const char *name, double value)
{
    for (int i = 0; i < scores->count; i++)
        if (strcmp(scores->names[i], name) == 0)
            scores->values[i] = value;
}

static bert_status score_classes(task_scores *scores, score_set set, const int32_t *answers,
                                 const int32_t *labels, size_t count, size_t class_count,
                                 bert_error *error)
{
    double accuracy = score_accuracy(answers, labels, count);
    double f1 = score_f1(answers, labels, count), matthews;
    TRY(score_matthews(&matthews, answers, labels, count, class_count, error));
    put_score(scores, "accuracy", accuracy);
    put_score(scores, "f1", f1);
    put_score(scores, "matthews_correlation", matthews);
    scores->judged_by = set == SCORES_MATTHEWS      ? matthews
                        : set == SCORES_ACCURACY_F1 ? (accuracy + f1) / 2
                                                    : accuracy;
    return BERT_OK;
}

static bert_status score_numbers(task_scores *scores, const double *answers, const double *labels,
                                 size_t count, bert_error *error)
{
    double pearson = score_pearson(answers, labels, count), spearman;
    TRY(score_spearman(&spearman, answers, labels, count, error));
    put_score(scores, "pearson", pearson);
    put_score(scores, "spearman", spearman);
    scores->judged_by = (pearson + spearman) / 2;
    return BERT_OK;
}

bert_status task_scores_compute(task_scores *scores, score_set set, const examples *examples,
                                const int32_t *classes, const double *numbers, size_t class_count,
                                bert_error *error)
{
    int32_t *class_labels = NULL;
    double *number_labels = NULL;
    size_t count = examples->count;
    bool regression = set == SCORES_CORRELATIONS;
    task_scores_names(scores, set);
    bert_status status =
        regression
            ? memory_array((void **)&number_labels, count, sizeof *number_labels, "labels", error)
            : memory_array((void **)&class_labels, count, sizeof *class_labels, "labels", error);
    if (status == BERT_OK && regression) {
        for (size_t i = 0; i < count; i++)
            number_labels[i] = examples->items[i].score;
        status = score_numbers(scores, numbers, number_labels, count, error);
    } else if (status == BERT_OK) {
        for (size_t i = 0; i < count; i++)
            class_labels[i] = examples->items[i].class;
        status = score_classes(scores, set, classes, class_labels, count, class_count, error);
    }
    free(number_labels);
    free(class_labels);
    return status;
}

bool task_score_better(double one, double other)
{
    return isnan(other) ? !isnan(one) : one > other;
}
