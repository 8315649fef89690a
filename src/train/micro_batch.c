#include "train/micro_batch.h"

#include "base/memory.h"

#include <stdlib.h>

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* In bfloat16 a product takes half the time, but reading the weights and adding to their gradients
 * takes what it did. */
int micro_batch_default_tokens(const model_config *config, gemm_precision precision)
{
    if (config->hidden_size < 512)
        return 4096;
    return precision == GEMM_BFLOAT16 ? 2048 : 1024;
}

bert_status micro_batches_create(micro_batches *cutter, int sequences, int tokens,
                                 int max_seq_length, int max_masked, bert_error *error)
{
    *cutter = (micro_batches){.sequences = sequences};
    int64_t most = (int64_t)sequences * max_seq_length;
    cutter->tokens = tokens > max_seq_length ? tokens : max_seq_length;
    if (most < cutter->tokens)
        cutter->tokens = (int)most;
    /* Short sequences may be predicted to a larger share than long ones, but never in more places
     * than they have tokens. */
    int64_t masked = (int64_t)sequences * max_masked;
    cutter->masked = masked < cutter->tokens ? (int)masked : cutter->tokens;
    TRY(memory_array((void **)&cutter->sequence_starts, (size_t)sequences + 1, sizeof(int32_t),
                     "a micro-batch", error));
    return memory_array((void **)&cutter->masked_positions, (size_t)cutter->masked, sizeof(int32_t),
                        "a micro-batch", error);
}

void micro_batches_free(micro_batches *cutter)
{
    free(cutter->sequence_starts);
    free(cutter->masked_positions);
    *cutter = (micro_batches){0};
}

model_limits micro_batches_limits(const micro_batches *cutter, bool training)
{
    return (model_limits){
        .tokens = cutter->tokens,
        .sequences = smaller(cutter->sequences, cutter->tokens),
        .masked = cutter->masked,
        .training = training,
    };
}

/* The first sequence behind the piece that begins with `first`. */
static int piece_end(const micro_batches *cutter, const batch *batch, int first)
{
    int start = batch->sequence_starts[first], end = first + 1;
    int limit = smaller(batch->sequence_count, first + cutter->sequences);
    while (end < limit && batch->sequence_starts[end + 1] - start <= cutter->tokens)
        end++;
    return end;
}

bool micro_batches_next(micro_batches *cutter, const batch *batch, micro_batch_place *place,
                        model_input *input)
{
    int first = place->sequence, first_masked = place->masked;
    if (first >= batch->sequence_count)
        return false;
    int last = piece_end(cutter, batch, first);
    int start = batch->sequence_starts[first], end = batch->sequence_starts[last];
    for (int i = first; i <= last; i++)
        cutter->sequence_starts[i - first] = batch->sequence_starts[i] - start;
    int masked = first_masked;
    for (; masked < batch->masked_count && batch->masked_positions[masked] < end; masked++)
        cutter->masked_positions[masked - first_masked] = batch->masked_positions[masked] - start;
    *place = (micro_batch_place){.sequence = last, .masked = masked};
    *input = (model_input){
        .token_count = end - start,
        .sequence_count = last - first,
        .masked_count = masked - first_masked,
        .tokens = batch->tokens + start,
        .token_types = batch->token_types + start,
        .sequence_starts = cutter->sequence_starts,
        .sample_numbers = batch->sample_numbers + first,
        .masked_positions = cutter->masked_positions,
        .masked_labels = batch->masked_labels + first_masked,
        .next_sentence_labels = batch->next_sentence_labels + first,
    };
    return true;
}
