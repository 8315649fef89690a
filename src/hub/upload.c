/* bert_upload: uploads the files of a folder in one commit. */
#include "hub/upload.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "formats/json.h"
#include "hub/error_response.h"
#include "hub/folder.h"
#include "hub/lfs.h"
#include "hub/names.h"

#include <inttypes.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SAMPLE_BYTES = 512,      /* of each file, by which the Hub detects its type */
    FILES_PER_REQUEST = 256, /* files per preupload request */
    INLINE_MAX = 64 << 20,   /* bytes of a file inlined in the commit */
};

typedef struct upload {
    const bert_upload_params *params;
    const bert_observer *observer;
    hub_settings settings;
    http_client *client;
    hub_repository repository;
    upload_folder folder;
    transfer transfer;
} upload;

bert_upload_params bert_upload_params_default(void)
{
    return (bert_upload_params){
        .hub = bert_hub_options_default(), .kind = BERT_REPOSITORY_MODEL, .revision = "main"};
}

static void close_upload(upload *upload)
{
    upload_folder_close(&upload->folder);
    hub_repository_free(&upload->repository);
    http_client_close(upload->client);
    hub_settings_free(&upload->settings);
}

static bert_status check_params(const bert_upload_params *params, bert_error *error)
{
    if (!params->name || !params->revision)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "a name and a revision are required");
    TRY(repository_name_check(params->name, error));
    if (!strchr(params->name, '/'))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "\"%.200s\": expected OWNER/NAME; uploads need the owner", params->name);
    if (params->private_repository && !params->create)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->private_repository requires params->create = true: an existing "
                         "repository is not changed");
    return revision_check(params->revision, error);
}

/* Appends `length` bytes, base64-encoded. */
static bert_status append_base64(text *out, const char *data, size_t length, bert_error *error)
{
    enum { CHUNK = 3 << 14 };
    char encoded[BASE64_ENCODE_RAW_LENGTH(CHUNK)];
    for (size_t at = 0; at < length; at += CHUNK) {
        size_t size = length - at < CHUNK ? length - at : CHUNK;
        base64_encode_raw(encoded, size, (const uint8_t *)data + at);
        TRY(text_append(out, encoded, BASE64_ENCODE_RAW_LENGTH(size), error));
    }
    return BERT_OK;
}

/* POSTs `body` to `url`. The caller checks and frees `response`. */
static bert_status post(upload *upload, const char *url, const char *type, const text *body,
                        bool once, http_response *response, bert_error *error)
{
    const char *const headers[] = {type};
    http_request request = {
        .method = HTTP_POST,
        .url = url,
        .what = upload->repository.what,
        .headers = headers,
        .header_count = 1,
        .body = body->data,
        .body_length = body->length,
        .once = once,
    };
    return http_send(upload->client, &request, response, error);
}

static bert_status check_response(const upload *upload, const http_response *response,
                                  bert_error *error)
{
    bert_status status = error_response_check(response, &upload->settings, upload->repository.what,
                                              upload->repository.page, error);
    if (status != BERT_OK && !upload->params->create && error_response_is_no_repository(response) &&
        response->status == 404) {
        size_t length = strlen(error->message);
        snprintf(error->message + length, sizeof error->message - length,
                 "; params->create = true creates it");
    }
    return status;
}

/* ------------------------------------------------------------------------------- repository --- */

/* Whether the repository is there. */
static bert_status find_repository(bool *found, upload *upload, bert_error *error)
{
    char *url;
    http_response response = {0};
    TRY(hub_api_url(&url, &upload->repository, "revision", upload->params->revision, error));
    http_request request = {.method = HTTP_GET, .url = url, .what = upload->repository.what};
    bert_status status = http_send(upload->client, &request, &response, error);
    *found = status == BERT_OK && response.status >= 200 && response.status < 300;
    free(url);
    http_response_free(&response);
    return status;
}

/* Checks the response to the creation. A token that may write to one repository alone may not
 * create it, even if it is there: 403 instead of 409. */
