/* Bytes out of a file or standard input, and lines out of bytes, in bounded memory. */
#ifndef CORPUS_SOURCE_H
#define CORPUS_SOURCE_H

#include "base/text.h"

enum {
    SOURCE_PIECE = 1 << 18,   /* bytes asked of the system at once */
    SOURCE_LINE_MAX = 1 << 20 /* a longer line comes in pieces */
};

typedef struct source {
    char *name;         /* owned; for messages: the path, with /MEMBER behind it in an archive, or
                           "standard input" */
    size_t base_length; /* of the path alone */
    int descriptor;
    uint64_t read; /* bytes that came from the descriptor into the buffer */
    char *buffer;  /* owned; [capacity], of which [begin, end) waits to be taken */
    size_t capacity, begin, end;
    uint64_t offset;           /* in the text, of buffer[begin] */
    bool finished;             /* nothing more comes */
    struct unpacker *unpacker; /* owned; NULL for an input that is not packed */
} source;

/* Whether an input can be opened, without reading from it. `*size` is its bytes; *known is false
 * where that is not known before the end (standard input, a pipe). */
bert_status source_check(const char *input, uint64_t *size, bool *known, bert_error *error);

/* Opens a file; "-" is standard input. What is compressed (gzip, bzip2, xz, zstd) is unpacked on
 * the way; of an archive (zip, tar, also compressed) the first file stands open. Which of these an
 * input is, its first bytes tell. */
bert_status source_open(source *source, const char *input, bert_error *error);
void source_close(source *source); /* safe on a zeroed struct and after a failed open */

/* Goes on to the next file of an archive, at its offset 0; *found is false where there is none. */
bert_status source_next_member(source *source, bool *found, bert_error *error);

/* From the input itself, as packed as it is there. */
uint64_t source_bytes_read(const source *source);

/* Makes at least `wanted` bytes wait in the buffer, or all that there are. */
bert_status source_fill(source *source, size_t wanted, bert_error *error);

/* The next bytes, up to `size` of them; *got is less only at the end. */
bert_status source_take(source *source, void *data, size_t size, size_t *got, bert_error *error);

/* For formats that cannot be read from front to end: a descriptor, the caller's to close, of a file
 * that can be read anywhere and holds the input, or the archive's file, from its beginning; nothing
 * of it may have been taken yet. It is the input itself, or for a pipe and for what is packed a
 * copy without a name in the system's temporary folder. */
bert_status source_file(source *source, int *descriptor, bert_error *error);

/* How far such a format has come, for source_bytes_read. */
void source_note_offset(source *source, uint64_t offset);

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
