/* gzip (RFC 1952), with zlib: libarchive's reader of it does not look at the checksums, and may
 * stop behind the first of several members. */
#ifndef CORPUS_GUNZIP_H
#define CORPUS_GUNZIP_H

#include "base/error.h"

typedef struct gunzip gunzip;

bert_status gunzip_open(gunzip **out, bert_error *error);
void gunzip_close(gunzip *gunzip); /* NULL is fine */

/* Unpacks from data[0, size): *taken bytes were used, *got came out in *out (valid until the next
 * call; possibly none). size 0 means the end of the input, which is an error where a member is not
 * whole. Messages do not name the input. */
bert_status gunzip_piece(gunzip *gunzip, const char *data, size_t size, size_t *taken,
                         const void **out, size_t *got, bert_error *error);

#endif
