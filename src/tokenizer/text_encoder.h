/* Encodes texts one after another, for one thread: what it needs for that is kept from one to the
 * next. Other rooms see it in tokenizer.h. */
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

    /* The last bytes of the text, zeros behind them: words are read eight bytes at a time. */
    unsigned char tail[2 * WORD_CACHE_KEY_BYTES];
    size_t tail_start; /* where in the text they begin */
};

/* It must not move while it is in use. */
void text_encoder_start(text_encoder *encoder, const bert_tokenizer *tokenizer);
void text_encoder_finish(text_encoder *encoder);

/* Appends the ids of a text, at most `limit`, without special ones. */
bert_status text_encoder_add(text_encoder *encoder, const char *text, size_t length,
                             uint8_t type_id, size_t limit, bert_encoding *out, bert_error *error);

bert_status encoding_grow(bert_encoding *out, size_t more, bert_error *error);

/* Room for `more` tokens behind those that are there. */
static inline bert_status encoding_reserve(bert_encoding *out, size_t more, bert_error *error)
{
    return more <= out->capacity - out->count ? BERT_OK : encoding_grow(out, more, error);
}

/* Room for it is there. */
static inline void encoding_put(bert_encoding *out, int32_t id, size_t start, size_t end)
{
    out->ids[out->count] = id;
    out->starts[out->count] = (uint32_t)start;
    out->ends[out->count] = (uint32_t)end;
    out->count++;
}

#endif
