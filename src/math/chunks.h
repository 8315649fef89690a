/* How flat memory is divided between threads: chunks of fixed length, so that the sum of a chunk
 * does not depend on the number of threads. */
#ifndef MATH_CHUNKS_H
#define MATH_CHUNKS_H

#include <stddef.h>

enum {
    CHUNK = 4096,               /* elements; chunks of three arrays fit into a cache of 48 KiB */
    CHUNK_WORTH_THREADS = 8192, /* below, waking a second thread costs more than it saves */
};

static inline size_t chunk_length(size_t start, size_t count)
{
    return count - start < CHUNK ? count - start : CHUNK;
}

#endif
