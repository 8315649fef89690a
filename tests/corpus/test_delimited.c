/* Tables of text: how they are recognized, their dialects, and what is wrong with them.
 * test_against_csv.py compares many more with Python's csv module. */
#include "scratch.h"

#include "bert.h"
#include "kept.h"

static text found;

static int tear_down(void **state)
{
    text_free(&found);
    return scratch_remove(state);
}

static bert_status read_table(const char *name, const char *content, size_t length,
                              const char *field, bert_error *error)
{
    const char *path = scratch_write_bytes(name, content, length);
    bert_reader_options options = bert_reader_options_default();
    options.text_field = field;
    text_clear(&found);
    return bert_read_documents(&path, 1, &options, kept_append, &found, NULL, NULL, error);
}

static void assert_table(const char *name, const char *content, const char *field,
                         const char *expected)
{
    assert_ok(read_table(name, content, strlen(content), field, error));
    assert_string_equal(found.data, expected);
}

static void assert_refused(const char *name, const char *content, const char *field,
                           const char *part)
{
    assert_fails(read_table(name, content, strlen(content), field, error), BERT_ERROR_INPUT, part);
}

/* Without a name that tells, as on the standard input. */
static void test_recognized_by_content(void **state)
{
    (void)state;
    assert_table("a", "\"id\",\"text\"\n1,\"One.\"\n", NULL, "One.|");
    assert_table("a", "\"id\",\"body\"\n1,\"One.\"\n", "body", "One.|");
    assert_table("a", "id,body\n1,One.\n", "body", "One.|");
    assert_table("a", "id;body\n1;\"One; two.\"\n", "body", "One; two.|");
    assert_table("a", "id|body\n1|One.\n", "body", "One.|");
    assert_table("a", "id\tbody\n1\tSay \"one\".\n", "body", "Say \"one\".|");
    assert_table("a", "\"id\"\t\"body\"\n\"1\"\t\"Say\t\"\"one\"\".\"\n", "body", "Say\t\"one\".|");
    assert_table("a", "'id','body'\n'1','It''s, one.'\n", "body", "It's, one.|");
    assert_table("a", "\xEF\xBB\xBF\"body\",\"id\"\r\n\"One.\",1\r\n", "body", "One.|");
    assert_table("a", "\r\n\nbody,id\nOne.,1\n", "body", "One.|");
    assert_table("a", "body\nOne.\n\"Two,\nthree.\"\n", "body", "One.|Two,\nthree.|");
    assert_table("a", "\"a\nb\",\"body\"\n1,One.\n", "body", "One.|");
    assert_table("a", "first,second,x\nOne.,Two.,3\n", "second,first", "Two.\nOne.|");
    assert_table("a", "1\tOne.\n2\tTwo.\n", "2", "One.|Two.|");
    assert_table("a", "1,\"One, two.\"\n2,Three.\n", "2", "One, two.|Three.|");
    /* Not tables. */
    assert_table("a", "The text, and more.\n\nOf two documents.\n", NULL,
                 "The text, and more.|Of two documents.|");
    assert_table("a", "text\n\nMore.\n", NULL, "text|More.|");
    assert_table("a", "He said \"text\",\nand went.\n", NULL, "He said \"text\", and went.|");
}

/* Where a column was named, nothing is read as prose. */
static void test_no_prose_for_a_column(void **state)
{
    (void)state;
    static const char part[] = ": is neither JSON nor a table with the column \"body\" that "
                               "options->text_field names; to read it as plain text, set "
                               "options->format = text";
    assert_refused("a", "Prose, not a table.\n", "body", part);
    assert_refused("a.txt", "\"id\",\"text\"\n1,\"One.\"\n", "body", part);
    assert_refused("a", "id,the body\n1,One.\n", "body", part);
    /* Blank lines alone are no prose, but no documents either. */
    assert_refused("a", "\n \n", "body", "a: contains no documents, only blank lines");
}

