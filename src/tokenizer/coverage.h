/* Which characters a vocabulary can spell. */
#ifndef TOKENIZER_COVERAGE_H
#define TOKENIZER_COVERAGE_H

#include "tokenizer/tokenizer.h"

typedef struct coverage {
    const bert_tokenizer *tokenizer;
    uint64_t *covered; /* a bit for each code point that is in some token */
} coverage;

/* Tokens that are found literally in texts cover nothing. Zero-initialise `coverage`. */
bert_status coverage_build(coverage *coverage, const bert_tokenizer *tokenizer, bert_error *error);
void coverage_free(coverage *coverage);

/* Calls `uncovered` for each character of a word that no token has, after normalisation.
 * *characters is how many the word has then. */
typedef void coverage_callback(void *context, uint32_t code);
bert_status coverage_check(const coverage *coverage, const char *word, size_t length,
                           coverage_callback *uncovered, void *context, size_t *characters,
                           bert_error *error);

#endif
