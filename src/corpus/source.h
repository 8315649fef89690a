/* Bytes out of a file or standard input, and lines out of bytes, in bounded memory. */
#ifndef CORPUS_SOURCE_H
#define CORPUS_SOURCE_H

#include "base/text.h"

enum {
    SOURCE_PIECE = 1 << 18,   /* bytes asked of the system at once */
    SOURCE_LINE_MAX = 1 << 20 /* a longer line comes in pieces */
};

typedef struct source {
    char *name; /* owned; for messages: the path, or "standard input" */
    int descriptor;
    char *buffer; /* owned; [capacity], of which [begin, end) waits to be taken */
    size_t capacity, begin, end;
    uint64_t offset; /* in the input, of buffer[begin] */
    bool finished;   /* nothing more comes from the system */
} source;

/* Opens a file; "-" is standard input. */
bert_status source_open(source *source, const char *input, bert_error *error);
void source_close(source *source); /* safe on a zeroed struct and after a failed open */

/* Makes at least `wanted` bytes wait in the buffer, or all that there are. */
bert_status source_fill(source *source, size_t wanted, bert_error *error);

typedef struct line {
    const char *data; /* valid until the next call on the source */
    size_t length;    /* without its line end, which is LF or CR LF */
    uint64_t offset;  /* of data[0] in the input */
    bool continues;   /* the line is longer than SOURCE_LINE_MAX: its rest comes next. The cut does
                         not part the bytes of a character */
} line;

/* The next line; *found is false at the end. */
bert_status source_line(source *source, line *line, bool *found, bert_error *error);

#endif
