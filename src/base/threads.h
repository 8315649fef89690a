/* The number of threads that the library computes with, using OpenMP within a process. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

/* Sets the number of threads of parallel regions that the calling thread starts; 0 means one for
 * each core that this process may run on (affinity mask, OMP_NUM_THREADS). Returns the number in
 * effect. */
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
