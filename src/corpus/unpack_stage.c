#include "corpus/unpack_stage.h"

#include "base/file.h"
#include "base/memory.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stage {
    char *name;
    const packing *packing; /* NULL for the input */
    stage *below;
    int descriptor;          /* of the input */
    uint64_t read;           /* bytes of the input so far, including those not yet consumed */
    void *decoder;           /* of packing->decoder */
    struct archive *archive; /* of packing->support */
    uint64_t given;          /* bytes of `below` that libarchive has got */
    const char *piece_given; /* the last of them that were not empty, unchanged at the end */
    size_t piece_given_size;
    bert_status status; /* of a failure below libarchive */
    bert_error error;
    const char *data; /* [size] bytes not yet consumed, in one of the buffers or the decoder's */
    size_t size;
    bool at_end;  /* nothing follows data[0, size) */
    char *piece;  /* buffer of STAGE_PIECE bytes of what is read; NULL with a decoder */
    char *peeked; /* buffer of several pieces in a row */
    size_t peeked_capacity;
};

const char *stage_name(const stage *stage)
{
    return stage->name;
}

const packing *stage_packing(const stage *stage)
{
    return stage->packing;
}

stage *stage_below(const stage *stage)
{
    return stage->below;
}

uint64_t stage_entries(const stage *stage)
{
    return (uint64_t)archive_file_count(stage->archive);
}

uint64_t stage_bytes_read(const stage *bottom)
{
    return bottom->read;
}

/* ----------------------------------------------------------------------------------- errors --- */

static bert_status cannot_unpack(const stage *stage, bert_status status, const char *reason,
                                 bert_error *error)
{
    const struct stage *bottom = stage;
    while (bottom->below)
        bottom = bottom->below;
    bool is_inside = strcmp(stage->name, bottom->name) != 0;
    return error_set(error, status, "%s: cannot %s at byte %llu%s%s: %s", stage->name,
                     stage->packing->is_archive ? "unpack" : "decompress",
                     (unsigned long long)(bottom->read - bottom->size), is_inside ? " of " : "",
                     is_inside ? bottom->name : "", reason ? reason : "unknown error");
}

/* After a failure of libarchive. */
static bert_status archive_failed(const stage *stage, bert_error *error)
{
    if (stage->status != BERT_OK)
        return error_set(error, stage->status, "%s", stage->error.message);
    const char *reason = archive_error_string(stage->archive);
    if (reason && strstr(reason, "No progress is possible")) /* what liblzma says of it */
        reason = "truncated, or followed by data that are not of its kind";
    return cannot_unpack(stage, BERT_ERROR_INPUT, reason, error);
}

/* ---------------------------------------------------------------------------------- reading --- */

static bert_status fill(stage *stage, bert_error *error);

static bert_status read_input(stage *stage, bert_error *error)
{
    ssize_t got;
    do
        got = read(stage->descriptor, stage->piece, STAGE_PIECE);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(error, errno, "%s: cannot read at byte %llu", stage->name,
                               (unsigned long long)stage->read);
    stage->data = stage->piece;
    stage->size = (size_t)got;
    stage->read += (uint64_t)got;
    return BERT_OK;
}

static bert_status decode(stage *stage, bert_error *error)
{
    struct stage *below = stage->below;
    for (bool more = true; more && stage->size == 0;) {
        TRY(fill(below, error));
        more = below->size > 0;
        size_t taken;
        const void *out;
        bert_error reason;
        bert_status status = stage->packing->decoder->piece(
            stage->decoder, below->data, below->size, &taken, &out, &stage->size, &reason);
        if (status != BERT_OK)
            return cannot_unpack(stage, status, reason.message, error);
        below->data += taken;
        below->size -= taken;
        stage->data = out;
    }
    return BERT_OK;
}

static bool is_zero(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != '\0')
            return false;
    return true;
}

/* libarchive's filters end quietly at what they do not recognize, e.g. at a damaged second member.
 * Zeros may be padding. */
