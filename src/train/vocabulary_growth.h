/* A model with a smaller vocabulary than the data's tokenizer, which extends its own (`bert
 * train-tokenizer --extend`): every token that is new starts from what the model knew of it, the
 * mean of the rows of the old pieces that it was split into before. */
#ifndef TRAIN_VOCABULARY_GROWTH_H
#define TRAIN_VOCABULARY_GROWTH_H

#include "model/weights.h"
#include "tokenizer/tokenizer.h"

typedef struct vocabulary_growth {
    int old_tokens, new_tokens; /* tokens of both tokenizers; equal: nothing is grown */
    int old_rows;               /* vocab_size of the model's config.json */
    int32_t *pieces;            /* ids of the old pieces of all new tokens, one after the other */
    size_t *starts;             /* [new_tokens - old_tokens + 1] where each one's begin */
    size_t piece_count, piece_capacity;
    size_t unknown; /* new tokens that no old pieces make: [UNK]'s row is taken */
} vocabulary_growth;

/* Compares the tokenizer in a model's folder with the data's. Every token of it must have its id in
 * the data's; a folder without tokenizer files has nothing to compare. */
bert_status vocabulary_growth_find(vocabulary_growth *growth, const char *model,
                                   const bert_tokenizer *tokenizer, const char *data,
                                   bert_error *error);
void vocabulary_growth_free(vocabulary_growth *growth); /* safe on a zeroed struct */

/* weights_load for a model of the grown vocabulary. Word embeddings and the bias of the MLM decoder
 * get the new rows; the observer gets a message. */
bert_status vocabulary_growth_load(const vocabulary_growth *growth, const parameter_table *table,
                                   const model_config *config, float *values, const char *folder,
                                   const weights_options *options, bert_error *error);

#endif
