/* Compressed files and archives, unpacked as they are read (libarchive). */
#ifndef CORPUS_UNPACK_H
#define CORPUS_UNPACK_H

#include "base/error.h"

/* Whether an input that begins with these bytes is packed. */
bool unpack_detect(const char *head, size_t size);

typedef struct unpacker unpacker;

/* Unpacks what comes from a descriptor, which stays the caller's, behind the `size` bytes that were
 * already read from it. `name` is for messages. */
bert_status unpack_open(unpacker **out, const char *name, int descriptor, const char *head,
                        size_t size, bert_error *error);
void unpack_close(unpacker *unpacker); /* NULL is fine */

/* Goes on to the next file, the first one after opening. `*member` is its name, valid until the
 * next call; NULL where the input is one compressed file without a name. */
bert_status unpack_next(unpacker *unpacker, const char **member, bool *found, bert_error *error);

/* Up to `size` bytes of the file; *got is 0 at its end. */
bert_status unpack_read(unpacker *unpacker, char *data, size_t size, size_t *got,
                        bert_error *error);

/* Packed bytes taken so far. */
uint64_t unpack_bytes_read(const unpacker *unpacker);

#endif
