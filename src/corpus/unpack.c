#include "corpus/unpack.h"

#include "base/file.h"
#include "base/memory.h"
#include "corpus/inputs.h"
#include "corpus/unpack_stage.h"

#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

struct unpacker {
    int zstd_window_log;
    stage *top, *bottom; /* NULL before they are opened */
    bool opened;         /* the first file was reached */
    char *file;          /* owned; the path of what is on top: "a.zip/inner.tar/b.txt.gz" */
    size_t base_length;  /* of the path of the input in it */
};

bool unpack_detect(const char *head, size_t size)
{
    return packing_detect(head, size) != NULL;
}

/* ----------------------------------------------------------------------------------- stages --- */

static bool is_archive(const stage *stage)
{
    return stage_packing(stage) && stage_packing(stage)->is_archive;
}

/* Whether one more of this packing may be opened. */
static bert_status check_depth(const unpacker *unpacker, const packing *packing, bert_error *error)
{
    int archives = 0, compressions = 0;
    const stage *stage = unpacker->top;
    for (; stage && !is_archive(stage); stage = stage_below(stage))
        compressions += stage_packing(stage) != NULL;
    for (; stage; stage = stage_below(stage))
        archives += is_archive(stage);
    if (packing->is_archive && archives == UNPACK_ARCHIVES_MAX)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: is %s inside %d archives, expected at most %d in each other; unpack "
                         "the outer one first",
                         unpacker->file, packing->name, archives, UNPACK_ARCHIVES_MAX);
    if (!packing->is_archive && compressions == UNPACK_COMPRESSIONS_MAX)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: is compressed more than %d times; decompress it first",
                         unpacker->file, UNPACK_COMPRESSIONS_MAX);
    return BERT_OK;
}

/* Decompresses what is on top until there is text (*is_file) or an archive. */
static bert_status open_packings(unpacker *unpacker, bool *is_file, bert_error *error)
{
    for (;;) {
        const char *head;
        size_t size;
        TRY(stage_peek(unpacker->top, PACKING_HEAD, &head, &size, error));
        const packing *packing = packing_detect(head, size);
        *is_file = !packing;
        if (!packing)
            return BERT_OK;
        TRY(check_depth(unpacker, packing, error));
        stage *opened;
        TRY(stage_open(&opened, unpacker->file, packing, unpacker->top, unpacker->zstd_window_log,
                       error));
        unpacker->top = opened;
        if (packing->is_archive)
            return BERT_OK;
    }
}

static void close_top(unpacker *unpacker)
{
    stage *below = stage_below(unpacker->top);
    stage_close(unpacker->top);
    unpacker->top = below;
}

/* Closes what was opened in the current file of the innermost archive. */
static void close_file(unpacker *unpacker)
{
    while (unpacker->top != unpacker->bottom && !is_archive(unpacker->top))
        close_top(unpacker);
}

bert_status unpack_open(unpacker **out, const char *name, int descriptor, const char *head,
                        size_t size, int zstd_window_log, bert_error *error)
{
    *out = NULL;
    unpacker *unpacker;
    TRY(memory_array((void **)&unpacker, 1, sizeof *unpacker, "an unpacker", error));
    unpacker->zstd_window_log = zstd_window_log;
    unpacker->base_length = strlen(name);
    bert_status status = path_format(&unpacker->file, error, "%s", name);
    if (status == BERT_OK)
        status = stage_open_input(&unpacker->bottom, name, descriptor, head, size, error);
    if (status != BERT_OK) {
        unpack_close(unpacker);
        return status;
    }
    unpacker->top = unpacker->bottom;
    *out = unpacker;
    return BERT_OK;
}

void unpack_close(unpacker *unpacker)
{
    if (!unpacker)
        return;
    while (unpacker->top)
        close_top(unpacker);
    free(unpacker->file);
    free(unpacker);
}

/* ------------------------------------------------------------------------------------ files --- */

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

static const char *entry_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name)
        name = archive_entry_pathname(entry);
    return name ? name : "(unnamed file)";
}

/* Documents of word processors and e-books are archives, too, whose files hold no readable text. */
static bert_status check_is_no_document(const stage *archive, const char *name, bert_error *error)
{
    if (strcmp(name, "[Content_Types].xml") != 0 && strcmp(name, "_rels/.rels") != 0 &&
        strcmp(name, "mimetype") != 0)
        return BERT_OK;
    return error_set(error, BERT_ERROR_UNSUPPORTED,
                     "%s: is a document of a word processor or an e-book, which is not read; "
                     "convert it to text",
                     stage_name(archive));
}

/* Continues with the next file to read of the archive on top; *found is false at its end. */
static bert_status next_entry(unpacker *unpacker, bool *found, bert_error *error)
{
    const stage *archive = unpacker->top;
    struct archive_entry *entry;
    for (;;) {
        TRY(stage_next_entry(unpacker->top, &entry, error));
        *found = entry != NULL;
        if (!*found)
            return BERT_OK;
        const char *name = entry_name(entry);
        if (stage_entries(archive) == 1)
            TRY(check_is_no_document(archive, name, error));
        /* A hard link is another name of a file that the archive has. */
        if (archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) &&
            is_wanted(name))
            break;
    }
    char *file;
    TRY(path_format(&file, error, "%s/%s", stage_name(archive), entry_name(entry)));
    free(unpacker->file);
    unpacker->file = file;
    return archive_entry_is_encrypted(entry)
               ? error_set(error, BERT_ERROR_UNSUPPORTED,
                           "%s: is encrypted; decrypt it, or unpack the archive first", file)
               : BERT_OK;
}

bert_status unpack_next(unpacker *unpacker, const char **member, bool *found, bert_error *error)
{
    *found = false;
    if (unpacker->opened)
        close_file(unpacker);
    else
        TRY(open_packings(unpacker, found, error));
    unpacker->opened = true;
    while (!*found && is_archive(unpacker->top)) {
        bool more;
        TRY(next_entry(unpacker, &more, error));
        if (more) {
            TRY(open_packings(unpacker, found, error));
        } else {
            close_top(unpacker);
            close_file(unpacker);
        }
    }
    bool is_member = unpacker->file[unpacker->base_length] == '/';
    *member = is_member ? unpacker->file + unpacker->base_length + 1 : NULL;
    return BERT_OK;
}

bert_status unpack_read(unpacker *unpacker, char *data, size_t size, size_t *got, bert_error *error)
{
    return stage_read(unpacker->top, data, size, got, error);
}

uint64_t unpack_bytes_read(const unpacker *unpacker)
{
    return stage_bytes_read(unpacker->bottom);
}
