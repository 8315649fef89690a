/* Reading tables cell by cell, in every format. */
#include "scratch.h"

#include "base/file.h"
#include "corpus/table.h"

/* Formats all rows as "cell,cell|", followed by the position of the last one in messages: "FILE:4".
 */
static bert_status read_rows(text *rows, const char *path, const char *const *columns, size_t count,
                             bool skips_bad_rows, uint64_t *bad_rows, bert_error *reason)
{
    const table_settings settings = {columns, count, "Name them by --column", skips_bad_rows};
    table_file table;
    table_cell cells[COLUMNS_MAX];
    *rows = (text){0};
    TRY(table_open(&table, path, &settings, reason));
    bool found = true;
    bert_status status = BERT_OK;
    char *place = NULL;
    for (;;) {
        status = table_next(&table, cells, &found, reason);
        if (status != BERT_OK || !found)
            break;
        for (size_t i = 0; i < count; i++)
            assert_ok(text_format(rows, error, "%.*s%s", (int)cells[i].length, cells[i].data,
                                  i + 1 < count ? "," : "|"));
    }
    *bad_rows = table_bad_rows(&table);
    if (status == BERT_OK) {
        assert_ok(table_place(&table, &place, error));
        assert_ok(text_append(rows, strrchr(place, '/'), strlen(strrchr(place, '/')), error));
        free(place);
    }
    table_close(&table);
    return status;
}

static void assert_rows(const char *path, const char *a, const char *b, const char *expected)
{
    const char *const columns[] = {a, b};
    text rows;
    uint64_t bad;
    assert_ok(read_rows(&rows, path, columns, 2, false, &bad, error));
    assert_string_equal(rows.data, expected);
    assert_int_equal(bad, 0);
    text_free(&rows);
}

static void assert_refused(const char *path, const char *a, const char *b, const char *part)
{
    const char *const columns[] = {a, b};
    text rows;
    uint64_t bad;
    assert_fails(read_rows(&rows, path, columns, 2, false, &bad, error), BERT_ERROR_INPUT, part);
    text_free(&rows);
}

static void test_text_tables(void **state)
{
    (void)state;
    const char *path =
        scratch_write("a.tsv", "label\tid\ttext\n1\t7\tsay \"a\n0\t8\t\n\t9\tb \xFF");
    assert_rows(path, "text", "label", "say \"a,1|,0|b \xEF\xBF\xBD,|/a.tsv:4");
    assert_rows(path, "label", "text", "1,say \"a|0,|,b \xEF\xBF\xBD|/a.tsv:4");
    assert_refused(path, "text", "score",
                   "a.tsv:1: has no column \"score\"; the columns are: label, id, text. Name them "
                   "by --column");
    assert_rows(scratch_write("b.tsv", "x\t1\ty\nz\t0\tw\n"), "3", "2", "y,1|w,0|/b.tsv:2");
    assert_rows(scratch_write("c.csv", "text,label\n\"a, b\nc\",1\nd,0\n"), "text", "label",
                "a, b\nc,1|d,0|/c.csv:4");
    assert_refused(scratch_write("d.txt", "Not a table.\n"), "text", "label",
                   "d.txt: is plain text, expected a table with the columns text,label");
}

static void test_bad_rows(void **state)
{
    (void)state;
    const char *path = scratch_write("a.tsv", "q\tlabel\na\t1\nb\nc\t0\tx\nd\t1\n");
    assert_refused(path, "q", "label", "a.tsv:3: has 1 columns, but the first row has 2");
    const char *const columns[] = {"q", "label"};
    text rows;
    uint64_t bad;
    assert_ok(read_rows(&rows, path, columns, 2, true, &bad, error));
    assert_string_equal(rows.data, "a,1|d,1|/a.tsv:5");
    assert_int_equal(bad, 2);
    text_free(&rows);
}

static void test_json_lines(void **state)
{
    (void)state;
    const char *path = scratch_write("a.jsonl", "{\"t\": \"a\\nb\", \"l\": 1}\n\n{\"t\": null, "
                                                "\"l\": 3.8}\n{\"t\": \" c \", \"l\": true}\n");
    assert_rows(path, "t", "l", "a\nb,1|,3.8| c ,true|/a.jsonl:4");
    assert_refused(path, "t", "m",
                   "a.jsonl:1: the object has no member \"m\"; its members are: t, l. Name them "
                   "by --column");
    assert_refused(scratch_write("b.jsonl", "{\"t\": [1], \"l\": 1}\n"), "t", "l",
                   "b.jsonl:1: expected a string, strings or a number in the member \"t\", found a "
                   "number in a list. Name them by --column");
    /* Numbers as they are written, whatever their size. */
    path = scratch_write("c.json", "[{\"t\": \"a\", \"l\": 18446744073709551616},\n"
                                   "{\"l\": -0.50, \"t\": \"b\"},\n{\"t\": \"c\", \"l\": 1E400},"
                                   "{\"t\": 7, \"l\": false},\n\n{\"t\": \"d\", \"l\": NaN}]");
    assert_rows(path, "t", "l", "a,18446744073709551616|b,-0.50|c,1E400|7,false|d,NaN|/c.json:5");
    /* Paths, lists, and the line on which an object begins. */
    path = scratch_write("d.json", "{\n \"q\": {\"t\": [\"a\", \"b\"]},\n \"l\": 1\n}\n"
                                   "{\n \"q\": {\"t\": \"c\"},\n \"l\": 0\n}\n");
    assert_rows(path, "q.t", "l", "a\nb,1|c,0|/d.json:5");
    assert_rows(path, "l", "l", "1,1|0,0|/d.json:5");
}

