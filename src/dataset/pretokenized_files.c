#include "dataset/pretokenized_files.h"

#include "base/file.h"
#include "base/memory.h"
#include "corpus/inputs.h"
#include "dataset/split_names.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Files of one kind make a data set. Those of a later kind count where there are none before. */
static const char *const kinds[] = {".arrow", ".parquet", ".jsonl", ".ndjson", ".json"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), size = strlen(ending);
    return length > size && strcmp(name + length - size, ending) == 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The index of the kind that the name tells, KINDS where it tells none. Text may be compressed. */
static size_t kind_of(const char *name)
{
    static const char *const compressed[] = {".gz", ".bz2", ".xz", ".zst"};
    char stem[4096];
    size_t length = strlen(name);
    if (length >= sizeof stem)
        return KINDS;
    memcpy(stem, name, length + 1);
    for (size_t i = 0; i < sizeof compressed / sizeof *compressed; i++)
        if (ends_with(stem, compressed[i])) {
            stem[length - strlen(compressed[i])] = '\0';
            break;
        }
    for (size_t i = 0; i < KINDS; i++)
        if (ends_with(stem, kinds[i]))
            return i;
    return KINDS;
}

/* ----------------------------------------------------------------------------------- lines --- */

size_t pretokenized_path_length(const char *line)
{
    const char *colon = strrchr(line, ':');
    size_t split = colon ? strspn(colon + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789_-")
                         : 0;
    bool is_split = split > 0 && colon > line && colon[1 + split] == '\0' && !file_exists(line);
    return is_split ? (size_t)(colon - line) : strlen(line);
}

/* Pipes could not be looked at without reading them. */
static bool is_file_or_folder(const char *path)
{
    struct stat information;
    return stat(path, &information) == 0 &&
           (S_ISREG(information.st_mode) || S_ISDIR(information.st_mode));
}

static bool pattern_matches(const char *pattern)
{
    glob_t matches = {0};
    bool found = glob(pattern, GLOB_NOSORT, NULL, &matches) == 0;
    globfree(&matches);
    return found;
}

bool pretokenized_files_exist(const char *line)
{
    char *path;
    if (path_format(&path, NULL, "%.*s", (int)pretokenized_path_length(line), line) != BERT_OK)
        return false;
    bool exists = is_file_or_folder(path) || (strpbrk(path, "*?[") && pattern_matches(path));
    free(path);
    return exists;
}

/* ------------------------------------------------------------------------------------ list --- */

static bert_status add(pretokenized_files *files, const char *path, const char *name,
                       const char *relative, bool folders_are_splits, bert_error *error)
{
    TRY(memory_grow((void **)&files->list, &files->capacity, files->count + 1, sizeof *files->list,
                    "names of data", error));
    pretokenized_file *file = &files->list[files->count];
    *file = (pretokenized_file){0};
    files->count++;
    TRY(path_format(&file->path, error, "%s", path));
    TRY(path_format(&file->name, error, "%s", name));
    return split_of_path(&file->split, relative, folders_are_splits, error);
}

static void remove_file(pretokenized_files *files, size_t index)
{
    pretokenized_file *file = &files->list[index];
    free(file->path);
    free(file->name);
    free(file->split);
    memmove(file, file + 1, (--files->count - index) * sizeof *file);
}

/* Keeps one kind of the files from `first` on. */
static bert_status keep_one_kind(pretokenized_files *files, size_t first, const char *path,
                                 bert_error *error)
{
    size_t counts[KINDS + 1] = {0}, kind = 0;
    for (size_t i = first; i < files->count; i++)
        counts[kind_of(files->list[i].name)]++;
    while (kind < KINDS && counts[kind] == 0)
        kind++;
    for (size_t other = kind + 1; other < KINDS - 1; other++)
        if (counts[other] > 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: has files of two kinds, *%s and *%s, expected one", path,
                             kinds[kind], kinds[other]);
    for (size_t i = files->count; i-- > first;)
        if (kind_of(files->list[i].name) != kind)
            remove_file(files, i);
    return BERT_OK;
}

/* In a folder that `datasets` loaded, its caches are not part of the data set. */
static void drop_caches(pretokenized_files *files, size_t first)
{
    bool has_data = false;
    for (size_t i = first; i < files->count; i++)
        has_data |= strncmp(base_name(files->list[i].name), "cache-", 6) != 0;
    for (size_t i = files->count; has_data && i-- > first;)
        if (strncmp(base_name(files->list[i].name), "cache-", 6) == 0)
            remove_file(files, i);
}

/* --------------------------------------------------------------------------------- folders --- */

static bert_status add_folder(pretokenized_files *files, const char *folder, bert_error *error)
{
    inputs inputs = {0};
    char *dictionary = NULL;
    size_t length = strlen(folder);
    bert_status status;
    TRY_OR_GO(status, inputs_expand(&inputs, &folder, 1, error), done);
    TRY_OR_GO(status, path_join(&dictionary, folder, "dataset_dict.json", error), done);
    bool is_dictionary = file_exists(dictionary);
    for (size_t i = 0; i < inputs.count; i++) {
        const char *path = inputs.paths[i].path;
        if (kind_of(path) == KINDS)
            continue;
        const char *relative = path + length;
        while (*relative == '/')
            relative++;
        TRY_OR_GO(status, add(files, path, path, relative, is_dictionary, error), done);
    }
done:
    free(dictionary);
    inputs_free(&inputs);
    return status;
}

/* -------------------------------------------------------------------------------- archives --- */

static bert_status make_directory(pretokenized_files *files, bert_error *error)
{
    if (files->directory)
        return BERT_OK;
    const char *temporary = getenv("TMPDIR");
    TRY(path_format(&files->directory, error, "%s/bert-XXXXXX",
                    temporary && *temporary ? temporary : "/tmp"));
    if (mkdtemp(files->directory))
        return BERT_OK;
    bert_status status =
        error_set_errno(error, errno, "%s: cannot create a temporary folder", files->directory);
    free(files->directory);
    files->directory = NULL;
    return status;
}

static bert_status copy_member(source *source, output_file *file, bert_error *error)
{
    char piece[1 << 16];
    size_t got;
    do {
        TRY(source_take(source, piece, sizeof piece, &got, error));
        TRY(output_file_write(file, piece, got, error));
    } while (got == sizeof piece);
    return output_file_commit(file, error);
}

static bert_status extract(pretokenized_files *files, source *source, bert_error *error)
{
    const char *member = source->name + source->base_length + 1;
    char *path = NULL;
    output_file file = {0};
    bert_status status;
    TRY_OR_GO(status, make_directory(files, error), done);
    TRY_OR_GO(status, path_format(&path, error, "%s/%zu", files->directory, files->count), done);
    TRY_OR_GO(status, output_file_open(&file, path, error), done);
    TRY_OR_GO(status, copy_member(source, &file, error), done);
    status = add(files, path, source->name, member, true, error);
done:
    output_file_discard(&file);
    free(path);
    return status;
}

static int compare_names(const void *left, const void *right)
{
    const pretokenized_file *a = left, *b = right;
    return strcmp(a->name, b->name);
}

/* Archives have their members in any order. */
static bert_status add_archive(pretokenized_files *files, source *source, bert_error *error)
{
    size_t first = files->count;
    for (bool found = true; found;) {
        if (kind_of(source->name) < KINDS)
            TRY(extract(files, source, error));
        TRY(source_next_member(source, &found, error));
    }
    if (files->count > first)
        qsort(files->list + first, files->count - first, sizeof *files->list, compare_names);
    return BERT_OK;
}

static bert_status add_file(pretokenized_files *files, const char *path, bert_error *error)
{
    source source;
    TRY(source_open(&source, path, ZSTD_WINDOW_LOG_LARGEST, error));
    bool is_archive = source.unpacker && strlen(source.name) > source.base_length;
    bert_status status = is_archive ? add_archive(files, &source, error)
                                    : add(files, path, path, base_name(path), false, error);
    source_close(&source);
    return status;
}

/* -------------------------------------------------------------------------------- patterns --- */

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bert_status add_path(pretokenized_files *files, const char *path, bert_error *error)
{
    size_t first = files->count;
    if (path_is_directory(path))
        TRY(add_folder(files, path, error));
    else
        TRY(add_file(files, path, error));
    TRY(keep_one_kind(files, first, path, error));
    drop_caches(files, first);
    if (files->count == first)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: no *.arrow, *.parquet or *.jsonl files in it; expected a PREFIX of "
                         "`bert prepare` or a pre-tokenized data set",
                         path);
    return BERT_OK;
}

