#include "hub/http.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "bert/version.h"
#include "hub/retry.h"
#include "hub/url.h"

#include "hub/libcurl.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    REDIRECTS_MAX = 10,
    BODY_MAX_BYTES = 64 << 20,     /* of a response that is kept in memory */
    REFUSAL_MAX_BYTES = 64 << 10,  /* of an error response */
    HEADERS_MAX_BYTES = 256 << 10, /* of all lines */
    HEADER_MAX_BYTES = 16 << 10,   /* of a line that is kept; signed URLs are long */
    PROGRESS_BYTES = 1 << 20,      /* an attempt that received this much resets the failure count */
    CONNECT_SECONDS = 20,
    BUFFER_BYTES = 256 << 10,
};

struct http_client {
    CURL *curl;
    const hub_settings *settings;
    const bert_observer *observer;
    char *origin; /* of the endpoint: the token is sent to this origin only */
};

/* A single request without redirects: the context of libcurl's callbacks. */
typedef struct exchange {
    http_client *client;
    const http_request *request;
    http_response *response;
    size_t header_bytes;
    uint64_t received, sent;
    bool body_begun;
    bert_status status; /* of a callback that aborted it */
    bert_error error;
} exchange;

bert_status http_client_open(http_client **client, const hub_settings *settings,
                             const bert_observer *observer, bert_error *error)
{
    *client = NULL;
    TRY(libcurl_load(error));
    http_client *new_client = NULL;
    TRY(memory_array((void **)&new_client, 1, sizeof *new_client, "HTTP client", error));
    new_client->settings = settings;
    new_client->observer = observer;
    bert_status status = url_origin(&new_client->origin, settings->endpoint, error);
    if (status == BERT_OK && !(new_client->curl = libcurl.easy_init()))
        status = error_set(error, BERT_ERROR_MEMORY, "no memory for an HTTP client");
    if (status != BERT_OK) {
        http_client_close(new_client);
        return status;
    }
    if (settings->token && strncmp(new_client->origin, "http:", 5) == 0 &&
        strncmp(new_client->origin, "http://127.", 11) != 0 &&
        strncmp(new_client->origin, "http://localhost:", 17) != 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s is not https: the token is sent unencrypted", settings->endpoint);
    *client = new_client;
    return BERT_OK;
}

void http_client_close(http_client *client)
{
    if (!client)
        return;
    libcurl.easy_cleanup(client->curl);
    free(client->origin);
    free(client);
}

static void clear_headers(http_response *response)
{
    for (int i = 0; i < HTTP_HEADER_COUNT; i++) {
        free(response->headers[i]);
        response->headers[i] = NULL;
    }
}

void http_response_free(http_response *response)
{
    clear_headers(response);
    free(response->url);
    text_free(&response->body);
    *response = (http_response){0};
}

/* ------------------------------------------------------------------- libcurl's callbacks --- */

static const char *const header_names[HTTP_HEADER_COUNT] = {
    [HTTP_LOCATION] = "location",
    [HTTP_ETAG] = "etag",
    [HTTP_LINKED_ETAG] = "x-linked-etag",
    [HTTP_LINKED_SIZE] = "x-linked-size",
    [HTTP_REPO_COMMIT] = "x-repo-commit",
    [HTTP_CONTENT_LENGTH] = "content-length",
    [HTTP_CONTENT_RANGE] = "content-range",
    [HTTP_CONTENT_ENCODING] = "content-encoding",
    [HTTP_RETRY_AFTER] = "retry-after",
    [HTTP_ERROR_CODE] = "x-error-code",
    [HTTP_ERROR_MESSAGE] = "x-error-message",
};

/* Stores the value of a known header; the last of several is kept. */
static bert_status keep_header(http_response *response, const char *line, size_t length,
                               bert_error *error)
{
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return BERT_OK;
    size_t name_length = (size_t)(colon - line);
    const char *value = colon + 1, *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && strchr(" \t\r\n", end[-1]))
        end--;
    for (int i = 0; i < HTTP_HEADER_COUNT; i++) {
        if (strlen(header_names[i]) != name_length ||
            strncasecmp(header_names[i], line, name_length) != 0)
            continue;
        if (end - value > HEADER_MAX_BYTES)
            return error_set(error, BERT_ERROR_INPUT, "the response header %s is too long",
                             header_names[i]);
        free(response->headers[i]);
        return path_format(&response->headers[i], error, "%.*s", (int)(end - value), value);
    }
    return BERT_OK;
}

