#include "dataset/sample_table.h"

#include "base/memory.h"
#include "dataset/segments.h"
#include "dataset/weights.h"

#include <stdlib.h>

enum { BLOCK_SENTENCES = 1 << 16 };

/* --------------------------------------------------------------------------------- blocks --- */

/* Appends the documents [document, end) in blocks, as copy number `copy`. */
static bert_status add_blocks(sample_blocks *blocks, const dataset *data, uint64_t document,
                              uint64_t end, uint32_t copy, double weight, bert_error *error)
{
    while (document < end) {
        TRY(memory_grow((void **)&blocks->list, &blocks->capacity, blocks->count + 1,
                        sizeof *blocks->list, "the blocks of an epoch", error));
        sample_block *block = &blocks->list[blocks->count++];
        *block = (sample_block){.first_document = document, .copy = copy, .weight = weight};
        uint64_t last = dataset_document_start(data, document) + BLOCK_SENTENCES - 1;
        block->end_document =
            last < dataset_document_start(data, end) ? dataset_document_of(data, last) + 1 : end;
        document = block->end_document;
    }
    return BERT_OK;
}

bert_status sample_blocks_create(sample_blocks *blocks, const dataset *data, bert_error *error)
{
    *blocks = (sample_blocks){0};
    bert_status status = BERT_OK;
    if (!data->is_weighted)
        status = add_blocks(blocks, data, 0, data->document_count, 0, 1, error);
    for (size_t i = 0; data->is_weighted && i < data->shard_count; i++) {
        const dataset_shard *shard = &data->shards[i];
        uint64_t end = shard->first_document + shard->file.document_count;
        for (uint32_t copy = 0; copy < weight_copies(shard->weight) && status == BERT_OK; copy++)
            status =
                add_blocks(blocks, data, shard->first_document, end, copy, shard->weight, error);
    }
    if (status != BERT_OK)
        sample_blocks_free(blocks);
    return status;
}

void sample_blocks_free(sample_blocks *blocks)
{
    free(blocks->list);
    *blocks = (sample_blocks){0};
}

/* ---------------------------------------------------------------------------------- table --- */

uint64_t sample_document_start(const dataset *data, const sample_settings *settings,
                               uint64_t document)
{
    return settings->scheme->starts_at_tokens ? dataset_document_token_start(data, document)
                                              : dataset_document_start(data, document);
}

bool sample_block_has(const sample_block *block, uint64_t document, uint64_t epoch,
                      const sample_settings *settings)
{
    return block->weight == 1 ||
           block->copy < weight_times(block->weight, settings->seed, epoch, document);
}

/* The starts of one block's samples. */
typedef struct start_list {
    uint32_t *list; /* [count] */
    size_t count, capacity;
} start_list;

/* Appends a start as often as samples begin at it. */
static bert_status add_starts(start_list *starts, uint32_t start, uint64_t pieces,
                              bert_error *error)
{
    TRY(memory_grow((void **)&starts->list, &starts->capacity, starts->count + pieces,
                    sizeof *starts->list, "the samples of an epoch", error));
    while (pieces-- > 0)
        starts->list[starts->count++] = start;
    return BERT_OK;
}

static bert_status find_starts(start_list *starts, const dataset *data, const sample_block *block,
                               uint64_t table_epoch, const sample_settings *settings,
                               bert_error *error)
{
    const sample_scheme *scheme = settings->scheme;
    uint64_t epoch = weight_epoch(table_epoch, block->copy);
    uint64_t origin = sample_document_start(data, settings, block->first_document);
    if (sample_document_start(data, settings, block->end_document) - origin > UINT32_MAX)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: a document of more than 2^32 %s; was it split into sentences?",
                         data->prefix, scheme->starts_at_tokens ? "tokens" : "sentences");
    for (uint64_t document = block->first_document; document < block->end_document; document++) {
        if (!sample_block_has(block, document, table_epoch, settings))
            continue;
        uint64_t end = sample_document_start(data, settings, document + 1);
        for (uint64_t start = sample_document_start(data, settings, document); start < end;) {
            uint64_t next = scheme->next(data, settings, epoch, start, end);
            if (next == start)
                break;
            uint64_t pieces = scheme->pieces ? scheme->pieces(data, settings, start) : 1;
            TRY(add_starts(starts, (uint32_t)(start - origin), pieces, error));
            start = next;
        }
    }
    return BERT_OK;
}

