/* bert_download: selects the files of a repository and downloads them to the cache or a folder. */
#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "hub/cache.h"
#include "hub/error_response.h"
#include "hub/fetch.h"
#include "hub/names.h"
#include "hub/repository.h"
#include "hub/responses.h"
#include "hub/selection.h"
#include "hub/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERIFY_BYTES = 1 << 30 }; /* of files in the cache, up to which checksums are compared */

/* A selected file. */
typedef struct wanted {
    const char *path;        /* in the repository; owned by the listing */
    hub_file_facts facts;    /* what is known of its content */
    char *destination;       /* owned */
    bool there;              /* already there, not downloaded */
    bool damaged;            /* there, but not what it should be */
    fetch_metadata metadata; /* of a file to download */
} wanted;

typedef struct download {
    const bert_download_params *params;
    const bert_observer *observer;
    hub_settings settings;
    http_client *client; /* NULL: offline, for the reason `offline` */
    const char *offline;
    hub_repository repository;
    cache_repository cache;
    const char *revision; /* as requested, or the default */
    hub_listing listing;
    bool *chosen; /* [listing.count] */
    wanted *files;
    size_t file_count;
    bool verifies; /* checksums of what is in the cache */
    transfer transfer;
} download;

bert_download_params bert_download_params_default(void)
{
    return (bert_download_params){.hub = bert_hub_options_default(), .verify = BERT_UNSET};
}

void bert_download_result_free(bert_download_result *result)
{
    for (size_t i = 0; i < result->file_count; i++)
        free(result->files[i]);
    free(result->files);
    free(result->directory);
    *result = (bert_download_result){0};
}

static void close_download(download *download)
{
    for (size_t i = 0; i < download->file_count; i++)
        free(download->files[i].destination);
    free(download->files);
    free(download->chosen);
    hub_listing_free(&download->listing);
    hub_repository_free(&download->repository);
    cache_repository_free(&download->cache);
    http_client_close(download->client);
    hub_settings_free(&download->settings);
}

/* ---------------------------------------------------------------------------- parameters --- */

static bool is_dataset_for_sure(const bert_download_params *params)
{
    return params->kind == BERT_REPOSITORY_DATASET || params->config || params->split;
}

static bert_status check_params(const bert_download_params *params, bert_error *error)
{
    if (!params->name)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "the name of a model or data set is required");
    TRY(repository_name_check(params->name, error));
    if (params->revision)
        TRY(revision_check(params->revision, error));
    if (params->kind == BERT_REPOSITORY_MODEL && (params->config || params->split))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "a model has no configurations and splits");
    if (params->include && (params->config || params->split))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->include cannot be combined with params->config or params->split: "
                         "both select files");
    return BERT_OK;
}

/* Sets the repository kind, its cache folder and the default revision. */
static bert_status set_kind(download *download, bert_repository_kind kind, bert_error *error)
{
    const bert_download_params *params = download->params;
    hub_repository_free(&download->repository);
    cache_repository_free(&download->cache);
    TRY(hub_repository_open(&download->repository, download->settings.endpoint, params->name, kind,
                            error));
    TRY(cache_repository_open(&download->cache, download->settings.cache, kind, params->name,
                              error));
    download->revision = params->revision                  ? params->revision
                         : kind == BERT_REPOSITORY_DATASET ? "refs/convert/parquet"
                                                           : "main";
    return BERT_OK;
}

/* --------------------------------------------------------------------------------- listings --- */

static bert_status ask_listing(download *download, http_response *response, bert_error *error)
{
    char *plain, *url = NULL;
    TRY(hub_api_url(&plain, &download->repository, "revision", download->revision, error));
    bert_status status = path_format(&url, error, "%s?blobs=true", plain);
    http_request request = {.method = HTTP_GET, .url = url, .what = download->repository.what};
    http_response_free(response);
    if (status == BERT_OK)
        status = http_send(download->client, &request, response, error);
    free(plain);
    free(url);
    return status;
}

