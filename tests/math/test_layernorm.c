#include "reference.h"

#include "math/layernorm.h"

static const float epsilon = 1e-12f;

typedef struct norm {
    size_t rows, columns;
    const float *in, *residual, *gamma, *beta, *d_out, *gamma_before, *beta_before;
    const uint64_t *row_keys;
    dropout dropout;
    /* results: one allocation */
    float *out, *sum, *mean, *deviation, *d_in, *d_residual, *d_gamma, *d_beta;
    size_t result_count;
    double *x_in, *x_residual, *x_gamma, *x_beta;
} norm;

static norm make_norm(size_t rows, size_t columns, double probability)
{
    size_t count = rows * columns;
    norm n = {.rows = rows, .columns = columns, .in = math_random(count, 1, 1)};
    n.residual = math_random(count, 1, 2);
    n.gamma = math_random(columns, 1, 3);
    n.beta = math_random(columns, 1, 4);
    n.d_out = math_random(count, 1, 5);
    n.gamma_before = math_random(columns, 1, 6);
    n.beta_before = math_random(columns, 1, 7);
    n.row_keys = math_row_keys(rows, 8);
    n.dropout = dropout_at(probability, 1, 2, 3);
    n.result_count = 4 * count + 2 * rows + 2 * columns;
    n.out = math_zeros(n.result_count);
    n.sum = n.out + count;
    n.d_in = n.sum + count;
    n.d_residual = n.d_in + count;
    n.mean = n.d_residual + count;
    n.deviation = n.mean + rows;
    n.d_gamma = n.deviation + rows;
    n.d_beta = n.d_gamma + columns;
    n.x_in = math_doubles(n.in, count);
    n.x_residual = math_doubles(n.residual, count);
    n.x_gamma = math_doubles(n.gamma, columns);
    n.x_beta = math_doubles(n.beta, columns);
    return n;
}

static void run(void *context)
{
    norm *n = context;
    memset(n->out, 0xff, n->result_count * sizeof(float));
    memcpy(n->d_gamma, n->gamma_before, n->columns * sizeof(float));
    memcpy(n->d_beta, n->beta_before, n->columns * sizeof(float));
    dropout_residual_layernorm_forward(n->out, n->sum, n->mean, n->deviation, n->in, n->residual,
                                       &n->dropout, n->row_keys, n->gamma, n->beta, n->rows,
                                       n->columns, epsilon);
    dropout_residual_layernorm_backward(n->d_in, n->d_residual, n->d_gamma, n->d_beta, n->d_out,
                                        n->sum, n->mean, n->deviation, &n->dropout, n->row_keys,
                                        n->gamma, n->rows, n->columns);
}

static void reference_forward(double *out, const norm *n)
{
    double *sum = malloc(n->rows * n->columns * sizeof *sum);
    for (size_t i = 0; i < n->rows * n->columns; i++) {
        double keep = reference_keep(&n->dropout, n->row_keys[i / n->columns], i % n->columns);
        sum[i] = n->x_residual[i] + n->x_in[i] * keep;
    }
    reference_layernorm(out, sum, n->x_gamma, n->x_beta, n->rows, n->columns, (double)epsilon);
    free(sum);
}

static double loss(void *context)
{
    norm *n = context;
    size_t count = n->rows * n->columns;
    double *out = malloc(count * sizeof *out), total = 0;
    reference_forward(out, n);
    for (size_t i = 0; i < count; i++)
        total += out[i] * n->d_out[i];
    free(out);
    return total;
}

static void check_gradient(const char *what, norm *n, const float *got, double *x, size_t count,
                           const float *before)
{
    double *gradient = math_memory(count, sizeof *gradient);
    reference_gradient(gradient, x, count, loss, n);
    for (size_t i = 0; before && i < count; i++)
        gradient[i] += before[i];
    assert_close(what, got, gradient, count, 5e-6);
}

static const size_t shapes[][2] = {{1, 2}, {1, 16}, {3, 5}, {2, 33}, {5, 17}, {37, 19}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void test_dropout_residual_layernorm(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++)
        for (int drops = 0; drops < 2; drops++) {
            norm n = make_norm(shapes[s][0], shapes[s][1], drops ? 0.3 : 0);
            size_t count = n.rows * n.columns;
            double *expected = math_memory(count, sizeof *expected);
            run(&n);
            reference_forward(expected, &n);
            /* With two columns only their difference matters, so rounding errors are larger. */
            assert_close("out", n.out, expected, count, n.columns == 2 ? 1e-5 : 2e-6);
            if (n.columns == 2)
                continue; /* the gradient is zero up to rounding */
            check_gradient("d_in", &n, n.d_in, n.x_in, count, NULL);
            check_gradient("d_residual", &n, n.d_residual, n.x_residual, count, NULL);
            check_gradient("d_gamma", &n, n.d_gamma, n.x_gamma, n.columns, n.gamma_before);
            check_gradient("d_beta", &n, n.d_beta, n.x_beta, n.columns, n.beta_before);
            math_teardown(NULL);
        }
}

