#include "train/optimizer.h"

#include "base/memory.h"
#include "base/minmax.h"
#include "bert/pretrain.h"
#include "train/optimizer_matrices.h"

#include <stdlib.h>
#include <string.h>

bert_status optimizer_figures_check(bert_optimizer kind, double muon_momentum,
                                    bert_muon_adjustment muon_adjust_lr_fn, bert_error *error)
{
    const bert_pretrain_params usual = bert_pretrain_params_default();
    const char *changed = muon_momentum != usual.muon_momentum           ? "muon_momentum"
                          : muon_adjust_lr_fn != usual.muon_adjust_lr_fn ? "muon_adjust_lr_fn"
                                                                         : NULL;
    if (kind == BERT_OPTIMIZER_MUON || !changed)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "params->%s is for params->optim = muon; the optimizer is %s", changed,
                     bert_optimizer_name(kind));
}

/* ------------------------------------------------------------------ what this rank updates --- */

static bool continues(const optimizer_range *last, const optimizer_range *next)
{
    if (last->decay != next->decay || last->scaled != next->scaled ||
        next->offset - last->offset != next->state - last->state)
        return false;
    return !next->scaled || (last->entry == next->entry && last->owner == next->owner);
}

/* Adjacent parameters that are decayed alike become one range: few long calls. The padding
 * between entries is zero and stays so, whatever the optimizer does with it. */
static void add_range(optimizer *optimizer, const optimizer_range *range)
{
    optimizer_range *last =
        optimizer->range_count ? &optimizer->ranges[optimizer->range_count - 1] : NULL;
    if (last && continues(last, range))
        last->count = range->offset + range->count - last->offset;
    else
        optimizer->ranges[optimizer->range_count++] = *range;
}

static bool is_scaled(const optimizer *optimizer, const parameter *entry)
{
    if (optimizer->type->orthogonalize)
        return parameter_is_matrix(entry);
    return optimizer->type->prepare && entry->decay;
}

/* The overlap of an entry with the shard that `owner` has of a bucket. */
static void add_piece(optimizer *optimizer, size_t index, size_t bucket, int owner)
{
    const parameter *entry = &optimizer->table->entries[index];
    layout_range shard = layout_shard(&optimizer->layout, bucket, owner);
    size_t from = max_size(shard.start, entry->offset);
    size_t to = min_size(shard.start + shard.count, entry->offset + entry->count);
    size_t state = bucket * optimizer->layout.shard + from - shard.start;
    if (from < to)
        add_range(optimizer, &(optimizer_range){
                                 .offset = from,
                                 .count = to - from,
                                 .state = optimizer->sharded ? state : from,
                                 .decay = entry->decay,
                                 .scaled = is_scaled(optimizer, entry),
                                 .entry = index,
                                 .owner = owner,
                             });
}

/* This rank's shards where the state is sharded, those of all ranks in their order where it is not.
 */
static void add_pieces(optimizer *optimizer, size_t index)
{
    const parameter *entry = &optimizer->table->entries[index];
    size_t bucket = optimizer->layout.bucket;
    int rank = bert_job_rank(optimizer->job);
    int first = optimizer->sharded ? rank : 0;
    int end = optimizer->sharded ? rank + 1 : optimizer->layout.ranks;
    for (size_t b = entry->offset / bucket; b * bucket < entry->offset + entry->count; b++)
        for (int owner = first; owner < end; owner++)
            add_piece(optimizer, index, b, owner);
}

static bert_status make_ranges(optimizer *optimizer, bert_error *error)
{
    const parameter_table *table = optimizer->table;
    const layout *layout = &optimizer->layout;
    size_t shards = layout->buckets * (optimizer->sharded ? 1 : (size_t)layout->ranks);
    TRY(memory_array((void **)&optimizer->ranges, table->count + shards, sizeof *optimizer->ranges,
                     "ranges of parameters", error));
    for (size_t i = 0; i < table->count; i++)
        add_pieces(optimizer, i);
    return BERT_OK;
}

