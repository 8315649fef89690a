/* Memory: overflow-checked allocations, and the arena of a training step. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/error.h"

/* Bytes: a cache line, and the widest vector register that kernels use. */
enum { MEMORY_ALIGNMENT = 64 };

/* `*out` = count × size bytes, zeroed, owned by the caller, released with free(). `what` names the
 * array in the error ("token lengths"). Overflow of the product is an error; count 0 gives a
 * non-NULL pointer. */
bert_status memory_array(void **out, size_t count, size_t size, const char *what,
                         bert_error *error);

/* Grows an array to hold at least `needed` elements, by doubling. On failure `*array` and
 * `*capacity` are unchanged. New elements are uninitialised. */
bert_status memory_grow(void **array, size_t *capacity, size_t needed, size_t size,
                        const char *what, bert_error *error);

/* Returns free heap pages to the system, if the C library can. Call it after a large amount of
 * memory was freed that will not be allocated again. Takes about a millisecond. */
void memory_trim(void);

/* A large, zeroed, MEMORY_ALIGNMENT-aligned block mapped from the system, in huge pages if
 * available. Release it with memory_unmap and the same size. */
bert_status memory_map(void **out, size_t bytes, const char *what, bert_error *error);
void memory_unmap(void *memory, size_t bytes);

/* Allocates aligned ranges from one block. The same code runs twice: first without a block, to
 * measure how much is needed, then with a block of exactly that size (architecture, decision 6). */
typedef struct arena {
    unsigned char *block; /* NULL while measuring */
    size_t size;          /* bytes in the block */
    size_t used;          /* bytes allocated so far, each range rounded up to MEMORY_ALIGNMENT */
} arena;

/* A range of count × size bytes; NULL while measuring, and if the block is too small. */
void *arena_take(arena *arena, size_t count, size_t size);

#endif
