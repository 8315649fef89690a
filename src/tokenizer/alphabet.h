/* The alphabet of a vocabulary in training, and words split into its characters or into tokens. */
#ifndef TOKENIZER_ALPHABET_H
#define TOKENIZER_ALPHABET_H

#include "tokenizer/learn.h"

/* Words as sequences of token ids: those of word w are symbols[starts[w]] to symbols[starts[w + 1]
 * - 1]. */
typedef struct spelled_words {
    int32_t *symbols;
    uint64_t *starts; /* [count + 1] */
    uint64_t *counts; /* [count] occurrences of the word */
    size_t count;
} spelled_words;

/* Adds special tokens, alphabet and "##x" characters to the vocabulary and splits the words into
 * characters. Frees the tables of `counts` as it goes. Characters outside the alphabet are dropped
 * from words. */
bert_status alphabet_spell(spelled_words *words, vocabulary *vocabulary, word_counts *counts,
                           const learn_settings *settings, bert_error *error);

/* Splits the words into tokens of a trie by longest match; frees the tables likewise. Words that
 * are [UNK] or have more than `max_characters` are dropped. */
bert_status trie_spell(spelled_words *words, const trie *trie, size_t max_characters,
                       word_counts *counts, bert_error *error);
void spelled_words_free(spelled_words *words);

#endif
