#include "scratch.h"

#include "base/file.h"
#include "bert.h"
#include "kept.h"

#include <sys/stat.h>

static bert_status read_input(text *documents, const char *input, const char *fields,
                              bert_error *error)
{
    *documents = (text){0};
    bert_reader_options options = bert_reader_options_default();
    options.text_field = fields;
    return bert_read_documents(&input, 1, &options, kept_append, documents, NULL, NULL, error);
}

static void assert_documents(const char *input, const char *fields, const char *expected)
{
    text documents;
    assert_ok(read_input(&documents, input, fields, error));
    assert_string_equal(documents.data, expected);
    text_free(&documents);
}

static void assert_refused(const char *input, const char *fields, bert_status status,
                           const char *part)
{
    text documents;
    assert_fails(read_input(&documents, input, fields, error), status, part);
    text_free(&documents);
}

static void test_tsv(void **state)
{
    (void)state;
    const char *path = scratch_write(
        "a.tsv", "id\tone\ttwo\r\n1\tsay \"a\tb\r\n\r\n2\t\t \"c\"\r\n3\t\t\r\n4\td\t");
    assert_documents(path, "one", "say \"a|d|");
    assert_documents(path, "one,two", "say \"a\nb|\"c\"|d|");
    assert_documents(path, "two,one", "b\nsay \"a|\"c\"|d|");
    assert_refused(path, NULL, BERT_ERROR_INPUT,
                   "a.tsv:1: several columns contain text; the columns are: id, one, two.");
    assert_refused(path, "one,three", BERT_ERROR_INPUT,
                   "a.tsv:1: has no column \"three\"; the columns are: id, one, two.");
    /* Without a header. */
    path = scratch_write("b.tsv", "x\t0\tfirst\ny\t1\tsecond\n");
    assert_documents(path, "3", "first|second|");
    assert_documents(path, "3,1", "first\nx|second\ny|");
    assert_refused(path, "4", BERT_ERROR_INPUT,
                   "b.tsv:1: has 3 columns, but column 4 was requested");
    path = scratch_write("c.tsv", "text\tlabel\na\t1\nb\n");
    assert_refused(path, NULL, BERT_ERROR_INPUT, "c.tsv:3: has 1 columns, but the first row has 2");
    assert_documents(scratch_write("d.tsv", "whatever\na\nb\n"), NULL, "a|b|");
    assert_refused(scratch_write("e.tsv", "text\tlabel\n"), NULL, BERT_ERROR_INPUT, "no documents");
}

static void test_csv(void **state)
{
    (void)state;
    const char *path = scratch_write("a.csv", "\"text\",n\r\n\"a, \"\"b\"\"\",1\r\nc \"d\",2\r\n"
                                              "\"e\r\n\r\n f\",3\r\n\"\",4\r\n,5\r\n\"g\",6");
    assert_documents(path, NULL, "a, \"b\"|c \"d\"|e\nf|g|");
    assert_refused(scratch_write("b.csv", "text,n\na,1\n\"b\nc,2\n"), NULL, BERT_ERROR_INPUT,
                   "b.csv:3: unterminated quotation mark");
    assert_refused(scratch_write("c.csv", "text,n\na,1\n\"b\"c,2\n"), NULL, BERT_ERROR_INPUT,
                   "c.csv:3: text after a closing quotation mark in column 1");
    assert_refused(scratch_write("d.csv", "text,n\na\n\nb, c,2\n"), NULL, BERT_ERROR_INPUT,
                   "d.csv:2: has 1 columns, but the first row has 2");
    /* WikiText with one line per row. */
    assert_documents(scratch_write("e.csv",
                                   "text\n\"\"\n\" = One = \n\"\n\"\"\n\" a \n\"\n\" b \n\""
                                   "\n\"\"\n\" = Two = \n\"\n\"\"\n\" c \n\"\n"),
                     NULL, "a\nb|c|");
}

static void test_found_by_content(void **state)
{
    (void)state;
    assert_documents(scratch_write("table", "label\ttext\n0\ta\n"), NULL, "a|");
    assert_documents(scratch_write("table", "body,label\na,0\n"), "body", "a|");
    assert_documents(scratch_write("table", "body,label\na,0\n"), NULL, "body,label a,0|");
    assert_documents(scratch_write("table", "text\na\n"), NULL,
                     "text a|"); /* a single word is not a table */
}

