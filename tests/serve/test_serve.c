/* Tests the server on a free port over sockets. */
#include "made_model.h"

#include "bert.h"
#include "serve/response.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct running {
    bert_serve_params params;
    pthread_t thread;
    atomic_int port;
    atomic_bool stop;
    bert_status status;
    bert_error error;
} running;

static void note_address(void *context, bert_message_level level, const char *text)
{
    running *server = context;
    const char *colon = strrchr(text, ':');
    if (level == BERT_MESSAGE_INFO && strstr(text, "serving ") && colon)
        atomic_store(&server->port, atoi(colon + 1));
}

static bool asked_to_stop(void *context)
{
    return atomic_load(&((running *)context)->stop);
}

static void *run_server(void *context)
{
    running *server = context;
    const bert_observer observer = {
        .context = server, .message = note_address, .should_stop = asked_to_stop};
    server->status = bert_serve(&server->params, &observer, &server->error);
    if (atomic_load(&server->port) == 0)
        atomic_store(&server->port, -1);
    return NULL;
}

static running server;
static const char *folder;

static int start_server(void **state)
{
    (void)state;
    folder = make_folder(randomize, VOCAB);
    server.params = bert_serve_params_default();
    server.params.model = folder;
    server.params.port = 0;
    server.params.threads = 1;
    server.params.max_request_bytes = 4096;
    server.params.max_inputs = 4;
    server.params.timeout = 2;
    pthread_create(&server.thread, NULL, run_server, &server);
    while (atomic_load(&server.port) == 0)
        usleep(10000);
    return atomic_load(&server.port) > 0 ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    atomic_store(&server.stop, true);
    pthread_join(server.thread, NULL);
    if (server.status != BERT_OK)
        fprintf(stderr, "bert_serve: %s\n", server.error.message);
    directory_remove(folder, NULL);
    return server.status == BERT_OK ? 0 : -1;
}

/* --------------------------------------------------------------------------------- a client --- */

typedef struct reply {
    int status;
    char *all;        /* owned */
    const char *body; /* into `all` */
} reply;

static int connect_client(void)
{
    int client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atomic_load(&server.port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    return client;
}

/* Reads until the server closes the connection. */
static reply read_reply(int client)
{
    size_t length = 0, capacity = 1 << 16;
    reply reply = {.all = malloc(capacity)};
    ssize_t count;
    while ((count = read(client, reply.all + length, capacity - 1 - length)) > 0)
        length += (size_t)count;
    reply.all[length] = '\0';
    close(client);
    sscanf(reply.all, "HTTP/1.1 %d", &reply.status);
    const char *end = strstr(reply.all, "\r\n\r\n");
    reply.body = end ? end + 4 : reply.all + length;
    return reply;
}

/* `headers` in addition to Content-Length, each with its line ending. */
static reply ask(const char *method, const char *path, const char *headers, const char *body)
{
    char request[8192];
    snprintf(request, sizeof request,
             "%s %s HTTP/1.1\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s", method, path,
             headers, strlen(body), body);
    int client = connect_client();
    size_t length = strlen(request);
    if (client < 0 || write(client, request, length) != (ssize_t)length)
        return (reply){.all = calloc(1, 1)};
    return read_reply(client);
}

static const char *const local = "Host: localhost\r\n";

static json_t *post(const char *path, const char *body, int expected)
{
    reply reply = ask("POST", path, local, body);
    if (reply.status != expected)
        fail_msg("POST %s %s: %s; expected %d", path, body, reply.all, expected);
    json_error_t problem;
    json_t *value = json_loads(reply.body, 0, &problem);
    if (!value)
        fail_msg("invalid JSON: %s", reply.body);
    free(reply.all);
    return value;
}

static void assert_error(reply reply, int status, const char *part)
{
    if (reply.status != status || !strstr(reply.body, part))
        fail_msg("response \"%s\"; expected %d and \"%s\"", reply.all, status, part);
    free(reply.all);
}

/* ------------------------------------------------------------------------------------ tests --- */

static void test_page_and_information(void **state)
{
    (void)state;
    reply page = ask("GET", "/", local, "");
    assert_int_equal(page.status, 200);
    assert_non_null(strstr(page.all, "Content-Type: text/html"));
    assert_non_null(strstr(page.body, "</html>"));
    free(page.all);
    reply health = ask("GET", "/health", local, "");
    assert_string_equal(health.body, "{\"status\": \"ok\"}");
    free(health.all);
    reply reply = ask("GET", "/info", local, "");
    json_t *info = json_loads(reply.body, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(info, "default_task")), "fill-mask");
    assert_string_equal(json_string_value(json_object_get(info, "mask_token")), "[MASK]");
    assert_int_equal(json_array_size(json_object_get(info, "tasks")), 2);
    assert_string_equal(json_string_value(json_object_get(info, "model")),
                        strrchr(folder, '/') + 1);
    json_decref(info);
    free(reply.all);
}