static bert_status make_ratios(optimizer *optimizer, bert_error *error)
{
    size_t entries = optimizer->table->count, ranks = (size_t)optimizer->layout.ranks;
    TRY(memory_array((void **)&optimizer->squares, ranks * entries, sizeof *optimizer->squares,
                     "norms of tensors", error));
    TRY(memory_array((void **)&optimizer->own_squares, entries, sizeof *optimizer->own_squares,
                     "norms of tensors", error));
    return memory_array((void **)&optimizer->ratios, entries, sizeof *optimizer->ratios,
                        "ratios of tensors", error);
}

static bert_status make_matrices(optimizer *optimizer, bert_error *error)
{
    const parameter_table *table = optimizer->table;
    TRY(memory_array((void **)&optimizer->ratios, table->count, sizeof *optimizer->ratios,
                     "factors of matrices", error));
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        optimizer->ratios[i] = 1;
        if (parameter_is_matrix(entry))
            optimizer->ratios[i] = optimizer->type->rate_factor(&optimizer->settings,
                                                                entry->shape[0], entry->shape[1]);
    }
    return matrix_work_create(&optimizer->matrices, optimizer->type, table, optimizer->operations,
                              optimizer->job, error);
}

bert_status optimizer_create(optimizer *optimizer, const optimizer_type *type,
                             const optimizer_settings *settings, bool sharded,
                             const parameter_table *table, const operations *operations,
                             bert_job *job, bert_error *error)
{
    *optimizer = (struct optimizer){
        .table = table,
        .job = job,
        .layout = layout_make(table->size, bert_job_size(job), 0),
        .sharded = job && sharded,
        .operations = operations,
        .type = type,
        .settings = *settings,
    };
    /* Pieces of equal size for all ranks, the last of them perhaps with nothing in its end. */
    optimizer->state_size =
        optimizer->sharded ? optimizer->layout.buckets * optimizer->layout.shard : table->size;
    TRY(make_ranges(optimizer, error));
    if (type->prepare)
        TRY(make_ratios(optimizer, error));
    if (type->orthogonalize)
        TRY(make_matrices(optimizer, error));
    for (size_t i = 0; i < optimizer_state_count(type); i++)
        TRY(operations->memory_map((void **)&optimizer->states[i],
                                   optimizer->state_size * sizeof(float), "the optimizer's state",
                                   error));
    if (!optimizer->sharded)
        return BERT_OK;
    return memory_array((void **)&optimizer->bucket, optimizer->layout.bucket, sizeof(float),
                        "a bucket of the optimizer's state", error);
}

void optimizer_free(optimizer *optimizer)
{
    for (size_t i = 0; i < OPTIMIZER_STATES_MAX; i++)
        if (optimizer->states[i])
            optimizer->operations->memory_unmap(optimizer->states[i],
                                                optimizer->state_size * sizeof(float));
    matrix_work_free(optimizer->matrices);
    free(optimizer->bucket);
    free(optimizer->ratios);
    free(optimizer->own_squares);
    free(optimizer->squares);
    free(optimizer->ranges);
    *optimizer = (struct optimizer){0};
}

void optimizer_reset(optimizer *optimizer)
{
    for (size_t i = 0; i < optimizer_state_count(optimizer->type); i++)
        optimizer->operations->values_zero(optimizer->states[i], optimizer->state_size);
}

/* --------------------------------------------------------------------------------- updates --- */

bool optimizer_overwrites_gradients(const optimizer *optimizer)
{
    return optimizer->type->prepare || optimizer->type->orthogonalize;
}

double optimizer_own_squares(const optimizer *optimizer, const float *gradients)
{
    if (!optimizer->job)
        return optimizer->operations->sum_of_squares(gradients, optimizer->table->size);
    double sum = 0;
    for (size_t b = 0; b < optimizer->layout.buckets; b++) {
        layout_range shard = layout_shard(&optimizer->layout, b, bert_job_rank(optimizer->job));
        sum += optimizer->operations->sum_of_squares(gradients + shard.start, shard.count);
    }
    return sum;
}

static optimizer_slice slice_of(const optimizer *optimizer, const optimizer_range *range,
                                float *weights, float *gradients)
{
    optimizer_slice slice = {
        .weights = weights + range->offset,
        .gradients = gradients + range->offset,
        .count = range->count,
        .decay = range->decay,
        .matrix = range->scaled && optimizer->type->orthogonalize,
        .rate_factor = range->scaled ? optimizer->ratios[range->entry] : 1.0,
    };
    for (size_t i = 0; i < optimizer_state_count(optimizer->type); i++)
        slice.states[i] = optimizer->states[i] + range->state;
    return slice;
}

