/* The training loop: batches in, steps of the optimizer, logs, evaluations and checkpoints out. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "dataset/prefetch.h"
#include "dist/exchange.h"
#include "optim/schedule.h"
#include "report/metrics.h"
#include "train/checkpoint.h"
#include "train/evaluator.h"
#include "train/micro_batch.h"
#include "train/optimizer.h"
#include "train/vocabulary_growth.h"

/* Sums over the last steps, older ones counting less and less: speed and loss as they are now.
 * Evaluations and checkpoints are left out. */
typedef struct recent_steps {
    double seconds, steps, tokens;                   /* fading over half a minute */
    double mlm_loss, mlm_count, nsp_loss, nsp_count; /* fading over some twenty steps */
} recent_steps;

/* What one step saw, on all ranks together. */
typedef struct step_sums {
    uint64_t sequences, tokens, masked;
    model_losses losses;
} step_sums;

typedef struct trainer {
    /* Given by the caller, who keeps them alive. */
    const char *run; /* RUN/, as the user named it */
    const run_settings *settings;
    const model_config *config;
    const bert_tokenizer *tokenizer;
    const dataset *validation; /* NULL: there is none */
    sampler *const *samplers;  /* [phase_count] of the training split */
    bert_job *job;             /* NULL: alone */
    const bert_observer *observer;

    /* Owned. */
    model *model;
    struct model *teacher;        /* NULL: there is none */
    const parameter_table *table; /* the model's */
    optimizer optimizer;
    exchange *exchange; /* of gradients and parameters; NULL: alone */
    schedule schedule;  /* of the learning rate */
    int phase;          /* of the settings' phases, that `prefetch` draws from */
    prefetch *prefetch;
    micro_batches micro_batches;
    evaluator evaluator;
    bool evaluates;
    metrics_log *metrics, *timings; /* rank 0's */
    train_state state;
    void *parts, *outcomes; /* [ranks] step.c's: what all ranks bring to a step, and saw in it */

    double grad_norm, learning_rate; /* of the step just done */
    int64_t call_steps;              /* done in this call */
    uint8_t *stop_requests;          /* [ranks] */

    /* For the eye only; never part of a result. */
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

/* Weights to begin with: drawn from the seed, or read from a model folder where it is not NULL;
 * heads that it does not have are drawn, and its vocabulary grows to the run's. */
bert_status trainer_begin(trainer *trainer, const char *weights, const vocabulary_growth *growth,
                          bert_error *error);

/* Weights, moments and state of a checkpoint. */
bert_status trainer_restore(trainer *trainer, const char *checkpoint, bert_error *error);

/* Trains on to the end, or until it is asked to stop (`stop_after_steps` above 0, the observer);
 * then *finished is false. Leaves a checkpoint of the last step. */
bert_status trainer_run(trainer *trainer, int64_t stop_after_steps, bool *finished,
                        bert_error *error);

/* Parts of the loop that have files of their own. */
/* step.c: memory for steps, and one step on this rank's part of the batch. */
bert_status trainer_create_gather_buffers(trainer *trainer, bert_error *error);
bert_status trainer_step(trainer *trainer, step_sums *sums, bert_error *error);
/* logging.c: what is told of it. */
void trainer_note_step(trainer *trainer, const step_sums *sums, double seconds);
void trainer_report(trainer *trainer);
bert_status trainer_log(trainer *trainer, bert_error *error);
bert_status trainer_evaluate(trainer *trainer, bert_error *error);

#endif
