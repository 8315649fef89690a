#include "hub/selection.h"

#include "base/text.h"
#include "hub/names.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN = 12 }; /* in a message */

static const char *const model_files[] = {
    "config.json",
    "bert_config.json",
    "vocab.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "added_tokens.json",
    "special_tokens_map.json",
};

/* In order of preference; shards belong to the index of their form. */
static const char *const weight_forms[][2] = {
    {"model.safetensors", NULL},
    {"model.safetensors.index.json", "model-*-of-*.safetensors"},
    {"pytorch_model.bin", NULL},
    {"pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin"},
    {"bert_model.ckpt.index", "bert_model.ckpt.data-*-of-*"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool has_form(const char *path, size_t form)
{
    const char *shards = weight_forms[form][1];
    return strcmp(path, weight_forms[form][0]) == 0 ||
           (shards && fnmatch(shards, path, FNM_PATHNAME) == 0);
}

bool selection_is_weights(const char *path)
{
    for (size_t form = 0; form < COUNT(weight_forms); form++)
        if (has_form(path, form))
            return true;
    return false;
}

bool selection_is_configuration(const char *path)
{
    return strcmp(path, "config.json") == 0 || strcmp(path, "bert_config.json") == 0;
}

bool selection_is_tokenizer(const char *path)
{
    return strcmp(path, "vocab.txt") == 0 || strcmp(path, "tokenizer.json") == 0;
}

static bool is_model_file(const char *path, bool card)
{
    for (size_t i = 0; i < COUNT(model_files); i++)
        if (strcmp(path, model_files[i]) == 0)
            return true;
    return card && strcmp(path, "README.md") == 0;
}

size_t selection_model(bool *chosen, const char *const *paths, size_t count, bool card)
{
    size_t form = COUNT(weight_forms); /* none */
    for (size_t i = 0; i < count; i++)
        for (size_t f = 0; f < form; f++)
            if (strcmp(paths[i], weight_forms[f][0]) == 0)
                form = f;
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        chosen[i] = is_model_file(paths[i], card) ||
                    (form < COUNT(weight_forms) && has_form(paths[i], form));
        number += chosen[i];
    }
    return number;
}

size_t selection_patterns(bool *chosen, const char *const *paths, size_t count,
                          const char *patterns)
{
    size_t number = 0;
    for (size_t i = 0; i < count; i++)
        number += chosen[i] = pattern_list_matches(patterns, paths[i]);
    return number;
}

/* ------------------------------------------------------------------------------ data sets --- */

/* A component of a path, not terminated. */
typedef struct part {
    const char *start;
    size_t length;
} part;

static bool part_is(part part, const char *name)
{
    return strlen(name) == part.length && memcmp(part.start, name, part.length) == 0;
}

static bool part_equals(part a, part b)
{
    return a.length == b.length && memcmp(a.start, b.start, a.length) == 0;
}

/* Splits CONFIG/SPLIT/NAME.parquet into its components. */
static bool split_path(const char *path, part *config, part *split, bool *partial)
{
    static const char prefix[] = "partial-", suffix[] = ".parquet";
    const char *first = strchr(path, '/');
    const char *second = first ? strchr(first + 1, '/') : NULL;
    if (!second || strchr(second + 1, '/'))
        return false;
    size_t length = strlen(second);
    if (length <= sizeof suffix || strcmp(second + length - (sizeof suffix - 1), suffix) != 0)
        return false;
    *config = (part){path, (size_t)(first - path)};
    *split = (part){first + 1, (size_t)(second - first - 1)};
    *partial =
        split->length > sizeof prefix - 1 && memcmp(split->start, prefix, sizeof prefix - 1) == 0;
    if (*partial)
        *split = (part){split->start + sizeof prefix - 1, split->length - (sizeof prefix - 1)};
    return true;
}

/* Appends the configs, or the splits of one, to a list for a message. Paths are sorted, so
 * comparing with the previous name is enough to remove duplicates. */
static bert_status list_names(text *list, const char *const *paths, size_t count,
                              const char *config, bert_error *error)
{
    part last = {0};
    size_t shown = 0;
    for (size_t i = 0; i < count; i++) {
        part found, split;
        bool partial;
        if (!split_path(paths[i], &found, &split, &partial) || (config && !part_is(found, config)))
            continue;
        part name = config ? split : found;
        if (last.start && part_equals(name, last))
            continue;
        last = name;
        if (shown++ >= NAMES_SHOWN)
            continue;
        TRY(text_format(list, error, "%s%.*s", shown > 1 ? ", " : "", (int)name.length,
                        name.start));
    }
    if (shown > NAMES_SHOWN)
        TRY(text_format(list, error, " and %zu more", shown - NAMES_SHOWN));
    return BERT_OK;
}

/* Finds the only config; several, or none, are an error. */
static bert_status find_config(part *config, const char *const *paths, size_t count,
                               const char *what, bert_error *error)
{
    *config = (part){0};
    for (size_t i = 0; i < count; i++) {
        part found, split;
        bool partial;
        if (!split_path(paths[i], &found, &split, &partial))
            continue;
        if (config->start && !part_equals(found, *config)) {
            text list = {0};
            bert_status status = list_names(&list, paths, count, NULL, error);
            if (status == BERT_OK)
                status =
                    error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                              "%s: has several configurations, select one with params->config: %s",
                              what, list.data);
            text_free(&list);
            return status;
        }
        *config = found;
    }
    if (config->start)
        return BERT_OK;
    return error_set(
        error, BERT_ERROR_INPUT,
        "%s: this revision has no files CONFIG/SPLIT/….parquet; select files with params->include",
        what);
}

static bert_status list_available(const char *const *paths, size_t count, const char *config,
                                  const char *split, const char *what, bert_error *error)
{
    text configs = {0}, splits = {0};
    bert_status status;
    TRY_OR_GO(status, list_names(&configs, paths, count, NULL, error), done);
    TRY_OR_GO(status, list_names(&splits, paths, count, config, error), done);
    if (splits.length > 0)
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "%s: its configuration %s has no split \"%.60s\"; there are %s", what,
                           config, split ? split : "", splits.data);
    else
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "%s: has no configuration \"%.60s\"; there are %s", what, config,
                           configs.length ? configs.data : "none");
done:
    text_free(&configs);
    text_free(&splits);
    return status;
}

bert_status selection_dataset(bool *chosen, const char *const *paths, size_t count,
                              const char *config, const char *split, const char *what,
                              bool *partial, bert_error *error)
{
    part wanted;
    if (config)
        wanted = (part){config, strlen(config)};
    else
        TRY(find_config(&wanted, paths, count, what, error));
    size_t number = 0;
    *partial = false;
    for (size_t i = 0; i < count; i++) {
        part found, found_split;
        bool found_partial;
        if (!split_path(paths[i], &found, &found_split, &found_partial) ||
            !part_equals(found, wanted) || (split && !part_is(found_split, split)))
            continue;
        chosen[i] = true;
        number++;
        *partial = *partial || found_partial;
    }
    if (number > 0)
        return BERT_OK;
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)wanted.length, wanted.start);
    return list_available(paths, count, name, split, what, error);
}
