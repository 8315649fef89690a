/* What other rooms need of a tokenizer beyond the public calls of bert.h. */
#ifndef TOKENIZER_TOKENIZER_H
#define TOKENIZER_TOKENIZER_H

#include "base/error.h"
#include "bert.h"

/* Ids of the tokens that BERT gives a meaning to. Loading fails where one is missing. */
typedef struct tokenizer_special_ids {
    int32_t pad, unk, cls, sep, mask;
} tokenizer_special_ids;
tokenizer_special_ids tokenizer_special(const bert_tokenizer *tokenizer);

/* Whether an id is one of the five above (never masked, never a random replacement). */
bool tokenizer_is_special(const bert_tokenizer *tokenizer, int32_t id);

/* Writes vocab.txt, tokenizer.json, tokenizer_config.json and special_tokens_map.json, as
 * BertTokenizerFast of `transformers` writes them, into an existing directory. The bytes depend on
 * nothing but the tokenizer. */
bert_status tokenizer_save(const bert_tokenizer *tokenizer, const char *directory,
                           bert_error *error);

#endif
