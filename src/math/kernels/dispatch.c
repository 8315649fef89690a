#include "math/kernels/kernels.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Best first. */
static const char *const names[] = {"avx512_bf16", "avx512", "avx2", "generic"};

const kernels *kernels_named(const char *name)
{
#if defined(__x86_64__)
    /* The checks include that the operating system saves the registers. */
    if (strcmp(name, "avx512_bf16") == 0)
        return __builtin_cpu_supports("avx512bf16") && kernels_named("avx512")
                   ? &kernels_avx512_bf16
                   : NULL;
    if (strcmp(name, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("fma")
                   ? &kernels_avx512
                   : NULL;
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_avx2
                                                                               : NULL;
#endif
    return strcmp(name, "generic") == 0 ? &kernels_generic : NULL;
}

static const kernels *active;

static void choose(void)
{
    const char *wanted = getenv("BERT_KERNELS");
    active = wanted ? kernels_named(wanted) : NULL;
    for (size_t i = 0; !active; i++)
        active = kernels_named(names[i]);
}

const kernels *kernels_active(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose);
    return active;
}
