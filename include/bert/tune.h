/* The fastest settings for a model on this machine, by trying them. Part of bert.h. */
#ifndef BERT_TUNE_H
#define BERT_TUNE_H

#include "bert/choices.h"
#include "bert/status.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_tune_params {
    const char *model;        /* a size by name ("base"), or the path of a config.json */
    int max_seq_length;       /* tokens in every sequence of the trials */
    int64_t batch_size;       /* sequences in a step, over which the optimizer's time is divided */
    bert_precision precision; /* BERT_PRECISION_ANY: both are tried */
    uint64_t
        memory;         /* 0: nine tenths of what the system has free. Bytes that training may
                           take, never more than are free; settings that would take more are not tried */
    int threads;        /* 0: all cores */
    double seconds;     /* no trial but the first begins after that */
    const char *output; /* NULL, or a settings file to write: `bert pretrain --config` takes it */
} bert_tune_params;
BERT_API bert_tune_params bert_tune_params_default(void);

typedef enum bert_trial_state {
    BERT_TRIAL_MEASURED,
    BERT_TRIAL_TOO_LARGE, /* predicted to take more memory than allowed, or the system refused it */
    BERT_TRIAL_NO_TIME,   /* `seconds` were over */
} bert_trial_state;

/* One combination that was tried. */
typedef struct bert_trial {
    int micro_batch_tokens;
    int ranks, threads; /* ranks that compute in parallel, threads of each */
    bool bf16;
    bool gradient_checkpointing;
    bert_trial_state state;
    uint64_t predicted_bytes; /* of all ranks together, from the configuration alone */
    uint64_t measured_bytes;  /* the process's peak while it ran, less what it had before */
    double pass_seconds;      /* forward and backward of one micro-batch */
    double update_seconds;    /* adding up the ranks' gradients, clipping, optimizer */
    double tokens_per_second; /* of whole steps of batch_size sequences, all ranks together */
} bert_trial;

enum { BERT_TRIALS_MAX = 32 };

typedef struct bert_tune_result {
    bert_trial trials[BERT_TRIALS_MAX]; /* in the order in which they were run */
    size_t trial_count;
    size_t best;     /* index of the fastest; trial_count where none could be run */
    uint64_t memory; /* bytes that were allowed */
    double seconds;  /* it took */
    bool finished;   /* false: stopped by the observer */
} bert_tune_result;

/* Runs forward and backward passes and updates of a model of this configuration on made-up tokens,
 * one setting after another, in this process; ranks are groups of threads, each with a model of its
 * own. Fails with BERT_ERROR_INVALID_ARGUMENT for values out of range, with the errors of the
 * configuration's file or of the output, and with BERT_ERROR_MEMORY where nothing fits. */
BERT_API bert_status bert_tune(const bert_tune_params *params, bert_tune_result *result,
                               const bert_observer *observer, bert_error *error);

#ifdef __cplusplus
}
#endif

#endif
