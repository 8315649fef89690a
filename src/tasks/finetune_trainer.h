/* One seed of fine-tuning: epochs over the examples, each followed by a measurement, and the
 * weights of the best. */
#ifndef TASKS_FINETUNE_TRAINER_H
#define TASKS_FINETUNE_TRAINER_H

#include "optim/schedule.h"
#include "report/metrics.h"
#include "tasks/finetune_inputs.h"
#include "train/training_step.h"

/* Which weights a seed begins with. */
typedef enum finetune_start { START_MODEL, START_SCRATCH } finetune_start;

typedef struct seed_run {
    finetune_start start;
    uint64_t seed;
    int64_t first_step; /* of metrics.jsonl, where all seeds of a run count on */
    double learning_rate;
} seed_run;

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
    bert_job *job; /* NULL: alone */
    const bert_observer *observer;
    metrics_log *metrics;                  /* rank 0's */
    int64_t progress_done, progress_total; /* steps of all seeds, for display */

    /* Owned. */
    training_step step; /* with the model and the optimizer */
    model_limits limits;
    float *best_weights; /* [table.size] of the best epoch of the last seed */
    batch batch;         /* this rank's share of a step; its labels are the two below */
    int32_t *labels;     /* [limits.batch_sequences] */
    float *targets;
    float *logits;          /* [limits.sequences, num_labels] */
    uint8_t *stop_requests; /* [ranks] */
    schedule schedule;
    int64_t samples_per_step; /* of all ranks; the last step of an epoch may have fewer */
    int64_t steps_per_epoch, total_steps;

    /* Of the seed at hand. */
    const seed_run *run;
    double interval_loss; /* sum over the steps since the last line of the log */
    int64_t interval_steps;

    double reported_at, seconds, tokens; /* for display */
} finetune_trainer;

/* Memory for every step to come. The caller's members are set before; the rest is zero. */
bert_status finetune_trainer_create(finetune_trainer *trainer, bert_error *error);
void finetune_trainer_free(finetune_trainer *trainer); /* safe on a zeroed struct */

/* Collective, as all below. */
bert_status finetune_trainer_run(finetune_trainer *trainer, const seed_run *run,
                                 finetune_outcome *outcome, bert_error *error);

/* finetune_answers.c: those of the model as it is now. The ranks share the examples, and all get
 * all answers. */
bert_status finetune_answer(finetune_trainer *trainer, const finetune_split *split,
                            answers *answers, bert_error *error);
void answers_free(answers *answers);

/* finetune_batches.c: from examples to the batches of steps, and what is said of one that went
 * wrong. */
bert_status finetune_next_batch(void *trainer, const batch **batch, bert_error *error);
bert_status finetune_describe_nonfinite(void *trainer, const nonfinite_step *what,
                                        bert_error *error);

#endif
