#include "scratch.h"

#include "base/file.h"
#include "base/random.h"
#include "bert.h"
#include "corpus/corpus.h"
#include "kept.h"

#include <fcntl.h>

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/input", scratch_directory);
    return 0;
}

typedef struct seen {
    text documents; /* each followed by "|" */
    char message[2048];
    int messages, count;
} seen;

static bert_status keep(void *context, const char *data, size_t length, bert_error *error)
{
    seen *seen = context;
    seen->count++;
    assert_true(length > 0);
    return kept_append(&seen->documents, data, length, error);
}

static void keep_message(void *context, bert_message_level level, const char *message)
{
    seen *seen = context;
    if (level != BERT_MESSAGE_WARNING)
        return; /* that lines look like sentences */
    snprintf(seen->message, sizeof seen->message, "%s", message);
    seen->messages++;
}

static bert_status read_inputs(seen *seen, const char *const *inputs, size_t count,
                               bert_error *error)
{
    *seen = (struct seen){0};
    bert_observer observer = {.context = seen, .message = keep_message};
    return bert_read_documents(inputs, count, NULL, keep, seen, NULL, &observer, error);
}

/* Without fsync, because the tests write hundreds of files. */
static void write_input(const char *content, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void assert_documents_of(const char *content, size_t length, const char *expected)
{
    write_input(content, length);
    const char *inputs[] = {path};
    seen seen;
    assert_ok(read_inputs(&seen, inputs, 1, error));
    assert_string_equal(seen.documents.data, expected);
    assert_int_equal(seen.messages, 0);
    text_free(&seen.documents);
}

static void assert_documents(const char *content, const char *expected)
{
    assert_documents_of(content, strlen(content), expected);
}

static void test_plain_text(void **state)
{
    (void)state;
    assert_documents("a", "a|");
    assert_documents("a b\nc\n", "a b c|");
    assert_documents("\n\n a\n\t\n\n\nb \n c\t\n \n", "a|b c|");
    assert_documents("a\r\nb\r\n\r\nc\r\n", "a b|c|");
    assert_documents("\xEF\xBB\xBF"
                     "a\n",
                     "a|");
    assert_documents("\xEF\xBB\xBF\n\n\xEF\xBB\xBF"
                     "a",
                     "\xEF\xBB\xBF"
                     "a|"); /* only one is removed */
    assert_documents("a  b\xC2\xA0"
                     "c\n= d =\n",
                     "a  b\xC2\xA0"
                     "c = d =|");
    assert_documents("= a =\n\nb", "= a =|b|"); /* WikiText begins with a space */
    assert_documents("Gr\xC3\xBC\xC3\x9F"
                     "e \xF0\x9F\x98\x80",
                     "Gr\xC3\xBC\xC3\x9F"
                     "e \xF0\x9F\x98\x80|");
}

static void test_wikitext(void **state)
{
    (void)state;
    assert_documents(" \n = One = \n \n First . \n Second . \n \n = = Part = = \n \n Third . \n"
                     " \n = = = Deeper = = = \n \n = Two = \n \n Fourth . \n = 1 = \n",
                     "First .\nSecond .\nThird .|Fourth .\n= 1 =|");
    /* Text before the first title, and an article without text. */
    assert_documents(" = One = \n \n = Two = \n \n a \n", "a|");
    /* A file in which only a later line looks like a title is plain text. */
    assert_documents("a \n \n = One = \n \n b \n", "a|= One =|b|");
}

static void test_invalid_utf8(void **state)
{
    (void)state;
    static const char content[] = "a\xFF"
                                  "b\n\xC3\xA4\xE2\x82"
                                  "c\n\nd \xED\xA0\x80\xF4\x90";
    write_input(content, sizeof content - 1);
    const char *inputs[] = {path, path};
    seen seen;
    assert_ok(read_inputs(&seen, inputs, 2, error));
    /* One for each maximal subpart, like Python's errors="replace". */
#define R "\xEF\xBF\xBD"
#define ONCE "a" R "b \xC3\xA4" R "c|d " R R R R R "|"
    assert_string_equal(seen.documents.data, ONCE ONCE);
    assert_int_equal(seen.messages, 1);
    char expected[400];
    snprintf(expected, sizeof expected,
             "16 bytes are not valid UTF-8 and replaced by U+FFFD, the first in %s, byte 1", path);
    assert_string_equal(seen.message, expected);
    text_free(&seen.documents);
}

static void test_very_long_lines(void **state)
{
    (void)state;
    /* Three million characters of two bytes in one line, after one byte: segments do not split
     * characters, and the text is unchanged. */
    enum { CHARACTERS = 3000000 };
    text content = {0};
    assert_ok(text_append(&content, "x", 1, error));
    for (int i = 0; i < CHARACTERS; i++)
        assert_ok(text_append(&content, "\xC3\xA4", 2, error));
    size_t length = content.length;
    assert_ok(text_append(&content, "\n \nb \n", 6, error));
    write_input(content.data, content.length);
    const char *inputs[] = {path};
    seen seen;
    assert_ok(read_inputs(&seen, inputs, 1, error));
    assert_int_equal(seen.messages, 0);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.documents.length, length + 3);
    assert_memory_equal(seen.documents.data, content.data, length);
    assert_string_equal(seen.documents.data + length, "|b|");
    text_free(&seen.documents);

    /* A document over the limit is continued as another, without loss. */
    text_clear(&content);
    while (content.length < DOCUMENT_LIMIT + (DOCUMENT_LIMIT >> 1))
        assert_ok(text_append(&content, "0123456 89 1234 67 9 123 567890\n", 32, error));
    write_input(content.data, content.length);
    assert_ok(read_inputs(&seen, inputs, 1, error));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.documents.length, content.length);
    for (size_t i = 0; i < content.length; i++)
        if (content.data[i] != '\n')
            assert_int_equal(content.data[i], seen.documents.data[i]);
    text_free(&seen.documents);
    text_free(&content);
}