/* The first pass of a layer-wise optimizer: every tensor gets its trust ratio. */
static bert_status find_ratios(const optimizer *optimizer, float *weights, float *gradients,
                               const optimizer_step *step, bert_error *error)
{
    size_t entries = optimizer->table->count, ranks = (size_t)optimizer->layout.ranks;
    tensor_squares *sums = optimizer->sharded ? optimizer->own_squares : optimizer->squares;
    memset(sums, 0, (optimizer->sharded ? 1 : ranks) * entries * sizeof *sums);
    for (size_t i = 0; i < optimizer->range_count; i++) {
        const optimizer_range *range = &optimizer->ranges[i];
        if (!range->scaled)
            continue;
        tensor_squares *sum =
            &sums[(optimizer->sharded ? 0 : (size_t)range->owner) * entries + range->entry];
        const optimizer_slice slice = slice_of(optimizer, range, weights, gradients);
        tensor_squares here = optimizer->type->prepare(&slice, &optimizer->settings, step);
        sum->weights += here.weights;
        sum->direction += here.direction;
    }
    if (optimizer->sharded)
        TRY(job_allgather(optimizer->job, sums, entries * sizeof *sums, optimizer->squares, error));
    for (size_t entry = 0; entry < entries; entry++) {
        tensor_squares whole = {0};
        for (size_t rank = 0; rank < ranks; rank++) {
            whole.weights += optimizer->squares[rank * entries + entry].weights;
            whole.direction += optimizer->squares[rank * entries + entry].direction;
        }
        optimizer->ratios[entry] = optimizer->type->trust_ratio(whole);
    }
    return BERT_OK;
}

/* The first pass of an optimizer of matrices: every matrix gets its orthogonalised direction, on
 * all ranks. */
static bert_status find_directions(const optimizer *optimizer, float *weights, float *gradients,
                                   const optimizer_step *step, exchange *exchange,
                                   bert_error *error)
{
    for (size_t i = 0; i < optimizer->range_count; i++) {
        const optimizer_range *range = &optimizer->ranges[i];
        if (!range->scaled)
            continue;
        const optimizer_slice slice = slice_of(optimizer, range, weights, gradients);
        optimizer->type->direct(&slice, &optimizer->settings, step);
    }
    if (optimizer->sharded) { /* each rank has the directions of its shards */
        exchange_begin(exchange, EXCHANGE_ALLGATHER, gradients);
        exchange_ready(exchange, 0);
        TRY(exchange_finish(exchange, error));
    }
    return matrix_work_run(optimizer->matrices, gradients, &optimizer->settings, step, error);
}

static void update_range(const optimizer *optimizer, const optimizer_range *range, float *weights,
                         float *gradients, const optimizer_step *step)
{
    const optimizer_slice slice = slice_of(optimizer, range, weights, gradients);
    optimizer->type->update(&slice, &optimizer->settings, step);
}

/* Sharded: from the last bucket on, each given to the other ranks as soon as it is updated. */
static bert_status update_shared(const optimizer *optimizer, float *weights, float *gradients,
                                 const optimizer_step *step, exchange *exchange, bert_error *error)
{
    exchange_begin(exchange, EXCHANGE_ALLGATHER, weights);
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
        update_range(optimizer, range, weights, gradients, step);
    }
    exchange_ready(exchange, 0);
    return exchange_finish(exchange, error);
}

bert_status optimizer_update(const optimizer *optimizer, float *weights, float *gradients,
                             const optimizer_step *step, exchange *exchange, bert_error *error)
{
    if (optimizer->type->prepare)
        TRY(find_ratios(optimizer, weights, gradients, step, error));
    if (optimizer->type->orthogonalize)
        TRY(find_directions(optimizer, weights, gradients, step, exchange, error));
    if (optimizer->sharded)
        return update_shared(optimizer, weights, gradients, step, exchange, error);
    for (size_t i = 0; i < optimizer->range_count; i++)
        update_range(optimizer, &optimizer->ranges[i], weights, gradients, step);
    return BERT_OK;
}
