/* Checksums as the Hub has them: SHA-256 of large files, and of small ones git's blob name, the
 * SHA-1 of "blob SIZE\0" and the content (git-hash-object(1)).
 *
 * Computed by Nettle, which libarchive has in the process anyway; its assembly uses the processor's
 * instructions for both. */
#ifndef HUB_DIGEST_H
#define HUB_DIGEST_H

#include "base/error.h"

enum { DIGEST_MAX_DIGITS = 64 }; /* of SHA-256; SHA-1 has 40 */

typedef enum digest_kind { DIGEST_SHA256, DIGEST_GIT_SHA1 } digest_kind;

/* The kind that has so many hexadecimal digits as `name`, in small letters; false where it is no
 * checksum at all. */
bool digest_kind_of(digest_kind *kind, const char *name);

/* `digits` = the checksum of the first `size` bytes of the file, which has to have as many. `path`
 * goes into the message. */
bert_status digest_descriptor(char digits[DIGEST_MAX_DIGITS + 1], digest_kind kind, int descriptor,
                              uint64_t size, const char *path, bert_error *error);

#endif
