#include "dataset/batch.h"

#include "base/memory.h"

#include <stdlib.h>

bert_status batch_create(batch *batch, int tokens, int sequences, int masked, bert_error *error)
{
    *batch = (struct batch){0};
    if (tokens < 0 || sequences < 0 || masked < 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "a batch of %d tokens, %d sequences and %d predictions", tokens, sequences,
                         masked);
    const struct {
        void **array;
        size_t count, size;
        const char *what;
    } parts[] = {
        {(void **)&batch->tokens, (size_t)tokens, sizeof(int32_t), "a batch's tokens"},
        {(void **)&batch->token_types, (size_t)tokens, 1, "a batch's token types"},
        {(void **)&batch->sequence_starts, (size_t)sequences + 1, sizeof(int32_t),
         "a batch's sequence starts"},
        {(void **)&batch->sample_numbers, (size_t)sequences, sizeof(uint64_t),
         "a batch's sample numbers"},
        {(void **)&batch->masked_positions, (size_t)masked, sizeof(int32_t),
         "a batch's masked positions"},
        {(void **)&batch->masked_labels, (size_t)masked, sizeof(int32_t), "a batch's labels"},
        {(void **)&batch->next_sentence_labels, (size_t)sequences, 1, "a batch's pair labels"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bert_status status =
            memory_array(parts[i].array, parts[i].count, parts[i].size, parts[i].what, error);
        if (status != BERT_OK) {
            batch_free(batch);
            return status;
        }
    }
    batch->token_capacity = tokens;
    batch->sequence_capacity = sequences;
    batch->masked_capacity = masked;
    return BERT_OK;
}

void batch_free(batch *batch)
{
    free(batch->tokens);
    free(batch->token_types);
    free(batch->sequence_starts);
    free(batch->sample_numbers);
    free(batch->masked_positions);
    free(batch->masked_labels);
    free(batch->next_sentence_labels);
    *batch = (struct batch){0};
}
