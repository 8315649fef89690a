/* Pre-tokenized data sets, in files written by Hugging Face's library (contents:
 * make-pretokenized.py). */
#include "made_folder.h"

#include "dataset/pretokenized.h"
#include "dataset/split_names.h"

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
static void check_rows(const char *line, const sample_scheme *scheme, int max_seq_length)
{
    dataset data;
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    assert_ok(open_rows(&data, line, tokenizer, error));
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
    check_rows(FILES "splits/train", &scheme_segment_pairs, 32);
    check_rows(FILES "splits/train", &scheme_sentences, 32); /* both segments, no label */
    check_rows(FILES "splits/train", &scheme_segment_pairs, 10);
}

static void test_all_forms_have_the_same_rows(void **state)
{
    (void)state;
    static const char *const lines[] = {
        FILES "splits",
        FILES "splits:train",
        FILES "forms/hub",
        FILES "forms/hub/data/train-*",
        FILES "forms/hub/data/train-00000-of-00001.parquet",
        FILES "forms/lines",
        FILES "forms/lines/train.jsonl",
        FILES "forms/published.zip",
        FILES "forms/published.zip:training",
        FILES "forms/encodings/plain.parquet",
        FILES "forms/encodings/deltas.parquet",
        FILES "forms/encodings/groups.parquet",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_rows(lines[i], &scheme_segment_pairs, 32);
}

/* The rows 48 to 60 are those of the validation split. */
static void test_splits_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        pretokenized_use use;
        uint64_t training, evaluation; /* rows */
    } cases[] = {
        {FILES "splits", PRETOKENIZED_TRAIN, 48, 12},
        {FILES "forms/hub", PRETOKENIZED_TRAIN, 48, 12},
        {FILES "forms/lines/", PRETOKENIZED_TRAIN, 48, 12},
        {FILES "forms/published.zip", PRETOKENIZED_TRAIN, 48, 12},
        {FILES "forms/hub/data/*.parquet", PRETOKENIZED_TRAIN, 48, 12},
        {FILES "forms/published.zip:train", PRETOKENIZED_TRAIN, 48, 12},
        {FILES "forms/published.zip:dev", PRETOKENIZED_TRAIN, 12, 0},
        {FILES "splits/validation", PRETOKENIZED_TRAIN, 12, 0},
        {FILES "splits/train\n" FILES "forms/hub", PRETOKENIZED_TRAIN, 96, 12},
        {FILES "splits", PRETOKENIZED_EVALUATE, 0, 12},
        {FILES "splits:train", PRETOKENIZED_EVALUATE, 0, 48},
        {FILES "forms/lines/train.jsonl", PRETOKENIZED_EVALUATE, 0, 48},
        {FILES "splits\n" FILES "forms/published.zip:train", PRETOKENIZED_EVALUATE, 0, 60},
    };
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pretokenized_files files;
        assert_ok(pretokenized_files_find(&files, cases[i].line, cases[i].use, error));
        assert_int_equal(pretokenized_files_evaluate(&files), cases[i].evaluation > 0);
        for (int evaluation = 0; evaluation < 2; evaluation++) {
            uint64_t rows = evaluation ? cases[i].evaluation : cases[i].training;
            dataset data;
            if (rows == 0)
                continue;
            assert_ok(pretokenized_open(&data, &files, evaluation, tokenizer, error));
            assert_int_equal(data.document_count, rows);
            dataset_close(&data);
        }
        pretokenized_files_free(&files);
    }
    bert_tokenizer_free(tokenizer);
}

static void test_names_of_splits(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool saved;
        const char *split;
    } cases[] = {
        {"data/train-00000-of-00010.parquet", false, "train"},
        {"data/dev-00000-of-00001.parquet", false, "validation"},
        {"train_clean-00000-of-00001.parquet", false, "train_clean"},
        {"wikitext-train-00000-of-00002.arrow", false, "train"},
        {"c4-validation.00000-of-00008.jsonl.gz", false, "validation"},
        {"my_eval.parquet", false, "test"},
        {"default/test/0000.parquet", false, "test"},
        {"valid/part-00000-of-00002.parquet", false, "validation"},
        {"part-00000-of-00002.parquet", false, "part"},
        {"retraining.jsonl", false, ""},
        {"trainings/contest.jsonl", false, ""},
        {"0000.parquet", false, ""},
        {"train/data-00000-of-00001.arrow", true, "train"},
        {"set/other/data-00000-of-00001.arrow", true, "other"},
        {"set/other/dataset.arrow", true, "other"},
        {"set/other/data-00000-of-00001.arrow", false, ""},
        {"data-00000-of-00001.arrow", true, ""},
        {"train/eval/data-00000-of-00001.arrow", true, "test"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *split;
        assert_ok(split_of_path(&split, cases[i].path, cases[i].saved, error));
        if (strcmp(split, cases[i].split) != 0)
            fail_msg("%s: \"%s\", expected \"%s\"", cases[i].path, split, cases[i].split);
        free(split);
    }
}

