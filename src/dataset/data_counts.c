#include "dataset/data_counts.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Lengths in buckets: one for each length below 2^EXACT_BITS, and 2^EXACT_BITS for each power of
 * two from there on, so that a median is exact or at most 2^-EXACT_BITS too small. */
enum {
    EXACT_BITS = 12,
    EXACT = 1 << EXACT_BITS,
    BUCKETS = EXACT * (64 - EXACT_BITS + 1),
};

typedef struct length_histogram {
    uint64_t *counts; /* [BUCKETS] */
    uint64_t longest;
} length_histogram;

static size_t bucket_of(uint64_t length)
{
    if (length < EXACT)
        return (size_t)length;
    int power = 63 - __builtin_clzll(length);
    return (size_t)(power - EXACT_BITS + 1) * EXACT +
           (size_t)(length >> (power - EXACT_BITS) & (EXACT - 1));
}

/* The smallest length in it. */
static uint64_t bucket_start(size_t bucket)
{
    if (bucket < EXACT)
        return bucket;
    return (EXACT + (uint64_t)bucket % EXACT) << (bucket / EXACT - 1);
}

static void histogram_count(length_histogram *histogram, uint64_t length)
{
    histogram->counts[bucket_of(length)]++;
    if (length > histogram->longest)
        histogram->longest = length;
}

static void histogram_add(length_histogram *sum, const length_histogram *part)
{
    for (size_t i = 0; i < BUCKETS; i++)
        sum->counts[i] += part->counts[i];
    if (part->longest > sum->longest)
        sum->longest = part->longest;
}

static uint64_t histogram_median(const length_histogram *histogram, uint64_t count)
{
    uint64_t before = 0;
    size_t bucket = 0;
    while (bucket < BUCKETS && before + histogram->counts[bucket] <= count / 2)
        before += histogram->counts[bucket++];
    return bucket < BUCKETS ? bucket_start(bucket) : 0;
}

/* Lengths of 0 have no class. */
static void histogram_classes(const length_histogram *histogram, uint64_t *classes)
{
    for (size_t i = 1; i < BUCKETS; i++) {
        int power = 63 - __builtin_clzll(bucket_start(i));
        classes[power < BERT_LENGTH_CLASSES - 1 ? power : BERT_LENGTH_CLASSES - 1] +=
            histogram->counts[i];
    }
}

/* What one thread counts. */
typedef struct counts {
    length_histogram sentences, documents;
    uint64_t one_sentence_documents, empty_documents, beyond_128, beyond_512;
} counts;

static bert_status counts_create(counts *counts, bert_error *error)
{
    *counts = (struct counts){0};
    TRY(memory_array((void **)&counts->sentences.counts, BUCKETS, sizeof(uint64_t),
                     "lengths of sentences", error));
    return memory_array((void **)&counts->documents.counts, BUCKETS, sizeof(uint64_t),
                        "lengths of documents", error);
}

static void counts_free(counts *counts)
{
    free(counts->sentences.counts);
    free(counts->documents.counts);
}

static void counts_add(counts *sum, const counts *part)
{
    histogram_add(&sum->sentences, &part->sentences);
    histogram_add(&sum->documents, &part->documents);
    sum->one_sentence_documents += part->one_sentence_documents;
    sum->empty_documents += part->empty_documents;
    sum->beyond_128 += part->beyond_128;
    sum->beyond_512 += part->beyond_512;
}

static void count_sentence(counts *counts, uint64_t length)
{
    histogram_count(&counts->sentences, length);
    counts->beyond_128 += length > 128 ? length : 0;
    counts->beyond_512 += length > 512 ? length : 0;
}

static void count_document(counts *counts, const shard *shard, uint64_t document)
{
    int64_t sentences = shard->document_starts[document + 1] - shard->document_starts[document];
    counts->one_sentence_documents += sentences == 1;
    counts->empty_documents += sentences == 0;
    if (sentences > 0)
        histogram_count(&counts->documents, shard_document_token_start(shard, document + 1) -
                                                shard_document_token_start(shard, document));
}

/* This thread's part of all files. */
static void count_part(counts *counts, const dataset *data)
{
    for (size_t i = 0; i < data->shard_count; i++) {
        const shard *shard = &data->shards[i].file;
#pragma omp for schedule(static) nowait
        for (uint64_t sentence = 0; sentence < shard->sentence_count; sentence++)
            count_sentence(counts, shard_sentence_length(shard, sentence));
#pragma omp for schedule(static) nowait
        for (uint64_t document = 0; document < shard->document_count; document++)
            count_document(counts, shard, document);
    }
}

bert_status data_counts_take(bert_split_report *report, const dataset *data, int threads,
                             bert_error *error)
{
    counts all;
    bert_status status = counts_create(&all, error);
    bool failed = false;
#pragma omp parallel num_threads(threads) if (status == BERT_OK && data->sentence_count >= 1 << 16)
    if (status == BERT_OK) {
        counts part;
        bool counted = counts_create(&part, NULL) == BERT_OK;
#pragma omp critical(data_counts)
        failed |= !counted;
#pragma omp barrier
        if (!failed)
            count_part(&part, data);
#pragma omp critical(data_counts)
        if (!failed)
            counts_add(&all, &part);
        counts_free(&part);
    }
    if (failed)
        status = error_set(error, BERT_ERROR_MEMORY, "no memory for lengths of sentences");
    *report = (bert_split_report){
        .documents = data->document_count,
        .sentences = data->sentence_count,
        .tokens = data->token_count,
        .bytes = dataset_bytes(data),
        .longest_sentence = all.sentences.longest,
        .longest_document = all.documents.longest,
        .one_sentence_documents = all.one_sentence_documents,
        .empty_documents = all.empty_documents,
        .tokens_beyond_128 = all.beyond_128,
        .tokens_beyond_512 = all.beyond_512,
    };
    if (status == BERT_OK) {
        histogram_classes(&all.sentences, report->sentence_lengths);
        histogram_classes(&all.documents, report->document_lengths);
        report->median_sentence = histogram_median(&all.sentences, data->sentence_count);
        report->median_document =
            histogram_median(&all.documents, data->document_count - all.empty_documents);
    }
    counts_free(&all);
    return status;
}

uint64_t data_counts_tokens_beyond(const dataset *data, uint64_t limit, int threads)
{
    uint64_t beyond = 0;
    for (size_t i = 0; i < data->shard_count; i++) {
        const shard *shard = &data->shards[i].file;
#pragma omp parallel for reduction(+ : beyond) schedule(static) num_threads(threads) \
    if (shard->sentence_count >= 1 << 16)
        for (uint64_t sentence = 0; sentence < shard->sentence_count; sentence++) {
            uint64_t length = shard_sentence_length(shard, sentence);
            beyond += length > limit ? length : 0;
        }
    }
    return beyond;
}