static const char *member(const json_t *list, size_t place, const char *key)
{
    return json_string_value(json_object_get(json_array_get(list, place), key));
}

static void test_fill_mask(void **state)
{
    (void)state;
    bert_model *model;
    assert_ok(bert_model_load(&model, folder, error));
    bert_prediction expected[3];
    size_t masks;
    assert_ok(bert_fill_mask(model, NULL, "a [MASK] c", 10, 3, expected, 1, &masks, error));

    json_t *response =
        post("/", "{\"inputs\": \"a [MASK] c\", \"parameters\": {\"top_k\": 3}}", 200);
    assert_int_equal(json_array_size(response), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *one = json_array_get(response, i);
        const char *token = bert_tokenizer_token(bert_model_tokenizer(model), expected[i].id);
        char sequence[32];
        snprintf(sequence, sizeof sequence, "a %s c", token);
        assert_int_equal(json_integer_value(json_object_get(one, "token")), expected[i].id);
        assert_true(json_real_value(json_object_get(one, "score")) == expected[i].probability);
        assert_string_equal(member(response, i, "token_str"), token);
        if (expected[i].id > 4) /* special tokens are dropped from the sequence */
            assert_string_equal(member(response, i, "sequence"), sequence);
    }
    json_decref(response);
    bert_model_free(model);
}

static void test_fill_mask_variants(void **state)
{
    (void)state;
    json_t *several = post("/pipeline/fill-mask", "{\"inputs\": \"[MASK] b [MASK]\"}", 200);
    assert_int_equal(json_array_size(several), 2);
    assert_int_equal(json_array_size(json_array_get(several, 1)), 5);
    assert_non_null(strstr(member(json_array_get(several, 0), 0, "sequence"), "[MASK] [SEP]"));
    json_decref(several);

    json_t *list = post("/", "{\"inputs\": [\"[MASK]\", \"b [MASK]\"]}", 200);
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_array_size(json_array_get(list, 0)), 5);
    json_decref(list);

    json_t *targets =
        post("/", "{\"inputs\": \"[MASK]\", \"parameters\": {\"targets\": [\"c\", \"A\"]}}", 200);
    assert_int_equal(json_array_size(targets), 2); /* "A" is lowercased */
    assert_true(strchr("ac", member(targets, 0, "token_str")[0]));
    json_decref(targets);
}

static void test_feature_extraction(void **state)
{
    (void)state;
    bert_model *model;
    assert_ok(bert_model_load(&model, folder, error));
    bert_embed_params params = bert_embed_params_default();
    params.normalize = true;
    const bert_input input = {.text = "a b", .length = 3};
    float expected[8];
    assert_ok(bert_embed(model, NULL, &input, 1, &params, expected, NULL, error));
    bert_model_free(model);

    json_t *response = post("/pipeline/feature-extraction",
                            "{\"inputs\": [\"a b\", \"c\"], \"normalize\": true}", 200);
    assert_int_equal(json_array_size(response), 2);
    const json_t *vector = json_array_get(response, 0);
    assert_int_equal(json_array_size(vector), 8);
    for (size_t i = 0; i < 8; i++)
        assert_true((float)json_real_value(json_array_get(vector, i)) == expected[i]);
    json_decref(response);
    json_t *single = post("/pipeline/feature-extraction", "{\"inputs\": \"c\"}", 200);
    assert_true(json_is_real(json_array_get(single, 0)));
    json_decref(single);
}

