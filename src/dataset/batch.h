/* A batch: the tokens of its sequences concatenated without padding (architecture, decision 1), and
 * the labels to predict. */
#ifndef DATASET_BATCH_H
#define DATASET_BATCH_H

#include "base/error.h"

typedef struct batch {
    int token_count;           /* T */
    int sequence_count;        /* B */
    int masked_count;          /* M; 0 where no token of the batch may be masked */
    int32_t *tokens;           /* [T] ids, after masking */
    uint8_t *token_types;      /* [T] 0 in segment A, 1 in segment B */
    int32_t *sequence_starts;  /* [B + 1] first token of each sequence; the last entry is T */
    uint64_t *sample_numbers;  /* [B] index in the run's order of samples: identifies the sample in
                                  dropout and in error messages, whatever its batch */
    int32_t *masked_positions; /* [M] ascending positions in tokens */
    int32_t *masked_labels;    /* [M] the original ids at those positions */
    uint8_t *next_sentence_labels; /* [B] 0: B follows A, 1: B is random; 0 without pairs */
    int token_capacity, sequence_capacity, masked_capacity;

    /* Of sequences that are classified, or whose number is to be found; the caller's, else NULL. */
    const int32_t *labels;      /* [B] classes */
    const float *targets;       /* [B] */
    const float *class_weights; /* [classes]; NULL: all count alike */
} batch;

/* Allocates an empty batch for up to `tokens` tokens, `sequences` sequences and `masked`
 * predictions. */
bert_status batch_create(batch *batch, int tokens, int sequences, int masked, bert_error *error);
void batch_free(batch *batch); /* safe on a zeroed struct */

#endif
