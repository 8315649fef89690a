#include "serve/request.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const task_names[SERVE_TASK_COUNT] = {
    [SERVE_FILL_MASK] = "fill-mask",
    [SERVE_TEXT_CLASSIFICATION] = "text-classification",
    [SERVE_FEATURE_EXTRACTION] = "feature-extraction",
};

const char *serve_task_name(serve_task task)
{
    return task_names[task];
}

serve_task serve_task_find(const char *name, size_t length)
{
    serve_task task = 0;
    while (task < SERVE_TASK_COUNT &&
           (strlen(task_names[task]) != length || memcmp(task_names[task], name, length) != 0))
        task++;
    return task;
}

static const char *kind_of(const json_t *value)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return value ? kinds[json_typeof(value)] : "missing";
}

/* ----------------------------------------------------------------------------------- inputs --- */

static bert_status read_pair(bert_input *input, const json_t *value, bert_error *error)
{
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member) if (
        strcmp(key, "text") != 0 &&
        strcmp(key, "text_pair") !=
            0) return error_set(error, BERT_ERROR_INPUT,
                                "an input has \"%.60s\"; expected \"text\" and \"text_pair\"", key);
    const json_t *text = json_object_get(value, "text"),
                 *pair = json_object_get(value, "text_pair");
    if (!json_is_string(text) || (pair && !json_is_string(pair)))
        return error_set(error, BERT_ERROR_INPUT, "\"%s\" of an input is %s; expected a string",
                         json_is_string(text) ? "text_pair" : "text",
                         kind_of(json_is_string(text) ? pair : text));
    *input = (bert_input){.text = json_string_value(text),
                          .length = json_string_length(text),
                          .pair = json_string_value(pair),
                          .pair_length = json_string_length(pair)};
    return BERT_OK;
}

static bert_status read_input(bert_input *input, serve_task task, const json_t *value,
                              bert_error *error)
{
    if (json_is_string(value)) {
        *input =
            (bert_input){.text = json_string_value(value), .length = json_string_length(value)};
        return BERT_OK;
    }
    if (json_is_object(value) && task == SERVE_TEXT_CLASSIFICATION)
        return read_pair(input, value, error);
    return error_set(
        error, BERT_ERROR_INPUT, "an input is %s; expected a string%s", kind_of(value),
        task == SERVE_TEXT_CLASSIFICATION ? ", or an object with \"text\" and \"text_pair\"" : "");
}

static bert_status read_inputs(serve_request *request, serve_task task, size_t max_inputs,
                               bert_error *error)
{
    const json_t *inputs = json_object_get(request->body, "inputs");
    if (!inputs)
        return error_set(error, BERT_ERROR_INPUT, "the request has no \"inputs\"");
    request->list = json_is_array(inputs);
    size_t count = request->list ? json_array_size(inputs) : 1;
    if (count == 0 || count > max_inputs)
        return error_set(error, BERT_ERROR_INPUT, "\"inputs\" has %zu texts; expected 1 to %zu",
                         count, max_inputs);
    TRY(memory_array((void **)&request->inputs, count, sizeof *request->inputs, "inputs", error));
    for (; request->count < count; request->count++)
        TRY(read_input(&request->inputs[request->count], task,
                       request->list ? json_array_get(inputs, request->count) : inputs, error));
    return BERT_OK;
}

/* ------------------------------------------------------------------------------- parameters --- */

static bert_status parameter_error(bert_error *error, const char *name, const char *expected,
                                   const json_t *value)
{
    return error_set(error, BERT_ERROR_INPUT, "parameter \"%s\" is %s; expected %s", name,
                     kind_of(value), expected);
}

static bert_status read_top_k(serve_request *request, const char *name, const json_t *value,
                              bert_error *error)
{
    if (!json_is_integer(value) || json_integer_value(value) < 1)
        return parameter_error(error, name, "an integer of at least 1", value);
    request->top_k = (size_t)json_integer_value(value);
    return BERT_OK;
}

