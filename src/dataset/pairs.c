#include "dataset/pairs.h"

#include "base/memory.h"
#include "base/random.h"

#include <stdlib.h>

enum { BLOCK_SENTENCES = 1 << 16 };

/* --------------------------------------------------------------------------------- blocks --- */

bert_status pair_blocks_create(pair_blocks *blocks, const dataset *data, bert_error *error)
{
    *blocks = (pair_blocks){0};
    size_t most = (size_t)(data->sentence_count / BLOCK_SENTENCES) + 2;
    TRY(memory_array((void **)&blocks->first_document, most + 1, sizeof(uint64_t),
                     "the blocks of an epoch", error));
    uint64_t document = 0;
    while (document < data->document_count) {
        blocks->first_document[blocks->count++] = document;
        uint64_t start = (uint64_t)data->document_starts[document];
        if (data->sentence_count - start <= BLOCK_SENTENCES)
            document = data->document_count;
        else
            document = dataset_document_of(data, start + BLOCK_SENTENCES - 1) + 1;
        uint64_t end = (uint64_t)data->document_starts[document];
        if (end - start > UINT32_MAX) {
            pair_blocks_free(blocks);
            return error_set(error, BERT_ERROR_UNSUPPORTED,
                             "%s: a document of some %llu sentences, expected fewer than 2^32",
                             data->prefix, (unsigned long long)(end - start));
        }
    }
    blocks->first_document[blocks->count] = data->document_count;
    return BERT_OK;
}

void pair_blocks_free(pair_blocks *blocks)
{
    free(blocks->first_document);
    *blocks = (pair_blocks){0};
}

/* --------------------------------------------------------------------------------- chunks --- */

typedef struct chunk {
    uint64_t first, a_end, end; /* sentences: A is [first, a_end), what follows it [a_end, end) */
    int target;                 /* tokens aimed at */
    bool b_is_random;
} chunk;

static uint64_t tokens_between(const dataset *data, uint64_t first, uint64_t end)
{
    return dataset_token_start(data, end) - dataset_token_start(data, first);
}

static chunk chunk_draw(const dataset *data, const pair_settings *settings, uint64_t first,
                        uint64_t document_end, random_stream *stream)
{
    int limit = settings->token_limit;
    chunk chunk = {.first = first, .end = first, .target = limit};
    if (random_uniform(stream) < settings->short_seq_probability)
        chunk.target = 2 + (int)random_below(stream, (uint64_t)limit - 1);
    uint64_t target = (uint64_t)chunk.target, length = 0;
    if (!settings->next_sentence_prediction) {
        do
            length += (uint64_t)data->lengths[chunk.end++];
        while (chunk.end < document_end && length + (uint64_t)data->lengths[chunk.end] <= target);
        chunk.a_end = chunk.end;
        return chunk;
    }
    do
        length += (uint64_t)data->lengths[chunk.end++];
    while (chunk.end < document_end && length < target);
    uint64_t sentences = chunk.end - first;
    chunk.a_end = first + 1;
    if (sentences > 1)
        chunk.a_end += random_below(stream, sentences - 1);
    chunk.b_is_random = sentences == 1 || random_next(stream) >> 31;
    return chunk;
}

/* What stood behind the cut is put back where B is from elsewhere. */
static uint64_t chunk_next(const chunk *chunk)
{
    return chunk->b_is_random ? chunk->a_end : chunk->end;
}

static random_stream chunk_stream(const pair_settings *settings, uint64_t epoch, uint64_t first)
{
    return random_stream_start(settings->seed, RANDOM_SENTENCE_PAIR, epoch, first);
}

/* ---------------------------------------------------------------------------------- table --- */

static bert_status build_block(pair_table *table, const dataset *data, const pair_blocks *blocks,
                               const pair_settings *settings, size_t block, bert_error *error)
{
    uint32_t *starts = NULL;
    size_t count = 0, capacity = 0;
    uint64_t origin = (uint64_t)data->document_starts[blocks->first_document[block]];
    for (uint64_t document = blocks->first_document[block];
         document < blocks->first_document[block + 1]; document++) {
        uint64_t end = (uint64_t)data->document_starts[document + 1];
        for (uint64_t first = (uint64_t)data->document_starts[document]; first < end;) {
            bert_status status = memory_grow((void **)&starts, &capacity, count + 1, sizeof *starts,
                                             "the samples of an epoch", error);
            if (status != BERT_OK) {
                free(starts);
                return status;
            }
            starts[count++] = (uint32_t)(first - origin);
            random_stream stream = chunk_stream(settings, table->epoch, first);
            chunk chunk = chunk_draw(data, settings, first, end, &stream);
            first = chunk_next(&chunk);
        }
    }
    uint32_t *fitted = realloc(starts, (count ? count : 1) * sizeof *starts);
    table->starts[block] = fitted ? fitted : starts;
    table->before[block + 1] = count;
    return BERT_OK;
}

