/* Reads compressed files and archives, decompressing while reading, in bounded memory. A file of an
 * archive may be compressed, or an archive itself. */
#ifndef CORPUS_UNPACK_H
#define CORPUS_UNPACK_H

#include "base/error.h"

enum {
    UNPACK_ARCHIVES_MAX = 2,    /* archives in each other */
    UNPACK_COMPRESSIONS_MAX = 2 /* compressions of a file or an archive, one over another */
};

/* Whether an input that begins with these bytes is compressed or an archive. */
bool unpack_detect(const char *head, size_t size);

typedef struct unpacker unpacker;

/* Decompresses the data of a descriptor, owned by the caller, from which the `size` bytes in `head`
 * were already read. `name` is used in messages. Zstandard with a window of more than
 * 2^zstd_window_log bytes is refused. */
bert_status unpack_open(unpacker **out, const char *name, int descriptor, const char *head,
                        size_t size, int zstd_window_log, bert_error *error);
void unpack_close(unpacker *unpacker); /* NULL is allowed */

/* Advances to the next file; after opening, to the first. *member is its name, valid until the next
 * call, or NULL if the input is a single compressed file: "b.txt.gz", "inner.tar/b.txt". */
bert_status unpack_next(unpacker *unpacker, const char **member, bool *found, bert_error *error);

/* Reads up to `size` bytes of the file; *got is 0 at its end. */
bert_status unpack_read(unpacker *unpacker, char *data, size_t size, size_t *got,
                        bert_error *error);

/* Compressed bytes read so far. */
uint64_t unpack_bytes_read(const unpacker *unpacker);

#endif
