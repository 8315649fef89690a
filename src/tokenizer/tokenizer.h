/* The interface of tokenizers for other modules, in addition to bert.h. */
#ifndef TOKENIZER_TOKENIZER_H
#define TOKENIZER_TOKENIZER_H

#include "base/error.h"
#include "bert.h"

/* Loading fails if one is missing. */
typedef bert_special_ids tokenizer_special_ids;
tokenizer_special_ids tokenizer_special(const bert_tokenizer *tokenizer);

/* Whether an id is one of the five above (never masked, never a random replacement). */
bool tokenizer_is_special(const bert_tokenizer *tokenizer, int32_t id);

/* Says what bert_tokenizer_warning does, with `path` before it; `observer` may be NULL. */
void tokenizer_warn(const bert_tokenizer *tokenizer, const char *path,
                    const bert_observer *observer);

/* Encodes many texts on one thread. Reuses the buffers that bert_tokenizer_encode allocates for
 * each text, and has a cache of words (word_cache.h; 256 KiB, allocated after some text); the
 * results are the same. The tokenizer must outlive it. */
typedef struct text_encoder text_encoder;
bert_status text_encoder_create(text_encoder **encoder, const bert_tokenizer *tokenizer,
                                bert_error *error);
void text_encoder_free(text_encoder *encoder); /* NULL is allowed */

/* Like bert_tokenizer_encode, but appends to `out`, and adds to its invalid_bytes. */
bert_status text_encoder_append(text_encoder *encoder, const char *text, size_t length,
                                bool add_special_tokens, size_t max_length, bert_encoding *out,
                                bert_error *error);

/* How many tokens a text may have at most, as the files say; 0 where they do not. */
size_t tokenizer_model_max_length(const bert_tokenizer *tokenizer);

/* Whether any option says something. */
bool tokenizer_options_given(const bert_tokenizer_options *options);

/* Writes vocab.txt, tokenizer.json, tokenizer_config.json and special_tokens_map.json, as
 * BertTokenizerFast of `transformers` writes them, into an existing directory. The bytes depend on
 * the arguments alone. `model_max_length` is that of the files, 0 the tokenizer's, or BERT's 512
 * where it has none. */
bert_status tokenizer_save(const bert_tokenizer *tokenizer, const char *directory,
                           size_t model_max_length, bert_error *error);

#endif
