#include "formats/json.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MAX_BYTES = 256 << 20 };

/* Recursively converts reals that are integers of at most 2^53 in magnitude to integers. */
static void narrow_integers(json_t *value)
{
    const char *key;
    json_t *member;
    void *next;
    size_t index;
    json_object_foreach_safe(value, next, key, member)
    {
        double number = json_real_value(member);
        if (json_is_real(member) && fabs(number) <= 0x1p53 && number == floor(number))
            json_object_set_new(value, key, json_integer((json_int_t)number));
        else
            narrow_integers(member);
    }
    json_array_foreach(value, index, member)
    {
        double number = json_real_value(member);
        if (json_is_real(member) && fabs(number) <= 0x1p53 && number == floor(number))
            json_array_set_new(value, index, json_integer((json_int_t)number));
        else
            narrow_integers(member);
    }
}

/* An integer that overflows int64_t becomes a real: `transformers` writes a model_max_length of
 * 1e30 with 31 digits. */
static json_t *parse(const text *content, json_error_t *problem)
{
    json_t *value = json_loadb(content->data, content->length, JSON_REJECT_DUPLICATES, problem);
    if (value || json_error_code(problem) != json_error_numeric_overflow)
        return value;
    value = json_loadb(content->data, content->length,
                       JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, problem);
    narrow_integers(value);
    return value;
}

bert_status json_parse(json_t **value, const text *content, const char *path, bert_error *error)
{
    json_error_t problem = {0};
    *value = NULL;
    if (content->length == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s: is empty; expected a JSON object", path);
    *value = parse(content, &problem);
    if (!*value)
        return error_set(error, BERT_ERROR_INPUT, "%s:%d:%d: invalid JSON: %s", path, problem.line,
                         problem.column, problem.text);
    if (json_is_object(*value))
        return BERT_OK;
    json_decref(*value);
    *value = NULL;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: the top level is an array; expected an object {…}", path);
}

bert_status json_read(json_t **value, const char *path, bert_error *error)
{
    *value = NULL;
    text content = {0};
    bert_status status = file_read(&content, path, JSON_MAX_BYTES, error);
    if (status == BERT_OK)
        status = json_parse(value, &content, path, error);
    text_free(&content);
    return status;
}

/* ------------------------------------------------------------------------------- writing --- */

static bert_status format_string(text *out, const json_t *string, bert_error *error)
{
    char *quoted = json_dumps(string, JSON_ENCODE_ANY);
    if (!quoted)
        return error_set(error, BERT_ERROR_MEMORY, "no memory to write a JSON string");
    bert_status status = text_append(out, quoted, strlen(quoted), error);
    free(quoted);
    return status;
}

static bert_status format_real(text *out, double value, bert_error *error)
{
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) { /* 17 always suffice (IEEE 754) */
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    const char *point =
        strpbrk(digits, ".e") ? "" : ".0"; /* so that it is parsed as a real again */
    return text_format(out, error, "%s%s", digits, point);
}

static bert_status format_value(text *out, const json_t *value, int indent, int level,
                                bert_error *error);

static bert_status format_break(text *out, bool first, int indent, int level, bert_error *error)
{
    if (!indent)
        return first ? BERT_OK : text_append(out, ", ", 2, error);
    return text_format(out, error, "%s\n%*s", first ? "" : ",", indent * level, "");
}

static bert_status format_object(text *out, const json_t *object, int indent, int level,
                                 bert_error *error)
{
    TRY(text_append(out, "{", 1, error));
    json_t *members = (json_t *)(uintptr_t)object; /* jansson's iterators are not const */
    bool first = true;
    for (void *i = json_object_iter(members); i; i = json_object_iter_next(members, i)) {
        TRY(format_break(out, first, indent, level + 1, error));
        first = false;
        json_t *key = json_stringn(json_object_iter_key(i), json_object_iter_key_len(i));
        bert_status status = format_string(out, key, error);
        json_decref(key);
        TRY(status);
        TRY(text_append(out, ": ", 2, error));
        TRY(format_value(out, json_object_iter_value(i), indent, level + 1, error));
    }
    if (!first && indent)
        TRY(format_break(out, true, indent, level, error));
    return text_append(out, "}", 1, error);
}

static bert_status format_array(text *out, const json_t *array, int indent, int level,
                                bert_error *error)
{
    TRY(text_append(out, "[", 1, error));
    size_t count = json_array_size(array);
    for (size_t i = 0; i < count; i++) {
        TRY(format_break(out, i == 0, indent, level + 1, error));
        TRY(format_value(out, json_array_get(array, i), indent, level + 1, error));
    }
    if (count && indent)
        TRY(format_break(out, true, indent, level, error));
    return text_append(out, "]", 1, error);
}

static bert_status format_value(text *out, const json_t *value, int indent, int level,
                                bert_error *error)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return format_object(out, value, indent, level, error);
    case JSON_ARRAY:
        return format_array(out, value, indent, level, error);
    case JSON_STRING:
        return format_string(out, value, error);
    case JSON_INTEGER:
        return text_format(out, error, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return format_real(out, json_real_value(value), error);
    case JSON_TRUE:
        return text_append(out, "true", 4, error);
    case JSON_FALSE:
        return text_append(out, "false", 5, error);
    case JSON_NULL:
        break;
    }
    return text_append(out, "null", 4, error);
}

