/* Reads Apache Thrift's compact protocol (thrift-compact-protocol.md), the encoding of Parquet's
 * metadata. Nothing is allocated, and reads never leave the data. Invalid data sets `failed`, after
 * which every call returns zeros, so it is enough to check `failed` once at the end. */
#ifndef FORMATS_THRIFT_H
#define FORMATS_THRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum thrift_type {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1, /* type and value of a boolean field */
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

/* Reads the next field of a struct; false after the last. Start each struct with a zeroed field. */
typedef struct thrift_field {
    int id;
    thrift_type type;
} thrift_field;
bool thrift_next_field(thrift *thrift, thrift_field *field);

/* The value of a field: an integer of any width, or bytes, which point into the data. A field of
 * another type sets `failed`. */
int64_t thrift_integer(thrift *thrift, const thrift_field *field);
int32_t thrift_integer32(thrift *thrift, const thrift_field *field); /* fails if it does not fit */
bool thrift_boolean(thrift *thrift, const thrift_field *field);
const unsigned char *thrift_binary(thrift *thrift, const thrift_field *field, size_t *length);

/* Begins the list in a field and returns the number of elements of `type` that follow, at most the
 * number of bytes left. Read each element like a field {.type = type}, or a struct with
 * thrift_next_field. */
size_t thrift_list(thrift *thrift, const thrift_field *field, thrift_type type);

/* Checks that a field is a struct, whose fields follow. */
void thrift_struct(thrift *thrift, const thrift_field *field);

void thrift_skip(thrift *thrift, const thrift_field *field);

#endif