static void test_folders_and_patterns(void **state)
{
    (void)state;
    char path[400];
    snprintf(path, sizeof path, "%s/b", scratch_directory);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(path, NULL, BERT_ERROR_INPUT, "/b: contains no files");
    scratch_write("b/2", "four");
    scratch_write("b/10.tsv", "text\tn\nthree\t0\n");
    scratch_write("c.txt", "five");
    scratch_write("a.txt", "two");
    scratch_write("Z.txt", "one");
    scratch_write("d.txt", "");
    scratch_write(".hidden", "no");
    scratch_write("state.json", "no");
    scratch_write("b/dataset_infos.json", "{\"default\": {}}");
    assert_documents(scratch_directory, NULL, "one|two|three|four|five|");
    snprintf(path, sizeof path, "%s/[a-z]*", scratch_directory);
    scratch_write("state.json", "{\"text\": \"six\"}\n");
    assert_int_equal(remove(scratch_write("d.txt", "")), 0);
    assert_documents(path, NULL, "two|three|four|five|six|");
    snprintf(path, sizeof path, "%s/x*", scratch_directory);
    assert_refused(path, NULL, BERT_ERROR_IO, "/x*: no file matches this pattern");
    scratch_write("x*", "a name with a star");
    scratch_write("xy", "another");
    assert_documents(path, NULL, "a name with a star|");
}

static bert_status count_one(void *context, const char *data, size_t length, bert_error *error)
{
    (void)data;
    (void)length;
    (void)error;
    ++*(size_t *)context;
    return BERT_OK;
}

static void count_documents(const char *path, const char *fields, size_t expected)
{
    size_t count = 0;
    bert_reader_options options = bert_reader_options_default();
    options.text_field = fields;
    assert_ok(bert_read_documents(&path, 1, &options, count_one, &count, NULL, NULL, error));
    assert_int_equal(count, expected);
}

static void test_real_glue(void **state)
{
    (void)state;
    if (!file_exists("../shared/data/glue")) {
        print_message("skipped: no shared data\n");
        skip();
    }
    count_documents("../shared/data/glue/CoLA/train.tsv", "4", 8551);
    count_documents("../shared/data/glue/CoLA/dev.tsv", "4", 1043);
    count_documents("../shared/data/glue/CoLA/test.tsv", "sentence", 1063);
    count_documents("../shared/data/glue/SST-2/train.tsv", "sentence", 67349);
    count_documents("../shared/data/glue/STS-B/train.tsv", "sentence1,sentence2", 5749);
    count_documents("../shared/data/glue/WNLI", "sentence1,sentence2", 635 + 71 + 146);
}

/* The Parquet files of WikiText give the same documents as the raw file, also through a pipe. */
static void test_real_parquet(void **state)
{
    (void)state;
    const char *folder = "../shared/data/parquet/wikitext-made/";
    if (!file_exists(folder)) {
        print_message("skipped: no shared data\n");
        skip();
    }
    text expected, found;
    assert_ok(read_input(&expected, "../shared/data/wikitext/wiki.valid.raw", NULL, error));
    assert_ok(
        read_input(&found, "../shared/data/parquet/wikitext-made/*.snappy*.parquet", NULL, error));
    assert_int_equal(found.length, 3 * expected.length);
    for (int i = 0; i < 3; i++)
        assert_memory_equal(found.data + (size_t)i * expected.length, expected.data,
                            expected.length);
    text_free(&found);
    text_free(&expected);
    count_documents("../shared/data/parquet/hf-text-label", NULL, 1047 + 2411);
    count_documents("../shared/data/parquet/hf-glue-sst2", NULL, 872);
}

