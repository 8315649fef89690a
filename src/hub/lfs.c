#include "hub/lfs.h"

#include "base/file.h"
#include "formats/json.h"
#include "hub/error_response.h"

#include <stdlib.h>
#include <string.h>

/* The context of all requests for a file. */
typedef struct store {
    http_client *client;
    const hub_settings *settings;
    const hub_repository *repository;
    const upload_file *file;
    transfer *transfer;
} store;

static const char *const lfs_headers[] = {
    "Accept: application/vnd.git-lfs+json",
    "Content-Type: application/vnd.git-lfs+json",
};

/* POSTs a JSON value, which it frees, and appends the response body to `answer` if that is not
 * NULL. */
static bert_status post(const store *store, const char *url, json_t *value, text *answer,
                        bert_error *error)
{
    http_response response = {0};
    text body = {0};
    bert_status status;
    if (!value)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a request");
    TRY_OR_GO(status, json_format(&body, value, 0, error), done);
    http_request request = {
        .method = HTTP_POST,
        .url = url,
        .what = store->file->path,
        .headers = lfs_headers,
        .header_count = sizeof lfs_headers / sizeof lfs_headers[0],
        .body = body.data,
        .body_length = body.length,
    };
    TRY_OR_GO(status, http_send(store->client, &request, &response, error), done);
    TRY_OR_GO(status,
              error_response_check(&response, store->settings, store->file->path,
                                   store->repository->page, error),
              done);
    if (answer && response.body.length > 0)
        status = text_append(answer, response.body.data, response.body.length, error);
done:
    json_decref(value);
    text_free(&body);
    http_response_free(&response);
    return status;
}

static bert_status ask_action(lfs_action *action, const store *store, const char *revision,
                              bert_error *error)
{
    const upload_file *file = store->file;
    char *url;
    TRY(path_format(&url, error, "%s.git/info/lfs/objects/batch", store->repository->page));
    text answer = {0};
    json_t *request_json =
        json_pack("{s:s, s:[s, s], s:[{s:s, s:I}], s:s, s:{s:s}}", "operation", "upload",
                  "transfers", "basic", "multipart", "objects", "oid", file->digest, "size",
                  (json_int_t)file->size, "hash_algo", "sha256", "ref", "name", revision);
    bert_status status = post(store, url, request_json, &answer, error);
    if (status == BERT_OK)
        status = lfs_action_parse(action, &answer, file->digest, file->size, file->path, error);
    text_free(&answer);
    free(url);
    return status;
}

/* PUTs a range of the file; *etag, if wanted, is the ETag of the response, freed by the caller. */
static bert_status put_range(const store *store, const char *url, char *const *headers,
                             size_t header_count, uint64_t offset, uint64_t length, char **etag,
                             bert_error *error)
{
    http_response response = {0};
    http_request request = {
        .method = HTTP_PUT,
        .url = url,
        .what = store->file->path,
        .headers = (const char *const *)headers,
        .header_count = header_count,
        .descriptor = store->file->descriptor,
        .file_offset = offset,
        .file_length = length,
        .transfer = store->transfer,
    };
    bert_status status = http_send(store->client, &request, &response, error);
    if (status == BERT_OK)
        status = error_response_check(&response, store->settings, store->file->path,
                                      store->repository->page, error);
    const char *found = response.headers[HTTP_ETAG];
    if (status == BERT_OK && etag)
        status = found && *found ? path_format(etag, error, "%s", found)
                                 : error_set(error, BERT_ERROR_INPUT,
                                             "%s: the LFS storage returned no ETag for a part",
                                             store->file->path);
    http_response_free(&response);
    return status;
}

static bert_status put_parts(const store *store, const lfs_action *action, bert_error *error)
{
    json_t *parts = json_array();
    bert_status status = BERT_OK;
    for (size_t i = 0; status == BERT_OK && i < action->part_count; i++) {
        uint64_t offset = (uint64_t)i * action->part_size;
        uint64_t left = store->file->size - offset;
        char *etag = NULL;
        status = put_range(store, action->parts[i], NULL, 0, offset,
                           left < action->part_size ? left : action->part_size, &etag, error);
        if (status == BERT_OK &&
            json_array_append_new(
                parts, json_pack("{s:I, s:s}", "partNumber", (json_int_t)i + 1, "etag", etag)) != 0)
            status =
                error_set(error, BERT_ERROR_INPUT, "%s: the ETag of part %zu is not valid UTF-8",
                          store->file->path, i + 1);
        free(etag);
    }
    if (status != BERT_OK) {
        json_decref(parts);
        return status;
    }
    json_t *completion = json_pack("{s:s, s:o}", "oid", store->file->digest, "parts", parts);
    return post(store, action->url, completion, NULL, error);
}

static bert_status send(const store *store, const lfs_action *action, bert_error *error)
{
    if (action->parts)
        TRY(put_parts(store, action, error));
    else
        TRY(put_range(store, action->url, action->headers, action->header_count, 0,
                      store->file->size, NULL, error));
    if (!action->verify_url)
        return BERT_OK;
    json_t *object =
        json_pack("{s:s, s:I}", "oid", store->file->digest, "size", (json_int_t)store->file->size);
    return post(store, action->verify_url, object, NULL, error);
}

bert_status lfs_upload(http_client *client, const hub_settings *settings,
                       const hub_repository *repository, const char *revision,
                       const upload_file *file, transfer *transfer, bert_error *error)
{
    store store = {client, settings, repository, file, transfer};
    lfs_action action;
    TRY(ask_action(&action, &store, revision, error));
    bert_status status = BERT_OK;
    if (action.there)
        transfer->done += file->size;
    else
        status = send(&store, &action, error);
    lfs_action_free(&action);
    return status;
}
