/* What an epoch has of the text, token by token, for every scheme: all of it, but for what
 * docs/data.md says. Ids are unique, so they identify tokens. */
#include "made_folder.h"

#include "dataset/coverage.h"
#include "dataset/weights.h"

enum { VOCABULARY = 60000, DOCUMENTS = 60, FILES = 3 };

static const sample_scheme *const schemes[] = {
    &scheme_segment_pairs, &scheme_sentence_pairs, &scheme_sentences,
    &scheme_chunks,        &scheme_stream,         &scheme_documents,
};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

/* Documents of one sentence of one token, of one long sentence, of many short ones, and mixtures
 * with long sentences at their beginning, in their middle, at their end, and next to each other. */
static int extreme_sentences(int document)
{
    static const int counts[] = {1, 1, 90, 7, 2, 30};
    return counts[document % 6];
}

static int extreme_tokens(int document, int sentence)
{
    switch (document % 6) {
    case 0:
        return 1;
    case 1:
        return 300 + 401 * (document % 4);
    case 2:
        return 1 + sentence % 3;
    case 3:
        return sentence == document / 6 % 7 ? 1000 + document : 5;
    case 4:
        return sentence == 0 ? 126 : 127; /* what fits in 128 tokens, and one more */
    default:
        return sentence % 11 > 8 ? 260 : 1 + (document + 13 * sentence) % 60;
    }
}

/* -------------------------------------------------------------------------------- the data --- */

typedef enum files { ONE_FILE, SMALL_LAYOUT, THREE_FILES, WEIGHTED, OTHER_PROGRAM, KINDS } files;

/* Adds empty documents at the beginning, at the end and in between, as other programs write them.
 */
static void add_empty_documents(const char *of)
{
    char path[340];
    snprintf(path, sizeof path, "%s.idx", of);
    text index = {0}, changed = {0};
    uint64_t sequences, entries;
    assert_ok(file_read(&index, path, SIZE_MAX, error));
    memcpy(&sequences, index.data + 18, sizeof sequences);
    memcpy(&entries, index.data + 26, sizeof entries);
    size_t start = 34 + 12 * sequences;
    assert_ok(text_append(&changed, index.data, start, error));
    uint64_t written = 0;
    for (uint64_t i = 0; i < entries; i++) {
        int times = i == 0 || i % 5 == 0 || i + 1 == entries ? 3 : 1;
        for (int time = 0; time < times; time++, written++)
            assert_ok(text_append(&changed, index.data + start + 8 * i, 8, error));
    }
    memcpy(changed.data + 26, &written, sizeof written);
    assert_ok(file_write(path, changed.data, changed.length, error));
    text_free(&changed);
    text_free(&index);
}

static void make_data(dataset *data, files kind, int (*sentences)(int), int (*tokens)(int, int))
{
    static const int ends[] = {0, 20, 21, DOCUMENTS};
    static const double weights[] = {0.5, 3, 1.25};
    bool several = kind == THREE_FILES || kind == WEIGHTED;
    char names[FILES][340];
    const char *prefixes[FILES];
    uint64_t written = 0;
    for (int i = 0; i < (several ? FILES : 1); i++) {
        snprintf(names[i], sizeof names[i], "%s-%d", prefix, i);
        prefixes[i] = names[i];
        bool is_small = kind == SMALL_LAYOUT || (several && i == 1);
        written = made_part(
            names[i], VOCABULARY, is_small ? BERT_LAYOUT_DOCUMENTS : BERT_LAYOUT_SENTENCES,
            several ? ends[i] : 0, several ? ends[i + 1] : DOCUMENTS, written, sentences, tokens);
    }
    assert_true(written < VOCABULARY - MADE_FIRST_ID);
    if (kind == OTHER_PROGRAM)
        add_empty_documents(names[0]);
    assert_ok(dataset_open_all(data, "made data", prefixes, several ? FILES : 1, error));
    data->is_weighted = kind == WEIGHTED;
    for (size_t i = 0; kind == WEIGHTED && i < FILES; i++)
        data->shards[i].weight = weights[i];
}

