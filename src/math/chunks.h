/* How flat memory is cut for the threads: runs of fixed length, so that what is summed in one run
 * does not depend on their number. */
#ifndef MATH_CHUNKS_H
#define MATH_CHUNKS_H

#include <stddef.h>

enum {
    CHUNK = 4096,               /* elements; the runs of three arrays lie in a cache of 48 KiB */
    CHUNK_WORTH_THREADS = 8192, /* below, waking a second thread costs more than it saves */
};

static inline size_t chunk_length(size_t start, size_t count)
{
    return count - start < CHUNK ? count - start : CHUNK;
}

#endif
