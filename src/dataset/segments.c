/* Samples of one segment, for masked language modelling alone. */
#include "dataset/segments.h"

static void set_segment(sample *sample, token_range range)
{
    sample->parts[0] = (sample_part){.first = range.first, .count = (int)range.count};
    sample->part_count = 1;
    sample->next_sentence_label = 0;
}

/* ------------------------------------------------------------------------------- sentences --- */
/* As many sentences of a document as fit (DOC-SENTENCES of Liu et al. 2019, section 4.2); a share
 * of the samples has a shorter target length. A sentence that is longer than a sample begins one,
 * and is cut into pieces of full length; sentences follow its last piece as they follow a whole
 * one. */

static uint64_t sentences_pieces(const dataset *data, const sample_settings *settings,
                                 uint64_t start)
{
    uint64_t length = dataset_sentence_length(data, start);
    uint64_t limit = (uint64_t)settings->token_limit;
    return length <= limit ? 1 : (length + limit - 1) / limit;
}

/* The sentence after those of the samples that begin with sentence `start`. */
static uint64_t sentences_next(const dataset *data, const sample_settings *settings, uint64_t epoch,
                               uint64_t start, uint64_t end)
{
    const dataset_shard *shard = dataset_shard_of(data, start);
    const uint64_t before = shard->first_sentence, limit = (uint64_t)settings->token_limit;
    random_stream stream = scheme_random(settings, epoch, start);
    uint64_t target = limit;
    if (random_uniform(&stream) < settings->short_seq_probability)
        target = 2 + random_below(&stream, target - 1);
    uint64_t length = shard_sentence_length(&shard->file, start - before), next = start + 1;
    if (length > limit)
        length = (length - 1) % limit + 1; /* of the last piece */
    for (; next < end; next++) {
        length += shard_sentence_length(&shard->file, next - before);
        if (length > target)
            break;
    }
    return next;
}

static void sentences_draw(const dataset *data, const sample_settings *settings, sample_start start,
                           sample *sample)
{
    uint64_t sentence = start.position, limit = (uint64_t)settings->token_limit;
    uint64_t document_end = dataset_document_start(data, dataset_document_of(data, sentence) + 1);
    token_range segment = token_range_of(
        data, sentence, sentences_next(data, settings, start.epoch, sentence, document_end));
    segment.first += start.piece * limit;
    segment.count -= start.piece * limit;
    if (start.piece + 1 < sentences_pieces(data, settings, sentence))
        segment.count = limit;
    set_segment(sample, segment);
}

const sample_scheme scheme_sentences = {
    .name = "sentences",
    .next = sentences_next,
    .pieces = sentences_pieces,
    .draw = sentences_draw,
};

/* -------------------------------------------------------------- chunks and documents' beginnings
 */

/* The tokens from `start` on, up to the maximum length or the end of the document. */
static void cut_draw(const dataset *data, const sample_settings *settings, sample_start start,
                     sample *sample)
{
    uint64_t first = start.position, limit = (uint64_t)settings->token_limit;
    uint64_t left =
        dataset_document_token_start(data, dataset_document_at(data, first) + 1) - first;
    set_segment(sample, (token_range){.first = first, .count = left < limit ? left : limit});
}

static uint64_t chunks_next(const dataset *data, const sample_settings *settings, uint64_t epoch,
                            uint64_t start, uint64_t end)
{
    (void)data;
    (void)epoch;
    (void)end;
    return start + (uint64_t)settings->token_limit;
}

const sample_scheme scheme_chunks = {
    .name = "chunks",
    .starts_at_tokens = true,
    .next = chunks_next,
    .draw = cut_draw,
};

const sample_scheme scheme_documents = {
    .name = "documents",
    .starts_at_tokens = true,
    .next = scheme_next_document,
    .draw = cut_draw,
};

/* ---------------------------------------------------------------------------------- stream --- */

/* Length of the first sample; all others but the last have the full length. */
static uint64_t stream_head(const sample_settings *settings, uint64_t epoch)
{
    random_stream stream = scheme_random(settings, epoch, 0);
    return 1 + random_below(&stream, (uint64_t)settings->token_limit);
}

uint64_t stream_samples(const dataset *data, const sample_settings *settings, uint64_t epoch)
{
    uint64_t length = data->token_count + data->document_count - 1; /* a [SEP] between two */
    if (settings->order)
        length = settings->order->length;
    uint64_t head = stream_head(settings, epoch), limit = (uint64_t)settings->token_limit;
    if (length == 0)
        return 0;
    return length <= head ? 1 : 1 + (length - head + limit - 1) / limit;
}

uint64_t stream_start(const sample_settings *settings, uint64_t epoch, uint64_t index)
{
    uint64_t limit = (uint64_t)settings->token_limit;
    return index == 0 ? 0 : stream_head(settings, epoch) + (index - 1) * limit;
}

static uint64_t stream_count(const dataset *data, const sample_settings *settings)
{
    return settings->order ? settings->order->count : data->document_count;
}

/* The n-th document of the stream. */
static uint64_t stream_document_at(const sample_settings *settings, uint64_t n)
{
    return settings->order ? settings->order->list[n].document : n;
}

/* Position of its first token in the stream; for n = count, the position after the last [SEP]. */
static uint64_t stream_position(const dataset *data, const sample_settings *settings, uint64_t n)
{
    if (!settings->order)
        return dataset_document_token_start(data, n) + n;
    return n < settings->order->count ? settings->order->list[n].position
                                      : settings->order->length + 1;
}

/* The last document that begins at or before a position. */
static uint64_t stream_find(const dataset *data, const sample_settings *settings, uint64_t position)
{
    uint64_t low = 0, high = stream_count(data, settings);
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (stream_position(data, settings, middle) <= position)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void stream_draw(const dataset *data, const sample_settings *settings, sample_start at,
                        sample *sample)
{
    uint64_t start = at.position;
    uint64_t end =
        start + (start ? (uint64_t)settings->token_limit : stream_head(settings, at.epoch));
    sample->part_count = 0;
    sample->next_sentence_label = 0;
    uint64_t count = stream_count(data, settings);
    for (uint64_t n = stream_find(data, settings, start); n < count; n++) {
        uint64_t position = stream_position(data, settings, n),
                 first = position < start ? start : position;
        uint64_t last = stream_position(data, settings, n + 1) - 1; /* its [SEP] */
        if (position >= end)
            break;
        last = last < end ? last : end;
        uint64_t token = dataset_document_token_start(data, stream_document_at(settings, n));
        if (first < last)
            sample->parts[sample->part_count++] =
                (sample_part){.first = token + (first - position), .count = (int)(last - first)};
    }
    if (sample->part_count ==
        0) /* between documents, or in empty documents of other programs' files */
        sample->parts[sample->part_count++] = (sample_part){0};
}

const sample_scheme scheme_stream = {
    .name = "stream",
    .is_stream = true,
    .draw = stream_draw,
};
