/* Documents out of one input: the interface that the readers of all formats stand behind.
 *
 * A format is chosen by the content, for each file of an archive anew. To add one: a file with a
 * reader_format, and a line in the table of reader.c. */
#ifndef CORPUS_READER_H
#define CORPUS_READER_H

#include "bert.h"
#include "corpus/source.h"

/* A longer document goes on as another one, so that memory stays bounded whatever comes in. */
enum { DOCUMENT_LIMIT = 16 << 20 };

/* Bytes of an input that were not UTF-8, each run of them now U+FFFD. */
typedef struct invalid_text {
    uint64_t bytes;
    uint64_t first_offset; /* in the input; meaningful where bytes > 0 */
} invalid_text;

/* UTF-8 whatever the input held. A line feed ends a paragraph, which no sentence crosses; other
 * line breaks of the input have become spaces. Never empty once it was found. */
typedef text document;

typedef struct reader reader;

typedef struct reader_format {
    const char *name; /* "plain text": for messages */
    /* Whether an input that begins with these bytes (up to SOURCE_PIECE of them) is of the format.
     */
    bool (*detect)(const char *head, size_t size);
    /* Replaces the content of `document` by the next one that has text; *found is false where there
     * is none left. */
    bert_status (*next)(reader *reader, document *document, bool *found, bert_error *error);
} reader_format;

extern const reader_format reader_json_lines, reader_plain_text, reader_wikitext;

struct reader {
    const reader_format *format;
    source source;
    bert_reader_options options; /* with the defaults filled in */
    invalid_text invalid;
    bool blank_before; /* the last line was blank, or there was none */
    bool in_line;      /* the last line goes on */
    uint64_t line_number;
    text scratch; /* owned */
};

/* Opens an input ("-": standard input) and finds out its format. An empty one, and one that holds
 * no text (a NUL byte near its beginning, UTF-16), is an error. Strings in `options` must outlive
 * the reader. */
bert_status reader_open(reader *reader, const char *input, const bert_reader_options *options,
                        bert_error *error);
bert_status reader_next(reader *reader, document *document, bool *found, bert_error *error);
void reader_close(reader *reader); /* safe on a zeroed struct */

/* For the formats: appends text to a document, with what is not UTF-8 replaced and counted.
 * `offset` is where in the input the text stood. */
bert_status reader_append(reader *reader, document *document, const char *data, size_t length,
                          uint64_t offset, bert_error *error);

/* For the formats: the line without spaces and tabs at both ends; `offset` goes along. */
line line_trim(line line);

#endif
