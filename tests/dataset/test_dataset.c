#include "testing.h"

#include "base/file.h"
#include "base/random.h"
#include "dataset/dataset.h"

#include <sys/stat.h>
#include <xxhash.h>

static char directory[256], prefix[300], index_path[310], tokens_path[310], sentences_path[320];
static bert_layout layout;

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(prefix, sizeof prefix, "%s/data", directory);
    snprintf(index_path, sizeof index_path, "%s.idx", prefix);
    snprintf(tokens_path, sizeof tokens_path, "%s.bin", prefix);
    snprintf(sentences_path, sizeof sentences_path, "%s.sentences", prefix);
    layout = BERT_LAYOUT_SENTENCES;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_ok(directory_remove(directory, error));
    return 0;
}

/* Three documents: sentences of 3 and 1 tokens, of 2 tokens, of 4 tokens. */
static void write_small(size_t vocab_size)
{
    dataset_writer *writer;
    assert_ok(dataset_writer_open(&writer, prefix, vocab_size, error));
    dataset_writer_use_layout(writer, layout);
    assert_ok(dataset_writer_end_document(writer, error)); /* empty: not recorded */
    assert_ok(dataset_writer_sentence(writer, (int32_t[]){7, 65000, 9}, 3, error));
    assert_ok(dataset_writer_sentence(writer, (int32_t[]){11}, 1, error));
    assert_ok(dataset_writer_end_document(writer, error));
    assert_ok(dataset_writer_sentence(writer, (int32_t[]){12, 13}, 2, error));
    assert_ok(dataset_writer_end_document(writer, error));
    assert_ok(dataset_writer_end_document(writer, error));
    assert_ok(dataset_writer_sentence(writer, (int32_t[]){14, 15, 16, 0}, 4, error));
    assert_ok(dataset_writer_commit(writer, error)); /* ends the last document */
}

static void check_small(size_t vocab_size, bool wide)
{
    write_small(vocab_size);
    dataset data;
    assert_ok(dataset_open(&data, prefix, error));
    assert_ok(dataset_check(&data, error));
    assert_int_equal(data.shards[0].file.wide, wide);
    assert_int_equal(data.sentence_count, 4);
    assert_int_equal(data.document_count, 3);
    assert_int_equal(data.token_count, 10);
    const int starts[] = {0, 2, 3, 4}, token_starts[] = {0, 3, 4, 6, 10};
    const int document_token_starts[] = {0, 4, 6, 10};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(dataset_document_start(&data, i), starts[i]);
        assert_int_equal(dataset_document_token_start(&data, i), document_token_starts[i]);
    }
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(dataset_token_start(&data, i), token_starts[i]);
    const int documents[] = {0, 0, 1, 2};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(dataset_document_of(&data, i), documents[i]);
    const int of_tokens[] = {0, 0, 0, 0, 1, 1, 2, 2, 2, 2};
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(dataset_document_at(&data, i), of_tokens[i]);
    int32_t ids[10];
    dataset_sentence(&data, 0, ids);
    assert_memory_equal(ids, ((int32_t[]){7, 65000, 9}), 12);
    dataset_sentence(&data, 3, ids);
    assert_memory_equal(ids, ((int32_t[]){14, 15, 16, 0}), 16);
    dataset_tokens(&data, 2, 4, ids);
    assert_memory_equal(ids, ((int32_t[]){9, 11, 12, 13}), 16);
    dataset_close(&data);
    dataset_close(&data);
}

static void test_written_data_is_read_back(void **state)
{
    (void)state;
    check_small(65499, false);
    check_small(65500, true);
    struct stat information;
    assert_int_equal(stat(index_path, &information), 0);
    assert_int_equal(information.st_size, 34 + 4 * 4 + 4 * 8 + 4 * 8);
    assert_false(file_exists(sentences_path));

    layout = BERT_LAYOUT_DOCUMENTS;
    check_small(65499, false);
    check_small(65500, true);
    assert_int_equal(stat(index_path, &information), 0);
    assert_int_equal(information.st_size, 34 + 3 * 4 + 3 * 8 + 4 * 8);
    assert_int_equal(stat(sentences_path, &information), 0);
    assert_int_equal(information.st_size, 48 + 4 * 8 + 2 * 8 + 4 + 8);

    layout = BERT_LAYOUT_SENTENCES; /* an old .sentences file would be read with it */
    check_small(65499, false);
    assert_false(file_exists(sentences_path));
}

