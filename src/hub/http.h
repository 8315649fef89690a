/* HTTP for the Hub's protocol, based on libcurl: redirects that never send the token to another
 * origin, retries, and limits on untrusted responses. */
#ifndef HUB_HTTP_H
#define HUB_HTTP_H

#include "base/text.h"
#include "hub/settings.h"
#include "hub/transfer.h"

typedef struct http_client http_client;

/* `settings` and `observer` must outlive the client. */
bert_status http_client_open(http_client **client, const hub_settings *settings,
                             const bert_observer *observer, bert_error *error);
void http_client_close(http_client *client);

typedef enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT } http_method;

/* The response headers that are used. */
typedef enum http_header {
    HTTP_LOCATION,
    HTTP_ETAG,
    HTTP_LINKED_ETAG,
    HTTP_LINKED_SIZE,
    HTTP_REPO_COMMIT,
    HTTP_CONTENT_LENGTH,
    HTTP_CONTENT_RANGE,
    HTTP_CONTENT_ENCODING,
    HTTP_RETRY_AFTER,
    HTTP_ERROR_CODE,
    HTTP_ERROR_MESSAGE,
    HTTP_HEADER_COUNT,
} http_header;

typedef struct http_response {
    long status;                      /* 200, 404 … */
    char *url;                        /* of the response, after all redirects */
    char *headers[HTTP_HEADER_COUNT]; /* NULL: absent */
    text body;                        /* if there is no sink */
} http_response;
void http_response_free(http_response *response);

/* Receives the body of a 2xx response in chunks. */
typedef struct http_sink {
    void *context;
    /* Called after the headers: the body begins at byte 0 (200) or at the start of the range (206).
     */
    bert_status (*begin)(void *context, const http_response *response, bert_error *error);
    bert_status (*write)(void *context, const void *data, size_t size, bert_error *error);
    uint64_t position; /* start of the next request; above 0: a range request */
    char etag[128];    /* strong ETag of the data so far (If-Range), so that another version is not
                          continued */
} http_sink;

typedef struct http_request {
    http_method method;
    const char *url;
    const char *what;           /* what is requested; begins messages */
    const char *const *headers; /* additional lines, "Name: value" */
    size_t header_count;
    const char *body; /* of HTTP_POST */
    size_t body_length;
    int descriptor; /* of HTTP_PUT: this range of a file */
    uint64_t file_offset, file_length;
    transfer *transfer; /* progress of the upload, or NULL */
    http_sink *sink;    /* NULL: the body is stored in the response */
    bool metadata; /* do not follow a redirect that has the metadata of its target, or that leads to
                      another origin */
    bool once;     /* not idempotent: do not retry after the request may have been processed */
} http_request;

/* Sends a request and follows redirects. Retries, with exponential backoff or after Retry-After, if
 * the connection fails or the status is 408, 429 or 5xx. BERT_OK means that there is a response,
 * possibly a 404; see error_response.h. The caller frees `response`, also after a failure. */
bert_status http_send(http_client *client, const http_request *request, http_response *response,
                      bert_error *error);

#endif
