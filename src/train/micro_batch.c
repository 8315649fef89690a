#include "train/micro_batch.h"

#include "base/memory.h"
#include "base/minmax.h"

#include <stdlib.h>

/* In bfloat16 a matrix multiplication takes half the time, but reading the weights and adding to
 * their gradients takes what it did. */
int micro_batch_default_tokens(const model_config *config, gemm_precision precision)
{
    if (config->hidden_size < 512)
        return 4096;
    return precision == GEMM_BFLOAT16 ? 2048 : 1024;
}

bert_status micro_batches_create(micro_batches *micro_batches, const micro_batch_limits *limits,
                                 bert_error *error)
{
    *micro_batches = (struct micro_batches){.sequences = limits->sequences};
    int64_t most = (int64_t)limits->sequences * limits->max_seq_length;
    int tokens = limits->tokens > limits->max_seq_length ? limits->tokens : limits->max_seq_length;
    micro_batches->tokens = most < tokens ? (int)most : tokens;
    /* A larger share of a short sequence may be predicted, but never more positions
     * than they have tokens. */
    int64_t masked = (int64_t)limits->sequences * limits->max_masked;
    micro_batches->masked = masked < micro_batches->tokens ? (int)masked : micro_batches->tokens;
    /* A micro-batch has a sequence at least, and one start more than sequences. */
    size_t sequences = (size_t)limits->batch_sequences;
    TRY(memory_array((void **)&micro_batches->inputs, sequences, sizeof *micro_batches->inputs,
                     "micro-batches", error));
    TRY(memory_array((void **)&micro_batches->sequence_starts, 2 * sequences, sizeof(int32_t),
                     "micro-batches", error));
    return memory_array((void **)&micro_batches->masked_positions,
                        sequences * (size_t)limits->max_masked, sizeof(int32_t), "micro-batches",
                        error);
}

void micro_batches_free(micro_batches *micro_batches)
{
    free(micro_batches->inputs);
    free(micro_batches->sequence_starts);
    free(micro_batches->masked_positions);
    *micro_batches = (struct micro_batches){0};
}

model_limits micro_batches_limits(const micro_batches *micro_batches, bool training)
{
    return (model_limits){
        .tokens = micro_batches->tokens,
        .sequences = min_int(micro_batches->sequences, micro_batches->tokens),
        .masked = micro_batches->masked,
        .training = training,
    };
}

/* The first sequence after the micro-batch that begins with `first`. */
static int micro_batch_end(const micro_batches *micro_batches, const batch *batch, int first)
{
    int start = batch->sequence_starts[first], end = first + 1;
    int limit = min_int(batch->sequence_count - first, micro_batches->sequences) + first;
    while (end < limit && batch->sequence_starts[end + 1] - start <= micro_batches->tokens)
        end++;
    return end;
}

/* Sequences [first, end), and predictions from `first_masked` on. */
static model_input view(const micro_batches *micro_batches, const batch *batch, int first, int end,
                        int first_masked)
{
    int32_t *starts = micro_batches->sequence_starts + first + micro_batches->count;
    int32_t *positions = micro_batches->masked_positions + first_masked;
    int start = batch->sequence_starts[first], token_end = batch->sequence_starts[end], masked = 0;
    for (int i = first; i <= end; i++)
        starts[i - first] = batch->sequence_starts[i] - start;
    for (; first_masked + masked < batch->masked_count &&
           batch->masked_positions[first_masked + masked] < token_end;
         masked++)
        positions[masked] = batch->masked_positions[first_masked + masked] - start;
    return (model_input){
        .token_count = token_end - start,
        .sequence_count = end - first,
        .masked_count = masked,
        .tokens = batch->tokens + start,
        .token_types = batch->token_types + start,
        .sequence_starts = starts,
        .sample_numbers = batch->sample_numbers + first,
        .masked_positions = positions,
        .masked_labels = batch->masked_labels + first_masked,
        .next_sentence_labels = batch->next_sentence_labels + first,
        .labels = batch->labels ? batch->labels + first : NULL,
        .targets = batch->targets ? batch->targets + first : NULL,
        .class_weights = batch->class_weights,
    };
}

void micro_batches_cut(micro_batches *micro_batches, const batch *batch)
{
    micro_batches->count = 0;
    for (int first = 0, masked = 0, end; first < batch->sequence_count; first = end) {
        end = micro_batch_end(micro_batches, batch, first);
        model_input *input = &micro_batches->inputs[micro_batches->count];
        *input = view(micro_batches, batch, first, end, masked);
        masked += input->masked_count;
        micro_batches->count++;
    }
}
