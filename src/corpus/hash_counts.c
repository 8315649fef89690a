#include "corpus/hash_counts.h"

#include "base/memory.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 1 << 12 };

/* The slot of a hash, or the free slot for it. */
static uint64_t *find(const hash_counts *counts, uint64_t hash)
{
    size_t mask = counts->capacity - 1, at = (size_t)(hash >> 8) & mask;
    while (counts->slots[at] && (counts->slots[at] ^ hash) >> 8)
        at = (at + 1) & mask;
    return &counts->slots[at];
}

static bert_status grow(hash_counts *counts, bert_error *error)
{
    hash_counts larger = {.capacity = counts->capacity ? 2 * counts->capacity : FIRST_CAPACITY,
                          .used = counts->used,
                          .memory = counts->memory};
    TRY(memory_array((void **)&larger.slots, larger.capacity, sizeof *larger.slots,
                     "a table of hashes", error));
    for (size_t i = 0; i < counts->capacity; i++)
        if (counts->slots[i])
            *find(&larger, counts->slots[i]) = counts->slots[i];
    free(counts->slots);
    *counts = larger;
    return BERT_OK;
}

bert_status hash_counts_add(hash_counts *counts, uint64_t hash, unsigned *before, bool *remembered,
                            bert_error *error)
{
    *remembered = true;
    bool is_full = counts->used >= counts->capacity / 4 * 3;
    /* While growing, both the old and the new table are allocated. */
    bool can_grow =
        counts->capacity == 0 || 3 * counts->capacity * sizeof *counts->slots <= counts->memory;
    if (is_full && can_grow)
        TRY(grow(counts, error));
    uint64_t *slot = find(counts, hash);
    *before = (unsigned)(*slot & 0xFF);
    if (*before > 0) {
        *slot += *before < 0xFF;
    } else if (is_full && !can_grow) {
        *remembered = false;
    } else {
        *slot = (hash & ~(uint64_t)0xFF) | 1;
        counts->used++;
    }
    return BERT_OK;
}

void hash_counts_free(hash_counts *counts)
{
    free(counts->slots);
    *counts = (struct hash_counts){0};
}
