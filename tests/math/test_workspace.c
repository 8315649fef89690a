/* Operations whose workspace cannot be allocated: slower, with the same results. */
#include "reference.h"

#include "base/threads.h"
#include "math/layernorm.h"
#include "math/workspace.h"

#include <pthread.h>
#include <sys/resource.h>

enum { M = 600, N = 500, K = 700, ROWS = 200, COLUMNS = 300, SIZE = 64, TOKENS = 300 };

typedef struct work {
    const float *a, *b, *rows, *d_rows, *gamma, *qkv, *d_out;
    float *c, *c_rounded, *c_wide, *sums, *mean, *deviation, *normal, *d_in, *d_gamma, *d_beta;
    float *out, *log_sum_exp, *d_qkv;
    size_t floats; /* of the thread's workspace */
} work;

static work make_work(void)
{
    return (work){.a = math_random(M * K, 1, 1),
                  .b = math_random(K * N, 1, 2),
                  .rows = math_random(ROWS * COLUMNS, 1, 3),
                  .d_rows = math_random(ROWS * COLUMNS, 1, 4),
                  .gamma = math_random(COLUMNS, 1, 5),
                  .qkv = math_random(TOKENS * 3 * SIZE, 0.3, 6),
                  .d_out = math_random(TOKENS * SIZE, 1, 7),
                  .c = math_zeros(M * N),
                  .c_rounded = math_zeros(M * N),
                  .c_wide = math_zeros(N * M),
                  .sums = math_zeros(N),
                  .mean = math_zeros(ROWS),
                  .deviation = math_zeros(ROWS),
                  .normal = math_zeros(ROWS * COLUMNS),
                  .d_in = math_zeros(ROWS * COLUMNS),
                  .d_gamma = math_zeros(COLUMNS),
                  .d_beta = math_zeros(COLUMNS),
                  .out = math_zeros(TOKENS * SIZE),
                  .log_sum_exp = math_zeros(TOKENS),
                  .d_qkv = math_zeros(TOKENS * 3 * SIZE)};
}

static void *compute(void *context)
{
    work *w = context;
    static const int32_t starts[] = {0, TOKENS};
    const attention_shape shape = {
        .tokens = TOKENS, .sequences = 1, .heads = 1, .head_size = SIZE, .sequence_starts = starts};
    const dropout none = dropout_at(0, 1, 1, 1);
    workspace_of_thread(&w->floats);
    gemm(GEMM_NN, M, N, K, w->a, K, w->b, N, w->c, N, false);
    gemm_fused(GEMM_BFLOAT16, GEMM_NN, M, N, K, w->a, K, w->b, N, w->c_rounded, N, false, NULL);
    const gemm_epilogue with_sums = {.row_sums = w->sums};
    gemm_fused(GEMM_FLOAT32, GEMM_TN, N, M, K, w->b, N, w->a, M, w->c_wide, M, false, &with_sums);
    layernorm_forward(w->normal, w->mean, w->deviation, w->rows, w->gamma, w->gamma, ROWS, COLUMNS,
                      1e-12f);
    layernorm_backward(w->d_in, w->d_gamma, w->d_beta, w->d_rows, w->rows, w->mean, w->deviation,
                       w->gamma, ROWS, COLUMNS);
    attention_forward(GEMM_FLOAT32, w->out, w->log_sum_exp, w->qkv, &shape, &none, NULL);
    attention_backward(GEMM_FLOAT32, w->d_qkv, w->d_out, w->out, w->log_sum_exp, w->qkv, &shape,
                       &none, NULL);
    return NULL;
}

static pthread_barrier_t ready;

static void *compute_when_ready(void *context)
{
    threads_use(1); /* no memory for further threads either */
    pthread_barrier_wait(&ready);
    return compute(context);
}

static void test_without_memory(void **state)
{
    (void)state;
    work usual = make_work(), starved = make_work();
    compute(&usual);
    assert_int_equal(usual.floats, WORKSPACE_FLOATS);

    struct rlimit before, tight;
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    pthread_t thread;
    assert_int_equal(pthread_barrier_init(&ready, NULL, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, compute_when_ready, &starved), 0);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    tight = before;
    tight.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)4 << 20);
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    pthread_barrier_wait(&ready);
    pthread_join(thread, NULL);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    pthread_barrier_destroy(&ready);

    assert_int_equal(starved.floats, WORKSPACE_LEAST);
    assert_memory_equal(starved.c, usual.c, M * N * sizeof(float));
    assert_memory_equal(starved.c_rounded, usual.c_rounded, M * N * sizeof(float));
    assert_memory_equal(starved.c_wide, usual.c_wide, N * M * sizeof(float));
    assert_memory_equal(starved.sums, usual.sums, N * sizeof(float));
    assert_memory_equal(starved.d_in, usual.d_in, ROWS * COLUMNS * sizeof(float));
    assert_close("d_gamma", starved.d_gamma, math_doubles(usual.d_gamma, COLUMNS), COLUMNS, 2e-6);
    assert_close("out", starved.out, math_doubles(usual.out, TOKENS * SIZE), TOKENS * SIZE, 2e-6);
    assert_close("d_qkv", starved.d_qkv, math_doubles(usual.d_qkv, TOKENS * 3 * SIZE),
                 TOKENS * 3 * SIZE, 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {math_test(test_without_memory)};
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