static void test_writer_refuses_bad_input(void **state)
{
    (void)state;
    dataset_writer *writer;
    assert_ok(dataset_writer_open(&writer, prefix, 100, error));
    int32_t high[] = {1, 100}, low[] = {-1};
    assert_fails(dataset_writer_sentence(writer, high, 2, error), BERT_ERROR_INVALID_ARGUMENT,
                 "token id 100, expected one below 100");
    assert_fails(dataset_writer_sentence(writer, low, 1, error), BERT_ERROR_INVALID_ARGUMENT,
                 "token id -1");
    assert_fails(dataset_writer_sentence(writer, low, 0, error), BERT_ERROR_INVALID_ARGUMENT,
                 "a sentence of 0 tokens");
    dataset_writer_discard(writer);
    dataset_writer_discard(NULL);
    assert_false(file_exists(tokens_path));
    assert_false(file_exists(index_path));
    assert_fails(dataset_writer_open(&writer, "/nonexistent/data", 100, error), BERT_ERROR_IO,
                 "/nonexistent/data.bin: cannot create: No such file");
    assert_null(writer);

    /* If renaming the second file fails, the first one is removed as well. */
    assert_int_equal(mkdir(index_path, 0777), 0);
    assert_ok(dataset_writer_open(&writer, prefix, 100, error));
    assert_ok(dataset_writer_sentence(writer, (int32_t[]){1}, 1, error));
    assert_fails(dataset_writer_commit(writer, error), BERT_ERROR_IO, "data.idx: cannot rename");
    assert_false(file_exists(tokens_path));
}

/* ------------------------------------------------------------------------------ untrusted files */

static text good_index, good_tokens;

