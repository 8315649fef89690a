/* Downloads one file, verified by its checksum and renamed into place when complete. */
#ifndef HUB_FETCH_H
#define HUB_FETCH_H

#include "hub/digest.h"
#include "hub/http.h"

/* The metadata of a file, from a HEAD request. */
typedef struct fetch_metadata {
    char etag[DIGEST_MAX_DIGITS +
              1]; /* its checksum, which is also the name of its blob in the cache */
    digest_kind kind;
    uint64_t size;
} fetch_metadata;

/* Requests the metadata of a file. For messages, `what` names the file and `page` its repository.
 */
bert_status fetch_head(fetch_metadata *metadata, http_client *client, const hub_settings *settings,
                       const char *url, const char *what, const char *page, bert_error *error);

/* Downloads to `partial`, continuing after its current content, verifies it and renames it to
 * `path`. If the checksum is wrong, `partial` is removed; after any other error it is kept for the
 * next attempt. */
bert_status fetch_file(http_client *client, const hub_settings *settings, const char *url,
                       const fetch_metadata *metadata, const char *partial, const char *path,
                       const char *what, const char *page, transfer *transfer, bert_error *error);

/* Whether the file exists with this content; false if it does not exist. An existing file that
 * differs is an error. */
bert_status fetch_is_there(bool *there, const char *path, const fetch_metadata *metadata,
                           bert_error *error);

#endif
