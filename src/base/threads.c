#include "base/threads.h"

#include <omp.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/sched/types.h>
#include <sys/syscall.h>
#endif

int threads_use(int count)
{
    static int default_count = 0; /* OpenMP's initial value: cores, or OMP_NUM_THREADS */
    if (default_count == 0)
        default_count = omp_get_max_threads();
    omp_set_num_threads(count > 0 ? count : default_count);
    return omp_get_max_threads();
}

int threads_share(int processes)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int available = threads_use(0);
    if (processes < 2 || available < cores)
        return available;
    return cores >= processes ? (int)(cores / processes) : 1;
}

int threads_count(void)
{
    return omp_get_max_threads();
}

void threads_take_short_turns(void)
{
#ifdef SYS_sched_setattr
    /* glibc wraps neither call. Policy and niceness, read by the first, are kept. */
    struct sched_attr attributes;
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0)
        return;
    attributes.sched_runtime = 100000; /* nanoseconds: the minimum that the kernel accepts */
    syscall(SYS_sched_setattr, 0, &attributes, 0);
#endif
}
