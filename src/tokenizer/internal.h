/* The tokenizer itself, for the files of this room. */
#ifndef TOKENIZER_INTERNAL_H
#define TOKENIZER_INTERNAL_H

#include "tokenizer/normalizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"

enum { TOKENIZER_MAX_INPUT_CHARS = 100 };

struct bert_tokenizer {
    vocabulary vocabulary;
    size_t model_size; /* ids below belong to WordPiece; above are added tokens only */
    tokenizer_special_ids special;
    normalizer_settings settings;
    bert_switch strip_accents; /* as the file has it: unset follows lowercase */
    size_t max_input_chars_per_word;

    normalizer normalizer;
    trie trie;       /* the vocabulary */
    trie added;      /* the added tokens */
    int added_first; /* the byte that all added tokens begin with, -1: not the same */
    bool added_start[256];
    uint32_t *lengths;  /* by id: bytes of normalised text that the token stands for */
    int32_t alone[128]; /* by ASCII character: id where it is a word by itself */
};

/* Finishes a tokenizer whose vocabulary, added tokens and settings are set: finds the special
 * tokens, builds tables and tries, in place of those it may have. Messages do not name a file. */
bert_status tokenizer_finish(bert_tokenizer *tokenizer, bert_error *error);

/* Marks a token of the vocabulary as one to find literally in texts. */
void tokenizer_mark_added(bert_tokenizer *tokenizer, int32_t id, bool special);

/* Where the next added token lies in text[position, length): true, its place and id; false: there
 * is none. */
bool tokenizer_find_added(const bert_tokenizer *tokenizer, const unsigned char *text, size_t length,
                          size_t position, size_t *start, size_t *end, int32_t *id);

#endif