static bert_status add_pattern(pretokenized_files *files, const char *pattern, bert_error *error)
{
    glob_t matches = {0};
    int result = glob(pattern, GLOB_NOSORT, NULL, &matches);
    bert_status status = BERT_OK;
    if (result != 0)
        status = error_set(error, result == GLOB_NOSPACE ? BERT_ERROR_MEMORY : BERT_ERROR_IO,
                           "%s: no file matches this pattern", pattern);
    else
        qsort(matches.gl_pathv, matches.gl_pathc, sizeof *matches.gl_pathv, compare_paths);
    for (size_t i = 0; status == BERT_OK && i < matches.gl_pathc; i++)
        status = add_path(files, matches.gl_pathv[i], error);
    globfree(&matches);
    return status;
}

/* ---------------------------------------------------------------------------------- splits --- */

static bool has_split(const pretokenized_files *files, size_t first, const char *split)
{
    for (size_t i = first; i < files->count; i++)
        if (strcmp(files->list[i].split, split) == 0)
            return true;
    return false;
}

/* "test, train, validation", each once, in the order of the files. */
static bert_status list_splits(const pretokenized_files *files, size_t first, text *out,
                               bert_error *error)
{
    for (size_t i = first; i < files->count; i++) {
        const char *split = files->list[i].split;
        bool seen = false;
        for (size_t j = first; j < i && !seen; j++)
            seen = strcmp(files->list[j].split, split) == 0;
        if (!seen)
            TRY(text_format(out, error, "%s%s", out->length ? ", " : "", split));
    }
    return BERT_OK;
}

