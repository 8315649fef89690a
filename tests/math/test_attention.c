#include "reference.h"

#include "math/attention_plain.h"
#include "math/kernels/kernels.h"

typedef struct attention_case {
    gemm_precision precision;
    attention_shape shape;
    dropout dropout;
    const uint64_t *row_keys;
    const float *qkv, *d_out;
    float *out, *log_sum_exp, *d_qkv; /* adjacent: one allocation */
    size_t result_count;
    double *x; /* qkv, which the finite differences modify */
} attention_case;

static const gemm_precision precisions[] = {GEMM_FLOAT32, GEMM_BFLOAT16};

static attention_case make_case(gemm_precision precision, const int32_t *starts, size_t sequences,
                                size_t heads, size_t size, double probability)
{
    size_t tokens = (size_t)starts[sequences], hidden = heads * size;
    attention_case c = {
        .precision = precision,
        .shape = {.tokens = tokens,
                  .sequences = sequences,
                  .heads = heads,
                  .head_size = size,
                  .sequence_starts = starts},
        .dropout = dropout_at(probability, 3, 5, 7),
        .row_keys = math_row_keys(tokens, 1),
        .qkv = math_random(tokens * 3 * hidden, 1, 1),
        .d_out = math_random(tokens * hidden, 1, 2),
        .result_count = tokens * (4 * hidden + heads),
    };
    c.out = math_zeros(c.result_count);
    c.log_sum_exp = c.out + tokens * hidden;
    c.d_qkv = c.log_sum_exp + tokens * heads;
    c.x = math_doubles(c.qkv, tokens * 3 * hidden);
    return c;
}

static void run(void *context)
{
    attention_case *c = context;
    memset(c->out, 0xff, c->result_count * sizeof(float)); /* NaN: everything must be overwritten */
    attention_forward(c->precision, c->out, c->log_sum_exp, c->qkv, &c->shape, &c->dropout,
                      c->row_keys);
    attention_backward(c->precision, c->d_qkv, c->d_out, c->out, c->log_sum_exp, c->qkv, &c->shape,
                       &c->dropout, c->row_keys);
}

static double loss(void *context)
{
    attention_case *c = context;
    size_t count = c->shape.tokens * c->shape.heads * c->shape.head_size;
    double *out = malloc(count * sizeof *out), sum = 0;
    reference_attention(GEMM_FLOAT32, out, NULL, c->x, &c->shape, &c->dropout, c->row_keys);
    for (size_t i = 0; i < count; i++)
        sum += out[i] * c->d_out[i];
    free(out);
    return sum;
}

/* Relative root-mean-square error. */
static double deviation(const float *got, const double *expected, size_t count)
{
    double difference = 0, square = 0;
    for (size_t i = 0; i < count; i++) {
        difference += (got[i] - expected[i]) * (got[i] - expected[i]);
        square += expected[i] * expected[i];
    }
    return sqrt(difference / square);
}

/* An operand that is not rounded, or rounded at the wrong point, is off by 1e-3 and more.
 * Intermediate values that are rounded differ by a unit in the last place only where float32 and
 * double precision lie on different sides of a rounding boundary: few values. */
static void check_deviation(const char *what, const float *got, const double *rounded,
                            const double *exact, size_t count, double tolerance)
{
    double from_rounded = deviation(got, rounded, count), from_exact = deviation(got, exact, count);
    if (!(from_rounded <= tolerance && from_exact > 1e-3))
        fail_msg("%s: error %g against the reference in bfloat16, %g against the exact one", what,
                 from_rounded, from_exact);
}

typedef struct expected_results {
    double *out, *log_sum_exp, *d_qkv;
} expected_results;

static expected_results expect(const attention_case *c, gemm_precision precision)
{
    size_t tokens = c->shape.tokens, hidden = c->shape.heads * c->shape.head_size;
    expected_results results = {
        .out = math_memory(tokens * hidden, sizeof *results.out),
        .log_sum_exp = math_memory(tokens * c->shape.heads, sizeof *results.log_sum_exp),
        .d_qkv = math_memory(tokens * 3 * hidden, sizeof *results.d_qkv),
    };
    reference_attention(precision, results.out, results.log_sum_exp, c->x, &c->shape, &c->dropout,
                        c->row_keys);
    reference_attention_backward(precision, results.d_qkv, math_doubles(c->d_out, tokens * hidden),
                                 c->x, &c->shape, &c->dropout, c->row_keys);
    return results;
}

