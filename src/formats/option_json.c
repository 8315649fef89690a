#include "formats/option_json.h"

#include "bert.h"

#include <stdlib.h>
#include <string.h>

/* One line is a string, several are an array. */
static json_t *json_lines(const char *value)
{
    if (!strchr(value, '\n'))
        return json_string(value);
    json_t *lines = json_array();
    for (const char *line = value; line;) {
        const char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) : strlen(line);
        json_t *one = json_stringn(line, length);
        if (!one || json_array_append_new(lines, one) != 0) {
            json_decref(lines);
            return NULL;
        }
        line = end ? end + 1 : NULL;
    }
    return lines;
}

/* Back to a string with a line for each, which takes the place of the array. */
static bert_status join_lines(json_t *object, const char *path, const char *key, bert_error *error)
{
    const json_t *lines = json_object_get(object, key);
    text joined = {0};
    bert_status status = BERT_OK;
    if (!json_is_array(lines))
        return BERT_OK;
    for (size_t i = 0; i < json_array_size(lines) && status == BERT_OK; i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        status = line
                     ? text_format(&joined, error, "%s%s", i > 0 ? "\n" : "", line)
                     : error_set(error, BERT_ERROR_INPUT,
                                 "%s: \"%s\": expected a string or an array of strings", path, key);
    }
    if (status == BERT_OK)
        status = json_put(object, key, json_string(joined.data ? joined.data : ""), error);
    text_free(&joined);
    return status;
}

json_t *option_to_json(const void *params, const bert_option *option)
{
    if (option_is_string(option)) {
        const char *value = *option_string((void *)(uintptr_t)params, option);
        return !value                              ? json_null()
               : option->type == BERT_OPTION_PATHS ? json_lines(value)
                                                   : json_string(value);
    }
    double value = option_number(params, option);
    switch (option->type) {
    case BERT_OPTION_DOUBLE:
        return json_real(value);
    case BERT_OPTION_BOOL:
        return json_boolean(value != 0);
    case BERT_OPTION_CHOICE: {
        char name[64];
        return bert_option_get(params, option, name, sizeof name) ? json_string(name) : json_null();
    }
    case BERT_OPTION_SWITCH:
        return value == BERT_UNSET ? json_null() : json_boolean(value != 0);
    default:
        return json_integer((json_int_t)value);
    }
}

static bert_status read_string(void *params, const bert_option *option, json_t *object,
                               const char *path, bert_error *error)
{
    const char **string = option_string(params, option);
    if (option->type == BERT_OPTION_PATHS)
        TRY(join_lines(object, path, option->name, error));
    if (option->optional && json_is_null(json_object_get(object, option->name)))
        return BERT_OK;
    bool required = !*string && !option->optional;
    return json_get_string(object, path, option->name, required, string, error);
}

static bert_status read_truth(void *params, const bert_option *option, const json_t *object,
                              const char *path, bert_error *error)
{
    const json_t *value = json_object_get(object, option->name);
    bool on = false;
    if (!value || (option->type == BERT_OPTION_SWITCH && json_is_null(value)))
        return BERT_OK;
    TRY(json_get_boolean(object, path, option->name, true, &on, error));
    return bert_option_set(params, option, on ? "true" : "false", error);
}

static bert_status read_choice(void *params, const bert_option *option, const json_t *object,
                               const char *path, bert_error *error)
{
    const json_t *value = json_object_get(object, option->name);
    const char *name = "";
    if (!value || (option->optional && json_is_null(value)))
        return BERT_OK;
    TRY(json_get_string(object, path, option->name, true, &name, error));
    bert_status status = bert_option_set(params, option, name, error);
    return status == BERT_OK ? status : error_prefix(error, status, "%s", path);
}

bert_status option_from_json(void *params, const bert_option *option, json_t *object,
                             const char *path, bert_error *error)
{
    void *member = (char *)params + option->offset;
    int64_t whole = 0;
    if (option_is_string(option))
        return read_string(params, option, object, path, error);
    if (option->type == BERT_OPTION_CHOICE)
        return read_choice(params, option, object, path, error);
    if (option->type == BERT_OPTION_BOOL || option->type == BERT_OPTION_SWITCH)
        return read_truth(params, option, object, path, error);
    if (!json_object_get(object, option->name))
        return BERT_OK;
    if (option->type == BERT_OPTION_DOUBLE)
        return json_get_number(object, path, option->name, true, option->minimum, option->maximum,
                               member, error);
    TRY(json_get_integer(object, path, option->name, true, (int64_t)option->minimum,
                         (int64_t)option->maximum, &whole, error));
    switch (option->type) {
    case BERT_OPTION_INT:
        *(int *)member = (int)whole;
        break;
    case BERT_OPTION_INT64:
        *(int64_t *)member = whole;
        break;
    case BERT_OPTION_UINT64:
        *(uint64_t *)member = (uint64_t)whole;
        break;
    default:
        *(size_t *)member = (size_t)whole;
        break;
    }
    return BERT_OK;
}
