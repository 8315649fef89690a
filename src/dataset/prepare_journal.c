#include "dataset/prepare_journal.h"

#include "corpus/counts.h"
#include "formats/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* --------------------------------------------------------------------------------- the journal */

/* Every count of the journal by name, for writing and reading. Hashes are strings: not all JSON
 * readers keep 64 bits of a number. */
typedef struct number {
    const char *name;
    size_t offset;
    bool is_hash;
} number;
static const number numbers[] = {
#define COUNT(name)                                    \
    {                                                  \
#name, offsetof(prepare_progress, name), false \
    }
#define HASH(name)                                    \
    {                                                 \
#name, offsetof(prepare_progress, name), true \
    }
    HASH(settings_hash),
    COUNT(documents),
    HASH(documents_hash),
    COUNT(unknown_tokens),
    COUNT(split.train.tokens),
    COUNT(split.train.sentences),
    COUNT(split.train.documents),
    COUNT(split.validation.tokens),
    COUNT(split.validation.sentences),
    COUNT(split.validation.documents),
    COUNT(split.documents),
    COUNT(split.held_count),
    COUNT(split.held[0]),
    COUNT(split.held[1]),
    COUNT(layout),
    COUNT(result.train.documents),
    COUNT(result.train.sentences),
    COUNT(result.train.tokens),
    COUNT(result.validation.documents),
    COUNT(result.validation.sentences),
    COUNT(result.validation.tokens),
    COUNT(result.bytes),
    COUNT(result.invalid_bytes),
    COUNT(result.unknown_tokens),
#undef HASH
#undef COUNT
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };
_Static_assert(SPLIT_MINIMUM == 2, "the table names every document that is held back");

static uint64_t *number_place(prepare_progress *progress, const number *number)
{
    return (uint64_t *)(void *)((char *)progress + number->offset);
}

bert_status prepare_journal_write(const prepare_folder *folder, const prepare_progress *progress,
                                  bert_error *error)
{
    prepare_progress values = *progress;
    char *path;
    TRY(prepare_folder_path(&path, folder, "journal.json", error));
    json_t *root = json_object();
    bert_status status = json_put(root, "finished", json_boolean(progress->finished), error);
    for (size_t i = 0; i < NUMBERS && status == BERT_OK; i++) {
        uint64_t value = *number_place(&values, &numbers[i]);
        char digits[20];
        snprintf(digits, sizeof digits, "%016" PRIx64, value);
        status = json_put(
            root, numbers[i].name,
            numbers[i].is_hash ? json_string(digits) : json_integer((json_int_t)value), error);
    }
    if (status == BERT_OK)
        status = json_put(root, "corpus", corpus_counts_to_json(&progress->result.corpus), error);
    if (status == BERT_OK)
        status = json_write(root, path, error);
    json_decref(root);
    free(path);
    return status;
}

static bert_status get_number(const json_t *root, const char *path, const number *number,
                              uint64_t *out, bert_error *error)
{
    if (!number->is_hash) {
        int64_t value = 0;
        TRY(json_get_integer(root, path, number->name, true, 0, (int64_t)1 << 60, &value, error));
        *out = (uint64_t)value;
        return BERT_OK;
    }
    const char *digits = "";
    char *end = NULL;
    TRY(json_get_string(root, path, number->name, true, &digits, error));
    *out = strtoull(digits, &end, 16);
    if (strlen(digits) != 16 || *end)
        return error_set(error, BERT_ERROR_INPUT, "%s: \"%s\": expected 16 hexadecimal digits",
                         path, number->name);
    return BERT_OK;
}

static bert_status read_journal(prepare_progress *progress, const char *path, bert_error *error)
{
    json_t *root;
    *progress = (prepare_progress){0};
    TRY(json_read(&root, path, error));
    bert_status status = json_get_boolean(root, path, "finished", true, &progress->finished, error);
    for (size_t i = 0; i < NUMBERS && status == BERT_OK; i++)
        status = get_number(root, path, &numbers[i], number_place(progress, &numbers[i]), error);
    if (status == BERT_OK)
        status = corpus_counts_from_json(&progress->result.corpus, json_object_get(root, "corpus"),
                                         path, error);
    if (status == BERT_OK && progress->split.held_count > SPLIT_MINIMUM)
        status = error_set(error, BERT_ERROR_INPUT, "%s: \"split.held_count\": expected at most %d",
                           path, SPLIT_MINIMUM);
    if (status == BERT_OK && progress->layout > BERT_LAYOUT_DOCUMENTS)
        status = error_set(error, BERT_ERROR_INPUT, "%s: \"layout\": expected at most %d", path,
                           BERT_LAYOUT_DOCUMENTS);
    json_decref(root);
    return status;
}

/* ---------------------------------------------------------------------------------- the folder */

bert_status prepare_folder_path(char **path, const prepare_folder *folder, const char *name,
                                bert_error *error)
{
    return path_join(path, folder->path, name, error);
}

