#include "hub/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
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

static bert_status add_file(EVP_MD_CTX *context, int descriptor, uint64_t size, const char *path,
                            bert_error *error)
{
    unsigned char piece[1 << 16];
    for (uint64_t at = 0; at < size;) {
        size_t want = size - at < sizeof piece ? (size_t)(size - at) : sizeof piece;
        ssize_t got = pread(descriptor, piece, want, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "%s: cannot read at byte %" PRIu64, path, at);
        if (got == 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: ends at byte %" PRIu64 ", expected %" PRIu64, path, at, size);
        if (EVP_DigestUpdate(context, piece, (size_t)got) != 1)
            return error_set(error, BERT_ERROR_MEMORY, "%s: the checksum failed", path);
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
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool sha256 = kind == DIGEST_SHA256;
    if (!context || EVP_DigestInit_ex(context, sha256 ? EVP_sha256() : EVP_sha1(), NULL) != 1 ||
        (!sha256 && EVP_DigestUpdate(context, header, (size_t)header_length) != 1)) {
        EVP_MD_CTX_free(context);
        return error_set(error, BERT_ERROR_MEMORY, "%s: no memory for a checksum", path);
    }
    bert_status status = add_file(context, descriptor, size, path, error);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (status == BERT_OK && EVP_DigestFinal_ex(context, bytes, &length) != 1)
        status = error_set(error, BERT_ERROR_MEMORY, "%s: the checksum failed", path);
    for (unsigned i = 0; i < length; i++)
        snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
    EVP_MD_CTX_free(context);
    return status;
}
