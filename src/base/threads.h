/* The number of threads that the library computes with, using OpenMP within a process. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

/* Resolves a requested number of threads: 0 means the number in effect for the calling thread,
 * which is one per core that this process may run on (affinity mask) unless OMP_NUM_THREADS or the
 * caller's omp_set_num_threads changed it. */
int threads_resolve(int count);

/* Has parallel regions that the calling thread starts use threads_resolve(count) threads. Returns
 * the number that was in force. The number belongs to the caller of the library: a public function
 * that changes it puts it back before it returns,
 *
 *     int before = threads_use(params->threads);
 *     …
 *     threads_use(before); */
int threads_use(int count);

/* The number of threads for each of `processes` on this machine: an equal share of its cores, at
 * least 1. A process that is bound to fewer cores than the machine has uses all of its own. */
int threads_share(int processes);

/* The number in effect for the calling thread. */
int threads_count(void);

/* For a thread that mostly sleeps and must react quickly when it wakes, on a core shared with a
 * computing thread: requests scheduler time slices of 0.1 ms, because Linux schedules a thread with
 * short slices earlier (6.12 and later; before 6.6 a waking thread preempts anyway). Needs no
 * privileges. Does nothing on other kernels. */
void threads_take_short_turns(void);

#endif
