#include "train/micro_batch.h"

#include "base/memory.h"
#include "base/minmax.h"

#include <stdlib.h>

/* In bfloat16 a product takes half the time, but reading the weights and adding to their gradients
 * takes what it did. */
int micro_batch_default_tokens(const model_config *config, gemm_precision precision)
{
    if (config->hidden_size < 512)
        return 4096;
    return precision == GEMM_BFLOAT16 ? 2048 : 1024;
}

bert_status micro_batches_create(micro_batches *splitter, int sequences, int tokens,
                                 int max_seq_length, int max_masked, bert_error *error)
{
    *splitter = (micro_batches){.sequences = sequences};
    int64_t most = (int64_t)sequences * max_seq_length;
    splitter->tokens = tokens > max_seq_length ? tokens : max_seq_length;
    if (most < splitter->tokens)
        splitter->tokens = (int)most;
    /* Short sequences may be predicted to a larger share than long ones, but never in more places
     * than they have tokens. */
    int64_t masked = (int64_t)sequences * max_masked;
    splitter->masked = masked < splitter->tokens ? (int)masked : splitter->tokens;
    TRY(memory_array((void **)&splitter->sequence_starts, (size_t)sequences + 1, sizeof(int32_t),
                     "a micro-batch", error));
    return memory_array((void **)&splitter->masked_positions, (size_t)splitter->masked,
                        sizeof(int32_t), "a micro-batch", error);
}

void micro_batches_free(micro_batches *splitter)
{
    free(splitter->sequence_starts);
    free(splitter->masked_positions);
    *splitter = (micro_batches){0};
}

model_limits micro_batches_limits(const micro_batches *splitter, bool training)
{
    return (model_limits){
        .tokens = splitter->tokens,
        .sequences = min_int(splitter->sequences, splitter->tokens),
        .masked = splitter->masked,
        .training = training,
    };
}

/* The first sequence behind the piece that begins with `first`. */
static int piece_end(const micro_batches *splitter, const batch *batch, int first)
{
    int start = batch->sequence_starts[first], end = first + 1;
    int limit = min_int(batch->sequence_count, first + splitter->sequences);
    while (end < limit && batch->sequence_starts[end + 1] - start <= splitter->tokens)
        end++;
    return end;
}

bool micro_batches_next(micro_batches *splitter, const batch *batch, micro_batch_cursor *place,
                        model_input *input)
{
    int first = place->sequence, first_masked = place->masked;
    if (first >= batch->sequence_count)
        return false;
    int last = piece_end(splitter, batch, first);
    int start = batch->sequence_starts[first], end = batch->sequence_starts[last];
    for (int i = first; i <= last; i++)
        splitter->sequence_starts[i - first] = batch->sequence_starts[i] - start;
    int masked = first_masked;
    for (; masked < batch->masked_count && batch->masked_positions[masked] < end; masked++)
        splitter->masked_positions[masked - first_masked] = batch->masked_positions[masked] - start;
    *place = (micro_batch_cursor){.sequence = last, .masked = masked};
    *input = (model_input){
        .token_count = end - start,
        .sequence_count = last - first,
        .masked_count = masked - first_masked,
        .tokens = batch->tokens + start,
        .token_types = batch->token_types + start,
        .sequence_starts = splitter->sequence_starts,
        .sample_numbers = batch->sample_numbers + first,
        .masked_positions = splitter->masked_positions,
        .masked_labels = batch->masked_labels + first_masked,
        .next_sentence_labels = batch->next_sentence_labels + first,
    };
    return true;
}
