/* The Hub's checksums: SHA-256 of LFS files; for others git's blob id, the SHA-1 of "blob SIZE\0"
 * and the content (git-hash-object(1)).
 *
 * Computed with Nettle, which is loaded anyway as a dependency of libarchive and uses the
 * processor's SHA instructions. */
#ifndef HUB_DIGEST_H
#define HUB_DIGEST_H

#include "base/error.h"

enum { DIGEST_MAX_DIGITS = 64 }; /* of SHA-256; SHA-1 has 40 */

typedef enum digest_kind { DIGEST_SHA256, DIGEST_GIT_SHA1 } digest_kind;

/* The kind of a checksum of lower-case hexadecimal digits, by its length; false if it is not a
 * checksum. */
bool digest_kind_of(digest_kind *kind, const char *name);

/* Computes the checksum of the first `size` bytes of the file; a shorter file is an error. `path`
 * is used in messages. */
bert_status digest_descriptor(char digits[DIGEST_MAX_DIGITS + 1], digest_kind kind, int descriptor,
                              uint64_t size, const char *path, bert_error *error);

#endif