/* `tolerance` is for each value, `mean_tolerance` for the root-mean-square error in bfloat16. */
static void check_against_chain_rule(attention_case *c, double tolerance, double mean_tolerance)
{
    size_t tokens = c->shape.tokens, hidden = c->shape.heads * c->shape.head_size;
    expected_results expected = expect(c, c->precision);
    assert_close("log-sum-exp", c->log_sum_exp, expected.log_sum_exp, tokens * c->shape.heads,
                 tolerance);
    if (c->precision == GEMM_FLOAT32) {
        assert_close("out", c->out, expected.out, tokens * hidden, tolerance);
        assert_close("d_qkv", c->d_qkv, expected.d_qkv, tokens * 3 * hidden, tolerance);
        return;
    }
    expected_results exact = expect(c, GEMM_FLOAT32);
    check_deviation("out", c->out, expected.out, exact.out, tokens * hidden, mean_tolerance);
    check_deviation("d_qkv", c->d_qkv, expected.d_qkv, exact.d_qkv, tokens * 3 * hidden,
                    mean_tolerance);
}

static const int32_t short_starts[] = {0, 1, 6, 23, 56};

static void test_against_finite_differences(void **state)
{
    (void)state;
    for (int drops = 0; drops < 2; drops++)
        for (size_t size = 3; size <= 5; size += 2) {
            attention_case c = make_case(GEMM_FLOAT32, short_starts, 3, 2, size, drops ? 0.3 : 0);
            size_t count = c.shape.tokens * 3 * 2 * size;
            double *gradient = math_memory(count, sizeof *gradient);
            reference_gradient(gradient, c.x, count, loss, &c);
            run(&c);
            assert_close("d_qkv", c.d_qkv, gradient, count, 5e-6);
            check_against_chain_rule(&c, 5e-6, 1e-4);
        }
}

static void test_lengths_and_head_sizes(void **state)
{
    (void)state;
    static const size_t head_sizes[] = {1, 8, 16, 31, 64, 65};
    for (int precision = 0; precision < 2; precision++)
        for (size_t i = 0; i < 6; i++)
            for (int drops = 0; drops < 2; drops++) {
                attention_case c = make_case(precisions[precision], short_starts, 4, 3,
                                             head_sizes[i], drops ? 0.1 : 0);
                run(&c);
                check_against_chain_rule(&c, 5e-6, 1e-4);
                math_teardown(NULL);
            }
}

/* Several blocks of queries and of keys in both passes. The forward pass rounds exponentials
 * relative to the maximum of the blocks so far, the reference relative to the maximum of all. */
static void test_long_sequences(void **state)
{
    (void)state;
    static const int32_t starts[] = {0, 700, 829, 830, 958};
    for (int precision = 0; precision < 2; precision++)
        for (int drops = 0; drops < 2; drops++) {
            attention_case c = make_case(precisions[precision], starts, 4, 2, 16, drops ? 0.1 : 0);
            run(&c);
            check_against_chain_rule(&c, 1e-5, 7e-4);
        }
}

/* Scores of a thousand and more: softmax must neither overflow nor lose its sum. Where one
 * probability is 1 and all others are 0, the exact gradients are zero and only errors remain, which
 * rounding increases. */
static void test_extreme_scores(void **state)
{
    (void)state;
    for (int precision = 0; precision < 2; precision++) {
        attention_case c = make_case(precisions[precision], short_starts, 4, 1, 8, 0);
        size_t count = c.shape.tokens * 8;
        float *qkv = math_copy(c.qkv, 3 * count);
        for (size_t i = 0; i < 3 * count; i++) {
            if (i % 24 < 8)
                qkv[i] *= 1000;
            c.x[i] = qkv[i];
        }
        c.qkv = qkv;
        run(&c);
        if (c.precision == GEMM_FLOAT32)
            check_against_chain_rule(&c, 2e-3, 0); /* scores have an absolute error of about 1e-4 */
        else
            check_deviation("out", c.out, expect(&c, GEMM_BFLOAT16).out,
                            expect(&c, GEMM_FLOAT32).out, count, 3e-4);
    }
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    for (int precision = 0; precision < 2; precision++) {
        attention_case c = make_case(precisions[precision], short_starts, 4, 5, 12, 0.2);
        assert_same_for_threads("attention", run, &c, c.out, c.result_count);
    }
}

/* One head by the kernels, in a workspace so small that keys are repacked for every block of
 * queries, and by the plain loops: both against the same reference. */
static void test_little_workspace_and_plain_loops(void **state)
{
    (void)state;
    static const int32_t starts[] = {0, 391};
    enum { SIZE = 10, TOKENS = 391 };
    const kernels *kernels = kernels_active();
    for (int i = 0; i < 4; i++) {
        bool plain = i % 2;
        attention_case c = make_case(precisions[i / 2], starts, 1, 1, SIZE, 0.25);
        const attention_head head = {.query = c.qkv,
                                     .key = c.qkv + SIZE,
                                     .value = c.qkv + 2 * SIZE,
                                     .queries = TOKENS,
                                     .length = TOKENS,
                                     .size = SIZE,
                                     .query_stride = 3 * SIZE,
                                     .stride = 3 * SIZE,
                                     .out_stride = SIZE,
                                     .scale = 1 / sqrtf(SIZE),
                                     .dropout = c.dropout,
                                     .row_keys = c.row_keys,
                                     .precision = c.precision};
        float *d_query = c.d_qkv, *d_key = d_query + SIZE, *d_value = d_key + SIZE;
        if (!plain) {
            size_t floats = kernels->attention_workspace(SIZE);
            float *workspace = math_zeros(floats);
            kernels->attention_forward(c.out, c.log_sum_exp, &head, workspace, floats);
            kernels->attention_backward(d_query, d_key, d_value, c.d_out, c.out, c.log_sum_exp,
                                        &head, workspace, floats);
        } else {
            attention_forward_plain(c.out, c.log_sum_exp, &head);
            attention_backward_plain(d_query, d_key, d_value, c.d_out, c.out, c.log_sum_exp, &head);
        }
        check_against_chain_rule(&c, 1e-5, 1e-4);
    }
}