static size_t receive_header(char *line, size_t size, size_t count, void *context)
{
    exchange *exchange = context;
    size_t length = size * count;
    exchange->header_bytes += length;
    if (exchange->header_bytes > HEADERS_MAX_BYTES) {
        exchange->status =
            error_set(&exchange->error, BERT_ERROR_INPUT,
                      "the response has more than %d bytes of headers", HEADERS_MAX_BYTES);
        return 0;
    }
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) /* a new response, e.g. after 100 Continue */
        clear_headers(exchange->response);
    exchange->status = keep_header(exchange->response, line, length, &exchange->error);
    return exchange->status == BERT_OK ? length : 0;
}

static bool is_success(long status)
{
    return status >= 200 && status < 300;
}

static bert_status begin_body(exchange *exchange)
{
    if (exchange->body_begun)
        return BERT_OK;
    exchange->body_begun = true;
    libcurl.easy_getinfo(exchange->client->curl, CURLINFO_RESPONSE_CODE,
                         &exchange->response->status);
    const http_sink *sink = exchange->request->sink;
    if (!sink || !is_success(exchange->response->status))
        return BERT_OK;
    return sink->begin(sink->context, exchange->response, &exchange->error);
}

static bert_status keep_body(exchange *exchange, const char *data, size_t length)
{
    text *body = &exchange->response->body;
    if (is_success(exchange->response->status)) {
        if (length > BODY_MAX_BYTES - body->length)
            return error_set(&exchange->error, BERT_ERROR_INPUT,
                             "the response is longer than %d bytes", BODY_MAX_BYTES);
    } else if (length > REFUSAL_MAX_BYTES - body->length) {
        length = REFUSAL_MAX_BYTES - body->length;
    }
    return length ? text_append(body, data, length, &exchange->error) : BERT_OK;
}

static size_t receive_body(char *data, size_t size, size_t count, void *context)
{
    exchange *exchange = context;
    size_t length = size * count;
    exchange->received += length;
    exchange->status = begin_body(exchange);
    if (exchange->status != BERT_OK)
        return CURL_WRITEFUNC_ERROR;
    const http_sink *sink = exchange->request->sink;
    if (sink && is_success(exchange->response->status))
        exchange->status = sink->write(sink->context, data, length, &exchange->error);
    else
        exchange->status = keep_body(exchange, data, length);
    return exchange->status == BERT_OK ? length : CURL_WRITEFUNC_ERROR;
}

static size_t read_file(char *data, size_t size, size_t count, void *context)
{
    exchange *exchange = context;
    const http_request *request = exchange->request;
    uint64_t left = request->file_length - exchange->sent;
    size_t want = size * count < left ? size * count : (size_t)left;
    ssize_t got = 0;
    do
        got = want ? pread(request->descriptor, data, want,
                           (off_t)(request->file_offset + exchange->sent))
                   : 0;
    while (got < 0 && errno == EINTR);
    if (got < 0 || (got == 0 && want)) {
        exchange->status = got < 0
                               ? error_set_errno(&exchange->error, errno, "cannot read the file")
                               : error_set(&exchange->error, BERT_ERROR_INPUT,
                                           "the file was truncated during the upload");
        return CURL_READFUNC_ABORT;
    }
    exchange->sent += (uint64_t)got;
    if (request->transfer)
        transfer_advance(request->transfer, (uint64_t)got);
    return (size_t)got;
}

/* If a reused connection turns out to be closed, libcurl rewinds and sends again. */
static int seek_file(void *context, curl_off_t offset, int origin)
{
    exchange *exchange = context;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > exchange->sent)
        return CURL_SEEKFUNC_FAIL;
    if (exchange->request->transfer)
        transfer_rewind(exchange->request->transfer, exchange->sent - (uint64_t)offset);
    exchange->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static int check_stop(void *context, curl_off_t download_total, curl_off_t download_now,
                      curl_off_t upload_total, curl_off_t upload_now)
{
    (void)download_total, (void)download_now, (void)upload_total, (void)upload_now;
    exchange *exchange = context;
    return observer_should_stop(exchange->client->observer);
}

/* ----------------------------------------------------------------------------- one request --- */