/* How often a document occurs in an epoch. */
static uint64_t times_of(const dataset *data, uint64_t document, uint64_t epoch)
{
    const dataset_shard *shard = dataset_shard_of_document(data, document);
    return weight_times(shard->weight, usual.seed, epoch, document);
}

/* ----------------------------------------------------------------------------- the samples --- */

/* One sample, before masking: its segments as ranges of tokens. */
typedef struct drawn {
    token_range segments[2];
    int segment_count, length;
    bool b_is_random;
} drawn;

/* What an epoch has, sample by sample. */
typedef struct epoch_counts {
    uint64_t samples, random_labels;
    uint64_t *own;   /* [tokens] how often it is its document's own text */
    uint64_t *first; /* [sentences] how often it begins in the first segment, of sentence pairs */
} epoch_counts;

static void draw(sampler *sampler, batch *batch, uint64_t number, const dataset *data,
                 epoch_counts *counts, drawn *drawn)
{
    assert_ok(sampler_fill(sampler, number, 1, batch, error));
    for (int i = 0; i < batch->masked_count; i++)
        batch->tokens[batch->masked_positions[i]] = batch->masked_labels[i];
    *drawn =
        (struct drawn){.length = batch->token_count, .b_is_random = batch->next_sentence_labels[0]};
    for (int i = 1; i < batch->token_count; i++) {
        int segment = batch->token_types[i];
        if (batch->tokens[i] < MADE_FIRST_ID)
            continue;
        uint64_t token = (uint64_t)(batch->tokens[i] - MADE_FIRST_ID);
        assert_true(token < data->token_count);
        token_range *range = &drawn->segments[segment];
        if (range->count++ == 0)
            range->first = token;
        drawn->segment_count = segment + 1;
        counts->own[token] += !(segment == 1 && drawn->b_is_random);
    }
}

/* Segment pairs in the data's order: what is missing between two samples, or between two segments,
 * was cut from one that fills the sequence. */
static void check_gaps(const dataset *data, int max_seq_length, const drawn *now,
                       const drawn *before)
{
    bool is_full = now->length == max_seq_length;
    const token_range *a = &now->segments[0], *b = &now->segments[1];
    uint64_t document = dataset_document_at(data, a->first);
    uint64_t reached = dataset_document_token_start(data, document);
    bool before_was_full = false;
    if (before->length > 0) {
        const token_range *last = &before->segments[before->b_is_random ? 0 : 1];
        uint64_t end = last->first + last->count;
        before_was_full = before->length == max_seq_length;
        if (end > reached)
            reached = end;
        else if (end < reached) /* the previous document was left at its end */
            assert_true(
                before_was_full ||
                end == dataset_document_token_start(data, dataset_document_at(data, end - 1) + 1));
    }
    assert_true(a->first >= reached);
    assert_true(a->first == reached || is_full || before_was_full);
    if (!now->b_is_random)
        assert_true(b->first == a->first + a->count || (b->first > a->first + a->count && is_full));
}

/* Sentence pairs: A is a sentence with a successor, whole unless the pair is full. */
static void check_first(const dataset *data, int max_seq_length, const drawn *now,
                        epoch_counts *counts)
{
    uint64_t sentence = sentence_of_token(data, now->segments[0].first);
    token_range whole = token_range_of(data, sentence, sentence + 1);
    counts->first[sentence]++;
    assert_true(now->segments[0].count == whole.count || now->length == max_seq_length);
    assert_true(sentence + 1 <
                dataset_document_start(data, dataset_document_of(data, sentence) + 1));
}

static void count_epoch(const dataset *data, const bert_tokenizer *tokenizer,
                        const sampler_settings *settings, uint64_t epoch, epoch_counts *counts)
{
    sampler *sampler;
    batch batch;
    drawn now = {0}, before = {0};
    uint64_t first = 0, size;
    assert_ok(sampler_create(&sampler, data, tokenizer, settings, error));
    assert_ok(batch_create(&batch, settings->max_seq_length, 1, settings->max_seq_length, error));
    for (uint64_t i = 0; i < epoch; i++, first += size)
        assert_ok(sampler_epoch_size(sampler, i, &size, error));
    assert_ok(sampler_epoch_size(sampler, epoch, &counts->samples, error));
    for (uint64_t i = 0; i < counts->samples; i++, before = now) {
        draw(sampler, &batch, first + i, data, counts, &now);
        counts->random_labels += now.b_is_random;
        if (settings->scheme == &scheme_segment_pairs && !data->is_weighted)
            check_gaps(data, settings->max_seq_length, &now, &before);
        if (settings->scheme == &scheme_sentence_pairs)
            check_first(data, settings->max_seq_length, &now, counts);
    }
    batch_free(&batch);
    sampler_free(sampler);
}

