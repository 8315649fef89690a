/* How often something was seen, by a hash of it: 8 bytes for each in a table of bounded size. Two
 * things with the same 56 bits of hash are one: among ten million that happens to one in 1,400. */
#ifndef CORPUS_HASH_COUNTS_H
#define CORPUS_HASH_COUNTS_H

#include "base/error.h"

/* Zero-initialise but for `memory`. */
typedef struct hash_counts {
    uint64_t *slots; /* owned: 56 bits of the hash, 8 of the count; 0 is free */
    size_t capacity, used;
    uint64_t memory; /* bytes that it may take, also while it grows */
} hash_counts;

/* Counts one more (up to 255). *before is the count until now; *remembered is false where it was 0
 * and there is no room. */
bert_status hash_counts_add(hash_counts *counts, uint64_t hash, unsigned *before, bool *remembered,
                            bert_error *error);
void hash_counts_free(hash_counts *counts);

#endif