static bert_status add_line(struct curl_slist **lines, bert_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bert_status add_line(struct curl_slist **lines, bert_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *line = NULL;
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    struct curl_slist *longer = length < 0 ? NULL : libcurl.slist_append(*lines, line);
    if (length >= 0) {
        explicit_bzero(line, (size_t)length);
        free(line);
    }
    if (!longer)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a request");
    *lines = longer;
    return BERT_OK;
}

static bert_status make_lines(struct curl_slist **lines, const http_client *client,
                              const http_request *request, const char *url, bert_error *error)
{
    const http_sink *sink = request->sink;
    TRY(add_line(lines, error, "User-Agent: bert/%s", BERT_VERSION_STRING));
    TRY(add_line(lines, error, "Expect:")); /* do not wait for 100 Continue */
    if (client->settings->token && url_same_origin(url, client->origin))
        TRY(add_line(lines, error, "Authorization: Bearer %s", client->settings->token));
    if (sink && sink->position > 0)
        TRY(add_line(lines, error, "Range: bytes=%" PRIu64 "-", sink->position));
    if (sink && sink->position > 0 && sink->etag[0])
        TRY(add_line(lines, error, "If-Range: %s", sink->etag));
    for (size_t i = 0; i < request->header_count; i++)
        TRY(add_line(lines, error, "%s", request->headers[i]));
    return BERT_OK;
}

static void free_lines(struct curl_slist *lines)
{
    for (struct curl_slist *line = lines; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data)); /* one of them contains the token */
    libcurl.slist_free_all(lines);
}

static void set_method(CURL *curl, const http_request *request)
{
    switch (request->method) {
    case HTTP_GET:
        break;
    case HTTP_HEAD:
        libcurl.easy_setopt(curl, CURLOPT_NOBODY, 1L);
        break;
    case HTTP_POST:
        libcurl.easy_setopt(curl, CURLOPT_POST, 1L);
        libcurl.easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
        libcurl.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        break;
    case HTTP_PUT:
        libcurl.easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        libcurl.easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->file_length);
        break;
    }
}

static void set_options(exchange *exchange, const char *url, struct curl_slist *lines,
                        char *problem)
{
    CURL *curl = exchange->client->curl;
    libcurl.easy_reset(curl); /* keeps open connections */
    libcurl.easy_setopt(curl, CURLOPT_URL, url);
    libcurl.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
    libcurl.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (exchange->client->settings->certificates)
        libcurl.easy_setopt(curl, CURLOPT_CAINFO, exchange->client->settings->certificates);
    libcurl.easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    libcurl.easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
    libcurl.easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    libcurl.easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    libcurl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    libcurl.easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    libcurl.easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)exchange->client->settings->timeout);
    libcurl.easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header);
    libcurl.easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
    libcurl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
    libcurl.easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    libcurl.easy_setopt(curl, CURLOPT_READFUNCTION, read_file);
    libcurl.easy_setopt(curl, CURLOPT_READDATA, exchange);
    libcurl.easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_file);
    libcurl.easy_setopt(curl, CURLOPT_SEEKDATA, exchange);
    libcurl.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    libcurl.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_stop);
    libcurl.easy_setopt(curl, CURLOPT_XFERINFODATA, exchange);
    /* On a reused connection, libcurl might send the request twice. */
    libcurl.easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)exchange->request->once);
    set_method(curl, exchange->request);
}

/* Translates libcurl's error code; *retry: another attempt may succeed. */
static bert_status explain(const exchange *exchange, CURLcode code, const char *url,
                           const char *problem, bool *retry, bert_error *error)
{
    const http_request *request = exchange->request;
    *retry = retry_is_worth(code) && !(request->once && code != CURLE_COULDNT_CONNECT);
    if (exchange->status != BERT_OK) {
        *retry = false;
        return error_set(error, exchange->status, "%s: %s", request->what, exchange->error.message);
    }
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_set(error, BERT_ERROR_IO, "%s: stopped; run the same command to continue",
                         request->what);
    text shown = {0};
    TRY(url_shown(&shown, url, error));
    bert_status status =
        code == CURLE_OPERATION_TIMEDOUT
            ? error_set(error, BERT_ERROR_IO,
                        "%s: %.300s: no data received for %d seconds (HF_HUB_DOWNLOAD_TIMEOUT)",
                        request->what, shown.data, exchange->client->settings->timeout)
            : error_set(error, BERT_ERROR_IO, "%s: %.300s: %s", request->what, shown.data,
                        problem[0] ? problem : libcurl.easy_strerror(code));
    text_free(&shown);
    return status;
}

