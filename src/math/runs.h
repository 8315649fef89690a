/* How flat memory is cut for the threads: runs of fixed length, so that what is summed in one run
 * does not depend on their number. */
#ifndef MATH_RUNS_H
#define MATH_RUNS_H

#include <stddef.h>

enum {
    RUN = 4096,               /* elements; the runs of three arrays lie in a cache of 48 KiB */
    RUN_WORTH_THREADS = 8192, /* below, waking a second thread costs more than it saves */
};

static inline size_t run_length(size_t start, size_t count)
{
    return count - start < RUN ? count - start : RUN;
}

#endif
