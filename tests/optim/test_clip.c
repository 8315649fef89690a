#include "testing.h"

#include "optim/clip.h"

#include <math.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
