/* bert_serve: libmicrohttpd's threads receive requests and send responses; the calling thread owns
 * the model and computes, one request at a time. */
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "formats/json.h"
#include "options/options.h"
#include "serve/microhttpd.h"
#include "serve/page.h"
#include "serve/queue.h"
#include "serve/response.h"
#include "serve/routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLL_MILLISECONDS = 200, RETRY_AFTER_SECONDS = 1 };

typedef struct server {
    const bert_serve_params *params;
    bert_model *model;
    bert_workspace *workspace; /* of the thread that computes */
    char *name;                /* name of the model in paths and on the page */
    bool loopback;
    serve_queue queue;
    struct MHD_Daemon *daemon;
} server;

/* A request being received. */
typedef struct exchange {
    text body;
    double started_at; /* clock_seconds() of its headers */
    bool head;         /* a HEAD request */
} exchange;

bert_serve_params bert_serve_params_default(void)
{
    return (bert_serve_params){
        .host = "127.0.0.1",
        .port = 8080,
        .max_request_bytes = 1 << 20,
        .max_inputs = 64,
        .max_connections = 64,
        .max_waiting = 16,
        .timeout = 30,
    };
}

/* ------------------------------------------------------------------------------ responses --- */

static enum MHD_Result send_content(struct MHD_Connection *connection, unsigned status,
                                    const char *type, const char *content, size_t length)
{
    struct MHD_Response *response =
        microhttpd.create_response_from_buffer(length, (void *)content, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    microhttpd.add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    microhttpd.add_response_header(response, "X-Content-Type-Options", "nosniff");
    microhttpd.add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    microhttpd.add_response_header(
        response, "Content-Security-Policy",
        "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline'; frame-ancestors 'none'");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        microhttpd.add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    enum MHD_Result result = microhttpd.queue_response(connection, status, response);
    microhttpd.destroy_response(response);
    return result;
}

/* Takes ownership of `value`. */
static enum MHD_Result send_json(struct MHD_Connection *connection, unsigned status, json_t *value)
{
    text content = {0};
    bert_status formatted = value ? json_format(&content, value, 0, NULL) : BERT_ERROR_MEMORY;
    enum MHD_Result result =
        formatted == BERT_OK
            ? send_content(connection, status, "application/json", content.data, content.length)
            : MHD_NO; /* out of memory: the connection is closed */
    text_free(&content);
    json_decref(value);
    return result;
}

static enum MHD_Result send_error(struct MHD_Connection *connection, unsigned status,
                                  const char *message)
{
    return send_json(connection, status, serve_error_json(message));
}

static enum MHD_Result send_info(struct MHD_Connection *connection, const server *server)
{
    json_t *tasks = json_array();
    for (serve_task task = 0; task < SERVE_TASK_COUNT; task++)
        if (serve_can(server->model, task))
            json_array_append_new(tasks, json_string(serve_task_name(task)));
    const bert_tokenizer *tokenizer = bert_model_tokenizer(server->model);
    const char *mask = bert_tokenizer_token(tokenizer, bert_tokenizer_special_ids(tokenizer).mask);
    json_t *info =
        json_pack("{s:s, s:s, s:o, s:I, s:i, s:s, s:s}", "model", server->name, "default_task",
                  serve_task_name(serve_default_task(server->model)), "tasks", tasks,
                  "max_request_bytes", (json_int_t)server->params->max_request_bytes, "max_inputs",
                  server->params->max_inputs, "mask_token", mask, "version", bert_version());
    return send_json(connection, MHD_HTTP_OK, info);
}

static unsigned http_status(bert_status status)
{
    switch (status) {
    case BERT_ERROR_INPUT:
    case BERT_ERROR_INVALID_ARGUMENT:
        return MHD_HTTP_BAD_REQUEST;
    case BERT_ERROR_MEMORY:
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    default:
        return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
}

static enum MHD_Result send_outcome(struct MHD_Connection *connection, serve_outcome outcome,
                                    serve_job *job)
{
    if (outcome == SERVE_BUSY)
        return send_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                          "too many requests are waiting; retry in a second");
    if (outcome == SERVE_CLOSED)
        return send_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
    if (!job->response)
        return send_error(connection, http_status(job->error.status), job->error.message);
    return send_json(connection, MHD_HTTP_OK, job->response);
}

static enum MHD_Result respond_to_task(struct MHD_Connection *connection, server *server,
                                       serve_task task, const text *body)
{
    if (task == SERVE_TASK_COUNT)
        task = serve_default_task(server->model);
    if (!serve_can(server->model, task))
        return send_error(connection, MHD_HTTP_BAD_REQUEST, "the model has no head for this task");
    bert_error error = {0};
    serve_request request;
    enum MHD_Result result;
    bert_status status =
        serve_request_parse(&request, task, body->length ? body->data : "", body->length,
                            (size_t)server->params->max_inputs, &error);
    if (status != BERT_OK) {
        result = send_error(connection, http_status(status), error.message);
    } else {
        serve_job job = {.task = task, .request = &request};
        serve_outcome outcome = serve_queue_do(&server->queue, &job, server->params->timeout);
        result = send_outcome(connection, outcome, &job);
    }
    serve_request_free(&request);
    return result;
}

static enum MHD_Result respond(struct MHD_Connection *connection, server *server,
                               const char *method, const char *path, const text *body)
{
    route route = route_find(method, path, server->name);
    switch (route.kind) {
    case ROUTE_PAGE:
        return send_content(connection, MHD_HTTP_OK, "text/html; charset=utf-8", serve_page,
                            serve_page_length);
    case ROUTE_INFO:
        return send_info(connection, server);
    case ROUTE_HEALTH:
        return send_json(connection, MHD_HTTP_OK, json_pack("{s:s}", "status", "ok"));
    case ROUTE_TASK:
        return respond_to_task(connection, server, route.task, body);
    case ROUTE_WRONG_METHOD:
        return send_error(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                          "wrong method for this path; see docs/serve.md");
    case ROUTE_OTHER_MODEL:
        return send_error(connection, MHD_HTTP_NOT_FOUND,
                          "this model is not served here; GET /info says which one is");
    default:
        return send_error(connection, MHD_HTTP_NOT_FOUND, "no such path; see docs/serve.md");
    }
}

/* --------------------------------------------------------------------------------- requests --- */

/* Returns why a request is rejected before its body is read, or NULL. */
static const char *rejection_reason(struct MHD_Connection *connection, const server *server,
                                    unsigned *status)
{
    const char *host =
        microhttpd.lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    const char *origin =
        microhttpd.lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);
    const char *length = microhttpd.lookup_connection_value(connection, MHD_HEADER_KIND,
                                                            MHD_HTTP_HEADER_CONTENT_LENGTH);
    *status = MHD_HTTP_FORBIDDEN;
    if (server->loopback && host && !host_is_local(host))
        return "this server accepts requests to this machine only";
    if (origin && !(host && origin_is_same(origin, host)))
        return "requests from pages of another origin are rejected";
    *status = MHD_HTTP_CONTENT_TOO_LARGE;
    if (length && strtoull(length, NULL, 10) > server->params->max_request_bytes)
        return "the body is too large; GET /info returns the limit";
    return NULL;
}

