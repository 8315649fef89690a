/* How many threads the library computes with. OpenMP does the work inside one process. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

/* The number of threads that `count` asks for: 0 stands for the number in force for the calling
 * thread, which is one for each core that this process may run on (its affinity mask) unless
 * OMP_NUM_THREADS or the caller's omp_set_num_threads says otherwise. */
int threads_resolve(int count);

/* Has parallel regions that the calling thread starts use threads_resolve(count) threads. Returns
 * the number that was in force. The number belongs to the caller of the library: a public function
 * that changes it puts it back before it returns,
 *
 *     int before = threads_use(params->threads);
 *     …
 *     threads_use(before); */
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
