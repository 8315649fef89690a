#include "probe.h"

#include "base/clock.h"

#include <omp.h>
#include <stdlib.h>

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

/* Twelve dependency chains hide a latency of four cycles on two units and more, twenty on the four
 * units of AArch64 processors, which have 32 registers. Each chain is a variable of its own: an
 * array would be kept in memory. The loop is a macro because the instruction set is an attribute of
 * a function, not of the file. */
#define TWELVE_CHAINS(do_) \
    do_(0) do_(1) do_(2) do_(3) do_(4) do_(5) do_(6) do_(7) do_(8) do_(9) do_(10) do_(11)
#if defined(__aarch64__)
enum { CHAIN_COUNT = 20 };
#define CHAINS(do_) \
    TWELVE_CHAINS(do_) do_(12) do_(13) do_(14) do_(15) do_(16) do_(17) do_(18) do_(19)
/* The instruction accumulates into its destination: the chain runs through the sum. */
#define CHAIN_STEP(c) sum_##c = vfmaq_f32(sum_##c, factor, term);
#else
enum { CHAIN_COUNT = 12 };
#define CHAINS TWELVE_CHAINS
#define CHAIN_STEP(c) sum_##c = sum_##c * factor + term;
#endif
#define CHAIN_START(c) vector sum_##c = term * (float)(c + 1);
#define CHAIN_END(c) +sum_##c[0]

enum { STEPS = 20000 };
/* Without calls of the clock, around which the sums would be spilled to memory. */
#define MULTIPLY_ADD_LOOP(name, lanes, attribute)                                              \
    attribute __attribute__((noinline)) static float name##_round(void)                        \
    {                                                                                          \
        typedef float vector __attribute__((vector_size(4 * (lanes))));                        \
        vector factor, term;                                                                   \
        for (int l = 0; l < (lanes); l++) {                                                    \
            factor[l] = 0.999f;                                                                \
            term[l] = 1e-3f;                                                                   \
        }                                                                                      \
        CHAINS(CHAIN_START)                                                                    \
        __asm__ volatile(""); /* keeps the compiler from hoisting the round out of the loop */ \
        for (int i = 0; i < STEPS; i++) {                                                      \
            CHAINS(CHAIN_STEP)                                                                 \
        }                                                                                      \
        return 0 CHAINS(CHAIN_END);                                                            \
    }                                                                                          \
    static double name(double seconds)                                                         \
    {                                                                                          \
        double start = clock_seconds(), passed, count = 0;                                     \
        do {                                                                                   \
            volatile float sink = name##_round();                                              \
            (void)sink;                                                                        \
            count += (double)STEPS * CHAIN_COUNT * (lanes)*2;                                  \
            passed = clock_seconds() - start;                                                  \
        } while (passed < seconds);                                                            \
        return count / passed * 1e-9;                                                          \
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
        start = clock_seconds();
        do {
#pragma omp parallel for num_threads(threads) schedule(static)
            for (size_t i = 0; i < count; i++)
                a[i] = b[i] + 3.0f * c[i];
            bytes += 12.0 * (double)count;
            passed = clock_seconds() - start;
        } while (passed < seconds);
    }
    volatile float sink = a ? a[count / 2] : 0;
    (void)sink;
    free(a);
    free(b);
    free(c);
    return passed > 0 ? bytes / passed * 1e-9 : 0;
}
