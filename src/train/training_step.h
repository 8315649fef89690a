/* The training step: next batch, zero gradients, forward, loss, backward, all-reduce, clip, update,
 * log. One for all that trains: pre-training, fine-tuning, the tuner and the benchmark.
 *
 *     training_step step = {.next_batch = draw, .context = sampler, .job = job};
 *     TRY(training_step_create(&step, &settings, error));
 *     … initial weights into model_weights(step.model) …
 *     for (int64_t number = 0; number < steps; number++) {
 *         TRY(training_step_run(&step, number, learning_rate(number), error));
 *         … step.sums, step.grad_norm …
 *     }
 *     training_step_free(&step);
 *
 * Memory for every step is made at the beginning: a step allocates none. */
#ifndef TRAIN_TRAINING_STEP_H
#define TRAIN_TRAINING_STEP_H

#include "dist/exchange.h"
#include "train/micro_batch.h"
#include "train/objectives.h"
#include "train/optimizer.h"

typedef struct training_settings {
    const model_config *config;
    const objective *objective;
    const optimizer_type *optimizer;
    optimizer_settings optimizer_settings;
    double max_grad_norm; /* gradients are clipped to it; 0: never */
    gemm_precision precision;
    bool gradient_checkpointing;
    bool zero;               /* ZeRO stage 1, with a job of several ranks */
    bool bfloat16_gradients; /* travel between ranks rounded to bfloat16 */
    micro_batch_limits limits;
} training_settings;

/* What one step saw, on all ranks together. */
typedef struct step_sums {
    uint64_t sequences, tokens;
    loss_sums losses;
} step_sums;

/* Where a number is not finite. */
typedef struct nonfinite_step {
    int64_t number;     /* of the step, counted from 0 */
    const batch *batch; /* this rank's, where its loss is not finite; NULL: it may be any rank's */
    double loss;        /* of the batch, else of all ranks */
    double grad_norm;
    const char *kind, *tensor; /* the first such tensor: "parameter " or "gradient of ", its name;
                                * "" and "none" where all are finite */
} nonfinite_step;

typedef struct training_step {
    /* Given by the caller before training_step_create. */
    bert_job *job; /* NULL: alone */
    void *context; /* of the functions below */
    /* This rank's share of the next batch, at most limits.batch_sequences of it; it may be empty.
     * Valid until the next call. */
    bert_status (*next_batch)(void *context, const batch **batch, bert_error *error);
    /* Writes the error BERT_ERROR_NOT_FINITE and returns it. */
    bert_status (*describe_nonfinite)(void *context, const nonfinite_step *what, bert_error *error);
    /* After each step; NULL: nothing is logged. */
    void (*log)(void *context);
    /* Sums the gradients over ranks that are no job's (plan/trial.c); NULL: there are none. */
    void (*all_reduce)(void *context);
    objective_settings objective_settings;

    /* Owned. */
    training_settings settings;
    model *model;
    optimizer optimizer;
    exchange *exchange; /* of gradients and weights; NULL: alone */
    micro_batches micro_batches;
    void *shares, *outcomes; /* [ranks] what each brings to a step, and what it saw */

    /* Of the step at hand, and after it of the one just done. */
    int64_t number; /* counted from 0 */
    uint64_t seed;  /* of dropout; the caller's */
    const batch *batch;
    loss_weights weights; /* of all ranks' batches */
    loss_sums losses;     /* of this rank */
    step_sums sums;
    double learning_rate, grad_norm;
    double seconds;      /* of the whole step */
    double pass_seconds; /* of this rank's forward and backward passes */
    double imbalance;    /* seconds by which the slowest rank's took longer than their mean */
} training_step;

/* Makes the model, with weights that are all zero, and memory for every step. */
bert_status training_step_create(training_step *step, const training_settings *settings,
                                 bert_error *error);
void training_step_free(training_step *step); /* safe on a zeroed struct */

/* Collective: all ranks of a job run the same steps. */
bert_status training_step_run(training_step *step, int64_t number, double learning_rate,
                              bert_error *error);

#endif