static bert_status check_created(upload *upload, const http_response *response, bert_error *error)
{
    bool found = false;
    if (response->status == 409) /* already exists */
        return BERT_OK;
    if (response->status == 403)
        TRY(find_repository(&found, upload, error));
    return found ? BERT_OK : check_response(upload, response, error);
}

static bert_status create_repository(upload *upload, bert_error *error)
{
    const char *name = upload->params->name, *slash = strchr(name, '/');
    char *url = NULL;
    text body = {0};
    http_response response = {0};
    bert_status status;
    bool dataset = upload->repository.kind == BERT_REPOSITORY_DATASET;
    json_t *request_json = json_pack(
        "{s:s, s:s#, s:s, s:b}", "name", slash + 1, "organization", name, (size_t)(slash - name),
        "type", dataset ? "dataset" : "model", "private", (int)upload->params->private_repository);
    TRY_OR_GO(status, path_format(&url, error, "%s/api/repos/create", upload->settings.endpoint),
              done);
    TRY_OR_GO(status, json_format(&body, request_json, 0, error), done);
    TRY_OR_GO(status,
              post(upload, url, "Content-Type: application/json", &body, false, &response, error),
              done);
    status = check_created(upload, &response, error);
done:
    json_decref(request_json);
    free(url);
    text_free(&body);
    http_response_free(&response);
    return status;
}

/* ------------------------------------------------------------------------------------ modes --- */

static bert_status describe_file(json_t *files, const upload_file *file, bert_error *error)
{
    char sample[SAMPLE_BYTES];
    text encoded = {0};
    ssize_t got = pread(file->descriptor, sample, sizeof sample, 0);
    if (got < 0)
        return error_set(error, BERT_ERROR_IO, "%s: cannot read", file->path);
    TRY(append_base64(&encoded, sample, (size_t)got, error));
    json_t *described = json_pack("{s:s, s:s, s:I}", "path", file->path, "sample",
                                  encoded.data ? encoded.data : "", "size", (json_int_t)file->size);
    text_free(&encoded);
    if (!described || json_array_append_new(files, described) != 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "%s: the name is not valid UTF-8",
                         file->path);
    return BERT_OK;
}

static bert_status ask_modes(upload *upload, upload_file *files, size_t count, bert_error *error)
{
    hub_upload_mode modes[FILES_PER_REQUEST];
    const char *paths[FILES_PER_REQUEST];
    json_t *described = json_array(), *request_json = json_pack("{s:O}", "files", described);
    char *url = NULL;
    text body = {0};
    http_response response = {0};
    bert_status status;
    for (size_t i = 0; i < count; i++) {
        paths[i] = files[i].path;
        TRY_OR_GO(status, describe_file(described, &files[i], error), done);
    }
    TRY_OR_GO(status, json_format(&body, request_json, 0, error), done);
    TRY_OR_GO(status,
              hub_api_url(&url, &upload->repository, "preupload", upload->params->revision, error),
              done);
    TRY_OR_GO(status,
              post(upload, url, "Content-Type: application/json", &body, false, &response, error),
              done);
    TRY_OR_GO(status, check_response(upload, &response, error), done);
    status =
        hub_upload_modes_parse(modes, paths, count, &response.body, upload->repository.what, error);
    for (size_t i = 0; status == BERT_OK && i < count; i++)
        files[i].mode = modes[i];
done:
    json_decref(described);
    json_decref(request_json);
    free(url);
    text_free(&body);
    http_response_free(&response);
    return status;
}

/* Determines how each file is uploaded, and whether it has changed. */
static bert_status examine(upload *upload, bert_error *error)
{
    upload_folder *folder = &upload->folder;
    for (size_t i = 0; i < folder->count; i += FILES_PER_REQUEST) {
        size_t left = folder->count - i;
        TRY(ask_modes(upload, folder->files + i,
                      left < FILES_PER_REQUEST ? left : FILES_PER_REQUEST, error));
    }
    for (size_t i = 0; i < folder->count; i++) {
        upload_file *file = &folder->files[i];
        if (file->size == 0)
            file->mode.large = false; /* LFS storage does not accept empty files */
        TRY(digest_descriptor(file->digest, file->mode.large ? DIGEST_SHA256 : DIGEST_GIT_SHA1,
                              file->descriptor, file->size, file->path, error));
        file->unchanged = strcmp(file->digest, file->mode.digest) == 0;
        if (file->mode.ignored)
            observer_message(upload->observer, BERT_MESSAGE_WARNING,
                             "%s: skipped, it matches the repository's .gitignore", file->path);
        if (file->mode.large && !file->unchanged && !file->mode.ignored)
            upload->transfer.total += file->size;
    }
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- commit --- */

static bert_status append_line(text *body, json_t *line, bert_error *error)
{
    if (!line)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "the commit message or a name is not valid UTF-8");
    bert_status status = json_format(body, line, 0, error);
    json_decref(line);
    return status == BERT_OK ? text_append(body, "\n", 1, error) : status;
}

