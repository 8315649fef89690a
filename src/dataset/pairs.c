/* Pairs of segments for next-sentence prediction.
 *
 * Segment pairs are those of BERT's create_pretraining_data (Devlin et al. 2018, A.2). A chunk
 * takes sentences until they reach a target length. It is cut at a random sentence; in half of the
 * cases, and where it is a single sentence, the part behind the cut is put back and B comes from a
 * random place of a random other document. Two departures: the short target is drawn for each
 * chunk, not once for a document (so that the share of short samples is the one asked for, whatever
 * the lengths of documents), and the other document is never the same one (the original gives up
 * after ten draws).
 *
 * Sentence pairs are single sentences (SENTENCE-PAIR of Liu et al. 2019, section 4.2): each that
 * has another behind it in its document is A once; B is the next one, or, in half of the cases, a
 * random one of a random other document. */
#include "dataset/scheme.h"

/* Any document, as often as the weight of its file says: a second part from elsewhere must not be
 * told by where it is from. */
static uint64_t draw_by_weight(const dataset *data, random_stream *stream)
{
    double all = 0;
    for (size_t i = 0; i < data->shard_count; i++)
        all += data->shards[i].weight * (double)data->shards[i].file.document_count;
    double place = random_uniform(stream) * all;
    const dataset_shard *shard = data->shards, *last = shard + data->shard_count - 1;
    for (; shard < last; shard++) {
        place -= shard->weight * (double)shard->file.document_count;
        if (place < 0)
            break;
    }
    while (shard->file.document_count == 0)
        shard--;
    return shard->first_document + random_below(stream, shard->file.document_count);
}

/* Any document but this one, uniformly where there are no weights. Documents without sentences,
 * which only foreign files have, give way to the next that has some. */
static uint64_t draw_other_document(const dataset *data, uint64_t document, random_stream *stream)
{
    uint64_t other;
    if (data->is_weighted)
        other = draw_by_weight(data, stream);
    else if ((other = random_below(stream, data->document_count - 1)) >= document)
        other++;
    while (other == document ||
           dataset_document_start(data, other) == dataset_document_start(data, other + 1))
        other = other + 1 < data->document_count ? other + 1 : 0;
    return other;
}

/* A sentence of another document; `*end` is where that document ends. */
static uint64_t draw_other_sentence(const dataset *data, uint64_t document, uint64_t *end,
                                    random_stream *stream)
{
    uint64_t other = draw_other_document(data, document, stream);
    uint64_t start = dataset_document_start(data, other);
    *end = dataset_document_start(data, other + 1);
    return start + random_below(stream, *end - start);
}

static void set_pair(sample *sample, const sample_settings *settings, token_range a, token_range b,
                     bool b_is_random, random_stream *stream)
{
    token_range_truncate(&a, &b, (uint64_t)settings->token_limit, stream);
    sample->parts[0] = (sample_part){.first = a.first, .count = (int)a.count};
    sample->parts[1] = (sample_part){.first = b.first, .count = (int)b.count, .type = 1};
    sample->part_count = 2;
    sample->next_sentence_label = b_is_random;
}

/* --------------------------------------------------------------------------- segment pairs --- */

typedef struct chunk {
    uint64_t a_end, end; /* sentences: A begins the chunk and ends at a_end, what follows at end */
    uint64_t target;     /* tokens aimed at */
    bool b_is_random;
} chunk;

static chunk chunk_draw(const dataset *data, const sample_settings *settings, uint64_t first,
                        uint64_t document_end, random_stream *stream)
{
    const dataset_shard *shard = dataset_shard_of(data, first);
    uint64_t limit = (uint64_t)settings->token_limit, length = 0;
    chunk chunk = {.a_end = first + 1, .end = first, .target = limit};
    if (random_uniform(stream) < settings->short_seq_probability)
        chunk.target = 2 + random_below(stream, limit - 1);
    do
        length += shard_sentence_length(&shard->file, chunk.end++ - shard->first_sentence);
    while (chunk.end < document_end && length < chunk.target);
    uint64_t sentences = chunk.end - first;
    if (sentences > 1)
        chunk.a_end += random_below(stream, sentences - 1);
    chunk.b_is_random = sentences == 1 || random_next(stream) >> 31;
    return chunk;
}