bert_status pair_table_build(pair_table *table, const dataset *data, const pair_blocks *blocks,
                             const pair_settings *settings, uint64_t epoch, int threads,
                             bert_error *error)
{
    *table = (pair_table){.epoch = epoch, .block_count = blocks->count};
    bert_status status;
    TRY_OR_GO(status,
              memory_array((void **)&table->before, blocks->count + 1, sizeof(uint64_t),
                           "the samples of an epoch", error),
              failed);
    TRY_OR_GO(status,
              memory_array((void **)&table->starts, blocks->count, sizeof(uint32_t *),
                           "the samples of an epoch", error),
              failed);
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (blocks->count > 1)
    for (size_t block = 0; block < blocks->count; block++) {
        bert_error block_error;
        bert_status block_status = build_block(table, data, blocks, settings, block, &block_error);
        if (block_status != BERT_OK) {
#pragma omp critical(pair_table_error)
            status = error_set(error, block_status, "%s", block_error.message);
        }
    }
    if (status != BERT_OK)
        goto failed;
    for (size_t block = 0; block < blocks->count; block++)
        table->before[block + 1] += table->before[block];
    table->size = table->before[blocks->count];
    return BERT_OK;
failed:
    pair_table_free(table);
    return status;
}

void pair_table_free(pair_table *table)
{
    for (size_t block = 0; table->starts && block < table->block_count; block++)
        free(table->starts[block]);
    free(table->starts);
    free(table->before);
    *table = (pair_table){0};
}

uint64_t pair_table_start(const pair_table *table, const dataset *data, const pair_blocks *blocks,
                          uint64_t index)
{
    size_t low = 0, high = table->block_count; /* before[low] <= index < before[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table->before[middle] <= index)
            low = middle;
        else
            high = middle;
    }
    return (uint64_t)data->document_starts[blocks->first_document[low]] +
           table->starts[low][index - table->before[low]];
}

/* ------------------------------------------------------------------------------- segments --- */

/* Any document but this one, uniformly. Documents without sentences, which only foreign files have,
 * give way to the next that has some. */
static uint64_t draw_other_document(const dataset *data, uint64_t document, random_stream *stream)
{
    uint64_t other = random_below(stream, data->document_count - 1);
    if (other >= document)
        other++;
    while (other == document || data->document_starts[other] == data->document_starts[other + 1])
        other = other + 1 < data->document_count ? other + 1 : 0;
    return other;
}

/* How many of `tosses` fair coins show heads. */
static uint64_t toss_coins(uint64_t tosses, random_stream *stream)
{
    uint64_t heads = 0;
    for (; tosses >= 32; tosses -= 32)
        heads += (uint64_t)__builtin_popcount(random_next(stream));
    if (tosses > 0)
        heads += (uint64_t)__builtin_popcount(random_next(stream) >> (32 - tosses));
    return heads;
}

/* Tokens go one by one from the longer segment (from B where they are equal), each from its front
 * or its back at random; here for all of them at once. */
static void truncate_pair(uint64_t *a_first, uint64_t *a_count, uint64_t *b_first,
                          uint64_t *b_count, uint64_t limit, random_stream *stream)
{
    if (*a_count + *b_count <= limit)
        return;
    uint64_t excess = *a_count + *b_count - limit, from_a = 0, from_b = 0;
    uint64_t difference = *a_count > *b_count ? *a_count - *b_count : *b_count - *a_count;
    uint64_t levelling = excess < difference ? excess : difference;
    *(*a_count > *b_count ? &from_a : &from_b) += levelling;
    from_a += (excess - levelling) / 2;
    from_b += (excess - levelling + 1) / 2;
    *a_first += toss_coins(from_a, stream);
    *b_first += toss_coins(from_b, stream);
    *a_count -= from_a;
    *b_count -= from_b;
}

pair pair_draw(const dataset *data, const pair_settings *settings, uint64_t epoch,
               uint64_t first_sentence)
{
    uint64_t document = dataset_document_of(data, first_sentence);
    random_stream stream = chunk_stream(settings, epoch, first_sentence);
    chunk chunk = chunk_draw(data, settings, first_sentence,
                             (uint64_t)data->document_starts[document + 1], &stream);
    uint64_t a_count = tokens_between(data, chunk.first, chunk.a_end);
    uint64_t b_start = chunk.a_end, b_end = chunk.end;
    if (chunk.b_is_random) {
        uint64_t other = draw_other_document(data, document, &stream);
        uint64_t start = (uint64_t)data->document_starts[other];
        uint64_t end = (uint64_t)data->document_starts[other + 1];
        b_start = start + random_below(&stream, end - start);
        b_end = b_start + 1;
        while (b_end < end &&
               a_count + tokens_between(data, b_start, b_end) < (uint64_t)chunk.target)
            b_end++;
    }
    uint64_t a_first = dataset_token_start(data, chunk.first);
    uint64_t b_first = dataset_token_start(data, b_start);
    uint64_t b_count = tokens_between(data, b_start, b_end);
    truncate_pair(&a_first, &a_count, &b_first, &b_count, (uint64_t)settings->token_limit, &stream);
    return (pair){
        .a_first = a_first,
        .b_first = b_first,
        .a_count = (int)a_count,
        .b_count = (int)b_count,
        .b_is_random = chunk.b_is_random,
    };
}
