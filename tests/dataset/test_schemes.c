/* The samples of each scheme. Ids of the varied data are unique, so they identify the origin of a
 * token. */
#include "made_folder.h"

#include "dataset/sample_table.h"

static const sample_scheme *const schemes[] = {
    &scheme_segment_pairs, &scheme_sentence_pairs, &scheme_sentences,
    &scheme_chunks,        &scheme_stream,         &scheme_documents,
};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

/* The tokens of sample `number` without special tokens, before masking. */
static int draw_one(fixture *fixture, uint64_t number, int32_t *tokens)
{
    batch *batch = &fixture->batch;
    assert_ok(sampler_fill(fixture->sampler, number, 1, batch, error));
    for (int i = 0; i < batch->masked_count; i++)
        batch->tokens[batch->masked_positions[i]] = batch->masked_labels[i];
    memcpy(tokens, batch->tokens, (size_t)batch->token_count * sizeof *tokens);
    return batch->token_count;
}

static void open_varied(fixture *fixture, const sample_scheme *scheme)
{
    sampler_settings settings = usual;
    settings.scheme = scheme;
    room_open(fixture, VARIED_VOCABULARY, &settings, 1);
}

/* The sentence of an id, and whether the id is its first or its last token. */
static uint64_t sentence_of_id(const fixture *fixture, int32_t id, bool *first, bool *last)
{
    uint64_t token = (uint64_t)(id - MADE_FIRST_ID);
    uint64_t sentence = sentence_of_token(&fixture->data, token);
    *first = dataset_token_start(&fixture->data, sentence) == token;
    *last = dataset_token_start(&fixture->data, sentence + 1) == token + 1;
    return sentence;
}

static void test_sentence_pairs(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, VARIED_DOCUMENTS, varied_sentences, varied_tokens);
    fixture fixture;
    open_varied(&fixture, &scheme_sentence_pairs);
    uint64_t size, with_next = 0, random_count = 0;
    assert_ok(sampler_epoch_size(fixture.sampler, 0, &size, error));
    for (uint64_t i = 0; i < fixture.data.document_count; i++)
        with_next += dataset_document_start(&fixture.data, i + 1) -
                     dataset_document_start(&fixture.data, i) - 1;
    assert_int_equal(size, with_next);
    bool *seen = calloc(fixture.data.sentence_count, sizeof *seen);
    for (uint64_t number = 0; number < size; number++) {
        int32_t tokens[128];
        int count = draw_one(&fixture, number, tokens), b = 1;
        while (fixture.batch.token_types[b] == 0)
            b++;
        bool a_first, a_last, b_first, b_last, cut = count == 128, ignored;
        uint64_t a_sentence = sentence_of_id(&fixture, tokens[1], &a_first, &ignored);
        uint64_t b_sentence = sentence_of_id(&fixture, tokens[b], &b_first, &ignored);
        assert_int_equal(sentence_of_id(&fixture, tokens[b - 2], &ignored, &a_last), a_sentence);
        assert_int_equal(sentence_of_id(&fixture, tokens[count - 2], &ignored, &b_last),
                         b_sentence);
        assert_true(cut || (a_first && a_last && b_first && b_last));
        assert_false(seen[a_sentence]);
        seen[a_sentence] = true;
        bool is_random = fixture.batch.next_sentence_labels[0];
        random_count += is_random;
        if (is_random)
            assert_int_not_equal(dataset_document_of(&fixture.data, a_sentence),
                                 dataset_document_of(&fixture.data, b_sentence));
        else
            assert_int_equal(b_sentence, a_sentence + 1);
    }
    assert_share(random_count, size, 0.5);
    free(seen);
    room_close(&fixture);
}

/* Checks that the samples partition the data: every token occurs once, and samples have full
 * length. */