/* Rows `indices` of x[…, columns], `stride` floats apart. */
static float *rows_of(const float *x, const int32_t *indices, size_t count, size_t columns,
                      size_t stride)
{
    float *rows = math_zeros(count * columns);
    for (size_t i = 0; i < count; i++)
        memcpy(rows + i * columns, x + (size_t)indices[i] * stride, columns * sizeof *rows);
    return rows;
}

/* qkv[tokens, 3 × hidden] in the layout for a subset of queries: keys and values of all tokens,
 * then the queries of the rows `subset`. */
static float *query_subset(const float *qkv, size_t tokens, const int32_t *subset, size_t count,
                           size_t hidden)
{
    float *layout = math_zeros((2 * tokens + count) * hidden);
    for (size_t token = 0; token < tokens; token++)
        memcpy(layout + token * 2 * hidden, qkv + token * 3 * hidden + hidden,
               2 * hidden * sizeof *layout);
    memcpy(layout + tokens * 2 * hidden, rows_of(qkv, subset, count, hidden, 3 * hidden),
           count * hidden * sizeof *layout);
    return layout;
}

/* With a subset of queries, results equal the same rows of the full computation, and the gradients
 * of keys and values are those of a d_out that is zero in all other rows. One sequence has no
 * query. */
static void check_query_subset(gemm_precision precision, size_t heads, size_t size, double drops)
{
    static const int32_t subset[] = {0, 2, 6, 7, 8, 11, 20, 22, 23, 24, 30, 41, 55, 60, 64, 191};
    static const int32_t starts[] = {0, 1, 6, 23, 56, 60, 200},
                         subset_starts[] = {0, 1, 2, 8, 13, 13, 16};
    enum { SUBSET = sizeof subset / sizeof *subset, SEQUENCES = 6, TOKENS = 200 };
    const size_t hidden = heads * size;
    attention_case c = make_case(precision, starts, SEQUENCES, heads, size, drops);
    float *d_out = rows_of(c.d_out, subset, SUBSET, hidden, hidden);
    float *qkv = query_subset(c.qkv, TOKENS, subset, SUBSET, hidden);
    uint64_t keys[SUBSET];
    float *d_all = (float *)c.d_out;
    memset(d_all, 0, TOKENS * hidden * sizeof *d_all);
    for (size_t i = 0; i < SUBSET; i++) {
        memcpy(d_all + (size_t)subset[i] * hidden, d_out + i * hidden, hidden * sizeof *d_all);
        keys[i] = c.row_keys[subset[i]];
    }
    run(&c);

    attention_shape shape = c.shape;
    shape.queries = SUBSET;
    shape.query_starts = subset_starts;
    float *out = math_zeros(SUBSET * hidden), *log_sum_exp = math_zeros(heads * SUBSET);
    const size_t count = (2 * TOKENS + SUBSET) * hidden;
    float *d_qkv = math_zeros(count);
    memset(d_qkv, 0xff, count * sizeof *d_qkv);
    attention_forward(precision, out, log_sum_exp, qkv, &shape, &c.dropout, keys);
    attention_backward(precision, d_qkv, d_out, out, log_sum_exp, qkv, &shape, &c.dropout, keys);

    double *expected =
        math_doubles(rows_of(c.out, subset, SUBSET, hidden, hidden), SUBSET * hidden);
    assert_close("out", out, expected, SUBSET * hidden, 1e-6);
    expected = math_doubles(query_subset(c.d_qkv, TOKENS, subset, SUBSET, hidden), count);
    assert_close("d_qkv", d_qkv, expected, count, 1e-5);
}

static void test_query_subset(void **state)
{
    (void)state;
    for (int precision = 0; precision < 2; precision++) {
        check_query_subset(precisions[precision], 1, 64, 0);
        check_query_subset(precisions[precision], 2, 64, 0.2);
        check_query_subset(precisions[precision], 3, 10, 0.2);
        check_query_subset(precisions[precision], 1, 4100, 0.2); /* by the plain loops */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_against_finite_differences),
        math_test(test_lengths_and_head_sizes),
        math_test(test_long_sequences),
        math_test(test_extreme_scores),
        math_test(test_threads_give_the_same_bits),
        math_test(test_little_workspace_and_plain_loops),
        math_test(test_query_subset),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