static bert_status no_split(const pretokenized_files *files, size_t first, const char *path,
                            const char *wanted, bert_error *error)
{
    if (!*files->list[first].split)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: has no split \"%s\": its files are not named by splits", path,
                         wanted);
    text splits = {0};
    bert_status status = list_splits(files, first, &splits, error);
    if (status == BERT_OK)
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "%s: has no split \"%s\", only: %s; name one, as in %s:%s", path, wanted,
                           splits.data, path, files->list[first].split);
    text_free(&splits);
    return status;
}

/* The split that a line without one means: `usual`, or the only one there is; NULL: neither. */
static const char *usual_split(const pretokenized_files *files, size_t first, const char *usual)
{
    if (has_split(files, first, usual))
        return usual;
    for (size_t i = first; i < files->count; i++)
        if (strcmp(files->list[i].split, files->list[first].split) != 0)
            return NULL;
    return files->list[first].split;
}

static bool is_named(const pretokenized_files *files, size_t first)
{
    for (size_t i = first; i < files->count; i++)
        if (*files->list[i].split)
            return true;
    return false;
}

/* Those of no split are for training where others have one. */
static bert_status name_rest(pretokenized_files *files, size_t first, bert_error *error)
{
    for (size_t i = first; i < files->count && is_named(files, first); i++) {
        char **split = &files->list[i].split;
        if (**split)
            continue;
        free(*split);
        *split = NULL;
        TRY(path_format(split, error, "train"));
    }
    return BERT_OK;
}

static bert_status choose(pretokenized_files *files, size_t first, const char *path,
                          const char *given, pretokenized_use use, bert_error *error)
{
    TRY(name_rest(files, first, error));
    const char *usual = use == PRETOKENIZED_TRAIN ? "train" : "validation";
    const char *chosen = *given ? given : usual_split(files, first, usual);
    if (!chosen || !has_split(files, first, chosen))
        return no_split(files, first, path, chosen ? chosen : usual, error);
    for (size_t i = first; i < files->count; i++) {
        pretokenized_file *file = &files->list[i];
        bool is_chosen = strcmp(file->split, chosen) == 0;
        file->is_training = is_chosen && use == PRETOKENIZED_TRAIN;
        file->is_evaluation = use == PRETOKENIZED_TRAIN
                                  ? !is_chosen && strcmp(file->split, "validation") == 0
                                  : is_chosen;
    }
    return BERT_OK;
}

