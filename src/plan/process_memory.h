/* What this process holds and what the system has left (Linux: /proc, control groups). */
#ifndef PLAN_PROCESS_MEMORY_H
#define PLAN_PROCESS_MEMORY_H

#include <stdint.h>

/* Bytes resident now, and the most since the last process_memory_reset_peak; 0 where the system
 * does not report it. */
uint64_t process_memory_now(void);
uint64_t process_memory_peak(void);
void process_memory_reset_peak(void);

/* Bytes that could still be taken without swapping: MemAvailable, or what a control group's limit
 * allows where that is less. */
uint64_t process_memory_available(void);

#endif
