/* Reads files of all kinds (make-tables.py, make-more-tables.py), and corrupted versions of them.
 */
#include "golden_values.h"

#include "formats/compression.h"
#include "formats/parquet.h"

#include <fcntl.h>
#include <sys/mman.h>

#define TABLES "tests/formats/tables/"

static size_t column_index(const parquet *parquet, const char *name)
{
    size_t count;
    const parquet_column *columns = parquet_columns(parquet, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].name, name) == 0)
            return i;
    fail_msg("no column %s", name);
    return 0;
}

/* Formats the rows like rows.txt. */
static bert_status append_rows(text *out, const parquet *parquet, size_t column, bool list,
                               bert_error *error)
{
    parquet_cursor *cursor;
    TRY(parquet_cursor_open(&cursor, parquet, column, error));
    bert_status status = BERT_OK;
    for (bool found = true;;) {
        TRY_OR_GO(status, parquet_next_row(cursor, &found, error), done);
        if (!found)
            break;
        TRY_OR_GO(status, text_format(out, error, list ? "[" : ""), done);
        for (size_t i = 0;; i++) {
            const char *data;
            size_t length;
            TRY_OR_GO(status, parquet_next_value(cursor, &data, &length, &found, error), done);
            if (!found)
                break;
            TRY_OR_GO(status, text_format(out, error, i > 0 ? ", " : ""), done);
            TRY_OR_GO(status, rows_append_value(out, data, length, error), done);
        }
        TRY_OR_GO(status, text_format(out, error, list ? "]\n" : "\n"), done);
    }
done:
    parquet_cursor_close(cursor);
    return status;
}

/* Reads all columns of strings of a file, or all that can be read; an error must name it. */
static bert_status read_columns(text *out, int descriptor, bool numbers, bert_error *error)
{
    parquet *parquet;
    bert_status status = parquet_open(&parquet, descriptor, "FILE", error);
    if (status != BERT_OK)
        return status;
    size_t count;
    const parquet_column *columns = parquet_columns(parquet, &count);
    for (size_t i = 0; i < count && status == BERT_OK; i++)
        if (columns[i].is_text || (numbers && (columns[i].is_bytes || columns[i].is_number)))
            status = append_rows(out, parquet, i, columns[i].is_list, error);
    parquet_close(parquet);
    return status;
}

static bert_status read_all(text *out, int descriptor, bert_error *error)
{
    return read_columns(out, descriptor, true, error);
}

static bert_status read_texts(text *out, int descriptor, bert_error *error)
{
    return read_columns(out, descriptor, false, error);
}

static void append_golden_row(text *out, parquet_cursor *cursor, bool is_list)
{
    bool is_first = true, found = true;
    if (is_list)
        assert_ok(text_append(out, "[", 1, error));
    for (size_t i = 0;; i++) {
        const char *data;
        size_t length;
        assert_ok(parquet_next_value(cursor, &data, &length, &found, error));
        if (!found)
            break;
        assert_ok(is_list ? golden_append_item(out, data, length, &is_first, error)
                          : rows_append_value(out, data, length, error));
        assert_true(is_list || i == 0);
    }
    if (is_list)
        assert_ok(text_append(out, "]", 1, error));
}

static void read_golden(text *rows, char *type, const char *path, const char *name)
{
    int file = open(path, O_RDONLY);
    assert_true(file >= 0);
    parquet *parquet;
    parquet_cursor *cursor;
    assert_ok(parquet_open(&parquet, file, path, error));
    size_t count, column = column_index(parquet, name);
    const parquet_column *kind = &parquet_columns(parquet, &count)[column];
    snprintf(type, 60, "%s", kind->type);
    assert_ok(parquet_cursor_open(&cursor, parquet, column, error));
    for (bool found, is_first = true;; is_first = false) {
        assert_ok(parquet_next_row(cursor, &found, error));
        if (!found)
            break;
        if (!is_first)
            assert_ok(text_append(rows, "|", 1, error));
        append_golden_row(rows, cursor, kind->is_list);
    }
    parquet_cursor_close(cursor);
    parquet_close(parquet);
    close(file);
}

static void test_all_kinds_of_columns(void **state)
{
    (void)state;
    golden_check(".parquet", read_golden);
}

