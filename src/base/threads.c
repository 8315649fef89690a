#include "base/threads.h"

#include <omp.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/sched/types.h>
#include <sys/syscall.h>
#endif

int threads_resolve(int count)
{
    return count > 0 ? count : omp_get_max_threads();
}

int threads_use(int count)
{
    int before = omp_get_max_threads();
    omp_set_num_threads(threads_resolve(count));
    return before;
}

int threads_share(int processes)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int available = threads_count();
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
