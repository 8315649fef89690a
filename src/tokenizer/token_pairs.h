/* Pairs of neighbouring tokens in words, and how often they were seen. */
#ifndef TOKENIZER_TOKEN_PAIRS_H
#define TOKENIZER_TOKEN_PAIRS_H

#include "tokenizer/vocabulary.h"

/* The left id in the high half, so that keys order as pairs of ids do. */
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

/* By key, open addressing. */
typedef struct token_pairs {
    pair *pairs;
    size_t count, capacity;
    uint32_t *slots; /* index of a pair + 1 */
    size_t slot_count;
} token_pairs;

/* The pair's index; a new one is the last, with count 0. Zero-initialise the table. */
bert_status token_pairs_find(token_pairs *table, uint64_t key, uint32_t *index, bert_error *error);
void token_pairs_free(token_pairs *table);

/* Removes the pairs with count 0, in two steps. The first returns, by its index so far, the new
 * index of each pair that stays; until the second nothing else may be done with the table. */
const uint32_t *token_pairs_squeeze(token_pairs *table);
void token_pairs_squeezed(token_pairs *table);

/* The token that a pair becomes: the second without its "##". One that the vocabulary has keeps its
 * id (two pairs can spell the same); a new one goes behind the others. */
bert_status token_pairs_merged(vocabulary *vocabulary, uint64_t key, text *scratch, int32_t *id,
                               bert_error *error);

#endif