static bert_status append_content(text *body, const upload *upload, const upload_file *file,
                                  bert_error *error)
{
    if (file->size > INLINE_MAX)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: the Hub requires its %" PRIu64
                         " bytes inside the commit, the limit is %d",
                         file->path, file->size, INLINE_MAX);
    const char *token = upload->settings.token;
    text content = {0}, encoded = {0};
    bert_status status;
    TRY_OR_GO(status, upload_file_read(&content, file, error), done);
    if (content.data && memmem(content.data, content.length, token, strlen(token))) {
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "%s: contains your Hub token; nothing was committed", file->path);
        goto done;
    }
    TRY_OR_GO(status, append_base64(&encoded, content.data, content.length, error), done);
    status = append_line(body,
                         json_pack("{s:s, s:{s:s, s:s, s:s}}", "key", "file", "value", "content",
                                   encoded.data ? encoded.data : "", "path", file->path, "encoding",
                                   "base64"),
                         error);
done:
    text_free(&content);
    text_free(&encoded);
    return status;
}

static bert_status append_file(text *body, const upload *upload, const upload_file *file,
                               bert_error *error)
{
    if (!file->mode.large)
        return append_content(body, upload, file, error);
    return append_line(body,
                       json_pack("{s:s, s:{s:s, s:s, s:s, s:I}}", "key", "lfsFile", "value", "path",
                                 file->path, "algo", "sha256", "oid", file->digest, "size",
                                 (json_int_t)file->size),
                       error);
}

/* NDJSON: the header, then the new or changed files. */
static bert_status make_commit(text *body, const upload *upload, uint64_t *changed,
                               bert_error *error)
{
    const char *message = upload->params->message;
    char usual[64];
    snprintf(usual, sizeof usual, "Upload %s with bert", upload->folder.content);
    TRY(append_line(body,
                    json_pack("{s:s, s:{s:s, s:s}}", "key", "header", "value", "summary",
                              message ? message : usual, "description", ""),
                    error));
    *changed = 0;
    for (size_t i = 0; i < upload->folder.count; i++) {
        const upload_file *file = &upload->folder.files[i];
        if (file->unchanged || file->mode.ignored)
            continue;
        TRY(append_file(body, upload, file, error));
        ++*changed;
    }
    return BERT_OK;
}

static bert_status send_large_files(upload *upload, bert_error *error)
{
    for (size_t i = 0; i < upload->folder.count; i++) {
        const upload_file *file = &upload->folder.files[i];
        if (file->mode.large && !file->unchanged && !file->mode.ignored)
            TRY(lfs_upload(upload->client, &upload->settings, &upload->repository,
                           upload->params->revision, file, &upload->transfer, error));
    }
    return BERT_OK;
}

static bert_status commit(upload *upload, const text *body, bert_upload_result *result,
                          bert_error *error)
{
    char *url;
    char commit_id[41];
    http_response response = {0};
    TRY(hub_api_url(&url, &upload->repository, "commit", upload->params->revision, error));
    bert_status status;
    TRY_OR_GO(status,
              post(upload, url, "Content-Type: application/x-ndjson", body, true, &response, error),
              done);
    TRY_OR_GO(status, check_response(upload, &response, error), done);
    TRY_OR_GO(status, hub_commit_parse(commit_id, &response.body, upload->repository.what, error),
              done);
    snprintf(result->url, sizeof result->url, "%s/commit/%s", upload->repository.page, commit_id);
done:
    free(url);
    http_response_free(&response);
    return status;
}

