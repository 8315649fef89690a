/* One file over the network into one file on disk, whole and checked. */
#ifndef HUB_FETCH_H
#define HUB_FETCH_H

#include "hub/digest.h"
#include "hub/http.h"

/* What the Hub says of a file before its bytes. */
typedef struct fetch_metadata {
    char etag[DIGEST_MAX_DIGITS + 1]; /* its checksum, and its blob's name in the cache */
    digest_kind kind;
    uint64_t size;
} fetch_metadata;

/* Asks for a file's metadata. `what` names the file, `page` its repository, for messages. */
bert_status fetch_head(fetch_metadata *metadata, http_client *client, const hub_settings *settings,
                       const char *url, const char *what, const char *page, bert_error *error);

/* Brings the bytes to `partial`, going on behind what it holds already, checks them and renames it
 * to `path`. Where the checksum is wrong, `partial` is removed; after any other error it stays for
 * the next attempt. */
bert_status fetch_file(http_client *client, const hub_settings *settings, const char *url,
                       const fetch_metadata *metadata, const char *partial, const char *path,
                       const char *what, const char *page, transfer *transfer, bert_error *error);

/* Whether the file is there with this content; `false` where it is not there at all. One that is
 * there and differs is an error. */
bert_status fetch_is_there(bool *there, const char *path, const fetch_metadata *metadata,
                           bert_error *error);

#endif