static bert_status exchange_run(exchange *exchange, const char *url, bool *retry, bert_error *error)
{
    *retry = false;
    clear_headers(exchange->response);
    text_clear(&exchange->response->body);
    exchange->response->status = 0;
    exchange->header_bytes = 0;
    exchange->body_begun = false;
    if (exchange->sent && exchange->request->transfer)
        transfer_rewind(exchange->request->transfer, exchange->sent);
    exchange->sent = 0;

    struct curl_slist *lines = NULL;
    bert_status status = make_lines(&lines, exchange->client, exchange->request, url, error);
    if (status == BERT_OK) {
        char problem[CURL_ERROR_SIZE] = "";
        set_options(exchange, url, lines, problem);
        CURLcode code = libcurl.easy_perform(exchange->client->curl);
        if (code == CURLE_OK)
            code =
                (exchange->status = begin_body(exchange)) == BERT_OK ? CURLE_OK : CURLE_WRITE_ERROR;
        if (code != CURLE_OK)
            status = explain(exchange, code, url, problem, retry, error);
        libcurl.easy_setopt(exchange->client->curl, CURLOPT_ERRORBUFFER, NULL);
        libcurl.easy_setopt(exchange->client->curl, CURLOPT_HTTPHEADER, NULL);
    }
    free_lines(lines);
    return status;
}

/* -------------------------------------------------------------------- redirects and retries --- */

static bool is_redirect(const http_response *response)
{
    long status = response->status;
    return (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) &&
           response->headers[HTTP_LOCATION];
}

static bool ends_here(const exchange *exchange, const char *target)
{
    char *const *headers = exchange->response->headers;
    bool has_metadata = headers[HTTP_LINKED_ETAG] && headers[HTTP_LINKED_SIZE];
    return exchange->request->metadata &&
           (has_metadata || !url_same_origin(target, exchange->client->origin));
}

static bool keeps_method(const http_request *request, long status)
{
    return request->method == HTTP_GET || request->method == HTTP_HEAD || status == 307 ||
           status == 308;
}

/* Sends the request and follows redirects. response->url is the URL of the last response. */
static bert_status follow(exchange *exchange, bool *retry, bert_error *error)
{
    const http_request *request = exchange->request;
    http_response *response = exchange->response;
    free(response->url);
    response->url = NULL;
    TRY(path_format(&response->url, error, "%s", request->url));
    for (int hops = 0;; hops++) {
        TRY(exchange_run(exchange, response->url, retry, error));
        if (!is_redirect(response))
            return BERT_OK;
        char *target;
        bert_status status =
            url_redirect(&target, response->url, response->headers[HTTP_LOCATION], error);
        if (status != BERT_OK)
            return error_prefix(error, status, "%s: a redirect", request->what);
        if (ends_here(exchange, target)) {
            free(target);
            return BERT_OK;
        }
        free(response->url);
        response->url = target;
        if (hops == REDIRECTS_MAX)
            return error_set(error, BERT_ERROR_INPUT, "%s: more than %d redirects in a row",
                             request->what, REDIRECTS_MAX);
        if (!keeps_method(request, response->status))
            return error_set(
                error, BERT_ERROR_INPUT,
                "%s: a redirect with status %ld, which would change the method of the request",
                request->what, response->status);
    }
}

bert_status http_send(http_client *client, const http_request *request, http_response *response,
                      bert_error *error)
{
    exchange exchange = {.client = client, .request = request, .response = response};
    for (int failures = 0;;) {
        bool retry = false;
        exchange.received = 0;
        bert_status status = follow(&exchange, &retry, error);
        if (status == BERT_OK && !retry_status(response->status))
            return BERT_OK;
        if (status == BERT_OK) {
            /* A commit may have been made although the server failed; with 429 and 503 it was not
             * processed. */
            retry = !request->once || response->status == 429 || response->status == 503;
            status = error_set(error, BERT_ERROR_IO, "%s: the server responded with status %ld%s",
                               request->what, response->status,
                               response->status == 429 ? " (too many requests)" : "");
        }
        if (!retry)
            return status;
        failures = exchange.received >= PROGRESS_BYTES ? 1 : failures + 1;
        if (failures > client->settings->retries)
            return failures == 1
                       ? status
                       : error_prefix(error, status, "gave up after %d attempts", failures);
        TRY(retry_wait(failures, response->headers[HTTP_RETRY_AFTER], client->observer, error));
    }
}