static bert_status check_filter_end(stage *stage, bert_error *error)
{
    uint64_t consumed = (uint64_t)archive_filter_bytes(stage->archive, -1);
    uint64_t left = stage->given > consumed ? stage->given - consumed : 0;
    if (left > stage->piece_given_size)
        left = stage->piece_given_size;
    bool is_padding = is_zero(stage->piece_given + stage->piece_given_size - left, left);
    struct stage *below = stage->below;
    while (is_padding) {
        TRY(fill(below, error));
        if (below->size == 0)
            return BERT_OK;
        is_padding = is_zero(below->data, below->size);
        below->size = 0;
    }
    return cannot_unpack(stage, BERT_ERROR_INPUT,
                         "trailing data that are not of its kind, or damaged", error);
}

static bert_status read_archive(stage *stage, bert_error *error)
{
    la_ssize_t got;
    do
        got = archive_read_data(stage->archive, stage->piece, STAGE_PIECE);
    while (got == ARCHIVE_RETRY);
    if (got < 0)
        return archive_failed(stage, error);
    if (got == 0 && !stage->packing->is_archive)
        TRY(check_filter_end(stage, error));
    stage->data = stage->piece;
    stage->size = (size_t)got;
    return BERT_OK;
}

/* Makes stage->data not empty, unless the stage is at its end. */
static bert_status fill(stage *stage, bert_error *error)
{
    if (stage->size > 0 || stage->at_end)
        return BERT_OK;
    if (!stage->packing)
        TRY(read_input(stage, error));
    else if (stage->decoder)
        TRY(decode(stage, error));
    else
        TRY(read_archive(stage, error));
    stage->at_end = stage->size == 0;
    return BERT_OK;
}

bert_status stage_peek(stage *stage, size_t wanted, const char **data, size_t *size,
                       bert_error *error)
{
    TRY(fill(stage, error));
    while (stage->size < wanted && !stage->at_end) {
        /* The next piece may overwrite this one. */
        size_t kept = stage->size, begin = 0;
        bool is_peeked = stage->peeked && stage->data >= stage->peeked &&
                         stage->data < stage->peeked + stage->peeked_capacity;
        if (is_peeked)
            begin = (size_t)(stage->data - stage->peeked);
        TRY(memory_grow((void **)&stage->peeked, &stage->peeked_capacity,
                        begin + kept + STAGE_PIECE, 1, "an input buffer", error));
        memmove(stage->peeked, is_peeked ? stage->peeked + begin : stage->data, kept);
        stage->size = 0;
        bert_status status = fill(stage, error);
        if (status == BERT_OK)
            memcpy(stage->peeked + kept, stage->data, stage->size);
        stage->data = stage->peeked;
        stage->size += kept;
        TRY(status);
    }
    *data = stage->data;
    *size = stage->size;
    return BERT_OK;
}

bert_status stage_read(stage *stage, char *data, size_t size, size_t *got, bert_error *error)
{
    TRY(fill(stage, error));
    *got = stage->size < size ? stage->size : size;
    if (*got > 0)
        memcpy(data, stage->data, *got);
    stage->data += *got;
    stage->size -= *got;
    return BERT_OK;
}