static bert_status explain_listing(const download *download, const http_response *response,
                                   bert_error *error)
{
    const hub_repository *repository = &download->repository;
    const bert_download_params *params = download->params;
    if (error_response_is_no_revision(response) && repository->kind == BERT_REPOSITORY_DATASET &&
        !params->revision)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the Hub has no Parquet version of it; params->revision = main, "
                         "params->include = PATTERN downloads the original files, see %s/tree/main",
                         repository->what, repository->page);
    if (error_response_is_no_repository(response) && !is_dataset_for_sure(params) &&
        params->kind == BERT_REPOSITORY_ANY) {
        char name[256];
        snprintf(name, sizeof name, "%s, model or data set", params->name);
        return error_response_check(response, &download->settings, name, repository->endpoint,
                                    error);
    }
    return error_response_check(response, &download->settings, repository->what, repository->page,
                                error);
}

/* Requests the listing of the model; if there is none and the kind is not given, that of the data
 * set. */
static bert_status list_online(download *download, bert_error *error)
{
    http_response response = {0};
    bool either =
        download->params->kind == BERT_REPOSITORY_ANY && !is_dataset_for_sure(download->params);
    bert_status status;
    TRY_OR_GO(status,
              set_kind(download,
                       is_dataset_for_sure(download->params) ? BERT_REPOSITORY_DATASET
                                                             : BERT_REPOSITORY_MODEL,
                       error),
              done);
    TRY_OR_GO(status, ask_listing(download, &response, error), done);
    if (either && error_response_is_no_repository(&response)) {
        TRY_OR_GO(status, set_kind(download, BERT_REPOSITORY_DATASET, error), done);
        TRY_OR_GO(status, ask_listing(download, &response, error), done);
    }
    TRY_OR_GO(status, explain_listing(download, &response, error), done);
    status =
        hub_listing_parse(&download->listing, &response.body, download->repository.what, error);
done:
    http_response_free(&response);
    return status;
}

static bert_status list_offline(download *download, bert_error *error)
{
    bert_repository_kind kind =
        is_dataset_for_sure(download->params) ? BERT_REPOSITORY_DATASET : BERT_REPOSITORY_MODEL;
    TRY(set_kind(download, kind, error));
    if (download->params->kind == BERT_REPOSITORY_ANY && kind == BERT_REPOSITORY_MODEL &&
        !file_exists(download->cache.folder)) {
        TRY(set_kind(download, BERT_REPOSITORY_DATASET, error));
        if (!file_exists(download->cache.folder))
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: the cache %s has no model or data set of that name, and %s",
                             download->params->name, download->settings.cache, download->offline);
    }
    char commit[41];
    bert_status status = cache_read_ref(commit, &download->cache, download->revision, error);
    if (status != BERT_OK && error) {
        size_t length = strlen(error->message);
        snprintf(error->message + length, sizeof error->message - length, ", and %s",
                 download->offline);
        return error_prefix(error, status, "%s", download->repository.what);
    }
    TRY(status);
    return cache_list_snapshot(&download->listing, &download->cache, commit, error);
}

/* Where the Hub cannot be reached, the cache answers. `error` says why it cannot; if the cache does
 * not have the revision either, that stays the error. */
static bert_status list_unreachable(download *download, bert_error *error)
{
    bert_error reason = *error;
    if (download->params->output || observer_should_stop(download->observer) ||
        list_offline(download, NULL) != BERT_OK) {
        *error = reason;
        return reason.status;
    }
    http_client_close(download->client);
    download->client = NULL;
    download->offline = "the Hub cannot be reached";
    observer_message(
        download->observer, BERT_MESSAGE_WARNING,
        "%s; the copy in the cache is taken, of commit %.12s; the Hub may have a newer "
        "one",
        reason.message, download->listing.commit);
    return BERT_OK;
}

static bert_status list(download *download, bert_error *error)
{
    if (!download->client)
        return list_offline(download, error);
    bert_status status = list_online(download, error);
    /* Other errors are answers of the Hub: no such model, a token that it rejects. */
    return status == BERT_ERROR_IO ? list_unreachable(download, error) : status;
}

/* -------------------------------------------------------------------------------- selection --- */

