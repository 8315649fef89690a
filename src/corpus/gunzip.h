/* Decompresses gzip (RFC 1952) with zlib, because libarchive's gzip filter does not verify
 * checksums and may stop after the first of several members. */
#ifndef CORPUS_GUNZIP_H
#define CORPUS_GUNZIP_H

#include "base/error.h"

typedef struct gunzip gunzip;

bert_status gunzip_open(gunzip **out, bert_error *error);
void gunzip_close(gunzip *gunzip); /* NULL is allowed */

/* Decompresses from data[0, size): consumes *taken bytes and returns *got bytes, possibly 0, in
 * *out (valid until the next call). size 0 means the end of the input, which is an error inside a
 * member. Messages do not name the input. */
bert_status gunzip_piece(gunzip *gunzip, const char *data, size_t size, size_t *taken,
                         const void **out, size_t *got, bert_error *error);

#endif
