#include "hub/fetch.h"

#include "base/file.h"
#include "hub/error_response.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------- metadata --- */

/* Removes the quotes of an ETag. Weak ETags are accepted too, because the checksum is verified. */
static bool unquote_etag(char *out, size_t size, const char *etag)
{
    if (strncmp(etag, "W/", 2) == 0)
        etag += 2;
    size_t length = strlen(etag);
    if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"') {
        etag++;
        length -= 2;
    }
    if (length >= size)
        return false;
    memcpy(out, etag, length);
    out[length] = '\0';
    return true;
}

static bool parse_size(uint64_t *size, const char *digits)
{
    if (!digits || !*digits || strlen(digits) > 18 || digits[strspn(digits, "0123456789")])
        return false;
    *size = strtoull(digits, NULL, 10);
    return true;
}

bert_status fetch_head(fetch_metadata *metadata, http_client *client, const hub_settings *settings,
                       const char *url, const char *what, const char *page, bert_error *error)
{
    *metadata = (fetch_metadata){0};
    http_response response = {0};
    http_request request = {.method = HTTP_HEAD, .url = url, .what = what, .metadata = true};
    bert_status status;
    TRY_OR_GO(status, http_send(client, &request, &response, error), done);
    if (response.status >= 400)
        TRY_OR_GO(status, error_response_check(&response, settings, what, page, error), done);
    const char *etag = response.headers[HTTP_LINKED_ETAG];
    if (!etag)
        etag = response.headers[HTTP_ETAG];
    if (!etag || !unquote_etag(metadata->etag, sizeof metadata->etag, etag) ||
        !digest_kind_of(&metadata->kind, metadata->etag)) {
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: the ETag is %.80s, expected a SHA-1 or SHA-256; is %.200s a Hub?",
                           what, etag ? etag : "missing", settings->endpoint);
        goto done;
    }
    const char *size = response.headers[HTTP_LINKED_SIZE];
    if (!size)
        size = response.headers[HTTP_CONTENT_LENGTH];
    if (!parse_size(&metadata->size, size))
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: the size is \"%.40s\", expected a number of bytes", what,
                           size ? size : "");
done:
    http_response_free(&response);
    return status;
}

/* ---------------------------------------------------------------------------------- bytes --- */

/* A file being downloaded, as the sink of its requests. */
typedef struct partial_file {
    http_sink sink; /* its position is the current length of the file */
    int descriptor;
    const char *path, *what;
    const fetch_metadata *metadata;
    transfer *transfer;
} partial_file;

static bert_status truncate_to(partial_file *file, uint64_t length, bert_error *error)
{
    if (ftruncate(file->descriptor, (off_t)length) != 0)
        return error_set_errno(error, errno, "%s: cannot truncate", file->path);
    transfer_rewind(file->transfer, file->sink.position - length);
    file->sink.position = length;
    return BERT_OK;
}

/* Checks a Content-Range, e.g. "bytes 100-999/1000": it must begin at the current position. */
static bert_status check_range(const partial_file *file, const char *range, bert_error *error)
{
    uint64_t first = 0, last = 0, total = 0;
    int parsed = 0;
    if (range &&
        sscanf(range, "bytes %18" SCNu64 "-%18" SCNu64 "/%n", &first, &last, &parsed) == 2 &&
        parsed > 0 && first == file->sink.position && last >= first &&
        (range[parsed] == '*' ||
         (parse_size(&total, range + parsed) && total == file->metadata->size)))
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "the response has the range \"%.60s\", expected \"bytes %" PRIu64 "-…/%" PRIu64
                     "\"",
                     range ? range : "", file->sink.position, file->metadata->size);
}