static bert_status lock_folder(prepare_folder *folder, bert_error *error)
{
    TRY(directory_create(folder->path, error));
    folder->descriptor = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->descriptor < 0)
        return error_set_errno(error, errno, "%s: cannot open", folder->path);
    if (flock(folder->descriptor, LOCK_EX | LOCK_NB) == 0)
        return BERT_OK;
    bert_status status = errno == EWOULDBLOCK
                             ? error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                                         "%s: another process is preparing this data", folder->path)
                             : error_set_errno(error, errno, "%s: cannot lock", folder->path);
    close(folder->descriptor);
    folder->descriptor = -1;
    return status;
}

/* The folder itself stays: it holds the lock. */
static bert_status empty_folder(const prepare_folder *folder, bert_error *error)
{
    static const char *const names[] = {"journal.json",
                                        "journal.json.partial",
                                        "train.bin",
                                        "train.idx",
                                        "train.idx.partial",
                                        "train.sentences",
                                        "train.sentences.partial",
                                        "train.lengths",
                                        "train.documents",
                                        "validation.bin",
                                        "validation.idx",
                                        "validation.idx.partial",
                                        "validation.sentences",
                                        "validation.sentences.partial",
                                        "validation.lengths",
                                        "validation.documents",
                                        "description.json",
                                        "description.json.partial",
                                        "tokenizer"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path;
        TRY(prepare_folder_path(&path, folder, names[i], error));
        bert_status status = directory_remove(path, error);
        free(path);
        TRY(status);
    }
    return BERT_OK;
}

bert_status prepare_folder_open(prepare_folder *folder, const char *prefix, bool anew,
                                prepare_progress *progress, bool *found, bert_error *error)
{
    *folder = (prepare_folder){.descriptor = -1};
    *progress = (prepare_progress){0};
    TRY(path_format(&folder->prefix, error, "%s", prefix));
    TRY(path_format(&folder->path, error, "%s.preparing", prefix));
    TRY(lock_folder(folder, error));
    char *journal;
    TRY(prepare_folder_path(&journal, folder, "journal.json", error));
    bert_status status = BERT_OK;
    *found = file_exists(journal);
    if (*found && anew) /* ignores its content */
        *found = read_journal(progress, journal, NULL) == BERT_OK && progress->finished;
    else if (*found)
        status = read_journal(progress, journal, error);
    if (!*found) {
        *progress = (prepare_progress){0};
        status = empty_folder(folder, error);
    }
    free(journal);
    return status;
}

void prepare_folder_close(prepare_folder *folder, bool remove)
{
    if (folder->descriptor >= 0) {
        if (remove && empty_folder(folder, NULL) == BERT_OK)
            rmdir(folder->path);
        close(folder->descriptor);
    }
    free(folder->prefix);
    free(folder->path);
    *folder = (prepare_folder){.descriptor = -1};
}

/* Renames FOLDER/name to PREFIX + ending; fine where an earlier call already did. */
static bert_status publish(const prepare_folder *folder, const char *name, const char *ending,
                           bert_error *error)
{
    char *from = NULL, *to = NULL;
    bert_status status;
    TRY_OR_GO(status, prepare_folder_path(&from, folder, name, error), done);
    TRY_OR_GO(status, path_format(&to, error, "%s%s", folder->prefix, ending), done);
    if (!file_exists(from))
        goto done;
    if (path_is_directory(
            from)) /* the tokenizer: rename does not replace a folder that is not empty */
        TRY_OR_GO(status, directory_remove(to, error), done);
    if (rename(from, to) != 0)
        status = error_set_errno(error, errno, "%s: cannot rename %s to it", to, from);
done:
    free(to);
    free(from);
    return status;
}

static bert_status remove_old(const prepare_folder *folder, const char *ending, bert_error *error)
{
    char *path;
    TRY(path_format(&path, error, "%s%s", folder->prefix, ending));
    bert_status status = directory_remove(path, error);
    free(path);
    return status;
}

static bert_status publish_sentences(const prepare_folder *folder, const char *name,
                                     const char *ending, bert_layout layout, bert_error *error)
{
    return layout == BERT_LAYOUT_DOCUMENTS ? publish(folder, name, ending, error)
                                           : remove_old(folder, ending, error);
}

bert_status prepare_folder_publish(prepare_folder *folder, bool has_validation, bert_layout layout,
                                   bert_error *error)
{
    TRY(publish(folder, "tokenizer", ".tokenizer", error));
    TRY(publish(folder, "description.json", ".json", error));
    if (has_validation) {
        TRY(publish(folder, "validation.bin", ".validation.bin", error));
        TRY(publish_sentences(folder, "validation.sentences", ".validation.sentences", layout,
                              error));
        TRY(publish(folder, "validation.idx", ".validation.idx", error));
    } else {
        TRY(remove_old(folder, ".validation.idx", error));
        TRY(remove_old(folder, ".validation.sentences", error));
        TRY(remove_old(folder, ".validation.bin", error));
    }
    TRY(publish(folder, "train.bin", ".bin", error));
    TRY(publish_sentences(folder, "train.sentences", ".sentences", layout, error));
    TRY(publish(folder, "train.idx", ".idx", error));
    return directory_sync(folder->path, error);
}
