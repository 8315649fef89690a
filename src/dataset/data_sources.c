#include "dataset/data_sources.h"

#include "base/memory.h"
#include "dataset/pretokenized_files.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_MAX = 1000 };

/* ------------------------------------------------------------------------------------ finding */

static bool prefix_exists(const char *prefix)
{
    char *index;
    if (path_format(&index, NULL, "%s.idx", prefix) != BERT_OK)
        return false;
    bool exists = file_exists(index);
    free(index);
    return exists;
}

static bool is_pattern(const char *name)
{
    return strpbrk(name, "*?[") != NULL;
}

static bert_status add(data_sources *sources, const char *prefix, size_t length, double weight,
                       bert_error *error)
{
    for (size_t i = 0; i < sources->count; i++)
        if (strlen(sources->items[i].prefix) == length &&
            memcmp(sources->items[i].prefix, prefix, length) == 0)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "%.*s: given twice as data; to train on it more often, give it a "
                             "weight (%.*s:2)",
                             (int)length, prefix, (int)length, prefix);
    TRY(memory_grow((void **)&sources->items, &sources->capacity, sources->count + 1,
                    sizeof *sources->items, "names of data", error));
    data_source *added = &sources->items[sources->count];
    *added = (data_source){.weight = weight};
    TRY(path_format(&added->prefix, error, "%.*s", (int)length, prefix));
    sources->count++;
    return BERT_OK;
}

/* Length of the prefix in the name of an index; 0 where it is that of a validation split. */
static size_t prefix_length(const char *index)
{
    static const char validation[] = ".validation";
    size_t length = strlen(index) - strlen(".idx"), ending = sizeof validation - 1;
    return length >= ending && memcmp(index + length - ending, validation, ending) == 0 ? 0
                                                                                        : length;
}

