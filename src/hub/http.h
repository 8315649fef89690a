/* HTTP as the hub's protocol needs it, over libcurl: redirects that keep the token at home,
 * repeated requests, and answers that are hostile until checked. */
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

/* The header lines that anybody asks for. */
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
    char *url;                        /* that answered, behind all redirects */
    char *headers[HTTP_HEADER_COUNT]; /* NULL: not there */
    text body;                        /* what no sink took */
} http_response;
void http_response_free(http_response *response);

/* Takes the body of an answer 2xx piece by piece. */
typedef struct http_sink {
    void *context;
    /* The head is there: the body that follows begins at byte 0 (200) or as the range says (206).
     */
    bert_status (*begin)(void *context, const http_response *response, bert_error *error);
    bert_status (*write)(void *context, const void *data, size_t size, bert_error *error);
    uint64_t position; /* where the next request is to begin: more than 0 asks for a range */
    char etag[128];    /* strong, of the answer so far: another version must not be continued */
} http_sink;

typedef struct http_request {
    http_method method;
    const char *url;
    const char *what;           /* is asked for; begins messages */
    const char *const *headers; /* further lines, "Name: value" */
    size_t header_count;
    const char *body; /* of HTTP_POST */
    size_t body_length;
    int descriptor; /* of HTTP_PUT: this piece of a file */
    uint64_t file_offset, file_length;
    transfer *transfer; /* NULL, or what is told of the piece */
    http_sink *sink;    /* NULL: `body` of the response */
    bool metadata; /* stop at an answer that says what lies behind its redirect, or that leads to
                      another host */
    bool once;     /* where the connection breaks, it may have been heard: do not send it again */
} http_request;

/* Sends it, follows redirects, and tries again (with growing pauses, or as long as Retry-After
 * says) where the connection breaks or the answer is 408, 429 or 5xx. BERT_OK: there is an answer,
 * be it 404; see error_response.h. `response` is released by the caller in any case. */
bert_status http_send(http_client *client, const http_request *request, http_response *response,
                      bert_error *error);

#endif
