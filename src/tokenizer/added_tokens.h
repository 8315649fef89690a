/* Added tokens: found in a text as a whole, before it is split into words, as the AddedVocabulary
 * of Hugging Face `tokenizers` finds them. Those that are not `normalized` are found in the text as
 * it is; the others, afterwards, in the normalised text between these, as their own normalised
 * form. Of several at one place the longest is found. */
#ifndef TOKENIZER_ADDED_TOKENS_H
#define TOKENIZER_ADDED_TOKENS_H

#include "tokenizer/normalizer.h"
#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"

/* The added tokens of one of the two kinds. */
typedef struct added_matcher {
    const vocabulary *vocabulary;
    trie trie;
    size_t count;
    int first; /* the common first byte of all; -1 if they differ */
    bool start[256];
} added_matcher;

/* Of equal forms the one of a special token wins, then the one that was added first. A token whose
 * normalised form is empty is never found. Zero-initialise both; call added_matcher_free also after
 * a failure. */
bert_status added_matchers_build(added_matcher *literal, added_matcher *normalized,
                                 const vocabulary *vocabulary, const normalizer *normalizer,
                                 bert_error *error);
void added_matcher_free(added_matcher *matcher);

/* Goes through a text. */
typedef struct added_scan {
    const added_matcher *matcher;
    const unsigned char *text;
    size_t length;
    size_t search;   /* where the next token is searched from */
    size_t consumed; /* the end of the last token, with the white space that it took */
} added_scan;

typedef struct added_match {
    size_t start, end; /* with the white space that it takes */
    int32_t id;
} added_match;

/* Finds the next added token; false if there is none. What lies between scan.consumed before the
 * call and match.start is text. As in `tokenizers`, a token that is not a single word hides others
 * in it, and white space that a token took can be part of the one after it. */
bool added_scan_next(added_scan *scan, added_match *match);

/* How an added token is found, as files say it. */
typedef struct added_token {
    const char *content;
    size_t length;
    bool single_word, lstrip, rstrip, normalized, special;
} added_token;

/* Numbers the tokens that are added at once: what the vocabulary has keeps its id, the others get
 * ids after it and after those added before. */
typedef struct added_numbering {
    vocabulary *vocabulary;
    int64_t next;
    uint32_t *order; /* how many were added so far */
} added_numbering;
added_numbering added_numbering_begin(vocabulary *vocabulary, uint32_t *order);

/* Adds a token, or changes how an added one is found; an empty one is ignored. *id is its id, -1
 * for an empty one. */
bert_status added_token_add(added_numbering *numbering, const added_token *token, int32_t *id,
                            bert_error *error);

#endif
