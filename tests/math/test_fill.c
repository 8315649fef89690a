#include "testing.h"

#include "base/random.h"
#include "base/threads.h"
#include "math/fill.h"

#include <math.h>

enum { COUNT = 1000003 };

static void test_one_value(void **state)
{
    (void)state;
    float *values = calloc(COUNT, sizeof *values);
    values_fill(values, COUNT - 1, 2.5f);
    for (int i = 0; i < COUNT - 1; i++)
        assert_true(values[i] == 2.5f);
    assert_true(values[COUNT - 1] == 0.0f);
    values_fill(values, COUNT, 2.5f);
    values_zero(values, COUNT - 1);
    for (int i = 0; i < COUNT - 1; i++)
        assert_true(values[i] == 0.0f);
    assert_true(values[COUNT - 1] == 2.5f);
    free(values);
}

static void test_sums_of_multiples(void **state)
{
    (void)state;
    static float x[COUNT], y[COUNT];
    for (int threads = 1; threads <= 3; threads++) {
        int before = threads_use(threads);
        for (int i = 0; i < COUNT; i++) {
            x[i] = (float)i;
            y[i] = 1.0f;
        }
        values_axpby(y, x, COUNT - 1, -0.5f, 2.0f);
        for (int i = 0; i < COUNT - 1; i++)
            assert_true(y[i] == 2.0f - 0.5f * (float)i);
        assert_true(y[COUNT - 1] == 1.0f);
        threads_use(before);
    }
}

static void test_sinusoids(void **state)
{
    (void)state;
    float values[3 * 4];
    sinusoids_fill(values, 3, 4);
    for (int position = 0; position < 3; position++) {
        const double expected[] = {sin(position), cos(position), sin(position / 100.0),
                                   cos(position / 100.0)};
        for (int column = 0; column < 4; column++)
            assert_true(fabs(values[4 * position + column] - expected[column]) < 1e-7);
    }
}

/* The Box-Muller transform in double precision on the same words of the stream: element 64 p + l of
 * a block of 256 is the sine or cosine of pair p / 2 of its l-th call of Philox. The angles begin
 * at −π/4. */
static double normal_in_double(const random_stream *stream, size_t index)
{
    size_t block = index / 256, pair = index % 256 / 128, lane = index % 64;
    uint32_t counter[4] = {(uint32_t)(block * 64 + lane), stream->counter[1], stream->counter[2],
                           stream->counter[3]};
    uint32_t words[4];
    random_philox(counter, stream->key, words);
    float uniform = ((float)words[2 * pair] + 0.5f) * 0x1p-32f; /* rounded as in math/fill.c */
    double radius = sqrt(-2 * log((double)uniform));
    double angle = (words[2 * pair + 1] * 0x1p-32 * 2 - 0.25) * 3.14159265358979323846;
    return radius * (index % 128 < 64 ? cos(angle) : sin(angle));
}

static void test_normal_is_box_and_muller(void **state)
{
    (void)state;
    float *values = calloc(COUNT, sizeof *values);
    normal_fill(values, COUNT, 0.5, 42, 7);
    random_stream stream = random_stream_start(42, RANDOM_INITIAL_WEIGHTS, 0, 7);
    for (size_t i = 0; i < COUNT; i++) {
        double expected = 0.5 * normal_in_double(&stream, i);
        if (!(fabs(values[i] - expected) < 1e-6))
            fail_msg("element %zu: %.9g, expected %.9g", i, values[i], expected);
    }
    free(values);
}

/* Golden values: initial weights are bit-for-bit reproducible on any machine. */
static void test_normal_bits(void **state)
{
    (void)state;
    const float expected[] = {-0.515036702f, 0.399580538f, -0.479149222f, 1.69307065f};
    float values[256];
    normal_fill(values, 256, 1.0, 42, 7);
    assert_memory_equal(values, expected, sizeof expected);
    assert_true(values[64] == 0.815666497f && values[67] == 0.757195652f);
}

static void test_normal_is_normal(void **state)
{
    (void)state;
    float *values = calloc(COUNT, sizeof *values);
    normal_fill(values, COUNT, 1.0, 1, 2);
    double sum = 0, squares = 0;
    int within[4] = {0};
    for (int i = 0; i < COUNT; i++) {
        sum += values[i];
        squares += (double)values[i] * values[i];
        for (int j = 1; j < 4; j++)
            within[j] += fabsf(values[i]) < (float)j;
    }
    static const double shares[4] = {0, 0.682689, 0.954500, 0.997300};
    assert_true(fabs(sum / COUNT) < 4e-3);
    assert_true(fabs(squares / COUNT - 1) < 6e-3);
    for (int j = 1; j < 4; j++)
        assert_true(fabs((double)within[j] / COUNT - shares[j]) < 2e-3);
    free(values);
}

/* An element depends on its index alone, not on the length or the number of threads. */
static void test_prefixes_and_threads(void **state)
{
    (void)state;
    float *all = calloc(COUNT, sizeof *all), *part = calloc(COUNT, sizeof *part);
    int before = threads_use(1);
    normal_fill(all, COUNT, 1.0, 3, 4);
    for (int threads = 1; threads <= 3; threads++) {
        threads_use(threads);
        normal_fill(part, 70000u * (unsigned)threads + 11, 1.0, 3, 4);
        assert_memory_equal(part, all, (70000u * (unsigned)threads + 11) * sizeof *all);
    }
    threads_use(before);
    normal_fill(part, 300, 1.0, 3, 5);
    assert_true(part[0] != all[0] && part[299] != all[299]);
    free(all);
    free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_value),
        cmocka_unit_test(test_sums_of_multiples),
        cmocka_unit_test(test_sinusoids),
        cmocka_unit_test(test_normal_is_box_and_muller),
        cmocka_unit_test(test_normal_bits),
        cmocka_unit_test(test_normal_is_normal),
        cmocka_unit_test(test_prefixes_and_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