/* ------------------------------------------------------------------------------- the checks --- */

/* Each token as often as its document comes, or as the scheme's documentation says. */
static void check_tokens(const dataset *data, const sampler_settings *settings, uint64_t epoch,
                         const epoch_counts *counts)
{
    const sample_scheme *scheme = settings->scheme;
    uint64_t limit = (uint64_t)scheme_token_limit(scheme, settings->max_seq_length);
    for (uint64_t document = 0; document < data->document_count; document++) {
        uint64_t times = times_of(data, document, epoch);
        uint64_t start = dataset_document_token_start(data, document);
        uint64_t end = dataset_document_token_start(data, document + 1), seen = 0;
        for (uint64_t token = start; token < end; token++)
            seen += counts->own[token];
        if (scheme != &scheme_sentence_pairs)
            assert_int_equal(seen > 0, times > 0 && start < end);
        for (uint64_t token = start; token < end; token++)
            if (scheme == &scheme_segment_pairs)
                assert_true(counts->own[token] <= times); /* and check_gaps */
            else if (scheme == &scheme_documents)
                assert_int_equal(counts->own[token], token - start < limit ? times : 0);
            else if (scheme != &scheme_sentence_pairs)
                assert_int_equal(counts->own[token], times);
    }
    for (uint64_t document = 0; scheme == &scheme_sentence_pairs && document < data->document_count;
         document++) {
        uint64_t end = dataset_document_start(data, document + 1);
        for (uint64_t i = dataset_document_start(data, document); i < end; i++)
            assert_int_equal(counts->first[i], i + 1 < end ? times_of(data, document, epoch) : 0);
    }
}

/* The figures that are shown are those of the samples. */
static void check_measure(const dataset *data, const sampler_settings *settings, uint64_t epoch,
                          const epoch_counts *counts)
{
    const sample_settings drawing = {
        .scheme = settings->scheme,
        .token_limit = scheme_token_limit(settings->scheme, settings->max_seq_length),
        .short_seq_probability = settings->short_seq_probability,
        .seed = settings->seed,
    };
    uint64_t tokens = 0, own = 0, seen = 0;
    for (uint64_t document = 0; document < data->document_count; document++)
        tokens +=
            times_of(data, document, epoch) * (dataset_document_token_start(data, document + 1) -
                                               dataset_document_token_start(data, document));
    for (uint64_t token = 0; token < data->token_count; token++) {
        own += counts->own[token];
        seen += counts->own[token] > 0;
    }
    for (int threads = 1; threads <= 2; threads++) {
        sample_coverage coverage;
        assert_ok(coverage_measure(&coverage, data, &drawing, epoch, 1 << 20, threads, error));
        assert_false(coverage.is_estimate);
        assert_int_equal(coverage.tokens, tokens);
        assert_int_equal(coverage.samples, counts->samples);
        assert_int_equal(coverage.random_labels, counts->random_labels);
        if (settings->scheme != &scheme_sentence_pairs) /* whose A and B are the same sentences */
            assert_int_equal(coverage.seen, own);
        else if (!data->is_weighted)
            assert_int_equal(coverage.seen, seen);
    }
}

static void check_scheme(const dataset *data, const bert_tokenizer *tokenizer,
                         const sample_scheme *scheme, int max_seq_length)
{
    sampler_settings settings = usual;
    settings.scheme = scheme;
    settings.max_seq_length = max_seq_length;
    settings.shuffle = false;
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        epoch_counts counts = {
            .own = calloc(data->token_count, sizeof *counts.own),
            .first = calloc(data->sentence_count, sizeof *counts.first),
        };
        count_epoch(data, tokenizer, &settings, epoch, &counts);
        check_tokens(data, &settings, epoch, &counts);
        check_measure(data, &settings, epoch, &counts);
        free(counts.first);
        free(counts.own);
    }
}

