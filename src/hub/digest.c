#include "hub/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool digest_kind_of(digest_kind *kind, const char *name)
{
    size_t length = strlen(name);
    if (strspn(name, "0123456789abcdef") != length || (length != 40 && length != 64))
        return false;
    *kind = length == 64 ? DIGEST_SHA256 : DIGEST_GIT_SHA1;
    return true;
}

typedef union digest_context {
    struct sha256_ctx sha256;
    struct sha1_ctx sha1;
} digest_context;

static bert_status add_file(const struct nettle_hash *hash, digest_context *context, int descriptor,
                            uint64_t size, const char *path, bert_error *error)
{
    unsigned char chunk[1 << 16];
    for (uint64_t at = 0; at < size;) {
        size_t wanted = size - at < sizeof chunk ? (size_t)(size - at) : sizeof chunk;
        ssize_t got = pread(descriptor, chunk, wanted, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "%s: cannot read at byte %" PRIu64, path, at);
        if (got == 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: ends at byte %" PRIu64 ", expected %" PRIu64, path, at, size);
        hash->update(context, (size_t)got, chunk);
        at += (uint64_t)got;
    }
    return BERT_OK;
}

bert_status digest_descriptor(char digits[DIGEST_MAX_DIGITS + 1], digest_kind kind, int descriptor,
                              uint64_t size, const char *path, bert_error *error)
{
    char header[40];
    int header_length =
        snprintf(header, sizeof header, "blob %" PRIu64, size) + 1; /* and its NUL */
    const struct nettle_hash *hash = kind == DIGEST_SHA256 ? &nettle_sha256 : &nettle_sha1;
    digest_context context;
    hash->init(&context);
    if (kind == DIGEST_GIT_SHA1)
        hash->update(&context, (size_t)header_length, (const uint8_t *)header);
    TRY(add_file(hash, &context, descriptor, size, path, error));
    uint8_t bytes[DIGEST_MAX_DIGITS / 2];
    hash->digest(&context, hash->digest_size, bytes);
    for (unsigned i = 0; i < hash->digest_size; i++)
        snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
    return BERT_OK;
}
