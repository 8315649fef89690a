/* jansson with this project's error messages: file, line, found, expected. */
#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H

#include "base/file.h"

#include <jansson.h>

/* Reads a JSON file (at most 256 MiB) whose top level is an object. The caller releases it with
 * json_decref. */
bert_status json_read(json_t **value, const char *path, bert_error *error);

/* The same of what `path` contains, which is used in messages. */
bert_status json_parse(json_t **value, const text *content, const char *path, bert_error *error);

/* Writes atomically, with two-space indentation and a final newline. Keys keep their insertion
 * order. */
bert_status json_write(const json_t *value, const char *path, bert_error *error);

/* Appends the value to `out`: `indent` spaces per level, or all on one line if it is 0. Doubles are
 * written with the fewest digits that round-trip. The output depends on the value alone, not on the
 * locale. */
bert_status json_format(text *out, const json_t *value, int indent, bert_error *error);

/* Sets one member; takes ownership of `value`, also on failure. A NULL value (jansson returns it
 * when out of memory, and for NaN and infinity, which JSON lacks) is an error that names the key.
 */
bert_status json_put(json_t *object, const char *key, json_t *value, bert_error *error);

/* Gets one member of an object and checks its type and range; `path` and `key` are used in
 * messages. If a key is missing and `required` is false, *out is unchanged. */
bert_status json_get_integer(const json_t *object, const char *path, const char *key, bool required,
                             int64_t minimum, int64_t maximum, int64_t *out, bert_error *error);
bert_status json_get_number(const json_t *object, const char *path, const char *key, bool required,
                            double minimum, double maximum, double *out, bert_error *error);
bert_status json_get_boolean(const json_t *object, const char *path, const char *key, bool required,
                             bool *out, bert_error *error);
/* *out is owned by the object. */
bert_status json_get_string(const json_t *object, const char *path, const char *key, bool required,
                            const char **out, bert_error *error);

#endif
