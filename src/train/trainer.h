/* The training loop: batches in, steps of the optimizer, logs, evaluations and checkpoints out. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "dataset/prefetch.h"
#include "hub/push.h"
#include "optim/schedule.h"
#include "report/metrics.h"
#include "train/checkpoint.h"
#include "train/evaluator.h"
#include "train/own_batches.h"
#include "train/training_step.h"
#include "train/vocabulary_growth.h"

/* Sums over the last steps, older ones counting less and less: speed and loss as they are now.
 * Evaluations and checkpoints are left out. */
typedef struct recent_steps {
    double seconds, steps, tokens; /* fading over half a minute */
    loss_sums losses;              /* fading over some twenty steps; counts are left out */
} recent_steps;

typedef struct trainer {
    /* Given by the caller, who keeps them alive. */
    const char *run; /* RUN/, as the user named it */
    const run_settings *settings;
    const model_config *config;
    const bert_tokenizer *tokenizer;
    const dataset *validation; /* NULL: there is none */
    sampler *const *samplers;  /* [phase_count] of the training split; NULL: own_batches */
    own_batches *own_batches;  /* of the caller of the library; NULL: samplers */
    bert_job *job;             /* NULL: alone */
    const bert_observer *observer;
    hub_push *push;           /* of rank 0; NULL: checkpoints go nowhere */
    int64_t stop_after_steps; /* of this call; 0: there is no such limit */

    /* Owned. */
    training_step step;           /* with the model and the optimizer */
    model *teacher;               /* NULL: there is none */
    const parameter_table *table; /* the model's */
    schedule schedule;            /* of the learning rate */
    int phase;                    /* of the settings' phases, that `prefetch` draws from */
    prefetch *prefetch;
    evaluator evaluator;
    bool evaluates;
    metrics_log *metrics, *timings; /* rank 0's */
    train_state state;
    int64_t saved_step;     /* of the last checkpoint; 0: there is none */
    int64_t call_steps;     /* done in this call */
    uint8_t *stop_requests; /* [ranks] */

    /* For display only; never part of a result. */
    recent_steps recent;
    double reported_at;       /* clock_seconds() of the last moment of progress */
    double interval_seconds;  /* spent in steps since the last logging step */
    uint64_t interval_tokens; /* of these steps */
    /* By which the slowest rank's passes took longer than those of all in the mean. */
    double interval_imbalance;
} trainer;

/* Fills in all that is owned: memory for every step to come, initial weights. The given members
 * are set before; the rest is zero. */
bert_status trainer_prepare(trainer *trainer, bert_error *error);
void trainer_free(trainer *trainer);

/* Initial weights: random from the seed, or read from a model folder where it is not NULL;
 * heads that it does not have are random, and its vocabulary grows to the run's. */
bert_status trainer_begin(trainer *trainer, const char *weights, const vocabulary_growth *growth,
                          bert_error *error);

/* Weights, moments and state of a checkpoint. */
bert_status trainer_restore(trainer *trainer, const char *checkpoint, bert_error *error);

/* Opens the logs: before the first step of this process. */
bert_status trainer_start(trainer *trainer, bert_error *error);

/* One step, and what is due after it: log, evaluation, checkpoint. *finished: it was the last one;
 * *stopping: stop_after_steps or the observer ask to stop. Both save a checkpoint of it. */
bert_status trainer_next(trainer *trainer, bool *finished, bool *stopping, bert_error *error);

/* Trains on to the end, or until it is asked to stop; then *finished is false. */
bert_status trainer_run(trainer *trainer, bool *finished, bert_error *error);

/* Saves a checkpoint of the steps done where there is none yet. */
bert_status trainer_save(trainer *trainer, bert_error *error);

/* Parts of the loop that have files of their own. */
/* batches.c: from samples to the batches of steps, and the error of one that went wrong. */
bert_status trainer_next_batch(void *trainer, const batch **batch, bert_error *error);
bert_status trainer_describe_nonfinite(void *trainer, const nonfinite_step *what,
                                       bert_error *error);
/* logging.c: what the loop logs. */
void trainer_log_step(void *trainer);
void trainer_report(trainer *trainer);
bert_status trainer_log(trainer *trainer, bert_error *error);
bert_status trainer_evaluate(trainer *trainer, bert_error *error);

#endif
