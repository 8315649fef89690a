/* jansson with this project's error messages: file, line, what was found, what was expected. */
#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H

#include "base/file.h"

#include <jansson.h>

/* Reads a JSON file (at most 256 MiB) whose top level is an object; json_decref it. */
bert_status json_read(json_t **value, const char *path, bert_error *error);

/* Writes with two-space indentation and a final line end, whole or not at all. Keys keep the order
 * in which they were put. */
bert_status json_write(const json_t *value, const char *path, bert_error *error);

/* Appends the value to `out`: `indent` spaces a level, one line where it is 0. Doubles get the
 * fewest digits that give the same double again; the bytes depend on the value alone. */
bert_status json_format(text *out, const json_t *value, int indent, bert_error *error);

/* Puts one member; takes over `value`, and frees it on failure. NULL (jansson had no memory, or was
 * asked for a NaN, which JSON does not have) is an error that names the key. */
bert_status json_put(json_t *object, const char *key, json_t *value, bert_error *error);

/* One member of an object, checked for type and range; `path` and `key` go into the message. A
 * missing key leaves *out alone where `required` is false. */
bert_status json_get_integer(const json_t *object, const char *path, const char *key, bool required,
                             int64_t minimum, int64_t maximum, int64_t *out, bert_error *error);
bert_status json_get_number(const json_t *object, const char *path, const char *key, bool required,
                            double minimum, double maximum, double *out, bert_error *error);
bert_status json_get_boolean(const json_t *object, const char *path, const char *key, bool required,
                             bool *out, bert_error *error);
/* *out stays owned by the object. */
bert_status json_get_string(const json_t *object, const char *path, const char *key, bool required,
                            const char **out, bert_error *error);

#endif