static bert_status begin(void *context, const http_response *response, bert_error *error)
{
    partial_file *file = context;
    const char *etag = response->headers[HTTP_ETAG];
    const char *encoding = response->headers[HTTP_CONTENT_ENCODING];
    if (encoding && strcasecmp(encoding, "identity") != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "the response is compressed (%.40s), which was not requested", encoding);
    if (response->status == 206) {
        TRY(check_range(file, response->headers[HTTP_CONTENT_RANGE], error));
    } else {
        uint64_t length;
        if (parse_size(&length, response->headers[HTTP_CONTENT_LENGTH]) &&
            length != file->metadata->size)
            return error_set(error, BERT_ERROR_INPUT,
                             "the response has %" PRIu64 " bytes, expected %" PRIu64, length,
                             file->metadata->size);
        TRY(truncate_to(file, 0, error)); /* no range support, or the file has changed */
    }
    file->sink.etag[0] = '\0';
    if (etag && etag[0] == '"' && strlen(etag) < sizeof file->sink.etag)
        strcpy(file->sink.etag, etag);
    return BERT_OK;
}

static bert_status take(void *context, const void *data, size_t size, bert_error *error)
{
    partial_file *file = context;
    if (size > file->metadata->size - file->sink.position)
        return error_set(error, BERT_ERROR_INPUT,
                         "received more than the expected %" PRIu64 " bytes", file->metadata->size);
    const char *at = data;
    while (size > 0) {
        ssize_t written = pwrite(file->descriptor, at, size, (off_t)file->sink.position);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(error, errno, "%s: cannot write at byte %" PRIu64, file->path,
                                   file->sink.position);
        at += written;
        size -= (size_t)written;
        file->sink.position += (uint64_t)written;
        transfer_advance(file->transfer, (uint64_t)written);
    }
    return BERT_OK;
}

static bert_status check_free_space(const partial_file *file, bert_error *error)
{
    struct statvfs file_system;
    uint64_t needed = file->metadata->size - file->sink.position;
    if (fstatvfs(file->descriptor, &file_system) != 0)
        return BERT_OK; /* the write will fail if there is no space */
    uint64_t free_bytes = (uint64_t)file_system.f_bavail * file_system.f_frsize;
    if (free_bytes >= needed)
        return BERT_OK;
    return error_set(error, BERT_ERROR_IO,
                     "%s: %" PRIu64 " more bytes are needed, but the disk has only %" PRIu64
                     " free",
                     file->path, needed, free_bytes);
}

static bert_status open_partial(partial_file *file, bert_error *error)
{
    struct stat information;
    file->descriptor = open(file->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file->descriptor < 0)
        return error_set_errno(error, errno, "%s: cannot create", file->path);
    if (fstat(file->descriptor, &information) != 0)
        return error_set_errno(error, errno, "%s: cannot read", file->path);
    if (!S_ISREG(information.st_mode))
        return error_set(error, BERT_ERROR_IO, "%s: exists and is not a regular file", file->path);
    uint64_t length = (uint64_t)information.st_size;
    if (length > file->metadata->size) { /* left by a different version */
        if (ftruncate(file->descriptor, 0) != 0)
            return error_set_errno(error, errno, "%s: cannot truncate", file->path);
        length = 0;
    }
    file->sink.position = length;
    file->transfer->done += length;
    return check_free_space(file, error);
}

/* Requests the missing bytes. *out_of_range: the server reports that there are none after the
 * position (416). */
static bert_status fetch_rest(partial_file *file, http_client *client, const hub_settings *settings,
                              const char *url, const char *page, bool *out_of_range,
                              bert_error *error)
{
    http_response response = {0};
    http_request request = {
        .method = HTTP_GET, .url = url, .what = file->what, .sink = &file->sink};
    bert_status status = http_send(client, &request, &response, error);
    *out_of_range = status == BERT_OK && response.status == 416;
    if (status == BERT_OK && !*out_of_range)
        status = error_response_check(&response, settings, file->what, page, error);
    http_response_free(&response);
    return status;
}