static void check_partition(const sample_scheme *scheme, bool crosses)
{
    fixture fixture;
    open_varied(&fixture, scheme);
    uint64_t size, full = 0, crossing = 0;
    int32_t sep = tokenizer_special(fixture.tokenizer).sep;
    bool *seen = calloc(fixture.data.token_count, sizeof *seen);
    for (uint64_t epoch = 0, first = 0; epoch < 2; epoch++, first += size) {
        memset(seen, 0, fixture.data.token_count);
        assert_ok(sampler_epoch_size(fixture.sampler, epoch, &size, error));
        for (uint64_t number = first; number < first + size; number++) {
            int32_t tokens[128];
            int count = draw_one(&fixture, number, tokens), separators = 0;
            full += count >= 126;
            assert_int_equal(tokens[count - 1], sep);
            for (int i = 1; i < count - 1; i++) {
                assert_int_equal(fixture.batch.token_types[i], 0);
                if (tokens[i] == sep) { /* a single one, between two documents */
                    separators++;
                    assert_int_equal(tokens[i + 1], tokens[i - 1] + 1);
                    assert_int_equal(document_of_id(&fixture.data, tokens[i - 1]) + 1,
                                     document_of_id(&fixture.data, tokens[i + 1]));
                    continue;
                }
                assert_false(seen[tokens[i] - MADE_FIRST_ID]);
                seen[tokens[i] - MADE_FIRST_ID] = true;
            }
            assert_int_equal(separators, document_of_id(&fixture.data, tokens[count - 2]) -
                                             document_of_id(&fixture.data, tokens[1]));
            crossing += separators > 0;
        }
        for (uint64_t i = 0; i < fixture.data.token_count; i++)
            assert_true(seen[i]);
    }
    assert_int_equal(crossing > 0, crosses);
    if (crosses) /* all but the first and the last; up to two tokens fewer at document boundaries */
        assert_true(full >= 2 * size - 4);
    free(seen);
    room_close(&fixture);
}

static void test_chunks_and_stream_hold_every_token_once(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, VARIED_DOCUMENTS, varied_sentences, varied_tokens);
    check_partition(&scheme_chunks, false);
    check_partition(&scheme_stream, true);
    /* Documents of one token: every second position of the stream is a boundary. */
    made_files(prefix, VARIED_VOCABULARY, 1000, one_sentence, one_token);
    check_partition(&scheme_stream, true);
}

static void test_documents_from_their_beginning(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, VARIED_DOCUMENTS, varied_sentences, varied_tokens);
    fixture fixture;
    open_varied(&fixture, &scheme_documents);
    uint64_t size;
    assert_ok(sampler_epoch_size(fixture.sampler, 0, &size, error));
    assert_int_equal(size, VARIED_DOCUMENTS);
    for (uint64_t number = 0; number < size; number++) {
        int32_t tokens[128];
        int count = draw_one(&fixture, number, tokens);
        uint64_t document = document_of_id(&fixture.data, tokens[1]);
        uint64_t first = dataset_document_token_start(&fixture.data, document);
        uint64_t end = dataset_document_token_start(&fixture.data, document + 1);
        assert_int_equal(tokens[1], MADE_FIRST_ID + (int32_t)first);
        assert_int_equal(count - 2, end - first < 126 ? end - first : 126);
    }
    room_close(&fixture);
}

static int three_sentences(int document)
{
    (void)document;
    return 3;
}

static int long_first(int document, int sentence)
{
    return sentence == 0 ? 290 + document : 20;
}

/* A sentence that is longer than a sample goes on in the next ones, and others follow its end. */
static void test_long_sentences_go_on(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, 2, three_sentences, long_first);
    sampler_settings settings = usual;
    settings.scheme = &scheme_sentences;
    settings.short_seq_probability = 0;
    settings.shuffle = false;
    fixture fixture;
    room_open(&fixture, VARIED_VOCABULARY, &settings, 1);
    static const int lengths[] = {126, 126, 38 + 40, 126, 126, 39 + 40};
    uint64_t size;
    assert_ok(sampler_epoch_size(fixture.sampler, 0, &size, error));
    assert_int_equal(size, sizeof lengths / sizeof *lengths);
    int32_t expected = MADE_FIRST_ID, tokens[128];
    for (uint64_t number = 0; number < 2 * size; number++) {
        if (number == size)
            expected = MADE_FIRST_ID;
        int count = draw_one(&fixture, number, tokens);
        assert_int_equal(count, lengths[number % size] + 2);
        for (int i = 1; i < count - 1; i++)
            assert_int_equal(tokens[i], expected++);
    }
    room_close(&fixture);
}

