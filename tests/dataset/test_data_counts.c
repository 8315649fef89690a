/* Counts of prepared data against plain loops over its sentences and documents. */
#include "made_folder.h"

#include "dataset/data_counts.h"

#include <stdlib.h>

static int compare_lengths(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The upper one of the two in the middle. */
static uint64_t median(uint64_t *lengths, uint64_t count)
{
    qsort(lengths, count, sizeof *lengths, compare_lengths);
    return lengths[count / 2];
}

static uint64_t sum_beyond(const uint64_t *lengths, uint64_t count, uint64_t limit)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += lengths[i] > limit ? lengths[i] : 0;
    return sum;
}

static uint64_t count_class(const uint64_t *lengths, uint64_t count, int power)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += lengths[i] >> power == 1;
    return sum;
}

static void assert_near(uint64_t found, uint64_t expected)
{
    assert_true(found <= expected && found >= expected - expected / 4096);
}

static void check_counts(const dataset *data)
{
    uint64_t *sentences = calloc(data->sentence_count, sizeof *sentences);
    uint64_t *documents = calloc(data->document_count, sizeof *documents), filled = 0, single = 0;
    for (uint64_t i = 0; i < data->sentence_count; i++)
        sentences[i] = dataset_sentence_length(data, i);
    for (uint64_t i = 0; i < data->document_count; i++) {
        uint64_t count = dataset_document_start(data, i + 1) - dataset_document_start(data, i);
        single += count == 1;
        if (count > 0)
            documents[filled++] =
                dataset_document_token_start(data, i + 1) - dataset_document_token_start(data, i);
    }
    for (int threads = 1; threads <= 3; threads++) {
        bert_split_report report;
        assert_ok(data_counts_take(&report, data, threads, error));
        assert_int_equal(report.documents, data->document_count);
        assert_int_equal(report.sentences, data->sentence_count);
        assert_int_equal(report.tokens, data->token_count);
        assert_int_equal(report.one_sentence_documents, single);
        assert_int_equal(report.empty_documents, data->document_count - filled);
        for (int i = 0; i < BERT_LENGTH_CLASSES - 1; i++) {
            assert_int_equal(report.sentence_lengths[i],
                             count_class(sentences, data->sentence_count, i));
            assert_int_equal(report.document_lengths[i], count_class(documents, filled, i));
        }
        assert_near(report.median_sentence, median(sentences, data->sentence_count));
        assert_near(report.median_document, median(documents, filled));
        assert_int_equal(report.longest_sentence, sentences[data->sentence_count - 1]);
        assert_int_equal(report.longest_document, documents[filled - 1]);
        static const uint64_t limits[] = {0, 1, 125, 128, 512, 100000};
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
            assert_int_equal(data_counts_tokens_beyond(data, limits[i], threads),
                             sum_beyond(sentences, data->sentence_count, limits[i]));
        assert_int_equal(report.tokens_beyond_128,
                         sum_beyond(sentences, data->sentence_count, 128));
        assert_int_equal(report.tokens_beyond_512,
                         sum_beyond(sentences, data->sentence_count, 512));
    }
    free(documents);
    free(sentences);
}

static void check_made(int documents, int (*sentences)(int), int (*tokens)(int, int))
{
    for (int layout = BERT_LAYOUT_SENTENCES; layout <= BERT_LAYOUT_DOCUMENTS; layout++) {
        dataset data;
        made_part(prefix, 50000, (bert_layout)layout, 0, documents, 0, sentences, tokens);
        assert_ok(dataset_open(&data, prefix, error));
        check_counts(&data);
        dataset_close(&data);
    }
}

static int few_sentences(int document)
{
    return document == 0 ? 1 : document % 4 + 1;
}

/* Most sentences are far longer than those that have a bucket of their own. */
static int huge_tokens(int document, int sentence)
{
    return document % 3 == 0 ? 40000 - document : 127 + (document + sentence) % 3;
}

static void test_counts(void **state)
{
    (void)state;
    check_made(VARIED_DOCUMENTS, varied_sentences, varied_tokens);
    check_made(1, one_sentence, one_token);
    check_made(2, one_sentence, huge_tokens);
    check_made(20, few_sentences, huge_tokens);
    check_made(3, long_documents, one_token); /* by several threads */
}

static void test_no_documents(void **state)
{
    (void)state;
    dataset data;
    bert_split_report report;
    made_files(prefix, 100, 0, varied_sentences, varied_tokens);
    assert_ok(dataset_open(&data, prefix, error));
    assert_ok(data_counts_take(&report, &data, 2, error));
    assert_int_equal(report.tokens + report.median_sentence + report.median_document, 0);
    dataset_close(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_documents, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
