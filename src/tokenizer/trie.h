/* Longest-match tokenization of a word in time linear in its length.
 *
 * LinMaxMatch of Song, Salcianu, Song, Dopson and Zhou, "Fast WordPiece Tokenization" (EMNLP 2021,
 * arXiv 2012.15524): a trie of the vocabulary in which each node stores, for the case that no child
 * matches the next byte, the tokens that greedy matching would have taken on the path to it
 * ("pops") and the node that represents the rest ("fail"). The trie is over UTF-8 bytes; as tokens
 * and text are valid UTF-8, matches end at character boundaries. Edges are stored in a double
 * array.
 *
 * The pops of a node extend those of its parent, so they are stored as linked lists with shared
 * prefixes, and total memory is linear in the size of the vocabulary. */
#ifndef TOKENIZER_TRIE_H
#define TOKENIZER_TRIE_H

#include "base/error.h"

enum {
    TRIE_ROOT = 0,   /* the start of a word */
    TRIE_SUFFIX = 1, /* inside a word: the start of the tokens with prefix ## */
};
#define TRIE_NONE UINT32_MAX

typedef struct trie_unit {
    uint32_t base;  /* the child for byte b is unit base ^ b */
    uint32_t check; /* the parent of this unit */
} trie_unit;

typedef struct trie_cell {
    int32_t id;
    uint32_t previous; /* cell of the previous token; 0 for the first */
} trie_cell;

typedef struct trie {
    trie_unit *units;
    uint32_t *fail; /* by node; TRIE_NONE: the bytes so far cannot be tokenized */
    uint32_t *pops; /* by node: the last cell of its list; 0: empty */
    size_t capacity;
    trie_cell *cells; /* [0] is unused */
    size_t cell_count, cell_capacity;
} trie;

/* A non-empty string to match; `suffix`: inside a word. */
typedef struct trie_key {
    const unsigned char *bytes;
    uint32_t length;
    int32_t id;
    bool suffix;
} trie_key;

/* Sorts `keys`. Of two equal keys only one is in the trie; which one is undefined. Zero-initialise
 * `trie`; call trie_free also after a failure. */
bert_status trie_build(trie *trie, trie_key *keys, size_t count, bert_error *error);
void trie_free(trie *trie);

/* The child for a byte, or TRIE_NONE. */
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

/* The id of the key that ends at this node; -1 if there is none. */
static inline int32_t trie_key_at(const trie *trie, uint32_t node)
{
    return trie->fail[node] == TRIE_SUFFIX && node != TRIE_ROOT &&
                   trie->cells[trie->pops[node]].previous == 0
               ? trie->cells[trie->pops[node]].id
               : -1;
}

/* Tokenizes a complete word into `ids`, which has capacity for `length`. Returns the number of
 * tokens; 0 if the word cannot be tokenized. */
size_t trie_match(const trie *trie, const unsigned char *word, size_t length, int32_t *ids);

#endif
