/* Pickles (Python's pickletools has the opcodes) as a tree of values. Nothing is ever run: a name
 * of Python stays a name, a call is kept as what is called and with what, and names that the caller
 * did not allow are refused. What reads the tree decides what a call means. */
#ifndef FORMATS_PICKLE_H
#define FORMATS_PICKLE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOLEAN, /* integer: 0, 1 */
    PICKLE_INTEGER, /* integers that 64 bits do not hold become `large` */
    PICKLE_FLOAT,   /* its value is of no use here and is not kept */
    PICKLE_STRING,  /* text, length: UTF-8 or bytes, not terminated */
    PICKLE_NAME,    /* text, length: "module name", as the opcode GLOBAL has it */
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,       /* items: key, value, key, value …; OrderedDict too */
    PICKLE_CALL,       /* items: callable, arguments */
    PICKLE_PERSISTENT, /* items: the id of an object that lies elsewhere */
} pickle_kind;

typedef struct pickle_value {
    pickle_kind kind;
    int64_t integer;
    bool large;
    const char *text; /* into the pickle's bytes, or owned by the pickle */
    size_t length;
    uint32_t *items; /* [count] indices of values; owned by the pickle */
    size_t count, capacity;
} pickle_value;

typedef struct pickle {
    pickle_value *values; /* [count] */
    size_t count, capacity;
    char **owned; /* texts that were put together */
    size_t owned_count, owned_capacity;
    uint32_t root;
} pickle;

/* Reads the pickle at the start of `data`, which must outlive it; *used is its length in bytes.
 * `allowed` are the names that may stand in it, NULL at the end. `path` goes into messages. Values
 * may refer to each other in circles; a reader of the tree must not follow them without end. */
bert_status pickle_read(pickle *pickle, const char *path, const unsigned char *data, size_t size,
                        const char *const *allowed, size_t *used, bert_error *error);
void pickle_free(pickle *pickle); /* safe on a zeroed struct */

/* Item `index` of a tuple, list, call or persistent id; NULL where there is none. */
const pickle_value *pickle_item(const pickle *pickle, const pickle_value *value, size_t index);

bool pickle_is_text(const pickle_value *value, pickle_kind kind, const char *text);

#endif
