#include "corpus/empty_files.h"

#include "base/file.h"
#include "base/observer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Whether a file of this name cannot have 0 bytes: its format has a header. */
static bool has_header(const char *name)
{
    static const char *const endings[] = {".parquet", ".arrow", ".feather", ".ipc", ".gz",
                                          ".bz2",     ".xz",    ".zst",     ".lz4", ".lz",
                                          ".tgz",     ".Z",     ".lzma",    ".zip", ".tar"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(name + length - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

static bert_status count(uint64_t *files, char **first, const char *name, bert_error *error)
{
    ++*files;
    return *first ? BERT_OK : path_format(first, error, "%s", name);
}

bert_status empty_files_add(empty_files *files, const char *name, bool has_no_bytes,
                            bert_error *error)
{
    return has_no_bytes && has_header(name)
               ? count(&files->cut_count, &files->first_cut, name, error)
               : count(&files->count, &files->first, name, error);
}

static void merge(uint64_t *count, char **first, uint64_t *other_count, char **other_first)
{
    *count += *other_count;
    *other_count = 0;
    if (*first)
        free(*other_first);
    else
        *first = *other_first;
    *other_first = NULL;
}

void empty_files_merge(empty_files *files, empty_files *others)
{
    merge(&files->count, &files->first, &others->count, &others->first);
    merge(&files->cut_count, &files->first_cut, &others->cut_count, &others->first_cut);
}

void empty_files_report(const empty_files *files, const bert_observer *observer)
{
    if (files->count > 0)
        observer_message(observer, BERT_MESSAGE_INFO, "%llu %s no text, the first %s",
                         (unsigned long long)files->count,
                         files->count == 1 ? "file has" : "files have", files->first);
    if (files->cut_count > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%llu %s 0 bytes, which cannot be right for %s name, the first %s: "
                         "perhaps cut off",
                         (unsigned long long)files->cut_count,
                         files->cut_count == 1 ? "file has" : "files have",
                         files->cut_count == 1 ? "its" : "their", files->first_cut);
}

void empty_files_free(empty_files *files)
{
    free(files->first);
    free(files->first_cut);
    *files = (empty_files){0};
}