/* What a file gives through a pipe begins with `expected`. */
static void assert_piped(const char *path, const char *fields, const char *expected)
{
    int saved = dup(STDIN_FILENO), ends[2]; /* such a small file fits into the pipe's buffer */
    text content = {0}, documents;
    assert_ok(file_read(&content, path, 1 << 16, error));
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], content.data, content.length), content.length);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_ok(read_input(&documents, "-", fields, error));
    assert_memory_equal(documents.data, expected, strlen(expected));
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(ends[0]);
    text_free(&documents);
    text_free(&content);
}

/* Written by tests/formats/make-tables.py. */
static void test_parquet(void **state)
{
    (void)state;
    const char *path = "tests/formats/tables/snappy.parquet";
    text documents;
    assert_ok(read_input(&documents, path, NULL, error));
    assert_memory_equal(documents.data, "row 0|two|zw\xC3\xB6lf|", 17);
    text_free(&documents);
    assert_ok(read_input(&documents, path, "tags,text", error));
    assert_memory_equal(documents.data, "a\nrow 0|two|b\ncc|a\nzw\xC3\xB6lf|", 26);
    text_free(&documents);
    assert_refused(path, "id", BERT_ERROR_INPUT,
                   "snappy.parquet: not a text column: \"id\"; the columns are: "
                   "id (int64), text (string), tags (list<string>).");

    assert_piped(path, "tags,text", "a\nrow 0|two|b\ncc|a\nzw\xC3\xB6lf|");
}

static void test_arrow(void **state)
{
    (void)state;
    text documents, parquet;
    assert_ok(read_input(&parquet, "tests/formats/tables/none.parquet", NULL, error));
    assert_ok(read_input(&documents, "tests/formats/tables/zstd.arrow", NULL, error));
    assert_string_equal(documents.data, parquet.data);
    text_free(&documents);
    text_free(&parquet);
    assert_ok(read_input(&parquet, "tests/formats/tables/none.parquet", "tags,text", error));
    assert_ok(read_input(&documents, "tests/formats/tables/stream.arrow", "tags,text", error));
    assert_string_equal(documents.data, parquet.data);
    text_free(&documents);
    text_free(&parquet);
    assert_ok(read_input(&documents, "tests/formats/tables/nested.arrow",
                         "turns.text,translation.de", error));
    assert_string_equal(documents.data, "hi\nho\neins|drei|vier|x|");
    text_free(&documents);
    assert_refused("tests/formats/tables/stream.arrow", "id,text", BERT_ERROR_INPUT,
                   "not a text column: \"id\"; the columns are: id (int64), text "
                   "(utf8), tags (list<utf8>).");
}

/* Files of other writers and other times, written by tests/formats/make-more-tables.py. */
static void test_other_writers(void **state)
{
    (void)state;
    static const char two_lines[] = "One line.|Two lines.|";
    for (int i = 0; i < 7; i++) { /* a float, a date, a time, an interval … before the text */
        char path[100];
        snprintf(path, sizeof path, "tests/formats/tables/front-%d.arrow", i);
        assert_documents(path, NULL, two_lines);
    }
    static const char rows[] = "One line.|A line of more than twelve bytes.|Five|";
    static const char *const files[] = {
        "fronts.arrow",      "polars.arrow",           "polars-oldest.arrow",  "polars.parquet",
        "before-0.15.arrow", "before-0.15-file.arrow", "compressed-0.17.arrow"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[100];
        snprintf(path, sizeof path, "tests/formats/tables/%s", files[i]);
        assert_documents(path, "text", rows);
        assert_piped(path, "text", rows);
    }
    assert_documents("tests/formats/tables/pandas-categories.arrow", NULL, "One|Two|One|");
    assert_documents("tests/formats/tables/zero-row-group.parquet", NULL,
                     "One line.|Two lines.|One line.|Two lines.|");
    assert_documents("tests/formats/tables/fastparquet.parquet", NULL, "One|Two|");
}

/* Bytes that are not declared to be text are read if they are named, or called "text" where there
 * is no other text. */
