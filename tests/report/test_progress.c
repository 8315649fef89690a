#include "testing.h"

#include "bert.h"

#include <math.h>

static const bert_progress nothing = {.unit = "byte",
                                      .epoch = NAN,
                                      .loss = NAN,
                                      .learning_rate = NAN,
                                      .tokens_per_second = NAN,
                                      .seconds_left = NAN};

static void expect(const bert_progress *progress, const char *expected)
{
    char line[200];
    int length = bert_progress_format(line, sizeof line, progress);
    assert_string_equal(line, expected);
    assert_int_equal(length, strlen(expected));
}

static void test_lines(void **state)
{
    (void)state;
    bert_progress progress = nothing;
    progress.done = 1234567;
    expect(&progress, "byte 1234567");
    progress.total = 2000000;
    progress.seconds_left = 59.6;
    expect(&progress, "byte 1234567/2000000  1:00 left");
    progress = (bert_progress){.unit = "step",
                               .done = 120,
                               .total = 1000,
                               .epoch = NAN,
                               .loss = 6.2101,
                               .learning_rate = 9.6e-5,
                               .tokens_per_second = 8412.3,
                               .seconds_left = 185};
    expect(&progress, "step 120/1000  loss 6.21  lr 9.6e-05  8,412 tokens/s  3:05 left");
    progress.epoch = 1.256;
    progress.seconds_left = 7385;
    expect(&progress,
           "step 120/1000  epoch 1.26  loss 6.21  lr 9.6e-05  8,412 tokens/s  2:03:05 left");
    progress.seconds_left = 4 * 86400 + 7385;
    progress.tokens_per_second = INFINITY;
    expect(&progress, "step 120/1000  epoch 1.26  loss 6.21  lr 9.6e-05  4d 02:03:05 left");
}

static void test_short_buffer_truncates(void **state)
{
    (void)state;
    bert_progress progress = nothing;
    progress.done = 1234567;
    char line[12];
    memset(line, 'x', sizeof line);
    assert_int_equal(bert_progress_format(line, 9, &progress), 12);
    assert_string_equal(line, "byte 123");
    assert_int_equal(line[9], 'x');
    assert_int_equal(bert_progress_format(NULL, 0, &progress), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_short_buffer_truncates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
