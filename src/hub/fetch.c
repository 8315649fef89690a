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

/* The text between the quotes of an etag; the weak form counts as well: the checksum decides. */
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
                           "%s: the ETag is %.80s, expected a SHA-1 or SHA-256: is %.200s a Hub?",
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

/* The file that is being fetched, as the sink of its requests. */
typedef struct partial_file {
    http_sink sink; /* its position is the length of the file */
    int descriptor;
    const char *path, *what;
    const fetch_metadata *metadata;
    transfer *transfer;
} partial_file;

static bert_status cut(partial_file *file, uint64_t length, bert_error *error)
{
    if (ftruncate(file->descriptor, (off_t)length) != 0)
        return error_set_errno(error, errno, "%s: cannot be cut", file->path);
    transfer_go_back(file->transfer, file->sink.position - length);
    file->sink.position = length;
    return BERT_OK;
}

/* "bytes 100-999/1000": the range has to begin where the last one ended. */
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
                     "the answer is the range \"%.60s\", expected \"bytes %" PRIu64 "-…/%" PRIu64
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
                         "the answer is packed (%.40s), which was not asked for", encoding);
    if (response->status == 206) {
        TRY(check_range(file, response->headers[HTTP_CONTENT_RANGE], error));
    } else {
        uint64_t length;
        if (parse_size(&length, response->headers[HTTP_CONTENT_LENGTH]) &&
            length != file->metadata->size)
            return error_set(error, BERT_ERROR_INPUT,
                             "the answer has %" PRIu64 " bytes, expected %" PRIu64, length,
                             file->metadata->size);
        TRY(cut(file, 0, error)); /* the server does not continue, or has another version */
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
        return error_set(error, BERT_ERROR_INPUT, "more bytes came than the %" PRIu64 " expected",
                         file->metadata->size);
    const char *at = data;
    while (size > 0) {
        ssize_t put = pwrite(file->descriptor, at, size, (off_t)file->sink.position);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_set_errno(error, errno, "%s: cannot write at byte %" PRIu64, file->path,
                                   file->sink.position);
        at += put;
        size -= (size_t)put;
        file->sink.position += (uint64_t)put;
        transfer_advance(file->transfer, (uint64_t)put);
    }
    return BERT_OK;
}

static bert_status check_room(const partial_file *file, bert_error *error)
{
    struct statvfs room;
    uint64_t needed = file->metadata->size - file->sink.position;
    if (fstatvfs(file->descriptor, &room) != 0)
        return BERT_OK; /* the write will tell */
    uint64_t free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
    if (free_bytes >= needed)
        return BERT_OK;
    return error_set(error, BERT_ERROR_IO,
                     "%s: %" PRIu64 " bytes are to come and the disk has room for %" PRIu64,
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
        return error_set(error, BERT_ERROR_IO, "%s: is in the way and is not a file", file->path);
    uint64_t length = (uint64_t)information.st_size;
    if (length > file->metadata->size) { /* never of this content */
        if (ftruncate(file->descriptor, 0) != 0)
            return error_set_errno(error, errno, "%s: cannot be cut", file->path);
        length = 0;
    }
    file->sink.position = length;
    file->transfer->done += length;
    return check_room(file, error);
}

/* Asks for what is missing. `*refused`: the server finds that there is nothing behind the position.
 */
static bert_status fetch_rest(partial_file *file, http_client *client, const hub_settings *settings,
                              const char *url, const char *page, bool *refused, bert_error *error)
{
    http_response response = {0};
    http_request request = {
        .method = HTTP_GET, .url = url, .what = file->what, .sink = &file->sink};
    bert_status status = http_send(client, &request, &response, error);
    *refused = status == BERT_OK && response.status == 416;
    if (status == BERT_OK && !*refused)
        status = error_response_check(&response, settings, file->what, page, error);
    http_response_free(&response);
    return status;
}

/* What has come; `*right` whether it is what was announced. */
static bert_status check(const partial_file *file, bool *right, bert_error *error)
{
    char digits[DIGEST_MAX_DIGITS + 1] = "";
    *right = false;
    if (file->sink.position != file->metadata->size)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the answer ended at byte %" PRIu64 ", expected %" PRIu64, file->what,
                         file->sink.position, file->metadata->size);
    TRY(digest_descriptor(digits, file->metadata->kind, file->descriptor, file->metadata->size,
                          file->path, error));
    *right = strcmp(digits, file->metadata->etag) == 0;
    if (!*right)
        error_set(error, BERT_ERROR_INPUT,
                  "%s: the checksum of what came is %s, the Hub's is %s; it was thrown away",
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

/* Fetches and checks. What was here before may be of another version, or damaged: where the whole
 * turns out wrong, it is fetched once more from the beginning. An answer that ends early without
 * saying so is continued, as a broken one is. */
static bert_status fetch_and_check(partial_file *file, http_client *client,
                                   const hub_settings *settings, const char *url, const char *page,
                                   bert_error *error)
{
    bool fresh = file->sink.position == 0;
    for (int early_ends = 0;;) {
        bool refused = false, right = false;
        uint64_t before = file->sink.position;
        if (before < file->metadata->size)
            TRY(fetch_rest(file, client, settings, url, page, &refused, error));
        if (!refused && file->sink.position > before &&
            file->sink.position < file->metadata->size && early_ends++ < settings->retries)
            continue;
        if (refused)
            error_set(error, BERT_ERROR_INPUT, "%s: the server answers 416", file->what);
        else
            TRY(check(file, &right, error));
        if (right)
            return BERT_OK;
        TRY(cut(file, 0, error));
        file->sink.etag[0] = '\0';
        if (fresh) {
            unlink(file->path);
            return BERT_ERROR_INPUT;
        }
        fresh = true;
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
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not block */
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
                     "%s: is there with another content; choose another folder, or remove it",
                     path);
}
