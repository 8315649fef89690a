/* Counts of pairs of adjacent tokens in words. */
#ifndef TOKENIZER_TOKEN_PAIRS_H
#define TOKENIZER_TOKEN_PAIRS_H

#include "tokenizer/vocabulary.h"

/* The left id is the high half, so that keys are ordered like pairs of ids. */
static inline uint64_t pair_key(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}
static inline int32_t pair_left(uint64_t key)
{
    return (int32_t)(key >> 32);
}
static inline int32_t pair_right(uint64_t key)
{
    return (int32_t)(uint32_t)key;
}

typedef struct pair {
    uint64_t key;
    int64_t count;
} pair;

/* A hash table by key, with open addressing. */
typedef struct token_pairs {
    pair *pairs;
    size_t count, capacity;
    uint32_t *slots; /* index of a pair + 1 */
    size_t slot_count;
} token_pairs;

/* Finds the index of a pair; a new pair is appended with count 0. Zero-initialise the table. */
bert_status token_pairs_find(token_pairs *table, uint64_t key, uint32_t *index, bert_error *error);
void token_pairs_free(token_pairs *table);

/* Removes the pairs with count 0, in two steps. The first returns an array that maps the old index
 * of each remaining pair to its new one; the second rebuilds the table and must follow before any
 * other use. */
const uint32_t *token_pairs_compact(token_pairs *table);
void token_pairs_rehash(token_pairs *table);

/* The token that a pair merges to: the second one loses its "##". If the vocabulary has it already
 * (two pairs can spell the same token), *id is its id; otherwise it is appended. */
bert_status token_pairs_merged(vocabulary *vocabulary, uint64_t key, text *scratch, int32_t *id,
                               bert_error *error);

#endif