bert_status stage_next_entry(stage *stage, struct archive_entry **entry, bert_error *error)
{
    int result = archive_read_next_header(stage->archive, entry);
    stage->size = 0;
    stage->at_end = result == ARCHIVE_EOF;
    if (result == ARCHIVE_EOF)
        *entry = NULL;
    else if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
        return archive_failed(stage, error);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------- open --- */

static la_ssize_t give_to_archive(struct archive *archive, void *context, const void **data)
{
    stage *stage = context;
    struct stage *below = stage->below;
    stage->status = fill(below, &stage->error);
    if (stage->status != BERT_OK) {
        archive_set_error(archive, EIO, "%s", stage->error.message);
        return ARCHIVE_FATAL;
    }
    *data = below->data;
    size_t size = below->size;
    if (size > 0) {
        stage->piece_given = below->data;
        stage->piece_given_size = size;
    }
    stage->given += size;
    below->data += size;
    below->size = 0;
    return (la_ssize_t)size;
}

static bert_status skip_empty_members(stage *stage, bert_error *error)
{
    struct stage *below = stage->below;
    const char *head;
    size_t size;
    do {
        TRY(stage_peek(below, PACKING_HEAD, &head, &size, error));
        size = packing_empty_member(stage->packing, head, size);
        below->data += size;
        below->size -= size;
    } while (size > 0);
    stage->at_end = below->size == 0;
    return BERT_OK;
}

static bert_status open_archive(stage *stage, bert_error *error)
{
    TRY(skip_empty_members(stage, error));
    if (stage->at_end)
        return BERT_OK;
    struct archive *archive = stage->archive = archive_read_new();
    if (!archive)
        return error_set(error, BERT_ERROR_MEMORY, "%s: no memory to unpack it", stage->name);
    TRY(memory_array((void **)&stage->piece, STAGE_PIECE, 1, "an input buffer", error));
    /* One kind alone, because some of libarchive's filters execute external programs. */
    stage->packing->support(archive);
    bool is_archive = stage->packing->is_archive;
    if (is_archive) {
        /* What follows the end of an archive of tar is another one. */
        archive_read_set_options(archive, "tar:read_concatenated_archives");
        archive_clear_error(archive);
    } else {
        archive_read_support_format_raw(archive);
        archive_read_support_format_empty(archive);
    }
    if (archive_read_open(archive, stage, NULL, give_to_archive, NULL) != ARCHIVE_OK)
        return archive_failed(stage, error);
    if (is_archive)
        return BERT_OK;
    struct archive_entry *entry;
    TRY(stage_next_entry(stage, &entry, error));
    /* The raw format accepts anything: without a filter, the bytes are compressed data that the
     * filter did not recognize. */
    if (archive_filter_count(archive) < 2)
        return cannot_unpack(stage, BERT_ERROR_INPUT, "truncated or damaged at its beginning",
                             error);
    return entry ? BERT_OK : check_filter_end(stage, error);
}

static bert_status stage_create(stage **out, const char *name, bert_error *error)
{
    stage *created;
    TRY(memory_array((void **)&created, 1, sizeof *created, "a stage of unpacking", error));
    bert_status status = path_format(&created->name, error, "%s", name);
    if (status == BERT_OK)
        *out = created;
    else
        stage_close(created);
    return status;
}

bert_status stage_open_input(stage **out, const char *name, int descriptor, const char *head,
                             size_t size, bert_error *error)
{
    stage *stage;
    TRY(stage_create(&stage, name, error));
    stage->descriptor = descriptor;
    size_t capacity = size > STAGE_PIECE ? size : STAGE_PIECE;
    bert_status status =
        memory_array((void **)&stage->piece, capacity, 1, "an input buffer", error);
    if (status != BERT_OK) {
        stage_close(stage);
        return status;
    }
    memcpy(stage->piece, head, size);
    stage->data = stage->piece;
    stage->size = size;
    stage->read = size;
    *out = stage;
    return BERT_OK;
}

bert_status stage_open(stage **out, const char *name, const packing *packing, stage *below,
                       int zstd_window_log, bert_error *error)
{
    stage *stage;
    TRY(stage_create(&stage, name, error));
    stage->packing = packing;
    stage->below = below;
    bert_status status =
        packing->decoder ? packing->decoder->open(&stage->decoder, zstd_window_log, error)
        : packing->support
            ? open_archive(stage, error)
            : error_set(error, BERT_ERROR_UNSUPPORTED, "%s: is %s, which is not read; %s", name,
                        packing->name, packing->remedy);
    if (status == BERT_OK)
        *out = stage;
    else
        stage_close(stage);
    return status;
}

void stage_close(stage *stage)
{
    if (!stage)
        return;
    if (stage->archive)
        archive_read_free(stage->archive);
    if (stage->decoder)
        stage->packing->decoder->close(stage->decoder);
    free(stage->name);
    free(stage->piece);
    free(stage->peeked);
    free(stage);
}
