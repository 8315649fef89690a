#include "probe.h"

#include <omp.h>
#include <stdlib.h>
#include <time.h>

double probe_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Twelve chains hide the latency of four cycles of two units and more; named one by one, as an
 * array would live in memory. The loop is stamped out for each width: the instruction set is the
 * function's, not the file's. */
#define CHAINS(do_) \
    do_(0) do_(1) do_(2) do_(3) do_(4) do_(5) do_(6) do_(7) do_(8) do_(9) do_(10) do_(11)
#define CHAIN_START(c) vector sum_##c = term * (float)(c + 1);
#define CHAIN_STEP(c) sum_##c = sum_##c * factor + term;
#define CHAIN_END(c) +sum_##c[0]
#define MULTIPLY_ADD_LOOP(name, lanes, attribute)                       \
    attribute static double name(double seconds)                        \
    {                                                                   \
        typedef float vector __attribute__((vector_size(4 * (lanes)))); \
        vector factor, term;                                            \
        for (int l = 0; l < (lanes); l++) {                             \
            factor[l] = 0.999f;                                         \
            term[l] = 1e-3f;                                            \
        }                                                               \
        CHAINS(CHAIN_START)                                             \
        double start = probe_now(), passed, count = 0;                  \
        do {                                                            \
            for (int i = 0; i < 20000; i++) {                           \
                CHAINS(CHAIN_STEP)                                      \
            }                                                           \
            count += 20000.0 * 12 * (lanes)*2;                          \
            passed = probe_now() - start;                               \
        } while (passed < seconds);                                     \
        volatile float sink = 0 CHAINS(CHAIN_END);                      \
        (void)sink;                                                     \
        return count / passed * 1e-9;                                   \
    }

#if defined(__x86_64__)
MULTIPLY_ADD_LOOP(peak_avx512, 16, __attribute__((target("avx512f,fma"))))
MULTIPLY_ADD_LOOP(peak_avx2, 8, __attribute__((target("avx2,fma"))))
#endif
MULTIPLY_ADD_LOOP(peak_generic, 4, )

static double peak_of_thread(double seconds)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return peak_avx512(seconds);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return peak_avx2(seconds);
#endif
    return peak_generic(seconds);
}

double probe_peak_gflops(int threads, double seconds)
{
    double total = 0;
#pragma omp parallel num_threads(threads) reduction(+ : total)
    {
#pragma omp barrier
        total += peak_of_thread(seconds);
    }
    return total;
}

double probe_bandwidth(int threads, double seconds)
{
    size_t count = (size_t)32 << 20; /* 128 MiB each */
    float *a = malloc(count * 4), *b = malloc(count * 4), *c = malloc(count * 4);
    double bytes = 0, start = 0, passed = 0;
    if (a && b && c) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (size_t i = 0; i < count; i++) {
            a[i] = 0;
            b[i] = 1;
            c[i] = 2;
        }
        start = probe_now();
        do {
#pragma omp parallel for num_threads(threads) schedule(static)
            for (size_t i = 0; i < count; i++)
                a[i] = b[i] + 3.0f * c[i];
            bytes += 12.0 * (double)count;
            passed = probe_now() - start;
        } while (passed < seconds);
    }
    volatile float sink = a ? a[count / 2] : 0;
    (void)sink;
    free(a);
    free(b);
    free(c);
    return passed > 0 ? bytes / passed * 1e-9 : 0;
}
