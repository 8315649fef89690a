#include "testing.h"

#include "base/file.h"
#include "base/random.h"
#include "dataset/dataset.h"

#include <sys/stat.h>

static char directory[256], prefix[300], index_path[310], tokens_path[310];

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(prefix, sizeof prefix, "%s/data", directory);
    snprintf(index_path, sizeof index_path, "%s.idx", prefix);
    snprintf(tokens_path, sizeof tokens_path, "%s.bin", prefix);
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
    assert_ok(dataset_writer_end_document(writer, error)); /* nothing in it: no document */
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
    assert_int_equal(data.wide, wide);
    assert_int_equal(data.sentence_count, 4);
    assert_int_equal(data.document_count, 3);
    assert_int_equal(data.token_count, 10);
    const int starts[] = {0, 2, 3, 4}, token_starts[] = {0, 3, 4, 6, 10};
    for (int i = 0; i < 4; i++)
        assert_int_equal(data.document_starts[i], starts[i]);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(dataset_token_start(&data, i), token_starts[i]);
    const int documents[] = {0, 0, 1, 2};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(dataset_document_of(&data, i), documents[i]);
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
}

static void test_writer_refuses_bad_input(void **state)
{
    (void)state;
    dataset_writer *writer;
    assert_ok(dataset_writer_open(&writer, prefix, 100, error));
    int32_t high[] = {1, 100}, low[] = {-1};
    assert_fails(dataset_writer_sentence(writer, high, 2, error), BERT_ERROR_USAGE,
                 "token id 100, expected one below 100");
    assert_fails(dataset_writer_sentence(writer, low, 1, error), BERT_ERROR_USAGE, "token id -1");
    assert_fails(dataset_writer_sentence(writer, low, 0, error), BERT_ERROR_USAGE,
                 "a sentence of 0 tokens");
    dataset_writer_discard(writer);
    dataset_writer_discard(NULL);
    assert_false(file_exists(tokens_path));
    assert_false(file_exists(index_path));
    assert_fails(dataset_writer_open(&writer, "/nonexistent/data", 100, error), BERT_ERROR_IO,
                 "/nonexistent/data.bin: cannot create: No such file");
    assert_null(writer);

    /* Where the second file cannot take its name, the first one goes as well. */
    assert_int_equal(mkdir(index_path, 0777), 0);
    assert_ok(dataset_writer_open(&writer, prefix, 100, error));
    assert_ok(dataset_writer_sentence(writer, (int32_t[]){1}, 1, error));
    assert_fails(dataset_writer_commit(writer, error), BERT_ERROR_IO, "data.idx: cannot rename");
    assert_false(file_exists(tokens_path));
}

/* ------------------------------------------------------------------------------ hostile files */

static text good_index, good_tokens;

/* Without file_write's syncs, which thousands of files would wait for. */
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
    if (status == BERT_OK) { /* then all of it can be read */
        int32_t ids[64];
        uint64_t total = 0;
        for (uint64_t i = 0; i < data.sentence_count; i++) {
            assert_in_range(data.lengths[i], 1, 64);
            dataset_sentence(&data, i, ids);
            total += (uint64_t)data.lengths[i];
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
        change_u64(18, counts[i], "do not fit its", BERT_ERROR_INPUT);
        change_u64(26, counts[i], "do not fit its", BERT_ERROR_INPUT);
    }
    /* Products that come out right modulo 2^64. */
    change_u64(18, (1ull << 62) + 4, "do not fit its", BERT_ERROR_INPUT);
    change_u64(26, (1ull << 61) + 4, "do not fit its", BERT_ERROR_INPUT);

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
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "39 bytes cannot hold");
    overwrite(tokens_path, "", 0);
    assert_fails(open_and_check(error), BERT_ERROR_INPUT, "0 bytes cannot hold");
    assert_int_equal(unlink(tokens_path), 0);
    assert_fails(open_and_check(error), BERT_ERROR_IO, "data.bin: cannot open");
    assert_int_equal(unlink(index_path), 0);
    assert_fails(open_and_check(error), BERT_ERROR_IO, "data.idx: cannot open");

    /* Changes at random: whatever is let through can be read (the sanitizers watch). */
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_written_data_is_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writer_refuses_bad_input, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_index, set_up, tear_down),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
