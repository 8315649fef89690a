/* Pairs of segments for next-sentence prediction.
 *
 * Segment pairs are those of BERT's create_pretraining_data (Devlin et al. 2018, A.2). A chunk
 * collects sentences up to a target length and is split at a random sentence into A and B. In half
 * of the cases, and where the chunk is a single sentence, the sentences after the split are put
 * back, and B is taken from a random position in a random other document. Two deviations: the short
 * target is drawn per chunk, not once per document (so that the share of short samples is
 * short_seq_probability for any document lengths), and the other document is never the same one
 * (the original gives up after ten draws).
 *
 * Sentence pairs are single sentences (SENTENCE-PAIR of Liu et al. 2019, section 4.2): every
 * sentence but the last of its document is A once; B is the next sentence or, in half of the cases,
 * a random sentence of a random other document. */
#include "dataset/scheme.h"

/* Any document, with a probability proportional to the weight of its file: a random B must not be
 * recognisable by its source. */
static uint64_t draw_by_weight(const dataset *data, random_stream *stream)
{
    double all = 0;
    for (size_t i = 0; i < data->shard_count; i++)
        all += data->shards[i].weight * (double)data->shards[i].file.document_count;
    double draw = random_uniform(stream) * all;
    const dataset_shard *shard = data->shards, *last = shard + data->shard_count - 1;
    for (; shard < last; shard++) {
        draw -= shard->weight * (double)shard->file.document_count;
        if (draw < 0)
            break;
    }
    while (shard->file.document_count == 0)
        shard--;
    return shard->first_document + random_below(stream, shard->file.document_count);
}

/* Any document but this one, uniformly unless there are weights. For a document without sentences,
 * which only files of other programs contain, the next one that has some. */
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

/* A random sentence of another document; sets `*end` to that document's end. */
static uint64_t draw_other_sentence(const dataset *data, uint64_t document, uint64_t *end,
                                    random_stream *stream)
{
    uint64_t other = draw_other_document(data, document, stream);
    uint64_t start = dataset_document_start(data, other);
    *end = dataset_document_start(data, other + 1);
    return start + random_below(stream, *end - start);
}

static void set_pair(sample *sample, int token_limit, token_range a, token_range b,
                     bool b_is_random, random_stream *stream)
{
    token_range_truncate(&a, &b, (uint64_t)token_limit, stream);
    sample->parts[0] = (sample_part){.first = a.first, .count = (int)a.count};
    sample->parts[1] = (sample_part){.first = b.first, .count = (int)b.count, .type = 1};
    sample->part_count = 2;
    sample->next_sentence_label = b_is_random;
}

/* --------------------------------------------------------------------------- segment pairs --- */

typedef struct chunk {
    uint64_t a_end, end; /* sentences: A starts the chunk and ends at a_end, the chunk at end */
    uint64_t target;     /* in tokens */
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

/* Where B is random, the sentences after the split are put back. */
static uint64_t segment_pair_next(const dataset *data, const sample_settings *settings,
                                  uint64_t epoch, uint64_t start, uint64_t end)
{
    random_stream stream = scheme_random(settings, epoch, start);
    chunk chunk = chunk_draw(data, settings, start, end, &stream);
    return chunk.b_is_random ? chunk.a_end : chunk.end;
}

static void segment_pair_draw(const dataset *data, const sample_settings *settings, sample_start at,
                              sample *sample)
{
    uint64_t start = at.position;
    uint64_t document = dataset_document_of(data, start);
    random_stream stream = scheme_random(settings, at.epoch, start);
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
    set_pair(sample, settings->token_limit, a, b, chunk.b_is_random, &stream);
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
    return start + 1 < end ? start + 1 : start; /* the last sentence has no successor */
}

static void sentence_pair_draw(const dataset *data, const sample_settings *settings,
                               sample_start at, sample *sample)
{
    uint64_t start = at.position;
    random_stream stream = scheme_random(settings, at.epoch, start);
    bool b_is_random = random_next(&stream) >> 31;
    uint64_t second = start + 1, end;
    if (b_is_random)
        second = draw_other_sentence(data, dataset_document_of(data, start), &end, &stream);
    set_pair(sample, settings->token_limit, token_range_of(data, start, start + 1),
             token_range_of(data, second, second + 1), b_is_random, &stream);
}

const sample_scheme scheme_sentence_pairs = {
    .name = "sentence",
    .has_pairs = true,
    .next = sentence_pair_next,
    .draw = sentence_pair_draw,
};

/* ------------------------------------------------------------- rows of pre-tokenized data --- */

/* Samples longer than max_seq_length are truncated like pairs. */
static void ready_draw(const dataset *data, const sample_settings *settings, sample_start at,
                       sample *sample)
{
    uint64_t start = at.position;
    uint64_t document = dataset_document_of(data, start);
    uint64_t end = dataset_document_start(data, document + 1);
    random_stream stream = scheme_random(settings, at.epoch, start);
    bool label = settings->scheme->has_pairs && data->labels[document];
    /* The limit is for a row with [CLS] and two [SEP]s. */
    bool is_pair = start + 1 < end;
    uint8_t frame = data->frames ? data->frames[document] : 0;
    int limit = settings->token_limit + !is_pair + !!(frame & ROW_WITHOUT_CLS) +
                !!(frame & ROW_WITHOUT_SEP);
    set_pair(sample, limit, token_range_of(data, start, start + 1),
             token_range_of(data, start + 1, end), label, &stream);
    sample->frame = frame;
    if (!is_pair)
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
