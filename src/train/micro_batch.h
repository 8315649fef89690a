/* A global batch cut into the pieces that the model computes at once. */
#ifndef TRAIN_MICRO_BATCH_H
#define TRAIN_MICRO_BATCH_H

#include "dataset/batch.h"
#include "model/model.h"

typedef struct micro_batches {
    int sequences, tokens; /* the most in one piece; a single sequence always fits */
    int masked;            /* room for predictions */
    /* Of the piece at hand, counted from its start. Owned. */
    int32_t *sequence_starts, *masked_positions;
} micro_batches;

/* The tokens in a piece that this library takes where it is not told: few enough that the
 * activations of a piece are small beside the parameters' own memory, enough that products run at
 * full speed (docs/performance.md has the measurements). */
int micro_batch_default_tokens(const model_config *config, gemm_precision precision);

/* `max_seq_length` and `max_masked` are those of one sequence. */
bert_status micro_batches_create(micro_batches *splitter, int sequences, int tokens,
                                 int max_seq_length, int max_masked, bert_error *error);
void micro_batches_free(micro_batches *splitter); /* safe on a zeroed struct */

/* What a model needs room for to compute the pieces. */
model_limits micro_batches_limits(const micro_batches *splitter, bool training);

/* Where a cut stands: zero before the first piece. */
typedef struct micro_batch_cursor {
    int sequence, masked;
} micro_batch_cursor;

/* The piece from `place` on, which moves behind it; false where nothing is left. `input` holds
 * views of the batch and of the splitter, valid until the next call. */
bool micro_batches_next(micro_batches *splitter, const batch *batch, micro_batch_cursor *place,
                        model_input *input);

#endif
