#include "testing.h"

#include "base/random.h"

#include <math.h>

/* Known answers of the Random123 distribution (kat_vectors, philox4x32 10). */
static void test_philox_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t out[4];
        random_philox(cases[i].counter, cases[i].key, out);
        assert_memory_equal(out, cases[i].out, sizeof out);
    }
}

static void test_streams_differ_and_repeat(void **state)
{
    (void)state;
    random_stream a = random_stream_start(1, RANDOM_TEST, 2, 3);
    random_stream again = random_stream_start(1, RANDOM_TEST, 2, 3);
    random_stream others[] = {
        random_stream_start(2, RANDOM_TEST, 2, 3), random_stream_start(1, RANDOM_MASKING, 2, 3),
        random_stream_start(1, RANDOM_TEST, 3, 3), random_stream_start(1, RANDOM_TEST, 2, 4)};
    uint64_t first = random_next64(&a);
    assert_true(first == random_next64(&again));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_true(first != random_next64(&others[i]));
}

static void test_below_is_in_range_and_even(void **state)
{
    (void)state;
    random_stream stream = random_stream_start(7, RANDOM_TEST, 0, 0);
    unsigned counts[10] = {0};
    for (int i = 0; i < 100000; i++)
        counts[random_below(&stream, 10)]++;
    for (int i = 0; i < 10; i++) /* 10,000 expected, standard deviation 95 */
        assert_in_range(counts[i], 9500, 10500);
    assert_int_equal(random_below(&stream, 1), 0);
}

static void test_normal_moments(void **state)
{
    (void)state;
    random_stream stream = random_stream_start(7, RANDOM_TEST, 1, 0);
    double sum = 0, squares = 0;
    const int count = 200000;
    for (int i = 0; i < count; i++) {
        double value = random_normal(&stream);
        sum += value;
        squares += value * value;
    }
    assert_true(fabs(sum / count) < 0.01);
    assert_true(fabs(squares / count - 1) < 0.02);
}

static void test_permutation_is_a_bijection(void **state)
{
    (void)state;
    for (uint64_t count = 1; count < 300; count += 7) {
        unsigned char seen[300] = {0};
        for (uint64_t i = 0; i < count; i++) {
            uint64_t image = random_permutation(3, 1, count, i);
            assert_true(image < count);
            assert_false(seen[image]);
            seen[image] = 1;
        }
    }
    unsigned same = 0;
    for (uint64_t i = 0; i < 1000; i++)
        same += random_permutation(3, 1, 1000, i) == random_permutation(3, 2, 1000, i);
    assert_true(same < 20); /* two epochs have different orders; one match expected by chance */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_streams_differ_and_repeat),
        cmocka_unit_test(test_below_is_in_range_and_even),
        cmocka_unit_test(test_normal_moments),
        cmocka_unit_test(test_permutation_is_a_bijection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