/* Closes the connection if a body without Content-Length exceeds the limit, or if the body arrives
 * too slowly. */
static enum MHD_Result receive_body(const server *server, exchange *exchange, const char *data,
                                    size_t *length)
{
    if (exchange->body.length + *length > server->params->max_request_bytes ||
        clock_seconds() - exchange->started_at > server->params->timeout ||
        text_append(&exchange->body, data, *length, NULL) != BERT_OK)
        return MHD_NO;
    *length = 0;
    return MHD_YES;
}

/* Called once after the headers, once for each chunk of the body, and once at its end. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *length, void **state)
{
    (void)version;
    server *server = context;
    exchange *exchange = *state;
    if (!exchange) {
        unsigned status;
        const char *reason = rejection_reason(connection, server, &status);
        if (reason)
            return send_error(connection, status, reason);
        if (memory_array((void **)&exchange, 1, sizeof *exchange, "a request", NULL) != BERT_OK)
            return MHD_NO;
        exchange->started_at = clock_seconds();
        *state = exchange;
        return MHD_YES;
    }
    if (*length > 0)
        return receive_body(server, exchange, data, length);
    return respond(connection, server, method, path, &exchange->body);
}

static void request_completed(void *context, struct MHD_Connection *connection, void **state,
                              enum MHD_RequestTerminationCode code)
{
    (void)context, (void)connection, (void)code;
    exchange *exchange = *state;
    if (exchange)
        text_free(&exchange->body);
    free(exchange);
}

/* ------------------------------------------------------------------------------- the server --- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* Creates the socket itself, so that the error states the reason. */
static bert_status listen_on(const server *server, const struct addrinfo *address, int *listener,
                             bert_error *error)
{
    const bert_serve_params *params = server->params;
    *listener = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*listener >= 0) {
        int on = 1;
        setsockopt(*listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(*listener, address->ai_addr, address->ai_addrlen) == 0 &&
            listen(*listener, params->max_connections) == 0)
            return BERT_OK;
    }
    int reason = errno;
    if (*listener >= 0)
        close(*listener);
    return error_set_errno(error, reason, "cannot listen on %s port %d", params->host,
                           params->port);
}

