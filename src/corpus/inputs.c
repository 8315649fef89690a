#include "corpus/inputs.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bert_status add(inputs *inputs, size_t source, const char *path, bert_error *error)
{
    TRY(memory_grow((void **)&inputs->paths, &inputs->capacity, inputs->count + 1,
                    sizeof *inputs->paths, "input paths", error));
    input_path *added = &inputs->paths[inputs->count];
    added->source = source;
    TRY(path_format(&added->path, error, "%s", path));
    inputs->count++;
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- folders --- */

/* What Spark and Dask write next to the files of a table: their schemas and their footers. */
static bool is_parquet_summary(const char *name, size_t length)
{
    return (length == 9 && memcmp(name, "_metadata", length) == 0) ||
           (length == 16 && memcmp(name, "_common_metadata", length) == 0);
}

bool input_name_is_wanted(const char *name, size_t length)
{
    static const char *const metadata[] = {"dataset_dict.json", "dataset_info.json",
                                           "dataset_infos.json", "state.json"};
    for (size_t i = 0; i < sizeof metadata / sizeof *metadata; i++)
        if (length == strlen(metadata[i]) && memcmp(name, metadata[i], length) == 0)
            return false;
    return length == 0 || (name[0] != '.' && !is_parquet_summary(name, length));
}

static int is_wanted(const struct dirent *entry)
{
    return input_name_is_wanted(entry->d_name, strlen(entry->d_name));
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bert_status add_folder(inputs *inputs, size_t source, const char *folder, bert_error *error);

static bert_status add_entry(inputs *inputs, size_t source, const char *folder, const char *name,
                             bert_error *error)
{
    char *path;
    TRY(path_join(&path, folder, name, error));
    struct stat itself, target;
    bert_status status = BERT_OK;
    if (lstat(path, &itself) != 0 || stat(path, &target) != 0)
        status = error_set_errno(error, errno, "%s: cannot open", path);
    else if (S_ISDIR(itself.st_mode))
        status = add_folder(inputs, source, path, error);
    else if (S_ISREG(target.st_mode) && !(target.st_size == 0 && name[0] == '_'))
        status = add(inputs, source, path, error);
    free(path);
    return status;
}

static bert_status is_in(const char *folder, const char *name, bool (*test)(const char *), bool *is,
                         bert_error *error)
{
    char *path;
    TRY(path_join(&path, folder, name, error));
    *is = test(path);
    free(path);
    return BERT_OK;
}

/* Notes a folder of a DatasetDict (save_to_disk) that has several splits. */
static bert_status note_splits(inputs *inputs, const char *folder, struct dirent **entries,
                               int count, bert_error *error)
{
    bool has_splits;
    int splits = 0;
    TRY(is_in(folder, "dataset_dict.json", file_exists, &has_splits, error));
    if (inputs->all_splits || !has_splits)
        return BERT_OK;
    for (int i = 0; i < count; i++) {
        bool is_split;
        TRY(is_in(folder, entries[i]->d_name, path_is_directory, &is_split, error));
        splits += is_split;
    }
    return splits > 1 ? path_format(&inputs->all_splits, error, "%s", folder) : BERT_OK;
}

static bert_status add_folder(inputs *inputs, size_t source, const char *folder, bert_error *error)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_wanted, compare_entries);
    if (count < 0)
        return error_set_errno(error, errno, "%s: cannot read the folder", folder);
    bert_status status = note_splits(inputs, folder, entries, count, error);
    for (int i = 0; i < count; i++) {
        if (status == BERT_OK)
            status = add_entry(inputs, source, folder, entries[i]->d_name, error);
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

static bert_status add_path(inputs *inputs, size_t source, const char *path, bert_error *error)
{
    if (!path_is_directory(path))
        return add(inputs, source, path, error);
    size_t before = inputs->count;
    TRY(add_folder(inputs, source, path, error));
    if (inputs->count == before)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: contains no files to read; those with hidden names do not count",
                         path);
    return BERT_OK;
}

static bert_status add_matches(inputs *inputs, size_t source, const char *pattern,
                               bert_error *error)
{
    /* Sorted by bytes; glob would sort by the locale. */
    glob_t matches = {0};
    int result = glob(pattern, GLOB_NOSORT, NULL, &matches);
    bert_status status = BERT_OK;
    if (result == GLOB_NOMATCH)
        status = error_set(error, BERT_ERROR_IO, "%s: no file matches this pattern", pattern);
    else if (result != 0)
        status = error_set(error, result == GLOB_NOSPACE ? BERT_ERROR_MEMORY : BERT_ERROR_IO,
                           "%s: cannot expand the pattern", pattern);
    else
        qsort(matches.gl_pathv, matches.gl_pathc, sizeof *matches.gl_pathv, compare_paths);
    for (size_t i = 0; status == BERT_OK && i < matches.gl_pathc; i++)
        status = add_path(inputs, source, matches.gl_pathv[i], error);
    globfree(&matches);
    return status;
}

/* ---------------------------------------------------------------------------------- sources --- */

/* The length of NAME in "NAME=PATH"; 0 if the input has no name. */
static size_t name_length(const char *input)
{
    size_t length =
        strspn(input, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return input[length] == '=' && input[length + 1] && !file_exists(input) ? length : 0;
}

/* The position of ":WEIGHT" after PATH, and its value; the end of the string and 1 if there is
 * none. */
static const char *find_weight(const char *path, double *weight)
{
    const char *colon = file_exists(path) ? NULL : strrchr(path, ':');
    char *end;
    *weight = 1;
    if (colon && colon > path) {
        double value = strtod(colon + 1, &end);
        if (end > colon + 1 && *end == '\0') {
            *weight = value;
            return colon;
        }
    }
    return path + strlen(path);
}

static bert_status find_source(inputs *inputs, const char *name, size_t length, double weight,
                               size_t *source, bert_error *error)
{
    if (length >= BERT_SOURCE_NAME_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%.*s: a source name has at most %d characters", (int)length, name,
                         BERT_SOURCE_NAME_MAX - 1);
    if (!(weight > 0 && weight <= 1000))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%.*s: weight is %g, expected more than 0 and at most 1000", (int)length,
                         name, weight);
    for (*source = 0; *source < inputs->source_count; ++*source) {
        const bert_source_counts *known = &inputs->sources[*source];
        if (strlen(known->name) != length || memcmp(known->name, name, length) != 0)
            continue;
        return known->weight == weight ? BERT_OK
                                       : error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                                                   "%s: the source has two weights, %g and %g",
                                                   known->name, known->weight, weight);
    }
    if (inputs->source_count == BERT_SOURCES_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "more than %d sources",
                         BERT_SOURCES_MAX);
    bert_source_counts *added = &inputs->sources[inputs->source_count++];
    memcpy(added->name, name, length);
    added->weight = weight;
    return BERT_OK;
}

static bert_status add_input(inputs *inputs, const char *input, bert_error *error)
{
    size_t length = name_length(input), source = 0;
    const char *path = length > 0 ? input + length + 1 : input;
    double weight = 1;
    const char *end = length > 0 ? find_weight(path, &weight) : path + strlen(path);
    TRY(find_source(inputs, input, length, weight, &source, error));
    char *name;
    TRY(path_format(&name, error, "%.*s", (int)(end - path), path));
    bert_status status = strpbrk(name, "*?[") && !file_exists(name)
                             ? add_matches(inputs, source, name, error)
                             : add_path(inputs, source, name, error);
    free(name);
    return status;
}

bert_status inputs_expand(inputs *inputs, const char *const *names, size_t count, bert_error *error)
{
    *inputs = (struct inputs){0};
    bert_status status = BERT_OK;
    for (size_t i = 0; status == BERT_OK && i < count; i++)
        status = add_input(inputs, names[i], error);
    if (status != BERT_OK)
        inputs_free(inputs);
    return status;
}

void inputs_free(inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        free(inputs->paths[i].path);
    free(inputs->paths);
    free(inputs->all_splits);
    *inputs = (struct inputs){0};
}
