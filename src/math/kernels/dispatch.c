#include "math/kernels/kernels.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* Best first. */
static const char *const names[] = {"avx512_amx", "avx512_bf16", "avx512", "avx2", "generic"};

#if defined(__x86_64__)

/* AMX is usable where the processor and the operating system support it (CPUID, leaf 7; XCR0) and
 * Linux permits this process to use it: the kernel saves the 8 KiB of tile state only for processes
 * that request it (Linux, Documentation/arch/x86/xstate.rst). The permission covers all threads,
 * also those already running. */
static bool matrix_registers_usable(void)
{
    enum { OSXSAVE = 1 << 27, AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 };
    enum { STATE_SHAPES = 17, STATE_REGISTERS = 18, REQUEST_PERMISSION = 0x1023 };
    const unsigned features = AMX_BF16 | AMX_TILE;
    const unsigned states = 1u << STATE_SHAPES | 1u << STATE_REGISTERS;
    unsigned a, b, c, d, saved, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & OSXSAVE) ||
        !__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & features) != features)
        return false;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    return (saved & states) == states &&
           syscall(SYS_arch_prctl, REQUEST_PERMISSION, STATE_REGISTERS) == 0;
}

#endif

const kernels *kernels_named(const char *name)
{
#if defined(__x86_64__)
    /* The checks include that the operating system saves the registers. */
    if (strcmp(name, "avx512_amx") == 0)
        return kernels_named("avx512_bf16") && matrix_registers_usable() ? &kernels_avx512_amx
                                                                         : NULL;
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
