/* Reads compressed files and archives (libarchive), decompressing while reading. */
#ifndef CORPUS_UNPACK_H
#define CORPUS_UNPACK_H

#include "base/error.h"

/* Whether an input that begins with these bytes is compressed or an archive. */
bool unpack_detect(const char *head, size_t size);

typedef struct unpacker unpacker;

/* Decompresses the data of a descriptor, owned by the caller, from which the `size` bytes in `head`
 * were already read. `name` is used in messages. */
bert_status unpack_open(unpacker **out, const char *name, int descriptor, const char *head,
                        size_t size, bert_error *error);
void unpack_close(unpacker *unpacker); /* NULL is allowed */

/* Advances to the next file; after opening, to the first. *member is its name, valid until the next
 * call, or NULL if the input is a single compressed file. */
bert_status unpack_next(unpacker *unpacker, const char **member, bool *found, bert_error *error);

/* Reads up to `size` bytes of the file; *got is 0 at its end. */
bert_status unpack_read(unpacker *unpacker, char *data, size_t size, size_t *got,
                        bert_error *error);

/* Compressed bytes read so far. */
uint64_t unpack_bytes_read(const unpacker *unpacker);

#endif