/* Without file_write's fsync, which is too slow for thousands of files. */
static void overwrite(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Writes the good pair with `size` bytes at `offset` of the index replaced. */
static void write_changed(size_t offset, const void *bytes, size_t size)
{
    char *copy = malloc(good_index.length);
    memcpy(copy, good_index.data, good_index.length);
    memcpy(copy + offset, bytes, size);
    overwrite(index_path, copy, good_index.length);
    free(copy);
}

static bert_status open_and_check(bert_error *error)
{
    dataset data;
    bert_status status = dataset_open(&data, prefix, error);
    if (status != BERT_OK)
        return status;
    status = dataset_check(&data, error);
    if (status == BERT_OK) { /* then all of it must be readable */
        int32_t ids[64];
        uint64_t total = 0;
        for (uint64_t i = 0; i < data.sentence_count; i++) {
            assert_in_range(dataset_sentence_length(&data, i), 1, 64);
            dataset_sentence(&data, i, ids);
            assert_int_equal(dataset_token_start(&data, i), total);
            total += dataset_sentence_length(&data, i);
            assert_in_range(dataset_document_of(&data, i), 0, data.document_count - 1);
        }
        assert_int_equal(total, data.token_count);
    }
    dataset_close(&data);
    return status;
}

static void change_u64(size_t offset, uint64_t value, const char *expected, bert_status status)
{
    write_changed(offset, &value, sizeof value);
    assert_fails(open_and_check(error), status, expected);
}

static void test_hostile_index(void **state)
{
    (void)state;
    write_small(1000000);
    text_clear(&good_index);
    text_clear(&good_tokens);
    assert_ok(file_read(&good_index, index_path, SIZE_MAX, error));
    assert_ok(file_read(&good_tokens, tokens_path, SIZE_MAX, error));
    enum { LENGTHS = 34, POINTERS = 34 + 16, DOCUMENTS = 34 + 16 + 32 };

    for (size_t size = 0; size < good_index.length; size++) {
        overwrite(index_path, good_index.data, size);
        assert_fails(open_and_check(error), BERT_ERROR_INPUT, "data.idx");
    }
    write_changed(0, "N", 1);
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "not MMIDIDX");
    change_u64(9, 2, "version 2, expected 1", BERT_ERROR_UNSUPPORTED);
    write_changed(17, "\5", 1);
    assert_fails(open_and_check(error), BERT_ERROR_UNSUPPORTED, "type 5, expected 8");
    const uint64_t counts[] = {0, 3, 5, 1ull << 32, 1ull << 60, 1ull << 61, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        change_u64(18, counts[i], "do not match its", BERT_ERROR_INPUT);
        change_u64(26, counts[i], "do not match its", BERT_ERROR_INPUT);
    }
    /* Sizes that overflow to the correct value modulo 2^64. */
    change_u64(18, (1ull << 62) + 4, "do not match its", BERT_ERROR_INPUT);
    change_u64(26, (1ull << 61) + 4, "do not match its", BERT_ERROR_INPUT);

    const int32_t lengths[] = {0, -1, INT32_MIN, 2, 4, INT32_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_changed(LENGTHS, &lengths[i], 4);
        assert_fails(open_and_check(error), BERT_ERROR_INPUT, "sentence 0 of 4");
    }
    const uint64_t pointers[] = {1, 2, 11, 13, 1ull << 40, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
        change_u64(POINTERS, pointers[i], "sentence 0 of 4", BERT_ERROR_INPUT);
        change_u64(POINTERS + 8, pointers[i], "sentence 0 of 4", BERT_ERROR_INPUT);
        change_u64(POINTERS + 24, pointers[i], "sentence 2 of 4", BERT_ERROR_INPUT);
    }
    change_u64(DOCUMENTS, 1, "document 0 of 3", BERT_ERROR_INPUT);
    change_u64(DOCUMENTS + 8, 4, "document 1 of 3", BERT_ERROR_INPUT);
    change_u64(DOCUMENTS + 8, UINT64_MAX, "document 0 of 3", BERT_ERROR_INPUT);
    change_u64(DOCUMENTS + 24, 3, "end with sentence 3 of 4", BERT_ERROR_INPUT);
    change_u64(DOCUMENTS + 24, 5, "end with sentence 5 of 4", BERT_ERROR_INPUT);

    write_changed(0, "", 0);
    assert_ok(open_and_check(error));
    overwrite(tokens_path, good_tokens.data, good_tokens.length - 4);
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "sentence 3 of 4");
    overwrite(tokens_path, good_tokens.data, good_tokens.length - 1);
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "39 bytes are too few");
    overwrite(tokens_path, "", 0);
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "0 bytes are too few");
    assert_int_equal(unlink(tokens_path), 0);
    assert_fails(open_and_check(error), BERT_ERROR_IO, "data.bin: cannot open");
    assert_int_equal(unlink(index_path), 0);
    assert_fails(open_and_check(error), BERT_ERROR_IO, "data.idx: cannot open");

    /* Random changes: whatever passes the checks must be readable (sanitizers detect errors). */
    overwrite(tokens_path, good_tokens.data, good_tokens.length);
    random_stream stream = random_stream_start(1, RANDOM_TEST, 0, 0);
    for (int i = 0; i < 2000; i++) {
        unsigned char bytes[3];
        size_t size = 1 + random_below(&stream, sizeof bytes);
        for (size_t j = 0; j < size; j++)
            bytes[j] = (unsigned char)random_next(&stream);
        write_changed(random_below(&stream, good_index.length - size), bytes, size);
        open_and_check(NULL);
    }
    text_free(&good_index);
    text_free(&good_tokens);
}

/* ------------------------------------------------------------------------- file of sentences */

static text good_sentences;

