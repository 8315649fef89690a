/* Options as members of a JSON object: run.json and its kin. */
#ifndef FORMATS_OPTION_JSON_H
#define FORMATS_OPTION_JSON_H

#include "formats/json.h"
#include "options/options.h"

/* The member's value: null where it is a NULL string or an unset switch; several paths are an
 * array. NULL where there is no memory, or the value has no place in JSON. */
json_t *option_to_json(const void *params, const bert_option *option);

/* Sets the member from the object's key of its name, checked for type and range, open bounds aside.
 * A key that is not there leaves the member as it is; a string that must be given and is neither
 * there nor set is an error. Strings belong to the object, in which an array of paths becomes one
 * string. `path` is the file, for messages. */
bert_status option_from_json(void *params, const bert_option *option, json_t *object,
                             const char *path, bert_error *error);

#endif
