/* How many threads the library computes with. OpenMP does the work inside one process. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

/* Threads that parallel regions started by the calling thread will use; 0 means one for each core
 * that this process may run on (its affinity mask and OMP_NUM_THREADS). Returns the number. */
int threads_use(int count);

/* The number now in force for the calling thread. */
int threads_count(void);

#endif
