#include "dataset/sample_table.h"

#include "base/memory.h"
#include "dataset/segments.h"

#include <stdlib.h>

enum { BLOCK_SENTENCES = 1 << 16 };

/* --------------------------------------------------------------------------------- blocks --- */

bert_status sample_blocks_create(sample_blocks *blocks, const dataset *data, bert_error *error)
{
    *blocks = (sample_blocks){0};
    size_t most = (size_t)(data->sentence_count / BLOCK_SENTENCES) + 2;
    TRY(memory_array((void **)&blocks->first_document, most + 1, sizeof(uint64_t),
                     "the blocks of an epoch", error));
    uint64_t document = 0;
    while (document < data->document_count) {
        blocks->first_document[blocks->count++] = document;
        uint64_t start = dataset_document_start(data, document);
        if (data->sentence_count - start <= BLOCK_SENTENCES)
            document = data->document_count;
        else
            document = dataset_document_of(data, start + BLOCK_SENTENCES - 1) + 1;
    }
    blocks->first_document[blocks->count] = data->document_count;
    return BERT_OK;
}

void sample_blocks_free(sample_blocks *blocks)
{
    free(blocks->first_document);
    *blocks = (sample_blocks){0};
}

/* ---------------------------------------------------------------------------------- table --- */

/* Where a document starts, as the scheme counts. */
static uint64_t document_start(const dataset *data, const sample_settings *settings,
                               uint64_t document)
{
    return settings->scheme->starts_at_tokens ? dataset_document_token_start(data, document)
                                              : dataset_document_start(data, document);
}

static bert_status build_block(sample_table *table, const dataset *data,
                               const sample_blocks *blocks, const sample_settings *settings,
                               size_t block, bert_error *error)
{
    uint32_t *starts = NULL;
    size_t count = 0, capacity = 0;
    uint64_t last = blocks->first_document[block + 1];
    uint64_t origin = document_start(data, settings, blocks->first_document[block]);
    if (document_start(data, settings, last) - origin > UINT32_MAX)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: a document of more than 2^32 %s; was it cut into sentences?",
                         data->prefix, settings->scheme->starts_at_tokens ? "tokens" : "sentences");
    for (uint64_t document = blocks->first_document[block]; document < last; document++) {
        uint64_t end = document_start(data, settings, document + 1);
        for (uint64_t start = document_start(data, settings, document); start < end;) {
            uint64_t next = settings->scheme->next(data, settings, table->epoch, start, end);
            if (next > start) {
                bert_status status = memory_grow((void **)&starts, &capacity, count + 1,
                                                 sizeof *starts, "the samples of an epoch", error);
                if (status != BERT_OK) {
                    free(starts);
                    return status;
                }
                starts[count++] = (uint32_t)(start - origin);
            }
            start = next > start ? next : end;
        }
    }
    uint32_t *fitted = realloc(starts, (count ? count : 1) * sizeof *starts);
    table->starts[block] = fitted ? fitted : starts;
    table->before[block + 1] = count;
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
        bert_status block_status = build_block(table, data, blocks, settings, block, &block_error);
        if (block_status != BERT_OK) {
#pragma omp critical(sample_table_error)
            status = error_set(error, block_status, "%s", block_error.message);
        }
    }
    return status;
}

bert_status sample_table_build(sample_table *table, const dataset *data,
                               const sample_blocks *blocks, const sample_settings *settings,
                               uint64_t epoch, int threads, bert_error *error)
{
    *table = (sample_table){.epoch = epoch, .built = true};
    if (settings->scheme->is_stream) {
        table->size = stream_samples(data, settings, epoch);
        return BERT_OK;
    }
    table->block_count = blocks->count;
    bert_status status;
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
    *table = (sample_table){0};
}

uint64_t sample_table_start(const sample_table *table, const dataset *data,
                            const sample_blocks *blocks, const sample_settings *settings,
                            uint64_t index)
{
    if (table->block_count == 0)
        return stream_start(settings, table->epoch, index);
    size_t low = 0, high = table->block_count; /* before[low] <= index < before[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table->before[middle] <= index)
            low = middle;
        else
            high = middle;
    }
    return document_start(data, settings, blocks->first_document[low]) +
           table->starts[low][index - table->before[low]];
}
