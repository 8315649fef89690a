#include "reference.h"

#include "base/threads.h"
#include "math/kernels/kernels.h"

static void test_sweep_of_odd_sizes(void **state)
{
    (void)state;
    check_gemm_sizes(GEMM_FLOAT32);
}

/* More than one block of k, chunk of rows, chunk of columns and task. */
static void test_sizes_beyond_the_blocks(void **state)
{
    (void)state;
    for (int kind = GEMM_NN; kind <= GEMM_TN; kind++)
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            check_gemm(GEMM_FLOAT32, (gemm_kind)kind, 30, 70, 1201, accumulate);
            check_gemm(GEMM_FLOAT32, (gemm_kind)kind, 1101, 35, 50, accumulate);
            check_gemm(GEMM_FLOAT32, (gemm_kind)kind, 17, 4200, 30, accumulate);
            check_gemm(GEMM_FLOAT32, (gemm_kind)kind, 1030, 4099, 3, accumulate);
            check_gemm(GEMM_FLOAT32, (gemm_kind)kind, 130, 300, 400, accumulate);
        }
}

static void test_empty_sums(void **state)
{
    (void)state;
    float c[6] = {1, 2, 3, 4, 5, 6};
    gemm(GEMM_NN, 2, 3, 0, NULL, 0, NULL, 3, c, 3, true);
    for (int i = 0; i < 6; i++)
        assert_true(c[i] == (float)(i + 1));
    gemm(GEMM_NT, 2, 3, 0, NULL, 0, NULL, 0, c, 3, false);
    for (int i = 0; i < 6; i++)
        assert_true(c[i] == 0);
    gemm(GEMM_NN, 0, 3, 4, NULL, 4, c, 3, NULL, 3, false);
    gemm(GEMM_NN, 2, 0, 4, c, 4, NULL, 0, NULL, 0, false);
}

static void test_epilogues(void **state)
{
    (void)state;
    enum { M = 45, N = 77, K = 800 };
    float *a = math_random(M * K, 0.05, 1), *b = math_random(N * K, 1, 2);
    float *bias = math_random(N, 1, 3), *c = math_zeros(M * N), *gelu = math_zeros(M * N);
    const gemm_epilogue epilogue = {.bias = bias, .activated = gelu};
    gemm_fused(GEMM_FLOAT32, GEMM_NT, M, N, K, a, K, b, K, c, N, false, &epilogue);
    double *expected = math_memory(M * N, sizeof *expected);
    reference_gemm(GEMM_NT, M, N, K, a, K, b, K, expected, N, false);
    for (size_t i = 0; i < M * N; i++)
        expected[i] += bias[i % N];
    assert_close("with bias", c, expected, M * N, 2e-6);
    for (size_t i = 0; i < M * N; i++)
        expected[i] = reference_gelu(expected[i]);
    assert_close("gelu", gelu, expected, M * N, 2e-6);
}

/* Sums of the rows of op(A) are accumulated, and each value is counted once. */
static void check_row_sums(size_t rows, size_t columns, size_t depth)
{
    float *left = math_random(depth * rows, 1, 4), *right = math_random(depth * columns, 1, 5);
    float *sums = math_random(rows, 1, 6), *c = math_zeros(rows * columns);
    double *expected_sums = reference_row_sums(sums, left, rows, depth);
    double *expected = math_memory(rows * columns, sizeof *expected);
    reference_gemm(GEMM_TN, rows, columns, depth, left, rows, right, columns, expected, columns,
                   false);
    const gemm_epilogue with_sums = {.row_sums = sums};
    gemm_fused(GEMM_FLOAT32, GEMM_TN, rows, columns, depth, left, rows, right, columns, c, columns,
               true, &with_sums);
    assert_close("row sums", sums, expected_sums, rows, 2e-6);
    assert_close("c", c, expected, rows * columns, 2e-6);
    math_teardown(NULL);
}

static void test_row_sums(void **state)
{
    (void)state;
    check_row_sums(29, 4200, 500); /* A is packed by all threads, in two blocks of k */
    check_row_sums(500, 90, 1700); /* each task packs its A, in slices */
    check_row_sums(40, 33, 900);   /* so few rows that tasks split the columns */
    check_row_sums(4300, 4200,
                   20); /* each task packs its A in each of two passes over the columns */
}

typedef struct product {
    gemm_kind kind;
    size_t m, n, k;
    const float *a, *b;
    float *c;
} product;

static void multiply(void *context)
{
    product *p = context;
    gemm(p->kind, p->m, p->n, p->k, p->a, p->kind == GEMM_TN ? p->m : p->k, p->b,
         p->kind == GEMM_NT ? p->k : p->n, p->c, p->n, false);
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {{515, 131, 801}, {20, 3000, 500}, {1500, 33, 100}};
    for (int kind = GEMM_NN; kind <= GEMM_TN; kind++)
        for (size_t i = 0; i < 3; i++) {
            size_t m = sizes[i][0], n = sizes[i][1], k = sizes[i][2];
            product product = {
                (gemm_kind)kind,  m, n, k, math_random(m * k, 1, 1), math_random(n * k, 1, 2),
                math_zeros(m * n)};
            assert_same_for_threads("gemm", multiply, &product, product.c, m * n);
        }
}

/* Each thread of the caller's own team runs a matrix multiplication of its own. */
static void test_inside_a_parallel_region(void **state)
{
    (void)state;
    enum { M = 70, N = 90, K = 400 };
    float *a = math_random(M * K, 1, 1), *b = math_random(N * K, 1, 2), *c[4];
    for (int i = 0; i < 4; i++)
        c[i] = math_zeros(M * N);
#pragma omp parallel for num_threads(2)
    for (int i = 0; i < 4; i++)
        gemm(GEMM_NT, M, N, K, a, K, b, K, c[i], N, false);
    double *expected = math_memory(M * N, sizeof *expected);
    reference_gemm(GEMM_NT, M, N, K, a, K, b, K, expected, N, false);
    assert_close("c", c[0], expected, M * N, 2e-6);
    for (int i = 1; i < 4; i++)
        assert_memory_equal(c[i], c[0], M * N * sizeof(float));
}

static void test_kernels_by_name(void **state)
{
    (void)state;
    assert_non_null(kernels_named("generic"));
    assert_null(kernels_named("no such"));
    assert_null(kernels_named(""));
    assert_ptr_equal(kernels_named(gemm_kernel_name()), kernels_active());
    const char *wanted = getenv("BERT_KERNELS");
    if (wanted && kernels_named(wanted))
        assert_string_equal(gemm_kernel_name(), wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_sweep_of_odd_sizes),
        math_test(test_sizes_beyond_the_blocks),
        math_test(test_empty_sums),
        math_test(test_epilogues),
        math_test(test_row_sums),
        math_test(test_threads_give_the_same_bits),
        math_test(test_inside_a_parallel_region),
        math_test(test_kernels_by_name),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