static void test_error_responses(void **state)
{
    (void)state;
    const char *ask_one = "{\"inputs\": \"[MASK]\"}";
    assert_error(ask("POST", "/", local, "{"), 400, "invalid JSON");
    assert_error(ask("POST", "/", local, ""), 400, "invalid JSON");
    assert_error(ask("POST", "/", local, "{\"inputs\": \"a\"}"), 400, "[MASK]");
    assert_error(ask("POST", "/", local, "{\"inputs\": [\"[MASK]\", \"a\"]}"), 400, "text 2");
    assert_error(ask("POST", "/pipeline/text-classification", local, ask_one), 400, "no head");
    assert_error(ask("POST", "/models/other", local, ask_one), 404, "not served here");
    assert_error(ask("GET", "/nothing", local, ""), 404, "no such path");
    assert_error(ask("PUT", "/", local, ""), 405, "wrong method");
    assert_error(ask("POST", "/", "Host: evil.example\r\n", ask_one), 403, "this machine only");
    assert_error(ask("POST", "/", "Host: localhost\r\nOrigin: http://evil.example\r\n", ask_one),
                 403, "another origin");
    free(ask("POST", "/", "Host: localhost\r\nOrigin: http://localhost\r\n", ask_one).all);
    char large[5000];
    memset(large, ' ', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_error(ask("POST", "/", local, large), 413, "too large");
}

/* A message that is truncated inside a character is sent as valid UTF-8. */
static void test_truncated_character_in_message(void **state)
{
    (void)state;
    char body[200] = "{\"inputs\": \"[MASK]\", \"x";
    for (int i = 0; i < 60; i++)
        strcat(body, "\xC3\xA9");
    strcat(body, "\": 1}");
    json_t *response = post("/", body, 400);
    assert_non_null(strstr(json_string_value(json_object_get(response, "error")), "no parameter"));
    json_decref(response);
}

/* A small body may request masks × vocabulary predictions. */
static void test_too_many_predictions(void **state)
{
    (void)state;
    static char body[1 << 16] = "{\"inputs\": \"";
    bert_model *model;
    serve_request request;
    json_t *response;
    assert_ok(bert_model_load(&model, folder, error));
    size_t vocabulary = bert_tokenizer_vocab_size(bert_model_tokenizer(model));
    size_t length = strlen(body);
    for (size_t masks = 0; masks <= 65536 / vocabulary; masks++, length += 6)
        memcpy(body + length, "[MASK]", 6);
    snprintf(body + length, sizeof body - length, "\", \"top_k\": %zu}", vocabulary);
    assert_ok(serve_request_parse(&request, SERVE_FILL_MASK, body, strlen(body), 1, error));
    assert_fails(serve_respond(model, NULL, SERVE_FILL_MASK, &request, &response, error),
                 BERT_ERROR_INPUT, "with this top_k the limit is");
    assert_null(response);
    serve_request_free(&request);
    bert_model_free(model);
}

/* A body without Content-Length that exceeds the limit closes the connection; the server continues.
 */
static void test_endless_body(void **state)
{
    (void)state;
    int client = connect_client();
    const char *head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_int_equal(write(client, head, strlen(head)), strlen(head));
    char chunk[1024 + 8] = "400\r\n";
    memset(chunk + 5, 'x', 1024);
    memcpy(chunk + 5 + 1024, "\r\n", 3);
    for (int i = 0; i < 64 && send(client, chunk, 1031, MSG_NOSIGNAL) > 0; i++) {
    }
    reply reply = read_reply(client);
    assert_int_not_equal(reply.status, 200);
    free(reply.all);
    json_decref(post("/", "{\"inputs\": \"[MASK]\"}", 200));
}

/* An incomplete request is closed after the timeout. */
static void test_incomplete_request(void **state)
{
    (void)state;
    int client = connect_client();
    const char *half = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{";
    assert_int_equal(write(client, half, strlen(half)), strlen(half));
    reply reply = read_reply(client); /* hangs unless the server closes the connection */
    assert_int_not_equal(reply.status, 200);
    free(reply.all);
}

enum { CLIENTS = 8, REQUESTS = 12 };

static void *ask_often(void *context)
{
    int *right = context;
    for (int i = 0; i < REQUESTS; i++) {
        reply reply = ask("POST", "/", local, "{\"inputs\": \"a [MASK]\"}");
        *right += reply.status == 200 && strstr(reply.body, "\"score\"");
        free(reply.all);
    }
    return NULL;
}

static void test_many_clients(void **state)
{
    (void)state;
    pthread_t threads[CLIENTS];
    int right[CLIENTS] = {0};
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, ask_often, &right[i]);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(right[i], REQUESTS);
    }
}