/* Verifies length and checksum; *matches: the checksum matches. A wrong length is an error. */
static bert_status check(const partial_file *file, bool *matches, bert_error *error)
{
    char digits[DIGEST_MAX_DIGITS + 1] = "";
    *matches = false;
    if (file->sink.position != file->metadata->size)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the response ended at byte %" PRIu64 ", expected %" PRIu64,
                         file->what, file->sink.position, file->metadata->size);
    TRY(digest_descriptor(digits, file->metadata->kind, file->descriptor, file->metadata->size,
                          file->path, error));
    *matches = strcmp(digits, file->metadata->etag) == 0;
    if (!*matches)
        error_set(
            error, BERT_ERROR_INPUT,
            "%s: the checksum of the received data is %s, expected %s; the data was discarded",
            file->what, digits, file->metadata->etag);
    return BERT_OK;
}

static bert_status finish(const partial_file *file, const char *path, bert_error *error)
{
    if (fsync(file->descriptor) != 0)
        return error_set_errno(error, errno, "%s: cannot write to disk", file->path);
    if (rename(file->path, path) != 0)
        return error_set_errno(error, errno, "%s: cannot rename it to %s", file->path, path);
    return BERT_OK;
}

/* Downloads and verifies. A partial file may belong to another version or be damaged: if the
 * checksum is wrong after a continued download, it is downloaded again from the beginning. A
 * response that ends early without an error is continued like a broken connection. */
static bert_status fetch_and_check(partial_file *file, http_client *client,
                                   const hub_settings *settings, const char *url, const char *page,
                                   bert_error *error)
{
    bool from_start = file->sink.position == 0;
    for (int early_ends = 0;;) {
        bool out_of_range = false, matches = false;
        uint64_t before = file->sink.position;
        if (before < file->metadata->size)
            TRY(fetch_rest(file, client, settings, url, page, &out_of_range, error));
        if (!out_of_range && file->sink.position > before &&
            file->sink.position < file->metadata->size && early_ends++ < settings->retries)
            continue;
        if (out_of_range)
            error_set(error, BERT_ERROR_INPUT, "%s: the server responded with status 416",
                      file->what);
        else
            TRY(check(file, &matches, error));
        if (matches)
            return BERT_OK;
        TRY(truncate_to(file, 0, error));
        file->sink.etag[0] = '\0';
        if (from_start) {
            unlink(file->path);
            return BERT_ERROR_INPUT;
        }
        from_start = true;
    }
}

bert_status fetch_file(http_client *client, const hub_settings *settings, const char *url,
                       const fetch_metadata *metadata, const char *partial, const char *path,
                       const char *what, const char *page, transfer *transfer, bert_error *error)
{
    partial_file file = {
        .sink = {.begin = begin, .write = take},
        .descriptor = -1,
        .path = partial,
        .what = what,
        .metadata = metadata,
        .transfer = transfer,
    };
    file.sink.context = &file;
    bert_status status = open_partial(&file, error);
    if (status == BERT_OK)
        status = fetch_and_check(&file, client, settings, url, page, error);
    if (status == BERT_OK)
        status = finish(&file, path, error);
    if (file.descriptor >= 0)
        close(file.descriptor);
    return status;
}

bert_status fetch_is_there(bool *there, const char *path, const fetch_metadata *metadata,
                           bert_error *error)
{
    *there = false;
    if (!file_exists(path))
        return BERT_OK;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* do not block on a pipe */
    struct stat information;
    if (descriptor < 0)
        return error_set_errno(error, errno, "%s: cannot open", path);
    char digits[DIGEST_MAX_DIGITS + 1] = "";
    bert_status status = BERT_OK;
    if (fstat(descriptor, &information) == 0 && S_ISREG(information.st_mode) &&
        (uint64_t)information.st_size == metadata->size)
        status = digest_descriptor(digits, metadata->kind, descriptor, metadata->size, path, error);
    close(descriptor);
    TRY(status);
    *there = strcmp(digits, metadata->etag) == 0;
    if (*there)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "%s: exists with different content; choose another folder, or remove it",
                     path);
}
