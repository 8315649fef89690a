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

/* What one thread encodes many texts with. It keeps from one to the next what bert_tokenizer_encode
 * makes anew for each, and a cache of words (word_cache.h, 256 KiB once there was some text); what
 * comes out is the same. The tokenizer has to outlive it. */
typedef struct text_encoder text_encoder;
bert_status text_encoder_create(text_encoder **encoder, const bert_tokenizer *tokenizer,
                                bert_error *error);
void text_encoder_free(text_encoder *encoder); /* NULL: nothing */

/* bert_tokenizer_encode, but behind what `out` holds already; invalid bytes are added. */
bert_status text_encoder_append(text_encoder *encoder, const char *text, size_t length,
                                bool add_special_tokens, size_t max_length, bert_encoding *out,
                                bert_error *error);

/* Writes vocab.txt, tokenizer.json, tokenizer_config.json and special_tokens_map.json, as
 * BertTokenizerFast of `transformers` writes them, into an existing directory. The bytes depend on
 * nothing but the tokenizer. */
bert_status tokenizer_save(const bert_tokenizer *tokenizer, const char *directory,
                           bert_error *error);

#endif