/* Dynamic masking: different samples or masks in every epoch. Static: the same ones, in another
 * order. */
static void check_epochs(const sample_scheme *scheme, bool is_static)
{
    sampler_settings settings = usual;
    settings.scheme = scheme;
    settings.is_static = is_static;
    fixture fixture;
    room_open(&fixture, VARIED_VOCABULARY, &settings, 1);
    uint64_t sizes[2], sums[2] = {0, 0}, same_place = 0;
    for (uint64_t epoch = 0, number = 0; epoch < 2; epoch++) {
        assert_ok(sampler_epoch_size(fixture.sampler, epoch, &sizes[epoch], error));
        for (uint64_t i = 0; i < sizes[epoch]; i++, number++) {
            assert_ok(sampler_fill(fixture.sampler, number, 1, &fixture.batch, error));
            uint64_t hash = 0; /* of the masked sample */
            for (int j = 0; j < fixture.batch.token_count; j++)
                hash = (hash ^ (uint64_t)fixture.batch.tokens[j]) * 0x9E3779B97F4A7C15u;
            sums[epoch] += hash; /* independent of the order */
            same_place += epoch == 1 && i == 0 && hash == sums[0];
        }
    }
    assert_int_equal(sizes[0] == sizes[1] && sums[0] == sums[1], is_static);
    assert_int_equal(same_place, 0);
    room_close(&fixture);
}

static void test_static_and_dynamic(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, 60, varied_sentences, varied_tokens);
    for (size_t i = 0; i < SCHEMES; i++) {
        check_epochs(schemes[i], false);
        check_epochs(schemes[i], true);
    }
}

/* A phase of a run with another sequence length draws from epochs of its own. */
static void test_first_epoch(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, 60, varied_sentences, varied_tokens);
    for (size_t i = 0; i < SCHEMES; i++) {
        sampler_settings settings = usual;
        settings.scheme = schemes[i];
        fixture here, there;
        room_open(&here, VARIED_VOCABULARY, &settings, 20);
        settings.first_epoch = (uint64_t)1 << 32;
        room_open(&there, VARIED_VOCABULARY, &settings, 20);
        assert_ok(sampler_fill(here.sampler, 0, 20, &here.batch, error));
        assert_ok(sampler_fill(there.sampler, 0, 20, &there.batch, error));
        assert_true(here.batch.token_count != there.batch.token_count ||
                    memcmp(here.batch.tokens, there.batch.tokens,
                           (size_t)here.batch.token_count * sizeof(int32_t)) != 0);
        room_close(&here);
        room_close(&there);
    }
}

static void test_documents_of_one_sentence(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, 10, one_sentence, one_token);
    dataset data;
    assert_ok(dataset_open(&data, prefix, error));
    bert_tokenizer *tokenizer = made_tokenizer(directory, 100);
    sampler_settings settings = usual;
    settings.scheme = &scheme_sentence_pairs;
    sampler *sampler;
    uint64_t size;
    assert_ok(sampler_create(&sampler, &data, tokenizer, &settings, error));
    assert_fails(sampler_epoch_size(sampler, 0, &size, error), BERT_ERROR_INPUT,
                 "no document has two sentences");
    sampler_free(sampler);
    bert_tokenizer_free(tokenizer);
    dataset_close(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sentence_pairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chunks_and_stream_hold_every_token_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_documents_from_their_beginning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_sentences_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_static_and_dynamic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_first_epoch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_documents_of_one_sentence, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
