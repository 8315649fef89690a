#include "train/optimizer.h"

#include "base/memory.h"
#include "math/fill.h"
#include "math/reduce.h"

#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------- what this rank updates ---
 */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Neighbours in the buffer that are decayed alike become one range: few long calls. The padding
 * between entries is zero and stays so, whatever the optimizer does with it. */
static void add_range(optimizer *optimizer, size_t offset, size_t count, size_t state, bool decay)
{
    optimizer_range *last =
        optimizer->range_count ? &optimizer->ranges[optimizer->range_count - 1] : NULL;
    if (last && last->decay == decay && offset - last->offset == state - last->state) {
        last->count = offset + count - last->offset;
        return;
    }
    optimizer->ranges[optimizer->range_count++] =
        (optimizer_range){.offset = offset, .count = count, .state = state, .decay = decay};
}

static void add_pieces(optimizer *optimizer, const parameter *entry)
{
    const layout *layout = &optimizer->layout;
    int rank = bert_job_rank(optimizer->job);
    size_t end = entry->offset + entry->count;
    for (size_t b = entry->offset / layout->bucket; b * layout->bucket < end; b++) {
        layout_range piece = layout_piece(layout, b, rank);
        size_t from = larger(piece.start, entry->offset);
        size_t to = smaller(piece.start + piece.count, end);
        if (from < to)
            add_range(optimizer, from, to - from, b * layout->piece + from - piece.start,
                      entry->decay);
    }
}

static bert_status make_ranges(optimizer *optimizer, bert_error *error)
{
    const parameter_table *table = optimizer->table;
    size_t most = table->count + (optimizer->sharded ? optimizer->layout.buckets : 0);
    TRY(memory_array((void **)&optimizer->ranges, most, sizeof *optimizer->ranges,
                     "ranges of parameters", error));
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        if (optimizer->sharded)
            add_pieces(optimizer, entry);
        else
            add_range(optimizer, entry->offset, entry->count, entry->offset, entry->decay);
    }
    return BERT_OK;
}

bert_status optimizer_create(optimizer *optimizer, const bert_pretrain_params *params,
                             const parameter_table *table, bert_job *job, bert_error *error)
{
    *optimizer = (struct optimizer){
        .table = table,
        .job = job,
        .layout = layout_make(table->size, bert_job_size(job), 0),
        .sharded = job && params->zero == 1,
        .adam = {.beta1 = params->adam_beta1,
                 .beta2 = params->adam_beta2,
                 .epsilon = params->adam_epsilon,
                 .weight_decay = params->weight_decay,
                 .decoupled = strcmp(params->optim, "adamw") == 0},
    };
    /* Pieces of equal size for all ranks, the last of them perhaps with nothing behind. */
    optimizer->state_count =
        optimizer->sharded ? optimizer->layout.buckets * optimizer->layout.piece : table->size;
    size_t bytes = optimizer->state_count * sizeof(float);
    TRY(make_ranges(optimizer, error));
    TRY(memory_map((void **)&optimizer->moments[0], bytes, "first moments", error));
    TRY(memory_map((void **)&optimizer->moments[1], bytes, "second moments", error));
    if (!optimizer->sharded)
        return BERT_OK;
    return memory_array((void **)&optimizer->bucket, optimizer->layout.bucket, sizeof(float),
                        "a bucket of moments", error);
}

void optimizer_free(optimizer *optimizer)
{
    for (size_t i = 0; i < OPTIMIZER_MOMENTS; i++)
        memory_unmap(optimizer->moments[i], optimizer->state_count * sizeof(float));
    free(optimizer->bucket);
    free(optimizer->ranges);
    *optimizer = (struct optimizer){0};
}

/* ----------------------------------------------------------------------------------- updates ---
 */

double optimizer_own_squares(const optimizer *optimizer, const float *gradients)
{
    if (!optimizer->job)
        return sum_of_squares(gradients, optimizer->table->size);
    double sum = 0;
    for (size_t b = 0; b < optimizer->layout.buckets; b++) {
        layout_range piece = layout_piece(&optimizer->layout, b, bert_job_rank(optimizer->job));
        sum += sum_of_squares(gradients + piece.start, piece.count);
    }
    return sum;
}

/* Sharded: from the last bucket on, each given away as soon as it is updated. */
static bert_status update_shared(const optimizer *optimizer, float *values, exchange *exchange,
                                 void (*update)(const struct optimizer *, const optimizer_range *,
                                                void *),
                                 void *context, bert_error *error)
{
    exchange_begin(exchange, EXCHANGE_GIVE, values);
    size_t done = optimizer->table->size;
    for (size_t i = optimizer->range_count; i-- > 0;) {
        const optimizer_range *range = &optimizer->ranges[i];
        size_t bucket_end = (range->offset + range->count - 1) / optimizer->layout.bucket *
                                optimizer->layout.bucket +
                            optimizer->layout.bucket;
        if (bucket_end < done) { /* the one before was the last of a later bucket */
            done = bucket_end;
            exchange_ready(exchange, done);
        }
        update(optimizer, range, context);
    }
    exchange_ready(exchange, 0);
    return exchange_finish(exchange, error);
}

typedef struct adam_step {
    float *values, *gradients;
    double learning_rate, scale;
    int64_t step;
} adam_step;

static void update_range(const optimizer *optimizer, const optimizer_range *range, void *context)
{
    const adam_step *step = context;
    adam_update(step->values + range->offset, step->gradients + range->offset,
                optimizer->moments[0] + range->state, optimizer->moments[1] + range->state,
                range->count, &optimizer->adam, step->learning_rate, step->step, range->decay,
                step->scale);
}

bert_status optimizer_update(const optimizer *optimizer, float *values, float *gradients,
                             double learning_rate, int64_t step, double scale, exchange *exchange,
                             bert_error *error)
{
    adam_step adam = {values, gradients, learning_rate, scale, step};
    if (!optimizer->sharded) {
        for (size_t i = 0; i < optimizer->range_count; i++)
            update_range(optimizer, &optimizer->ranges[i], &adam);
        return BERT_OK;
    }
    TRY(update_shared(optimizer, values, exchange, update_range, &adam, error));
    values_fill(gradients, optimizer->table->size, 0.0f); /* those of other ranks' pieces, too */
    return BERT_OK;
}
