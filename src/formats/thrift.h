/* Reads Apache Thrift's compact protocol (thrift-compact-protocol.md), in which Parquet's metadata
 * are written. Nothing is allocated and nothing outside the bytes is read: what is damaged sets
 * `failed`, after which every call returns zeros, so that one question at the end is enough. */
#ifndef FORMATS_THRIFT_H
#define FORMATS_THRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum thrift_type {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1, /* a field's type and value in one */
    THRIFT_FALSE = 2,
    THRIFT_BYTE = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12,
} thrift_type;

typedef struct thrift {
    const unsigned char *data;
    size_t size, at;
    bool failed;
} thrift;

/* The next field of a struct; false behind the last. Begin a struct with {0}. */
typedef struct thrift_field {
    int id;
    thrift_type type;
} thrift_field;
bool thrift_next_field(thrift *thrift, thrift_field *field);

/* The value of a field: an integer of any width, or bytes in place. A field of another type makes
 * the reading fail. */
int64_t thrift_integer(thrift *thrift, const thrift_field *field);
int32_t thrift_integer32(thrift *thrift, const thrift_field *field); /* and it fits */
bool thrift_boolean(thrift *thrift, const thrift_field *field);
const unsigned char *thrift_binary(thrift *thrift, const thrift_field *field, size_t *length);

/* Begins the list in a field: how many elements of `type` follow, never more than there are bytes
 * left. Each is then read as if it were a field {.type = type}, or a struct as thrift_next_field
 * does it. */
size_t thrift_list(thrift *thrift, const thrift_field *field, thrift_type type);

/* Makes sure that a field is a struct, which then follows. */
void thrift_struct(thrift *thrift, const thrift_field *field);

void thrift_skip(thrift *thrift, const thrift_field *field);

#endif