static void check_all(int (*sentences)(int), int (*tokens)(int, int))
{
    static const int lengths[] = {8, 128, 4096};
    for (files kind = 0; kind < KINDS; kind++) {
        dataset data;
        make_data(&data, kind, sentences, tokens);
        bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
        for (int i = 0; i < SCHEMES; i++)
            for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++)
                check_scheme(&data, tokenizer, schemes[i], lengths[j]);
        bert_tokenizer_free(tokenizer);
        dataset_close(&data);
    }
}

static void test_varied_data(void **state)
{
    (void)state;
    check_all(varied_sentences, varied_tokens);
}

static void test_extreme_data(void **state)
{
    (void)state;
    check_all(extreme_sentences, extreme_tokens);
}

/* ------------------------------------------------------------------------------ large data --- */

static int large_documents(int document)
{
    return 20 + document % 50;
}

static int large_tokens(int document, int sentence)
{
    return 5 + (document * 7 + sentence * 13) % 40;
}

/* Of more samples than are drawn, shares are estimated: those of twice the documents are close to
 * those of the part that is counted whole. */
static void test_estimate(void **state)
{
    (void)state;
    enum { MANY = 60000 };
    const sample_settings drawing = {
        .scheme = &scheme_sentence_pairs, .token_limit = 61, .seed = 42};
    char names[2][340];
    sample_coverage all, half;
    dataset data;
    for (int i = 0; i < 2; i++) {
        snprintf(names[i], sizeof names[i], "%s-%d", prefix, i);
        made_part(names[i], 1000, BERT_LAYOUT_DOCUMENTS, i * MANY / 2, (i + 1) * MANY / 2, 0,
                  large_documents, large_tokens);
    }
    assert_ok(dataset_open_all(&data, "both", (const char *const[]){names[0], names[1]}, 2, error));
    assert_ok(coverage_measure(&all, &data, &drawing, 0, 1 << 20, 2, error));
    assert_true(all.is_estimate);
    assert_true(all.tokens < data.token_count);
    assert_in_range(all.samples, 1 << 19, (1 << 20) + 256);
    dataset_close(&data);
    assert_ok(dataset_open(&data, names[0], error));
    data.document_count = MANY / 8; /* few enough to be counted whole */
    data.shards[0].file.document_count = MANY / 8;
    assert_ok(coverage_measure(&half, &data, &drawing, 0, 1 << 20, 2, error));
    assert_false(half.is_estimate);
    assert_true(fabs(coverage_seen(&all) - coverage_seen(&half)) < 0.01);
    assert_true(fabs(coverage_random(&all) - coverage_random(&half)) < 0.01);
    assert_true(coverage_seen(&all) > 0.9);
    data.document_count = data.shards[0].file.document_count = MANY / 2;
    dataset_close(&data);
}

/* As pairs in one document, among empty ones too. */
static void test_no_samples(void **state)
{
    (void)state;
    for (int i = 0; i < SCHEMES; i++)
        for (int documents = 0; documents <= 1; documents++) {
            const sample_settings drawing = {.scheme = schemes[i], .token_limit = 100, .seed = 42};
            sample_coverage coverage;
            dataset data;
            made_files(prefix, VOCABULARY, documents, varied_sentences, varied_tokens);
            if (documents > 0)
                add_empty_documents(prefix);
            assert_ok(dataset_open(&data, prefix, error));
            assert_int_equal(dataset_filled_documents(&data, 2), documents);
            assert_ok(coverage_measure(&coverage, &data, &drawing, 0, 1 << 20, 1, error));
            bool has_samples = documents > 0 && !schemes[i]->has_pairs;
            assert_int_equal(coverage.samples > 0, has_samples);
            assert_int_equal(coverage.tokens, has_samples ? data.token_count : 0);
            assert_int_equal(coverage_seen(&coverage) > 0, has_samples);
            assert_true(coverage_random(&coverage) == 0);
            dataset_close(&data);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_varied_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_extreme_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_samples, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_estimate, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
