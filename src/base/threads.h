/* How many threads the library computes with. OpenMP does the work inside one process. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

/* Threads that parallel regions started by the calling thread will use; 0 means one for each core
 * that this process may run on (its affinity mask and OMP_NUM_THREADS). Returns the number. */
int threads_use(int count);

/* The threads of one of `processes` that share this machine's cores: an equal share of them, at
 * least 1; all that it may run on where it is bound to less than that. */
int threads_share(int processes);

/* The number now in force for the calling thread. */
int threads_count(void);

#endif