static int port_of(int listener)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static bert_status start(server *server, const bert_observer *observer, bert_error *error)
{
    const bert_serve_params *params = server->params;
    char port[16];
    snprintf(port, sizeof port, "%d", params->port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *address;
    int problem = getaddrinfo(params->host, port, &hints, &address);
    if (problem != 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->host is \"%.100s\": %s",
                         params->host, gai_strerror(problem));
    int listener;
    server->loopback = is_loopback(address->ai_addr);
    bool version_6 = address->ai_family == AF_INET6;
    bert_status status = listen_on(server, address, &listener, error);
    freeaddrinfo(address);
    TRY(status);
    server->daemon = microhttpd.start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
        NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)params->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)params->timeout,
        MHD_OPTION_NOTIFY_COMPLETED, request_completed, NULL, MHD_OPTION_END);
    if (!server->daemon) {
        close(listener);
        return error_set(error, BERT_ERROR_IO, "the web server cannot start");
    }
    observer_message(observer, BERT_MESSAGE_INFO, "serving %s on http://%s%s%s:%d/", server->name,
                     version_6 ? "[" : "", params->host, version_6 ? "]" : "", port_of(listener));
    if (!server->loopback)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s is not a loopback address: anyone who can reach this machine can use "
                         "the model, without authentication or encryption",
                         params->host);
    return BERT_OK;
}

/* Computes on the calling thread, because OpenMP keeps its thread team with the thread that created
 * it. */
static void compute(server *server, const bert_observer *observer)
{
    while (!observer_should_stop(observer)) {
        serve_job *job = serve_queue_take(&server->queue, POLL_MILLISECONDS);
        if (!job)
            continue;
        serve_respond(server->model, server->workspace, job->task, job->request, &job->response,
                      &job->error);
        serve_queue_finish(&server->queue, job);
    }
}

static bert_status name_model(server *server, bert_error *error)
{
    char *path = realpath(server->params->model, NULL);
    const char *slash = path ? strrchr(path, '/') : NULL;
    server->name = slash && slash[1] ? strdup(slash + 1) : strdup("model");
    free(path);
    return server->name ? BERT_OK : error_set(error, BERT_ERROR_MEMORY, "out of memory");
}

static void warn_tokenizer(const server *server, const bert_observer *observer)
{
    char message[512];
    const bert_tokenizer *tokenizer = bert_model_tokenizer(server->model);
    for (size_t i = 0; bert_tokenizer_warning(tokenizer, i, message, sizeof message); i++)
        observer_message(observer, BERT_MESSAGE_WARNING, "%s: %s", server->params->model, message);
}

bert_status bert_serve(const bert_serve_params *params, const bert_observer *observer,
                       bert_error *error)
{
    TRY(OPTIONS_CHECK(bert_serve_params, params, error));
    server server = {.params = params};
    bert_model_options options = bert_model_options_default();
    options.threads = params->threads;
    bert_status status;
    TRY_OR_GO(status, microhttpd_load(error), done);
    TRY_OR_GO(status, bert_model_load_with(&server.model, params->model, &options, error), done);
    warn_tokenizer(&server, observer);
    TRY_OR_GO(status, bert_workspace_create(&server.workspace, server.model, error), done);
    TRY_OR_GO(status, name_model(&server, error), done);
    serve_queue_create(&server.queue, params->max_waiting);
    status = start(&server, observer, error);
    if (status == BERT_OK) {
        compute(&server, observer);
        serve_queue_close(&server.queue);
        microhttpd.stop_daemon(server.daemon); /* returns when all responses are sent */
    }
    serve_queue_free(&server.queue);

done:
    free(server.name);
    bert_workspace_free(server.workspace);
    bert_model_free(server.model);
    return status;
}