/* ----------------------------------------------------------------------------------- rows by hand
 */

static bert_status open_lines(dataset *data, const char *rows, const bert_tokenizer *tokenizer,
                              bert_error *reason)
{
    char path[512];
    snprintf(path, sizeof path, "%s/rows.jsonl", directory);
    assert_ok(file_write(path, rows, strlen(rows), error));
    return open_rows(data, path, tokenizer, reason);
}

static void test_wrong_rows_are_named(void **state)
{
    (void)state;
    static const char good[] = "{\"input_ids\": [2, 7, 3], \"attention_mask\": [1, 1, 1]}\n";
    static const struct {
        const char *row, *message;
    } cases[] = {
        {"{\"input_ids\": [2, 45, 3], \"attention_mask\": [1, 1, 1]}",
         "row 2: id 45, but the tokenizer has 45 tokens"},
        {"{\"input_ids\": [2, -1, 3], \"attention_mask\": [1, 1, 1]}", "row 2: id -1, but"},
        {"{\"input_ids\": [2, 4, 3], \"attention_mask\": [1, 1, 1]}", "row 2: contains [MASK]"},
        {"{\"input_ids\": [2, 8, 3], \"attention_mask\": [1, 1]}",
         "row 2: attention_mask and input_ids differ in length, 2 and 3"},
        {"{\"input_ids\": [2, 8, 3]}",
         "row 2: attention_mask and input_ids differ in length, 0 and 3"},
        {"{\"input_ids\": [2, 8, 3], \"attention_mask\": [1, 0, 1]}",
         "row 2: attention_mask, expected ones"},
        {"{\"input_ids\": [2, 8, 3], \"attention_mask\": [1, 2, 1]}",
         "row 2: attention_mask, expected ones"},
        {"{\"input_ids\": [2, null, 3], \"attention_mask\": [1, 1, 1]}",
         "row 2: input_ids holds something else than integers"},
        {"{\"input_ids\": [[2, 3]], \"attention_mask\": [1]}",
         "row 2: input_ids holds something else than integers"},
        {"{\"input_ids\": 8, \"attention_mask\": [1]}",
         "row 2: input_ids is not an array of integers"},
        {"{\"input_ids\": [2, 8, 3], \"attention", "row 2: "},
        {"[2, 8, 3]", "row 2: no JSON object"},
    };
    dataset data;
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text rows = {0};
        assert_ok(text_format(&rows, error, "%s%s\n", good, cases[i].row));
        assert_fails(open_lines(&data, rows.data, tokenizer, error), BERT_ERROR_INPUT,
                     cases[i].message);
        assert_fails(open_lines(&data, rows.data, tokenizer, error), BERT_ERROR_INPUT,
                     "rows.jsonl");
        text_free(&rows);
    }
    bert_tokenizer_free(tokenizer);
}

static void test_wrong_pairs_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *ids, *types, *label, *message;
    } cases[] = {
        {"2, 7, 3, 8, 3", "0, 0, 0, 1, 1", "2", "row 1: next_sentence_label, expected 0 or 1"},
        {"2, 7, 3, 8, 3", "0, 0, 0, 1, 1", "null", "row 1: next_sentence_label, expected 0 or 1"},
        {"2, 7, 3, 8, 3", "0, 0, 0, 1, 1", "[0, 1]", "row 1: next_sentence_label, expected 0 or 1"},
        {"2, 7, 3, 8, 3", "0, 0, 0, 1", "0", "differ in length, 4 and 5"},
        {"2, 7, 3, 8, 3", "0, 0, 1, 0, 1", "0", "token_type_ids, expected zeros followed by ones"},
        {"2, 7, 9, 8, 3", "0, 0, 0, 1, 1", "0", "no [SEP] before the tokens of type 1"},
        {"2, 7, 3, 8, 3", "0, 0, 0, 0, 0", "0", "but no tokens of type 1"},
        {"7, 9, 3, 8, 3", "0, 0, 0, 1, 1", "0", "expected [CLS] first and [SEP] last"},
        {"2, 9, 3, 8, 9", "0, 0, 0, 1, 1", "0", "expected [CLS] first and [SEP] last"},
    };
    dataset data;
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text rows = {0};
        assert_ok(text_format(&rows, error,
                              "{\"input_ids\": [%s], \"token_type_ids\": [%s], "
                              "\"next_sentence_label\": %s}\n",
                              cases[i].ids, cases[i].types, cases[i].label));
        assert_fails(open_lines(&data, rows.data, tokenizer, error), BERT_ERROR_INPUT,
                     cases[i].message);
        text_free(&rows);
    }
    assert_fails(open_lines(&data, "{\"input_ids\": [2.5]}\n", tokenizer, error), BERT_ERROR_INPUT,
                 "the column input_ids is an array, expected lists of integers");
    assert_fails(open_lines(&data, "{\"input_ids\": \"2 7 3\"}\n", tokenizer, error),
                 BERT_ERROR_INPUT, "the column input_ids is text, expected lists of integers");
    assert_fails(open_lines(&data, "{\"text\": \"a\"}\n", tokenizer, error), BERT_ERROR_INPUT,
                 "no column input_ids");
    assert_fails(open_lines(&data, "words\n", tokenizer, error), BERT_ERROR_INPUT,
                 "neither prepared data nor Arrow, Parquet or JSON lines");
    assert_fails(open_lines(&data, "{\"input_ids\": [2, 3]}\n", tokenizer, error), BERT_ERROR_INPUT,
                 "no rows with text");
    bert_tokenizer_free(tokenizer);
}

