/* Encodes texts one after another on one thread, reusing buffers and a word cache. The interface
 * for other modules is in tokenizer.h. */
#ifndef TOKENIZER_TEXT_ENCODER_H
#define TOKENIZER_TEXT_ENCODER_H

#include "tokenizer/internal.h"
#include "tokenizer/word_cache.h"
#include "tokenizer/words.h"

struct text_encoder {
    const bert_tokenizer *tokenizer;
    bert_encoding *out;
    bert_error *error;
    word_cache cache;
    word_reader reader;
    int32_t *ids; /* of one word */
    size_t capacity;
    normalized_text normalized; /* of a stretch, where added tokens are found in it */

    /* The last bytes of the text, padded with zeros, because words are read eight bytes at a time.
     */
    unsigned char tail[2 * WORD_CACHE_KEY_BYTES];
    size_t tail_start; /* their offset in the text */
};

/* The encoder must not be moved while it is in use. */
void text_encoder_start(text_encoder *encoder, const bert_tokenizer *tokenizer);
void text_encoder_finish(text_encoder *encoder);

/* Appends the ids of a text, at most `limit`, without special tokens. */
bert_status text_encoder_add(text_encoder *encoder, const char *text, size_t length,
                             uint8_t type_id, size_t limit, bert_encoding *out, bert_error *error);

bert_status encoding_grow(bert_encoding *out, size_t more, bert_error *error);

/* Ensures capacity for `more` ids. */
static inline bert_status encoding_reserve(bert_encoding *out, size_t more, bert_error *error)
{
    return more <= out->capacity - out->count ? BERT_OK : encoding_grow(out, more, error);
}

/* Appends an id; the caller has reserved capacity. */
static inline void encoding_put(bert_encoding *out, int32_t id, size_t start, size_t end)
{
    out->ids[out->count] = id;
    out->starts[out->count] = (uint32_t)start;
    out->ends[out->count] = (uint32_t)end;
    out->count++;
}

#endif
