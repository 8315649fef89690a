/* A batch split into micro-batches, what the model computes at once: checked and split once, before
 * the first of them is computed. */
#ifndef TRAIN_MICRO_BATCH_H
#define TRAIN_MICRO_BATCH_H

#include "dataset/batch.h"
#include "model/model.h"

/* What batches bring at most. */
typedef struct micro_batch_limits {
    int sequences;       /* in a micro-batch */
    int tokens;          /* in a micro-batch; a single sequence always fits */
    int max_seq_length;  /* tokens in a sequence */
    int max_masked;      /* predictions in a sequence */
    int batch_sequences; /* in a whole batch */
} micro_batch_limits;

typedef struct micro_batches {
    int sequences, tokens, masked; /* the most in a micro-batch */
    model_input *inputs;           /* [count] views of the batch and of the arrays below */
    int count;
    /* Of all micro-batches, one after the other, counted from the start of each. Owned. */
    int32_t *sequence_starts, *masked_positions;
} micro_batches;

/* The default number of tokens in a micro-batch: few enough that the
 * activations are small compared with the parameters' own memory, enough that matrix
 * multiplications run at full speed (docs/performance-design.md has the measurements). */
int micro_batch_default_tokens(const model_config *config, gemm_precision precision);

/* Memory for every batch within the limits. */
bert_status micro_batches_create(micro_batches *micro_batches, const micro_batch_limits *limits,
                                 bert_error *error);
void micro_batches_free(micro_batches *micro_batches); /* safe on a zeroed struct */

/* The limits of the micro-batches, for the model's workspace. */
model_limits micro_batches_limits(const micro_batches *micro_batches, bool training);

/* Fills in `inputs` and `count`, valid until the next call or change of the batch. */
void micro_batches_cut(micro_batches *micro_batches, const batch *batch);

#endif