bert_status json_format(text *out, const json_t *value, int indent, bert_error *error)
{
    /* The caller may have set a locale that formats 0.5 as 0,5. */
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", NULL);
    if (!c_locale)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a locale");
    locale_t previous = uselocale(c_locale);
    bert_status status = format_value(out, value, indent, 0, error);
    uselocale(previous);
    freelocale(c_locale);
    return status;
}

bert_status json_write(const json_t *value, const char *path, bert_error *error)
{
    text content = {0};
    bert_status status;
    TRY_OR_GO(status, json_format(&content, value, 2, error), done);
    TRY_OR_GO(status, text_append(&content, "\n", 1, error), done);
    status = file_write(path, content.data, content.length, error);
done:
    text_free(&content);
    return status;
}

bert_status json_put(json_t *object, const char *key, json_t *value, bert_error *error)
{
    if (!value)
        return error_set(error, BERT_ERROR_NOT_FINITE,
                         "JSON member \"%s\": not a finite number, or no memory", key);
    if (json_object_set_new(object, key, value) != 0)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for JSON member \"%s\"", key);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------- members --- */

/* Describes a value for a message. */
static const char *describe(const json_t *value, char *buffer, size_t size)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        snprintf(buffer, size, "\"%.60s\"", json_string_value(value));
        return buffer;
    case JSON_INTEGER:
        snprintf(buffer, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return buffer;
    case JSON_REAL:
        snprintf(buffer, size, "%.17g", json_real_value(value));
        return buffer;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        break;
    }
    return "null";
}

static bert_status find_member(const json_t **member, const json_t *object, const char *path,
                               const char *key, bool required, bert_error *error)
{
    *member = json_object_get(object, key);
    if (!*member && required)
        return error_set(error, BERT_ERROR_INPUT, "%s: \"%s\" is missing", path, key);
    return BERT_OK;
}

bert_status json_get_integer(const json_t *object, const char *path, const char *key, bool required,
                             int64_t minimum, int64_t maximum, int64_t *out, bert_error *error)
{
    const json_t *member;
    TRY(find_member(&member, object, path, key, required, error));
    if (!member)
        return BERT_OK;
    char found[80];
    int64_t value = json_integer_value(member);
    if (!json_is_integer(member) || value < minimum || value > maximum)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: \"%s\" is %s, expected an integer from %" PRId64 " to %" PRId64, path,
                         key, describe(member, found, sizeof found), minimum, maximum);
    *out = value;
    return BERT_OK;
}

bert_status json_get_number(const json_t *object, const char *path, const char *key, bool required,
                            double minimum, double maximum, double *out, bert_error *error)
{
    const json_t *member;
    TRY(find_member(&member, object, path, key, required, error));
    if (!member)
        return BERT_OK;
    char found[80];
    double value = json_number_value(member);
    if (!json_is_number(member) || !(value >= minimum && value <= maximum))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: \"%s\" is %s, expected a number from %g to %g", path, key,
                         describe(member, found, sizeof found), minimum, maximum);
    *out = value;
    return BERT_OK;
}

bert_status json_get_boolean(const json_t *object, const char *path, const char *key, bool required,
                             bool *out, bert_error *error)
{
    const json_t *member;
    TRY(find_member(&member, object, path, key, required, error));
    if (!member)
        return BERT_OK;
    char found[80];
    if (!json_is_boolean(member))
        return error_set(error, BERT_ERROR_INPUT, "%s: \"%s\" is %s, expected true or false", path,
                         key, describe(member, found, sizeof found));
    *out = json_is_true(member);
    return BERT_OK;
}

bert_status json_get_string(const json_t *object, const char *path, const char *key, bool required,
                            const char **out, bert_error *error)
{
    const json_t *member;
    TRY(find_member(&member, object, path, key, required, error));
    if (!member)
        return BERT_OK;
    char found[80];
    if (!json_is_string(member))
        return error_set(error, BERT_ERROR_INPUT, "%s: \"%s\" is %s, expected a string", path, key,
                         describe(member, found, sizeof found));
    *out = json_string_value(member);
    return BERT_OK;
}
