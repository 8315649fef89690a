/* The tokenizer struct, private to this module. */
#ifndef TOKENIZER_INTERNAL_H
#define TOKENIZER_INTERNAL_H

#include "tokenizer/added_tokens.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"

enum { TOKENIZER_MAX_INPUT_CHARS = 100, TOKENIZER_MODEL_MAX_LENGTH = 512 };

struct bert_tokenizer {
    vocabulary vocabulary;
    uint32_t added_count;
    tokenizer_special_ids special;
    normalizer_settings settings;
    bert_switch strip_accents; /* as in the file; unset: same as lowercase */
    size_t max_input_chars_per_word;
    bert_switch truncate_left; /* unset: on the right */
    size_t model_max_length;   /* 0: the files do not say, or no limit */
    int32_t renumbered; /* an added token whose id in the files, plus 1, is not the one it gets, */
    int32_t renumbered_as; /* that one; 0 and 0: there is none */

    normalizer normalizer;
    trie trie; /* the vocabulary */
    added_matcher literal, normalized;
    uint32_t *lengths;  /* by id: bytes of normalised text that the token matches */
    int32_t alone[128]; /* by ASCII character: its id as a one-character word */
};

/* BERT's five special tokens, in the order of tokenizer_special_ids. */
enum { SPECIAL_PAD, SPECIAL_UNK, SPECIAL_CLS, SPECIAL_SEP, SPECIAL_MASK, SPECIAL_COUNT };
extern const char *const special_keys[SPECIAL_COUNT]; /* "pad_token", … */

/* Completes a tokenizer whose vocabulary, added tokens and settings are set: finds the special
 * tokens and (re)builds tables and tries. `special` has their names where files say them (NULL, or
 * NULL elements: BERT's own, else <pad>, <unk>, <s>, </s>, <mask>). Messages do not name a file. */
bert_status tokenizer_finish(bert_tokenizer *tokenizer, const text special[SPECIAL_COUNT],
                             bert_error *error);

#endif
