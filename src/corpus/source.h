/* Reads bytes and lines from a file or standard input, in bounded memory. */
#ifndef CORPUS_SOURCE_H
#define CORPUS_SOURCE_H

#include "base/text.h"
#include "corpus/decoder.h"

enum {
    SOURCE_PIECE = 1 << 18,   /* bytes per read */
    SOURCE_LINE_MAX = 1 << 20 /* longer lines are returned in segments */
};

typedef struct source {
    char *name; /* owned; for messages: the path, followed by /MEMBER in an archive, or "standard
                   input" */
    size_t base_length; /* length of the path without the member */
    int descriptor;
    uint64_t read; /* bytes read from the descriptor */
    char *buffer;  /* owned; [capacity], of which [begin, end) is not yet consumed */
    size_t capacity, begin, end;
    uint64_t offset; /* of buffer[begin], in the (decompressed) text */
    bool finished;   /* the end of the input was reached */
    int zstd_window_log;
    struct unpacker *unpacker; /* owned; NULL for an uncompressed input */
} source;

/* Checks that an input can be opened, without reading from it. *size is its size in bytes; *known
 * is false if the size is unknown (standard input, a pipe). */
bert_status source_check(const char *input, uint64_t *size, bool *known, bert_error *error);

/* Opens a file; "-" is standard input. Compressed input is decompressed while reading; of an
 * archive (also compressed) the first file is opened, if there is one (corpus/unpack.h). The type
 * is detected from the first bytes. Zstandard with a window of more than 2^zstd_window_log bytes is
 * refused: ZSTD_WINDOW_LOG_LARGEST allows all. */
bert_status source_open(source *source, const char *input, int zstd_window_log, bert_error *error);
void source_close(source *source); /* safe on a zeroed struct and after a failed open */

/* Advances to the beginning of the next file of an archive; *found is false if there is none. */
bert_status source_next_member(source *source, bool *found, bert_error *error);

/* Bytes read from the input itself, before decompression. */
uint64_t source_bytes_read(const source *source);

/* Fills the buffer with at least `wanted` bytes, or all that are left. */
bert_status source_fill(source *source, size_t wanted, bert_error *error);

/* Reads the next `size` bytes; *got is less only at the end. */
bert_status source_take(source *source, void *data, size_t size, size_t *got, bert_error *error);

/* For formats that need random access: returns the descriptor of a seekable file with the content
 * of the input, or of the current file of an archive. The caller closes it; nothing may have been
 * consumed yet. It is the input itself, or, for pipes and compressed input, an unnamed copy in the
 * system's temporary folder. */
bert_status source_file(source *source, int *descriptor, bert_error *error);

/* Records the progress of such a format for source_bytes_read. */
void source_note_offset(source *source, uint64_t offset);

typedef struct line {
    const char *data; /* valid until the next call on the source */
    size_t length;    /* without its line ending, LF or CR LF */
    uint64_t offset;  /* of data[0] in the input */
    bool continues; /* the line is longer than SOURCE_LINE_MAX and continues in the next call; never
                       cut inside a character */
} line;

/* Reads the next line; *found is false at the end. */
bert_status source_line(source *source, line *line, bool *found, bert_error *error);

#endif
