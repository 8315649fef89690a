#include "base/threads.h"

#include <omp.h>
#include <unistd.h>

int threads_use(int count)
{
    static int default_count = 0; /* what OpenMP found at start: cores, or OMP_NUM_THREADS */
    if (default_count == 0)
        default_count = omp_get_max_threads();
    omp_set_num_threads(count > 0 ? count : default_count);
    return omp_get_max_threads();
}

int threads_share(int processes)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int mine = threads_use(0);
    if (processes < 2 || mine < cores)
        return mine;
    return cores >= processes ? (int)(cores / processes) : 1;
}

int threads_count(void)
{
    return omp_get_max_threads();
}
