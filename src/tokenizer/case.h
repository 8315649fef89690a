/* Whether the case of a vocabulary fits the settings. */
#ifndef TOKENIZER_CASE_H
#define TOKENIZER_CASE_H

#include "tokenizer/tokenizer.h"

typedef struct case_counts {
    size_t tokens;   /* but for added ones and names in brackets */
    size_t lettered; /* of these with two characters or more, and a letter that has case */
    size_t capitals; /* of these with a capital */
} case_counts;
case_counts case_count(const bert_tokenizer *tokenizer);

#endif