/* --------------------------------------------------------------------------------- finding --- */

static bert_status add_line(pretokenized_files *files, const char *line, pretokenized_use use,
                            bert_error *error)
{
    size_t length = pretokenized_path_length(line), first = files->count;
    const char *given = line[length] == ':' ? line + length + 1 : "";
    char *path = NULL, *split = NULL;
    bert_status status;
    TRY_OR_GO(status, path_format(&path, error, "%.*s", (int)length, line), done);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    TRY_OR_GO(status, split_normalize(&split, given, error), done);
    TRY_OR_GO(status,
              strpbrk(path, "*?[") && !file_exists(path) ? add_pattern(files, path, error)
                                                         : add_path(files, path, error),
              done);
    status = choose(files, first, path, split, use, error);
done:
    free(split);
    free(path);
    return status;
}

bert_status pretokenized_files_find(pretokenized_files *files, const char *lines,
                                    pretokenized_use use, bert_error *error)
{
    *files = (pretokenized_files){0};
    text name = {0};
    char *copy;
    TRY(path_format(&copy, error, "%s", lines));
    bert_status status = BERT_OK;
    for (char *rest = copy, *line; status == BERT_OK && (line = strsep(&rest, "\n"));) {
        if (!*line)
            continue;
        status = add_line(files, line, use, error);
        if (status == BERT_OK)
            status = text_format(&name, error, "%s%s", name.length ? ", " : "", line);
    }
    free(copy);
    files->name = name.data;
    if (status != BERT_OK)
        pretokenized_files_free(files);
    return status;
}

void pretokenized_files_free(pretokenized_files *files)
{
    while (files->count > 0)
        remove_file(files, files->count - 1);
    if (files->directory)
        directory_remove(files->directory, NULL);
    free(files->list);
    free(files->directory);
    free(files->name);
    *files = (pretokenized_files){0};
}

bool pretokenized_files_evaluate(const pretokenized_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->list[i].is_evaluation)
            return true;
    return false;
}

/* ----------------------------------------------------------------------------------- first --- */

/* Of a folder, its first file; of a pattern, the first match; else the path itself. */
static bert_status first_path(char **first, const char *path, bert_error *error)
{
    pretokenized_files files = {0};
    glob_t matches = {0};
    bert_status status = BERT_OK;
    *first = NULL;
    if (path_is_directory(path)) {
        status = add_folder(&files, path, error);
        if (status == BERT_OK)
            status = keep_one_kind(&files, 0, path, error);
        if (status == BERT_OK && files.count > 0)
            status = path_format(first, error, "%s", files.list[0].path);
    } else if (strpbrk(path, "*?[") && !file_exists(path)) {
        if (glob(path, 0, NULL, &matches) == 0)
            status = path_format(first, error, "%s", matches.gl_pathv[0]);
    } else {
        status = path_format(first, error, "%s", path);
    }
    globfree(&matches);
    pretokenized_files_free(&files);
    return status;
}

bert_status pretokenized_files_open_first(const char *line, source *source, bool *found,
                                          bert_error *error)
{
    char *path = NULL, *first = NULL;
    bert_status status;
    TRY_OR_GO(status, path_format(&path, error, "%.*s", (int)pretokenized_path_length(line), line),
              done);
    TRY_OR_GO(status, first_path(&first, path, error), done);
    *found = first && is_file_or_folder(first) && !path_is_directory(first);
    if (!*found)
        goto done;
    TRY_OR_GO(status, source_open(source, first, ZSTD_WINDOW_LOG_LARGEST, error), done);
    bool is_archive = source->unpacker && strlen(source->name) > source->base_length;
    while (*found && is_archive && kind_of(source->name) == KINDS)
        TRY_OR_GO(status, source_next_member(source, found, error), done);
done:
    free(first);
    free(path);
    return status;
}