static void test_named_by_ending(void **state)
{
    (void)state;
    assert_refused("a.csv", "Prose, not a table.\nMore of it.\n", NULL, "a.csv:1: ");
    assert_refused("a.tsv", "Prose\nMore\tof it.\n", "text",
                   "a.tsv:1: has no column \"text\"; the columns are: Prose");
    assert_refused("a.CSV", "x,y\n1,2\n", "text", "a.CSV:1: has no column \"text\"");
    assert_table("a.csv", "id;text\n1;\"One; two, three.\"\n", NULL, "One; two, three.|");
    assert_table("a.csv", "a,b;text\n1;One.\n", NULL, "One.|");
    assert_table("a.csv", "id\ttext\n1\t\"Two\tcells.\"\n", NULL, "Two\tcells.|");
    assert_table("a.csv", "id|text\n1|One, two.\n", "text", "One, two.|");
    assert_table("a.csv", ",text\n0,One.\n1,\n", NULL, "One.|"); /* pandas, with its index */
    assert_table("a.csv", "'text','n'\n'It''s \"one\", two.','1'\n", NULL, "It's \"one\", two.|");
    assert_table("a.csv", "1;One.\n2;Two.\n", "2", "One.|Two.|");
    assert_table("a.tsv", "text\tn\n\"One\t1\n", NULL, "\"One|"); /* as in GLUE */
    assert_table("a.tsv", "\"text\"\t\"n\"\n\"One\ttwo.\nThree.\"\t1\n", NULL,
                 "One\ttwo.\nThree.|");
}

static void test_cells(void **state)
{
    (void)state;
    assert_table("a.csv", "text,n\r\n\"One\r\ntwo \"\"three\"\".\",1\r\nFour.,2", NULL,
                 "One\ntwo \"three\".|Four.|");
    assert_table("a.csv", "text,n\n\n\"\",1\n\"  \",2\n\"a\n\n\nb\",3\n", NULL, "a\nb|");
    assert_table("a.csv", "text\n\"\"\nOne.\n", NULL, "One.|");
    assert_table("a.csv", "text,n\n5\" disk,1\n\\,2\n", NULL, "5\" disk|\\|");
    /* A NUL after the beginning belongs to the text. */
    text content = {0};
    assert_ok(text_append(&content, "text,n\n", 7, error));
    for (int i = 0; i < 1000; i++)
        assert_ok(text_append(&content, "word ", 5, error));
    assert_ok(text_append(&content, "a\0b,1\n", 6, error));
    assert_ok(read_table("a.csv", content.data, content.length, NULL, error));
    assert_int_equal(found.length, 5000 + 3 + 1);
    assert_memory_equal(found.data + 5000, "a\0b|", 4);
    /* Cells longer than every buffer, quoted and not. */
    text_clear(&content);
    assert_ok(text_append(&content, "n,text\n1,\"", 10, error));
    for (int i = 0; i < 900000; i++)
        assert_ok(text_append(&content, "\"\"a,\n", 5, error));
    assert_ok(text_append(&content, "\"\n2,", 4, error));
    for (int i = 0; i < 900000; i++)
        assert_ok(text_append(&content, "b\"c d", 5, error));
    assert_ok(read_table("a.csv", content.data, content.length, NULL, error));
    assert_int_equal(found.length, 900000 * 4 - 1 + 1 + 900000 * 5 + 1);
    assert_memory_equal(found.data, "\"a,\n\"a,\n", 8);
    assert_memory_equal(found.data + 900000 * 4 - 2, ",|b\"c db\"c d", 12);
    text_free(&content);
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    assert_refused("a.csv", "text,n\nOne.,1\nTwo, three.,2\n", NULL,
                   "a.csv:3: has 3 columns, but the first row has 2; a cell that holds the "
                   "delimiter must be in quotation marks");
    assert_refused("a.csv", "text,n\n\"One.\n\n\",1\nTwo.\n", NULL,
                   "a.csv:5: has 1 columns, but the first row has 2");
    assert_refused("a.tsv", "text\tn\nOne\ttwo.\t1\n", NULL,
                   "a.tsv:2: has 3 columns, but the first row has 2; a cell cannot hold a tab");
    assert_refused("a.csv", "text,n\nOne.,1\n\"Two.,2\nThree.,3\n", NULL,
                   "a.csv:3: unterminated quotation mark");
    assert_refused("a.csv", "text,n\n\"Two \\\" three.\",2\n", NULL,
                   "a.csv:2: text after a closing quotation mark in column 1; a quotation mark "
                   "inside quotes must be doubled");
    assert_refused("a.csv", "text,n\rOne.,1\rTwo.,2\r", NULL,
                   "a.csv: its lines end in carriage returns alone");
    assert_refused("a.csv", "1,One.\n", "3", "a.csv:1: has 2 columns, but column 3 was requested");
    text content = {0};
    assert_ok(text_append(&content, "text,n\n\"", 8, error));
    for (int i = 0; i < 66000; i++)
        assert_ok(text_format(&content, error, "%01023d\n", i));
    assert_fails(read_table("a.csv", content.data, content.length, NULL, error), BERT_ERROR_INPUT,
                 "a.csv:2: a row of more than 64 MiB; is a quotation mark missing?");
    text_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_recognized_by_content, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_no_prose_for_a_column, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_named_by_ending, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_cells, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_wrong, scratch_make, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