/* Integers and booleans of labels and lists of token ids, without a detour over text. */
static void test_integers(void **state)
{
    (void)state;
    static const struct {
        const char *column;
        int64_t values[2]; /* of the first two rows; the third is null */
    } cases[] = {
        {"int8", {-1, 2}}, {"uint16", {1, 65535}}, {"int64", {INT64_MIN, 7}}, {"bool", {1, 0}}};
    static const char *const files[] = {TABLES "numbers.parquet", TABLES "numbers-plain.parquet",
                                        TABLES "numbers-split.parquet",
                                        TABLES "numbers-delta.parquet"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int file = open(files[i], O_RDONLY);
        parquet *parquet;
        assert_ok(parquet_open(&parquet, file, "FILE", error));
        parquet_cursor *cursor;
        bool found, is_null;
        int64_t value;
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
            assert_ok(parquet_cursor_open(&cursor, parquet, column_index(parquet, cases[j].column),
                                          error));
            for (size_t row = 0; row < 3; row++) {
                assert_ok(parquet_next_row(cursor, &found, error));
                assert_ok(parquet_next_integer(cursor, &value, &is_null, &found, error));
                assert_true(found && is_null == (row == 2));
                assert_true(value == (row < 2 ? cases[j].values[row] : 0));
                assert_ok(parquet_next_integer(cursor, &value, &is_null, &found, error));
                assert_false(found);
            }
            parquet_cursor_close(cursor);
        }
        assert_ok(parquet_cursor_open(&cursor, parquet, column_index(parquet, "uint64"), error));
        for (size_t row = 0; row < 2; row++)
            assert_ok(parquet_next_row(cursor, &found, error));
        assert_fails(parquet_next_integer(cursor, &value, &is_null, &found, error),
                     BERT_ERROR_INPUT, "an integer of more than 63 bits");
        parquet_cursor_close(cursor);
        parquet_close(parquet);
        close(file);
    }
}

static void assert_refused(const char *path, const char *column, const char *part)
{
    int file = open(path, O_RDONLY);
    parquet *parquet;
    parquet_cursor *cursor;
    bert_error error = {0};
    bert_status status = parquet_open(&parquet, file, "FILE", &error);
    if (status == BERT_OK)
        status = parquet_cursor_open(&cursor, parquet, column_index(parquet, column), &error);
    assert_int_equal(status, BERT_ERROR_UNSUPPORTED);
    if (!strstr(error.message, part))
        fail_msg("\"%s\" does not say: %s", error.message, part);
    parquet_close(parquet);
    close(file);
}

static void test_what_is_refused_is_named(void **state)
{
    (void)state;
    assert_refused(TABLES "encrypted.parquet", "text", "FILE: is an encrypted Parquet file");
    assert_refused(TABLES "encrypted-column.parquet", "text",
                   "FILE: the column \"text\" of this Parquet file is encrypted");
    assert_refused(TABLES "lzo.parquet", "text", "FILE: is compressed with LZO");
}

static const char *const tables[] = {
    "none",
    "snappy",
    "gzip",
    "brotli",
    "zstd",
    "lz4",
    "plain-v2",
    "dictionary-v2",
    "checksum",
    "delta_byte_array",
    "delta_length_byte_array",
};

static void test_all_codecs_and_encodings(void **state)
{
    (void)state;
    text expected = {0};
    assert_ok(file_read(&expected, TABLES "rows.txt", 1 << 20, error));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char path[200];
        snprintf(path, sizeof path, TABLES "%s.parquet", tables[i]);
        int file = open(path, O_RDONLY);
        assert_true(file >= 0);
        text found = {0};
        assert_ok(read_texts(&found, file, error));
        if (strcmp(found.data, expected.data) != 0)
            fail_msg("%s: found\n%s\nexpected\n%s", path, found.data, expected.data);
        text_free(&found);
        close(file);
    }
    text_free(&expected);
}

static void test_columns(void **state)
{
    (void)state;
    int file = open(TABLES "none.parquet", O_RDONLY);
    parquet *parquet;
    assert_ok(parquet_open(&parquet, file, "FILE", error));
    size_t count;
    const parquet_column *columns = parquet_columns(parquet, &count);
    assert_int_equal(count, 3);
    assert_string_equal(columns[0].name, "id");
    assert_string_equal(columns[0].type, "int64");
    assert_false(columns[0].is_text);
    assert_string_equal(columns[1].type, "string");
    assert_string_equal(columns[2].name, "tags");
    assert_string_equal(columns[2].type, "list<string>");
    assert_true(columns[1].is_text && columns[2].is_text);
    parquet_close(parquet);
    close(file);
}

static int memory_file(const char *data, size_t size)
{
    int file = memfd_create("parquet", 0);
    assert_true(file >= 0);
    assert_int_equal(write(file, data, size), size);
    return file;
}

/* Arbitrary bytes give rows, or an error that names the file. Meant to run under sanitizers. */
static bert_status read_damaged(const char *data, size_t size)
{
    int file = memory_file(data, size);
    text found = {0};
    bert_error error = {0};
    bert_status status = read_all(&found, file, &error);
    if (status != BERT_OK && !strstr(error.message, "FILE: "))
        fail_msg("\"%s\" does not name the file", error.message);
    text_free(&found);
    close(file);
    return status;
}

