/* The tokens of a tokenizer: id ↔ text, and whether they are special. */
#ifndef TOKENIZER_VOCABULARY_H
#define TOKENIZER_VOCABULARY_H

#include "base/text.h"

/* More tokens than any tokenizer has, so that a wrong id in a file cannot exhaust memory. */
enum { VOCABULARY_MAX = 1 << 24 };

typedef struct vocabulary_token {
    uint64_t start;  /* offset in `pool`; terminated */
    uint32_t length; /* bytes, 0 for a blank line of a vocab.txt */
    uint32_t order;  /* of an added token: how many were added before it */
    bool present;    /* false: no token has this id */
    bool outside;    /* not a token of WordPiece, only an added one */
    bool added;      /* found in texts as a whole (added_tokens.h), in the ways that follow */
    bool special;    /* decoding may skip it */
    bool normalized; /* found in normalised text, as its own normalised form */
    bool single_word, lstrip, rstrip;
} vocabulary_token;

typedef struct vocabulary {
    text pool;
    vocabulary_token *tokens; /* by id */
    size_t size, capacity;    /* size: largest id + 1 */
    int32_t *slots;           /* hash table of ids, -1: free */
    size_t slot_count, used;
} vocabulary;

/* A duplicate id or text is an error (BERT_ERROR_INPUT). The token must be valid UTF-8; it may be
 * empty, and contain NUL. Zero-initialise `vocabulary`. */
bert_status vocabulary_add(vocabulary *vocabulary, int64_t id, const char *token, size_t length,
                           bert_error *error);
/* The same, but a token that has an id already gets the new one, and no token has the old one. */
bert_status vocabulary_add_last(vocabulary *vocabulary, int64_t id, const char *token,
                                size_t length, bert_error *error);
/* -1: no token has this text. */
int32_t vocabulary_find(const vocabulary *vocabulary, const char *token, size_t length);
const char *vocabulary_token_text(const vocabulary *vocabulary, int32_t id); /* NULL: none */
void vocabulary_free(vocabulary *vocabulary);

#endif
