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

/* For a thread that mostly sleeps, and has a little to do at once when it wakes, on a core that
 * another thread computes on: asks the kernel for turns of 0.1 ms, which come sooner the shorter
 * they are (Linux 6.12 and later; before 6.6 a thread that slept has its turn at once anyway).
 * Needs no rights, and does nothing where the kernel has no such turns. */
void threads_take_short_turns(void);

#endif
