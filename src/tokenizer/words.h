/* Extracts normalised words from raw text, for the encoder and the trainer.
 *
 * Both handle plain ASCII words themselves, each with its own fast path, and use the reader for the
 * rest, one stretch at a time: from the current position to the next ASCII whitespace or
 * punctuation, which ends a word in any context. */
#ifndef TOKENIZER_WORDS_H
#define TOKENIZER_WORDS_H

#include "tokenizer/normalizer.h"

/* A range of bytes in the original text. */
typedef struct word_span {
    uint32_t start, end;
} word_span;

/* Normalised text in UTF-8, and for each byte its range in the original text. Zero-initialise; to
 * reuse it, set `length` to 0. */
typedef struct normalized_text {
    unsigned char *bytes;
    word_span *spans;
    size_t length, capacity;
} normalized_text;
void normalized_text_free(normalized_text *text);

typedef struct word_mark {
    uint32_t code;
    uint8_t class;
    bool replaces; /* the first code point of its source's decomposition */
} word_mark;

typedef struct word_reader word_reader;
struct word_reader {
    const normalizer *normalizer;
    const unsigned char *text;
    size_t end;            /* end of the text to read */
    size_t max_characters; /* maximum characters of a word that are stored in `bytes`; all are
                              counted */
    uint64_t invalid_bytes;
    bert_error *error;

    /* Called for every word. */
    bert_status (*word)(void *context, const word_reader *reader);
    void *context;

    /* The current word in UTF-8, and for each byte its range in the original text. */
    unsigned char *bytes;
    word_span *spans;
    size_t length, capacity;
    size_t characters;
    word_span whole;

    normalized_text *normalized; /* where word_reader_normalize writes; else NULL */

    /* A starter with the marks that follow it, before canonical ordering. */
    word_mark *marks;
    size_t mark_count, mark_capacity;
    word_span *sources;
    size_t source_count, source_capacity;
};

/* Whether a word ends at this position in any context. */
static inline bool word_reader_at_border(const word_reader *reader, size_t position)
{
    if (position >= reader->end)
        return true;
    unsigned char kind = reader->normalizer->kinds[reader->text[position]];
    return kind == CHARACTER_SPACE ||
           kind == CHARACTER_ALONE; /* kinds[] is RARE for non-ASCII bytes */
}

/* Reads from *position, which must not be at a border, to the next border. */
bert_status word_reader_stretch(word_reader *reader, size_t *position);

/* In two steps, for what must be seen between them: normalises the text from `start` to its end,
 * and appends it to `out`; splits a range of it into words. */
bert_status word_reader_normalize(word_reader *reader, size_t start, normalized_text *out);
bert_status word_reader_split(word_reader *reader, const normalized_text *text, size_t start,
                              size_t end);

void word_reader_free(word_reader *reader); /* frees its buffers, not the text */

#endif
