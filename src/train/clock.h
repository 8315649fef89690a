/* The wall clock of a job, for speed and time left; never for anything that a result depends on. */
#ifndef TRAIN_CLOCK_H
#define TRAIN_CLOCK_H

#include <time.h>

/* Between two reports of progress, where nothing else calls for one. */
#define PROGRESS_SECONDS 0.5

static inline double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