/* special_tokens_mask tells another tokenizer; labels are checked for what they are. */
static void test_other_columns_are_checked(void **state)
{
    (void)state;
    dataset data;
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    assert_fails(open_lines(&data,
                            "{\"input_ids\": [2, 7, 3], \"special_tokens_mask\": [1, 0, 1]}\n"
                            "{\"input_ids\": [9, 7, 3], \"special_tokens_mask\": [1, 0, 1]}\n",
                            tokenizer, error),
                 BERT_ERROR_INPUT,
                 "row 2: special_tokens_mask marks id 9, which is \"t9\" in the tokenizer");
    /* As those of another tokenizer, in which 20 is [CLS] and 21 [SEP]. */
    static const char alike[] = "{\"input_ids\": [20, 7, 2, 21]}\n{\"input_ids\": [20, 3, 21]}\n"
                                "{\"input_ids\": [20, 9, 21]}\n{\"input_ids\": [20, 8, 21]}\n";
    assert_fails(open_lines(&data, alike, tokenizer, error), BERT_ERROR_INPUT,
                 "all rows begin with id 20 and end with 21, expected [CLS] (2) and [SEP] (3)");
    /* Classes of tokens are no ids that were masked. */
    assert_fails(open_lines(&data,
                            "{\"input_ids\": [2, 7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 3], "
                            "\"labels\": [-100, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -100]}\n",
                            tokenizer, error),
                 BERT_ERROR_INPUT, "labels differ from 11 input_ids that are not [MASK] and 0");
    assert_fails(open_lines(&data, "{\"input_ids\": [2, 4, 3], \"labels\": [-100, 45, -100]}\n",
                            tokenizer, error),
                 BERT_ERROR_INPUT, "row 1: id 45");
    /* A class of the whole row is another column. */
    assert_ok(open_lines(&data, "{\"input_ids\": [2, 7, 3], \"labels\": 1}\n", tokenizer, error));
    assert_int_equal(data.rows.restored, 0);
    dataset_close(&data);
    bert_tokenizer_free(tokenizer);
}

/* The tokens of sample `n` as they were before they were masked. */
static int unmasked(sampler *sampler, batch *batch, uint64_t n)
{
    assert_ok(sampler_fill(sampler, n, 1, batch, error));
    for (int i = 0; i < batch->masked_count; i++)
        batch->tokens[batch->masked_positions[i]] = batch->masked_labels[i];
    return batch->token_count;
}

