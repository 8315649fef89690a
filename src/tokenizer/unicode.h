/* Characters as Hugging Face `tokenizers` sees them (see unicode_tables.inc for where the
 * properties come from), and UTF-8. */
#ifndef TOKENIZER_UNICODE_H
#define TOKENIZER_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNICODE_REPLACEMENT = 0xFFFD, UNICODE_PAGES = 0x110000 >> 8 };

typedef struct unicode_range {
    uint32_t first, last;
} unicode_range;
typedef struct unicode_class_range {
    uint32_t first, last;
    uint8_t class;
} unicode_class_range;
typedef struct unicode_mapping {
    uint32_t code;
    uint32_t to[4]; /* 0 behind the last */
} unicode_mapping;

typedef struct unicode_ranges {
    const unicode_range *ranges;
    size_t count;
} unicode_ranges;
unicode_ranges unicode_removed(void);     /* dropped by clean_text */
unicode_ranges unicode_whitespace(void);  /* word borders */
unicode_ranges unicode_punctuation(void); /* words of their own */
unicode_ranges unicode_marks(void);       /* nonspacing: dropped by strip_accents */
unicode_ranges unicode_chinese(void);     /* set apart by handle_chinese_chars */
bool unicode_in(unicode_ranges ranges, uint32_t code);

/* Tables to walk: every code point with a decomposition, a lower case, a combining class. */
const unicode_mapping *unicode_decompositions(size_t *count);
const unicode_mapping *unicode_lowercase_mappings(size_t *count);
const unicode_class_range *unicode_combining_classes(size_t *count);

/* Canonical decomposition, Hangul syllables included, and lower case of one code point (itself
 * where it has none). They return how many code points `to` got, 1 to 4. */
int unicode_decompose(uint32_t code, uint32_t to[4]);
int unicode_lowercase(uint32_t code, uint32_t to[4]);
uint8_t unicode_combining_class(uint32_t code);
bool unicode_is_hangul(uint32_t code);

/* Reads the code point at text[0]; length > 0. Returns the bytes it takes. What is not UTF-8 is
 * U+FFFD for each maximal subpart (Unicode Standard, section 3.9), and *valid is false. */
int unicode_decode(const unsigned char *text, size_t length, uint32_t *code, bool *valid);
int unicode_encode(uint32_t code, unsigned char out[4]);

/* Whether all of a text is UTF-8; *position is where it first is not. */
bool unicode_is_utf8(const char *text, size_t length, size_t *position);

#endif
