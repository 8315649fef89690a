/* Which characters occur in the tokens of a vocabulary. */
#ifndef TOKENIZER_COVERAGE_H
#define TOKENIZER_COVERAGE_H

#include "tokenizer/tokenizer.h"

typedef struct coverage {
    const bert_tokenizer *tokenizer;
    uint64_t *covered; /* bit set of the code points that occur in a token */
} coverage;

/* Added tokens, which are matched literally in texts, do not count. Zero-initialise `coverage`. */
bert_status coverage_build(coverage *coverage, const bert_tokenizer *tokenizer, bert_error *error);
void coverage_free(coverage *coverage);

/* Normalises a word and calls `uncovered` for each of its characters that occurs in no token.
 * *characters is the number of characters after normalisation. */
typedef void coverage_callback(void *context, uint32_t code);
bert_status coverage_check(const coverage *coverage, const char *word, size_t length,
                           coverage_callback *uncovered, void *context, size_t *characters,
                           bert_error *error);

#endif