/* What stood behind the cut is put back where B is from elsewhere. */
static uint64_t segment_pair_next(const dataset *data, const sample_settings *settings,
                                  uint64_t epoch, uint64_t start, uint64_t end)
{
    random_stream stream = scheme_random(settings, epoch, start);
    chunk chunk = chunk_draw(data, settings, start, end, &stream);
    return chunk.b_is_random ? chunk.a_end : chunk.end;
}

static void segment_pair_draw(const dataset *data, const sample_settings *settings, uint64_t epoch,
                              uint64_t start, sample *sample)
{
    uint64_t document = dataset_document_of(data, start);
    random_stream stream = scheme_random(settings, epoch, start);
    chunk chunk =
        chunk_draw(data, settings, start, dataset_document_start(data, document + 1), &stream);
    token_range a = token_range_of(data, start, chunk.a_end), b;
    if (chunk.b_is_random) {
        uint64_t document_end;
        uint64_t first = draw_other_sentence(data, document, &document_end, &stream);
        uint64_t end = first + 1;
        b = token_range_of(data, first, end);
        while (end < document_end && a.count + b.count < chunk.target)
            b = token_range_of(data, first, ++end);
    } else {
        b = token_range_of(data, chunk.a_end, chunk.end);
    }
    set_pair(sample, settings, a, b, chunk.b_is_random, &stream);
}

const sample_scheme scheme_segment_pairs = {
    .name = "segment",
    .has_pairs = true,
    .next = segment_pair_next,
    .draw = segment_pair_draw,
};

/* -------------------------------------------------------------------------- sentence pairs --- */

static uint64_t sentence_pair_next(const dataset *data, const sample_settings *settings,
                                   uint64_t epoch, uint64_t start, uint64_t end)
{
    (void)data;
    (void)settings;
    (void)epoch;
    return start + 1 < end ? start + 1 : start; /* the last sentence has none behind it */
}

static void sentence_pair_draw(const dataset *data, const sample_settings *settings, uint64_t epoch,
                               uint64_t start, sample *sample)
{
    random_stream stream = scheme_random(settings, epoch, start);
    bool b_is_random = random_next(&stream) >> 31;
    uint64_t second = start + 1, end;
    if (b_is_random)
        second = draw_other_sentence(data, dataset_document_of(data, start), &end, &stream);
    set_pair(sample, settings, token_range_of(data, start, start + 1),
             token_range_of(data, second, second + 1), b_is_random, &stream);
}

const sample_scheme scheme_sentence_pairs = {
    .name = "sentence",
    .has_pairs = true,
    .next = sentence_pair_next,
    .draw = sentence_pair_draw,
};

/* ------------------------------------------------------------------------ ready-made pairs --- */

/* What is longer than a sample of this run is cut as pairs are. */
static void ready_draw(const dataset *data, const sample_settings *settings, uint64_t epoch,
                       uint64_t start, sample *sample)
{
    uint64_t document = dataset_document_of(data, start);
    uint64_t end = dataset_document_start(data, document + 1);
    random_stream stream = scheme_random(settings, epoch, start);
    bool label = settings->scheme->has_pairs && data->labels[document];
    set_pair(sample, settings, token_range_of(data, start, start + 1),
             token_range_of(data, start + 1, end), label, &stream);
    if (start + 1 == end)
        sample->part_count = 1;
}

const sample_scheme scheme_ready_pairs = {
    .name = "ready-made",
    .has_pairs = true,
    .next = scheme_next_document,
    .draw = ready_draw,
};

const sample_scheme scheme_ready_segments = {
    .name = "ready-made",
    .next = scheme_next_document,
    .draw = ready_draw,
};
