#include "dataset/masking.h"

#include "base/memory.h"

#include <stdlib.h>

static int round_share(int count, double probability)
{
    int share = (int)(count * probability + 0.5);
    return share > 0 ? share : 1;
}

bert_status masking_create(masking *masking, const bert_tokenizer *tokenizer, double probability,
                           int max_seq_length, bert_error *error)
{
    size_t vocab_size = bert_tokenizer_vocab_size(tokenizer);
    *masking = (struct masking){
        .probability = probability,
        .limit = round_share(max_seq_length, probability),
        .mask_id = tokenizer_special(tokenizer).mask,
        .vocab_size = (int32_t)vocab_size,
    };
    bert_status status;
    TRY_OR_GO(status,
              memory_array((void **)&masking->is_special, vocab_size, sizeof(bool),
                           "the special tokens", error),
              failed);
    TRY_OR_GO(status,
              memory_array((void **)&masking->replacements, vocab_size, sizeof(int32_t),
                           "the tokens that may replace others", error),
              failed);
    TRY_OR_GO(status,
              memory_array((void **)&masking->candidates, (size_t)max_seq_length, sizeof(int32_t),
                           "the places that may be masked", error),
              failed);
    for (int32_t id = 0; id < masking->vocab_size; id++) {
        masking->is_special[id] = tokenizer_is_special(tokenizer, id);
        if (!masking->is_special[id] && bert_tokenizer_token(tokenizer, id))
            masking->replacements[masking->replacement_count++] = id;
    }
    if (masking->replacement_count > 0)
        return BERT_OK;
    status = error_set(error, BERT_ERROR_INPUT,
                       "the vocabulary of %zu tokens has none but special ones", vocab_size);
failed:
    masking_free(masking);
    return status;
}

void masking_free(masking *masking)
{
    free(masking->is_special);
    free(masking->replacements);
    free(masking->candidates);
    *masking = (struct masking){0};
}

static int compare_positions(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return (a > b) - (a < b);
}

static int32_t replace(const masking *masking, random_stream *stream, int32_t token)
{
    uint64_t choice = random_below(stream, 10);
    if (choice < 8)
        return masking->mask_id;
    if (choice == 8)
        return masking->replacements[random_below(stream, masking->replacement_count)];
    return token;
}

int masking_apply(masking *masking, random_stream *stream, int32_t *tokens, int count,
                  int32_t offset, int32_t *positions, int32_t *labels)
{
    int32_t *candidates = masking->candidates;
    int candidate_count = 0;
    for (int i = 0; i < count; i++)
        if (!masking->is_special[tokens[i]])
            candidates[candidate_count++] = i;
    if (candidate_count == 0)
        return 0;
    int masked = round_share(candidate_count, masking->probability);
    if (masked > masking->limit)
        masked = masking->limit;
    if (masked > candidate_count)
        masked = candidate_count;
    for (int i = 0; i < masked; i++) { /* the head of a shuffle (Fisher and Yates) */
        int j = i + (int)random_below(stream, (uint64_t)(candidate_count - i));
        int32_t chosen = candidates[j];
        candidates[j] = candidates[i];
        candidates[i] = chosen;
    }
    qsort(candidates, (size_t)masked, sizeof *candidates, compare_positions);
    for (int i = 0; i < masked; i++) {
        int32_t *token = &tokens[candidates[i]];
        positions[i] = candidates[i] + offset;
        labels[i] = *token;
        *token = replace(masking, stream, *token);
    }
    return masked;
}
