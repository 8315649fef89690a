/* The tasks of GLUE (Wang et al. 2018) as their files are: folders, columns, labels, scores. */
#ifndef TASKS_GLUE_H
#define TASKS_GLUE_H

#include "tasks/task_scores.h"

/* One file to evaluate or to predict; `name` is NULL after the last. */
typedef struct glue_split {
    const char *file;       /* "dev_mismatched.tsv", from the task's folder on */
    const char *name;       /* of its scores: "" or "mismatched" */
    const char *submission; /* of a test file: the server's name for the answers, "MNLI-mm.tsv" */
} glue_split;

enum { GLUE_SPLITS_MAX = 3 };

typedef struct glue_task {
    const char *name;   /* "cola" */
    const char *folder; /* "CoLA" */
    example_columns columns, test_columns;
    /* Labels as the files have them, and as a model's id2label shall (the names of the data sets on
     * the Hub); NULL after the last. All NULL: a regression. */
    const char *labels[4], *class_names[4];
    score_set scores;
    glue_split validation[GLUE_SPLITS_MAX + 1], test[GLUE_SPLITS_MAX + 1];
} glue_task;

/* NULL where there is none of that name. */
const glue_task *glue_task_find(const char *name);

/* "cola, sst2, …" for messages and help. */
#define GLUE_TASK_NAMES "cola, sst2, mrpc, stsb, qqp, mnli, mnli-mm, qnli, rte, wnli"

/* The folder with the task's files, owned by the caller: `data`/CoLA, or `data` itself where that
 * holds train.tsv. */
bert_status glue_folder(char **folder, const glue_task *task, const char *data, bert_error *error);

#endif
