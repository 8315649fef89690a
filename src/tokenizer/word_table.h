/* Word counts: a hash table with open addressing over one block of bytes. */
#ifndef TOKENIZER_WORD_TABLE_H
#define TOKENIZER_WORD_TABLE_H

#include "base/error.h"

typedef struct word_count {
    uint64_t count;
    uint32_t start; /* offset in `bytes` of its length (varint), followed by the word */
    uint32_t hash;  /* low bits select the slot */
} word_count;

typedef struct word_table {
    unsigned char *bytes;
    size_t byte_count, byte_capacity;
    word_count *words;
    size_t count, capacity;
    uint32_t *slots; /* index of a word + 1; 0: free */
    size_t slot_count;
} word_table;

/* Adds `count` to a word, whose word_hash is `hash`. Zero-initialise the table. */
bert_status word_table_add(word_table *table, const unsigned char *word, size_t length,
                           uint64_t hash, uint64_t count, bert_error *error);
uint64_t word_hash(const unsigned char *word, size_t length);

/* The bytes and the length of a word in the table. */
static inline const unsigned char *word_bytes(const word_table *table, const word_count *word,
                                              size_t *length)
{
    const unsigned char *bytes = table->bytes + word->start;
    *length = 0;
    for (int shift = 0;; shift += 7) {
        *length |= (size_t)(*bytes & 0x7F) << shift;
        if (!(*bytes++ & 0x80))
            return bytes;
    }
}

/* Removes the words with at most `count` occurrences; adds their number to *words and their
 * occurrences to *occurrences. */
bert_status word_table_prune(word_table *table, uint64_t count, uint64_t *words,
                             uint64_t *occurrences, bert_error *error);
void word_table_clear(word_table *table); /* keeps the memory */
void word_table_free(word_table *table);

#endif
