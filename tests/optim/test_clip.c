#include "testing.h"

#include "optim/clip.h"

#include "base/threads.h"

#include <math.h>

static void test_norm(void **state)
{
    (void)state;
    const float gradients[] = {3.0f, -4.0f, 12.0f};
    assert_true(gradient_norm(gradients, 3) == 13.0);
    assert_true(gradient_norm(gradients, 0) == 0.0);
    const float large[] = {1e30f, 1e30f}; /* their squares do not fit a float */
    assert_true(fabs(gradient_norm(large, 2) / 1.4142135623730951e30 - 1) < 1e-6);
    const float infinite[] = {1.0f, INFINITY}, broken[] = {NAN, 1.0f};
    assert_false(isfinite(gradient_norm(infinite, 2)));
    assert_true(isnan(gradient_norm(broken, 2)));
}

static void test_scale(void **state)
{
    (void)state;
    /* torch.nn.utils.clip_grad_norm_: max_norm / (norm + 1e-6), at most 1. */
    assert_true(clip_scale(4.0, 1.0) == 1.0 / 4.000001);
    assert_true(clip_scale(0.5, 1.0) == 1.0);
    assert_true(clip_scale(1.0, 1.0) == 1.0 / 1.000001);
    assert_true(clip_scale(1e9, 0.0) == 1.0);
    assert_true(isnan(clip_scale(NAN, 1.0)));
}

static void test_threads_do_not_change_bits(void **state)
{
    (void)state;
    enum { COUNT = 300007 };
    static float gradients[COUNT];
    double norms[3];
    for (int i = 0; i < COUNT; i++)
        gradients[i] = sinf((float)i) * 1e-3f;
    int before = threads_count();
    for (int threads = 1; threads <= 3; threads++) {
        threads_use(threads);
        norms[threads - 1] = gradient_norm(gradients, COUNT);
    }
    threads_use(before);
    assert_true(norms[0] == norms[1] && norms[0] == norms[2]);
    assert_true(fabs(norms[0] - sqrt(COUNT / 2.0) * 1e-3) < 1e-3); /* mean of sin² is one half */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_threads_do_not_change_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
