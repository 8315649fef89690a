/* The characters of a vocabulary that is being learned, and words spelled in them or in tokens. */
#ifndef TOKENIZER_ALPHABET_H
#define TOKENIZER_ALPHABET_H

#include "tokenizer/learn.h"

/* Every word as a row of token ids: that of word w are symbols[starts[w]] up to starts[w + 1]. */
typedef struct spelled_words {
    int32_t *symbols;
    uint64_t *starts; /* [count + 1] */
    uint64_t *counts; /* [count] how often the word was seen */
    size_t count;
} spelled_words;

/* Adds special tokens, alphabet and continuing characters to the vocabulary and spells the words,
 * whose table it frees piece by piece. Characters outside the alphabet are left out of words. */
bert_status alphabet_spell(spelled_words *words, vocabulary *vocabulary, word_counts *counts,
                           const learn_settings *settings, bert_error *error);

/* Spells the words in the tokens of a trie, and frees their table likewise. Words that it cannot
 * spell, or that have more than `max_characters`, are left out. */
bert_status trie_spell(spelled_words *words, const trie *trie, size_t max_characters,
                       word_counts *counts, bert_error *error);
void spelled_words_free(spelled_words *words);

#endif
