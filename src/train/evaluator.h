/* The forward pass over held-out samples: always the same samples with the same masks, one batch in
 * memory at a time. */
#ifndef TRAIN_EVALUATOR_H
#define TRAIN_EVALUATOR_H

#include "dataset/sampler.h"
#include "dist/job.h"
#include "train/micro_batch.h"
#include "train/objectives.h"

typedef struct evaluator {
    sampler *sampler;
    batch batch;
    micro_batches micro_batches;
    int batch_size;
    uint64_t samples; /* of one evaluation */
    bool has_pairs;   /* false: the samples say nothing about next sentences */
} evaluator;

/* What one evaluation saw. */
typedef struct evaluation_sums {
    loss_sums losses;
    uint64_t samples, tokens;
    uint64_t nsp_labels[2];
    uint64_t *mlm_labels; /* [vocab_size] counts of the predicted labels; the caller's, or NULL */
} evaluation_sums;

/* The first epoch of `data` in its order; `limit` samples of it where that is above 0. Batches are
 * split into micro-batches of `micro_batch_tokens`. `data` and `tokenizer` must outlive the
 * evaluator. */
bert_status evaluator_create(evaluator *evaluator, const dataset *data,
                             const bert_tokenizer *tokenizer, const sampler_settings *settings,
                             int batch_size, int micro_batch_tokens, int64_t limit,
                             bert_error *error);
void evaluator_free(evaluator *evaluator); /* safe on a zeroed struct */

/* Limits that a model needs to be evaluated by this evaluator. */
model_limits evaluator_limits(const evaluator *evaluator);

/* The ranks of a job share the batches, and all get the sums of the whole; NULL: alone. Sums go to
 * `sums`, which the caller zeroes; `mlm_labels` are those of this rank alone. Progress goes to
 * `observer` where it takes long enough; its should_stop ends the evaluation early. A loss that is
 * not finite is an error. */
bert_status evaluator_run(evaluator *evaluator, model *model, bert_job *job, evaluation_sums *sums,
                          const bert_observer *observer, bert_error *error);

#endif
