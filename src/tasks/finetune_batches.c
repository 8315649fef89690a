/* From examples to the batches of steps. */
#include "tasks/finetune_trainer.h"

#include "base/random.h"

#include <inttypes.h>
#include <string.h>

static void append_example(finetune_trainer *trainer, uint64_t number)
{
    const encoded_examples *encoded = &trainer->inputs->train.encoded;
    const example *example = &trainer->inputs->train.examples.items[number];
    batch *batch = &trainer->batch;
    size_t start = encoded->starts[number], length = encoded->starts[number + 1] - start;
    int sequence = batch->sequence_count++;
    memcpy(batch->tokens + batch->token_count, encoded->tokens + start,
           length * sizeof *batch->tokens);
    memcpy(batch->token_types + batch->token_count, encoded->types + start, length);
    batch->sample_numbers[sequence] = number;
    batch->token_count += (int)length;
    batch->sequence_starts[sequence + 1] = batch->token_count;
    trainer->labels[sequence] = example->class;
    trainer->targets[sequence] = (float)example->score;
}

/* This rank's share of a step. The order of an epoch is a permutation by (seed, epoch). An epoch's
 * last step may have fewer examples than the others, even fewer than there are ranks. */
bert_status finetune_next_batch(void *context, const batch **batch, bert_error *error)
{
    (void)error;
    finetune_trainer *trainer = context;
    uint64_t count = trainer->inputs->train.examples.count;
    uint64_t size = (uint64_t)trainer->samples_per_step;
    uint64_t epoch = (uint64_t)(trainer->step.number / trainer->steps_per_epoch);
    uint64_t first = (uint64_t)(trainer->step.number % trainer->steps_per_epoch) * size;
    uint64_t samples = count - first < size ? count - first : size;
    uint64_t rank = (uint64_t)bert_job_rank(trainer->job);
    uint64_t ranks = (uint64_t)bert_job_size(trainer->job);
    trainer->batch.token_count = trainer->batch.sequence_count = 0;
    for (uint64_t i = samples * rank / ranks; i < samples * (rank + 1) / ranks; i++)
        append_example(trainer, random_permutation(trainer->run->seed, epoch, count, first + i));
    *batch = &trainer->batch;
    return BERT_OK;
}

bert_status finetune_describe_nonfinite(void *context, const nonfinite_step *what,
                                        bert_error *error)
{
    const finetune_trainer *trainer = context;
    return error_set(error, BERT_ERROR_NOT_FINITE,
                     "seed %" PRIu64 ", step %" PRId64
                     ": a number is not finite: loss %g, gradient norm %g; first tensor: %s%s; a "
                     "lower params->learning_rate may help",
                     trainer->run->seed, what->number + 1, what->loss, what->grad_norm, what->kind,
                     what->tensor);
}
