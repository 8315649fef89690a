/* Which data is warned of, and that ordinary data is not. */
#include "made_folder.h"

#include "dataset/data_warnings.h"

/* ------------------------------------------------------------------------------- the texts --- */

typedef struct made_text {
    int documents;
    int (*sentences)(int);
    int (*tokens)(int, int);
} made_text;

/* Prose: sentences of 3 to 60 tokens, 26 on average, now and then one of 140. */
static int prose_tokens(int document, int sentence)
{
    int number = document * 131 + sentence * 37;
    return number % 101 == 0 ? 140 : 3 + (number % 29) + (number / 29) % 29 * (number % 2);
}

static int prose_sentences(int document)
{
    return 30 + document * 17 % 90;
}

/* Paragraphs taken for documents: 5 of 12 have one sentence. */
static int paragraph_sentences(int document)
{
    return document % 3 == 0 ? 1 : 1 + document % 8;
}

/* Every fifth line is a heading; the rest are articles: one sentence too, but it is not many. */
static int article_sentences(int document)
{
    return document % 9 == 0 ? 1 : 25;
}

/* Lower-case text without punctuation: no sentence ends but with its document. */
static int unsplit_tokens(int document, int sentence)
{
    (void)sentence;
    return 400 + document % 500;
}

/* Most text is prose, but for tables that became sentences of thousands of tokens. */
static int table_tokens(int document, int sentence)
{
    return sentence == 7 && document % 10 == 0 ? 3000 : prose_tokens(document, sentence);
}

static int abstract_sentences(int document)
{
    return 2 + document % 4;
}

static int two_sentences(int document)
{
    (void)document;
    return 2;
}

static const made_text couples = {2000, two_sentences, prose_tokens};
static const made_text prose = {60, prose_sentences, prose_tokens};
static const made_text little_prose = {4, prose_sentences, prose_tokens};
static const made_text articles = {200, article_sentences, prose_tokens};
static const made_text abstracts = {500, abstract_sentences, prose_tokens};
static const made_text paragraphs = {3000, paragraph_sentences, prose_tokens};
static const made_text rows = {3000, one_sentence, prose_tokens};
static const made_text unsplit = {300, one_sentence, unsplit_tokens};
static const made_text unsplit_pages = {40, prose_sentences, unsplit_tokens};
static const made_text tables = {60, prose_sentences, table_tokens};

/* ------------------------------------------------------------------------------ the checks --- */

typedef struct heard {
    int count;
    char last[2048];
} heard;

static void hear(void *context, bert_message_level level, const char *message)
{
    heard *heard = context;
    assert_int_equal(level, BERT_MESSAGE_WARNING);
    assert_null(strchr(message, '\n'));
    heard->count++;
    snprintf(heard->last, sizeof heard->last, "%s", message);
}

static sample_settings sampling_of(const sample_scheme *scheme, int max_seq_length)
{
    return (sample_settings){.scheme = scheme,
                             .token_limit = scheme_token_limit(scheme, max_seq_length),
                             .short_seq_probability = 0.1,
                             .seed = 42};
}

static heard warn(const dataset *train, const dataset *validation, const sample_scheme *scheme,
                  int max_seq_length)
{
    heard heard = {0};
    const bert_observer observer = {.context = &heard, .message = hear};
    const data_use use = {
        .name = "corpus",
        .train = train,
        .validation = validation,
        .sampling = sampling_of(scheme, max_seq_length),
        .validation_sampling = sampling_of(scheme, max_seq_length),
        .max_seq_length = max_seq_length,
        .mlm_probability = 0.15,
        .threads = 2,
    };
    assert_ok(data_warn(&use, &observer, error));
    return heard;
}

static heard warn_of(const made_text *text, const sample_scheme *scheme, int max_seq_length)
{
    dataset data;
    made_files(prefix, 50000, text->documents, text->sentences, text->tokens);
    assert_ok(dataset_open(&data, prefix, error));
    heard heard = warn(&data, NULL, scheme, max_seq_length);
    dataset_close(&data);
    return heard;
}

