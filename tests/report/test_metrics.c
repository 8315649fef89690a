#include "scratch.h"

#include "report/metrics.h"

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/metrics.jsonl", scratch_directory);
    return 0;
}

static void write_steps(metrics_log *log, int first, int last)
{
    for (int step = first; step <= last; step++) {
        json_t *line = json_pack("{s:i, s:f}", "step", step, "loss", step / 8.0);
        assert_ok(metrics_write(log, line, error));
        json_decref(line);
    }
}

static void expect_content(const char *expected)
{
    text content = {0};
    assert_ok(file_read(&content, path, 10000, error));
    assert_string_equal(content.data ? content.data : "", expected);
    text_free(&content);
}

#define LINE_1 "{\"step\": 1, \"loss\": 0.125}\n"
#define LINE_2 "{\"step\": 2, \"loss\": 0.25}\n"
#define LINE_3 "{\"step\": 3, \"loss\": 0.375}\n"

static void test_resume_drops_later_steps(void **state)
{
    (void)state;
    metrics_log *log;
    assert_ok(metrics_open(&log, scratch_directory, "metrics.jsonl", 0, error));
    write_steps(log, 1, 3);
    expect_content(LINE_1 LINE_2 LINE_3); /* readable before close */
    assert_ok(metrics_sync(log, error));
    metrics_close(log);

    assert_ok(metrics_open(&log, scratch_directory, "metrics.jsonl", 2, error));
    expect_content(LINE_1 LINE_2);
    write_steps(log, 3, 3);
    metrics_close(log);
    expect_content(LINE_1 LINE_2 LINE_3);

    assert_ok(metrics_open(&log, scratch_directory, "metrics.jsonl", 9, error));
    metrics_close(log);
    expect_content(LINE_1 LINE_2 LINE_3);
    assert_ok(metrics_open(&log, scratch_directory, "metrics.jsonl", 0, error));
    metrics_close(log);
    expect_content("");
    metrics_close(NULL);
}

static void test_incomplete_and_invalid_lines(void **state)
{
    (void)state;
    metrics_log *log;
    static const char incomplete[] = LINE_1 "{\"step\": 2, \"lo";
    assert_ok(file_write(path, incomplete, strlen(incomplete), error));
    assert_ok(metrics_open(&log, scratch_directory, "metrics.jsonl", 5, error));
    write_steps(log, 2, 2);
    metrics_close(log);
    expect_content(LINE_1 LINE_2);

    static const char invalid[] = LINE_1 "hello\n" LINE_2;
    assert_ok(file_write(path, invalid, strlen(invalid), error));
    assert_fails(metrics_open(&log, scratch_directory, "metrics.jsonl", 5, error), BERT_ERROR_INPUT,
                 "metrics.jsonl:2");
    expect_content(invalid);
    assert_fails(metrics_open(&log, "/nonexistent", "metrics.jsonl", 5, error), BERT_ERROR_IO,
                 "No such file");
}

static void test_full_disk(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    char full[300];
    snprintf(full, sizeof full, "%s/full.jsonl", scratch_directory);
    assert_int_equal(symlink("/dev/full", full), 0);
    metrics_log *log;
    assert_ok(metrics_open(&log, scratch_directory, "full.jsonl", 0, error));
    json_t *line = json_pack("{s:i}", "step", 1);
    assert_fails(metrics_write(log, line, error), BERT_ERROR_IO, "No space left");
    json_decref(line);
    metrics_close(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume_drops_later_steps),
        cmocka_unit_test(test_incomplete_and_invalid_lines),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
