/* What BERT's normaliser and pre-tokenizer do with each character, in one table look-up.
 *
 * In order, each where its setting asks for it: drop control characters and turn whitespace into
 * spaces (clean_text), set Chinese characters apart (handle_chinese_chars), decompose canonically
 * and drop nonspacing marks (strip_accents), lower-case; then split at whitespace and make each
 * punctuation character a word. For nearly every character all of that is a function of the
 * character alone. The exceptions, CHARACTER_RARE, depend on their neighbours: marks that survive
 * and have to be put into canonical order. */
#ifndef TOKENIZER_NORMALIZER_H
#define TOKENIZER_NORMALIZER_H

#include "base/error.h"
#include "tokenizer/unicode.h"

typedef struct normalizer_settings {
    bool lowercase, strip_accents, handle_chinese_chars, clean_text;
} normalizer_settings;

typedef enum character_kind {
    CHARACTER_SAME = 0,     /* part of a word, as it is */
    CHARACTER_MAPPED,       /* part of a word, becomes other characters */
    CHARACTER_DROPPED,      /* as if it were not there */
    CHARACTER_SPACE,        /* ends a word */
    CHARACTER_ALONE,        /* a word by itself, as it is */
    CHARACTER_ALONE_MAPPED, /* a word by itself, becomes another character */
    CHARACTER_HANGUL,       /* part of a word, decomposes by arithmetic */
    CHARACTER_RARE,         /* has to be seen with its neighbours */
} character_kind;

/* kind: bits 0–2; characters that it becomes: 3–5; their bytes: 6–10; place in the pool: 11–31 */
typedef uint32_t character_record;
static inline character_kind character_get_kind(character_record record)
{
    return (character_kind)(record & 7);
}

typedef struct normalizer {
    normalizer_settings settings;
    const character_record *pages[UNICODE_PAGES]; /* many point to the same page */
    character_record **owned_pages;
    size_t owned_count, owned_capacity;
    unsigned char *pool; /* UTF-8 that characters become */
    size_t pool_length, pool_capacity;
    unsigned char fold[256];  /* byte that an ASCII character of a word becomes; 0: not such one */
    unsigned char kinds[256]; /* character_kind of ASCII characters; CHARACTER_RARE above */
} normalizer;

/* Zero-initialise before; normalizer_free also after a failure. */
bert_status normalizer_build(normalizer *normalizer, normalizer_settings settings,
                             bert_error *error);
void normalizer_free(normalizer *normalizer);

static inline character_record normalizer_record(const normalizer *normalizer, uint32_t code)
{
    return normalizer->pages[code >> 8][code & 0xFF];
}

/* The UTF-8 of a MAPPED or ALONE_MAPPED character. */
static inline const unsigned char *normalizer_mapped(const normalizer *normalizer,
                                                     character_record record, int *bytes,
                                                     int *characters)
{
    *characters = record >> 3 & 7;
    *bytes = record >> 6 & 31;
    return normalizer->pool + (record >> 11);
}

#endif
