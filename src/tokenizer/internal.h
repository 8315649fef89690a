/* The tokenizer struct, private to this module. */
#ifndef TOKENIZER_INTERNAL_H
#define TOKENIZER_INTERNAL_H

#include "tokenizer/normalizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"

enum { TOKENIZER_MAX_INPUT_CHARS = 100 };

struct bert_tokenizer {
    vocabulary vocabulary;
    size_t model_size; /* lower ids belong to WordPiece, higher ones are added tokens only */
    tokenizer_special_ids special;
    normalizer_settings settings;
    bert_switch strip_accents; /* as in the file; unset: same as lowercase */
    size_t max_input_chars_per_word;

    normalizer normalizer;
    trie trie;       /* the vocabulary */
    trie added;      /* the added tokens */
    int added_first; /* the common first byte of all added tokens; -1 if they differ */
    bool added_start[256];
    uint32_t *lengths;  /* by id: bytes of normalised text that the token matches */
    int32_t alone[128]; /* by ASCII character: its id as a one-character word */
};

/* Completes a tokenizer whose vocabulary, added tokens and settings are set: finds the special
 * tokens and (re)builds tables and tries. Messages do not name a file. */
bert_status tokenizer_finish(bert_tokenizer *tokenizer, bert_error *error);

/* Marks a token of the vocabulary as added: matched literally in texts. */
void tokenizer_mark_added(bert_tokenizer *tokenizer, int32_t id, bool special);

/* Finds the next added token in text[position, length): returns true and sets its range [*start,
 * *end) and *id; false if there is none. */
bool tokenizer_find_added(const bert_tokenizer *tokenizer, const unsigned char *text, size_t length,
                          size_t position, size_t *start, size_t *end, int32_t *id);

#endif
