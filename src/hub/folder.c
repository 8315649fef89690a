#include "hub/folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "hub/selection.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_secret(const char *name)
{
    static const char *const patterns[] = {".*", "token", "stored_tokens", "*.incomplete",
                                           "*.partial"};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    return false;
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Lists the files and links in the folder. */
static bert_status walk(hub_listing *listing, const char *directory, bert_error *error)
{
    char *roots[] = {(char *)(uintptr_t)directory, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, compare_names);
    if (!tree)
        return error_set_errno(error, errno, "%s: cannot read the folder", directory);
    bert_status status = BERT_OK;
    for (FTSENT *entry; status == BERT_OK && (entry = fts_read(tree));) {
        if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR) {
            status = error_set_errno(error, entry->fts_errno, "%s: cannot read", entry->fts_path);
            continue;
        }
        if (entry->fts_level > 0 && is_secret(entry->fts_name)) {
            fts_set(tree, entry, FTS_SKIP);
            continue;
        }
        if (entry->fts_level == 0 || (entry->fts_info != FTS_F && entry->fts_info != FTS_SL &&
                                      entry->fts_info != FTS_SLNONE))
            continue;
        const char *relative = entry->fts_path + strlen(directory);
        relative += strspn(relative, "/");
        char *path;
        status = path_format(&path, error, "%s", relative);
        if (status == BERT_OK)
            status = hub_listing_add(listing, path, directory, error);
    }
    fts_close(tree);
    return status;
}

static bert_status open_file(upload_file *file, const char *directory, const char *path,
                             bert_error *error)
{
    struct stat information;
    char *full;
    TRY(path_format(&file->path, error, "%s", path));
    TRY(path_join(&full, directory, path, error));
    bert_status status = BERT_OK;
    file->descriptor = open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file->descriptor < 0 && errno == ELOOP)
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "%s: is a symbolic link; only files in the folder itself are uploaded: "
                           "copy the folder with cp -rL first",
                           full);
    else if (file->descriptor < 0)
        status = error_set_errno(error, errno, "%s: cannot open", full);
    else if (fstat(file->descriptor, &information) != 0)
        status = error_set_errno(error, errno, "%s: cannot read", full);
    else if (!S_ISREG(information.st_mode))
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT, "%s: is not a file", full);
    else
        file->size = (uint64_t)information.st_size;
    free(full);
    return status;
}

/* *content: "model", or "tokenizer" where there is nothing else of a model. */
static bert_status check_model(const char **content, const bool *chosen, const hub_listing *listing,
                               const char *directory, bert_error *error)
{
    bool weights = false, configuration = false, tokenizer = false;
    for (size_t i = 0; i < listing->count; i++) {
        weights = weights || (chosen[i] && selection_is_weights(listing->paths[i]));
        configuration = configuration || selection_is_configuration(listing->paths[i]);
        tokenizer = tokenizer || selection_is_tokenizer(listing->paths[i]);
    }
    *content = weights || configuration || !tokenizer ? "model" : "tokenizer";
    if ((weights && configuration) || strcmp(*content, "tokenizer") == 0)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "%s: is not a model folder: it has no %s. The models of a run are its folders "
                     "checkpoint-N; params->include uploads other files",
                     directory, configuration ? "model.safetensors" : "config.json");
}

static size_t choose_all(bool *chosen, size_t count)
{
    for (size_t i = 0; i < count; i++)
        chosen[i] = true;
    return count;
}

static bert_status open_chosen(upload_folder *folder, const hub_listing *listing,
                               bert_repository_kind kind, const char *include, bert_error *error)
{
    const char *const *paths = (const char *const *)listing->paths;
    bool *chosen;
    TRY(memory_array((void **)&chosen, listing->count, sizeof *chosen, "chosen files", error));
    bert_status status;
    bool dataset = kind == BERT_REPOSITORY_DATASET;
    size_t number = include   ? selection_patterns(chosen, paths, listing->count, include)
                    : dataset ? choose_all(chosen, listing->count)
                              : selection_model(chosen, paths, listing->count, true);
    folder->content = include ? "files" : "data set";
    if (!include && !dataset)
        TRY_OR_GO(status, check_model(&folder->content, chosen, listing, folder->directory, error),
                  done);
    if (number == 0) {
        status = include ? error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                                     "%s: none of its files matches \"%.200s\"", folder->directory,
                                     include)
                         : error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                                     "%s: has no files to upload", folder->directory);
        goto done;
    }
    TRY_OR_GO(status,
              memory_array((void **)&folder->files, number, sizeof *folder->files, "files", error),
              done);
    for (size_t i = 0; i < listing->count; i++) {
        if (!chosen[i])
            continue;
        upload_file *file = &folder->files[folder->count++];
        file->descriptor = -1;
        TRY_OR_GO(status, open_file(file, folder->directory, paths[i], error), done);
    }
done:
    free(chosen);
    return status;
}

bert_status upload_folder_open(upload_folder *folder, const char *directory,
                               bert_repository_kind kind, const char *include, bert_error *error)
{
    *folder = (upload_folder){.directory = directory};
    if (!path_is_directory(directory))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "%s: is not a folder", directory);
    hub_listing listing = {0};
    bert_status status = walk(&listing, directory, error);
    if (status == BERT_OK)
        status = open_chosen(folder, &listing, kind, include, error);
    hub_listing_free(&listing);
    if (status != BERT_OK)
        upload_folder_close(folder);
    return status;
}

bool upload_folder_has(const upload_folder *folder, const char *path)
{
    for (size_t i = 0; i < folder->count; i++)
        if (strcmp(folder->files[i].path, path) == 0)
            return true;
    return false;
}

void upload_folder_close(upload_folder *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        if (folder->files[i].descriptor >= 0)
            close(folder->files[i].descriptor);
        free(folder->files[i].path);
    }
    free(folder->files);
    *folder = (upload_folder){0};
}

bert_status upload_file_read(text *content, const upload_file *file, bert_error *error)
{
    char chunk[1 << 16];
    for (uint64_t at = 0; at < file->size;) {
        ssize_t got = pread(file->descriptor, chunk, sizeof chunk, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "%s: cannot read", file->path);
        if (got == 0)
            return error_set(error, BERT_ERROR_INPUT, "%s: has become shorter", file->path);
        TRY(text_append(content, chunk, (size_t)got, error));
        at += (uint64_t)got;
    }
    return BERT_OK;
}