/* The plain functions equal the fused ones without residual and dropout; in place where that is
 * allowed. */
static void test_plain_layernorm(void **state)
{
    (void)state;
    for (size_t s = 1; s < SHAPES; s++) {
        norm n = make_norm(shapes[s][0], shapes[s][1], 0);
        size_t count = n.rows * n.columns;
        memset((float *)n.residual, 0, count * sizeof(float));
        run(&n);
        float *out = math_copy(n.in, count), *mean = math_zeros(n.rows);
        float *deviation = math_zeros(n.rows), *d_in = math_copy(n.d_out, count);
        float *d_gamma = math_copy(n.gamma_before, n.columns);
        float *d_beta = math_copy(n.beta_before, n.columns);
        layernorm_forward(out, NULL, NULL, out, n.gamma, n.beta, n.rows, n.columns, epsilon);
        assert_memory_equal(out, n.out, count * sizeof *out);
        layernorm_forward(out, mean, deviation, n.in, n.gamma, n.beta, n.rows, n.columns, epsilon);
        assert_memory_equal(out, n.out, count * sizeof *out);
        assert_memory_equal(mean, n.mean, n.rows * sizeof *mean);
        assert_memory_equal(deviation, n.deviation, n.rows * sizeof *deviation);
        layernorm_backward(d_in, d_gamma, d_beta, d_in, n.in, mean, deviation, n.gamma, n.rows,
                           n.columns);
        assert_memory_equal(d_in, n.d_in, count * sizeof *d_in);
        assert_memory_equal(d_gamma, n.d_gamma, n.columns * sizeof *d_gamma);
        assert_memory_equal(d_beta, n.d_beta, n.columns * sizeof *d_beta);
    }
}

static void test_aliases_of_the_fused_pair(void **state)
{
    (void)state;
    norm n = make_norm(20, 70, 0.2);
    const size_t count = 20 * 70;
    run(&n);
    float *sum = math_copy(n.in, count), *out = math_zeros(count);
    dropout_residual_layernorm_forward(out, sum, NULL, NULL, sum, n.residual, &n.dropout,
                                       n.row_keys, n.gamma, n.beta, 20, 70, epsilon);
    assert_memory_equal(out, n.out, count * sizeof *out);
    assert_memory_equal(sum, n.sum, count * sizeof *sum);
    float *d_residual = math_copy(n.d_out, count), *d_in = math_zeros(count);
    float *d_gamma = math_zeros(70), *d_beta = math_zeros(70);
    dropout_residual_layernorm_backward(d_in, d_residual, d_gamma, d_beta, d_residual, sum, n.mean,
                                        n.deviation, &n.dropout, n.row_keys, n.gamma, 20, 70);
    assert_memory_equal(d_in, n.d_in, count * sizeof *d_in);
    assert_memory_equal(d_residual, n.d_residual, count * sizeof *d_residual);
}

/* A mean far from zero: a variance computed from the sum of squares would lose all digits. */
static void test_far_from_zero(void **state)
{
    (void)state;
    enum { COLUMNS = 768 };
    float *in = math_random(COLUMNS, 1, 1), *out = math_zeros(COLUMNS);
    float *gamma = math_zeros(COLUMNS), *beta = math_zeros(COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) {
        in[i] += 4096;
        gamma[i] = 1;
    }
    layernorm_forward(out, NULL, NULL, in, gamma, beta, 1, COLUMNS, epsilon);
    double *expected = math_memory(COLUMNS, sizeof *expected);
    reference_layernorm(expected, math_doubles(in, COLUMNS), math_doubles(gamma, COLUMNS),
                        math_doubles(beta, COLUMNS), 1, COLUMNS, (double)epsilon);
    assert_close("out", out, expected, COLUMNS, 2e-4); /* the mean has 12 fraction bits */
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    norm n = make_norm(523, 131, 0.1);
    assert_same_for_threads("layernorm", run, &n, n.out, n.result_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_dropout_residual_layernorm), math_test(test_plain_layernorm),
        math_test(test_aliases_of_the_fused_pair),  math_test(test_far_from_zero),
        math_test(test_threads_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
