#include "dataset/scheme.h"

#include <stdio.h>
#include <string.h>

static const sample_scheme *const schemes[] = {
    &scheme_segment_pairs, &scheme_sentence_pairs, &scheme_sentences,
    &scheme_chunks,        &scheme_stream,         &scheme_documents,
};
enum { SCHEME_COUNT = sizeof schemes / sizeof *schemes };

bert_status scheme_parse(const sample_scheme **scheme, const char *name, bool has_pairs,
                         const char *option, bert_error *error)
{
    char expected[128] = "";
    size_t length = 0;
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        if (schemes[i]->has_pairs != has_pairs)
            continue;
        if (strcmp(schemes[i]->name, name) == 0) {
            *scheme = schemes[i];
            return BERT_OK;
        }
        length += (size_t)snprintf(expected + length, sizeof expected - length, "%s%s",
                                   length ? ", " : "", schemes[i]->name);
    }
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "%s is \"%s\", expected one of: %s",
                     option, name, expected);
}

int scheme_token_limit(const sample_scheme *scheme, int max_seq_length)
{
    bool two_parts = scheme->has_pairs || scheme == &scheme_ready_segments;
    return max_seq_length - (two_parts ? 3 : 2);
}

int scheme_parts(const sample_scheme *scheme, int token_limit)
{
    /* A stream of one-token documents alternates tokens and [SEP]s. */
    return scheme->is_stream ? token_limit / 2 + 1 : 2;
}

random_stream scheme_random(const sample_settings *settings, uint64_t epoch, uint64_t start)
{
    return random_stream_start(settings->seed, RANDOM_SENTENCE_PAIR, epoch, start);
}

uint64_t scheme_next_document(const dataset *data, const sample_settings *settings, uint64_t epoch,
                              uint64_t start, uint64_t end)
{
    (void)data;
    (void)settings;
    (void)epoch;
    (void)start;
    return end;
}

token_range token_range_of(const dataset *data, uint64_t first, uint64_t end)
{
    uint64_t start = dataset_token_start(data, first);
    return (token_range){.first = start, .count = dataset_token_start(data, end) - start};
}

/* Binomial(tosses, 1/2). */
static uint64_t toss_coins(uint64_t tosses, random_stream *stream)
{
    uint64_t heads = 0;
    for (; tosses >= 32; tosses -= 32)
        heads += (uint64_t)__builtin_popcount(random_next(stream));
    if (tosses > 0)
        heads += (uint64_t)__builtin_popcount(random_next(stream) >> (32 - tosses));
    return heads;
}

void token_range_truncate(token_range *a, token_range *b, uint64_t limit, random_stream *stream)
{
    if (a->count + b->count <= limit)
        return;
    uint64_t excess = a->count + b->count - limit, from_a = 0, from_b = 0;
    uint64_t difference = a->count > b->count ? a->count - b->count : b->count - a->count;
    uint64_t levelling = excess < difference ? excess : difference;
    *(a->count > b->count ? &from_a : &from_b) += levelling;
    from_a += (excess - levelling) / 2;
    from_b += (excess - levelling + 1) / 2;
    a->first += toss_coins(from_a, stream);
    b->first += toss_coins(from_b, stream);
    a->count -= from_a;
    b->count -= from_b;
}