static void write_changed_sentences(size_t offset, const void *bytes, size_t size, bool sum)
{
    size_t length = good_sentences.length;
    char *copy = malloc(length);
    memcpy(copy, good_sentences.data, length);
    memcpy(copy + offset, bytes, size);
    if (sum) { /* recompute the checksum, so that another check must find it */
        uint64_t checksum = XXH3_64bits(copy, length - 8);
        memcpy(copy + length - 8, &checksum, 8);
    }
    overwrite(sentences_path, copy, length);
    free(copy);
}

static void change_sentences(size_t offset, uint64_t value, const char *expected,
                             bert_status status)
{
    write_changed_sentences(offset, &value, sizeof value, true);
    assert_fails(open_and_check(error), status, expected);
}

/* Three documents: a long sentence, a short one and the longest without an entry; one long
 * sentence; seventy sentences, more than a block. */
static void write_long(void)
{
    static const int lengths[] = {300, 2, 255, 0, 256, 0};
    static int32_t ids[300];
    dataset_writer *writer;
    assert_ok(dataset_writer_open(&writer, prefix, 100, error));
    dataset_writer_use_layout(writer, BERT_LAYOUT_DOCUMENTS);
    for (int i = 0; i < 6; i++)
        if (lengths[i] > 0)
            assert_ok(dataset_writer_sentence(writer, ids, (size_t)lengths[i], error));
        else
            assert_ok(dataset_writer_end_document(writer, error));
    for (size_t i = 1; i <= 70; i++)
        assert_ok(dataset_writer_sentence(writer, ids, i, error));
    assert_ok(dataset_writer_commit(writer, error));
}

static void test_long_sentences(void **state)
{
    (void)state;
    write_long();
    dataset data;
    assert_ok(dataset_open(&data, prefix, error));
    assert_ok(dataset_check(&data, error));
    assert_int_equal(data.sentence_count, 74);
    assert_int_equal(data.shards[0].file.long_count, 2);
    uint64_t total = 0;
    for (uint64_t i = 0; i < 74; i++) {
        uint64_t length = i == 0 ? 300 : i == 1 ? 2 : i == 2 ? 255 : i == 3 ? 256 : i - 3;
        assert_int_equal(dataset_token_start(&data, i), total);
        assert_int_equal(dataset_sentence_length(&data, i), length);
        total += length;
    }
    assert_int_equal(dataset_token_start(&data, 74), total);
    assert_int_equal(data.token_count, total);
    dataset_close(&data);
}