static void assert_refused(const char *content, size_t length, const char *part)
{
    write_input(content, length);
    const char *inputs[] = {path};
    seen seen;
    assert_fails(read_inputs(&seen, inputs, 1, error), BERT_ERROR_INPUT, part);
    assert_int_equal(seen.count, 0);
    text_free(&seen.documents);
}

static void test_inputs_without_text(void **state)
{
    (void)state;
    assert_refused("", 0, "input: is empty, expected text");
    assert_refused("\n \n\t\r\n", 6, "input: contains no documents, only blank lines");
    assert_refused(" = A = \n \n = = B = = \n", 22, "input: contains no documents");
    assert_refused("a\0b", 3, "a binary file");
    assert_refused("\xFF\xFE"
                   "a",
                   3, "UTF-16");
    assert_refused("PAR1....", 8, "too short for a Parquet file");

    seen seen;
    const char *inputs[] = {path, "/nonexistent/input"};
    write_input("a", 1);
    assert_fails(read_inputs(&seen, inputs, 2, error), BERT_ERROR_IO,
                 "/nonexistent/input: cannot open: No such file");
    assert_int_equal(seen.count, 0); /* detected before the first was read */
    assert_fails(read_inputs(&seen, inputs, 0, error), BERT_ERROR_INVALID_ARGUMENT,
                 "no input files");
}

static bert_status fail_always(void *context, const char *data, size_t length, bert_error *error)
{
    (void)data;
    (void)length;
    ++*(int *)context;
    return error_set(error, BERT_ERROR_UNSUPPORTED, "enough");
}

static void test_callback_error_stops(void **state)
{
    (void)state;
    write_input("a\n\nb", 4);
    const char *inputs[] = {path};
    int calls = 0;
    assert_fails(bert_read_documents(inputs, 1, NULL, fail_always, &calls, NULL, NULL, error),
                 BERT_ERROR_UNSUPPORTED, "enough");
    assert_int_equal(calls, 1);
}

static void test_standard_input(void **state)
{
    (void)state;
    write_input("a\n\nb\xFF", 5);
    int kept = dup(STDIN_FILENO), file = open(path, O_RDONLY);
    assert_int_equal(dup2(file, STDIN_FILENO), STDIN_FILENO);
    const char *inputs[] = {"-"};
    seen seen;
    assert_ok(read_inputs(&seen, inputs, 1, error));
    assert_string_equal(seen.documents.data, "a|b\xEF\xBF\xBD|");
    assert_string_equal(
        seen.message,
        "1 byte is not valid UTF-8 and replaced by U+FFFD, the first in standard input, "
        "byte 4");
    text_free(&seen.documents);
    assert_fails(read_inputs(&seen, inputs, 1, error), BERT_ERROR_INPUT,
                 "standard input: is empty");
    assert_true(lseek(STDIN_FILENO, 0, SEEK_CUR) == 5); /* not closed */
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(file);
}

/* Arbitrary bytes are read safely, and the output is valid UTF-8. Meant to run under sanitizers. */
static void test_any_bytes(void **state)
{
    (void)state;
    random_stream stream = random_stream_start(7, RANDOM_TEST, 0, 0);
    static const char pieces[][6] = {" = ",      "=",    "\n",       " \n",
                                     "\r\n",     "a",    " ",        "\xC3\xA4",
                                     "\xE2\x82", "\xF0", "\xBF\xBF", "\xEF\xBB\xBF"};
    const char *inputs[] = {path};
    for (int round = 0; round < 300; round++) {
        FILE *file = fopen(path, "wb");
        for (uint64_t n = 1 + random_below(&stream, 60); n > 0; n--)
            fputs(pieces[random_below(&stream, sizeof pieces / sizeof *pieces)], file);
        fclose(file);
        seen seen;
        bert_status status = read_inputs(&seen, inputs, 1, NULL);
        assert_true(status == BERT_OK || status == BERT_ERROR_INPUT);
        if (status == BERT_OK) {
            const char *inputs_again[] = {path};
            write_input(seen.documents.data, seen.documents.length);
            struct seen again;
            assert_ok(read_inputs(&again, inputs_again, 1, error));
            assert_int_equal(again.messages, 0);
            text_free(&again.documents);
        }
        text_free(&seen.documents);
    }
}

static void test_real_wikitext(void **state)
{
    (void)state;
    const char *inputs[] = {"../shared/data/wikitext/wiki.valid.raw"};
    if (!file_exists(inputs[0])) {
        print_message("skipped: no shared data\n");
        skip();
    }
    seen seen;
    assert_ok(read_inputs(&seen, inputs, 1, error));
    assert_int_equal(seen.count, 60); /* lines of the form " = Title = " */
    assert_int_equal(seen.messages, 0);
    assert_memory_equal(seen.documents.data, "Homarus gammarus , known as the European lobster",
                        48);
    assert_null(strstr(seen.documents.data, "= ="));
    text_free(&seen.documents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain_text, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_wikitext, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_invalid_utf8, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_very_long_lines, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_inputs_without_text, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_callback_error_stops, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_standard_input, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_any_bytes, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_real_wikitext, set_up, scratch_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
