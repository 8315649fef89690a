#include "corpus/inputs.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bert_status add(inputs *inputs, const char *path, bert_error *error)
{
    TRY(memory_grow((void **)&inputs->paths, &inputs->capacity, inputs->count + 1,
                    sizeof *inputs->paths, "names of inputs", error));
    TRY(path_format(&inputs->paths[inputs->count], error, "%s", path));
    inputs->count++;
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- folders --- */

static int is_wanted(const struct dirent *entry)
{
    static const char *const metadata[] = {"dataset_dict.json", "dataset_info.json", "state.json"};
    for (size_t i = 0; i < sizeof metadata / sizeof *metadata; i++)
        if (strcmp(entry->d_name, metadata[i]) == 0)
            return 0;
    return entry->d_name[0] != '.';
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bert_status add_folder(inputs *inputs, const char *folder, bert_error *error);

static bert_status add_entry(inputs *inputs, const char *folder, const char *name,
                             bert_error *error)
{
    char *path;
    TRY(path_join(&path, folder, name, error));
    struct stat itself, target;
    bert_status status = BERT_OK;
    if (lstat(path, &itself) != 0 || stat(path, &target) != 0)
        status = error_set_errno(error, errno, "%s: cannot open", path);
    else if (S_ISDIR(itself.st_mode))
        status = add_folder(inputs, path, error);
    else if (S_ISREG(target.st_mode) && target.st_size > 0)
        status = add(inputs, path, error);
    free(path);
    return status;
}

static bert_status add_folder(inputs *inputs, const char *folder, bert_error *error)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_wanted, compare_entries);
    if (count < 0)
        return error_set_errno(error, errno, "%s: cannot read the folder", folder);
    bert_status status = BERT_OK;
    for (int i = 0; i < count; i++) {
        if (status == BERT_OK)
            status = add_entry(inputs, folder, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* --------------------------------------------------------------------------------- patterns --- */

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bert_status add_path(inputs *inputs, const char *path, bert_error *error)
{
    if (!path_is_directory(path))
        return add(inputs, path, error);
    size_t before = inputs->count;
    TRY(add_folder(inputs, path, error));
    if (inputs->count == before)
        return error_set(error, BERT_ERROR_INPUT, "%s: there are no files in this folder", path);
    return BERT_OK;
}

static bert_status add_matches(inputs *inputs, const char *pattern, bert_error *error)
{
    /* Sorted here and not by glob, which does it by the rules of the locale. */
    glob_t matches = {0};
    int result = glob(pattern, GLOB_NOSORT, NULL, &matches);
    bert_status status = BERT_OK;
    if (result == GLOB_NOMATCH)
        status = error_set(error, BERT_ERROR_IO, "%s: no file matches this pattern", pattern);
    else if (result != 0)
        status = error_set(error, result == GLOB_NOSPACE ? BERT_ERROR_MEMORY : BERT_ERROR_IO,
                           "%s: cannot look for files that match", pattern);
    else
        qsort(matches.gl_pathv, matches.gl_pathc, sizeof *matches.gl_pathv, compare_paths);
    for (size_t i = 0; status == BERT_OK && i < matches.gl_pathc; i++)
        status = add_path(inputs, matches.gl_pathv[i], error);
    globfree(&matches);
    return status;
}

bert_status inputs_expand(inputs *inputs, const char *const *names, size_t count, bert_error *error)
{
    *inputs = (struct inputs){0};
    bert_status status = BERT_OK;
    for (size_t i = 0; status == BERT_OK && i < count; i++)
        status = strpbrk(names[i], "*?[") && !file_exists(names[i])
                     ? add_matches(inputs, names[i], error)
                     : add_path(inputs, names[i], error);
    if (status != BERT_OK)
        inputs_free(inputs);
    return status;
}

void inputs_free(inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        free(inputs->paths[i]);
    free(inputs->paths);
    *inputs = (struct inputs){0};
}
