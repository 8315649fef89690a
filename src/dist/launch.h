/* What a launcher tells the processes it starts, in their environment. */
#ifndef DIST_LAUNCH_H
#define DIST_LAUNCH_H

typedef struct launch {
    const char *launcher; /* "mpirun", "srun", as messages name it; NULL: nobody started several */
    int size;             /* processes in the job */
    int local_size;       /* of them on this machine; 1 where that is not told */
} launch;

launch launch_detect(void);

#endif
