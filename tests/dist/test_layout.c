/* Buckets and shards: every float belongs to exactly one rank. */
#include "testing.h"

#include "dist/layout.h"

static void check(size_t count, int ranks, size_t wanted)
{
    layout layout = layout_make(count, ranks, wanted);
    size_t next = 0, owned = 0;
    for (size_t b = 0; b < layout.buckets; b++) {
        layout_range bucket = layout_bucket(&layout, b);
        assert_int_equal(bucket.start, next);
        assert_true(bucket.count > 0);
        assert_int_equal(bucket.start % 16, 0);
        for (int rank = 0; rank < ranks; rank++) {
            layout_range shard = layout_shard(&layout, b, rank);
            if (shard.count)
                assert_int_equal(shard.start, next);
            assert_true(shard.count <= layout.shard);
            next += shard.count;
        }
        assert_int_equal(next, bucket.start + bucket.count);
    }
    assert_int_equal(next, count);
    for (int rank = 0; rank < ranks; rank++) {
        size_t sum = 0;
        for (size_t b = 0; b < layout.buckets; b++)
            sum += layout_shard(&layout, b, rank).count;
        assert_true(sum <= layout.buckets * layout.shard);
        owned += sum;
    }
    assert_int_equal(owned, count);
}

static void test_every_float_has_one_owner(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 15, 16, 17, 100, 1000, 4096, 65537, 3000000};
    static const size_t buckets[] = {0, 1, 16, 100, 1000, 100000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t j = 0; j < sizeof buckets / sizeof buckets[0]; j++)
            for (int ranks = 1; ranks <= 9; ranks++)
                check(counts[i], ranks, buckets[j]);
}

static void test_chosen_buckets(void **state)
{
    (void)state;
    layout base = layout_make(110000000, 4, 0), tiny = layout_make(30000, 2, 0);
    assert_true(base.bucket >= 1 << 20 && base.bucket < (1 << 20) + 64);
    assert_true(tiny.buckets >= 6); /* some are sent before the backward pass ends */
    layout many = layout_make(340000000, 1024, 0);
    assert_int_equal(many.shard, 1 << 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_float_has_one_owner),
        cmocka_unit_test(test_chosen_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
