/* One setting of training, tried: how much memory it takes and how fast it is. */
#ifndef PLAN_TRIAL_H
#define PLAN_TRIAL_H

#include "bert/tune.h"
#include "model/config.h"

typedef struct trial_work {
    const model_config *config;
    int max_seq_length;
    int64_t batch_size;
    double seconds; /* a pass is repeated for so long */
} trial_work;

/* Fills in predicted_bytes: parameters, gradients, both moments and the planned activations of
 * every rank. BERT_ERROR_MEMORY where the system would not even reserve it. */
bert_status trial_predict(const trial_work *work, bert_trial *trial, bert_error *error);

/* Runs it and fills in the rest. Where the system has not enough memory the state is
 * BERT_TRIAL_TOO_LARGE, which is no error. */
bert_status trial_run(const trial_work *work, bert_trial *trial, bert_error *error);

#endif
