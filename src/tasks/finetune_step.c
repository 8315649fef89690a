/* A batch of labelled examples through the model, there and back. Allocates nothing. */
#include "optim/clip.h"
#include "tasks/finetune_trainer.h"

#include "base/random.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The order of an epoch is a permutation by (seed, epoch). An epoch's last batch may be smaller. */
static void fill_batch(finetune_trainer *trainer, const finetune_job *job, int64_t step)
{
    const finetune_inputs *inputs = trainer->inputs;
    const encoded_examples *encoded = &inputs->train.encoded;
    const example *items = inputs->train.examples.items;
    uint64_t count = inputs->train.examples.count;
    uint64_t size = (uint64_t)inputs->params->per_device_train_batch_size;
    uint64_t epoch = (uint64_t)(step / trainer->steps_per_epoch);
    uint64_t first = (uint64_t)(step % trainer->steps_per_epoch) * size;
    batch *batch = &trainer->batch;
    batch->token_count = batch->sequence_count = 0;
    for (uint64_t i = first; i < first + size && i < count; i++) {
        uint64_t number = random_permutation(job->seed, epoch, count, i);
        size_t start = encoded->starts[number], length = encoded->starts[number + 1] - start;
        int sequence = batch->sequence_count++;
        memcpy(batch->tokens + batch->token_count, encoded->tokens + start,
               length * sizeof *batch->tokens);
        memcpy(batch->token_types + batch->token_count, encoded->types + start, length);
        batch->sample_numbers[sequence] = number;
        batch->token_count += (int)length;
        batch->sequence_starts[sequence + 1] = batch->token_count;
        trainer->labels[sequence] = items[number].class;
        trainer->targets[sequence] = (float)items[number].score;
    }
}

/* What the sum of the losses is divided by for its mean. */
static double batch_weight(const finetune_trainer *trainer)
{
    const float *weights = trainer->inputs->class_weights;
    if (!weights)
        return trainer->batch.sequence_count;
    double sum = 0;
    for (int i = 0; i < trainer->batch.sequence_count; i++)
        sum += (double)weights[trainer->labels[i]];
    return sum;
}

static bert_status accumulate_gradients(finetune_trainer *trainer, const finetune_job *job,
                                        int64_t step, model_losses *losses, bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    const model_scales scales = {.labels = 1.0 / batch_weight(trainer)};
    micro_batch_cursor place = {0};
    for (;;) {
        int first = place.sequence;
        model_input input;
        if (!micro_batches_next(&trainer->splitter, &trainer->batch, &place, &input))
            return BERT_OK;
        input.masked_labels = NULL;
        input.next_sentence_labels = NULL;
        if (inputs->regression)
            input.targets = trainer->targets + first;
        else
            input.labels = trainer->labels + first;
        input.class_weights = inputs->class_weights;
        TRY(model_check_input(trainer->model, &input, error));
        model_train(trainer->model, &input, job->seed, (uint64_t)step, &scales, losses);
    }
}

static void update(finetune_trainer *trainer, double learning_rate, int64_t step, double scale)
{
    const parameter_table *table = &trainer->inputs->table;
    float *values = model_weights(trainer->model), *gradients = model_gradients(trainer->model);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        adam_update(values + entry->offset, gradients + entry->offset,
                    trainer->first_moment + entry->offset, trainer->second_moment + entry->offset,
                    entry->count, &trainer->adam, learning_rate, step + 1, entry->decay, scale);
    }
}

bert_status finetune_step(finetune_trainer *trainer, const finetune_job *job, int64_t step,
                          double *loss, double *grad_norm, bert_error *error)
{
    model_losses losses = {0};
    fill_batch(trainer, job, step);
    TRY(accumulate_gradients(trainer, job, step, &losses, error));
    *loss = losses.label_loss / losses.label_weight;
    *grad_norm = gradient_norm(model_gradients(trainer->model), trainer->inputs->table.size);
    if (!isfinite(*loss) || !isfinite(*grad_norm))
        return error_set(error, BERT_ERROR_NOT_FINITE,
                         "seed %" PRIu64 ", step %" PRId64
                         ": a number is not finite: loss %g, gradient norm %g; a lower "
                         "params->learning_rate may help",
                         job->seed, step + 1, *loss, *grad_norm);
    double rate = job->learning_rate * schedule_factor(&trainer->schedule, step);
    update(trainer, rate, step, clip_scale(*grad_norm, trainer->inputs->params->max_grad_norm));
    return BERT_OK;
}
