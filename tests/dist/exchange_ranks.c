/* Run by mpirun on several ranks: every kind of exchange, against sums that each rank computes by
 * itself; and agreement on errors. Prints nothing on success. */
#include "testing.h"

#include "base/memory.h"
#include "dist/exchange.h"
#include "math/rows_sum.h"

#include <math.h>

enum { COUNT = 10007 };

static bert_job *job;

/* The gradient of rank `rank` for element i in round `round`. */
static float gradient(int rank, size_t i, int round)
{
    return sinf((float)(i * 7 + (size_t)(rank * 131 + round)));
}

static float rounded(float value)
{
    uint16_t narrow;
    bfloat16_from_float(&narrow, &value, 1);
    float_from_bfloat16(&value, &narrow, 1);
    return value;
}

static float expected_sum(size_t i, int round, bool bfloat16)
{
    float sum = 0;
    for (int rank = 0; rank < bert_job_size(job); rank++) {
        float value = gradient(rank, i, round);
        value = bfloat16 ? rounded(value) : value;
        sum = rank == 0 ? value : sum + value;
    }
    return sum;
}

static bool owns(const layout *layout, size_t i)
{
    layout_range shard = layout_shard(layout, i / layout->bucket, bert_job_rank(job));
    return i >= shard.start && i < shard.start + shard.count;
}

/* Elements become ready step by step, as in a backward pass. */
static void run_exchange(exchange *exchange, exchange_kind kind, float *buffer)
{
    exchange_begin(exchange, kind, buffer);
    for (size_t first = COUNT; first > 0; first = first > 1111 ? first - 1111 : 0)
        exchange_ready(exchange, first);
    exchange_ready(exchange, 0);
    assert_ok(exchange_finish(exchange, error));
}

static void check_round(exchange *exchange, const layout *layout, bool bfloat16, int round)
{
    static float buffer[COUNT];
    int rank = bert_job_rank(job);
    for (size_t i = 0; i < COUNT; i++)
        buffer[i] = gradient(rank, i, round);
    run_exchange(exchange, EXCHANGE_ALLREDUCE, buffer);
    for (size_t i = 0; i < COUNT; i++) {
        float sum = expected_sum(i, round, bfloat16);
        if (buffer[i] != (bfloat16 ? rounded(sum) : sum))
            fail_msg("sum %zu: %a", i, (double)buffer[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        buffer[i] = gradient(rank, i, round);
    run_exchange(exchange, EXCHANGE_REDUCE_SCATTER, buffer);
    for (size_t i = 0; i < COUNT; i++)
        if (owns(layout, i) && buffer[i] != expected_sum(i, round, bfloat16))
            fail_msg("own sum %zu: %a", i, (double)buffer[i]);
    for (size_t i = 0; i < COUNT; i++)
        buffer[i] = owns(layout, i) ? gradient(0, i, round) : -1.0f;
    run_exchange(exchange, EXCHANGE_ALLGATHER, buffer);
    for (size_t i = 0; i < COUNT; i++)
        if (buffer[i] != gradient(0, i, round))
            fail_msg("given %zu: %a", i, (double)buffer[i]);
}

static void test_exchanges(void **state)
{
    (void)state;
    static const size_t buckets[] = {16, 500, 4096, 100000};
    for (size_t b = 0; b < sizeof buckets / sizeof buckets[0]; b++)
        for (int bfloat16 = 0; bfloat16 < 2; bfloat16++) {
            layout layout = layout_make(COUNT, bert_job_size(job), buckets[b]);
            exchange *exchange;
            assert_ok(exchange_create(&exchange, job, &layout, bfloat16, error));
            for (int round = 0; round < 3; round++)
                check_round(exchange, &layout, bfloat16, round);
            exchange_statistics seen = exchange_take_statistics(exchange);
            assert_true(seen.bytes_sent > 0 && seen.seconds > 0);
            assert_true(exchange_take_statistics(exchange).bytes_sent == 0);
            exchange_free(exchange);
        }
}

static void test_bytes_on_the_wire(void **state)
{
    (void)state;
    size_t ranks = (size_t)bert_job_size(job), own = 0, mine = (size_t)bert_job_rank(job);
    static float buffer[COUNT];
    layout layout = layout_make(COUNT, (int)ranks, 1000);
    exchange *exchange;
    for (size_t b = 0; b < layout.buckets; b++)
        own += layout_shard(&layout, b, (int)mine).count;
    for (size_t bytes = 4; bytes >= 2; bytes -= 2) {
        assert_ok(exchange_create(&exchange, job, &layout, bytes == 2, error));
        run_exchange(exchange, EXCHANGE_ALLREDUCE, buffer);
        assert_int_equal(exchange_take_statistics(exchange).bytes_sent,
                         bytes * (COUNT - own + own * (ranks - 1)));
        exchange_free(exchange);
    }
}

static void test_agreement(void **state)
{
    (void)state;
    int size = bert_job_size(job), rank = bert_job_rank(job);
    char text[64];
    bert_error error = {0};
    assert_int_equal(job_sync_status(job, BERT_OK, &error), BERT_OK);
    /* One fails: all get its error and number. */
    bert_status status =
        rank == size - 1 ? error_set(&error, BERT_ERROR_INPUT, "the data is damaged") : BERT_OK;
    assert_int_equal(job_sync_status(job, status, &error), BERT_ERROR_INPUT);
    snprintf(text, sizeof text, "rank %d of %d: the data is damaged", size - 1, size);
    assert_string_equal(error.message, text);
    /* All with the same error: no rank is named. */
    status = error_set(&error, BERT_ERROR_INVALID_ARGUMENT, "a wrong option");
    assert_int_equal(job_sync_status(job, status, &error), BERT_ERROR_INVALID_ARGUMENT);
    assert_string_equal(error.message, "a wrong option");
    /* All with different errors: that of the lowest rank. */
    status = error_set(&error, BERT_ERROR_IO, "disk %d", rank);
    assert_int_equal(job_sync_status(job, status, &error), BERT_ERROR_IO);
    snprintf(text, sizeof text, "rank 0 of %d: disk 0", size);
    assert_string_equal(error.message, text);
    assert_int_equal(bert_job_reports_error(job), rank == 0);
}

static void test_gathering(void **state)
{
    (void)state;
    uint64_t mine[3] = {(uint64_t)bert_job_rank(job), 5, 6}, *all;
    assert_ok(memory_array((void **)&all, (size_t)bert_job_size(job), sizeof mine, "all", error));
    assert_ok(job_allgather(job, mine, sizeof mine, all, error));
    for (int rank = 0; rank < bert_job_size(job); rank++) {
        assert_int_equal(all[3 * rank], rank);
        assert_int_equal(all[3 * rank + 2], 6);
    }
    free(all);
}

int main(void)
{
    bert_job_params params = bert_job_params_default();
    bert_error error;
    if (bert_job_join(&job, &params, &error) != BERT_OK || !job) {
        fprintf(stderr, "no job of several ranks: %s\n", job ? error.message : "not under mpirun");
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges),
        cmocka_unit_test(test_bytes_on_the_wire),
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_gathering),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    bert_job_finalize(job);
    return failures;
}
