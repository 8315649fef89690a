/* The report of bert_inspect_corpus, and duplicate lines in bounded memory. The numbers of a small
 * text are computed by hand in tests/cli/cases/inspect.case. */
#include "scratch.h"

#include "base/file.h"
#include "base/random.h"
#include "bert.h"
#include "dataset/repeated_lines.h"

static char *write_file(const char *name, const char *content, size_t length)
{
    char *path;
    assert_ok(path_join(&path, scratch_directory, name, error));
    assert_ok(file_write(path, content, length, error));
    return path;
}

static void assert_same_list(const bert_counted_texts *a, const bert_counted_texts *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->entries[i].text, b->entries[i].text);
        assert_int_equal(a->entries[i].count, b->entries[i].count);
        assert_int_equal(a->entries[i].cut, b->entries[i].cut);
    }
}

/* Several blocks; the expected counts are known from the construction of the text. */
static void test_counts(void **state)
{
    (void)state;
    static const char vocabulary[] =
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\nb\n##b\n0\n##0\n1\n##1\nab\n";
    random_stream stream = random_stream_start(4, RANDOM_TEST, 0, 0);
    bert_corpus_report expected = {0}, first = {0};
    text content = {0};
    while (content.length < 10 << 20) {
        uint32_t kind = random_below(&stream, 20);
        expected.lines++;
        expected.words += 2;
        if (kind == 0) { /* a unique number, then a character that no token contains */
            for (int bit = 0; bit < 40; bit++)
                assert_ok(text_append(&content, expected.lines >> bit & 1 ? "1" : "0", 1, error));
            assert_ok(text_append(&content, " b\xC3\xBE\n", 5, error));
            expected.uncovered_count++;
            expected.unknown_words++;
            expected.tokens += 41;
        } else {
            assert_ok(text_append(&content, "abba ab\n", 8, error));
            expected.tokens += 4; /* ab ##b ##a ab */
            expected.repeated_count++;
        }
    }
    expected.repeated_count--;
    char *input = write_file("counts", content.data, content.length);
    char *tokenizer = write_file("vocab.txt", vocabulary, sizeof vocabulary - 1);
    for (int threads = 1; threads <= 3; threads++) {
        bert_inspect_corpus_params params = bert_inspect_corpus_params_default();
        params.inputs = (const char *const *)&input;
        params.input_count = 1;
        params.tokenizer = tokenizer;
        params.threads = threads;
        bert_corpus_report report;
        bool finished;
        assert_ok(bert_inspect_corpus(&params, &report, &finished, NULL, error));
        assert_true(finished);
        assert_int_equal(report.documents, 1);
        assert_int_equal(report.lines, expected.lines);
        assert_int_equal(report.words, expected.words);
        assert_int_equal(report.tokens, expected.tokens);
        assert_int_equal(report.bytes, content.length - expected.lines);
        assert_int_equal(report.unknown_words, expected.unknown_words);
        assert_int_equal(report.not_covered, expected.unknown_words);
        assert_int_equal(report.uncovered_different, 1);
        assert_int_equal(report.uncovered_count, expected.uncovered_count);
        assert_string_equal(report.uncovered.entries[0].text, "\xC3\xBE");
        assert_int_equal(report.longest_words.count, params.top);
        assert_int_equal(report.longest_words.entries[0].count, 40);
        assert_int_equal(report.repeated_count, expected.repeated_count);
        assert_int_equal(report.repeated_error, 0);
        assert_int_equal(report.repeated_lines.count, 1);
        assert_int_equal(report.repeated_lines.entries[0].count, expected.repeated_count + 1);
        if (threads == 1) {
            first = report;
            continue;
        }
        assert_same_list(&report.longest_words, &first.longest_words);
        bert_corpus_report_free(&report);
    }
    bert_corpus_report_free(&first);
    text_free(&content);
    free(input);
    free(tokenizer);
}

/* Very many lines, among them a frequent one and a long one: both are kept. */
static void test_memory_is_bounded(void **state)
{
    (void)state;
    char long_line[500];
    memset(long_line, 'x', sizeof long_line);
    memcpy(long_line + LINE_SHOWN_BYTES - 1, "\xC3\xA9", 2); /* is not split */
    repeated_lines lines = {.memory = REPEATED_LINES_MINIMUM};
    enum { LINES = 300000 };
    for (uint32_t i = 0; i < LINES; i++) {
        char line[16];
        int length = snprintf(line, sizeof line, "%u", i);
        assert_ok(repeated_lines_add(&lines, line, (size_t)length, error));
        if (i % 10 == 0)
            assert_ok(repeated_lines_add(&lines, "often", 5, error));
        if (i % 100 == 0)
            assert_ok(repeated_lines_add(&lines, long_line, sizeof long_line, error));
        assert_true(2 * lines.capacity * sizeof *lines.lines + lines.texts.length <= lines.memory);
    }
    assert_in_range(lines.lost, 1, LINES / 1000);
    bert_counted_texts list = {0};
    assert_ok(repeated_lines_list(&lines, 5, &list, error));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.entries[0].text, "often");
    assert_in_range(list.entries[0].count, LINES / 10 - lines.lost, LINES / 10);
    assert_false(list.entries[0].cut);
    assert_in_range(list.entries[1].count, LINES / 100 - lines.lost, LINES / 100);
    assert_true(list.entries[1].cut);
    assert_int_equal(strlen(list.entries[1].text), LINE_SHOWN_BYTES - 1);
    for (size_t i = 0; i < list.count; i++)
        free(list.entries[i].text);
    free(list.entries);
    repeated_lines_free(&lines);
}

static void test_errors(void **state)
{
    (void)state;
    char *tokenizer = write_file("vocab.txt", "[PAD]\n", 6), *input = write_file("text", "a\n", 2);
    bert_inspect_corpus_params params = bert_inspect_corpus_params_default();
    params.inputs = (const char *const *)&input;
    params.input_count = 1;
    params.tokenizer = tokenizer;
    bert_corpus_report report;
    bool finished;
    assert_fails(bert_inspect_corpus(&params, &report, &finished, NULL, error), BERT_ERROR_INPUT,
                 "[UNK]");
    bert_corpus_report_free(&report);
    params.memory = 1000;
    assert_fails(bert_inspect_corpus(&params, &report, &finished, NULL, error),
                 BERT_ERROR_INVALID_ARGUMENT, "memory");
    bert_corpus_report_free(&report);
    free(tokenizer);
    free(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
