/* Parses pickles (opcodes: Python's pickletools) into a tree of values. No code is ever executed: a
 * global stays a name, a call is recorded as callable and arguments, and names that the caller did
 * not allow are rejected. The reader of the tree decides what a call means. */
#ifndef FORMATS_PICKLE_H
#define FORMATS_PICKLE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOLEAN, /* integer: 0, 1 */
    PICKLE_INTEGER, /* `large` if it does not fit into 64 bits */
    PICKLE_FLOAT,   /* its value is not needed and not kept */
    PICKLE_STRING,  /* text, length: UTF-8 or bytes, not terminated */
    PICKLE_NAME,    /* text, length: "module name", separated by a space */
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,       /* items: key, value, key, value …; also OrderedDict */
    PICKLE_CALL,       /* items: callable, arguments */
    PICKLE_PERSISTENT, /* items: the id of an object stored outside of the pickle */
} pickle_kind;

typedef struct pickle_value {
    pickle_kind kind;
    int64_t integer;
    bool large;
    const char *text; /* into the pickle's bytes, or owned by the pickle */
    size_t length;
    uint32_t *items; /* [count] indices into pickle.values; owned by the pickle */
    size_t count, capacity;
} pickle_value;

typedef struct pickle {
    pickle_value *values; /* [count] */
    size_t count, capacity;
    char **owned; /* names built while parsing */
    size_t owned_count, owned_capacity;
    uint32_t root;
} pickle;

/* Parses the pickle at the start of `data`, which must outlive it; *used is its length in bytes.
 * `allowed` is a NULL-terminated list of the names that may occur in it. `path` is used in
 * messages. Values may form cycles, so a reader of the tree must bound its depth. */
bert_status pickle_read(pickle *pickle, const char *path, const unsigned char *data, size_t size,
                        const char *const *allowed, size_t *used, bert_error *error);
void pickle_free(pickle *pickle); /* safe on a zeroed struct */

/* Item `index` of a tuple, list, call or persistent id; NULL if there is none. */
const pickle_value *pickle_item(const pickle *pickle, const pickle_value *value, size_t index);

bool pickle_is_text(const pickle_value *value, pickle_kind kind, const char *text);

#endif
