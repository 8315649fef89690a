#include "testing.h"

#include "formats/number_text.h"

#include <math.h>

static void assert_double(double number, const char *digits)
{
    text out = {0};
    assert_ok(number_append_double(&out, number, error));
    assert_string_equal(out.data, digits);
    text_free(&out);
}

static void assert_float(float number, const char *digits)
{
    text out = {0};
    assert_ok(number_append_float(&out, number, error));
    assert_string_equal(out.data, digits);
    text_free(&out);
}

static void test_fewest_digits(void **state)
{
    (void)state;
    assert_double(3.8, "3.8");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(-0.0, "-0");
    assert_double(5e-324, "4.94065645841247e-324");
    assert_double(NAN, "nan");
    assert_double(-INFINITY, "-inf");
    assert_float(3.8f, "3.8");
    assert_float(1.0f / 3, "0.33333334");
    assert_float(16777216, "16777216");
}

static void test_half_precision(void **state)
{
    (void)state;
    assert_true(number_from_half(0x3C00) == 1);
    assert_true(number_from_half(0xC000) == -2);
    assert_true(number_from_half(0x3555) == 0.333251953125f);
    assert_true(number_from_half(0x7BFF) == 65504);
    assert_true(number_from_half(0x0001) == 0x1p-24f); /* the smallest */
    assert_true(number_from_half(0x03FF) == 0x1.ff8p-15f);
    assert_true(number_from_half(0xFC00) == -INFINITY);
    assert_true(isnan(number_from_half(0x7E00)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fewest_digits),
        cmocka_unit_test(test_half_precision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