static bert_status build_block(sample_table *table, const dataset *data, const sample_block *block,
                               size_t number, const sample_settings *settings, bert_error *error)
{
    start_list starts = {0};
    bert_status status = find_starts(&starts, data, block, table->epoch, settings, error);
    if (status != BERT_OK) {
        free(starts.list);
        return status;
    }
    uint32_t *fitted = realloc(starts.list, (starts.count ? starts.count : 1) * sizeof *fitted);
    table->starts[number] = fitted ? fitted : starts.list;
    table->before[number + 1] = starts.count;
    return BERT_OK;
}

static bert_status build_blocks(sample_table *table, const dataset *data,
                                const sample_blocks *blocks, const sample_settings *settings,
                                int threads, bert_error *error)
{
    bert_status status = BERT_OK;
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (blocks->count > 1)
    for (size_t block = 0; block < blocks->count; block++) {
        bert_error block_error;
        bert_status block_status =
            build_block(table, data, &blocks->list[block], block, settings, &block_error);
        if (block_status != BERT_OK) {
#pragma omp critical(sample_table_error)
            status = error_set(error, block_status, "%s", block_error.message);
        }
    }
    return status;
}

/* The documents of an epoch in the order of a stream. */
static bert_status order_documents(sample_table *table, const dataset *data,
                                   const sample_blocks *blocks, const sample_settings *settings,
                                   bert_error *error)
{
    stream_order *order = &table->order;
    uint64_t position = 0;
    for (size_t i = 0; i < blocks->count; i++) {
        const sample_block *block = &blocks->list[i];
        for (uint64_t document = block->first_document; document < block->end_document;
             document++) {
            if (!sample_block_has(block, document, table->epoch, settings))
                continue;
            TRY(memory_grow((void **)&order->list, &order->capacity, order->count + 1,
                            sizeof *order->list, "the documents of an epoch", error));
            order->list[order->count++] =
                (stream_document){.position = position, .document = document};
            position += dataset_document_token_start(data, document + 1) -
                        dataset_document_token_start(data, document) + 1;
        }
    }
    order->length = position > 0 ? position - 1 : 0;
    return BERT_OK;
}

bert_status sample_table_build(sample_table *table, const dataset *data,
                               const sample_blocks *blocks, const sample_settings *settings,
                               uint64_t epoch, int threads, bert_error *error)
{
    *table = (sample_table){.epoch = epoch, .built = true};
    bert_status status = BERT_OK;
    if (settings->scheme->is_stream) {
        sample_settings weighed = *settings;
        if (data->is_weighted) {
            TRY_OR_GO(status, order_documents(table, data, blocks, settings, error), failed);
            weighed.order = &table->order;
        }
        table->size = stream_samples(data, &weighed, epoch);
        return BERT_OK;
    }
    table->block_count = blocks->count;
    TRY_OR_GO(status,
              memory_array((void **)&table->before, blocks->count + 1, sizeof(uint64_t),
                           "the samples of an epoch", error),
              failed);
    TRY_OR_GO(status,
              memory_array((void **)&table->starts, blocks->count, sizeof(uint32_t *),
                           "the samples of an epoch", error),
              failed);
    TRY_OR_GO(status, build_blocks(table, data, blocks, settings, threads, error), failed);
    for (size_t block = 0; block < blocks->count; block++)
        table->before[block + 1] += table->before[block];
    table->size = table->before[blocks->count];
    return BERT_OK;
failed:
    sample_table_free(table);
    return status;
}

void sample_table_free(sample_table *table)
{
    for (size_t block = 0; table->starts && block < table->block_count; block++)
        free(table->starts[block]);
    free(table->starts);
    free(table->before);
    free(table->order.list);
    *table = (sample_table){0};
}

/* The number of entries before `index` that equal it. */
static uint64_t count_equal_before(const uint32_t *starts, uint64_t index)
{
    uint64_t low = 0, high = index; /* the first equal one is in [low, high] */
    if (index == 0 || starts[index - 1] != starts[index])
        return 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (starts[middle] < starts[index])
            low = middle + 1;
        else
            high = middle;
    }
    return index - low;
}

sample_start sample_table_start(const sample_table *table, const dataset *data,
                                const sample_blocks *blocks, const sample_settings *settings,
                                uint64_t index)
{
    if (table->block_count == 0)
        return (sample_start){.epoch = table->epoch,
                              .position = stream_start(settings, table->epoch, index)};
    size_t low = 0, high = table->block_count; /* before[low] <= index < before[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table->before[middle] <= index)
            low = middle;
        else
            high = middle;
    }
    const sample_block *block = &blocks->list[low];
    const uint32_t *starts = table->starts[low];
    index -= table->before[low];
    return (sample_start){
        .epoch = weight_epoch(table->epoch, block->copy),
        .position = sample_document_start(data, settings, block->first_document) + starts[index],
        .piece = count_equal_before(starts, index),
    };
}