/* By prefix, not by file name: "a.idx" sorts after "a-1.idx", but "a" before "a-1". */
static int compare_indexes(const void *left, const void *right)
{
    const char *a = *(char *const *)left, *b = *(char *const *)right;
    size_t a_length = strlen(a) - strlen(".idx"), b_length = strlen(b) - strlen(".idx");
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* Adds all indexes that match "NAME.idx". Finding none is not an error. */
static bert_status add_matches(data_sources *sources, const char *pattern, double weight,
                               bert_error *error)
{
    glob_t matches = {0};
    int result = glob(pattern, GLOB_NOSORT, NULL, &matches);
    bert_status status = BERT_OK;
    if (result != 0 && result != GLOB_NOMATCH)
        status = error_set(error, result == GLOB_NOSPACE ? BERT_ERROR_MEMORY : BERT_ERROR_IO,
                           "%s: cannot search for matching files", pattern);
    else if (matches.gl_pathc > 0)
        qsort(matches.gl_pathv, matches.gl_pathc, sizeof *matches.gl_pathv, compare_indexes);
    for (size_t i = 0; status == BERT_OK && result == 0 && i < matches.gl_pathc; i++) {
        size_t length = prefix_length(matches.gl_pathv[i]);
        if (length > 0)
            status = add(sources, matches.gl_pathv[i], length, weight, error);
    }
    globfree(&matches);
    return status;
}

/* Escapes a path into a pattern that matches only this path. */
static bert_status escape_pattern(text *out, const char *path, bert_error *error)
{
    for (const char *c = path; *c; c++)
        TRY(text_format(out, error, "%s%c", strchr("*?[\\", *c) ? "\\" : "", *c));
    return BERT_OK;
}

static bert_status add_pretokenized(data_sources *sources, const char *line, bert_error *error)
{
    char *before = sources->pretokenized;
    sources->pretokenized = NULL;
    bert_status status = path_format(&sources->pretokenized, error, "%s%s%s", before ? before : "",
                                     before ? "\n" : "", line);
    free(before);
    return status;
}

static bert_status add_folder(data_sources *sources, const char *folder, double weight,
                              bert_error *error)
{
    text pattern = {0};
    size_t before = sources->count;
    bert_status status = escape_pattern(&pattern, folder, error);
    while (pattern.length > 1 && pattern.data[pattern.length - 1] == '/')
        pattern.data[--pattern.length] = '\0';
    if (status == BERT_OK)
        status = text_format(&pattern, error, "/*.idx");
    if (status == BERT_OK)
        status = add_matches(sources, pattern.data, weight, error);
    text_free(&pattern);
    if (status == BERT_OK && sources->count == before)
        status = add_pretokenized(sources, folder, error);
    return status;
}

/* `line` is the name with what may follow it. */
static bert_status add_pattern(data_sources *sources, const char *name, const char *line,
                               double weight, bert_error *error)
{
    char *pattern;
    size_t before = sources->count;
    TRY(path_format(&pattern, error, "%s.idx", name));
    bert_status status = add_matches(sources, pattern, weight, error);
    free(pattern);
    if (status != BERT_OK || sources->count > before)
        return status;
    if (pretokenized_files_exist(line))
        return add_pretokenized(sources, line, error);
    const char *slice = strstr(line, "[");
    const char *colon = memrchr(line, ':', (size_t)(slice ? slice - line : 0));
    return error_set(error, BERT_ERROR_IO, "%s: no prepared data matches this pattern%s", name,
                     slice && colon ? "; a split is read whole, PATH:SPLIT, without [...]" : "");
}

/* The position of ":WEIGHT" in a name, and its value; without one, the end of the name and 1. */
static const char *find_weight(const char *name, double *weight)
{
    const char *colon = strrchr(name, ':');
    char *end;
    *weight = 1;
    if (colon && colon > name && !prefix_exists(name) && !path_is_directory(name)) {
        double value = strtod(colon + 1, &end);
        if (end > colon + 1 && *end == '\0') {
            *weight = value;
            return colon;
        }
    }
    return name + strlen(name);
}

static bert_status add_line(data_sources *sources, const char *text, bert_error *error)
{
    double weight;
    const char *end = find_weight(text, &weight);
    if (!(weight > 0 && weight <= WEIGHT_MAX))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: weight %g, expected more than 0 and at most %d", text, weight,
                         WEIGHT_MAX);
    sources->is_weighted |= weight != 1;
    char *name;
    TRY(path_format(&name, error, "%.*s", (int)(end - text), text));
    bert_status status;
    if (prefix_exists(name))
        status = add(sources, name, strlen(name), weight, error);
    else if (path_is_directory(name))
        status = add_folder(sources, name, weight, error);
    else if (is_pattern(name))
        status = add_pattern(sources, name, text, weight, error);
    else if (pretokenized_files_exist(text))
        status = add_pretokenized(sources, text, error);
    else if (pretokenized_files_exist(name)) /* with a weight, which it cannot have */
        status = add_pretokenized(sources, name, error);
    else /* opening it reports what is missing */
        status = add(sources, name, strlen(name), weight, error);
    free(name);
    return status;
}

bert_status data_sources_find(data_sources *sources, const char *data, bert_error *error)
{
    *sources = (data_sources){0};
    text name = {0};
    char *lines;
    TRY(path_format(&lines, error, "%s", data));
    bert_status status = BERT_OK;
    size_t count = 0;
    for (char *rest = lines, *line; (line = strsep(&rest, "\n"));) {
        if (!*line)
            continue;
        TRY_OR_GO(status, add_line(sources, line, error), done);
        TRY_OR_GO(status, text_format(&name, error, "%s%s", count > 0 ? ", " : "", line), done);
        count++;
    }
    if (count == 0)
        status =
            error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->data is empty, expected PREFIX");
    else if (sources->pretokenized && (sources->count > 0 || sources->is_weighted))
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "%.*s: is not prepared data; a pre-tokenized data set goes with others "
                           "of its kind only, without a weight",
                           (int)strcspn(sources->pretokenized, "\n"), sources->pretokenized);
    else if (sources->count == 1) /* messages name its files */
        status = path_format(&sources->name, error, "%s", sources->items[0].prefix);
    else
        status = path_format(&sources->name, error, "%s", name.data);