static void test_columns_of_bytes(void **state)
{
    (void)state;
    assert_documents("tests/formats/tables/bytes.parquet", "text", "one|two|three|");
    assert_documents("tests/formats/tables/bytes.parquet", NULL, "one|two|three|");
    assert_documents("tests/formats/tables/kinds.arrow", "binary",
                     "One line.|A line of more than twelve bytes.|Five|");
    assert_documents("tests/formats/tables/duckdb-v2.parquet", "json", "{\"k\": 1}|\"s\"|");
    assert_refused("tests/formats/tables/kinds.arrow", "null", BERT_ERROR_INPUT, "no documents");
    assert_refused("tests/formats/tables/numbers.parquet", "float64", BERT_ERROR_INPUT,
                   "not a text column: \"float64\"");
}

/* The strings of lists, however deep, are the lines of a document. */
static void test_lists(void **state)
{
    (void)state;
    static const char *const files[] = {"tests/formats/tables/kinds.arrow",
                                        "tests/formats/tables/kinds-file.arrow",
                                        "tests/formats/tables/nested.parquet"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_documents(files[i], "deep", "a\nb\nc|d|");
        assert_documents(files[i], "turns.text,map.key", "hi\nk\nl|m|ho\nn|");
    }
    assert_documents("tests/formats/tables/two-levels.parquet", NULL, "one\ntwo|three|");
}

static void test_refused_tables_are_named(void **state)
{
    (void)state;
    assert_refused("tests/formats/tables/encrypted.parquet", NULL, BERT_ERROR_UNSUPPORTED,
                   "encrypted.parquet: is an encrypted Parquet file, which is not supported");
    assert_documents("tests/formats/tables/encrypted-column.parquet", "open",
                     "One line.|Two lines.|");
    assert_refused("tests/formats/tables/encrypted-column.parquet", "text", BERT_ERROR_UNSUPPORTED,
                   "the column \"text\" of this Parquet file is encrypted");
    assert_documents(scratch_write("french", "PAREIL.\n"), NULL, "PAREIL.|");
    assert_documents(scratch_write("english", "FEA1 is a word.\n"), NULL, "FEA1 is a word.|");
}

/* Spark and Dask write files next to those of the table that are none of it. */
static void test_folder_of_spark(void **state)
{
    (void)state;
    text content = {0};
    assert_ok(file_read(&content, "tests/formats/tables/bytes.parquet", 1 << 16, error));
    static const char *const names[] = {"part-00000.parquet", "part-00001.parquet"};
    for (size_t i = 0; i < 2; i++) {
        const char *path = scratch_write(names[i], "");
        assert_ok(file_write(path, content.data, content.length, error));
    }
    scratch_write("_SUCCESS", "");
    scratch_write("_metadata", "PAR1 with the footers of the others");
    scratch_write("_common_metadata", "PAR1 with their schema");
    assert_documents(scratch_directory, "text", "one|two|three|one|two|three|");
    text_free(&content);
}

static void test_real_arrow(void **state)
{
    (void)state;
    const char *path = "../shared/data/parquet/wikitext-made/wikitext-valid.arrow";
    if (!file_exists(path)) {
        print_message("skipped: no shared data\n");
        skip();
    }
    text expected, found;
    assert_ok(read_input(&expected, "../shared/data/wikitext/wiki.valid.raw", NULL, error));
    assert_ok(read_input(&found, path, NULL, error));
    assert_string_equal(found.data, expected.data);
    text_free(&found);
    text_free(&expected);
    path = "../shared/data/rocm-dataset/wikiTokenizedValid.hf";
    assert_refused(
        path, NULL, BERT_ERROR_INPUT,
        "data-00000-of-00001.arrow: is a pre-tokenized data set (input_ids), expected text");
    assert_refused(path, "input_ids", BERT_ERROR_INPUT, "not a text column: \"input_ids\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tsv, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_csv, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_found_by_content, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_folders_and_patterns, scratch_make, scratch_remove),
        cmocka_unit_test(test_parquet),
        cmocka_unit_test(test_real_glue),
        cmocka_unit_test(test_real_parquet),
        cmocka_unit_test(test_arrow),
        cmocka_unit_test(test_other_writers),
        cmocka_unit_test(test_columns_of_bytes),
        cmocka_unit_test(test_lists),
        cmocka_unit_test_setup_teardown(test_refused_tables_are_named, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(test_folder_of_spark, scratch_make, scratch_remove),
        cmocka_unit_test(test_real_arrow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
