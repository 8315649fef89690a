/* Detects a launcher by the environment variables that it sets for its processes. */
#ifndef DIST_LAUNCH_H
#define DIST_LAUNCH_H

typedef struct launch {
    const char *launcher; /* name for messages: "mpirun", "srun"; NULL: no launcher */
    int size;             /* processes in the job */
    int local_size;       /* on this machine; 1 if unknown */
} launch;

launch launch_detect(void);

#endif
