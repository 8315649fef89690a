/* Training with --precision bf16 compared to float32: the same curve, and all that holds for a run.
 */
#include "tiny_run.h"

#include "formats/json.h"

#include <math.h>

enum { STEPS = 200, LOSSES = 64 };

static bert_pretrain_params params_of(const char *output, bert_precision precision)
{
    bert_pretrain_params params = tiny_params(output);
    params.precision = precision;
    return params;
}

/* All values of a key in RUN/metrics.jsonl. */
static int curve(double *values, const char *run, const char *key)
{
    char path[700];
    text content = {0};
    int count = 0;
    snprintf(path, sizeof path, "%s/metrics.jsonl", run);
    assert_ok(file_read(&content, path, 1 << 20, error));
    for (char *line = strtok(content.data, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, 0, NULL);
        const json_t *value = json_object_get(object, key);
        if (value && count < LOSSES)
            values[count++] = json_number_value(value);
        json_decref(object);
    }
    text_free(&content);
    return count;
}

/* The run learns: its loss falls by more than a quarter. On the way bf16 stays within 1 % of
 * float32 in every mean of 10 steps and every evaluation, and is not the same. */
static void test_the_loss_follows_float32(void **state)
{
    (void)state;
    static const char *const keys[] = {"loss", "mlm_loss", "eval_loss"};
    const char *runs[] = {tiny_path("float32"), tiny_path("bf16")};
    for (int i = 0; i < 2; i++) {
        bert_pretrain_params params =
            params_of(runs[i], i ? BERT_PRECISION_BF16 : BERT_PRECISION_FLOAT32);
        params.max_steps = STEPS;
        params.learning_rate = 3e-3;
        params.logging_steps = params.eval_steps = 10;
        params.save_steps = 0;
        tiny_pretrain(&params);
    }
    for (size_t key = 0; key < sizeof keys / sizeof keys[0]; key++) {
        double left[LOSSES], right[LOSSES];
        int count = curve(left, runs[0], keys[key]), equal = 0;
        assert_true(count >= STEPS / 10);
        assert_int_equal(curve(right, runs[1], keys[key]), count);
        for (int i = 0; i < count; i++) {
            if (!(fabs(left[i] - right[i]) <= 0.01 * left[i]))
                fail_msg("%s %d: %g in float32, %g in bf16", keys[key], i, left[i], right[i]);
            equal += left[i] == right[i];
        }
        assert_true(equal < count / 2);
        assert_true(right[count - 1] < right[0] * 3 / 4);
    }
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    const char *runs[] = {tiny_path("threads-1"), tiny_path("threads-2")};
    for (int i = 0; i < 2; i++) {
        bert_pretrain_params params = params_of(runs[i], BERT_PRECISION_BF16);
        params.threads = i + 1;
        tiny_pretrain(&params);
    }
    assert_same_runs(runs[0], runs[1], 16);
}

/* The precision is in run.json: a resumed run keeps it. */
static void test_a_resumed_run_is_the_run(void **state)
{
    (void)state;
    const char *whole = tiny_path("whole"), *stopped = tiny_path("stopped");
    bert_pretrain_params params = params_of(whole, BERT_PRECISION_BF16);
    tiny_pretrain(&params);
    params.output = stopped;
    params.stop_after_steps = 5;
    tiny_pretrain(&params);
    assert_true(tiny_resume(stopped, 0).finished);
    assert_same_runs(whole, stopped, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_loss_follows_float32),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_a_resumed_run_is_the_run),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
