/* Character properties as in Hugging Face `tokenizers` (unicode_tables.inc states their source),
 * and UTF-8. */
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
    uint32_t to[4]; /* terminated by 0 if there are fewer than 4 */
} unicode_mapping;

typedef struct unicode_ranges {
    const unicode_range *ranges;
    size_t count;
} unicode_ranges;
unicode_ranges unicode_removed(void);     /* dropped by clean_text */
unicode_ranges unicode_whitespace(void);  /* word boundaries */
unicode_ranges unicode_punctuation(void); /* words of their own */
unicode_ranges unicode_word(void);    /* where added tokens are single words: not next to them */
unicode_ranges unicode_marks(void);   /* nonspacing: dropped by strip_accents */
unicode_ranges unicode_chinese(void); /* isolated by handle_chinese_chars */
bool unicode_in(unicode_ranges ranges, uint32_t code);

/* Tables for iteration: every code point with a decomposition, a lower case, a combining class. */
const unicode_mapping *unicode_decompositions(size_t *count);
const unicode_mapping *unicode_lowercase_mappings(size_t *count);
const unicode_class_range *unicode_combining_classes(size_t *count);

/* Canonical decomposition, including Hangul syllables, and lower case of one code point (the code
 * point itself if it has none). They return the number of code points in `to`, 1 to 4. */
int unicode_decompose(uint32_t code, uint32_t to[4]);
int unicode_lowercase(uint32_t code, uint32_t to[4]);
uint8_t unicode_combining_class(uint32_t code);
bool unicode_is_hangul(uint32_t code);

/* Reads the code point at text[0]; length > 0. Returns the number of bytes read. Each maximal
 * subpart of invalid UTF-8 (Unicode Standard, section 3.9) gives U+FFFD and *valid false. */
int unicode_decode(const unsigned char *text, size_t length, uint32_t *code, bool *valid);
int unicode_encode(uint32_t code, unsigned char out[4]);

/* Whether a text is valid UTF-8; *position is the offset of the first error. */
bool unicode_is_utf8(const char *text, size_t length, size_t *position);

#endif