/* One warning, with these two parts. */
#define ASSERT_WARNS(text, scheme, max_seq_length, first, second)           \
    do {                                                                    \
        heard heard = warn_of(&(text), &(scheme), max_seq_length);          \
        assert_int_equal(heard.count, 1);                                   \
        if (!strstr(heard.last, first) || !strstr(heard.last, second))      \
            fail_msg("\"%s\"; expected %s, %s", heard.last, first, second); \
    } while (0)

static void test_ordinary_data_is_not_warned_of(void **state)
{
    (void)state;
    static const made_text *const texts[] = {&prose, &little_prose, &articles};
    static const sample_scheme *const schemes[] = {&scheme_segment_pairs, &scheme_sentence_pairs,
                                                   &scheme_sentences, &scheme_chunks,
                                                   &scheme_stream};
    static const int lengths[] = {64, 128, 512};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t j = 0; j < sizeof schemes / sizeof *schemes; j++)
            for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
                heard heard = warn_of(texts[i], schemes[j], lengths[k]);
                if (heard.count > 0)
                    fail_msg("text %zu, %s, %d tokens: %s", i, schemes[j]->name, lengths[k],
                             heard.last);
            }
    assert_int_equal(warn_of(&abstracts, &scheme_documents, 128).count, 0);
}

static void test_documents_of_one_sentence(void **state)
{
    (void)state;
    ASSERT_WARNS(rows, scheme_segment_pairs, 128, "100 % of the documents have one sentence",
                 "100 % of the next-sentence labels");
    ASSERT_WARNS(paragraphs, scheme_segment_pairs, 128, "42 % of the documents have one sentence",
                 "options->document_separator = file");
    ASSERT_WARNS(paragraphs, scheme_segment_pairs, 512, "42 % of the documents have one sentence",
                 "params->next_sentence_prediction = false");
    ASSERT_WARNS(paragraphs, scheme_sentence_pairs, 128, "42 % of the documents have one sentence",
                 "params->pairs = sentence takes them for random second parts only");
    /* Where the first pair is random, its second sentence is left alone. */
    ASSERT_WARNS(couples, scheme_segment_pairs, 128, "documents have 2.0 sentences on average: 6",
                 "options->document_separator = file");
    assert_int_equal(warn_of(&couples, &scheme_sentence_pairs, 512).count, 0);
    static const sample_scheme *const others[] = {&scheme_sentences, &scheme_chunks, &scheme_stream,
                                                  &scheme_documents};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(warn_of(&rows, others[i], 128).count, 0);
        if (others[i] != &scheme_documents)
            assert_int_equal(warn_of(&paragraphs, others[i], 128).count, 0);
    }
}

static void test_long_sentences(void **state)
{
    (void)state;
    ASSERT_WARNS(unsplit, scheme_segment_pairs, 128,
                 "100 % of the tokens are in sentences of more than 128 tokens (mean",
                 "options->sentence_separator = line");
    ASSERT_WARNS(unsplit_pages, scheme_segment_pairs, 128, "longest 439",
                 "options->sentence_separator = line");
    ASSERT_WARNS(unsplit_pages, scheme_sentence_pairs, 128, "as pairs of 128 tokens",
                 "params->language");
    ASSERT_WARNS(tables, scheme_segment_pairs, 512, "longest 3000",
                 "in sentences of more than 509 tokens");
    ASSERT_WARNS(unsplit, scheme_sentences, 128, "which sequences of 128 tokens cut anywhere",
                 "options->sentence_separator = line");
    assert_int_equal(warn_of(&unsplit, &scheme_chunks, 128).count, 0);
    assert_int_equal(warn_of(&unsplit, &scheme_stream, 128).count, 0);
    assert_int_equal(warn_of(&unsplit, &scheme_sentences, 1024).count, 0);
}

