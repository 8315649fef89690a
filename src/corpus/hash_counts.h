/* Counts items by hash, 8 bytes per item, in a table of bounded size. Items whose hashes agree in
 * 56 bits are not distinguished: with ten million items, the probability of any collision is about
 * 1 in 1,400. */
#ifndef CORPUS_HASH_COUNTS_H
#define CORPUS_HASH_COUNTS_H

#include "base/error.h"

/* Zero-initialise all but `memory`. */
typedef struct hash_counts {
    uint64_t *slots; /* owned: 56 bits of the hash, 8 of the count; 0 is free */
    size_t capacity, used;
    uint64_t memory; /* limit in bytes, including while it grows */
} hash_counts;

/* Increments the count of a hash (saturates at 255). *before is the previous count; *remembered is
 * false if that was 0 and the table is full. */
bert_status hash_counts_add(hash_counts *counts, uint64_t hash, unsigned *before, bool *remembered,
                            bert_error *error);
void hash_counts_free(hash_counts *counts);

#endif
