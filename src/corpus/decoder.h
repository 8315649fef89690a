/* Decompresses a stream piece by piece, for the formats that libarchive does not read as strictly
 * or as far as needed:
 * - gzip (RFC 1952), because libarchive's filter does not verify checksums and may stop after the
 *   first of several members;
 * - Zstandard (RFC 8878), because its filter limits windows and takes no skippable frame first;
 * - LZ4 frames, because its filter takes no skippable frame first either.
 * All read members (frames) that follow each other as one stream, empty ones anywhere. */
#ifndef CORPUS_DECODER_H
#define CORPUS_DECODER_H

#include "base/error.h"

/* Bytes of a decoder's output at most per piece. */
enum { DECODER_OUTPUT = 1 << 18 };

/* Frames of Zstandard state how much of the text before they refer to, as a power of two. */
enum { ZSTD_WINDOW_LOG_LARGEST = 31 };

typedef struct decoder_format {
    /* Creates a state; `zstd_window_log` is the largest window that is accepted. */
    bert_status (*open)(void **state, int zstd_window_log, bert_error *error);
    void (*close)(void *state);
    /* Decompresses from data[0, size): consumes *taken bytes and returns *got bytes, possibly 0, in
     * *out (valid until the next call). Size 0 means the end of the input, which is an error inside
     * a member. Messages do not name the input. */
    bert_status (*piece)(void *state, const char *data, size_t size, size_t *taken,
                         const void **out, size_t *got, bert_error *error);
} decoder_format;

extern const decoder_format decoder_gzip, decoder_zstd, decoder_lz4;

#endif