done:
    text_free(&name);
    free(lines);
    if (status != BERT_OK)
        data_sources_free(sources);
    return status;
}

void data_sources_free(data_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->items[i].prefix);
    free(sources->items);
    free(sources->pretokenized);
    free(sources->name);
    *sources = (data_sources){0};
}

/* ------------------------------------------------------------------------------------ opening */

bert_status data_sources_open(const data_sources *sources, dataset *data, bert_error *error)
{
    const char **prefixes;
    TRY(memory_array((void **)&prefixes, sources->count, sizeof *prefixes, "names of data", error));
    for (size_t i = 0; i < sources->count; i++)
        prefixes[i] = sources->items[i].prefix;
    bert_status status = dataset_open_all(data, sources->name, prefixes, sources->count, error);
    free(prefixes);
    TRY(status);
    for (size_t i = 0; i < sources->count; i++)
        data->shards[i].weight = sources->items[i].weight;
    data->is_weighted = sources->is_weighted;
    return BERT_OK;
}

bert_status data_sources_open_validation(const data_sources *sources, dataset *data, bool *found,
                                         bert_error *error)
{
    char **prefixes = NULL, *name = NULL;
    size_t count = 0;
    bert_status status;
    TRY(memory_array((void **)&prefixes, sources->count, sizeof *prefixes, "names of data", error));
    for (size_t i = 0; i < sources->count; i++) {
        TRY_OR_GO(status,
                  dataset_validation_prefix(&prefixes[count], sources->items[i].prefix, error),
                  done);
        if (prefix_exists(prefixes[count]))
            count++;
        else
            free(prefixes[count]);
    }
    *found = count > 0;
    if (!*found)
        goto done;
    TRY_OR_GO(status, dataset_validation_prefix(&name, sources->name, error), done);
    status = dataset_open_all(data, name, (const char *const *)prefixes, count, error);
done:
    for (size_t i = 0; i < count; i++)
        free(prefixes[i]);
    free(prefixes);
    free(name);
    return status;
}

bert_status data_sources_open_evaluation(const data_sources *sources, dataset *data,
                                         bert_error *error)
{
    if (sources->is_weighted)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: weights are for training; an evaluation looks at each document once",
                         sources->name);
    char **prefixes = NULL;
    size_t count = 0;
    bert_status status;
    TRY(memory_array((void **)&prefixes, sources->count, sizeof *prefixes, "names of data", error));
    for (; count < sources->count; count++) {
        const char *prefix = sources->items[count].prefix;
        TRY_OR_GO(status, dataset_validation_prefix(&prefixes[count], prefix, error), done);
        if (prefix_exists(prefixes[count]))
            continue;
        free(prefixes[count]);
        TRY_OR_GO(status, path_format(&prefixes[count], error, "%s", prefix), done);
    }
    status = dataset_open_all(data, sources->count == 1 ? prefixes[0] : sources->name,
                              (const char *const *)prefixes, count, error);
done:
    for (size_t i = 0; i < count; i++)
        free(prefixes[i]);
    free(prefixes);
    return status;
}

/* ---------------------------------------------------------------------------------- tokenizer */

/* What two tokenizers handle differently; NULL: nothing. */
static const char *different_setting(const bert_tokenizer *first, const bert_tokenizer *other)
{
    bert_tokenizer_description one, two;
    bert_tokenizer_describe(first, &one);
    bert_tokenizer_describe(other, &two);
    return one.lowercase != two.lowercase           ? "case"
           : one.strip_accents != two.strip_accents ? "accents"
           : one.handle_chinese_chars != two.handle_chinese_chars ||
                   one.clean_text != two.clean_text ||
                   one.max_input_chars_per_word != two.max_input_chars_per_word
               ? "words"
               : NULL;
}