static void test_damage(void **state)
{
    (void)state;
    static const char *const names[] = {
        "none",      "dictionary-v2", "delta_byte_array", "brotli",
        "nested-v2", "numbers-delta", "bit-packed-levels"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[200];
        snprintf(path, sizeof path, TABLES "%s.parquet", names[i]);
        text content = {0};
        assert_ok(file_read(&content, path, 1 << 20, error));
        for (size_t size = 0; size < content.length; size += 3)
            assert_int_equal(read_damaged(content.data, size), BERT_ERROR_INPUT);
        for (size_t at = 0; at < content.length; at++) {
            char saved = content.data[at];
            content.data[at] ^= (char)(1 << at % 8);
            read_damaged(content.data, content.length);
            content.data[at] = (char)(at % 2 ? 0xFF : 0x80);
            read_damaged(content.data, content.length);
            content.data[at] = saved;
        }
        text_free(&content);
    }
}

/* A flipped bit in a page body is detected if the page has a checksum. */
static void test_checksum(void **state)
{
    (void)state;
    text content = {0};
    assert_ok(file_read(&content, TABLES "checksum.parquet", 1 << 20, error));
    /* Search with its length, so as not to find the copy in the statistics. */
    char *value = memmem(content.data, content.length, "\x06\0\0\0zw\xC3\xB6lf", 10);
    assert_non_null(value);
    value[4] = 'Z';
    int file = memory_file(content.data, content.length);
    text found = {0};
    assert_fails(read_all(&found, file, error), BERT_ERROR_INPUT, "its checksum does not match");
    text_free(&found);
    close(file);
    text_free(&content);
}

static void test_snappy(void **state)
{
    (void)state;
    /* "abcabcabcabc": a literal and a copy that overlaps itself; each size one off is an error. */
    static const unsigned char compressed[] = {12, 2 << 2, 'a', 'b', 'c', (5 << 2) | 1, 3};
    unsigned char out[16];
    assert_ok(
        compression_decompress(COMPRESSION_SNAPPY, compressed, sizeof compressed, out, 12, error));
    assert_memory_equal(out, "abcabcabcabc", 12);
    for (size_t size = 0; size < sizeof compressed; size++)
        assert_int_equal(
            compression_decompress(COMPRESSION_SNAPPY, compressed, size, out, 12, NULL),
            BERT_ERROR_INPUT);
    assert_fails(
        compression_decompress(COMPRESSION_SNAPPY, compressed, sizeof compressed, out, 13, error),
        BERT_ERROR_INPUT, "snappy data decompress to 12 bytes, 13 expected");
    static const unsigned char out_of_range[] = {12, 2 << 2, 'a', 'b', 'c', (5 << 2) | 1, 4};
    assert_fails(compression_decompress(COMPRESSION_SNAPPY, out_of_range, sizeof out_of_range, out,
                                        12, error),
                 BERT_ERROR_INPUT, "copy or literal outside the block");
    static const unsigned char empty[] = {0}, more[] = {0, 0, 'a'};
    assert_ok(compression_decompress(COMPRESSION_SNAPPY, empty, sizeof empty, NULL, 0, error));
    assert_int_equal(compression_decompress(COMPRESSION_SNAPPY, more, sizeof more, NULL, 0, NULL),
                     BERT_ERROR_INPUT);
}

/* Hugging Face's rows keep their newlines, but blank lines are empty strings. */
static void test_real_files(void **state)
{
    (void)state;
    static const char *const names[] = {
        "arrow-rs.snappy", "arrow-rs.zstd",    "duckdb.brotli",
        "duckdb.gzip",     "duckdb.lz4_raw",   "duckdb.snappy",
        "duckdb.zstd",     "duckdb.snappy.v2", "duckdb.uncompressed"};
    if (!file_exists("../shared/data/parquet")) {
        print_message("skipped: no shared data\n");
        skip();
    }
    text original = {0};
    assert_ok(file_read(&original, "../shared/data/wikitext/wiki.valid.raw", 1 << 24, error));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[200];
        snprintf(path, sizeof path,
                 "../shared/data/parquet/wikitext-made/wikitext-valid.%s.parquet", names[i]);
        int file = open(path, O_RDONLY);
        parquet *parquet;
        parquet_cursor *cursor;
        assert_ok(parquet_open(&parquet, file, path, error));
        assert_ok(parquet_cursor_open(&cursor, parquet, column_index(parquet, "text"), error));
        text rows = {0};
        for (;;) {
            bool found;
            const char *data;
            size_t length;
            assert_ok(parquet_next_row(cursor, &found, error));
            if (!found)
                break;
            assert_ok(parquet_next_value(cursor, &data, &length, &found, error));
            assert_true(found && data);
            assert_ok(length > 0 ? text_append(&rows, data, length, error)
                                 : text_append(&rows, " \n", 2, error));
        }
        assert_int_equal(rows.length, original.length);
        assert_memory_equal(rows.data, original.data, rows.length);
        text_free(&rows);
        parquet_cursor_close(cursor);
        parquet_close(parquet);
        close(file);
    }
    text_free(&original);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_codecs_and_encodings),
        cmocka_unit_test(test_all_kinds_of_columns),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_what_is_refused_is_named),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_snappy),
        cmocka_unit_test(test_real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
