/* bert_hub_resolve: from a name on the Hub to a path in the cache. */
#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "hub/cache.h"
#include "hub/hub_name.h"
#include "hub/selection.h"
#include "hub/settings.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

bert_resolve_params bert_resolve_params_default(void)
{
    return (bert_resolve_params){.hub = bert_hub_options_default(), .part = BERT_HUB_MODEL};
}

static bert_status set_path(bert_text *path, const char *folder, const char *rest,
                            bert_error *error)
{
    text made = {0};
    TRY(text_format(&made, error, "%s%s%s", folder, rest ? "/" : "", rest ? rest : ""));
    bert_text_free(path);
    *path = (bert_text){made.data, made.length, made.capacity};
    return BERT_OK;
}

/* ----------------------------------------------------------------------------- what exists --- */

/* A TensorFlow checkpoint is named by what its files have in common. */
static bool exists_here(const char *name)
{
    if (file_exists(name))
        return true;
    char *index;
    if (path_format(&index, NULL, "%s.index", name) != BERT_OK)
        return false;
    bool exists = file_exists(index);
    free(index);
    return exists;
}

/* Whether the pattern matches the file, or a folder that it is in: readers take all of a folder. */
static bool matches(const char *pattern, const char *file)
{
    char prefix[1024];
    for (const char *slash = strchr(file, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(prefix, sizeof prefix, "%.*s", (int)(slash - file), file);
        if (fnmatch(pattern, prefix, FNM_PATHNAME | FNM_PERIOD) == 0)
            return true;
    }
    return fnmatch(pattern, file, FNM_PATHNAME | FNM_PERIOD) == 0;
}

/* How many files of the listing are `path`, are in that folder, or match that pattern. */
static size_t count_files(const hub_listing *listing, const char *path)
{
    size_t length = strlen(path), count = 0;
    bool pattern = strpbrk(path, "*?[");
    for (size_t i = 0; i < listing->count; i++) {
        const char *file = listing->paths[i];
        bool below = strncmp(file, path, length) == 0 && (!file[length] || file[length] == '/');
        count += below || (pattern && matches(path, file)) ? 1 : 0;
    }
    return count;
}

/* NULL, or what is missing in the snapshot of a model. */
static const char *missing_part(const hub_listing *listing, bert_hub_part part)
{
    bool configuration = false, weights = false, tokenizer = false;
    for (size_t i = 0; i < listing->count; i++) {
        const char *path = listing->paths[i];
        configuration = configuration || selection_is_configuration(path);
        weights = weights || selection_is_weights(path);
        tokenizer = tokenizer || selection_is_tokenizer(path);
    }
    if (part == BERT_HUB_ANYTHING && listing->count > 0)
        return NULL;
    if (part == BERT_HUB_TOKENIZER)
        return tokenizer ? NULL : "vocab.txt or tokenizer.json";
    if (!configuration)
        return "config.json";
    return part != BERT_HUB_CONFIGURATION && !weights ? "weights" : NULL;
}

/* The configuration's file; the folder for all else. */
static const char *file_of(const hub_listing *listing, bert_hub_part part)
{
    for (size_t i = 0; part == BERT_HUB_CONFIGURATION && i < listing->count; i++)
        if (selection_is_configuration(listing->paths[i]))
            return listing->paths[i];
    return NULL;
}

/* ---------------------------------------------------------------------------- in the cache --- */

typedef struct resolution {
    const bert_resolve_params *params;
    const bert_observer *observer;
    hub_settings settings;
    hub_name names[HUB_NAME_READINGS];
    size_t name_count;
    const char *missing; /* of a snapshot that is there; NULL */
} resolution;

/* The folder CONFIG of the only configuration that the snapshot has; owned by the caller. */
static bert_status only_config(char **config, const hub_listing *listing, const hub_name *name,
                               bert_error *error)
{
    bool *chosen, partial;
    TRY(memory_array((void **)&chosen, listing->count, sizeof *chosen, "chosen files", error));
    bert_status status = selection_dataset(chosen, (const char *const *)listing->paths,
                                           listing->count, NULL, NULL, name->name, &partial, error);
    *config = NULL;
    for (size_t i = 0; status == BERT_OK && !*config && i < listing->count; i++)
        if (chosen[i])
            status = path_format(config, error, "%.*s", (int)strcspn(listing->paths[i], "/"),
                                 listing->paths[i]);
    free(chosen);
    return status;
}

/* Errors of selection_dataset name the option of bert_download. */
static bert_status explain_choice(const hub_name *name, bert_status status, bert_error *error)
{
    if (status != BERT_ERROR_INVALID_ARGUMENT || !error || name->path)
        return status;
    size_t length = strlen(error->message);
    snprintf(error->message + length, sizeof error->message - length,
             "; here as hf://datasets/%s/CONFIGURATION", name->name);
    return status;
}

static bert_status take_files(const resolution *resolution, bert_text *path, bool *found,
                              const hub_name *name, const char *revision, const char *snapshot,
                              const hub_listing *listing, bert_error *error)
{
    char *config = NULL;
    if (!name->path && listing->count > 0)
        TRY(explain_choice(name, only_config(&config, listing, name, error), error));
    const char *chosen = name->path ? name->path : config;
    size_t count = chosen ? count_files(listing, chosen) : 0;
    bert_status status = BERT_OK;
    if (count > 0)
        status = set_path(path, snapshot, chosen, error);
    *found = status == BERT_OK && count > 0;
    if (*found)
        observer_message(resolution->observer, BERT_MESSAGE_INFO,
                         "%s: %zu file%s of the data set %s, %s at %.12s", resolution->params->name,
                         count, count == 1 ? "" : "s", name->name, revision, listing->commit);
    free(config);
    return status;
}

/* Looks for one revision of one reading of the name. Where the cache does not have it, *found stays
 * false. */
static bert_status look_for(resolution *resolution, bert_text *path, bool *found,
                            const hub_name *name, const char *revision, bert_error *error)
{
    cache_repository cache = {0};
    hub_listing listing = {0};
    char commit[41], *snapshot = NULL;
    bert_hub_part part = resolution->params->part;
    bert_status status;
    TRY(cache_repository_open(&cache, resolution->settings.cache, name->kind, name->name, error));
    if (cache_read_ref(commit, &cache, revision, NULL) != BERT_OK) {
        cache_repository_free(&cache);
        return BERT_OK;
    }
    TRY_OR_GO(status, cache_snapshot_path(&snapshot, &cache, commit, error), done);
    if (!file_exists(snapshot))
        goto done;
    TRY_OR_GO(status, cache_list_snapshot(&listing, &cache, commit, error), done);
    TRY_OR_GO(status, hub_listing_sort(&listing, error), done);
    if (part == BERT_HUB_FILES) {
        status = take_files(resolution, path, found, name, revision, snapshot, &listing, error);
        goto done;
    }
    resolution->missing = missing_part(&listing, part);
    *found = !resolution->missing;
    if (*found)
        status = set_path(path, snapshot, file_of(&listing, part), error);
done:
    free(snapshot);
    hub_listing_free(&listing);
    cache_repository_free(&cache);
    return status;
}

static const char parquet[] = "refs/convert/parquet";

/* The revisions to look at for a reading, in turn; the last one is NULL. */
static void revisions_of(const char *revisions[3], const hub_name *name)
{
    bool converted = name->kind == BERT_REPOSITORY_DATASET && !name->revision;
    revisions[0] = name->revision ? name->revision : converted && !name->path ? parquet : "main";
    revisions[1] = converted && name->path ? parquet : NULL;
    revisions[2] = NULL;
}

static bert_status look_in_cache(resolution *resolution, bert_text *path, bool *found,
                                 bert_error *error)
{
    for (size_t i = 0; i < resolution->name_count; i++) {
        const char *revisions[3];
        revisions_of(revisions, &resolution->names[i]);
        for (size_t k = 0; revisions[k]; k++) {
            TRY(look_for(resolution, path, found, &resolution->names[i], revisions[k], error));
            if (*found)
                return BERT_OK;
        }
    }
    return BERT_OK;
}

/* -------------------------------------------------------------------------------- download --- */

static bert_status fetch(const resolution *resolution, const hub_name *name, const char *revision,
                         bert_error *error)
{
    static const char *const includes[] = {
        [BERT_HUB_CONFIGURATION] = "config.json,bert_config.json",
        [BERT_HUB_TOKENIZER] = "vocab.txt,tokenizer.json,tokenizer_config.json,added_tokens.json,"
                               "special_tokens_map.json",
        [BERT_HUB_FILES] = NULL,
    };
    bert_download_params params = bert_download_params_default();
    bert_download_result result;
    char *include = NULL;
    params.hub = resolution->params->hub;
    params.name = name->name;
    params.kind = name->kind;
    params.revision = revision;
    params.include = includes[resolution->params->part];
    if (name->path) {
        TRY(path_format(&include, error, "%s,%s/*", name->path, name->path));
        params.include = include;
    }
    bert_status status = bert_download(&params, &result, resolution->observer, error);
    bert_download_result_free(&result);
    free(include);
    return explain_choice(name, status, error);
}

/* Tries the readings and revisions that are possible, and reports the first one's error: it is the
 * likeliest. A network that fails ends it. */
static bert_status download(resolution *resolution, bert_text *path, bool *found, bert_error *error)
{
    bert_error first = {0};
    for (size_t i = 0; i < resolution->name_count; i++) {
        const hub_name *name = &resolution->names[i];
        const char *revisions[3];
        revisions_of(revisions, name);
        for (size_t k = 0; revisions[k]; k++) {
            bert_error problem = {0};
            bert_status status = fetch(resolution, name, revisions[k], &problem);
            if (status == BERT_OK)
                return look_for(resolution, path, found, name, revisions[k], error);
            if (first.status == BERT_OK)
                first = problem;
            if (status != BERT_ERROR_INPUT && status != BERT_ERROR_INVALID_ARGUMENT)
                goto failed;
        }
    }
failed:
    *error = first;
    return first.status;
}

/* ---------------------------------------------------------------------------------- errors --- */

static bert_status fail_not_there(const resolution *resolution, bert_error *error)
{
    const bert_resolve_params *params = resolution->params;
    const hub_name *name = &resolution->names[resolution->name_count - 1];
    const char *cache = resolution->settings.cache;
    if (params->part == BERT_HUB_FILES)
        return error_set(error, BERT_ERROR_IO,
                         "%s: the cache %s does not have it; params->download = true fetches it",
                         params->name, cache);
    const char *at = name->revision ? "@" : "", *revision = name->revision ? name->revision : "";
    if (resolution->missing)
        return error_set(error, BERT_ERROR_IO,
                         "%s: the cache %s has it without %s; params->download = true fetches "
                         "that, as does: bert download %s%s%s",
                         params->name, cache, resolution->missing, name->name, at, revision);
    return error_set(error, BERT_ERROR_IO,
                     "%s: there is no such file or folder, and the cache %s has no %s of that "
                     "name; params->download = true fetches it from the Hugging Face Hub, as "
                     "does: bert download %s%s%s",
                     params->name, cache,
                     params->part == BERT_HUB_TOKENIZER ? "tokenizer" : "model", name->name, at,
                     revision);
}

/* ------------------------------------------------------------------------------------- all --- */

static bert_status run(resolution *resolution, bert_text *path, bert_error *error)
{
    bool found = false;
    bert_status status = hub_settings_read(&resolution->settings, &resolution->params->hub, error);
    if (status != BERT_OK)
        return error_prefix(error, status,
                            "%s: there is no such file or folder, and the Hub's cache cannot be "
                            "looked into",
                            resolution->params->name);
    const bert_resolve_params *params = resolution->params;
    /* Of a folder or pattern of a data set, the cache may have only some files. */
    bool asks = params->download && params->part == BERT_HUB_FILES;
    if (!asks)
        TRY(look_in_cache(resolution, path, &found, error));
    if (!found && params->download)
        TRY(download(resolution, path, &found, error));
    return found ? BERT_OK : fail_not_there(resolution, error);
}

bert_status bert_hub_resolve(bert_text *path, const bert_resolve_params *params,
                             const bert_observer *observer, bert_error *error)
{
    bert_error local_error = {0};
    resolution resolution = {.params = params, .observer = observer};
    error = error ? error : &local_error;
    if (!params->name)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->name is missing");
    if (params->part == BERT_HUB_NOTHING ||
        (!hub_name_is_url(params->name) && exists_here(params->name)))
        return set_path(path, params->name, NULL, error);
    TRY(hub_name_parse(resolution.names, &resolution.name_count, params->name, params->part,
                       error));
    if (resolution.name_count == 0)
        return set_path(path, params->name, NULL, error);
    bert_status status = run(&resolution, path, error);
    hub_settings_free(&resolution.settings);
    hub_names_free(resolution.names, resolution.name_count);
    return status;
}
