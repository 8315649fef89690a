#include "reference.h"

#include "base/threads.h"
#include "math/reduce.h"

enum { MANY = 1200007 };

static void test_sum_of_squares(void **state)
{
    (void)state;
    const float *values = math_random(MANY, 3, 1);
    static const size_t counts[] = {0, 1, 17, 8191, 8193, 600000, MANY};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        double expected = 0;
        for (size_t i = 0; i < counts[c]; i++)
            expected += (double)values[i] * values[i];
        double one = 0;
        for (int threads = 1; threads <= 3; threads++) {
            threads_use(threads);
            double sum = sum_of_squares(values, counts[c]);
            assert_true(fabs(sum - expected) <= 1e-12 * expected);
            if (threads == 1)
                one = sum;
            assert_true(sum == one);
        }
    }
    const float large[] = {3e38f, 3e38f};
    assert_true(fabs(sum_of_squares(large, 2) / 1.8e77 - 1) < 1e-6);
    const float infinite[] = {1.0f, INFINITY}, broken[] = {NAN, 1.0f};
    assert_false(isfinite(sum_of_squares(infinite, 2)));
    assert_true(isnan(sum_of_squares(broken, 2)));
}

static void test_all_finite(void **state)
{
    (void)state;
    float *values = math_random(MANY, 3, 1);
    assert_true(all_finite(values, MANY));
    assert_true(all_finite(values, 0));
    static const size_t indices[] = {0, 1, 15, 4096, 600001, MANY - 1};
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (size_t p = 0; p < sizeof indices / sizeof *indices; p++)
        for (size_t b = 0; b < 4; b++) {
            float value = values[indices[p]];
            values[indices[p]] = bad[b];
            assert_false(all_finite(values, MANY));
            assert_true(all_finite(values, indices[p]));
            values[indices[p]] = value;
        }
    values[7] = 3.4e38f;
    values[8] = 1e-45f;
    assert_true(all_finite(values, MANY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_sum_of_squares),
        math_test(test_all_finite),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
