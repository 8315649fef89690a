/* Pre-tokenized data sets, in files written by Hugging Face's library (contents:
 * make-pretokenized.py). */
#include "made_folder.h"

#include "dataset/pretokenized.h"

#define FILES "tests/dataset/pretokenized/"

/* The rows that a line is trained on. */
static bert_status open_rows(dataset *data, const char *line, const bert_tokenizer *tokenizer,
                             bert_error *reason)
{
    pretokenized_files files;
    TRY(pretokenized_files_find(&files, line, PRETOKENIZED_TRAIN, reason));
    bert_status status = pretokenized_open(data, &files, false, tokenizer, reason);
    pretokenized_files_free(&files);
    return status;
}

enum { VOCABULARY = 45, ROWS = 48, CLS = 2, SEP = 3 };

static int expected_row(int n, int32_t *ids, int *a_end)
{
    int first = 3 + n % 7, second = 1 + n % 5, count = 0;
    ids[count++] = CLS;
    for (int i = 0; i < first; i++)
        ids[count++] = 5 + n % 20 + i;
    ids[count++] = SEP;
    *a_end = count;
    for (int i = first; i < first + second; i++)
        ids[count++] = 5 + n % 20 + i;
    ids[count++] = SEP;
    return count;
}

/* Without shuffling, the samples equal the rows except for masks. */
static void check_rows(const sample_scheme *scheme, int max_seq_length)
{
    dataset data;
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    assert_ok(open_rows(&data, FILES "splits/train", tokenizer, error));
    sampler_settings settings = usual;
    settings.scheme = scheme;
    settings.max_seq_length = max_seq_length;
    settings.shuffle = false;
    sampler *sampler;
    batch batch;
    uint64_t size;
    assert_ok(sampler_create(&sampler, &data, tokenizer, &settings, error));
    assert_ok(sampler_epoch_size(sampler, 0, &size, error));
    assert_int_equal(size, ROWS);
    assert_ok(batch_create(&batch, 32, 1, 32, error));
    int masked = 0;
    for (int n = 0; n < ROWS; n++) {
        int32_t ids[32];
        int a_end, count = expected_row(n, ids, &a_end);
        assert_ok(sampler_fill(sampler, (uint64_t)n, 1, &batch, error));
        assert_int_equal(batch.next_sentence_labels[0],
                         scheme == &scheme_segment_pairs ? n % 3 == 0 : 0);
        masked += batch.masked_count;
        for (int i = 0; i < batch.masked_count; i++)
            batch.tokens[batch.masked_positions[i]] = batch.masked_labels[i];
        if (count > max_seq_length) {
            assert_int_equal(batch.token_count, max_seq_length);
            continue;
        }
        assert_int_equal(batch.token_count, count);
        assert_memory_equal(batch.tokens, ids, (size_t)count * sizeof *ids);
        for (int i = 0; i < count; i++)
            assert_int_equal(batch.token_types[i], i >= a_end);
    }
    assert_true(masked >= ROWS);
    batch_free(&batch);
    sampler_free(sampler);
    dataset_close(&data);
    bert_tokenizer_free(tokenizer);
}

static void test_rows_come_back(void **state)
{
    (void)state;
    check_rows(&scheme_segment_pairs, 32);
    check_rows(&scheme_sentences, 32); /* both segments, no label */
    check_rows(&scheme_segment_pairs, 10);
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    dataset data;
    sampler *sampler;
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    bert_tokenizer *small = made_tokenizer(directory, 20);
    assert_fails(open_rows(&data, FILES "splits/train", small, error), BERT_ERROR_INPUT,
                 "but the tokenizer has 20 tokens");
    assert_fails(open_rows(&data, "tests/dataset", tokenizer, error), BERT_ERROR_INPUT,
                 "unlike the previous files");
    assert_fails(open_rows(&data, "tests/formats/tables/*.arrow", tokenizer, error),
                 BERT_ERROR_INPUT, "no column input_ids");
    assert_fails(open_rows(&data, "src/dataset", tokenizer, error), BERT_ERROR_INPUT,
                 "src/dataset: no *.arrow, *.parquet or *.jsonl files");
    sampler_settings settings = usual;
    assert_ok(open_rows(&data, FILES "segments", tokenizer, error));
    assert_int_equal(data.document_count, 12);
    assert_fails(sampler_create(&sampler, &data, tokenizer, &settings, error), BERT_ERROR_INPUT,
                 "no column next_sentence_label");
    settings.scheme = &scheme_stream;
    assert_fails(sampler_create(&sampler, &data, tokenizer, &settings, error),
                 BERT_ERROR_INVALID_ARGUMENT, "\"stream\" needs data of bert prepare");
    settings.scheme = &scheme_sentences;
    assert_ok(sampler_create(&sampler, &data, tokenizer, &settings, error));
    sampler_free(sampler);
    dataset_close(&data);
    bert_tokenizer_free(small);
    bert_tokenizer_free(tokenizer);
}

/* The data set of a published tutorial: there, too, 0 means that B follows A. */
static void test_shared_data(void **state)
{
    (void)state;
    static const char path[] = "../shared/data/rocm-dataset";
    if (!path_is_directory(path)) {
        print_message("skipped: no shared data\n");
        skip();
    }
    bert_tokenizer *tokenizer;
    dataset data;
    assert_ok(bert_tokenizer_load(&tokenizer, "../shared/data/vocab/bert-base-cased", NULL, error));
    assert_ok(open_rows(&data, path, tokenizer, error));
    uint64_t labels[2] = {0, 0};
    for (uint64_t i = 0; i < data.document_count; i++)
        labels[data.labels[i]]++;
    assert_int_equal(labels[0], 1065);
    assert_int_equal(labels[1], 2018);
    dataset_close(&data);
    bert_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_does_not_fit, set_up, tear_down),
        cmocka_unit_test(test_shared_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