/* ------------------------------------------------------------------------------------- all --- */

/* Settings are read before the folder is opened, and a token is asked for after that: what is wrong
 * with a folder shows without one. */
static bert_status open_settings(upload *upload, bert_error *error)
{
    const bert_upload_params *params = upload->params;
    TRY(check_params(params, error));
    TRY(hub_settings_read(&upload->settings, &params->hub, error));
    if (upload->settings.offline)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "uploads need network access, but HF_HUB_OFFLINE is set");
    return BERT_OK;
}

static bert_status connect(upload *upload, bert_error *error)
{
    const bert_upload_params *params = upload->params;
    if (!upload->settings.token)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "a token with write permission is required: create one at "
                         "%s/settings/tokens and set HF_TOKEN",
                         upload->settings.endpoint);
    TRY(hub_repository_open(&upload->repository, upload->settings.endpoint, params->name,
                            params->kind == BERT_REPOSITORY_DATASET ? BERT_REPOSITORY_DATASET
                                                                    : BERT_REPOSITORY_MODEL,
                            error));
    return http_client_open(&upload->client, &upload->settings, upload->observer, error);
}

static void warn_of_card(const upload *upload)
{
    if (upload->repository.kind == BERT_REPOSITORY_DATASET && !upload->params->include &&
        !upload_folder_has(&upload->folder, "README.md"))
        observer_message(upload->observer, BERT_MESSAGE_WARNING,
                         "%s: has no README.md, which would be the data set's card on the Hub",
                         upload->params->directory);
}

/* The folder is open. */
static bert_status run(upload *upload, bert_upload_result *result, bert_error *error)
{
    text body = {0};
    TRY(connect(upload, error));
    if (upload->params->create)
        TRY(create_repository(upload, error));
    TRY(examine(upload, error));
    warn_of_card(upload);
    snprintf(result->url, sizeof result->url, "%s", upload->repository.page);
    result->files = upload->folder.count;
    /* The commit is prepared first, so that problems with files are found before anything is sent.
     */
    bert_status status = make_commit(&body, upload, &result->committed, error);
    if (status == BERT_OK)
        status = send_large_files(upload, error);
    if (status == BERT_OK && result->committed > 0)
        status = commit(upload, &body, result, error);
    result->bytes_sent = upload->transfer.moved;
    text_free(&body);
    return status;
}

static upload begin(const bert_upload_params *params, const bert_observer *observer)
{
    return (upload){.params = params,
                    .observer = observer,
                    .transfer = {.observer = observer, .job = "upload"}};
}

bert_status bert_upload(const bert_upload_params *params, bert_upload_result *result,
                        const bert_observer *observer, bert_error *error)
{
    bert_error local_error = {0};
    upload upload = begin(params, observer);
    error = error ? error : &local_error;
    *result = (bert_upload_result){0};
    if (!params->directory)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "a folder is required");
    bert_status status = open_settings(&upload, error);
    if (status == BERT_OK)
        status = upload_folder_open(&upload.folder, params->directory, params->kind,
                                    params->include, error);
    if (status == BERT_OK)
        status = run(&upload, result, error);
    close_upload(&upload);
    return status;
}

bert_status upload_opened(const bert_upload_params *params, upload_folder *folder,
                          bert_upload_result *result, const bert_observer *observer,
                          bert_error *error)
{
    upload upload = begin(params, observer);
    upload.folder = *folder;
    *folder = (upload_folder){0};
    *result = (bert_upload_result){0};
    bert_status status = open_settings(&upload, error);
    if (status == BERT_OK)
        status = run(&upload, result, error);
    close_upload(&upload);
    return status;
}

bert_status upload_create(const bert_upload_params *params, const bert_observer *observer,
                          bert_error *error)
{
    upload upload = begin(params, observer);
    bert_status status = open_settings(&upload, error);
    if (status == BERT_OK)
        status = connect(&upload, error);
    if (status == BERT_OK)
        status = create_repository(&upload, error);
    close_upload(&upload);
    return status;
}
