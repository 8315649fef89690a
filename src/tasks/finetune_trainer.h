/* One seed of fine-tuning: epochs over the examples, each followed by a measurement, and the
 * weights of the best. */
#ifndef TASKS_FINETUNE_TRAINER_H
#define TASKS_FINETUNE_TRAINER_H

#include "optim/adam.h"
#include "optim/schedule.h"
#include "report/metrics.h"
#include "tasks/finetune_inputs.h"
#include "train/micro_batch.h"

/* Which weights a seed begins with. */
typedef enum finetune_start { START_MODEL, START_SCRATCH } finetune_start;

typedef struct finetune_job {
    finetune_start start;
    uint64_t seed;
    int64_t first_step; /* of metrics.jsonl, where all seeds of a run count on */
    double learning_rate;
} finetune_job;

/* What a seed came to; of its best epoch. */
typedef struct finetune_outcome {
    task_scores scores[GLUE_SPLITS_MAX]; /* of each validation file */
    int best_epoch, epochs;
    bool stopped; /* by the observer: the rest does not count */
} finetune_outcome;

/* Answers to a split, in its order; the arrays that its task does not need stay NULL. */
typedef struct answers {
    int32_t *classes;
    double *numbers;
    double loss; /* mean, where the split has labels; class weights do not count */
} answers;

typedef struct finetune_trainer {
    /* The caller's. */
    const finetune_inputs *inputs;
    const bert_observer *observer;
    metrics_log *metrics;
    int64_t progress_done, progress_total; /* steps of all seeds, for the eye */

    /* Owned. */
    model *model;
    model_limits limits;
    float *first_moment, *second_moment;
    float *best_values; /* [table.size] of the best epoch of the last seed */
    micro_batches splitter;
    batch batch;
    int32_t *labels; /* [per_device_train_batch_size] of the batch */
    float *targets;
    float *logits; /* [limits.sequences, num_labels] */
    adam_settings adam;
    schedule schedule;
    int64_t steps_per_epoch, total_steps;

    double reported_at, seconds, tokens; /* for the eye */
} finetune_trainer;

/* Memory for every step to come. The caller's members are set before; the rest is zero. */
bert_status finetune_trainer_create(finetune_trainer *trainer, bert_error *error);
void finetune_trainer_free(finetune_trainer *trainer); /* safe on a zeroed struct */

bert_status finetune_trainer_run(finetune_trainer *trainer, const finetune_job *job,
                                 finetune_outcome *outcome, bert_error *error);

/* Of the model as it is now. */
bert_status finetune_answer(finetune_trainer *trainer, const finetune_split *split,
                            answers *answers, bert_error *error);
void answers_free(answers *answers);

/* finetune_step.c: forward and backward over a batch, and the update; *loss is its mean. */
bert_status finetune_step(finetune_trainer *trainer, const finetune_job *job, int64_t step,
                          double *loss, double *grad_norm, bert_error *error);

#endif