/* Columns of numbers and of strings; in Parquet dictionary-encoded and plain. */
static void test_typed_tables(void **state)
{
    (void)state;
    static const char *const files[] = {"snappy.parquet", "plain-v2.parquet",
                                        "dictionary-v2.parquet", "delta_byte_array.parquet",
                                        "stream.arrow"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *const columns[] = {"id", "text"};
        char path[128];
        text rows;
        uint64_t bad;
        snprintf(path, sizeof path, "tests/formats/tables/%s", files[i]);
        assert_ok(read_rows(&rows, path, columns, 2, false, &bad, error));
        const char *begin = "0,row 0|1,two|2,|3,|4,zw\xC3\xB6lf|";
        assert_memory_equal(rows.data, begin, strlen(begin));
        assert_non_null(strstr(rows.data, "|37,two|38,|39,|/"));
        assert_non_null(strstr(rows.data, ": row 40"));
        text_free(&rows);
    }
}

/* The same through bert/table.h, which returns the position of a row as a number. */
static void test_public_table(void **state)
{
    (void)state;
    static const char *const columns[] = {"text", "id"};
    bert_table *table;
    bert_cell cells[2];
    bool found;
    assert_ok(
        bert_table_open(&table, "tests/formats/tables/stream.arrow", columns, 2, NULL, error));
    for (int i = 0; i < 2; i++)
        assert_ok(bert_table_next(table, cells, &found, error));
    assert_true(found);
    assert_int_equal(cells[0].length, 3);
    assert_memory_equal(cells[0].data, "two", 3);
    assert_memory_equal(cells[1].data, "1", 1);
    bert_table_position place = bert_table_last_position(table);
    assert_string_equal(place.name, "tests/formats/tables/stream.arrow");
    assert_int_equal(place.number, 2);
    assert_false(place.is_line);
    bert_table_close(table);

    const char *path = scratch_write("a.csv", "id,text\n1,\"a\nb\"\n2,c\xFF\n");
    assert_ok(bert_table_open(&table, path, columns, 1, NULL, error));
    for (int i = 0; i < 3; i++)
        assert_ok(bert_table_next(table, cells, &found, error));
    assert_false(found);
    place = bert_table_last_position(table);
    assert_true(place.is_line);
    assert_int_equal(place.number, 4);
    assert_int_equal(bert_table_invalid_bytes(table), 1);
    bert_table_close(table);

    assert_fails(bert_table_open(&table, path, columns, 0, NULL, error),
                 BERT_ERROR_INVALID_ARGUMENT, "0 columns are given");
    static const char *const two_in_one[] = {"id,text"};
    assert_ok(bert_table_open(&table, path, two_in_one, 1, NULL, error));
    assert_fails(bert_table_next(table, cells, &found, error), BERT_ERROR_INVALID_ARGUMENT,
                 "names 2 columns, expected 1");
    bert_table_close(table);
    bert_table_close(NULL);
}

/* Columns of numbers, which labels are, in both kinds of typed tables. */
static void test_numbers(void **state)
{
    (void)state;
    static const char *const columns[] = {"int8", "uint64", "float32", "float64", "bool"};
    static const char *const expected[3][5] = {
        {"-1", "1", "3.8", "3.8", "true"},
        {"2", "18446744073709551615", "-0.25", "1e+300", "false"},
        {"", "", "", "", ""}};
    static const char *const paths[] = {"tests/formats/tables/numbers.parquet",
                                        "tests/formats/tables/numbers-delta.parquet",
                                        "tests/formats/tables/numbers.arrow"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        bert_table *table;
        bert_cell cells[5];
        bool found;
        assert_ok(bert_table_open(&table, paths[i], columns, 5, NULL, error));
        for (size_t row = 0; row < 3; row++) {
            assert_ok(bert_table_next(table, cells, &found, error));
            assert_true(found);
            for (size_t j = 0; j < 5; j++) {
                assert_int_equal(cells[j].length, strlen(expected[row][j]));
                assert_memory_equal(cells[j].data, expected[row][j], cells[j].length);
            }
        }
        assert_ok(bert_table_next(table, cells, &found, error));
        assert_false(found);
        bert_table_close(table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text_tables, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_bad_rows, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_json_lines, scratch_make, scratch_remove),
        cmocka_unit_test(test_typed_tables),
        cmocka_unit_test_setup_teardown(test_public_table, scratch_make, scratch_remove),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