static bert_status read_targets(serve_request *request, const char *name, const json_t *value,
                                bert_error *error)
{
    size_t count = json_array_size(value);
    bool strings = json_is_array(value) && count > 0 && count <= 1000;
    for (size_t i = 0; strings && i < count; i++)
        strings = json_is_string(json_array_get(value, i));
    if (!strings)
        return parameter_error(error, name, "an array of 1 to 1000 strings", value);
    request->targets = value;
    return BERT_OK;
}

static bert_status read_normalize(serve_request *request, const char *name, const json_t *value,
                                  bert_error *error)
{
    if (!json_is_boolean(value))
        return parameter_error(error, name, "true or false", value);
    request->normalize = json_is_true(value);
    return BERT_OK;
}

static bert_status read_pooling(serve_request *request, const char *name, const json_t *value,
                                bert_error *error)
{
    const char *pooling = json_string_value(value);
    if (!pooling || bert_pooling_parse(&request->pooling, pooling, NULL) != BERT_OK)
        return parameter_error(error, name, "\"mean\" or \"cls\"", value);
    return BERT_OK;
}

static const struct {
    serve_task task;
    const char *name;
    bert_status (*read)(serve_request *, const char *, const json_t *, bert_error *);
} parameter_readers[] = {
    {SERVE_FILL_MASK, "top_k", read_top_k},
    {SERVE_FILL_MASK, "targets", read_targets},
    {SERVE_TEXT_CLASSIFICATION, "top_k", read_top_k},
    {SERVE_FEATURE_EXTRACTION, "normalize", read_normalize},
    {SERVE_FEATURE_EXTRACTION, "pooling", read_pooling},
};

static bert_status read_parameter(serve_request *request, serve_task task, const char *name,
                                  const json_t *value, bert_error *error)
{
    for (size_t i = 0; i < sizeof parameter_readers / sizeof *parameter_readers; i++)
        if (parameter_readers[i].task == task && strcmp(parameter_readers[i].name, name) == 0)
            return parameter_readers[i].read(request, name, value, error);
    return error_set(error, BERT_ERROR_INPUT, "%s has no parameter \"%.60s\"", task_names[task],
                     name);
}

/* null means absent, because clients send it. */
static bert_status read_parameters(serve_request *request, serve_task task, const json_t *object,
                                   bert_error *error)
{
    if (!object || json_is_null(object))
        return BERT_OK;
    if (!json_is_object(object))
        return error_set(error, BERT_ERROR_INPUT, "\"parameters\" is %s; expected an object",
                         kind_of(object));
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value) if (!json_is_null(value))
        TRY(read_parameter(request, task, name, value, error));
    return BERT_OK;
}

/* Clients put parameters both next to "inputs" and into "parameters". */
static bert_status read_members(serve_request *request, serve_task task, bert_error *error)
{
    const char *name;
    json_t *value;
    json_object_foreach(request->body, name, value)
    {
        if (strcmp(name, "inputs") == 0 || strcmp(name, "options") == 0 || json_is_null(value))
            continue;
        if (strcmp(name, "parameters") == 0)
            TRY(read_parameters(request, task, value, error));
        else
            TRY(read_parameter(request, task, name, value, error));
    }
    return BERT_OK;
}

bert_status serve_request_parse(serve_request *request, serve_task task, const char *body,
                                size_t length, size_t max_inputs, bert_error *error)
{
    *request = (serve_request){.pooling = BERT_POOLING_MEAN};
    json_error_t problem;
    request->body = json_loadb(body, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
    if (!request->body)
        return error_set(error, BERT_ERROR_INPUT,
                         "the body is invalid JSON: line %d, column %d: %s", problem.line,
                         problem.column, problem.text);
    if (!json_is_object(request->body))
        return error_set(error, BERT_ERROR_INPUT,
                         "the body is %s; expected an object with \"inputs\"",
                         kind_of(request->body));
    TRY(read_inputs(request, task, max_inputs, error));
    return read_members(request, task, error);
}

void serve_request_free(serve_request *request)
{
    free(request->inputs);
    json_decref(request->body);
    *request = (serve_request){0};
}