enum { CROWD = 48 };

/* Counts responses, and 503 responses with Retry-After; anything else is an error. */
typedef struct tally {
    int done, unavailable, wrong;
} tally;

static void *ask_in_a_crowd(void *context)
{
    tally *tally = context;
    for (int i = 0; i < REQUESTS; i++) {
        reply reply = ask("POST", "/", local, "{\"inputs\": [\"a [MASK]\", \"[MASK] b c\"]}");
        if (reply.status == 200 && strstr(reply.body, "\"score\""))
            tally->done++;
        else if (reply.status == 503 && strstr(reply.all, "Retry-After: 1"))
            tally->unavailable++;
        else
            tally->wrong++;
        free(reply.all);
    }
    return NULL;
}

/* More concurrent requests than may wait: each is served or gets 503, and the server continues.
 */
static void test_overload(void **state)
{
    (void)state;
    pthread_t threads[CROWD];
    tally tallies[CROWD] = {{0}};
    int done = 0, unavailable = 0;
    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, ask_in_a_crowd, &tallies[i]);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(tallies[i].wrong, 0);
        done += tallies[i].done;
        unavailable += tallies[i].unavailable;
    }
    assert_true(done > 0);
    assert_int_equal(done + unavailable, CROWD * REQUESTS);
    json_decref(post("/", "{\"inputs\": \"[MASK]\"}", 200));
}

static void test_wrong_parameters(void **state)
{
    (void)state;
    bert_serve_params params = bert_serve_params_default();
    params.model = folder;
    params.port = 70000;
    assert_fails(bert_serve(&params, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->port is 70000");
    params.port = atomic_load(&server.port);
    assert_fails(bert_serve(&params, NULL, error), BERT_ERROR_IO, "cannot listen");
    params.host = "256.1.1.1";
    assert_fails(bert_serve(&params, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "params->host");
    params.model = "/nonexistent";
    assert_fails(bert_serve(&params, NULL, error), BERT_ERROR_IO, "/nonexistent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_and_information),
        cmocka_unit_test(test_fill_mask),
        cmocka_unit_test(test_fill_mask_variants),
        cmocka_unit_test(test_feature_extraction),
        cmocka_unit_test(test_error_responses),
        cmocka_unit_test(test_truncated_character_in_message),
        cmocka_unit_test(test_too_many_predictions),
        cmocka_unit_test(test_endless_body),
        cmocka_unit_test(test_incomplete_request),
        cmocka_unit_test(test_many_clients),
        cmocka_unit_test(test_overload),
        cmocka_unit_test(test_wrong_parameters),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
