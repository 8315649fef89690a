/* Scratch memory of a thread for packed panels and blocks of scores: mapped at the first use, kept
 * until the thread ends. */
#ifndef MATH_WORKSPACE_H
#define MATH_WORKSPACE_H

#include <stddef.h>

enum { WORKSPACE_FLOATS = 4 << 20, WORKSPACE_LEAST = 48 << 10 };

/* The calling thread's block and the number of floats in it: WORKSPACE_FLOATS, or WORKSPACE_LEAST
 * where the system has no memory left (slower, not wrong). Aligned to MEMORY_ALIGNMENT. Every call
 * by one thread returns the same block. */
float *workspace_of_thread(size_t *floats);

#endif