static void test_hostile_sentences(void **state)
{
    (void)state;
    write_long();
    text_clear(&good_sentences);
    assert_ok(file_read(&good_sentences, sentences_path, SIZE_MAX, error));
    enum { STARTS = 48, BLOCKS = STARTS + 4 * 8, LONG = BLOCKS + 3 * 8, LENGTHS = LONG + 4 * 8 };
    assert_int_equal(good_sentences.length, LENGTHS + 74 + 8);

    for (size_t size = 0; size < good_sentences.length; size++) {
        overwrite(sentences_path, good_sentences.data, size);
        assert_fails(open_and_check(error), BERT_ERROR_INPUT, "data.sentences: ");
    }
    change_sentences(0, 0, "not a sentence file", BERT_ERROR_INPUT);
    change_sentences(8, 2, "version 2, expected 1", BERT_ERROR_UNSUPPORTED);
    const uint64_t counts[] = {0,          1,          73,         1ull << 32,
                               1ull << 59, 1ull << 60, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        change_sentences(16, counts[i], "do not match its", BERT_ERROR_INPUT);
        change_sentences(24, counts[i], "do not match its", BERT_ERROR_INPUT);
        change_sentences(32, counts[i], "are the files from the same preparation",
                         BERT_ERROR_INPUT);
        change_sentences(40, counts[i], "do not match its", BERT_ERROR_INPUT);
    }
    change_sentences(STARTS, 1, "document 0 of 3", BERT_ERROR_INPUT);
    change_sentences(STARTS + 8, UINT64_MAX, "document 0 of 3", BERT_ERROR_INPUT);
    change_sentences(STARTS + 8, 2, "document 1 begins inside a sentence", BERT_ERROR_INPUT);
    change_sentences(STARTS + 16, 100, "document 2 of 3", BERT_ERROR_INPUT);
    change_sentences(STARTS + 24, 75, "end with sentence 75 of 74", BERT_ERROR_INPUT);
    const uint64_t tokens[] = {1, 1ull << 40, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        for (size_t entry = 0; entry < 3; entry++)
            change_sentences(BLOCKS + 8 * entry, tokens[i], "do not match the token table",
                             BERT_ERROR_INPUT);
    change_sentences(LONG, 1, "entry 0 of the long sentences", BERT_ERROR_INPUT);
    change_sentences(LONG, 74, "entry 0 of the long sentences", BERT_ERROR_INPUT);
    change_sentences(LONG + 8, 255, "entry 0 of the long sentences", BERT_ERROR_INPUT);
    change_sentences(LONG + 8, 301, "do not match the token table", BERT_ERROR_INPUT);
    change_sentences(LONG + 16, 0, "entry 1 of the long sentences", BERT_ERROR_INPUT);
    change_sentences(LONG + 24, 1ull << 31, "entry 1 of the long sentences", BERT_ERROR_INPUT);
    const uint8_t zero = 0, more[] = {3, 254};
    write_changed_sentences(LENGTHS + 1, &zero, 1, true);
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "3 sentences are marked as long, but 2");
    write_changed_sentences(LENGTHS + 1, more, 1, true);
    assert_fails(open_and_check(error), BERT_ERROR_INPUT,
                 "sentences from 0 on do not match the token table");
    write_changed_sentences(LENGTHS + 1, more, 2, false); /* the sums are correct */
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "checksum mismatch");

    overwrite(sentences_path, good_sentences.data, good_sentences.length);
    text_clear(&good_index);
    assert_ok(file_read(&good_index, index_path, SIZE_MAX, error));
    change_u64(34 + 3 * 12 + 8, 2, "document 1 begins with sequence 2", BERT_ERROR_INPUT);
    write_changed(0, "", 0);

    random_stream stream = random_stream_start(2, RANDOM_TEST, 0, 0);
    for (int i = 0; i < 2000; i++) {
        unsigned char bytes[3];
        size_t size = 1 + random_below(&stream, sizeof bytes);
        for (size_t j = 0; j < size; j++)
            bytes[j] = (unsigned char)random_next(&stream);
        write_changed_sentences(random_below(&stream, good_sentences.length - size), bytes, size,
                                i % 2);
        dataset data;
        if (dataset_open(&data, prefix, NULL) == BERT_OK) {
            if (dataset_check(&data, NULL) == BERT_OK)
                for (uint64_t s = 0; s < data.sentence_count; s++)
                    assert_int_equal(dataset_token_start(&data, s + 1),
                                     dataset_token_start(&data, s) +
                                         dataset_sentence_length(&data, s));
            dataset_close(&data);
        }
    }

    /* Without the file, but with a description that mentions its layout. */
    char description[320];
    snprintf(description, sizeof description, "%s.json", prefix);
    assert_ok(file_write(description, "{\"layout\": \"documents\"}", 23, error));
    overwrite(sentences_path, good_sentences.data, good_sentences.length);
    dataset data;
    assert_ok(dataset_open(&data, prefix, error));
    dataset_close(&data);
    assert_int_equal(unlink(sentences_path), 0);
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "data.sentences: missing, but");
    text_free(&good_index);
    text_free(&good_sentences);
}

static void test_names(void **state)
{
    (void)state;
    char *name;
    assert_ok(dataset_validation_prefix(&name, "a/b", error));
    assert_string_equal(name, "a/b.validation");
    free(name);
    assert_ok(dataset_tokenizer_directory(&name, "a/b", error));
    assert_string_equal(name, "a/b.tokenizer");
    free(name);
    assert_ok(dataset_tokenizer_directory(&name, "a/b.validation", error));
    assert_string_equal(name, "a/b.tokenizer");
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_written_data_is_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writer_refuses_bad_input, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_sentences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_sentences, set_up, tear_down),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