static bert_status check_same(const bert_tokenizer *first, const bert_tokenizer *other,
                              const char *first_name, const char *other_name, bert_error *error)
{
    size_t count = bert_tokenizer_vocab_size(first), others = bert_tokenizer_vocab_size(other);
    for (size_t id = 0; id < (count > others ? count : others); id++) {
        const char *here = id < count ? bert_tokenizer_token(first, (int32_t)id) : NULL;
        const char *there = id < others ? bert_tokenizer_token(other, (int32_t)id) : NULL;
        if (strcmp(here ? here : "", there ? there : "") != 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: id %zu is \"%s\", but in %s it is \"%s\"; "
                             "all data of a run needs the same tokenizer",
                             other_name, id, there ? there : "", first_name, here ? here : "");
    }
    const char *setting = different_setting(first, other);
    if (setting)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: handles %s differently than %s; all data of a run needs the same "
                         "tokenizer",
                         other_name, setting, first_name);
    return BERT_OK;
}

static bert_status check_tokenizer(const bert_tokenizer *tokenizer, const char *name,
                                   const char *folder, bert_error *error)
{
    bert_tokenizer *other = NULL;
    TRY(bert_tokenizer_load(&other, folder, NULL, error));
    bert_status status = check_same(tokenizer, other, name, folder, error);
    bert_tokenizer_free(other);
    return status;
}

bert_status data_sources_check_tokenizer(const data_sources *sources,
                                         const bert_tokenizer *tokenizer, const char *name,
                                         bert_error *error)
{
    for (size_t i = 0; i < sources->count; i++) {
        char *folder;
        TRY(dataset_tokenizer_directory(&folder, sources->items[i].prefix, error));
        bert_status status =
            file_exists(folder) ? check_tokenizer(tokenizer, name, folder, error) : BERT_OK;
        free(folder);
        TRY(status);
    }
    return BERT_OK;
}

bert_status data_sources_check_settings(const data_sources *sources,
                                        const bert_tokenizer *tokenizer, const char *name,
                                        bert_error *error)
{
    for (size_t i = 0; i < sources->count; i++) {
        char *folder;
        bert_tokenizer *own = NULL;
        TRY(dataset_tokenizer_directory(&folder, sources->items[i].prefix, error));
        bert_status status = BERT_OK;
        if (file_exists(folder))
            status = bert_tokenizer_load(&own, folder, NULL, error);
        const char *setting = own ? different_setting(own, tokenizer) : NULL;
        if (setting)
            status = error_set(error, BERT_ERROR_INPUT,
                               "%s: handles %s differently than %s, with which the data were "
                               "prepared; prepare them with these settings, or leave out "
                               "params->tokenizer",
                               name, setting, folder);
        bert_tokenizer_free(own);
        free(folder);
        TRY(status);
    }
    return BERT_OK;
}

bert_status data_sources_load_tokenizer(const data_sources *sources, bert_tokenizer **tokenizer,
                                        bert_error *error)
{
    char *first = NULL;
    bert_status status;
    *tokenizer = NULL;
    TRY(dataset_tokenizer_directory(&first, sources->items[0].prefix, error));
    TRY_OR_GO(status, bert_tokenizer_load(tokenizer, first, NULL, error), done);
    for (size_t i = 1; i < sources->count && status == BERT_OK; i++) {
        char *folder;
        TRY_OR_GO(status, dataset_tokenizer_directory(&folder, sources->items[i].prefix, error),
                  done);
        status = check_tokenizer(*tokenizer, first, folder, error);
        free(folder);
    }
done:
    free(first);
    if (status != BERT_OK) {
        bert_tokenizer_free(*tokenizer);
        *tokenizer = NULL;
    }
    return status;
}
