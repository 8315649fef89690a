/* What a task is scored by: which scores, computed from a model's answers, and the one that decides
 * which epoch and seed is best. */
#ifndef TASKS_TASK_SCORES_H
#define TASKS_TASK_SCORES_H

#include "tasks/examples.h"

typedef enum score_set {
    SCORES_ACCURACY,
    SCORES_ACCURACY_F1,  /* judged by the mean of both, as GLUE does for MRPC and QQP */
    SCORES_MATTHEWS,     /* judged by Matthews' correlation; accuracy also reported */
    SCORES_BINARY,       /* judged by accuracy; F1 and Matthews' correlation also reported */
    SCORES_MULTICLASS,   /* judged by accuracy; Matthews' correlation also reported */
    SCORES_CORRELATIONS, /* Pearson's and Spearman's; judged by the mean of both */
} score_set;

enum { TASK_SCORES_MAX = 3 };

typedef struct task_scores {
    const char *names[TASK_SCORES_MAX]; /* as bert_score has them */
    double values[TASK_SCORES_MAX];
    int count;
    double judged_by; /* NaN where it is not defined: worse than any number */
} task_scores;

/* Their names alone; the values are NaN. */
void task_scores_names(task_scores *scores, score_set set);

/* Answers to the n-th example: classes[n], or numbers[n] for a regression; `class_count` of them.
 */
bert_status task_scores_compute(task_scores *scores, score_set set, const examples *examples,
                                const int32_t *classes, const double *numbers, size_t class_count,
                                bert_error *error);

/* Whether `one` is the better; a tie is not. */
bool task_score_better(double one, double other);

#endif