static void test_short_sequences(void **state)
{
    (void)state;
    ASSERT_WARNS(prose, scheme_segment_pairs, 24,
                 "sentences have 25 tokens on average, and pairs of them are truncated to 24",
                 "train with longer sequences");
    ASSERT_WARNS(unsplit_pages, scheme_segment_pairs, 512, "sentences have 420 tokens on average",
                 "truncated to 512");
    assert_int_equal(warn_of(&prose, &scheme_stream, 24).count, 0);
    assert_int_equal(warn_of(&prose, &scheme_sentences, 24).count, 0);
}

static void test_beginnings_of_documents(void **state)
{
    (void)state;
    ASSERT_WARNS(prose, scheme_documents, 128, "takes the first 126 tokens of each document",
                 "params->sequences = sentences, chunks or stream takes all");
    assert_int_equal(warn_of(&prose, &scheme_documents, 8192).count, 0);
}

static void test_small_validation(void **state)
{
    (void)state;
    dataset train, validation;
    char other[320];
    snprintf(other, sizeof other, "%s.validation", prefix);
    made_files(prefix, 50000, prose.documents, prose.sentences, prose.tokens);
    assert_ok(dataset_open(&train, prefix, error));
    for (int documents = 1; documents <= 4; documents += 3) {
        made_files(other, 50000, documents, documents == 1 ? abstract_sentences : prose_sentences,
                   prose_tokens);
        assert_ok(dataset_open(&validation, other, error));
        heard heard = warn(&train, &validation, &scheme_sentences, 128);
        assert_int_equal(heard.count, documents == 1);
        if (documents == 1)
            assert_non_null(strstr(heard.last, "has 1 document with"));
        /* What the samples have counts, not what there is. */
        heard = warn(&train, &validation, &scheme_documents, 128);
        assert_int_equal(heard.count, 2);
        assert_non_null(strstr(heard.last, "params->validation_fraction"));
        /* Rows were not prepared by bert_prepare. */
        validation.is_pretokenized = true;
        heard = warn(&train, &validation, &scheme_documents, 128);
        assert_int_equal(heard.count, 2);
        assert_null(strstr(heard.last, "params->validation_fraction"));
        assert_non_null(strstr(heard.last, "params->eval_data"));
        dataset_close(&validation);
    }
    dataset_close(&train);
}

/* Weights: the documents that an epoch has count. */
static void test_weights(void **state)
{
    (void)state;
    char other[320];
    snprintf(other, sizeof other, "%s-other", prefix);
    made_files(prefix, 50000, prose.documents, prose.sentences, prose.tokens);
    made_files(other, 50000, rows.documents, rows.sentences, rows.tokens);
    dataset data;
    assert_ok(dataset_open_all(&data, "both", (const char *const[]){prefix, other}, 2, error));
    assert_int_equal(warn(&data, NULL, &scheme_segment_pairs, 128).count, 1);
    assert_int_equal(warn(&data, NULL, &scheme_sentence_pairs, 128).count, 1);
    data.is_weighted = true;
    data.shards[1].weight = 0.01;
    assert_int_equal(warn(&data, NULL, &scheme_segment_pairs, 128).count, 0);
    assert_int_equal(warn(&data, NULL, &scheme_sentence_pairs, 128).count, 0);
    dataset_close(&data);
}

static void test_rows_of_pretokenized_data(void **state)
{
    (void)state;
    dataset data;
    made_files(prefix, 50000, 200, two_sentences, prose_tokens);
    assert_ok(dataset_open(&data, prefix, error));
    data.is_pretokenized = true;
    assert_int_equal(warn(&data, NULL, &scheme_ready_segments, 128).count, 0);
    heard heard = warn(&data, NULL, &scheme_ready_segments, 24);
    assert_int_equal(heard.count, 1);
    assert_non_null(strstr(heard.last, "rows are truncated to 24 tokens"));
    dataset_close(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ordinary_data_is_not_warned_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_documents_of_one_sentence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_sentences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_short_sequences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_beginnings_of_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small_validation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_weights, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_of_pretokenized_data, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
