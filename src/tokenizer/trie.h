/* Longest-match tokenization of a word in time linear in its length.
 *
 * LinMaxMatch of Song, Salcianu, Song, Dopson and Zhou, "Fast WordPiece Tokenization" (EMNLP 2021,
 * arXiv 2012.15524): a trie of the vocabulary in which each node knows, for the case that the next
 * byte does not fit, which tokens greedy matching would have taken on the way here ("pops") and
 * which node stands for what is left ("fail"). The trie is over UTF-8 bytes; as the tokens and the
 * text are valid UTF-8, they match at whole characters only. Edges lie in a double array.
 *
 * Pops are lists that share their beginnings: those of a node extend those of its parent. So they
 * are kept as trees of cells, and all of it is linear in the size of the vocabulary. */
#ifndef TOKENIZER_TRIE_H
#define TOKENIZER_TRIE_H

#include "base/error.h"

enum {
    TRIE_ROOT = 0,   /* start of a word */
    TRIE_SUFFIX = 1, /* inside a word: behind the ## of the tokens that begin with it */
};
#define TRIE_NONE UINT32_MAX

typedef struct trie_unit {
    uint32_t base;  /* the child for byte b is at base ^ b, */
    uint32_t check; /* if this says that it is */
} trie_unit;

typedef struct trie_cell {
    int32_t id;
    uint32_t previous; /* cell of the token before this one; 0: this is the first */
} trie_cell;

typedef struct trie {
    trie_unit *units;
    uint32_t *fail; /* by node; TRIE_NONE: no tokens make up what was read */
    uint32_t *pops; /* by node: last cell; 0: none */
    size_t capacity;
    trie_cell *cells; /* [0] is not used */
    size_t cell_count, cell_capacity;
} trie;

/* One string to find. `suffix`: it continues a word. Strings are not empty. */
typedef struct trie_key {
    const unsigned char *bytes;
    uint32_t length;
    int32_t id;
    bool suffix;
} trie_key;

/* Sorts `keys` (two equal ones: the first in memory is kept out of the result, undefined which).
 * Zero-initialise `trie`; trie_free also after a failure. */
bert_status trie_build(trie *trie, trie_key *keys, size_t count, bert_error *error);
void trie_free(trie *trie);

/* The child, or TRIE_NONE. */
static inline uint32_t trie_child(const trie *trie, uint32_t node, unsigned char byte)
{
    uint32_t child = trie->units[node].base ^ byte;
    return trie->units[child].check == node ? child : TRIE_NONE;
}

/* Writes the pops of a node at out[0], out[1], … and returns their number. */
static inline size_t trie_pop(const trie *trie, uint32_t node, int32_t *out)
{
    uint32_t cell = trie->pops[node];
    size_t count = 0;
    for (uint32_t c = cell; c; c = trie->cells[c].previous)
        count++;
    for (size_t i = count; i > 0; i--, cell = trie->cells[cell].previous)
        out[i - 1] = trie->cells[cell].id;
    return count;
}

/* Id of the key that ends at this node, -1 where none does. */
static inline int32_t trie_key_at(const trie *trie, uint32_t node)
{
    return trie->fail[node] == TRIE_SUFFIX && node != TRIE_ROOT &&
                   trie->cells[trie->pops[node]].previous == 0
               ? trie->cells[trie->pops[node]].id
               : -1;
}

/* The tokens of a whole word. `ids` has room for `length`. Returns how many, 0 where no tokens
 * make up the word. */
size_t trie_match(const trie *trie, const unsigned char *word, size_t length, int32_t *ids);

#endif
