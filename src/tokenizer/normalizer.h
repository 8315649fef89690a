/* BERT's normalizer and pre-tokenizer as a table with one lookup per character.
 *
 * The steps, each enabled by its setting: remove control characters and replace whitespace by
 * spaces (clean_text), surround Chinese characters by spaces (handle_chinese_chars), decompose
 * canonically and remove nonspacing marks (strip_accents), lower-case; then split at whitespace and
 * isolate each punctuation character. For nearly every character the result depends on that
 * character alone. The exceptions, CHARACTER_RARE, depend on their neighbours: marks that are kept
 * and must be put into canonical order. */
#ifndef TOKENIZER_NORMALIZER_H
#define TOKENIZER_NORMALIZER_H

#include "base/error.h"
#include "tokenizer/unicode.h"

typedef struct normalizer_settings {
    bool lowercase, strip_accents, handle_chinese_chars, clean_text;
} normalizer_settings;

typedef enum character_kind {
    CHARACTER_SAME = 0,     /* part of a word, unchanged */
    CHARACTER_MAPPED,       /* part of a word, replaced by other characters */
    CHARACTER_DROPPED,      /* removed */
    CHARACTER_SPACE,        /* ends a word */
    CHARACTER_ALONE,        /* a word of its own, unchanged */
    CHARACTER_ALONE_MAPPED, /* a word of its own, replaced by another character */
    CHARACTER_HANGUL,       /* part of a word, decomposed arithmetically */
    CHARACTER_RARE,         /* depends on its neighbours */
} character_kind;

/* Bits 0–2: kind; 3–5: number of replacement characters; 6–10: their bytes; 11–31: offset in the
 * pool. */
typedef uint32_t character_record;
static inline character_kind character_get_kind(character_record record)
{
    return (character_kind)(record & 7);
}

typedef struct normalizer {
    normalizer_settings settings;
    const character_record *pages[UNICODE_PAGES]; /* many share the same page */
    character_record **owned_pages;
    size_t owned_count, owned_capacity;
    unsigned char *pool; /* UTF-8 of the replacement characters */
    size_t pool_length, pool_capacity;
    unsigned char
        fold[256]; /* by byte: normalised byte of an ASCII word character; 0 for all others */
    unsigned char kinds[256]; /* character_kind of ASCII characters; CHARACTER_RARE above */
} normalizer;

/* Zero-initialise `normalizer`; call normalizer_free also after a failure. */
bert_status normalizer_build(normalizer *normalizer, normalizer_settings settings,
                             bert_error *error);
void normalizer_free(normalizer *normalizer);

static inline character_record normalizer_record(const normalizer *normalizer, uint32_t code)
{
    return normalizer->pages[code >> 8][code & 0xFF];
}

/* The replacement of a MAPPED or ALONE_MAPPED character, in UTF-8. */
static inline const unsigned char *normalizer_mapped(const normalizer *normalizer,
                                                     character_record record, int *bytes,
                                                     int *characters)
{
    *characters = record >> 3 & 7;
    *bytes = record >> 6 & 31;
    return normalizer->pool + (record >> 11);
}

#endif
