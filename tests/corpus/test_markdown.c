/* Markdown and reStructuredText: the text that is extracted. */
#include "scratch.h"

#include "base/file.h"
#include "bert.h"
#include "corpus/markdown.h"
#include "kept.h"

static char path[300];

static bert_status read_file_named(const char *name, const char *content, bert_format format,
                                   text *documents, bert_error *error)
{
    *documents = (text){0};
    snprintf(path, sizeof path, "%s/%s", scratch_directory, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    const char *input = path;
    bert_reader_options options = bert_reader_options_default();
    options.format = format;
    return bert_read_documents(&input, 1, &options, kept_append, documents, NULL, NULL, error);
}

static void assert_read(const char *name, const char *content, const char *expected)
{
    text documents;
    assert_ok(read_file_named(name, content, BERT_FORMAT_UNSET, &documents, error));
    assert_string_equal(documents.data, expected);
    text_free(&documents);
}

static void test_blocks(void **state)
{
    (void)state;
    assert_read("a.md", "# Title\n\nOne line\nand the next.\n\nTwo.\n",
                "One line and the next.\nTwo.|");
    assert_read("a.md", "Title\n=====\nText.\n\nMore\n---\n\nA\n\n---\nB\n", "Text.\nA\nB|");
    assert_read("a.md", "---\ntitle: x\n---\nText.\n", "Text.|");
    assert_read("a.md", "A\n```c\ncode\n\n```\nB\n\n~~~~\n```\n~~~~\nC\n", "A\nB\nC|");
    assert_read("a.md", "A\n\n    code\n\nB\n    goes on\n", "A\nB goes on|");
    assert_read("a.md", "- one\n  goes on\n* two\n\n    still two\n1. three\n2) four\n\n    x\ny\n",
                "one goes on\ntwo\nstill two\nthree\nfour\nx y|");
    assert_read("a.md", "> quoted\n> more\n>\n> again\n", "quoted more\nagain|");
    assert_read("a.md", "A\n\n| a | b |\n|---|---|\n\n[x]: http://a.b\n<!-- c\nd -->\nB\n",
                "A\nB|");
    assert_read("a.markdown", "\r\nA -\r\n1. b\r\n2. c\r\n", "A -\nb\nc|");
    /* Lines that only look like items, headings inside other blocks, tables without outer pipes. */
    assert_read("a.md", "It was in\n1917. A year\n(2) of\n- x\n1918. y\n",
                "It was in 1917. A year (2) of\nx 1918. y|");
    assert_read("a.md", "* # A\n* b\n> # C\n> d\n", "b\nd|");
    assert_read("a.md", "A\n\nx | y\n--|:-:\n1 | 2\n\nB | C\n", "A\nB | C|");
}

static void test_restructured_text(void **state)
{
    (void)state;
    assert_read(
        "a.rst",
        ".. _label:\n\n=====\nTitle\n=====\n\n:Author: me\n\nText with ``code``, :ref:`a link "
        "<target>`\nand `SPDX <https://spdx.org/>`_. Example::\n\n    code\n\n  more code\n\n"
        "After.\n\n.. note::\n   hidden\n\n   too\n\nSection\n~~~~~~~\nLast **words**.\n",
        "Text with code, a link and SPDX. Example:\nAfter.\nLast words.|");
}

static void test_inline(void **state)
{
    (void)state;
    static const struct {
        const char *markup, *expected;
    } cases[] = {
        {"*a* **b** ***c*** _d_ __e__", "a b c d e"},
        {"2*3 * 4, snake_case_name, f(*p)", "2*3 * 4, snake_case_name, f(p)"},
        {"[text](http://a.b \"t\") and [other][ref], [x] y[1]", "text and other, [x] y[1]"},
        {"a ![image](b.png) c[^1].", "a  c."},
        {"[*b* c](d)e", "b ce"},
        {"`a*b*` ``c`d`` `open", "a*b* c`d `open"},
        {"\\*a\\* \\[b\\] c\\d", "*a* [b] c\\d"},
        {"a<br/>b <http://c.d> 1 < 2 <!-- e -->", "ab  1 < 2 "},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text out = {0};
        assert_ok(text_append(&out, "", 0, error));
        assert_ok(markdown_append_inline(&out, cases[i].markup, strlen(cases[i].markup), error));
        assert_string_equal(out.data, cases[i].expected);
        text_free(&out);
    }
}

/* Closing marks are searched within a limited distance, so that long lines of opening marks take
 * linear time. */
static void test_linear_time(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[", "![",   "`",  "``a",  "<a",
                                         "*", "[a](", "\\", ":r:`", "<!--"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        text markup = {0}, out = {0};
        while (markup.length < 300000)
            assert_ok(text_append(&markup, pieces[i], strlen(pieces[i]), error));
        assert_ok(markdown_append_inline(&out, markup.data, markup.length, error));
        assert_true(out.length <= markup.length);
        text_free(&markup);
        text_free(&out);
    }
}

static void test_choice(void **state)
{
    (void)state;
    text documents;
    assert_ok(read_file_named("a.txt", "# A\n\nb\n", BERT_FORMAT_UNSET, &documents, error));
    assert_string_equal(documents.data, "# A|b|");
    text_free(&documents);
    assert_ok(read_file_named("a.txt", "# A\n\nb\n\nc\n", BERT_FORMAT_MARKDOWN, &documents, error));
    assert_string_equal(documents.data, "b\nc|");
    text_free(&documents);
    assert_ok(read_file_named("a.md", "# A\n\nb\n", BERT_FORMAT_TEXT, &documents, error));
    assert_string_equal(documents.data, "# A|b|");
    text_free(&documents);
    assert_fails(read_file_named("a.md", "b\n", (bert_format)99, &documents, error),
                 BERT_ERROR_INVALID_ARGUMENT,
                 "params->format is 99; expected text, markdown or wikitext");
    assert_fails(read_file_named("a.md", "# A\n```\nb\n", BERT_FORMAT_UNSET, &documents, error),
                 BERT_ERROR_INPUT, "no documents");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_blocks, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_restructured_text, scratch_make, scratch_remove),
        cmocka_unit_test(test_inline),
        cmocka_unit_test(test_linear_time),
        cmocka_unit_test_setup_teardown(test_choice, scratch_make, scratch_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
