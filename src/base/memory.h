/* Memory: allocations that check their products, and the arena of a training step. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/error.h"

/* Cache line, and the width of the widest vector register that kernels use. */
enum { MEMORY_ALIGNMENT = 64 };

/* `*out` = count × size bytes, zeroed, owned by the caller, released with free(). `what` names the
 * thing in the error ("token lengths"). The product is checked; count 0 gives a non-NULL pointer.
 */
bert_status memory_array(void **out, size_t count, size_t size, const char *what,
                         bert_error *error);

/* Grows an array to hold at least `needed` elements, doubling. `*array` and `*capacity` stay as
 * they were on failure. New elements are not initialised. */
bert_status memory_grow(void **array, size_t *capacity, size_t needed, size_t size,
                        const char *what, bert_error *error);

/* Gives pages that free() left unused within the heap back to the system, where the C library can:
 * for after much was freed that will not be needed at that size again. Takes about a millisecond.
 */
void memory_trim(void);

/* Large, zeroed, MEMORY_ALIGNMENT-aligned memory straight from the system, in huge pages where the
 * system has them. Released with memory_unmap and the same size. */
bert_status memory_map(void **out, size_t bytes, const char *what, bert_error *error);
void memory_unmap(void *memory, size_t bytes);

/* Hands out aligned pieces of one block. Used twice with the same code: first without a block, to
 * learn how much is needed, then with one that is exactly so large (architecture, decision 6). */
typedef struct arena {
    unsigned char *block; /* NULL while measuring */
    size_t size;          /* bytes in the block */
    size_t used;          /* bytes handed out so far, each piece rounded up to MEMORY_ALIGNMENT */
} arena;

/* A piece of count × size bytes; NULL while measuring, and where the block is too small. */
void *arena_take(arena *arena, size_t count, size_t size);

#endif