static bert_status explain_empty_choice(const download *download, bert_error *error)
{
    const hub_listing *listing = &download->listing;
    if (download->params->include)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: none of its %zu files matches \"%.200s\"; see %s/tree/%s",
                         download->repository.what, listing->count, download->params->include,
                         download->repository.page, listing->commit);
    return error_set(
        error, BERT_ERROR_INPUT,
        "%s: none of its %zu files belongs to a model (config.json, model.safetensors, vocab.txt "
        "…); params->include = PATTERN selects other files, see %s/tree/%s",
        download->repository.what, listing->count, download->repository.page, listing->commit);
}

static void warn_of_weights(const download *download)
{
    bool any = false, pickles = false;
    for (size_t i = 0; i < download->listing.count; i++) {
        const char *path = download->listing.paths[i];
        bool weights = download->chosen[i] && selection_is_weights(path);
        any = any || weights;
        pickles = pickles || (weights && strncmp(path, "pytorch_", strlen("pytorch_")) == 0);
    }
    if (!any)
        observer_message(download->observer, BERT_MESSAGE_WARNING, "%s has no weights",
                         download->repository.what);
    else if (pickles)
        observer_message(download->observer, BERT_MESSAGE_INFO,
                         "%s has no safetensors: its weights are PyTorch pickles, which bert reads "
                         "without executing code",
                         download->repository.what);
}

