/* Normalised words out of raw text: what the encoder and the trainer have in common.
 *
 * Both read ordinary ASCII words themselves, each in the way that is fastest for it, and come here
 * for the rest, one stretch at a time: from where they stand to the next ASCII whitespace or
 * punctuation, where a word ends whatever stands around it. */
#ifndef TOKENIZER_WORDS_H
#define TOKENIZER_WORDS_H

#include "tokenizer/normalizer.h"

/* Where in the text something came from. */
typedef struct word_span {
    uint32_t start, end;
} word_span;

typedef struct word_mark {
    uint32_t code;
    uint8_t class;
    bool replaces; /* the first of what its source became */
} word_mark;

typedef struct word_reader word_reader;
struct word_reader {
    const normalizer *normalizer;
    const unsigned char *text;
    size_t end;            /* of the text to read */
    size_t max_characters; /* of a word that are kept in `bytes`; all are counted */
    uint64_t invalid_bytes;
    bert_error *error;

    /* Called for every word. */
    bert_status (*word)(void *context, const word_reader *reader);
    void *context;

    /* The word: UTF-8, and for each byte where it came from. */
    unsigned char *bytes;
    word_span *spans;
    size_t length, capacity;
    size_t characters;
    word_span whole;

    /* A starter with the marks that follow it, before canonical ordering. */
    word_mark *marks;
    size_t mark_count, mark_capacity;
    word_span *sources;
    size_t source_count, source_capacity;
};

/* Whether a word ends at this position of the text whatever stands around. */
static inline bool word_reader_at_border(const word_reader *reader, size_t position)
{
    if (position >= reader->end)
        return true;
    unsigned char kind = reader->normalizer->kinds[reader->text[position]];
    return kind == CHARACTER_SPACE || kind == CHARACTER_ALONE; /* RARE where not ASCII */
}

/* Reads on from *position, which is not at a border, to the next border. */
bert_status word_reader_stretch(word_reader *reader, size_t *position);

void word_reader_free(word_reader *reader); /* what it allocated; the text is the caller's */

#endif
