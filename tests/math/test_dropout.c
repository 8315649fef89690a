#include "reference.h"

#include "math/dropout.h"

static void test_mask_is_the_stated_function(void **state)
{
    (void)state;
    static const size_t columns[] = {1, 15, 16, 17, 127, 128, 129, 300, 768};
    static const double probabilities[] = {0.1, 0.5, 0.93};
    enum { ROWS = 5 };
    const uint64_t *keys = math_row_keys(ROWS, 1);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t p = 0; p < 3; p++) {
            dropout dropout = dropout_at(probabilities[p], 11, 12, (uint32_t)c);
            size_t count = ROWS * columns[c];
            float *in = math_random(count, 1, 2), *out = math_zeros(count);
            dropout_apply(out, in, keys, ROWS, columns[c], &dropout);
            for (size_t i = 0; i < count; i++) {
                bool kept = reference_keep(&dropout, keys[i / columns[c]], i % columns[c]) != 0;
                float expected = kept ? in[i] * dropout.scale : 0;
                if (memcmp(&out[i], &expected, sizeof expected) != 0)
                    fail_msg("row %zu, column %zu of %zu: %g, expected %g", i / columns[c],
                             i % columns[c], columns[c], (double)out[i], (double)expected);
            }
            dropout_apply(in, in, keys, ROWS, columns[c], &dropout);
            assert_memory_equal(in, out, count * sizeof *in);
        }
}

static void test_share_and_mean(void **state)
{
    (void)state;
    enum { ROWS = 1000, COLUMNS = 500, COUNT = ROWS * COLUMNS };
    const uint64_t *keys = math_row_keys(ROWS, 1);
    float *values = math_zeros(COUNT);
    for (size_t i = 0; i < COUNT; i++)
        values[i] = 1;
    dropout dropout = dropout_at(0.1, 1, 2, 3);
    dropout_apply(values, values, keys, ROWS, COLUMNS, &dropout);
    size_t dropped = 0;
    double sum = 0;
    for (size_t i = 0; i < COUNT; i++) {
        dropped += values[i] == 0;
        sum += values[i];
    }
    /* Binomial: 50,000 expected, standard deviation 212. */
    assert_in_range(dropped, 49000, 51000);
    assert_true(fabs(sum / COUNT - 1) < 0.0025);
    assert_true(fabs(dropout.scale * (1 - dropout.threshold / 65536.0) - 1) < 1e-7);
}

static void test_masks_differ_by_step_seed_place_and_row(void **state)
{
    (void)state;
    enum { COLUMNS = 4096 };
    const dropout same = dropout_at(0.5, 1, 2, 3);
    const dropout others[] = {dropout_at(0.5, 1, 3, 3), dropout_at(0.5, 2, 2, 3),
                              dropout_at(0.5, 1, 2, 4), same};
    const uint64_t keys[] = {5, 5, 5, 6};
    for (size_t other = 0; other < 4; other++) {
        size_t equal = 0;
        for (size_t column = 0; column < COLUMNS; column++)
            equal += reference_keep(&same, 5, column) ==
                     reference_keep(&others[other], keys[other], column);
        assert_in_range(equal, COLUMNS / 2 - 200, COLUMNS / 2 + 200); /* deviation 32 */
    }
}

static void test_ends_of_the_range(void **state)
{
    (void)state;
    const uint64_t key = 9;
    const float in[3] = {1, NAN, 3};
    float out[3];
    dropout none = dropout_at(0, 1, 2, 3);
    assert_true(none.threshold == 0 && none.scale == 1);
    dropout_apply(out, in, &key, 1, 3, &none);
    assert_memory_equal(out, in, sizeof in);
    dropout nearly_all = dropout_at(0.999999, 1, 2, 3);
    assert_true(nearly_all.threshold == 65535 && isfinite(nearly_all.scale));
}

typedef struct dropout_run {
    const float *in;
    float *out;
    const uint64_t *keys;
    dropout dropout;
} dropout_run;

enum { RUN_ROWS = 100, RUN_COLUMNS = 333 };

static void run(void *context)
{
    dropout_run *r = context;
    dropout_apply(r->out, r->in, r->keys, RUN_ROWS, RUN_COLUMNS, &r->dropout);
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    const size_t count = RUN_ROWS * RUN_COLUMNS;
    dropout_run r = {math_random(count, 1, 1), math_zeros(count), math_row_keys(RUN_ROWS, 2),
                     dropout_at(0.1, 1, 2, 3)};
    assert_same_for_threads("dropout", run, &r, r.out, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_mask_is_the_stated_function),
        math_test(test_share_and_mean),
        math_test(test_masks_differ_by_step_seed_place_and_row),
        math_test(test_ends_of_the_range),
        math_test(test_threads_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