/* Rows that were cut out of a stream, padding on either side, masks restored, a full length. */
static void test_rows_stay_as_they_are(void **state)
{
    (void)state;
    static const char rows[] = "{\"input_ids\": [2, 7, 8, 3, 2, 9, 10, 11], \"labels\": null}\n"
                               "{\"input_ids\": [12, 13, 3, 2, 14, 3, 2, 15]}\n"
                               "{\"input_ids\": [16, 17, 3, 0, 0, 0, 0, 0]}\n"
                               "{\"input_ids\": [0, 0, 2, 18, 19, 20, 21, 3]}\n"
                               "{\"input_ids\": [2, 3]}\n"
                               "{\"input_ids\": []}\n"
                               "{\"input_ids\": null}\n"
                               "\n"
                               "{\"input_ids\": [2, 22, 23, 24, 25, 26, 27, 3]}\n"
                               "{\"input_ids\": [28, 29, 30, 31, 32, 33, 34, 35]}\n";
    static const int32_t expected[][9] = {
        {8, 2, 7, 8, 3, 2, 9, 10, 11},
        {8, 12, 13, 3, 2, 14, 3, 2, 15},
        {3, 16, 17, 3},
        {6, 2, 18, 19, 20, 21, 3},
        {8, 2, 22, 23, 24, 25, 26, 27, 3},
        {8, 28, 29, 30, 31, 32, 33, 34, 35},
    };
    enum { EXPECTED = sizeof expected / sizeof *expected };
    dataset data;
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    assert_ok(open_lines(&data, rows, tokenizer, error));
    assert_int_equal(data.document_count, EXPECTED);
    assert_int_equal(data.rows.skipped, 3);
    assert_non_null(strstr(data.rows.first_skipped, "rows.jsonl: row 5"));
    assert_int_equal(data.rows.longest, 8);
    assert_non_null(strstr(data.rows.longest_row, "rows.jsonl: row 1"));
    sampler_settings settings = usual;
    settings.scheme = &scheme_sentences;
    settings.max_seq_length = 8;
    settings.shuffle = false;
    sampler *sampler;
    batch batch;
    assert_ok(sampler_create(&sampler, &data, tokenizer, &settings, error));
    assert_ok(batch_create(&batch, 8, 1, 8, error));
    for (uint64_t n = 0; n < EXPECTED; n++) {
        assert_int_equal(unmasked(sampler, &batch, n), expected[n][0]);
        assert_int_equal(pretokenized_row_length(&data, n), expected[n][0]);
        assert_memory_equal(batch.tokens, expected[n] + 1,
                            (size_t)expected[n][0] * sizeof(int32_t));
        assert_int_equal(batch.sequence_starts[1], expected[n][0]);
    }
    batch_free(&batch);
    sampler_free(sampler);
    dataset_close(&data);
    bert_tokenizer_free(tokenizer);
}

static void count_messages(void *context, bert_message_level level, const char *message)
{
    text *all = context;
    assert_int_equal(level, BERT_MESSAGE_WARNING);
    assert_ok(text_format(all, error, "%s\n", message));
}

static void test_what_rows_lack_is_said(void **state)
{
    (void)state;
    text messages = {0};
    const bert_observer observer = {.context = &messages, .message = count_messages};
    dataset data;
    bert_tokenizer *tokenizer = made_tokenizer(directory, VOCABULARY);
    assert_ok(
        open_lines(&data,
                   "{\"input_ids\": [2, 7, 8, 4, 3], \"labels\": [-100, -100, -100, 9, -100]}\n"
                   "{\"input_ids\": [2, 3], \"labels\": [-100, -100]}\n"
                   "{\"input_ids\": [2, 7, 8, 9, 10, 11, 12, 13, 3], "
                   "\"labels\": [-100, -100, -100, -100, -100, -100, -100, -100, -100]}\n",
                   tokenizer, error));
    pretokenized_announce(&data, 9, &observer);
    assert_null(strstr(messages.data, "longer"));
    text_clear(&messages);
    pretokenized_announce(&data, 8, &observer);
    assert_non_null(strstr(messages.data, "1 of 2 rows are longer than 8 tokens"));
    assert_non_null(strstr(messages.data, "with 9, is"));
    assert_non_null(strstr(messages.data, "rows.jsonl: row 3"));
    assert_non_null(strstr(messages.data, "1 rows without text"));
    assert_non_null(strstr(messages.data, "1 ids that were masked"));
    assert_null(strstr(messages.data, "no row has [CLS]"));
    dataset_close(&data);
    text_clear(&messages);
    assert_ok(open_lines(&data, "{\"input_ids\": [7, 8, 9]}\n", tokenizer, error));
    pretokenized_announce(&data, 8, &observer);
    assert_non_null(strstr(messages.data, "no row has [CLS] or [SEP]"));
    dataset_close(&data);
    text_free(&messages);
    bert_tokenizer_free(tokenizer);
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
    assert_fails(open_rows(&data, FILES "s*", tokenizer, error), BERT_ERROR_INPUT,
                 "unlike the previous files");
    assert_fails(open_rows(&data, "tests/dataset", tokenizer, error), BERT_ERROR_INPUT,
                 "files of two kinds, *.arrow and *.parquet");
    assert_fails(open_rows(&data, FILES "forms/published.zip:test", tokenizer, error),
                 BERT_ERROR_INVALID_ARGUMENT,
                 "no split \"test\", only: train, validation; name one, as in "
                 "tests/dataset/pretokenized/forms/published.zip:train");
    assert_fails(open_rows(&data, FILES "segments:test", tokenizer, error),
                 BERT_ERROR_INVALID_ARGUMENT, "its files are not named by splits");
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
        cmocka_unit_test_setup_teardown(test_all_forms_have_the_same_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_splits_are_found, set_up, tear_down),
        cmocka_unit_test(test_names_of_splits),
        cmocka_unit_test_setup_teardown(test_wrong_rows_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_pairs_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_columns_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_stay_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_rows_lack_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_does_not_fit, set_up, tear_down),
        cmocka_unit_test(test_shared_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