static bert_status choose(download *download, bert_error *error)
{
    const bert_download_params *params = download->params;
    hub_listing *listing = &download->listing;
    const char *const *paths = (const char *const *)listing->paths;
    TRY(memory_array((void **)&download->chosen, listing->count, sizeof *download->chosen,
                     "chosen files", error));
    size_t number = 1;
    bool partial = false;
    if (params->include)
        number = selection_patterns(download->chosen, paths, listing->count, params->include);
    else if (download->repository.kind == BERT_REPOSITORY_MODEL)
        number = selection_model(download->chosen, paths, listing->count, false);
    else
        TRY(selection_dataset(download->chosen, paths, listing->count, params->config,
                              params->split, download->repository.what, &partial, error));
    if (number == 0)
        return explain_empty_choice(download, error);
    if (!params->include && download->repository.kind == BERT_REPOSITORY_MODEL)
        warn_of_weights(download);
    if (partial)
        observer_message(download->observer, BERT_MESSAGE_WARNING,
                         "%s is large: the Hub's Parquet version has only its first part",
                         download->repository.what);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------- metadata --- */

/* "bert-base-uncased: vocab.txt" */
static bert_status name_file(char **what, const download *download, const wanted *file,
                             bert_error *error)
{
    return path_format(what, error, "%s: %s", download->params->name, file->path);
}

static bert_status ask_metadata(download *download, wanted *file, bert_error *error)
{
    char *url = NULL, *what = NULL;
    bert_status status;
    TRY_OR_GO(
        status,
        hub_file_url(&url, &download->repository, download->listing.commit, file->path, error),
        done);
    TRY_OR_GO(status, name_file(&what, download, file, error), done);
    status = fetch_head(&file->metadata, download->client, &download->settings, url, what,
                        download->repository.page, error);
done:
    free(url);
    free(what);
    return status;
}

/* Sets file->there where the file at `path` in the cache is what it should be; else, once,
 * file->damaged, and says so. */
static bert_status check_content(download *download, wanted *file, const char *path,
                                 const hub_file_facts *facts, bert_error *error)
{
    text problem = {0};
    bert_status status = verify_file(&problem, path, facts, download->verifies, error);
    file->there = status == BERT_OK && problem.length == 0;
    if (status == BERT_OK && !file->there && !download->client)
        status =
            error_set(error, BERT_ERROR_INPUT, "%s: is damaged: it %s; %s, or it could be mended",
                      path, problem.data, download->offline);
    else if (status == BERT_OK && !file->there && !file->damaged)
        observer_message(download->observer, BERT_MESSAGE_WARNING,
                         "%s: is damaged: it %s; it is downloaded again", path, problem.data);
    file->damaged = file->damaged || !file->there;
    text_free(&problem);
    return status;
}

/* The blob of a file whose metadata is known. */
static bert_status check_blob(download *download, wanted *file, const char *blob, bert_error *error)
{
    struct stat information;
    hub_file_facts facts = {.has_size = true, .size = file->metadata.size};
    strcpy(facts.digest, file->metadata.etag);
    return stat(blob, &information) == 0 ? check_content(download, file, blob, &facts, error)
                                         : BERT_OK;
}

/* In the cache, the link in the snapshot of a commit always names the right blob. */
static bert_status check_cache(download *download, wanted *file, bert_error *error)
{
    struct stat information;
    if (!file->facts.digest[0])
        cache_link_digest(&file->facts, file->destination);
    if (stat(file->destination, &information) == 0)
        TRY(check_content(download, file, file->destination, &file->facts, error));
    if (file->there || !download->client)
        return BERT_OK;
    TRY(ask_metadata(download, file, error));
    if (file->damaged)
        return BERT_OK;
    char *blob;
    TRY(cache_blob_path(&blob, &download->cache, file->metadata.etag, error));
    bert_status status = check_blob(download, file, blob, error);
    free(blob);
    if (status == BERT_OK && file->there)
        status = cache_link(&download->cache, download->listing.commit, file->path,
                            file->metadata.etag, false, error);
    return status;
}

static bert_status check_output(download *download, wanted *file, bert_error *error)
{
    TRY(ask_metadata(download, file, error));
    return fetch_is_there(&file->there, file->destination, &file->metadata, error);
}

static bert_status list_wanted(download *download, const char *directory, bert_error *error)
{
    const hub_listing *listing = &download->listing;
    uint64_t there = 0;
    TRY(memory_array((void **)&download->files, listing->count, sizeof *download->files,
                     "chosen files", error));
    for (size_t i = 0; i < listing->count; i++) {
        if (!download->chosen[i])
            continue;
        wanted *file = &download->files[download->file_count++];
        file->path = listing->paths[i];
        file->facts = listing->facts[i];
        TRY(path_join(&file->destination, directory, file->path, error));
        struct stat information;
        if (stat(file->destination, &information) == 0)
            there += (uint64_t)information.st_size;
    }
    bert_switch verify = download->params->verify;
    download->verifies = verify == BERT_UNSET ? there <= VERIFY_BYTES : verify == BERT_ON;
    return BERT_OK;
}

/* Finds out which files are already there, and gets the metadata of the others. */
static bert_status examine(download *download, const char *directory, bert_error *error)
{
    TRY(list_wanted(download, directory, error));
    for (size_t i = 0; i < download->file_count; i++) {
        wanted *file = &download->files[i];
        if (download->params->output)
            TRY(check_output(download, file, error));
        else
            TRY(check_cache(download, file, error));
        struct stat information;
        uint64_t size = file->metadata.size;
        if (file->there && stat(file->destination, &information) == 0)
            size = (uint64_t)information.st_size;
        download->transfer.total += size;
        if (file->there)
            download->transfer.done += size;
        if (observer_should_stop(download->observer))
            return error_set(error, BERT_ERROR_IO, "%s: stopped before anything was downloaded",
                             download->repository.what);
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ bytes --- */

static bert_status fetch_to(download *download, wanted *file, const char *destination,
                            const char *partial, bert_error *error)
{
    char *url = NULL, *what = NULL;
    bert_status status;
    TRY_OR_GO(status, cache_create_parent(destination, error), done);
    TRY_OR_GO(
        status,
        hub_file_url(&url, &download->repository, download->listing.commit, file->path, error),
        done);
    TRY_OR_GO(status, name_file(&what, download, file, error), done);
    status = fetch_file(download->client, &download->settings, url, &file->metadata, partial,
                        destination, what, download->repository.page, &download->transfer, error);
done:
    free(url);
    free(what);
    return status;
}

static bert_status fetch_into_cache(download *download, wanted *file, bert_error *error)
{
    const char *etag = file->metadata.etag;
    char *blob = NULL, *partial = NULL;
    int lock = -1;
    bert_status status;
    TRY_OR_GO(status, cache_blob_path(&blob, &download->cache, etag, error), done);
    TRY_OR_GO(status, path_format(&partial, error, "%s.incomplete", blob), done);
    TRY_OR_GO(status, cache_lock(&lock, &download->cache, etag, download->observer, error), done);
    /* Another process may have downloaded it while this one waited. */
    TRY_OR_GO(status, check_blob(download, file, blob, error), done);
    if (!file->there)
        TRY_OR_GO(status, fetch_to(download, file, blob, partial, error), done);
    else
        download->transfer.done += file->metadata.size;
    status = cache_link(&download->cache, download->listing.commit, file->path, etag, file->damaged,
                        error);
done:
    cache_unlock(lock);
    free(blob);
    free(partial);
    return status;
}

static bert_status fetch_into_output(download *download, wanted *file, bert_error *error)
{
    char *partial;
    TRY(path_format(&partial, error, "%s.%.16s.incomplete", file->destination,
                    file->metadata.etag));
    bert_status status = fetch_to(download, file, file->destination, partial, error);
    free(partial);
    return status;
}

static bert_status fetch_missing(download *download, bert_error *error)
{
    for (size_t i = 0; i < download->file_count; i++) {
        wanted *file = &download->files[i];
        if (file->there)
            continue;
        if (download->params->output)
            TRY(fetch_into_output(download, file, error));
        else
            TRY(fetch_into_cache(download, file, error));
    }
    if (download->params->output || !download->client)
        return BERT_OK;
    /* Last, so that offline use of this revision finds all files. */
    return cache_write_ref(&download->cache, download->revision, download->listing.commit, error);
}

/* Offline, every listed file exists, but the model may be incomplete. */
static bert_status check_offline(const download *download, bert_error *error)
{
    if (download->client || download->params->include ||
        download->repository.kind == BERT_REPOSITORY_DATASET)
        return BERT_OK;
    for (size_t i = 0; i < download->file_count; i++)
        if (selection_is_configuration(download->files[i].path))
            return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT, "%s: the cache does not have its config.json, and %s",
                     download->repository.what, download->offline);
}

/* ------------------------------------------------------------------------------------- all --- */

static bert_status fill_result(const download *download, bert_download_result *result,
                               bert_error *error)
{
    result->kind = download->repository.kind;
    memcpy(result->commit, download->listing.commit, sizeof result->commit);
    result->bytes = download->transfer.total;
    result->received = download->transfer.moved;
    TRY(memory_array((void **)&result->files, download->file_count, sizeof *result->files,
                     "paths of files", error));
    for (size_t i = 0; i < download->file_count; i++) {
        TRY(path_format(&result->files[i], error, "%s", download->files[i].destination));
        result->file_count++;
    }
    return BERT_OK;
}

static bert_status run(download *download, bert_download_result *result, bert_error *error)
{
    const bert_download_params *params = download->params;
    TRY(check_params(params, error));
    TRY(hub_settings_read(&download->settings, &params->hub, error));
    if (download->settings.offline && params->output)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->output needs network access, but HF_HUB_OFFLINE is set");
    if (!download->settings.offline)
        TRY(http_client_open(&download->client, &download->settings, download->observer, error));
    TRY(list(download, error));
    TRY(hub_listing_sort(&download->listing, error));
    TRY(choose(download, error));
    if (params->output)
        TRY(path_format(&result->directory, error, "%s", params->output));
    else
        TRY(cache_snapshot_path(&result->directory, &download->cache, download->listing.commit,
                                error));
    TRY(examine(download, result->directory, error));
    TRY(check_offline(download, error));
    TRY(fetch_missing(download, error));
    return fill_result(download, result, error);
}

bert_status bert_download(const bert_download_params *params, bert_download_result *result,
                          const bert_observer *observer, bert_error *error)
{
    bert_error local_error = {0};
    *result = (bert_download_result){0};
    download download = {.params = params,
                         .observer = observer,
                         .offline = "HF_HUB_OFFLINE is set",
                         .transfer = {.observer = observer, .job = "download"}};
    bert_status status = run(&download, result, error ? error : &local_error);
    close_download(&download);
    return status;
}
