#include "dataset/coverage.h"

#include "dataset/sample_table.h"
#include "dataset/segments.h"
#include "dataset/weights.h"

enum { STRETCHES_MAX = 256 };

/* A block, or its beginning. */
typedef struct stretch {
    const dataset *data;
    const sample_settings *settings;
    const sample_block *block;
    uint64_t epoch;
    uint64_t samples_left;
    sample_coverage coverage;
} stretch;

/* The part of the tokens that the previous part has not. Only neighbours overlap: a sentence is B
 * of one pair and A of the next. */
static uint64_t count_new(const sample_part *part, const sample_part *previous)
{
    uint64_t end = part->first + (uint64_t)part->count;
    uint64_t previous_end = previous->first + (uint64_t)previous->count;
    uint64_t first = part->first > previous->first ? part->first : previous->first;
    uint64_t common_end = end < previous_end ? end : previous_end;
    return (uint64_t)part->count - (common_end > first ? common_end - first : 0);
}

static void cover_sample(stretch *stretch, sample_start start, token_range document,
                         sample_part *previous)
{
    sample_part parts[2];
    sample sample = {.parts = parts};
    sample_coverage *coverage = &stretch->coverage;
    stretch->settings->scheme->draw(stretch->data, stretch->settings, start, &sample);
    for (int i = 0; i < sample.part_count; i++) {
        if (parts[i].first - document.first >= document.count) /* of another document */
            continue;
        coverage->seen += count_new(&parts[i], previous);
        *previous = parts[i];
    }
    coverage->samples++;
    coverage->random_labels += sample.next_sentence_label;
    stretch->samples_left -= stretch->samples_left > 0;
}

/* Stops where no samples are left, and counts the tokens up to there. */
static void cover_document(stretch *stretch, uint64_t document)
{
    const dataset *data = stretch->data;
    const sample_settings *settings = stretch->settings;
    const sample_scheme *scheme = settings->scheme;
    uint64_t epoch = weight_epoch(stretch->epoch, stretch->block->copy);
    uint64_t first = dataset_document_token_start(data, document);
    token_range range = {first, dataset_document_token_start(data, document + 1) - first};
    sample_part previous = {0};
    uint64_t end = sample_document_start(data, settings, document + 1), next;
    for (uint64_t start = sample_document_start(data, settings, document);
         start < end && stretch->samples_left > 0; start = next) {
        next = scheme->next(data, settings, epoch, start, end);
        if (next == start)
            break;
        uint64_t pieces = scheme->pieces ? scheme->pieces(data, settings, start) : 1;
        for (uint64_t piece = 0; piece < pieces; piece++)
            cover_sample(stretch, (sample_start){epoch, start, piece}, range, &previous);
        if (stretch->samples_left == 0 && next < end)
            range.count =
                scheme->starts_at_tokens ? next - first : dataset_token_start(data, next) - first;
    }
    stretch->coverage.tokens += range.count;
}

static void cover_stretch(stretch *stretch)
{
    const sample_block *block = stretch->block;
    for (uint64_t document = block->first_document; document < block->end_document; document++) {
        if (stretch->samples_left == 0) {
            stretch->coverage.is_estimate = true;
            break;
        }
        if (sample_block_has(block, document, stretch->epoch, stretch->settings))
            cover_document(stretch, document);
    }
    /* A pair's B may lie beyond the sample that was the last one. */
    if (stretch->coverage.seen > stretch->coverage.tokens)
        stretch->coverage.seen = stretch->coverage.tokens;
}

static void add_coverage(sample_coverage *sum, const sample_coverage *part)
{
    sum->tokens += part->tokens;
    sum->seen += part->seen;
    sum->samples += part->samples;
    sum->random_labels += part->random_labels;
    sum->is_estimate |= part->is_estimate;
}

/* All blocks, or as many as there may be stretches, at equal distances. */
static void cover_blocks(sample_coverage *coverage, const dataset *data,
                         const sample_blocks *blocks, const sample_settings *settings,
                         uint64_t epoch, uint64_t samples_max, int threads)
{
    size_t count = blocks->count < STRETCHES_MAX ? blocks->count : STRETCHES_MAX;
    coverage->is_estimate = count < blocks->count;
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (count > 1)
    for (size_t i = 0; i < count; i++) {
        stretch stretch = {
            .data = data,
            .settings = settings,
            .block = &blocks->list[i * blocks->count / count],
            .epoch = epoch,
            .samples_left = 1 + samples_max / count,
        };
        cover_stretch(&stretch);
#pragma omp critical(coverage_sum)
        add_coverage(coverage, &stretch.coverage);
    }
}

/* A stream has every token. */
static void cover_stream(sample_coverage *coverage, const dataset *data,
                         const sample_blocks *blocks, const sample_settings *settings,
                         uint64_t epoch)
{
    stream_order order = {0};
    for (size_t i = 0; i < blocks->count; i++) {
        const sample_block *block = &blocks->list[i];
        for (uint64_t document = block->first_document; document < block->end_document; document++)
            if (sample_block_has(block, document, epoch, settings)) {
                coverage->tokens += dataset_document_token_start(data, document + 1) -
                                    dataset_document_token_start(data, document);
                order.count++;
            }
    }
    order.length = order.count > 0 ? coverage->tokens + order.count - 1 : 0;
    sample_settings ordered = *settings;
    ordered.order = &order;
    coverage->samples = stream_samples(data, &ordered, epoch);
    coverage->seen = coverage->tokens;
}

/* Pairs need two documents with text. */
static bool has_samples(const dataset *data, const sample_scheme *scheme)
{
    uint64_t needed = scheme->has_pairs && !data->is_pretokenized ? 2 : 1;
    return dataset_filled_documents(data, needed) == needed;
}

bert_status coverage_measure(sample_coverage *coverage, const dataset *data,
                             const sample_settings *settings, uint64_t epoch, uint64_t samples_max,
                             int threads, bert_error *error)
{
    sample_blocks blocks;
    *coverage = (sample_coverage){0};
    if (!has_samples(data, settings->scheme))
        return BERT_OK;
    TRY(sample_blocks_create(&blocks, data, error));
    if (settings->scheme->is_stream)
        cover_stream(coverage, data, &blocks, settings, epoch);
    else
        cover_blocks(coverage, data, &blocks, settings, epoch, samples_max, threads);
    sample_blocks_free(&blocks);
    return BERT_OK;
}

double coverage_seen(const sample_coverage *coverage)
{
    return coverage->tokens > 0 ? (double)coverage->seen / (double)coverage->tokens : 0;
}

double coverage_random(const sample_coverage *coverage)
{
    return coverage->samples > 0 ? (double)coverage->random_labels / (double)coverage->samples : 0;
}
