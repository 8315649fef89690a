#include "corpus/unpack.h"

#include "base/file.h"
#include "base/memory.h"
#include "corpus/gunzip.h"
#include "corpus/inputs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_SIZE = 1 << 18 };

struct unpacker {
    struct archive *archive;
    gunzip *gunzip; /* decompresses gzip before libarchive; NULL for other inputs */
    char *name;
    int descriptor;
    char *buffer; /* compressed bytes, of which [begin, end) is not yet consumed */
    size_t begin, end;
    uint64_t read;      /* compressed bytes read so far, including those in the buffer */
    bert_status status; /* of a failure outside of libarchive */
    bert_error error;
};

static bool is_gzip(const char *head, size_t size)
{
    return size >= 3 && memcmp(head, "\x1F\x8B\x08", 3) == 0;
}

bool unpack_detect(const char *head, size_t size)
{
    static const struct {
        const char *magic;
        size_t offset, size;
    } kinds[] = {
        {"1AY&SY", 4, 6},           /* bzip2 */
        {"\xFD\x37zXZ\0", 0, 6},    /* xz */
        {"\x28\xB5\x2F\xFD", 0, 4}, /* zstd */
        {"PK\x03\x04", 0, 4},       /* zip */
        {"ustar", 257, 5},          /* tar */
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size >= kinds[i].offset + kinds[i].size &&
            memcmp(head + kinds[i].offset, kinds[i].magic, kinds[i].size) == 0)
            return true;
    return is_gzip(head, size);
}

/* Fills the buffer if it is empty and the input is not at its end. */
static bert_status fill_buffer(unpacker *unpacker, bert_error *error)
{
    if (unpacker->begin < unpacker->end)
        return BERT_OK;
    ssize_t got;
    do
        got = read(unpacker->descriptor, unpacker->buffer, INPUT_SIZE);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(error, errno, "%s: cannot read at byte %llu", unpacker->name,
                               (unsigned long long)unpacker->read);
    unpacker->begin = 0;
    unpacker->end = (size_t)got;
    unpacker->read += (uint64_t)got;
    return BERT_OK;
}

static bert_status cannot_unpack(const unpacker *unpacker, const char *reason, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: cannot decompress at byte %llu: %s",
                     unpacker->name,
                     (unsigned long long)(unpacker->read - (unpacker->end - unpacker->begin)),
                     reason ? reason : "unknown error");
}

static bert_status next_piece(unpacker *unpacker, const void **data, size_t *size,
                              bert_error *error)
{
    for (*size = 0; *size == 0;) {
        TRY(fill_buffer(unpacker, error));
        const char *compressed = unpacker->buffer + unpacker->begin;
        size_t available = unpacker->end - unpacker->begin, taken = available;
        if (unpacker->gunzip) {
            bert_error reason;
            if (gunzip_piece(unpacker->gunzip, compressed, available, &taken, data, size, &reason))
                return cannot_unpack(unpacker, reason.message, error);
        } else {
            *data = compressed;
            *size = available;
        }
        unpacker->begin += taken;
        if (available == 0)
            break;
    }
    return BERT_OK;
}

static la_ssize_t read_input(struct archive *archive, void *context, const void **data)
{
    unpacker *unpacker = context;
    size_t size;
    unpacker->status = next_piece(unpacker, data, &size, &unpacker->error);
    if (unpacker->status == BERT_OK)
        return (la_ssize_t)size;
    archive_set_error(archive, EIO, "%s", unpacker->error.message);
    return ARCHIVE_FATAL;
}

static bert_status fail(const unpacker *unpacker, bert_error *error)
{
    if (unpacker->status != BERT_OK)
        return error_set(error, unpacker->status, "%s", unpacker->error.message);
    return cannot_unpack(unpacker, archive_error_string(unpacker->archive), error);
}

static bert_status open_archive(unpacker *unpacker, bert_error *error)
{
    struct archive *archive = unpacker->archive = archive_read_new();
    if (!archive)
        return error_set(error, BERT_ERROR_MEMORY, "%s: no memory to decompress it",
                         unpacker->name);
    /* Not "all", because some of libarchive's filters execute external programs. */
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_format_zip(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_format_raw(archive);
    if (archive_read_open(archive, unpacker, NULL, read_input, NULL) != ARCHIVE_OK)
        return fail(unpacker, error);
    return BERT_OK;
}

bert_status unpack_open(unpacker **out, const char *name, int descriptor, const char *head,
                        size_t size, bert_error *error)
{
    *out = NULL;
    unpacker *unpacker;
    TRY(memory_array((void **)&unpacker, 1, sizeof *unpacker, "an unpacker", error));
    unpacker->descriptor = descriptor;
    bert_status status;
    TRY_OR_GO(status, path_format(&unpacker->name, error, "%s", name), failed);
    TRY_OR_GO(status,
              memory_array((void **)&unpacker->buffer, size > INPUT_SIZE ? size : INPUT_SIZE, 1,
                           "an input buffer", error),
              failed);
    memcpy(unpacker->buffer, head, size);
    unpacker->end = size;
    unpacker->read = size;
    if (is_gzip(head, size))
        TRY_OR_GO(status, gunzip_open(&unpacker->gunzip, error), failed);
    TRY_OR_GO(status, open_archive(unpacker, error), failed);
    *out = unpacker;
    return BERT_OK;
failed:
    unpack_close(unpacker);
    return status;
}

void unpack_close(unpacker *unpacker)
{
    if (!unpacker)
        return;
    if (unpacker->archive)
        archive_read_free(unpacker->archive);
    gunzip_close(unpacker->gunzip);
    free(unpacker->name);
    free(unpacker->buffer);
    free(unpacker);
}

/* The same rule as for folders; leading "./" and "../" do not make a name hidden. */
static bool is_wanted(const char *path)
{
    for (;;) {
        size_t length = strcspn(path, "/");
        bool is_dot = length > 0 && length <= 2 && strncmp(path, "..", length) == 0;
        if (!is_dot && !input_name_is_wanted(path, length))
            return false;
        if (path[length] == '\0')
            return true;
        path += length + 1;
    }
}

static const char *member_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name)
        name = archive_entry_pathname(entry);
    return name ? name : "(unnamed file)";
}

bert_status unpack_next(unpacker *unpacker, const char **member, bool *found, bert_error *error)
{
    struct archive_entry *entry;
    bool raw;
    do {
        int result = archive_read_next_header(unpacker->archive, &entry);
        *found = result != ARCHIVE_EOF;
        if (!*found)
            return BERT_OK;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return fail(unpacker, error);
        raw = archive_format(unpacker->archive) == ARCHIVE_FORMAT_RAW;
    } while (archive_entry_filetype(entry) != AE_IFREG || (!raw && !is_wanted(member_name(entry))));
    /* The raw format accepts anything: without a filter, the bytes are compressed data that no
     * filter recognized. */
    if (raw && !unpacker->gunzip && archive_filter_count(unpacker->archive) < 2)
        return cannot_unpack(unpacker, "truncated or damaged at its beginning", error);
    *member = raw ? NULL : member_name(entry);
    return BERT_OK;
}

bert_status unpack_read(unpacker *unpacker, char *data, size_t size, size_t *got, bert_error *error)
{
    la_ssize_t result;
    do
        result = archive_read_data(unpacker->archive, data, size);
    while (result == ARCHIVE_RETRY);
    if (result < 0)
        return fail(unpacker, error);
    *got = (size_t)result;
    return BERT_OK;
}

uint64_t unpack_bytes_read(const unpacker *unpacker)
{
    return unpacker->read;
}
